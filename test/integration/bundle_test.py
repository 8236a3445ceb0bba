"""A device without any network takes its commits from a bundle on a USB stick, with the same checks."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402

MOTD = "/etc/motd.d/greenwave"
CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: springfield}
spec: {layers: [{path: base}, {path: "models/${device.labels.model}"}, {path: "devices/${device.id}", optional: true}]}
"""
NOWHERE = "https://city.invalid/city.git"


def files(text="one\n"):
    """A city of 50 devices with a tree as a source each."""
    city = {
        "greenwave.yaml": CLUSTER,
        "base/motd.yaml": file_manifest("motd", MOTD, text),
        "models/atc/model.yaml": file_manifest("model", "/etc/model", "atc\n"),
        "models/2070/model.yaml": file_manifest("model", "/etc/model", "2070\n"),
    }
    for number in range(50):
        directory = f"devices/sf-{number:04}"
        city[f"{directory}/plans.yaml"] = json.dumps({
            "apiVersion": "greenwave.dev/v1", "kind": "Directory", "metadata": {"name": "plans"},
            "spec": {"path": "/srv/plans", "source": f"{directory}/plans"}})
        city[f"{directory}/plans/am.csv"] = f"offset of {number} in the morning\n" * (number + 50)
        city[f"{directory}/plans/deep/pm.csv"] = f"offset of {number} in the evening\n" * (number + 50)
    return city


