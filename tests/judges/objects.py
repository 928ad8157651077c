# SPDX-License-Identifier: Apache-2.0
"""objects.py ENDPOINT [DIRECT]: boto3 and the AWS CLI use a region's S3, and import a disk from it; TAP.

Run by scripts/check-wire, with the wire referee between.  What the referee cannot take (bodies in aws-chunked
encoding) goes to DIRECT, past it.  INGOT, if set, is a program that publishes by way of S3 through the same endpoint."""
import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from judge import AWS, client, ec2, endpoint, finish, refused, region, say

MIB = 1 << 20
direct = sys.argv[2] if len(sys.argv) > 2 else endpoint
work = os.environ['WORK']
s3, iam = client('s3'), client('iam')


def cli(*arguments):
    return subprocess.run([AWS, '--endpoint-url', endpoint, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def chunked(key, data, trailer):
    """Puts an object as newer clients do over https: in chunks, with its checksum behind them."""
    body = b'%x\r\n' % len(data) + data + b'\r\n0\r\nx-amz-checksum-crc32:' + trailer.encode() + b'\r\n\r\n'
    request = AWSRequest('PUT', direct + '/objects-one/' + key, data=body, headers={
        'X-Amz-Content-SHA256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'X-Amz-Trailer': 'x-amz-checksum-crc32',
        'Content-Encoding': 'aws-chunked', 'X-Amz-Decoded-Content-Length': str(len(data))})

    class Signer(S3SigV4Auth):
        def payload(self, request):
            return 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    Signer(boto3.Session().get_credentials().get_frozen_credentials(), 's3', region).add_auth(request)
    request.headers['X-Amz-Content-SHA256'] = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    try:
        with urllib.request.urlopen(urllib.request.Request(direct + '/objects-one/' + key, data=body, method='PUT',
                                                           headers=dict(request.headers.items()))) as reply:
            return reply.status
    except urllib.error.HTTPError as e:
        return e.read().decode()


# Buckets and objects.
s3.create_bucket(Bucket='objects-one')
say([b['Name'] for b in s3.list_buckets()['Buckets']] == ['objects-one'], 'a bucket is made and listed')
refused('BucketAlreadyOwnedByYou', 'but not twice', s3.create_bucket, Bucket='objects-one')
refused('NoSuchBucket', 'one that is not there is said so', s3.list_objects_v2, Bucket='objects-none')
say(s3.get_bucket_location(Bucket='objects-one')['LocationConstraint'] is None, 'us-east-1 has no constraint')
name = 'a b/ä+~&.bin'
s3.put_object(Bucket='objects-one', Key=name, Body=b'hello', ChecksumSHA256=sha256(b'hello'))
found = s3.get_object(Bucket='objects-one', Key=name, ChecksumMode='ENABLED')
say(found['Body'].read() == b'hello' and found['ChecksumSHA256'] == sha256(b'hello'), 'an object with its SHA-256')
say(s3.get_object(Bucket='objects-one', Key=name, Range='bytes=1-2')['Body'].read() == b'el', 'a range of it')
say(s3.head_object(Bucket='objects-one', Key=name)['ContentLength'] == 5, 'its head')
refused('BadDigest', 'a wrong SHA-256 is refused', s3.put_object, Bucket='objects-one', Key='x', Body=b'hello',
        ChecksumSHA256=sha256(b'other'))
refused('BadDigest', 'so is a wrong MD5', s3.put_object, Bucket='objects-one', Key='x', Body=b'hello',
        ContentMD5=base64.b64encode(hashlib.md5(b'other').digest()).decode())
refused('NoSuchKey', 'what was refused is not there', s3.get_object, Bucket='objects-one', Key='x')
crc = base64.b64encode(zlib.crc32(b'chunks').to_bytes(4, 'big')).decode()
say(chunked('chunked', b'chunks', crc) == 200, 'a body in aws-chunked encoding')
say(s3.get_object(Bucket='objects-one', Key='chunked')['Body'].read() == b'chunks', 'is unpacked')
say('BadDigest' in str(chunked('chunked-2', b'chunks', 'AAAAAA==')), 'with a wrong checksum behind it: refused')

# Uploads in parts.
key, part = 'parts', os.urandom(5 * MIB)
upload = s3.create_multipart_upload(Bucket='objects-one', Key=key, ChecksumAlgorithm='SHA256')['UploadId']


def put_part(number, data, **other):
    return s3.upload_part(Bucket='objects-one', Key=key, UploadId=upload, PartNumber=number, Body=data, **other)


def complete(*parts):
    return s3.complete_multipart_upload(Bucket='objects-one', Key=key, UploadId=upload,
                                        MultipartUpload={'Parts': list(parts)})


refused('InvalidRequest', 'a part without the checksum that was promised', put_part, number=1, data=part)
refused('BadDigest', 'a part with a wrong one', put_part, number=1, data=part, ChecksumSHA256=sha256(b'other'))
pieces = []
for number, data in ((1, part), (2, part[::-1]), (3, b'end')):
    etag = put_part(number, data, ChecksumSHA256=sha256(data))['ETag']
    pieces.append({'PartNumber': number, 'ETag': etag, 'ChecksumSHA256': sha256(data)})
listed = s3.list_parts(Bucket='objects-one', Key=key, UploadId=upload)['Parts']
say([(p['PartNumber'], p['ChecksumSHA256']) for p in listed] ==
    [(p['PartNumber'], p['ChecksumSHA256']) for p in pieces], 'parts are listed with their SHA-256', listed)
try:
    complete(pieces[1], pieces[0])
    say(False, 'parts out of order are refused')
except ClientError as e:
    say(e.response['Error']['Code'] == 'InvalidPartOrder', 'parts out of order are refused', e.response)
try:
    complete(pieces[0], pieces[2], dict(pieces[2], PartNumber=4))
    say(False, 'a part that was not sent is refused')
except ClientError as e:
    say(e.response['Error']['Code'] in ('InvalidPart', 'EntityTooSmall'), 'a part that was not sent is refused', e.response)
done = complete(*pieces)
composite = base64.b64encode(hashlib.sha256(b''.join(hashlib.sha256(d).digest() for d in
                                                     (part, part[::-1], b'end'))).digest()).decode() + '-3'
say(done.get('ChecksumSHA256') == composite, 'the object has the digest of its parts\' digests', done)
say(s3.get_object(Bucket='objects-one', Key=key)['Body'].read() == part + part[::-1] + b'end', 'and their bytes')
refused('NoSuchUpload', 'then the upload is over', s3.list_parts, Bucket='objects-one', Key=key, UploadId=upload)
upload = s3.create_multipart_upload(Bucket='objects-one', Key='gone')['UploadId']
s3.abort_multipart_upload(Bucket='objects-one', Key='gone', UploadId=upload)
say('Uploads' not in s3.list_multipart_uploads(Bucket='objects-one'), 'an aborted upload is gone')

# The CLI.
with open(work + '/big', 'wb') as f:
    f.write(part * 4)
ran = cli('s3', 'cp', work + '/big', 's3://objects-one/dir/big', '--no-progress')
say(ran.returncode == 0, 'aws s3 cp of 20 MiB', ran.stdout.decode())
ran = cli('s3', 'ls', 's3://objects-one/')
say(b'PRE dir/' in ran.stdout and b'parts' in ran.stdout, 'aws s3 ls', ran.stdout.decode())
ran = cli('s3', 'cp', 's3://objects-one/dir/big', work + '/back', '--no-progress')
say(ran.returncode == 0 and open(work + '/back', 'rb').read() == part * 4, 'and back', ran.stdout.decode())
ran = cli('s3', 'rm', '--recursive', 's3://objects-one/dir')
say(ran.returncode == 0, 'aws s3 rm --recursive', ran.stdout.decode())

# ImportSnapshot.
disk = os.urandom(MIB) + bytes(63 * MIB)
s3.put_object(Bucket='objects-one', Key='disk.raw', Body=disk)


def wait(task):
    for _ in range(100):
        detail = ec2.describe_import_snapshot_tasks(ImportTaskIds=[task])['ImportSnapshotTasks'][0]['SnapshotTaskDetail']
        if detail['Status'] != 'active':
            break
        time.sleep(0.2)
    return detail


def start(**container):
    return ec2.import_snapshot(ClientToken='t-' + container['Format'], DiskContainer=dict(
        container, UserBucket={'S3Bucket': 'objects-one', 'S3Key': 'disk.raw'}))['ImportTaskId']


detail = wait(start(Format='RAW'))
say(detail['Status'] == 'completed' and detail['SnapshotId'].startswith('snap-'), 'a raw disk is imported', detail)
say(start(Format='RAW') == start(Format='RAW'), 'the same token is the same task')
detail = wait(start(Format='VMDK'))
say(detail['Status'] == 'deleting' and 'Disk validation failed' in detail['StatusMessage'], 'what is no VMDK fails', detail)
say(iam.get_role(RoleName='vmimport')['Role']['RoleName'] == 'vmimport', 'the role is there')

# ingot itself.
if os.environ.get('INGOT') and os.environ.get('BUILD'):
    ran = subprocess.run([os.environ['INGOT'], 'publish', os.environ['BUILD'], '--to', 'aws:' + region, '--via', 's3',
                          '--bucket', 'objects-one', '--verify', '--json'], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=dict(os.environ, AWS_ENDPOINT_URL=endpoint))
    say(ran.returncode == 0, 'ingot publishes by way of S3', ran.stderr.decode())
    if ran.returncode == 0:
        say(json.loads(ran.stdout)['snapshots'][0]['via_s3']['parts'] >= 1, 'in parts')

# The end.
for found in s3.list_objects_v2(Bucket='objects-one').get('Contents', []):
    s3.delete_object(Bucket='objects-one', Key=found['Key'])
s3.delete_bucket(Bucket='objects-one')
say(not s3.list_buckets()['Buckets'], 'an empty bucket is deleted')
finish()
