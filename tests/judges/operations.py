# SPDX-License-Identifier: Apache-2.0
"""operations.py ENDPOINT REGION_URL: what is done with an AMI after it was made, and the services beside EC2, as boto3
and the AWS CLI use them; TAP on standard output.  Run by scripts/check-wire as clients.py is; REGION_URL is the region
without the referee between, for keys that the referee cannot know."""
import datetime
import json
import sys

from judge import Config, Unsigned, block, boto3, cli, client, config, finish, refused, same, upload

HOME, AWAY = 'us-west-2', 'us-west-1'
ec2, ebs = client('ec2', HOME), client('ebs', HOME)
away = client('ec2', AWAY)
FRIEND = '444455556666'


def aws(*arguments, region=HOME):
    return cli('--region', region, *arguments)


def image_of(snapshot, name, **other):
    return ec2.register_image(Name=name, Architecture='x86_64', VirtualizationType='hvm', RootDeviceName='/dev/xvda',
                              BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot}}],
                              **other)['ImageId']


def described(which=None, of=None, **other):
    return (of or ec2).describe_images(ImageIds=[which], **other)['Images'][0]


# ---- dry runs ----
root = upload({0: block('root')}, ec2=ec2, ebs=ebs)
refused('DryRunOperation', 'a dry run of RegisterImage', ec2.register_image, status=412, Name='dry', DryRun=True,
        VirtualizationType='hvm', RootDeviceName='/dev/xvda',
        BlockDeviceMappings=[{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': root}}])
image = image_of(root, 'web', TagSpecifications=[{'ResourceType': 'image', 'Tags': [{'Key': 'team', 'Value': 'a'}]}],
                 BootMode='uefi', TpmSupport='v2.0', UefiData='AAAA', EnaSupport=True)
for name, call, arguments in (
        ('CopyImage', ec2.copy_image, dict(Name='copy', SourceImageId=image, SourceRegion=HOME)),
        ('CopySnapshot', ec2.copy_snapshot, dict(SourceSnapshotId=root, SourceRegion=HOME)),
        ('DeregisterImage', ec2.deregister_image, dict(ImageId=image)),
        ('ModifyImageAttribute', ec2.modify_image_attribute,
         dict(ImageId=image, LaunchPermission={'Add': [{'UserId': FRIEND}]})),
        ('ModifySnapshotAttribute', ec2.modify_snapshot_attribute,
         dict(SnapshotId=root, CreateVolumePermission={'Add': [{'UserId': FRIEND}]})),
        ('EnableImageDeprecation', ec2.enable_image_deprecation,
         dict(ImageId=image, DeprecateAt=datetime.datetime(2099, 1, 1))),
        ('EnableImageDeregistrationProtection', ec2.enable_image_deregistration_protection, dict(ImageId=image)),
        ('DisableImage', ec2.disable_image, dict(ImageId=image)),
        ('EnableEbsEncryptionByDefault', ec2.enable_ebs_encryption_by_default, {}),
        ('GetEbsEncryptionByDefault', ec2.get_ebs_encryption_by_default, {}),
        ('CreateTags', ec2.create_tags, dict(Resources=[image], Tags=[{'Key': 'a', 'Value': 'b'}]))):
    refused('DryRunOperation', 'a dry run of ' + name, call, status=412, DryRun=True, **arguments)
same([described(image).get(k) for k in ('DeprecationTime', 'DeregistrationProtection', 'Public', 'State', 'TpmSupport')],
     [None, 'disabled', False, 'available', 'v2.0'], 'dry runs have changed nothing')

# ---- sharing ----
organization = 'arn:aws:organizations::111122223333:organization/o-abcdefghij'
ec2.modify_image_attribute(ImageId=image, LaunchPermission={'Add': [{'UserId': FRIEND},
                                                                    {'OrganizationArn': organization}]})
aws('ec2', 'modify-image-attribute', '--image-id', image, '--launch-permission', 'Add=[{UserId=777788889999}]')
ec2.modify_image_attribute(ImageId=image, Attribute='launchPermission', OperationType='remove', UserIds=[FRIEND])
same(sorted(json.dumps(p, sort_keys=True) for p in ec2.describe_image_attribute(
    ImageId=image, Attribute='launchPermission')['LaunchPermissions']),
    sorted(json.dumps(p) for p in ({'OrganizationArn': organization}, {'UserId': '777788889999'})),
    'launch permissions are those given and not taken')
ec2.modify_image_attribute(ImageId=image, Description={'Value': 'a <new> & better'})
ec2.modify_image_attribute(ImageId=image, ImdsSupport={'Value': 'v2.0'})
same((described(image)['Description'], described(image)['ImdsSupport']), ('a <new> & better', 'v2.0'),
     'description and IMDS support are modified')
for attribute, member, wanted in (('description', 'Description', 'a <new> & better'), ('bootMode', 'BootMode', 'uefi'),
                                  ('tpmSupport', 'TpmSupport', 'v2.0'), ('uefiData', 'UefiData', 'AAAA'),
                                  ('imdsSupport', 'ImdsSupport', 'v2.0'),
                                  ('deregistrationProtection', 'DeregistrationProtection', 'disabled')):
    same(ec2.describe_image_attribute(ImageId=image, Attribute=attribute)[member].get('Value'), wanted,
         'the attribute %s is described' % attribute)
refused('OperationNotPermitted', 'block public access keeps AMIs private', ec2.modify_image_attribute, ImageId=image,
        LaunchPermission={'Add': [{'Group': 'all'}]})
same(ec2.get_image_block_public_access_state()['ImageBlockPublicAccessState'], 'block-new-sharing',
     'block public access of AMIs is on at first')
same(ec2.disable_image_block_public_access()['ImageBlockPublicAccessState'], 'unblocked', 'and can be turned off')
ec2.modify_image_attribute(ImageId=image, LaunchPermission={'Add': [{'Group': 'all'}]})
same((described(image)['Public'], 'DeprecationTime' in described(image)), (True, True),
     'a public AMI is deprecated some day')
ec2.modify_image_attribute(ImageId=image, LaunchPermission={'Remove': [{'Group': 'all'}]})
same(ec2.enable_image_block_public_access(ImageBlockPublicAccessState='block-new-sharing')
     ['ImageBlockPublicAccessState'], 'block-new-sharing', 'and on again')
ec2.modify_snapshot_attribute(SnapshotId=root, CreateVolumePermission={'Add': [{'UserId': FRIEND}]})
aws('ec2', 'modify-snapshot-attribute', '--snapshot-id', root, '--attribute', 'createVolumePermission',
    '--operation-type', 'add', '--group-names', 'all')
same(ec2.describe_snapshot_attribute(SnapshotId=root, Attribute='createVolumePermission')['CreateVolumePermissions'],
     [{'Group': 'all'}, {'UserId': FRIEND}], 'a snapshot is shared with an account and with all')
same(ec2.enable_snapshot_block_public_access(State='block-all-sharing')['State'], 'block-all-sharing',
     'public access of snapshots is blocked')
same(ec2.get_snapshot_block_public_access_state()['State'], 'block-all-sharing', 'its state is read')
refused('OperationNotPermitted', 'then no snapshot becomes public', ec2.modify_snapshot_attribute, SnapshotId=root,
        CreateVolumePermission={'Add': [{'Group': 'all'}]})
same(ec2.disable_snapshot_block_public_access()['State'], 'unblocked', 'and unblocked')
refused('InvalidAMIAttributeItemValue', 'an account of 11 digits is refused', ec2.modify_image_attribute, ImageId=image,
        LaunchPermission={'Add': [{'UserId': '12345678901'}]})

# ---- deprecation, protection, disabling ----
aws('ec2', 'enable-image-deprecation', '--image-id', image, '--deprecate-at', '2030-01-01T00:00:31Z')
same(described(image, IncludeDeprecated=True)['DeprecationTime'], '2030-01-01T00:01:00.000Z',
     'a deprecation is rounded to the minute')
ec2.disable_image_deprecation(ImageId=image)
same(described(image).get('DeprecationTime'), None, 'a deprecation is taken back')
ec2.enable_image_deregistration_protection(ImageId=image)
same(described(image)['DeregistrationProtection'], 'enabled-without-cooldown', 'an AMI is protected')
refused('OperationNotPermitted', 'and then not deregistered', ec2.deregister_image, ImageId=image)
ec2.disable_image_deregistration_protection(ImageId=image)
ec2.disable_image(ImageId=image)
same((ec2.describe_images(Owners=['self'])['Images'], described(image, IncludeDisabled=True)['State']),
     ([], 'disabled'), 'a disabled AMI is shown on demand')
ec2.enable_image(ImageId=image)

# ---- copies ----
copy = away.copy_image(Name='web', SourceImageId=image, SourceRegion=HOME, CopyImageTags=True, ClientToken='token-1',
                       TagSpecifications=[{'ResourceType': 'snapshot', 'Tags': [{'Key': 'of', 'Value': 'web'}]}])['ImageId']
same(away.copy_image(Name='web', SourceImageId=image, SourceRegion=HOME, CopyImageTags=True, ClientToken='token-1',
                     TagSpecifications=[{'ResourceType': 'snapshot', 'Tags': [{'Key': 'of', 'Value': 'web'}]}])['ImageId'],
     copy, 'a client token gives one copy')
same(aws('ec2', 'wait', 'image-available', '--image-ids', copy, region=AWAY), {}, 'the CLI sees the copy available')
found = described(copy, away)
same([found.get(k) for k in ('Name', 'BootMode', 'SourceImageId', 'SourceImageRegion', 'Tags', 'Public')],
     ['web', 'uefi', image, HOME, [{'Key': 'team', 'Value': 'a'}], False], 'the copy is the source, in another region')
copied = found['BlockDeviceMappings'][0]['Ebs']['SnapshotId']
same(away.describe_snapshots(SnapshotIds=[copied])['Snapshots'][0]['Tags'], [{'Key': 'of', 'Value': 'web'}],
     'snapshots of a copy are tagged')
listed = client('ebs', AWAY).list_snapshot_blocks(SnapshotId=copied)['Blocks']
got = client('ebs', AWAY).get_snapshot_block(SnapshotId=copied, **listed[0])
same(got['BlockData'].read() == block('root'), True, 'the copy\'s blocks are the source\'s')
secret = upload({0: block('secret')}, ec2=ec2, ebs=ebs, Encrypted=True)
again = away.copy_snapshot(SourceRegion=HOME, SourceSnapshotId=secret, Description='with a URL that boto3 signs')
found = away.describe_snapshots(SnapshotIds=[again['SnapshotId']])['Snapshots'][0]
same((found['State'], found['Encrypted'], found['SseType']), ('completed', True, 'sse-ebs'),
     'an encrypted snapshot is copied by a presigned URL')
failed = away.copy_image(Name='no-key', SourceImageId=image, SourceRegion=HOME, Encrypted=True,
                         KmsKeyId='alias/not-there')['ImageId']
found = described(failed, away)
same((found['State'], found['StateReason']['Message']), ('failed', 'Given key ID is not accessible'),
     'a copy under a key that is not there fails')
refused('InvalidAMIID.NotFound', 'an AMI that is not there is not copied', away.copy_image, Name='none',
        SourceImageId='ami-0123456789abcdef0', SourceRegion=HOME)

# ---- the account ----
same(ec2.enable_ebs_encryption_by_default()['EbsEncryptionByDefault'], True, 'encryption by default is turned on')
same(ec2.get_ebs_encryption_by_default()['EbsEncryptionByDefault'], True, 'and is on')
same(ebs.start_snapshot(VolumeSize=1)['SseType'], 'sse-ebs', 'what is started is encrypted')
same(ec2.get_ebs_default_kms_key_id()['KmsKeyId'], 'alias/aws/ebs', 'the default key is AWS\'s')

# ---- KMS ----
kms = client('kms', HOME)
key = kms.create_key(Description='for <tests>')['KeyMetadata']
kms.create_alias(AliasName='alias/golden', TargetKeyId=key['KeyId'])
same([a['AliasName'] for a in kms.list_aliases()['Aliases']], ['alias/aws/ebs', 'alias/golden'], 'aliases are listed')
found = kms.describe_key(KeyId='alias/golden')['KeyMetadata']
same((found['Arn'], found['KeyState'], found['KeyManager'], found['Enabled'], found['Description']),
     (key['Arn'], 'Enabled', 'CUSTOMER', True, 'for <tests>'), 'a key is described by its alias')
same(aws('kms', 'describe-key', '--key-id', 'alias/aws/ebs')['KeyMetadata']['KeyManager'], 'AWS',
     'the CLI describes the key that AWS manages')
same(ec2.modify_ebs_default_kms_key_id(KmsKeyId='alias/golden')['KmsKeyId'], key['Arn'], 'the default key is changed')
started = ebs.start_snapshot(VolumeSize=1)
same((started['SseType'], started['KmsKeyArn']), ('sse-kms', key['Arn']), 'and taken')
kms.disable_key(KeyId=key['KeyId'])
same(kms.describe_key(KeyId=key['Arn'])['KeyMetadata']['KeyState'], 'Disabled', 'a key is disabled')
refused('ValidationException', 'a snapshot under a disabled key is refused', ebs.start_snapshot, 'INVALID_CUSTOMER_KEY',
        VolumeSize=1)
kms.enable_key(KeyId=key['KeyId'])
kms.schedule_key_deletion(KeyId=key['KeyId'], PendingWindowInDays=7)
same(kms.describe_key(KeyId=key['KeyId'])['KeyMetadata']['KeyState'], 'PendingDeletion', 'a key is to be deleted')
refused('NotFoundException', 'a key that is not there is not described', kms.describe_key, KeyId='alias/none')
ec2.reset_ebs_default_kms_key_id()
same(ec2.disable_ebs_encryption_by_default()['EbsEncryptionByDefault'], False, 'encryption by default is turned off')

# ---- quotas, permissions, regions ----
# The referee knows no quotas; botocore's parser does.
quotas = boto3.client('service-quotas', endpoint_url=sys.argv[2], region_name=HOME, config=config)
same([quotas.get_service_quota(ServiceCode=s, QuotaCode=c)['Quota']['Value'] for s, c in (
    ('ebs', 'L-AFAE1BE8'), ('ebs', 'L-1774F84A'), ('ebs', 'L-C125AE42'), ('ebs', 'L-028ACFB9'), ('ec2', 'L-0E3CBAB9'))],
    [1000.0, 1000.0, 1000.0, 1000.0, 5.0], 'the quotas are AWS\'s')
same(len(quotas.list_service_quotas(ServiceCode='ebs')['Quotas']), 4, 'quotas are listed')
refused('NoSuchResourceException', 'a quota that is not there is not told', quotas.get_service_quota, ServiceCode='ebs',
        QuotaCode='L-00000000')
iam = client('iam', 'us-east-1')
same([(e['EvalActionName'], e['EvalDecision']) for e in iam.simulate_principal_policy(
    PolicySourceArn='arn:aws:iam::111122223333:user/ingot', ActionNames=['ebs:StartSnapshot', 'ec2:RegisterImage'])
    ['EvaluationResults']], [('ebs:StartSnapshot', 'allowed'), ('ec2:RegisterImage', 'allowed')],
    'IAM allows what nobody has denied')
same({r['OptInStatus'] for r in ec2.describe_regions(AllRegions=True)['Regions']} >= {'opt-in-not-required'}, True,
     'regions say whether one must opt in')

# ---- temporary credentials ----
sts = client('sts', HOME)
role = dict(RoleArn='arn:aws:iam::%s:role/release/caster' % FRIEND, RoleSessionName='night')
given = sts.assume_role(DurationSeconds=900, **role)
same(given['AssumedRoleUser']['Arn'], 'arn:aws:sts::%s:assumed-role/caster/night' % FRIEND, 'a role is assumed')
same(sorted(sts.get_session_token()['Credentials']), ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'SessionToken'],
     'a session token is given')
refused('ValidationError', 'a session of a minute is refused', sts.assume_role, DurationSeconds=60, **role)
keys = given['Credentials']
straight = dict(endpoint_url=sys.argv[2], region_name=HOME, config=config, aws_access_key_id=keys['AccessKeyId'],
                aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys['SessionToken'])
same(boto3.client('sts', **straight).get_caller_identity()['Account'], FRIEND, 'its keys are those of its account')
same(boto3.client('ec2', **straight).describe_images(Owners=['self'])['Images'], [], 'which has no AMIs of ours')
stranger = boto3.client('sts', endpoint_url=sys.argv[2], region_name=HOME, config=Config(signature_version=Unsigned))
same('SessionToken' in stranger.assume_role_with_web_identity(WebIdentityToken='a.e30.c', **role)['Credentials'], True,
     'a web identity needs no signature')
refused('MissingAuthenticationToken', 'whatever else is not signed is refused', stranger.get_caller_identity, status=403)
finish()
