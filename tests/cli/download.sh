#!/bin/sh
# download: what was uploaded comes back as it was, also after kill -9 on the way; nothing half made is under the name.
. "$(dirname "$0")/../support/tap.sh"

has python3 || { echo '1..0 # SKIP python3 is not installed'; exit 77; }
cd "$work" || exit 3
python3 - <<'EOF'
import random
random.seed(11)
with open('disk', 'wb') as disk:
    disk.truncate(1 << 30)
    noise = random.randbytes(524288 + 600)
    for block in range(200):
        disk.seek((block * 9 + 1) * 524288)
        disk.write(noise[block:block + 524288])
    disk.seek(2047 * 524288)
    disk.write(b'end')
    disk.seek(1000 * 524288 + 8192)
    disk.write(bytes(4096))
EOF
# Skips holes, which cmp reads.
equal() { if has qemu-img; then qemu-img compare -q -f raw -F raw "$1" "$2"; else cmp "$1" "$2"; fi; }
noted() { if [ -e back.part.journal ]; then wc -c <back.part.journal; else echo 0; fi; }
allocated() { du -k "$1" | cut -f 1; }

expect 'a disk is uploaded' 0 upload disk -q
snapshot=$(cat "$work/out")
expect 'and downloaded' 0 download "$snapshot" -o back
prints 'with what was done' 'downloaded 201 blocks'
holds 'it is the same' cmp disk back
holds 'and as sparse' test "$(allocated back)" -le $(($(allocated disk) + 1024))
holds 'nothing is left beside it' test ! -e back.part -a ! -e back.part.journal
expect 'a file that is there is replaced' 0 download "$snapshot" -o back --json
prints 'and JSON tells its digest' '"image_sha256": "'
holds 'it is the same again' equal disk back
expect 'a VMDK' 0 download "$snapshot" -o back.vmdk --format vmdk -q
holds 'nothing is left beside that' test ! -e back.vmdk.part -a ! -e back.vmdk.part.journal
if has qemu-img; then
        holds 'holds the same disk' qemu-img compare -q -f raw -F vmdk disk back.vmdk
else
        skip 'holds the same disk' 'qemu-img is not installed'
fi
expect 'and ingot reads it too' 0 convert back.vmdk back -q
holds 'as the same' equal disk back
rm -f back back.vmdk

# Killed as soon as some blocks are there, then gone on with.
killed=0
for _ in 1 2 3; do
        "$ingot" download "$snapshot" -o back -q 2>/dev/null &
        runner=$!
        seen=$(noted)
        tries=0
        while kill -0 $runner 2>/dev/null && [ $tries -lt 500 ]; do
                now=$(noted)
                [ "$now" -gt $((seen + 1000)) ] && break
                tries=$((tries + 1))
                sleep 0.01
        done
        if kill -KILL $runner 2>/dev/null; then killed=$((killed + 1)); fi
        wait $runner 2>/dev/null
        [ -e back ] && break
done
if [ $killed -gt 0 ] && [ ! -e back ]; then
        holds 'killed, it leaves a partial under another name' test -s back.part
        # A block that was noted and whose bytes are others now is not believed.
        printf 'garbage' | dd of=back.part bs=1 seek=$((1 * 524288 + 100)) conv=notrunc 2>/dev/null
        expect 'the same command goes on' 0 download "$snapshot" -o back
        prints 'from what was there' 'went on from'
        holds 'to the same disk' equal disk back
        holds 'and the partial is gone' test ! -e back.part -a ! -e back.part.journal
else
        skip 'killed, it leaves a partial under another name' 'it was done before it could be killed'
fi
rm -f back
printf 'garbage' >back.part
printf 'garbage' >back.part.journal
expect 'a partial that is none is started anew' 0 download "$snapshot" -o back -q
holds 'to the same disk' equal disk back

"$ingot" build "$templates/two-volumes.yaml" -m "$templates/two-volumes.mapping.json" -q --format raw -o built
expect 'an AMI is published' 0 publish built -q
ami=$(cat "$work/out")
root=$(sed -n 's/.*"root_device": "\(.*\)".*/\1/p' built/manifest.json)
root=${root##*/}
expect 'its root volume' 0 download "$ami" -o root -q
holds 'is what was built' cmp -n "$(wc -c <"built/$root.raw")" "built/$root.raw" root
mkdir all
expect 'all its volumes, into a folder' 0 download "$ami" -o all
for image in built/*.raw; do
        holds "${image#built/} is what was built" cmp -n "$(wc -c <"$image")" "$image" "all/${image#built/}"
done
expect 'one of them by its device' 0 download "$ami" --device "/dev/$root" -o one -q
holds 'is that one' equal root one
expect 'a device that it has not' 5 download "$ami" --device /dev/none -o none
expect 'a snapshot that is not there' 5 download snap-00000000000000000 -o none
expect 'an AMI that is not there' 5 download ami-00000000000000000 -o none
expect 'an id that is none' 2 download debian -o none
expect 'no output' 2 download "$snapshot"
expect 'a folder that is not there' 3 download "$snapshot" -o nowhere/disk
expect 'another region' 5 download "$snapshot" --from local:elsewhere -o none
holds 'none of these leaves anything' test ! -e none -a ! -e none.part
# A limit on the size of files is as good as a full disk, and needs no root.
(ulimit -f 100000; "$ingot" download "$snapshot" -o full -q >"$work/out" 2>"$work/err"; echo $? >status)
holds 'a full disk is the machine' test "$(cat status)" -eq 3
holds 'and leaves nothing under the name' test ! -e full
expect 'with room it goes on' 0 download "$snapshot" -o full -q
holds 'to the same disk' equal disk full
finish
