"""What an operator watches: the metrics file, the alert rules, and one line about an unreachable repository."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402

MOTD = "/etc/motd.d/greenwave"
RULES = pathlib.Path(__file__).parents[2] / "packaging/prometheus"
PROMTOOL = shutil.which("promtool")
WITHOUT = "promtool is missing (Debian's package prometheus has it)"


class Watches(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n")})

    def device(self, **options):
        device = Device(self.scratch / "device", self.city.url, more="metrics: {file: /run/metrics/greenwave.prom}\n",
                        **options)
        self.addCleanup(device.stop)
        return device

    def text(self, device):
        return device.path("/run/metrics/greenwave.prom").read_text()

    def metrics(self, device):
        lines = [line for line in self.text(device).splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def test_the_metrics_report_what_the_agent_did_and_how_the_device_is(self):
        device = self.device().start()
        device.sync()
        device.path(MOTD).write_text("by hand\n")
        device.sync()
        told = self.metrics(device)
        self.assertEqual(told['greenwave_syncs_total{result="in_sync"}'], told["greenwave_sync_duration_seconds_count"])
        self.assertGreaterEqual(told['greenwave_syncs_total{result="in_sync"}'], 2)
        self.assertEqual(told["greenwave_drift_repaired_total"], 1)
        self.assertEqual(told['greenwave_objects{state="in_sync"}'], 1)
        self.assertEqual(told["greenwave_healthy"], 1)
        self.assertLess(abs(told["greenwave_last_good_sync_timestamp_seconds"] - time.time()), 60)
        device.cli("pause", "--for", "1h", "--reason", "relamping", check=0)
        wait_until(lambda: self.metrics(device)["greenwave_paused"] == 1, "the pause in the metrics")
        device.cli("resume", check=0)
        wait_until(lambda: self.metrics(device)["greenwave_paused"] == 0, "the end of the pause in the metrics")
        self.assertEqual([path.name for path in device.path("/run/metrics").iterdir()], ["greenwave.prom"])

    def test_a_failure_shows_in_the_metrics(self):
        self.city.commit({"wrong.yaml": file_manifest("wrong", "/usr/bin/x", "x")})
        device = self.device()
        device.once(check=1)
        told = self.metrics(device)
        self.assertEqual(told['greenwave_syncs_total{result="failed"}'], 1)
        self.assertEqual(told["greenwave_healthy"], 0)
        self.assertNotIn("greenwave_last_good_sync_timestamp_seconds", told)

    def test_days_without_the_repository_change_nothing_drift_is_repaired_and_one_line_says_since_when(self):
        device = self.device().start()
        device.sync()
        away = self.scratch / "away"
        self.city.bare.rename(away)
        device.sync()
        since = json.loads(device.request("GET", "/v1/status"))["unreachableSince"]
        shown = device.cli("status").stdout
        self.assertEqual(len(re.findall("Offline since", shown)), 1)
        self.assertIn(since[:10], shown)
        device.path(MOTD).write_text("by hand\n")
        device.sync()
        self.assertEqual(device.path(MOTD).read_text(), "hello\n")
        device.stop()
        wait_until(lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > since, "a later second than the outage's")
        device.start()  # the outage began before this process did
        device.sync()
        status = json.loads(device.request("GET", "/v1/status"))
        self.assertEqual(status["unreachableSince"], since)
        self.assertEqual(status["health"], "healthy")
        told = self.metrics(device)
        self.assertEqual(told["greenwave_repository_reachable"], 0)
        self.assertIn("greenwave_repository_unreachable_since_timestamp_seconds", told)
        away.rename(self.city.bare)
        device.sync()
        self.assertNotIn("unreachableSince", json.loads(device.request("GET", "/v1/status")))
        self.assertIn("In sync.", device.cli("status", check=0).stdout)

    def test_an_outage_writes_only_when_it_begins(self):
        device = self.device(interval="1s").start()
        device.sync()
        self.city.bare.rename(self.scratch / "away")
        wait_until(lambda: "unreachableSince" in device.json("status"), "the outage is known")

        def tries_again(count):
            """Each failed try plans the next one; between them the device is repaired."""
            plans = set()
            wait_until(lambda: plans.add(device.json("status").get("nextSync")) or len(plans) > count, "it tries again")

        tries_again(2)

        def files():
            return {path: path.stat().st_mtime_ns for path in device.root.rglob("*")
                    if path.is_file() and "metrics" not in path.parts}

        before = files()
        tries_again(3)
        self.assertEqual(before, files())
        self.assertEqual([record["result"] for record in device.json("history")["syncs"][:2]], ["error", "in sync"])

    @unittest.skipIf(PROMTOOL is None, WITHOUT)
    def test_promtool_accepts_the_metrics(self):
        device = self.device().start()
        device.sync()
        device.cli("pause", "--for", "1h", "--reason", "relamping", check=0)
        wait_until(lambda: self.metrics(device)["greenwave_paused"] == 1, "the pause in the metrics")
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=self.text(device), text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    @unittest.skipIf(PROMTOOL is None, WITHOUT)
    def test_promtool_accepts_the_alert_rules_and_they_do_what_they_say(self):
        run(PROMTOOL, "check", "rules", RULES / "greenwave.rules.yaml")
        run(PROMTOOL, "test", "rules", RULES / "greenwave.rules.test.yaml")


if __name__ == "__main__":
    unittest.main()
