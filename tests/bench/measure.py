#!/usr/bin/env python3
# Usage: measure.py [--runs N] [--before COMMAND] -- PROGRAM ARGUMENT...
# Runs a program N times (default 5) and prints: median wall seconds, CPU seconds (user + system) of that run,
# greatest peak memory in MiB.  --before is run by sh, unmeasured, before each run.
import os
import statistics
import subprocess
import sys
import time

args = sys.argv[1:]
runs, before = 5, None
while args and args[0] != '--':
    option = args.pop(0)
    if option == '--runs':
        runs = int(args.pop(0))
    elif option == '--before':
        before = args.pop(0)
    else:
        sys.exit('measure.py: unknown option ' + option)
command = args[1:]
rows = []
for _ in range(runs):
    if before:
        subprocess.run(['sh', '-c', before], check=True)
    started = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ,
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - started
    if status:
        sys.exit('measure.py: %s ended with status %d' % (command[0], os.waitstatus_to_exitcode(status)))
    rows.append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
wall = statistics.median(row[0] for row in rows)
cpu = min(rows, key=lambda row: abs(row[0] - wall))[1]
print('%.3f %.3f %.1f' % (wall, cpu, max(row[2] for row in rows)))
