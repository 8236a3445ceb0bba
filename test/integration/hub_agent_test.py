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

    def test_the_hub_sees_what_the_device_runs_what_it_refuses_and_why(self):
        shown = self.wait_for("in-sync", self.commit)
        self.assertEqual((self.commit, "In sync"), (shown["commit"], shown["detail"]["says"]))
        self.assertEqual(["File/motd"], [action["object"] for action in shown["syncs"][0]["actions"]])
        wrong = self.city.commit({"motd.yaml": WRONG})
        self.device.cli("sync")
        shown = self.wait_for("failed", wrong)
        self.assertIn("refused", shown["detail"]["says"])
        self.assertEqual(self.commit, shown["commit"])
        self.assertIn("motd.yaml:4:", shown["reason"])
        self.assertIn('did you mean content?', shown["reason"])

    def test_a_device_enrols_by_a_code_and_reports(self):
        code = self.hub.request("POST", "/v1/codes", {"device": "sf-0043"}, self.operator).json()["code"]
        device = self.enterContext(Device(self.scratch / "other", self.city.url, device="sf-0043",
                                          more=f"hub:\n  url: {self.hub.url}\n  ca: {self.hub.ca}\n"))
        device.cli("enroll", "--hub", self.hub.url, "--ca", self.hub.ca, "--code", code, check=0)
        device.start()
        wait_until(lambda: self.hub.request("GET", "/v1/devices/sf-0043", token=self.operator).status == 200, "it reports")

    def test_an_operator_approves_the_key_that_the_device_shows(self):
        device = self.enterContext(Device(self.scratch / "other", self.city.url, device="sf-0044"))
        shown = device.cli("enroll", "--hub", self.hub.url, "--ca", self.hub.ca, "--no-wait")
        waiting = self.hub.get("/v1/enrolments", self.operator)["enrolments"]
        self.assertEqual(["sf-0044"], [one["device"] for one in waiting])
        self.assertIn(waiting[0]["key"], shown.stdout)
        body = {"decision": "approve", "key": waiting[0]["key"]}
        self.assertEqual(200, self.hub.request("POST", "/v1/enrolments/sf-0044", body, self.operator).status)
        device.cli("enroll", "--hub", self.hub.url, "--ca", self.hub.ca, check=0)

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

    def test_a_certificate_that_the_hub_has_just_given_is_in_order_and_is_not_renewed(self):
        device = self.enterContext(Device(self.scratch / "other", self.city.url, device="sf-0043",
                                          more=f"hub:\n  url: {self.hub.url}\n  ca: {self.hub.ca}\n"))
        recipient = device.json("identity")["recipients"][0]
        code = self.hub.request("POST", "/v1/codes", {"device": "sf-0043"}, self.operator).json()["code"]
        device.cli("enroll", "--code", code, check=0)
        self.assertEqual(recipient, self.hub.get("/v1/recipients", self.operator)["devices"]["sf-0043"])
        given = (device.state / "hub.crt").read_text()
        device.start()
        wait_until(lambda: self.hub.request("GET", "/v1/devices/sf-0043", token=self.operator).status == 200, "it reports")
        self.assertEqual(given, (device.state / "hub.crt").read_text())
        checks = [(check["result"], check["text"]) for check in device.json("doctor")["checks"] if check["check"] == "hub"]
        self.assertEqual(["ok", "ok"], [result for result, _ in checks], checks)


if __name__ == "__main__":
    postgres.main()
