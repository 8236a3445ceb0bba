"""A device with trust.tip follows what signed tips say, and nothing else: a server, a mirror or somebody in between can
neither keep it on an old commit in silence nor lead it elsewhere."""

import datetime
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, run, wait_until  # noqa: E402
from mirror import Mirror  # noqa: E402
from signed_tips import NAME, Tips  # noqa: E402
from slow_server import motd  # noqa: E402

DAY = datetime.timedelta(days=1)


class SignedTipCase(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.tips = Tips(self.scratch, self.city)
        self.one = self.tips.commit(motd("one\n"))

    def device(self, url=None, more="", interval="1h", name="device"):
        device = Device(self.scratch / name, url or self.city.url, interval=interval, more=more + self.tips.trust)
        self.addCleanup(device.stop)
        return device

    def motd_of(self, device):
        file = device.path("/etc/motd")
        return file.read_text() if file.exists() else None


class Following(SignedTipCase):
    """From a repository on the disk, with the tips beside it."""

    def running(self):
        self.tips.sign()
        device = self.device().start()
        device.sync()
        self.assertEqual(self.motd_of(device), "one\n")
        return device

    def assert_refused(self, device, why, keeps="one\n"):
        self.assertNotEqual(device.sync()["exitCode"], 0)
        self.assertEqual(self.motd_of(device), keeps)
        told = " ".join(device.cli("status", check=1).stdout.split())
        self.assertIn(why, told)
        self.assertEqual(device.json("status")["status"], "error")

    def test_a_signed_tip_is_followed_and_shown(self):
        device = self.running()
        two = self.tips.commit(motd("two\n"))
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(self.motd_of(device), "one\n", "nobody has signed a tip of it yet")
        self.tips.sign()
        device.sync()
        self.assertEqual(self.motd_of(device), "two\n")
        shown = device.json("status")["signedTip"]
        self.assertEqual((shown["commit"], shown["repository"], shown["ref"], shown["expired"]),
                         (two, NAME, "refs/heads/main", False))
        self.assertEqual(str(shown["sequence"]), self.tips.read()["sequence"])

    def test_without_a_signed_tip_nothing_is_followed_whatever_the_repository_says(self):
        device = self.device().start()
        self.assert_refused(device, "has no signed tip of refs/heads/main", keeps=None)
        self.tips.put(f"{self.one}\n")
        self.assert_refused(device, "the tip of refs/heads/main is not signed", keeps=None)
        self.tips.sign()
        device.sync()
        self.assertEqual(self.motd_of(device), "one\n")
        self.tips.file().unlink()
        self.tips.commit(motd("two\n"))
        self.assert_refused(device, "has no signed tip of refs/heads/main")

    def test_an_old_tip_is_refused_also_by_the_next_run_of_the_agent(self):
        device = self.running()
        old = self.tips.file().read_text()
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        device.sync()
        self.tips.put(old)
        self.assert_refused(device, "is an old one", keeps="two\n")
        device.stop()
        device.start()
        self.assert_refused(device, "is an old one", keeps="two\n")

    def test_a_refused_tip_stops_no_repair(self):
        device = self.running()
        self.tips.put("nonsense")
        device.path("/etc/motd").write_text("drifted\n")
        self.assert_refused(device, "is not signed")

    def test_forged_tips_are_refused_with_the_reason(self):
        device = self.running()
        two = self.tips.commit(motd("two\n"))
        now = int(time.time()) + 10
        made = self.tips.made
        for text, why in (
                (made(two, now, key=self.tips.ana), "which may sign commits"),
                (made(two, now, key=self.tips.key("mallory")), "does not list"),
                (made(two, now, space="git"), 'for the namespace "git"'),
                (made(two, now, repository="shelbyville"), "about the repository shelbyville"),
                (made(two, now, ref="refs/heads/next"), "about refs/heads/next instead of refs/heads/main"),
                (made(two, int(self.tips.read()["sequence"])), "name different commits"),
                (made(two, now).replace(two, self.one), "was changed after it was signed"),
                ("greenwave-tip 1\n" + "x" * 5000, "larger than")):
            with self.subTest(why):
                self.tips.put(text)
                self.assert_refused(device, why)
        self.tips.put(made(two, now))
        device.sync()
        self.assertEqual(self.motd_of(device), "two\n")

    def test_a_key_for_tips_signs_no_commits(self):
        device = self.running()
        self.city.commit(motd("two\n"), key=self.tips.server)
        self.tips.sign()
        self.assert_refused(device, 'allows for the namespaces "greenwave-tip" only')

    def test_an_expired_tip_is_said_and_stops_nothing(self):
        metrics = self.scratch / "device/root/metrics.prom"
        self.tips.sign()
        device = self.device(more="metrics: {file: /metrics.prom}\n").start()
        device.sync()
        long_ago = datetime.datetime.now(datetime.timezone.utc) - 3 * DAY
        two = self.tips.commit(motd("two\n"))
        self.tips.put(self.tips.made(two, int(time.time()) + 10, issued=long_ago))
        self.assertEqual(device.sync()["exitCode"], 1)
        self.assertEqual(self.motd_of(device), "two\n")
        status = device.json("status")
        self.assertEqual((status["status"], status["health"], status["signedTip"]["expired"]),
                         ("tip expired", "healthy", True))
        self.assertIn("The signed tip of refs/heads/main expired at", device.cli("status", check=1).stdout)
        wait_until(lambda: 'greenwave_status{status="tip_expired"} 1' in metrics.read_text(), "the metric")
        self.assertIn("greenwave_tip_expires_timestamp_seconds", metrics.read_text())
        self.tips.sign()
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.json("status")["status"], "in sync")

    def with_a_frozen_place(self):
        """A device that follows a copy of now first, and the city's own repository next."""
        self.tips.sign()
        self.frozen = self.scratch / "frozen"
        self.frozen.mkdir()
        run("cp", "-r", self.city.bare, self.frozen / "city.git")
        run("cp", "-r", self.tips.beside, self.frozen / "city.git.tip")
        device = self.device(f"file://{self.frozen}/city.git", more=f"  fallbacks:\n    - url: {self.city.url}\n").start()
        device.sync()
        self.assertEqual(self.motd_of(device), "one\n")
        return device

    def freeze(self, tip):
        """None: it has no tip any more."""
        file = self.frozen / "city.git.tip/refs/heads/main"
        file.unlink()
        if tip:
            file.write_text(tip)

    def test_a_next_place_is_asked_where_one_has_no_acceptable_tip(self):
        device = self.with_a_frozen_place()
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        self.freeze(None)
        device.sync()
        self.assertEqual(self.motd_of(device), "two\n")

    def test_a_next_place_is_asked_where_the_tip_of_one_has_expired(self):
        device = self.with_a_frozen_place()
        long_ago = datetime.datetime.now(datetime.timezone.utc) - 3 * DAY
        self.freeze(self.tips.made(self.one, self.tips.read()["sequence"], issued=long_ago))
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(self.motd_of(device), "two\n")
        self.assertFalse(device.json("status")["signedTip"]["expired"])
        self.assertIn("is an expired one", device.log.read_text())

    def test_a_next_place_is_asked_for_a_commit_that_one_has_the_tip_of_alone(self):
        device = self.with_a_frozen_place()
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        self.freeze(self.tips.file().read_text())
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(self.motd_of(device), "two\n")


