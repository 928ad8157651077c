# SPDX-License-Identifier: Apache-2.0
"""verdict.py LOG...: reads the wire referee's logs and says, as TAP, whether it complained of anything.

A request that a test makes wrong on purpose is complained of as a request; its reply and signature are not."""
import json
import sys

number = complaints = exchanges = 0
for path in sys.argv[1:]:
    for line in open(path):
        record = json.loads(line)
        exchanges += 1
        wrong = [('signature', c) for c in record.get('sig', [])] + [('reply', c) for c in record.get('response', [])]
        if record.get('status', 0) < 400:
            wrong += [('request', c) for c in record.get('request', [])]
        for what, complaint in wrong:
            complaints += 1
            print('# %s %s %s: %s: %s' % (record.get('op'), record['target'], record.get('status'), what, complaint))
print('%sok 1 - the wire referee has no complaint in %d exchanges' %
      ('not ' if complaints or not exchanges else '', exchanges))
print('1..1')
sys.exit(complaints != 0 or exchanges == 0)
