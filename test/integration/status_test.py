"""`greenwave status` says what is so, whoever asks whenever: while a fetch takes its time, after a restart, without the
daemon, and after what was lost."""

import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from dripping import Dripping  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, wait_until  # noqa: E402

MOTD = {"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")}
REFUSED = {"other.yaml": file_manifest("other", "/usr/bin/other", "hello\n")}
WRONG = {"wrong.yaml": file_manifest("wrong", "/etc/wrong", "x", mod="0644")}


class Status(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = Device(self.scratch / "device", self.city.url, more="metrics: {file: /run/metrics/greenwave.prom}\n")
        self.addCleanup(self.device.stop)

    def assert_told(self, *statuses, code):
        """The screen, the exit code, the JSON and the metrics of the running daemon agree."""
        told = self.device.json("status")
        self.assertEqual(told["statuses"], list(statuses), told)
        self.assertEqual((told["status"], told["exitCode"]), (statuses[0], code))
        shown = self.device.cli("status", check=code).stdout
        self.assertEqual("In sync." in shown, statuses == ("in sync",), shown)
        return shown

    def metrics(self):
        return self.device.path("/run/metrics/greenwave.prom").read_text()

    def test_after_a_restart_the_daemon_knows_what_was_refused_and_what_is_wrong(self):
        self.city.commit({**MOTD, **REFUSED, **WRONG})
        self.device.start()
        last = self.device.sync()
        self.assertEqual(last["exitCode"], 1)
        self.assertIn("refused", last["text"])
        shown = self.assert_told("refused", code=1)
        self.assertIn("wrong.yaml:", shown)
        self.assertIn('greenwave_status{status="refused"} 1', self.metrics())
        self.assertIn('greenwave_status{status="in_sync"} 0', self.metrics())
        self.device.stop()
        self.assertEqual(self.device.json("status")["statuses"][:2], ["not running", "refused"])
        self.device.start()
        self.assertIn("wrong.yaml:", self.assert_told("refused", code=1))

    def test_what_several_kustomizations_build_from_one_base_is_wrong_once(self):
        base = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": file_manifest("a", "/etc/a", "a\n")}
        overlays = {f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("north", "south", "west")}
        self.city.commit({**base, **overlays})
        self.device.start()
        self.device.sync()
        told = self.device.json("status")
        self.assertEqual((1, 1), (told["errors"], len(told["problems"])), told["problems"])
        self.assertIn("File/a is declared twice", told["problems"][0])

    def test_once_it_works_again_a_restart_tells_of_no_failure(self):
        self.city.commit(MOTD)
        self.device.start()
        self.device.sync()
        away = self.scratch / "away"
        self.city.bare.rename(away)
        self.device.sync()
        self.assert_told("offline", code=1)
        away.rename(self.city.bare)
        last = self.device.sync()
        self.assertEqual((last["exitCode"], last["text"]), (0, "In sync: 1 object"))
        self.assert_told("in sync", code=0)
        self.device.stop()
        self.assertEqual(self.device.json("status")["statuses"], ["not running"])
        self.device.start()
        self.assert_told("in sync", code=0)

    def test_a_first_start_without_a_repository_says_that_nothing_was_applied(self):
        self.city.bare.rename(self.scratch / "away")
        self.device.start()
        wait_until(lambda: self.device.json("status").get("lastSync"), "the first try")
        self.assert_told("offline", "empty", code=1)

    def test_what_a_damaged_state_file_cost_is_said_until_it_is_acknowledged(self):
        self.city.commit(MOTD)
        self.device.once(check=0)
        for file in self.device.state.glob("state.db-*"):
            file.unlink()
        (self.device.state / "state.db").write_bytes(b"this is no database" * 500)
        self.device.once(check=0)
        self.device.start()
        self.device.sync()
        self.assertIn("state.db.damaged", self.assert_told("state lost", code=1))
        lost = [one for one in self.device.json("history")["syncs"] if one["result"] == "state lost"]
        self.assertEqual(len(lost), 1)
        self.assertIn("state.db.damaged", self.device.cli("history").stdout)
        self.device.sync(force=True)
        self.assert_told("in sync", code=0)
        self.assertIn("state lost", self.device.cli("history").stdout)

    def test_paused_is_not_in_sync_but_in_order(self):
        self.city.commit(MOTD)
        self.device.start()
        self.device.sync()
        self.device.cli("pause", "--for", "1h", "--reason", "relamping", check=0)
        self.assert_told("paused", code=0)
        self.device.stop()
        self.device.start()
        self.assert_told("paused", code=0)


class WhileAFetchTakesItsTime(unittest.TestCase):
    def test_status_answers_with_what_the_device_has(self):
        scratch = self.enterContext(Scratch())
        city = City(scratch)
        first = city.commit(MOTD)
        server = self.enterContext(GitServer(scratch / "server", scratch))
        slow = self.enterContext(Dripping(server.port))
        url = server.url(city.bare).replace(f":{server.port}/", f":{slow.port}/")
        device = self.enterContext(Device(scratch / "device", url, more=server.agent()))
        device.start()
        wait_until(lambda: device.json("status")["status"] == "in sync", "the first sync")
        large = random.Random(1).randbytes(200_000).hex()
        second = city.commit({"large.yaml": file_manifest("large", "/etc/large", large)})
        device.request("POST", "/v1/sync?wait=false", {})
        wait_until(lambda: device.json("status")["phase"] == "fetching", "the fetch")
        told = json.loads(device.request("GET", "/v1/status"))
        self.assertEqual((told["phase"], told["status"], told["commit"]["oid"]), ("fetching", "in sync", first))
        self.assertEqual((told["objects"], told["inSync"]), (1, 1))
        slow.release()
        wait_until(lambda: device.json("status")["commit"]["oid"] == second, "the second commit")
        self.assertEqual(device.json("status")["objects"], 2)


if __name__ == "__main__":
    unittest.main()
