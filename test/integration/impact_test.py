"""What `greenwave impact` says of a commit is what a device then does: over random chains of commits, each step's verb and
object, and how many files are written; and on a real systemd which units are restarted or stopped.

GREENWAVE_SEEDS=N plays N chains of commits; `impact_test.py --seed N` plays one, and prints it. With --live it is played
on a real systemd.
"""

import contextlib
import json
import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from greenwave import BIN, City, Device, Scratch, run  # noqa: E402

SEEDS = int(os.environ.get("GREENWAVE_SEEDS", 5))
LIVE_SEEDS = max(1, SEEDS // 5)
COMMITS = 25
DEVICE = "sf-0042"
CLUSTER = {
    "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: city}\n"
    "spec:\n  devices: devices.geojson\n  layers: [{path: base}]\n",
    "devices.geojson": json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": DEVICE,
                    "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
                    "properties": {"labels": {}},
                }
            ],
        }
    ),
}
TEXTS = ["one\n", "two\n", "three\n"]
PATHS = [f"/etc/field/{name}" for name in ("a", "b", "c", "d/e", "d/f")] + ["/etc/systemd/system/field-one.service.d/9.conf"]
TREES = ["/etc/field/tree", "/etc/field/d"]
SOURCES = {
    "files/one": "one\n",
    "files/same-as-one": "one\n",
    "files/two": "two\n",
    "trees/x/1": "one\n",
    "trees/x/in/2": "two\n",
    "trees/y/1": "one\n",
    "trees/y/in/2": "three\n",
    "trees/y/3": "three\n",
    "trees/z/1": "one\n",
    "trees/z/in/2": "two\n",
}
UNIT_NAMES = ["field-one.service", "field-two.service"]
UNIT = "[Service]\nExecStart=/bin/sleep {}00\n[Install]\nWantedBy=multi-user.target\n"


