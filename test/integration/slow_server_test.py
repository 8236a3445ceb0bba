"""Nothing waits for a slow server: while a fetch drips in, or the server asks to be left alone for long, drift is
repaired, a bundle is taken, questions are answered, and the agent stops when it is told to."""

import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import wait_until  # noqa: E402
from slow_server import SlowServerCase, motd  # noqa: E402


class SlowServer(SlowServerCase):
    def damage(self):
        self.device.path("/etc/motd").write_text("damaged\n")

    def assert_repairs(self, rounds=2):
        for _ in range(rounds):
            self.damage()
            wait_until(lambda: self.motd_is("one\n"), "the repair")

    def test_drift_is_repaired_while_a_fetch_drips_in_and_the_commit_is_applied_when_it_is_there(self):
        self.start_a_slow_fetch()
        self.assert_repairs()
        self.slow.release()
        wait_until(lambda: self.motd_is("two\n"), "the commit")
        wait_until(lambda: self.device.json("status")["status"] == "in sync", "in sync")

    def test_drift_is_repaired_while_a_busy_server_asks_to_be_left_alone(self):
        self.point_at(f":{self.server.port}/", f":{self.server.port}/busy/")
        self.device.start()
        wait_until(lambda: "503" in self.device.json("status").get("lastError", ""), "the server's answer")
        self.assert_repairs()

    def test_a_bundle_is_taken_during_a_slow_fetch_which_then_goes_on(self):
        self.start_a_slow_fetch()
        bundle = self.scratch / "three.bundle"
        self.city.commit(motd("three\n") | {"large.bin": None})
        self.city.git("bundle", "create", "-q", bundle, "main")
        said = self.device.cli("sync", "--wait", "--from", bundle, check=0).stdout
        self.assertIn("In sync", said)
        self.assertTrue(self.motd_is("three\n"))
        self.slow.release()
        self.city.commit(motd("four\n"))
        wait_until(lambda: self.motd_is("four\n"), "the next commit over the network")

    def test_who_asks_for_a_sync_during_a_slow_fetch_gets_the_commit_that_it_brings(self):
        self.start_a_slow_fetch()
        self.device.request("POST", "/v1/sync?wait=false", {})
        self.slow.release()
        last = self.device.sync()
        self.assertEqual(last["exitCode"], 0, last)
        self.assertTrue(self.motd_is("two\n"))

    def test_a_configuration_that_leads_elsewhere_ends_a_slow_fetch(self):
        self.start_a_slow_fetch()
        self.point_at(f":{self.slow.port}/", f":{self.server.port}/")
        self.device.daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: self.motd_is("two\n"), "the commit, from the other server")

    def test_the_agent_stops_within_five_seconds_during_a_slow_fetch(self):
        self.start_a_slow_fetch()
        began = time.monotonic()
        self.device.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.device.daemon.wait(60), 0)
        self.assertLess(time.monotonic() - began, 5)


if __name__ == "__main__":
    unittest.main()
