#!/bin/bash
# A publication that was killed is gone on with by the same command, and what it left can be removed.
. "$(dirname "$0")/../support/tap.sh"

mkdir "$work/data"
for i in $(seq 1 20); do head -c $((i * 60000)) /dev/urandom >"$work/data/file$i"; done
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}}]' >"$work/m.json"
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
      - {name: root, type: root, size: 64MiB, file-system: ext4, label: root, mount: /}
    content: [{directory: {source: ./data, to: /srv}}]
T
        "$ingot" build "$work/t.yaml" --mapping "$work/m.json" -o "$work/image" --format raw -q >"$work/log" 2>&1
}
words=(publish "$work/image" --region-dir "$work/region")
journal() { ls "$work"/image/journal-* 2>/dev/null; }
acks() { cat "$work"/image/journal-* 2>/dev/null | grep -c '^ack '; }
# Publishes slowly and kills it once it has five blocks.
kill_midway() {
        "$ingot" "${words[@]}" --puts-per-second 10 >"$work/log" 2>&1 &
        pid=$!
        for _ in $(seq 1 200); do [ "$(acks)" -ge 5 ] && break; sleep 0.05; done
        "$ingot" "${words[@]}" >"$work/second" 2>&1
        second=$?
        "$ingot" gc "$work/image" --region-dir "$work/region" --json >"$work/busy"
        kill -9 $pid; wait $pid 2>/dev/null
}

build resume-1
expect 'there is nothing to resume at first' 5 "${words[@]}" --resume
says 'and it is said' 'there is nothing to resume'
kill_midway
holds 'a second run at the same time is refused' test $second -eq 5
holds 'because the journal is in use' grep -q 'in use by another process' "$work/second"
holds 'gc leaves a running publication alone' python3 -c 'import json; d = json.load(open("'"$work/busy"'")); assert d["journals_in_use"] == 1 and not d["leftovers"], d'
holds 'what was killed has left a journal' test -n "$(journal)"
known=$(acks)
expect 'gc shows the snapshot' 0 gc "$work/image" --region-dir "$work/region"
prints 'by its journal' "named by $(journal)"
prints 'and deletes nothing by itself' "'ingot gc --yes' deletes it"
printf 'ack 77 torn' >>"$(journal)"
expect 'the publication is gone on with' 0 "${words[@]}" --resume --json --verify
holds 'nothing the journal holds is sent again' python3 -c 'import json; s = json.load(open("'"$work/out"'"))["snapshots"][0]; assert s["blocks_resumed"] == '"$known"' and s["blocks_resumed"] + s["blocks_sent"] == s["sent"]["data"] and s["verified"]["all"], s'
holds 'the journal is gone' test -z "$(journal)"

head -c 1000000 /dev/urandom >"$work/data/file21"
build resume-2
kill_midway
snapshot=$(sed -n 's/^started \(snap-[0-9a-f]*\) .*/\1/p' "$(journal)")
head -c 1000000 /dev/urandom >"$work/data/file22"
build resume-3
expect 'another build is not gone on with from that journal' 0 "${words[@]}" --json
holds 'which stays' test -n "$(journal)"
expect 'gc --yes deletes what it names' 0 gc "$work/image" --region-dir "$work/region" --yes --json
holds 'that snapshot and no other' python3 -c 'import json; d = json.load(open("'"$work/out"'")); assert [(i["snapshot_id"], i["deleted"]) for i in d["leftovers"]] == [("'"$snapshot"'", True)] and d["journals_removed"] == 1, d'
holds 'and the journal' test -z "$(journal)"
expect 'then nothing is left' 0 gc "$work/image" --region-dir "$work/region"
prints 'and it is said' 'nothing is left in region local-1'

head -c 4000000 /dev/urandom >"$work/data/file23"
build resume-4
kill_midway
snapshot=$(sed -n 's/^started \(snap-[0-9a-f]*\) .*/\1/p' "$(journal)")
mkdir "$work/elsewhere"
mv "$work"/image/journal-* "$work/elsewhere"
expect 'a young snapshot that no journal names is nobody'"'"'s business' 0 gc --region-dir "$work/region"
prints 'it may be another machine'"'"'s' 'nothing is left'
expect 'an old one is' 0 gc --region-dir "$work/region" --older-than 0 --yes
prints 'by its tag' '1 of 1 snapshot deleted'
mv "$work"/elsewhere/journal-* "$work/image"
expect 'a snapshot that was deleted meanwhile is begun anew' 0 "${words[@]}" --json --verify
holds 'under another id' python3 -c 'import json; s = json.load(open("'"$work/out"'"))["snapshots"][0]; assert s["snapshot_id"] != "'"$snapshot"'" and s["blocks_resumed"] == 0, s'
expect 'the region agrees with itself' 0 region check --region-dir "$work/region"
finish
