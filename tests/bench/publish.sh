#!/bin/bash
# (d) An image of the root file system uploaded as a snapshot, client and server on this machine's processors; then to
# a region that is 40 ms away and has AWS's quotas.
set -eu
work=$BENCH_DIR/publish
rm -rf "$work/region"
mkdir -p "$work"
image=$BENCH_DIR/ext4/out/xvda.raw
[ -r "$image" ] || image=$BENCH_DIR/debian/xvda.raw
cat "$image" >/dev/null
for run in 1 2 3; do
        "$OUT/tests/bench/bench_publish" "$image" "$work/region"
        rm -rf "$work/region"
done
"$OUT/tests/bench/bench_publish" "$image" "$work/region" 40
rm -rf "$work/region"
# Memory is that of the blocks in flight: the same for a volume of 1 GiB and for one of 1 TiB with as much data.
for size in 1G 1T; do
        rm -f "$work/grown.raw"
        truncate -s "$size" "$work/grown.raw"
        dd if="$image" of="$work/grown.raw" bs=1M count=512 conv=notrunc,sparse status=none
        echo "(d) in a volume of $size:"
        "$OUT/tests/bench/bench_publish" "$work/grown.raw" "$work/region"
        rm -rf "$work/region" "$work/grown.raw"
done
