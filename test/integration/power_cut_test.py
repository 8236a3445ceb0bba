"""A daemon that is killed at any system call that changes something, and restarted, ends as if nothing had happened.

strace kills the daemon at the N-th call of each kind, for a sample of the N that a sync reaches (support/power_cuts.py).
After each kill: no file under its final name may be anything but whole (as before or as after); after the restart: the
device is as an undisturbed one, with the same inventory, and nothing of ours is left beside it.
"""

import json
import os
import pathlib
import shutil
import sqlite3
import stat
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest, run  # noqa: E402
from power_cuts import cut_at, cuts, rehearsal  # noqa: E402

CHANGING = [
    "mkdirat", "mkdir", "renameat", "renameat2", "rename", "unlink", "unlinkat", "symlinkat", "linkat", "fchmod",
    "fchmodat", "fchown", "fchownat", "utimensat", "write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync",
    "syncfs", "ftruncate", "fallocate",
]  # fmt: skip


def directory_manifest(name, path, **spec):
    return json.dumps(
        {"apiVersion": "greenwave.dev/v1", "kind": "Directory", "metadata": {"name": name}, "spec": {"path": path, **spec}}
    )


def unit_manifest(name, **spec):
    return json.dumps(
        {"apiVersion": "greenwave.dev/v1", "kind": "SystemdUnit", "metadata": {"name": name}, "spec": {"name": f"{name}.service", **spec}}
    )


UNIT = json.dumps(
    {
        "apiVersion": "greenwave.dev/v1",
        "kind": "SystemdUnit",
        "metadata": {"name": "beacon"},
        "spec": {
            "name": "beacon.service",
            "content": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
            "enabled": True,
            "restartOn": ["File/one"],
        },
    }
)

FIRST = {
    "one.yaml": file_manifest("one", "/etc/signals/one.conf", "one\n" * 400, mode="0600"),
    "two.yaml": file_manifest("two", "/etc/signals/two.conf", "two\n"),
    "gone.yaml": file_manifest("gone", "/opt/gone/gone.conf", "gone\n"),
    "plans.yaml": directory_manifest("plans", "/srv/plans", source="plans", purge=True),
    "plans/am.csv": "peak,90\n",
    "plans/pm.csv": "peak,110\n",
    "unit.yaml": UNIT,
}
SECOND = {
    "one.yaml": file_manifest("one", "/etc/signals/one.conf", "uno\n" * 400, mode="0640"),
    "gone.yaml": None,
    "plans/pm.csv": None,
    "plans/night.csv": "free,0\n",
    "three.yaml": file_manifest("three", "/var/lib/three/three.conf", "three\n"),
}


