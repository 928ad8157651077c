#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: rich_tar.py OUT.tar

Writes a small root file system as a pax archive that has one of everything a tar can say about a file: owners past
16 bits, times with nanoseconds, in the past and in the future, set-id and sticky bits, hard links, short and long
symlinks, devices, a FIFO, names that are not ASCII (and one that is not UTF-8), capabilities, user attributes and
POSIX ACLs, a hole, and a folder of so many entries that it needs an index.  The same bytes whenever it runs."""
import io
import sys
import tarfile

OLD, FUTURE = 981173106, 4000000000
# struct vfs_cap_data, revision 2: cap_net_bind_service effective and permitted
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000").decode("latin-1")


def add(tar, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, uid=0, gid=0, mtime=OLD, link="", device=None, **pax):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, uid, gid, link
    info.mtime, info.size = mtime, len(data)
    if device:
        info.devmajor, info.devminor = device
    info.pax_headers = {key.replace("__", "."): value for key, value in pax.items()}
    tar.addfile(info, io.BytesIO(data))


def folder(tar, name, mode=0o755, **more):
    add(tar, name, tarfile.DIRTYPE, mode=mode, **more)


def fill(tar):
    for name in ("bin", "dev", "etc", "etc/ssh", "etc/systemd", "etc/systemd/system", "opt", "proc", "srv", "usr",
                 "usr/lib", "usr/lib/systemd", "usr/lib/systemd/system", "var", "var/lib", "boot", "boot/efi"):
        folder(tar, name)
    folder(tar, "root", mode=0o700)
    folder(tar, "tmp", mode=0o1777)
    folder(tar, "var/mail", mode=0o2775, gid=8)
    add(tar, "etc/passwd", data=b"root:x:0:0:root:/root:/bin/bash\n"
                                b"www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n")
    add(tar, "etc/group", data=b"root:x:0:\nmail:x:8:\nwww-data:x:33:\n")
    add(tar, "etc/shadow", mode=0o640, gid=42, data=b"root:*:19000:0:99999:7:::\nwww-data:*:19000:0:99999:7:::\n")
    add(tar, "etc/motd", data=b"from the base\n")
    add(tar, "etc/os-release", data=b"ID=debian\nVERSION_ID=12\n")
    add(tar, "etc/machine-id", data=b"0123456789abcdef0123456789abcdef\n")
    for unit in ("ssh", "cron", "apt-daily"):
        add(tar, f"usr/lib/systemd/system/{unit}.service",
            data=f"[Service]\nExecStart=/bin/{unit}\n[Install]\nWantedBy=multi-user.target\n".encode())
    folder(tar, "etc/systemd/system/multi-user.target.wants")
    add(tar, "etc/systemd/system/multi-user.target.wants/cron.service", tarfile.SYMTYPE, mode=0o777,
        link="/usr/lib/systemd/system/cron.service")
    add(tar, "bin/su", mode=0o4755, data=b"\x7fELF su\n")
    add(tar, "bin/listen", mode=0o755, data=b"\x7fELF listen\n", SCHILY__xattr__security__capability=CAPABILITY)
    add(tar, "bin/listen-too", tarfile.LNKTYPE, link="bin/listen")
    add(tar, "dev/null", tarfile.CHRTYPE, mode=0o666, device=(1, 3))
    add(tar, "dev/nvme9n1", tarfile.BLKTYPE, mode=0o660, gid=6, device=(259, 70000))
    add(tar, "dev/initctl", tarfile.FIFOTYPE, mode=0o600)
    folder(tar, "var/tree", uid=70000, gid=80000, mtime=1234567890.25)
    add(tar, "var/tree/empty", mode=0o600, uid=4000000000, gid=4000000001)
    ticks = tarfile.TarInfo("var/tree/nanoseconds")
    ticks.mode, ticks.size, ticks.pax_headers = 0o644, 1, {"mtime": "1234567890.123456789"}
    tar.addfile(ticks, io.BytesIO(b"n"))
    add(tar, "var/tree/future", data=b"clamped\n", mtime=FUTURE)
    add(tar, "var/tree/noted", data=b"attributes\n", SCHILY__xattr__user__origin="tests", SCHILY__xattr__user__empty="",
        SCHILY__xattr__user__long="x" * 600)
    add(tar, "var/tree/listed", mode=0o640, data=b"acl\n",
        SCHILY__acl__access="user::rw-,user:www-data:r--:33,group::r--,mask::r--,other::---")
    folder(tar, "var/tree/default", SCHILY__acl__access="user::rwx,group::r-x,other::r-x",
           SCHILY__acl__default="user::rwx,user:www-data:rwx:33,group::r-x,mask::rwx,other::---")
    add(tar, "var/tree/short", tarfile.SYMTYPE, mode=0o777, link="empty")
    add(tar, "var/tree/long", tarfile.SYMTYPE, mode=0o777, link="../tree/" + "./" * 60 + "empty")
    add(tar, "var/tree/ferdaz-\u00fe-\u65e5\u672c\u8a9e", data="\u00e9\n".encode())
    add(tar, "var/tree/latin-\udce9", data=b"not UTF-8\n")
    add(tar, "var/tree/sp ace\"'\\$(x)\n", data=b"odd\n")
    add(tar, "var/tree/" + "n" * 255, data=b"long\n")
    add(tar, "var/tree/holes", data=bytes(1 << 20) + b"after the hole\n")
    add(tar, "var/tree/many-blocks", data=b"".join(b"%07d\n" % n for n in range(40000)))
    folder(tar, "var/tree/crowd")
    for n in range(400):
        add(tar, f"var/tree/crowd/one-of-many-{n:05d}-of-a-name-that-takes-room", data=b"")


def main():
    with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape") as tar:
        fill(tar)


main()
