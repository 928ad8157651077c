#!/bin/sh
# When the machine says no: no output that is not whole, one clear error, and the next run works.
. "$(dirname "$0")/../support/tap.sh"

template=$templates/two-volumes.yaml mapping=$templates/two-volumes.mapping.json

# ---- standard output ----
if [ -c /dev/full ]; then
        "$ingot" --help >/dev/full 2>"$work/err"
        holds 'a full standard output is status 3' test $? -eq 3
        says 'and says so' 'No space left on device'
        "$ingot" check "$template" >/dev/full 2>"$work/err"
        holds 'also for a command' test $? -eq 3
else
        skip 'a full standard output is status 3' 'there is no /dev/full'
fi
"$ingot" check "$template" >&- 2>"$work/err"
holds 'a closed standard output is status 3' test $? -eq 3
"$ingot" build "$template" -m "$mapping" -o "$work/closed" --format raw >&- 2>&- <&-
"$ingot" verify "$work/closed" >"$work/out" 2>"$work/err"
holds 'nothing is printed into a file by mistake' test $? -eq 0
{ "$ingot" plan "$template" -m "$mapping" 2>"$work/err"; echo $? >"$work/status"; } | true
holds 'a reader that left is status 3 or never noticed' grep -qE '^[03]$' "$work/status"

# ---- sources ----
mkdir "$work/t"
cp -r "$templates/two-volumes" "$templates/two-volumes.yaml" "$templates/two-volumes.mapping.json" "$work/t"
rm -r "$work/t/two-volumes/data"
expect 'a source that is not there' 5 build "$work/t/two-volumes.yaml" -m "$mapping" -o "$work/o"
says 'is named' 'two-volumes/data'
says 'at its place' "$work/t/two-volumes.yaml:"
holds 'and no output is left' test -z "$(find "$work/o" -type f 2>/dev/null)"
if [ "$(id -u)" -ne 0 ]; then
        mkdir "$work/locked"
        chmod 555 "$work/locked"
        expect 'a folder that cannot be written' 3 build "$template" -m "$mapping" -o "$work/locked/o"
else
        skip 'a folder that cannot be written' 'root can write everywhere'
fi
echo x >"$work/file"
expect 'a file where the folder should be' 3 build "$template" -m "$mapping" -o "$work/file"

# ---- no room ----
if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=1m none "$work/small" 2>/dev/null; then
        expect 'a full disk' 3 build "$template" -m "$mapping" -o "$work/small/o" --format raw
        says 'says so' 'No space left on device'
        holds 'and leaves no image' test -z "$(find "$work/small" -name '*.raw' -o -name manifest.json -o -name '.*.part')"
        umount "$work/small"
else
        skip 'a full disk' 'mounting a small tmpfs needs root'
fi
(ulimit -f 100 && "$ingot" build "$template" -m "$mapping" -o "$work/limited" --format raw >"$work/out" 2>"$work/err")
holds 'a file that may not grow is status 3' test $? -eq 3
holds 'and leaves no image' test -z "$(find "$work/limited" -name '*.raw' -o -name manifest.json -o -name '.*.part')"

# ---- stopped half way ----
mkdir "$work/slow" "$work/slow/data"
head -c 80000000 /dev/urandom >"$work/slow/data/noise"
sed 's|source: two-volumes/data|source: data|; s|two-volumes/root|'"$templates"'/two-volumes/root|' "$template" >"$work/slow/t.yaml"
stop() { # NAME SIGNAL
        timeout --preserve-status --kill-after=20 -s "$2" 0.5 "$ingot" build "$work/slow/t.yaml" -m "$mapping" -o "$work/slow/o" \
                --compressor zlib:9 --threads 1 >"$work/out" 2>"$work/err"
        status=$?
        if [ $status -eq 0 ]; then skip "$1 ends with status 7" 'this machine builds faster than it can be stopped'; return; fi
        holds "$1 ends with status 7" test $status -eq 7
        says "$1 is told as such" '[cancelled]'
        holds "$1 leaves no manifest and no temporary file" test -z "$(find "$work/slow/o" -name manifest.json -o -name '.*')"
}
if has timeout; then
        stop Ctrl-C INT
        stop SIGTERM TERM
        expect 'the next run works' 0 build "$work/slow/t.yaml" -m "$mapping" -o "$work/slow/o" --format raw -q
        expect 'and is whole' 0 verify "$work/slow/o"
else
        skip 'Ctrl-C ends with status 7' 'timeout is not installed'
fi

# ---- no network ----
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
        unshare -n "$ingot" build "$template" -m "$mapping" -o "$work/offline" --format raw -q >"$work/out" 2>"$work/err"
        holds 'a template without packages needs no network' test $? -eq 0
        unshare -n "$ingot" publish "$work/offline" -q >"$work/out" 2>"$work/err"
        holds 'nor does the local region' test $? -eq 0
else
        skip 'a template without packages needs no network' 'a network name space needs root'
fi
finish
