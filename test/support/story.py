"""Random sequences of what happens to a device: commits, local damage, faults that pass, clock jumps, power cuts.

A story is a list of events; the same seed gives the same one, and each event can be left out.
"""

import dataclasses
import datetime
import json
import random

import field
from field_model import (FIELD, PLANS, SMALL, UNITS, Check, Command, File, Model, Node, State, Tree, Unit, drop_in_path, unit_path)
from greenwave import file_manifest

FILES = {f"File/{name}": name for name in "abcde"}
SHARED = f"{PLANS}/night"  # a place of the Tree's, or of a File's in its directory
PLACES = [f"{FIELD}/{name}" for name in ("1", "2", "3", "4", "deep/5")] + [SHARED]
CONF, MAP, STAYS = "File/conf", "File/map", "File/stays"
STEP, SANE, TREE = "Command/step", "HealthCheck/sane", "Directory/plans"
BUSY, EFFECT, HARDWARE = "/var/lib/field-busy", "/var/lib/field-effect", "/var/lib/field-hardware"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"
VENDOR = f"[Service]\nExecStart=/bin/sleep infinity\n{INSTALL}"
YEAR = 365 * 24 * 3600


@dataclasses.dataclass(eq=False)
class Commit:
    number: int
    objects: dict
    retired: bool = False  # the device
    closed: bool = False  # its window does not open in this story
    oid: str = ""

    def __str__(self):
        return f"commit {self.number}"


def drop_in_text(name, version):
    return f"[Service]\nEnvironment={name}={version}\n"


def unit_text(version, check="", start="/bin/sleep infinity"):
    before = f"ExecStartPre={check}\n" if check else ""
    return f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=V={version}\n{before}ExecStart={start}\n{INSTALL}"


def manifests(commit):
    """The files of the repository."""
    cluster = json.loads(field.cluster())
    cluster["spec"]["allowEmpty"] = not commit.retired
    files = {"number.txt": str(commit.number)}
    if commit.retired:
        cluster["spec"]["devices"] = "devices.geojson"
        feature = {"type": "Feature", "id": "sf-0042", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}, "properties": {"retired": True}}
        files["devices.geojson"] = json.dumps({"type": "FeatureCollection", "features": [feature]})
    if commit.closed:
        cluster["spec"]["windows"] = [field.window(field.utc_now() + datetime.timedelta(hours=6), hours=1)]
    files["greenwave.yaml"] = json.dumps(cluster)
    for id, spec in commit.objects.items():
        files[f"{id.replace('/', '-')}.yaml"] = manifest(id, spec)
        if isinstance(spec, Tree):
            files.update({f"plans/{name}": text for name, text in spec.files})
    return files


def manifest(id, spec):
    kind, _, name = id.partition("/")
    if isinstance(spec, File):
        document = json.loads(file_manifest(name, spec.path, spec.text, mode="9999" if spec.wrong else f"{spec.mode:04o}"))
        annotations = {"depends-on": spec.needs, "on-removal": spec.removal}
        document["metadata"]["annotations"] = {f"greenwave.dev/{key}": value for key, value in annotations.items() if value}
        return json.dumps(document)
    if isinstance(spec, Tree):
        return field.manifest(kind, name, {"path": PLANS, "purge": spec.purge, "source": "plans"})
    if isinstance(spec, Unit):
        body = {"name": UNITS[spec.name], "enabled": spec.enabled, "running": spec.running}
        body |= {"content": spec.content} if spec.content else {}
        body |= {"masked": spec.masked} if spec.masked or spec.unmasks else {}
        body |= {"dropIns": [{"name": "own.conf", "content": spec.drop_in}]} if spec.drop_in else {}
        body |= {"restartOn": [spec.restart_on]} if spec.restart_on else {}
        return field.manifest(kind, name, body)
    if isinstance(spec, Command):
        work = "exit 1" if spec.fails else f"echo {spec.version} >{EFFECT}"
        return field.manifest(kind, name, {"command": ["sh", "-c", f"test ! -e {BUSY} || exit 75; {work}"], "undo": ["rm", "-f", EFFECT]})
    return field.manifest(kind, name, {"command": ["sh", "-c", f"! grep -rqs sick {FIELD} # {spec.version}"], "interval": "100ms", "timeout": "1s", "within": "1500ms"})


