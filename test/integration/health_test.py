"""Health decides what is kept, on devices with a real systemd: a device that a commit breaks goes back from it.

Each machine holds the built programs and follows the same repository by file://; `greenwaved --once` is one sync, with
the watching of health that belongs to it.
"""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import field  # noqa: E402
import machine  # noqa: E402
from field import BEACON, CANARY, FieldDevice, in_wave, manifest, status, unit  # noqa: E402
from greenwave import City, Scratch, file_manifest  # noqa: E402


class Health(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def device(self, name="sf-0042"):
        started = self.enterContext(machine.Machine(binds=FieldDevice.binds(self.city)))
        return FieldDevice(started, device=name)

    def device_with(self, files):
        self.city.commit(files, "The first signals")
        device = self.device()
        device.once(0)
        return device

    def results(self, device):
        return [sync["result"] for sync in device.history()]

    def test_a_commit_whose_health_check_fails_is_taken_back_whole_and_not_tried_again(self):
        device = self.device_with({**BEACON, "old.yaml": file_manifest("old", "/etc/old", "old\n")})
        pid = device.show("beacon.service", "MainPID")
        changes = {"status.yaml": status("503 Sorry"), "new.yaml": file_manifest("new", "/etc/new", "new\n"), "old.yaml": None}
        bad = self.city.commit(changes, "A bad day")
        self.assertIn("status 503", device.once(1))
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertEqual("old\n", device.read("/etc/old"))
        self.assertIsNone(device.read("/etc/new"))
        self.assertEqual("active", device.show("beacon.service", "ActiveState"))
        self.assertNotEqual(pid, device.show("beacon.service", "MainPID"))
        newest, tried = device.history()[:2]
        self.assertEqual(("reverted", "not healthy"), (newest["result"], tried["result"]))
        self.assertEqual(bad, tried["commit"])
        self.assertIn("HealthCheck/beacon", tried["error"])

        pid = device.show("beacon.service", "MainPID")
        device.once(1)
        self.assertEqual(pid, device.show("beacon.service", "MainPID"))
        self.assertIn(bad[:10], device.cli("status"))
        self.assertEqual(newest["number"], device.history()[0]["number"], "a commit that is held is told once")

        self.city.commit({"status.yaml": status("204 Fine")}, "Mended")
        device.once(0)
        self.assertEqual("204 Fine\n", device.read("/etc/beacon/status"))
        self.assertEqual("new\n", device.read("/etc/new"))
        self.assertNotIn("rejected", device.json("status"))

    def test_a_commit_that_breaks_a_unit_at_one_device_of_three_is_taken_back_there_alone(self):
        features = [
            {
                "type": "Feature",
                "id": f"sf-{letter}",
                "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
                "properties": {"program": program},
            }
            for letter, program in (("a", "sleep"), ("b", "sleep"), ("c", "missing"))
        ]
        cluster = {"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "three"}, "spec": {"devices": "devices.geojson"}}
        files = {
            "greenwave.yaml": json.dumps(cluster),
            "devices.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
            "signal.yaml": unit("signal", "/bin/sleep 1000"),
        }
        self.city.commit(files, "The first signals")
        devices = [self.device(f"sf-{letter}") for letter in "abc"]
        for device in devices:
            device.once(0)
        self.city.commit({"signal.yaml": unit("signal", "/bin/${device.properties.program} 2000")}, "Longer")
        for device, code, seconds in zip(devices, (0, 0, 1), (2000, 2000, 1000)):
            device.once(code)
            self.assertIn(f"/bin/sleep {seconds}", device.read("/etc/systemd/system/signal.service"))
            self.assertEqual("active", device.show("signal.service", "ActiveState"))

    def test_a_unit_that_comes_up_and_dies_again_and_again_is_not_healthy(self):
        device = self.device_with({"signal.yaml": unit("signal", "/bin/sleep 1000")})
        nervous = unit("signal", "/bin/sleep 0.7", service="Restart=always\nRestartSec=100ms", **{"greenwave.dev/healthy-within": "4s"})
        self.city.commit({"signal.yaml": nervous}, "A nervous one")
        self.assertIn("SystemdUnit/signal", device.once(1))
        self.assertIn("sleep 1000", device.read("/etc/systemd/system/signal.service"))

    def test_a_command_undoes_what_it_did_and_one_without_an_undo_is_reported(self):
        device = self.device_with(BEACON)
        flash = {"command": ["touch", "/var/lib/flashed"], "undo": ["rm", "/var/lib/flashed"]}
        changes = {
            "status.yaml": status("503 Sorry"),
            "flash.yaml": manifest("Command", "flash", flash),
            "key.yaml": manifest("Command", "key", {"command": ["touch", "/var/lib/keyed"]}),
        }
        self.city.commit(changes, "Flash it")
        device.once(1)
        self.assertFalse(device.path("/var/lib/flashed").exists())
        self.assertTrue(device.path("/var/lib/keyed").exists())
        self.assertIn("not undone: Command/key: it has no undo command", device.cli("status"))

    def test_force_tries_a_rejected_commit_again_and_the_daemon_reports_all_of_it(self):
        device = self.device_with(BEACON)
        self.city.commit({"status.yaml": status("503 Sorry")}, "A bad day")
        device.start()
        self.assertIn("is taken back", device.cli("sync", "--wait"))
        device.cli("sync", "--wait")
        self.assertEqual(1, self.results(device).count("not healthy"))
        told = device.cli("sync", "--wait", "--force")
        self.assertIn("is taken back", told)
        self.assertEqual(2, self.results(device).count("not healthy"))
        self.assertIn("was not healthy here and was reverted", device.cli("status"))

    def test_what_fails_after_it_was_good_once_reverts_nothing(self):
        device = self.device_with(BEACON)
        device.machine.run("systemctl", "mask", "--runtime", "--now", "beacon.service", check=False)
        device.machine.shell("rm /etc/beacon/status")
        device.once()
        self.assertNotIn("reverted", self.results(device))

    def test_a_commit_that_cuts_its_own_link_is_taken_back_and_an_outage_later_on_is_not_blamed(self):
        device = self.device_with(BEACON)
        mirror = "mkdir -p /var/lib/mirror; rm -rf /var/lib/mirror/city.git; cp -a /srv/city.git /var/lib/mirror/"
        device.machine.shell(mirror + "; ln -s /var/lib/mirror /var/lib/way")
        device.configure(url="file:///var/lib/way/city.git")
        device.once(0)
        good = self.city.git("rev-parse", "HEAD")
        astray = {"command": ["ln", "-sfn", "/nowhere", "/var/lib/way"], "undo": ["ln", "-sfn", "/var/lib/mirror", "/var/lib/way"]}
        self.city.commit({"way.yaml": manifest("Command", "way", astray)}, "Another way")
        device.machine.shell(mirror)
        self.assertIn("it was reached before this commit", device.once(1))
        self.assertEqual(good, device.history()[0]["commit"])
        self.assertIn("reverted", self.results(device))

        self.city.commit({"way.yaml": None, "status.yaml": status("201 New")}, "The way stays")
        device.machine.shell(mirror)
        device.once(0)
        before = self.results(device).count("reverted")
        device.machine.shell("rm -rf /var/lib/mirror/city.git")
        device.once(2)
        self.assertEqual("201 New\n", device.read("/etc/beacon/status"))
        self.assertEqual(before, self.results(device).count("reverted"))

    def test_a_file_that_cannot_be_written_takes_its_commit_back(self):
        device = self.device_with(BEACON)
        changes = {"status.yaml": status("204 Fine"), "odd.yaml": file_manifest("odd", "/etc/hostname/odd", "odd\n")}
        self.city.commit(changes, "One of two")
        for _ in range(4):
            device.once(1)
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertEqual(1, self.results(device).count("reverted"))
        self.assertIn("File/odd", device.json("status")["rejected"]["reason"])

    def test_a_commit_that_changes_the_wave_and_is_not_healthy_takes_both_back(self):
        device = self.device_with({**BEACON, **in_wave("")})
        self.city.git("push", "-q", "origin", f"HEAD:{CANARY}")
        self.city.commit({**in_wave("canary"), "status.yaml": status("503 Sorry")}, "Into the wave")
        device.once(1)
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertIn("reverted", self.results(device))
        device.once(1)
        self.city.commit({**in_wave(""), "status.yaml": status("204 Fine")}, "Mended")
        device.once(0)
        self.assertEqual("204 Fine\n", device.read("/etc/beacon/status"))
        self.assertNotIn("rejected", device.json("status"))

    def test_a_device_without_a_good_commit_keeps_what_it_has_and_reports_it(self):
        self.city.commit({**BEACON, "status.yaml": status("503 Sorry")}, "A bad beginning")
        device = self.device()
        self.assertIn("HealthCheck/beacon", device.once(1) + device.cli("status"))
        self.assertEqual("503 Sorry\n", device.read("/etc/beacon/status"))
        self.city.commit({"status.yaml": status("200 OK")}, "Mended")
        device.once(0)


if __name__ == "__main__":
    if field.skip_reason():
        print(f"SKIPPED: {field.skip_reason()}")
        sys.exit(77)
    unittest.main()
