"""The hub, as devices and people use it: behind nginx with TLS and certificates, on a real PostgreSQL with PostGIS."""

import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run, wait_until  # noqa: E402
from hub import Hub, Reply, Speaker  # noqa: E402

COMMIT, OTHER = "a" * 40, "b" * 40
# The target hub_storm has more of both.
REPORTS = int(os.environ.get("GREENWAVE_REPORTS", "300"))
IDLE = int(os.environ.get("GREENWAVE_IDLE", "300"))


class OnOneDatabase(unittest.TestCase):
    """Each class has a database and a hub of its own."""

    more = ""

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.scratch.chmod(0o755)
        cls.postgres = cls.enterClassContext(postgres.Postgres(cls.scratch / "postgres"))
        cls.prepare()
        cls.hub = cls.enterClassContext(Hub(cls.scratch / "hub", cls.postgres.connection, more=cls.more))
        cls.operator = cls.hub.token("configure")
        cls.viewer = cls.hub.token("view")
        cls.made = 0

    @classmethod
    def prepare(cls):
        """What must be there before the hub starts."""

    def speaker(self, device=None, hub=None):
        type(self).made += 1
        return Speaker(hub or self.hub, device or f"device-{self.made}").enrol(self.operator)

    def device(self, device):
        return self.hub.get(f"/v1/devices/{device}", self.viewer)

    def history(self, device):
        """The states that it had, the first one first."""
        return [row["state"] for row in reversed(self.device(device)["history"])]


