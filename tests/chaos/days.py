#!/usr/bin/env python3
"""Usage: days.py DIR NUMBER...     (scripts/check-chaos sets INGOT, JOBS, DEADLINE)

Lives through bad days, each known by its number.  A day is a region of its own that misbehaves as its number says, and
a publish to it that is killed now and then and run again, as a person would.  In the end the volume must be published
exactly once, with the right bytes; or the failure must be clear, and nothing left behind that the files beside the
build do not name.  DIR/build holds what is published.  TAP on standard output."""
import concurrent.futures
import glob
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import region_reader

INGOT = os.environ.get('INGOT', 'out/release/ingot')
DEADLINE_S = int(os.environ.get('DEADLINE', '180'))
REGION = 'us-east-1'
NAME = 'chaos'

# What may happen on a day: each a rule, and whether a publish can get through it (True) or may fail (False).
WEATHER = [
    (True, lambda d: f'{{do: delay, by: {d.randint(1, 80)}ms, jitter: 1ms}}'),
    (True, lambda d: f'{{do: delay, by: {d.randint(1, 4)}s, probability: 0.0{d.randint(1, 5)}}}'),
    (True, lambda d: f'{{do: error, code: internal, probability: 0.0{d.randint(1, 9)}, burst: {d.randint(1, 6)}}}'),
    (True, lambda d: f'{{do: error, code: unavailable, from: 1s, until: {d.randint(2, 300)}s}}'),
    (True, lambda d: f'{{do: error, code: throttled, probability: 0.{d.randint(1, 3)}}}'),
    (True, lambda d: '{do: error, code: slow-body, probability: 0.05, operations: [PutSnapshotBlock]}'),
    (True, lambda d: f'{{do: error, code: limit, count: {d.randint(1, 2)}, operations: [StartSnapshot]}}'),
    (True, lambda d: f'{{do: reset, probability: 0.0{d.randint(1, 9)}, at: {d.choice(MOMENTS)}}}'),
    (True, lambda d: f'{{do: close, probability: 0.0{d.randint(1, 9)}, at: {d.choice(MOMENTS)}}}'),
    (True, lambda d: f'{{do: close, count: 1, at: work, operations: [{d.choice(STEPS)}]}}'),
    (True, lambda d: f'{{do: reset, count: 2, at: work, operations: [{d.choice(STEPS)}]}}'),
    (True, lambda d: f'{{do: hang, for: {d.randint(50, 200)}s, probability: 0.0{d.randint(1, 5)}, '
                     f'at: {d.choice(["request", "body", "work"])}}}'),
    (True, lambda d: f'{{do: hang, count: 1, at: work, operations: [{d.choice(STEPS)}]}}'),
    (True, lambda d: f'{{do: hang, count: {d.randint(1, 3)}, operations: [PutSnapshotBlock]}}'),
    (True, lambda d: f'{{do: unknown, share: 0.{d.randint(1, 9)}, for: {d.randint(5, 120)}s}}'),
    (True, lambda d: f'{{do: pending, for: {d.randint(1, 5)}m}}'),
    (True, lambda d: f'{{do: hide, for: {d.randint(5, 120)}s}}'),
    (True, lambda d: f'{{do: fail, after: {d.randint(1, 60)}s, last: 1}}'),
    (True, lambda d: f'{{do: fail, since: completion, after: {d.randint(1, 60)}s, last: 1}}'),
    (False, lambda d: f'{{do: fail, after: {d.randint(1, 30)}s}}'),
    (False, lambda d: f'{{do: expire, after: {d.randint(1, 60)}s}}'),
    (False, lambda d: f'{{do: error, code: denied, operations: [{d.choice(STEPS)}], first: {d.randint(1, 3)}}}'),
    (False, lambda d: f'{{do: error, code: unavailable, from: {d.randint(0, 60)}s, regions: [{REGION}]}}'),
    (False, lambda d: f'{{do: reset, from: {d.randint(0, 60)}s, regions: [{REGION}]}}'),
]
MOMENTS = ['request', 'body', 'work', 'reply']
STEPS = ['StartSnapshot', 'PutSnapshotBlock', 'CompleteSnapshot', 'DescribeSnapshots', 'RegisterImage']


