#!/bin/sh
# A build that follows the layout lock of another: what is still there stays where it was.
. "$(dirname "$0")/../support/tap.sh"

mkdir -p "$work/files/usr/bin" "$work/files/etc"
for i in 1 2 3 4 5 6 7 8 9; do
        head -c "$((i * 37000))" /dev/zero | tr '\0' "$i" >"$work/files/usr/bin/tool$i"
        echo "$i" >"$work/files/etc/tool$i.conf"
done
cat >"$work/t.yaml" <<'T'
name: lock
architecture: x86_64
version: "${version}"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    file-system: ext4
    size: fit+4MiB
    mount: /
    content: [{directory: {source: files, to: /}}]
T
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1}}]' >"$work/m.json"
build() { name=$1 status_wanted=$2; shift 2; expect "$name" "$status_wanted" build "$work/t.yaml" -m "$work/m.json" --format raw -q --set "version=$version" "$@"; }
version=1

build 'the first build' 0 -o "$work/a"
holds 'leaves a lock' test -s "$work/a/xvda.lock"
expect 'which verify looks at' 0 verify "$work/a"
version=2
build 'a build that follows it' 0 -o "$work/b" --lock "$work/a"
holds 'has its bytes, though its version is another' cmp "$work/a/xvda.raw" "$work/b/xvda.raw"
version=3
build 'a lock is a file, too' 0 -o "$work/c" --lock "$work/a/xvda.lock"
holds 'with the same result' cmp "$work/a/xvda.raw" "$work/c/xvda.raw"
version=2
build 'without it' 0 -o "$work/d"
holds 'the bytes are others' sh -c '! cmp -s "$1/a/xvda.raw" "$1/d/xvda.raw"' - "$work"

echo changed >"$work/files/etc/tool0.conf"
head -c 100000 /dev/zero | tr '\0' x >>"$work/files/usr/bin/tool3"
rm "$work/files/usr/bin/tool6"
expect 'a plan tells of the lock' 0 plan "$work/t.yaml" -m "$work/m.json" --set version=1 --lock "$work/a"
prints 'by its digest' "$(sha256sum "$work/a/xvda.lock" | cut -d ' ' -f 1)"
build 'after some changes' 0 -o "$work/e" --lock "$work/a"
build 'and again' 0 -o "$work/f" --lock "$work/a" --threads 1
holds 'it is the same again' cmp "$work/e/xvda.raw" "$work/f/xvda.raw"
grep 'usr/bin/tool[1245789]$' "$work/a/xvda.lock" | cut -d ' ' -f 3,6- >"$work/before"
grep 'usr/bin/tool[1245789]$' "$work/e/xvda.lock" | cut -d ' ' -f 3,6- >"$work/after"
holds 'what did not change is where it was' cmp "$work/before" "$work/after"
if has e2fsck; then holds 'e2fsck finds no fault' e2fsck -fn "$work/e/xvda.raw"; else
        skip 'e2fsck finds no fault' 'e2fsck is not installed'
fi

mkdir "$work/g"
cp "$work/a/xvda.lock" "$work/a/manifest.json" "$work/g"
echo more >>"$work/g/xvda.lock"
build 'a lock that its manifest does not know is refused' 4 -o "$work/h" --lock "$work/g"
says 'and named' "xvda.lock' is not the layout lock that the manifest beside it names for '/dev/xvda'"
build 'a damaged lock is refused' 4 -o "$work/h" --lock "$work/g/xvda.lock"
says 'with its line' 'xvda.lock:'
build 'a folder that is no build is refused' 5 -o "$work/h" --lock "$work/files"
says 'in words' 'there is no finished build in'
echo more >>"$work/a/xvda.lock"
expect 'verify finds a lock that changed' 4 verify "$work/a"
finish
