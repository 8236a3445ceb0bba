"""What must be on a device after a sequence of commits, damage, faults and power cuts: a specification to compare the
agent with, written from greenwaved(8) and greenwave.yaml(5) and not from the agent.

A commit is {"File/a": File(...), "SystemdUnit/lamp": Unit(...), ...}. The model knows one directory of the device,
three units, the effect of one Command, and the way from commit to commit.
"""

import copy
import dataclasses

FIELD = "/etc/field"
PLANS = f"{FIELD}/plans"
SMALL = f"{FIELD}/small"  # a small disk of its own
UNITS = {"lamp": "field-lamp.service", "radar": "field-radar.service", "vendor": "field-vendor.service"}
PASSES, LASTS = "passes", "lasts"


@dataclasses.dataclass(frozen=True)
class File:
    path: str
    text: str
    mode: int = 0o644
    needs: str = ""  # an object that it depends on
    wrong: bool = False  # its manifest cannot be read
    removal: str = ""  # greenwave.dev/on-removal: keep or delete


@dataclasses.dataclass(frozen=True)
class Tree:
    files: tuple  # of (name, text)
    purge: bool = False


@dataclasses.dataclass(frozen=True)
class Unit:
    name: str
    content: str = ""  # empty: the one that the device has
    enabled: bool = True
    running: bool = True
    masked: bool = False
    restart_on: str = ""
    drop_in: str = ""  # a drop-in of the unit's own object
    unmasks: bool = False  # says masked: false


@dataclasses.dataclass(frozen=True)
class Command:
    version: int
    fails: bool = False


@dataclasses.dataclass(frozen=True)
class Check:
    version: int = 1


@dataclasses.dataclass(frozen=True)
class Node:
    kind: str  # file, link, dir
    text: str = ""
    mode: int = 0o644


@dataclasses.dataclass
class State:
    """A unit's; `active` is systemd's word."""

    enabled: bool
    active: str
    masked: bool = False
    runs_with: tuple = ()  # what defined it at its start


@dataclasses.dataclass
class Trial:
    commit: object  # with its `objects`
    touched: set = dataclasses.field(default_factory=set)
    failed_before: set = dataclasses.field(default_factory=set)
    looked: bool = False
    begun: object = None  # the last commit of which something was applied


def unit_path(name):
    return f"/etc/systemd/system/{UNITS[name]}"


def drop_in_path(name, file="own.conf"):
    return f"{unit_path(name)}.d/{file}"


def drop_in_of(id):
    """The unit that a File object has a drop-in for, or None."""
    return id.removeprefix("File/of-") if id.startswith("File/of-") else None


def claims(spec):
    if isinstance(spec, File):
        return set() if spec.wrong else {spec.path}
    if isinstance(spec, Tree):
        return {PLANS} | {f"{PLANS}/{name}" for name, _ in spec.files}
    if isinstance(spec, Unit):
        return ({unit_path(spec.name)} if spec.content else set()) | ({drop_in_path(spec.name)} if spec.drop_in else set())
    return set()


