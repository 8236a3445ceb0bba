"""Commits reach a device at once: the server answers the question for the tip when that changes, and nothing on the
device waits for it."""

import pathlib
import shutil
import signal
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from cost import family, written  # noqa: E402
from greenwave import City, Device, Scratch, run, wait_until  # noqa: E402
from mirror import Mirror, since  # noqa: E402
from relay import Relay  # noqa: E402
from slow_server import motd  # noqa: E402


class ForgetfulNat(Relay):
    """Passes bytes on until it forgets the connections: then nothing comes any more, and nobody is told."""

    def __init__(self, port):
        super().__init__(port)
        self.generation = 0

    def forget(self):
        self.generation += 1

    def join(self, client, server):
        for source, target in ((client, server), (server, client)):
            self.run(self._pass, source, target, self.generation)

    def _pass(self, source, target, generation):
        try:
            while data := source.recv(65536):
                if self.generation == generation:
                    target.sendall(data)
            if self.generation == generation:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class HeldTip(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city))
        self.city.commit(motd("one\n"))

    def start(self, interval="60s", url=None):
        self.device = Device(self.scratch / "device", url or self.mirror.url, interval=interval, more=self.mirror.agent)
        self.device.start()
        self.addCleanup(self.device.stop)
        wait_until(lambda: self.motd_is("one\n"), "the first commit")

    def motd_is(self, text):
        file = self.device.path("/etc/motd")
        return file.exists() and file.read_text() == text

    def wait_until_held(self, count=1):
        wait_until(lambda: self.mirror.held() >= count, "the request is held")

    def assert_applied_at_once(self, text, within=2):
        began = time.monotonic()
        self.city.commit(motd(text))
        wait_until(lambda: self.motd_is(text), "the commit")
        self.assertLess(since(began), within)

    def test_a_commit_is_applied_within_two_seconds_and_again(self):
        self.start()
        for text in ("two\n", "three\n", "four\n"):
            self.wait_until_held()
            self.assert_applied_at_once(text)

    def test_questions_that_are_held_and_polls_that_find_nothing_write_nothing_to_the_disk(self):
        self.start(interval="12s")
        self.wait_until_held()
        count = lambda: sum(written(one) for one in family(self.device.daemon.pid))  # noqa: E731
        answered = lambda: sum(status == 304 for status, _, _ in self.mirror.requests())  # noqa: E731
        applying = count()
        self.assertGreater(applying, 0)
        before = answered()
        wait_until(lambda: answered() >= before + 3, "the time of some questions is over")
        self.wait_until_held()
        self.assertEqual(count(), applying)

    def test_a_device_whose_wave_has_no_ref_yet_hears_of_the_branch_at_once(self):
        self.city.commit({"greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: fresno}\n"
                                            "spec: {layers: [{path: .}], "
                                            "waves: [{name: canary, percent: 100, ref: refs/heads/wave/canary}]}\n"})
        self.start()
        for text in ("two\n", "three\n"):
            self.wait_until_held()
            self.assert_applied_at_once(text)
        self.assertEqual(self.device.json("status")["followed"]["ref"], "refs/heads/main")

    def test_a_requested_sync_a_diff_and_a_stop_wait_for_nothing(self):
        self.start(interval="1h")
        self.wait_until_held()
        for action in (lambda: self.device.sync(), lambda: self.device.cli("diff", check=None)):
            began = time.monotonic()
            action()
            self.assertLess(since(began), 5)
            self.wait_until_held()
        self.assert_applied_at_once("two\n")
        self.wait_until_held()
        began = time.monotonic()
        self.device.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.device.daemon.wait(60), 0)
        self.assertLess(since(began), 5)

    def test_a_changed_configuration_is_read_while_a_request_is_held(self):
        self.start(interval="20s")
        self.wait_until_held()
        self.city.git("branch", "-f", "other")
        self.city.git("push", "-q", "origin", "other")
        text = self.device.config.read_text()
        self.device.config.write_text(text.replace("repository:\n", "repository:\n  branch: other\n"))
        self.device.daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: any("refs/heads/other" in line for _, _, line in self.mirror.requests()), "the other branch")

    def test_a_server_that_restarts_is_found_again(self):
        self.start(interval="30s")
        self.wait_until_held()
        self.mirror.stop()
        self.mirror.start()
        self.wait_until_held()
        self.assert_applied_at_once("two\n")

    def test_a_link_that_silently_drops_what_is_idle_costs_a_poll_and_no_more(self):
        nat = self.enterContext(ForgetfulNat(self.mirror.port))
        self.start(interval="20s", url=self.mirror.url.replace(str(self.mirror.port), str(nat.port)))
        self.wait_until_held()
        nat.forget()
        self.assert_applied_at_once("two\n", within=40)
        self.wait_until_held()
        self.assert_applied_at_once("three\n")

    def test_another_place_of_the_repository_is_followed_while_the_first_is_away(self):
        signers = self.scratch / "signers"
        key = self.scratch / "key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        signers.write_text("olga@city.example " + (self.scratch / "key.pub").read_text())
        self.city.commit(motd("one\n"), key=key)
        other = self.enterContext(Mirror(self.scratch / "other", self.city))
        places = f"  fallbacks:\n    - url: {other.url}\n      credentials: {{caFile: {other.directory}/ca.pem}}\n"
        self.device = Device(self.scratch / "device", self.mirror.url, interval="2s",
                             more=self.mirror.agent + places + f"trust: {{allowedSigners: {signers}}}\n")
        self.device.start()
        self.addCleanup(self.device.stop)
        wait_until(lambda: self.motd_is("one\n"), "the first commit")
        self.mirror.stop("nginx")
        self.city.commit(motd("two\n"), key=key)
        wait_until(lambda: self.motd_is("two\n"), "the commit, from the other place")
        self.assertIn(f"{other.url} is followed, since", self.device.log.read_text())
        self.assertEqual(self.device.json("status")["status"], "in sync")

    def test_a_server_that_tells_of_changes_without_end_is_not_listened_to(self):
        self.start(interval="30s")
        self.wait_until_held()
        tip = self.mirror.tips / "refs/heads/main"
        began = time.monotonic()
        while since(began) < 20:
            for name in ("0" * 39 + "1", self.mirror.tip()):  # the first is no commit of the repository
                new = tip.with_name(".main.new")
                new.write_text(name + "\n")
                new.rename(tip)
                time.sleep(0.2)
        asked = [line for _, _, line in self.mirror.requests() if ".tip/" in line]
        self.assertLess(len(asked), 60)

    def test_where_nothing_can_be_held_the_device_polls_as_always(self):
        self.mirror.stop("nginx")
        conf = self.mirror.directory / "nginx.conf"
        text = conf.read_text()
        begin = text.index("location ~ [.]tip/refs/")
        end = text.index("}", begin) + 1
        conf.write_text(text[:begin] + f"location ~ [.]tip/refs/ {{ root {self.mirror.root}; }}" + text[end:])
        self.mirror._start("nginx", "nginx", "-c", conf)
        self.start(interval="5s")
        self.assert_applied_at_once("two\n", within=30)
        self.assertEqual(self.mirror.held(), 0)
        self.assert_polls_are_as_before_there_was_anything_to_hold()

    def assert_polls_are_as_before_there_was_anything_to_hold(self):
        tip = (self.mirror.tips / "refs/heads/main").stat()
        recorded = (f"GET /city.git.tip/refs/heads/main HTTP/1.1\r\nHost: localhost:{self.mirror.port}\r\n"
                    f'If-None-Match: "{int(tip.st_mtime):x}-{tip.st_size:x}"\r\n\r\n')
        polls = lambda: [asked for asked, _, status in self.mirror.sizes() if status == 304]  # noqa: E731
        wait_until(polls, "a poll finds nothing new")
        self.assertEqual(set(polls()), {len(recorded)})


