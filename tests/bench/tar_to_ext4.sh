#!/bin/bash
# (a) A root file system tar to a finished ext4 volume, on a tmpfs so that the disk does not count, in two lines:
#   layout and write   what the peers do and no more (bench_ext4): read the tar, lay out, write
#   ingot build        all of it: also the digests of the source, of what is written and of what is read back
# against the limit, cp --sparse=always of the result; against untar plus mke2fs -d; against guestfish tar-in
# (BENCH_GUESTFISH=1).  The contenders take turns, each from nothing, and the best of five rounds counts: a busy
# machine slows some rounds, none makes one faster.  And ingot build on the disk, flushed and read back from it.
set -eu
work=$BENCH_DIR/ext4
rm -rf "$work"
mkdir -p "$work"
fast=$work
if [ -d /dev/shm ] && [ "$(df --output=avail -B1M /dev/shm | tail -n 1)" -gt 3000 ]; then
        fast=$(mktemp -d /dev/shm/ingot-bench.XXXXXX)
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
build="$INGOT build $work/t.yaml --mapping $work/m.json --format raw -q -o"

# take NAME BEFORE COMMAND...: one run; its seconds, processor seconds and MiB go to a line of $work/NAME.
take() {
        name=$1 before=$2
        shift 2
        python3 tests/bench/measure.py --runs 1 --before "$before" -- "$@" >>"$work/$name"
}
best() { sort -n "$work/$1" | head -n 1 | cut -d ' ' -f "${2:-1}"; }
ratio() { awk "BEGIN {printf \"%.2f\", $1 / $2}"; }

$build "$fast/out"
size=$(stat -c %s "$fast/out/xvda.raw")
for _ in 1 2 3 4 5; do
        take cp "rm -f $fast/copy" cp --sparse=always "$fast/out/xvda.raw" "$fast/copy"
        rm -f "$fast/copy"
        take ingot "rm -rf $fast/out" $build "$fast/out"
        take layout "" "$OUT/tests/bench/bench_ext4" "$BENCH_TAR" "$fast/layout.raw"
        rm -f "$fast/layout.raw"
        take untar "mkdir $fast/tree" tar -xf "$BENCH_TAR" -C "$fast/tree" --numeric-owner
        take mke2fs "truncate -s $size $fast/mke.raw" mke2fs -q -F -t ext4 -d "$fast/tree" "$fast/mke.raw"
        rm -rf "$fast/tree" "$fast/mke.raw"
        take disk "rm -rf $work/out" $build "$work/out"
done
cp_s=$(best cp) peers_s=$(awk "BEGIN {print $(best untar) + $(best mke2fs)}")
report() { # NAME TITLE
        s=$(best "$1")
        echo "(a) tar to ext4, $2: $s s, $(best "$1" 2) s of processor time, $(best "$1" 3) MiB;" \
                "$(ratio "$s" "$cp_s") times cp's $cp_s s, $(ratio "$(best "$1" 2)" "$(best cp 2)") times its processor time;" \
                "$(ratio "$peers_s" "$s") times as fast as untar plus mke2fs -d ($(best untar) s + $(best mke2fs) s)"
}
report layout "layout and write"
report ingot "ingot build with all its proofs"
echo "(a) tar to ext4, ingot build on the disk, flushed and read back: $(best disk) s, $(best disk 2) s of processor time"
if [ -n "${BENCH_GUESTFISH:-}" ] && command -v guestfish >/dev/null; then
        truncate -s "$size" "$fast/gf.raw"
        LIBGUESTFS_BACKEND_SETTINGS=force_tcg LIBGUESTFS_BACKEND=direct \
                take guestfish "" guestfish -a "$fast/gf.raw" run : mkfs ext4 /dev/sda : mount /dev/sda / : tar-in "$BENCH_TAR" /
        echo "(a) tar to ext4: guestfish tar-in $(best guestfish) s: ingot build is $(ratio "$(best guestfish)" "$(best ingot)") times as fast (goal 50)"
else
        echo "(a) tar to ext4: guestfish SKIPPED (set BENCH_GUESTFISH=1, with libguestfs-tools installed)"
fi
