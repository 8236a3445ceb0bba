"""Real agents report to a real hub."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, wait_until  # noqa: E402
from hub import Hub, Speaker  # noqa: E402

WRONG = "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\nspec: {path: /etc/motd, contnt: x}\n"


class Agents(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.scratch.chmod(0o755)
        database = self.enterContext(postgres.Postgres(self.scratch / "postgres"))
        self.hub = self.enterContext(Hub(self.scratch / "hub", database.connection))
        self.operator = self.hub.token("configure")
        self.city = City(self.scratch)
        self.commit = self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")})
        identity = Speaker(self.hub, "sf-0042").enrol(self.operator)
        identity.key.chmod(0o600)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url, more=f"""hub:
  url: {self.hub.url}
  ca: {self.hub.ca}
  certificate: {identity.certificate}
  key: {identity.key}
"""))
        self.device.start()

    def shown(self):
        reply = self.hub.request("GET", "/v1/devices/sf-0042", token=self.operator)
        return reply.json() if reply.status == 200 else {}

    def wait_for(self, state, commit):
        wait_until(lambda: (self.shown().get("state"), self.shown().get("target")) == (state, commit), f"the hub knows: {state}")
        return self.shown()

    def test_the_hub_sees_what_the_device_runs_what_it_took_back_and_why(self):
        shown = self.wait_for("in-sync", self.commit)
        self.assertEqual((self.commit, "In sync"), (shown["commit"], shown["detail"]["says"]))
        self.assertEqual(["File/motd"], [action["object"] for action in shown["syncs"][0]["actions"]])
        wrong = self.city.commit({"motd.yaml": WRONG})
        self.device.cli("sync")
        shown = self.wait_for("reverted", wrong)
        self.assertEqual(self.commit, shown["commit"])
        self.assertIn("motd.yaml:4:", shown["reason"])
        self.assertIn('did you mean content?', shown["reason"])

    def test_a_hub_that_was_away_gets_the_newest_state_and_what_it_missed(self):
        self.wait_for("in-sync", self.commit)
        self.hub.stop()
        for text in ("two", "three"):
            commit = self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", text)})
            self.device.cli("sync", "--wait", check=0)
        self.hub.start()
        self.wait_for("in-sync", commit)
        wait_until(lambda: len(self.shown()["syncs"]) == 3, "each sync is told")
        numbers = [sync["number"] for sync in self.shown()["syncs"]]
        self.assertEqual(sorted(set(numbers), reverse=True), numbers)


if __name__ == "__main__":
    why_not = postgres.missing()
    if why_not:
        print(f"SKIPPED: {why_not}")
        sys.exit(77)
    unittest.main()
