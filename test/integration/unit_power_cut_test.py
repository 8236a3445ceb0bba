"""An agent that is killed at any message to systemd, or at any change of a unit's files, while it adopts units of the
device's own or gives them back: the next sync ends as an undisturbed one, on a real systemd. Of all these calls a sample
is tried (support/power_cuts.py).
"""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from field import FieldDevice, manifest  # noqa: E402
from greenwave import City, Scratch  # noqa: E402
from power_cuts import cut_at, cuts, rehearsal  # noqa: E402

INSTALL = "[Install]\nWantedBy=multi-user.target\n"


def service(seconds):
    return f"[Service]\nExecStart=/bin/sleep {seconds}\n{INSTALL}"


def says(who):
    return f"[Service]\nEnvironment=FROM={who}\n"


CALLS = ("sendmsg", "renameat", "linkat", "unlinkat")
UNITS = ["own.service", "vendor.service", "masked.service", "new.service"]
ADOPTING = {
    "own.yaml": manifest("SystemdUnit", "own", {"name": "own.service", "content": service(2000), "enabled": True, "running": False}),
    "vendor.yaml": manifest("SystemdUnit", "vendor", {"name": "vendor.service", "enabled": False, "dropIns": [{"name": "a.conf", "content": says("ours")}]}),
    "masked.yaml": manifest("SystemdUnit", "masked", {"name": "masked.service", "masked": True, "running": False}),
    "new.yaml": manifest("SystemdUnit", "new", {"name": "new.service", "content": service(3000), "enabled": True}),
}
CLUSTER = {"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "field"}, "spec": {"allowEmpty": True}}


def why_not():
    return machine.why_not() or (None if shutil.which("strace") else "strace is missing")


class UnitPowerCuts(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.machine = self.enterContext(machine.Machine(binds=FieldDevice.binds(self.city)))
        self.device = FieldDevice(self.machine)
        for name in ("vendor.service", "masked.service"):
            self.machine.write(f"/usr/lib/systemd/system/{name}", service(1000))
        self.machine.write("/etc/systemd/system/own.service", service(1000))
        self.machine.write("/etc/systemd/system/vendor.service.d/a.conf", says("device"))
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "enable", "--now", "--quiet", *UNITS[:3])
        cluster = {"greenwave.yaml": json.dumps(CLUSTER)}
        self.nothing = self.city.commit(cluster)
        self.adopting = self.city.commit(ADOPTING)

    def state(self):
        """The units as systemd has them, what they run with, and all files of the administrator's."""
        properties = "UnitFileState,LoadState,ActiveState,NeedDaemonReload,ExecStart,Environment,DropInPaths"
        told = self.machine.run("systemctl", "show", f"--property={properties}", *UNITS).stdout.strip().split("\n\n")
        shown = {name: sorted(line.split(" ; ")[0] for line in lines.splitlines()) for name, lines in zip(UNITS, told, strict=True)}
        script = (
            "cd /etc/systemd/system; find . -printf '%p %m %l\\n'; find . -type f -exec grep -H '' {} +;"
            "cat $(pgrep -x sleep | sed 's,.*,/proc/&/cmdline,') | tr '\\0' ' '"
        )
        return shown, sorted(self.machine.shell(script).splitlines())

    def sync(self, commit, prefix=()):
        """Whether it came to its end."""
        self.city.git("push", "-q", "--force", "origin", f"{commit}:main")
        command = [*prefix, *self.machine.command("/greenwave/greenwaved", "--once")]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def rehearse(self, commit, log):
        self.assertTrue(self.sync(commit, rehearsal(CALLS, log)))
        return cuts(log)

    def test_adopting_and_giving_back_units_killed_anywhere_ends_as_undisturbed(self):
        plain = self.state()
        tried = self.rehearse(self.adopting, self.scratch / "adopting")
        adopted = self.state()
        self.assertNotEqual(plain, adopted)
        tried = sorted({*tried, *self.rehearse(self.nothing, self.scratch / "nothing")})
        self.assertEqual(plain, self.state())
        kills = 0
        for call, number in tried:
            for commit, wanted in ((self.adopting, adopted), (self.nothing, plain)):
                with self.subTest(call=call, number=number, commit="adopting" if commit == self.adopting else "nothing"):
                    kills += not self.sync(commit, cut_at(call, number))
                    self.assertTrue(self.sync(commit))
                    self.assertEqual(wanted, self.state())
        kept = self.device.path("/var/lib/greenwave/kept")
        self.assertEqual([], list(kept.iterdir()))
        print(f"{kills} power cuts", file=sys.stderr)
        self.assertGreater(kills, len(tried), "the sync was hardly ever killed: does the injection still work?")


if __name__ == "__main__":
    if why_not():
        print(f"SKIPPED: {why_not()}")
        sys.exit(77)
    unittest.main()
