#!/bin/sh
# The tree of a built image is the tree that was asked for, by the word of other people's programs: debugfs, the
# kernel, and whoever checks tables, file systems and VMDKs.
. "$(dirname "$0")/../support/tap.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
cast=$here/golden/cast
epoch=1767225600

has python3 || { skip 'the tree is the archive' 'python3 is not installed'; finish; }
mkdir "$work/t"
python3 "$here/support/rich_tar.py" "$work/t/rich.tar"
gzip -1 <"$work/t/rich.tar" >"$work/t/rich.tar.gz"
cat >"$work/t/t.yaml" <<'T'
name: rich
architecture: x86_64
root-device: /dev/xvda
volumes:
  /dev/xvda: {file-system: ext4, mount: /, content: [{mkdir: /etc}]}
  /dev/sdf: {file-system: ext4, content: [{tar: rich.tar}]}
  /dev/sdg: {file-system: ext4, size: 48MiB, content: [{tar: rich.tar.gz}]}
T
echo '[{"DeviceName": "/dev/xvda", "Ebs": {}}, {"DeviceName": "/dev/sdf", "Ebs": {}}, {"DeviceName": "/dev/sdg", "Ebs": {}}]' >"$work/t/m.json"
expect 'an archive that has everything is built' 0 build "$work/t/t.yaml" -m "$work/t/m.json" -o "$work/a" -q
expect 'and verified' 0 verify "$work/a" -q
holds 'one warning tells of the times that were set back, in both copies' grep -qF \
        'the times of 2 files are later than the source date epoch, 2026-01-01T00:00:00.000Z, and were set to it' "$work/a/manifest.json"

# ---- the tree is the archive ----
for device in sdf sdg; do
        case $device in sdf) how='read in place' ;; sdg) how='spooled, with a journal' ;; esac
        if has debugfs; then
                mkdir "$work/scratch.$device"
                holds "the tree is the archive, $how: debugfs" python3 "$here/judges/tree.py" "$work/t/rich.tar" $epoch debugfs \
                        "$work/a/$device.raw" "$work/scratch.$device"
        else
                skip "the tree is the archive, $how: debugfs" 'debugfs is not installed'
        fi
        mkdir "$work/mount"
        if [ "$(id -u)" -eq 0 ] && mount -o loop,ro "$work/a/$device.raw" "$work/mount" 2>/dev/null; then
                trap 'umount "$work/mount" 2>/dev/null; cd / && rm -rf "$work"' EXIT
                holds "the tree is the archive, $how: the kernel" python3 "$here/judges/tree.py" "$work/t/rich.tar" $epoch folder \
                        "$work/mount"
                if tar --version 2>/dev/null | grep -q 'GNU tar'; then
                        holds "the tree is the archive, $how: tar" tar --compare --acls --xattrs --xattrs-include='*' \
                                --exclude var/tree/future -f "$work/t/rich.tar" -C "$work/mount"
                else
                        skip "the tree is the archive, $how: tar" 'tar is not GNU tar'
                fi
                umount "$work/mount"
        else
                skip "the tree is the archive, $how: the kernel" 'mounting a loop device needs root, and a machine that has them'
        fi
        rmdir "$work/mount"
done

