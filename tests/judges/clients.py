# SPDX-License-Identifier: Apache-2.0
"""clients.py ENDPOINT: boto3 and the AWS CLI use a region as their users do; TAP on standard output.

Run by scripts/check-wire, with the wire referee between: what passes here is what clients nobody on this project
wrote make of the region's replies.  Errors are asked for by clients that check nothing themselves."""
import json
import os
import time

from judge import (BLOCK, ClientError, block, boto3, cli, complete, config, digest, ebs, ec2, endpoint, finish, put,
                   read_back, refused, region, same, say, sts, upload)

# ---- uploading ----
same(sts.get_caller_identity()['Account'], '111122223333', 'STS tells the account')
started = ebs.start_snapshot(VolumeSize=2, Description='a <root> & "disk"', Timeout=240,
                             Tags=[{'Key': 'Name', 'Value': 'é <&>'}, {'Key': 'empty', 'Value': ''}])
root = started['SnapshotId']
same((started['Status'], started['VolumeSize'], started['BlockSize'], started['OwnerId']),
     ('pending', 2, BLOCK, '111122223333'), 'StartSnapshot answers with what was asked')
blocks = {0: block('first'), 7: bytes(BLOCK), 2048: block('middle'), 4095: block('last')}
for index, data in blocks.items():
    echoed = put(root, index, data)
same(echoed['Checksum'], digest(blocks[4095]), 'PutSnapshotBlock echoes the checksum')
put(root, 0, block('wrong'))
put(root, 0, blocks[0])
refused('ValidationException', 'a checksum that is not the block\'s is refused', put, 'INVALID_BLOCK', 400,
        snapshot=root, index=1, data=block(1), Checksum=digest(b''))
refused('ValidationException', 'a short block is refused', put, 'INVALID_BLOCK', 400, snapshot=root, index=1,
        data=b'short', DataLength=BLOCK)
refused('ValidationException', 'a data length other than a block is refused', put, 'INVALID_PARAMETER_VALUE', 400,
        snapshot=root, index=1, data=b'short')
refused('ValidationException', 'an index outside the volume is refused', put, 'INVALID_BLOCK', 400, snapshot=root,
        index=4096, data=block(1))
refused('ResourceNotFoundException', 'a put to an unknown snapshot is refused', put, 'SNAPSHOT_NOT_FOUND', 404,
        snapshot='snap-0123456789abcdef0', index=0, data=block(1))
refused('ValidationException', 'a pending snapshot cannot be listed', ebs.list_snapshot_blocks,
        'INVALID_SNAPSHOT_ID', 400, SnapshotId=root)
