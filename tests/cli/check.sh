#!/bin/sh
# ingot check: every mistake at once, each at its place; the templates that ship have none.
. "$(dirname "$0")/../support/tap.sh"

for name in debian-12 two-volumes; do
        expect "$name is right" 0 check "$templates/$name.yaml" --mapping "$templates/$name.mapping.json"
        expect "$name is right without a mapping" 0 check "$templates/$name.yaml"
done

cat >"$work/t.yaml" <<'T'
name: ab
architecture: x86_65
root-device: /dev/xvda
volumes:
  /dev/xvda:
    partition-table: gpt
    partitions:
      - {name: root, type: root, sise: fit, file-system: ext4, mount: /}
    content:
      - wirte: {to: /etc/motd, text: hello}
      - write: {to: etc/motd, text: "${nothing}"}
T
expect 'mistakes have status 2' 2 check "$work/t.yaml"
holds 'standard output stays empty' test ! -s "$work/out"
says 'a wrong value is at its line and column' "$work/t.yaml:2:15: [architecture]"
says 'an unknown key has its path and the nearest' "$work/t.yaml:8:34: [volumes./dev/xvda.partitions[0].sise]"
says 'the nearest key is named' "'size'"
says 'an unknown verb has the nearest' "'write'"
says 'an unknown variable is named' 'nothing'
says 'mistakes are counted' 'mistakes in'
expect 'check --json has status 2 too' 2 check --json "$work/t.yaml"
if has python3; then
        holds 'check --json is a document of complaints' python3 - "$work/out" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["valid"] is False and len(d["complaints"]) >= 5, d
assert all(set(c) == {"file", "line", "column", "key", "text"} for c in d["complaints"])
P
else
        skip 'check --json is a document of complaints' 'python3 is not installed'
fi
expect 'check --json of a right template' 0 check --json "$templates/two-volumes.yaml"
prints 'it is valid' '"valid": true'

printf 'name: x\nname: y\n' >"$work/d.yaml"
expect 'a duplicate key is a mistake' 2 check "$work/d.yaml"
says 'with its line' "$work/d.yaml:2:1:"
printf 'name:\tx\n\t- y\n' >"$work/tab.yaml"
expect 'a tab is a mistake' 2 check "$work/tab.yaml"
printf '\0\1\2' >"$work/bin.yaml"
expect 'bytes that are no text are a mistake' 2 check "$work/bin.yaml"
: >"$work/empty.yaml"
expect 'an empty template is a mistake' 2 check "$work/empty.yaml"
expect 'a template that is not there' 5 check "$work/none.yaml"
says 'is named' "$work/none.yaml"
expect 'a folder is no template' 3 check "$work"

mapping() { # NAME TEXT JSON: a mistake in a mapping, with a text that its message holds
        printf '%s\n' "$3" >"$work/m.json"
        run check "$templates/two-volumes.yaml" --mapping "$work/m.json"
        if [ $status -eq 2 ] && grep -q "^$work/m.json:[0-9]" "$work/err" && grep -qiF -- "$2" "$work/err"; then
                pass "$1"
        else
                echo "# status $status; wanted: $2"
                fail "$1" "$work/err"
        fi
}
root='{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}}'
mapping 'a mapping that is no JSON' 'json' '[{'
mapping 'two entries for a device' '/dev/xvda' "[$root, $root]"
mapping 'Iops on gp2' 'Iops' '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2, "VolumeType": "gp2", "Iops": 3000}}]'
mapping 'Encrypted with a SnapshotId' 'Encrypted' '[{"DeviceName": "/dev/sdg", "Ebs": {"SnapshotId": "snap-0123456789abcdef0", "Encrypted": true}}]'
mapping 'a device name EC2 refuses' '/dev/nvme0n1' '[{"DeviceName": "/dev/nvme0n1", "Ebs": {"VolumeSize": 2}}]'
mapping 'a member that is misspelt' 'VolumeSize' '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSise": 2}}]'
printf '[%s]\n' "$root" >"$work/m.json"
expect 'a volume without an entry is a mistake' 2 check "$templates/two-volumes.yaml" --mapping "$work/m.json"
says 'the volume is named' '/dev/sdf'
finish
