"""How pods live under a real podman: how they come up, end, make way for each other, and what Jobs come to."""

import json
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import wait_until  # noqa: E402
from pods import SLEEP, container, deployment, manifest, pod, template  # noqa: E402


def shell(script, name="main", **more):
    return container(name, command=["/bin/sh", "-c", script], **more)


class Lives(podman.PodmanTest):
    """Pods write what they do, a line each, to a directory of the host that all may see."""

    def setUp(self):
        super().setUp()
        self.notes = self.directory / "device/notes"
        self.notes.mkdir(parents=True)

    def noting(self, *containers, **spec):
        """A pod spec whose containers have the notes at /notes."""
        for one in (*containers, *spec.get("initContainers", [])):
            one.setdefault("volumeMounts", []).append({"name": "notes", "mountPath": "/notes"})
        volumes = [{"name": "notes", "hostPath": {"path": str(self.notes)}}, *spec.pop("volumes", [])]
        return {"containers": list(containers), "volumes": volumes, **spec}

    def noting_pod(self, name, *containers, **spec):
        return manifest("v1", "Pod", name, spec=self.noting(*containers, **spec))

    def lines(self, name="log"):
        file = self.notes / name
        return file.read_text().split() if file.exists() else []

    def states(self):
        """{container without the digest: its state}"""
        found = {}
        for name, one in self.podman.containers().items():
            words = name.split("-")
            digest = next(i for i, word in enumerate(words) if len(word) == 10 and i > 0)
            found["-".join(words[:digest] + words[digest + 1:])] = one["State"]
        return found

    def failed(self, device):
        return {one["object"]: one["reason"] for one in device.json("status").get("failed", [])}


