#!/bin/sh
# https: certificates are checked against a private authority that is given, and against nothing less.
. "$(dirname "$0")/../support/tap.sh"
support=$(cd "$(dirname "$0")/../support" && pwd)
for tool in python3 openssl; do
        has $tool || { echo "1..0 # SKIP there is no $tool"; echo "tls.sh: SKIPPED: there is no $tool" >&2; exit 77; }
done

make_authority() { # NAME
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
                -keyout "$work/$1.key" -out "$work/$1.pem"
}
{
        make_authority ca && make_authority other &&
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=region \
                        -keyout "$work/server.key" -out "$work/server.csr" &&
                echo 'subjectAltName=IP:127.0.0.1' >"$work/names" &&
                openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
                        -days 2 -extfile "$work/names" -out "$work/server.pem"
} >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log" >&2; echo '1..0 # cannot make certificates'; exit 1; }

wait_for() { # FILE PATTERN
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
                grep -q "$2" "$1" && return
                sleep 0.1
        done
}
: >"$work/served"
: >"$work/port"
"$ingot" region serve --region-dir "$work/store" --listen 127.0.0.1:0 --json >"$work/served" 2>/dev/null &
server=$!
wait_for "$work/served" '^}'
url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$work/served")
mkfifo "$work/hold"
python3 "$support/tls_proxy.py" "$work/server.pem" "$work/server.key" "${url#http://}" <"$work/hold" >"$work/port" &
proxy=$!
exec 9>"$work/hold"
wait_for "$work/port" '^[0-9]'
read -r port <"$work/port"

export AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE="$work/store/credentials" \
        AWS_ENDPOINT_URL="https://127.0.0.1:$port"
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_CA_BUNDLE
expect 'an authority that is not known' 5 list --to aws:us-east-1
says 'is told' "the certificate of '127.0.0.1:$port' does not hold"
expect 'an authority that is given' 0 list --to aws:us-east-1 --ca-bundle "$work/ca.pem"
AWS_CA_BUNDLE=$work/ca.pem expect 'an authority of the environment' 0 list --to aws:us-east-1
printf '[default]\nca_bundle = %s\n' "$work/ca.pem" >"$work/config"
AWS_CONFIG_FILE=$work/config expect 'an authority of the config file' 0 list --to aws:us-east-1
AWS_CA_BUNDLE=$work/other.pem expect 'another authority' 5 list --to aws:us-east-1
AWS_CA_BUNDLE=$work/other.pem expect 'the option goes before the environment' 0 \
        list --to aws:us-east-1 --ca-bundle "$work/ca.pem"
AWS_ENDPOINT_URL=https://localhost:$port expect 'a certificate of another name' 5 \
        list --to aws:us-east-1 --ca-bundle "$work/ca.pem"
expect 'a file that is not there' 3 list --to aws:us-east-1 --ca-bundle "$work/none.pem"
says 'is named' "$work/none.pem"
echo nothing >"$work/empty.pem"
expect 'a file without certificates' 5 list --to aws:us-east-1 --ca-bundle "$work/empty.pem"
"$ingot" build "$templates/two-volumes.yaml" -m "$templates/two-volumes.mapping.json" -q --format raw -o "$work/a" &&
        expect 'publish over https' 0 publish "$work/a" --to aws:us-east-1 --ca-bundle "$work/ca.pem"
exec 9>&-
wait $proxy
kill -TERM $server
wait $server
finish
