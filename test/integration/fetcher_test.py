"""The process that speaks with the server: what becomes of the agent when it dies, hangs or stays behind, and that it is
there only while it is needed."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, wait_until  # noqa: E402
from slow_server import SlowServerCase, motd  # noqa: E402


def children_of(pid):
    """Their pids and command lines."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            for child in (task / "children").read_text().split():
                found[int(child)] = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
    return found


def fetchers_of(pid):
    return [child for child, words in children_of(pid).items() if "fetcher" in words]


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def rights_of(pid):
    """The fields of its status."""
    about = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in about.splitlines() if ":\t" in line)


class Fetcher(SlowServerCase):
    def fetcher(self):
        self.start_a_slow_fetch()
        (found,) = fetchers_of(self.device.daemon.pid)
        return found

    def assert_goes_on(self):
        self.slow.release()
        wait_until(lambda: self.motd_is("two\n"), "the commit")
        wait_until(lambda: self.device.json("status")["status"] == "in sync", "in sync")
        self.assertEqual(list((self.device.state / "quarantine").iterdir()), [])

    def test_one_that_dies_is_named_with_its_signal_and_the_next_brings_the_commit(self):
        for number in (signal.SIGSEGV, signal.SIGSYS, signal.SIGKILL):
            with self.subTest(signal=number.name):
                fetcher = self.fetcher() if number == signal.SIGSEGV else self.next_fetcher()
                os.kill(fetcher, number)
                wait_until(
                    lambda: f"it was killed by {number.name}" in self.device.json("status").get("lastError", ""),
                    "the reason",
                )
                self.assertTrue(self.motd_is("one\n"))
        self.assert_goes_on()

    def next_fetcher(self):
        wait_until(lambda: fetchers_of(self.device.daemon.pid), "another fetcher")
        return fetchers_of(self.device.daemon.pid)[0]

    def test_one_that_is_stopped_holds_up_neither_repairs_nor_the_end_of_the_agent_and_ends_with_it(self):
        fetcher = self.fetcher()
        os.kill(fetcher, signal.SIGSTOP)
        self.device.path("/etc/motd").write_text("damaged\n")
        wait_until(lambda: self.motd_is("one\n"), "the repair")
        began = time.monotonic()
        self.device.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.device.daemon.wait(60), 0)
        self.assertLess(time.monotonic() - began, 5)
        self.assertFalse(is_there(fetcher))

    def test_it_ends_with_an_agent_that_is_killed(self):
        fetcher = self.fetcher()
        self.device.daemon.kill()
        self.device.daemon.wait()
        wait_until(lambda: not is_there(fetcher), "the end of the fetcher")

    def test_it_has_no_right_of_the_agents(self):
        fields = rights_of(self.fetcher())
        self.assertEqual(fields["NoNewPrivs"], "1")
        self.assertEqual(fields["Seccomp"], "2")
        for held in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(fields[held], 16), 0, held)
        if os.geteuid() == 0:
            self.assertNotIn("0", fields["Uid"].split())
            self.assertNotIn("0", fields["Gid"].split())
            self.assertEqual(fields["Groups"].strip(), "")

    def test_it_has_nothing_open_but_its_channel_its_quarantine_and_the_connection(self):
        fetcher = self.fetcher()
        kinds = set()
        for item in pathlib.Path(f"/proc/{fetcher}/fd").iterdir():
            target = os.readlink(item)
            kinds.add("quarantine" if "/quarantine" in target else target.split(":")[0])
        self.assertLessEqual(kinds, {"/dev/null", "socket", "pipe", "anon_inode", "quarantine",
                                     os.readlink(f"/proc/{self.device.daemon.pid}/fd/2").split(":")[0]})


class Doctor(unittest.TestCase):
    def test_its_poll_is_made_by_a_process_without_rights_that_ends_with_it(self):
        scratch = self.enterContext(Scratch())
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = silent.getsockname()[1]
        hosts = scratch / "known_hosts"
        key = "AAAAC3NzaC1lZDI1NTE5AAAAIBrQDBvXm1IjxKyGZmYoD6oSqJZEXAMPLEKEY0000000"
        hosts.write_text(f"[127.0.0.1]:{port} ssh-ed25519 {key}\n")
        device = Device(scratch / "device", f"ssh://git@127.0.0.1:{port}/city.git",
                        more=f"  credentials: {{knownHostsFile: {hosts}, sshKeyFile: {hosts}}}\n")
        doctor = subprocess.Popen([str(word) for word in device.command("greenwave", "doctor")],
                                  stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(scratch)})
        self.addCleanup(doctor.wait)
        self.addCleanup(doctor.kill)
        wait_until(lambda: fetchers_of(doctor.pid), "the poll")
        (fetcher,) = fetchers_of(doctor.pid)
        wait_until(lambda: rights_of(fetcher)["Seccomp"] == "2", "its confinement")
        if os.geteuid() == 0:
            self.assertNotIn("0", rights_of(fetcher)["Uid"].split())
        doctor.kill()
        wait_until(lambda: not is_there(fetcher), "the end of the fetcher")


class KeptConnection(SlowServerCase):
    def test_one_that_has_a_connection_stays_for_the_next_poll_and_ends_when_the_server_closes_it(self):
        self.device.start()
        self.device.sync()
        wait_until(lambda: len(fetchers_of(self.device.daemon.pid)) == 1, "the fetcher with the connection")
        fetcher = fetchers_of(self.device.daemon.pid)
        self.device.sync()
        self.assertEqual(fetchers_of(self.device.daemon.pid), fetcher)
        self.server.stop()
        wait_until(lambda: not children_of(self.device.daemon.pid), "its end")


class NoFetcher(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit(motd("one\n"))

    def test_there_is_none_while_the_agent_waits(self):
        with Device(self.scratch / "device", self.city.url, interval="1s") as device:
            device.start()
            device.sync()
            wait_until(lambda: not children_of(device.daemon.pid), "no child")
            self.city.commit(motd("two\n"))
            wait_until(lambda: device.path("/etc/motd").read_text() == "two\n", "the commit")
            wait_until(lambda: not children_of(device.daemon.pid), "no child again")


if __name__ == "__main__":
    unittest.main()
