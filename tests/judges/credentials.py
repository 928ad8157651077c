# SPDX-License-Identifier: Apache-2.0
"""credentials.py INGOT: asks botocore and ingot for credentials in the same environment, case by case.

A small server on loopback stands for STS, the SSO portal, a container's endpoint and an instance's metadata.  What
it answers says who asked: the access key of an assumed role names the role and the key that signed.  Compared are
the access key id, which source had it (botocore's "method"), and when it expires.  Prints TAP."""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

try:
    import botocore
    import botocore.credentials
except ImportError:
    print('1..0 # SKIP this python has no botocore')
    print('credentials.py: SKIPPED, nothing was judged: %s has no botocore' % sys.executable, file=sys.stderr)
    sys.exit(77)

END = '2037-01-02T03:04:05Z'
VERSION = tuple(int(part) for part in botocore.__version__.split('.')[:2])

ASK_BOTOCORE = r'''
import json, os, sys
import botocore.credentials, botocore.session
if getattr(botocore.credentials, 'EC', 1) is None:
    # awscrt is not there to sign a login's proof: openssl does it in its stead.
    import subprocess, tempfile
    class Key:
        def __init__(self, der):
            self.file = tempfile.NamedTemporaryFile()
            self.file.write(der)
            self.file.flush()
        def run(self, *words, data=None):
            return subprocess.run(['openssl', *words], input=data, capture_output=True, check=True).stdout
        def get_public_coords(self):
            point = self.run('pkey', '-in', self.file.name, '-inform', 'DER', '-pubout', '-outform', 'DER')[-64:]
            return point[:32], point[32:]
        def sign(self, digest):
            return self.run('pkeyutl', '-sign', '-inkey', self.file.name, '-keyform', 'DER', data=digest)
    class EC:
        new_key_from_der_data = Key
        @staticmethod
        def decode_der_signature_to_padded_pair(der, pad_to):
            first = der[4:4 + der[3]]
            second = der[6 + der[3]:]
            return b''.join(part.lstrip(b'\0').rjust(pad_to, b'\0') for part in (first, second))
    botocore.credentials.EC = EC
version = tuple(int(part) for part in botocore.__version__.split('.')[:2])
if version < (1, 31):
    plain = botocore.session.Session.create_client
    def create(self, *args, **kwargs):
        kwargs.setdefault('endpoint_url', os.environ.get('AWS_ENDPOINT_URL'))
        return plain(self, *args, **kwargs)
    botocore.session.Session.create_client = create
try:
    session = botocore.session.Session(profile=sys.argv[1] or None)
    session.set_config_variable('region', 'us-east-1')
    found = session.get_credentials()
    if found is None:
        print(json.dumps({'result': 'none'}))
    else:
        frozen = found.get_frozen_credentials()
        expires = getattr(found, '_expiry_time', None)
        print(json.dumps({'result': 'found', 'key': frozen.access_key, 'source': found.method,
                          'expires': expires.strftime('%Y-%m-%dT%H:%M:%S') if expires else None}))
except Exception as error:
    print(json.dumps({'result': 'error', 'why': '%s: %s' % (type(error).__name__, error)}))
'''

STS = '''<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>{1}</AccessKeyId><SecretAccessKey>SeCrEt</SecretAccessKey><SessionToken>ToKeN</SessionToken>
<Expiration>{2}</Expiration></Credentials></{0}Result>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{0}Response>'''
IDENTITY = '''<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>'''


def keys(key, token='Token'):
    return json.dumps({'Code': 'Success', 'AccessKeyId': key, 'SecretAccessKey': 'SeCrEt', token: 'ToKeN',
                       'Expiration': END})


