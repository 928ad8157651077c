#!/bin/bash
# An upload that was killed is gone on with by the same command, whatever the image came from, and what it left can be
# removed.
. "$(dirname "$0")/../support/tap.sh"

cd "$work" || exit 3
export TMPDIR="$work"
uploads="$HOME/.local/state/ingot/uploads"
journal() { ls "$uploads"/*/journal-* 2>/dev/null; }
acks() { cat "$uploads"/*/journal-* 2>/dev/null | grep -c '^ack '; }
make_disk() { # FILE: 40 blocks of noise
        rm -f "$1"
        truncate -s 64M "$1"
        dd if=/dev/urandom of="$1" bs=512K seek=3 count=40 conv=notrunc status=none
}
# WORD...: uploads slowly, from standard input if that is there, and kills it once it has five blocks.
kill_midway() {
        "$ingot" upload "$@" --puts-per-second 10 >"$work/log" 2>&1 <&0 & # by itself a shell would give it /dev/null
        pid=$!
        for _ in $(seq 1 200); do [ "$(acks)" -ge 5 ] && break; sleep 0.05; done
        "$ingot" upload "$@" >"$work/second" 2>&1 </dev/null
        second=$?
        "$ingot" gc --json >"$work/busy"
        kill -9 $pid
        wait $pid 2>/dev/null
}
# KNOWN: the receipt says that so many blocks were not sent again, and that all is there.
went_on() {
        python3 - "$work/out" "$1" <<'P'
import json, sys
receipt = json.load(open(sys.argv[1]))
known = int(sys.argv[2])
assert known >= 5 and receipt["blocks_resumed"] == known, receipt
assert receipt["blocks_resumed"] + receipt["blocks_sent"] == 40, receipt
assert receipt["verified"]["all"], receipt
P
}

make_disk disk
kill_midway disk
holds 'a second run at the same time is refused' test $second -eq 5
holds 'because the journal is in use' grep -q 'in use by another process' second
holds 'gc leaves a running upload alone' python3 -c 'import json; d = json.load(open("busy")); assert d["journals_in_use"] == 1 and not d["leftovers"], d'
known=$(acks)
expect 'gc shows what was left' 0 gc
prints 'by its journal' "named by $(journal)"
expect 'another region knows nothing of it' 0 gc --to local:elsewhere
prints 'and says so' 'nothing is left'
expect 'nor has another region of the same name' 0 gc --region-dir "$work/other" --yes --older-than 0
prints 'anything to do with it' 'nothing is left'
holds 'the journal stays' test -n "$(journal)"
expect 'the same command goes on' 0 upload disk --json --verify
holds 'and sends nothing again that was acknowledged' went_on "$known"
holds 'its journal is gone' test -z "$(journal)"

make_disk disk
kill_midway - <disk
known=$(acks)
"$ingot" upload - --json --verify <disk >"$work/out" 2>"$work/err"
holds 'standard input is gone on with' went_on "$known"

make_disk disk
kill_midway disk --volume-size 2
expect 'another volume size is another upload' 0 upload disk --json --verify
holds 'of all blocks' grep -q '"blocks_sent": 40' out
holds 'the journal of the first stays' test -n "$(journal)"
expect 'gc --yes removes what it left' 0 gc --yes
prints 'the snapshot' '1 of 1 snapshot deleted'
prints 'and the journal' '1 journal removed'
holds 'which is gone' test -z "$(journal)"

make_disk disk
XDG_STATE_HOME=/proc/nowhere "$ingot" upload disk --json >"$work/out" 2>"$work/err"
holds 'without a place for journals an upload works' test $? -eq 0
says 'and says what that means' 'if this upload is killed, another begins anew'
expect 'the region agrees with itself' 0 region check
finish
