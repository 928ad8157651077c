#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage: hostile_sources.py DIR

Writes archives into DIR that nobody should unpack, and good.tar and good.tar.gz, which are sound."""
import gzip
import io
import os
import sys
import tarfile
import zipfile

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def write(name, *entries):
    with tarfile.open(name, "w", format=tarfile.PAX_FORMAT) as tar:
        for path, kind, link, data in entries:
            info = tarfile.TarInfo(path)
            info.type, info.linkname, info.size = kind, link, len(data)
            tar.addfile(info, io.BytesIO(data))


os.chdir(sys.argv[1])
noise = b"".join(b"%d" % (n * n) for n in range(20000))
write("good.tar", ("etc", FOLDER, "", b""), ("etc/noise", FILE, "", noise), ("etc/more", FILE, "", noise))
write("absolute.tar", ("etc", FOLDER, "", b""), ("/etc/passwd", FILE, "", b"x"))
write("dots.tar", ("etc/../../passwd", FILE, "", b"x"))
write("through.tar", ("out", LINK, "../../../..", b""), ("out/escaped", FILE, "", b"x"))
write("through-absolute.tar", ("out", LINK, "/tmp", b""), ("out/escaped", FILE, "", b"x"))
write("loop.tar", ("a", LINK, "b", b""), ("b", LINK, "a", b""), ("a/x", FILE, "", b"x"))
write("below-file.tar", ("a", FILE, "", b"x"), ("a/b", FILE, "", b"x"))
write("hard-nowhere.tar", ("hard", HARD, "etc/none", b""))
write("hard-out.tar", ("hard", HARD, "../../etc/passwd", b""))
write("hard-folder.tar", ("etc", FOLDER, "", b""), ("hard", HARD, "etc", b""))
with zipfile.ZipFile("dots.zip", "w") as archive:
    archive.writestr("../escaped", "x")
with open("good.tar", "rb") as file:
    good = file.read()
packed = gzip.compress(good, mtime=0)
files = {"good.tar.gz": packed, "cut.tar": good[:60000], "cut-header.tar": good[:700], "cut.tar.gz": packed[:-3000],
         "flipped.tar": good[:148] + b"9" + good[149:], "empty.tar": b"", "text.tar": b"no archive\n" * 900,
         "flipped.tar.gz": packed[:9000] + bytes(64) + packed[9064:]}
for name, data in files.items():
    with open(name, "wb") as file:
        file.write(data)
