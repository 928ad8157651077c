#!/usr/bin/env python3
# delta.py: Debian trees that change from one day to the next, always the same way, and what a change must cost.
#   delta.py tar BASE.tar STATE.json SCENARIO OUT.tar   applies SCENARIO to the state (made when missing), writes the
#                                                       tar of the new one; prints the bound: "BLOCKS BYTES"
#   delta.py tree BASE.tar STATE.json TREE              makes a folder, unpacked from BASE, hold what the state says
#   delta.py compare OLD.raw NEW.raw                    prints "CHANGED DATA": blocks of 512 KiB
# Scenarios: same, upgrade (four files of one package, about 7 MB, changed and grown), add and remove (a package of
# about 7 MB), day=N (one package upgraded whole, as dpkg does it; every fifth day another is added, every seventh one
# is removed).
# The bound is what any layout must send: the changed bytes in whole 4 KiB blocks, old or new ones, whichever are more
# (what goes becomes zeros), packed without loss into blocks of 512 KiB; one block for superblock and descriptors;
# bitmaps, the inodes that change and the directories whose names change, packed likewise.
import json
import os
import random
import sys
import tarfile

BLOCK, CHUNK = 4096, 524288
STATUS = './var/lib/dpkg/status'
NEW_TIME = 1764000000  # before the epoch of builds: times are not clamped


