#!/bin/sh
# A region that behaves badly: its file's mistakes, its report, and publishes that get through a few bad days
# (scripts/check-chaos lives through many).
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")/../.." && pwd)

cat >"$work/wrong.yaml" <<'END'
sead: 1
rules:
  - {do: delay, by: 40}
END
expect 'a mistake in the file is told' 2 region serve --listen 127.0.0.1:0 --chaos "$work/wrong.yaml"
says 'with its place and the nearest word' "wrong.yaml:1:1: [sead] unknown key 'sead'; did you mean 'seed'?"
expect 'a file that is not there is told' 5 region serve --listen 127.0.0.1:0 --chaos "$work/nothing.yaml"

printf 'rules:\n- {name: far, do: delay, by: 1ms}\n' >"$work/day.yaml"
"$ingot" region serve --listen 127.0.0.1:0 --chaos "$work/day.yaml" --json >"$work/out" 2>"$work/err" &
served=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -q '}' "$work/out" && break; sleep 0.1; done
kill "$served"
wait "$served"
holds 'a bad day ends well' test $? -eq 0
says 'and tells how often a rule hit' 'far (delay): 0 of 0'

if has python3; then
        INGOT=$ingot JOBS=4 "$here/scripts/check-chaos" 3 8 13 19 30 38 45 46 51 60 >"$work/log" 2>&1
        holds 'ten bad days end as they should' test $? -eq 0
else
        skip 'ten bad days end as they should' 'there is no python3'
fi
finish
