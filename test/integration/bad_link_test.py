"""A device behind a link with 300 ms of delay and 3 % loss, which carries nothing at times, still gets what it needs."""

import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402
from links import SERVER, Links  # noqa: E402


class OverABadLink(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.git("config", "uploadpack.allowFilter", "true", cwd=self.city.bare)
        self.links = self.enterContext(Links(1))
        self.links.set([0], delay=0.150, loss=0.03)
        self.server = GitServer(self.scratch / "server", self.scratch, SERVER, SERVER, self.links.server).start()
        self.addCleanup(self.server.stop)
        self.device = Device(self.scratch / "device", self.server.url(self.city.bare), more=self.server.agent(),
                             prefix=self.links.inside(0))
        self.addCleanup(self.device.stop)

    def files(self, seed, size=40_000):
        noise = random.Random(seed).randbytes(size // 2).hex()
        return {f"base/{name}.yaml": file_manifest(name, f"/etc/{name}", noise + name) for name in ("a", "b", "c")}

    def content(self, name):
        return self.device.path(f"/etc/{name}").read_text()

    def test_a_first_sync_and_the_next_commit_come_through(self):
        self.city.commit(self.files(1))
        self.device.start()
        began = time.monotonic()
        self.assertEqual(self.device.sync()["exitCode"], 0, self.device.log.read_text())
        self.assertGreater(time.monotonic() - began, 0.9, "the link has no delay")
        self.city.commit({"base/a.yaml": file_manifest("a", "/etc/a", "two\n")})
        self.assertEqual(self.device.sync()["exitCode"], 0)
        self.assertEqual(self.content("a"), "two\n")

    def test_a_fetch_whose_link_is_cut_in_the_middle_is_finished_later_and_the_last_state_stays(self):
        self.city.commit(self.files(1))
        self.device.start()
        self.assertEqual(self.device.sync()["exitCode"], 0, self.device.log.read_text())
        before = self.content("a")
        commit = self.city.commit(self.files(2, size=4_000_000))
        cut = threading.Timer(2.5, self.links.set, [[0]], {"dark": True})
        cut.start()
        told = self.device.sync(force=False)
        cut.join()
        self.assertEqual(told["exitCode"], 2, told)
        self.assertEqual(self.content("a"), before)
        self.assertNotEqual(self.device.json("status")["commit"]["oid"], commit)
        self.links.set([0], dark=False)
        deadline = time.monotonic() + 240
        while self.device.sync()["exitCode"] != 0:
            self.assertLess(time.monotonic(), deadline, self.device.log.read_text()[-3000:])
        self.assertEqual(self.device.json("status")["commit"]["oid"], commit)


if __name__ == "__main__":
    unittest.main()
