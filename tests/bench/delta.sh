#!/bin/bash
# How many blocks of 512 KiB of a root volume change when little of its content does: one package upgraded, added,
# removed, and DELTA_DAYS (30) days of updates one after another, each build following the layout lock of the one
# before.  Against the bound (delta.py) and against mke2fs -d of the same trees, with all of its identifiers fixed.
set -eu
work=$BENCH_DIR/delta
days=${DELTA_DAYS:-30}
rm -rf "$work"
mkdir -p "$work/tree"
delta() { python3 tests/bench/delta.py "$@"; }
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8}}]' >"$work/m.json"
build() { # TAR OUT [LOCK]
        cat >"$work/t.yaml" <<T
name: bench
architecture: x86_64
version: "$2"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    file-system: ext4
    size: fit+20%
    mount: /
    content: [{tar: {source: $1}}]
T
        SOURCE_DATE_EPOCH=$((1767225600 + (step += 86400))) "$INGOT" build "$work/t.yaml" -m "$work/m.json" \
                --format raw -q -o "$work/$2" ${3:+--lock "$work/$3"}
        if command -v e2fsck >/dev/null; then e2fsck -fn "$work/$2/xvda.raw" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; fi
}
step=0
peer=true
command -v mke2fs >/dev/null && [ -z "${DELTA_NO_PEER:-}" ] || peer=false
mke() { # OUT: of the tree as it is
        local size
        size=$(stat -c %s "$work/base/xvda.raw")
        rm -f "$work/$1.mke"
        truncate -s "$size" "$work/$1.mke"
        E2FSPROGS_FAKE_TIME=1767225600 mke2fs -q -F -t ext4 -U 11111111-2222-3333-4444-555555555555 -d "$work/tree" \
                -E hash_seed=11111111-2222-3333-4444-555555555556,lazy_itable_init=0,root_owner=0:0 "$work/$1.mke"
}
shares() { awk "BEGIN {printf \"%.2f times the bound, %.1f %% of the data\", $1 / $3, 100 * $1 / $2}"; }

build "$BENCH_TAR" base
delta tar "$BENCH_TAR" "$work/none.json" same "$work/none.tar" >/dev/null
build "$work/none.tar" same base
read -r changed data <<<"$(delta compare "$work/base/xvda.raw" "$work/same/xvda.raw")"
echo "(delta) nothing but the date and version: $changed of $data blocks differ"
if $peer; then
        tar -xf "$BENCH_TAR" -C "$work/tree" --numeric-owner
        mke base
fi
for scenario in upgrade add remove; do
        rm -f "$work/state.json"
        read -r bound bytes <<<"$(delta tar "$BENCH_TAR" "$work/state.json" $scenario "$work/new.tar")"
        build "$work/new.tar" new base
        read -r changed data <<<"$(delta compare "$work/base/xvda.raw" "$work/new/xvda.raw")"
        line="(delta) $scenario, $bytes bytes: $changed of $data blocks differ, bound $bound: $(shares "$changed" "$data" "$bound") (goals 1.5 and 5 %)"
        if $peer; then
                rm -rf "$work/tree"; mkdir "$work/tree"
                tar -xf "$BENCH_TAR" -C "$work/tree" --numeric-owner
                mke base
                delta tree "$BENCH_TAR" "$work/state.json" "$work/tree"
                mke new
                read -r changed data <<<"$(delta compare "$work/base.mke" "$work/new.mke")"
                line="$line; mke2fs -d: $changed of $data"
        fi
        echo "$line"
done

rm -f "$work/state.json"
if $peer; then
        rm -rf "$work/tree"; mkdir "$work/tree"
        tar -xf "$BENCH_TAR" -C "$work/tree" --numeric-owner
        mke base
        mv "$work/base.mke" "$work/old.mke"
fi
rm -rf "$work/old"; cp -r "$work/base" "$work/old"
all_changed=0 all_bound=0 all_data=0 all_peer=0 worst=0 half=0 half_bound=0
for day in $(seq "$days"); do
        read -r bound bytes <<<"$(delta tar "$BENCH_TAR" "$work/state.json" day="$day" "$work/new.tar")"
        build "$work/new.tar" new old
        read -r changed data <<<"$(delta compare "$work/old/xvda.raw" "$work/new/xvda.raw")"
        [ -z "${DELTA_VERBOSE:-}" ] || echo "# day $day: $changed of $data, bound $bound ($bytes bytes)"
        all_changed=$((all_changed + changed)) all_bound=$((all_bound + bound)) all_data=$((all_data + data))
        if [ $((day * 2)) -gt "$days" ]; then half=$((half + changed)) half_bound=$((half_bound + bound)); fi
        worst=$(awk "BEGIN {r = $changed / $bound; print (r > $worst ? r : $worst)}")
        rm -rf "$work/old"; mv "$work/new" "$work/old"
        if $peer; then
                delta tree "$BENCH_TAR" "$work/state.json" "$work/tree"
                mke new
                read -r changed _ <<<"$(delta compare "$work/old.mke" "$work/new.mke")"
                all_peer=$((all_peer + changed))
                mv "$work/new.mke" "$work/old.mke"
        fi
done
line="(delta) $days days: $all_changed of $all_data blocks differ, bound $all_bound: $(shares "$all_changed" "$all_data" "$all_bound"), worst day $worst times, second half $(awk "BEGIN {printf \"%.2f\", $half / $half_bound}") times"
if $peer; then line="$line; mke2fs -d: $all_peer"; fi
echo "$line"
# Has the layout decayed?  What is in more pieces than one, and how much free space is left in holes.
if command -v e2fsck >/dev/null; then e2fsck -fn "$work/old/xvda.raw" 2>/dev/null | tail -n 1 | sed 's/^.*raw: /(delta) at the end: /'; fi
