#!/bin/sh
# Sources, manifests, images and stores that are not what they should be: the right status, one clear message, no
# output that is not whole, and the next run works.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
has python3 || { skip 'hostile input' 'python3 is not installed'; finish; }
mkdir "$work/t"
cd "$work/t" || exit 3
python3 "$here/support/hostile_sources.py" .
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1}}]' >m.json

template() { # FILE VOLUME-KEYS STEP...
        printf 'name: hostile\narchitecture: x86_64\nroot-device: /dev/xvda\nvolumes:\n  /dev/xvda:\n    %s\n    mount: /\n    content:\n' "$2" >"$1"
        template_file=$1
        shift 2
        for step; do printf '      - %s\n' "$step" >>"$template_file"; done
}
template good.yaml 'file-system: ext4' 'tar: good.tar.gz'
# NAME STATUS TEXT ARGUMENT...: refused with that status, and one message that holds the text
refused() {
        refused_name=$1 refused_status=$2 refused_text=$3
        shift 3
        run "$@"
        if [ $status -eq "$refused_status" ] && grep -qF -- "$refused_text" "$work/err" && [ ! -s "$work/out" ] &&
                [ "$(grep -c '^ingot: cannot ' "$work/err")" -eq 1 ] && [ "$(grep -c '^  cause  ' "$work/err")" -eq 1 ]; then
                pass "$refused_name"
        else
                echo "# status $status, not $refused_status; wanted: $refused_text"
                fail "$refused_name" "$work/out" "$work/err"
        fi
}
# NAME STATUS TEXT TEMPLATE [OPTION...]: that, nothing is written, and a sound build into the same folder works
no_build() {
        no_build_name=$1
        refused "$1" "$2" "$3" build "$4" -m m.json -o "$work/o" -q
        if [ -n "$(find "$work/o" ! -type d 2>/dev/null)" ]; then fail "$no_build_name: nothing is written"; fi
        if ! "$ingot" build good.yaml -m m.json -o "$work/o" -q --format raw 2>"$work/err" || ! "$ingot" verify "$work/o" -q 2>"$work/err"; then
                fail "$no_build_name: the next run works" "$work/err"
        fi
        rm -rf "$work/o"
}
step() { # NAME STATUS TEXT STEP...
        step_name=$1 step_status=$2 step_text=$3
        shift 3
        template t.yaml 'file-system: ext4' "$@"
        no_build "$step_name" "$step_status" "$step_text" t.yaml
}

# ---- archives ----
step 'a tar that is cut in a file' 4 "'etc/noise' is damaged: Truncated tar archive" 'tar: cut.tar'
step 'a tar that is cut in a header' 4 't.yaml:9:' 'tar: cut-header.tar'
step 'a tar whose header lies' 4 't.yaml:9:' 'tar: flipped.tar'
step 'a gzip that is cut' 4 'damaged: truncated gzip input' 'tar: cut.tar.gz'
step 'a gzip that is damaged' 4 't.yaml:9:14: tar: it is damaged' 'tar: flipped.tar.gz'
step 'an empty file' 4 "archive './empty.tar'" 'tar: empty.tar'
step 'a file that is no archive' 4 "archive './text.tar'" 'tar: text.tar'
step 'an absolute name' 4 "'/etc/passwd' has an absolute path" 'tar: absolute.tar'
step 'a name with ..' 4 "'etc/../../passwd' has a '..'" 'tar: dots.tar'
step 'a zip with ..' 4 "'../escaped' has a '..'" 'archive: {source: dots.zip, to: /}'
step 'a symlink out, and a file through it' 4 "path 'out' leads out of the tree" 'tar: through.tar'
step 'an absolute symlink, and a file through it' 4 "'out' -> '/tmp', which leads nowhere" 'tar: through-absolute.tar'
step 'symlinks in a ring' 4 'more than 40 symlinks' 'tar: loop.tar'
step 'a file below a file' 4 "'a/b'" 'tar: below-file.tar'
step 'a hard link to nothing' 4 "'etc/none', which is not in the tree" 'tar: hard-nowhere.tar'
step 'a hard link out' 4 "'..'" 'tar: hard-out.tar'
step 'a hard link to a folder' 4 "'hard'" 'tar: hard-folder.tar'
step 'another digest' 4 0000000000000000000000000000000000000000000000000000000000000000 \
        'tar: {source: good.tar, sha256: "0000000000000000000000000000000000000000000000000000000000000000"}'
step 'another digest of a file' 4 0000000000000000000000000000000000000000000000000000000000000000 \
        'file: {source: good.tar, to: /x, sha256: "0000000000000000000000000000000000000000000000000000000000000000"}'
