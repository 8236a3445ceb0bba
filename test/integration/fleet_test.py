"""`greenwave fleet` and `greenwave promote --health hub`, against a real hub behind nginx on a real PostgreSQL."""

import json
import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from git_server import free_port  # noqa: E402
from greenwave import BIN, City, Device, GIT_ENVIRONMENT, Scratch, file_manifest, run, wait_until  # noqa: E402
from hub import Hub, Speaker  # noqa: E402

AREA = {"type": "Feature", "properties": {}, "geometry": {
    "type": "Polygon", "coordinates": [[[-122.5, 37.77], [-122.3, 37.77], [-122.3, 37.8], [-122.5, 37.77]]]}}
HOSTILE = "\x1b[31mred\u202eder\nforged: line"
# As people write them: a Feature a line, and members in a line or below each other.
INVENTORY = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": "sf-1", "geometry": {"type": "Point", "coordinates": [-122.43, 37.75]}, "properties": {"name": "A & B", "labels": {"canary": "yes", "model": "atc"}}},
{"type":"Feature","id":"sf-2","geometry":{"type":"Point","coordinates":[-122.40,37.78]},"properties":{"labels":{"model":"lx"}}},
{
  "type": "Feature",
  "id": "sf-3",
  "geometry": {"type": "Point", "coordinates": [-122.41, 37.79]},
  "properties": {
    "name": "C \\"quoted\\" }] D",
    "labels": {}
  }
}
]}
"""
CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: springfield}
spec:
  devices: devices.geojson
  layers: [{path: base}]
  waves: [{name: canary, selector: {matchLabels: {canary: "yes"}}, ref: refs/heads/canary, soak: 0s}]
"""