refused('IncorrectState', 'an AMI of a pending snapshot is refused', ec2.register_image, Name='too early',
        VirtualizationType='hvm', RootDeviceName='/dev/xvda',
        BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': root}}])
refused('ValidationException', 'a changed blocks count that is not the number written is refused', complete,
        'INVALID_PARAMETER_VALUE', 400, snapshot=root, blocks=blocks, ChangedBlocksCount=5)
refused('ValidationException', 'a LINEAR checksum that is not the snapshot\'s is refused', complete,
        'INVALID_PARAMETER_VALUE', 400, snapshot=root, blocks=blocks, Checksum=digest(b''))
same(complete(root, blocks)['Status'], 'pending', 'CompleteSnapshot answers pending')
refused('ValidationException', 'a put to a completed snapshot is refused', put, 'INVALID_SNAPSHOT_ID', 400,
        snapshot=root, index=1, data=block(1))
found = cli('ec2', 'describe-snapshots', '--snapshot-ids', root)
same([(s['State'], s['Progress'], s['Description'], s['VolumeSize']) for s in found.get('Snapshots', [])],
     [('completed', '100%', 'a <root> & "disk"', 2)], 'the CLI describes the snapshot as completed')
same(sorted((t['Key'], t['Value']) for t in found['Snapshots'][0]['Tags']), [('Name', 'é <&>'), ('empty', '')],
     'tags of StartSnapshot are described')
same(read_back(root), blocks, 'the blocks read back are those written')
same([b['BlockIndex'] for b in ebs.list_snapshot_blocks(SnapshotId=root, StartingBlockIndex=8)['Blocks']],
     [2048, 4095], 'a list starts at the index asked for')
listed = ebs.list_snapshot_blocks(SnapshotId=root)
token = listed['Blocks'][0]['BlockToken']
refused('ValidationException', 'a block token is good for its block only', ebs.get_snapshot_block,
        'INVALID_BLOCK_TOKEN', 400, SnapshotId=root, BlockIndex=7, BlockToken=token)
refused('ValidationException', 'a page token that was never given is refused', ebs.list_snapshot_blocks,
        'INVALID_PAGE_TOKEN', 400, SnapshotId=root, NextToken=token)

# ---- the CLI's own upload ----
work = os.environ['WORK']
with open(work + '/block', 'wb') as out:
    out.write(block('cli'))
mine = cli('ebs', 'start-snapshot', '--volume-size', '1', '--description', 'by the CLI')['SnapshotId']
cli('ebs', 'put-snapshot-block', '--snapshot-id', mine, '--block-index', '3', '--data-length', str(BLOCK),
    '--block-data', work + '/block', '--checksum', digest(block('cli')), '--checksum-algorithm', 'SHA256')
same(cli('ebs', 'complete-snapshot', '--snapshot-id', mine, '--changed-blocks-count', '1'), {'Status': 'pending'},
     'the CLI completes a snapshot without a checksum')
same(cli('ec2', 'wait', 'snapshot-completed', '--snapshot-ids', mine), {}, 'the CLI sees it completed')
token = cli('ebs', 'list-snapshot-blocks', '--snapshot-id', mine)['Blocks'][0]['BlockToken']
cli('ebs', 'get-snapshot-block', '--snapshot-id', mine, '--block-index', '3', '--block-token', token, work + '/got')
same(open(work + '/got', 'rb').read() == block('cli'), True, 'the CLI reads the block back')

# ---- starting ----
token = 'token-%d' % time.time_ns()
first = ebs.start_snapshot(VolumeSize=1, ClientToken=token)['SnapshotId']
same(ebs.start_snapshot(VolumeSize=1, ClientToken=token)['SnapshotId'], first, 'a client token gives one snapshot')
refused('ConflictException', 'a client token with other parameters is refused', ebs.start_snapshot, None, 409,
        VolumeSize=2, ClientToken=token)
for size in (0, 65537):
    refused('ValidationException', 'a volume of %d GiB is refused' % size, ebs.start_snapshot,
            'INVALID_VOLUME_SIZE', 400, VolumeSize=size)
refused('ValidationException', 'a timeout of 9 minutes is refused', ebs.start_snapshot, 'INVALID_PARAMETER_VALUE',
        400, VolumeSize=1, Timeout=9)
refused('ValidationException', 'a parent and Encrypted are refused', ebs.start_snapshot, None, 400, VolumeSize=2,
        ParentSnapshotId=root, Encrypted=False)
refused('ValidationException', 'a volume smaller than the parent is refused', ebs.start_snapshot,
        'INVALID_VOLUME_SIZE', 400, VolumeSize=1, ParentSnapshotId=root)
refused('ValidationException', 'a pending parent is refused', ebs.start_snapshot, 'INVALID_SNAPSHOT_ID', 400,
        VolumeSize=1, ParentSnapshotId=first)
refused('ResourceNotFoundException', 'an unknown parent is refused', ebs.start_snapshot, 'SNAPSHOT_NOT_FOUND', 404,
        VolumeSize=1, ParentSnapshotId='snap-0123456789abcdef0')
secret = ebs.start_snapshot(VolumeSize=1, Encrypted=True)
same(':key/' in secret.get('KmsKeyArn', ''), True, 'an encrypted snapshot names its key')

# ---- a line of parents ----
child_blocks = {0: block('changed'), 100: block('added')}
child = upload(child_blocks, 3, ParentSnapshotId=root)
shown = dict(blocks)
shown.update(child_blocks)
same(read_back(child, MaxResults=100), shown, 'a child shows its own blocks over its parent\'s')
changed = ebs.list_changed_blocks(FirstSnapshotId=root, SecondSnapshotId=child)['ChangedBlocks']
same([(c['BlockIndex'], 'FirstBlockToken' in c, 'SecondBlockToken' in c) for c in changed],
     [(0, True, True), (100, False, True)], 'changed blocks carry the tokens of the sides that have them')
got = ebs.get_snapshot_block(SnapshotId=root, BlockIndex=0, BlockToken=changed[0]['FirstBlockToken'])
same(got['BlockData'].read() == blocks[0], True, 'a first block token reads the first snapshot')
refused('ValidationException', 'unrelated snapshots are not compared', ebs.list_changed_blocks,
        'UNRELATED_SNAPSHOTS', 400, FirstSnapshotId=mine, SecondSnapshotId=child)
same(len(ebs.list_changed_blocks(SecondSnapshotId=child)['ChangedBlocks']), len(shown),
     'without a first snapshot every block has changed')
many = {i: block('zero') for i in range(0, 300, 2)}
wide = upload(many)
pages = []
arguments = dict(SnapshotId=wide, MaxResults=100)
while True:
    reply = ebs.list_snapshot_blocks(**arguments)
    pages.append([b['BlockIndex'] for b in reply['Blocks']])
    if not reply.get('NextToken'):
        break
    arguments['NextToken'] = reply['NextToken']
same(([len(p) for p in pages], sum(pages, [])), ([100, 50], sorted(many)), 'a long list comes in pages')

# ---- registering ----
data = upload({0: block('data')})
mapping = [
    {'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': root, 'VolumeSize': 8, 'VolumeType': 'gp3', 'Iops': 4000,
                                        'Throughput': 250, 'DeleteOnTermination': True}},
    {'DeviceName': '/dev/sdf', 'Ebs': {'SnapshotId': data, 'VolumeSize': 1, 'VolumeType': 'gp2',
                                       'DeleteOnTermination': False}},
    {'DeviceName': '/dev/sdg', 'Ebs': {'VolumeSize': 20, 'VolumeType': 'io2', 'Iops': 1000, 'Encrypted': True,
                                       'DeleteOnTermination': True}},
    {'DeviceName': '/dev/sdb', 'VirtualName': 'ephemeral0'},
    {'DeviceName': '/dev/sdc', 'NoDevice': ''},
]
name = 'debian-12 (%d)' % time.time_ns()
image = ec2.register_image(
    Name=name, Description='a <b> & c', Architecture='x86_64', RootDeviceName='/dev/xvda',
    VirtualizationType='hvm', EnaSupport=True, SriovNetSupport='simple', BootMode='uefi-preferred',
    ImdsSupport='v2.0', BlockDeviceMappings=mapping,
    TagSpecifications=[{'ResourceType': 'image', 'Tags': [{'Key': 'team', 'Value': 'web'}]}])['ImageId']