def check_proof(proof, url):
    """What is wrong with a DPoP proof (RFC 9449) of the login's key; None: nothing."""
    def plain(text):
        return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    try:
        header, payload, signature = proof.split('.')
        told, said = json.loads(plain(header)), json.loads(plain(payload))
    except ValueError as error:
        return str(error)
    if told['typ'] != 'dpop+jwt' or told['alg'] != 'ES256' or told['jwk']['crv'] != 'P-256':
        return 'header %s' % told
    if said['htm'] != 'POST' or said['htu'] != url or abs(said['iat'] - time.time()) > 60 or not said['jti']:
        return 'payload %s' % said
    point = b'\x04' + plain(told['jwk']['x']) + plain(told['jwk']['y'])
    if not LOGIN_PUBLIC.endswith(point):
        return 'another key'
    numbers = [int.from_bytes(plain(signature)[at:at + 32], 'big') for at in (0, 32)]
    parts = b''
    for number in numbers:
        text = number.to_bytes(number.bit_length() // 8 + 1, 'big')
        parts += b'\x02' + bytes([len(text)]) + text
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ('key', 'signature', 'signed')]
        for name, data in zip(names, (LOGIN_PUBLIC, b'\x30' + bytes([len(parts)]) + parts,
                                      ('%s.%s' % (header, payload)).encode())):
            with open(name, 'wb') as out:
                out.write(data)
        done = subprocess.run(['openssl', 'dgst', '-sha256', '-keyform', 'DER', '-verify', names[0], '-signature', names[1],
                               names[2]], capture_output=True)
    return None if done.returncode == 0 else 'signature'


try:
    LOGIN_KEY = subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout'], capture_output=True,
                               check=True, text=True).stdout
    LOGIN_PUBLIC = subprocess.run(['openssl', 'ec', '-pubout', '-outform', 'DER'], input=LOGIN_KEY.encode(),
                                  capture_output=True, check=True).stdout
except (OSError, subprocess.CalledProcessError):
    LOGIN_KEY, LOGIN_PUBLIC = '', b''


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, kind='application/json'):
        body = body.encode()
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if self.path == '/latest/api/token' and self.headers.get('x-aws-ec2-metadata-token-ttl-seconds') == '21600':
            return self.answer(200, 'IMDSTOKEN', 'text/plain')
        return self.answer(400, 'no', 'text/plain')

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path == '/latest/meta-data/iam/security-credentials/':
            if self.headers.get('x-aws-ec2-metadata-token') != 'IMDSTOKEN':
                return self.answer(401, '')
            return self.answer(200, 'web-role', 'text/plain')
        if url.path == '/latest/meta-data/iam/security-credentials/web-role':
            return self.answer(200, keys('IMDSKEY'))
        if url.path == '/container':
            return self.answer(200, keys('CONTAINER-%s-%s' % (self.headers.get('Authorization', 'none'),
                                                              query.get('id', ['-'])[0])))
        if url.path == '/federation/credentials':
            if self.headers.get('x-amz-sso_bearer_token') != 'SSOTOKEN':
                return self.answer(401, '{"message":"no"}')
            return self.answer(200, json.dumps({'roleCredentials': {
                'accessKeyId': 'SSO-%s-%s' % (query['role_name'][0], query['account_id'][0]),
                'secretAccessKey': 'SeCrEt', 'sessionToken': 'ToKeN', 'expiration': 2114478245000}}))
        return self.answer(404, '{}')

    def answer_login(self, asked):
        """A login is renewed for who proves to hold its key: the proof is checked by openssl."""
        if [asked.get(name) for name in ('clientId', 'grantType', 'refreshToken')] != ['C', 'refresh_token', 'REFRESH']:
            return self.answer(403, '{"error":"TOKEN_EXPIRED"}')
        why = check_proof(self.headers.get('DPoP', ''), URL + self.path)
        if why:
            return self.answer(400, json.dumps({'error': 'INVALID_REQUEST', 'message': why}))
        return self.answer(200, json.dumps({
            'accessToken': {'accessKeyId': 'RENEWEDKEY', 'secretAccessKey': 'SeCrEt', 'sessionToken': 'ToKeN'},
            'tokenType': 'aws_sigv4', 'expiresIn': 900, 'refreshToken': 'REFRESH'}))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        if self.path == '/token':
            asked = json.loads(body)
            if [asked.get(name) for name in ('clientId', 'clientSecret', 'grantType', 'refreshToken')] != [
                    'CLIENT', 'SeCrEt', 'refresh_token', 'REFRESH']:
                return self.answer(400, '{"error":"invalid_grant"}')
            return self.answer(200, json.dumps({'accessToken': 'SSOTOKEN', 'expiresIn': 28800, 'tokenType': 'Bearer',
                                                'refreshToken': 'REFRESH'}))
        if self.path == '/v1/token':
            return self.answer_login(json.loads(body))
        form = parse_qs(body)
        signer = re.search(r'Credential=([^/]*)/', self.headers.get('Authorization', ''))
        signer = signer.group(1) if signer else 'unsigned'
        action = form.get('Action', [''])[0]
        if action == 'GetCallerIdentity':
            return self.answer(200, IDENTITY, 'text/xml')
        if 'RoleArn' not in form:
            return self.answer(400, '<ErrorResponse/>', 'text/xml')
        role = form['RoleArn'][0].split('/')[-1]
        marks = [role, form.get('ExternalId', ['-'])[0], form.get('DurationSeconds', ['-'])[0]]
        name = form['RoleSessionName'][0]
        marks.append('-' if re.match(r'(botocore-session|ingot)-\d+$', name) else name)
        marks.append(form.get('WebIdentityToken', [signer])[0])
        if role == 'denied':
            return self.answer(403, '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no'
                               '</Message></Error><RequestId>r</RequestId></ErrorResponse>', 'text/xml')
        return self.answer(200, STS.format(action, ':'.join(marks), END), 'text/xml')


