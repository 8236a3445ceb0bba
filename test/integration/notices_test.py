"""A halt tells someone: webhook, mail and the commit's status, by real hubs on a real PostgreSQL."""

import email
import email.header
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import signal
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from greenwave import BIN, Scratch, run, wait_until  # noqa: E402
from hub import Hub, Speaker, manual_example  # noqa: E402
from local_server import LocalServer  # noqa: E402

OLD, NEW, THIRD = "a" * 40, "b" * 40, "c" * 40
SECRET, TOKEN = "webhook-secret-word", "commit-status-token"
HOSTILE = 'exit 203\r\nBcc: thief@example.org\r\n\r\n.\r\n<script>\x1b[31m; DROP TABLE'


class Receiver(LocalServer):
    """Takes POSTs on this machine, and answers with `status`; "hang" keeps them."""

    def __init__(self):
        self.posts, self.status = [], 200
        self.hanging = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == "hang":
                    outer.hanging.wait()
                    return
                outer.posts.append((self.path, dict(self.headers), body, outer.status))
                self.send_response(outer.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.hanging.set()
        super().__exit__()

    def taken(self):
        return [(path, headers, json.loads(body)) for path, headers, body, status in self.posts if status == 200]

    def events(self):
        return [body["event"] for _, _, body in self.taken()]


class Notices(unittest.TestCase):
    """Each test has a city of its own on one database."""

    made = 0

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.scratch.chmod(0o755)
        cls.postgres = cls.enterClassContext(postgres.Postgres(cls.scratch / "postgres"))

    def setUp(self):
        type(self).made += 1
        self.city = f"city-{self.made}"
        self.here = self.scratch / self.city
        self.here.mkdir()
        self.receiver = self.enterContext(Receiver())
        for name, word in (("secret", SECRET), ("token", TOKEN)):
            (self.here / name).write_text(word + "\n")
        self.mails = self.here / "mails"
        self.mails.mkdir()
        self.sendmail = self.here / "sendmail"
        self.sendmail.write_text(f"#!/bin/sh\n[ -e {self.here}/broken ] && {{ echo 'queue is full' >&2; exit 75; }}\n"
                                 f"file=$(mktemp {self.mails}/XXXXXX)\nprintf '%s\\n' \"$@\" > $file.words\ncat > $file.part\n"
                                 "mv $file.part $file.mail\n")
        self.sendmail.chmod(0o755)

    def more(self, pace="1s", kinds="webhook mail", server="gitea"):
        parts = {
            "webhook": f"  webhook: {{url: '{self.receiver.url}/halts', secretFile: {self.here}/secret}}\n",
            "mail": f"  mail: {{to: [operations@city.example, night+shift@city.example], from: greenwave@city.example, "
                    f"sendmail: {self.sendmail}}}\n",
            "commits": f"  commits: {{server: {server}, url: '{self.receiver.url}', project: traffic/city, "
                       f"tokenFile: {self.here}/token}}\n"}
        return f"notices:\n  pace: {pace}\n  page: https://hub.city.example\n" + "".join(parts[kind] for kind in kinds.split())

    def hub(self, name="hub", **settings):
        hub = self.enterContext(Hub(self.here / name, self.postgres.connection, city=self.city, more=self.more(**settings)))
        self.addCleanup(self.no_secret_in, hub)
        return hub

    def no_secret_in(self, hub):
        for secret in (SECRET, TOKEN):
            self.assertNotIn(secret, hub.log.read_text())

    def rollout(self, commit, wave="canary", devices=4, branch=OLD, subject="Longer yéllow"):
        """The wave's devices, and the commits that it and the branch are at."""
        listed = ", ".join(f"('{self.city}', 'd{i}', '', '{wave}')" for i in range(devices))
        self.postgres.sql(f"""
DELETE FROM greenwave.devices WHERE city = '{self.city}'; DELETE FROM greenwave.refs WHERE city = '{self.city}';
INSERT INTO greenwave.devices (city, device, name, wave) VALUES {listed};
INSERT INTO greenwave.inventories (city, commit, read_at, waves) VALUES ('{self.city}', '{branch}', now(),
  '[{{"name": "{wave}", "ref": "refs/heads/x", "soakMs": 0, "healthyPercent": 90, "failedPercent": 30, "reportedPercent": 50, "silentAfterMs": 86400000}}]')
  ON CONFLICT (city) DO NOTHING;
INSERT INTO greenwave.refs (city, wave, ref, commit, since, subject) VALUES
  ('{self.city}', '{wave}', 'refs/heads/x', '{commit}', now() - interval '1 hour', '{subject}'),
  ('{self.city}', '', 'refs/heads/main', '{branch}', now() - interval '2 hours', 'Before')""")

    def speakers(self, hub, count=4):
        operator = hub.token("configure")
        return [Speaker(hub, f"d{i}").enrol(operator) for i in range(count)]

    def break_down(self, device, reason="exit 203", commit=NEW):
        self.assertEqual(200, device.report("failed", commit={"oid": commit}, target=commit, wave="canary",
                                            failed=[{"object": "SystemdUnit/spat", "reason": reason}]).status)

    def settle(self, device, commit=NEW):
        self.assertEqual(200, device.report("in-sync", commit={"oid": commit}, target=commit, wave="canary").status)

    def mail(self):
        return [email.message_from_bytes(file.read_bytes()) for file in sorted(self.mails.glob("*.mail"))]

    def test_a_halt_is_told_once_with_its_reasons_and_that_it_is_over(self):
        hub = self.hub()
        devices = self.speakers(hub)
        self.settle(devices[3])
        for device in devices[:2]:
            self.break_down(device)
        self.rollout(NEW)
        wait_until(lambda: self.receiver.taken() and self.mail(), "both are told")
        path, headers, body = self.receiver.taken()[0]
        self.assertEqual(("/halts", "halted", self.city, NEW), (path, body["event"], body["city"], body["commit"]))
        self.assertEqual([("SystemdUnit/spat: exit 203", 2, ["d0", "d1"])],
                         [(one["reason"], one["devices"], one["examples"]) for one in body["reasons"]])
        self.assertIn("2 of 3 devices that reported in canary failed, more than 30 percent", body["halted"][0])
        self.assertEqual(set(json.loads(manual_example('{"id"'))), set(body))
        raw = self.receiver.posts[0][2]
        signature = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        self.assertEqual(signature, headers["X-Hub-Signature-256"])
        self.assertEqual(body["id"], headers["X-Greenwave-Delivery"])
        letter = self.mail()[0]
        self.assertEqual(["greenwave@city.example", "operations@city.example,\n night+shift@city.example"],
                         [letter["From"], letter["To"]])
        subject = str(email.header.make_header(email.header.decode_header(letter["Subject"])))
        self.assertIn(f"{self.city}: {NEW[:12]} halted (Longer yéllow)", subject)
        text = letter.get_payload(decode=True).decode()
        for words in ("2 devices: SystemdUnit/spat: exit 203", "d0", "https://hub.city.example"):
            self.assertIn(words, text)
        words = next(self.mails.glob("*.words")).read_text().split()
        self.assertEqual(["-i", "-f", "greenwave@city.example", "--", "operations@city.example", "night+shift@city.example"], words)
        self.assertTrue(hub.get("/v1/rollout", hub.token("view"))["waves"][0]["halted"])
        # The same again, and after a restart: nothing is told.
        self.break_down(devices[0])
        hub.stop()
        hub.start()
        wait_until(hub.is_well, "the hub is back")
        for device in devices[:2]:
            self.settle(device)
        wait_until(lambda: len(self.receiver.taken()) >= 2 and len(self.mail()) >= 2, "its end is told")
        self.assertEqual(["halted", "over"], self.receiver.events())
        self.assertEqual(2, len(self.mail()))
        wait_until(lambda: "greenwave_hub_notices_waiting 0" in hub.request("GET", "/metrics", token=hub.token("view")).text,
                   "nothing waits")

    def test_a_new_reason_is_told_and_a_known_one_is_not(self):
        hub = self.hub(kinds="webhook")
        self.rollout(NEW)
        devices = self.speakers(hub)
        self.break_down(devices[0])
        self.break_down(devices[1])
        wait_until(lambda: len(self.receiver.taken()) == 1, "it is told")
        self.break_down(devices[2])
        self.break_down(devices[3], "out of memory")
        wait_until(lambda: len(self.receiver.taken()) == 2, "the other reason is told")
        self.assertEqual({("SystemdUnit/spat: exit 203", 3), ("SystemdUnit/spat: out of memory", 1)},
                         {(one["reason"], one["devices"]) for one in self.receiver.taken()[-1][2]["reasons"]})

    def test_two_hubs_tell_once(self):
        first = self.hub(kinds="webhook mail commits")
        self.rollout(NEW)
        devices = self.speakers(first)
        second = self.hub("second", kinds="webhook mail commits")
        for device in devices[:3]:
            self.break_down(device)
        wait_until(lambda: "halted" in [body.get("event") for _, _, body in self.receiver.taken()] and self.mail(), "it is told")
        for device in devices:
            self.settle(device)
        wait_until(lambda: "over" in [body.get("event") for _, _, body in self.receiver.taken()] and len(self.mail()) >= 2,
                   "its end is told")
        wait_until(lambda: "0" == self.postgres.sql(
            f"SELECT count(*) FROM greenwave.notices WHERE city = '{self.city}' AND due IS NOT NULL"), "all is told")
        self.assertEqual(["halted", "over"], [body["event"] for _, _, body in self.receiver.taken() if "event" in body])
        self.assertEqual(2, len(self.mail()))
        states = [body["state"] for path, _, body in self.receiver.taken() if NEW in path]
        self.assertEqual(["pending", "failure", "pending"], states)
        second.stop()

    def test_what_cannot_be_told_is_told_later_in_order(self):
        self.receiver.status = 503
        (self.here / "broken").touch()
        hub = self.hub()
        self.rollout(NEW)
        devices = self.speakers(hub)
        for device in devices:
            self.break_down(device)
        wait_until(lambda: len(self.receiver.posts) >= 1 and "queue is full" in hub.log.read_text(), "it was tried")
        for device in devices:
            self.settle(device)
        wait_until(lambda: self.postgres.sql(f"SELECT count(*) FROM greenwave.notices WHERE city = '{self.city}' AND told IS NULL "
                                             "AND body->>'event' = 'over'") == "2", "its end waits too")
        hub.stop(signal.SIGKILL)
        self.receiver.status = 200
        (self.here / "broken").unlink()
        # A back-off, or what a killed hub had taken, may last minutes.
        self.postgres.sql(f"UPDATE greenwave.notices SET due = now() WHERE city = '{self.city}' AND due IS NOT NULL")
        hub.start()
        wait_until(lambda: len(self.receiver.taken()) >= 2 and len(self.mail()) >= 2, "both are told")
        self.assertEqual(["halted", "over"], self.receiver.events())

    def test_a_receiver_that_hangs_holds_up_no_mail_and_no_report(self):
        self.receiver.status = "hang"
        hub = self.hub()
        self.rollout(NEW)
        devices = self.speakers(hub)
        for device in devices:
            self.break_down(device)
        wait_until(self.mail, "the mail is sent")
        self.settle(devices[0])
        self.receiver.hanging.set()

    def test_words_of_devices_and_commits_make_no_header_and_no_markup(self):
        hub = self.hub()
        for device in self.speakers(hub):
            self.break_down(device, HOSTILE)
        self.rollout(NEW, subject="Longer' || E'\\r\\nBcc: thief@example.org")
        wait_until(lambda: self.receiver.taken() and self.mail(), "both are told")
        letter = self.mail()[0]
        self.assertIsNone(letter["Bcc"])
        self.assertEqual({"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
                          "Content-Transfer-Encoding"}, set(letter.keys()))
        text = letter.get_payload(decode=True).decode()
        self.assertNotIn("\x1b", text)
        self.assertFalse([line for line in text.splitlines() if line.startswith(("Bcc", "."))])
        self.assertEqual(4, self.receiver.taken()[0][2]["reasons"][0]["devices"])

    def check_status(self, server, path, header):
        hub = self.hub(kinds="commits", server=server)
        self.rollout(NEW)
        devices = self.speakers(hub)
        told = lambda commit: [body["state"] for where, _, body in self.receiver.taken() if commit in where]  # noqa: E731
        wait_until(lambda: told(NEW) == ["pending"], "it begins")
        for device in devices[:2]:
            self.break_down(device)
        failed = "failed" if server == "gitlab" else "failure"
        wait_until(lambda: told(NEW)[-1] == failed, "it failed")
        where, headers, body = self.receiver.taken()[-1]
        self.assertEqual(path.format(NEW), where)
        self.assertEqual(header[1], headers[header[0]])
        self.assertEqual((f"greenwave/{self.city}", "https://hub.city.example"),
                         (body["name" if server == "gitlab" else "context"], body["target_url"]))
        self.assertRegex(body["description"], r"\d of \d devices( that reported)? in canary failed")
        self.assertLessEqual(len(body["description"]), 140)
        for device in devices:
            self.settle(device)
        wait_until(lambda: told(NEW)[-1] == "pending", "it goes on")
        self.rollout(NEW, branch=NEW)
        wait_until(lambda: told(NEW)[-1] == "success", "it is everywhere")
        self.rollout(THIRD, branch=NEW)
        wait_until(lambda: told(THIRD), "the next one is on its way")
        self.assertEqual(["pending", failed, "pending", "success"], told(NEW))

    def test_the_commit_has_its_state_on_github(self):
        self.check_status("github", "/repos/traffic/city/statuses/{}", ("Authorization", f"Bearer {TOKEN}"))

    def test_the_commit_has_its_state_on_gitlab(self):
        self.check_status("gitlab", "/api/v4/projects/traffic%2Fcity/statuses/{}", ("PRIVATE-TOKEN", TOKEN))

    def test_the_commit_has_its_state_on_gitea_and_forgejo(self):
        self.check_status("gitea", "/api/v1/repos/traffic/city/statuses/{}", ("Authorization", f"token {TOKEN}"))

    def test_a_halt_says_so_on_the_terminal_and_in_the_citys_figures(self):
        hub = self.hub(kinds="")
        self.rollout(NEW)
        for device in self.speakers(hub)[:2]:
            self.break_down(device)
        (self.here / "view").write_text(hub.token("view"))
        shown = run(BIN / "greenwave", "fleet", "rollout", "--hub", hub.url, "--ca", hub.ca, "--token-file", self.here / "view",
                    check=False).stdout
        self.assertIn("halted: 2 of 2 devices that reported in canary failed, more than 30 percent", re.sub(r"\s+", " ", shown))
        wave = hub.get("/v1/cities", hub.token("view"))["cities"][0]["figures"]["waves"][0]
        self.assertIn("2 of 2", wave["halted"])
        wait_until(lambda: "greenwave_hub_waves_halted 1" in hub.request("GET", "/metrics", token=hub.token("view")).text,
                   "it is in the metrics")


class Configuration(unittest.TestCase):
    def test_mistakes_are_said_with_their_places(self):
        with Scratch() as scratch:
            file = scratch / "hub.yaml"
            for text, words in (("webhook: {url: 'http://a.example', secretFile: /s}", ["3:26", "https"]),
                                ("webhook: {url: 'https://a.example'}", ["secretFile"]),
                                ("mail: {to: [], from: a@b.example}", ["to has not"]),
                                ("mail: {to: ['a@b.example, c@d.example'], from: a@b.example}", ["no address"]),
                                ("mail: {to: [a@b.example], from: \"a@b.example\\nBcc: c@d.example\"}", ["from", "no address"]),
                                ("mail: {to: ['-oQ/tmp@b.example'], from: a@b.example}", ["no address"]),
                                ("mail: {to: [a@b.example], from: a@b.example, sendmail: sendmail -t}", ["absolute"]),
                                ("commits: {server: svn, project: a/b, tokenFile: /t}", ["svn", "gitlab"]),
                                ("commits: {server: gitea, project: a/b, tokenFile: /t}", ["url"]),
                                ("commits: {server: github, project: 'a/../b', tokenFile: /t}", ["OWNER/NAME"]),
                                ("commits: {server: github, project: a/b}", ["tokenFile"]),
                                ("pace: 1ms", ["pace"]), ("webhok: {}", ["webhook"])):
                file.write_text(f"city: x\ndatabase: y\nnotices: {{{text}}}\n")
                result = run(BIN / "greenwave-hub", "--config", file, "check", check=False)
                self.assertEqual(2, result.returncode, text)
                for word in words:
                    self.assertIn(word, result.stdout, text)
            file.write_text("city: x\ndatabase: y\n" + manual_example("notices:"))
            run(BIN / "greenwave-hub", "--config", file, "check")


if __name__ == "__main__":
    postgres.main()
