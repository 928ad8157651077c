#!/bin/bash
# (a) A root file system tar to a finished ext4 volume: the whole of `ingot build` (read, lay out, write, hash,
# flush, read back), on the disk and, so that the disk does not count, on a tmpfs, where it still hashes three times:
# the source, what it writes, what it reads back.  The peers hash nothing.  Against untar plus mke2fs -d, against guestfish tar-in, and against the limit: cp --sparse=always of the result.
set -eu
work=$BENCH_DIR/ext4
mkdir -p "$work"
fast=$work
if [ -d /dev/shm ] && [ "$(df --output=avail -B1M /dev/shm | tail -n 1)" -gt 3000 ]; then
        fast=/dev/shm/ingot-bench.$$
        mkdir -p "$fast"
        trap 'rm -rf "$fast"' EXIT
fi
cat >"$work/t.yaml" <<T
name: bench
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    file-system: ext4
    size: fit+30%
    mount: /
    content: [{tar: {source: $BENCH_TAR}}]
T
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]' >"$work/m.json"
cat "$BENCH_TAR" >/dev/null
measure() { python3 tests/bench/measure.py "$@"; }
build="$INGOT build $work/t.yaml --mapping $work/m.json --format raw -q -o"
read -r disk_s disk_cpu disk_mib <<<"$(measure --runs 3 -- $build "$work/out")"
read -r ram_s ram_cpu ram_mib <<<"$(measure -- $build "$fast/out")"
read -r cp_s _ _ <<<"$(measure --before "rm -f $fast/copy" -- cp --sparse=always "$fast/out/xvda.raw" "$fast/copy")"
rm -f "$fast/copy"
read -r cpd_s _ _ <<<"$(measure --runs 3 --before "rm -f $work/copy" -- cp --sparse=always "$work/out/xvda.raw" "$work/copy")"
read -r tar_s _ _ <<<"$(measure --runs 3 --before "rm -rf $fast/tree; mkdir $fast/tree" -- tar -xf "$BENCH_TAR" -C "$fast/tree" --numeric-owner)"
size=$(stat -c %s "$work/out/xvda.raw")
read -r mke_s _ _ <<<"$(measure --runs 3 --before "rm -f $fast/mke.raw; truncate -s $size $fast/mke.raw" -- mke2fs -q -F -t ext4 -d "$fast/tree" "$fast/mke.raw")"
ratio() { awk "BEGIN {printf \"%.2f\", $1 / $2}"; }
peer=$(awk "BEGIN {print $tar_s + $mke_s}")
echo "(a) tar to ext4, memory: ingot $ram_s s ($ram_cpu s CPU, $ram_mib MiB); cp --sparse=always $cp_s s: $(ratio "$ram_s" "$cp_s") times the limit (goal 1.5)"
echo "(a) tar to ext4, memory: untar $tar_s s + mke2fs -d $mke_s s = $peer s: ingot is $(ratio "$peer" "$ram_s") times as fast (goal 3)"
echo "(a) tar to ext4, disk, flushed and read back: ingot $disk_s s ($disk_cpu s CPU, $disk_mib MiB); cp, not flushed, $cpd_s s"
if [ -n "${BENCH_GUESTFISH:-}" ] && command -v guestfish >/dev/null; then
        truncate -s "$size" "$fast/gf.raw"
        read -r gf_s _ _ <<<"$(LIBGUESTFS_BACKEND_SETTINGS=force_tcg measure --runs 1 -- guestfish -a "$fast/gf.raw" run : mkfs ext4 /dev/sda : mount /dev/sda / : tar-in "$BENCH_TAR" /)"
        echo "(a) tar to ext4: guestfish tar-in $gf_s s: ingot is $(ratio "$gf_s" "$ram_s") times as fast (goal 50)"
else
        echo "(a) tar to ext4: guestfish SKIPPED (set BENCH_GUESTFISH=1, with libguestfs-tools installed)"
fi
