#!/bin/bash
# (i) upload and download of a disk with 1 GiB of data, raw and qcow2, against the local region of the same process: rate,
# processor time of both ends together, peak memory (goal: under 128 MiB); and the same data on a disk of 1 TiB.
set -eu
work=$BENCH_DIR/transfer
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
export TMPDIR="$work"
measure() { RUNS=1 python3 tests/bench/measure.py --runs 1 "$@"; }
make_disk() { # FILE SIZE: 2,048 blocks of noise, in runs
        truncate -s "$2" "$1"
        for i in $(seq 0 15); do
                head -c 64M /dev/urandom | dd of="$1" bs=1M seek=$((i * 192)) conv=notrunc iflag=fullblock status=none
        done
}
row() { # NAME IMAGE
        rm -rf "$work/region" "$work/back"
        read -r up_s up_cpu up_mib <<<"$(measure -- "$INGOT" upload "$2" -q --region-dir "$work/region")"
        snapshot=$("$INGOT" upload "$2" -q --region-dir "$work/region" 2>/dev/null)
        read -r down_s down_cpu down_mib <<<"$(measure -- "$INGOT" download "$snapshot" -q --region-dir "$work/region" -o "$work/back")"
        echo "(i) $1: upload $up_s s ($up_cpu s CPU) $up_mib MiB; download $down_s s ($down_cpu s CPU) $down_mib MiB"
}
make_disk "$work/disk" 4G
row '1 GiB of data, raw, on 4 GiB' "$work/disk"
if command -v qemu-img >/dev/null && command -v qemu-nbd >/dev/null; then
        qemu-img convert -f raw -O qcow2 "$work/disk" "$work/qcow2"
        row '1 GiB of data, qcow2' "$work/qcow2"
        rm "$work/qcow2"
else
        echo '(i) qcow2: skipped, qemu-utils is not installed'
fi
truncate -s 1T "$work/disk"
row '1 GiB of data, raw, on 1 TiB' "$work/disk"