def make_day(number):
    """The chaos file of a day, the moments of its kills, whether it may fail, whether it encrypts."""
    d = random.Random(f'day {number}')
    can, may_not = [w for w in WEATHER if w[0]], [w for w in WEATHER if not w[0]]
    weather = d.sample(can, d.randint(1, 3)) + (d.sample(may_not, 1) if d.random() < 0.2 else [])
    lines = [f'seed: {number}', 'time-scale: 0.01']
    if d.random() < 0.3:
        rate = d.randint(100, 800)
        lines.append(f'throttle: {{put-per-snapshot: {{rate: {rate}, burst: {d.randint(rate // 10, rate)}}}, '
                     f'describe: {{rate: 5, burst: {d.randint(2, 9)}}}}}')
    if d.random() < 0.2:
        lines.append(f'bandwidth: {{in-all: {d.randint(16, 200)}MiB, per-connection: {d.randint(4, 20)}MiB}}')
    is_encrypted = d.random() < 0.1
    if is_encrypted:
        lines += ['ebs-encryption-by-default: true', 'absent-blocks: noise']
    lines += ['rules:'] + ['- ' + rule(d) for _, rule in weather]
    kills = [d.uniform(0.02, d.choice([0.3, 1, 4])) for _ in range(d.choice([0, 0, 1, 1, 2, 4]))]
    return '\n'.join(lines) + '\n', kills, any(not can for can, _ in weather), is_encrypted


