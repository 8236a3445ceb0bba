"""A device whose server sends the newest commit as slowly as it is told to."""

import random
import unittest

from dripping import Dripping
from git_server import GitServer
from greenwave import City, Device, Scratch, file_manifest, wait_until

INTERVAL = 2  # seconds
LARGE = random.Random(1).randbytes(2_000_000).hex()


def motd(text):
    return {"motd.yaml": file_manifest("motd", "/etc/motd", text)}


class SlowServerCase(unittest.TestCase):
    """Has the first commit; the second is large, and drips in from start_a_slow_fetch() until slow.release()."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(motd("one\n"))
        self.server = self.enterContext(GitServer(self.scratch / "server", self.scratch))
        self.slow = self.enterContext(Dripping(self.server.port, at_once=100_000))
        self.device = self.agent(self.server.url(self.city.bare))
        self.device.once(check=0)

    def agent(self, url):
        device = Device(self.scratch / "device", url, interval=f"{INTERVAL}s", more=self.server.agent())
        self.addCleanup(device.stop)
        return device

    def point_at(self, old, new):
        self.device.config.write_text(self.device.config.read_text().replace(old, new))

    def start_a_slow_fetch(self):
        self.city.commit({**motd("two\n"), "large.bin": LARGE})
        self.point_at(f":{self.server.port}/", f":{self.slow.port}/")
        self.device.start()
        wait_until(lambda: self.device.json("status")["phase"] == "fetching", "the fetch")

    def motd_is(self, text):
        return self.device.path("/etc/motd").read_text() == text
