#!/bin/sh
# Help: there for every command, on standard output, 80 columns wide at most.
. "$(dirname "$0")/../support/tap.sh"

narrow() { ! awk 'length($0) > 80 {print FILENAME ": " $0; found = 1} END {exit !found}' "$work/out"; }

expect '--help succeeds' 0 --help
holds '--help fits 80 columns' narrow
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\( serve\| check\)\{0,1\}\) .*/\1/p' "$work/out" | tr ' ' '.')
for command in $commands; do
        words=$(echo "$command" | tr '.' ' ')
        # shellcheck disable=SC2086 # two words are two arguments
        expect "$words --help succeeds" 0 $words --help
        prints "$words --help shows its usage" "Usage: ingot $words "
        holds "$words --help fits 80 columns" narrow
        cp "$work/out" "$work/first"
        # shellcheck disable=SC2086
        run help $words
        holds "help $words is the same" cmp "$work/first" "$work/out"
        # shellcheck disable=SC2086 # help wins over everything that is missing or wrong with values
        expect "$words -h succeeds" 0 $words -h
done
holds 'there are at least 13 commands' test "$(echo "$commands" | wc -w)" -ge 13
run help build
prints 'build takes a list of formats' '--format LIST'
run help convert
prints 'convert takes one format' '--format FORMAT'
expect '--version succeeds' 0 --version
holds '--version is the version' test "$(cat "$work/out")" = "ingot $(cat "$(dirname "$0")/../../VERSION")"
expect 'nothing to do is a mistake' 2
says 'nothing to do shows the help' 'Usage: ingot COMMAND'
expect 'region --help succeeds' 0 region --help
finish
