"""A power cut on a disk that forgets what was not synced: whenever it happens, the next start ends in the same state as
an undisturbed one.

The device's whole root (state and targets) is on an ext4 in an image file, mounted by a loop device. A library
that is preloaded into the daemon copies the image after each fsync, fdatasync and syncfs, so that each copy holds
what had become durable by then, and nothing of what the kernel still had in memory. (The kernel's own targets for
this, dm-flakey and dm-log-writes, are missing from many kernels; a copy at each sync is what dm-log-writes' replay
to each flush would give.) Each copy is mounted, which replays ext4's journal as after a real power cut, checked for
files that are neither as before nor as after, and synced until clean.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from greenwave import BIN, City, Device, Scratch, run  # noqa: E402
import power_cut_test  # noqa: E402
from power_cut_test import ADOPTING, FIRST, NOTHING, SECOND, furnish, inventory_of, tree_of  # noqa: E402

SHIM = pathlib.Path(__file__).parents[1] / "support/snapshot_at_sync.c"
# The kernel's own help for careless programs is off, and it writes nothing back by itself while a test runs.
OPTIONS = "loop,noauto_da_alloc,commit=300"


def why_not():
    if os.geteuid() != 0:
        return "mounting a disk's image needs root"
    for program in ("mkfs.ext4", "unshare", "cc"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is missing"
    if not os.path.exists("/dev/loop-control"):
        return "this kernel has no loop devices"
    return None


class OnADisk(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.shim = self.scratch / "shim.so"
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", self.shim, SHIM, "-ldl")
        self.device = Device(self.scratch / "device", self.city.url)
        self.image = self.scratch / "disk"
        self.copies = self.scratch / "copies"

    def make_disk(self):
        with open(self.image, "wb") as file:
            file.truncate(48 << 20)
        run("mkfs.ext4", "-q", "-J", "size=4", "-E", "lazy_itable_init=0", self.image)
        self.copies.mkdir()

    def mount(self, image):
        run("mount", "-o", OPTIONS, image, self.device.root)
        self.addCleanup(run, "umount", "-l", self.device.root, check=False)

    def umount(self):
        run("umount", self.device.root)

    @contextlib.contextmanager
    def mounted(self, number, copy):
        """The disk as it was after so many syncs; a failure on it does not end the others' turn."""
        with self.subTest(syncs=number):
            self.mount(copy)
            try:
                yield
            finally:
                self.umount()

    def snapshots(self):
        return sorted(self.copies.iterdir())

    def watched(self):
        return ["env", f"LD_PRELOAD={self.shim}", f"SNAPSHOT_IMAGE={self.image}", f"SNAPSHOT_DIRECTORY={self.copies}"]


@unittest.skipIf(why_not(), why_not())
class ForgetfulDisk(OnADisk):
    def cut_everywhere(self, old, new, different=2):
        """From the disk as it is: a sync, cut after each time that something became durable. More than `different` disks
        are not alike."""
        shutil.copyfile(self.image, self.copies / "0000")
        self.mount(self.image)
        self.device.once(prefix=self.watched(), check=0)
        wanted, inventory = tree_of(self.device.root), inventory_of(self.device, same_key=False)
        self.umount()
        seen = set()
        for number, copy in enumerate(self.snapshots()):
            with self.mounted(number, copy):
                power_cut_test.PowerCuts.assert_nothing_is_half_written(self, self.device, old, new)
                seen.add(str(sorted(tree_of(self.device.root).items())))
                self.device.once(check=0)
                self.assertEqual(tree_of(self.device.root), wanted)
                self.assertEqual(inventory_of(self.device, same_key=False), inventory)
                power_cut_test.PowerCuts.assert_state_is_intact(self, self.device)
        print(f"{len(self.snapshots())} power cuts, {len(seen)} different disks", file=sys.stderr)
        self.assertGreater(len(self.snapshots()), 8, "hardly anything was synced: does the shim still work?")
        self.assertGreater(len(seen), different, "every disk was alike: does it still forget?")

    def test_the_disk_forgets_what_was_not_synced(self):
        self.make_disk()
        self.mount(self.image)
        script = (
            "import os\n"
            f"root = {str(self.device.root)!r}\n"
            "open(f'{root}/forgotten', 'w').write('unsynced')\n"
            "with open(f'{root}/kept', 'w') as kept:\n"
            "    kept.write('synced')\n"
            "    kept.flush()\n"
            "    os.fsync(kept.fileno())\n"
        )
        run(*self.watched(), sys.executable, "-c", script)
        self.umount()
        self.mount(self.snapshots()[0])
        self.assertEqual((self.device.root / "kept").read_text(), "synced")
        forgotten = self.device.root / "forgotten"
        self.assertFalse(forgotten.exists() and forgotten.read_text())
        self.umount()

    def test_a_first_sync_ends_as_an_undisturbed_one_whenever_the_power_went(self):
        self.city.commit(FIRST)
        reference = Device(self.scratch / "reference", self.city.url)
        reference.once(check=0)
        self.make_disk()
        self.cut_everywhere(old={}, new=tree_of(reference.root))

    def test_what_was_fetched_is_there_after_a_power_cut_though_the_server_is_not(self):
        self.city.commit(FIRST)
        self.make_disk()
        self.mount(self.image)
        self.device.once(prefix=self.watched(), check=0)
        wanted = tree_of(self.device.root)
        self.umount()
        self.city.bare.rename(self.scratch / "away.git")
        self.mount(self.snapshots()[-1])
        for path in ("/etc/signals/one.conf", "/srv/plans/am.csv"):
            self.device.path(path).unlink()
        said = self.device.once().stdout
        self.assertEqual(tree_of(self.device.root), wanted, said)
        self.umount()

    def test_an_update_with_prune_ends_as_an_undisturbed_one_whenever_the_power_went(self):
        self.city.commit(FIRST)
        reference = Device(self.scratch / "reference", self.city.url)
        reference.once(check=0)
        old = tree_of(reference.root)
        self.make_disk()
        self.mount(self.image)
        self.device.once(check=0)
        self.umount()
        self.city.commit(SECOND)
        reference.once(check=0)
        self.cut_everywhere(old=old, new=tree_of(reference.root))

    def test_an_adoption_and_giving_back_end_as_undisturbed_ones_whenever_the_power_went(self):
        self.city.commit(ADOPTING)
        reference = furnish(Device(self.scratch / "reference", self.city.url))
        plain = tree_of(reference.root)
        reference.once(check=0)
        adopted = tree_of(reference.root)
        self.make_disk()
        self.mount(self.image)
        furnish(self.device)
        self.umount()
        self.cut_everywhere(old=plain, new=adopted)
        for copy in self.snapshots():
            copy.unlink()
        self.city.commit(NOTHING)
        self.cut_everywhere(old=adopted, new=plain, different=1)


