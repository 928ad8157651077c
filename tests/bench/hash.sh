#!/bin/bash
# (c) Digests, block map and image digest of the root file system's image, against SHA-256 alone; and of 1 TiB of hole.
set -eu
work=$BENCH_DIR/hash
mkdir -p "$work"
image=$BENCH_DIR/ext4/out/xvda.raw
[ -r "$image" ] || image=$BENCH_DIR/debian/xvda.raw
cat "$image" >/dev/null
"$OUT/tests/bench/bench_hash" "$image" "$work"