described = ec2.describe_images(ImageIds=[image])['Images'][0]
expected = json.loads(json.dumps(mapping))
expected[0]['Ebs']['Encrypted'] = expected[1]['Ebs']['Encrypted'] = False
same(described['BlockDeviceMappings'], expected, 'the mapping described is the mapping registered')
same([described.get(k) for k in ('Name', 'Description', 'Architecture', 'RootDeviceName', 'RootDeviceType',
                                 'VirtualizationType', 'EnaSupport', 'SriovNetSupport', 'BootMode', 'ImdsSupport',
                                 'State', 'OwnerId', 'Public', 'Tags')],
     [name, 'a <b> & c', 'x86_64', '/dev/xvda', 'ebs', 'hvm', True, 'simple', 'uefi-preferred', 'v2.0', 'available',
      '111122223333', False, [{'Key': 'team', 'Value': 'web'}]], 'the AMI described is the AMI registered')
with open(work + '/mapping.json', 'w') as out:
    json.dump([{'DeviceName': '/dev/sda1', 'Ebs': {'SnapshotId': mine}}], out)
by_cli = cli('ec2', 'register-image', '--name', 'by-the-cli', '--architecture', 'arm64', '--virtualization-type', 'hvm',
             '--root-device-name', '/dev/sda1', '--block-device-mappings', 'file://' + work + '/mapping.json')
same([(i['Architecture'], i['BlockDeviceMappings'][0]['Ebs']) for i in
      cli('ec2', 'describe-images', '--owners', 'self', '--filters', 'Name=name,Values=by-the-*')['Images']],
     [('arm64', {'SnapshotId': mine, 'VolumeSize': 1, 'VolumeType': 'gp2', 'DeleteOnTermination': True,
                 'Encrypted': False})], 'the CLI finds its AMI by a wildcard, defaults filled in')
plain = dict(VirtualizationType='hvm', Architecture='x86_64', RootDeviceName='/dev/xvda')


def entry(**ebs_values):
    return [{'DeviceName': '/dev/xvda', 'Ebs': ebs_values}]