class Reports(OnOneDatabase):
    def test_a_report_is_in_the_list_and_on_the_devices_page(self):
        device = self.speaker()
        reply = device.report("failed", commit={"oid": COMMIT, "subject": "Longer yellow"}, target=OTHER, wave="canary",
                              failed=[{"object": "SystemdUnit/spat", "reason": "exit 203"}], labels={"model": "atc"})
        self.assertEqual((200, 300), (reply.status, reply.json()["heartbeat"]))
        row = next(row for row in self.hub.get("/v1/devices?limit=1000", self.viewer)["devices"] if row["id"] == device.device)
        self.assertEqual(("failed", COMMIT, OTHER, "canary", "SystemdUnit/spat: exit 203", {"model": "atc"}, False),
                         tuple(row[key] for key in ("state", "commit", "target", "wave", "reason", "labels", "listed")))
        self.assertEqual("Longer yellow", self.device(device.device)["detail"]["commit"]["subject"])

    def test_a_repeat_is_acknowledged_and_changes_nothing(self):
        device = self.speaker()
        first = device.body("failed", syncs=[{"number": 1, "started": "2026-11-27T08:00:00Z", "result": "failed"}])
        for _ in range(3):
            self.assertEqual(200, device.send(first).status)
        device.report("in-sync")
        self.assertEqual(200, device.send(first).status)
        self.assertEqual(["failed", "in-sync"], self.history(device.device))
        self.assertEqual("in-sync", self.device(device.device)["state"])
        self.assertEqual(1, len(self.device(device.device)["syncs"]))

    def test_history_is_written_only_where_the_state_is_another(self):
        device = self.speaker()
        for state in ("in-sync", "in-sync", "applying", "in-sync", "in-sync"):
            device.report(state, lastSync="2026-11-27T08:00:00Z", bytesReceived=device.sequence)
        self.assertEqual(["in-sync", "applying", "in-sync"], self.history(device.device))

    def test_an_earlier_boot_learns_of_the_later_one(self):
        device = self.speaker()
        device.boot = 2_000_000_000
        device.report()
        device.boot = 17
        reply = device.report("failed")
        self.assertEqual((409, 2_000_000_000), (reply.status, reply.json()["boot"]))
        self.assertEqual("in-sync", self.device(device.device)["state"])

    def test_a_heartbeat_without_a_state_of_its_boot_asks_for_one(self):
        device = self.speaker()
        self.assertEqual("state", device.report(None).json()["send"])
        device.report()
        self.assertNotIn("send", device.report(None).json())
        device.boot += 1
        self.assertEqual("state", device.report(None).json()["send"])

    def test_a_device_with_its_clock_at_1970_reports_as_any_other(self):
        device = self.speaker()
        sync = {"number": 1, "started": "1970-01-01T00:00:05Z", "result": "in sync"}
        self.assertEqual(200, device.send(device.body(at="1970-01-01T00:00:09Z", syncs=[sync])).status)
        shown = self.device(device.device)
        self.assertEqual("1970-01-01T00:00:09Z", shown["clock"])
        self.assertEqual("1970-01-01T00:00:05Z", shown["syncs"][0]["started"])
        self.assertNotIn("1970", shown["seen"])

    def test_a_person_asks_a_device_to_sync_and_it_is_told_once(self):
        device = self.speaker()
        device.report()
        asked = self.hub.request("POST", f"/v1/devices/{device.device}/sync", {"reason": "the crew is there"}, self.operator)
        self.assertEqual(200, asked.status, asked.text)
        self.assertEqual({"who": "configure", "reason": "the crew is there"}, device.report(None).json()["sync"])
        self.assertNotIn("sync", device.report(None).json())

    def test_markup_statements_and_control_characters_stay_text(self):
        hostile = ["'; DROP TABLE greenwave.states; --", "<script>alert(1)</script>", "a\u0000b", "\u202egpj.exe", "\\x00\\",
                   "{\"a\": NULL}", "%s%n", "\ud83d\ude00" * 400, "\r\nSet-Cookie: x=y", "$1::text"]
        for text in hostile:
            with self.subTest(text):
                device = self.speaker()
                reply = device.report("failed", says=text, wave=text, version=text, labels={text: text}, lastError=text,
                                      failed=[{"object": text, "reason": text}], problems=[text], ref=text)
                self.assertEqual(200, reply.status, reply.text)
                shown = self.device(device.device)
                self.assertEqual("failed", shown["state"])
                self.assertNotIn("\u0000", json.dumps(shown, ensure_ascii=False))
        self.assertGreater(len(self.hub.get("/v1/devices", self.viewer)["devices"]), 0)

    def test_what_is_no_report_is_refused_with_the_member_that_is_wrong(self):
        device = self.speaker()
        good = device.body()
        for member, value, word in (("boot", -1, "boot"), ("boot", 1.5, "boot"), ("boot", "1", "boot"), ("boot", 2**70, "boot"),
                                    ("sequence", None, "sequence"), ("at", "yesterday", "at"), ("state", [], "state"),
                                    ("state", {"condition": "not-reporting", "health": "healthy"}, "condition"),
                                    ("state", {"condition": "in-sync"}, "health"),
                                    ("state", {"condition": "in-sync", "health": "healthy", "target": "HEAD"}, "target"),
                                    ("syncs", [1], "syncs"), ("syncs", [{}] * 21, "syncs"), ("device", "../etc", "device")):
            with self.subTest(member=member, value=value):
                reply = device.send({**good, member: value})
                self.assertEqual(400, reply.status, reply.text)
                self.assertIn(word, reply.json()["error"])
        for text in ("", "null", "[]", "{", "[" * 100_000, '{"state":' * 10_000, "\x00", "\ud800".encode("utf-8", "surrogatepass")):
            self.assertEqual(400, self.hub.request("POST", "/v1/reports", text, certificate=device.pair).status)
        self.assertEqual(200, device.report().status)

    def test_deep_and_wide_states_are_cut(self):
        device = self.speaker()
        deep = {}
        for _ in range(200):
            deep = {"a": deep, "b": [deep]} if len(json.dumps(deep)) < 20_000 else {"a": deep}
        reply = device.report("failed", rejected=deep, labels={f"k{i}": "v" for i in range(5000)}, problems=["p"] * 5000)
        self.assertEqual(200, reply.status, reply.text)
        detail = self.device(device.device)["detail"]
        self.assertLessEqual(len(detail["labels"]), 64)
        self.assertLessEqual(len(json.dumps(detail)), 20_000)

    def test_too_large_a_report_is_refused_and_the_next_one_taken(self):
        device = self.speaker()
        self.assertEqual(413, self.hub.request("POST", "/v1/reports", "x" * (10 << 20), certificate=device.pair).status)
        self.assertEqual(413, self.hub.request("POST", "/v1/reports", "x" * (300 << 10), certificate=device.pair).status)
        self.assertEqual(200, device.report().status)

    def test_slow_clients_do_not_hold_up_others(self):
        device = self.speaker()
        slow = []
        for _ in range(200):
            client = socket.create_connection(("127.0.0.1", self.hub.port))
            client.send(b"\x16\x03\x01")
            slow.append(client)
        for _ in range(50):  # past nginx, within a request
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(self.hub.socket))
            client.send(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            slow.append(client)
        try:
            self.assertEqual(200, device.report().status)
        finally:
            for client in slow:
                client.close()


    def test_connections_that_are_idle_do_not_hold_up_others(self):
        port = f":{self.hub.port:04X}"
        rows = lambda: (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])  # noqa: E731
        established = lambda: sum(row[1].endswith(port) and row[3] == "01" for row in rows())  # noqa: E731
        device = self.speaker()
        device.report()
        words = [BIN / "hub_load", "idle", self.hub.port, self.hub.directory / "state/ca", self.hub.city, IDLE, 600]
        with subprocess.Popen(list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
            found = json.loads(load.stdout.readline())
            self.assertEqual((IDLE, 0), (found["devices"], found["refused"]))
            self.assertGreaterEqual(established(), IDLE)
            times = []
            for _ in range(20):
                began = time.monotonic()
                self.assertEqual(200, device.report().status)
                times.append(time.monotonic() - began)
            self.assertGreaterEqual(established(), IDLE)
            load.stdin.close()
        self.assertEqual(0, load.returncode)
        self.assertLess(statistics.median(times), 1)
        if IDLE > 300:
            print(f"{IDLE:,} connections are idle: a report on a new one takes {statistics.median(times) * 1000:.0f} ms, "
                  f"at most {max(times) * 1000:.0f}; they came in {found['seconds']:.0f} s", file=sys.stderr)

    def test_a_device_that_floods_the_hub_takes_nothing_from_others(self):
        flood, others = self.speaker("flood"), [self.speaker() for _ in range(4)]
        answers, stop = [], threading.Event()

        def send():
            connection = self.hub.connect(flood.pair)
            while not stop.is_set():
                reply = Reply(connection, "POST", "/v1/reports", flood.body("failed", says=str(len(answers))))
                answers.append((reply.status, reply.headers.get("Retry-After")))
            connection.close()

        def times(rounds):
            """Of the others' reports, each acknowledged."""
            taken = []
            for device in others * rounds:
                asked = time.monotonic()
                self.assertEqual(200, device.report().status)
                taken.append(time.monotonic() - asked)
            return taken

        alone = statistics.median(times(5))
        began = time.monotonic()
        threads = [threading.Thread(target=send) for _ in range(12)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(answers) > 1000, "the flood is on")
            beside = statistics.median(times(5))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        statuses = collections.Counter(status for status, _ in answers)
        self.assertEqual({200, 429}, set(statuses))
        self.assertLessEqual(statuses[200], 301 + 5 * (time.monotonic() - began))
        self.assertGreaterEqual(min(int(after) for status, after in answers if status == 429), 1)
        self.assertLess(beside, alone + 1)
        limited = re.search(r'greenwave_hub_reports_total{result="limited"} (\d+)', self.hub.request("GET", "/metrics", token=self.viewer).text)
        self.assertEqual(statuses[429], int(limited[1]))
        self.assertEqual(1, self.hub.log.read_text().count("too many reports of flood"))


class Certificates(OnOneDatabase):
    def test_a_device_cannot_speak_for_another(self):
        device = self.speaker()
        report = device.body()
        report["device"] = "somebody-else"
        reply = device.send(report)
        self.assertEqual(403, reply.status)
        self.assertIn(device.device, reply.json()["error"])
        self.assertEqual(404, self.hub.request("GET", "/v1/devices/somebody-else", token=self.viewer).status)

    def test_nobody_reports_without_a_certificate_or_by_headers_of_their_own(self):
        body = Speaker(self.hub, "nobody").body()
        headers = {"X-Client-Verify": "SUCCESS", "X-Client-Subject": "CN=nobody,O=springfield", "X-Remote-User": "root"}
        for more in ({}, headers):
            self.assertEqual(401, self.hub.request("POST", "/v1/reports", body, headers=more).status)
        self.assertEqual(401, self.hub.request("GET", "/v1/devices", headers=headers).status)

    def test_certificates_of_strangers_and_expired_ones_are_refused(self):
        device = Speaker(self.hub, "stranger")
        run("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1",
            "-subj", "/O=springfield/CN=stranger", "-keyout", device.key, "-out", device.certificate)
        self.assertEqual(400, device.report().status)  # nginx's own answer
        ca = self.hub.directory / "state/ca"
        run("openssl", "req", "-new", "-key", device.key, "-subj", "/O=springfield/CN=stranger", "-out", device.csr)
        run("openssl", "x509", "-req", "-in", device.csr, "-CA", ca / "ca.crt", "-CAkey", ca / "ca.key", "-out",
            device.certificate, "-days", "-1", "-set_serial", "5")
        self.assertEqual(400, device.report().status)

    def test_a_certificate_of_another_city_is_refused(self):
        ca = self.hub.directory / "state/ca"
        device = Speaker(self.hub, "visitor")
        run("openssl", "req", "-new", "-key", device.key, "-subj", "/O=shelbyville/CN=visitor", "-out", device.csr)
        run("openssl", "x509", "-req", "-in", device.csr, "-CA", ca / "ca.crt", "-CAkey", ca / "ca.key", "-out",
            device.certificate, "-days", "1", "-set_serial", "6")
        self.assertIn("another city", device.report().json()["error"])

    def test_a_revoked_certificate_is_refused_at_once_and_its_key_too(self):
        device = self.speaker()
        self.assertEqual(200, device.report().status)
        self.assertEqual(200, self.hub.request("POST", f"/v1/devices/{device.device}/revoke", {}, self.operator).status)
        wait_until(lambda: device.report().status == 403, "the revocation is known")
        self.assertEqual(403, device.ask().status)
        self.assertEqual(403, self.hub.request("POST", "/v1/renew", {"csr": device.csr.read_text()},
                                               certificate=device.pair).status)

    def test_a_code_is_good_once_and_for_its_device_alone(self):
        code = self.hub.request("POST", "/v1/codes", {"device": "by-code"}, self.operator).json()["code"]
        other, device, late = (Speaker(self.hub, name) for name in ("not-meant", "by-code", "by-code"))
        self.assertEqual(403, other.ask(code=code).status)
        self.assertEqual(403, device.ask(code="AAAA-AAAA-AAAA").status)
        csr = device.csr.read_text()
        for _ in range(2):  # the answer to the first one may have been lost
            reply = self.hub.request("POST", "/v1/enroll", {"device": "by-code", "csr": csr, "code": code.lower()})
            self.assertEqual(200, reply.status, reply.text)
        late = Speaker(self.hub, "by-code")
        self.assertEqual(403, late.ask(code=code).status)

    def test_the_certificate_is_for_the_device_whatever_the_request_says(self):
        device = Speaker(self.hub, "honest")
        run("openssl", "req", "-new", "-key", device.key, "-subj", "/O=springfield/CN=victim", "-addext",
            "basicConstraints=critical,CA:TRUE", "-out", device.csr)
        device.enrol(self.operator)
        text = run("openssl", "x509", "-in", device.certificate, "-noout", "-text").stdout
        self.assertIn("CN = honest", text)
        self.assertNotIn("victim", text)
        self.assertIn("CA:FALSE", text)

    def test_requests_that_are_none_are_refused(self):
        device = Speaker(self.hub, "weak")
        run("openssl", "req", "-new", "-nodes", "-newkey", "rsa:1024", "-subj", "/CN=weak", "-keyout", device.key, "-out", device.csr)
        self.assertIn("too weak", device.ask().json()["error"])
        for body in ({"device": "x", "csr": "hello"}, {"device": "x"}, {"device": "../x", "csr": ""}, [], {"device": "x", "csr": 5},
                     {"device": "x", "csr": "", "colour": "red"}):
            self.assertEqual(400, self.hub.request("POST", "/v1/enroll", body).status, body)

    def test_an_operator_approves_or_refuses_a_key_that_waits(self):
        device = Speaker(self.hub, "waiting")
        reply = device.ask(recipient="age1qqq")
        self.assertEqual((202, "10"), (reply.status, reply.headers["Retry-After"]))
        waiting = self.hub.get("/v1/enrolments", self.viewer)["enrolments"]
        self.assertIn(("waiting", reply.json()["key"]), [(one["device"], one["key"]) for one in waiting])
        path = "/v1/enrolments/waiting"
        self.assertEqual(403, self.hub.request("POST", path, {"decision": "approve"}, self.viewer).status)
        self.assertEqual(404, self.hub.request("POST", path, {"decision": "approve", "key": "SHA256:x"}, self.operator).status)
        self.assertEqual(200, self.hub.request("POST", path, {"decision": "approve", "key": reply.json()["key"]}, self.operator).status)
        device.certificate.write_text(device.ask(recipient="age1qqq").json()["certificate"])
        self.assertEqual(200, device.report().status)
        self.assertEqual("age1qqq", self.hub.get("/v1/recipients", self.viewer)["devices"]["waiting"])
        other = Speaker(self.hub, "waiting")
        other.ask()
        self.assertEqual(200, self.hub.request("POST", path, {"decision": "refuse"}, self.operator).status)
        self.assertEqual(403, other.ask().status)

    def test_at_most_five_keys_of_a_device_wait(self):
        answers = [Speaker(self.hub, "popular").ask().status for _ in range(6)]
        self.assertEqual([202] * 5 + [403], answers)

    def test_a_device_renews_its_own_certificate(self):
        device = self.speaker()
        before = device.certificate.read_text()
        reply = self.hub.request("POST", "/v1/renew", {"csr": device.csr.read_text()}, certificate=device.pair)
        self.assertEqual(200, reply.status, reply.text)
        device.certificate.write_text(reply.json()["certificate"])
        self.assertNotEqual(before, device.certificate.read_text())
        self.assertEqual(200, device.report().status)
        self.assertEqual(401, self.hub.request("POST", "/v1/renew", {"csr": device.csr.read_text()}).status)

    def test_a_device_gets_a_few_certificates_and_others_theirs(self):
        greedy, other = self.speaker(), self.speaker()
        renew = lambda device: self.hub.request("POST", "/v1/renew", {"csr": device.csr.read_text()}, certificate=device.pair)  # noqa: E731
        answers = [renew(greedy) for _ in range(12)]
        self.assertEqual([200] * 9 + [429] * 3, [answer.status for answer in answers])  # it enrolled with the first
        self.assertLessEqual(int(answers[-1].headers["Retry-After"]), 300)
        self.assertEqual(200, renew(other).status)


class People(OnOneDatabase):
    more = "devices: {relays: [castro-cabinet]}\n"

    def test_each_level_may_do_what_it_includes(self):
        tokens = {level: self.hub.token(level, f"may-{level}") for level in ("view", "operate", "approve", "configure")}
        self.speaker("levels").report()
        asked = [("GET", "/v1/devices", None, 0), ("POST", "/v1/devices/levels/sync", {}, 1), ("POST", "/v1/codes", {}, 2),
                 ("GET", "/v1/audit", None, 2)]
        for rank, token in enumerate(tokens.values()):
            for method, path, body, needed in asked:
                status = self.hub.request(method, path, body, token).status
                self.assertEqual(200 if rank >= needed else 403, status, f"{rank} {path}")
        self.assertEqual(401, self.hub.request("GET", "/v1/devices", token="gwt_wrong").status)
        self.assertEqual(401, self.hub.request("GET", "/v1/devices").status)

    def test_the_first_questions_to_a_hub_may_come_all_at_once(self):
        for _ in range(3):
            self.hub.stop()
            self.hub.start()
            wait_until(self.hub.is_well, "the hub answers")
            with concurrent.futures.ThreadPoolExecutor(8) as people:
                found = list(people.map(lambda _: self.hub.request("GET", "/v1/me", token=self.viewer).status, range(8)))
            self.assertEqual([200] * 8, found)

    def test_what_somebody_did_is_in_the_audit_trail(self):
        self.speaker("audited").report()
        self.hub.request("POST", "/v1/devices/audited/sync", {"reason": "x"}, self.operator)
        lines = self.hub.request("GET", "/v1/audit", token=self.operator).text.splitlines()
        one = next(line for line in map(json.loads, lines) if line["subject"] == "audited" and line["action"] == "ask for a sync")
        self.assertEqual(("configure", "127.0.0.1"), (one["who"], one["from"]))

    def test_a_part_of_the_audit_trail_is_from_its_beginning_to_before_its_end(self):
        times = [f"2020-01-0{day}T00:00:00Z" for day in range(1, 6)]
        self.postgres.sql("INSERT INTO greenwave.audit (city, at, who, address, action, subject) VALUES "
                          + ", ".join(f"('{self.hub.city}', '{at}', 'ana', '', 'test', '{at[:10]}')" for at in times))

        def found(query):
            reply = self.hub.request("GET", f"/v1/audit?{query}", token=self.operator)
            self.assertEqual(200, reply.status, reply.text)
            return [one["subject"] for one in map(json.loads, reply.text.splitlines()) if one["action"] == "test"]

        for since in (None, *times):
            for until in (None, *times):
                query = "&".join(f"{name}={time}" for name, time in (("since", since), ("until", until)) if time)
                expected = [at[:10] for at in reversed(times) if (not since or at >= since) and (not until or at < until)]
                self.assertEqual(expected, found(query), query)
        for wrong in ("since=yesterday", "since=2020-01-01", "until=99999-01-01T00:00:00Z", "from=2020-01-01T00:00:00Z"):
            self.assertEqual(400, self.hub.request("GET", f"/v1/audit?{wrong}", token=self.operator).status, wrong)
        self.postgres.sql(f"INSERT INTO greenwave.audit (city, at, who, address, action, subject) SELECT '{self.hub.city}', "
                          "'2019-01-01'::timestamptz + n * interval '1ms', '', '', 'many', '' FROM generate_series(1, 100001) n")
        reply = self.hub.request("GET", "/v1/audit", token=self.operator)
        self.assertEqual((400, True), (reply.status, "since and until" in reply.text), reply.text[:200])
        self.postgres.sql("DELETE FROM greenwave.audit WHERE action IN ('many', 'test')")

    def test_a_relay_speaks_for_many(self):
        relay = self.speaker("castro-cabinet")
        speakers = [Speaker(self.hub, "behind-relay")]
        bodies = []
        for i in range(300):
            speakers[0].device = f"relayed-{i:03}"
            bodies.append(json.dumps(speakers[0].body()))
        bodies[7] = "{broken"
        reply = self.hub.request("POST", "/v1/relay", "\n".join(bodies), certificate=relay.pair)
        self.assertEqual((200, 299, 8), (reply.status, reply.json()["acknowledged"], reply.json()["refused"][0]["line"]))
        self.assertEqual(299, self.hub.get("/v1/devices?q=relayed-&counts=only", self.viewer)["total"])
        self.assertEqual(403, self.hub.request("POST", "/v1/relay", bodies[0], certificate=self.speaker().pair).status)

    def test_a_relay_sends_as_much_as_is_answered_and_no_more_waits_of_it(self):
        relay = self.speaker("castro-cabinet")
        device = Speaker(self.hub, "by-relay")
        batch = "\n".join(json.dumps({**device.body(None), "device": f"by-relay-{i}"}) for i in range(1000))
        post = lambda: self.hub.request("POST", "/v1/relay", batch, certificate=relay.pair).status  # noqa: E731
        self.postgres.pause()
        try:
            with concurrent.futures.ThreadPoolExecutor(6) as connections:
                sent = [connections.submit(post) for _ in range(6)]
                wait_until(lambda: sum(one.done() for one in sent) == 4, "what is too much is answered")
                self.assertEqual([429] * 4, [one.result() for one in sent if one.done()])
                self.postgres.go_on()
        finally:
            self.postgres.go_on()
        wait_until(lambda: post() == 200, "it may send again")

    def test_devices_are_found_by_what_they_are(self):
        for name, state, model in (("find-1", "in-sync", "atc"), ("find-2", "failed", "atc"), ("find_3", "failed", "2070%")):
            self.speaker(name).report(state, labels={"model": model}, commit={"oid": COMMIT if model == "atc" else OTHER})
        find = lambda query: [row["id"] for row in self.hub.get(f"/v1/devices?q=find&{query}", self.viewer)["devices"]]  # noqa: E731
        self.assertEqual(["find-2", "find_3"], find("state=failed"))
        self.assertEqual(["find-1", "find-2", "find_3"], find("state=failed&state=in-sync"))
        self.assertEqual(["find-1", "find-2"], find("label=model:atc"))
        self.assertEqual(["find_3"], find("label=model:2070%25"))
        self.assertEqual(["find_3"], find("commit=bbbb"))
        self.assertEqual([], find("listed=true"))
        self.assertEqual([], [row["id"] for row in self.hub.get("/v1/devices?q=d_3x", self.viewer)["devices"]])
        counts = self.hub.get("/v1/devices?q=find&counts=only", self.viewer)
        self.assertEqual({"total": 3, "counts": {"in-sync": 1, "failed": 2}}, counts)

    def test_pages_of_a_list_follow_each_other(self):
        for i in range(5):
            self.speaker(f"page-{i}").report()
        found, after = [], ""
        while after is not None:
            page = self.hub.get(f"/v1/devices?q=page-&limit=2&after={after}", self.viewer)
            found += [row["id"] for row in page["devices"]]
            after = page["next"]
        self.assertEqual([f"page-{i}" for i in range(5)], found)

    def test_questions_that_are_wrong_say_what_is_expected(self):
        for query, word in (("state=fine", "in-sync"), ("label=x", "KEY:VALUE"), ("bbox=1,2", "WEST"), ("bbox=a,b,c,d", "degrees"),
                            ("within={}", "Polygon"), ("limit=0", "limit"), ("colour=red", "colour"), ("commit=zz", "commit"),
                            ("within=%7B%22type%22:%22Polygon%22,%22coordinates%22:%5B%5D%7D", ""), ("bbox=nan,1,2,3", "degrees"),
                            ("counts=maybe", "counts"), ("after=%ff", "after")):
            reply = self.hub.request("GET", f"/v1/devices?{query}", token=self.viewer)
            if query.startswith("within=%7B"):
                self.assertIn(reply.status, (200, 400), reply.text)
                continue
            self.assertEqual(400, reply.status, query)
            self.assertIn(word, reply.text)
        self.assertEqual(405, self.hub.request("DELETE", "/v1/devices", token=self.operator).status)
        self.assertEqual(404, self.hub.request("GET", "/v1/colours", token=self.viewer).status)

    def test_the_description_names_every_path_and_each_of_them_answers(self):
        described = self.hub.get("/openapi.json", None)["paths"]
        source = (pathlib.Path(__file__).parents[2] / "tools/greenwave-hub/api/routes.cpp").read_text()
        routed = {(before + "{device}" + after if names == "true" else before)
                  for before, after, names in re.findall(r'Route\{"[A-Z]+", "([^"]+)", "([^"]*)", (true|false)', source)}
        self.assertEqual(routed, set(described))
        for path, methods in described.items():
            for method in methods:
                status = self.hub.request(method.upper(), path.replace("{device}", "nobody"), {} if method == "post" else None,
                                          self.operator if path != "/v1/events" else None).status
                self.assertNotIn(status, (405, 500), f"{method} {path}")

    def test_the_alert_rules_are_about_what_there_is(self):
        rules = pathlib.Path(__file__).parents[2] / "packaging/hub/greenwave-hub.rules.yaml"
        metrics = self.hub.request("GET", "/metrics", token=self.viewer).text
        for name in re.findall(r"greenwave_hub_\w+", rules.read_text()):
            self.assertIn(f"# TYPE {name} ", metrics)
        if shutil.which("promtool"):
            run("promtool", "check", "rules", rules)

    def test_the_metrics_are_what_prometheus_reads(self):
        reply = self.hub.request("GET", "/metrics", token=self.viewer)
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=reply.text, text=True, capture_output=True)
            self.assertEqual("", checked.stdout + checked.stderr)
        self.assertIn("greenwave_hub_database_up 1", reply.text)


