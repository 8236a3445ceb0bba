"""What `greenwave impact` says of a commit is what a device then does: over random chains of commits, each step's verb and
object, how many files are written, and what is refused and why; and on a real systemd which units are restarted or
stopped.

GREENWAVE_SEEDS=N plays N chains of commits; `impact_test.py --seed N` plays one, and prints it. With --live it is played
on a real systemd.
"""

import contextlib
import json
import os
import pathlib
import sys
import typing
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from greenwave import BIN, City, Device, Scratch, run  # noqa: E402
from random_city import CLUSTER, DEVICE, SOURCES, UNIT_NAMES, Story, follow, play_alone, spoiled  # noqa: E402

SEEDS = int(os.environ.get("GREENWAVE_SEEDS", 5))
LIVE_SEEDS = max(1, SEEDS // 5)


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


class Said(typing.NamedTuple):
    """By impact."""

    steps: list
    files: int
    disrupted: set  # objects that interrupt something
    refused: set
    problems: set
    takes_back: bool = False


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
        text = run(BIN / "greenwave", "impact", "HEAD~1..HEAD", "-o", "json", cwd=self.city.work, check=False)
        impact = json.loads(text.stdout)
        if not impact["groups"]:
            return Said([], 0, set(), set(), set())
        (group,) = impact["groups"]
        return Said(
            [(word(change["verb"]), change["object"]) for change in group["changes"]],
            group["effect"]["files"],
            {change["object"] for change in group["changes"] if change["disruptive"]},
            set(group["refused"]),
            set(group["problems"]),
            group["takesBack"],
        )

    def problems(self, commit):
        syncs = self.device.json("history")["syncs"]
        return {problem for sync in syncs if sync["commit"] == commit for problem in sync.get("problems", []) if ": error: " in problem}

    def done(self, commit):
        syncs = self.device.json("history")["syncs"]
        actions = [one for sync in syncs if sync["commit"] == commit for one in sync["actions"]]
        return [(word(one["verb"]), one["object"]) for one in actions if one["verb"] != "release"]

    def interrupted(self, said, objects, running):
        """The units that impact says are interrupted, and those that were."""
        versions = [one for some in (objects, self.story.objects) for one in some.items()]
        units = [(f"SystemdUnit/{name}", one["spec"].get("name")) for name, one in versions if one["kind"] == "SystemdUnit"]
        now = self.running()
        return (
            {unit for name, unit in units if name in said.disrupted} & running.keys(),
            {unit for unit, invocation in running.items() if now.get(unit) != invocation},
        )

    def advance(self):
        """One commit more; what differs, or nothing. One that is refused in part is taken back."""
        objects = dict(self.story.objects)
        for _ in range(self.story.random.randint(1, 3)):
            self.story.change()
        if not self.story.live:
            self.story.objects = spoiled(self.story.random, self.story.objects, self.story.random.choice([0, 0, 1, 2]))
        commit = self.city.commit(self.story.files())
        said = self.said()
        before, running = written(self.device.root), self.running()
        result = self.device.once()
        difference = self.difference(said, commit, result, objects, before, running)
        self.compared += 1
        if said.problems:
            self.refused += 1
            self.story.objects = objects
            self.city.commit(self.story.files())
            self.device.once(check=0)
        return difference

    def difference(self, said, commit, result, objects, before, running):
        done = self.done(commit)
        refused = self.problems(commit)
        wrote = sum(1 for path, inode in written(self.device.root).items() if before.get(path) != inode)
        self.told.append(
            f"{self.city.git('show', '--format=', '-U2', 'HEAD')}\nsaid {said}\ndone {done}, {wrote} files, refused {refused}"
        )
        if said.problems != refused:
            return f"said that it refuses {said.problems},\nand it refused {refused}"
        if result.returncode != (1 if refused else 0):
            return f"the device ended with {result.returncode}:\n{result.stdout}"
        if said.takes_back != (self.device.json("status").get("rejected", {}).get("commit") == commit):
            return f"said {said}, and the device is there: {result.stdout}"
        if said.steps != [step for step in done if step[0] != "refuse"]:
            return f"said {said.steps},\nand did {done}"
        if {name for verb, name in done if verb == "refuse"} - said.refused:
            return f"said that it refuses {said.refused},\nand did {done}"
        # What takes another one's place may find its bytes there.
        had = {place_of(one): name for name, one in objects.items()}
        succeeds = any(had.get(place_of(one), name) != name for name, one in self.story.objects.items())
        if wrote > said.files or (wrote != said.files and not succeeds):
            return f"said that {said.files} files are written, and it were {wrote}: {said.steps}"
        expected, interrupted = self.interrupted(said, objects, running)
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
        return follow(chain)


class ImpactIsWhatHappens(unittest.TestCase):
    def check(self, seeds, live):
        compared = refused = 0
        for seed in range(seeds):
            chain, difference = play(seed, live)
            compared += chain.compared
            refused += chain.refused
            with self.subTest(seed=seed):
                self.assertIsNone(difference, f"\n--seed {seed}:\n{chain.told[-1]}")
        print(f"{compared} commits compared, {refused} of them refused in part", file=sys.stderr)
        self.assertGreater(compared, seeds)

    def test_the_steps_that_impact_names_are_those_that_the_device_does(self):
        self.check(SEEDS, live=False)

    @unittest.skipIf(machine.why_not(), machine.why_not())
    def test_the_units_that_impact_says_are_interrupted_are_those_that_systemd_restarts_or_stops(self):
        self.check(LIVE_SEEDS, live=True)


if __name__ == "__main__":
    if "--seed" in sys.argv:
        sys.exit(play_alone(play, "--live" in sys.argv))
    unittest.main()
