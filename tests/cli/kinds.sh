#!/bin/sh
# inspect and convert: a disk is the same disk in any kind of image.
. "$(dirname "$0")/../support/tap.sh"

cd "$work" || exit 3
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"
truncate -s 12M disk
dd if=/dev/urandom of=disk bs=512K seek=2 count=3 conv=notrunc status=none
digest() { sed -n 's/.*"image_sha256": "\([0-9a-f]*\)".*/\1/p' "$work/out"; }
expect 'a raw disk is looked into' 0 inspect disk --digests --json
wanted=$(digest)
holds 'with its digest' test ${#wanted} -eq 64

# NAME FILE FORMAT
same() {
        expect "$1 is looked into" 0 inspect "$2" --digests --json
        if [ "$(digest)" = "$wanted" ] && grep -qF "\"format\": \"$3\"" "$work/out"; then
                pass "$1 holds the same disk"
        else
                fail "$1 holds the same disk" "$work/out" "$work/err"
        fi
        rm -f back
        expect "$1 is converted" 0 convert "$2" back -q
        holds "$1 comes out as it went in" cmp disk back
}

gzip -c disk >disk.gz
same 'gzip' disk.gz 'raw, in a gzip file'
expect 'to a VMDK, where that is asked for' 0 convert disk.gz back.vmdk --format vmdk
prints 'which is shown' 'streamOptimized VMDK'
gzip -c back.vmdk >packed
same 'a VMDK in gzip' packed 'streamOptimized VMDK, in a gzip file'
head -c 100000 packed >short
expect 'what is cut short is not looked into' 4 inspect short
expect 'nor converted' 4 convert short never
holds 'and nothing is made of it' test ! -e never
if has qemu-img && has qemu-nbd; then
        for kind in qcow2 vhdx vdi; do qemu-img convert -f raw -O $kind disk disk.$kind; done
        qemu-img convert -f raw -O vpc -o force_size=on disk disk.vhd
        qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse disk split.vmdk
        same 'qcow2' disk.qcow2 qcow2
        same 'VHDX' disk.vhdx VHDX
        same 'VDI' disk.vdi VDI
        same 'a dynamic VHD' disk.vhd 'dynamic VHD'
        same 'a VMDK of several files' split.vmdk 'VMDK of several files'
        qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 child
        expect 'a backing file is not opened' 4 inspect child
        says 'and that is said' 'names a backing file'
        expect 'nor by convert' 4 convert child never
else
        skip 'qcow2, VHDX, VDI, VHD and split VMDK' 'qemu-utils is not installed'
fi
expect 'an image is not converted into itself' 2 convert disk.gz disk.gz
holds 'and stays as it was' gzip -t disk.gz
holds 'nothing is left in the temporary folder' test -z "$(ls -A "$TMPDIR")"
finish
