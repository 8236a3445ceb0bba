"""Whoever waits for a slow fetch sees how far it is: on a terminal, in a pipe, as JSON, in the status, and also when the
fetch is another sync's."""

import fcntl
import json
import os
import pathlib
import pty
import random
import re
import socket
import struct
import subprocess
import sys
import termios
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from dripping import Dripping  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, wait_until  # noqa: E402

MOTD = {"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")}
# "fetching 4fa52342af35 for 40s: 1.2 MiB, 28% of 40 objects, 12 KiB/s"
HOW_FAR = r"fetching [0-9a-f]{12}(?: for (\w+))?: [0-9.]+ [KMi]*B(?:, (\d+)% of (\d+) objects)?(?:, [0-9.]+ [KMi]*B/s)?"
WAITS = "is under way; this sync begins when it has ended"


def much(files=40, size=3000):
    """Files that no compression makes small."""
    noise = random.Random(1)
    return {f"noise/{n}.yaml": file_manifest(f"noise-{n}", f"/etc/noise/{n}", noise.randbytes(size).hex()) for n in range(files)}


class Watching:
    """A command that runs, and all that it has said so far; on a terminal of 100 columns, or in a pipe."""

    def __init__(self, command, terminal=False):
        self.said = ""
        self.ended = threading.Event()
        if terminal:
            self.reader, writer = pty.openpty()
            fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        else:
            self.reader, writer = os.pipe()
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
        self.process = subprocess.Popen([str(word) for word in command], stdout=writer, stderr=writer,
                                        stdin=subprocess.DEVNULL, env={**environment, "TERM": "xterm"})
        os.close(writer)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        try:
            while data := os.read(self.reader, 65536):
                self.said += data.decode()
        except OSError:  # how a terminal ends
            pass
        self.ended.set()

    def end(self):
        """Waits for its end; returns its exit code."""
        code = self.process.wait(180)
        self.thread.join()
        os.close(self.reader)
        return code

    @property
    def events(self):
        """Of whole lines of JSON."""
        return [json.loads(line) for line in self.said.split("\n")[:-1]]


class Watchdog:
    """systemd's end of NOTIFY_SOCKET, as a context manager: counts the signs of life."""

    def __init__(self, path):
        self.path, self.signs = path, 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.thread = threading.Thread(target=self._listen)

    def _listen(self):
        while message := self.socket.recv(4096):
            self.signs += b"WATCHDOG=1" in message

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(self.path))
        self.thread.join()
        self.socket.close()


class OfProgress(unittest.TestCase):
    def assert_the_first_line_came_after_ten_seconds(self, watching):
        lines = [line for line in watching.said.splitlines() if re.fullmatch(HOW_FAR, line)]
        self.assertIn(re.fullmatch(HOW_FAR, lines[0])[1], ("10s", "11s", "12s"), lines)
        self.assertNotIn("\r", watching.said)


class SlowServer(OfProgress):
    """A device that has its first commit, and a server that is slow with the second."""

    interval = "1h"

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(MOTD)
        server = self.enterContext(GitServer(self.scratch / "server", self.scratch))
        self.slow = self.enterContext(Dripping(server.port, at_once=40_000, drop=256))
        url = server.url(self.city.bare).replace(f":{server.port}/", f":{self.slow.port}/")
        self.watchdog = self.enterContext(Watchdog(self.scratch / "notify"))
        self.device = self.enterContext(Device(self.scratch / "device", url, interval=self.interval, more=server.agent(),
                                               prefix=("env", f"NOTIFY_SOCKET={self.watchdog.path}")))
        self.device.start()
        wait_until(lambda: self.device.json("status")["status"] == "in sync", "the first sync")
        self.commit = self.city.commit(much())

    def watch(self, *words, terminal=False):
        watching = Watching(self.device.command("greenwave", "sync", "--wait", *words), terminal)
        self.addCleanup(lambda: watching.process.poll() is None and watching.process.kill())
        return watching

    def begin_a_slow_sync(self):
        self.device.request("POST", "/v1/sync?wait=false", {})
        wait_until(lambda: self.device.json("status").get("fetch", {}).get("bytes", 0) > 0, "the fetch")