server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = 'http://127.0.0.1:%d' % server.server_port

ENV = {'AWS_ACCESS_KEY_ID': 'ENVKEY', 'AWS_SECRET_ACCESS_KEY': 'SeCrEt'}
SHARED = '[default]\naws_access_key_id = SHAREDKEY\naws_secret_access_key = SeCrEt\n'
CONFIG = '[default]\naws_access_key_id = CONFIGKEY\naws_secret_access_key = SeCrEt\n'
ROLE = 'role_arn = arn:aws:iam::123456789012:role/'
BASE = '[profile base]\naws_access_key_id = BASEKEY\naws_secret_access_key = SeCrEt\n'
IMDS = {'AWS_EC2_METADATA_SERVICE_ENDPOINT': URL, 'AWS_EC2_METADATA_DISABLED': 'false'}
CONTAINER = {'AWS_CONTAINER_CREDENTIALS_FULL_URI': URL + '/container?id=7'}
WEB = {'AWS_WEB_IDENTITY_TOKEN_FILE': '$HOME/token', 'AWS_ROLE_ARN': 'arn:aws:iam::123456789012:role/pod'}
TOKEN = {'token': 'WEBTOKEN'}
PRINTS = '#!/bin/sh\nprintf %s \'{}\'\n'
PROCESS = {'helper': PRINTS.format('{"Version": 1, "AccessKeyId": "PROCESSKEY", "SecretAccessKey": "SeCrEt", '
                                   '"SessionToken": "ToKeN", "Expiration": "' + END + '"}')}
SSO_TOKEN = json.dumps({'accessToken': 'SSOTOKEN', 'expiresAt': END, 'region': 'us-east-1', 'startUrl': 'https://s'})
SSO_OLD = json.dumps({'accessToken': 'SSOTOKEN', 'expiresAt': '2020-01-02T03:04:05Z', 'region': 'us-east-1'})
LEGACY = ('sso_start_url = https://s/start\nsso_region = us-east-1\nsso_account_id = 123456789012\n'
          'sso_role_name = admin\n')
