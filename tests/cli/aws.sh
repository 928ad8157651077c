#!/bin/sh
# aws: targets: credentials and endpoints from the environment, against a local region that is served.
. "$(dirname "$0")/../support/tap.sh"

serve() { # STORE [OPTION...]: starts a region; its address in $url, its keys in $keys
        : >"$work/served"
        store=$1
        shift
        "$ingot" region serve --region-dir "$store" --listen 127.0.0.1:0 --json "$@" >"$work/served" 2>"$work/served.err" &
        server=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                grep -q '^}' "$work/served" && break
                sleep 0.1
        done
        url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$work/served")
        keys=$(sed -n 's/.*"credentials_file": "\(.*\)".*/\1/p' "$work/served")
}
key() { sed -n "s/^$1 *= *//p" "$keys"; }

"$ingot" build "$templates/two-volumes.yaml" -m "$templates/two-volumes.mapping.json" -q --format raw \
        -o "$work/a" || { echo '1..0 # cannot build'; exit 1; }
serve "$work/store"
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_SESSION_TOKEN AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL="$url"
expect 'without credentials nothing is called' 5 list --to aws:us-east-1
says 'and the message says so' 'there are no AWS credentials'
AWS_ACCESS_KEY_ID=$(key aws_access_key_id) AWS_SECRET_ACCESS_KEY=$(key aws_secret_access_key)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
expect 'a region is listed with keys of the environment' 0 list --to aws:us-east-1
expect 'publish to a region of AWS' 0 publish "$work/a" --to aws:us-east-1
prints 'tells what comes next' "--to aws:us-east-1"
holds 'the receipt is there' test -s "$work/a/receipt-us-east-1.json"
ami=$(grep -o 'ami-[0-9a-f]*' "$work/out" | head -n 1)
expect 'show finds the AMI' 0 show "$ami" --to aws:us-east-1
expect 'another region is another place' 5 show "$ami" --to aws:eu-west-1
expect 'publish again changes nothing' 0 publish "$work/a" --to aws:us-east-1 -q
holds 'and is the same AMI' test "$(cat "$work/out")" = "$ami"
AWS_SECRET_ACCESS_KEY=wrong expect 'a wrong secret is refused' 5 list --to aws:us-east-1
expect 'a target that is none' 2 list --to azure:west
expect 'a region with a wrong name' 2 list --to aws:us_east
expect 'a region named twice' 2 list --to aws:us-east-1,us-east-1
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
AWS_SHARED_CREDENTIALS_FILE=$keys expect 'keys of a shared credentials file' 0 list --to aws:us-east-1

# A role of the local region's own STS: temporary credentials, on the same store.
cat >"$work/config" <<END
[profile base]
region = eu-west-1
[profile role]
role_arn = arn:aws:iam::111122223333:role/release
source_profile = base
region = us-east-1
END
sed 's/\[default\]/[base]/' "$keys" >"$work/keys"
export AWS_CONFIG_FILE="$work/config" AWS_SHARED_CREDENTIALS_FILE="$work/keys"
expect 'whoami with a role' 0 whoami --to aws: --profile role
prints 'tells the role' 'role/release'
prints 'tells the source' 'source     assume-role'
prints 'tells the region of the profile' 'us-east-1 (partition aws)'
expect 'publish with a role' 0 publish "$work/a" --to aws: --profile role -q
AWS_PROFILE=base AWS_REGION=ap-south-1 expect 'AWS_REGION goes before the profile' 0 whoami --to aws: --json
prints 'with its region' '"region": "ap-south-1"'
hidden() { ! grep -qF -- "$(key aws_secret_access_key)" "$work/out" "$work/err"; }
holds 'and no secret' hidden
expect 'a profile that is not there' 5 whoami --to aws: --profile gone
says 'is named' "there is no profile 'gone'"
AWS_SHARED_CREDENTIALS_FILE=/dev/null expect 'whoami without credentials' 5 whoami --to aws:us-east-1
says 'tells what is missing' 'AWS_ACCESS_KEY_ID is not set'
says 'of each source' 'AWS_EC2_METADATA_DISABLED is true'
AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null expect 'no region anywhere' 2 whoami --to aws:

# Credentials that the region calls expired again and again while an upload runs: the role is assumed anew.
cat >"$work/chaos.yaml" <<END
seed: 1
rules:
  - {name: slow, do: delay, by: 60ms}
  - {name: short, do: expire, after: 150ms, operations: [StartSnapshot, PutSnapshotBlock, CompleteSnapshot,
     DescribeSnapshots, DescribeImages, RegisterImage]}
END
kill -TERM $server
wait $server
serve "$work/store" --chaos "$work/chaos.yaml"
export AWS_ENDPOINT_URL="$url"
expect 'publish while credentials expire' 0 publish "$work/a" --to aws:ap-south-1 --profile role
prints 'is done with retries' ' retries'
expect 'whoami of the local region' 0 whoami --region-dir "$work/store"
prints 'is the local region' 'source     local'
kill -TERM $server
wait $server
finish