step 'an archive that is not there' 5 none.tar 'tar: none.tar'
step 'an archive that is a folder' 2 "'/dev' is neither" 'tar: /dev'
holds 'nothing climbed out' test ! -e /tmp/escaped -a ! -e /escaped -a ! -e "$work/escaped"

# ---- verbs ----
step 'a write through a symlink out' 2 "path '/etc/out' leads out" 'tar: good.tar' 'link: {to: /etc/out, target: ../../../..}' 'write: {to: /etc/out/x, text: x}'
step 'a write below nothing' 2 "'/none'" 'write: {to: /none/x, text: x}'
step 'a delete of nothing' 2 "'/none'" 'delete: /none'
step 'a path with ..' 2 '..' 'write: {to: /etc/../../x, text: x}'
step 'an owner the tree does not know' 2 nobody 'tar: good.tar' 'owner: {to: /etc, owner: nobody}'
step 'a unit that is not there' 2 none.service 'tar: good.tar' 'enable: none'
mkfifo queue
step 'a file that is a FIFO' 2 queue 'file: {source: queue, to: /x}'
mkdir tree
mkfifo tree/queue
step 'a folder with a FIFO' 2 queue 'directory: {source: tree, to: /}'

# ---- sizes ----
gpt='partition-table: gpt\n    partitions: [{type: root, mount: /, size: SIZE}]\n    content: []'
fits() { # NAME STATUS TEXT SIZE
        printf "name: hostile\narchitecture: x86_64\nroot-device: /dev/xvda\nvolumes:\n  /dev/xvda:\n    $gpt\n" | sed "s/SIZE/$4/" >t.yaml
        no_build "$1" "$2" "$3" t.yaml
}
fits 'a volume that is too large for its VolumeSize' 2 'VolumeSize' 1024MiB
fits 'a volume that is far too large' 2 'VolumeSize' 60TiB
fits 'a partition that is not whole MiB' 2 't.yaml:7:' 1MB
template t.yaml 'file-system: ext4\n    size: 1MiB' 'mkdir: /a' 'tar: good.tar' 'file: {source: big, to: /big}'
head -c 3000000 /dev/urandom >big
sed -i 's/\\n/\n/' t.yaml
no_build 'a file system that is too small for its files' 2 '/dev/xvda' t.yaml

# ---- what is there stays, or goes, but never lies ----
"$ingot" build good.yaml -m m.json -o "$work/o" -q
template t.yaml 'file-system: ext4' 'tar: cut.tar.gz'
refused 'a mistake over a finished build' 4 'truncated' build t.yaml -m m.json -o "$work/o" -q
if [ -e "$work/o/manifest.json" ]; then expect 'leaves that build whole' 0 verify "$work/o"; else
        holds 'leaves no image either' test -z "$(find "$work/o" -type f)"
fi
rm -rf "$work/o"

# ---- images and manifests ----
"$ingot" build good.yaml -m m.json -o "$work/good" -q
"$ingot" build good.yaml -m m.json -o "$work/vmdk" -q --format vmdk
damage() { # COPY-OF FILE OFFSET: in $work/bad
        rm -rf "$work/bad"
        cp -r --sparse=always "$work/$1" "$work/bad"
        printf 'X' | dd of="$work/bad/$2" bs=1 seek="$3" conv=notrunc 2>/dev/null
}
nothing_published() { # NAME: a pending snapshot may stay, for the next run to go on with
        "$ingot" list --region-dir "$work/region" >"$work/out" 2>"$work/err"
        holds "$1: no AMI and no completed snapshot" sh -c '! grep -qE "^ami-|completed" "$1"' - "$work/out"
}
damage good xvda.raw 5000
refused 'a damaged block' 4 "the first is block 0, at byte 0 of the disk" verify "$work/bad" -q
refused 'is not published' 4 'block 0 no longer has the digest' publish "$work/bad" --region-dir "$work/region" -q
nothing_published 'a damaged block'
damage vmdk xvda.vmdk 66500
refused 'a damaged grain' 4 'xvda.vmdk' verify "$work/bad" -q
refused 'of a VMDK is not published' 4 'block 0 of /dev/xvda' publish "$work/bad" --region-dir "$work/region" -q
nothing_published 'a damaged grain'
edit() { # PYTHON: a statement on the manifest m and its volume v, in a copy of the build
        rm -rf "$work/bad"
        cp -r --sparse=always "$work/good" "$work/bad"
        python3 - "$work/bad/manifest.json" "$1" <<'P'
import json, sys
m = json.load(open(sys.argv[1]))
v = m["volumes"][0]
exec(sys.argv[2])
json.dump(m, open(sys.argv[1], "w"))
P
}
forged() { # NAME STATUS TEXT PYTHON: neither verified nor published
        edit "$4"
        refused "$1 is not vouched for" "$2" "$3" verify "$work/bad" -q
        refused "$1 is not published" "$2" "$3" publish "$work/bad" --region-dir "$work/region" -q
}
forged 'a manifest with another image digest' 4 'image and LINEAR digests' 'v["image_digest"] = "00" * 32'
forged 'a manifest with another block digest' 4 'digest' 'v["blocks"]["runs"][0]["sha256"][0] = "A" * 43 + "="'
forged 'a manifest that names a file elsewhere' 4 '../good/xvda.raw' 'v["files"][0]["name"] = "../good/xvda.raw"'
forged 'a manifest of more blocks than the image has' 4 'there are 1099511627776 blocks' 'v["blocks"]["block_count"] = 2**40'
forged 'a manifest of another size' 4 'size_bytes' 'v["size_bytes"] = -1'
forged 'a manifest of a later format' 4 'manifest of version 99' 'm["format_version"] = 99'
nothing_published 'a forged manifest'
expect 'the sound build is published' 0 publish "$work/good" --region-dir "$work/region" -q

