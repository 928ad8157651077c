#!/bin/sh
# A build from plain files: images, manifest, inspect, verify, convert; the same bytes whoever builds.
. "$(dirname "$0")/../support/tap.sh"

template=$templates/two-volumes.yaml mapping=$templates/two-volumes.mapping.json
dir=$work/a

expect 'plan succeeds' 0 plan "$template" --mapping "$mapping"
cp "$work/out" "$work/plan.json"
holds 'plan makes nothing but folders' test -z "$(find "$work" -name '*.raw' -o -name '*.vmdk' -o -name manifest.json)"
run plan "$template" --mapping "$mapping"
holds 'plan says the same twice' cmp "$work/plan.json" "$work/out"
expect 'build succeeds' 0 build "$template" --mapping "$mapping" -o "$dir"
prints 'build draws the disk' 'root'
for file in xvda.raw xvda.vmdk xvda.lock sdf.raw sdf.vmdk sdf.lock manifest.json; do
        holds "$file is there" test -s "$dir/$file"
done
holds 'nothing else is there' test "$(find "$dir" -mindepth 1 | wc -l)" -eq 7
if has python3; then
        holds 'plan and manifest are JSON' python3 -c 'import json,sys; [json.load(open(f)) for f in sys.argv[1:]]' \
                "$work/plan.json" "$dir/manifest.json"
else
        skip 'plan and manifest are JSON' 'python3 is not installed'
fi

(umask 077 && cp -r "$templates" "$work/t") # other folder, other modes
(umask 0 && cd "$work/t" && TZ=Asia/Kathmandu LC_ALL=C run build two-volumes.yaml -m two-volumes.mapping.json -o ../b \
        --threads 3 --quiet && exit $status)
holds 'a quiet build prints nothing' test ! -s "$work/out" -a ! -s "$work/err"
for file in xvda.raw xvda.vmdk xvda.lock sdf.raw sdf.vmdk sdf.lock manifest.json; do
        holds "$file is the same elsewhere" cmp "$dir/$file" "$work/b/$file"
done
expect 'build --json prints the manifest' 0 build "$template" -m "$mapping" -o "$work/c" --format raw --json
holds 'as it is in the folder' cmp "$work/out" "$work/c/manifest.json"
holds 'one format is one format' test ! -e "$work/c/xvda.vmdk"
expect 'build over a build' 0 build "$template" -m "$mapping" -o "$work/b" --set version=2
holds 'another version is another image' sh -c '! cmp -s "$1/xvda.raw" "$2/xvda.raw"' - "$dir" "$work/b"

expect 'verify succeeds' 0 verify "$dir"
expect 'verify --json succeeds' 0 verify --json "$dir"
prints 'it is verified' '"verified": true'
expect 'inspect DIR' 0 inspect "$dir"
prints 'shows the device' '/dev/sdf'
expect 'inspect a raw image' 0 inspect "$dir/xvda.raw"
prints 'tells the file system' 'ext4'
expect 'inspect --json a VMDK' 0 inspect --json "$dir/xvda.vmdk"
prints 'tells the format' 'streamOptimized'
head -c 1000 "$dir/xvda.vmdk" >"$work/cut.vmdk"
expect 'inspect a VMDK that is cut' 4 inspect "$work/cut.vmdk"
expect 'inspect what is not there' 5 inspect "$work/none"

expect 'convert raw to VMDK' 0 convert "$dir/xvda.raw" "$work/x.bin"
expect 'convert VMDK to raw' 0 convert "$work/x.bin" "$work/y.raw" --quiet
holds 'there and back is the same' cmp "$dir/xvda.raw" "$work/y.raw"
expect 'convert onto itself' 2 convert "$work/y.raw" "$work/y.raw"
expect 'convert what is not there' 5 convert "$work/none" "$work/z"
holds 'leaves nothing' test ! -e "$work/z"

cp -r --sparse=always "$dir" "$work/bad"
printf 'X' | dd of="$work/bad/sdf.raw" bs=1 seek=1080 conv=notrunc 2>/dev/null # in the superblock
expect 'verify finds a damaged block' 4 verify "$work/bad"
says 'names the file' 'sdf.raw'
cp --sparse=always "$dir/sdf.raw" "$work/bad/sdf.raw"
truncate -s -1 "$work/bad/xvda.vmdk"
expect 'verify finds a VMDK that is cut' 4 verify "$work/bad"
rm "$work/bad/xvda.vmdk"
expect 'verify misses an image' 5 verify "$work/bad"
echo '{}' >"$work/bad/manifest.json"
expect 'verify refuses a manifest that is none' 4 verify "$work/bad"
expect 'verify without a manifest' 5 verify "$work"

if has qemu-img; then
        holds 'qemu-img finds no fault in the VMDK' qemu-img check "$dir/xvda.vmdk"
        holds 'qemu-img finds VMDK and raw the same' qemu-img compare "$dir/xvda.raw" "$dir/xvda.vmdk"
else
        skip 'qemu-img finds no fault' 'qemu-img is not installed'
fi
if has sfdisk; then
        holds 'sfdisk finds no fault' sfdisk --verify "$dir/xvda.raw"
else
        skip 'sfdisk finds no fault' 'sfdisk is not installed'
fi
if has e2fsck; then
        holds 'e2fsck finds no fault' e2fsck -fn "$dir/sdf.raw"
else
        skip 'e2fsck finds no fault' 'e2fsck is not installed'
fi
if has debugfs; then
        debugfs -R 'cat /notes/list' "$dir/sdf.raw" >"$work/list" 2>/dev/null
        holds 'the data are on the data volume' cmp "$work/list" "$templates/two-volumes/data/notes/list"
else
        skip 'the data are on the data volume' 'debugfs is not installed'
fi
finish
