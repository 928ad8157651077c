#!/bin/bash
# (e) Peak memory of each step (goal: under 128 MiB), and that a 1 TiB volume with 1 GiB of data costs what the data
# cost: the same content on 4 GiB and on 1 TiB.
set -eu
work=$BENCH_DIR/memory
rm -rf "$work"
mkdir -p "$work/data"
trap 'rm -rf "$work"' EXIT
for i in $(seq 1 64); do head -c 16M /dev/urandom >"$work/data/file$i"; done
volume() { # SIZE_GIB
        cat >"$work/t$1.yaml" <<T
name: bench-$1
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    partition-table: gpt
    partitions:
      - {name: root, type: root, size: rest, file-system: ext4, mount: /}
    content: [{directory: {source: ./data, to: /srv}}]
T
        echo "[{\"DeviceName\": \"/dev/xvda\", \"Ebs\": {\"VolumeSize\": $1, \"VolumeType\": \"gp3\"}}]" >"$work/m$1.json"
}
measure() { python3 tests/bench/measure.py --runs "${RUNS:-3}" "$@"; }
volume 4; volume 1024
for gib in 4 1024; do
        read -r build_s build_cpu build_mib <<<"$(measure -- "$INGOT" build "$work/t$gib.yaml" --mapping "$work/m$gib.json" -q -o "$work/out$gib" --format raw)"
        read -r verify_s _ verify_mib <<<"$(measure -- "$INGOT" verify "$work/out$gib" -q)"
        read -r inspect_s _ inspect_mib <<<"$(measure -- "$INGOT" inspect "$work/out$gib")"
        read -r publish_s _ publish_mib <<<"$(RUNS=1 measure -- "$INGOT" publish "$work/out$gib" -q --to local --region-dir "$work/region")"
        echo "(e) 1 GiB of data on $gib GiB: build $build_s s ($build_cpu s CPU) $build_mib MiB; verify $verify_s s $verify_mib MiB; inspect $inspect_s s $inspect_mib MiB; publish $publish_s s $publish_mib MiB"
done
read -r vmdk_s _ vmdk_mib <<<"$(RUNS=1 measure --before "rm -f $work/d.vmdk" -- "$INGOT" convert "$work/out1024/xvda.raw" "$work/d.vmdk" -q)"
echo "(e) the 1 TiB volume to VMDK: $vmdk_s s $vmdk_mib MiB"
