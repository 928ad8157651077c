# SPDX-License-Identifier: Apache-2.0
"""judge.py: what clients.py and operations.py share: clients, what is said about them, and uploads."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import warnings

warnings.filterwarnings('ignore')
import boto3                                    # noqa: E402
from botocore import UNSIGNED as Unsigned        # noqa: E402,F401
from botocore.config import Config              # noqa: E402
from botocore.exceptions import ClientError     # noqa: E402

BLOCK = 524288
AWS = '/usr/bin/aws'
endpoint = sys.argv[1]
region = os.environ['AWS_DEFAULT_REGION']
config = Config(retries={'max_attempts': 0}, parameter_validation=False)


def client(name, of_region=region):
    return boto3.client(name, endpoint_url=endpoint, region_name=of_region, config=config)


ebs, ec2, sts = (client(name) for name in ('ebs', 'ec2', 'sts'))
count = failures = 0


def say(passed, name, detail=''):
    global count, failures
    count += 1
    failures += not passed
    print('%sok %d - %s' % ('' if passed else 'not ', count, name), flush=True)
    if not passed and detail:
        print('# ' + str(detail).replace('\n', '\n# '), flush=True)


def same(found, wanted, name):
    say(found == wanted, name, 'found  %r\nwanted %r' % (found, wanted))


def refused(code, name, call, reason=None, status=None, **arguments):
    try:
        reply = call(**arguments)
    except ClientError as e:
        r = e.response
        good = r['Error']['Code'] == code and (reason is None or r.get('Reason') == reason)
        good = good and (status is None or r['ResponseMetadata']['HTTPStatusCode'] == status)
        say(good, name, json.dumps(r, default=str))
    else:
        say(False, name, 'it was not refused: %r' % reply)


def cli(*arguments):
    done = subprocess.run([AWS, '--endpoint-url', endpoint, '--output', 'json', *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if done.returncode:
        return {'status': done.returncode, 'stderr': done.stderr.decode().strip()}
    return json.loads(done.stdout) if done.stdout.strip() else {}


def digest(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def put(snapshot, index, data, ebs=ebs, **other):
    arguments = dict(SnapshotId=snapshot, BlockIndex=index, BlockData=data, DataLength=len(data),
                     Checksum=digest(data), ChecksumAlgorithm='SHA256')
    arguments.update(other)
    return ebs.put_snapshot_block(**arguments)


def linear(blocks):
    return digest(b''.join(hashlib.sha256(blocks[i]).digest() for i in sorted(blocks)))


def complete(snapshot, blocks, ebs=ebs, **other):
    arguments = dict(SnapshotId=snapshot, ChangedBlocksCount=len(blocks), Checksum=linear(blocks),
                     ChecksumAlgorithm='SHA256', ChecksumAggregationMethod='LINEAR')
    arguments.update(other)
    return ebs.complete_snapshot(**arguments)


def upload(blocks, gib=1, ebs=ebs, ec2=ec2, **other):
    snapshot = ebs.start_snapshot(VolumeSize=gib, **other)['SnapshotId']
    for index, data in blocks.items():
        put(snapshot, index, data, ebs)
    complete(snapshot, blocks, ebs)
    for _ in range(100):
        state = ec2.describe_snapshots(SnapshotIds=[snapshot])['Snapshots'][0]['State']
        if state != 'pending':
            break
        time.sleep(0.1)
    assert state == 'completed', state
    return snapshot


def read_back(snapshot, **page):
    blocks = {}
    arguments = dict(SnapshotId=snapshot, **page)
    while True:
        reply = ebs.list_snapshot_blocks(**arguments)
        for block in reply['Blocks']:
            got = ebs.get_snapshot_block(SnapshotId=snapshot, **block)
            data = got['BlockData'].read()
            assert got['Checksum'] == digest(data) and got['DataLength'] == len(data) == BLOCK
            blocks[block['BlockIndex']] = data
        if not reply.get('NextToken'):
            return blocks
        arguments['NextToken'] = reply['NextToken']


def block(seed):
    return hashlib.shake_256(str(seed).encode()).digest(BLOCK)


def finish():
    print('1..%d' % count)
    sys.exit(failures != 0)
