"""Workloads under a real podman: what a device does with a city's Kubernetes manifests where no Kubernetes is."""

import base64
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import City, Scratch, wait_until  # noqa: E402

SLEEP = ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do /bin/sleep 0.2; done"]


def manifest(api, kind, name, **members):
    """A manifest as text; JSON is YAML too."""
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name}, **members})


def container(name="main", image="localhost/busy:1", command=SLEEP, **more):
    return {"name": name, "image": image, "command": command, "imagePullPolicy": "IfNotPresent", **more}


def pod(name, *containers, **spec):
    return manifest("v1", "Pod", name, spec={"containers": list(containers) or [container()], **spec})


def config_map(name, **data):
    return manifest("v1", "ConfigMap", name, data=data)


class Workloads(unittest.TestCase):
    def setUp(self):
        scratch = Scratch()
        self.directory = self.enterContext(scratch)
        self.podman = self.enterContext(podman.Podman(self.directory / "podman"))
        self.podman.make_image("localhost/busy:1", "one\n")
        self.city = City(self.directory)

    def device(self, **options):
        made = podman.PodmanDevice(self.directory / "device", self.city.url, self.podman, **options)
        return self.enterContext(made)

    def ids(self):
        return {name: container["Id"] for name, container in self.podman.containers().items()}

    def only(self, prefix):
        """The name of the one container whose pod begins so."""
        names = [name for name in self.podman.containers() if name.startswith(prefix + "-")]
        self.assertEqual(1, len(names), names)
        return names[0]

    def read(self, container, path):
        return self.podman.podman("exec", container, "/bin/cat", path)

    def test_first_sync_then_nothing_then_one_config_map(self):
        mount = [{"name": "conf", "mountPath": "/conf"}]
        volume = [{"name": "conf", "configMap": {"name": "a"}}]
        self.city.commit({
            "a.yaml": config_map("a", **{"port": "1", "motd": "hello\n"}),
            "b.yaml": config_map("b", port="2"),
            "pod-a.yaml": pod("a", container(volumeMounts=mount), volumes=volume),
            "pod-b.yaml": pod("b", container(env=[
                {"name": "PORT", "valueFrom": {"configMapKeyRef": {"name": "b", "key": "port"}}}])),
        })
        device = self.device()
        device.once(check=0)
        self.assertEqual("hello", self.read(self.only("a"), "/conf/motd"))
        self.assertIn("PORT=2", self.podman.podman("exec", self.only("b"), "/bin/env"))
        before = self.ids()

        device.once(check=0)
        self.assertEqual(before, self.ids())

        self.city.commit({"a.yaml": config_map("a", **{"port": "1", "motd": "good evening\n"})})
        out = device.once(check=0).stdout
        self.assertIn("restart for ConfigMap/a", out)
        self.assertEqual("good evening", self.read(self.only("a"), "/conf/motd"))
        after = self.ids()
        self.assertEqual(before[self.only("b")], after[self.only("b")], "the other pod keeps running")
        self.assertNotIn(before[[name for name in before if name.startswith("a-")][0]], after.values())
        volumes = self.podman.podman("volume", "ls", "--quiet").split()
        self.assertEqual(1, len(volumes), volumes)

    def test_drift_is_repaired_and_what_is_no_longer_declared_goes(self):
        self.city.commit({"a.yaml": pod("a"), "b.yaml": pod("b")})
        self.podman.podman("run", "-d", "--name", "mine", "localhost/busy:1", "/bin/sleep", "1000")
        device = self.device()
        device.once(check=0)
        before = self.ids()
        self.podman.podman("stop", "--time", "1", self.only("a"))
        self.podman.podman("pod", "rm", "--force", "--time", "1", self.only("b").removesuffix("-main"))
        out = device.once(check=0).stdout
        self.assertIn("repair Pod/a", out)
        self.assertIn("repair Pod/b", out)
        containers = self.podman.containers()
        self.assertEqual({"running"}, {container["State"] for container in containers.values()})
        self.assertEqual(before[self.only("a")], self.ids()[self.only("a")], "a stopped one is only started")

        self.city.commit({"b.yaml": None})
        device.once(check=0)
        self.assertEqual([self.only("a")], list(self.podman.containers()))
        self.assertIn("mine", self.podman.podman("ps", "--format", "{{.Names}}"))

    def test_a_bad_image_or_command_keeps_the_old_pod(self):
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        device.once(check=0)
        before = self.ids()
        self.city.commit({"a.yaml": pod("a", container(image="localhost:1/nowhere:2"))})
        out = device.once(check=1).stdout
        self.assertIn("cannot pull localhost:1/nowhere:2", out)
        self.assertEqual(before, self.ids())
        self.city.commit({"a.yaml": pod("a", container(command=["/bin/nonesuch"]))})
        out = device.once(check=1).stdout
        self.assertIn("nonesuch", out)
        self.assertEqual(before, self.ids())
        self.assertEqual("running", self.podman.containers()[self.only("a")]["State"])

    def test_secrets_reach_their_pod_alone(self):
        token = base64.b64encode(b"\x00hush\xff").decode()
        self.city.commit({
            "s.yaml": manifest("v1", "Secret", "s", data={"token": token}, stringData={"word": "sesame"}),
            "a.yaml": pod("a", container(
                env=[{"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "word"}}}],
                volumeMounts=[{"name": "s", "mountPath": "/s"}]),
                volumes=[{"name": "s", "secret": {"secretName": "s", "items": [{"key": "token", "path": "t"}]}}]),
        })
        device = self.device()
        out = device.once(check=0).stdout
        self.assertNotIn("sesame", out)
        self.assertIn("WORD=sesame", self.podman.podman("exec", self.only("a"), "/bin/env"))
        self.assertEqual("t", self.podman.podman("exec", self.only("a"), "/bin/ls", "/s"))
        place = self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}",
                                   self.podman.podman("volume", "ls", "--quiet"))
        self.assertEqual(b"\x00hush\xff", (pathlib.Path(place) / "t").read_bytes())
        for file in device.state.rglob("*"):
            if file.is_file() and "git" not in file.parts:
                self.assertNotIn(b"sesame", file.read_bytes())
        self.assertEqual("", self.podman.podman("secret", "ls", "--quiet"))

    def test_deployments_jobs_and_claims(self):
        def deployment(replicas):
            return manifest("apps/v1", "Deployment", "web", spec={
                "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()]}}})
        mount = [{"name": "d", "mountPath": "/data"}]
        claim = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
        job = {"restartPolicy": "Never", "volumes": claim, "containers": [
            container(command=["/bin/sh", "-c", "echo ran >> /data/log"], volumeMounts=mount)]}
        self.city.commit({
            "web.yaml": deployment(2),
            "claim.yaml": manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]}),
            "job.yaml": manifest("batch/v1", "Job", "migrate", spec={"template": {"spec": job}}),
            "watch.yaml": manifest("apps/v1", "DaemonSet", "watch", spec={
                "template": {"spec": {"containers": [container()]}}}),
            "service.yaml": manifest("v1", "Service", "web", spec={"ports": [{"port": 80}]}),
        })
        device = self.device()
        out = device.once(check=0).stdout
        self.assertIn("Service/web cannot run here", out)
        self.assertIn("service.yaml", out)
        names = sorted(self.podman.containers())
        self.assertEqual(["migrate", "watch", "web", "web"], [name.split("-")[0] for name in names])
        before = self.ids()
        place = pathlib.Path(self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}", "data"))
        wait_until(lambda: (place / "log").exists(), "the job wrote its line")

        device.once(check=0)
        self.assertEqual(before, self.ids())
        self.city.commit({"web.yaml": deployment(3)})
        device.once(check=0)
        self.assertEqual(before, {name: id for name, id in self.ids().items() if name in before})
        self.assertEqual(5, len(self.ids()))
        self.city.commit({"web.yaml": deployment(1), "claim.yaml": None, "job.yaml": None})
        out = device.once(check=0).stdout
        self.assertIn("the volume data stays", out)
        self.assertEqual(2, len(self.ids()))
        self.assertEqual("ran\n", (place / "log").read_text())

    def test_after_a_power_cut_pods_run_before_anything_is_polled(self):
        self.city.commit({"a.yaml": pod("a"), "b.yaml": pod("b")})
        device = self.device()
        device.once(check=0)
        before = self.ids()
        self.podman.cut_power()
        self.podman.start_service()
        self.city.bare.rename(self.city.bare.with_suffix(".away"))
        device.start()
        wait_until(lambda: [c["State"] for c in self.podman.containers().values()] == ["running"] * 2,
                   "both pods run")
        self.assertEqual(before, self.ids())

    def test_a_service_that_goes_away_and_comes_back(self):
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        device.once(check=0)
        before = self.ids()
        self.podman.stop_service()
        self.city.commit({"b.yaml": pod("b")})
        out = device.once(check=1).stdout
        self.assertIn("podman does not answer", out)
        self.assertIn("podman.socket", out)
        self.podman.start_service()
        device.once(check=0)
        self.assertEqual(before[self.only("a")], self.ids()[self.only("a")])
        self.only("b")


if __name__ == "__main__":
    if podman.why_not():
        print(f"SKIPPED: {podman.why_not()}")
        sys.exit(77)
    unittest.main()
