#!/bin/bash
# A second publication sends what differs from the first; what reads back is the same as a full one.
. "$(dirname "$0")/../support/tap.sh"

mkdir "$work/data"
for i in $(seq 1 20); do head -c $((i * 40000)) /dev/urandom >"$work/data/file$i"; done
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}}]' >"$work/m.json"
build() { # NAME FOLDER
        cat >"$work/t.yaml" <<T
name: $1
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    partition-table: gpt
    partitions:
      - {name: root, type: root, size: 64MiB, file-system: ext4, label: root, mount: /}
    content: [{directory: {source: ./data, to: /srv}}]
T
        "$ingot" build "$work/t.yaml" --mapping "$work/m.json" -o "$work/$2" --format raw -q >"$work/log" 2>&1
}
field() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); s=d["snapshots"][0]; print(eval(sys.argv[2]))' "$1" "$2"; }
publish() { expect "$1" "$2" publish "$work/$3" --region-dir "$work/region" "${@:4}"; }

build delta-1 nightly
publish 'the first publication works' 0 nightly --verify
holds 'it sends every block that holds data' test "$(field "$work/nightly/receipt-local-1.json" 's["parent_snapshot_id"]')" = None
holds 'and keeps its manifest for the next' cmp "$work/nightly/manifest.json" "$work/nightly/published-local-1.json"
first=$(field "$work/nightly/receipt-local-1.json" 's["snapshot_id"]')
cp -r "$work/nightly" "$work/old"

head -c 700000 /dev/urandom >"$work/data/file9"
build delta-2 nightly
publish 'the second works, and reads back as built' 0 nightly --verify=all
receipt=$work/nightly/receipt-local-1.json
holds 'its parent is the first' test "$(field "$receipt" 's["parent_snapshot_id"]')" = "$first"
holds 'most blocks are left to the parent' test "$(field "$receipt" 's["left_out"]["same_as_parent"] > s["blocks_sent"]')" = True
holds 'every block is proved' test "$(field "$receipt" 's["verified"]["all"]')" = True
second=$(field "$receipt" 's["snapshot_id"]')

build delta-4 new
publish 'a new folder knows no parent' 0 new
holds 'and sends all of it' test "$(field "$work/new/receipt-local-1.json" 's["parent_snapshot_id"]')" = None
head -c $((3 * 40000)) /dev/urandom >"$work/data/file3"
build delta-5 new
publish 'the folder of an earlier build is a parent' 0 new --parent "$work/old" --verify
holds 'its snapshot is' test "$(field "$work/new/receipt-local-1.json" 's["parent_snapshot_id"]')" = "$first"
head -c $((4 * 40000)) /dev/urandom >"$work/data/file4"
build delta-6 third
publish 'a snapshot is a parent, read block by block' 0 third --parent "$first" --verify
holds 'what it read is told' test "$(field "$work/third/receipt-local-1.json" 's["parent_blocks_read"] > 0 and s["left_out"]["same_as_parent"] > 0')" = True
head -c $((5 * 40000)) /dev/urandom >"$work/data/file5"
build delta-7 third
publish '--full sends all of it' 0 third --full --verify
holds 'without a parent' test "$(field "$work/third/receipt-local-1.json" 's["parent_snapshot_id"]')" = None

rm "$work"/data/file1[0-9]
build delta-3 nightly
publish 'data that became zero is sent as zeros' 0 nightly --verify
holds 'over the parent' test "$(field "$receipt" 's["sent"]["zero_over_parent"] > 0 and s["parent_snapshot_id"] == "'"$second"'"')" = True

head -c $((6 * 40000)) /dev/urandom >"$work/data/file6"
build delta-8 third
publish 'a parent that is not encrypted is refused for an encrypted volume' 5 third --parent "$first" --encrypt
says 'with the reason' "is not encrypted, and what is made from it cannot be"
publish 'one that was only assumed is passed over' 0 third --encrypt --verify
holds 'every zero is sent' test "$(field "$work/third/receipt-local-1.json" 's["encrypted"] and s["sent"]["zero_for_encryption"] > 0 and s["left_out"]["absent"] == 0')" = True
head -c $((7 * 40000)) /dev/urandom >"$work/data/file7"
build delta-9 third
publish 'an encrypted parent serves an encrypted volume' 0 third --verify
holds 'its zeros stay where they are' test "$(field "$work/third/receipt-local-1.json" 's["encrypted"] and s["left_out"]["absent"] > 0 and s["sent"]["zero_for_encryption"] == 0')" = True
head -c $((8 * 40000)) /dev/urandom >"$work/data/file8"
build delta-10 third
publish 'another key than the parent has is refused' 5 third --parent "$work/third" \
        --kms-key arn:aws:kms:local-1:000000000000:key/11111111-1111-4111-8111-111111111111
says 'by name' 'is encrypted with arn:aws:kms'
publish 'a parent that is gone is told' 5 third --parent snap-0123456789abcdef0
sed -i 's/: 2,/: 1,/' "$work/m.json"
build delta-11 third
publish 'a parent that is larger is refused' 5 third --parent "$first"
says 'with the sizes' 'has 2 GiB, the volume only 1 GiB'
publish '--full and --parent exclude each other' 2 third --parent "$first" --full
expect 'the region agrees with itself' 0 region check --region-dir "$work/region"
finish
