"""A mirror follows its upstream by webhook and by poll, and its tip files follow its refs, however those change."""

import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, run, wait_until  # noqa: E402
from mirror import HOOKS, SECRET, Mirror, since  # noqa: E402
from slow_server import motd  # noqa: E402


class TipFiles(unittest.TestCase):
    """The hook, by itself."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.bare = self.city.bare
        self.git("config", "core.hooksPath", HOOKS)
        self.city.commit({"a": "1"})

    def git(self, *words):
        return self.city.git(*words, cwd=self.bare)

    def tips(self, bare=None):
        root = pathlib.Path(f"{bare or self.bare}.tip")
        files = [file for file in root.glob("refs/**/*") if file.is_file()]
        return {str(file.relative_to(root)): file.read_text().strip() for file in files}

    def heads(self, bare=None):
        lines = self.city.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", cwd=bare or self.bare)
        return dict(line.split() for line in lines.splitlines())

    def assert_follow(self, bare=None):
        self.assertEqual(self.tips(bare), self.heads(bare))
        leftovers = [file.name for file in pathlib.Path(f"{bare or self.bare}.tip").rglob(".*") if file.name != ".lock"]
        self.assertEqual(leftovers, [])

    def push(self, *refs):
        self.city.git("push", "-q", "--force", "origin", *refs)

    def test_they_follow_pushes_and_deletions(self):
        self.assert_follow()
        self.push("main:wave/canary", "main:other", "main:deep/er/still")
        self.assert_follow()
        self.city.commit({"a": "2"})
        self.assert_follow()
        self.push(":wave/canary", ":deep/er/still", "main:other")
        self.assert_follow()
        self.assertEqual(len(self.tips()), 2)

    def test_a_directory_makes_room_for_a_file_and_the_other_way_round(self):
        self.push("main:wave")
        self.push(":wave")
        self.push("main:wave/canary")
        self.assert_follow()
        self.push(":wave/canary")
        self.push("main:wave")
        self.assert_follow()

    def test_they_follow_packed_refs_and_their_deletion(self):
        self.push("main:wave/canary", "main:other")
        self.git("pack-refs", "--all", "--prune")
        self.assert_follow()
        self.push(":other")
        self.assert_follow()
        self.city.commit({"a": "2"})
        self.git("pack-refs", "--all")
        self.git("gc", "-q")
        self.assert_follow()

    def test_they_follow_a_fetch_into_a_mirror(self):
        mirror = self.scratch / "mirror.git"
        self.city.git("init", "-q", "--bare", mirror)
        self.city.git("config", "core.hooksPath", HOOKS, cwd=mirror)
        for change in (("main:wave/canary",), (":wave/canary", "main:other"), ("main:wave",)):
            self.push(*change)
            self.city.git("fetch", "-q", "--prune", "--atomic", self.bare, "+refs/heads/*:refs/heads/*", cwd=mirror)
            self.assert_follow(mirror)
            self.assertEqual(self.heads(mirror), self.heads())

    def test_what_a_refused_push_would_have_changed_stays(self):
        self.git("config", "receive.denyDeletes", "true")
        before = self.tips()
        with self.assertRaises(AssertionError):
            self.push(":main")
        self.assertEqual(self.tips(), before)

    def test_after_many_pushes_at_once_they_are_what_the_refs_are(self):
        commits = [self.city.commit({"a": str(i)}) for i in range(8)]
        pushes = [subprocess.Popen(["git", "push", "-q", "--force", self.bare, f"{commit}:refs/heads/main"], cwd=self.city.work,
                                   stderr=subprocess.DEVNULL) for commit in commits]
        for push in pushes:
            push.wait()
        self.assert_follow()


def await_each_change(city, mirror):
    """A commit, a new branch and a deleted one arrive at the mirror."""
    second = city.commit(motd("two\n"))
    wait_until(lambda: mirror.tip() == second, "the commit is mirrored")
    city.git("push", "-q", "origin", "main:other")
    wait_until(lambda: mirror.tip("refs/heads/other") == second, "a new branch is mirrored")
    city.git("push", "-q", "origin", ":other")
    wait_until(lambda: mirror.tip("refs/heads/other") is None, "a deleted branch is gone")


class Following(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.first = self.city.commit(motd("one\n"))

    def start(self, interval="1h"):
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city, mirrors=True, interval=interval))
        wait_until(lambda: self.mirror.tip() == self.first, "the first commit is mirrored")

    def trusting(self):
        return {**os.environ, "GIT_SSL_CAINFO": f"{self.mirror.directory}/ca.pem"}

    def test_a_webhook_brings_a_commit_to_a_device_within_seconds(self):
        self.start()
        device = Device(self.scratch / "device", self.mirror.url, interval="60s", more=self.mirror.agent)
        device.start()
        self.addCleanup(device.stop)
        wait_until(lambda: self.mirror.held() == 1, "the request is held")
        began = time.monotonic()
        second = self.city.commit(motd("two\n"))
        self.assertEqual(self.mirror.webhook(), 204)
        wait_until(lambda: self.mirror.tip() == second, "the commit is mirrored")
        wait_until(lambda: device.path("/etc/motd").read_text() == "two\n", "the commit is applied")
        self.assertLess(since(began), 3)

    def test_without_a_webhook_it_polls(self):
        self.start(interval="5s")
        await_each_change(self.city, self.mirror)

    def test_a_forged_webhook_fetches_nothing(self):
        self.start()
        self.city.commit(motd("two\n"))
        for headers in ({}, {"X-Hub-Signature-256": "sha256=" + "0" * 64}, {"X-Gitlab-Token": "guess"},
                        {"X-Gitea-Signature": ""}, {"X-Hub-Signature": "sha1=0"}):
            self.assertEqual(self.mirror.webhook(headers), 403)
        self.assertEqual(self.mirror.webhook(secret="another secret that is as long"), 403)
        self.assertEqual(self.mirror.tip(), self.first)
        self.assertNotIn(SECRET, self.mirror.log.read_text())
        self.assertEqual(self.mirror.webhook({"X-Gitlab-Token": SECRET}), 204)
        wait_until(lambda: self.mirror.tip() != self.first, "a genuine one is believed")

    def test_while_the_upstream_is_away_it_serves_what_it_has(self):
        self.start(interval="5s")
        away = self.city.bare.rename(self.scratch / "away.git")
        wait_until(lambda: "fetching from the upstream" in self.mirror.log.read_text(), "the failure is logged")
        self.assertEqual(self.mirror.tip(), self.first)
        self.assertEqual(run("git", "ls-remote", self.mirror.url,
                             "refs/heads/main", env=self.trusting()).stdout.split()[0], self.first)
        away.rename(self.city.bare)
        wait_until(lambda: "can be fetched from again" in self.mirror.log.read_text(), "it goes on")

    def test_it_takes_no_pushes(self):
        self.start()
        pushed = run("git", "push", self.mirror.url, "main:other", env=self.trusting(),
                     cwd=self.city.work, check=False)
        self.assertIn("403", pushed.stdout)


class Looks(unittest.TestCase):
    """At an upstream over https, which has not changed most of the time."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.first = self.city.commit(motd("one\n"))
        self.upstream = self.enterContext(Mirror(self.scratch / "upstream", self.city))

    def start(self, interval="5s"):
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city, mirrors=self.upstream, interval=interval))
        wait_until(lambda: self.mirror.tip() == self.first, "the first commit is mirrored")

    def wait_for_looks(self, count):
        before = self.mirror.metric("polls_total")
        wait_until(lambda: self.mirror.metric("polls_total") >= before + count, "it looks at the upstream")

    def test_an_unchanged_upstream_costs_one_small_request_and_no_git(self):
        self.start()
        self.wait_for_looks(1)
        requests, octets, fetches = len(self.upstream.requests()), self.upstream.bytes(), self.mirror.metric("fetches_total")
        self.wait_for_looks(2)  # which are counted before they ask
        wait_until(lambda: len(self.upstream.requests()) >= requests + 2, "the upstream has noted both")
        asked = self.upstream.requests()[requests:]
        self.assertIn(len(asked), (2, 3))
        self.assertTrue(all("POST /city.git/git-upload-pack" in request for _, _, request in asked))
        self.assertLess((self.upstream.bytes() - octets) / len(asked), 800)
        self.assertEqual(self.mirror.metric("fetches_total"), fetches)

    def test_whatever_changes_is_fetched(self):
        self.start()
        await_each_change(self.city, self.mirror)
        self.city.git("tag", "-m", "Release", "v1")
        self.city.git("push", "-q", "origin", "v1")
        wait_until(lambda: (self.mirror.bare / "refs/tags/v1").exists(), "a tag is mirrored")

    def test_a_webhook_that_comes_before_its_commit_is_followed_by_another_look(self):
        self.start(interval="1h")
        self.assertEqual(self.mirror.webhook(), 204)
        self.wait_for_looks(1)
        second = self.city.commit(motd("two\n"))
        began = time.monotonic()
        wait_until(lambda: self.mirror.tip() == second, "the commit is mirrored")
        self.assertLess(since(began), 60)

    def test_a_host_that_wants_to_be_left_alone_is(self):
        self.start()
        self.upstream.stop("nginx")
        conf = self.upstream.directory / "nginx.conf"
        conf.write_text(conf.read_text().replace("gzip off;\n        include", "add_header Retry-After 8 always; return 429;\n        include"))
        self.upstream._start("nginx", "nginx", "-c", conf)
        refused = lambda: [at for status, at, _ in self.upstream.requests() if status == 429]  # noqa: E731
        wait_until(lambda: len(refused()) > 1, "it is refused twice")
        self.assertGreaterEqual(refused()[1] - refused()[0], 8)