rules = [
    ('a name in use', 'InvalidAMIName.Duplicate', dict(Name=name, BlockDeviceMappings=entry(SnapshotId=root))),
    ('a name of two characters', 'InvalidAMIName.Malformed', dict(Name='ab', BlockDeviceMappings=entry(SnapshotId=root))),
    ('a name outside the alphabet', 'InvalidAMIName.Malformed', dict(Name='a:b', BlockDeviceMappings=entry(SnapshotId=root))),
    ('a snapshot that is not there', 'InvalidSnapshot.NotFound', dict(BlockDeviceMappings=entry(SnapshotId='snap-0123456789abcdef0'))),
    ('a volume smaller than its snapshot', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeSize=1))),
    ('Encrypted with a SnapshotId', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, Encrypted=False))),
    ('Iops on gp2', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='gp2', Iops=3000))),
    ('io1 without Iops', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='io1', VolumeSize=8))),
    ('too many Iops for gp3', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='gp3', Iops=80001))),
    ('too many Iops for the size', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='io1', VolumeSize=8, Iops=401))),
    ('Throughput on io2', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='io2', VolumeSize=8, Iops=400, Throughput=125))),
    ('a size st1 has not', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root, VolumeType='st1', VolumeSize=124))),
    ('a root that is not mapped', 'InvalidBlockDeviceMapping', dict(RootDeviceName='/dev/sda1', BlockDeviceMappings=entry(SnapshotId=root))),
    ('a root without a snapshot', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(VolumeSize=8))),
    ('a device mapped twice', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root) + entry(SnapshotId=root))),
    ('a device name EC2 does not know', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root) + [{'DeviceName': '/dev/nvme0n1', 'NoDevice': ''}])),
    ('a virtual name EC2 does not know', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root) + [{'DeviceName': '/dev/sdb', 'VirtualName': 'ephemeral24'}])),
    ('an empty EBS entry', 'InvalidBlockDeviceMapping', dict(BlockDeviceMappings=entry(SnapshotId=root) + [{'DeviceName': '/dev/sdb', 'Ebs': {'DeleteOnTermination': True}}])),
    ('EnaSupport without hvm', 'InvalidParameterCombination', dict(VirtualizationType='paravirtual', EnaSupport=True, BlockDeviceMappings=entry(SnapshotId=root))),
    ('arm64 with legacy-bios', 'InvalidParameterCombination', dict(Architecture='arm64', BootMode='legacy-bios', BlockDeviceMappings=entry(SnapshotId=root))),
    ('a TPM without UEFI', 'InvalidParameterCombination', dict(TpmSupport='v2.0', BootMode='uefi-preferred', BlockDeviceMappings=entry(SnapshotId=root))),
    ('tags for a snapshot', 'InvalidParameterValue', dict(TagSpecifications=[{'ResourceType': 'snapshot', 'Tags': [{'Key': 'a', 'Value': 'b'}]}], BlockDeviceMappings=entry(SnapshotId=root))),
    ('no mapping', 'MissingParameter', dict()),
    ('a dry run', 'DryRunOperation', dict(DryRun=True, BlockDeviceMappings=entry(SnapshotId=root))),
]
for what, code, arguments in rules:
    refused(code, 'RegisterImage refuses ' + what, ec2.register_image, **{**plain, 'Name': 'refused', **arguments})
try:
    ec2.register_image(Name=name, BlockDeviceMappings=entry(SnapshotId=root), **plain)
except ClientError as e:
    say(image in str(e), 'a duplicate name names the AMI that has it', e)

# ---- describing ----
same([i['ImageId'] for i in ec2.describe_images(Filters=[
    {'Name': 'block-device-mapping.snapshot-id', 'Values': [data]}])['Images']], [image],
    'an AMI is found by its snapshot')
same([i['ImageId'] for i in ec2.describe_images(Owners=['self'], Filters=[
    {'Name': 'tag:team', 'Values': ['w?b']}, {'Name': 'state', 'Values': ['available']}])['Images']], [image],
    'an AMI is found by its tag')
same(ec2.describe_images(Owners=['amazon'])['Images'], [], 'nobody else owns an AMI')
refused('InvalidAMIID.NotFound', 'an unknown AMI is not described', ec2.describe_images,
        ImageIds=['ami-0123456789abcdef0'])
refused('InvalidAMIID.Malformed', 'a malformed AMI id is refused', ec2.describe_images, ImageIds=['ami-x'])
refused('InvalidSnapshot.NotFound', 'an unknown snapshot is not described', ec2.describe_snapshots,
        SnapshotIds=[root, 'snap-0123456789abcdef0'])
refused('InvalidParameterValue', 'an unknown filter is refused', ec2.describe_snapshots,
        Filters=[{'Name': 'colour', 'Values': ['red']}])
refused('InvalidParameterCombination', 'a page of given ids is refused', ec2.describe_snapshots, SnapshotIds=[root],
        MaxResults=5)
