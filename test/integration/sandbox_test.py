"""The sandboxes of the units that are installed: how exposed systemd says they are, and that in them the agent still does all that manifests ask for."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from field import manifest  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
PACKAGING = SOURCE / "packaging"
FILES_ONLY = "/etc/systemd/system/greenwaved.service.d/files-only.conf"
MOST = {"greenwaved": 3.0, "greenwave-guard": 1.5, "greenwave-programs": 3.9}  # what runs programs of manifests can do what they can
MOST_FILES_ONLY = 2.8


def why_not_measured():
    if not shutil.which("systemd-analyze"):
        return "systemd-analyze is missing"
    known = subprocess.run(["systemd-analyze", "security", "--help"], capture_output=True, text=True).stdout
    return None if "--offline" in known else "this systemd-analyze measures no files (--offline came with systemd 250)"


def exposure(name, *more):
    """Of a unit in packaging/, with drop-ins; 0 (safe) to 10."""
    text = (PACKAGING / f"{name}.service.in").read_text().replace("@greenwaved@", "/bin/true").replace("@guard@", "/bin/true")
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, f"{name}.service")
        file.write_text("\n".join([text, *more]))
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", file).stdout
    return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1])


@unittest.skipIf(why_not_measured(), why_not_measured())
class Exposure(unittest.TestCase):
    def test_no_unit_is_more_exposed_than_its_work_needs(self):
        for name, most in MOST.items():
            with self.subTest(name):
                self.assertLessEqual(exposure(name), most)

    def test_where_manifests_are_files_alone_the_agent_is_less_exposed(self):
        self.assertLessEqual(exposure("greenwaved", (PACKAGING / "files-only.conf").read_text()), MOST_FILES_ONLY)

    def test_what_the_units_say_of_themselves_is_so(self):
        for name in MOST:
            text = (PACKAGING / f"{name}.service.in").read_text()
            with self.subTest(name):
                self.assertEqual(float(re.search(r"systemd-analyze security.* says ([\d.]+\d)", text)[1]), exposure(name))


def command(name, *argv, **spec):
    return manifest("Command", name, {"command": list(argv), **spec})


UNIT = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
# A Command as root does what its capabilities are for; one of a user is nothing but that user.
AS_ROOT = """
echo made > /srv/city/made; chown games:games /srv/city/made; chmod 4750 /srv/city/made
kill -0 "$(cat /srv/city/users.pid)"
: < /dev/null
! echo no > /usr/no
! mount -t tmpfs tmpfs /mnt
pwd > /srv/city/pwd
"""
AS_USER = """
id -un > /srv/users/who; id -Gn >> /srv/users/who; grep CapEff /proc/self/status >> /srv/users/who
! cat /etc/shadow
setsid sh -c 'echo $$ > /srv/city/users.pid; exec sleep 1000' > /dev/null 2>&1 &
while ! [ -s /srv/city/users.pid ]; do sleep 0.01; done
"""


@unittest.skipIf(machine.why_not(), machine.why_not())
class Live(unittest.TestCase):
    def setUp(self):
        self.city = City(self.enterContext(Scratch()))
        self.device = self.enterContext(machine.Machine(binds={self.city.bare: "/srv/city.git"}))
        run(PACKAGING / "install", "--build", BIN.parent, "--root", self.device.root)
        self.configure()

    def configure(self, more=""):
        text = f"device: sf-0042\nrepository: {{url: 'file:///srv/city.git', interval: 1h}}\nhealth: {{settle: 1s}}\n{more}"
        self.device.write("/etc/greenwave/agent.yaml", text)
        self.device.run("systemctl", "daemon-reload")

    def sync(self, files, expected=0):
        self.city.commit(files)
        self.device.run("systemctl", "start", "greenwaved.service")
        done = self.device.run("greenwave", "sync", "--wait", check=False)
        self.assertEqual(expected, done.returncode, done.stdout + done.stderr + self.device.journal())
        return done.stdout + done.stderr

    def show(self, unit, name):
        return self.device.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def stat(self, path):
        return self.device.run("stat", "-c", "%a %U %G", path).stdout.strip()

    def capabilities(self, unit):
        status = self.device.run("cat", f"/proc/{self.show(unit, 'MainPID')}/status").stdout
        return int(re.search(r"CapBnd:\s*(\w+)", status)[1], 16)

    def test_each_kind_is_applied_in_the_sandboxes_that_are_installed(self):
        self.device.shell("mkdir -m 777 /srv/city /srv/users; chown games: /srv/users")
        self.sync({
            "file.yaml": manifest("File", "file", {"path": "/etc/city/a", "content": "a\n", "mode": "4711", "owner": "games", "group": "mail"}),
            "directory.yaml": manifest("Directory", "directory", {"path": "/srv/shared", "mode": "2775", "owner": "games", "group": "mail"}),
            "unit.yaml": manifest("SystemdUnit", "beacon", {"name": "beacon.service", "content": UNIT, "enabled": True, "running": True}),
            "user.yaml": command("1-user", "sh", "-euc", AS_USER, user="games", creates="/srv/users/who"),
            "root.yaml": command("2-root", "sh", "-euc", AS_ROOT, workingDirectory="/srv/shared", unless=["test", "-e", "/srv/city/pwd"]),
            "check.yaml": manifest("HealthCheck", "pid", {"command": ["sh", "-c", "kill -0 $(cat /srv/city/users.pid)"]}),
        })
        self.assertEqual("4711 games mail", self.stat("/etc/city/a"))
        self.assertEqual("2775 games mail", self.stat("/srv/shared"))
        self.assertEqual("active", self.show("beacon.service", "ActiveState"))
        self.assertEqual("enabled", self.show("beacon.service", "UnitFileState"))
        self.assertEqual("4750 games games", self.stat("/srv/city/made"))
        self.assertEqual("/srv/shared\n", self.device.run("cat", "/srv/city/pwd").stdout)
        who, groups, capabilities = self.device.run("cat", "/srv/users/who").stdout.splitlines()
        self.assertEqual(("games", "games", 0), (who, groups, int(capabilities.split()[1], 16)))
        # Programs run in the one unit, and what they need in rights is not the agent's.
        net_admin = 1 << 12
        self.assertTrue(self.capabilities("greenwave-programs.service") & net_admin)
        self.assertFalse(self.capabilities("greenwaved.service") & net_admin)
        # What reads the commit is a user of its own, and lacks nothing of its confinement but what the kernel lacks.
        notes = [note for note in json.loads(self.device.run("greenwave", "status", "-o", "json", check=False).stdout)["notes"] if "confined" in note]
        self.assertFalse([note for note in notes if "Landlock" not in note])

    def test_what_needs_more_than_the_sandbox_runs_through_systemd(self):
        outside = ["systemd-run", "--wait", "--pipe", "--collect", "sh", "-c", "touch /usr/local/made; echo made"]
        self.sync({"more.yaml": command("more", *outside, creates="/usr/local/made")})
        self.assertTrue((self.device.root / "usr/local/made").exists())
        said = self.sync({"more.yaml": command("less", "touch", "/usr/local/other")}, expected=1)
        self.assertIn("Read-only file system", said)

    def test_a_program_ends_with_the_sync_that_is_waited_for_and_both_services_stop(self):
        self.city.commit({"slow.yaml": command("slow", "sh", "-c", "touch /srv/begun; sleep 3; touch /srv/ended")})
        self.device.run("systemctl", "start", "greenwaved.service")
        self.device.wait_until("it runs", lambda: (self.device.root / "srv/begun").exists())
        self.device.run("systemctl", "stop", "greenwaved.service")
        self.assertTrue((self.device.root / "srv/ended").exists())
        for unit in ("greenwaved.service", "greenwave-programs.service"):
            self.assertEqual(("inactive", "success"), (self.show(unit, "ActiveState"), self.show(unit, "Result")))

    def test_the_service_of_programs_comes_back_and_where_it_is_masked_nothing_runs(self):
        once = lambda name: {"once.yaml": command(name, "touch", f"/srv/{name}", creates=f"/srv/{name}")}  # noqa: E731
        self.sync(once("first"))
        self.device.run("systemctl", "stop", "greenwave-programs.socket", "greenwave-programs.service")
        self.city.commit(once("second"))
        self.device.run("greenwave", "sync", "--wait", check=False)
        self.device.wait_until("it is asked for again", lambda: (self.device.root / "srv/second").exists())
        self.device.run("systemctl", "mask", "--now", "greenwave-programs.socket")
        self.device.run("systemctl", "stop", "greenwave-programs.service")
        said = self.sync(once("third"), expected=1)
        self.assertIn("cannot run touch: greenwave-programs.socket does not answer", said)
        self.assertFalse((self.device.root / "srv/third").exists())

    def test_a_device_for_files_alone_applies_them_and_can_ask_nobody_for_more(self):
        self.configure("allowedKinds: [File, Directory]\n")
        self.device.write(FILES_ONLY, (PACKAGING / "files-only.conf").read_text())
        self.device.run("systemctl", "mask", "--now", "greenwave-programs.socket")
        self.device.run("systemctl", "daemon-reload")
        self.device.write("/etc/city/was", "before\n", mode=0o640)
        self.device.run("chown", "games:mail", "/etc/city/was")
        files = {
            "file.yaml": manifest("File", "file", {"path": "/etc/city/a", "content": "a\n", "mode": "0640", "owner": "games", "group": "mail"}),
            "was.yaml": file_manifest("was", "/etc/city/was", "now\n"),
            "directory.yaml": manifest("Directory", "directory", {"path": "/srv/shared", "mode": "0775", "owner": "games"}),
        }
        self.sync(files)
        self.assertEqual("640 games mail", self.stat("/etc/city/a"))
        self.assertEqual("775 games root", self.stat("/srv/shared"))
        self.device.shell("echo mine > /etc/city/a")
        self.sync({"was.yaml": None})
        self.assertEqual("a\n", self.device.run("cat", "/etc/city/a").stdout)
        self.assertEqual("before\n", self.device.run("cat", "/etc/city/was").stdout)
        self.assertEqual("640 games mail", self.stat("/etc/city/was"))
        inside = ["nsenter", f"--target={self.show('greenwaved.service', 'MainPID')}", "--mount", "systemctl", "is-active", "dbus.service"]
        self.assertNotEqual(0, self.device.run(*inside, check=False).returncode)


if __name__ == "__main__":
    unittest.main()
