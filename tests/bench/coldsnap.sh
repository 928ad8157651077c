#!/bin/bash
# (j) The same disk uploaded by coldsnap and by ingot, taking turns, to the same region served by a process of its own: blocks
# per second of client CPU (goal: at least twice coldsnap's), wall time (never slower), peak memory from 1 GiB to 1 TiB.
#   COLDSNAP   the program (cargo install coldsnap); without one this is skipped
set -eu
coldsnap=${COLDSNAP:-$(command -v coldsnap || true)}
if [ -z "$coldsnap" ]; then
        echo '(j) coldsnap: skipped, no such program; set COLDSNAP'
        exit 0
fi
work=$BENCH_DIR/coldsnap blocks=2000 turns=3
rm -rf "$work"
mkdir -p "$work"
"$INGOT" region serve --listen 127.0.0.1:0 --region-dir "$work/region" >"$work/served" 2>"$work/serve.log" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do grep -q 'Serving on' "$work/served" && break; sleep 0.1; done
url=$(grep -o 'http://[0-9.:]*' "$work/served" | head -n 1)
export AWS_SHARED_CREDENTIALS_FILE=$work/region/credentials AWS_ENDPOINT_URL=$url AWS_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true
export XDG_STATE_HOME="$work/state" XDG_CACHE_HOME="$work/cache"
cat >"$work/disk.yaml" <<'YAML'
name: coldsnap-${turn}
architecture: x86_64
version: "1"
root-device: /dev/xvda
source-date-epoch: 1767225600
volumes:
  /dev/xvda: {file-system: ext4, size: 2GiB, mount: /, content: [{directory: {source: noise, to: /}}]}
ami: {boot-mode: legacy-bios}
YAML
mkdir "$work/noise"
head -c $((blocks * 524288)) /dev/urandom >"$work/noise/noise"
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}}]' >"$work/mapping.json"
once() { python3 tests/bench/measure.py --runs 1 -- "$@"; }
disk() { # TURN: the noise with another beginning each time, so that nothing is found in the region already
        printf '%s' "$1" | dd of="$work/noise/noise" conv=notrunc status=none
        rm -rf "$work/out"
        "$INGOT" build "$work/disk.yaml" -m "$work/mapping.json" --set turn="$1" -o "$work/out" --format raw -q
        cat "$work/out/xvda.raw" >/dev/null
}
best() { sort -n | head -n 1; } # by the wall
ingot_rows='' coldsnap_rows='' sent=0
for turn in $(seq $turns); do
        disk "$turn"
        coldsnap_rows+=$(once "$coldsnap" upload --omit-zero-blocks "$work/out/xvda.raw")$'\n'
        ingot_rows+=$(once "$INGOT" publish "$work/out" -q --to aws:us-east-1 --puts-per-second 100000)$'\n'
        sent=$(grep -o '"blocks_sent": [0-9]*' "$work/out/receipt-us-east-1.json" | grep -o '[0-9]*')
done
read -r wall cpu mib <<<"$(printf %s "$ingot_rows" | best)"
read -r cold_wall cold_cpu cold_mib <<<"$(printf %s "$coldsnap_rows" | best)"
awk -v n="$sent" -v w="$wall" -v c="$cpu" -v m="$mib" -v cw="$cold_wall" -v cc="$cold_cpu" -v cm="$cold_mib" 'BEGIN {
        printf "(j) %d blocks: ingot publish %.0f blocks/s, %.0f per CPU second, %.0f MiB; ", n, n / w, n / c, m
        printf "coldsnap %.0f blocks/s, %.0f per CPU second, %.0f MiB: ", n / cw, n / cc, cm
        printf "%.1f x per CPU second (goal 2), %.2f x as fast (goal 1)\n", cc / c, cw / w }'
for size in 2G 1T; do # the same data at other sizes, hashed first: upload knows no manifest
        printf %s $size | dd of="$work/out/xvda.raw" conv=notrunc status=none
        truncate -s $size "$work/out/xvda.raw"
        read -r wall cpu mib <<<"$(once "$INGOT" upload "$work/out/xvda.raw" -q --to aws:us-east-1 --puts-per-second 100000)"
        awk -v s=$size -v n="$sent" -v w="$wall" -v c="$cpu" -v m="$mib" 'BEGIN {
                printf "(j) ingot upload, a disk of %siB: %.0f blocks/s, %.0f per CPU second, %.0f MiB\n", s, n / w, n / c, m }'
done