def manifest(kind, name, spec):
    return {"apiVersion": "greenwave.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Story:
    """A city whose commits are changed at random."""

    def __init__(self, seed, live=False):
        self.random = random.Random(seed)
        self.live = live  # units run
        self.objects = {"always": manifest("File", "always", {"path": "/etc/field/always", "content": "always\n"})}

    def change(self):
        chance = self.random.random()
        if len(self.objects) > 1 and chance < 0.15:
            del self.objects[self.random.choice(sorted(self.objects.keys() - {"always"}))]
        else:
            kind = self.random.choices(["File", "Directory", "SystemdUnit", "HealthCheck"], [4, 1, 5, 0] if self.live else [5, 2, 3, 1])[0]
            name = f"{kind.lower()}-{self.random.randint(1, 4 if kind == 'File' else 2)}"
            known = self.objects.get(name)
            spec = dict(known["spec"]) if known and chance < 0.8 else {}
            getattr(self, "make_" + kind.lower())(spec)
            self.objects[name] = manifest(kind, name, spec)

    def maybe(self, spec, key, values, absent=0.5):
        if self.random.random() < absent:
            spec.pop(key, None)
        else:
            spec[key] = self.random.choice(values)

    def make_file(self, spec):
        if "path" not in spec or self.random.random() < 0.2:
            spec["path"] = self.random.choice(PATHS)
        if self.random.random() < 0.7 or not spec.keys() & {"content", "source", "json"}:
            for form in ("content", "source", "json"):
                spec.pop(form, None)
            form = self.random.choice(["content", "source", "json"])
            spec[form] = self.random.choice(
                {"content": TEXTS, "source": sorted(s for s in SOURCES if s.startswith("files/")), "json": [{"a": 1}, {"a": 2}]}[form]
            )
        self.maybe(spec, "mode", ["0644", "0600"])
        self.maybe(spec, "sensitive", [True, False], absent=0.8)

    def make_directory(self, spec):
        if "path" not in spec or self.random.random() < 0.1:
            spec["path"] = self.random.choice(TREES)
        self.maybe(spec, "source", ["trees/x", "trees/y", "trees/z"], absent=0.2)
        self.maybe(spec, "mode", ["0755", "0750"])
        if "source" in spec:
            self.maybe(spec, "purge", [True, False])
        else:
            spec.pop("purge", None)

    def make_systemdunit(self, spec):
        if "name" not in spec or self.random.random() < 0.1:
            spec["name"] = self.random.choice(UNIT_NAMES)
        self.maybe(spec, "content", [UNIT.format(60), UNIT.format(70)], absent=0.1)
        self.maybe(spec, "dropIns", [[{"name": "1.conf", "content": f"[Service]\nNice={n}\n"}] for n in (1, 2)])
        self.maybe(spec, "enabled", [True, False])
        self.maybe(spec, "masked", [True, False], absent=0.9)
        self.maybe(spec, "restartOn", [["File/file-1"], ["File/file-1", "File/file-2"], ["Directory/directory-1"]])
        if "content" not in spec:
            spec.pop("enabled", None)
        if self.live:
            spec.setdefault("content", UNIT.format(60))
            spec.pop("masked", None)
            spec["running"] = self.random.random() < 0.7

    def make_healthcheck(self, spec):
        spec["tcp"] = self.random.choice(["127.0.0.1:1", "127.0.0.1:2"])
        spec.setdefault("interval", "5s")
        self.maybe(spec, "interval", ["5s", "6s"], absent=0)

    def files(self):
        return {"base/all.yaml": "\n---\n".join(json.dumps(one, indent=1) for one in self.objects.values())}


def word(verb):
    """Whether something is there already is the device's to know, and "prune" is people's word."""
    return {"prune": "remove", "give back": "remove", "adopt": "create"}.get(verb, verb.split(" and ")[0])


def place_of(one):
    """What it has on the device."""
    return one["spec"].get("path") or one["spec"].get("name") or one["metadata"]["name"]


def written(root):
    """What tells whether a regular file was written: its inode, whose number may have been another's."""
    return {
        str(path): (path.stat().st_ino, path.stat().st_ctime_ns)
        for path in (root / "etc").rglob("*")
        if path.is_file() and not path.is_symlink()
    }


class Chain:
    """A device that follows a city, commit by commit."""

    def __init__(self, scratch, seed, device=None):
        self.story = Story(seed, live=device is not None)
        self.city = City(scratch)
        self.city.commit({**CLUSTER, **SOURCES, **self.story.files()})
        self.device = device or Device(scratch / "device", self.city.url, DEVICE)
        self.told = []
        self.compared = self.refused = 0

    def said(self):
        """What impact says: the reason why it does not judge, or the steps, the number of files, and the units that are
        interrupted."""
        text = run(BIN / "greenwave", "impact", "HEAD~1..HEAD", "-o", "json", cwd=self.city.work, check=False)
        impact = json.loads(text.stdout)
        if impact["unjudged"]:
            return impact["unjudged"][0]["reason"], 0, set()
        if not impact["groups"]:
            return [], 0, set()
        (group,) = impact["groups"]
        steps = [(word(change["verb"]), change["object"]) for change in group["changes"]]
        disrupted = {change["object"] for change in group["changes"] if change["disruptive"]}
        return steps, group["effect"]["files"], disrupted

    def done(self, commit):
        syncs = self.device.json("history")["syncs"]
        actions = [one for sync in syncs if sync["commit"] == commit for one in sync["actions"]]
        return [(word(one["verb"]), one["object"]) for one in actions if one["verb"] != "release"]

    def advance(self):
        """One commit more; what differs, or nothing. One that cannot be is taken back."""
        objects = dict(self.story.objects)
        for _ in range(self.story.random.randint(1, 3)):
            self.story.change()
        commit = self.city.commit(self.story.files())
        said, count, disrupted = self.said()
        before, running = written(self.device.root), self.running()
        result = self.device.once()
        done = self.done(commit)
        wrote = sum(1 for path, inode in written(self.device.root).items() if before.get(path) != inode)
        self.told.append(
            f"{self.city.git('show', '--format=', '-U2', 'HEAD')}\nsaid {said}, {count} files\ndone {done}, {wrote} files"
        )
        if isinstance(said, str):
            self.refused += 1
            self.story.objects = objects
            self.city.commit(self.story.files())
            self.device.once(check=0)
            return None if result.returncode != 0 else f"judged impossible ({said}), and the device did it"
        self.compared += 1
        if result.returncode != 0:
            return f"said {said}, and the device failed:\n{result.stdout}"
        if said != done:
            return f"said {said},\nand did {done}"
        # What takes another one's place may find its bytes there.
        had = {place_of(one): name for name, one in objects.items()}
        succeeds = any(had.get(place_of(one), name) != name for name, one in self.story.objects.items())
        if wrote > count or (wrote != count and not succeeds):
            return f"said that {count} files are written, and it were {wrote}: {said}"
        now = self.running()
        interrupted = {unit for unit, invocation in running.items() if now.get(unit) != invocation}
        versions = [one for some in (objects, self.story.objects) for one in some.items()]
        units = [(f"SystemdUnit/{name}", one["spec"]["name"]) for name, one in versions if one["kind"] == "SystemdUnit"]
        expected = {unit for name, unit in units if name in disrupted} & running.keys()
        return None if interrupted == expected else f"said that {expected} are interrupted, and it were {interrupted}"

    def running(self):
        """The invocations of the units that run; nothing where there is no systemd."""
        return self.device.running() if self.story.live else {}


class LiveDevice:
    """A device on a real systemd, with what Device has of what is needed here."""

    def __init__(self, started):
        self.machine = started
        self.root = started.root
        started.shell("mkdir -p /etc/greenwave /var/lib/greenwave")
        started.write(
            "/etc/greenwave/agent.yaml",
            f"device: {DEVICE}\nrepository: {{url: 'file:///srv/stage/city.git', interval: 1h}}\nhealth: {{settle: 1s}}\n",
        )

    def once(self, check=None):
        result = self.machine.run("/greenwave/greenwaved", "--once", check=False)
        if check is not None and result.returncode != check:
            raise AssertionError(result.stdout + result.stderr)
        result.stdout += result.stderr
        return result

    def json(self, *words):
        return json.loads(self.machine.run("/greenwave/greenwave", *words, "-o", "json", check=False).stdout)

    def running(self):
        units = {}
        for unit in UNIT_NAMES:
            text = self.machine.run("systemctl", "show", "-p", "ActiveState,InvocationID", unit, check=False).stdout
            shown = dict(line.split("=", 1) for line in text.splitlines())
            if shown["ActiveState"] == "active":
                units[unit] = shown["InvocationID"]
        return units


def play(seed, live=False):
    """The chain, and what differed."""
    with Scratch() as scratch, contextlib.ExitStack() as kept:
        device = None
        if live:
            device = LiveDevice(kept.enter_context(machine.Machine(binds={scratch: "/srv/stage", BIN: "/greenwave"})))
        chain = Chain(scratch, seed, device)
        chain.device.once(check=0)
        for _ in range(COMMITS):
            if difference := chain.advance():
                return chain, difference
        return chain, None


class ImpactIsWhatHappens(unittest.TestCase):
    def check(self, seeds, live):
        compared = refused = 0
        for seed in range(seeds):
            chain, difference = play(seed, live)
            compared += chain.compared
            refused += chain.refused
            with self.subTest(seed=seed):
                self.assertIsNone(difference, f"\n--seed {seed}:\n{chain.told[-1]}")
        print(f"{compared} commits compared, {refused} refused by both", file=sys.stderr)
        self.assertGreater(compared, seeds)

    def test_the_steps_that_impact_names_are_those_that_the_device_does(self):
        self.check(SEEDS, live=False)

    @unittest.skipIf(machine.why_not(), machine.why_not())
    def test_the_units_that_impact_says_are_interrupted_are_those_that_systemd_restarts_or_stops(self):
        self.check(LIVE_SEEDS, live=True)


if __name__ == "__main__":
    if "--seed" in sys.argv:
        played, found = play(int(sys.argv[sys.argv.index("--seed") + 1]), "--live" in sys.argv)
        print("\n\n".join(played.told), "\n\n", found)
        sys.exit(1 if found else 0)
    unittest.main()
