#!/bin/bash
# (b) The image of the root file system, raw, to a streamOptimized VMDK, by each compressor, against qemu-img.
set -eu
work=$BENCH_DIR/vmdk
mkdir -p "$work"
image=$BENCH_DIR/ext4/out/xvda.raw
[ -r "$image" ] || image=$BENCH_DIR/debian/xvda.raw
cat "$image" >/dev/null
"$OUT/tests/bench/bench_vmdk" "$image" "$work"
