"""CronJobs of a city's repository as systemd's timers: podman runs them, whether greenwaved runs or not."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
import podman_machine  # noqa: E402
from field import FieldDevice  # noqa: E402
from greenwave import City, Scratch  # noqa: E402
from pods import config_map, container, manifest  # noqa: E402

UNIT = "greenwave-cronjob-backup"
NEVER = "0 0 1 1 *"
HOST = {"name": "host", "hostPath": {"path": "/srv/backup"}}
MOUNT = {"name": "host", "mountPath": "/out"}


def cron_job(command, schedule=NEVER, job=None, more=None, **pod):
    """CronJob/backup with /srv/backup of the device at /out."""
    main = container(command=["/bin/sh", "-c", command], volumeMounts=[MOUNT], **pod)
    template = {"spec": {"containers": [main], "volumes": [HOST], "restartPolicy": "Never"}}
    spec = {"schedule": schedule, "jobTemplate": {"spec": {"backoffLimit": 0, "template": template, **(job or {})}}}
    return manifest("batch/v1", "CronJob", "backup", spec={**spec, **(more or {})})


@unittest.skipIf(machine.why_not(), machine.why_not())
class CronJobs(unittest.TestCase):
    def setUp(self):
        scratch = self.enterContext(Scratch())
        self.city = City(scratch)
        self.machine = self.enterContext(machine.Machine(binds=FieldDevice.binds(self.city)))
        podman_machine.start_podman(self.machine)
        self.device = FieldDevice(self.machine)
        file = self.device.path("/etc/greenwave/agent.yaml")
        file.write_text(file.read_text() + "runtime: podman\n")
        self.machine.shell("mkdir -p /srv/backup")

    def sync(self, files, expected=0):
        self.city.commit(files)
        return self.device.once(expected)

    def run_now(self, check=True):
        return self.machine.run("systemctl", "start", f"{UNIT}.service", check=check)

    def lines(self):
        text = self.device.read("/srv/backup/out")
        return text.split() if text else []

    def pods(self):
        return sorted(podman_machine.containers(self.machine))

    def test_a_timer_runs_it_while_greenwaved_does_not(self):
        said = self.sync({"job.yaml": cron_job("/bin/echo ran >> /out/out", schedule="* * * * *")})
        self.assertIn("CronJob/backup", said)
        self.assertEqual([], self.lines(), "it waits for its time")
        self.assertEqual("active", self.device.show(f"{UNIT}.timer", "ActiveState"))
        self.assertEqual("enabled", self.device.show(f"{UNIT}.timer", "UnitFileState"))
        self.machine.wait_until("the timer ran it", self.lines, timeout=75)
        self.machine.wait_until("its service ended well", lambda: self.device.show(f"{UNIT}.service", "Result") == "success"
                                and self.device.show(f"{UNIT}.service", "ActiveState") == "inactive")
        self.assertEqual(1, len(self.pods()), "the last run's pod stays for people to look at")


if __name__ == "__main__":
    unittest.main()
