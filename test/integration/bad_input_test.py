"""Every mistake is reported with its place and remedy; what worked stays, and the rest goes on."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402

GOOD = file_manifest("good", "/etc/good", "good\n")
BETTER = file_manifest("good", "/etc/good", "better\n")

# name: (files of the second commit, words that the message must hold)
WRONG_MANIFESTS = {
    "broken YAML": ({"bad.yaml": "spec: [1, 2\nmore: x\n"}, ["bad.yaml:2:"]),
    "a tab": ({"bad.yaml": "spec:\n\tpath: x\n"}, ["bad.yaml:2:1", "spaces"]),
    "an unknown kind": (
        {"bad.yaml": "apiVersion: greenwave.dev/v1\nkind: Fiel\nmetadata: {name: bad}\n"},
        ["bad.yaml:2:7", "Fiel", "did you mean File"],
    ),
    "an unknown field": (
        {"bad.yaml": "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: bad}\nspec:\n  path: /etc/bad\n  contents: x\n"},
        ["bad.yaml:6:3", "contents", "did you mean content"],
    ),
    "a wrong type": (
        {"bad.yaml": "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: bad}\nspec:\n  path: /etc/bad\n  content: 5\n"},
        ["bad.yaml:6:12", "string"],
    ),
    "an unquoted mode": (
        {"bad.yaml": "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: bad}\nspec:\n  path: /etc/bad\n  content: x\n  mode: 0644\n"},
        ["bad.yaml:7:9", "quote"],
    ),
    "an unknown variable": (
        {"bad.yaml": file_manifest("bad", "/etc/bad", "${device.nonsense}")},
        ["bad.yaml:1:", "device.nonsense"],
    ),
    "one object twice": (
        {"bad.yaml": file_manifest("bad", "/etc/bad", "x"), "worse.yaml": file_manifest("bad", "/etc/bad", "y")},
        ["bad.yaml", "worse.yaml"],
    ),
    "two objects for one path": (
        {"bad.yaml": file_manifest("bad", "/etc/bad", "x"), "worse.yaml": file_manifest("worse", "/etc/bad", "y")},
        ["bad.yaml", "worse.yaml", "/etc/bad"],
    ),
    "a path outside the allowed prefixes": (
        {"bad.yaml": file_manifest("bad", "/usr/bin/bad", "x")},
        ["bad.yaml:1:", "/usr/bin/bad", "allowedPaths"],
    ),
    "a path that climbs out": ({"bad.yaml": file_manifest("bad", "/etc/../usr/bad", "x")}, ["bad.yaml:1:", ".."]),
    "an owner that does not exist": (
        {"bad.yaml": file_manifest("bad", "/etc/bad", "x", owner="nobody-here")},
        ["nobody-here"],
    ),
    "a huge file": ({"bad.yaml": "x: " + "y" * (5 << 20) + "\n"}, ["bad.yaml", "MiB"]),
    "a source that is not there": (
        {"bad.yaml": '{"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "bad"}, '
                     '"spec": {"path": "/etc/bad", "source": "no/such/file"}}'},
        ["bad.yaml:1:", "no/such/file"],
    ),
    "a cycle": (
        {"bad.yaml": "\n---\n".join(
            '{"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "%s", "annotations": '
            '{"greenwave.dev/depends-on": "File/%s"}}, "spec": {"path": "/etc/%s", "content": "x"}}' % (a, b, a)
            for a, b in (("x", "y"), ("y", "x"))
        )},
        ["File/x", "File/y"],
    ),
}  # fmt: skip


class WrongManifests(unittest.TestCase):
    def test_each_is_refused_by_name_and_the_last_good_commit_stays(self):
        for name, (files, words) in WRONG_MANIFESTS.items():
            with self.subTest(name), Scratch() as scratch:
                city = City(scratch)
                city.commit({"good.yaml": GOOD, "stays.yaml": file_manifest("stays", "/etc/stays", "stays\n")})
                device = Device(scratch / "device", city.url)
                device.once(check=0)
                city.commit({"good.yaml": BETTER, **files})
                told = device.once(check=1).stdout
                for word in words:
                    self.assertIn(word, told)
                self.assertEqual(device.path("/etc/good").read_text(), "good\n")
                self.assertEqual(device.path("/etc/stays").read_text(), "stays\n")
                rejected = device.json("status")["rejected"]
                self.assertTrue(any(word in rejected["reason"] for word in words), rejected)

    def test_on_a_new_device_each_is_refused_by_name_while_the_others_are_applied(self):
        for name, (files, words) in WRONG_MANIFESTS.items():
            with self.subTest(name), Scratch() as scratch:
                city = City(scratch)
                city.commit({"good.yaml": GOOD, **files})
                device = Device(scratch / "device", city.url)
                told = device.once(check=1).stdout
                for word in words:
                    self.assertIn(word, told)
                self.assertEqual(device.path("/etc/good").read_text(), "good\n")
                city.commit({"good.yaml": BETTER})
                device.once(check=1)
                self.assertEqual(device.path("/etc/good").read_text(), "better\n")

    def test_a_broken_file_prunes_nothing_of_what_it_declared_before(self):
        with Scratch() as scratch:
            city = City(scratch)
            city.commit({"good.yaml": GOOD, "other.yaml": file_manifest("other", "/etc/other", "other\n")})
            device = Device(scratch / "device", city.url)
            device.once(check=0)
            city.commit({"other.yaml": "spec: [\n"})
            device.once(check=1)
            self.assertEqual(device.path("/etc/other").read_text(), "other\n")

    def test_a_directory_where_a_file_should_be_fails_that_object_alone(self):
        with Scratch() as scratch:
            city = City(scratch)
            city.commit({"good.yaml": GOOD, "bad.yaml": file_manifest("bad", "/etc/bad", "x")})
            device = Device(scratch / "device", city.url)
            device.path("/etc/bad/inside").mkdir(parents=True)
            self.assertIn("directory", device.once(check=1).stdout)
            self.assertTrue(device.path("/etc/good").exists())
            self.assertTrue(device.path("/etc/bad/inside").exists())


class WrongRepositories(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def synced(self):
        self.city.commit({"good.yaml": GOOD})
        device = Device(self.scratch / "device", self.city.url)
        device.once(check=0)
        return device

    def assert_heals(self, device):
        """The last good state is maintained although the newest commit can't be fetched or used."""
        device.path("/etc/good").write_text("drifted\n")
        told = device.once(check=2).stdout
        self.assertEqual(device.path("/etc/good").read_text(), "good\n")
        return told

    def test_an_empty_repository_is_said_to_be_empty(self):
        device = Device(self.scratch / "device", self.city.url)
        self.assertIn("empty", device.once(check=2).stdout)

    def test_a_missing_branch_is_named_with_those_that_exist(self):
        self.city.commit({"good.yaml": GOOD})
        device = Device(self.scratch / "device", self.city.url, more="  branch: production\n")
        told = device.once(check=2).stdout
        self.assertIn("production", told)
        self.assertIn("main", told)

    def test_a_server_that_is_away_leaves_the_last_good_state_which_is_kept_up(self):
        device = self.synced()
        self.city.bare.rename(self.scratch / "elsewhere.git")
        self.assert_heals(device)

    def test_a_broken_greenwave_yaml_is_refused_with_its_place_and_the_last_good_commit_kept_up(self):
        device = self.synced()
        self.city.commit({"greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: x}\nspec:\n  layerz: []\n"})
        told = self.assert_heals(device)
        self.assertIn("greenwave.yaml:5:3", told)
        self.assertIn("layers", told)
        self.city.commit({"greenwave.yaml": None, "good.yaml": BETTER})
        device.once(check=0)
        self.assertEqual(device.path("/etc/good").read_text(), "better\n")

    def test_a_damaged_object_database_is_set_aside_and_fetched_again(self):
        device = self.synced()
        for file in (device.state / "git" / "objects").rglob("*"):
            if file.is_file():
                file.chmod(0o600)
                file.write_bytes(b"damaged" * 10)
        self.city.commit({"good.yaml": BETTER})
        device.once(check=0)
        self.assertEqual(device.path("/etc/good").read_text(), "better\n")

    def test_a_damaged_state_file_is_set_aside_and_the_objects_are_adopted_again(self):
        device = self.synced()
        database = device.state / "state.db"
        database.write_bytes(b"this is no database" * 500)
        for beside in device.state.glob("state.db-*"):
            beside.unlink()
        told = device.once(check=0).stdout
        self.assertIn("set aside", told)
        device.path("/etc/good").write_text("drifted\n")
        device.once(check=0)
        self.assertEqual(device.path("/etc/good").read_text(), "good\n")


class WrongConfigurations(unittest.TestCase):
    def test_each_problem_is_one_line_with_its_place(self):
        with Scratch() as scratch:
            device = Device(scratch / "device", "file:///nowhere", more="  intervall: 5s\nruntime: docker\nlabels: [a]\n")
            told = device.once(check=2).stdout
            for words in ("agent.yaml:5:3", "interval", "agent.yaml:6:10", "podman", "agent.yaml:7:9", "map"):
                self.assertIn(words, told)

    def test_a_missing_configuration_is_named(self):
        with Scratch() as scratch:
            device = Device(scratch / "device", "file:///nowhere")
            device.config.unlink()
            self.assertIn("agent.yaml", device.once(check=2).stdout)


if __name__ == "__main__":
    unittest.main()
