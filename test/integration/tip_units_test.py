"""The units that sign tips beside a bare repository, on a real systemd: after each push, whatever else goes on."""

import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from greenwave import BIN  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
KEY = "/etc/greenwave/tip.key"
SERVICE = "greenwave-tip@springfield.service"
PATH = "greenwave-tip@springfield.path"
TIMER = "greenwave-tip@springfield.timer"
DROP_IN = f"/etc/systemd/system/{SERVICE}.d/slow.conf"
# The machine is of the same Debian as the host, and has their libraries.
TOOLS = [shutil.which("git"), "/usr/lib/git-core", "/usr/share/git-core", shutil.which("ssh-keygen")]


class TipUnits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        binds = {BIN / "greenwave": "/usr/bin/greenwave", **{tool: tool for tool in TOOLS}}
        cls.machine = cls.enterClassContext(machine.Machine(binds=binds))
        for unit in (SOURCE / "packaging/git-server").glob("greenwave-tip@.*"):
            cls.machine.write(f"/usr/lib/systemd/system/{unit.name}", unit.read_text())
        hook = SOURCE / "packaging/git-server/reference-transaction"
        cls.machine.write("/usr/lib/greenwave/git-hooks/reference-transaction", hook.read_text(), mode=0o755)
        cls.machine.write("/usr/lib/sysusers.d/greenwave-mirror.conf", (SOURCE / "packaging/mirror/sysusers").read_text())
        cls.machine.shell("systemd-sysusers; useradd --create-home git; install -d -o git /srv/git /srv/work; install -d /etc/greenwave")
        cls.machine.shell(f"ssh-keygen -q -t ed25519 -N '' -C tips -f {KEY}")
        cls.as_git("git init -q --bare -b main /srv/git/springfield.git; git init -q -b main /srv/work; cd /srv/work;"
                   "git -C /srv/git/springfield.git config core.hooksPath /usr/lib/greenwave/git-hooks;"
                   "git config user.name Ana; git config user.email ana@city.example; git remote add origin /srv/git/springfield.git")
        cls.push()
        cls.machine.run("systemctl", "daemon-reload")
        cls.machine.run("systemctl", "enable", "--now", PATH)
        cls.machine.run("systemctl", "start", SERVICE)

    @classmethod
    def as_git(cls, script, check=True):
        return cls.machine.run("runuser", "-u", "git", "--", "/bin/sh", "-euc", script, check=check)

    @classmethod
    def push(cls):
        return cls.as_git("cd /srv/work; git commit -q --allow-empty -m next; git push -q origin main; git rev-parse HEAD").stdout.strip()

    def tip(self):
        """What the signed tip says."""
        file = self.machine.root / "srv/git/springfield.git.tip/refs/heads/main"
        lines = file.read_text().splitlines() if file.exists() else []
        return dict(line.split(" ", 1) for line in lines[:7]) if "-----BEGIN SSH SIGNATURE-----" in lines else {}

    def wait_until_signed(self, commit):
        self.machine.wait_until("the commit's tip is signed", lambda: self.tip().get("commit") == commit)

    def wait_until_rested(self):
        self.machine.wait_until("the service has ended", lambda: self.show(SERVICE, "ActiveState") in ("inactive", "failed"))

    def show(self, unit, name):
        return self.machine.run("systemctl", "show", "--value", "-p", name, unit).stdout.strip()

    def drop_in(self, text):
        self.machine.write(DROP_IN, f"[Service]\n{text}\n")
        self.machine.run("systemctl", "daemon-reload")
        self.addCleanup(self.machine.shell, f"rm -f {DROP_IN}; systemctl daemon-reload")

    def test_each_push_has_its_signed_tip_also_of_many_within_seconds(self):
        sequence = int(self.tip()["sequence"])
        for _ in range(3):
            self.wait_until_signed(self.push())
        for _ in range(12):
            commit = self.push()
        self.wait_until_signed(commit)
        self.assertGreater(int(self.tip()["sequence"]), sequence)
        self.wait_until_rested()
        self.assertEqual((self.show(PATH, "ActiveState"), self.show(SERVICE, "Result")), ("active", "success"))

    def test_what_is_pushed_while_tips_are_signed_is_signed_next(self):
        self.drop_in("ExecStartPost=/bin/sleep 1")
        self.wait_until_signed(self.push())
        self.assertEqual(self.show(SERVICE, "ActiveState"), "activating")
        self.wait_until_signed(self.push())

    def test_what_was_pushed_before_a_power_cut_is_signed_after_it_and_what_is_pushed_then(self):
        self.machine.run("systemctl", "stop", PATH)
        self.wait_until_rested()
        before = self.push()
        self.assertNotEqual(self.tip()["commit"], before)
        self.machine.run("sync")
        self.machine.cut_power()
        self.wait_until_signed(before)
        self.wait_until_signed(self.push())

    def test_the_timer_signs_what_is_due_though_nobody_pushes(self):
        self.wait_until_rested()
        self.machine.shell("rm -r /srv/git/springfield.git.tip/refs")
        self.machine.write(f"/etc/systemd/system/{TIMER}.d/soon.conf", "[Timer]\nRandomizedDelaySec=0\nAccuracySec=10ms\n")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", TIMER)
        self.addCleanup(self.machine.run, "systemctl", "stop", TIMER)
        self.machine.wait_until("the tip is there again", self.tip)

    def test_the_key_is_for_nobody_else_to_read_and_the_tips_are_for_nobody_else_to_write(self):
        self.drop_in("ExecStartPost=/bin/sleep 1")
        secret = (self.machine.root / KEY.lstrip("/")).read_text().splitlines()[1]
        self.wait_until_signed(self.push())
        self.assertEqual(self.show(SERVICE, "ActiveState"), "activating")
        self.assertTrue(self.machine.shell("ls /run/credentials"))
        for command in (f"cat {KEY}", f"cat /run/credentials/{SERVICE}/key", "ls /run/credentials/*/",
                        "echo x >/srv/git/springfield.git.tip/refs/heads/main", "touch /srv/git/springfield.git.tip/x"):
            with self.subTest(command):
                refused = self.as_git(command, check=False)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn("ermission denied", refused.stderr)
        self.assertEqual(self.as_git(f"grep -rsl '{secret}' /srv /run /etc /tmp /var || true").stdout, "")
        self.assertNotIn(secret, self.machine.journal())
        self.assertIn("greenwave-tip 1", self.as_git("cat /srv/git/springfield.git.tip/refs/heads/main").stdout)

    def test_a_failed_signing_says_why_and_the_next_push_is_signed_once_that_is_put_right(self):
        good = self.machine.shell(f"cat {KEY}")
        self.addCleanup(self.machine.write, KEY, good, 0o600)
        for spoil, why in ((f"rm {KEY}", f"{KEY} is missing"),
                           (f"echo nonsense >{KEY}", "failed  refs/heads/main"),
                           (f"echo nonsense >{KEY}", "ssh-keygen cannot sign")):
            with self.subTest(why):
                self.machine.shell(spoil)
                commit = self.push()
                self.machine.wait_until("the service has failed", lambda: self.show(SERVICE, "ActiveState") == "failed")
                self.assertNotEqual(self.tip()["commit"], commit)
                self.machine.wait_until("it is said", lambda: why in self.machine.journal(SERVICE))
                self.assertEqual(self.show(PATH, "ActiveState"), "active")
                self.machine.write(KEY, good, 0o600)
                self.wait_until_signed(self.push())
                self.wait_until_rested()


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    unittest.main()
