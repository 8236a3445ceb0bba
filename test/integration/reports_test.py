"""What a device reports to its city's hub, and when; that no report holds up a sync, gets lost, or has a secret in it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from fake_hub import FakeHub  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, run, timed, wait_until  # noqa: E402

SECRET = "open-sesame-0042"


def commit_of(number):
    return {"motd.yaml": file_manifest("motd", "/etc/motd", f"hello {number}\n")}


class HubCase(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(commit_of(1))
        self.hub = self.enterContext(FakeHub(self.scratch / "hub"))

    def device(self, interval="1h", more=None, name="device"):
        return self.enterContext(Device(self.scratch / name, self.city.url, interval=interval, more=more or self.hub.config))

    def started(self, **options):
        """A device that is in sync, as its hub knows."""
        device = self.device(**options).start()
        self.hub.wait_for(lambda _: self.in_sync(), "the hub has the first sync")
        return device

    def in_sync(self):
        return (self.hub.state() or {}).get("condition") == "in-sync" and self.hub.records() != []

    def settled(self, device):
        """Nothing more is on its way: what a pause of no change would send is there."""
        count = -1
        while count != len(self.hub.requests):
            count = len(self.hub.requests)
            device.sync()
            time.sleep(0.3)

    def change(self, device, number):
        commit = self.city.commit(commit_of(number))
        device.sync()
        return commit


class Reporting(HubCase):
    def test_a_sync_that_changed_something_is_reported_once_with_who_made_it_and_what_it_did(self):
        device = self.started()
        self.settled(device)
        before = len(self.hub.reports)
        commit = self.change(device, 2)
        reports = self.hub.wait_for(lambda reports: len(reports) > before, "the change is reported")
        self.settled(device)
        self.assertEqual(len(self.hub.reports), before + 1)
        state, syncs = reports[-1]["state"], reports[-1]["syncs"]
        self.assertEqual((state["condition"], state["health"], state["statuses"]), ("in-sync", "healthy", ["in sync"]))
        self.assertEqual(state["commit"]["oid"], commit)
        self.assertEqual(state["commit"]["author"], "Olga Operator")
        self.assertEqual(state["target"], commit)
        self.assertEqual((state["objects"], state["inSync"]), (1, 1))
        self.assertEqual(state["labels"]["arch"], device_facts()["arch"])
        self.assertEqual([action["object"] for action in syncs[0]["actions"]], ["File/motd"])
        self.assertEqual(len(syncs), 1)
        self.assertEqual({request.device for request in self.hub.sent()}, {"sf-0042"})

    def test_syncs_that_change_nothing_send_nothing_and_write_nothing(self):
        device = self.started(interval="1s")
        self.settled(device)
        sent, written = len(self.hub.requests), written_by(device)
        polls = set()
        wait_until(lambda: polls.add(device.json("status").get("lastPoll")) or len(polls) > 4, "it polls again and again")
        self.assertEqual(len(self.hub.requests), sent)
        self.assertEqual(written_by(device), written)

    def test_what_somebody_asks_for_and_changes_nothing_is_kept_as_evidence_and_not_sent(self):
        device = self.started()
        self.settled(device)
        sent = len(self.hub.requests)
        for _ in range(5):
            device.sync()
        time.sleep(1)
        self.assertEqual(len(self.hub.requests), sent)

    def test_a_pause_and_a_failure_are_reported_when_they_begin(self):
        device = self.started()
        device.cli("pause", "--for", "1h", "--reason", "relamping", check=0)
        self.hub.wait_for(lambda _: self.hub.state()["condition"] == "paused", "the pause is reported")
        self.assertEqual(self.hub.state()["pause"]["reason"], "relamping")
        device.cli("resume", check=0)
        self.hub.wait_for(lambda _: self.hub.state()["condition"] == "in-sync", "its end is reported")
        self.city.commit({"bad.yaml": file_manifest("bad", "relative", "x\n")})
        device.sync()
        self.hub.wait_for(lambda _: self.hub.state()["condition"] == "failed", "the failure is reported")
        self.assertRegex(json.dumps(self.hub.state()), r"bad.yaml:1:\d+")

    def test_one_connection_is_kept_and_a_new_one_resumes_its_session(self):
        device = self.started()
        for number in range(2, 5):
            before = len(self.hub.reports)
            self.change(device, number)
            self.hub.wait_for(lambda reports: len(reports) > before, "the change is reported")
        self.assertEqual({request.connection for request in self.hub.sent()}, {1})
        self.hub.answer = lambda request: (200, {"Connection": "close"}, self.hub.take_report(request.json, request.device)[2])
        for number in range(5, 7):
            before = len(self.hub.reports)
            self.change(device, number)
            self.hub.wait_for(lambda reports: len(reports) > before, "the change is reported")
        self.assertEqual((self.hub.sent()[-1].connection, self.hub.sent()[-1].resumed), (2, True))

    def test_a_sync_that_the_hub_asks_for_is_done_once_and_the_history_says_who_asked(self):
        device = self.started()
        self.settled(device)
        commit = self.city.commit(commit_of(2))
        device.cli("pause", "--for", "1h", "--reason", "x", check=0)
        self.hub.wait_for(lambda _: self.hub.state()["condition"] == "paused", "the pause is reported")
        asked = []

        def ask(request):
            self.hub.take_report(request.json, request.device)
            asked.append(request)
            return 200, {}, {"sync": {"who": "anna", "reason": "for the exercise"}} if len(asked) == 1 else {}

        self.hub.answer = ask
        device.cli("resume", check=0)
        self.hub.wait_for(lambda _: self.hub.state()["commit"]["oid"] == commit, "the new commit is there")
        self.assertEqual([sync["who"] for sync in device.json("history")["syncs"] if sync["trigger"] == "request"], ["anna (hub)"])

    def test_a_hub_without_the_state_gets_it_at_once(self):
        device = self.started()
        self.settled(device)
        before = len(self.hub.reports)
        wanted = []

        def want(request):
            if wanted or "state" in request.json:
                return None
            wanted.append(request)
            return 200, {}, {"send": "state", "heartbeat": 60}

        self.hub.answer = want
        # A record without a change of the state is a report without one.
        device.cli("pause", "--for", "1h", "--reason", "x", check=0)
        device.cli("resume", check=0)
        self.hub.wait_for(lambda reports: len(reports) > before, "more is reported")
        self.assertIn("state", self.hub.reports[-1])


class Trouble(HubCase):
    def test_a_device_without_a_hub_that_answers_syncs_as_ever_and_says_since_when(self):
        self.hub.stop()
        device = self.device().start()
        wait_until(lambda: "could not be reached since" in " ".join(device.json("status")["notes"]), "the status says it")
        status = device.json("status")
        self.assertEqual((status["status"], status["exitCode"]), ("in sync", 0))
        self.assertEqual(device.log.read_text().count("cannot report to the hub"), 1)
        self.hub.start()
        self.hub.wait_for(lambda _: self.in_sync(), "the hub has it")
        wait_until(lambda: "hub" not in " ".join(device.json("status")["notes"]), "the note is gone")

    def test_a_power_cut_loses_no_record_and_repeats_none_that_was_acknowledged(self):
        device = self.started()
        self.settled(device)
        self.hub.answer = lambda _: (500, {}, {})
        for number in range(2, 6):
            self.change(device, number)
        wanted = [sync["number"] for sync in device.json("history")["syncs"]]
        device.daemon.kill()
        device.daemon.wait()
        self.hub.answer = None
        device.start()
        self.change(device, 9)
        self.hub.wait_for(lambda _: set(wanted) <= set(self.hub.records()), "every record is there")
        self.settled(device)
        self.assertEqual(sorted(self.hub.records()), sorted(set(self.hub.records())))
        boots = [report["boot"] for report in self.hub.reports]
        self.assertEqual(boots, sorted(boots))

    def test_after_a_long_time_without_a_hub_the_newest_state_comes_first_and_then_all_history_newest_first(self):
        device = self.started()
        self.settled(device)
        self.hub.stop()
        before = len(self.hub.reports)
        for number in range(2, 52):
            self.change(device, number)
        newest = device.json("status")["commit"]["oid"]
        self.hub.start()
        self.hub.wait_for(lambda _: len(set(self.hub.records())) >= 51, "all of the history is there")
        reports = self.hub.reports[before:]
        self.assertEqual(reports[0]["state"]["commit"]["oid"], newest)
        self.assertNotIn("state", reports[1])
        numbers = [sync["number"] for report in reports for sync in report["syncs"]]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.assertLessEqual(max(len(report["syncs"]) for report in reports), 20)

    def test_retry_after_is_obeyed(self):
        device = self.started()
        for number, status in enumerate((503, 429), 2):
            with self.subTest(status):
                self.settled(device)
                times = []

                def busy(_, times=times, status=status):
                    times.append(time.monotonic())
                    return (status, {"Retry-After": "3"}, {}) if len(times) == 1 else None

                self.hub.answer = busy
                self.change(device, number)
                wait_until(lambda times=times: len(times) >= 2, "it is tried again")
                self.assertGreaterEqual(times[1] - times[0], 3)

    def test_a_device_whose_state_was_lost_goes_on_after_the_boot_that_the_hub_knows(self):
        device = self.started()
        self.settled(device)
        device.stop()
        known = self.hub.reports[-1]["boot"] + 1_000_000
        self.hub._newest["sf-0042"] = (known, 5)
        device.start()
        self.change(device, 2)
        self.hub.wait_for(lambda reports: reports[-1]["boot"] == known + 1, "it reports with a later boot")
        self.assertIn("state", next(report for report in self.hub.reports if report["boot"] == known + 1))
        device.stop()
        device.start()
        self.change(device, 3)
        self.hub.wait_for(lambda reports: reports[-1]["boot"] == known + 2, "and keeps it")

    def test_a_report_that_the_hub_never_takes_is_said_and_left_out_and_holds_up_nothing(self):
        device = self.started()
        self.settled(device)
        refused = []

        def refuse(request):
            if "hello 2" in json.dumps(request.json) or any(
                    sync.get("subject") == "poison" for sync in request.json.get("syncs", [])):
                refused.append(request)
                return 400, {}, {"error": "there is a word in it that is too much", "remedy": "none"}
            return None

        self.hub.answer = refuse
        self.city.commit(commit_of(2), message="poison")
        device.sync()
        self.change(device, 3)
        newest = device.json("status")["commit"]["oid"]
        self.hub.wait_for(lambda _: self.hub.state()["commit"]["oid"] == newest, "the state is there")
        wanted = max(sync["number"] for sync in device.json("history")["syncs"])
        self.hub.wait_for(lambda _: wanted in self.hub.records(), "the next record is there")
        self.assertIn("there is a word in it that is too much", device.log.read_text())

    def test_a_proxy_that_answers_400_loses_no_report(self):
        device = self.started()
        self.settled(device)
        self.hub.answer = lambda _: (400, {"Content-Type": "text/html"}, b"<html>The SSL certificate error</html>")
        self.change(device, 2)
        before = len(self.hub.requests)
        wait_until(lambda: len(self.hub.requests) > before, "it is tried")
        self.hub.answer = None
        wanted = max(sync["number"] for sync in device.json("history")["syncs"])
        self.hub.wait_for(lambda _: wanted in self.hub.records(), "the record is there")

    def test_the_agent_stops_at_once_while_the_hub_hangs_and_syncs_meanwhile(self):
        device = self.started()
        self.settled(device)
        self.hub.answer = lambda _: "hang"
        before = len(self.hub.requests)
        self.change(device, 2)
        wait_until(lambda: len(self.hub.requests) > before, "the report hangs")
        self.assertLess(timed(lambda: self.change(device, 3)), 10)
        self.assertEqual(device.path("/etc/motd").read_text(), "hello 3\n")
        self.assertLess(device.stop(), 3)

    def test_a_new_hub_is_taken_without_a_restart_and_gets_the_state(self):
        device = self.started()
        other = self.enterContext(FakeHub(self.scratch / "other"))
        text = device.config.read_text().replace(self.hub.config, other.config)
        device.config.write_text(text)
        device.daemon.send_signal(signal.SIGHUP)
        other.wait_for(lambda _: (other.state() or {}).get("condition") == "in-sync", "the other hub has the state")

    def test_a_device_that_is_not_enrolled_says_once_how_to_and_reports_as_soon_as_it_is(self):
        device = self.device(more=f"hub: {{url: {self.hub.url!r}, ca: {self.hub.authority}}}\n").start()
        wait_until(lambda: "greenwave enroll" in " ".join(device.json("status")["notes"]), "the status says it")
        self.assertEqual(device.json("status")["exitCode"], 0)
        for _ in range(3):
            device.sync()
        self.assertEqual(device.log.read_text().count("greenwave enroll"), 1)
        for name, kind in (("client.pem", "hub.crt"), ("client.key", "hub.key")):
            (device.state / kind).write_bytes((self.hub.directory / name).read_bytes())
        device.sync()
        self.hub.wait_for(lambda _: self.in_sync(), "the hub has it")


class Enrolment(HubCase):
    def setUp(self):
        super().setUp()
        self.asked = ["--hub", self.hub.url, "--ca", self.hub.authority]

    def device(self, more="# no hub yet\n"):
        return super().device(more=more)

    def configure(self, device):
        device.config.write_text(device.config.read_text() + f"hub: {{url: {self.hub.url!r}, ca: {self.hub.authority}}}\n")

    def store(self, device, stored, ends):
        """A certificate that the hub gave the enrolled device so many days ago; like a hub's, it began long before."""
        file = device.state / "hub.crt"
        file.write_text(self.hub.sign(self.hub.sent("/v1/enroll")[0].json["csr"], "sf-0042", ends=ends))
        os.utime(file, (time.time() + stored * 86400,) * 2)

    def test_a_code_enrolls_a_device_which_then_reports_as_itself(self):
        self.hub.codes.add("ABCD-EFGH")
        device = self.device()
        said = device.cli("enroll", *self.asked, "--code", "ABCD-EFGH", check=0).stdout
        self.assertIn("sf-0042 is enrolled in san-francisco", said)
        self.assertIn(f"hub: {{url: {self.hub.url}, ca: {self.hub.authority}}}", said)
        self.assertEqual((device.state / "hub.key").stat().st_mode & 0o777, 0o600)
        self.configure(device)
        device.start()
        self.hub.wait_for(lambda _: self.in_sync(), "it reports")
        self.assertEqual({request.device for request in self.hub.sent()}, {"sf-0042"})
        again = device.cli("enroll", "--code", "ABCD-EFGH", check=2).stdout
        self.assertIn("the code is wrong or used; ask for another", again)
        key = (device.state / "hub.key").read_text()
        self.assertFalse([request for request in self.hub.requests if key.splitlines()[1].encode() in request.body])

    def test_asking_again_goes_on_with_the_same_key_until_an_operator_approves_it(self):
        device = self.device()
        device.cli("enroll", *self.asked, "--no-wait", check=1)
        answers = [self.output(device, "--no-wait", "-o", "json") for _ in range(2)]
        self.assertEqual(answers[0]["key"], answers[1]["key"])
        self.assertFalse(answers[0]["enrolled"])
        requests = [request.json for request in self.hub.sent("/v1/enroll")]
        self.assertEqual(answers[0]["key"], self.hub.fingerprint(requests[0]["csr"]))
        self.assertEqual(requests[0]["device"], "sf-0042")
        self.assertNotIn("recipient", requests[0])
        self.assertFalse((device.state / "hub.crt").exists())
        self.hub.approved.add("sf-0042")
        self.assertTrue(self.output(device, "-o", "json")["enrolled"])
        self.assertTrue((device.state / "hub.crt").exists())

    def output(self, device, *words):
        command = [str(word) for word in device.command("greenwave", "enroll", *self.asked, *words)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)

    def test_it_waits_for_the_operator_and_shows_what_to_approve(self):
        device = self.device()
        with open(self.scratch / "said", "wb") as said:
            asking = subprocess.Popen([str(word) for word in device.command("greenwave", "enroll", *self.asked)],
                                      stdout=said, stderr=said)
        try:
            wait_until(lambda: "greenwave fleet approve sf-0042 --key SHA256:" in (self.scratch / "said").read_text(),
                       "it says what to approve")
            self.hub.stop()  # and waits on while the hub is away
            time.sleep(1.5)
            self.hub.start()
            self.hub.approved.add("sf-0042")
            self.assertEqual(asking.wait(60), 0)
        finally:
            asking.kill()
            asking.wait()
        self.assertIn("is enrolled", (self.scratch / "said").read_text())

    def test_the_recipient_of_the_identity_goes_along(self):
        device = self.device()
        recipient = device.json("identity")["recipients"][0]
        self.output(device, "--no-wait", "-o", "json")
        self.assertEqual(self.hub.sent("/v1/enroll")[0].json["recipient"], recipient)

    def test_a_certificate_for_another_device_or_key_is_not_stored(self):
        device = self.device()
        self.hub.approved.add("sf-0042")
        other = (self.hub.directory / "client.pem").read_text()
        self.hub.answer = lambda _: (200, {}, {"certificate": other})
        self.assertIn("for another key", device.cli("enroll", *self.asked, check=2).stdout)
        self.hub.answer = lambda _: (202, {}, {"key": "SHA256:other"})
        self.assertIn("do not approve it", device.cli("enroll", *self.asked, check=2).stdout)
        self.hub.answer = lambda _: (200, {}, b"<html>Sign in</html>")
        self.assertIn("not understood", device.cli("enroll", *self.asked, check=2).stdout)
        self.assertFalse((device.state / "hub.crt").exists())

    def test_what_was_asked_wrongly_is_said_with_what_to_do(self):
        device = self.device()
        for words, expected in (
                ([], "no hub is named\n  greenwave enroll --hub https://HOST"),
                (["--hub", "http://hub.example"], "must begin with https://"),
                (["--hub", self.hub.url], "authority"),
                (["--hub", "https://localhost:1", "--ca", self.hub.authority], "is the server up?")):
            self.assertIn(expected, device.cli("enroll", *words, check=2).stdout)

    def test_the_agent_renews_a_certificate_when_two_thirds_of_its_life_are_over(self):
        self.hub.approved.add("sf-0042")
        device = self.device()
        device.cli("enroll", *self.asked, check=0)
        key = (device.state / "hub.key").read_text()
        self.store(device, stored=-20, ends=5)
        self.configure(device)
        device.start()
        self.hub.wait_for(lambda _: self.in_sync(), "it reports")
        self.assertEqual(len(self.hub.sent("/v1/renew")), 1)
        self.assertIn("renewed the certificate for the hub", device.log.read_text())
        self.assertEqual((device.state / "hub.key").read_text(), key)
        self.change(device, 2)
        self.hub.wait_for(lambda _: len(self.hub.records()) > 1, "it reports with the new one")
        self.assertEqual(len(self.hub.sent("/v1/renew")), 1)

    def test_a_key_that_systemd_unseals_for_the_agent_reports_and_renews(self):
        self.hub.approved.add("sf-0042")
        device = self.device()
        device.cli("enroll", *self.asked, check=0)
        sealed = self.scratch / "credentials"
        sealed.mkdir()
        (device.state / "hub.key").rename(sealed / "hub-key")
        self.store(device, stored=-20, ends=5)
        hub = f"hub: {{url: {self.hub.url!r}, ca: {self.hub.authority}, key: 'credential:hub-key'}}\n"
        device.config.write_text(device.config.read_text() + hub)
        device.prefix = ("env", f"CREDENTIALS_DIRECTORY={sealed}")
        device.start()
        self.hub.wait_for(lambda _: self.in_sync(), "it reports")
        self.assertEqual(len(self.hub.sent("/v1/renew")), 1)
        self.assertIn("a credential of systemd's", device.cli("enroll", check=2).stdout)

    def enroll_sealed(self, device, *words, check=0):
        """With systemd's own key of a machine of the test's own, where there is no TPM."""
        machine = self.scratch / "machine"
        machine.mkdir(exist_ok=True)
        inside = ("unshare", "-m", "sh", "-c", f'mount --bind {machine} /var/lib/systemd && exec "$@"', "--")
        return run(*inside, *device.command("greenwave", "enroll", *self.asked, "--seal", *words), check=check == 0).stdout

    def unseal(self, device, to):
        """As systemd does before it starts the agent."""
        to.mkdir()
        run("unshare", "-m", "sh", "-c", f"mount --bind {self.scratch}/machine /var/lib/systemd && exec systemd-creds "
            f"--name=hub-key decrypt {device.config.parent}/hub-key.cred {to}/hub-key")

    @unittest.skipUnless(shutil.which("systemd-creds") and os.geteuid() == 0, "needs systemd-creds, and root")
    def test_a_sealed_key_is_nowhere_in_plain_and_the_agent_reports_with_it(self):
        device = self.device()
        self.enroll_sealed(device, "--no-wait", check=1)
        self.enroll_sealed(device, "--no-wait", check=1)
        first, second = [self.hub.fingerprint(request.json["csr"]) for request in self.hub.sent("/v1/enroll")]
        self.assertEqual(first, second)
        sealed = device.config.parent / "hub-key.cred"
        self.assertEqual(0o600, sealed.stat().st_mode & 0o777)
        self.assertFalse((device.state / "hub.key").exists())
        self.assertEqual("", run("grep", "-rl", "PRIVATE KEY", device.config.parent, check=False).stdout)
        self.hub.approved.add("sf-0042")
        said = self.enroll_sealed(device)
        self.assertIn(f"LoadCredentialEncrypted=hub-key:{sealed}", said)
        self.assertIn(f'hub: {{url: {self.hub.url}, ca: {self.hub.authority}, key: "credential:hub-key"}}', said)
        device.config.write_text(device.config.read_text() + said[said.index("hub: {"):].splitlines()[0] + "\n")
        self.unseal(device, self.scratch / "given")
        device.prefix = ("env", f"CREDENTIALS_DIRECTORY={self.scratch}/given")
        device.start()
        self.hub.wait_for(lambda _: self.in_sync(), "it reports")
        self.assertNotIn("LoadCredentialEncrypted", self.enroll_sealed(device))
        sealed.write_bytes(sealed.read_bytes()[:-40])
        self.assertIn("remove it, and enroll again", self.enroll_sealed(device, check=2))

    @unittest.skipUnless(shutil.which("systemd-creds") and os.geteuid() == 0, "needs systemd-creds, and root")
    def test_a_key_that_is_there_is_sealed_as_it_is(self):
        self.hub.approved.add("sf-0042")
        device = self.device()
        device.cli("enroll", *self.asked, check=0)
        self.assertIn(f"remove {device.state}/hub.key", self.enroll_sealed(device))
        self.unseal(device, self.scratch / "given")
        self.assertEqual((device.state / "hub.key").read_text(), (self.scratch / "given/hub-key").read_text())

    def test_doctor_says_what_is_wrong_between_the_device_and_its_hub(self):
        def checked():
            return [(check["result"], check["text"]) for check in device.json("doctor")["checks"] if check["check"] == "hub"]

        device = self.device()
        self.assertEqual(checked(), [])
        self.configure(device)
        self.assertIn("has no certificate", checked()[0][1])
        self.hub.approved.add("sf-0042")
        device.cli("enroll", check=0)
        self.assertEqual([result for result, _ in checked()], ["ok", "ok"])
        self.hub.date = "Thu, 01 Jan 2026 00:00:00 GMT"
        self.assertIn("the hub's 2026-01-01", checked()[-1][1])
        (device.state / "hub.key").chmod(0o644)
        self.assertIn("has mode 0644", checked()[0][1])
        self.store(device, stored=-20, ends=-5)
        self.assertIn("expired on", checked()[1][1])
        self.store(device, stored=-20, ends=2)
        self.assertIn(("warning", True), [(result, "valid until" in text) for result, text in checked()])
        self.hub.stop()
        self.assertEqual(checked()[-1][0], "failed")


