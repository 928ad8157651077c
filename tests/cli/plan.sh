#!/bin/sh
# publish --plan and doctor: what would be done, and what would keep it from being done; nothing is changed.
. "$(dirname "$0")/../support/tap.sh"

cat >"$work/t.yaml" <<'T'
name: plan-1
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda: {file-system: ext4, label: root, size: 64MiB, mount: /, content: [{write: {to: /motd, text: "${text}"}}]}
ami: {deprecate-after: 90d}
release: {accounts: ["222222222222"], public: true}
T
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1, "VolumeType": "gp3"}}]' >"$work/m.json"
build() { "$ingot" build "$work/t.yaml" -m "$work/m.json" -o "$work/image" --format raw -q "$@" >"$work/log" 2>&1; }
build --set text=one

expect 'a plan' 0 publish "$work/image" --region-dir "$work/region" --plan --json
cp "$work/out" "$work/plan"
prints 'tells the sharing' '"public": true'
expect 'the plan in words' 0 publish "$work/image" --region-dir "$work/region" --plan
prints 'says that nothing was changed' 'Nothing was changed.'
expect 'nothing is there' 0 list --region-dir "$work/region" --json
prints 'no snapshot' '"snapshots": []'

# The region is a strict one: public access is blocked until somebody allows it.
expect 'the doctor finds the problem' 5 doctor "$work/image" --region-dir "$work/region"
prints 'which is that public access is blocked' 'problem   block public access'
expect 'in JSON' 5 doctor "$work/image" --region-dir "$work/region" --json
prints 'with its verdict' '"verdict": "problem"'
expect 'a key that is not there' 5 doctor "$work/image" --region-dir "$work/region" -q \
        --kms-key arn:aws:kms:local-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
prints 'is a problem' 'problem   key'
expect 'an account by itself is well' 0 doctor --region-dir "$work/region"
prints 'permissions by DryRun' 'ec2:RegisterImage'
prints 'and by simulation' 'ebs:PutSnapshotBlock'
AWS_EC2_METADATA_DISABLED=true expect 'without credentials there is a problem' 5 doctor --to aws:us-east-1
AWS_EC2_METADATA_DISABLED=true expect 'and a plan all the same' 0 publish "$work/image" --to aws:us-east-1 --plan
prints 'that says so' 'could not be asked what is there'

# What the plan said is what is sent.
sed -i 's/, public: true//' "$work/t.yaml"
rm -rf "$work/image"
build --set text=one
expect 'a publication' 0 publish "$work/image" --region-dir "$work/region" --json
holds 'sends what was planned' python3 -c 'import json, sys
plan, receipt = (json.load(open(name)) for name in sys.argv[1:])
assert plan["regions"][0]["blocks"] == receipt["snapshots"][0]["blocks_sent"] > 0, plan' "$work/plan" "$work/out"
expect 'a plan of what is there' 0 publish "$work/image" --region-dir "$work/region" --plan
prints 'sends nothing' 'nothing to send'
sed -i 's/plan-1/plan-2/' "$work/t.yaml"
build --set text=two
expect 'a plan over a parent' 0 publish "$work/image" --region-dir "$work/region" --plan --json
cp "$work/out" "$work/plan"
expect 'and its publication' 0 publish "$work/image" --region-dir "$work/region" --json
holds 'send the same' python3 -c 'import json, sys
plan, receipt = (json.load(open(name)) for name in sys.argv[1:])
volume, snapshot = plan["regions"][0]["volumes"][0], receipt["snapshots"][0]
assert volume["blocks"] == snapshot["blocks_sent"] and volume["parent_snapshot_id"] == snapshot["parent_snapshot_id"]
assert plan["regions"][0]["measured_blocks_per_second"] > 0, plan' "$work/plan" "$work/out"
ami=$(sed -n 's/.*"ami_id": "\(.*\)".*/\1/p' "$work/out")
expect 'ids for scripts' 0 show "$ami" --region-dir "$work/region" --output id
holds 'the AMI and its snapshot' test "$(wc -l <"$work/out") $(head -n 1 "$work/out")" = "2 $ami"
finish
