"""Random sequences of commits, local damage, faults that pass, clock jumps and power cuts, on devices with a real systemd,
against a model of what must be there: after each sync the files, the units, the status and the exit status are the model's.

GREENWAVE_SEEDS=500 plays that many stories; `stories_test.py --seed N` plays one, and tells it; with --shrink it looks for
a shorter one that fails as well.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import stat
import sys
import traceback
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import field  # noqa: E402
import field_model  # noqa: E402
import machine  # noqa: E402
import story  # noqa: E402
from field_model import FIELD, PLANS, SMALL, UNITS, Node  # noqa: E402
from greenwave import BIN, City, Scratch, run  # noqa: E402

SEEDS = int(os.environ.get("GREENWAVE_SEEDS", 15))
MACHINES = int(os.environ.get("GREENWAVE_MACHINES", 4))
MISHAPS = pathlib.Path(__file__).parents[1] / "support/mishaps.c"
STATES = "/etc/systemd/system"
FAULTS = {"busy": story.BUSY, "hardware": story.HARDWARE}
CLEAN = f"""
systemctl stop {' '.join(UNITS.values())} 2>/dev/null || true
umount {SMALL} 2>/dev/null || true
rm -rf {FIELD} /var/lib/greenwave /run/greenwave {story.BUSY} {story.EFFECT} {story.HARDWARE}
find {STATES} /usr/lib/systemd/system -name 'field-*' -prune -exec rm -r {{}} +
systemctl daemon-reload
systemctl reset-failed
"""


class Stage:
    """A machine on which one story after the other is played."""

    def __init__(self, scratch, started):
        self.scratch, self.machine = scratch, started

    @staticmethod
    def binds(scratch):
        (scratch / "cities").mkdir()
        run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", scratch / "mishaps.so", MISHAPS, "-ldl")
        return {scratch: "/srv/stage", BIN: "/greenwave"}

    def furnish(self, seed, paths, units, has_small):
        directory = self.scratch / "cities" / str(seed)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        self.city, self.clock, self.at_dusk = City(directory), 0, {}
        (directory / "served").symlink_to("city.git")
        self.machine.shell(CLEAN + f"mkdir -p {FIELD}; touch {story.HARDWARE}")
        if has_small:
            self.machine.shell(f"mkdir {SMALL}; mount -t tmpfs -o size=64k,mode=0755 tmpfs {SMALL}")
        for path, node in sorted(paths.items()):
            self.put(path, node)
        self.machine.write("/usr/lib/systemd/system/" + UNITS["vendor"], story.VENDOR)
        script = ["systemctl daemon-reload"]
        for name, state in units.items():
            script += [f"systemctl --quiet enable {UNITS[name]}"] * state.enabled
            script += [f"systemctl start {UNITS[name]}"] * (state.active == "active")
            script += [f"systemctl --quiet mask {UNITS[name]}"] * state.masked
        self.machine.shell("\n".join(script))
        self.machine.write(
            "/etc/greenwave/agent.yaml",
            f"device: sf-0042\nrepository: {{url: 'file:///srv/stage/cities/{seed}/served', interval: 1h}}\nhealth: {{settle: 1s, reach: 3s}}\n",
        )

    def file(self, path):
        return self.machine.root / path.lstrip("/")

    def put(self, path, node):
        file = self.file(path)
        if node.kind == "dir":
            file.mkdir(parents=True, exist_ok=True)
        elif node.kind == "link":
            file.unlink(missing_ok=True)
            file.symlink_to(node.text)
            return
        else:
            file.write_text(node.text)
        file.chmod(node.mode)

    # What happens.

    def perform(self, event, model):
        what, *rest = event
        if what == "commit":
            files = story.manifests(rest[0])
            gone = {str(file.relative_to(self.city.work)): None for file in self.city.work.rglob("*") if file.is_file() and ".git" not in file.parts}
            rest[0].oid = self.city.commit({**{path: text for path, text in gone.items() if path not in files}, **files}, str(rest[0]))
        elif what == "away":
            served = self.city.bare.with_name("served")
            served.unlink() if rest[0] else served.symlink_to("city.git")
        elif what == "full":
            self.machine.shell(f"head -c 100000 /dev/zero >{SMALL}/.filler 2>/dev/null || true" if rest[0] else f"rm {SMALL}/.filler")
        elif what in FAULTS:
            self.file(FAULTS[what]).touch() if rest[0] else self.file(FAULTS[what]).unlink()
        elif what == "clock":
            self.clock = rest[0]
        elif what in ("stop", "kill", "disable"):
            self.damage_unit(what, UNITS[rest[0]])
        elif what == "extra":
            self.put(f"{PLANS}/{rest[0]}", Node("file", "by hand\n"))
        elif what == "boot":
            self.machine.cut_power()
        elif what == "sync":
            return self.sync()
        elif what == "cut":
            self.sync(KILL_AT=rest[0])
            return self.sync()
        else:
            self.damage(what, *rest)

    def damage(self, what, path, text=""):
        file = self.file(path)
        if what == "edit":
            file.write_text(text)
        elif what == "chmod":
            file.chmod(0o600)
        elif what == "clear":
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)
        if what == "link":
            file.symlink_to("/nowhere")
        elif what == "directory":
            self.put(path, Node("dir", mode=0o755))
            self.put(f"{path}/by-hand", Node("file"))

    def damage_unit(self, what, unit):
        command = {"kill": f"systemctl kill --kill-who=main --signal=KILL {unit}", "stop": f"systemctl stop {unit}", "disable": f"systemctl --quiet disable {unit}"}[what]
        self.machine.shell(command)
        if what == "kill":
            self.machine.wait_until("it is down", lambda: self.show(unit)["ActiveState"] == "failed")

    def sync(self, **mishaps):
        settings = [f"{name}={value}" for name, value in ({"CLOCK_OFFSET": self.clock} | mishaps).items()]
        ended = self.machine.run("/usr/bin/env", "LD_PRELOAD=/srv/stage/mishaps.so", *settings, "/greenwave/greenwaved", "--once", check=False)
        self.said = ended.stdout + ended.stderr
        return ended.returncode

    # What is there.

    def paths(self):
        """{path: Node} of what the model knows."""
        found = {FIELD: self.node(self.file(FIELD))}
        for directory, names, files in os.walk(self.file(FIELD)):
            names[:] = [name for name in names if name != ".greenwave-kept"]
            for name in names + files:
                file = pathlib.Path(directory) / name
                found["/" + str(file.relative_to(self.machine.root))] = self.node(file)
        for name in UNITS:
            unit = self.file(field_model.unit_path(name))
            drop_ins = unit.with_name(unit.name + ".d")
            for file in (unit, drop_ins, *(drop_ins.iterdir() if drop_ins.exists() else ())):
                if file.exists() and not file.is_symlink():
                    found["/" + str(file.relative_to(self.machine.root))] = self.node(file)
        return {path: node for path, node in found.items() if path != f"{SMALL}/.filler"}

    def node(self, file):
        about = file.lstat()
        kind = "link" if stat.S_ISLNK(about.st_mode) else "dir" if stat.S_ISDIR(about.st_mode) else "file"
        text = os.readlink(file) if kind == "link" else file.read_text() if kind == "file" else ""
        return Node(kind, text, stat.S_IMODE(about.st_mode))

    def show(self, unit):
        words = self.machine.run("systemctl", "show", "--property=Id,ActiveState,UnitFileState,LoadState", unit).stdout
        return dict(line.partition("=")[::2] for line in words.split())

    def units(self):
        """{name: (enabled, running, masked)}"""
        found = {}
        for name, unit in UNITS.items():
            state = self.show(unit)
            if state["LoadState"] != "not-found":
                found[name] = (state["UnitFileState"] == "enabled", state["ActiveState"] == "active", state["UnitFileState"] == "masked")
        return found

    def processes(self):
        """{name: the PID of its main process} of the units that are up."""
        found = {}
        for name, unit in UNITS.items():
            words = self.machine.run("systemctl", "show", "--property=ActiveState,MainPID", unit).stdout.split()
            state = dict(word.partition("=")[::2] for word in words)
            if state["ActiveState"] == "active":
                found[name] = state["MainPID"]
        return found

    def settings(self, process):
        """Those that a unit's files gave the process."""
        words = (self.machine.root / "proc" / process / "environ").read_text().split("\0")
        return sorted(word for word in words if word.partition("=")[0] in ("V", "FILE", "OWN", "HAND"))

    def kept(self):
        return sorted(str(file) for place in ("/var/lib/greenwave/kept", f"{SMALL}/.greenwave-kept") for file in self.file(place).rglob("*"))

    def status(self):
        return field.FieldDevice.json(self, "status")

    def cli(self, *words):
        return self.machine.run("/greenwave/greenwave", *words, check=False).stdout

    def effect(self):
        file = self.file(story.EFFECT)
        return file.read_text() if file.exists() else None


