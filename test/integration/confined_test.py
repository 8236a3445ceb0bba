"""What a commit can do to the agent by the process that reads it: nothing but to end that process."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402

ATTEMPTS = BIN / "confined_attempts"
FILES = 1000  # so many that a renderer is seen at work


def renderers(device):
    """The pids of the renderers that an agent has."""
    pids = []
    for thread in pathlib.Path(f"/proc/{device.daemon.pid}/task").iterdir():
        with contextlib.suppress(OSError):
            pids += [int(pid) for pid in (thread / "children").read_text().split()]
    return [pid for pid in pids if b"renderer" in command_of(pid)]


def command_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_reading(pid):
    """Whether it has asked for some hundred files: it waits for each."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                return int(line.split()[1]) > 200
    return False


class Confinement(unittest.TestCase):
    def test_a_confined_process_can_do_none_of_what_an_attacker_would_want(self):
        self.assertEqual("done\n", subprocess.run([ATTEMPTS], stdout=subprocess.PIPE, text=True).stdout)
        self.assertFalse(pathlib.Path("/tmp/greenwave-confined").exists())

    def test_without_landlock_it_can_still_do_nothing_else(self):
        said = subprocess.run([ATTEMPTS, "--no-landlock", ATTEMPTS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("Landlock is not available", said.stderr)
        # What everybody may read is read then, by a user who is nobody.
        self.assertEqual({"done"}, set(said.stdout.splitlines()) - {"read /etc/passwd", "list /"})


class Renderer(unittest.TestCase):
    def setUp(self):
        scratch = self.enterContext(Scratch())
        scratch.chmod(0o755)  # without Landlock the fetcher reads a repository of this machine as nobody
        self.city = City(scratch)
        self.device = Device(scratch / "device", self.city.url)
        self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "before\n")})

    def start(self):
        self.enterContext(self.device.start())
        self.assertEqual(0, self.device.sync()["exitCode"])

    def commit_much(self):
        self.city.commit({f"many/{n}.yaml": file_manifest(f"f{n}", f"/etc/many/{n}", "x" * 500) for n in range(FILES)}
                         | {"motd.yaml": file_manifest("motd", "/etc/motd", "after\n")})

    def sync_while(self, act, ready=lambda pid: True):
        """A sync during which `act` is done to the first renderer that is `ready`."""
        asking = subprocess.Popen([str(word) for word in self.device.command("greenwave", "sync", "--wait")],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        while asking.poll() is None:
            found = [pid for pid in renderers(self.device) if ready(pid)]
            if found:
                act(found[0])
                break
        said = asking.communicate()[0]
        return asking.returncode, said

    def check_kept_and_comes_later(self):
        self.assertEqual("before\n", self.device.path("/etc/motd").read_text())
        self.assertFalse(self.device.path("/etc/many").exists())
        self.assertEqual([], renderers(self.device))
        self.assertNotIn("unreachableSince", self.device.json("status"))
        self.assertEqual(0, self.device.sync()["exitCode"])
        self.assertEqual("after\n", self.device.path("/etc/motd").read_text())

    def test_no_renderer_is_there_while_the_agent_is_idle_or_nothing_has_changed(self):
        self.start()
        self.assertEqual([], renderers(self.device))
        seen = []
        code, said = self.sync_while(seen.append)
        self.assertEqual((0, []), (code, seen), said)

    def test_a_renderer_that_crashes_costs_one_sync_whenever_it_does(self):
        self.start()
        for stage, ready in {"as it starts": lambda pid: True, "as it reads": is_reading}.items():
            with self.subTest(stage):
                self.commit_much()
                code, said = self.sync_while(lambda pid: os.kill(pid, signal.SIGSEGV), ready)
                self.assertEqual(2, code, said)
                self.assertIn("the renderer is of no use: it was killed by SIGSEGV", said)
                self.check_kept_and_comes_later()
                self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "before\n")} | {f"many/{n}.yaml": None for n in range(FILES)})
                self.assertEqual(0, self.device.sync()["exitCode"])

    def test_a_renderer_that_hangs_is_ended_after_a_minute(self):
        self.start()
        self.commit_much()
        began = time.monotonic()
        code, said = self.sync_while(lambda pid: os.kill(pid, signal.SIGSTOP), is_reading)
        self.assertEqual(2, code, said)
        self.assertIn("the renderer is of no use: it does not answer", said)
        self.assertGreater(time.monotonic() - began, 55)
        self.check_kept_and_comes_later()

    def test_an_agent_that_stops_does_not_wait_for_a_renderer_that_hangs(self):
        self.start()
        self.commit_much()
        stopped = []

        def hold(pid):
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
            self.assertLess(self.device.stop(), 30)

        self.sync_while(hold)
        wait_until(lambda: b"renderer" not in command_of(stopped[0]), "the renderer ends with the agent")

    def test_an_agent_that_is_killed_leaves_no_renderer(self):
        self.start()
        self.commit_much()
        left = []

        def kill(pid):
            left.append(pid)
            self.device.daemon.kill()

        self.sync_while(kill, is_reading)
        self.device.daemon.wait()
        wait_until(lambda: b"renderer" not in command_of(left[0]), "the renderer ends with the agent")

    def test_where_the_kernel_has_no_landlock_all_works_and_status_says_so(self):
        self.device.prefix = (ATTEMPTS, "--no-landlock")
        self.start()
        self.assertEqual("before\n", self.device.path("/etc/motd").read_text())
        self.assertIn("Landlock is not available", "\n".join(self.device.json("status")["notes"]))
        self.assertIn("Landlock is not available", self.device.cli("status").stdout)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_as_root_the_renderer_is_another_user_without_capabilities(self):
        self.start()
        self.commit_much()
        statuses = []
        self.sync_while(lambda pid: statuses.append(pathlib.Path(f"/proc/{pid}/status").read_text()), is_reading)
        fields = dict(line.split(":\t", 1) for line in statuses[0].splitlines() if ":\t" in line)
        self.assertNotIn("0", fields["Uid"].split())
        self.assertNotIn("0", fields["Gid"].split())
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(0, int(fields[name], 16))
        self.assertEqual(("1", "2"), (fields["NoNewPrivs"], fields["Seccomp"]))

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become another user")
    def test_without_root_it_works_too(self):
        scratch = self.device.directory.parent
        run("chown", "-R", "games", scratch)
        self.device.prefix = ("setpriv", "--reuid=games", "--regid=games", "--clear-groups")
        self.start()
        self.assertEqual("before\n", self.device.path("/etc/motd").read_text())


if __name__ == "__main__":
    unittest.main()