class Fleet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.scratch.chmod(0o755)
        cls.postgres = cls.enterClassContext(postgres.Postgres(cls.scratch / "postgres"))
        cls.city = City(cls.scratch)
        cls.first = cls.commit("First")
        cls.city.git("push", "-q", "origin", "HEAD:refs/heads/canary")
        (cls.scratch / "city.yaml").write_text(f"device: hub\nrepository:\n  url: {cls.city.url}\n  interval: 1s\n")
        cls.hub = cls.enterClassContext(Hub(cls.scratch / "hub", cls.postgres.connection,
                                            more=f"follow: {cls.scratch}/city.yaml\n"))
        cls.operator, cls.viewer = cls.hub.token("configure"), cls.hub.token("view")
        cls.home = cls.scratch / "home"
        (cls.home / ".config/greenwave").mkdir(parents=True)
        (cls.home / ".config/greenwave/token").write_text(cls.operator + "\n")
        (cls.home / ".config/greenwave/hub.yaml").write_text(f"url: {cls.hub.url}\ntokenFile: token\ncaFile: {cls.hub.ca}\n")
        wait_until(lambda: len(cls.hub.get("/v1/devices?listed=true", cls.viewer)["devices"]) == 3, "the inventory was read")
        cls.devices = [Speaker(cls.hub, name).enrol(cls.operator) for name in ("sf-1", "sf-2")]
        one, two = cls.devices
        one.report("failed", commit={"oid": cls.first, "subject": "First"}, target=cls.first, wave="canary",
                   failed=[{"object": "SystemdUnit/spat", "reason": f"base/spat.yaml:9:3: exit 203 {HOSTILE}"}])
        two.report("in-sync", commit={"oid": cls.first, "subject": HOSTILE}, target=cls.first,
                   syncs=[{"number": 7, "started": "2026-11-27T08:00:00Z", "result": "in sync", "commit": cls.first}])

    @classmethod
    def commit(cls, subject):
        return cls.city.commit({"greenwave.yaml": CLUSTER, "devices.geojson": INVENTORY,
                                "base/motd.yaml": file_manifest("motd", "/etc/motd", subject + "\n")}, subject)

    def ask(self, *words, check=0, **environment):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GREENWAVE_HUB")}
        result = run(BIN / "greenwave", "fleet", *words, check=False,
                     env={**clean, "HOME": str(self.home), "COLUMNS": "80", **environment})
        self.assertEqual(check, result.returncode, result.stdout)
        self.assertNotIn(self.operator, result.stdout)
        self.assertNotIn("\x1b", result.stdout)
        self.assertNotIn("\u202e", result.stdout)
        self.assertFalse([line for line in result.stdout.splitlines() if line.startswith("forged")], result.stdout)
        return result.stdout

    def json(self, *words, check=0):
        return json.loads(self.ask(*words, "-o", "json", check=check))

    def test_status_counts_the_city_and_groups_reasons(self):
        shown = self.ask("status", check=1)
        self.assertRegex(shown, r"springfield: \d devices, last report .* ago")
        self.assertRegex(shown, r"1  failed")
        self.assertRegex(shown, r"1 failed: SystemdUnit/spat: base/spat.yaml:9:3: exit 203")
        self.assertIn(f"Inventory: commit {self.tip()[:12]}", shown)
        self.assertEqual("springfield", self.json("status", check=1)["city"])

    def tip(self):
        return self.city.git("rev-parse", "refs/heads/main", cwd=self.city.bare)

    def ids(self, *filters):
        return [device["id"] for device in self.json("devices", *filters)["devices"]]

    def test_devices_are_found_by_each_filter_and_fit_the_screen(self):
        area = self.scratch / "area.geojson"
        area.write_text(json.dumps({"type": "FeatureCollection", "features": [AREA]}))
        for filters, expected in (([], ["sf-1", "sf-2", "sf-3"]), (["--state", "failed"], ["sf-1"]),
                                  (["--state", "failed", "--state", "in-sync"], ["sf-1", "sf-2"]),
                                  (["--label", "model=atc"], ["sf-1"]), (["--wave", "canary"], ["sf-1"]),
                                  (["--commit", self.first[:9]], ["sf-1", "sf-2"]), (["-q", "a & b"], ["sf-1"]),
                                  (["-q", "%"], []), (["--bbox", "-122.44,37.74,-122.42,37.76"], ["sf-1"]),
                                  (["--within", str(area)], ["sf-2"]), (["--unlisted"], [])):
            with self.subTest(filters):
                self.assertEqual(expected, [name for name in self.ids(*filters) if name.startswith("sf-")])
        shown = self.ask("devices")
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)
        self.assertRegex(shown, rf"sf-2 +in-sync +{self.first[:12]}")
        self.assertIn("3 devices: 1 failed, 1 in-sync, 1 not-reporting", shown)

    def test_wrong_filters_are_refused_with_what_to_write(self):
        self.assertIn("KEY=VALUE", self.ask("devices", "--label", "model", check=2))
        self.assertIn("broken is not one of not-reporting", self.ask("devices", "--state", "broken", check=2))
        (self.scratch / "point.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}')
        self.assertIn("no Polygon", self.ask("devices", "--within", str(self.scratch / "point.geojson"), check=2))
        self.assertIn("did you mean status?", self.ask("statsu", check=2))
        self.assertIn("did you mean --state?", self.ask("devices", "--stat", "failed", check=2))

    def test_a_device_shows_reasons_history_syncs_and_certificates(self):
        shown = self.ask("device", "sf-1", check=1)
        for words in ("sf-1  A & B", "failed since", "SystemdUnit/spat: base/spat.yaml:9:3: exit 203", "HISTORY", "CERTIFICATE"):
            self.assertIn(words, shown)
        self.assertRegex(self.ask("device", "sf-2"), r"#7 +in sync")
        self.assertIn("it has never reported", self.ask("device", "sf-3", check=1))
        self.assertIn("there is no device sf-99", self.ask("device", "sf-99", check=2))
        self.assertIn("there is no device a?b#c%", self.ask("device", "a?b#c%", check=2))

    def test_failing_and_behind_list_the_devices_that_are(self):
        self.assertIn("sf-1", self.ask("failing", check=1))
        self.assertEqual(["sf-1"], [device["id"] for device in self.json("failing", check=1)["devices"]])
        behind = self.json("behind", check=1)["devices"]
        self.assertIn("sf-3", [device["id"] for device in behind])
        self.assertNotIn("sf-1", [device["id"] for device in behind])
        self.assertIn(f"its wave is at {self.tip()[:12]}", self.ask("behind", check=1))

    def test_rollout_has_a_bar_for_each_wave(self):
        shown = self.ask("rollout", check=1)
        self.assertRegex(shown, r"canary  refs/heads/canary\n  " + self.first[:12] + r" First.*\n  \[!{40}\] 0 of 1 healthy\n"
                                r"  1 have it, 1 failed, 0 reverted, 0 silent\n"
                                r"  halted: 1 of 1 device that reported in canary failed, more than 5 percent\n  1 failed: SystemdUnit/spat")
        self.assertRegex(shown, r"branch  refs/heads/main")

    def test_a_device_is_approved_refused_asked_and_revoked(self):
        name = "sf-3"
        device = Speaker(self.hub, name)
        key = device.ask(recipient="age1qqq").json()["key"]
        listed = self.ask("enrolments", check=1)
        self.assertIn(f"greenwave fleet approve {name} --key {key}", listed)
        self.ask("refuse", name, "--key", key)
        self.assertEqual(403, device.ask().status)
        self.assertIn("No device waits", self.ask("enrolments"))
        again = Speaker(self.hub, name, self.scratch)
        again.ask()
        self.assertIn(f"Approved {name}", self.ask("approve", name))
        self.assertEqual(200, again.ask().status)
        self.assertIn("no key, or more than one", self.ask("approve", name, check=2))
        self.assertIn("asked at its next report", self.ask("sync", "sf-2", "--reason", "the crew is there"))
        self.assertEqual("the crew is there", self.devices[1].report(None).json()["sync"]["reason"])
        self.assertIn("1 certificate of sf-3", self.ask("revoke", name))
        actions = [json.loads(line)["action"] for line in self.ask("audit", "-o", "json").splitlines()]
        for action in ("refuse enrolment", "approve enrolment", "ask for a sync", "revoke"):
            self.assertIn(action, actions)
        self.assertEqual("", self.ask("audit", "--until", "1d", "-o", "json"))
        self.assertIn('"revoke"', self.ask("audit", "--since", "1h", "-o", "json"))
        self.assertIn("is not before --until", self.ask("audit", "--since", "1h", "--until", "2h", check=2))
        self.assertIn("is not a time", self.ask("audit", "--since", "yesterday", check=2))
        shown = self.ask("audit")
        self.assertRegex(shown, r"\n20\d\d-\d\d-\d\d \d\d:\d\d  configure +approve enrolment")
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)

    def test_a_code_lets_its_device_in_once(self):
        shown = self.ask("code", "--device", "sf-2", "--for", "90s")
        code = shown.split()[0]
        self.assertIn("for sf-2, until", shown)
        self.assertEqual(403, Speaker(self.hub, "sf-1", self.scratch).ask(code=code).status)
        self.assertEqual(200, Speaker(self.hub, "sf-2", self.scratch).ask(code=code).status)
        self.assertIn("is not a duration", self.ask("code", "--for", "soon", check=2))

    def test_recipients_go_into_the_inventory_and_no_other_byte_changes(self):
        recipients = {}
        for name in ("sf-1", "sf-3", "not-listed"):
            device = self.enterContext(Device(self.scratch / f"device-{name}", self.city.url))
            recipients[name] = re.search(r"age1\w+", device.cli("identity").stdout)[0]
        self.postgres.sql("INSERT INTO greenwave.certificates (city, serial, device, key, recipient, issued, not_after) VALUES "
                          + ", ".join(f"('springfield', 'r-{name}', '{name}', 'k', '{recipient}', now() + interval '1h', now())"
                                      for name, recipient in recipients.items()))
        self.assertEqual(recipients, self.json("recipients")["devices"])
        file = self.scratch / "inventory.geojson"
        file.write_text(INVENTORY)
        file.chmod(0o640)
        shown = self.ask("recipients", "--write", str(file), check=1)
        self.assertIn("2 added: sf-1, sf-3", shown)
        self.assertIn("1 enrolled, but not in the file: not-listed", shown)
        self.assertIn(f"git commit -m 'Add recipients' {file}", shown)
        expected = INVENTORY.replace('"model": "atc"}}}', f'"model": "atc"}}, "recipient": "{recipients["sf-1"]}"}}}}').replace(
            '    "labels": {}\n', f'    "labels": {{}},\n    "recipient": "{recipients["sf-3"]}"\n')
        self.assertEqual(expected, file.read_text())
        self.assertEqual(0o640, file.stat().st_mode & 0o777)
        before = file.stat().st_ino
        self.assertIn("nothing to commit", self.ask("recipients", "--write", str(file), check=1))
        self.assertEqual(before, file.stat().st_ino)
        other = INVENTORY.replace('"model": "atc"}}}', f'"model": "atc"}}, "recipient": "{recipients["sf-3"]}"}}}}')
        file.write_text(other)
        self.assertIn("have another recipient in the file", self.ask("recipients", "--write", str(file), check=1))
        self.assertIn(f'"recipient": "{recipients["sf-3"]}"}}}}', file.read_text())
        self.ask("recipients", "--write", str(file), "--replace", check=1)
        self.assertEqual(expected, file.read_text())

    def test_errors_say_what_to_do(self):
        self.assertIn("no hub is named", self.ask("status", check=2, HOME=str(self.scratch)))
        away = f"https://localhost:{free_port()}"
        self.assertIn("is the hub up", self.ask("status", "--hub", away, check=2))
        unknown = self.ask("status", check=2, GREENWAVE_HUB_TOKEN="not-a-token")
        self.assertIn("does not accept the token", unknown)
        self.assertNotIn("not-a-token", unknown)
        self.assertIn("wants a token", self.ask("status", "--hub", self.hub.url, "--ca", str(self.hub.ca), check=2,
                                                HOME=str(self.scratch)))
        self.assertIn("--ca FILE", self.ask("status", "--hub", self.hub.url, check=2, HOME=str(self.scratch)))
        refused = self.ask("approve", "sf-3", check=2, GREENWAVE_HUB_TOKEN=self.viewer)
        self.assertIn("this needs approve", refused)
        self.assertIn("greenwave-hub token add", refused)
        self.assertIn("not an https URL", self.ask("status", "--hub", "http://hub.example", check=2))
        (self.scratch / "token").write_text("two words\n")
        self.assertIn("is not a token", self.ask("status", "--token-file", str(self.scratch / "token"), check=2))
        self.assertIn("error", json.loads(self.ask("status", "--hub", away, "-o", "json", check=2)))

    def test_the_files_token_goes_to_the_files_hub_only(self):
        other = f"https://127.0.0.1:{self.hub.port}"
        shown = self.ask("status", "--hub", other, "--ca", str(self.hub.ca), check=2)
        self.assertRegex(shown, "wants a token|certificate")

    def test_promote_asks_the_hub_for_health(self):
        environment = {**os.environ, **GIT_ENVIRONMENT, "HOME": str(self.home)}
        promote = lambda *words: run(BIN / "greenwave", "promote", "--status", "--repo", str(self.city.bare),  # noqa: E731
                                     *words, check=False, env=environment)
        token = self.scratch / "viewer"
        token.write_text(self.viewer)
        for words in (["--health", "hub"], ["--health", "hub", "--health-token", token],
                      ["--health", f"{self.hub.url}/v1/health"]):
            self.assertEqual(0, promote(*words).returncode, promote(*words).stdout)
        stranger = self.scratch / "stranger"
        (stranger / ".config/greenwave").mkdir(parents=True)
        (stranger / ".config/greenwave/hub.yaml").write_text(f"url: {self.hub.url}\ncaFile: {self.hub.ca}\n")
        environment["HOME"] = str(stranger)
        refused = promote("--health", f"{self.hub.url}/v1/health")
        self.assertIn("--health-token", refused.stdout)
        self.assertEqual(2, refused.returncode)
        environment["HOME"] = str(self.scratch)
        self.assertIn("no hub is named", promote("--health", "hub").stdout)


if __name__ == "__main__":
    postgres.main()
