#!/bin/sh
# Several regions as one release: shared in all that are required, or nowhere.  One store serves the three regions.
. "$(dirname "$0")/../support/tap.sh"

serve() { # CHAOS: begins to serve the store, badly
        : >"$work/served"
        printf 'seed: 1\nthrottle: off\n%s\n' "$1" >"$work/chaos.yaml"
        "$ingot" region serve --region-dir "$work/store" --listen 127.0.0.1:0 --chaos "$work/chaos.yaml" --json \
                >"$work/served" 2>"$work/served.err" &
        server=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                grep -q '^}' "$work/served" && break
                sleep 0.1
        done
        AWS_ENDPOINT_URL=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$work/served")
        AWS_SHARED_CREDENTIALS_FILE=$(sed -n 's/.*"credentials_file": "\(.*\)".*/\1/p' "$work/served")
        export AWS_ENDPOINT_URL AWS_SHARED_CREDENTIALS_FILE
}
stop() { kill -TERM $server; wait $server; }
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_CONFIG_FILE AWS_SESSION_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_EC2_METADATA_DISABLED=true

# What the store itself says, past the server.
says_store() { # SQL
        python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*row)' "$work/store/catalogue.db" "$1"
}
state() { # REGION: as release.json has it
        python3 -c 'import json, sys
for one in json.load(open(sys.argv[1]))["regions"]:
    if one["region"] == sys.argv[2]: print(one["state"])' "$work/image/release.json" "$1"
}
release_state() { sed -n 's/^  "state": "\(.*\)",*/\1/p' "$work/image/release.json"; }

echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1, "VolumeType": "gp3"}}]' >"$work/m.json"
build() { # NAME REQUIRED: whether eu-west-1 is
        cat >"$work/t.yaml" <<T
name: $1
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda: {file-system: ext4, label: root, size: 64MiB, mount: /, content: [{write: {to: /motd, text: "$1"}}]}
ami:
  deprecate-after: 90d
  deregistration-protection: true
  tags: {team: web}
release:
  regions: [us-east-1, {region: eu-west-1, required: $2}, ap-south-1]
  accounts: ["222222222222"]
T
        rm -rf "$work/image"
        "$ingot" build "$work/t.yaml" -m "$work/m.json" -o "$work/image" --format raw -q >"$work/log" 2>&1
}
images() { says_store "SELECT COUNT(*) FROM images WHERE state = 'available'"; }
shares() { says_store 'SELECT COUNT(*) FROM permissions'; }
final_tags() { says_store "SELECT COUNT(*) FROM tags WHERE key = 'team'"; }

# A required region is down: nothing is shared anywhere, and all that is there is kept.
build release-1 true
serve 'rules: [{do: error, code: AuthFailure, regions: [eu-west-1]}]'
expect 'a required region is down' 5 publish "$work/image"
says 'it is named' "publishing to region 'eu-west-1'"
says 'and what follows' 'nothing is shared, what is there is kept'
holds 'the release has failed' test "$(release_state)" = failed
holds 'the others are ready' test "$(state us-east-1) $(state ap-south-1) $(state eu-west-1)" = 'ready ready failed'
holds 'their AMIs are there' test "$(images)" = 2
holds 'nothing is shared' test "$(shares)" = 0
holds 'and no AMI has its final tags' test "$(final_tags)" = 0
holds 'there is no receipt' test ! -e "$work/image/receipt-us-east-1.json"
stop

# It is back: the same command goes on.
serve ''
expect 'the same command goes on' 0 publish "$work/image" --output id --packer-manifest "$work/packer.json"
holds 'three regions have it' test "$(grep -c '^[a-z]*-[a-z]*-1 ami-' "$work/out")" = 3
holds 'the release is released' test "$(release_state)" = released
holds 'all are shared' test "$(shares)" = 3
holds 'and have their tags' test "$(final_tags)" = 3
holds 'nothing was made twice' test "$(images)" = 3
holds 'receipts tell the deprecation' grep -q '"deprecation_time"' "$work/image/receipt-eu-west-1.json"
holds 'and the protection' grep -q '"deregistration_protection": "enabled-without-cooldown"' "$work/image/receipt-eu-west-1.json"
holds 'the packer manifest names all three' python3 -c 'import json, sys
m = json.load(open(sys.argv[1])); b = m["builds"][-1]
assert len(b["artifact_id"].split(",")) == 3 and b["packer_run_uuid"] == m["last_run_uuid"], m' "$work/packer.json"
expect 'once more changes nothing' 0 publish "$work/image" --json --packer-manifest "$work/packer.json"
holds 'and says so' test "$(grep -c '"already_published": true' "$work/out")" = 3
holds 'and the packer manifest has one build' test "$(grep -c artifact_id "$work/packer.json")" = 1
stop

# Best effort: the release goes on without it.
build release-2 false
serve 'rules: [{do: error, code: AuthFailure, regions: [eu-west-1]}]'
expect 'a region of best effort is down' 0 publish "$work/image"
prints 'the release is released' 'release-2  released in 3 regions'
says 'without that region' 'best effort'
holds 'which has failed' test "$(state us-east-1) $(state ap-south-1) $(state eu-west-1)" = 'released released failed'
holds 'the others are shared' test "$(shares)" = 5
stop

# Roll back: what this release made is gone, and nothing else.
build release-3 true
serve 'rules: [{do: error, code: denied, regions: [eu-west-1], operations: [ModifyImageAttribute]}]'
before=$(says_store 'SELECT COUNT(*) FROM snapshots')
expect 'sharing would be refused in one' 5 publish "$work/image" --on-failure rollback
says 'all is rolled back' 'nothing is shared, and what was made is deleted'
holds 'no AMI is left' test "$(says_store "SELECT COUNT(*) FROM images WHERE name = 'release-3' AND state = 'available'")" = 0
holds 'no snapshot of it is left' test "$(says_store 'SELECT COUNT(*) FROM snapshots')" = "$before"
holds 'earlier releases are as they were' test "$(images) $(shares)" = '5 5'
holds 'no journal is left' test -z "$(ls "$work/image" | grep journal-)"
holds 'and that is what the file says' test "$(release_state) $(state us-east-1)" = 'rolled-back rolled-back'
expect 'a word that is none' 2 publish "$work/image" --on-failure explode
stop
finish