everything = [s['SnapshotId'] for s in ec2.describe_snapshots(OwnerIds=['self'])['Snapshots']]
paged = [[s['SnapshotId'] for s in page['Snapshots']] for page in
         ec2.get_paginator('describe_snapshots').paginate(OwnerIds=['self'], PaginationConfig={'PageSize': 5})]
same((len(paged) > 1, sum(paged, [])), (True, everything), 'snapshots come in pages')
same([s['SnapshotId'] for s in ec2.describe_snapshots(Filters=[
    {'Name': 'status', 'Values': ['completed']}, {'Name': 'volume-size', 'Values': ['2']},
    {'Name': 'description', 'Values': ['a <*> & "disk"']}])['Snapshots']], [root], 'filters are joined by and')
same(region in [r['RegionName'] for r in ec2.describe_regions()['Regions']], True, 'the region is described')
same([r['RegionName'] for r in ec2.describe_regions(RegionNames=['eu-west-1'])['Regions']], ['eu-west-1'],
     'a region is described by name')

# ---- tags ----
ec2.create_tags(Resources=[image, root], Tags=[{'Key': 'stage', 'Value': 'prod & co'}, {'Key': 'team', 'Value': 'new'}])
same(sorted((t['ResourceId'], t['ResourceType'], t['Value']) for t in ec2.describe_tags(Filters=[
    {'Name': 'key', 'Values': ['stage']}])['Tags']),
    sorted([(image, 'image', 'prod & co'), (root, 'snapshot', 'prod & co')]), 'tags are described')
cli('ec2', 'delete-tags', '--resources', image, '--tags', 'Key=stage', 'Key=team,Value=other')
same(ec2.describe_images(ImageIds=[image])['Images'][0]['Tags'], [{'Key': 'team', 'Value': 'new'}],
     'a tag is deleted by key, and by value only where it has it')
refused('InvalidSnapshot.NotFound', 'a resource that is not there gets no tags', ec2.create_tags,
        Resources=[image, 'snap-0123456789abcdef0'], Tags=[{'Key': 'half', 'Value': 'done'}])
same(ec2.describe_tags(Filters=[{'Name': 'key', 'Values': ['half']}])['Tags'], [], 'a refused change leaves nothing')
refused('TagLimitExceeded', '51 tags are refused', ec2.create_tags, Resources=[image],
        Tags=[{'Key': 'k%d' % i, 'Value': ''} for i in range(51)])

# ---- another region ----
other = boto3.client('ec2', endpoint_url=endpoint, region_name='eu-north-1', config=config)
same((other.describe_images()['Images'], other.describe_snapshots()['Snapshots']), ([], []),
     'another region of the store is empty')
refused('InvalidAMIID.NotFound', 'an AMI is known only in its region', other.describe_images, ImageIds=[image])

# ---- retiring ----
refused('InvalidSnapshot.InUse', 'a snapshot that an AMI uses is not deleted', ec2.delete_snapshot, SnapshotId=data)
cli('ec2', 'deregister-image', '--image-id', by_cli['ImageId'])
refused('InvalidAMIID.NotFound', 'a deregistered AMI is gone', ec2.deregister_image, ImageId=by_cli['ImageId'])
same(ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True).get('DeleteSnapshotResults', [
    {'SnapshotId': root, 'ReturnCode': 'success'}, {'SnapshotId': data, 'ReturnCode': 'success'}]),
    [{'SnapshotId': root, 'ReturnCode': 'success'}, {'SnapshotId': data, 'ReturnCode': 'success'}],
    'deregistering can delete the snapshots')
refused('ResourceNotFoundException', 'a deleted snapshot is gone', ebs.list_snapshot_blocks, 'SNAPSHOT_NOT_FOUND', 404,
        SnapshotId=root)
same(read_back(child), shown, 'a child stays whole when its parent is deleted')
cli('ec2', 'delete-snapshot', '--snapshot-id', child)
refused('InvalidSnapshot.NotFound', 'a snapshot is deleted once', ec2.delete_snapshot, SnapshotId=child)
pending = len(ec2.describe_snapshots(Filters=[{'Name': 'status', 'Values': ['pending']}])['Snapshots'])
for _ in range(100 - pending):
    ebs.start_snapshot(VolumeSize=1)
refused('ConcurrentLimitExceededException', 'the 101st pending snapshot is refused', ebs.start_snapshot, None, 400,
        VolumeSize=1)
finish()