class Inventory(OnOneDatabase):
    more = ""

    @classmethod
    def prepare(cls):
        cls.city = City(cls.scratch)
        feature = lambda name, at, **more: {  # noqa: E731
            "type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": at},
            "properties": {"name": f"{name} St", "labels": {"model": "atc"}, **more}}
        cls.features = [feature("sf-1", [-122.43, 37.75]), feature("sf-2", [-122.40, 37.78]), feature("sf-3", [-122.41, 37.79])]
        cls.commit(cls.features)
        # As most hosts do, the server sends single files: what the hub reads is what it must ask for.
        cls.city.git("config", "uploadpack.allowFilter", "true", cwd=cls.city.bare)
        server = cls.enterClassContext(GitServer(cls.scratch / "git-server", cls.scratch))
        (cls.scratch / "city.yaml").write_text(
            f"device: hub\nrepository:\n  url: {server.url(cls.city.bare)}\n  interval: 1s\n{server.agent()}")
        cls.more = f"follow: {cls.scratch}/city.yaml\ndevices: {{heartbeat: 1s, silentAfter: 3s}}\n"

    @classmethod
    def commit(cls, features, message="Change the signals"):
        return cls.city.commit({
            "greenwave.yaml": """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: springfield}
spec:
  devices: devices.geojson
  layers: [{path: base}, {path: "devices/${device.id}", optional: true}]
  waves: [{name: canary, selector: {matchLabels: {canary: "yes"}}, ref: refs/heads/canary}]
""", "devices.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
            "base/motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")}, message)

    def listed(self, query=""):
        return {row["id"]: row for row in self.hub.get(f"/v1/devices?listed=true{query}", self.viewer)["devices"]}

    def test_the_repositorys_devices_are_there_before_they_report(self):
        wait_until(lambda: len(self.listed()) == 3, "the inventory was read")
        self.assertEqual(("not-reporting", "sf-1 St", [-122.43, 37.75]),
                         tuple(self.listed()["sf-1"][key] for key in ("state", "name", "position")))
        self.assertEqual(["sf-1"], list(self.listed("&bbox=-122.44,37.74,-122.42,37.76")))
        area = json.dumps({"type": "Polygon", "coordinates": [[[-122.5, 37.77], [-122.3, 37.77], [-122.3, 37.8], [-122.5, 37.77]]]})
        found = self.hub.request("POST", "/v1/devices?listed=true", area, self.viewer).json()["devices"]
        self.assertEqual(["sf-2"], [row["id"] for row in found])

    def test_a_page_made_for_cv_manager_reads_the_city(self):
        wait_until(lambda: len(self.listed()) >= 3, "the inventory was read")
        labels = {"model": "RSU-1", "manufacturer": "Commsignia", "ipv4": "10.4.0.7", "milepost": "12.5", "route": "I-80", "serial": "E5"}
        here = {**self.features[0], "id": "sf-4", "properties": {"labels": labels}}
        self.commit([*self.features, here])
        of_page = lambda path: self.hub.get(f"/cvmanager/{path}", self.viewer)  # noqa: E731
        rsu = lambda: {one["properties"]["ipv4_address"]: one for one in of_page("rsuinfo")["rsuList"]}  # noqa: E731
        wait_until(lambda: "10.4.0.7" in rsu(), "it is listed")
        known = rsu()["10.4.0.7"]
        self.assertEqual(("Feature", {"type": "Point", "coordinates": [-122.43, 37.75]}), (known["type"], known["geometry"]))
        properties = known["properties"]
        self.assertEqual(known["id"], properties["rsu_id"])
        self.assertLess(0, known["id"])
        self.assertLess(known["id"], 1 << 53)
        self.assertEqual((12.5, "I-80", "E5", "RSU-1", "Commsignia"), tuple(properties[key] for key in (
            "milepost", "primary_route", "serial_number", "model_name", "manufacturer_name")))
        self.assertRegex(properties["geography"], "^[0-9A-F]+$")
        plain = rsu()["sf-3"]["properties"]
        self.assertEqual((None, "sf-3 St", None, "atc", None), tuple(plain[key] for key in (
            "milepost", "primary_route", "serial_number", "model_name", "manufacturer_name")))
        self.assertEqual(("FeatureCollection", list(rsu())), (of_page("rsus")["type"], [
            one["properties"]["ipv4_address"] for one in of_page("rsus")["features"]]))
        self.assertEqual({"ip": "10.4.0.7", "current_status": "offline", "last_online": "No Data"}, of_page("rsu-online-status")["10.4.0.7"])
        self.speaker("sf-4").report()
        self.assertEqual("online", of_page("rsu-online-status?rsu_ip=10.4.0.7")["current_status"])
        self.assertEqual(404, self.hub.request("GET", "/cvmanager/rsu-online-status?rsu_ip=10.9.9.9", token=self.viewer).status)
        self.commit(self.features)

    def test_devices_that_the_inventory_lacks_cannot_ask_to_enrol(self):
        wait_until(lambda: len(self.listed()) >= 3, "the inventory was read")
        self.assertIn("not in the city's inventory", Speaker(self.hub, "sf-99").ask().json()["error"])
        self.assertEqual(202, Speaker(self.hub, "sf-2").ask().status)

    def test_a_commit_is_followed_from_wave_to_wave(self):
        wait_until(lambda: len(self.listed()) >= 3, "the inventory was read")
        canary = [{**self.features[0], "properties": {**self.features[0]["properties"], "labels": {"canary": "yes"}}}]
        tip = self.commit(canary + self.features[1:], "Longer yellow")
        rollout = lambda: {wave["wave"]: wave for wave in self.hub.get("/v1/rollout", self.viewer)["waves"]}  # noqa: E731
        wait_until(lambda: rollout()["canary"]["commit"] == tip and rollout()["canary"]["devices"] == 1, "the commit is known")
        first, second = self.speaker("sf-1"), self.speaker("sf-2")
        reason = {"failed": [{"object": "SystemdUnit/spat", "reason": "exit 203"}]}
        first.report("failed", commit={"oid": tip}, target=tip, **reason)
        second.report("in-sync", commit={"oid": tip}, target=tip)
        waves = rollout()
        self.assertEqual((1, 1, 0, 1), tuple(waves["canary"][key] for key in ("devices", "has", "healthy", "failed")))
        self.assertEqual((2, 1, 1, 0, 1), tuple(waves[""][key] for key in ("devices", "has", "healthy", "failed", "silent")))
        self.assertEqual([("SystemdUnit/spat: exit 203", 1, ["sf-1"])],
                         [(one["reason"], one["devices"], one["examples"]) for one in waves["canary"]["reasons"]])
        self.assertEqual("Longer yellow", waves["canary"]["subject"])
        health = self.hub.get("/v1/health", self.viewer)["devices"]
        self.assertEqual(("failed", "healthy"), (health["sf-1"]["health"], health["sf-2"]["health"]))

    def impact(self, commit, hub=None, token=None):
        return self.found(f"/v1/impact?commit={commit}", hub, token)

    def found(self, path, hub=None, token=None):
        """The hub's answer, once it has one."""
        answers = []

        def has_answered():
            reply = (hub or self.hub).request("GET", path, token=token or self.viewer)
            self.assertIn(reply.status, (200, 202), reply.text)
            answers.append(reply.json())
            return reply.status == 200

        wait_until(has_answered, "the commit is compared")
        return answers[-1]

    def test_what_a_commit_changes_is_what_the_command_finds(self):
        self.commit(self.features)
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key": "a-b-c-d"}}
        base = self.city.commit({"base/key.yaml": json.dumps(secret)})
        secret["stringData"]["key"] = "e-f-g-h"
        tip = self.city.commit({
            "base/key.yaml": json.dumps(secret), "base/motd.yaml": file_manifest("motd", "/etc/motd", "<b>good bye</b>\n"),
            "devices/sf-1/wrong.yaml": file_manifest("wrong", "/proc/sys/wrong", "1")}, "Say good bye")
        wait_until(lambda: self.hub.get("/v1/rollout", self.viewer)["commit"] == tip, "the commit is known")
        said = self.impact(tip)
        self.assertEqual(("done", tip, base), (said["state"], said["commit"], said.get("base", {}).get("commit")), said)
        told = json.loads(run(BIN / "greenwave", "impact", f"{base}..{tip}", "-C", self.city.bare, "-o", "json", check=False).stdout)
        for key in ("devices", "changed", "refusing", "takingBack"):
            self.assertEqual(told[key], said[key], key)
        groups = lambda answer, devices: [(devices(one), one["changes"], one["effect"], one["refused"])  # noqa: E731
                                          for one in answer["groups"]]
        self.assertEqual(groups(told, lambda one: one["devices"]), groups(said, lambda one: one["some"]))
        self.assertEqual([2, 1], [one["devices"] for one in said["groups"]])
        diffs = {one["object"]: one["diff"] for one in said["groups"][0]["sample"]["diffs"]}
        self.assertRegex(diffs["File/motd"], r"(?m)^-.*hello\n[\s\S]*^\+.*<b>good bye</b>")
        self.assertIn("the content of a secret changes", diffs["Secret/key"])
        for value in ("a-b-c-d", "e-f-g-h", "YS1iLWMtZA", "ZS1mLWctaA"):
            self.assertNotIn(value, json.dumps(said))

    def test_what_a_device_has_is_compared_with_what_it_should_have(self):
        base = self.commit(self.features, "As it was")
        device = self.speaker("sf-2")
        device.report("in-sync", commit={"oid": base}, target=base)
        wait_until(lambda: (self.device("sf-2")["wanted"] or {}).get("commit") == base, "the commit is known")
        self.assertEqual("the device has the commit that it should run", self.found("/v1/devices/sf-2/impact")["error"])
        tip = self.city.commit({"base/hello.yaml": file_manifest("hello", "/etc/hello", "hi\n")}, "Say hello")
        wait_until(lambda: self.device("sf-2")["wanted"]["commit"] == tip, "the next commit is known")
        said = self.found("/v1/devices/sf-2/impact")
        self.assertEqual(("done", tip, base), (said["state"], said["commit"], said.get("base", {}).get("commit")), said)
        self.assertEqual([("create", "File/hello")], [(one["verb"], one["object"]) for one in said["groups"][0]["changes"]])
        self.assertIn("+  path: /etc/hello", said["groups"][0]["sample"]["diffs"][0]["diff"])
        device.report("in-sync", commit={"oid": "f" * 40}, target=base)
        self.assertEqual("none", self.found("/v1/devices/sf-2/impact")["state"], "nobody has that commit")
        self.assertEqual(404, self.hub.request("GET", "/v1/devices/sf-9/impact", token=self.viewer).status)
        self.city.commit({"base/hello.yaml": None}, "Say no more")

    def test_each_object_of_a_device_has_the_files_and_lines_that_declare_it(self):
        commit = self.city.commit({
            "base/motd.yaml": "# Says hello.\n\n" + file_manifest("motd", "/etc/motd", "hello\n"),
            "devices/sf-2/motd.yaml": file_manifest("motd", "/etc/motd", "hello, two\n")}, "Say where")
        device = self.speaker("sf-2")
        device.boot += 1  # after what another test said for it within this second
        device.report("in-sync", commit={"oid": commit}, target=commit)
        said = self.found("/v1/devices/sf-2/objects")
        self.assertEqual(("done", commit, True, len(said["objects"])),
                         tuple(said[key] for key in ("state", "commit", "complete", "total")), said)
        places = {one["object"]: one["places"] for one in said["objects"]}
        self.assertEqual(["base/motd.yaml:3:1", "devices/sf-2/motd.yaml:1:1"], places["File/motd"])
        rendered = run(BIN / "greenwave", "render", "--device", "sf-2", f"{self.city.bare}@{commit}", "--explain", "-o", "json").stdout
        origins = {object_: {place.split(":")[0] for place in values.values()} for object_, values in json.loads(rendered)["origins"].items()}
        self.assertEqual(set(origins), set(places))
        for object_, files in origins.items():
            self.assertLessEqual(files, {place.split(":")[0] for place in places[object_]}, object_)
        device.report("applying", commit={})
        self.assertEqual("the device has not said which commit it has", self.found("/v1/devices/sf-2/objects")["error"])
        self.assertEqual(404, self.hub.request("GET", "/v1/devices/sf-9/objects", token=self.viewer).status)
        self.city.commit({"devices/sf-2/motd.yaml": None}, "Say hello to all again")

    def test_a_commit_is_compared_once_however_many_ask_and_a_strange_one_never(self):
        tip = self.commit(self.features, "Ask for it")
        wait_until(lambda: self.hub.get("/v1/rollout", self.viewer)["commit"] == tip, "the commit is known")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.impact(tip), range(24)))
        self.assertEqual([answers[0]] * 24, answers)
        ask = lambda query: self.hub.request("GET", f"/v1/impact?{query}", token=self.viewer).status  # noqa: E731
        first = self.city.git("rev-list", "--max-parents=0", "main", cwd=self.city.bare).strip()
        self.assertEqual(404, ask(f"commit={first}"), "no wave is there any more")
        for wrong in ("", f"commit={tip[:10]}", f"commit={tip}&base={tip}", f"commit={tip}&path=/etc", "commit=../../../etc/passwd"):
            self.assertEqual(400, ask(wrong), wrong)

    def test_a_repository_without_history_is_said_to_lack_it(self):
        tip = self.commit(self.features, "Cut off before this")
        shallow = self.scratch / "shallow.git"
        run("git", "clone", "-q", "--bare", "--depth", "1", f"file://{self.city.bare}", shallow)
        config = self.scratch / "shallow.yaml"
        config.write_text(f"device: hub\nrepository: {{url: 'file://{shallow}', interval: 1s}}\n")
        with Hub(self.scratch / "shallow", self.postgres.connection, city="shelbyville", more=f"follow: {config}\n") as hub:
            token = hub.token("view", "vera")
            wait_until(lambda: hub.get("/v1/rollout", token)["commit"] == tip, "the commit is known")
            said = self.impact(tip, hub, token)
            self.assertEqual("none", said["state"])
            self.assertIn("the history before this commit", said["error"])

    def test_a_device_that_is_not_heard_of_is_not_reporting_and_says_since_when(self):
        device = self.speaker("sf-3")
        device.report("paused")
        wait_until(lambda: self.device("sf-3")["state"] == "not-reporting", "the device is missed")
        shown = self.device("sf-3")
        self.assertEqual(("paused", shown["seen"]), (shown["lastState"], shown["since"]))
        device.report(None)
        self.assertEqual("paused", self.device("sf-3")["state"])
        self.assertEqual(["paused", "not-reporting", "paused"], self.history("sf-3")[:3])

    def test_a_device_that_is_there_twice_is_said(self):
        wait_until(lambda: len(self.listed()) >= 3, "the inventory was read")
        self.commit(self.features + [self.features[2]])
        problems = lambda: self.hub.get("/v1/summary", self.viewer)["inventory"]["problems"]  # noqa: E731
        wait_until(lambda: any("sf-3" in problem for problem in problems()), "the second Feature is said")
        self.commit(self.features)
        wait_until(lambda: problems() == [], "it is mended")


