#!/bin/sh
# Mistakes on the command line: status 2, nothing on standard output, the nearest word that is one.
. "$(dirname "$0")/../support/tap.sh"

wrong() { # TEXT ARGUMENT...
        text=$1
        shift
        run "$@"
        if [ $status -eq 2 ] && [ ! -s "$work/out" ] && grep -qF -- "$text" "$work/err" &&
                grep -q '^ingot: cannot .* \[usage\]$' "$work/err" && grep -q '^  cause  ' "$work/err"; then
                pass "ingot $*"
        else
                echo "# status $status; wanted: $text"
                fail "ingot $*" "$work/out" "$work/err"
        fi
}

wrong "there is no command 'buld'; the nearest is 'build'" buld
wrong "there is no command 'region serv'; the nearest is 'region serve'" region serv
wrong "'region' is half a command" region
wrong "there is no command 'xyzzy'; see 'ingot --help'" xyzzy
wrong "there is no option '--wat'" --wat
wrong "the nearest is '--mapping'" build t.yaml --maping m.json
wrong "the nearest is '--mapping'" build t.yaml --maping=m.json
wrong "needs '--mapping FILE'" build t.yaml -o out
wrong "needs '--output DIR'" build t.yaml -m m.json
wrong "needs TEMPLATE" build -o out -m m.json
wrong "needs a value (DIR)" build t.yaml -m m.json -o
wrong "is given twice" build t.yaml -m m.json -m n.json -o out
wrong "'u.yaml' is one word too many after 't.yaml'" build t.yaml u.yaml -m m.json -o out
wrong "format 'qcow2' is not one of: raw vmdk" build t.yaml -m m.json -o out --format raw,qcow2
wrong "the nearest is 'libdeflate'" build t.yaml -m m.json -o out --compressor libdeflat
wrong "'--threads many' is not a whole number" build t.yaml -m m.json -o out --threads many
wrong "is not KEY=VALUE" build t.yaml -m m.json -o out --set version
wrong "takes no value" list --json=yes
wrong "'x' is one word too many" list x
wrong "needs IN OUT" convert only.raw
wrong "one output has one format" convert a b --format raw,vmdk
wrong "there is no option '--refresh'" verify out --refresh

# the target, the listening address, the environment: not options, but as wrong
run list --to mars
holds 'a target that is none is a mistake' test $status -eq 2
run region serve --listen here
holds 'an address that is none is a mistake' test $status -eq 2
SOURCE_DATE_EPOCH=yesterday "$ingot" build "$templates/two-volumes.yaml" -m "$templates/two-volumes.mapping.json" \
        -o "$work/o" >"$work/out" 2>"$work/err"
holds 'SOURCE_DATE_EPOCH must be seconds' test $? -eq 2
says 'SOURCE_DATE_EPOCH is named' "SOURCE_DATE_EPOCH is 'yesterday'"
holds 'nothing was made' test ! -e "$work/o"
HOME='' "$ingot" list >"$work/out" 2>"$work/err"
holds 'no HOME is a mistake' test $? -eq 2
finish
