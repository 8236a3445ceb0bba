"""Power cuts at system calls: strace kills a program at the N-th call of a kind that one of its threads makes.

A test cuts at a sample of the calls, the same one in each run: the first and the last of each kind, and one of five
of those between. With GREENWAVE_CUTS=all it cuts at every one (the target power_cuts).
"""

import collections
import os
import random
import re

ALL = os.environ.get("GREENWAVE_CUTS") == "all"
ONE_OF = 5


def cut_at(call, number):
    """What is put before a command."""
    return _strace("/dev/null", call, "-e", f"inject={call}:signal=KILL:when={number}")


def rehearsal(calls, log):
    """What is put before a command whose calls are written to the file `log`, for cuts()."""
    return _strace(log, ",".join(calls))


def cuts(log):
    """Where to cut what was rehearsed: [(call, number)]."""
    made = collections.Counter(re.findall(r"(?m)^(\d+) +(\w+)\(", log.read_text()))
    most = {}
    for (_, call), count in made.items():
        most[call] = max(count, most.get(call, 0))
    return [(call, number) for call, count in sorted(most.items()) for number in _numbers(call, count)]


def _numbers(call, count):
    if ALL:
        return range(1, count + 1)
    between = range(2, count)
    return sorted({1, count, *random.Random(call).sample(between, len(between) // ONE_OF)})


def _strace(log, calls, *more):
    return ("strace", "-f", "-qq", "-o", log, "-e", f"trace={calls}", *more)
