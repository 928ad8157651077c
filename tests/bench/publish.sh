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