# ---- stores ----
: >"$work/file"
refused 'a store that is a file' 3 'Not a directory' publish "$work/good" --region-dir "$work/file" -q
block=$(find "$work/region/blocks" -name 'data.*' -size +0 | head -n 1)
printf 'X' | dd of="$block" bs=1 seek=5000 conv=notrunc 2>/dev/null
run region check --region-dir "$work/region"
holds 'region check finds a damaged block' test $status -eq 4
echo junk >"$work/region/catalogue.db"
run list --region-dir "$work/region"
holds 'a catalogue that is none is told' test $status -eq 4
rm -rf "$work/region"
expect 'a new store works' 0 publish "$work/good" --region-dir "$work/region" -q
if [ "$(id -u)" -ne 0 ]; then
        mkdir -m 555 "$work/locked"
        refused 'a store that may not be written' 3 'Permission denied' publish "$work/good" --region-dir "$work/locked/r" -q
elif mkdir "$work/locked" && mount -t tmpfs -o ro none "$work/locked" 2>/dev/null; then
        refused 'a store that may not be written' 3 'Read-only file system' publish "$work/good" --region-dir "$work/locked/r" -q
        refused 'an output folder that may not be written' 3 'Read-only file system' build good.yaml -m m.json -o "$work/locked/o" -q
        umount "$work/locked"
else
        skip 'a store that may not be written' 'root can write everywhere'
fi

# ---- no room, at any moment ----
room() { # SIZE COMMAND...: on a disk of that size; whole or nothing
        mount -t tmpfs -o size="$1" none "$work/small" || return
        shift
        run "$@"
        if [ $status -eq 0 ]; then room_ok=$((room_ok + 1)); else room_no=$((room_no + 1)); fi
        if [ $status -ne 0 ] && { [ $status -ne 3 ] || ! grep -qE 'No space left on device|disk is full' "$work/err"; }; then
                echo "# status $status"
                fail "no room: ingot $1" "$work/err"
        fi
        if [ $status -ne 0 ] && [ -n "$(find "$work/small/o" -type f 2>/dev/null)" ]; then fail "no room leaves something"; fi
        if [ $status -eq 0 ] && [ -d "$work/small/o" ] && ! "$ingot" verify "$work/small/o" -q 2>"$work/err"; then
                fail 'what fits is whole' "$work/err"
        fi
        umount "$work/small"
}
mkdir "$work/small"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=1m none "$work/small" 2>/dev/null && umount "$work/small"; then
        room_ok=0 room_no=0
        for size in 4k 40k 120k 200k 280k 400k 600k 700k 800k 900k 1000k 4m; do
                room $size build good.yaml -m m.json -o "$work/small/o" -q
        done
        holds "builds with too little room end well ($room_no of $((room_no + room_ok)))" test $room_no -ge 4 -a $room_ok -ge 1
        room_ok=0 room_no=0
        for size in 4k 300k 16m; do # attempts are repeated where a region is unwell, which takes seconds
                rm -f "$work"/good/journal-* # each store is another one: what its predecessor began is not in it
                room $size publish "$work/good" --region-dir "$work/small/r" -q
        done
        holds "so does a store ($room_no of $((room_no + room_ok)))" test $room_no -ge 2 -a $room_ok -ge 1
else
        skip 'builds with too little room end well' 'mounting a small tmpfs needs root'
fi
finish