class Model:
    def __init__(self, paths, units):
        """`paths` {path: Node} and `units` {name: State} are what the device has before the first commit."""
        self.paths, self.units = dict(paths), copy.deepcopy(units)
        self.before = {}  # {path of ours: what the device had there, or None}
        self.units_before = {}
        self.same = set()  # of these, what was as declared already, and is left in place
        self.made = set()  # directories that were made for an object
        self.in_plans = set()  # what lay there before the Tree came, or before it purged
        self.owned = {}  # {id: the spec that was applied last}
        self.begun = {}  # {id: the spec} of new objects that failed so far
        self.failing = {}  # {id: PASSES or LASTS} in the last sync that tried it
        self.waiting = set()  # of these, held by another one: nothing of them was begun
        self.effect = None  # of the Command
        self.server = self.good = self.trial = self.rejected = self.applied = None
        self.rejected_whole = False  # nothing of the rejected commit was applied
        self.known = None  # the commit that was fetched last
        self.refused, self.blocked, self.stuck, self.ailing = set(), set(), set(), False
        self.refused_before = set()  # when the last good commit was kept
        self.prunes = lambda: None  # what is left to do of the apply
        self.away = self.full = self.busy = False
        self.owing = set()  # units that wait for the object that they restart on, which is refused
        self.freed = False  # there is room for one file on the full disk
        self.hardware = True

    # What one object needs, and what it does.

    def is_there(self, id, spec):
        """Whether the device has all of it already."""
        if isinstance(spec, File):
            return self.paths.get(spec.path) == Node("file", spec.text, spec.mode)
        if isinstance(spec, Tree):
            ours = all(self.paths.get(f"{PLANS}/{name}") == Node("file", text) for name, text in spec.files)
            return ours and self.paths.get(PLANS) == Node("dir", mode=0o755) and not (spec.purge and self.foreign(spec))
        if isinstance(spec, Unit):
            state = self.units.get(spec.name)
            written = not spec.content or self.paths.get(unit_path(spec.name)) == Node("file", spec.content)
            written = written and (not spec.drop_in or self.paths.get(drop_in_path(spec.name)) == Node("file", spec.drop_in))
            return written and state and (state.enabled, state.active == "active", state.masked) == (spec.enabled, spec.running, spec.masked)
        return True

    def is_directory(self, path):
        return self.paths.get(path, Node("file")).kind == "dir"

    def foreign(self, spec):
        """What lies in the Tree's directory and is nobody's."""
        return {path for path in self.paths if path.startswith(PLANS + "/") and path not in claims(spec) and not self.file_at(path)}

    def file_at(self, path):
        """The object other than the Tree that a path in its directory belongs to."""
        return next((id for id, spec in self.owned.items() if isinstance(spec, File) and spec.path == path), None)

    def take(self, path, node):
        if path not in self.before:
            self.before[path] = self.paths.get(path)
            if self.before[path] == node:
                self.same.add(path)
        elif path in self.same and path not in self.paths:
            self.keep_nothing(path)  # somebody deleted it, and nothing was kept of what is the same
        elif self.before[path] != node:
            self.same.discard(path)
        self.paths[path] = node

    def keep_nothing(self, path):
        self.before[path] = None
        self.same.discard(path)

    def let_go(self, path, removal=""):
        """What was there before is back, unless the object says otherwise."""
        before = self.before.pop(path)
        if removal == "delete":
            self.same.discard(path)
            self.paths.pop(path, None)
        elif path in self.same:
            self.same.discard(path)
        elif before is not None:
            self.paths[path] = before
        elif path in self.paths:
            del self.paths[path]

    def make(self, directory):
        if directory not in self.paths:
            self.made.add(directory)
            self.paths[directory] = Node("dir", mode=0o755)

    def leave(self, directory):
        """A directory that was made for an object goes when it is empty."""
        is_the_trees = any(isinstance(spec, Tree) for spec in self.owned.values()) and directory == PLANS
        if directory in self.made and not is_the_trees and not any(path.startswith(directory + "/") for path in self.paths):
            self.made.discard(directory)
            self.paths.pop(directory, None)

    def put_file(self, spec):
        node = Node("file", spec.text, spec.mode)
        if self.full and spec.path.startswith(SMALL) and self.paths.get(spec.path) != node:
            if not self.freed:
                return PASSES
            self.freed = spec.path in self.paths and spec.path in self.before
        self.make(spec.path.rpartition("/")[0])
        is_new = spec.path not in self.before
        self.take(spec.path, node)
        if is_new and spec.removal == "delete":
            self.keep_nothing(spec.path)

    def put_tree(self, spec, old):
        if old is None or not old.purge:
            self.in_plans = self.foreign(spec)
        if PLANS in self.paths and PLANS not in self.made:
            self.take(PLANS, Node("dir", mode=0o755))
        self.make(PLANS)
        self.paths[PLANS] = Node("dir", mode=0o755)
        for name, text in spec.files:
            self.take(f"{PLANS}/{name}", Node("file", text))
        for path in self.foreign(spec) if spec.purge else ():
            if path in self.in_plans:
                self.before.setdefault(path, self.paths[path])
            del self.paths[path]
        if not spec.purge:
            self.give_back_plans(claims(spec))

    def give_back_plans(self, but):
        for path in sorted(path for path in self.before if path.startswith(PLANS + "/") and path not in but and not self.file_at(path)):
            self.let_go(path)

    def put_unit(self, spec, old, restart):
        state = self.units.get(spec.name)
        if spec.name not in self.units_before:
            self.units_before[spec.name] = state and dataclasses.replace(state)
        state = self.units.setdefault(spec.name, State(False, "inactive"))
        rewritten = False
        if spec.content:
            rewritten = self.paths.get(unit_path(spec.name)) != Node("file", spec.content)
            self.take(unit_path(spec.name), Node("file", spec.content))
        elif old and old.content:
            rewritten = True
            self.let_go(unit_path(spec.name))
        rewritten = self.put_drop_in(spec) or rewritten
        state.enabled, state.masked = spec.enabled, spec.masked
        if not spec.running:
            state.active = {"active": "inactive", "crashing": "failed"}.get(state.active, state.active)
        elif state.active != "active" or rewritten or restart:
            return self.start(spec.name)

    def put_drop_in(self, spec):
        """Returns whether it changes."""
        path = drop_in_path(spec.name)
        if spec.drop_in:
            changes = self.paths.get(path) != Node("file", spec.drop_in)
            self.make(path.rpartition("/")[0])
            self.take(path, Node("file", spec.drop_in))
            return changes
        return self.remove_drop_in(spec.name)

    def remove_drop_in(self, name):
        """Returns whether there is one of ours; an apply that failed may have removed it."""
        if drop_in_path(name) not in self.before:
            return False
        self.let_go(drop_in_path(name))
        self.leave(f"{unit_path(name)}.d")
        return True

    def definition(self, name):
        """All that defines a unit."""
        inside = f"{unit_path(name)}.d/"
        return tuple(sorted((path, node.text) for path, node in self.paths.items() if node.kind == "file" and (path == unit_path(name) or path.startswith(inside))))

    def start(self, name):
        self.units[name].runs_with = self.definition(name)
        text = self.paths.get(unit_path(name), Node("file")).text
        ok = "/bin/false" not in text and (self.hardware or "/var/lib/field-hardware" not in text)
        self.units[name].active = "failed" if not ok else "crashing" if "exit 1" in text else "active"
        return None if ok else LASTS

    def run(self, spec):
        if self.busy:
            return PASSES
        if spec.fails:
            return LASTS
        self.effect = f"{spec.version}\n"

    def put(self, id, spec, restart):
        """Returns how it failed."""
        old = self.owned.get(id)
        if isinstance(spec, File):
            return self.put_file(spec)
        if isinstance(spec, Tree):
            return self.put_tree(spec, old)
        if isinstance(spec, Unit):
            return self.put_unit(spec, old, restart)
        return self.run(spec) if isinstance(spec, Command) else None

    def remove(self, id, old, taken):
        """`taken`: paths that are other objects' by now."""
        if isinstance(old, Unit):
            return self.remove_unit(old)
        for path in sorted(claims(old) - taken - {PLANS}, reverse=True):
            if path in self.before and not self.is_directory(path):
                self.freed = self.freed or (self.full and path.startswith(SMALL))
                self.let_go(path, getattr(old, "removal", ""))
        if isinstance(old, File):
            return self.leave(old.path.rpartition("/")[0])
        if not isinstance(old, Tree):
            return None
        self.give_back_plans(taken)
        if PLANS in self.before:
            self.let_go(PLANS)
        self.leave(PLANS)

    def remove_unit(self, old):
        if old.name not in self.units_before:
            return
        before = self.units_before.pop(old.name)
        if old.content:
            self.let_go(unit_path(old.name))
        had_drop_in = self.remove_drop_in(old.name)
        if before is None:
            self.units.pop(old.name, None)
            return
        was = self.units[old.name]
        state = self.units[old.name] = State(before.enabled, "active" if before.active == "active" else "inactive", before.masked, was.runs_with)
        if state.active == "active" and (was.active != "active" or old.content or had_drop_in):
            state.runs_with = self.definition(old.name)

    # One commit on the device.

    def refusals(self, wanted):
        """What of a commit is not applied: it keeps what it has."""
        holders = {path: id for id, spec in self.owned.items() for path in claims(spec)}
        wants = {}
        for id, spec in wanted.items():
            for path in claims(spec):
                wants.setdefault(path, []).append(id)
        refused = {id for id, spec in wanted.items() if isinstance(spec, File) and spec.wrong}
        claimed = {path: [id for id in ids if id not in refused] for path, ids in wants.items()}
        refused |= {id for ids in claimed.values() if len(ids) > 1 for id in ids}
        self.blocked = {id for id, spec in wanted.items() if isinstance(spec, File) and not spec.wrong and self.is_directory(spec.path)}
        refused |= self.blocked

        def waits_for(id):
            """Who still has a place that the object takes."""
            spec = wanted[id]
            purged = {path for path in holders if path.startswith(PLANS + "/")} if getattr(spec, "purge", False) else set()
            return {holders[path] for path in claims(spec) | purged if path in holders} & wanted.keys() - {id}

        def is_in_circle(id):
            seen, ahead = set(), waits_for(id)
            while ahead:
                seen |= ahead
                ahead = {other for one in ahead - refused for other in waits_for(one)} - seen
            return id in seen

        before = None
        while before != refused:
            before = set(refused)
            for id, spec in wanted.items():
                needs = getattr(spec, "needs", "") or (self.owned.get(id) != spec and getattr(spec, "restart_on", ""))
                if needs and (needs not in wanted or needs in refused):
                    refused.add(id)
                if waits_for(id) & refused:
                    refused.add(id)
            refused |= {id for id in wanted if id not in refused and is_in_circle(id)}
        return refused

    def apply(self, commit):
        """Returns what failed: {id: PASSES or LASTS}. What the commit does not declare, and nothing has to wait for, is left
        to `prunes`."""
        wanted = commit.objects
        self.refused = self.refusals(wanted)
        self.applied = commit
        done = {}  # {id: None or how it failed} of what had a step
        todo = sorted((id for id in wanted if id not in self.refused), key=lambda id: ("Check", "Directory", "File", "Command", "SystemdUnit").index(id.partition("/")[0].removeprefix("Health")))
        leaving = {id for id in self.owned | self.begun if id not in wanted and not self.is_kept(id)}
        under_way = set()
        waiting = set()

        def holders_of(id, spec):
            inside = PLANS + "/" if getattr(spec, "purge", False) else "nowhere"
            return [other for other, its in self.owned.items() if other != id and any(path in claims(spec) or path.startswith(inside) for path in claims(its))]

        def step(id):
            if id in done or id not in todo or id in under_way:
                return
            under_way.add(id)
            spec, old = wanted[id], self.owned.get(id)
            for first in (*holders_of(id, spec), getattr(spec, "needs", ""), getattr(spec, "restart_on", "")):
                if first in wanted:
                    step(first)
            cause = getattr(spec, "restart_on", "")
            known = {drop_in_of(one) for one in set(done) | leaving if one in self.owned | self.begun | wanted}
            defined = isinstance(spec, Unit) and spec.name in known | given_up
            restart = cause in done or defined or id in self.owing
            self.owing.discard(id)
            if restart and cause in self.refused:
                self.owing.add(id)
                restart = False
            if old == spec and id not in self.failing.keys() - self.waiting and self.is_there(id, spec) and not restart:
                return
            holders, needs = holders_of(id, spec), getattr(spec, "needs", "")
            held = set(holders) - leaving or done.get(needs) or (cause in done and done[cause])
            for holder in () if held or not isinstance(spec, Tree) else holders:
                if not claims(self.owned[holder]) <= claims(spec):
                    self.remove(holder, self.owned.pop(holder), set())  # before the purge
            done[id] = PASSES if held else self.put(id, spec, restart)
            if held:
                waiting.add(id)
            elif done[id] and not old:
                self.begun[id] = spec
            elif not done[id]:
                self.owned[id] = spec
                self.begun.pop(id, None)
                if old:
                    self.move(id, old, spec)
                for holder in self.owned.keys() & holders:
                    if claims(self.owned[holder]) <= claims(spec):
                        self.owned.pop(holder)

        def remove(ids):
            for id in ids:
                if id in self.owned | self.begun and not self.is_wanted_by_failed(id, wanted, done):
                    taken = {path for other, spec in self.owned.items() if other != id for path in claims(spec)}
                    begun = self.begun.pop(id, None)
                    self.remove(id, self.owned.pop(id, begun), taken)

        first = {id for id in leaving if self.makes_way(id, wanted)}
        drop_ins = {id for id in first if drop_in_of(id)}
        given_up = {drop_in_of(id) for id in drop_ins & (self.owned | self.begun).keys()}
        remove(drop_ins)
        for id in todo:
            step(id)
        remove(first)
        def prune():
            remove(leaving - first)
            self.failing = {id: how for id, how in self.failing.items() if id in wanted}

        self.prunes = prune
        tried = set(done) | first | self.waiting
        known = wanted.keys() | leaving
        self.failing = {id: how for id, how in self.failing.items() if id not in tried and id in known} | {id: how for id, how in done.items() if how}
        self.waiting = waiting
        return {id: how for id, how in done.items() if how}

    def move(self, id, old, spec):
        for path in claims(old) - claims(spec):
            if isinstance(old, File):
                self.let_go(path)
                self.leave(path.rpartition("/")[0])

    def is_kept(self, id):
        """Whether an object stays, and ours, when it is no longer declared."""
        return getattr(self.owned.get(id), "removal", "") == "keep"

    def is_wanted_by_failed(self, id, wanted, done):
        """An object stays until the one with a new name has its place."""
        ours = claims(self.owned.get(id))
        return any(claims(spec) & ours and (done.get(other) or other in self.refused) for other, spec in wanted.items())

    def makes_way(self, id, wanted):
        """Whether something that is declared waits for the object to go."""
        ours = claims(self.owned.get(id) or self.begun.get(id))
        takers = (spec for other, spec in wanted.items() if other not in self.refused)
        inside = lambda spec: getattr(spec, "purge", False) and any(path.startswith(PLANS + "/") for path in ours)
        unit = f"SystemdUnit/{drop_in_of(id)}"
        return (unit in wanted and unit not in self.refused) or any(claims(spec) & ours or inside(spec) for spec in takers)

    # From commit to commit.

    def sick(self):
        return any("sick" in node.text for path, node in self.paths.items() if path.startswith(FIELD))

    def touched(self, commit):
        """What the commit changes, and what restarts for that."""
        wanted = commit.objects
        changed = {id for id, spec in wanted.items() if id not in self.refused and self.owned.get(id) != spec}
        restarted = {id for id, spec in wanted.items() if getattr(spec, "restart_on", None) in changed and id not in self.refused}
        redefined = {drop_in_of(id) for id in changed | (set(self.owned) - set(wanted))} - {None}
        restarted |= {id for id, spec in wanted.items() if isinstance(spec, Unit) and spec.name in redefined and spec.running and id not in self.refused}
        watched = {id for id in changed if isinstance(wanted[id], Command | Check) or getattr(wanted[id], "running", False)}
        return changed, watched | restarted

    def begin(self, commit):
        self.refused = self.refusals(commit.objects)
        changed, touched = self.touched(commit)
        if self.trial is None:
            if not self.has_steps(commit, changed):
                return
            self.trial = Trial(commit)
        trial, looked = self.trial, self.trial.looked
        for id, spec in commit.objects.items():
            if id not in self.owned or id in self.failing or (looked and id in trial.touched):
                continue
            is_down = isinstance(spec, Unit) and self.owned[id].running and id in touched and self.units[spec.name].active == "failed"
            if is_down or (isinstance(spec, Check) and not looked and self.sick()):
                trial.failed_before.add(id)
        if not looked:
            trial.failed_before |= {id for id, how in self.failing.items() if how == LASTS}
        trial.failed_before |= self.stuck | self.refused_before
        trial.touched |= touched
        trial.commit, trial.begun, trial.looked = commit, commit, True

    def has_steps(self, commit, changed):
        kept = [(id, spec) for id, spec in commit.objects.items() if id not in self.refused]
        leaving = {id for id in set(self.owned) - set(commit.objects) if not self.is_kept(id)}
        return changed or leaving or any(id in self.failing.keys() - self.waiting or not self.is_there(id, spec) for id, spec in kept)

    def blamed(self, commit, failures):
        """Of what failed, what the commit on trial answers for."""
        changed = {id for id in failures if id in self.trial.touched or self.owned.get(id) != commit.objects.get(id)}
        return {id: how for id, how in failures.items() if id in changed and id not in self.trial.failed_before}

    def sync(self):
        """Returns greenwaved's exit status; None where the commit has a window that is closed: nothing is said of what it
        does before that opens but that no unit stops or starts anew."""
        if self.server.closed:
            return None
        if not self.away:
            self.known = self.server
            if self.rejected is not self.server:
                self.rejected = None
        tip = self.known if not self.away else self.trial.commit if self.trial else self.good
        if tip is self.rejected:
            tip = self.good
        if tip is not self.good and self.refuses(tip):
            was_begun = self.trial and self.trial.begun is tip
            code = self.take_back(tip)
            self.rejected_whole = not was_begun
        else:
            if tip is not self.good:
                self.begin(tip)
                self.rejected_whole = False
            code = self.judge(tip, self.apply(tip))
        self.stuck &= set(self.failing)
        went_back = self.rejected is tip
        return 2 if self.away and not went_back else code

    def refuses(self, tip):
        """Whether a commit is taken back before it changes anything, for what it has and the device refuses."""
        self.refused = self.refusals(tip.objects)
        new = set()
        if self.good is not None:
            new = {id for id in self.refused - self.refused_before if self.owned.get(id) != tip.objects[id]}
        if new:
            self.trial = self.trial or Trial(tip)
            self.trial.commit = tip
            self.trial.failed_before |= self.stuck | self.refused_before
        return bool(new)

    def judge(self, tip, failures):
        is_checked = "HealthCheck/sane" in self.owned and "HealthCheck/sane" in tip.objects

        def is_ill():
            crashes = any(state.active == "crashing" for state in self.units.values())
            return crashes or (is_checked and self.sick() and not was_ill)

        if tip is not self.good and self.trial:
            blamed = self.blamed(tip, failures)
            was_ill = "HealthCheck/sane" in self.trial.failed_before
            if LASTS in blamed.values() or (not blamed and is_ill()):
                return self.take_back(tip)
            if blamed:
                return 1
            self.prunes()
            if is_ill():
                return self.take_back(tip)
            self.ailing = is_checked and was_ill
        else:
            self.prunes()
        self.good, self.trial, self.refused_before = tip, None, set(self.refused)
        self.ailing = self.ailing and is_checked and self.sick()
        return 1 if failures or self.refused or self.ailing or self.rejected else 0

    def take_back(self, commit):
        trial, good = self.trial, self.good
        for id, spec in (self.owned | self.begun).items():
            if isinstance(spec, Command) and good.objects.get(id) != spec:
                self.effect = None  # its undo, also of what failed half way
        failures = self.apply(good)
        self.prunes()
        stuck = self.blamed(good, failures)
        self.trial, self.rejected, self.stuck = None, commit, set(stuck)
        return 2 if stuck else 1

    def failed(self):
        return set(self.failing) | self.blocked | ({"HealthCheck/sane"} if self.ailing else set())

    # What happens around it.

    def boot(self):
        for name, state in self.units.items():
            state.active = "inactive"
            if state.enabled and not state.masked:
                self.start(name)

    def owner(self, path):
        return next((id for id, spec in self.owned.items() if path in claims(spec)), None)

    def damage(self, what, path, text=""):
        """Somebody changes something of ours. Returns whether there is something to change."""
        node = self.paths.get(path)
        makes_room = self.full and path.startswith(SMALL)
        if self.owner(path) is None or path == PLANS or makes_room or (node and node.kind == "dir") != (what == "clear"):
            return False
        if what == "delete":
            self.paths.pop(path, None)
        elif what == "clear":
            self.paths = {one: node for one, node in self.paths.items() if one != path and not one.startswith(path + "/")}
        elif what == "link":
            self.paths[path] = Node("link", "/nowhere", 0o777)
        elif what == "directory":
            self.paths[path] = Node("dir", mode=0o755)
            self.paths[f"{path}/by-hand"] = Node("file")
        elif node is None or node.kind != "file":
            return False
        elif what == "edit":
            self.paths[path] = dataclasses.replace(node, text=text)
        else:
            self.paths[path] = dataclasses.replace(node, mode=0o600)
        return True

    def damage_unit(self, what, name):
        spec, state = self.owned.get(f"SystemdUnit/{name}"), self.units.get(name)
        if not spec or not state or state.masked:
            return False
        if what == "disable" and spec.enabled and (unit_path(name) in self.paths or name == "vendor"):
            state.enabled = False
        elif what in ("stop", "kill") and state.active == "active":
            state.active = "inactive" if what == "stop" else "failed"
        else:
            return False
        return True
