"""Many devices that wait at one mirror: all know of a commit at once, and after a restart they come back one by one."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from crowd import Crowd  # noqa: E402
from greenwave import City, Scratch, wait_until  # noqa: E402
from mirror import Mirror  # noqa: E402
from slow_server import motd  # noqa: E402

DEVICES = 300


class ACrowd(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(motd("one\n"))
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city))
        self.crowd = self.enterContext(Crowd(self.mirror, DEVICES))

    def wait_until_held(self):
        wait_until(lambda: self.mirror.held() >= DEVICES * 0.95, "the requests are held")

    def test_all_know_of_a_commit_at_once_and_of_the_next_one(self):
        for text in ("two\n", "three\n"):
            self.wait_until_held()
            began = time.time()
            commit = self.city.commit(motd(text))
            learnt = self.crowd.learnt()
            self.assertEqual(learnt["commit"], commit)
            self.assertLess(learnt["last"] - began, 20)  # without the wait they would need a minute

    def test_after_a_restart_of_the_mirror_they_come_back_spread_over_a_minute(self):
        self.wait_until_held()
        began = time.time()
        self.mirror.stop()
        self.mirror.start()
        self.wait_until_held()
        back = [at for status, at, request in self.mirror.requests() if at > began and status in (200, 304)]
        busiest = max(sum(1 for other in back if at <= other < at + 5) for at in back)
        self.assertLess(busiest, DEVICES / 4)  # a twelfth of them would be even


if __name__ == "__main__":
    unittest.main()