class Secrets(HubCase):
    def test_no_secret_is_in_any_byte_that_is_sent(self):
        device = self.device(interval="1s")
        private = {"mode": "0600"}
        self.city.commit({
            "private.yaml": file_manifest("private", "/etc/private", SECRET + "\n", **private),
            "public.yaml": file_manifest("public", "/etc/public", "hello\n"),
        })
        device.start()
        self.hub.wait_for(lambda _: self.in_sync(), "the hub has the first sync")
        # What people put there by hand, which the agent repairs.
        device.path("/etc/private").write_text("changed " + SECRET)
        device.path("/etc/public").write_text("by hand " + SECRET)
        before = max(self.hub.records())
        device.sync()
        self.hub.wait_for(lambda _: max(self.hub.records()) > before, "the repair is reported")
        self.city.commit({"bad.yaml": file_manifest("private", "/etc/private2", SECRET, mode="9999")})
        device.sync()
        self.hub.wait_for(lambda _: self.hub.state()["condition"] != "in-sync", "the failure is reported")
        everything = b"".join(request.body for request in self.hub.requests)
        self.assertNotIn(SECRET.encode(), everything)
        key = (self.hub.directory / "client.key").read_text().splitlines()[1]
        self.assertNotIn(key.encode(), everything)
        self.assertNotIn(b"file://", everything)


class Heartbeats(HubCase):
    def test_a_heartbeat_comes_when_nothing_changes_and_says_no_more_than_that(self):
        self.hub.answer = lambda request: (
            (*self.hub.take_report(request.json, request.device)[:2], {"heartbeat": 60}))
        device = self.started()
        self.settled(device)
        before, written = len(self.hub.reports), written_by(device)
        reports = self.hub.wait_for(lambda reports: len(reports) > before, "a heartbeat")
        self.assertEqual(set(reports[-1]), {"device", "boot", "sequence", "at"})
        self.assertEqual(reports[-1]["sequence"], reports[-2]["sequence"] + 1)
        self.assertEqual(written_by(device), written)


def written_by(device):
    """What the agent has written: bytes that went to the disk, and when each of its files was."""
    io = pathlib.Path(f"/proc/{device.daemon.pid}/io").read_text()
    files = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in device.root.rglob("*") if path.is_file()}
    return next(line for line in io.splitlines() if line.startswith("write_bytes:")), files


def device_facts():
    return {"arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)}


if __name__ == "__main__":
    unittest.main()
