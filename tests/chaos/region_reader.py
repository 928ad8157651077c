"""Reads a region as any client would, with a signer of its own: what ingot says of itself is not asked."""
import datetime
import hashlib
import hmac
import http.client
import json
import re
import urllib.parse

BLOCK_BYTES = 524288


def sign(key, message):
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


class Reader:
    def __init__(self, url, credentials_file, region):
        text = open(credentials_file).read()
        self.key_id = re.search(r'aws_access_key_id = (\S+)', text).group(1)
        self.secret = re.search(r'aws_secret_access_key = (\S+)', text).group(1)
        self.host = urllib.parse.urlsplit(url).netloc
        self.region = region
        self.connection = http.client.HTTPConnection(self.host, timeout=30)

    def call(self, service, method, path, query='', body=b''):
        now = datetime.datetime.utcnow().strftime('%Y%m%dT%H%M%SZ')
        scope = f'{now[:8]}/{self.region}/{service}/aws4_request'
        digest = hashlib.sha256(body).hexdigest()
        canonical = '\n'.join([method, path, query, f'host:{self.host}', f'x-amz-date:{now}', '',
                               'host;x-amz-date', digest])
        text = '\n'.join(['AWS4-HMAC-SHA256', now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = sign(sign(sign(sign(b'AWS4' + self.secret.encode(), now[:8]), self.region), service), 'aws4_request')
        headers = {'Host': self.host, 'X-Amz-Date': now, 'Authorization':
                   f'AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders=host;x-amz-date, '
                   f'Signature={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}'}
        if service == 'ec2':
            headers['Content-Type'] = 'application/x-www-form-urlencoded; charset=utf-8'
        self.connection.request(method, path + ('?' + query if query else ''), body, headers)
        reply = self.connection.getresponse()
        data = reply.read()
        if reply.status // 100 != 2:
            raise RuntimeError(f'{method} {path}: {reply.status} {data[:300]!r}')
        return reply, data

    def ec2(self, action, **parameters):
        form = urllib.parse.urlencode({'Action': action, 'Version': '2016-11-15', **parameters})
        return self.call('ec2', 'POST', '/', body=form.encode())[1].decode()

    def images(self, name):
        """The ids and snapshots of the AMIs of that name."""
        text = self.ec2('DescribeImages', **{'Owner.1': 'self', 'Filter.1.Name': 'name', 'Filter.1.Value.1': name})
        images = re.split(r'(?=<imageId>)', text)[1:]
        return [(re.match(r'<imageId>([^<]+)', image).group(1), re.findall(r'<snapshotId>([^<]+)', image))
                for image in images]

    def snapshots(self):
        """Ids and states of all snapshots there are."""
        text = self.ec2('DescribeSnapshots', **{'Owner.1': 'self'})
        return re.findall(r'<snapshotId>([^<]+)</snapshotId>.*?<status>([^<]+)</status>', text, re.S)

    def block_tokens(self, snapshot_id):
        """Every block that is listed, by its index."""
        tokens, query = {}, ''
        while True:
            page = json.loads(self.call('ebs', 'GET', f'/snapshots/{snapshot_id}/blocks', query)[1])
            tokens.update((block['BlockIndex'], block['BlockToken']) for block in page['Blocks'])
            if not page.get('NextToken'):
                return tokens
            query = 'pageToken=' + urllib.parse.quote(page['NextToken'], safe='')

    def block(self, snapshot_id, index, token):
        data = self.call('ebs', 'GET', f'/snapshots/{snapshot_id}/blocks/{index}',
                         'blockToken=' + urllib.parse.quote(token, safe=''))[1]
        assert len(data) == BLOCK_BYTES
        return data


def first_difference(reader, snapshot_id, image_path, is_encrypted):
    """Where a snapshot differs from an image, as a text; '' where it does not. What is not listed is zeros; past the
    image's end a volume is zeros, too, and noise if it is encrypted."""
    tokens, index, zeros = reader.block_tokens(snapshot_id), 0, bytes(BLOCK_BYTES)
    with open(image_path, 'rb') as image:
        while True:
            wanted = image.read(BLOCK_BYTES)
            if not wanted and (is_encrypted or not tokens or index > max(tokens)):
                return ''
            wanted = wanted.ljust(BLOCK_BYTES, b'\0')
            if index in tokens:
                if reader.block(snapshot_id, index, tokens[index]) != wanted:
                    return f'block {index} of {snapshot_id} has other bytes than {image_path}'
            elif wanted != zeros:
                return f'block {index} of {snapshot_id} is absent, and is not zeros in {image_path}'
            index += 1
