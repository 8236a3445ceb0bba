"""Devices that wait for a commit, with the agent's own code: what test/bench/tip_load.cpp does."""

import json
import subprocess

from greenwave import BIN


class Crowd:
    """As a context manager. Entered once each device has asked for the tip."""

    def __init__(self, mirror, devices, interval=60):
        words = [BIN / "tip_load", mirror.url, mirror.directory / "ca.pem", devices, interval]
        self.command = [str(word) for word in words]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        if line != "ready":
            raise AssertionError(f"the devices say {line!r}")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()

    def learnt(self):
        """When the devices knew of the next commit: {commit, first, p50, p99, last}, in seconds since the epoch."""
        return json.loads(self.process.stdout.readline())