class SlowOnce(OfProgress):
    """`greenwaved --once`, and a slow server."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(much(files=120))
        server = self.enterContext(GitServer(self.scratch / "server", self.scratch))
        self.slow = self.enterContext(Dripping(server.port, at_once=40_000, drop=256))
        url = server.url(self.city.bare).replace(f":{server.port}/", f":{self.slow.port}/")
        self.device = self.enterContext(Device(self.scratch / "device", url, more=server.agent()))

    def watch(self, terminal):
        watching = Watching(self.device.command("greenwaved", "--once"), terminal)
        self.addCleanup(lambda: watching.process.poll() is None and watching.process.kill())
        return watching

    def test_a_terminal_has_one_line_of_progress_which_the_next_message_replaces(self):
        watching = self.watch(terminal=True)
        wait_until(lambda: len({found[1] for found in re.findall(HOW_FAR, watching.said)} - {""}) > 2, "several shares")
        self.slow.release()
        self.assertEqual(watching.end(), 0)
        lines = watching.said.replace("\r\n", "\n").split("\n")
        for line in lines:
            last = line.rpartition("\r\x1b[K")[2]
            self.assertNotRegex(last, HOW_FAR)
        self.assertIn("create File/noise-0", watching.said)

    def test_elsewhere_there_is_a_line_every_ten_seconds(self):
        watching = self.watch(terminal=False)
        wait_until(lambda: "objects" in watching.said, "a line")
        self.slow.release()
        self.assertEqual(watching.end(), 0)
        self.assert_the_first_line_came_after_ten_seconds(watching)


class ShortIntervals(SlowServer):
    interval = "1s"

    def test_who_fetches_for_longer_than_three_intervals_is_not_stale_but_who_stalls_is(self):
        wait_until(lambda: self.device.json("status").get("fetch", {}).get("tookMs", 0) > 5000, "a fetch of five intervals")
        self.assertEqual(self.device.json("status")["statuses"], ["in sync"])
        self.slow.pause = 3600
        wait_until(lambda: self.device.json("status")["statuses"] == ["stale"], "a stalled fetch")
        self.slow.release()
        wait_until(lambda: self.device.json("status")["statuses"] == ["in sync"], "the end of it")


class SlowFetch(SlowServer):
    def test_a_terminal_has_one_line_that_is_rewritten(self):
        watching = self.watch(terminal=True)
        wait_until(lambda: len({found[1] for found in re.findall(HOW_FAR, watching.said)} - {""}) > 2, "several shares")
        self.assertNotIn("\n", watching.said, "the fetch takes one line")
        self.slow.release()
        self.assertEqual(watching.end(), 0)
        shown = watching.said
        shares = [int(found[1]) for found in re.findall(HOW_FAR, shown) if found[1]]
        self.assertEqual(shares, sorted(shares))
        self.assertEqual({found[2] for found in re.findall(HOW_FAR, shown) if found[2]}, {"43"})  # 40 files
        for line in shown.split("\r"):
            self.assertLess(len(re.sub("\x1b\\[[0-9;]*[mK]", "", line).rstrip("\n")), 100)
        self.assertTrue(re.sub("\x1b\\[[0-9;]*[mK]", "", shown).rstrip().endswith("In sync: 41 objects"), shown)
        self.assertNotIn("fetch", self.device.json("status"))

    def test_a_pipe_gets_a_line_after_ten_seconds_and_none_for_a_quick_fetch(self):
        watching = self.watch()
        wait_until(lambda: "objects" in watching.said, "a line")
        self.slow.release()
        self.assertEqual(watching.end(), 0)
        self.assert_the_first_line_came_after_ten_seconds(watching)
        self.city.commit({"other.yaml": file_manifest("other", "/etc/other", "x\n")})
        quick = self.watch()
        self.assertEqual(quick.end(), 0)
        self.assertEqual(quick.said.count("fetching"), 1)  # the phase

    def test_as_json_each_event_has_the_figures(self):
        watching = self.watch("-o", "json")
        wait_until(lambda: sum(event["kind"] == "progress" for event in watching.events) > 8, "some events")
        self.slow.release()
        self.assertEqual(watching.end(), 0)
        told = [event["fetch"] for event in watching.events if event["kind"] == "progress"]
        self.assertEqual({one["commit"] for one in told}, {self.commit})
        for before, after in zip(told, told[1:]):
            self.assertGreaterEqual(after["bytes"], before["bytes"])
            self.assertGreater(after["tookMs"] - before["tookMs"], 200)  # four a second at most
        self.assertLessEqual(told[-1]["objects"], told[-1]["objectsAnnounced"])
        self.assertFalse(any(event.get("earlier") for event in watching.events))

    def test_the_status_says_how_far_the_fetch_is(self):
        self.begin_a_slow_sync()
        wait_until(lambda: re.search(f"(?m)^Now +{HOW_FAR}$", self.device.cli("status").stdout), "how far it is")
        told = self.device.json("status")
        self.assertEqual((told["phase"], told["fetch"]["commit"]), ("fetching", self.commit))
        self.assertLessEqual(told["bytesLastSync"], 40_000)  # of the sync before
        self.slow.release()
        wait_until(lambda: self.device.json("status")["commit"]["oid"] == self.commit, "the second commit")
        self.assertNotIn("fetch", self.device.json("status"))

    def test_who_asks_during_a_sync_sees_that_one_go_on_and_then_their_own(self):
        self.begin_a_slow_sync()
        first, second = self.watch("-o", "json"), self.watch("-o", "json")  # the second joins the first
        piped, live = self.watch(), self.watch(terminal=True)
        for watching in (first, second):
            wait_until(lambda: sum(event["kind"] == "progress" for event in watching.events) > 2, "progress")
            self.assertIn(WAITS, watching.events[0]["text"])
            self.assertTrue(all(event["earlier"] for event in watching.events), watching.said)
        wait_until(lambda: re.search("earlier: " + HOW_FAR, live.said), "a line of progress")
        self.assertIn(WAITS + "\r\n", live.said)
        self.slow.release()
        for watching in (first, second, piped, live):
            self.assertEqual(watching.end(), 0)
        for watching in (first, second):
            earlier = [event for event in watching.events if event.get("earlier")]
            own = watching.events[len(earlier):]
            self.assertEqual([event["kind"] for event in (earlier[0], earlier[-1], own[-1])], ["waiting", "waiting", "done"])
            self.assertIn("it has ended: In sync", earlier[-1]["text"])
            self.assertIn("create File/noise-0", [event["text"] for event in earlier])
            self.assertEqual(own[0]["text"].split()[0], "polling")
            self.assertFalse(any(event.get("earlier") for event in own))
            self.assertEqual(sum(event["kind"] == "done" for event in watching.events), 1)
        lines = piped.said.splitlines()
        self.assertIn(WAITS, lines[0])
        self.assertTrue(lines[1].startswith("earlier: fetching"), lines)
        self.assertIn("it has ended: In sync: 41 objects", lines)
        self.assertEqual(lines[-1], "In sync: 41 objects")

    def test_who_asks_during_a_diff_is_told_so(self):
        diff = Watching(self.device.command("greenwave", "diff"))
        wait_until(lambda: self.device.json("status").get("fetch", {}).get("bytes", 0) > 0, "the fetch")
        watching = self.watch("-o", "json")
        wait_until(lambda: any(event["kind"] == "progress" for event in watching.events), "progress")
        self.assertIn("a diff " + WAITS, watching.events[0]["text"])
        self.slow.release()
        self.assertEqual((diff.end(), watching.end()), (1, 0))

    def test_the_watchdog_does_not_end_a_fetch_that_takes_long(self):
        self.slow.pause = 0.5
        self.begin_a_slow_sync()
        before = self.watchdog.signs
        wait_until(lambda: self.watchdog.signs > before, "a sign of life during the fetch", seconds=90)
        self.assertIn("fetch", self.device.json("status"), "the fetch ended too soon")
        self.slow.release()

    def test_a_link_that_stalls_is_said_to_stall(self):
        self.slow.pause = 3600  # the next drop is an hour away, but for release()
        watching = self.watch("-o", "json")
        stalled = lambda: [event for event in watching.events if event["kind"] == "progress" and event["fetch"]["bytesPerSecond"] == 0]
        wait_until(lambda: len(stalled()) > 1, "no rate")
        self.assertIn(", 0 B/s", stalled()[-1]["text"])
        self.slow.release()
        self.assertEqual(watching.end(), 0)


if __name__ == "__main__":
    unittest.main()
