"""Greenwave installed on a separate device (systemd as PID 1): it follows a repository, and its sandbox holds.

packaging/install puts the build into the machine's file system, the configuration names a file:// repository, and
from then on everything is what greenwaved.service does.
"""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
DEVICE = "sf-0042"


def manifest(kind, name, spec):
    return json.dumps(
        {"apiVersion": "greenwave.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    )


BEACON = manifest(
    "SystemdUnit",
    "beacon",
    {
        "name": "beacon.service",
        "content": "[Unit]\nDescription=SPaT beacon\n[Service]\nExecStart=/bin/sleep infinity\n"
        "[Install]\nWantedBy=multi-user.target\n",
        "enabled": True,
        "running": True,
        "restartOn": ["File/beacon"],
    },
)
KEY = manifest(
    "Command",
    "key",
    {"command": ["sh", "-c", "umask 077; echo secret > /var/lib/beacon.key"], "creates": "/var/lib/beacon.key"},
)


class Installed(unittest.TestCase):
    """One machine, one story: the tests run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.city = City(cls.scratch)
        cls.city.commit(
            {
                "motd.yaml": file_manifest("motd", "/etc/motd", "kept by Greenwave\n"),
                "beacon.yaml": file_manifest("beacon", "/etc/beacon.conf", "rate=10\n"),
                "unit.yaml": BEACON,
                "key.yaml": KEY,
            },
            "The first signals",
        )
        cls.device = cls.enterClassContext(machine.Machine(binds={cls.city.bare: "/srv/city.git"}))
        cls.install()

    @classmethod
    def install(cls):
        run(SOURCE / "packaging/install", "--build", BIN.parent, "--root", cls.device.root)
        cls.device.run("systemctl", "daemon-reload")

    def status(self):
        answer = self.device.run("greenwave", "status", "-o", "json", check=False)
        return json.loads(answer.stdout) if answer.stdout else {}

    def in_sync(self, commit):
        status = self.status()
        return status.get("commit", {}).get("oid") == commit and status.get("lastResult") == "in sync"

    def follow(self, files, message):
        commit = self.city.commit(files, message)
        self.device.wait_until(f"the device is at {commit}: {message}", lambda: self.in_sync(commit))

    def show(self, unit, name):
        return self.device.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def read(self, path):
        return self.device.run("cat", path).stdout

    def test_1_every_part_is_in_its_standard_place(self):
        for path in (
            "usr/sbin/greenwaved",
            "usr/bin/greenwave",
            "usr/lib/systemd/system/greenwaved.service",
            "usr/lib/systemd/system/greenwave-guard.service",
            "usr/lib/systemd/system/greenwave-programs.service",
            "usr/lib/systemd/system/greenwave-programs.socket",
            "usr/share/doc/greenwave/files-only.conf",
            "usr/lib/greenwave/greenwave-guard",
            "usr/lib/sysusers.d/greenwave.conf",
            "usr/lib/tmpfiles.d/greenwave.conf",
            "usr/share/bash-completion/completions/greenwave",
            "usr/share/bash-completion/completions/greenwaved",
            "usr/share/zsh/vendor-completions/_greenwave",
            "usr/share/greenwave/schemas/manifest.schema.json",
            "usr/share/doc/greenwave/controls.md",
            "usr/share/fish/vendor_completions.d/greenwave.fish",
            "usr/share/man/man1/greenwave.1",
            "usr/share/man/man5/agent.yaml.5",
            "usr/share/man/man5/greenwave.yaml.5",
            "usr/share/man/man8/greenwaved.8",
            "etc/greenwave/agent.yaml",
        ):
            self.assertTrue((self.device.root / path).exists(), path)
        self.device.run("getent", "group", "greenwave")
        for unit in ("greenwaved.service", "greenwave-guard.service"):
            self.assertEqual("enabled", self.show(unit, "UnitFileState"))

    def test_2_a_configuration_that_is_there_stays_as_it_is(self):
        text = f"device: {DEVICE}\nrepository:\n  url: file:///srv/city.git\n  interval: 1s\n"
        self.device.write("/etc/greenwave/agent.yaml", text)
        self.install()
        self.assertEqual(text, self.read("/etc/greenwave/agent.yaml"))

    def test_3_a_started_device_becomes_as_its_repository_says(self):
        self.device.run("systemctl", "start", "greenwaved.service")
        self.device.wait_until("the first sync is done", lambda: self.in_sync(self.city.git("rev-parse", "HEAD")))
        self.assertEqual("kept by Greenwave\n", self.read("/etc/motd"))
        self.assertEqual("active", self.show("beacon.service", "ActiveState"))
        self.assertEqual("enabled", self.show("beacon.service", "UnitFileState"))
        self.assertEqual("secret\n", self.read("/var/lib/beacon.key"))
        status = self.status()
        self.assertEqual((DEVICE, 4, 4), (status["device"], status["objects"], status["inSync"]))

    def test_3_the_doctor_says_whether_the_agent_is_guarded_and_its_helpers_can_start(self):
        doctor = lambda: self.device.run("greenwave", "doctor", check=False).stdout  # noqa: E731
        self.assertIn("greenwave-guard.service is enabled", doctor())
        self.device.run("systemctl", "disable", "greenwave-guard.service")
        self.assertIn("greenwave-guard.service is disabled: nothing brings the", doctor())
        self.device.run("systemctl", "enable", "greenwave-guard.service")
        for unit, missed in (("greenwave-programs.socket", "no Command and no"), ("greenwave-packages.service", "no Package is")):
            self.assertIn(f"{unit} is installed", doctor())
            self.device.run("systemctl", "mask", unit)
            self.assertIn(f"{unit} is masked: {missed}", doctor())
            self.device.run("systemctl", "unmask", unit)

    def test_3_the_reload_needs_no_program_of_another_package(self):
        self.device.shell("rm -f /bin/kill /usr/bin/kill")
        self.device.shell("sed -i 's/interval: 1s/interval: 2s/' /etc/greenwave/agent.yaml; systemctl reload greenwaved")
        log = lambda: self.device.run("greenwave", "logs", "--since", "1h").stdout  # noqa: E731
        self.device.wait_until("the configuration is read again", lambda: "read /etc/greenwave/agent.yaml again" in log())

    def test_4_what_is_changed_behind_its_back_is_repaired(self):
        self.device.shell(
            "echo mine > /etc/motd; systemctl disable --now beacon.service; rm /var/lib/beacon.key"
        )
        self.device.wait_until(
            "all drift is repaired",
            lambda: self.read("/etc/motd") == "kept by Greenwave\n"
            and self.show("beacon.service", "ActiveState") == "active"
            and self.show("beacon.service", "UnitFileState") == "enabled"
            and (self.device.root / "var/lib/beacon.key").exists(),
        )
        history = self.device.run("greenwave", "history", "-o", "json").stdout
        self.assertIn("SystemdUnit/beacon", history)
        self.assertIn("repair", history)

    def test_5_a_commit_is_followed_and_restarts_what_depends_on_it_once(self):
        before = self.show("beacon.service", "MainPID")
        self.follow({"beacon.yaml": file_manifest("beacon", "/etc/beacon.conf", "rate=5\n")}, "Slower beacons")
        self.assertEqual("rate=5\n", self.read("/etc/beacon.conf"))
        after = self.show("beacon.service", "MainPID")
        self.assertNotEqual(before, after)
        status = self.status()
        self.device.wait_until("another pass", lambda: self.status().get("nextSync") != status.get("nextSync"))
        self.assertEqual(after, self.show("beacon.service", "MainPID"))

    def test_6_members_of_its_group_may_ask_it_and_others_may_not(self):
        as_nobody = ["setpriv", "--reuid=nobody", "--clear-groups"]
        self.device.run(*as_nobody, "--regid=greenwave", "greenwave", "status")
        refused = self.device.run(*as_nobody, "--regid=nogroup", "greenwave", "sync", check=False)
        self.assertNotEqual(0, refused.returncode)

    def test_7_what_the_repository_no_longer_declares_goes(self):
        self.follow({"unit.yaml": None, "beacon.yaml": None}, "No more beacons")
        self.assertEqual("not-found", self.show("beacon.service", "LoadState"))
        self.assertFalse((self.device.root / "etc/systemd/system/beacon.service").exists())
        self.assertFalse((self.device.root / "etc/beacon.conf").exists())
        self.assertEqual("kept by Greenwave\n", self.read("/etc/motd"))

    def test_8_its_sandbox_is_tight_and_it_listens_on_no_port(self):
        self.device.run("systemd-analyze", "security", "--no-pager", "--threshold=30", "greenwaved.service")
        pid = self.show("greenwaved.service", "MainPID")
        listening = "0A"
        for table in ("tcp", "tcp6"):
            rows = (self.device.root / f"proc/{pid}/net/{table}").read_text().splitlines()[1:]
            self.assertEqual([], [row for row in rows if row.split()[3] == listening])

    def test_9_it_stops_cleanly_and_does_one_sync_by_hand(self):
        self.assertEqual("0", self.show("greenwaved.service", "NRestarts"))
        self.device.run("systemctl", "stop", "greenwaved.service")
        self.assertEqual("success", self.show("greenwaved.service", "Result"))
        self.device.run("greenwaved", "--once")
        self.device.run("sh", "-c", "echo mine > /etc/motd; greenwaved --once")
        self.assertEqual("kept by Greenwave\n", self.read("/etc/motd"))


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    unittest.main()