SESSION = '[sso-session corp]\nsso_start_url = https://s/start\nsso_region = us-east-1\n'
BY_SESSION = 'sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = admin\n'


SSO_RENEWABLE = dict(json.loads(SSO_OLD), accessToken='OLD', refreshToken='REFRESH', clientId='CLIENT',
                     clientSecret='SeCrEt', registrationExpiresAt=END)


def sso_cache(key, text=SSO_TOKEN):
    return {'.aws/sso/cache/%s.json' % hashlib.sha1(key.encode()).hexdigest(): text}


def login_cache(session, end=END, refresh='REFRESH'):
    token = {'accessToken': {'accessKeyId': 'LOGINKEY', 'secretAccessKey': 'SeCrEt', 'sessionToken': 'ToKeN',
                             'accountId': '123456789012', 'expiresAt': end},
             'refreshToken': refresh, 'dpopKey': LOGIN_KEY, 'clientId': 'C'}
    return {'.aws/login/cache/%s.json' % hashlib.sha256(session.encode()).hexdigest(): json.dumps(token)}


# What botocore did not know before version 1.33.
NEWER = {'single sign-on after its end', 'container with a token file'}

# name, environment, config file, credentials file, other files, --profile
CASES = [
    ('nothing', {}, '', '', {}, ''),
    ('environment', ENV, '', '', {}, ''),
    ('environment with a token', dict(ENV, AWS_SESSION_TOKEN='ToKeN'), '', '', {}, ''),
    ('environment with an end', dict(ENV, AWS_CREDENTIAL_EXPIRATION=END), '', '', {}, ''),
    ('environment without a secret', {'AWS_ACCESS_KEY_ID': 'A'}, '', '', {}, ''),
    ('an empty variable is none', {'AWS_ACCESS_KEY_ID': ''}, '', SHARED, {}, ''),
    ('environment before everything', dict(ENV, **IMDS, **CONTAINER, **WEB), CONFIG, SHARED, TOKEN, ''),
    ('environment before the role of AWS_PROFILE', dict(ENV, AWS_PROFILE='r'),
     BASE + '[profile r]\n' + ROLE + 'web\nsource_profile = base\n', '', {}, ''),
    ('--profile takes the environment out', ENV, CONFIG, SHARED, {}, 'default'),
    ('--profile takes web identity of the environment out', WEB, CONFIG, '', TOKEN, 'default'),
    ('--profile leaves the container in', CONTAINER, '[default]\nregion = us-east-1\n', '', {}, 'default'),
    ('shared file', {}, '', SHARED, {}, ''),
    ('shared file before config file', {}, CONFIG, SHARED, {}, ''),
    ('config file', {}, CONFIG, '', {}, ''),
    ('config file of [profile default]', {}, CONFIG.replace('[default]', '[profile default]'), '', {}, ''),
    ('config file by AWS_PROFILE', {'AWS_PROFILE': 'base'}, BASE, '', {}, ''),
    ('AWS_DEFAULT_PROFILE before AWS_PROFILE', {'AWS_PROFILE': 'base', 'AWS_DEFAULT_PROFILE': 'default'},
     BASE + CONFIG, '', {}, ''),
    ('a quoted profile', {'AWS_PROFILE': 'my base'}, BASE.replace('profile base', 'profile "my base"'), '', {}, ''),
    ('a profile that is not there', {'AWS_PROFILE': 'gone'}, BASE, SHARED, {}, ''),
    ('a profile that is not there, with --profile', {}, BASE, SHARED, {}, 'gone'),
    ('shared file by another path', {'AWS_SHARED_CREDENTIALS_FILE': '~/elsewhere'}, '', '', {'elsewhere': SHARED}, ''),
    ('config file by a variable', {'AWS_CONFIG_FILE': '${HOME}/elsewhere'}, '', '', {'elsewhere': CONFIG}, ''),
    ('shared file without a secret', {}, '', '[default]\naws_access_key_id = A\n', {}, ''),
    ('shared file with a colon', {}, '', '[default]\naws_access_key_id: A\nAWS_SECRET_ACCESS_KEY : b\n', {}, ''),
    ('a comment behind a value is part of it', {}, '',
     '[default]\naws_access_key_id = A # no\naws_secret_access_key = b\n', {}, ''),
    ('comments and empty lines', {}, '',
     '# c\n; d\n\n[default]\n\n# e\naws_access_key_id = A\n ; f\naws_secret_access_key = b\n', {}, ''),
    ('a section twice', {}, '', SHARED + SHARED, {}, ''),
    ('a name twice', {}, '', SHARED + 'aws_access_key_id = B\n', {}, ''),
    ('a line before the first section', {}, '', 'a = b\n' + SHARED, {}, ''),
    ('a line that is nothing', {}, '', SHARED + 'nothing\n', {}, ''),
    ('[DEFAULT] is for all', {}, '', '[DEFAULT]\naws_secret_access_key = SeCrEt\n[default]\naws_access_key_id = A\n', {}, ''),
    ('nested settings', {}, '[default]\ns3 =\n  max_queue_size = 10\n  a = b\naws_access_key_id = A\n'
     'aws_secret_access_key = SeCrEt\n', '', {}, ''),
    ('a deeper line goes on', {}, '', '[default]\naws_access_key_id = A\n  B\naws_secret_access_key = SeCrEt\n', {}, ''),
    ('role with a source profile', {'AWS_PROFILE': 'r'},
     BASE + '[profile r]\n' + ROLE + 'web\nsource_profile = base\n', '', {}, ''),
    ('role with everything', {'AWS_PROFILE': 'r'},
     BASE + '[profile r]\n' + ROLE + 'web\nsource_profile = base\nexternal_id = xyz\nduration_seconds = 3600\n'
     'role_session_name = me\n', '', {}, ''),
    ('role before the keys beside it', {'AWS_PROFILE': 'r'},
     BASE + '[profile r]\n' + ROLE + 'web\nsource_profile = base\naws_access_key_id = A\n'
     'aws_secret_access_key = SeCrEt\n', '', {}, ''),
    ('role with itself as source', {'AWS_PROFILE': 'r'},
     '[profile r]\n' + ROLE + 'web\nsource_profile = r\naws_access_key_id = A\naws_secret_access_key = SeCrEt\n', '', {},
     ''),
    ('role with itself as source, without keys', {'AWS_PROFILE': 'r'},
     '[profile r]\n' + ROLE + 'web\nsource_profile = r\n', '', {}, ''),
    ('role in the shared file', {'AWS_PROFILE': 'r'}, '',
     '[r]\n' + ROLE + 'web\nsource_profile = base\n[base]\naws_access_key_id = B2\naws_secret_access_key = SeCrEt\n', {}, ''),
    ('role behind a role', {'AWS_PROFILE': 'a'},
     BASE + '[profile a]\n' + ROLE + 'outer\nsource_profile = b\n[profile b]\n' + ROLE +
     'inner\nsource_profile = base\n', '', {}, ''),
    ('roles in a circle', {'AWS_PROFILE': 'a'},
     '[profile a]\n' + ROLE + 'outer\nsource_profile = b\n[profile b]\n' + ROLE + 'inner\nsource_profile = a\n', '', {},
     ''),
    ('role whose source is not there', {'AWS_PROFILE': 'a'}, '[profile a]\n' + ROLE + 'x\nsource_profile = b\n', '', {},
     ''),
    ('role whose source has nothing', {'AWS_PROFILE': 'a'},
     '[profile a]\n' + ROLE + 'x\nsource_profile = b\n[profile b]\nregion = us-east-1\n', '', {}, ''),
    ('role without a source', {'AWS_PROFILE': 'a'}, '[profile a]\n' + ROLE + 'x\n', '', {}, ''),
    ('role with two sources', {'AWS_PROFILE': 'a'},
     BASE + '[profile a]\n' + ROLE + 'x\nsource_profile = base\ncredential_source = Environment\n', '', {}, ''),
    ('role that is refused', {'AWS_PROFILE': 'a'}, BASE + '[profile a]\n' + ROLE + 'denied\nsource_profile = base\n', '',
     {}, ''),
    ('role by the environment, with --profile', ENV, '[profile a]\n' + ROLE + 'x\ncredential_source = Environment\n', '',
     {}, 'a'),
    ('role by the container', dict(CONTAINER, AWS_PROFILE='a'),
     '[profile a]\n' + ROLE + 'x\ncredential_source = EcsContainer\n', '', {}, ''),
    ('role by the instance', dict(IMDS, AWS_PROFILE='a'),
     '[profile a]\n' + ROLE + 'x\ncredential_source = Ec2InstanceMetadata\n', '', {}, ''),
    ('role by what there is not', {'AWS_PROFILE': 'a'}, '[profile a]\n' + ROLE + 'x\ncredential_source = Else\n', '', {},
     ''),
    ('role by a process', {'AWS_PROFILE': 'a'},
     '[profile a]\n' + ROLE + 'x\nsource_profile = p\n[profile p]\ncredential_process = $HOME/helper\n', '', PROCESS, ''),
    ('role by single sign-on', {'AWS_PROFILE': 'a'},
     '[profile a]\n' + ROLE + 'x\nsource_profile = s\n[profile s]\n' + LEGACY, '', sso_cache('https://s/start'), ''),
    ('role by web identity of a profile', {'AWS_PROFILE': 'a'},
     '[profile a]\n' + ROLE + 'x\nsource_profile = w\n[profile w]\n' + ROLE +
     'pod\nweb_identity_token_file = $HOME/token\n', '', TOKEN, ''),
    ('web identity', WEB, '', '', TOKEN, ''),
    ('web identity with a name', dict(WEB, AWS_ROLE_SESSION_NAME='pod-7'), '', '', TOKEN, ''),
    ('web identity of a profile', {'AWS_PROFILE': 'w'},
     '[profile w]\n' + ROLE + 'pod\nweb_identity_token_file = $HOME/token\nrole_session_name = name\n', '', TOKEN, ''),
    ('web identity before the shared file', WEB, '', SHARED, TOKEN, ''),
    ('web identity without a role', {'AWS_WEB_IDENTITY_TOKEN_FILE': '$HOME/token'}, '', SHARED, TOKEN, ''),
    ('web identity without its file', WEB, '', SHARED, {}, ''),
    ('single sign-on', {}, '[default]\n' + LEGACY, '', sso_cache('https://s/start'), ''),
    ('single sign-on by a session', {}, SESSION + '[default]\n' + BY_SESSION, '', sso_cache('corp'), ''),
    ('single sign-on before the shared file', {}, '[default]\n' + LEGACY, SHARED, sso_cache('https://s/start'), ''),
    ('single sign-on without a login', {}, '[default]\n' + LEGACY, SHARED, {}, ''),
    ('single sign-on after its end', {}, '[default]\n' + LEGACY, SHARED, sso_cache('https://s/start', SSO_OLD), ''),
    ('single sign-on that is renewed', {}, SESSION + '[default]\n' + BY_SESSION, '',
     sso_cache('corp', json.dumps(SSO_RENEWABLE)), ''),
    ('single sign-on that cannot be renewed', {}, SESSION + '[default]\n' + BY_SESSION, '',
     sso_cache('corp', json.dumps(dict(SSO_RENEWABLE, refreshToken='OLD'))), ''),
    ('single sign-on whose client has ended', {}, SESSION + '[default]\n' + BY_SESSION, '',
     sso_cache('corp', json.dumps(dict(SSO_RENEWABLE, registrationExpiresAt='2020-01-02T03:04:05Z'))), ''),
    ('single sign-on without a session', {}, '[default]\n' + BY_SESSION, '', sso_cache('corp'), ''),
    ('single sign-on, half of it', {}, '[default]\nsso_account_id = 1\n', '', {}, ''),
    ('single sign-on that contradicts itself', {},
     SESSION + '[default]\n' + BY_SESSION + 'sso_region = eu-west-1\n', '', sso_cache('corp'), ''),
    ('login', {}, '[default]\nlogin_session = arn:aws:iam::1:user/u\n', '', login_cache('arn:aws:iam::1:user/u'), ''),
    ('login in another folder', {'AWS_LOGIN_CACHE_DIRECTORY': '~/.aws/login/cache'},
     '[default]\nlogin_session = s\n', '', login_cache('s'), ''),
    ('shared file before login', {}, '[default]\nlogin_session = s\n', SHARED, login_cache('s'), ''),
    ('login before a process', {}, '[default]\nlogin_session = s\ncredential_process = $HOME/helper\n', '',
     dict(login_cache('s'), **PROCESS), ''),
    ('login that is renewed', {}, '[default]\nlogin_session = s\n', '', login_cache('s', '2020-01-02T03:04:05Z'), ''),
    ('login that cannot be renewed', {}, '[default]\nlogin_session = s\n', SHARED.replace('[default]', '[other]'),
     login_cache('s', '2020-01-02T03:04:05Z', 'OLD'), ''),
    ('login that is not there', {}, '[default]\nlogin_session = s\n', '', {}, ''),
    ('process', {}, '[default]\ncredential_process = $HOME/helper\n', '', PROCESS, ''),
    ('process with quoted words', {}, '[default]\ncredential_process = sh -c "$HOME/helper \'a b\'"\n', '', PROCESS, ''),
    ('process before the config file', {}, CONFIG + 'credential_process = $HOME/helper\n', '', PROCESS, ''),
    ('shared file before a process', {}, '[default]\ncredential_process = $HOME/helper\n', SHARED, PROCESS, ''),
    ('process that fails', {}, '[default]\ncredential_process = false\n', '', {}, ''),
    ('process that is not there', {}, '[default]\ncredential_process = $HOME/none\n', '', {}, ''),
    ('process of another version', {}, '[default]\ncredential_process = $HOME/helper\n', '',
     {'helper': PRINTS.format('{"Version": 2, "AccessKeyId": "P", "SecretAccessKey": "S"}')}, ''),
    ('process without a secret', {}, '[default]\ncredential_process = $HOME/helper\n', '',
     {'helper': PRINTS.format('{"Version": 1, "AccessKeyId": "P"}')}, ''),
    ('process without an end', {}, '[default]\ncredential_process = $HOME/helper\n', '',
     {'helper': PRINTS.format('{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "S"}')}, ''),
    ('container', CONTAINER, '', '', {}, ''),
    ('container with a token', dict(CONTAINER, AWS_CONTAINER_AUTHORIZATION_TOKEN='tok'), '', '', {}, ''),
    ('container with a token file', dict(CONTAINER, AWS_CONTAINER_AUTHORIZATION_TOKEN='tok',
                                         AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE='$HOME/token'), '', '', TOKEN, ''),
    ('container elsewhere over http', {'AWS_CONTAINER_CREDENTIALS_FULL_URI': 'http://192.0.2.1/x'}, '', '', {}, ''),
    ('container that has none', {'AWS_CONTAINER_CREDENTIALS_FULL_URI': URL + '/none'}, '', '', {}, ''),
    ('container before the instance', dict(CONTAINER, **IMDS), '', '', {}, ''),
    ('config file before the container', CONTAINER, CONFIG, '', {}, ''),
    ('instance', IMDS, '', '', {}, ''),
    ('instance that is disabled', dict(IMDS, AWS_EC2_METADATA_DISABLED='TRUE'), '', '', {}, ''),
    ('instance by the config file', {'AWS_EC2_METADATA_DISABLED': 'false'},
     '[default]\nec2_metadata_service_endpoint = %s/\n' % URL, '', {}, ''),
    ('instance that is not there', {'AWS_EC2_METADATA_DISABLED': 'false',
                                    'AWS_EC2_METADATA_SERVICE_ENDPOINT': 'http://127.0.0.1:9'}, '', '', {}, ''),
    ('instance with a mode that is none', dict(IMDS, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE='ipx'), '', '', {}, ''),
]


