"""Pods on a device with systemd: greenwaved as a unit, podman's health checks, logs in the journal, upgrades, boots."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
import podman_machine  # noqa: E402
from greenwave import BIN, City, Scratch, run  # noqa: E402
from pods import container, deployment, manifest, pod  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
CONFIGURATION = """
device: sf-0042
repository: {url: file:///srv/city.git, interval: 1h}
runtime: podman
health: {settle: 1s}
"""


class Pods(unittest.TestCase):
    """Greenwave as packaging/install leaves it, in a machine with podman."""

    def setUp(self):
        scratch = self.enterContext(Scratch())
        self.city = City(scratch)
        self.machine = self.enterContext(machine.Machine(binds={self.city.bare: "/srv/city.git"}))
        podman_machine.start_podman(self.machine)
        run(SOURCE / "packaging/install", "--build", BIN.parent, "--root", self.machine.root)
        self.machine.write("/etc/greenwave/agent.yaml", CONFIGURATION)
        self.machine.run("systemctl", "daemon-reload")

    def start(self, files):
        self.city.commit(files)
        self.machine.run("systemctl", "start", "greenwaved.service")
        self.sync()

    def sync(self, expected=0):
        """A sync and the watching of health; what it said."""
        done = self.machine.run("greenwave", "sync", "--wait", check=False)
        said = done.stdout + done.stderr
        self.assertEqual(expected, done.returncode, said + self.machine.journal())
        return said

    def json(self, *words):
        return json.loads(self.machine.run("greenwave", *words, "-o", "json", check=False).stdout)

    def containers(self):
        return podman_machine.containers(self.machine)

    def only(self, prefix, suffix="-main"):
        """Of the one container whose pod begins so: its name, and what podman lists."""
        found = [(name, one) for name, one in self.containers().items() if name.startswith(prefix + "-") and name.endswith(suffix)]
        self.assertEqual(1, len(found), found)
        return found[0]

    def inspect(self, name, member):
        return self.machine.run("podman", "inspect", "--format", "{{" + member + "}}", name).stdout.strip()

    def life(self, name):
        """What changes when a container is restarted."""
        return self.inspect(name, ".Id") + self.inspect(name, ".State.StartedAt")

    def test_a_container_whose_liveness_probe_fails_is_restarted_alone(self):
        probe = {"exec": {"command": ["/bin/cat", "/alive"]}, "periodSeconds": 1, "failureThreshold": 2}
        lives = container(command=["/bin/sh", "-c", "echo yes > /alive; trap 'exit 0' TERM; while :; do /bin/sleep 0.2; done"], livenessProbe=probe)
        self.start({"a.yaml": pod("a", lives, container("other"))})
        probed, _ = self.only("a")
        other, _ = self.only("a", "-other")
        before, untouched = self.life(probed), self.life(other)
        self.machine.run("podman", "exec", probed, "/bin/busybox", "rm", "/alive")
        self.machine.wait_until("it is restarted", lambda: self.life(probed) != before and self.inspect(probed, ".State.Status") == "running")
        self.machine.wait_until("it is well again", lambda: self.json("show", "Pod/a")["objects"][0]["containers"][0].get("ready"))
        self.assertIn("fails its liveness probe: it ended with exit status 1: it is restarted", self.machine.journal("greenwaved.service"))
        self.sync()
        self.assertEqual(untouched, self.life(other))

    def test_services_lead_to_their_pods_from_within_the_agents_sandbox(self):
        serves = container(command=["/bin/sh", "-c", "/bin/busybox mkdir /www; echo hello > /www/index.html; exec /bin/httpd -f -p 8080 -h /www"])
        web = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
                          "spec": {"containers": [serves]}})  # fmt: skip
        self.start({"web.yaml": web, "client.yaml": pod("client")})
        self.city.commit({"service.yaml": manifest("v1", "Service", "site", spec={"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]})})
        self.sync()
        hosts = self.machine.run("podman", "exec", self.only("client")[0], "/bin/cat", "/etc/hosts").stdout
        address = next(line.split()[0] for line in hosts.splitlines() if "site.default.svc" in line)
        ask = f'exec 3<>/dev/tcp/{address}/80; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'
        pid = self.inspect(self.only("client")[0], ".State.Pid")
        inside = ["nsenter", f"--net=/proc/{pid}/ns/net", "bash", "-c", ask]
        self.machine.wait_until("it answers", lambda: "hello" in self.machine.run(*inside, check=False).stdout)

    def test_logs_are_in_the_journal_under_the_objects_name(self):
        talks = container(command=["/bin/sh", "-c", "echo group 4 is up; echo but late >&2; exec /bin/sleep 1000"])
        self.start({"web.yaml": deployment("web", talks, replicas=2)})

        def lines():
            said = self.machine.run("journalctl", "-o", "cat", "-t", "Deployment/web").stdout
            return sorted(line for line in said.splitlines() if line)  # conmon's own line ends stay in
        self.machine.wait_until("both pods' lines are there", lambda: lines() == ["but late"] * 2 + ["group 4 is up"] * 2)
        one = self.containers().popitem()[0]
        self.assertIn("group 4 is up", self.machine.run("journalctl", f"CONTAINER_NAME={one}").stdout)
        log = self.json("show", "Deployment/web")["objects"][0]["log"]
        self.assertEqual(4, len(log), log)

    def test_pods_outlive_the_agent_and_its_upgrade(self):
        self.start({"a.yaml": pod("a"), "web.yaml": deployment("web", replicas=2)})
        before = {name: self.life(name) for name in self.containers()}
        self.assertEqual(3, len(before))
        self.machine.run("systemctl", "stop", "greenwaved.service")
        self.assertEqual(before, {name: self.life(name) for name in self.containers()})
        # As a package's upgrade does: another file in the same place.
        self.machine.shell("cp /usr/sbin/greenwaved /usr/sbin/new; mv /usr/sbin/new /usr/sbin/greenwaved")
        self.machine.run("systemctl", "start", "greenwaved.service")
        self.sync()
        self.machine.run("systemctl", "restart", "podman.socket")
        self.sync()
        self.machine.run("systemctl", "restart", "greenwaved.service")
        self.sync()
        self.assertEqual(before, {name: self.life(name) for name in self.containers()})

    def test_after_a_power_cut_pods_come_back_without_their_repository(self):
        fails = container(command=["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do /bin/sleep 0.2; done"])
        self.start({
            "a.yaml": pod("a"),
            "b.yaml": pod("b", fails, restartPolicy="OnFailure"),
            "web.yaml": deployment("web"),
            "done.yaml": pod("done", container(command=["/bin/sh", "-c", "echo once"]), restartPolicy="OnFailure"),
        })
        self.machine.run("systemctl", "enable", "greenwaved.service")
        before = {name: one["Id"] for name, one in self.containers().items()}
        self.machine.wait_until("one has ended", lambda: self.only("done")[1]["State"] == "exited")
        self.city.bare.rename(self.city.bare.with_suffix(".away"))
        self.city.bare.mkdir()
        for _ in range(2):
            self.machine.cut_power()

            def are_up():
                return [one["State"] for name, one in self.containers().items() if not name.startswith("done-")] == ["running"] * 3
            self.machine.wait_until("they run again", are_up)
            self.assertEqual(before, {name: one["Id"] for name, one in self.containers().items()})
        said = self.machine.run("journalctl", "-b", "-t", "Pod/done", "-o", "cat").stdout
        self.assertEqual("", said.strip(), "what has ended well is not started again")
        self.machine.wait_until("nothing failed", lambda: self.machine.run("systemctl", "is-system-running", check=False).stdout.strip() == "running")


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    unittest.main()
