#!/bin/sh
# upload: one disk as any kind of image is one and the same snapshot; what is damaged, cut short or names other files
# is refused.
. "$(dirname "$0")/../support/tap.sh"

has python3 || { echo '1..0 # SKIP python3 is not installed'; exit 77; }
cd "$work" || exit 3
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"
python3 - <<'EOF'
import random
random.seed(7)
with open('disk', 'wb') as disk:
    disk.truncate(48 << 20)
    for block in (0, 1, 5, 40, 95):
        disk.seek(block * 524288)
        disk.write(random.randbytes(524288))
    disk.seek(20 * 524288 + 4096)
    disk.write(b'hello' * 100)
    disk.seek(30 * 524288)
    disk.write(bytes(524288))
EOF

id() { sed -n 's/^ *"snapshot_id": "\(.*\)".*/\1/p' "$work/out"; }
digest() { sed -n 's/.*"image_sha256": "\([0-9a-f]*\)".*/\1/p' "$work/out"; }

expect 'a raw disk is uploaded' 0 upload disk --json
wanted=$(digest)
holds 'with its digest' test ${#wanted} -eq 64
prints 'six blocks hold data' '"blocks_sent": 6'
prints 'one is zero' '"zero": 1'
prints 'the rest was never written' '"absent": 89'
snapshot=$(id)
expect 'again it is the same snapshot' 0 upload disk -q
holds 'by its id alone' test "$(cat "$work/out")" = "$snapshot"
expect 'the volume can be larger' 0 upload disk --volume-size 3 --json
prints 'as asked' '"volume_size_gib": 3'
expect 'tags and a description are given' 0 upload disk --volume-size 4 --tag Stage=test --tag Name=mine \
        --description 'a disk of mine' -q
tagged=$(cat "$work/out")
expect 'and are there' 0 show "$tagged"
prints 'the description' 'a disk of mine'

cp --sparse=always disk changed
printf 'changed' | dd of=changed bs=524288 seek=5 conv=notrunc 2>/dev/null
expect 'a changed disk, over the first' 0 upload changed --parent "$snapshot" --json --verify
prints 'is what differs' '"blocks_sent": 1'
prints 'and is read back' '"all": true'
child=$(id)
expect 'over a parent that is not there' 5 upload changed --volume-size 2 --parent snap-00000000000000000
expect 'what the child holds' 0 download "$child" -o child -q
holds 'is the changed disk' cmp -n 50331648 changed child
rm -f child
expect 'encrypted, all of it is sent' 0 upload disk --encrypt --json
prints 'with its zeros' '"zero_for_encryption": 90'

# NAME FILE KIND: is uploaded whole to a region of its own, as one snapshot of the same bytes.
same() {
        expect "$1 is uploaded" 0 upload "$2" --to "local:r$count" --json
        if [ "$(digest)" = "$wanted" ] && grep -qF "\"format\": \"$3" "$work/out"; then
                pass "$1 is told by its content and holds the same disk"
        else
                fail "$1 is told by its content and holds the same disk" "$work/out" "$work/err"
        fi
}

if has qemu-img && has qemu-nbd; then
        convert() { qemu-img convert -f raw -O "$@" >/dev/null || echo "# qemu-img convert -O $*: failed"; }
        convert qcow2 disk a.raw
        convert qcow2 -c disk packed
        convert vpc -o force_size=on disk dynamic.vhd
        convert vpc -o subformat=fixed,force_size=on disk fixed.raw
        convert vhdx disk disk.vhdx
        convert vdi disk disk.vdi
        same 'qcow2' a.raw qcow2
        same 'packed qcow2' packed qcow2
        same 'a dynamic VHD' dynamic.vhd 'dynamic VHD'
        same 'a fixed VHD, which looks raw from its front,' fixed.raw 'fixed VHD'
        same 'VHDX' disk.vhdx VHDX
        same 'VDI' disk.vdi VDI
        for kind in streamOptimized monolithicSparse monolithicFlat twoGbMaxExtentSparse twoGbMaxExtentFlat; do
                convert vmdk -o subformat=$kind disk $kind.vmdk
        done
        same 'a streamOptimized VMDK' streamOptimized.vmdk 'streamOptimized VMDK'
        same 'a monolithicSparse VMDK' monolithicSparse.vmdk 'monolithicSparse VMDK'
        same 'a monolithicFlat VMDK' monolithicFlat.vmdk 'VMDK of several files'
        same 'a twoGbMaxExtentSparse VMDK' twoGbMaxExtentSparse.vmdk 'VMDK of several files'
        same 'a twoGbMaxExtentFlat VMDK' twoGbMaxExtentFlat.vmdk 'VMDK of several files'
        gzip -c a.raw >a.qcow2.gz
        same 'qcow2 in gzip' a.qcow2.gz 'qcow2, in a gzip file'
        cat a.raw | "$ingot" upload - -q >"$work/out" 2>"$work/err"
        holds 'qcow2 on standard input is the same' test "$(cat "$work/out")" = "$snapshot"

        for kind in a.raw dynamic.vhd disk.vhdx disk.vdi monolithicSparse.vmdk streamOptimized.vmdk; do
                head -c 2000000 $kind >short
                expect "a $kind that is cut short is refused" 4 upload short
        done
        head -c 50000000 fixed.raw >short
        expect 'a fixed VHD that is cut short is refused' 4 upload short
        qemu-img create -q -f qcow2 -b a.raw -F qcow2 child
        expect 'a backing file is not opened' 4 upload child
        says 'and that is said' 'names a backing file'
        qemu-img create -q -f qcow2 -o data_file=elsewhere,data_file_raw=on apart 1M
        expect 'an external data file is not opened' 4 upload apart
        says 'and that is said' 'keeps its data in another file'
        for name in ../disk /etc/passwd ''; do
                sed "s|monolithicFlat-flat.vmdk|$name|" monolithicFlat.vmdk >evil.vmdk
                expect "a VMDK that names '$name' is refused" 4 upload evil.vmdk
        done
        ln -s disk link
        sed 's|monolithicFlat-flat.vmdk|link|' monolithicFlat.vmdk >evil.vmdk
        expect 'a VMDK that names a link is refused' 3 upload evil.vmdk
        sed 's|parentCID=ffffffff|parentCID=12345678|' monolithicFlat.vmdk >evil.vmdk
        expect 'a VMDK with a parent is refused' 4 upload evil.vmdk
        PATH=/nonexistent "$ingot" upload a.raw >"$work/out" 2>"$work/err"
        holds 'without QEMU qcow2 cannot be read' test $? -eq 5
        says 'and that is said' 'qemu-utils'
else
        skip 'qcow2, VHD, VHDX, VDI and VMDK' 'qemu-utils is not installed'
fi
for tool in gzip xz zstd bzip2 lz4; do
        if has $tool; then
                $tool -c disk >"packed" 2>/dev/null
                same "a disk in $tool" packed 'raw, in '
                head -c 1000000 packed >short
                expect "$tool that is cut short is refused" 4 upload short
        else
                skip "a disk in $tool" "$tool is not installed"
        fi
done
gzip -c disk >bad.gz
printf 'xx' | dd of=bad.gz bs=1 seek=$(($(wc -c <bad.gz) - 8)) conv=notrunc 2>/dev/null
expect 'a gzip with another CRC is refused' 4 upload bad.gz
gzip -c disk | gzip -c | gzip -c | gzip -c | gzip -c >five.gz
expect 'five layers are one too many' 4 upload five.gz
cat disk | "$ingot" upload - -q >"$work/out" 2>"$work/err"
holds 'standard input is the same' test "$(cat "$work/out")" = "$snapshot"
"$ingot" upload - -q <disk >"$work/out" 2>"$work/err"
holds 'as a file too' test "$(cat "$work/out")" = "$snapshot"
mkfifo pipe
cat disk >pipe &
expect 'a pipe by its name' 0 upload pipe -q
holds 'is the same' test "$(cat "$work/out")" = "$snapshot"
yes | "$ingot" upload - --volume-size 1 >"$work/out" 2>"$work/err"
holds 'a stream without end is refused' test $? -eq 2
expect 'a disk larger than the volume is refused' 2 upload disk --volume-size 0
: >empty
expect 'an empty file is refused' 4 upload empty
printf '<html>404</html>' >page
expect 'what is no disk is refused' 4 upload page
says 'as it has no whole sectors' 'not whole sectors'
tar -cf archive disk
expect 'an archive is refused' 4 upload archive
expect 'a folder is refused' 2 upload tmp
expect 'a file that is not there' 5 upload nowhere
expect "a tag of AWS's own is refused" 2 upload disk --tag aws:x=y
expect 'a tag without a value is refused' 2 upload disk --tag x
holds 'nothing is left in the temporary folder' test -z "$(ls -A "$TMPDIR")"
finish