def lay_out(folder, case):
    _, environment, config, shared, files, _ = case
    files = dict(files)
    if config:
        files['.aws/config'] = config
    if shared:
        files['.aws/credentials'] = shared
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as out:
            out.write(text.replace('$HOME', folder) if name.startswith('.aws/c') else text)
        os.chmod(path, 0o700)
    made = {'HOME': folder, 'PATH': os.environ['PATH'], 'AWS_ENDPOINT_URL': URL, 'AWS_EC2_METADATA_DISABLED': 'true',
            'AWS_MAX_ATTEMPTS': '1'}
    for name, value in environment.items():
        made[name] = value.replace('$HOME', folder)
    return made


def ask_botocore(environment, profile):
    done = subprocess.run([sys.executable, '-c', ASK_BOTOCORE, profile], env=dict(environment, PYTHONPATH=':'.join(
        path for path in sys.path if path)), capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout) if done.stdout else {'result': 'error', 'why': done.stderr[-300:]}


def ask_ingot(ingot, environment, profile):
    done = subprocess.run([ingot, 'whoami', '--to', 'aws:us-east-1', '--json'] +
                          (['--profile', profile] if profile else []), env=environment, capture_output=True, text=True,
                          timeout=60)
    if any(secret in done.stdout + done.stderr for secret in ('SeCrEt', 'ToKeN', 'SSOTOKEN', 'IMDSTOKEN')):
        return {'result': 'a secret was printed'}
    if not done.stdout:
        return {'result': 'error', 'why': done.stderr}
    told = json.loads(done.stdout)
    if told['access_key_id']:
        return {'result': 'found', 'key': told['access_key_id'], 'source': told['source'],
                'expires': told['expires'] and told['expires'][:19]}
    # Every source was asked and none failed: there are none.
    if len(told['sources']) == 10 and all(source['missing'] for source in told['sources']):
        return {'result': 'none'}
    return {'result': 'error', 'why': told['credentials_error']['cause']}