class Answers(unittest.TestCase):
    """That nginx keeps."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(motd("one\n"))
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city))

    def once(self, name, check=0):
        """What a device, of which there was nothing before, has after a sync."""
        device = Device(self.scratch / f"device-{name}", self.mirror.url, device=name, more=self.mirror.agent)
        device.once(check=check)
        file = device.path("/etc/motd")
        return file.read_text() if file.exists() else None

    def git(self, *words):
        return run("git", *words, env={**os.environ, "GIT_SSL_CAINFO": str(self.mirror.directory / "ca.pem")}).stdout

    def test_what_one_device_has_fetched_another_gets_without_git(self):
        self.assertEqual(self.once("a"), "one\n")
        self.mirror.stop("cgi")
        self.assertEqual(self.once("b"), "one\n")

    def test_a_commit_that_nobody_has_fetched_comes_from_git(self):
        self.assertEqual(self.once("a"), "one\n")
        self.city.commit(motd("two\n"))
        wait_until(lambda: self.mirror.tip() == self.city.git("rev-parse", "HEAD"), "the tip follows")
        self.assertEqual(self.once("b"), "two\n")

    def test_refs_are_never_kept(self):
        for number in range(3):
            commit = self.city.commit(motd(f"{number}\n"))
            listed = self.git("ls-remote", self.mirror.url, "refs/heads/main")
            self.assertEqual(listed.split()[0], commit)

    def test_a_clone_by_git_itself_has_what_the_repository_has_whatever_was_kept(self):
        for number in range(2):
            commit = self.city.commit(motd(f"{number}\n"))
            self.once(f"device-{number}")
            clone = self.scratch / f"clone-{number}"
            self.git("clone", "-q", self.mirror.url, clone)
            self.assertEqual(self.city.git("rev-parse", "HEAD", cwd=clone), commit)


if __name__ == "__main__":
    unittest.main()