# ---- what verbs do to a tree ----
expect 'every verb is built' 0 build "$cast/cast.yaml" -m "$cast/cast.mapping.json" -o "$work/c"
partition() { # NUMBER: the partition's bytes, as a file
        python3 - "$work/c" "$1" <<'P'
import json, os, sys
for p in json.load(open(sys.argv[1] + "/manifest.json"))["volumes"][0]["partitions"]:
    if p["number"] == int(sys.argv[2]):
        with open(sys.argv[1] + "/xvda.raw", "rb") as raw, open(f"{sys.argv[1]}/part{p['number']}", "wb") as out:
            raw.seek(p["offset_bytes"])
            for _ in range(p["size_bytes"] >> 20):
                data = raw.read(1 << 20)
                out.seek(1 << 20, 1) if not data.strip(b"\0") else out.write(data)
            out.truncate(p["size_bytes"])
P
}
for n in 1 2 3; do partition $n; done
# PATH: kind and mode, owner, group, links, and where it points
facts() {
        debugfs -R "stat $1" "$work/c/part3" 2>/dev/null | sed -n 's/.*Type: \([a-z]*\) .*Mode:  \([0-9]*\) .*/\1 \2/p
                s/^User: *\([0-9]*\) *Group: *\([0-9]*\) .*/\1:\2/p; s/^Links: \([0-9]*\) .*/\1/p; s/^Fast link dest: "\(.*\)"/\1/p
                s/^ mtime: 0x\([0-9a-f]*\):\([0-9a-f]*\) .*/\1.\2/p' | tr '\n' ' ' | sed 's/ $//'
}
is() { # PATH FACTS
        is_found=$(facts "$1")
        if [ "$is_found" = "$2" ]; then pass "$1"; else echo "# it is $is_found, not $2"; fail "$1"; fi
}
text() { # PATH TEXT
        debugfs -R "cat $1" "$work/c/part3" >"$work/text" 2>/dev/null
        if printf '%b' "$2" | cmp -s - "$work/text"; then pass "the text of $1"; else fail "the text of $1" "$work/text"; fi
}
if has debugfs; then
        now=6955b900.00000000 then=3a7b8372.00000000
        is /etc/machine-id "regular 0444 0:0 1 $now"
        is /opt/app/bin/app "regular 0750 0:0 1 59682f00.00000000"
        is /opt/app/README "regular 0640 0:0 1 59682f00.00000000"
        is /srv/www/run "regular 0755 33:33 1 $now"
        is /srv/www/index.html "regular 0644 33:33 1 $now"
        is /srv/www/img "directory 0700 33:33 2 $now"
        is /srv/www/default.html "symlink 0777 33:33 1 $now index.html"
        is /usr/local-run "regular 0755 0:0 1 $now"
        is /etc/systemd/system/app.service "regular 0644 0:0 1 $now"
        is /etc/issue "regular 0640 0:8 1 $now"
        is /etc/issue.net "symlink 0777 0:0 1 $now issue"
        is /srv/data/volume "directory 0755 0:0 2 $now"
        is /var/spool/app "directory 02770 0:8 2 $now"
        is /var/mail "directory 02775 0:8 2 $then"
        is /tmp "directory 01777 0:0 2 $then"
        is /bin/su "regular 04755 0:0 2 $then"
        is /bin/su-too "regular 04755 0:0 2 $then"
        is /var/tree/default ''
        is /var/tree/crowd/one-of-many-00399-of-a-name-that-takes-room "regular 0644 33:33 1 $then"
        is /home/deploy/.ssh "directory 0700 1000:1001 2 $now"
        is /home/deploy/.ssh/authorized_keys "regular 0600 1000:1001 1 $now"
        is /etc/systemd/system/multi-user.target.wants/app.service \
                "symlink 0777 0:0 1 $now /etc/systemd/system/app.service"
        is /etc/systemd/system/cast.service "symlink 0777 0:0 1 $now /etc/systemd/system/app.service"
        is /etc/systemd/system/multi-user.target.wants/cron.service ''
        is /etc/systemd/system/apt-daily.service "symlink 0777 0:0 1 $now /dev/null"
        text /etc/machine-id ''
        text /etc/hostname 'cast\n'
        text /etc/motd 'from the base\nand from the template\n'
        text /etc/issue 'cast 1 for ${nobody}\n'
        text /etc/group 'root:x:0:\nmail:x:8:deploy\nwww-data:x:33:\nops:x:950:deploy\nstaff:x:1000:\napp:x:990:\ndeploy:x:1001:\n'
        text /home/deploy/.ssh/authorized_keys \
                'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f deploy@example\n'
else
        skip 'what verbs do to a tree' 'debugfs is not installed'
fi
if has mcopy; then
        mcopy -n -i "$work/c/part1" ::EFI/cast.txt "$work/cast.txt" 2>"$work/err"
        holds 'mtools reads the ESP' test "$(cat "$work/cast.txt")" = 'on the ESP'
else
        skip 'mtools reads the ESP' 'mtools is not installed'
fi

# ---- other people's checks ----
checks() { # NAME COMMAND...: the command exists and has no complaint
        checks_name=$1
        shift
        if has "$1"; then holds "$checks_name" "$@"; else skip "$checks_name" "$1 is not installed"; fi
}
for file in "$work"/a/*.raw "$work/c/sdf.raw" "$work/c/part3"; do
        checks "e2fsck: ${file#"$work/"}" e2fsck -fn "$file"
done
checks 'fsck.vfat: the ESP' fsck.vfat -n "$work/c/part1"
checks 'sfdisk: the table' sfdisk --verify "$work/c/xvda.raw"
if has sgdisk; then
        sgdisk -v "$work/c/xvda.raw" >"$work/out" 2>&1
        prints 'sgdisk: the table' 'No problems found'
else
        skip 'sgdisk: the table' 'sgdisk is not installed'
fi
if has blkid; then
        blkid -p -o export "$work/c/part2" >"$work/out" 2>&1
        prints 'blkid: swap' 'TYPE=swap'
        blkid -p -o export "$work/c/part1" >"$work/out" 2>&1
        prints 'blkid: the label of the ESP' 'LABEL=ESP'
else
        skip 'blkid: swap' 'blkid is not installed'
fi
for name in a/xvda a/sdf a/sdg c/xvda c/sdf; do
        checks "qemu-img: $name.vmdk" qemu-img check -q "$work/$name.vmdk"
        checks "qemu-img: $name.vmdk is $name.raw" qemu-img compare -q "$work/$name.raw" "$work/$name.vmdk"
done
finish