def blocks(size):
    return -(-size // BLOCK)


class Base:
    def __init__(self, path):
        self.path = path
        self.tar = tarfile.open(path, 'r:')
        self.members = {member.name: member for member in self.tar}
        self.packages = {}
        links = {name[2:]: m.linkname for name, m in self.members.items() if m.issym() and name.count('/') == 1}
        for name, member in self.members.items():
            if not name.startswith('./var/lib/dpkg/info/') or not name.endswith('.list'):
                continue
            package = os.path.basename(name)[:-5]
            files = []
            for line in self.tar.extractfile(member).read().decode().splitlines():
                first, _, rest = line.lstrip('/').partition('/')
                if first in links and rest:
                    first = links[first]
                found = self.members.get('./' + first + ('/' + rest if rest else ''))
                if found is not None and found.isreg():
                    files.append(found.name)
            files += [n for n in self.members if n.startswith('./var/lib/dpkg/info/' + package + '.')]
            self.packages[package] = sorted(set(files))


class State:
    # files: what is not as in BASE: null (removed) or [size, seed, mtime, text]; packages: those not as in BASE
    def __init__(self, base, path):
        self.base, self.path = base, path
        self.files, self.packages = {}, {}
        if os.path.exists(path):
            with open(path) as file:
                self.files, self.packages = json.load(file)

    def save(self):
        with open(self.path, 'w') as file:
            json.dump([self.files, self.packages], file, sort_keys=True)

    def size(self, name):
        if name in self.files:
            return self.files[name] and self.files[name][0]
        member = self.base.members.get(name)
        return member.size if member is not None and member.isreg() else None

    def all_packages(self):
        every = {**self.base.packages, **self.packages}
        return {name: files for name, files in sorted(every.items()) if files}


class Change:
    def __init__(self, state):
        self.state, self.old, self.new, self.inodes, self.directories = state, 0, 0, set(), set()

    def put(self, name, size, seed, text=None):
        size = len(text) if text else size
        before = self.state.size(name)
        if before is None:
            self.directories.add(os.path.dirname(name))
        else:
            self.old += blocks(before)
        self.new += blocks(size)
        self.inodes.add(name)
        self.state.files[name] = [size, seed, NEW_TIME + seed, text]

    def remove(self, name):
        self.old += blocks(self.state.size(name))
        self.directories.add(os.path.dirname(name))
        self.inodes.add(name)
        self.state.files[name] = None

    def bound(self):
        metadata = BLOCK * (2 + len(self.directories)) + 256 * len(self.inodes | self.directories)
        changed = max(self.old, self.new) * BLOCK
        return 1 + -(-metadata // CHUNK) + -(-changed // CHUNK), changed


def package_bytes(state, files):
    return sum(state.size(name) or 0 for name in files)


def nearest(state, target):
    def four(files):
        return sum(sorted((state.size(name) or 0 for name in files), reverse=True)[:4])
    everything = state.all_packages()
    return min((name for name in everything if len(everything[name]) >= 8),
               key=lambda name: (abs(four(everything[name]) - target), name))


def list_of(files):
    return ''.join(name[1:] + '\n' for name in files if not name.startswith('./var/lib/dpkg/info/'))


def new_package(change, rng, name, target, seed):
    files, left = [], target
    while left > 0:
        size = min(left, int(rng.lognormvariate(9.5, 1.8)) + 100)
        folder = rng.choice(['./usr/bin', './usr/lib/x86_64-linux-gnu', './usr/share/' + name, './etc', './usr/sbin'])
        files.append('%s/%s-%d' % (folder, name, len(files)))
        change.put(files[-1], size, seed + len(files))
        left -= size
    change.put('./var/lib/dpkg/info/%s.list' % name, 0, seed, list_of(files))
    change.put('./var/lib/dpkg/info/%s.md5sums' % name, 90 * len(files), seed)
    change.state.packages[name] = files + ['./var/lib/dpkg/info/%s.%s' % (name, e) for e in ('list', 'md5sums')]


def touch_status(change, seed):
    change.put(STATUS, change.state.size(STATUS) + seed % 700, seed)


def scenario(state, name):
    change = Change(state)
    if name == 'upgrade':
        files = state.all_packages()[nearest(state, 7000000)]
        for i, file in enumerate(sorted(files, key=lambda f: -(state.size(f) or 0))[:4]):
            change.put(file, state.size(file) * 21 // 20 + 1000, i + 1)
    elif name == 'add':
        new_package(change, random.Random(7), 'ingot-bench-add', 7000000, 100)
    elif name == 'remove':
        everything = state.all_packages()
        victim = min(everything, key=lambda p: (abs(package_bytes(state, everything[p]) - 7000000), p))
        for file in everything[victim]:
            change.remove(file)
        state.packages[victim] = []
    elif name.startswith('day='):
        day = int(name[4:])
        rng = random.Random(1000 + day)
        everything = state.all_packages()
        package = rng.choice([p for p in everything if package_bytes(state, everything[p]) > 20000])
        for i, file in enumerate(everything[package]):
            size = max(1, int(state.size(file) * rng.uniform(0.97, 1.08)))
            change.put(file, size, day * 1000 + i, list_of(everything[package]) if file.endswith('.list') else None)
        if day % 5 == 0:
            new_package(change, rng, 'ingot-bench-%d' % day, rng.randrange(50000, 3000000), day * 1000 + 500)
        if day % 7 == 0:
            victim = rng.choice([p for p in everything if p != package and p.startswith(('lib', 'ingot'))])
            for file in everything[victim]:
                if state.size(file) is not None:
                    change.remove(file)
            state.packages[victim] = []
        touch_status(change, day)
    elif name != 'same':
        sys.exit('delta.py: unknown scenario ' + name)
    return change.bound()


def content(size, seed, text):
    return text.encode() if text else random.Random(seed).randbytes(size)


def write_tar(state, out_path):
    base, done = state.base, set()
    with open(base.path, 'rb') as source, open(out_path, 'wb') as out:
        def put_new(name, like):
            size, seed, mtime, text = state.files[name]
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.gid, info.mtime, info.size = (like.mode if like else 0o644), 0, 0, mtime, size
            out.write(info.tobuf(tarfile.GNU_FORMAT))
            out.write(content(size, seed, text))
            out.write(bytes(-size % 512))
        ordered = sorted(base.members.values(), key=lambda member: member.offset)
        end = max(member.offset_data + -(-member.size // 512) * 512 for member in ordered)
        starts = [member.offset for member in ordered] + [end]
        for i, member in enumerate(ordered):
            if member.name in state.files:
                done.add(member.name)
                if state.files[member.name]:
                    put_new(member.name, member)
                continue
            source.seek(member.offset)
            out.write(source.read(starts[i + 1] - member.offset))
        for name in sorted(state.files):
            if name not in done and state.files[name]:
                folder = os.path.dirname(name)
                if folder not in base.members and folder not in done:
                    info = tarfile.TarInfo(folder)
                    info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, NEW_TIME
                    out.write(info.tobuf(tarfile.GNU_FORMAT))
                    done.add(folder)
                put_new(name, None)
        out.write(bytes(1024))


def write_tree(state, tree):
    for name, what in sorted(state.files.items()):
        path = os.path.join(tree, name)
        if what is None:
            if os.path.lexists(path):
                os.unlink(path)
            continue
        size, seed, mtime, text = what
        if os.path.exists(path):
            found = os.stat(path)
            if (found.st_size, int(found.st_mtime)) == (size, mtime):
                continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content(size, seed, text))
        os.utime(path, (mtime, mtime))


def compare(old_path, new_path):
    zero, changed, data = bytes(CHUNK), 0, 0
    with open(old_path, 'rb') as old, open(new_path, 'rb') as new:
        while True:
            a, b = old.read(CHUNK), new.read(CHUNK)
            if not a and not b:
                return changed, data
            a, b = a.ljust(CHUNK, b'\0'), b.ljust(CHUNK, b'\0')
            changed += a != b
            data += b != zero


def main(arguments):
    if arguments[0] == 'compare':
        print(*compare(*arguments[1:]))
        return
    state = State(Base(arguments[1]), arguments[2])
    if arguments[0] == 'tree':
        write_tree(state, arguments[3])
        return
    bound = scenario(state, arguments[3])
    write_tar(state, arguments[4])
    state.save()
    print(*bound)


main(sys.argv[1:])
