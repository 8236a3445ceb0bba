"""Images from a real registry with a password: when they are pulled, and when they are removed."""

import json
import pathlib
import random
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
import registry  # noqa: E402
from dripping import Dripping  # noqa: E402
from greenwave import City, Scratch, file_manifest, wait_until  # noqa: E402
from pods import config_map, container, manifest, pod  # noqa: E402


class Images(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(Scratch())
        self.registry = self.enterContext(registry.Registry(self.directory / "registry"))
        self.podman = self.enterContext(podman.Podman(self.directory / "podman"))
        self.podman.stop_service()
        self.podman.environment["SSL_CERT_FILE"] = str(self.registry.authority)
        self.podman.start_service()
        self.city = City(self.directory)
        self.city.commit({"keep.yaml": config_map("keep", a="b")})
        self.image = f"{self.registry.name}/city/spat:1"
        self.push("one\n")

    def push(self, text):
        """Another image of the same name in the registry, and none of it here; returns its reference by digest."""
        self.podman.make_image(self.image, text)
        file = self.directory / "digest"
        self.podman.podman("push", "--quiet", "--digestfile", file, "--creds", f"{registry.USER}:{registry.PASSWORD}", self.image)
        self.podman.podman("rmi", "--force", self.image)
        return f"{self.registry.name}/city/spat@{file.read_text().strip()}"

    def device(self, with_password=True, settings=""):
        file = self.directory / "registries.json"
        if with_password:
            # As people write it.
            run_login = ["login", "--authfile", file, "-u", registry.USER, "-p", registry.PASSWORD, self.registry.name]
            self.podman.podman(*run_login)
        made = podman.PodmanDevice(self.directory / "device", self.city.url, self.podman,
                                   settings=(f", credentials: {file}" if with_password else "") + settings)
        return self.enterContext(made)

    def spat(self, image=None, policy="IfNotPresent", note=""):
        made = container(image=image or self.image, env=[{"name": "NOTE", "value": note}])
        made["imagePullPolicy"] = policy
        return {"a.yaml": pod("a", made)}

    def version(self):
        name, = self.podman.containers()
        return self.podman.exec(name, "/bin/cat", "/version")

    def images(self):
        return self.podman.podman("images", "--all", "--quiet", "--no-trunc").split()

    def test_the_password_opens_the_registry_and_is_found_nowhere(self):
        self.city.commit(self.spat())
        device = self.device()
        device.start()
        device.sync()
        self.assertEqual("one", self.version())
        told = [device.log.read_text()]
        told += [device.cli(*words).stdout for words in (["status"], ["history"], ["show", "Pod/a"], ["show", "Pod/a", "-o", "json"], ["doctor"])]
        told += [file.read_bytes().decode("latin-1") for file in device.state.rglob("*") if file.is_file() and "git" not in file.parts]
        secret = json.loads((self.directory / "registries.json").read_text())["auths"][self.registry.name]["auth"]
        for text in told:
            self.assertNotIn(registry.PASSWORD, text)
            self.assertNotIn(secret, text)

    def test_without_a_password_the_old_pod_stays_and_the_reason_is_said(self):
        self.podman.make_image("localhost/busy:1", "old\n")
        self.city.commit({"a.yaml": pod("a")})
        device = self.device(with_password=False)
        device.once(check=0)
        before = self.podman.containers()
        self.city.commit(self.spat())
        said = device.once(check=1).stdout
        self.assertIn(f"cannot pull {self.image}", said)
        self.assertRegex(said, "(?i)unauthorized|authentication required")
        self.assertIn("podman.credentials", said)
        self.assertEqual({name: one["Id"] for name, one in before.items()},
                         {name: one["Id"] for name, one in self.podman.containers().items()})
        self.assertEqual("old", self.version())

    def test_a_registry_that_is_away_for_a_while_keeps_the_commit_on_trial_until_it_is_back(self):
        self.podman.make_image("localhost/busy:1", "old\n")
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        device.once(check=0)
        self.registry.stop()
        self.city.commit(self.spat())
        for _ in range(4):
            said = device.once(check=1).stdout
            self.assertIn(f"cannot pull {self.image}", said)
            self.assertIn("tried again", said)
        self.assertNotIn("rejected", device.json("status"))
        self.assertTrue(device.json("status")["failed"][0]["passes"])
        self.assertEqual("old", self.version())
        self.registry.start()
        device.once(check=0)
        self.assertEqual("one", self.version())

    def test_drift_is_repaired_and_commits_are_taken_while_an_image_comes_slowly(self):
        self.podman.make_image("localhost/busy:1", "old\n")
        motd = self.directory / "device/motd"
        self.city.commit({"a.yaml": pod("a"), "motd.yaml": file_manifest("motd", str(motd), "one\n")})
        large = random.Random(1).randbytes(1_000_000).hex()
        self.push(large)
        with Dripping(self.registry.port, at_once=100_000) as slow:
            file = self.directory / "registries.json"
            name = f"127.0.0.1:{slow.port}"
            self.podman.podman("login", "--authfile", file, "-u", registry.USER, "-p", registry.PASSWORD, name)
            device = self.enterContext(podman.PodmanDevice(
                self.directory / "device", self.city.url, self.podman, settings=f", credentials: {file}", interval="2s"))
            device.once(check=0)
            device.start()
            self.city.commit(self.spat(image=f"{name}/city/spat:1"))
            said = lambda: json.dumps(device.json("status").get("failed", []))  # noqa: E731
            wait_until(lambda: f"the image {name}/city/spat:1 is being pulled" in said(), "the pull is said")
            self.assertTrue(device.json("status")["failed"][0]["passes"])
            for _ in range(2):
                motd.write_text("damaged\n")
                wait_until(lambda: motd.read_text() == "one\n", "the repair")
            self.assertEqual("old", self.version())
            slow.release()
            wait_until(lambda: not device.json("status").get("failed"), "the pod runs")
            self.assertEqual(large, self.version())
            self.assertEqual(device.json("status")["status"], "in sync")

    def test_the_agent_stops_while_an_image_comes_slowly(self):
        self.push(random.Random(1).randbytes(1_000_000).hex())
        with Dripping(self.registry.port, at_once=100_000) as slow:
            name = f"127.0.0.1:{slow.port}"
            file = self.directory / "registries.json"
            self.podman.podman("login", "--authfile", file, "-u", registry.USER, "-p", registry.PASSWORD, name)
            device = self.enterContext(podman.PodmanDevice(
                self.directory / "device", self.city.url, self.podman, settings=f", credentials: {file}", interval="2s"))
            self.city.commit(self.spat(image=f"{name}/city/spat:1"))
            device.start()
            wait_until(lambda: "is being pulled" in json.dumps(device.json("status").get("failed", [])), "the pull is said")
            device.daemon.send_signal(signal.SIGTERM)
            self.assertEqual(device.daemon.wait(30), 0)

    def test_an_image_that_the_registry_does_not_have_takes_its_commit_back(self):
        self.podman.make_image("localhost/busy:1", "old\n")
        self.city.commit({"a.yaml": pod("a")})
        device = self.device()
        device.once(check=0)
        self.city.commit(self.spat(image=f"{self.registry.name}/city/spat:9"))
        self.assertIn("is taken back", device.once(check=1).stdout)
        self.assertEqual("old", self.version())

    def test_policies_say_when_the_registry_is_asked(self):
        by_digest = self.push("two\n")
        device = self.device()

        def follow(check=0, **what):
            """How many manifests and layers were asked for."""
            self.city.commit(self.spat(**what))
            before = self.registry.pulls()
            device.once(check=check)
            return self.registry.pulls() - before

        self.assertGreater(follow(image=by_digest, policy="Always"), 0)
        self.assertEqual(0, follow(image=by_digest, policy="Always", note="changed"), "bytes named by digest cannot change")
        self.assertGreater(follow(policy="IfNotPresent"), 0)
        self.push("three\n")
        self.podman.podman("pull", "--quiet", "--authfile", self.directory / "registries.json", self.image)
        self.assertEqual(0, follow(policy="IfNotPresent", note="again"))
        self.assertEqual("three", self.version())
        self.assertGreater(follow(policy="Always"), 0)
        self.assertEqual(0, follow(policy="Always"), "nothing changed")
        self.assertEqual(0, follow(policy="Never"))
        self.city.commit(self.spat(image=f"{self.registry.name}/city/other:1", policy="Never"))
        before = self.registry.pulls()
        self.assertIn("its imagePullPolicy is Never", device.once(check=1).stdout)
        self.assertEqual(before, self.registry.pulls())

    def test_prune_takes_what_came_for_a_pod_and_nothing_of_a_persons(self):
        self.podman.make_image("localhost/mine:1", "mine\n")
        self.podman.podman("volume", "create", "mine")
        self.podman.podman("run", "-d", "--name", "a", "-v", "mine:/mine", "localhost/mine:1", "/bin/sleep", "1000")
        persons = set(self.images())
        spat = json.loads(self.spat()["a.yaml"])
        spat["spec"]["volumes"] = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in ("mine", "data")]
        spat["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}, {"name": "mine", "mountPath": "/mine"}]
        claims = {f"{name}.yaml": manifest("v1", "PersistentVolumeClaim", name, spec={"accessModes": ["ReadWriteOnce"]}) for name in ("mine", "data")}
        by_person = container(image="localhost/mine:1")
        self.city.commit({"a.yaml": json.dumps(spat), "b.yaml": pod("b", by_person), **claims})
        device = self.device(settings=", prune: [images, volumes]")
        device.once(check=0)
        first = set(self.images()) - persons
        self.assertTrue(first)

        self.push("two\n")
        spat["spec"]["containers"][0]["imagePullPolicy"] = "Always"
        self.city.commit({"a.yaml": json.dumps(spat)})
        device.once(check=0)
        pause = {image for image in self.images() if "podman-pause" in self.podman.podman("inspect", "--format", "{{.RepoTags}}", image)}
        self.assertEqual(first, first & set(self.images()), "the image of the version before stays for a revert")
        self.push("three\n")
        spat["metadata"]["labels"] = {"version": "3"}
        self.city.commit({"a.yaml": json.dumps(spat)})
        device.once(check=0)
        self.assertEqual(set(), (first - pause) & set(self.images()), "the one before that goes")

        self.city.commit({"a.yaml": None, "b.yaml": None, "mine.yaml": None, "data.yaml": None})
        said = device.once(check=0).stdout
        self.assertIn("the volume mine stays: it was there before", said)
        self.assertEqual(persons | pause, set(self.images()))
        self.assertEqual(["mine"], self.podman.podman("volume", "ls", "--quiet").split())
        self.assertEqual("a", self.podman.podman("ps", "--format", "{{.Names}}"))

    def test_what_prune_does_not_name_stays(self):
        claim = manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]})
        self.city.commit({**self.spat(), "claim.yaml": claim})
        device = self.device()
        device.once(check=0)
        before = set(self.images())
        self.city.commit({"a.yaml": None, "claim.yaml": None})
        device.once(check=0)
        self.assertEqual(before, set(self.images()))
        self.assertEqual(["data"], self.podman.podman("volume", "ls", "--quiet").split())


if __name__ == "__main__":
    podman.main(lambda: podman.why_not() or registry.why_not())