class Bundles(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.scratch / "ana")
        self.key = self.scratch / "ana"
        self.signers = self.scratch / "allowed_signers"
        self.signers.write_text("ana@city.example " + self.key.with_suffix(".pub").read_text())
        self.stick = self.scratch / "a stick & more.bundle"

    def commit(self, text="one\n", **options):
        return self.city.commit(files(text), key=self.key, **options)

    def device(self, name="device", device="sf-0042"):
        made = Device(self.scratch / name, NOWHERE, device=device,
                      more=f"trust: {{allowedSigners: {self.signers}}}\nlabels: {{model: atc}}\n")
        self.addCleanup(made.stop)
        return made

    def plain(self, *what):
        self.city.git("bundle", "create", "-q", self.stick, *(what or ["main"]))

    def ours(self, *words, device="sf-0042"):
        """`greenwave bundle`; what it says with -o json."""
        told = run(BIN / "greenwave", "bundle", "--device", device, "--repo", self.city.bare, "--label", "model=atc",
                   "-o", "json", *words, self.stick)
        return json.loads(told.stdout)

    def take(self, device, check):
        return device.cli("sync", "--wait", "--from", self.stick, check=check).stdout

    def test_a_plain_bundle_of_git_serves_a_device_without_network(self):
        commit = self.commit()
        self.plain()
        device = self.device().start()
        told = self.take(device, 0)
        self.assertIn("In sync: 3 objects", told)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        status = device.json("status")
        self.assertEqual(status["commit"]["oid"], commit)
        self.assertEqual(status["bytesReceived"], 0)
        (taken,) = [sync for sync in device.json("history")["syncs"] if sync["trigger"] == "bundle"]
        self.assertEqual(taken["result"], "in sync")
        self.assertTrue(taken["who"])

    def test_the_smallest_bundle_of_a_device_serves_it_and_no_other(self):
        self.commit()
        self.plain()
        whole = self.stick.stat().st_size
        told = self.ours()
        self.assertEqual(told["bytes"], self.stick.stat().st_size)
        self.assertLess(told["bytes"], whole / 4)
        self.assertEqual(told["layers"], ["base", "models/atc", "devices/sf-0042"])
        names = run("git", "rev-list", "--objects", "main", cwd=self.city.bare).stdout
        self.assertLess(told["objects"], len(names.splitlines()) / 5)
        device = self.device().start()
        self.take(device, 0)
        self.assertIn("42 in the evening", device.path("/srv/plans/deep/pm.csv").read_text())
        other = self.device("other", device="sf-0007").start()
        told = self.take(other, 2)
        self.assertIn("does not hold all files of commit", told)
        self.assertIn("made for sf-0042", told)
        self.assertFalse(other.path(MOTD).exists())

    def test_one_for_another_citys_device_says_whose_it_is(self):
        self.commit()
        self.ours()
        elsewhere = City(self.enterContext(Scratch()))
        elsewhere.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "elsewhere\n")})
        other = self.enterContext(Device(self.scratch / "elsewhere", elsewhere.url, device="fr-1"))
        other.once(check=0)
        other.start()
        self.assertIn("the bundle was made for sf-0042", self.take(other, None))

    def test_a_bundle_since_a_commit_is_smaller_and_leads_on_from_it(self):
        first = self.commit()
        self.ours()
        device = self.device().start()
        self.take(device, 0)
        self.commit("two\n")
        self.city.commit({"devices/sf-0007/plans/am.csv": "of another device\n"}, key=self.key)
        last = self.commit("three\n")
        whole = self.ours()
        told = self.ours("--since", first[:10])
        self.assertLess(told["bytes"], whole["bytes"])
        self.assertEqual((told["commit"], told["commits"]), (last, 3))
        self.assertLess(told["objects"], 12)
        fresh = self.device("fresh").start()
        self.assertIn(f"requires commit {first}, which this device does not have", self.take(fresh, 2))
        self.take(device, 0)
        self.assertEqual(device.path(MOTD).read_text(), "three\n")
        again = self.ours()
        self.assertEqual(again["commits"], 4)
        self.take(device, 0)

    def test_what_a_stick_brings_is_judged_as_what_a_server_sends(self):
        first = self.commit()
        self.plain()
        device = self.device().start()
        self.take(device, 0)
        unsigned = self.city.commit(files("evil\n"))
        self.plain()
        self.assertIn(f"{unsigned} is not signed", self.take(device, 2))
        self.ours()
        self.assertIn(f"{unsigned} is not signed", self.take(device, 2))
        self.city.git("reset", "-q", "--hard", first)
        second = self.commit("two\n")
        self.plain()
        self.take(device, 0)
        self.city.git("reset", "-q", "--hard", first)
        self.plain()
        self.assertIn(f"{first} is older than {second}", self.take(device, 2))
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        told = device.json("history")["syncs"][0]
        self.assertIn("is older than", told["error"])

    def test_where_nobody_checks_signatures_an_older_one_is_refused_unless_that_is_insisted_on(self):
        first = self.city.commit(files("one\n"))
        self.plain()
        old = self.stick.read_bytes()
        second = self.city.commit(files("two\n"))
        device = Device(self.scratch / "trusting", NOWHERE, more="labels: {model: atc}\n")
        self.addCleanup(device.stop)
        device.start()
        self.plain()
        self.take(device, 0)
        self.stick.write_bytes(old)
        told = self.take(device, 2)
        self.assertIn(f"{first} is older than {second}", told)
        self.assertIn("--force", told)
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        device.cli("sync", "--wait", "--force", "--from", self.stick, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        device.stop()
        self.plain()
        device.once("--from", self.stick, check=0)
        self.stick.write_bytes(old)
        self.assertIn("is older than", device.once("--from", self.stick, check=2).stdout)
        device.once("--force", "--from", self.stick, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")

    def test_where_nobody_checks_signatures_a_newer_one_that_does_not_descend_is_taken(self):
        self.city.commit(files("one\n"))
        device = Device(self.scratch / "trusting", NOWHERE, more="labels: {model: atc}\n")
        self.addCleanup(device.stop)
        device.start()
        self.plain()
        self.take(device, 0)
        self.city.git("checkout", "-q", "--orphan", "anew")
        self.city.git("branch", "-D", "main")
        self.city.git("branch", "-m", "main")
        self.city.commit(files("anew\n"), date="2035-01-01T00:00:00Z")
        self.plain()
        self.take(device, 0)
        self.assertEqual(device.path(MOTD).read_text(), "anew\n")

    def test_a_damaged_copy_another_branch_and_a_file_that_is_not_a_bundle_are_refused_with_the_fix(self):
        self.commit()
        device = self.device().start()
        self.plain()
        good = self.stick.read_bytes()
        self.stick.write_bytes(good[:-100] + bytes(100))
        self.assertIn("is damaged", self.take(device, 2))
        self.stick.write_bytes(good[: len(good) // 2])
        self.assertIn("is damaged", self.take(device, 2))
        self.stick.write_text("hello\n")
        self.assertIn("is not a git bundle", self.take(device, 2))
        self.city.git("branch", "-q", "other")
        self.plain("other")
        self.assertIn("has no refs/heads/main, only: refs/heads/other", self.take(device, 2))
        self.stick.write_bytes(b"")
        self.assertIn("empty", self.take(device, 2))
        self.assertIn("cannot open", device.cli("sync", "--from", "/nonexistent", check=2).stdout)
        self.stick.write_bytes(good)
        self.take(device, 0)

    def test_without_waiting_the_sync_is_queued_and_the_stick_may_go(self):
        self.commit()
        self.plain()
        device = self.device().start()
        self.assertIn("queued", device.cli("sync", "--from", self.stick, check=0).stdout)
        self.stick.unlink()
        wait_until(lambda: device.path(MOTD).exists(), "the sync from the bundle")

    def test_a_pause_holds_and_force_overrides_it(self):
        self.commit()
        self.plain()
        device = self.device().start()
        device.cli("pause", "--for", "1h", "--reason", "cabinet open", check=0)
        self.assertIn("paused until", self.take(device, 2))
        device.cli("sync", "--wait", "--force", "--from", self.stick, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")

    def test_without_the_daemon_greenwaved_takes_it_itself(self):
        self.commit()
        self.plain()
        device = self.device()
        self.assertIn(f"greenwaved --once --from {self.stick}", self.take(device, 2))
        device.once("--from", self.stick, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        self.assertEqual(device.once("--from", "/nonexistent").returncode, 2)

    def test_a_bundle_that_is_too_large_or_not_announced_is_refused_before_it_comes(self):
        device = self.device().start()
        answer = device.raw("POST /v1/bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 400000000\r\n\r\n")
        self.assertIn(" 413 ", answer)
        self.assertIn("greenwave bundle --device", answer)
        answer = device.raw("POST /v1/bundle HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        self.assertIn(" 411 ", answer)

    def test_wrong_arguments_of_the_city_are_reported(self):
        self.commit()

        def refused(*words):
            told = run(BIN / "greenwave", "bundle", "--repo", self.city.bare, *words, self.stick, check=False)
            self.assertEqual(told.returncode, 2, told.stdout)
            self.assertFalse(self.stick.exists())
            return told.stdout

        self.assertIn("greenwave.yaml:4:38: error: the variable ${device.labels.model}", refused("--device", "sf-0042"))
        self.assertIn("main", refused("--device", "sf-0042", "--label", "model=atc", "--branch", "mian"))
        unknown = refused("--device", "sf-0042", "--label", "model=atc", "--since", "1234567890")
        self.assertIn("cannot find the commit 1234567890", unknown)
        self.assertIn("not a label", refused("--device", "sf-0042", "--label", "atc"))
        self.assertIn("newer", refused("--device", "sf-0042", "--label", "model=atc", "--since", "main"))


if __name__ == "__main__":
    unittest.main()
