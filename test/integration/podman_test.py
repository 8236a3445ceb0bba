"""Workloads under a real podman: what a device without Kubernetes does with a city's Kubernetes manifests."""

import base64
import json
import os
import pathlib
import socket
import socketserver
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import wait_until  # noqa: E402
from pods import config_map, container, deployment, manifest, pod, template  # noqa: E402


def listening_ports():
    """The TCP ports of this host that somebody listens on."""
    lines = [line.split() for name in ("tcp", "tcp6")
             for line in pathlib.Path("/proc/net", name).read_text().splitlines()[1:]]
    return {int(fields[1].rsplit(":", 1)[1], 16) for fields in lines if fields[3] == "0A"}


class Workloads(podman.PodmanTest):
    def ids(self):
        return {name: container["Id"] for name, container in self.podman.containers().items()}

    def shown(self, device, name):
        """What `greenwave show` says of an object's first container; empty while there is none."""
        for known in device.json("show", name).get("objects", []):
            return (known.get("containers") or [{}])[0]
        return {}

    def only(self, prefix):
        """The name of the one container whose pod begins so."""
        names = [name for name in self.podman.containers() if name.startswith(prefix + "-")]
        self.assertEqual(1, len(names), names)
        return names[0]

    def read(self, container, path):
        return self.podman.exec(container, "/bin/cat", path)

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
        self.assertIn("PORT=2", self.podman.exec(self.only("b"), "/bin/env"))
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
        self.assertEqual(1, len(list((device.state / "pods").iterdir())), "the old pod's volumes are gone")

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
        self.assertIn("WORD=sesame", self.podman.exec(self.only("a"), "/bin/env"))
        self.assertEqual("t", self.podman.exec(self.only("a"), "/bin/ls", "/s"))
        pods = device.state / "pods"
        self.assertEqual(0o700, pods.stat().st_mode & 0o777)
        self.assertEqual([b"\x00hush\xff"], [file.read_bytes() for file in pods.rglob("t")])
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
            "watch.yaml": manifest("apps/v1", "DaemonSet", "watch", spec=template("watch", {"containers": [container()]})),
            "ingress.yaml": manifest("networking.k8s.io/v1", "Ingress", "web", spec={"rules": []}),
        })
        device = self.device()
        out = device.once(check=1).stdout
        self.assertIn("Ingress/web cannot run here", out)
        self.assertIn("ingress.yaml", out)
        names = sorted(self.podman.containers())
        self.assertEqual(["migrate", "watch", "web", "web"], [name.split("-")[0] for name in names])
        before = self.ids()
        place = pathlib.Path(self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}", "data"))
        wait_until(lambda: (place / "log").exists(), "the job wrote its line")

        device.once(check=1)
        self.assertEqual(before, self.ids())
        self.city.commit({"web.yaml": deployment(3)})
        device.once(check=1)
        self.assertEqual(before, {name: id for name, id in self.ids().items() if name in before})
        self.assertEqual(5, len(self.ids()))
        self.city.commit({"web.yaml": deployment(1), "claim.yaml": None, "job.yaml": None})
        out = device.once(check=1).stdout
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
        self.assertIn("podman does not answer", " ".join(device.cli("doctor").stdout.split()))
        self.podman.start_service()
        device.once(check=0)
        self.assertRegex(" ".join(device.cli("doctor").stdout.split()), "ok podman answers on .*, runs [1-9]")
        self.assertEqual(before[self.only("a")], self.ids()[self.only("a")])
        self.only("b")

    def test_an_archive_serves_a_device_without_a_registry(self):
        self.podman.make_image("localhost:1/city/spat:2", "from the archive\n")
        device = self.device()
        images = device.directory / "images"
        images.mkdir()
        self.podman.podman("save", "--quiet", "-o", images / "localhost_1_city_spat_2.tar", "localhost:1/city/spat:2")
        self.podman.podman("rmi", "localhost:1/city/spat:2")
        self.city.commit({"a.yaml": pod("a", container(image="localhost:1/city/spat:2"))})
        device.once(check=0)
        self.assertEqual("from the archive", self.read(self.only("a"), "/version"))

    def test_show_reports_how_a_pod_does(self):
        talks = container(command=["/bin/sh", "-c", "echo signal group 4 is up; exec /bin/sleep 1000"],
                          ports=[{"containerPort": 80, "hostPort": free_port()}])
        self.city.commit({"a.yaml": pod("a", talks)})
        device = self.device()
        device.start()
        wait_until(lambda: self.podman.containers(), "the pod is there")
        wait_until(lambda: "in sync" in device.cli("show", "Pod/a").stdout, "it is in sync")
        shown = device.json("show", "Pod/a")["objects"][0]
        self.assertEqual("running", shown["containers"][0]["state"])
        self.assertEqual(0, shown["containers"][0]["restarts"])
        self.assertTrue(shown["containers"][0]["digest"].startswith("sha256:"))
        self.assertIn("→80/tcp", shown["containers"][0]["ports"])
        self.assertEqual(["signal group 4 is up"], shown["log"])
        self.assertIn("signal group 4 is up", device.cli("show", "Pod/a", check=0).stdout)

    def test_what_a_container_may_have_of_the_host(self):
        limits = {"limits": {"memory": "64Mi", "cpu": "500m"}}
        (self.directory / "device/data").mkdir(parents=True)
        shared = {"name": "data", "hostPath": {"path": str(self.directory / "device/data")}}
        mount = {"name": "data", "mountPath": "/data"}
        self.city.commit({
            "lean.yaml": pod("lean", container(resources=limits)),
            "near.yaml": pod("near", container(volumeMounts=[mount]), hostNetwork=True, volumes=[shared]),
            "far.yaml": pod("far", container(volumeMounts=[mount]), volumes=[{"name": "data", "hostPath": {"path": "/etc"}}]),
            "mighty.yaml": pod("mighty", container(securityContext={"privileged": True})),
        })
        device = self.device(settings=", allowHostNetwork: true")
        refused = device.once(check=1).stdout
        self.assertRegex(refused, r"far\.yaml:1:\d+: error: spec\.volumes\[0\]\.hostPath\.path: the host's path /etc is not allowed")
        self.assertRegex(refused, r"mighty\.yaml:1:\d+: error: spec\.containers\[0\]\.securityContext\.privileged: true is beyond")
        about = json.loads(self.podman.podman("inspect", self.only("lean")))[0]["HostConfig"]
        self.assertEqual((64 << 20, 50_000), (about["Memory"], about["CpuQuota"]))
        self.podman.exec(self.only("near"), "/bin/sh", "-c", "echo here > /data/word")
        self.assertEqual("here\n", (self.directory / "device/data/word").read_text())
        network = self.podman.exec(self.only("near"), "/bin/busybox", "readlink", "/proc/self/ns/net")
        self.assertEqual(os.readlink("/proc/self/ns/net"), network)
        self.assertEqual(["lean", "near"], sorted({name.split("-")[0] for name in self.podman.containers()}))

    def with_host_path(self, path, name="a", **mount):
        """A pod that sees a path of the device at /data."""
        mounted = container(volumeMounts=[{"name": "data", "mountPath": "/data", **mount}])
        return pod(name, mounted, volumes=[{"name": "data", "hostPath": {"path": str(path)}}])

    def state_of(self, name):
        return self.podman.containers()[self.only(name)]["State"]

    def test_a_host_path_that_becomes_a_link_is_not_followed_at_the_next_start(self):
        data = self.directory / "device/data"
        data.mkdir(parents=True)
        away = self.directory / "device/away"
        self.city.commit({"a.yaml": self.with_host_path(data)})
        device = self.device()
        device.once(check=0)
        before = self.ids()

        with self.subTest("one that runs is stopped, although podman would restart it by itself"):
            data.rename(away)
            data.symlink_to("/")
            out = device.once(check=1).stdout
            self.assertIn(f"the host's path {data} leads to /, which is not allowed on this device", out)
            self.assertNotEqual("running", self.state_of("a"))
        with self.subTest("a stopped one is not started"):
            out = device.once(check=1).stdout
            self.assertIn("leads to /, which is not allowed", out)
            self.assertNotEqual("running", self.state_of("a"))
        with self.subTest("nor after a power cut"):
            self.podman.cut_power()
            self.podman.start_service()
            device.start()
            wait_until(lambda: "leads to /" in device.log.read_text(), "the daemon says why")
            device.stop()
            self.assertNotEqual("running", self.state_of("a"))
        with self.subTest("when the directory is back, the same pod runs again"):
            data.unlink()
            away.rename(data)
            device.once(check=0)
            self.assertEqual((before, "running"), (self.ids(), self.state_of("a")))

    def test_a_host_path_that_a_local_user_could_swap_is_refused(self):
        home = self.directory / "device/home"
        (home / "data").mkdir(parents=True)
        os.chown(home, 65534, 65534)
        os.chown(home / "data", 65534, 65534)
        self.city.commit({"a.yaml": self.with_host_path(home / "data"),
                          "b.yaml": self.with_host_path(home, "b", readOnly=True)})
        device = self.device()
        out = device.once(check=1).stdout
        self.assertIn("belongs to user 65534, who could put a link in the place of data", out)
        self.assertIn(f"mount {home} itself, or let root own it", out)
        self.assertEqual("running", self.state_of("b"))
        self.assertEqual([self.only("b")], list(self.podman.containers()))
        os.chown(home, 0, 0)
        wait_until(lambda: device.once().returncode == 0, "both are healthy")
        self.assertEqual("running", self.state_of("a"))

    def test_a_host_path_in_what_another_pod_may_write_to_is_refused_by_lint_and_device(self):
        data = self.directory / "device/data"
        (data / "sub").mkdir(parents=True)
        self.city.commit({"a.yaml": self.with_host_path(data), "b.yaml": self.with_host_path(data / "sub", "b")})
        device = self.device()
        said = f"Pod/b mounts {data}/sub, in whose place a container of Pod/a could put a link"
        self.assertIn(said, device.once(check=1).stdout)
        self.assertEqual([self.only("a")], list(self.podman.containers()))
        lint = device.cli("lint", self.city.work, "--allow", self.directory / "device", "--label", "runtime=podman", check=1).stdout
        self.assertIn(said, " ".join(lint.split()))
        self.city.commit({"a.yaml": self.with_host_path(data, readOnly=True)})
        device.once(check=0)
        self.assertEqual("running", self.state_of("b"))

    def test_a_port_moves_with_its_deployment_and_init_containers_come_first(self):
        port = {"containerPort": 80, "hostPort": free_port()}
        first = container("first", command=["/bin/sh", "-c", "exit 0"])
        web = container(ports=[port])
        device = self.device()
        for name in ("web", "signals"):
            self.city.commit({"web.yaml": deployment(name, web, initContainers=[first])}, "Another name")
            said = device.once(check=0).stdout
            running = [one for one in self.podman.containers() if one.endswith("-main")]
            self.assertEqual([name], [one.rsplit("-", 3)[0] for one in running], said)
            self.assertNotIn(f"Deployment/{name}", device.once(check=0).stdout, "nothing is to be done")

    def test_only_a_host_port_can_be_reached_from_outside(self):
        inside = container(ports=[{"name": "http", "containerPort": 8080}])
        published = free_port()
        self.city.commit({
            "web.yaml": deployment("web", inside, replicas=3),
            "signals.yaml": deployment("signals", inside),
            "open.yaml": pod("open", container(ports=[{"containerPort": 8080, "hostPort": published}])),
        })
        before = listening_ports()
        self.device().once(check=0)
        running = [name for name, about in self.podman.containers().items() if about["State"] == "running"]
        self.assertEqual(5, len([name for name in running if name.endswith("-main")]))
        ports = [port for one in self.podman.containers().values() for port in one["Ports"] or []]
        self.assertEqual({published}, {port["host_port"] for port in ports})
        self.assertEqual({published}, {8080, published} & (listening_ports() - before))

    def test_what_a_person_runs_from_our_image_is_theirs_and_a_paused_pod_goes_on(self):
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        device.once(check=0)
        name = self.only("a")
        self.podman.podman("commit", name, "localhost/debug:1")
        self.podman.podman("run", "-d", "--name", "debug", "localhost/debug:1", "/bin/sleep", "1000")
        self.assertNotIn("Pod/a", device.once(check=0).stdout)
        self.podman.podman("pause", name)
        self.assertIn("Pod/a", device.once(check=0).stdout)
        self.assertEqual("running", self.podman.podman("inspect", "--format", "{{.State.Status}}", name))
        self.city.commit({"a.yaml": None})
        device.once("--allow-empty", check=0)
        self.assertEqual("debug", self.podman.podman("ps", "--format", "{{.Names}}"))

    def test_a_job_that_was_tidied_up_does_not_run_again(self):
        job = {"template": {"spec": {"restartPolicy": "Never", "containers": [container(command=["/bin/true"])]}}}
        self.city.commit({"j.yaml": manifest("batch/v1", "Job", "j", spec=job)})
        device = self.device()
        device.once(check=0)
        self.podman.podman("pod", "rm", "--force", "--all")
        self.city.commit({"j.yaml": manifest("batch/v1", "Job", "j", spec={**job, "ttlSecondsAfterFinished": 5})})
        device.once(check=0)
        self.assertEqual({}, self.podman.containers())

    def test_a_pod_is_healthy_when_it_is_ready_and_shows_why_it_is_not(self):
        serve = ["/bin/sh", "-c", "/bin/busybox mkdir /www; exec /bin/httpd -f -p 8080 -h /www"]
        probe = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1}
        web = container(command=serve, ports=[{"name": "http", "containerPort": 8080}], readinessProbe=probe)
        self.city.commit({"a.yaml": pod("a", web)})
        device = self.device()
        device.start()

        def shown():
            return self.shown(device, "Pod/a")
        wait_until(lambda: "status 404" in shown().get("unready", ""), "the pod is asked")
        self.assertIn("fails its readiness probe: it answers with status 404", " ".join(device.cli("show", "Pod/a").stdout.split()))
        self.assertFalse(shown()["ready"])
        self.assertNotEqual("in sync", device.json("status")["lastResult"])
        life = self.ids()
        self.podman.exec(self.only("a"), "/bin/sh", "-c", "echo yes > /www/ready")
        wait_until(lambda: device.json("status")["lastResult"] == "in sync", "the commit counts as healthy")
        self.assertTrue(shown()["ready"])
        self.assertEqual(life, self.ids(), "a pod that is not ready is not restarted")

    def test_a_commit_whose_pod_never_gets_ready_is_taken_back(self):
        def closed(port):
            written = json.loads(pod("a", container(readinessProbe={"tcpSocket": {"port": port}, "periodSeconds": 1}) if port else container()))
            written["metadata"]["annotations"] = {"greenwave.dev/healthy-within": "4s"}
            return json.dumps(written)
        self.city.commit({"a.yaml": closed(0)})
        device = self.device()
        device.once(check=0)
        first = self.only("a")
        self.city.commit({"a.yaml": closed(81)})
        self.assertIn("fails its readiness probe", device.once(check=1).stdout)
        self.assertEqual(first, self.only("a"))

    def test_a_slow_start_is_waited_for_and_a_command_that_hangs_is_not_a_success(self):
        starts = {"exec": {"command": ["/bin/cat", "/up"]}, "periodSeconds": 1, "failureThreshold": 60}
        ready = {"exec": {"command": ["/bin/sh", "-c", "[ -e /go ] || exec /bin/sleep 4"]}, "periodSeconds": 1}
        slow = container(
            command=["/bin/sh", "-c", "/bin/sleep 3; echo yes > /up; exec /bin/sleep 1000"], startupProbe=starts,
            livenessProbe={"exec": {"command": ["/bin/cat", "/up"]}, "periodSeconds": 1, "failureThreshold": 1},
            readinessProbe=ready)
        self.city.commit({"a.yaml": pod("a", slow)})
        device = self.device()
        device.start()

        def unready():
            return self.shown(device, "Pod/a").get("unready", "")
        wait_until(lambda: "startup probe" in unready(), "it waits for the start")
        life = self.ids()
        wait_until(lambda: "did not end within 1s" in unready() or "has not ended yet" in unready(), "the command hangs")
        self.podman.exec(self.only("a"), "/bin/sh", "-c", "echo yes > /go")
        wait_until(lambda: device.json("status")["lastResult"] == "in sync", "it is ready")
        self.assertEqual(life, self.ids())
        self.assertEqual("0", self.podman.podman("inspect", "--format", "{{.RestartCount}}", self.only("a")))

    def test_a_container_that_fails_its_liveness_probe_is_restarted_where_no_shell_is_needed(self):
        serve = ["/bin/sh", "-c", "/bin/busybox mkdir -p /www; echo yes > /www/alive; exec /bin/httpd -f -p 8080 -h /www"]
        probe = {"httpGet": {"path": "/alive", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2}
        self.city.commit({"a.yaml": pod("a", container(command=serve, livenessProbe=probe))})
        device = self.device()
        device.start()
        wait_until(lambda: device.json("status").get("lastResult") == "in sync", "it is healthy")
        before = self.podman.containers()[self.only("a")]
        self.podman.exec(self.only("a"), "/bin/busybox", "rm", "/www/alive")
        wait_until(lambda: self.podman.containers()[self.only("a")]["StartedAt"] > before["StartedAt"], "it is started anew")
        wait_until(lambda: self.shown(device, "Pod/a").get("ready"), "it is well")
        self.assertEqual(before["Id"], self.podman.containers()[self.only("a")]["Id"])
        self.assertIn("fails its liveness probe: it answers with status 404: it is restarted", device.log.read_text())

    def test_an_old_podman_is_refused_by_its_version(self):
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        self.podman.stop_service()
        with OldPodman(self.podman.socket, "3.4.4"):
            out = device.once(check=1).stdout
        self.assertIn("podman 3.4.4 is too old", out)
        self.assertIn("4.0 or newer", out)

    def test_a_container_that_cannot_run_is_stopped_for_a_while(self):
        broken = json.loads(pod("a", container(command=["/bin/false"])))
        broken["metadata"]["annotations"] = {"greenwave.dev/healthy-within": "1s"}
        self.city.commit({"a.yaml": json.dumps(broken), "b.yaml": pod("b")})
        device = self.device()
        device.start()

        def is_held():
            device.sync()
            return any("stays stopped for 30s between tries" in failed["reason"] for failed in device.json("status")["failed"])
        wait_until(is_held, "the pod is held back")
        states = {name[0]: listed["State"] for name, listed in self.podman.containers().items()}
        self.assertIn(states.pop("a"), ("stopped", "exited"))
        self.assertEqual({"b": "running"}, states)
        device.sync()
        self.assertIn(self.podman.containers()[self.only("a")]["State"], ("stopped", "exited"))


class OldPodman:
    """Answers everything as a podman of another version would, on a unix socket."""

    def __init__(self, path, version):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while (line := self.rfile.readline()).strip():
                    pass
                answer = b'{"cause":"not found","message":"Not Found","response":404}'
                self.wfile.write(
                    f"HTTP/1.1 404 Not Found\r\nLibpod-Api-Version: {version}\r\nConnection: close\r\n"
                    f"Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
        self.server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self.path = path

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.path.unlink()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    podman.main()