class Away(OnOneDatabase):
    """The database and the hub come and go."""

    def test_what_was_acknowledged_is_there_once_whatever_stops(self):
        hub = self.hub
        devices = [self.speaker(f"load-{i}") for i in range(max(6, REPORTS // 500))]
        acknowledged = {device.device: [] for device in devices}
        answers, stop = collections.Counter(), threading.Event()

        def speak(device):
            connection, body = hub.connect(device.pair), None
            number = 0
            while not stop.is_set():
                pause = 0.002
                if body is None:
                    number += 1
                    body = device.body("in-sync" if number % 2 else "applying",
                                       syncs=[{"number": number, "started": "2026-11-27T08:00:00Z", "result": "in sync"}])
                try:
                    reply = Reply(connection, "POST", "/v1/reports", body)
                    if reply.status == 200:
                        acknowledged[device.device].append(number)
                        body = None
                    else:
                        answers[reply.status] += 1
                        pause = 1 if reply.status == 429 else 0.05
                        if reply.status != 502:  # nginx says that there is no hub
                            self.assertIn("Retry-After", reply.headers)
                except (OSError, ValueError, http.client.HTTPException):
                    connection.close()
                    connection = hub.connect(device.pair)
                    pause = 0.05
                stop.wait(pause)
            connection.close()

        threads = [threading.Thread(target=speak, args=(device,)) for device in devices]
        for thread in threads:
            thread.start()
        done = lambda: sum(map(len, acknowledged.values()))  # noqa: E731
        share = REPORTS // 5
        more = lambda: (lambda so_far: wait_until(lambda: done() >= so_far + share, "reports are acknowledged", 60 + share / 20))(done())  # noqa: E731
        try:
            more()
            self.postgres.stop(signal.SIGQUIT)
            wait_until(lambda: not hub.is_well(), "the hub notices")
            self.postgres.start()
            more()
            hub.stop(signal.SIGKILL)
            hub.start()
            more()
            self.postgres.pause()
            wait_until(lambda: not hub.is_well(), "the hub notices that nothing comes")
            self.postgres.go_on()
            more()
            hub.stop()
            hub.start()
            more()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual(set(answers), {429, 502, 503})
        if REPORTS > 300:
            print(f"{done():,} reports of {len(devices)} devices were acknowledged; other answers: {dict(answers)}", file=sys.stderr)
        for device in devices:
            rows = self.postgres.sql(f"SELECT number FROM greenwave.syncs WHERE device = '{device.device}' ORDER BY number")
            numbers = [int(row) for row in rows.split()]
            self.assertEqual(len(set(numbers)), len(numbers))
            self.assertLessEqual(set(acknowledged[device.device]), set(numbers))
            rows = self.postgres.sql(f"SELECT condition FROM greenwave.history WHERE device = '{device.device}' "
                                     "AND condition <> 'not-reporting' ORDER BY boot, sequence").split()
            self.assertEqual(len(numbers), len(rows), "each change is in the history once")

    def follow(self, last=""):
        """The hub's events after the one of this id."""
        connection = self.hub.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {self.viewer}", "Last-Event-ID": last})
        return connection.getresponse()

    def test_who_follows_events_is_not_left_to_believe_that_nothing_happens(self):
        device = self.speaker("followed")
        for breaks in ("the hub's connections", "the database"):
            wait_until(self.hub.is_well, "the hub answers")
            last = self.hub.get("/v1/states", self.viewer)["event"]
            stream = self.follow(last)
            self.assertEqual(200, stream.status)
            if breaks == "the database":
                self.postgres.stop()
            else:
                self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'hub'")
            self.assertNotIn(b"data: [", stream.read(), "it ends")
            if breaks == "the database":
                self.assertEqual(503, self.follow(last).status)
                self.postgres.start()
            wait_until(self.hub.is_well, "the hub answers again")
            device.report("failed" if breaks == "the database" else "paused")
            stream = self.follow(last)
            while not (line := stream.readline()).startswith(b"event: reset"):
                self.assertNotEqual(b"", line, "it asks for everything again")

    def test_two_hubs_on_one_database_tell_the_same(self):
        with Hub(self.scratch / "second", self.postgres.connection) as second:
            # The same authority, as hubs of one city share it.
            for name in ("ca.crt", "ca.key"):
                (second.directory / "state/ca" / name).write_bytes((self.hub.directory / "state/ca" / name).read_bytes())
            second.command("init", "--host", "localhost")
            second.stop()
            second.stop_proxy()
            second.start()
            second.start_proxy()
            connection = self.hub.connect()
            connection.request("GET", "/v1/events", headers={"Authorization": f"Bearer {self.viewer}"})
            stream = connection.getresponse()
            self.assertEqual("text/event-stream", stream.headers["Content-Type"])
            device = self.speaker("two-hubs")
            device.hub = second
            self.assertEqual(200, device.report("failed", commit={"oid": COMMIT}).status)
            while True:
                line = stream.readline().decode()
                self.assertNotEqual("", line)
                if line.startswith("data: [") and "two-hubs" in line:
                    break
            self.assertEqual("failed", json.loads(line[6:])[0]["condition"])
            device.hub = self.hub
            self.assertEqual("failed", self.device("two-hubs")["state"])
            connection.close()


class Cities(unittest.TestCase):
    """One database for GIS people reads those of two cities, of which one is stopped."""

    def test_a_city_that_is_away_keeps_its_last_figures_and_the_others_go_on(self):
        scratch = self.enterContext(Scratch())
        scratch.chmod(0o755)
        databases = {}
        for city in ("springfield", "shelbyville"):
            databases[city] = self.enterContext(postgres.Postgres(scratch / city))
            with Hub(scratch / f"hub-{city}", databases[city].connection, city=city):
                pass  # it makes the schema
            databases[city].sql(f"""
INSERT INTO greenwave.devices (city, device, name, position) VALUES ('{city}', 'one', 'Main St', ST_SetSRID(ST_MakePoint(-122, 37), 4326));
INSERT INTO greenwave.presence VALUES ('{city}', 'one', 1, 1, now(), now(), false, false);
INSERT INTO greenwave.states VALUES ('{city}', 'one', 1, 1, now(), now(), 'failed', 'failed', '', '', '', 'apt', '', 1, NULL, '{{}}')""")
        gis = self.enterContext(postgres.Postgres(scratch / "gis"))
        run("psql", "-X", "-q", "-h", gis.directory, "-U", "hub", "-d", "greenwave", "-f",
            pathlib.Path(__file__).parents[2] / "packaging/hub/cities.sql")
        for city, database in databases.items():
            gis.sql(f"CALL cities.add('{city}', '{database.directory}', 'greenwave', 'hub', 'x')")
        everything = "SELECT city, device, condition, ST_X(position) FROM cities.{} ORDER BY 1"
        both = "shelbyville|one|failed|-122\nspringfield|one|failed|-122"
        self.assertEqual(both, gis.sql(everything.format("device_states")))
        gis.sql("CALL cities.refresh()")
        self.assertEqual(both, gis.sql(everything.format("last_states")))
        databases["shelbyville"].stop()
        databases["springfield"].sql("UPDATE greenwave.states SET condition = 'in-sync'")
        gis.sql("CALL cities.refresh()")
        self.assertEqual("shelbyville|one|failed|-122\nspringfield|one|in-sync|-122", gis.sql(everything.format("last_states")))
        self.assertEqual("shelbyville|t\nspringfield|f", gis.sql("SELECT city, trouble IS NOT NULL FROM cities.ages ORDER BY 1"))
        self.assertEqual("in-sync", gis.sql("SELECT condition FROM cities.device_states WHERE city = 'springfield'"))


class Configuration(unittest.TestCase):
    def test_mistakes_are_said_with_their_places(self):
        with Scratch() as scratch:
            file = scratch / "hub.yaml"
            program = pathlib.Path(os.environ["GREENWAVE_BIN"]) / "greenwave-hub"
            for text, words in (("", ["empty"]), ("city: x\n", ["database"]),
                                ("city: x\ndatabase: y\nsokcet: /a\n", ["3:1", "socket"]),
                                ("city: x\ndatabase: y\ndevices: {heartbeat: 5m, silentAfter: 6m}\n", ["silentAfter", "10m"]),
                                ("city: x\ndatabase: y\nusers: {ana: king}\n", ["king", "view"]),
                                ("city: x\ndatabase: y\ncities: [{name: x, url: 'https://x', tokenFile: /t}]\n", ["own city"]),
                                ("city: x\ndatabase: y\nsocket: hub.sock\n", ["absolute"]),
                                ("city: x\ndatabase: y\ntiles: https://t/1.png\n", ["tiles", "{z}"]),
                                ("city: x\ndatabase: y\ntiles: \"https://t/{z}/{x}/{y}; script-src *\"\n", ["tiles", "{z}"])):
                file.write_text(text)
                result = run(program, "--config", file, "check", check=False)
                self.assertEqual(2, result.returncode, text)
                for word in words:
                    self.assertIn(word, result.stdout)
            file.write_text("city: x\ndatabase: y\n")
            self.assertIn("a hub for x", run(program, "--config", file, "check").stdout)


if __name__ == "__main__":
    postgres.main()
