"""Packages on a device whose root is a directory, with a real dpkg: what is installed, held, removed and given back, what is refused before anything
changes, and what a dpkg that was interrupted or is busy does to that.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import debs  # noqa: E402
from field import manifest  # noqa: E402
from greenwave import BIN, City, Device, Scratch, file_manifest, run  # noqa: E402

INSTALLED = "install ok installed"


def package(name, version=None, source=None, **spec):
    """The files of a commit with a Package."""
    named = {key: value for key, value in {"version": version, "source": source, **spec}.items() if value is not None}
    return {f"{name}.yaml": manifest("Package", name, named)}


@unittest.skipIf(debs.why_not(), debs.why_not())
class Packages(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url))
        debs.give_dpkg(self.device.root)

    def deb(self, name, version, **more):
        """The files of a commit with a .deb and its Package."""
        spec = more.pop("spec", {})
        files = more.pop("files", {f"/usr/share/{name}": f"{version}\n"})
        source = f"debs/{name}_{version}.deb"
        content = debs.deb(self.scratch, name, version, files=files, **more)
        return {source: content, **package(name, version, source, **spec)}

    def install(self, *arguments, **more):
        """By hand."""
        file = self.scratch / "by-hand.deb"
        file.write_bytes(debs.deb(self.scratch, *arguments, **more))
        debs.dpkg(self.device.root, "-i", file)

    def sync(self, files, check=0, words=()):
        self.city.commit(files)
        return self.device.once(*words, check=check).stdout

    def has(self, **expected):
        self.assertEqual(expected, debs.packages_of(self.device.root))

    def read(self, path):
        file = self.device.path(path)
        return file.read_text() if file.exists() else None

    def kept(self):
        directory = self.device.state / "packages"
        return sorted(file.name for file in directory.iterdir()) if directory.exists() else []

    def test_a_package_of_the_repository_is_installed_upgraded_and_downgraded(self):
        self.sync(self.deb("tools", "1.0"))
        self.has(tools=f"1.0 {INSTALLED}")
        self.sync(self.deb("tools", "1.2-1"))
        self.has(tools=f"1.2-1 {INSTALLED}")
        self.assertEqual("1.2-1\n", self.read("/usr/share/tools"))
        self.sync(self.deb("tools", "1.1"))
        self.has(tools=f"1.1 {INSTALLED}")
        self.assertEqual(["tools_1.1_all.deb", "tools_1.2-1_all.deb"], self.kept())

    def test_a_pass_without_a_change_starts_no_program_and_reads_no_record(self):
        self.sync(self.deb("tools", "1.0"))
        trace = self.scratch / "trace"
        self.device.once(check=0, prefix=["strace", "-f", "-o", trace, "-e", "trace=execve,openat"])
        calls = trace.read_text()
        self.assertNotIn("dpkg-deb", calls)
        self.assertNotIn("/bin/sh", calls)

    def test_what_was_changed_by_hand_is_repaired(self):
        self.sync(self.deb("tools", "1.0"))
        debs.dpkg(self.device.root, "-r", "tools")
        self.assertIn("not installed", self.sync({}))
        self.has(tools=f"1.0 {INSTALLED}")
        self.install("tools", "9")
        self.sync({})
        self.has(tools=f"1.0 {INSTALLED}")

    def test_a_package_that_was_not_there_goes_with_its_manifest_and_its_configuration_stays(self):
        self.sync({**self.deb("tools", "1.0", files={"/etc/tools.conf": "a\n", "/usr/share/tools": "x"}, conffiles=["/etc/tools.conf"]),
                   **file_motd()})
        self.sync({"tools.yaml": None})
        self.has(tools="1.0 deinstall ok config-files")
        self.assertEqual("a\n", self.read("/etc/tools.conf"))

    def test_the_version_that_was_there_before_comes_back_with_its_files_and_scripts(self):
        self.install("tools", "0.9", files={"/usr/share/tools": ("old\n", 0o640), "/usr/lib/tools/a b": "x"},
                     scripts={"postinst": "#!/bin/sh\necho old >/configured\n", "prerm": "#!/bin/sh\nexit 0\n"}, Depends="dpkg")
        self.sync({**self.deb("tools", "1.0"), **file_motd()})
        self.has(tools=f"1.0 {INSTALLED}")
        self.device.path("/configured").unlink()
        self.device.start()
        self.device.request("POST", "/v1/pause", {"for": "1h", "reason": "look first"})
        self.city.commit({"tools.yaml": None})
        self.assertIn("tools 0.9", self.device.cli("diff").stdout)
        self.device.stop()
        self.device.once(check=0)
        self.device.cli("resume")
        self.sync({"motd.yaml": file_manifest("motd", "/etc/motd", "again\n")})
        self.has(tools=f"0.9 {INSTALLED}")
        self.assertEqual("old\n", self.read("/usr/share/tools"))
        self.assertEqual(0o640, self.device.path("/usr/share/tools").stat().st_mode & 0o7777)
        self.assertEqual("x", self.read("/usr/lib/tools/a b"))
        self.assertEqual("old\n", self.read("/configured"))

    def test_a_package_that_was_as_declared_stays_when_its_manifest_goes(self):
        self.install("tools", "1.0", files={"/usr/share/tools": "1.0\n"})
        self.sync({**self.deb("tools", "1.0"), **file_motd()})
        self.sync({"tools.yaml": None})
        self.has(tools=f"1.0 {INSTALLED}")

    def test_an_absent_package_is_removed_and_comes_back_when_the_manifest_goes(self):
        self.install("tools", "0.9", files={"/usr/share/tools": "old\n"})
        self.sync({**package("tools", state="absent"), **file_motd()})
        self.assertIsNone(self.read("/usr/share/tools"))
        self.sync({"tools.yaml": None})
        self.has(tools=f"0.9 {INSTALLED}")
        self.assertEqual("old\n", self.read("/usr/share/tools"))

    def test_a_held_package_is_held_at_its_version_and_is_let_go_afterwards(self):
        self.sync(self.deb("tools", "1.0", spec={"state": "held"}))
        self.has(tools="1.0 hold ok installed")
        self.sync(self.deb("tools", "1.1", spec={"state": "held"}))
        self.has(tools="1.1 hold ok installed")
        debs.dpkg(self.device.root, "--configure", "-a")
        self.sync(self.deb("tools", "1.1"))
        self.has(tools=f"1.1 {INSTALLED}")
        run("sh", "-c", f"echo tools hold | dpkg --root={self.device.root} --set-selections")
        self.sync({})
        self.has(tools="1.1 hold ok installed")  # what people hold is theirs

    def test_edited_configuration_files_stay_unless_the_manifest_says_otherwise(self):
        def version(number, **spec):
            return self.deb("tools", number, files={"/etc/tools.conf": f"of {number}\n"}, conffiles=["/etc/tools.conf"], spec=spec)

        self.sync(version("1.0"))
        self.device.path("/etc/tools.conf").write_text("by hand\n")
        self.sync(version("1.1"))
        self.assertEqual("by hand\n", self.read("/etc/tools.conf"))
        self.sync(version("1.2", conffiles="replace"))
        self.assertEqual("of 1.2\n", self.read("/etc/tools.conf"))

    def test_what_the_deb_says_must_be_what_the_manifest_says(self):
        good = self.deb("tools", "1.0")
        self.sync({**good, **file_motd("kept\n")})
        content = {"debs/x.deb": debs.deb(self.scratch, "other", "1.0", {"/usr/share/other": "x"})}
        foreign = debs.deb(self.scratch, "tools", "1.0", {"/usr/share/tools": "x"}, architecture="s390x")
        cases = {
            "has the package other, not tools": {**content, **package("tools", "1.0", "debs/x.deb")},
            "has version 1.0, not 1.1": package("tools", "1.1", "debs/tools_1.0.deb"),
            "is for s390x": {"debs/f.deb": foreign, **package("tools", "1.0", "debs/f.deb")},
            "is not a Debian package": {"debs/n.deb": "nothing", **package("tools", "1.2", "debs/n.deb")},
            "is not a whole Debian package": {"debs/c.deb": next(iter(good.values()))[:150], **package("tools", "1.2", "debs/c.deb")},
            "does not exist in the repository": package("tools", "1.2", "debs/nowhere.deb"),
            "put it in quotes: as a number": {"tools.yaml": 'apiVersion: greenwave.dev/v1\nkind: Package\nmetadata: {name: tools}\nspec: {version: 1.10}\n'},
            "apt installs nothing": package("tools", "1.2"),
        }
        for said, files in cases.items():
            with self.subTest(said):
                self.sync({**files, **file_motd("lost\n")}, check=None)
                self.assertIn(said, json.dumps(self.device.json("history")))
                self.has(tools=f"1.0 {INSTALLED}")
                self.assertEqual("kept\n", self.read("/etc/motd"), "the commit is refused as a whole")

    def test_lint_says_which_package_a_source_has_before_any_device_does(self):
        self.city.commit({**self.deb("tools", "1.0"), **package("tools", "1.1", "debs/tools_1.0.deb")})
        said = run(BIN / "greenwave", "lint", self.city.work, check=False).stdout
        self.assertRegex(said, r"tools.yaml:1:\d+: error: debs/tools_1.0.deb has version 1.0, not 1.1")

    def test_impact_says_which_devices_change_a_package(self):
        self.city.commit(self.deb("tools", "1.0"))
        self.city.commit(self.deb("tools", "1.1"))
        said = run(BIN / "greenwave", "impact", "HEAD~1...HEAD", cwd=self.city.work, check=False).stdout
        self.assertIn("update Package/tools", said)

    def test_a_missing_dependency_is_said_before_anything_changes(self):
        self.sync(file_motd("before\n"))
        files = self.deb("tools", "1.0", Depends="libtools (>= 2), dpkg", Pre_Depends="base | other")
        self.sync({**files, **file_motd("after\n")}, check=None)
        history = json.dumps(self.device.json("history"))
        self.assertIn("it needs base | other, libtools (>= 2), which the device does not have", history)
        self.assertEqual("before\n", self.read("/etc/motd"))
        self.has()

    def test_packages_that_need_each_other_come_in_the_right_order_in_one_commit(self):
        self.sync({**self.deb("aaa", "1.0", Depends="bbb (>= 2)"), **self.deb("bbb", "2.0", Depends="ccc"), **self.deb("ccc", "1", Provides="ddd")})
        self.has(aaa=f"1.0 {INSTALLED}", bbb=f"2.0 {INSTALLED}", ccc=f"1 {INSTALLED}")
        self.sync({"aaa.yaml": None, "bbb.yaml": None, "ccc.yaml": None, **file_motd()})
        self.assertEqual({}, {name: state for name, state in debs.packages_of(self.device.root).items() if INSTALLED in state})

    def test_what_others_need_is_neither_removed_nor_replaced_by_an_older_one(self):
        self.install("lib", "2.0", files={"/usr/share/lib": "2"})
        self.install("user", "1.0", files={"/usr/share/user": "1"}, Depends="lib (>= 2)")
        before = debs.packages_of(self.device.root)
        self.sync(package("lib", state="absent"), check=None)
        self.assertIn("lib cannot be removed: user (1.0) needs lib (>= 2)", json.dumps(self.device.json("status")))
        self.sync(self.deb("lib", "1.0"), check=None)
        self.assertIn("user (1.0) needs lib (>= 2)", json.dumps(self.device.json("status")))
        self.sync({"lib.yaml": None, **self.deb("enemy", "1.0", Conflicts="user")}, check=None)
        self.assertIn("enemy (1.0) and user (1.0) exclude each other", json.dumps(self.device.json("status")))
        self.sync({"enemy.yaml": None, **package("dpkg", state="absent")}, check=None)
        self.assertIn("dpkg is essential", json.dumps(self.device.json("status")))
        self.assertEqual(before, debs.packages_of(self.device.root))

    def test_a_commit_whose_package_fails_is_taken_back_with_the_version_before(self):
        self.sync({**self.deb("tools", "1.0"), **file_motd("good\n")})
        bad = self.deb("tools", "1.1", scripts={"postinst": "#!/bin/sh\necho the lamp is broken\nexit 3\n"})
        self.sync({**bad, **file_motd("bad\n")}, check=1)
        self.has(tools=f"1.0 {INSTALLED}")
        self.assertEqual("good\n", self.read("/etc/motd"))
        history = json.dumps(self.device.json("history"))
        self.assertIn("the lamp is broken", history)
        self.sync(self.deb("tools", "1.2"))
        self.has(tools=f"1.2 {INSTALLED}")

    def test_a_script_that_hangs_is_ended_and_its_commit_taken_back(self):
        self.sync(self.deb("tools", "1.0"))
        self.sync(self.deb("tools", "1.1", scripts={"postinst": "#!/bin/sh\nsleep 1000\n"}, spec={"timeout": "2s"}), check=1)
        self.has(tools=f"1.0 {INSTALLED}")
        self.assertIn("which is its timeout", json.dumps(self.device.json("history")))

    def test_what_an_interrupted_dpkg_left_is_repaired_first(self):
        self.sync(self.deb("tools", "1.0"))
        unpacked = self.scratch / "unpacked.deb"
        unpacked.write_bytes(debs.deb(self.scratch, "other", "1", {"/usr/share/other": "x"}))
        debs.dpkg(self.device.root, "--unpack", unpacked)
        self.assertIn("dpkg has not finished: other (unpacked)", self.device.once(check=0).stdout)
        self.sync(self.deb("tools", "1.1"))
        self.has(tools=f"1.1 {INSTALLED}", other=f"1 {INSTALLED}")

    def test_a_lock_that_another_program_has_is_waited_for(self):
        lock = self.device.path("/var/lib/dpkg/lock-frontend")
        lock.touch()
        holder = subprocess.Popen([sys.executable, "-c", "import fcntl, sys, time\nf = open(sys.argv[1], 'r+')\nfcntl.lockf(f, fcntl.LOCK_EX)\n"
                                   "print('held', flush=True)\ntime.sleep(3)", lock], stdout=subprocess.PIPE)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        holder.stdout.readline()
        self.sync(self.deb("tools", "1.0"))
        self.has(tools=f"1.0 {INSTALLED}")

    def test_an_image_without_dpkg_leaves_packages_out_and_says_so(self):
        image = self.enterContext(Device(self.scratch / "image", self.city.url))
        self.city.commit({**self.deb("tools", "1.0"), **file_motd()})
        self.assertIn("has no dpkg", image.once(check=0).stdout)

    def test_random_courses_leave_what_the_manifests_say(self):
        """Against a model: what dpkg is to have after each commit, whatever was done by hand in between."""
        seeds = int(os.environ.get("GREENWAVE_SEEDS", 2))
        for seed in range(seeds):
            with self.subTest(seed=seed):
                self.play(random.Random(seed), steps=9)

    def play(self, chance, steps):
        names = ["alpha", "beta", "gamma"]
        versions = ["1.0", "1.1~rc1", "2:0.5-1"]
        self.sync({**{f"{name}.yaml": None for name in names if (self.city.work / f"{name}.yaml").exists()}, **file_motd()})
        for name in names:
            debs.dpkg(self.device.root, "--purge", name, check=False)
        before, declared = {}, {}
        for name in names:
            if chance.random() < 0.5:
                before[name] = chance.choice(versions)
                self.install(name, before[name], files={f"/usr/share/{name}": f"{before[name]}\n"})
        for _ in range(steps):
            files = {}
            if chance.random() < 0.3:
                removed = chance.choice(names)
                debs.dpkg(self.device.root, "-r", removed, check=False)
                if removed not in declared:
                    before.pop(removed, None)
            for name in chance.sample(names, chance.randint(1, 2)):
                what = chance.choice(["installed", "held", "absent", "gone"])
                if what == "gone":
                    if declared.pop(name, None):
                        files[f"{name}.yaml"] = None
                elif what == "absent":
                    declared[name] = ("absent", None)
                    files.update(package(name, state="absent"))
                else:
                    declared[name] = (what, chance.choice(versions))
                    files.update(self.deb(name, declared[name][1], spec={"state": what}))
            self.sync({**files, **file_motd(str(chance.random()))})
            state = debs.packages_of(self.device.root)
            for name, (what, version) in declared.items():
                found = state.get(name, "")
                if what == "absent":
                    self.assertNotIn("ok installed", found, name)
                else:
                    self.assertEqual(f"{version} {'hold' if what == 'held' else 'install'} ok installed", found, name)
        self.sync({**{f"{name}.yaml": None for name in declared}, **file_motd("end\n")})
        state = debs.packages_of(self.device.root)
        for name in declared:
            expected = f"{before[name]} {INSTALLED}" if name in before else None
            found = state.get(name)
            self.assertEqual(expected, found if found and "ok installed" in found else None, name)
            if name in before:
                self.assertEqual(f"{before[name]}\n", self.read(f"/usr/share/{name}"), name)


def file_motd(text="hello\n"):
    return {"motd.yaml": file_manifest("motd", "/etc/motd", text)}


if __name__ == "__main__":
    unittest.main()