class Signing(SignedTipCase):
    """`greenwave tip sign`."""

    def test_each_run_signs_what_is_due_alone(self):
        self.assertIn("signed  refs/heads/main", self.tips.sign().stdout)
        first = self.tips.file().read_text()
        self.assertIn("kept    refs/heads/main", self.tips.sign().stdout)
        self.assertEqual(self.tips.file().read_text(), first)
        sequence = self.tips.read()["sequence"]
        self.assertIn("signed", self.tips.sign("--for", "7d").stdout, "less than half of a week is left")
        self.assertEqual(self.tips.read()["sequence"], sequence, "the commit is the same")
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        self.assertGreater(int(self.tips.read()["sequence"]), int(sequence))

    def test_every_branch_has_a_tip_until_it_is_gone(self):
        self.city.git("push", "-q", "origin", "main:wave", "main:deep/er/one")
        self.tips.sign()
        self.assertEqual(self.tips.read("refs/heads/deep/er/one")["ref"], "refs/heads/deep/er/one")
        self.city.git("push", "-q", "origin", ":wave", ":deep/er/one")
        self.city.git("push", "-q", "origin", "main:wave/canary", "main:deep")
        told = self.tips.sign().stdout
        self.assertIn("removed refs/heads/wave", told)
        self.assertTrue(self.tips.file("refs/heads/wave/canary").is_file())
        self.assertTrue(self.tips.file("refs/heads/deep").is_file())

    def test_the_hook_leaves_signed_tips_alone_and_says_that_something_changed(self):
        changed = pathlib.Path(f"{self.city.bare}.changed")
        self.city.git("config", "core.hooksPath", pathlib.Path(__file__).parents[2] / "packaging/git-server",
                      cwd=self.city.bare)
        self.tips.commit(motd("two\n"))
        self.assertEqual(self.tips.file().read_text().strip(), self.city.git("rev-parse", "HEAD"))
        self.tips.sign()
        signed = self.tips.file().read_text()
        self.tips.commit(motd("three\n"))
        self.assertFalse(changed.exists(), "nobody waits for it")
        changed.mkdir()
        self.tips.commit(motd("four\n"))
        self.assertEqual(self.tips.file().read_text(), signed)
        self.assertEqual(len(list(changed.iterdir())), 1)

    def test_what_cannot_be_signed_is_said(self):
        self.assertEqual(self.tips.sign(check=False).returncode, 0)
        away = self.tips.server.rename(self.scratch / "away")
        self.tips.commit(motd("two\n"))
        failed = self.tips.sign(check=False)
        self.assertEqual(failed.returncode, 2)
        self.assertIn("--key: there is no file", failed.stdout)
        away.rename(self.tips.server)
        for name, words, why in ((NAME, ("--for", "1s"), "--for 1s"), ("a b", (), "is not a name of a repository"),
                                 (NAME, ("--for", "1w"), "1w")):
            result = self.tips.sign(*words, name=name, check=False)
            self.assertEqual(result.returncode, 2)
            self.assertIn(why, result.stdout)


