# SPDX-License-Identifier: Apache-2.0
"""serve_swift.py FOLDER: serves S3 by OpenStack's Swift (s3api over tempauth) until its standard input ends.

Prints "URL KEY SECRET" when it is ready.  One replica, one device, no root; the file system of FOLDER must have user
extended attributes.  Run by scripts/check-swift."""
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from swift.common.ring import RingBuilder

folder = os.path.abspath(sys.argv[1])
os.makedirs(folder + '/devices/d1', exist_ok=True)
os.setxattr(folder, 'user.ingot', b'1')
USER = __import__('pwd').getpwuid(os.getuid()).pw_name


def port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def write(name, text):
    with open('%s/%s' % (folder, name), 'w') as f:
        f.write(text)


write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = ingot\n[storage-policy:0]\nname = only\ndefault = yes\n')
COMMON = '''[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
swift_dir = ''' + folder + '''
devices = ''' + folder + '''/devices
mount_check = false
workers = 0
user = ''' + USER + '''
log_address = ''' + folder + '''/nolog
'''
commands = []
for name in ('account', 'container', 'object'):
    at = port()
    builder = RingBuilder(2, 1, 1)
    builder.add_dev(dict(id=0, region=1, zone=1, ip='127.0.0.1', port=at, device='d1', weight=1.0,
                         replication_ip='127.0.0.1', replication_port=at, meta=''))
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (folder, name))
    write(name + '.conf', COMMON % at + '[pipeline:main]\npipeline = %s-server\n[app:%s-server]\nuse = egg:swift#%s\n' %
          (name, name, name))
    commands.append(name)
at = port()
write('proxy.conf', COMMON % at + '''[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy slo dlo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
auth_pipeline_check = false
allow_multipart_uploads = true
min_segment_size = 5242880
[filter:tempauth]
use = egg:swift#tempauth
user_test_ingot = secret .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
''')
commands.append('proxy')
RUN = '''import sys
from swift.common import utils, wsgi
utils.set_swift_dir(sys.argv[1])
sys.exit(wsgi.run_wsgi(sys.argv[2], sys.argv[3]))
'''
servers = [subprocess.Popen([sys.executable, '-c', RUN, folder, '%s/%s.conf' % (folder, name), name + '-server'],
                            stdin=subprocess.DEVNULL, stdout=open('%s/%s.log' % (folder, name), 'w'),
                            stderr=subprocess.STDOUT) for name in commands]
try:
    for _ in range(150):
        try:
            urllib.request.urlopen('http://127.0.0.1:%d/' % at, timeout=1)
            break
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.1)
    print('http://127.0.0.1:%d test:ingot secret' % at, flush=True)
    sys.stdin.read()
finally:
    for server in servers:
        server.terminate()