class Region:
    """A served region; chaos may be None."""

    def __init__(self, folder, chaos, log):
        words = [INGOT, 'region', 'serve', '--region-dir', folder, '--listen', '127.0.0.1:0', '--json']
        self.log = open(log, 'w')
        self.process = subprocess.Popen(words + (['--chaos', chaos] if chaos else []), stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        text = ''
        while not text.endswith('}\n'):
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError('the region did not start: ' + open(log).read())
            text += line
        told = json.loads(text)
        self.url, self.credentials = told['url'], told['credentials_file']

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.log.close()
        return status


def publish(day, region, kill_after_s):
    """Runs it once; returns its status, None when it was killed, and what it said."""
    environment = {'PATH': os.environ['PATH'], 'HOME': day, 'AWS_ENDPOINT_URL': region.url,
                   'AWS_SHARED_CREDENTIALS_FILE': region.credentials, 'AWS_EC2_METADATA_DISABLED': 'true'}
    if 'ASAN_OPTIONS' in os.environ:
        environment['ASAN_OPTIONS'] = os.environ['ASAN_OPTIONS']
    process = subprocess.Popen([INGOT, 'publish', f'{day}/build', '--to', f'aws:{REGION}', '--quiet'], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, said = process.communicate(timeout=kill_after_s if kill_after_s is not None else DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, said = process.communicate()
        if kill_after_s is None:
            return 'hang', said
        return None, said
    return process.returncode, said


def names_beside(day):
    """What the files that ingot left beside the build and at home say."""
    text = ''
    for path in glob.glob(f'{day}/build/**', recursive=True) + glob.glob(f'{day}/.*/**', recursive=True):
        if os.path.isfile(path) and not path.endswith('.raw'):
            text += open(path, errors='replace').read()
    return text


def judge(day, reader, status, said, is_encrypted):
    """What is wrong with how a day ended; '' when nothing is."""
    images, snapshots, named = reader.images(NAME), reader.snapshots(), names_beside(day)
    database = sqlite3.connect(f'file:{day}/region/catalogue.db?mode=ro', uri=True)
    tokens = dict(database.execute('SELECT id, client_token FROM snapshots').fetchall())
    database.close()
    if status == 'hang':
        return f'not over after {DEADLINE_S} s'
    if status == 0 and len(images) != 1:
        return f'published {len(images)} times'
    if status != 0:
        if status not in (2, 3, 4, 5, 6):
            return f'status {status}'
        if not re.search(r'^ +cause  \S', said, re.M):
            return 'failed without a cause'
    for image, of_image in images:
        if len(of_image) != 1:
            return f'{image} has {len(of_image)} snapshots'
        if dict(snapshots).get(of_image[0]) != 'completed':
            return f'{image} stands on {of_image[0]}, which is not completed'
        difference = region_reader.first_difference(reader, of_image[0], f'{day}/build/xvda.raw', is_encrypted)
        if difference:
            return difference
    used = {id for _, of_image in images for id in of_image}
    for id, state in snapshots:
        if id not in used and id not in named and (tokens.get(id) or '-') not in named:
            return f'{id} ({state}) is left behind, and no file names it'
    for image, _ in images:
        if status != 0 and image not in named and not any(id in named for id in used):
            return f'{image} is left behind, and no file names it'
    return ''


def live(root, number):
    """One day; returns a line for TAP, whether it is good, and the counts of its rules."""
    day = f'{root}/day{number}'
    shutil.rmtree(day, ignore_errors=True)
    os.makedirs(f'{day}/build')
    for path in glob.glob(f'{root}/build/*'):
        os.link(path, f'{day}/build/{os.path.basename(path)}')
    chaos, kills, may_fail, is_encrypted = make_day(number)
    open(f'{day}/chaos.yaml', 'w').write(chaos)
    began = time.monotonic()
    region = Region(f'{day}/region', f'{day}/chaos.yaml', f'{day}/served')
    killed, statuses = 0, []
    for moment in kills + [None, None, None]:
        status, said = publish(day, region, moment)
        statuses.append(status)
        killed += status is None
        open(f'{day}/said', 'a').write(said)
        if status == 0 or status == 'hang':
            break
    took = time.monotonic() - began
    trouble = '' if region.stop() == 0 else 'the region crashed'
    quiet = f'{day}/quiet.yaml'
    open(quiet, 'w').write('throttle: off\n' + ('absent-blocks: noise\n' if is_encrypted else ''))
    region = Region(f'{day}/region', quiet, f'{day}/served.after')
    try:
        reader = region_reader.Reader(region.url, region.credentials, REGION)
        trouble = trouble or judge(day, reader, status, said, is_encrypted)
    finally:
        region.stop()
    if not trouble and status != 0 and not may_fail:
        trouble = f'failed with status {status}, and could have got through'
    line = (f'day {number}: {killed} kills, {", ".join(map(str, statuses))}, {took:.1f} s'
            f'{", encrypted" if is_encrypted else ""}')
    hits = re.findall(r'^(\S+) \((\w+)\): (\d+) of', open(f'{day}/served').read(), re.M)
    if trouble:
        line += f' - {trouble}'
    elif 'KEEP' not in os.environ:
        shutil.rmtree(day)
    return number, not trouble, line, status, killed, [(deed, int(count)) for _, deed, count in hits]


def main():
    root, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    count = len(numbers)
    bad = published = kills = 0
    deeds = {}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get('JOBS', '4'))) as pool:
        days = [pool.submit(live, root, number) for number in numbers]
        for at, day in enumerate(concurrent.futures.as_completed(days), 1):
            try:
                number, good, line, status, killed, hits = day.result()
            except Exception as problem:  # pylint: disable=broad-except
                number, good, line, status, killed, hits = None, False, f'{type(problem).__name__}: {problem}', 1, 0, []
            print(f'{"ok" if good else "not ok"} {at} - {line}', flush=True)
            bad += not good
            published += status == 0
            kills += killed
            for deed, times in hits:
                deeds[deed] = deeds.get(deed, 0) + times
    print(f'1..{count}')
    print(f'# {count} days, {kills} kills: {published} published, {count - published} failed; {bad} ended badly')
    print('# what befell: ' + ', '.join(f'{deed} {deeds[deed]}' for deed in sorted(deeds)))
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