class InitContainers(Lives):
    def in_order(self, *names):
        return [shell(f"echo {name} >> /notes/log", name) for name in names]

    def test_each_runs_once_a_start_in_order_before_the_rest(self):
        self.city.commit({"a.yaml": self.noting_pod(
            "a", shell(f"echo main >> /notes/log; {SLEEP[2]}"), initContainers=self.in_order("one", "two", "three"))})
        device = self.device()
        began = time.monotonic()
        device.once(check=0)
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(["one", "two", "three", "main"], self.lines())
        device.once(check=0)
        self.assertEqual(["one", "two", "three", "main"], self.lines())

        with self.subTest("again after a power cut, before anything is polled"):
            self.podman.cut_power()
            self.podman.start_service()
            self.city.bare.rename(self.city.bare.with_suffix(".away"))
            device.start()
            wait_until(lambda: len(self.lines()) == 8, "the pod is up again")
            self.assertEqual(["one", "two", "three", "main"], self.lines()[4:])
            device.stop()
            self.city.bare.with_suffix(".away").rename(self.city.bare)
        with self.subTest("again after the pod was stopped"):
            name = next(name for name in self.podman.containers() if name.endswith("-main"))
            self.podman.podman("pod", "stop", "--time", "1", name.removesuffix("-main"))
            device.once(check=0)
            self.assertEqual(["one", "two", "three", "main"], self.lines()[8:])
        with self.subTest("not where a container alone fails"):
            os.kill(self.podman.get(f"/containers/{name}/json")["State"]["Pid"], signal.SIGKILL)
            wait_until(lambda: len(self.lines()) == 13, "podman has restarted it")
            device.once(check=0)
            self.assertEqual(["main"], self.lines()[12:])

    def test_one_that_waits_holds_up_its_pod_alone(self):
        waits = shell("until [ -e /notes/go ]; do /bin/sleep 0.2; done; echo waited >> /notes/log", "waits")
        self.city.commit({
            "a.yaml": self.noting_pod("a", shell(f"echo main >> /notes/log; {SLEEP[2]}"), initContainers=[waits]),
            "b.yaml": pod("b")})
        device = self.device()
        device.start()
        began = time.monotonic()
        device.sync()
        device.sync()
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual({"a-main": "created", "a-waits": "running", "b-main": "running"}, self.states())
        self.assertIn("waiting for init container waits", self.failed(device)["Pod/a"])
        (self.notes / "go").touch()
        wait_until(lambda: self.lines() == ["waited", "main"], "it goes on without a sync")
        wait_until(lambda: device.sync() and device.json("status")["lastResult"] == "in sync", "the commit is kept")
        self.assertEqual(["waited", "main"], self.lines())

    def test_one_that_waits_is_taken_up_by_the_next_agent(self):
        waits = shell("echo began >> /notes/log; until [ -e /notes/go ]; do /bin/sleep 0.2; done", "waits")
        self.city.commit({"a.yaml": self.noting_pod(
            "a", shell(f"echo main >> /notes/log; {SLEEP[2]}"), initContainers=[*self.in_order("first"), waits])})
        device = self.device()
        device.start()
        wait_until(lambda: self.lines() == ["first", "began"], "it waits")
        device.stop()
        device.start()
        device.sync()
        (self.notes / "go").touch()
        wait_until(lambda: "main" in self.lines(), "the pod is up")
        self.assertEqual(["first", "began", "main"], self.lines())

    def test_one_that_fails_is_started_again_after_a_pause(self):
        fails = shell("echo try >> /notes/log; [ -e /notes/go ] || exit 3", "fails")
        self.city.commit({"a.yaml": self.noting_pod("a", shell(SLEEP[2]), initContainers=[fails])})
        device = self.device()
        device.start()
        device.sync()
        self.assertRegex(self.failed(device)["Pod/a"], r"init container fails ended with exit status 3; it is started again in \d+s")
        self.assertEqual(["try"], self.lines())
        (self.notes / "go").touch()
        wait_until(lambda: self.states() == {"a-main": "running", "a-fails": "exited"}, "the second try is good")
        self.assertEqual(["try", "try"], self.lines())

    def test_one_that_fails_for_good_fails_its_pod(self):
        fails = shell("echo try >> /notes/log; exit 3", "fails")
        self.city.commit({"a.yaml": self.noting_pod("a", shell(SLEEP[2]), initContainers=[fails], restartPolicy="Never")})
        device = self.device()
        for _ in range(2):
            self.assertIn("init container fails ended with exit status 3", device.once(check=1).stdout)
        self.assertEqual(["try"], self.lines())
        self.assertEqual({"a-main": "created", "a-fails": "exited"}, self.states())

    def test_a_sidecar_starts_in_its_turn_and_runs_on(self):
        serve = "/bin/busybox mkdir /www; echo here > /www/index.html; exec /bin/httpd -f -p 8080 -h /www"
        helper = shell(serve, "helper", restartPolicy="Always")
        asks = shell("until /bin/busybox wget -q -O - http://127.0.0.1:8080/ >> /notes/log; do /bin/sleep 0.1; done", "asks")
        self.city.commit({"a.yaml": self.noting_pod("a", shell(f"echo main >> /notes/log; {SLEEP[2]}"), initContainers=[helper, asks])})
        device = self.device()
        device.once(check=0)
        self.assertEqual(["here", "main"], self.lines())
        self.assertEqual({"a-helper": "running", "a-asks": "exited", "a-main": "running"}, self.states())
        name = next(name for name in self.podman.containers() if name.endswith("-helper"))
        self.podman.podman("stop", "--time", "0", name)
        self.assertIn("helper ended", device.once(check=0).stdout)
        self.assertEqual("running", self.states()["a-helper"])
        self.assertEqual(["here", "main"], self.lines(), "the others run on")

    def test_a_new_pod_is_ready_before_the_old_one_ends(self):
        def web(mark):
            init = shell(f"echo init-{mark} >> /notes/log; {'until [ -e /notes/go ]; do /bin/sleep 0.2; done' if mark == 2 else ''}", "init")
            main = shell(f"echo main-{mark} >> /notes/log; trap 'echo end-{mark} >> /notes/log; exit 0' TERM; while :; do /bin/sleep 0.1; done")
            return manifest("apps/v1", "Deployment", "web", spec=template("web", self.noting(main, initContainers=[init])))
        self.city.commit({"web.yaml": web(1)})
        device = self.device()
        device.start()
        device.sync()
        self.assertEqual(["init-1", "main-1"], self.lines())
        self.city.commit({"web.yaml": web(2)})
        device.sync()
        self.assertEqual(["init-1", "main-1", "init-2"], self.lines())
        (self.notes / "go").touch()
        wait_until(lambda: len(self.podman.containers()) == 2, "the old pod is gone")
        self.assertEqual(["init-1", "main-1", "init-2", "main-2", "end-1"], self.lines())

    def test_podman_is_told_of_an_init_container_what_kube_play_tells_it_of_others(self):
        claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
        rich = dict(
            args=["two words", "$HOME"], workingDir="/bin", env=[{"name": "A", "value": "1 = 2"}, {"name": "B"}],
            resources={"limits": {"cpu": "250m", "memory": "64Mi"}, "requests": {"memory": "16Mi"}},
            securityContext={"runAsUser": 7, "runAsGroup": 8, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                             "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}},
            volumeMounts=[{"name": "notes", "mountPath": "/n", "readOnly": True}, {"name": "empty", "mountPath": "/e"},
                          {"name": "data", "mountPath": "/d", "mountPropagation": "HostToContainer"}])
        volumes = [{"name": "notes", "hostPath": {"path": str(self.notes)}}, {"name": "empty", "emptyDir": {}},
                   {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
        self.city.commit({"claim.yaml": claim, "a.yaml": pod(
            "a", container("main", command=["/bin/sleep", "1000"]), container("same", command=["/bin/true"], **rich),
            initContainers=[container("init", command=["/bin/true"], **rich)], restartPolicy="Never", volumes=volumes,
            securityContext={"supplementalGroups": [9]}, hostAliases=[{"ip": "10.9.8.7", "hostnames": ["far"]}])})
        self.device().once(check=0)

        def told(name):
            full = next(full for full in self.podman.containers() if full.endswith("-" + name))
            about = json.loads(self.podman.podman("inspect", full))[0]
            config, host = about["Config"], about["HostConfig"]
            own = {key: config[key] for key in ("Cmd", "Entrypoint", "User", "WorkingDir", "Tty", "OpenStdin")}
            # Kube play leaves out what podman gives every other container.
            usual = {"PATH", "TERM", "container"}
            own["env"] = sorted(one for one in config["Env"] if one.split("=")[0] not in usual)
            differs = {"LogConfig", "ContainerIDFile", "CgroupConf", "Cgroup", "PidsLimit", "MemorySwap"}
            own |= {key: value for key, value in host.items() if key not in differs}
            own["mounts"] = sorted(json.dumps({key: value for key, value in one.items()}, sort_keys=True) for one in about["Mounts"])
            own["caps"] = (about["EffectiveCaps"], about["BoundingCaps"])
            return own
        self.assertEqual(told("same"), told("init"))


class Ends(Lives):
    def ends_slowly(self, seconds, mark="a", **more):
        """Takes its time for an orderly end, and says when it has had it."""
        return shell(f"trap '/bin/sleep {seconds}; echo end-{mark} >> /notes/log; exit 0' TERM; "
                     f"echo main-{mark} >> /notes/log; while :; do /bin/sleep 0.1; done", **more)

    def test_a_pod_has_the_time_to_end_that_its_manifest_says(self):
        self.city.commit({"a.yaml": self.noting_pod("a", self.ends_slowly(12), terminationGracePeriodSeconds=60)})
        device = self.device()
        device.once(check=0)
        wait_until(lambda: self.lines() == ["main-a"], "it runs")
        self.city.commit({"a.yaml": None})
        device.once("--allow-empty", check=0)
        self.assertEqual(["main-a", "end-a"], self.lines())
        self.assertEqual({}, self.podman.containers())

    def test_one_that_does_not_end_in_its_time_is_killed(self):
        stubborn = shell("trap '' TERM; echo main >> /notes/log; while :; do /bin/sleep 0.1; done")
        self.city.commit({"a.yaml": self.noting_pod("a", stubborn, terminationGracePeriodSeconds=2)})
        device = self.device()
        device.once(check=0)
        wait_until(lambda: self.lines() == ["main"], "it runs")
        self.city.commit({"a.yaml": None})
        began = time.monotonic()
        device.once("--allow-empty", check=0)
        self.assertLess(time.monotonic() - began, 9)

    def test_a_slow_end_holds_up_its_own_object_alone(self):
        self.city.commit({"a.yaml": self.noting_pod("a", self.ends_slowly(40), terminationGracePeriodSeconds=300), "b.yaml": pod("b")})
        device = self.device(interval="10s")
        device.start()
        wait_until(lambda: self.lines() == ["main-a"] and len(self.podman.containers()) == 2, "both run")
        self.city.commit({"a.yaml": None, "b.yaml": None, "c.yaml": pod("c")})
        device.sync()
        self.assertRegex(self.failed(device)["Pod/a"], "has been told to end for .* and has 5m for it")
        self.assertEqual({"a-main": "stopping", "c-main": "running"}, self.states())
        wait_until(lambda: device.sync() and list(self.states()) == ["c-main"], "it has gone")
        self.assertEqual(["main-a", "end-a"], self.lines())

    def test_hooks_run_before_a_container_is_told_to_end(self):
        def hooked(name, hook):
            return self.ends_slowly(0, name, lifecycle={"preStop": hook})
        say = {"exec": {"command": ["/bin/sh", "-c", "echo hook-a >> /notes/log; /bin/sleep 1"]}}
        self.city.commit({"a.yaml": self.noting_pod("a", hooked("a", say))})
        device = self.device()
        device.once(check=0)
        wait_until(lambda: self.lines() == ["main-a"], "it runs")
        self.city.commit({"a.yaml": self.noting_pod("a", hooked("b", {"sleep": {"seconds": 3}}))})
        device.once(check=0)
        wait_until(lambda: self.lines() == ["main-a", "hook-a", "end-a", "main-b"], "the other runs")
        self.city.commit({"a.yaml": None})
        began = time.monotonic()
        device.once("--allow-empty", check=0)
        self.assertGreater(time.monotonic() - began, 3)
        self.assertEqual("end-b", self.lines()[-1])

    def test_who_ends_before_whom(self):
        def web(mark, **more):
            return manifest("apps/v1", "Deployment", "web", spec={
                "replicas": 2, **template("web", self.noting(self.ends_slowly(1, mark))), **more})
        device = self.device()
        for first, second, strategy, expected in (
                ("a", "b", {"type": "Recreate"}, ["main-a"] * 2 + ["end-a"] * 2 + ["main-b"] * 2),
                ("c", "d", {}, ["main-c"] * 2 + ["main-d", "end-c"] * 2),
                ("e", "f", {"rollingUpdate": {"maxSurge": 0}}, ["main-e"] * 2 + ["end-e", "main-f"] * 2)):
            with self.subTest(strategy):
                for mark, count in ((first, 2), (second, len(expected))):
                    self.city.commit({"web.yaml": web(mark, strategy=strategy)})
                    device.once(check=0)
                    wait_until(lambda: len(self.lines()) == count, f"{mark} is there")
                self.assertEqual(expected, self.lines())
                self.city.commit({"web.yaml": None})
                device.once("--allow-empty", check=0)
                (self.notes / "log").unlink()


class Jobs(Lives):
    def job(self, script, **spec):
        pod_spec = self.noting(shell(script), restartPolicy=spec.pop("restartPolicy", "Never"))
        return manifest("batch/v1", "Job", "j", spec={"template": {"spec": pod_spec}, **spec})

    def test_all_completions_run_as_many_at_a_time_as_it_says_and_none_again(self):
        script = "echo begin >> /notes/log; /bin/sleep 2; echo end >> /notes/log; echo $JOB_COMPLETION_INDEX >> /notes/numbers"
        self.city.commit({"j.yaml": self.job(script, completions=4, parallelism=2, completionMode="Indexed")})
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: len(self.lines("numbers")) == 4, "all have run")
        self.assertEqual((["begin"] * 2 + ["end"] * 2) * 2, self.lines())
        self.assertEqual(["0", "1", "2", "3"], sorted(self.lines("numbers")))
        wait_until(lambda: device.sync() and device.json("status")["lastResult"] == "in sync", "the Job has ended")
        device.stop()
        self.podman.cut_power()
        self.podman.start_service()
        device.start()
        device.sync()
        self.assertEqual("in sync", device.json("status")["lastResult"])
        device.stop()
        self.podman.podman("pod", "rm", "--force", "--all")
        device.once(check=0)
        self.assertEqual(8, len(self.lines()))

    def test_one_that_fails_is_tried_again_as_often_as_it_says_and_then_has_failed(self):
        for policy in ("Never", "OnFailure"):
            with self.subTest(policy):
                self.city.commit({"j.yaml": self.job("echo try >> /notes/log; exit 3", restartPolicy=policy, backoffLimit=1)})
                device = self.device()
                device.start()
                device.sync()
                wait_until(lambda: self.lines() == ["try", "try"], "the second try")
                reason = "2 of its pods ended badly (backoffLimit 1), the last one with exit status 3"
                wait_until(lambda: device.sync() and reason in self.failed(device).get("Job/j", ""), "it has failed")
                device.stop()
                self.assertIn(reason, device.once(check=1).stdout)
                self.assertEqual(["try", "try"], self.lines())
                self.city.commit({"j.yaml": None})
                device.once("--allow-empty", check=0)
                (self.notes / "log").unlink()
                shutil.rmtree(device.directory / "root")

    def test_a_try_that_is_better_ends_it_well(self):
        self.city.commit({"j.yaml": self.job("echo try >> /notes/log; [ -e /notes/go ] || exit 3")})
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: device.sync() and "it is tried again in" in self.failed(device).get("Job/j", ""), "it waits")
        (self.notes / "go").touch()
        wait_until(lambda: device.sync() and device.json("status")["lastResult"] == "in sync", "it has ended")
        self.assertEqual(["try", "try"], self.lines())

    def test_one_that_takes_too_long_is_ended(self):
        self.city.commit({"j.yaml": self.job(f"echo begin >> /notes/log; {SLEEP[2]}", activeDeadlineSeconds=8)})
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: device.sync() and "has not ended within 8s" in self.failed(device).get("Job/j", ""), "it has failed")
        wait_until(lambda: self.states() == {"j-main": "exited"}, "its pod has ended")
        device.sync()
        self.assertEqual(["begin"], self.lines())

    def test_pods_of_one_that_ended_well_go_after_their_time_and_it_is_not_run_again(self):
        self.city.commit({"j.yaml": self.job("echo ran >> /notes/log", ttlSecondsAfterFinished=3)})
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: self.lines() == ["ran"] and self.states() == {}, "it ran, and its pod is gone")
        device.sync()
        self.assertEqual("in sync", device.json("status")["lastResult"])
        self.assertEqual(["ran"], self.lines())

        with self.subTest("also by the next agent"):
            self.city.commit({"j.yaml": self.job("echo other >> /notes/log", ttlSecondsAfterFinished=8)})
            device.sync()
            wait_until(lambda: self.states() == {"j-main": "exited"}, "it has ended")
            device.stop()
            device.start()
            wait_until(lambda: self.states() == {}, "its pod is gone")
            device.sync()
            self.assertEqual(["ran", "other"], self.lines())

    def test_one_that_is_suspended_runs_when_it_is_not(self):
        script = ("echo $JOB_COMPLETION_INDEX >> /notes/log; trap 'exit 1' TERM; "
                  "until [ -e /notes/go ]; do /bin/sleep 0.2; done")

        def job(suspend):
            return self.job(script, completions=2, completionMode="Indexed", suspend=suspend)
        self.city.commit({"j.yaml": job(True)})
        device = self.device()
        device.start()
        device.sync()
        self.assertEqual("in sync", device.json("status")["lastResult"])
        self.assertEqual({}, self.states())
        self.city.commit({"j.yaml": job(False)})
        device.sync()
        wait_until(lambda: self.lines() == ["0"], "the first pod runs")
        self.city.commit({"j.yaml": job(True)})
        device.sync()
        self.assertEqual({}, self.states())
        self.assertEqual("in sync", device.json("status")["lastResult"])
        (self.notes / "go").touch()
        self.city.commit({"j.yaml": job(False)})
        device.sync()
        wait_until(lambda: self.lines() == ["0", "0", "1"], "both have run")
        wait_until(lambda: device.sync() and device.json("status")["lastResult"] == "in sync", "it has ended")


if __name__ == "__main__":
    podman.main()
