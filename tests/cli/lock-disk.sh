#!/bin/sh
# A whole GPT disk under its layout lock: one small file changes few blocks of 512 KiB and none outside the root file
# system; a month of small changes, each build following the one before, leaves a file system without fault.
. "$(dirname "$0")/../support/tap.sh"
has python3 || { echo '1..0 # SKIP python3 is not installed'; exit 77; }

mkdir "$work/files"
change() { # DAY: the tree of that day; 0 is the first
        python3 - "$work/files" "$1" <<'P'
import os, random, sys
root, day = sys.argv[1], int(sys.argv[2])
rng = random.Random(day)
def put(path, size):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(rng.randbytes(size))
    os.utime(path, (1700000000 + day, 1700000000 + day))
if not day:
    for i in range(400):
        put(f'usr/lib/d{i % 20}/f{i}', rng.randrange(1, 60000))
    sys.exit()
every = sorted(os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
for path in rng.sample(every, 3):
    put(path, max(1, int(os.path.getsize(path) * rng.uniform(0.9, 1.2))))
for path in rng.sample(every, 2):
    os.unlink(path)
for i in range(2):
    put(f'usr/lib/d{rng.randrange(25)}/new{day}-{i}', rng.randrange(1, 30000))
P
}
cat >"$work/t.yaml" <<'T'
name: disk
architecture: x86_64
version: "1"
root-device: /dev/xvda
volumes:
  /dev/xvda:
    partition-table: gpt
    partitions:
      - {name: esp, type: esp, size: 40MiB, file-system: vfat, mount: /boot/efi}
      - {name: root, type: root, size: fit+20%, file-system: ext4, mount: /}
    content:
      - directory: {source: files, to: /}
      - mkdir: /boot/efi/EFI
      - write: {to: /boot/efi/EFI/ingot.txt, text: "on the ESP\n"}
T
echo '[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1}}]' >"$work/m.json"
build() { # OUT [LOCK]
        run build "$work/t.yaml" -m "$work/m.json" --format raw -q -o "$work/$1" ${2:+--lock "$work/$2"}
        [ $status -eq 0 ] || { cat "$work/err"; return 1; }
}
# OLD NEW MAX: at most so many blocks differ, and none but those of the root partition.
few_differ() {
        python3 - "$work/$1" "$work/$2" "$3" <<'P'
import sys
root = [line.split() for line in open(sys.argv[1] + '/xvda.lock') if line.startswith('partition 2 ')][0]
start, end = int(root[3]) // 1024, -(-int(root[4]) // 1024)
old, new = (open(folder + '/xvda.raw', 'rb') for folder in sys.argv[1:3])
changed, index = [], 0
while True:
    a, b = old.read(1 << 19), new.read(1 << 19)
    if not a and not b:
        break
    if a != b:
        changed.append(index)
    index += 1
print(index, 'blocks, changed:', changed, 'root:', start, end)
sys.exit(not (changed and len(changed) <= int(sys.argv[3]) and start <= changed[0] and changed[-1] < end))
P
}

change 0
holds 'the first build' build a
echo small >"$work/files/usr/lib/d3/f3"
holds 'a small file changes' build b a
holds 'few blocks of the root file system differ; tables and ESP do not' few_differ a b 4

month() {
        rm -rf "$work/old"
        cp -r "$work/b" "$work/old" || return 1
        for day in $(seq 30); do
                change "$day"
                build new old || return 1
                if grep 'was left aside' "$work/new/manifest.json"; then return 1; fi
                if [ $((day % 10)) -eq 0 ]; then few_differ old new 12 || return 1; fi
                rm -rf "$work/old"
                mv "$work/new" "$work/old"
        done
}
holds 'a month of small changes follows its locks' month
if has e2fsck && has dd; then
        # shellcheck disable=SC2046
        set -- $(grep '^partition 2 ' "$work/old/xvda.lock")
        dd if="$work/old/xvda.raw" of="$work/root" bs=1M skip="$(($4 / 2048))" count="$((($5 - $4) / 2048))" 2>"$work/err"
        holds 'e2fsck finds no fault' e2fsck -fn "$work/root"
else
        skip 'e2fsck finds no fault' 'e2fsck is not installed'
fi
if has sgdisk; then
        sgdisk -v "$work/old/xvda.raw" >"$work/out" 2>&1
        prints 'sgdisk: the table' 'No problems found'
else
        skip 'sgdisk: the table' 'sgdisk is not installed'
fi
finish
