"""What nobody knows is an error: a misspelt manifest, or one that this device cannot run, never removes anything."""

import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def motd(api="greenwave.dev/v1", kind="File", **more):
    manifest = {"apiVersion": api, "kind": kind, "metadata": {"name": "motd"},
                "spec": {"path": "/etc/motd", "content": "slow\n"}}  # fmt: skip
    for key, value in more.items():
        manifest[key] = {**manifest.get(key, {}), **value} if isinstance(value, dict) else value
    return json.dumps(manifest)


def misspelt(word, chance):
    """The word with a letter too many, too few, another or in the wrong place."""
    at = chance.randrange(len(word) - 1)
    changes = (
        word[:at] + word[at + 1 :],
        word[:at] + chance.choice(LETTERS) + word[at:],
        word[:at] + chance.choice(LETTERS) + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    return chance.choice([change for change in changes if change != word])


class UnknownManifests(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = Device(self.scratch / "device", self.city.url)

    def applied(self, **files):
        self.city.commit({"motd.yaml": motd(), "other.yaml": file_manifest("other", "/etc/other", "x"), **files})
        self.device.once(check=0)

    def assert_kept(self, text):
        """The commit with this manifest of the File that was applied is refused, and the File stays."""
        self.city.commit({"motd.yaml": text})
        told = self.device.once(check=1).stdout
        self.assertEqual("slow\n", self.device.path("/etc/motd").read_text(), text)
        status = self.device.cli("status")
        self.assertNotEqual(0, status.returncode, text)
        self.assertIn("was refused for 1 object, and nothing of it was applied", status.stdout)
        self.assertNotIn("reverted", status.stdout)
        self.assertNotIn("In sync.", status.stdout)
        self.assertIn("motd.yaml:1:", told)
        return told

    def test_a_misspelt_api_version_keeps_what_was_applied_and_says_what_was_meant(self):
        self.applied()
        told = self.assert_kept(motd(api="greenwve.dev/v1"))
        self.assertIn("motd.yaml:1:16: error", told)
        self.assertIn("did you mean greenwave.dev/v1?", told)
        self.assert_kept(motd(api="greenwave.dev/v2"))

    def test_a_misspelt_kind_keeps_what_was_applied_and_says_what_was_meant(self):
        self.applied()
        told = self.assert_kept(motd(kind="Fiel"))
        self.assertIn("greenwave.dev/v1 has no kind Fiel; did you mean File?", told)

    def test_any_misspelling_of_api_version_kind_annotation_or_field_removes_nothing(self):
        chance = random.Random(7)
        keep = {"greenwave.dev/prune": "disabled"}
        self.applied()
        for _ in range(6):
            self.assert_kept(motd(api=misspelt("greenwave.dev/v1", chance)))
            self.assert_kept(motd(kind=misspelt("File", chance)))
            self.assert_kept(motd(metadata={"annotations": {misspelt("greenwave.dev/prune", chance): "disabled"}}))
            self.assert_kept(motd(metadata={misspelt("annotations", chance): keep}))
            self.assert_kept(motd(spec={misspelt("content", chance): "fast\n"}))
            self.assert_kept(motd(**{misspelt("status", chance): {}}))
            self.assert_kept(motd(metadata={"annotations": {"greenwave.dev/prune": misspelt("disabled", chance)}}))
        self.city.commit({"motd.yaml": motd(spec={"content": "right\n"})})
        self.device.once(check=0)
        self.assertEqual("right\n", self.device.path("/etc/motd").read_text())

    def test_a_misspelt_manifest_of_a_later_layer_holds_the_object_that_it_should_change(self):
        layers = "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {layers: [{path: a}, {path: b}]}\n"
        change = '{"apiVersion": "%s", "kind": "%s", "metadata": {"name": "motd"}, "spec": {"content": "fast\\n"}}'
        self.city.commit({"greenwave.yaml": layers, "a/motd.yaml": motd(),
                          "b/motd.yaml": change % ("greenwave.dev/v1", "File")})  # fmt: skip
        self.device.once(check=0)
        for api, kind in (("greenwve.dev/v1", "File"), ("greenwave.dev/v1", "Fiel")):
            self.city.commit({"b/motd.yaml": change % (api, kind)})
            self.device.once(check=1)
            self.assertEqual("fast\n", self.device.path("/etc/motd").read_text())

    def test_the_source_of_a_misspelt_file_is_not_taken_for_manifests(self):
        self.applied()
        pod = '{"apiVersion": "greenwave.dev/v1", "kind": "Note", "metadata": {"name": "inner"}}'
        wrong = motd(api="greenwve.dev/v1", spec={"source": "files/inner.yaml"})
        self.city.commit({"motd.yaml": wrong, "files/inner.yaml": pod.replace("greenwave.dev", "example.org")})
        self.assertNotIn("Note/inner", self.device.once(check=1).stdout)

    def test_a_kubernetes_object_on_a_device_without_a_runtime_is_an_error(self):
        self.applied()
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}}
        self.city.commit({"web.yaml": json.dumps(pod)})
        told = self.device.once(check=1).stdout
        self.assertIn("web.yaml:1:1: error: Pod/web cannot run here: nothing on this device serves Pod of v1", told)
        self.addCleanup(self.device.stop)
        self.device.start()
        self.assertNotIn("In sync.", self.device.cli("status", check=1).stdout)
        self.device.cli("sync", "--wait", check=1)
        self.assertNotIn("In sync.", self.device.cli("status", check=1).stdout)

    def test_a_device_says_when_the_repository_expects_another_runtime(self):
        self.applied(**{"greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {runtime: podman}\n"})
        told = self.device.cli("status").stdout
        self.assertIn("greenwave.yaml:4:17: warning: the repository says that sf-0042 has runtime: podman", " ".join(told.split()))

    def test_a_patch_takes_an_object_out_of_a_device_that_cannot_run_it(self):
        layers = "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec: {layers: [{path: a}, {path: b}]}\n"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
        self.city.commit({"greenwave.yaml": layers, "a/motd.yaml": motd(), "a/web.yaml": json.dumps(pod),
                          "b/web.yaml": json.dumps({**pod, "$patch": "delete"})})  # fmt: skip
        self.device.once(check=0)


if __name__ == "__main__":
    unittest.main()