# Over what `furnish` puts on the device.
ADOPTING = {
    "resolv.yaml": file_manifest("resolv", "/etc/resolv.conf", "nameserver 10.9.9.9\n"),
    "zone.yaml": file_manifest("zone", "/etc/localtime", "zone"),
    "hosts.yaml": file_manifest("hosts", "/etc/hosts", "127.0.0.1 localhost\n"),
    "conf.yaml": directory_manifest("conf", "/etc/conf.d", source="conf", purge=True, mode="0700"),
    "conf/10-vendor.conf": "ours\n",
    "new.yaml": file_manifest("new", "/etc/new/deep/new.conf", "new\n"),
    "beacon.yaml": unit_manifest(
        "beacon",
        content="[Service]\nExecStart=/bin/new\n[Install]\nWantedBy=multi-user.target\n",
        dropIns=[{"name": "a.conf", "content": "[Unit]\nDescription=ours\n"}],
        enabled=True,
    ),
    "herald.yaml": unit_manifest("herald", enabled=False),
    "horn.yaml": unit_manifest("horn", masked=False),
}
NOTHING = {
    **{path: None for path in ADOPTING},
    "greenwave.yaml": json.dumps(
        {"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "city"}, "spec": {"allowEmpty": True}}
    ),
}


def furnish(device):
    """What the operating system brought."""
    for path, text in {
        "etc/resolv.conf": "nameserver 10.0.0.1\n",
        "etc/conf.d/10-vendor.conf": "vendor\n",
        "etc/conf.d/30-other.conf": "other\n",
        "etc/conf.d/local/20-site.conf": "site\n",
        "etc/hosts": "127.0.0.1 localhost\n",
        "etc/systemd/system/beacon.service": "[Service]\nExecStart=/bin/old\n[Install]\nWantedBy=multi-user.target\n",
        "etc/systemd/system/beacon.service.d/a.conf": "[Unit]\nDescription=the device's\n",
        "usr/lib/systemd/system/herald.service": "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
    }.items():
        file = device.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (device.root / "etc/resolv.conf").chmod(0o640)
    (device.root / "etc/conf.d/local").chmod(0o700)
    (device.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/UTC")
    units = device.root / "etc/systemd/system"
    (units / "multi-user.target.wants").mkdir()
    (units / "multi-user.target.wants/herald.service").symlink_to("/usr/lib/systemd/system/herald.service")
    (units / "horn.service").symlink_to("/dev/null")
    return device


def tree_of(root):
    """{path: (type and mode, content)} of what a device holds, the agent's own directories aside."""
    tree = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = pathlib.Path(directory) / name
            relative = str(path.relative_to(root))
            if relative.startswith(("var/lib/greenwave", "run")) or relative in ("var", "var/lib"):
                continue
            about = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            tree[relative] = (stat.filemode(about.st_mode), content)
    return tree


def files_of(root):
    return {path: what for path, what in tree_of(root).items() if not what[0].startswith("d")}


def inventory_of(device, same_key):
    """Digests are keyed: two devices whose keys are not the same have only in common that they are there."""
    digest = "hex(digest)" if same_key else "digest = zeroblob(32)"
    database = sqlite3.connect(device.state / "state.db")
    try:
        return database.execute(
            f"SELECT kind, name, {digest}, intended, hex(claims), error FROM objects ORDER BY kind, name"
        ).fetchall()
    finally:
        database.close()


class PowerCuts(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def kill_everywhere(self, start, old, new, same_key=True, code=0):
        """Kills a sync from the state that `start` makes at every changing call, and checks what is left. `code` is
        how an undisturbed one ends."""
        reference = start("reference")
        reference.once(prefix=rehearsal(CHANGING, self.scratch / "calls"), check=code)
        wanted, inventory = tree_of(reference.root), inventory_of(reference, same_key)
        tried = cuts(self.scratch / "calls")
        kills = 0
        for call, number in tried:
            device = start("victim")
            if device.once(prefix=cut_at(call, number)).returncode != code:
                kills += 1
                with self.subTest(call=call, number=number):
                    self.assert_nothing_is_half_written(device, old, new)
                    device.once(check=code)
                    self.assertEqual(tree_of(device.root), wanted)
                    self.assertEqual(inventory_of(device, same_key), inventory)
                    self.assert_state_is_intact(device)
            shutil.rmtree(device.directory)
        print(f"{kills} power cuts", file=sys.stderr)
        self.assertGreater(kills, max(20, len(tried) / 2), "the sync was hardly ever killed: does the injection still work?")

    def assert_nothing_is_half_written(self, device, old, new):
        for path, (mode, content) in tree_of(device.root).items():
            if path.endswith(".greenwave~") or not mode.startswith("-"):
                continue
            known = [tree[path] for tree in (old, new) if path in tree]
            self.assertIn((mode, content), known, f"{path} is neither as before nor as after")

    def assert_state_is_intact(self, device):
        database = sqlite3.connect(device.state / "state.db")
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        database.close()

    def test_a_first_sync_killed_at_every_changing_call_ends_as_an_undisturbed_one(self):
        self.city.commit(FIRST)
        reference = Device(self.scratch / "new", self.city.url)
        reference.once(check=0)
        self.kill_everywhere(lambda name: Device(self.scratch / name, self.city.url), {}, tree_of(reference.root), same_key=False)

    def test_an_update_with_a_prune_killed_at_every_changing_call_ends_as_an_undisturbed_one(self):
        self.city.commit(FIRST)
        before = Device(self.scratch / "before", self.city.url)
        before.once(check=0)
        self.city.commit(SECOND)
        after = Device(self.scratch / "after", self.city.url)
        after.once(check=0)

        self.kill_everywhere(lambda name: self.copy_of(before, name), tree_of(before.root), tree_of(after.root))

    def test_an_adoption_killed_at_every_changing_call_ends_as_an_undisturbed_one(self):
        self.city.commit(ADOPTING)
        before = furnish(Device(self.scratch / "before", self.city.url))
        after = furnish(Device(self.scratch / "after", self.city.url))
        after.once(check=0)
        self.kill_everywhere(lambda name: self.copy_of(before, name), tree_of(before.root), tree_of(after.root), same_key=False)

    def test_an_adoption_killed_at_any_changing_call_is_given_back_by_the_next_commit(self):
        before = furnish(Device(self.scratch / "before", self.city.url))
        before.once()
        adopting = self.city.commit(ADOPTING)
        nothing = self.city.commit(NOTHING)
        self.city.git("push", "-q", "--force", "origin", f"{adopting}:main")
        calls = ("linkat", "renameat2", "renameat", "mkdirat", "fsync", "unlinkat")
        self.copy_of(before, "rehearsal").once(prefix=rehearsal(calls, self.scratch / "calls"), check=0)
        for call, number in cuts(self.scratch / "calls"):
            self.city.git("push", "-q", "--force", "origin", f"{adopting}:main")
            device = self.copy_of(before, "victim")
            device.once(prefix=cut_at(call, number))
            self.city.git("push", "-q", "--force", "origin", f"{nothing}:main")
            with self.subTest(call=call, number=number):
                device.once(check=0)
                self.assertEqual(tree_of(device.root), tree_of(before.root))
                kept = device.state / "kept"
                self.assertEqual([], list(kept.iterdir()) if kept.exists() else [])
            shutil.rmtree(device.directory)

    def test_giving_back_killed_at_every_changing_call_ends_as_an_undisturbed_one(self):
        self.city.commit(ADOPTING)
        plain = furnish(Device(self.scratch / "plain", self.city.url))
        before = furnish(Device(self.scratch / "before", self.city.url))
        before.once(check=0)
        self.city.commit(NOTHING)
        self.kill_everywhere(lambda name: self.copy_of(before, name), tree_of(before.root), tree_of(plain.root))
        last = self.copy_of(before, "last")
        last.once(check=0)
        self.assertEqual(tree_of(last.root), tree_of(plain.root))
        self.assertEqual([], list((last.state / "kept").iterdir()))

    def test_a_revert_killed_at_every_changing_call_ends_as_an_undisturbed_one(self):
        self.city.commit(FIRST)
        good = Device(self.scratch / "good", self.city.url)
        good.once(check=0)
        before = self.copy_of(good, "before")
        self.city.commit(SECOND)
        # Two starts that died after the last change to the device: the third one takes the commit back.
        changed = self.copy_of(good, "changed")
        changed.once(check=0)
        for _ in range(2):
            self.kill_before_the_end(before)
        self.assertEqual(tree_of(before.root), tree_of(changed.root))
        self.kill_everywhere(
            lambda name: self.copy_of(before, name), tree_of(changed.root), tree_of(good.root), code=1
        )
        last = self.copy_of(before, "last")
        last.once(check=1)
        self.assertEqual(tree_of(last.root), tree_of(good.root))
        self.assertIn("third time", last.cli("status").stdout)

    def kill_before_the_end(self, device):
        """Kills a sync where it makes the new commit's ref the last good one: all is applied, nothing is kept."""
        count = self.scratch / "count"
        rehearsed = self.copy_of(device, "rehearsal")
        rehearsed.once(prefix=rehearsal(["fsync"], count), check=0)
        shutil.rmtree(rehearsed.directory)
        number = len([line for line in count.read_text().splitlines() if "fsync(" in line])
        ended = device.once(prefix=cut_at("fsync", number - 1))
        self.assertNotEqual(0, ended.returncode, "it was not killed")

    def copy_of(self, original, name):
        directory = self.scratch / name
        run("cp", "-a", original.directory, directory)
        device = Device.__new__(Device)
        device.__dict__.update(original.__dict__)
        device.directory, device.root, device.config = directory, directory / "root", directory / "agent.yaml"
        return device


if __name__ == "__main__":
    unittest.main()
