"""What a device had before Greenwave took its paths comes back when the objects go: by a prune, and
by the annotation's choice; and greenwave show, diff and impact say so."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from greenwave import BIN, City, Device, Scratch, file_manifest, run  # noqa: E402
from power_cut_test import ADOPTING, NOTHING, furnish, tree_of  # noqa: E402

class GiveBack(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url))
        furnish(self.device)

    def adopt(self):
        before = tree_of(self.device.root)
        self.city.commit(ADOPTING)
        self.device.once(check=0)
        self.assertEqual("ours\n", self.device.path("/etc/conf.d/10-vendor.conf").read_text())
        self.assertFalse(self.device.path("/etc/conf.d/local").exists())
        self.assertTrue(self.device.path("/etc/localtime").is_file())
        kept = self.device.state / "kept"
        self.assertEqual(0o700, kept.stat().st_mode & 0o7777)
        return before

    def test_a_prune_gives_back_files_links_and_purged_trees(self):
        before = self.adopt()
        self.city.commit(NOTHING)
        self.device.once(check=0)
        self.assertEqual(before, tree_of(self.device.root))
        self.assertEqual([], list((self.device.state / "kept").iterdir()))

    def test_show_diff_and_history_say_what_is_kept_and_given_back(self):
        self.adopt()
        self.device.start()
        shown = self.device.cli("show", "File/resolv").stdout
        self.assertIn("/etc/resolv.conf", shown)
        self.assertRegex(shown, r"kept +/etc/resolv.conf: a file of 20 B, mode 0640, owner \d+:\d+, in\s+/.*kept/resolv.conf-")
        shown = self.device.cli("show", "Directory/conf").stdout
        self.assertIn("/etc/conf.d/local: a directory", shown)
        shown = " ".join(self.device.cli("show", "SystemdUnit/beacon").stdout.split())
        self.assertRegex(shown, r"kept /etc/systemd/system/beacon.service: a file of 66 B, mode 0644, .*kept/beacon.service-")
        self.assertIn("beacon.service: disabled", shown)
        self.device.request("POST", "/v1/pause", {"for": "1h", "reason": "look first"})
        self.city.commit({"resolv.yaml": None, "new.yaml": None})
        diff = self.device.cli("diff").stdout
        self.assertIn("give back File/resolv\n/etc/resolv.conf: gives back what was there before", diff)
        self.assertIn("remove File/new\n", diff)

    def test_what_was_as_declared_stays_unless_somebody_deleted_it_meanwhile(self):
        same = self.device.path("/etc/same")
        unit_path = self.device.path("/etc/systemd/system/same.service")
        unit = "[Service]\nExecStart=/bin/true\n"

        def declared(name, text="same\n", content=unit):
            return {f"{name}.yaml": file_manifest(name, "/etc/same", text),
                    "unit.yaml": json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "SystemdUnit", "metadata": {"name": "same"},
                                             "spec": {"name": "same.service", "content": content}})}

        def delete():
            same.unlink()
            unit_path.unlink()

        def sync():
            self.device.once(check=0)

        def commit(files):
            self.city.commit(files)
            sync()

        other = declared("a", "other\n", unit + "# other\n")
        cases = {  # what happens meanwhile: whether the device's own is there at the end
            "nothing": ([], True),
            "edited": ([lambda: same.write_text("by hand\n"), lambda: unit_path.write_text("# by hand\n"), sync], True),
            "another text": ([lambda: commit(other)], True),
            "another object": ([lambda: commit({"a.yaml": None, **declared("b")})], True),
            "deleted": ([delete, sync], False),
            "deleted, then another text": ([delete, lambda: commit(other)], False),
            "deleted, another text and back": ([delete, lambda: commit(other), lambda: commit(declared("a"))], False),
            "deleted, then another object": ([delete, lambda: commit({"a.yaml": None, **declared("b")})], False),
            "deleted, repaired, another object": ([delete, sync, lambda: commit({"a.yaml": None, **declared("b")})], False),
        }
        for case, (events, stays) in cases.items():
            for path, text in ((same, "same\n"), (unit_path, unit)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                path.chmod(0o644)
            commit({**declared("a"), "kept.yaml": file_manifest("kept", "/etc/kept", "1\n")})
            for event in events:
                event()
            commit({file.name: None for file in self.city.work.glob("*.yaml") if file.name not in ("kept.yaml", "greenwave.yaml")})
            self.assertEqual((stays, stays), (same.exists(), unit_path.exists()), case)
            if stays:
                self.assertEqual(("same\n", unit), (same.read_text(), unit_path.read_text()), case)

    def test_the_annotation_chooses_to_delete_or_to_keep(self):
        def annotated(word):
            manifest = json.loads(ADOPTING["resolv.yaml"])
            manifest["metadata"]["annotations"] = {"greenwave.dev/on-removal": word}
            return {"resolv.yaml": json.dumps(manifest)}

        self.city.commit({**annotated("give"), "one.yaml": file_manifest("one", "/etc/one", "one\n")})
        self.assertIn("write give-back, delete or keep", self.device.once(check=1).stdout)
        self.assertEqual("nameserver 10.0.0.1\n", self.device.path("/etc/resolv.conf").read_text())
        self.city.commit(annotated("delete"))
        self.device.once(check=0)
        self.city.commit({"resolv.yaml": None})
        self.device.once(check=0)
        self.assertFalse(self.device.path("/etc/resolv.conf").exists())
        self.city.commit(annotated("keep"))
        self.device.once(check=0)
        self.city.commit({"resolv.yaml": None})
        self.device.once(check=0)
        self.assertEqual("nameserver 10.9.9.9\n", self.device.path("/etc/resolv.conf").read_text())

    def test_impact_says_that_a_prune_gives_back(self):
        self.city.commit(ADOPTING)
        self.city.commit({"resolv.yaml": None})
        impact = run(BIN / "greenwave", "impact", "HEAD~1...HEAD", cwd=self.city.work).stdout
        self.assertIn("prune File/resolv, which gives back what was there before", impact)


if __name__ == "__main__":
    unittest.main()