def main():
    ingot = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    failed = number = 0
    print('# botocore %s' % botocore.__version__)
    for case in CASES:
        name = case[0]
        if wanted and name not in wanted:
            continue
        number += 1
        if 'login' in name.split() and not hasattr(botocore.credentials, 'LoginProvider'):
            print('ok %d - %s # SKIP botocore %s does not know logins' % (number, name, botocore.__version__))
            continue
        if name in NEWER and VERSION < (1, 33):
            print('ok %d - %s # SKIP botocore %s is too old' % (number, name, botocore.__version__))
            continue
        folder = tempfile.mkdtemp()
        try:
            environment = lay_out(folder, case)
            theirs = ask_botocore(environment, case[5])
            ours = ask_ingot(ingot, environment, case[5])
        finally:
            shutil.rmtree(folder)
        same = all(theirs.get(key) == ours.get(key) for key in ('result', 'key', 'source'))
        same = same and (theirs.get('expires') == ours.get('expires') or name == 'login that is renewed')
        failed += not same
        print('%sok %d - %s' % ('' if same else 'not ', number, name))
        if not same or os.environ.get('VERBOSE'):
            print('#   botocore: %s\n#   ingot:    %s' % (theirs, ours))
        sys.stdout.flush()
    print('1..%d' % number)
    return failed != 0


sys.exit(main())
