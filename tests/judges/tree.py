#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: tree.py TAR EPOCH debugfs IMAGE SCRATCH
       tree.py TAR EPOCH folder DIR

Compares what an archive says (as Python's tarfile reads it) with the files of an ext4, as debugfs or a mounted folder
shows them: kind, content, owner, mode, time, links, devices, extended attributes, ACLs.  EPOCH is the moment to which
times are clamped.  Differences go to standard output; the status is 1 where there are any."""
import os
import re
import stat
import struct
import subprocess
import sys
import tarfile
from decimal import Decimal

KINDS = {tarfile.REGTYPE: stat.S_IFREG, tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK,
         tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK, tarfile.FIFOTYPE: stat.S_IFIFO}
TAGS = {"user": (0x01, 0x02), "group": (0x04, 0x08), "mask": (0x10, 0x10), "other": (0x20, 0x20)}


def acl(text):
    """The kernel's bytes of an ACL in star's words; None where the mode says it all."""
    entries = []
    for word in text.split(","):
        kind, name, rights, *number = word.split(":")
        bits = sum(bit for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if letter in rights)
        entries.append((TAGS[kind][bool(name)], bits, int(number[0]) if number else 0xFFFFFFFF))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in sorted(entries))


def group_bits(mode, access):
    """With a mask, it is what the mode shows for the group."""
    for tag, bits, _ in struct.iter_unpack("<HHI", access[4:]):
        if tag == 0x10:
            return mode & ~0o070 | bits << 3
    return mode


def wanted(path, epoch):
    files, hard = {}, {}
    with tarfile.open(path, encoding="utf-8", errors="surrogateescape") as tar:
        for info in tar:
            name = os.fsencode(info.name)
            if info.islnk():
                hard[name] = os.fsencode(info.linkname)
                continue
            text = {key: value.encode("utf-8", "surrogateescape") for key, value in info.pax_headers.items()}
            xattrs = {key[13:]: value for key, value in text.items() if key.startswith("SCHILY.xattr.")}
            for kind in ("access", "default"):
                if f"SCHILY.acl.{kind}" in info.pax_headers:
                    xattrs[f"system.posix_acl_{kind}"] = acl(info.pax_headers[f"SCHILY.acl.{kind}"])
            mode = KINDS[info.type] | info.mode
            if "system.posix_acl_access" in xattrs:
                mode = group_bits(mode, xattrs["system.posix_acl_access"])
                if len(xattrs["system.posix_acl_access"]) == 4 + 3 * 8:
                    del xattrs["system.posix_acl_access"]
            mtime = Decimal(info.pax_headers.get("mtime", str(info.mtime)))
            files[name] = {
                "mode": mode, "uid": info.uid, "gid": info.gid, "xattrs": xattrs,
                "mtime": int(min(mtime, Decimal(epoch)) * 10**9),
                "target": os.fsencode(info.linkname) if info.issym() else None,
                "device": (info.devmajor, info.devminor) if info.isdev() and not info.isfifo() else None,
                "content": tar.extractfile(info).read() if info.isreg() else None,
                "names": {name}}
    for name, target in hard.items():
        files[name] = files[target]
        files[target]["names"].add(name)
    return files


def of_folder(top):
    found, inodes = {}, {}
    for folder, folders, names in os.walk(os.fsencode(top)):
        if folder == os.fsencode(top) and b"lost+found" in folders:
            folders.remove(b"lost+found")
        for name in folders + names:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, os.fsencode(top))
            info = os.lstat(path)
            if info.st_ino in inodes:
                found[short] = inodes[info.st_ino]
                found[short]["names"].add(short)
                continue
            content = None
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            device = stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode)
            found[short] = inodes[info.st_ino] = {
                "mode": info.st_mode, "uid": info.st_uid, "gid": info.st_gid, "mtime": info.st_mtime_ns,
                "xattrs": {os.fsdecode(key): os.getxattr(path, key, follow_symlinks=False)
                           for key in os.listxattr(path, follow_symlinks=False)},
                "target": os.readlink(path) if stat.S_ISLNK(info.st_mode) else None,
                "device": (os.major(info.st_rdev), os.minor(info.st_rdev)) if device else None,
                "content": content, "names": {short}}
    return found


def debugfs(image, commands):
    """The answer to each command."""
    script = "".join(command + "\n" for command in commands).encode()
    out = subprocess.run(["debugfs", "-f", "-", image], input=script, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    parts = re.split(rb"^debugfs: .*\n", out, flags=re.M)
    assert len(parts) == len(commands) + 1, (len(parts), len(commands))
    return parts[1:]


def acl_of_debugfs(data):
    """debugfs tells an ACL in the kernel's form, but for the numbers of entries that name nobody."""
    return data[:4] + b"".join(struct.pack("<HHI", tag, bits, number if tag in (0x02, 0x08) else 0xFFFFFFFF)
                               for tag, bits, number in struct.iter_unpack("<HHI", data[4:]))


def of_debugfs(image, scratch):
    names, level = {}, [(2, b"")]
    while level:
        below = []
        for (_, folder), answer in zip(level, debugfs(image, [f"ls -p <{inode}>" for inode, _ in level])):
            for inode, mode, name in re.findall(rb"/(\d+)/(\d+)/-?\d+/-?\d+/([^/]*)/\d*/\n", answer):
                if name in (b".", b"..") or not folder and name == b"lost+found":
                    continue
                path = folder + b"/" + name if folder else name
                names.setdefault(int(inode), set()).add(path)
                if stat.S_ISDIR(int(mode, 8)):
                    below.append((int(inode), path))
        level = below
    order = sorted(names)
    answers = debugfs(image, [f"stat <{inode}>" for inode in order])
    xattrs = {(inode, key) for inode, answer in zip(order, answers)
              for key in re.findall(rb"^  ([a-z_.]+) \(\d+\)", answer, flags=re.M)}
    commands = [f"ea_get -f {scratch}/{inode}.{key.decode()} <{inode}> {key.decode()}" for inode, key in xattrs]
    debugfs(image, commands + [f"dump <{inode}> {scratch}/{inode}" for inode in order])
    found = {}
    for inode, answer in zip(order, answers):
        kind, mode = re.search(rb"Type: (.*?) +Mode: +(\d+)", answer).groups()
        kind = {b"regular": stat.S_IFREG, b"directory": stat.S_IFDIR, b"symlink": stat.S_IFLNK, b"FIFO": stat.S_IFIFO,
                b"character special": stat.S_IFCHR, b"block special": stat.S_IFBLK}[kind]
        user, group = re.search(rb"User: +(-?\d+) +Group: +(-?\d+)", answer).groups()
        seconds, extra = (int(word, 16) for word in re.search(rb" mtime: 0x(\w+):(\w+)", answer).groups())
        links = int(re.search(rb"Links: (\d+)", answer).group(1))
        if kind != stat.S_IFDIR:
            assert links == len(names[inode]), (links, names[inode])
        device = re.search(rb"Device major/minor number: (\d+):(\d+)", answer)
        content = target = None
        if kind in (stat.S_IFREG, stat.S_IFLNK):
            fast = re.search(rb'Fast link dest: "(.*)"', answer)
            if fast:
                target = fast.group(1)
            else:
                with open(f"{scratch}/{inode}", "rb") as file:
                    content = file.read()
                if kind == stat.S_IFLNK:
                    target, content = content, None
        values = {}
        for owner, key in xattrs:
            if owner == inode:
                with open(f"{scratch}/{inode}.{key.decode()}", "rb") as file:
                    values[key.decode()] = file.read()
                if key.startswith(b"system.posix_acl_"):
                    values[key.decode()] = acl_of_debugfs(values[key.decode()])
        facts = {"mode": kind | int(mode, 8), "uid": int(user) & 0xFFFFFFFF, "gid": int(group) & 0xFFFFFFFF,
                 "mtime": (seconds + ((extra & 3) << 32)) * 10**9 + (extra >> 2), "xattrs": values, "target": target,
                 "device": tuple(int(word) for word in device.groups()) if device else None,
                 "content": content, "names": names[inode]}
        for name in names[inode]:
            found[name] = facts
    return found


def main():
    archive, epoch, how, *where = sys.argv[1:]
    want = wanted(archive, int(epoch))
    found = of_debugfs(*where) if how == "debugfs" else of_folder(*where)
    differences = [f"{name!r} is not there" for name in sorted(want.keys() - found.keys())]
    differences += [f"{name!r} should not be there" for name in sorted(found.keys() - want.keys())]
    for name in sorted(want.keys() & found.keys()):
        for key, value in want[name].items():
            if found[name][key] != value:
                differences.append(f"{name!r}: {key} is {found[name][key]!r:.200}, not {value!r:.200}")
    print("\n".join(differences) or f"{len(want)} names are as the archive says")
    return bool(differences)


sys.exit(main())
