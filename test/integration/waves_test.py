"""Two waves of a city: devices follow their wave's ref, fall back to the branch, and hold rather than go back."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402

PLAN = "/etc/plan"
CANARY = "refs/heads/wave/canary"


def cluster(waves):
    return json.dumps(
        {
            "apiVersion": "greenwave.dev/v1",
            "kind": "Cluster",
            "metadata": {"name": "fresno"},
            "spec": {"devices": "devices.geojson", "layers": [{"path": "base"}], "waves": waves},
        }
    )


def inventory(**labels):
    """{device: {label: value}}; a _ in a name stands for a -."""
    features = [
        {
            "type": "Feature",
            "id": name.replace("_", "-"),
            "geometry": {"type": "Point", "coordinates": [-119.79, 36.74]},
            "properties": {"labels": own},
        }
        for name, own in labels.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


WAVES = [{"name": "canary", "selector": {"matchLabels": {"role": "canary"}}, "ref": CANARY}]


class Waves(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.first = self.city.commit(
            {
                "greenwave.yaml": cluster(WAVES),
                "devices.geojson": inventory(fr_1={"role": "canary"}, fr_2={}),
                "base/plan.yaml": file_manifest("plan", PLAN, "one\n"),
            }
        )

    def device(self, name, **options):
        device = Device(self.scratch / name, self.city.url, device=name, **options)
        self.addCleanup(device.stop)
        return device

    def plan(self, text, key=None):
        """A commit that is not pushed to the branch."""
        (self.city.work / "base/plan.yaml").write_text(file_manifest("plan", PLAN, text))
        signing = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"] if key else []
        self.city.git(*signing, "commit", "-q", "-a", "-m", f"Plan {text.strip()}", *(["-S"] if key else []))
        return self.city.git("rev-parse", "HEAD")

    def trust(self):
        """A key, and the configuration that trusts it alone."""
        key, signers = self.scratch / "ana", self.scratch / "allowed_signers"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        signers.write_text("ana@city.example " + key.with_suffix(".pub").read_text())
        return key, f"trust: {{allowedSigners: {signers}}}\n"

    def push(self, commit, ref, *more):
        self.city.git("push", "-q", *more, "origin", f"{commit}:{ref}")

    def read(self, device):
        return device.path(PLAN).read_text()

    def followed(self, device):
        return json.loads(device.request("GET", "/v1/status"))["followed"]

    def test_a_new_device_decides_by_the_branchs_tip_and_goes_to_its_wave_in_its_first_sync(self):
        two = self.plan("two\n")
        self.push(two, CANARY)
        canary, other = self.device("fr-1"), self.device("fr-2")
        canary.once(check=0)
        other.once(check=0)
        self.assertEqual(self.read(canary), "two\n")
        self.assertEqual(self.read(other), "one\n")
        self.assertEqual(len(canary.json("history")["syncs"]), 1)

    def test_a_missing_wave_ref_falls_back_to_the_branch_until_it_is_there(self):
        canary = self.device("fr-1").start()
        self.assertEqual(canary.sync()["exitCode"], 0)
        self.assertEqual(self.read(canary), "one\n")
        self.assertEqual(self.followed(canary), {
            "wave": "canary", "ref": "refs/heads/main", "target": self.first, "held": False})
        two = self.plan("two\n")
        self.push(two, CANARY)
        self.assertEqual(canary.sync()["exitCode"], 0)
        self.assertEqual(self.read(canary), "two\n")
        self.assertEqual(self.followed(canary)["ref"], CANARY)

    def test_a_device_whose_wave_ref_goes_holds_until_the_branch_has_caught_up(self):
        two = self.plan("two\n")
        self.push(two, CANARY)
        canary = self.device("fr-1").start()
        canary.sync()
        self.assertEqual(self.read(canary), "two\n")
        self.city.git("push", "-q", "origin", f":{CANARY}")
        for _ in range(2):
            self.assertEqual(canary.sync()["exitCode"], 0)
            self.assertEqual(self.read(canary), "two\n")
            self.assertEqual(self.followed(canary), {
                "wave": "canary", "ref": "refs/heads/main", "target": self.first, "held": True})
        self.assertIn("held until", canary.cli("status", check=0).stdout)
        canary.stop()
        canary.once(check=0)  # it is remembered beyond the process
        self.assertEqual(self.read(canary), "two\n")
        canary.path(PLAN).write_text("by hand\n")
        canary.once(check=0)  # drift is still repaired
        self.assertEqual(self.read(canary), "two\n")
        self.push(self.plan("three\n"), "refs/heads/main")
        canary.once(check=0)
        self.assertEqual(self.read(canary), "three\n")

    def test_a_device_that_joins_a_wave_that_is_behind_holds_without_an_error(self):
        other = self.device("fr-2")
        self.push(self.first, CANARY)
        other.once(check=0)
        self.plan("two\n")
        three = self.plan("three\n")
        self.push(three, "refs/heads/main")
        other.once(check=0)
        self.assertEqual(self.read(other), "three\n")
        # The commit that puts it into the wave is still on the branch; the wave's ref lies three behind.
        four = self.city.commit({"devices.geojson": inventory(fr_1={"role": "canary"}, fr_2={"role": "canary"}),
                                 "base/plan.yaml": file_manifest("plan", PLAN, "four\n")})
        other.once(check=0)
        self.assertEqual(self.read(other), "four\n")
        other.start()
        for _ in range(2):
            self.assertEqual(other.sync()["exitCode"], 0)
            self.assertEqual(self.read(other), "four\n")
            self.assertEqual(self.followed(other), {
                "wave": "canary", "ref": CANARY, "target": self.first, "held": True})
        self.push(four, CANARY)
        self.assertEqual(other.sync()["exitCode"], 0)
        self.assertFalse(self.followed(other)["held"])
        self.push(self.plan("five\n"), CANARY)
        other.sync()
        self.assertEqual(self.read(other), "five\n")

    def test_holding_writes_nothing(self):
        self.push(self.plan("two\n"), CANARY)
        canary = self.device("fr-1")
        canary.once(check=0)
        self.city.git("push", "-q", "origin", f":{CANARY}")
        for _ in range(2):
            canary.once(check=0)
        before = {path: path.stat().st_mtime_ns for path in canary.root.rglob("*") if path.is_file()}
        canary.once(check=0)
        after = {path: path.stat().st_mtime_ns for path in canary.root.rglob("*") if path.is_file()}
        self.assertEqual(before, after)

    def test_whoever_names_another_branch_in_the_configuration_means_it(self):
        self.push(self.plan("two\n"), "refs/heads/main")
        self.push(self.first, "refs/heads/release")
        other = self.device("fr-2")
        other.once(check=0)
        self.assertEqual(self.read(other), "two\n")
        other.config.write_text(other.config.read_text().replace("  interval", "  branch: release\n  interval"))
        other.once(check=0)
        self.assertEqual(self.read(other), "one\n")

    def test_labels_of_the_devices_own_configuration_choose_its_wave_too(self):
        self.push(self.plan("two\n"), CANARY)
        other = self.device("fr-2")
        other.once(check=0)
        self.assertEqual(self.read(other), "one\n")
        other.config.write_text(other.config.read_text() + "labels: {role: canary}\n")
        other.once(check=0)  # renders again, and finds out
        other.once(check=0)
        self.assertEqual(self.read(other), "two\n")

    def test_waves_that_overlap_on_this_device_are_reported_with_their_place_and_the_first_one_counts(self):
        night = {"name": "night", "selector": {"matchLabels": {"shift": "night"}}, "ref": "refs/heads/wave/night"}
        branch = {"name": "rest", "percent": 100, "ref": "refs/heads/main"}
        self.city.commit({"greenwave.yaml": cluster(WAVES + [night, branch]),
                          "devices.geojson": inventory(fr_1={"role": "canary", "shift": "night"})})
        canary = self.device("fr-1").start()
        canary.sync()
        told = canary.cli("status").stdout
        self.assertIn("the wave canary and in night as well", " ".join(told.split()))
        self.assertIn("which is the branch itself", " ".join(told.split()))
        self.assertIn("greenwave.yaml:1:", told)
        self.assertEqual(self.followed(canary)["wave"], "canary")

    def test_a_waves_commit_is_trusted_no_more_than_the_branchs(self):
        key, trust = self.trust()
        self.city.commit({}, key=key)
        self.push(self.plan("two\n", key), CANARY)
        canary = self.device("fr-1", more=trust)
        canary.once(check=0)
        self.assertEqual(self.read(canary), "two\n")
        unsigned = self.plan("three\n")
        self.push(unsigned, CANARY)
        self.assertIn(unsigned, canary.once(check=2).stdout)
        self.assertEqual(self.read(canary), "two\n")
        self.push(self.plan("four\n", key), CANARY)
        canary.once(check=0)
        self.assertEqual(self.read(canary), "four\n")

    def test_a_stick_with_both_refs_serves_the_devices_of_the_wave_and_the_others(self):
        key, trust = self.trust()
        self.city.commit({}, key=key)
        self.push(self.plan("two\n", key), CANARY)
        self.city.git("bundle", "create", "-q", self.scratch / "stick.bundle", "--all", cwd=self.city.bare)
        self.city.bare.rename(self.scratch / "out of reach")
        for name, text in ("fr-1", "two\n"), ("fr-2", "one\n"):
            device = self.device(name, more=trust)
            device.once("--from", self.scratch / "stick.bundle", check=0)
            self.assertEqual(self.read(device), text)

    def test_the_daemon_follows_its_wave_at_its_interval(self):
        canary = self.device("fr-1", interval="1s").start()
        wait_until(lambda: canary.path(PLAN).exists(), "the first sync")
        self.push(self.plan("two\n"), CANARY)
        wait_until(lambda: self.read(canary) == "two\n", "the wave's commit")


if __name__ == "__main__":
    unittest.main()
