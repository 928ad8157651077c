#!/bin/sh
# publish, list, show and region: what the local region holds, and that a second run changes nothing.
. "$(dirname "$0")/../support/tap.sh"

build() { "$ingot" build "$templates/two-volumes.yaml" -m "$templates/two-volumes.mapping.json" -q --format raw "$@"; }
build -o "$work/a" || { echo '1..0 # cannot build'; exit 1; }
region=$HOME/.local/share/ingot/region

expect 'an empty region is listed' 0 list
expect 'publish succeeds' 0 publish "$work/a" --to local
prints 'tells the AMI' 'ami-'
prints 'tells what was sent' 'uploaded'
prints 'tells what was left out' 'skipped'
holds 'the receipt is there' test -s "$work/a/receipt-local-1.json"
ami=$(grep -o 'ami-[0-9a-f]*' "$work/out" | head -n 1)
expect 'publish again succeeds' 0 publish "$work/a" --quiet
holds 'and is the same AMI' test "$(cat "$work/out")" = "$ami"
expect 'list shows it' 0 list
prints 'by its id' "$ami"
expect 'list --json' 0 list --json
prints 'has it too' "\"$ami\""
expect 'show the AMI' 0 show "$ami"
prints 'its instance store' 'ephemeral0'
prints 'its device that is none' 'no device'
prints 'the line for the AWS CLI' "aws ec2 describe-images --image-ids $ami"
snapshot=$(grep -o 'snap-[0-9a-f]*' "$work/out" | head -n 1)
expect 'show a snapshot' 0 show "$snapshot"
prints 'is completed' 'completed'
expect 'show --json' 0 show --json "$ami"
expect 'an AMI that is not there' 5 show ami-00000000000000000
expect 'an id that is none' 2 show debian
printf 'changed\n' >"$work/note"
cp -r "$templates" "$work/t"
cp "$work/note" "$work/t/two-volumes/data/README"
"$ingot" build "$work/t/two-volumes.yaml" -m "$work/t/two-volumes.mapping.json" -q --format raw -o "$work/c"
expect 'another image under the name is refused' 5 publish "$work/c"
says 'with the id of the AMI that has it' "$ami"
expect 'another region is another place' 0 publish "$work/c" --to local:eu-central-1 -q
expect 'list another region' 0 list --to local:eu-central-1
prints 'has its own' 'two-volumes-1'
expect 'publish what is not built' 5 publish "$work"
expect 'region check' 0 region check
prints 'vouches for the store' 'agree'
expect 'a store elsewhere' 0 publish "$work/a" --region-dir "$work/store" -q
holds 'is elsewhere' test -d "$work/store"

: >"$work/served"
"$ingot" region serve --listen 127.0.0.1:0 --json >"$work/served" 2>"$work/err" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -q '^}' "$work/served" && break
        sleep 0.1
done
holds 'region serve tells its address' grep -q '"url": "http://127.0.0.1:[1-9]' "$work/served"
holds 'and its credentials' grep -q '"credentials_file": "/' "$work/served"
expect 'publish beside a server' 0 publish "$work/a" -q
url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$work/served")
if has aws; then
        AWS_SHARED_CREDENTIALS_FILE=$region/credentials aws ec2 describe-images --owners self --region local-1 \
                --endpoint-url "$url" --output json >"$work/out" 2>"$work/err"
        prints 'the AWS CLI sees the AMI' "$ami"
else
        skip 'the AWS CLI sees the AMI' 'aws is not installed'
fi
run region serve --listen "${url#http://}"
holds 'a taken address is refused' test $status -eq 3
kill -TERM $server
wait $server
holds 'SIGTERM ends the server with status 0' test $? -eq 0
finish