class Server(unittest.TestCase):
    """What the server answers, whoever asks."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.mirror = self.enterContext(Mirror(self.scratch / "mirror", self.city))
        self.first = self.city.commit(motd("one\n"))

    def ask(self, ref="refs/heads/main", **headers):
        return self.mirror.request(f"/city.git.tip/{ref}", {key.replace("_", "-"): value for key, value in headers.items()})

    def test_it_answers_at_once_what_is_not_known_and_says_that_it_can_wait(self):
        status, headers, text = self.ask(Prefer="wait=60")
        self.assertEqual((status, text), (200, self.first + "\n"))
        self.assertEqual(headers["Vary"], "Prefer")
        self.assertIsNone(headers["Preference-Applied"])
        status, again, _ = self.ask(If_None_Match=headers["ETag"])
        self.assertEqual((status, again["Vary"]), (304, "Prefer"))

    def test_branches_that_were_there_before_the_hook_have_tips_too(self):
        shutil.rmtree(self.mirror.tips)
        self.mirror.stop()
        self.mirror.start()
        wait_until(lambda: self.ask()[0] == 200, "the tip")
        self.assertEqual(self.ask()[2], self.first + "\n")

    def test_it_answers_304_when_the_time_is_over(self):
        tag = self.ask()[1]["ETag"]
        began = time.monotonic()
        status, headers, _ = self.ask(If_None_Match=tag, Prefer="respond-async, wait=1")
        self.assertEqual((status, headers["Preference-Applied"]), (304, "wait=1"))
        self.assertGreaterEqual(since(began), 1)

    def test_it_answers_as_soon_as_the_ref_changes_and_for_no_other(self):
        self.city.git("push", "-q", "origin", "main:other")
        tag = self.ask()[1]["ETag"]
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.ask(If_None_Match=tag, Prefer="wait=60")))
        asking.start()
        wait_until(lambda: self.mirror.held() == 1, "the request is held")
        self.city.git("push", "-q", "--force", "origin", "main:another")
        self.city.git("push", "-q", "origin", ":other")
        self.assertEqual(self.mirror.held(), 1)
        second = self.city.commit(motd("two\n"))
        asking.join()
        status, headers, text = answers[0]
        self.assertEqual((status, text, headers["Preference-Applied"]), (200, second + "\n", "wait=60"))

    def test_it_serves_nothing_but_tips(self):
        for path in ("/city.git.tip/refs/heads/none", "/city.git.tip/.lock", "/city.git.tip/refs/heads/..%2f..%2f.lock",
                     "/city.git/HEAD", "/city.git.tip/refs/heads", "/%2e%2e/x.tip/refs/heads/main", "/metrics"):
            self.assertIn(self.mirror.request(path)[0], (400, 404), path)

    def test_who_waits_when_it_stops_is_told_to_come_back(self):
        tag = self.ask()[1]["ETag"]
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.ask(If_None_Match=tag, Prefer="wait=60")))
        asking.start()
        wait_until(lambda: self.mirror.held() == 1, "the request is held")
        self.mirror.stop()
        asking.join()
        self.assertEqual(answers[0][0], 503)


if __name__ == "__main__":
    unittest.main()
