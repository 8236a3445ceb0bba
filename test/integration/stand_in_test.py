"""What stands for other content in a city's repository: links, submodules, pointers of Git LFS. Nothing that a device has
goes when its manifests are replaced by one of these."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402

CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: city}
spec: {layers: [{path: base}]}
"""
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"


class StandIn(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url))
        self.first = self.city.commit({
            "greenwave.yaml": CLUSTER, "base/apps/a.yaml": file_manifest("a", "/etc/a", "a\n"),
            "base/b.yaml": file_manifest("b", "/etc/b", "b\n"), "files/tree/t": "t\n",
            "base/t.yaml": "apiVersion: greenwave.dev/v1\nkind: Directory\nmetadata: {name: t}\nspec: {path: /opt/t, source: files/tree}\n"})
        self.device.once(check=0)

    def back(self):
        self.city.git("reset", "-q", "--hard", self.first)

    def replaced(self, path, target):
        """`path` becomes a link to `target`, and what it was stands below moved/."""
        place = self.city.work / path
        moved = self.city.work / "moved" / place.name
        moved.parent.mkdir(exist_ok=True)
        place.rename(moved)
        place.symlink_to(target)
        self.city.commit({})

    def assert_everything_is_there(self, said=""):
        for path in ("/etc/a", "/etc/b", "/opt/t/t"):
            self.assertTrue(self.device.path(path).exists(), f"{path} is gone\n{said}")

    def test_a_directory_that_becomes_a_link_keeps_its_objects(self):
        self.replaced("base/apps", "../moved/apps")
        self.assert_everything_is_there(self.device.once(check=0).stdout)
        self.city.commit({"moved/apps/a.yaml": file_manifest("a", "/etc/a", "changed\n")})
        self.device.once(check=0)
        self.assertEqual(self.device.path("/etc/a").read_text(), "changed\n")
        self.back()
        self.replaced("base/b.yaml", "../moved/b.yaml")
        self.replaced("files/tree", "../moved/tree")
        self.assert_everything_is_there(self.device.once(check=0).stdout)

    def test_a_link_that_leads_nowhere_prunes_nothing_and_says_where_it_is(self):
        for path, target, why in (
            ("base/apps", "../gone", "base/apps: error: the link base/apps leads to gone, which does not exist"),
            ("base/apps", "/srv/apps", "base/apps: error: the link base/apps leads out of the repository"),
            ("base/apps", "apps", "base/apps: error: the link base/apps leads back to itself"),
            ("base/b.yaml", "../../b.yaml", "base/b.yaml: error: the link base/b.yaml leads out of the repository"),
            ("base", "nowhere", "greenwave.yaml:4:24: error: the layer base: the link base leads to nowhere"),
            ("files/tree", "gone", "base/t.yaml:4:30: error: the source files/tree: the link files/tree leads to files/gone"),
            ("greenwave.yaml", "gone.yaml", "the link greenwave.yaml leads to gone.yaml, which does not exist"),
        ):
            with self.subTest(path=path, target=target):
                self.replaced(path, target)
                said = self.device.once(check=2 if path == "greenwave.yaml" else 1).stdout
                self.assertIn(why, said)
                self.assert_everything_is_there(said)
                linted = self.device.cli("lint", self.city.work, check=1).stdout
                self.assertIn(why.split("error: ")[-1], linted)
                self.back()

    def test_lint_knows_what_is_read_by_way_of_a_link(self):
        self.replaced("base/apps", "../moved/apps")
        said = self.device.cli("lint", self.city.work, check=0).stdout
        self.assertNotIn("no layer reads", said)

    def test_a_submodule_prunes_nothing(self):
        for path, why in (("base/apps", "base/apps: error: this submodule is not read, and it may declare something"),
                          ("base", "the layer base: base is a submodule, which is not read"),
                          ("files/tree", "files/tree is a submodule, which is not read"),
                          ("files/tree/t", "files/tree/t is a submodule")):
            with self.subTest(path=path):
                self.city.git("rm", "-q", "-r", "--cached", path)
                self.city.git("update-index", "--add", "--cacheinfo", f"160000,{self.first},{path}")
                self.city.git("commit", "-q", "-m", "A submodule")
                self.city.push()
                said = self.device.once(check=1).stdout
                self.assertIn(why, said)
                self.assert_everything_is_there(said)
                self.back()

    def test_a_pointer_of_git_lfs_is_no_content(self):
        for path, why in (("base/b.yaml", "base/b.yaml: error: base/b.yaml is a pointer of Git LFS"),
                          ("files/tree/t", "files/tree/t is a pointer of Git LFS"),
                          ("greenwave.yaml", "greenwave.yaml is a pointer of Git LFS")):
            with self.subTest(path=path):
                self.city.commit({path: POINTER})
                said = self.device.once(check=2 if path == "greenwave.yaml" else 1).stdout
                self.assertIn(why, said)
                self.assert_everything_is_there(said)
                self.assertEqual(self.device.path("/opt/t/t").read_text(), "t\n")
                self.back()


if __name__ == "__main__":
    unittest.main()
