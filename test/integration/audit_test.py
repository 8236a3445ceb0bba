#!/usr/bin/env python3
"""The evidence of what an agent did: `greenwave audit`, against a model of random courses of syncs."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from documents import SOURCE  # noqa: E402
from greenwave import BIN, City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402

SECRET = "the-passphrase-of-the-signal"
ROOT = "root"


def hash_of(line):
    """As `jq -cSj 'del(.hash)' | sha256sum` has it."""
    rest = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


class Course:
    """A device, a city, and what the evidence must say of what happened to them."""

    def __init__(self, test, seed):
        self.test, self.random = test, random.Random(seed)
        self.scratch = test.enterContext(Scratch())
        self.city = City(self.scratch)
        self.commit = self.city.commit(self.files("0"))
        self.device = Device(self.scratch / "device", self.city.url).start()
        test.addCleanup(self.device.stop)
        self.number = 0
        self.arrived = {}
        self.seen = 0
        self.told = []
        self.good = self.commit
        self.arrived[self.commit] = ("link", "")
        wait_until(lambda: self.lines(), "the first sync ends")
        self.expect(trigger="interval", who="", commit=self.commit, result="in sync")
        self.check("the first sync")

    def files(self, text, more=None):
        return {"motd.yaml": file_manifest("motd", "/etc/motd", f"{text} {SECRET}\n"), **(more or {})}

    def lines(self):
        shown = subprocess.run([str(word) for word in self.device.command("greenwave", "audit", "-o", "json")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.test.assertEqual(shown.returncode, 0, shown.stderr)
        self.test.assertNotIn(SECRET, shown.stdout)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def expect(self, **members):
        self.told.append({"event": "sync", "forced": False, **members})

    def check(self, what):
        lines = self.lines()
        self.test.assertEqual([line["number"] for line in lines], list(range(1, len(lines) + 1)), what)
        for line, expected in zip(lines[self.seen:], self.told[self.seen:]):
            for key, value in expected.items():
                self.test.assertEqual(line.get(key, False if value is False else ""), value, (what, key, line))
            if "commit" in line:
                arrived = line["arrived"]
                self.test.assertEqual((arrived["by"], arrived.get("who", "")), self.arrived[line["commit"]], (what, line))
        self.test.assertEqual(len(lines), len(self.told), (what, lines[self.seen:], self.told[self.seen:]))
        self.seen = len(lines)
        previous = ""
        for line in lines:
            self.test.assertEqual((line["previous"], line["hash"]), (previous, hash_of(line)))
            previous = line["hash"]

    def changed(self, more=None):
        self.number += 1
        return self.city.commit(self.files(str(self.number), more))

    def at_rest(self):
        self.device.sync()

    # Each of these happens to the device, and is told to the model.

    def take_commit(self):
        self.good = self.changed()
        self.arrived[self.good] = ("link", "")
        self.device.sync()
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync")

    def take_what_changes_nothing_here(self):
        self.good = self.city.commit({**self.files(str(self.number)), "README": str(self.random.random())})
        self.arrived[self.good] = ("link", "")
        self.device.sync()
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync")

    def bring_stick(self):
        self.good = self.changed()
        stick = self.scratch / "ana's.bundle"
        self.city.git("bundle", "create", "-q", stick, "main")
        self.arrived[self.good] = ("stick", ROOT)
        self.device.cli("sync", "--wait", "--from", stick, check=0)
        self.expect(trigger="bundle", who=ROOT, commit=self.good, result="in sync")

    def ask(self):
        self.device.sync()
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync")

    def force(self):
        self.device.sync(force=True)
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync", forced=True)

    def repair(self):
        self.device.path("/etc/motd").write_text("by hand\n")
        self.device.sync()
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync")

    def pause(self):
        self.device.cli("pause", "--for", "1h", "--reason", "cabinet open", check=0)
        self.device.sync()  # is refused
        self.device.cli("resume", check=0)
        self.expect(event="pause", trigger="pause", who=ROOT)
        self.expect(trigger="request", who=ROOT, commit="", result="error")
        self.expect(event="resume", trigger="resume", who=ROOT)

    def restart(self):
        self.device.stop()
        self.device.start()

    def lose_power(self):
        self.device.daemon.kill()
        self.device.daemon.wait()
        self.device.start()

    def lose_power_in_a_sync(self):
        self.device.stop()
        self.good = self.changed()
        self.arrived[self.good] = ("link", "")
        inject = f"inject=fsync:signal=KILL:when={self.random.randint(1, 12)}"
        ended = self.device.once(prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject))
        was_changed = self.device.path("/etc/motd").read_text().startswith(f"{self.number} ")
        self.device.start()
        self.device.sync()
        lines = self.lines()[self.seen:]
        interrupted = [line for line in lines if line["event"] == "interrupted"]
        if ended.returncode == 0:
            self.expect(trigger="once", who="", commit=self.good, result="in sync")
        elif was_changed:  # and either recorded, or interrupted
            self.test.assertTrue(interrupted or lines[0]["trigger"] == "once", lines)
        for line in interrupted:
            self.test.assertEqual([action["object"] for action in line["actions"]], ["File/motd"])
            self.expect(event="interrupted", trigger="once", who="", commit=self.good)
        if ended.returncode != 0 and lines[0]["trigger"] == "once" and not interrupted:
            self.expect(trigger="once", who="", commit=self.good, result="in sync")
        for line in lines[len(self.told) - self.seen:-1]:  # of the pass that goes on by itself after the start
            self.expect(trigger="interval", who="", commit=self.good, result="in sync")
        self.expect(trigger="request", who=ROOT, commit=self.good, result="in sync")

    def refuse(self):
        bad = self.changed({"bad.yaml": file_manifest("bad", "/etc/bad", "x", moed="1")})
        self.arrived[bad] = ("link", "")
        self.device.sync()
        lines = self.lines()[self.seen:]
        self.test.assertIn(bad, [line["commit"] for line in lines])
        self.test.assertNotIn("in sync", [line["result"] for line in lines])
        for line in lines:
            self.expect(commit=line["commit"], result=line["result"])
        (self.city.work / "bad.yaml").unlink()
        self.take_commit()


EVENTS = [Course.take_commit, Course.take_what_changes_nothing_here, Course.bring_stick, Course.ask, Course.force,
          Course.repair, Course.pause, Course.restart, Course.lose_power, Course.lose_power_in_a_sync, Course.refuse]


class Evidence(unittest.TestCase):
    def test_whatever_happens_there_is_one_line_of_each(self):
        for seed in range(int(os.environ.get("GREENWAVE_SEEDS", "2"))):
            course = Course(self, seed)
            events = EVENTS * 2
            course.random.shuffle(events)
            for number, event in enumerate(events):
                if os.environ.get("GREENWAVE_TELL"):
                    print(number, event.__name__, file=sys.stderr, flush=True)
                event(course)
                course.check((seed, number, event.__name__))
            course.device.stop()

    def test_a_changed_line_is_seen(self):
        course = Course(self, 0)
        course.take_commit()
        course.ask()
        course.check("before")
        course.device.stop()
        database = course.device.state / "state.db"
        run("sqlite3", database, "UPDATE evidence SET line = replace(line, '\"root\"', '\"mallory\"') WHERE number = 2")
        shown = course.device.cli("audit", check=1)
        self.assertIn("line 2 of the evidence was changed", shown.stdout)
        run("sqlite3", database, "DELETE FROM evidence WHERE number = 2")
        self.assertIn("line 3 of the evidence was changed: lines before it are missing",
                      course.device.cli("audit", check=1).stdout)

    def test_since_and_until_and_follow(self):
        course = Course(self, 0)
        self.assertEqual(course.device.cli("audit", "--until", "2h", check=0).stdout, "")
        self.assertIn("#1 ", course.device.cli("audit", "--since", "2h", check=0).stdout)
        self.assertIn("is not a time", course.device.cli("audit", "--since", "soon", check=2).stdout)
        follower = subprocess.Popen([str(word) for word in course.device.command("greenwave", "audit", "--follow")],
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        self.assertTrue(follower.stdout.readline().startswith("#1 "))
        course.restart()
        course.take_commit()
        line = follower.stdout.readline()
        self.assertIn("#2 ", line)
        self.assertIn("came by link", line)
        follower.kill()
        follower.stdout.close()

    def test_a_sync_that_changes_nothing_writes_none(self):
        course = Course(self, 0)
        course.device.stop()
        before = (course.device.state / "state.db").read_bytes()
        for _ in range(3):
            course.device.once(check=0)
        self.assertEqual((course.device.state / "state.db").read_bytes(), before)
        course.check("after")


CONFIG = "device: sf-0042\nrepository: {url: \"file:///srv/city.git\", interval: 1h}\naudit: {journal: true}\n"


@unittest.skipIf(machine.why_not(), machine.why_not())
class OnSystemd(unittest.TestCase):
    """The service with its unit, journald and its sandbox."""

    def setUp(self):
        scratch = self.enterContext(Scratch())
        self.city = City(scratch)
        self.device = self.enterContext(machine.Machine(binds={self.city.bare: "/srv/city.git"}))
        run(SOURCE / "packaging/install", "--build", BIN.parent, "--root", self.device.root)
        self.device.write("/etc/greenwave/agent.yaml", CONFIG)
        self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "0\n")})
        self.device.run("systemctl", "daemon-reload")
        self.device.run("systemctl", "start", "greenwaved.service")

    def lines(self):
        shown = self.device.run("greenwave", "audit", "-o", "json", check=False).stdout
        return [json.loads(line)["number"] for line in shown.splitlines() if line.startswith("{")]

    def told(self):
        entries = self.device.run("journalctl", "-t", "greenwave-audit", "-o", "json", check=False).stdout
        found = []
        for line in entries.splitlines():
            if line.startswith("{"):
                entry = json.loads(line)
                message = json.loads(entry["MESSAGE"])
                self.assertEqual(entry["GREENWAVE_HASH"], hash_of(message))
                self.assertEqual(entry["_SYSTEMD_UNIT"], "greenwaved.service")
                found.append(message["number"])
        return found

    def test_the_journal_has_each_line_once_and_a_reload_says_what_is_wrong(self):
        self.device.wait_until("the first line is told", lambda: self.told() == [1])
        for number in range(1, 3):
            self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", f"{number}\n")})
            self.device.run("greenwave", "sync", "--wait")
            self.device.run("systemctl", "restart", "greenwaved.service")
        self.device.wait_until("all are told", lambda: self.told() == [1, 2, 3])
        self.assertEqual(self.lines(), [1, 2, 3])

        self.device.write("/etc/greenwave/agent.yaml", CONFIG + "tempo: fast\n")
        refused = self.device.run("systemctl", "reload", "greenwaved.service", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.device.run("systemctl", "is-active", "greenwaved.service").stdout.strip(), "active")
        self.assertIn("agent.yaml:4:1", self.device.run("journalctl", "-u", "greenwaved.service").stdout)
        self.device.write("/etc/greenwave/agent.yaml", CONFIG)
        self.device.run("systemctl", "reload", "greenwaved.service")


if __name__ == "__main__":
    unittest.main()
