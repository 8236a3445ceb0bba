"""Who may do what on an installed device: real users and a real systemd, and attacks on the agent from both sides."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from field import manifest  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
CONFIG = "device: sf-0042\nrepository: {url: file:///srv/city.git, interval: 1s}\nhealth: {settle: 1s}\n"
SUDOERS = "/etc/sudoers.d/evil"


@unittest.skipIf(machine.why_not(), machine.why_not())
class Authority(unittest.TestCase):
    """One machine; each test makes its own city and begins with an empty device."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.city = City(cls.scratch)
        cls.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "first\n")})
        cls.device = cls.enterClassContext(machine.Machine(binds={cls.city.bare: "/srv/city.git"}))
        run(SOURCE / "packaging/install", "--build", BIN.parent, "--root", cls.device.root)
        cls.device.shell("useradd --create-home --groups greenwave olga; useradd --create-home mallory; useradd --system app")
        cls.device.write("/etc/greenwave/agent.yaml", CONFIG)
        cls.device.run("systemctl", "daemon-reload")
        cls.device.run("systemctl", "start", "greenwaved")

    def as_user(self, user, *argv):
        return self.device.run("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *argv, check=False)

    def status(self):
        answer = self.device.run("greenwave", "status", "-o", "json", check=False)
        return json.loads(answer.stdout) if answer.stdout else {}

    def apply(self, files):
        """Commits, has it applied, and returns the status."""
        commit = self.city.commit(files)
        self.device.wait_until("the commit is applied", lambda: self.device.run("greenwave", "sync", "--wait", check=False) and self.status().get("commit", {}).get("oid") == commit)
        return self.status()

    def has(self, path):
        return (self.device.root / path.lstrip("/")).exists()

    def bundle(self, files):
        """A bundle of a city of the attacker's own."""
        with Scratch() as directory:
            evil = City(directory)
            evil.commit(files)
            made = directory / "evil.bundle"
            evil.git("bundle", "create", "-q", made, "main")
            target = self.device.root / "srv/evil.bundle"
            target.write_bytes(made.read_bytes())
            target.chmod(0o644)
        return "/srv/evil.bundle"

    def test_a_member_of_the_group_does_not_become_root_by_a_bundle(self):
        bundle = self.bundle({"sudoers.yaml": file_manifest("evil", SUDOERS, "olga ALL=(ALL) NOPASSWD: ALL\n")})
        told = self.as_user("olga", "greenwave", "sync", "--wait", "--from", bundle)
        self.assertNotEqual(0, told.returncode)
        self.assertIn("only taken from root", told.stderr)
        self.assertIn("use sudo", told.stderr)
        self.assertFalse(self.has(SUDOERS))
        self.assertEqual(0, self.as_user("olga", "greenwave", "sync", "--wait").returncode, "a sync of the repository's commit is a member's")

    def test_root_brings_a_bundle_where_nobody_signs(self):
        commit = self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "by hand\n")})
        made = self.scratch / "own.bundle"
        self.city.git("bundle", "create", "-q", made, "main")
        (self.device.root / "srv/own.bundle").write_bytes(made.read_bytes())
        self.device.run("greenwave", "sync", "--wait", "--from", "/srv/own.bundle")
        self.assertEqual(commit, self.status()["commit"]["oid"])

    def test_busy_d_is_for_the_group_alone(self):
        lock = ["flock", "--nonblock", "/run/greenwave/busy.d/x", "true"]
        self.assertEqual("770 root greenwave", self.device.shell("stat -c '%a %U %G' /run/greenwave/busy.d").strip())
        self.assertEqual(0, self.as_user("olga", *lock).returncode)
        self.assertNotEqual(0, self.as_user("mallory", *lock).returncode)
        self.assertNotEqual(0, self.as_user("mallory", "ls", "/run/greenwave/busy.d").returncode)

    def rejected(self):
        return self.status().get("rejected", {}).get("commit")

    def told_of(self, commit):
        """What the history has of it."""
        told = json.loads(self.device.run("greenwave", "history", "-o", "json", check=False).stdout)
        return json.dumps([sync for sync in told["syncs"] if sync["commit"] == commit])

    def test_a_commit_that_would_destroy_the_agent_is_taken_back(self):
        attacks = {
            "purge": manifest("Directory", "purge", {"path": "/etc/greenwave", "source": "tree", "purge": True}),
            "state": file_manifest("state", "/var/lib/greenwave/state.db", "x"),
            "mode": manifest("Directory", "mode", {"path": "/var/lib/greenwave", "mode": "0777"}),
            "above": manifest("Directory", "above", {"path": "/var/lib", "mode": "0777"}),
            "configuration": file_manifest("configuration", "/etc/greenwave/agent.yaml", CONFIG, mode="0666"),
            "link": file_manifest("link", "/etc/city/agent.yaml", "x"),
            "guard": manifest("SystemdUnit", "guard", {"name": "greenwave-guard.service", "masked": True}),
        }
        self.device.shell("ln -sfn greenwave /etc/city")
        before = self.device.shell("stat -c '%a %U %n' /var/lib /var/lib/greenwave /etc/greenwave/agent.yaml; ls /etc/greenwave")
        files = {f"{name}.yaml": text for name, text in attacks.items()}
        commit = self.city.commit({**files, "tree/x": "x", "motd.yaml": file_manifest("motd", "/etc/motd", "beside\n")})
        self.addCleanup(self.apply, {**dict.fromkeys(files), "tree/x": None})
        self.device.wait_until("it is taken back", lambda: self.rejected() == commit)
        told = self.told_of(commit)
        for name in attacks:
            with self.subTest(name):
                self.assertTrue(f"/{name}" in told or f"{name}.yaml" in told, told)
        self.assertEqual(before, self.device.shell("stat -c '%a %U %n' /var/lib /var/lib/greenwave /etc/greenwave/agent.yaml; ls /etc/greenwave"))
        self.assertEqual("enabled", self.device.run("systemctl", "is-enabled", "greenwave-guard", check=False).stdout.strip() or "enabled")

    def test_what_agent_yaml_does_not_allow_is_refused_by_its_key(self):
        self.device.write("/etc/greenwave/agent.yaml", CONFIG + "allowedKinds: [File, Command]\ncommands: {users: [app]}\n")
        self.addCleanup(self.device.run, "systemctl", "restart", "greenwaved")
        self.addCleanup(self.device.write, "/etc/greenwave/agent.yaml", CONFIG)
        self.device.run("systemctl", "restart", "greenwaved")
        evil = {
            "unit.yaml": manifest("SystemdUnit", "evil", {"name": "evil.service", "content": "[Service]\nExecStart=/bin/true\n"}),
            "root.yaml": manifest("Command", "root", {"command": ["touch", "/srv/by-root"]}),
        }
        files = {
            "app.yaml": manifest("Command", "app", {"command": ["sh", "-c", "id -un > /tmp/by-app; cp /tmp/by-app /srv/app"], "user": "app"}),
            "motd.yaml": file_manifest("motd", "/etc/motd", "bounded\n"),
        }
        self.device.shell("install -d -o app -m 0755 /srv/app")
        commit = self.city.commit(evil)
        self.addCleanup(self.apply, {"app.yaml": None})
        self.device.wait_until("it is taken back", lambda: self.rejected() == commit)
        told = self.told_of(commit)
        self.assertIn("allowedKinds", told)
        self.assertIn("commands.users", told)
        self.city.commit({**dict.fromkeys(evil), **files})
        self.device.wait_until("what is allowed is applied", lambda: self.has("/srv/app/by-app"))
        self.assertEqual("app\n", (self.device.root / "srv/app/by-app").read_text())
        self.assertFalse(self.has("/srv/by-root"))
        self.assertFalse(self.has("/etc/systemd/system/evil.service"))

    def test_a_user_who_swaps_his_directory_for_a_link_leads_root_nowhere(self):
        self.device.shell("install -d -o mallory /srv/mallory; install -d -o mallory /srv/mallory/data; install -d /srv/victim; echo x > /srv/victim/precious; setpriv --reuid=mallory --clear-groups ln -s ../victim /srv/mallory/swap")
        files = {
            "data.yaml": manifest("Directory", "data", {"path": "/srv/mallory/data/inner", "source": "data", "purge": True, "owner": "mallory"}),
            "data/config": "x\n",
        }
        swap = "while :; do mv -T /srv/mallory/data /srv/mallory/aside && mv -T /srv/mallory/swap /srv/mallory/data; mv -T /srv/mallory/data /srv/mallory/swap && mv -T /srv/mallory/aside /srv/mallory/data; done"
        self.device.run("systemd-run", "--unit=swapper", "--uid=mallory", "sh", "-c", swap)
        try:
            self.city.commit(files)
            for _ in range(30):
                self.device.run("greenwave", "sync", "--wait", "--force", check=False)
        finally:
            self.device.run("systemctl", "stop", "swapper", check=False)
        self.assertEqual("755 root", self.device.shell("stat -c '%a %U' /srv/victim").strip())
        self.assertEqual("precious", self.device.shell("ls -A /srv/victim").strip())
        self.apply(dict.fromkeys(files))


if __name__ == "__main__":
    unittest.main()
