"""Devices that wait for a commit, with the agent's own code: what test/bench/tip_load.cpp does."""

import json

from greenwave import BIN
from line_program import LineProgram


class Crowd(LineProgram):
    """As a context manager. Entered once each device has asked for the tip."""

    def __init__(self, mirror, devices, interval=60):
        super().__init__(BIN / "tip_load", mirror.url, mirror.directory / "ca.pem", devices, interval)

    def __enter__(self):
        super().__enter__()
        line = self.line().strip()
        if line != "ready":
            raise AssertionError(f"the devices say {line!r}")
        return self

    def learnt(self):
        """When the devices knew of the next commit: {commit, first, p50, p99, last}, in seconds since the epoch."""
        return json.loads(self.line())