class Passed(SignedTipCase):
    """By a mirror, from an upstream that signs them."""

    def setUp(self):
        super().setUp()
        self.tips.sign()
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city, mirrors=True, interval="5s",
                                               more="  signedTips: true\n"))

    def test_a_device_follows_them_from_a_mirror_that_cannot_make_any(self):
        wait_until(lambda: self.mirror.tip() == self.tips.file().read_text().strip(), "the mirror passes the tip on")
        device = self.device(self.mirror.url, more=self.mirror.agent).start()
        wait_until(lambda: self.motd_of(device) == "one\n", "the first commit")
        two = self.tips.commit(motd("two\n"))
        self.mirror.webhook()
        wait_until(lambda: self.mirror_has(two), "the mirror has the commit")
        self.assertEqual(self.motd_of(device), "one\n", "its tip is not signed yet")
        self.tips.sign()
        wait_until(lambda: self.motd_of(device) == "two\n", "the commit")
        wait_until(lambda: device.json("status")["signedTip"]["commit"] == two, "the status")

    def mirror_has(self, commit):
        return run("git", "-c", "safe.directory=*", "-C", self.mirror.bare, "cat-file", "-e", commit, check=False).returncode == 0


class Served(SignedTipCase):
    """By a real server over TLS, which holds the question."""

    def setUp(self):
        super().setUp()
        self.tips.sign()
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city))

    def test_a_commit_is_applied_once_its_tip_is_signed(self):
        device = self.device(self.mirror.url, more=self.mirror.agent).start()
        wait_until(lambda: self.motd_of(device) == "one\n", "the first commit")
        for text in ("two\n", "three\n"):
            wait_until(lambda: self.mirror.held() == 1, "the question is held")
            self.tips.commit(motd(text))
            self.tips.sign()
            wait_until(lambda: self.motd_of(device) == text, "the commit")
        self.assertFalse(any("git-upload-pack" in line and "ls-refs" in line for _, _, line in self.mirror.requests()))

    def test_a_device_that_believes_its_server_reads_signed_tips_too(self):
        device = Device(self.scratch / "old", self.mirror.url, more=self.mirror.agent).start()
        self.addCleanup(device.stop)
        wait_until(lambda: self.motd_of(device) == "one\n", "the first commit")
        wait_until(lambda: self.mirror.held() == 1, "the question is held")
        self.tips.commit(motd("two\n"))
        self.tips.sign()
        wait_until(lambda: self.motd_of(device) == "two\n", "the commit")
        self.assertNotIn("signedTip", device.json("status"))


if __name__ == "__main__":
    unittest.main()