def settings_of(definition):
    """Those that a unit's process has when it started with these files."""
    words = [line.removeprefix("Environment=") for _, text in definition for line in text.splitlines() if line.startswith("Environment=")]
    return sorted(words)


def night_differences(stage):
    """While no window is open, what ran goes on."""
    now = stage.processes()
    return [f"{UNITS[name]}: process {process} became {now.get(name)}, and no window is open" for name, process in stage.at_dusk.items() if now.get(name) != process]


def differences(stage, model, code, is_cut):
    """Where the device is not as it must be, in words."""
    if model.server.closed:
        return night_differences(stage)
    found = []
    stage.at_dusk = stage.processes()

    def compare(what, is_there, should_be):
        if is_there != should_be:
            found.append(f"{what}: there is {is_there!r}, and should be {should_be!r}")

    if not is_cut:
        compare("the exit status", code, model.code)
    there = stage.paths()
    for path in sorted(there.keys() | model.paths.keys()):
        compare(path, there.get(path), model.paths.get(path))
    units = {name: (state.enabled, state.active == "active", state.masked) for name, state in model.units.items()}
    there = stage.units()
    for name in UNITS:
        compare(f"{UNITS[name]} (enabled, running, masked)", there.get(name), units.get(name))
    for name, process in stage.at_dusk.items():
        spec = model.owned.get(f"SystemdUnit/{name}")
        state = model.units.get(name)
        if spec and spec.running and state and state.active == "active" and state.runs_with == model.definition(name):
            compare(f"the settings with which {UNITS[name]} runs", stage.settings(process), settings_of(state.runs_with))
    compare("what the Command did", stage.effect(), model.effect)
    status = stage.status()
    compare("the commit", status.get("commit", {}).get("oid"), model.applied.oid)
    compare("the rejected commit", status.get("rejected", {}).get("commit"), model.rejected and model.rejected.oid)
    if model.rejected:
        compare("whether the commit was refused as a whole", status["rejected"]["refused"] > 0, model.rejected_whole)
        compare("whether it says that it reverted", "reverted" in status["statuses"], not model.rejected_whole)
    failed = {one["object"]: one["reason"] for one in status["failed"]}
    if failed.keys() != model.failed():
        compare("what failed", failed, sorted(model.failed()))
    compare("the number of objects in sync", status["inSync"], len(model.owned.keys() - model.failed()))
    problems = "\n".join(status["problems"])
    for id in sorted(model.refused - model.blocked):
        compare(f"a word about {id}, which is refused", id in problems or id.replace("/", "-") in problems or problems, True)
    if not model.owned and not model.failing and not model.away:
        compare("what is kept", stage.kept(), [])
    return found


