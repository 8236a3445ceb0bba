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

    def lines(self):
        text = self.device.read("/srv/backup/out")
        return text.split() if text else []

    def pods(self):
        return sorted(podman_machine.containers(self.machine))

    def run_now(self, expected=0):
        """As a technician does it; what the journal says of the run."""
        done = self.machine.run("systemctl", "start", f"{UNIT}.service", check=False)
        self.assertEqual(expected, done.returncode, done.stderr + self.machine.journal())
        return self.machine.journal(f"{UNIT}.service")

    def timer(self, prop):
        return self.device.show(f"{UNIT}.timer", prop)

    def left(self):
        """Paths on the device that belong to CronJobs."""
        return self.machine.shell(
            "find /etc/systemd /var/lib/systemd/timers /var/lib/greenwave/cronjobs -name '*cronjob-*' 2>/dev/null || true").split()

    def test_a_timer_runs_it_while_greenwaved_does_not_and_after_a_power_cut(self):
        said = self.sync({"job.yaml": cron_job("/bin/echo ran >> /out/out", schedule="* * * * *")})
        self.assertIn("CronJob/backup", said)
        self.assertEqual([], self.lines(), "it waits for its time")
        self.assertEqual(["active", "enabled"], [self.timer("ActiveState"), self.timer("UnitFileState")])
        self.machine.cut_power()
        self.machine.wait_until("the timer ran it", self.lines)
        self.machine.wait_until("its service ended", lambda: self.device.show(f"{UNIT}.service", "ActiveState") == "inactive")
        self.assertEqual("success", self.device.show(f"{UNIT}.service", "Result"))
        self.assertEqual(1, len(self.pods()), "the last run's pod stays for people to look at")
        self.assertNotIn("CronJob", self.device.once(0), "nothing is to be done")

    def test_each_run_is_a_new_pod_with_what_was_synced_last(self):
        command = "/bin/cat /conf/word >> /out/out; /bin/ls /left >> /out/out; /bin/echo x > /left"
        volumes = {"volumeMounts": [MOUNT, {"name": "conf", "mountPath": "/conf"}]}

        def job():
            made = json.loads(cron_job(command))
            pod = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]
            pod["volumes"].append({"name": "conf", "configMap": {"name": "words"}})
            pod["containers"][0].update(volumes)
            pod["securityContext"] = {"fsGroup": 4000}  # the run's own sandbox lets it give the files to a group
            return json.dumps(made)

        self.sync({"job.yaml": job(), "conf.yaml": config_map("words", word="one\n")})
        self.assertNotIn("failed", self.run_now())
        first = self.pods()
        self.run_now()
        self.assertEqual(["one", "one"], self.lines(), "what a run leaves in its container is gone at the next")
        self.assertEqual(first, self.pods())
        self.sync({"job.yaml": job(), "conf.yaml": config_map("words", word="two\n")})
        self.run_now()
        self.assertEqual(["one", "one", "two"], self.lines())
        self.assertEqual(1, len(self.pods()), "the pod of the run before is gone")
        self.assertNotEqual(first, self.pods())

    def test_a_run_that_fails_is_tried_again_and_reported(self):
        made = json.loads(cron_job("/bin/echo try >> /out/out; exit 3", job={"backoffLimit": 1}))
        made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"].append(container("helper"))
        self.sync({"job.yaml": json.dumps(made)})
        said = self.run_now(expected=1)
        self.assertEqual(["try", "try"], self.lines())
        self.assertIn("CronJob/backup ended with exit status 3", said)
        self.assertIn("CronJob/backup is tried again in 10s", said)
        running = self.machine.run("podman", "ps", "--format", "{{.Names}}").stdout
        self.assertNotIn("helper", running, "what helped it does not run on")
        self.device.start()
        self.machine.wait_until("the daemon answers", lambda: self.device.cli("status"))
        shown = self.device.json("show", "CronJob/backup")["objects"][0]
        self.assertEqual(["exit-code", UNIT], [shown["timer"]["result"], shown["timer"]["unit"]])
        self.assertIn("next", shown["timer"])
        self.assertEqual([3], [one["exit"] for one in shown["containers"] if one["name"].endswith("-main")])

    def test_a_run_that_hangs_ends_at_its_deadline_and_one_that_is_stopped_stops_its_pod(self):
        self.sync({"job.yaml": cron_job("/bin/echo on >> /out/out; exec /bin/sleep 600", job={"activeDeadlineSeconds": 12})})
        self.run_now(expected=1)
        self.assertEqual("timeout", self.device.show(f"{UNIT}.service", "Result"))
        running = self.machine.run("podman", "ps", "--format", "{{.Names}}").stdout
        self.assertNotIn("backup-", running)
        self.sync({"job.yaml": cron_job("/bin/echo on >> /out/out; exec /bin/sleep 600")})
        self.machine.run("systemctl", "start", "--no-block", f"{UNIT}.service")
        self.machine.wait_until("the run has begun", lambda: len(self.lines()) == 2)
        again = self.machine.run("/greenwave/greenwaved", "--run-cronjob", UNIT, check=False)
        self.assertEqual(2, again.returncode)
        self.assertIn("still runs", again.stdout + again.stderr)
        self.sync({"job.yaml": None, "other.yaml": config_map("other", a="b")})
        self.assertEqual("", self.machine.run("podman", "ps", "--format", "{{.Names}}").stdout.strip())
        self.assertEqual([], self.left() + self.pods())

    def test_what_people_change_is_set_back_and_what_is_no_longer_declared_leaves_nothing(self):
        self.sync({"job.yaml": cron_job("/bin/true")})
        for change in (f"systemctl stop {UNIT}.timer", f"systemctl disable {UNIT}.timer",
                       f"echo '# mine' >> /etc/systemd/system/{UNIT}.service",
                       f"rm /etc/systemd/system/{UNIT}.timer", f"rm /var/lib/greenwave/cronjobs/{UNIT}.json"):
            self.machine.shell(change)
            self.assertIn("CronJob/backup", self.device.once(0), change)
            self.assertEqual(["active", "enabled"], [self.timer("ActiveState"), self.timer("UnitFileState")], change)
            self.run_now()
        self.sync({"job.yaml": cron_job("/bin/true", more={"suspend": True})})
        self.assertEqual(["inactive", "disabled"], [self.timer("ActiveState"), self.timer("UnitFileState")])
        self.run_now()
        self.sync({"job.yaml": None, "other.yaml": config_map("other", a="b")})
        self.assertEqual([], self.left() + self.pods())
        self.assertEqual("", self.machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "greenwave-cronjob*").stdout)

    def test_a_run_that_comes_too_late_does_not_take_place(self):
        self.sync({"job.yaml": cron_job("/bin/echo ran >> /out/out", more={"startingDeadlineSeconds": 60})})
        run = ["/usr/bin/env", f"TRIGGER_UNIT={UNIT}.timer", "/greenwave/greenwaved", "--run-cronjob", UNIT]
        done = self.machine.run(*run)
        self.assertIn("is not run: it was due more than 1m ago", done.stdout + done.stderr)
        self.assertEqual([], self.lines())
        self.run_now()
        self.assertEqual(["ran"], self.lines(), "a person may run it at any time")

    def test_what_cannot_be_is_refused_and_the_timer_of_before_stays(self):
        good = cron_job("/bin/true", schedule="0 3 * * *")
        self.sync({"job.yaml": good, "secret.yaml": manifest("v1", "Secret", "s", stringData={"k": "hush"})})
        said = self.sync({"job.yaml": cron_job("/bin/true", schedule="0 30 * * *")}, expected=1)
        self.assertRegex(said, r"job.yaml:1:\d+: .*the schedule's hour has 30, which is not from 0 to 23")
        said = self.sync({"job.yaml": cron_job("/bin/true", image="localhost/none:1")}, expected=1)
        self.assertIn("localhost/none:1", said)
        self.assertIn("OnCalendar=*-*-* 3:0:00", self.device.read(f"/etc/systemd/system/{UNIT}.timer"))
        self.assertEqual("active", self.timer("ActiveState"))
        secret = [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
        said = self.sync({"job.yaml": cron_job("/bin/echo $K >> /out/out", env=secret),
                          "secret.yaml": manifest("v1", "Secret", "s", stringData={"k": "hush"})})
        self.run_now()
        self.assertEqual(["hush"], self.lines())
        self.assertEqual("600", self.machine.shell(f"stat -c %a /var/lib/greenwave/cronjobs/{UNIT}.json").strip())
        told = said + self.device.cli("show", "CronJob/backup", "-o", "json") + self.device.cli("history", "-o", "json")
        self.assertNotIn("hush", told + self.machine.journal() + self.machine.shell(f"cat /etc/systemd/system/{UNIT}.*"))


if __name__ == "__main__":
    unittest.main()