def furniture(dice, has_small):
    """What the device has before the city's first commit."""
    paths = {path: Node("dir", mode=0o755) for path in [FIELD] + [SMALL] * has_small}
    if has_small and dice.random() < 0.5:
        paths[f"{SMALL}/map"] = Node("file", "vendor map\n", 0o600)
    for path in PLACES[:4]:
        kind = dice.choice(["", "file", "link", "same"])
        if kind == "file":
            paths[path] = Node("file", f"the device's own {path}\n", 0o640)
        elif kind == "link":
            paths[path] = Node("link", "/usr/lib/os-release", 0o777)
        elif kind == "same":
            paths[path] = Node("file", "as the city has it\n")
    if dice.random() < 0.3:
        paths[f"{FIELD}/deep"] = Node("dir", mode=0o700)
    if dice.random() < 0.5:
        paths |= {PLANS: Node("dir", mode=0o750), f"{PLANS}/am": Node("file", "vendor am\n", 0o600),
                  f"{PLANS}/local": Node("dir", mode=0o700), f"{PLANS}/local/site": Node("file", "site\n")}
    if dice.random() < 0.5:
        paths[f"{FIELD}/conf"] = Node("file", "vendor conf\n", 0o640)
    if dice.random() < 0.5:
        paths[f"{FIELD}/stays"] = dice.choice([Node("file", "vendor stays\n", 0o600), Node("file", "as the city has it\n")])
    units = {"vendor": State(dice.random() < 0.5, dice.choice(["active", "inactive"]))}
    if dice.random() < 0.25:
        units["vendor"] = State(False, "inactive", masked=True)
    if dice.random() < 0.6:
        paths[unit_path("radar")] = Node("file", VENDOR)
        units["radar"] = State(dice.random() < 0.5, dice.choice(["active", "inactive"]))
    return paths, units


def happens(model, event):
    """The event in the model; returns whether it can happen at all."""
    what, *rest = event
    if what == "commit":
        model.server = rest[0]
    elif what in ("away", "full", "busy", "hardware"):
        setattr(model, what, rest[0])
        model.freed = model.freed and what != "full"
    elif what in ("stop", "kill", "disable"):
        return model.damage_unit(what, *rest)
    elif what in ("edit", "delete", "chmod", "link", "directory", "clear"):
        return model.damage(what, *rest)
    elif what == "extra":
        spec = model.owned.get(TREE)
        if not spec or not spec.purge:
            return False
        model.paths[f"{PLANS}/{rest[0]}"] = Node("file", "by hand\n")
    elif what == "boot":
        model.boot()
    elif what in ("sync", "cut"):
        model.code = model.sync()
        if what == "cut":
            model.code = model.sync()
    return True


