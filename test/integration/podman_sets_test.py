"""StatefulSets and claims under a real podman: who has which data, in which order pods come, and what stays."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import wait_until  # noqa: E402
from pods import SLEEP, config_map, container, manifest, pod, template  # noqa: E402


def named(kind, name, space, **members):
    """A manifest in a namespace; None: none is written."""
    document = json.loads(manifest({"Pod": "v1", "PersistentVolumeClaim": "v1", "ConfigMap": "v1"}[kind], kind, name, **members))
    if space is not None:
        document["metadata"]["namespace"] = space
    return json.dumps(document)


def claim(name, space=None):
    return named("PersistentVolumeClaim", name, space, spec={"accessModes": ["ReadWriteOnce"]})


def claimed_pod(name, space, script, claim_name="data"):
    mount = [{"name": "d", "mountPath": "/data"}]
    return named("Pod", name, space, spec={
        "containers": [container(command=["/bin/sh", "-c", f"{script}; {SLEEP[2]}"], volumeMounts=mount)],
        "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim_name}}]})


class Sets(podman.PodmanTest):
    def setUp(self):
        super().setUp()
        self.notes = self.directory / "device/notes"
        self.notes.mkdir(parents=True)

    def stateful_set(self, replicas, mark="one", script="", probe=None, **more):
        more_of_container = {"readinessProbe": probe} if probe else {}
        main = container(command=["/bin/sh", "-c", f"echo $NAME {mark} >> /data/log; echo $NAME {mark} >> /notes/log; {script} {SLEEP[2]}"],
                         env=[{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                              {"name": "INDEX", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['apps.kubernetes.io/pod-index']"}}}],
                         volumeMounts=[{"name": "data", "mountPath": "/data"}, {"name": "notes", "mountPath": "/notes"}], **more_of_container)
        spec = {"containers": [main], "volumes": [{"name": "notes", "hostPath": {"path": str(self.notes)}}]}
        return manifest("apps/v1", "StatefulSet", "db", spec={
            "serviceName": "db", "replicas": replicas, **template("db", spec), **more,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]})

    def log(self):
        file = self.notes / "log"
        return file.read_text().splitlines() if file.exists() else []

    def volume(self, name):
        return pathlib.Path(self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}", name))

    def volumes(self):
        return sorted(self.podman.podman("volume", "ls", "--quiet").split())

    def pods(self):
        """{its number: its container's name}"""
        return {name.removesuffix("-main").rsplit("-", 1)[1]: name for name in self.podman.containers()}

    def test_each_pod_has_its_name_and_its_claims_and_keeps_them(self):
        self.city.commit({"db.yaml": self.stateful_set(2)})
        device = self.device()
        device.once(check=0)
        self.assertEqual(["db-0 one", "db-1 one"], self.log())
        self.assertEqual(["data-db-0", "data-db-1"], self.volumes())
        self.assertEqual("db-1", self.podman.exec(self.pods()["1"], "/bin/busybox", "hostname"))
        self.assertIn("INDEX=1", self.podman.exec(self.pods()["1"], "/bin/env"))
        before = self.pods()
        device.once(check=0)
        self.assertEqual(before, self.pods())

        with self.subTest("an update goes from the last to the first, with the same data"):
            self.city.commit({"db.yaml": self.stateful_set(2, "two")})
            device.once(check=0)
            self.assertEqual(["db-1 two", "db-0 two"], self.log()[2:])
            self.assertEqual("db-0 one\ndb-0 two\n", (self.volume("data-db-0") / "log").read_text())
        with self.subTest("more of them come after the others, fewer leave their data"):
            self.city.commit({"db.yaml": self.stateful_set(3, "two")})
            device.once(check=0)
            self.assertEqual(["db-2 two"], self.log()[4:])
            self.city.commit({"db.yaml": self.stateful_set(1, "two")})
            device.once(check=0)
            self.assertEqual(["0"], list(self.pods()))
            self.assertEqual(["data-db-0", "data-db-1", "data-db-2"], self.volumes())
            self.city.commit({"db.yaml": self.stateful_set(2, "two")})
            device.once(check=0)
            self.assertEqual("db-1 one\ndb-1 two\ndb-1 two\n", (self.volume("data-db-1") / "log").read_text())
        with self.subTest("what is no longer declared leaves its data"):
            self.city.commit({"db.yaml": None})
            out = device.once("--allow-empty", check=0).stdout
            self.assertEqual({}, self.podman.containers())
            self.assertEqual(["data-db-0", "data-db-1", "data-db-2"], self.volumes())
            self.assertIn("volumes stay: data-db-0, data-db-1, data-db-2", out)

    def test_one_is_ready_before_the_next_one_starts(self):
        probe = {"exec": {"command": ["/bin/cat", "/notes/go"]}, "periodSeconds": 1}
        self.city.commit({"db.yaml": self.stateful_set(2, probe=probe), "other.yaml": pod("other")})
        device = self.device()
        device.start()
        device.sync()
        self.assertEqual(["db-0 one"], self.log())
        failed = {one["object"]: one["reason"] for one in device.json("status")["failed"]}
        self.assertRegex(failed["StatefulSet/db"], "the pod db-[0-9a-f]{10}-0 is not ready yet, and others follow it")
        self.assertEqual(2, len(self.podman.containers()), "the other object is there")
        (self.notes / "go").touch()
        wait_until(lambda: device.sync() and device.json("status")["lastResult"] == "in sync", "both are up")
        self.assertEqual(["db-0 one", "db-1 one"], self.log())

    def test_a_set_that_manages_its_pods_in_parallel_waits_for_none(self):
        probe = {"exec": {"command": ["/bin/cat", "/notes/go"]}, "periodSeconds": 1}
        self.city.commit({"db.yaml": self.stateful_set(3, probe=probe, podManagementPolicy="Parallel", ordinals={"start": 5})})
        self.device().start()
        wait_until(lambda: sorted(self.log()) == ["db-5 one", "db-6 one", "db-7 one"], "all run")

    def test_an_update_that_cannot_start_leaves_the_pod_that_runs(self):
        self.city.commit({"db.yaml": self.stateful_set(2)})
        device = self.device()
        device.once(check=0)
        bad = json.loads(self.stateful_set(2, "two"))
        bad["spec"]["template"]["spec"]["containers"][0]["command"] = ["/bin/nonesuch"]
        self.city.commit({"db.yaml": json.dumps(bad)})
        self.assertIn("nonesuch", device.once(check=1).stdout)
        self.assertEqual({"running"}, {one["State"] for one in self.podman.containers().values()})
        self.assertEqual(2, len(self.podman.containers()))


class Claims(podman.PodmanTest):
    volume = Sets.volume
    volumes = Sets.volumes

    def only(self, prefix):
        names = [name for name in self.podman.containers() if name.startswith(prefix + "-")]
        self.assertEqual(1, len(names), names)
        return names[0]

    def test_the_same_name_in_two_namespaces_is_two_volumes(self):
        self.city.commit({
            "a.yaml": claimed_pod("a", "red", "echo red > /data/who"), "ca.yaml": claim("data", "red"),
            "b.yaml": claimed_pod("b", "blue", "/bin/busybox touch /data/blue"), "cb.yaml": claim("data", "blue"),
            "c.yaml": claimed_pod("c", None, "/bin/busybox touch /data/none"), "cc.yaml": claim("data")})
        device = self.device()
        device.once(check=0)
        self.assertEqual(["blue_data", "data", "red_data"], self.volumes())
        for name, file in (("a", "who"), ("b", "blue"), ("c", "none")):
            wait_until(lambda: self.podman.exec(self.only(name), "/bin/ls", "/data") == file, "it has its own alone")

    def test_default_is_the_same_namespace_as_none(self):
        read = {"valueFrom": {"configMapKeyRef": {"name": "conf", "key": "port"}}}
        self.city.commit({
            "conf.yaml": config_map("conf", port="80"),
            "a.yaml": named("Pod", "a", "default", spec={"containers": [container(env=[{"name": "PORT", **read}])]}),
            "b.yaml": claimed_pod("b", "default", "/bin/busybox touch /data/b"), "c.yaml": claim("data")})
        device = self.device()
        device.once(check=0)
        self.assertEqual(["data"], self.volumes())
        self.assertIn("PORT=80", self.podman.exec(self.only("a"), "/bin/env"))
        self.city.commit({"again.yaml": pod("a")})
        self.assertIn("Pod/a", device.once(check=1).stdout)

        with self.subTest("and a namespace that is no longer written changes nothing else"):
            self.city.commit({"again.yaml": None, "b.yaml": claimed_pod("b", None, "/bin/busybox touch /data/b")})
            device.once(check=0)
            self.assertEqual("b", self.podman.exec(self.only("b"), "/bin/ls", "/data"))
            device.once(check=0)
            self.assertEqual(2, len(self.podman.containers()))

    def old_volume(self, space, *pods):
        """What earlier versions made of a claim in a namespace, and pods that use it."""
        self.podman.podman("volume", "create", "--label", f"dev.greenwave/object=v1/PersistentVolumeClaim/{space}/data", "data")
        for name, of in pods:
            self.podman.podman("pod", "create", "--name", f"{name}-0000000000")
            self.podman.podman(
                "create", "--pod", f"{name}-0000000000", "--name", f"{name}-0000000000-main",
                "--label", f"dev.greenwave/object=v1/Pod/{of}/{name}", "--label", "dev.greenwave/digest=0000000000",
                "--label", "dev.greenwave/restart=Always", "-v", "data:/data", "localhost/busy:1", *SLEEP)
            self.podman.podman("pod", "start", f"{name}-0000000000")

    def test_data_of_earlier_versions_comes_along(self):
        self.old_volume("red", ("a", "red"))
        old = self.volume("data")
        (old / "deep").mkdir()
        (old / "deep/file").write_text("kept")
        self.city.commit({"a.yaml": claimed_pod("a", "red", "true"), "c.yaml": claim("data", "red")})
        device = self.device()
        device.once(check=0)
        self.assertEqual("kept", self.podman.exec(self.only("a"), "/bin/cat", "/data/deep/file"))
        self.assertEqual(["red_data"], self.volumes())
        self.assertEqual(1, len(self.podman.containers()))

    def test_data_that_two_namespaces_shared_comes_along_with_both(self):
        self.old_volume("red", ("a", "red"), ("b", "blue"))
        old = self.volume("data")
        (old / "file").write_text("kept")
        self.city.commit({
            "a.yaml": claimed_pod("a", "red", "echo a > /data/a"), "ca.yaml": claim("data", "red"),
            "b.yaml": claimed_pod("b", "blue", "echo b > /data/b")})
        device = self.device()
        device.once(check=0)
        for name in "ab":
            wait_until(lambda: self.podman.exec(self.only(name), "/bin/ls", "/data").split() == [name, "file"], "it has both")
            self.assertEqual("kept", self.podman.exec(self.only(name), "/bin/cat", "/data/file"))


if __name__ == "__main__":
    podman.main()
