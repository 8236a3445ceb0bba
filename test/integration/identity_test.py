"""Who a device is: what a lost host name, a removed Feature and a retired device do to what it has."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402

CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: san-francisco}
spec:
  devices: devices.geojson
  layers:
    - path: base
    - path: corridor
      selector: {matchLabels: {corridor: fulton}}
    - path: devices/${device.id}
      optional: true
"""


def inventory(*ids, **properties):
    features = [
        {"type": "Feature", "id": device, "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
         "properties": {"labels": {"corridor": "fulton"}, **properties.get(device.replace("-", "_"), {})}}
        for device in ids
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def named(host):
    """Runs a command on a host of this name."""
    return ("unshare", "--uts", "/bin/sh", "-c", 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"', host)


class WhoAmI(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit({
            "greenwave.yaml": CLUSTER,
            "devices.geojson": inventory("sf-0042", "sf-0043"),
            "base/motd.yaml": file_manifest("motd", "/etc/motd", "hello\n"),
            "corridor/plan.yaml": file_manifest("plan", "/etc/plan", "fulton\n"),
            "devices/sf-0042/own.yaml": file_manifest("own", "/etc/own", "mine\n"),
        })

    def device(self, name=None):
        return Device(self.scratch / "device", self.city.url, device=name)

    def has_all(self, device):
        return [path for path in ("/etc/motd", "/etc/plan", "/etc/own") if not device.path(path).exists()] == []

    def test_a_host_that_boots_with_another_name_stays_the_device_that_it_was(self):
        device = self.device()
        device.once(prefix=named("sf-0042"), check=0)
        self.assertTrue(self.has_all(device))
        for number, host in enumerate(("localhost", "SF-0042", "sf-0042.signals.example")):
            device.path("/etc/own").write_text("tampered\n")
            self.city.commit({"base/motd.yaml": file_manifest("motd", "/etc/motd", f"hello {number}\n")})
            device.once(prefix=named(host), check=0)
            self.assertTrue(self.has_all(device))
            self.assertEqual(device.path("/etc/own").read_text(), "mine\n")
            self.assertEqual(device.path("/etc/motd").read_text(), f"hello {number}\n")

    def test_status_says_that_the_name_of_the_host_changed(self):
        device = self.device()
        device.once(prefix=named("sf-0042"), check=0)
        device.prefix = named("localhost")
        self.addCleanup(device.stop)
        device.start()
        status = device.json("status")
        self.assertEqual(status["device"], "sf-0042")
        self.assertIn("the host's name is now localhost", " ".join(status["notes"]))
        self.assertIn("set device:", device.cli("status").stdout)

    def test_a_new_device_with_a_wrong_name_gets_nothing_and_the_ids_that_are_near(self):
        device = self.device()
        said = device.once(prefix=named("SF-0042.signals.example"), check=2).stdout
        self.assertIn("devices.geojson lists no device SF-0042.signals.example; near are: sf-0042", said)
        self.assertFalse(device.path("/etc/motd").exists())
        device.once(prefix=named("sf-0042"), check=0)
        self.assertTrue(self.has_all(device))

    def test_a_device_whose_feature_is_removed_keeps_what_it_has(self):
        device = self.device("sf-0042")
        device.once(check=0)
        self.city.commit({"devices.geojson": inventory("sf-0043"), "base/motd.yaml": file_manifest("motd", "/etc/motd", "new\n")})
        said = device.once(check=2).stdout
        self.assertIn("lists no device sf-0042", said)
        self.assertTrue(self.has_all(device))
        self.assertEqual(device.path("/etc/motd").read_text(), "hello\n")
        device.path("/etc/plan").write_text("tampered\n")
        device.once(check=2)
        self.assertEqual(device.path("/etc/plan").read_text(), "fulton\n", "drift is repaired meanwhile")
        self.assertEqual(device.json("status")["statuses"], ["not running", "not in inventory"])
        self.assertIn("not in inventory", device.cli("history", check=0).stdout)
        with device.start():
            device.sync()  # the commit that was refused is not rendered again
            told = device.json("status")
            self.assertEqual((told["statuses"], told["exitCode"], told["health"]), (["not in inventory"], 1, "failed"))
            shown = device.cli("status", check=1).stdout
            self.assertIn("not in the inventory", shown.splitlines()[0])
            self.assertIn("lists no device sf-0042", shown)
        self.city.commit({"devices.geojson": inventory("sf-0042", "sf-0043")})
        device.once(check=0)
        self.assertEqual(device.json("status")["statuses"], ["not running"])
        self.assertEqual(device.path("/etc/motd").read_text(), "new\n")

    def test_a_retired_device_loses_everything_and_impact_and_lint_say_so(self):
        device = self.device("sf-0042")
        device.once(check=0)
        self.city.commit({"devices.geojson": inventory("sf-0042", "sf-0043", sf_0042={"retired": True})})
        device.once(check=0)
        for path in ("/etc/motd", "/etc/plan", "/etc/own"):
            self.assertFalse(device.path(path).exists(), path)
        impact = device.cli("impact", "HEAD~1..HEAD", "--repository", self.city.work).stdout
        self.assertIn("retired, so that everything is removed: sf-0042", impact)
        self.assertIn("2 devices (1 retired)", device.cli("lint", self.city.work).stdout)


if __name__ == "__main__":
    unittest.main()