class Author:
    """Writes a story, and knows from the model what can happen next."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.has_small = seed % 2 == 1
        self.is_calm = seed % 5 == 0  # no fault that passes keeps a unit's crash from being judged
        self.furniture = furniture(self.dice, self.has_small)
        self.model = Model(*self.furniture)
        self.wanted = {}
        self.version = 0
        self.frozen = set()  # objects that no commit touches for now
        self.events = []

    def write(self):
        self.wanted[CONF] = File(f"{FIELD}/conf", "conf 0\n")
        for _ in range(7):
            self.change()
        self.commit()
        self.add("sync")
        for _ in range(self.dice.randint(4, 9)):
            self.next()
        self.heal()
        return self.events

    def add(self, *event):
        if happens(self.model, event):
            self.events.append(event)

    def commit(self, closed=False):
        self.version += 1
        self.add("commit", Commit(self.version, dict(self.wanted), closed=closed))

    def next(self):
        if self.dice.random() < 0.15 and self.rests():
            return self.night()
        for _ in range(self.dice.choice([1, 1, 2, 3])):
            self.dice.choices([self.new_commit, self.damage, self.fault, self.jump, self.boot], [5, 4, 3, 1, 0.3])[0]()
        if self.dice.random() < 0.25:
            self.add("cut", int(self.dice.expovariate(1 / 60)) + 1)
        else:
            self.add("sync")

    def rests(self):
        model = self.model
        at_fault = model.away or model.full or model.busy or not model.hardware
        return not (at_fault or model.trial or model.rejected or model.failed() or model.refused or self.frozen or model.server is not model.good)

    def night(self):
        """Commits that disrupt come while no window is open; in the morning all of it happens."""
        if any(self.is_bad(spec) for spec in self.wanted.values()):
            self.mend()
        for _ in range(self.dice.choice([1, 1, 2])):
            for _ in range(self.dice.choice([1, 2, 3])):
                self.dice.choice([self.put_conf, self.put_lamp, self.put_radar, self.put_vendor, self.put_step, self.put_drop_in])()
            self.commit(closed=True)
            self.add(*self.dice.choice([("sync",), ("cut", int(self.dice.expovariate(1 / 60)) + 1)]))
        self.commit()
        self.add("sync")

    def new_commit(self):
        if any(self.is_bad(spec) for spec in self.wanted.values()) and self.dice.random() < 0.7:
            self.mend()
        for _ in range(self.dice.choice([1, 1, 2, 3, 4])):
            self.change()
        if self.dice.random() < 0.3:
            self.spoil()
        self.commit()

    def change(self):
        pick = self.dice.choices(
            [self.put_file, self.move_file, self.drop, self.put_conf, self.put_map, self.put_tree, self.put_lamp, self.put_radar, self.put_vendor, self.put_step, self.put_check, self.put_stays, self.put_drop_in],
            [5, 3, 3, 2, 2, 3, 2, 3, 2, 2, 1, 2, 3],
        )[0]
        before = dict(self.wanted)
        pick()
        changed = {id for id in before.keys() | self.wanted.keys() if before.get(id) != self.wanted.get(id)}
        self.share()
        if changed & self.frozen:
            self.wanted = before

    def share(self):
        """No purge where a File lies, and mostly one owner."""
        tree = self.wanted.get(TREE)
        if tree and SHARED in self.taken():
            files = tree.files if self.dice.random() < 0.1 else tuple(one for one in tree.files if one[0] != "night")
            self.wanted[TREE] = Tree(files or (("am", "am 0\n"),))

    def text(self, name):
        return self.dice.choice([f"{name} {self.dice.randint(1, 9)}\n"] * 3 + ["as the city has it\n"])

    def taken(self):
        return {spec.path for spec in self.wanted.values() if isinstance(spec, File)}

    def put_file(self):
        id = self.dice.choice(list(FILES))
        old = self.wanted.get(id)
        free = [path for path in PLACES if path not in self.taken()]
        path = old.path if old else self.dice.choice(free) if free else None
        if path:
            needs = STEP if STEP in self.wanted and self.dice.random() < 0.3 else ""
            self.wanted[id] = File(path, self.text(id), self.dice.choice([0o644, 0o644, 0o600]), needs)

    def move_file(self):
        movable = [id for id in FILES if id in self.wanted]
        if not movable:
            return
        id = self.dice.choice(movable)
        # To a place that is free now, that another one leaves in this commit, or (refused) that another one has.
        now_free = [path for path in PLACES if path not in self.taken()]
        places = now_free * 3 + PLACES
        self.wanted[id] = dataclasses.replace(self.wanted[id], path=self.dice.choice(places))

    def drop(self):
        present = [id for id in self.wanted if id != CONF]
        if present:
            del self.wanted[self.dice.choice(present)]

    def put_conf(self):
        self.wanted[CONF] = File(f"{FIELD}/conf", self.text("conf"))

    def put_map(self):
        if self.has_small:
            self.wanted[MAP] = File(f"{SMALL}/map", self.text("map"))

    def put_tree(self):
        names = self.dice.sample(["am", "pm", "night"], self.dice.randint(1, 3))
        self.wanted[TREE] = Tree(tuple(sorted((name, self.text(name)) for name in names)), self.dice.random() < 0.5)

    def put_stays(self):
        self.wanted[STAYS] = File(f"{FIELD}/stays", self.text("stays"), removal=self.dice.choice(["", "keep", "delete"]))

    def put_drop_in(self):
        name = self.dice.choice(["lamp", "vendor"])
        self.wanted[f"File/of-{name}"] = File(drop_in_path(name, "file.conf"), drop_in_text("FILE", self.dice.randint(1, 9)))

    def own_drop_in(self):
        return drop_in_text("OWN", self.dice.randint(1, 9)) if self.dice.random() < 0.4 else ""

    def restart_on(self):
        return CONF if self.dice.random() < 0.5 else ""

    def put_lamp(self):
        self.wanted["SystemdUnit/lamp"] = Unit("lamp", unit_text(self.dice.randint(1, 9)), self.dice.random() < 0.7, self.dice.random() < 0.85, restart_on=self.restart_on(), drop_in=self.own_drop_in())

    def put_radar(self):
        check = f"/usr/bin/test -e {HARDWARE}" if self.dice.random() < 0.6 else ""
        self.wanted["SystemdUnit/radar"] = Unit("radar", unit_text(self.dice.randint(1, 9), check), self.dice.random() < 0.7, True, restart_on=self.restart_on())

    def put_vendor(self):
        masked = self.dice.random() < 0.25
        enabled, running = (False, False) if masked else (self.dice.random() < 0.5, self.dice.random() < 0.5)
        was_masked = "vendor" in self.furniture[1] and self.furniture[1]["vendor"].masked
        drop_in = "" if masked else self.own_drop_in()
        self.wanted["SystemdUnit/vendor"] = Unit("vendor", "", enabled, running, masked, drop_in=drop_in, unmasks=was_masked and not masked)

    def put_step(self):
        self.wanted[STEP] = Command(self.dice.randint(1, 9))

    def put_check(self):
        self.wanted[SANE] = Check(self.dice.randint(1, 3))

    def is_bad(self, spec):
        return getattr(spec, "fails", False) or getattr(spec, "wrong", False) or "sick" in getattr(spec, "text", "") or "/bin/false" in getattr(spec, "content", "") or "exit 1" in getattr(spec, "content", "")

    def spoil(self):
        """A commit that must be taken back, or of which a part is refused."""
        def wrong():
            id = self.dice.choice(list(FILES))
            self.wanted[id] = dataclasses.replace(self.wanted.get(id, File(PLACES[4], "wrong\n")), wrong=True)

        def sick():
            self.wanted.setdefault(SANE, Check())
            self.wanted[CONF] = File(f"{FIELD}/conf", "sick\n")

        def fails():
            self.wanted[STEP] = Command(self.dice.randint(10, 19), True)

        def cannot_start():
            self.wanted["SystemdUnit/lamp"] = Unit("lamp", unit_text(self.dice.randint(1, 9), "/bin/false"))

        def crashes():
            self.wanted["SystemdUnit/lamp"] = Unit("lamp", unit_text(self.dice.randint(1, 9), start="/bin/sh -c 'sleep 0.6; exit 1'"))

        before = dict(self.wanted)
        self.dice.choice([wrong, sick, fails, crashes if self.is_calm else cannot_start])()
        if any(before.get(id) != self.wanted.get(id) for id in self.frozen):
            self.wanted = before

    def mend(self):
        for id, spec in list(self.wanted.items()):
            if self.is_bad(spec) and id not in self.frozen:
                del self.wanted[id]
        self.wanted.setdefault(CONF, File(f"{FIELD}/conf", self.text("conf")))

    def damage(self):
        for _ in range(self.dice.choice([1, 1, 2, 3])):
            files = sorted(path for path in self.model.paths if path.startswith(FIELD) and self.model.owner(path))
            units = sorted(self.model.units)
            what = self.dice.choice(["edit", "edit", "delete", "delete", "chmod", "link", "directory", "extra", "unit", "unit", "stop", "kill", "disable"])
            if what == "extra":
                self.add("extra", self.dice.choice(["x", "y"]))
            elif what in ("stop", "kill", "disable"):
                unit = self.dice.choice(units)
                if what != "kill" or unit != "lamp" or not self.is_calm:
                    self.add(what, unit)
            elif what == "unit":
                path = self.dice.choice([unit_path, unit_path, drop_in_path])(self.dice.choice(units))
                how = self.dice.choice(["edit", "delete"])
                self.add(how, *(self.with_text(path) if how == "edit" else (path,)))
            elif files:
                self.damage_file(what, self.dice.choice(files))

    def with_text(self, path):
        if path.endswith(".conf"):
            return path, drop_in_text("HAND", 1)
        return (path, VENDOR) if path.endswith(".service") else (path, self.dice.choice(["by hand\n", "by hand\n", "sick by hand\n"]))

    def damage_file(self, what, path):
        owner = self.model.owner(path)
        if what == "directory":
            coming = [id for id, spec in self.model.server.objects.items() if isinstance(spec, File) and spec.path == path]
            if not owner.startswith("File/") or path.startswith((SMALL, PLANS)) or self.frozen or coming != [owner]:
                return
            self.frozen.add(owner)
        self.add(what, *(self.with_text(path) if what == "edit" else (path,)))

    def fault(self):
        blocked = [path for path, node in self.model.paths.items() if node.kind == "dir" and self.model.owner(path) and path != PLANS]
        what = self.dice.choice(["away", "hardware"] + ["busy"] * (not self.is_calm) + ["full"] * (self.has_small and not self.is_calm) + ["clear"] * bool(blocked))
        if what == "clear":
            self.add("clear", blocked[0])
            self.frozen.clear()
        else:
            self.add(what, not getattr(self.model, what))

    def jump(self):
        self.add("clock", self.dice.choice([-56 * YEAR, -2 * YEAR, -3600, 86400, 30 * YEAR, 0]))

    def boot(self):
        if not self.has_small:
            self.add("boot")

    def heal(self):
        """All faults pass, and the device comes to rest; then the city takes back everything."""
        for what, value in (("away", False), ("full", False), ("busy", False), ("hardware", True)):
            if getattr(self.model, what) != value:
                self.add(what, value)
        for path in [path for path, node in self.model.paths.items() if node.kind == "dir" and self.model.owner(path) and path != PLANS]:
            self.add("clear", path)
        self.frozen.clear()
        self.add("clock", 0)
        for _ in range(3):
            self.add("sync")
        self.wanted = {}
        self.version += 1
        self.add("commit", Commit(self.version, {}, retired=self.dice.random() < 0.5))
        for _ in range(2):
            self.add("sync")


def tell(event):
    what, *rest = event
    if what == "commit" and rest[0].retired:
        return f"{rest[0]} retires the device"
    if what == "commit":
        closed = " for a window that is closed" if rest[0].closed else ""
        lines = [f"  {id}: {spec}" for id, spec in rest[0].objects.items()]
        return "\n".join([f"{rest[0]} declares{closed}"] + (lines or ["  nothing"]))
    words = {"sync": "a sync", "cut": "a sync with a power cut at call {}, and another sync", "boot": "the power is cut, and the machine boots",
             "clock": "the clock is wrong by {} s", "away": "the repository is away: {}", "full": "the small disk is full: {}",
             "busy": "the Command exits with 75: {}", "hardware": "the radar's hardware is there: {}"}
    return words.get(what, "somebody: " + what + " {}" * len(rest)).format(*map(repr, rest))