def play(stage, seed, chosen=None):
    """Plays the story, or its chosen events; returns how it went wrong: the events so far, and the differences."""
    author = story.Author(seed)
    events = author.write()
    model = field_model.Model(*author.furniture)
    stage.furnish(seed, *author.furniture, author.has_small)
    told = []
    for number, event in enumerate(events):
        if chosen is not None and number not in chosen or not story.happens(model, event):
            continue
        told.append(number)
        try:
            code = stage.perform(event, model)
            found = differences(stage, model, code, event[0] == "cut") if event[0] in ("sync", "cut") else []
        except (AssertionError, OSError, ValueError, KeyError):
            found = [traceback.format_exc()]
        if found:
            return told, found
    return None


def shrunk(stage, seed, told, found):
    """Leaves out one event after the other as long as the story still fails. The first commit and its sync stay: the
    model knows no device without a good commit."""
    for number in reversed(told[2:-1]):
        fewer = [one for one in told if one != number]
        failure = play(stage, seed, fewer)
        if failure:
            told, found = failure
    return told, found


def in_words(seed, told, found, said):
    author = story.Author(seed)
    events = author.write()
    paths, units = author.furniture
    lines = [f"Seed {seed}. The device has:"]
    lines += [f"  {path}: {node}" for path, node in paths.items()] + [f"  {UNITS[name]}: {state}" for name, state in units.items()]
    lines += [story.tell(events[number]) for number in told] + ["Then:"] + [f"  {one}" for one in found]
    return "\n".join(lines + ["The last sync said:", said])


def troubles(seeds, shrinks):
    """The stories that fail, in words; a few machines play them side by side, since a story mostly waits."""
    left, found = list(reversed(seeds)), []

    def work():
        with Scratch() as scratch, machine.Machine(binds=Stage.binds(scratch)) as started:
            stage = Stage(scratch, started)
            while left:
                seed = left.pop()
                failure = play(stage, seed)
                if failure and shrinks:
                    failure = shrunk(stage, seed, *failure)
                if failure:
                    found.append(in_words(seed, *failure, stage.said))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(work) for _ in range(min(MACHINES, len(seeds)))]:
            done.result()
    return found


class Stories(unittest.TestCase):
    seeds, shrinks = list(range(1, SEEDS + 1)), False

    def test_after_any_sequence_the_device_is_as_the_model(self):
        for trouble in troubles(self.seeds, self.shrinks):
            with self.subTest():
                self.fail(trouble)


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, nargs="*", default=[])
    options.add_argument("--from", type=int, default=0, dest="first")
    options.add_argument("--shrink", action="store_true")
    chosen, rest = options.parse_known_args()
    Stories.seeds, Stories.shrinks = chosen.seed or Stories.seeds[chosen.first :], chosen.shrink
    unittest.main(argv=sys.argv[:1] + rest)
