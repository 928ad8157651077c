#!/bin/bash
# A volume that goes into a region by way of S3 and ImportSnapshot is the same as one that goes in blocks; nothing of it
# stays in S3; a run that was killed is gone on with.
. "$(dirname "$0")/../support/tap.sh"

mkdir "$work/data"
head -c 36000000 /dev/urandom >"$work/data/random"
head -c 3000000 /dev/zero | tr '\0' 'x' >"$work/data/text"
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1, "VolumeType": "gp3"}}]' >"$work/m.json"
build() { # NAME
        cat >"$work/t.yaml" <<T
name: $1
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    partition-table: gpt
    partitions:
      - {name: root, type: root, size: 96MiB, file-system: ext4, label: root, mount: /}
    content: [{directory: {source: ./data, to: /srv}}]
T
        "$ingot" build "$work/t.yaml" --mapping "$work/m.json" -o "$work/$1" --format raw -q >"$work/log" 2>&1
}
region=$work/region
publish=(publish "$work/one" --region-dir "$region")
left() { # what S3 and its catalogue still hold
        find "$region/objects" -type f 2>/dev/null | wc -l
}
snapshot_of() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["snapshots"][0]["snapshot_id"])' "$1"; }

build one
expect 'a way that is none is refused' 2 "${publish[@]}" --via boat
says 'and it is said which there are' "is not ebs, s3 or auto"
expect 'S3 needs a bucket' 2 "${publish[@]}" --via s3
says 'and it is said' "'--bucket NAME'"
expect 'and what it would send is not planned' 2 "${publish[@]}" --via s3 --bucket images --plan
says 'and it is said why' "reckons with blocks"
expect 'a bucket is for S3' 2 "${publish[@]}" --bucket images
expect 'a name that is no bucket is refused' 2 "${publish[@]}" --via s3 --bucket No_Bucket
says 'and it is said' "is not the name of a bucket"

expect 'a volume goes into one region in blocks' 0 "${publish[@]}" --to local:us-east-1 --json
cp "$work/out" "$work/blocks.json"
expect 'and into another by way of S3' 0 "${publish[@]}" --to local:eu-west-1 --via s3 --bucket images --prefix a/ --verify --json
cp "$work/out" "$work/s3.json"
holds 'the receipt tells of object, parts and import' python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))["snapshots"][0]
assert s["via_s3"]["import_task_id"].startswith("import-snap-") and s["via_s3"]["parts"] >= 3, s
assert s["via_s3"]["object_bytes"] == s["bytes_sent"] > 36000000 and s["verified"]["all"], s' "$work/s3.json"
for name in blocks s3; do
        to=us-east-1; [ $name = s3 ] && to=eu-west-1
        expect "$name: the snapshot is read back" 0 download "$(snapshot_of "$work/$name.json")" --from "local:$to" \
                --region-dir "$region" -o "$work/$name.raw" -q
done
holds 'both hold the same disk' cmp "$work/blocks.raw" "$work/s3.raw"
holds 'nothing is left in S3' test "$(left)" -eq 0
holds 'nor any record of it' test -z "$(ls "$work"/one/s3-* 2>/dev/null)"
expect 'once more it is there already' 0 "${publish[@]}" --to local:eu-west-1 --via s3 --bucket images
prints 'and nothing is sent' 'was there already'

expect 'without a bucket, auto is blocks' 0 "${publish[@]}" --to local:eu-north-1 --via auto --json
prints 'and says so' 'blocks: no bucket was named'
expect 'what is quick goes in blocks' 0 "${publish[@]}" --to local:eu-south-1 --via auto --bucket images-south --json
prints 'and says why' 'before the uplink was measured'

expect 'a key that is none fails the import' 2 "${publish[@]}" --to local:eu-central-1 --via s3 --bucket images-2 \
        --kms-key arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555
says 'and the region says why' 'cannot be used'
holds 'the object is deleted, the upload gone' test "$(left)" -eq 0
expect 'an encrypted one is imported encrypted' 0 "${publish[@]}" --to local:eu-central-1 --via s3 --bucket images-2 --encrypt --verify --json
prints 'as the receipt says' '"encrypted": true'
if has sqlite3; then
        sqlite3 "$region/catalogue.db" "INSERT INTO roles VALUES ('111122223333', 'vmimport', '', 0, 1)"
        expect 'without the role nothing is sent' 5 "${publish[@]}" --to local:ap-south-1 --via s3 --bucket images-3
        says 'and it is said what is missing' "has no role 'vmimport'"
        sqlite3 "$region/catalogue.db" 'DELETE FROM roles'
else
        skip 'without the role nothing is sent' 'sqlite3 is not installed'
fi

# A slow S3, and a kill in the middle.
printf 'rules:\n- {name: slow, do: delay, by: 1s, operations: [UploadPart]}\n' >"$work/day.yaml"
"$ingot" region serve --region-dir "$region" --listen 127.0.0.1:0 --chaos "$work/day.yaml" --json >"$work/served" 2>"$work/served.err" &
server=$!
for _ in $(seq 1 50); do grep -q '^}' "$work/served" && break; sleep 0.1; done
AWS_ENDPOINT_URL=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$work/served")
export AWS_ENDPOINT_URL AWS_SHARED_CREDENTIALS_FILE=$region/credentials AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null
build two
words=(publish "$work/two" --to aws:eu-west-1 --via s3 --bucket images)
"$ingot" "${words[@]}" >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 1 200); do [ "$(left)" -ge 1 ] && break; sleep 0.05; done
kill -9 $pid; wait $pid 2>/dev/null
holds 'what was killed has left a record' grep -q upload_id "$work"/two/s3-*.json
expect 'the same command goes on with it' 0 "${words[@]}" --json
holds 'and sends no part again that S3 has' python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))["snapshots"][0]
assert s["via_s3"]["parts_resumed"] >= 1 and s["bytes_sent"] < s["via_s3"]["object_bytes"], s' "$work/out"
holds 'nothing is left in S3' test "$(left)" -eq 0
holds 'nor the record' test -z "$(ls "$work"/two/s3-* 2>/dev/null)"
expect 'a bucket of another region is refused' 2 publish "$work/two" --to aws:us-west-2 --via s3 --bucket images
says 'and it is said where it is' "is in region 'eu-west-1'"
expect 'and one that is not there' 5 publish "$work/two" --to aws:us-west-2 --via s3 --bucket nowhere
says 'by its code' 'NoSuchBucket'
kill $server; wait $server
finish