@unittest.skipIf(why_not(), why_not())
class ForgetfulGuard(OnADisk):
    """The guard's script, on the files that it shares with the agent (see agent/guard/guard.h)."""

    GUARD = pathlib.Path(__file__).parents[2] / "packaging/greenwave-guard"
    GOOD = {"agent.yaml": "good\n", "unit.d/10-good.conf": "good\n"}

    def files(self):
        root = self.device.root / "etc"
        return {str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file()}

    def furnish(self):
        root, guard = self.device.root, self.device.root / "guard"
        for name, text in {
            "etc/agent.yaml": "bad\n",
            "etc/unit.d/10-good.conf": "bad\n",
            "etc/unit.d/20-bad.conf": "bad\n",
            "etc/new": "bad\n",
            "guard/armed": "0 0 one yes\n",
            "guard/0": self.GOOD["agent.yaml"],
            "guard/1/10-good.conf": self.GOOD["unit.d/10-good.conf"],
            "guard/list": f"file 0 {root}/etc/agent.yaml\ntree 1 {root}/etc/unit.d\nabsent - {root}/etc/new\n",
        }.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        os.sync()
        return guard

    def stand_by(self, *prefix):
        """Runs the script to its end; systemctl is none."""
        programs = self.scratch / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "systemctl").write_text("#!/bin/sh\n")
        (programs / "systemctl").chmod(0o755)
        path = f"PATH={programs}:{os.environ['PATH']}"
        run(*(prefix or ["env"]), path, self.GUARD, self.device.root / "guard")

    def test_the_last_good_files_are_back_whenever_the_power_went(self):
        self.make_disk()
        self.mount(self.image)
        guard = self.furnish()
        shutil.copyfile(self.image, self.copies / "0000")
        self.stand_by(*self.watched())
        self.assertEqual(self.files(), self.GOOD)
        self.umount()
        seen = set()
        for number, copy in enumerate(self.snapshots()):
            with self.mounted(number, copy):
                seen.add(str(sorted(self.files().items())))
                self.assertIn(self.files()["agent.yaml"], ("good\n", "bad\n"))
                self.stand_by()
                self.assertEqual(self.files(), self.GOOD)
                self.assertIn("agent.yaml", (guard / "restored").read_text(), "the agent is told what was there")
                self.assertFalse((guard / "firing").exists() or (guard / "armed").exists())
        print(f"{len(self.snapshots())} power cuts, {len(seen)} different disks", file=sys.stderr)
        self.assertGreater(len(seen), 2, "every disk was alike: does it still forget?")

    def test_no_file_of_the_agent_changes_before_the_guard_is_armed_whenever_the_power_went(self):
        self.make_disk()
        self.mount(self.image)
        for name, text in self.GOOD.items():
            file = self.device.root / "etc" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        os.sync()
        shutil.copyfile(self.image, self.copies / "0000")
        run(*self.watched(), f"GREENWAVE_DISK={self.device.root}", BIN / "unit_guard", "[.disk]")
        self.umount()
        states = set()

        def files():
            return {name: text for name, text in self.files().items() if not name.endswith(".greenwave")}  # not yet renamed

        for number, copy in enumerate(self.snapshots()):
            with self.mounted(number, copy):
                armed = (self.device.root / "guard/armed").exists()
                states.add((armed, files() == self.GOOD))
                if armed:
                    self.stand_by()
                self.assertEqual(files(), self.GOOD)
        self.assertEqual(states, {(False, True), (True, True), (True, False)})


if __name__ == "__main__":
    if not why_not() and "GREENWAVE_MOUNTS" not in os.environ:
        # In a mount namespace of its own: whatever happens, nothing stays mounted.
        words = ["unshare", "--mount", "--propagation=private", sys.executable, "-B", *sys.argv]
        sys.exit(subprocess.run(words, env={**os.environ, "GREENWAVE_MOUNTS": "own"}).returncode)
    unittest.main()
