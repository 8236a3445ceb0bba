"""What a hostile server, repository or user can cost a device.

Each attack runs against an agent that manages a file, which is damaged again and again meanwhile. Measured: how long the
agent takes to repair it at most, in intervals between two syncs; the memory of all its processes (resident, at most); its
store on the disk (at most); and how long it takes to end after SIGTERM in the midst of the attack. With --before the
programs of another build take the same attacks.

    test/bench/run hostile
    test/bench/run hostile --before ~/old/build/release/bin --only deltas --only junk
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from dripping import Dripping  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, print_table, wait_until  # noqa: E402
from hostile_git import BLOB, COMMIT, TREE, HostileGit, Pack, commit_of, delta, object_id  # noqa: E402

INTERVAL = 5  # seconds
MEBIBYTE = 1 << 20
MANAGED = file_manifest("motd", "/etc/motd", "one\n")


# ---------------------------------------------------------------------------------------------------- attacks
# Each is a context that gives the URL to follow, and the lines of agent.yaml that it takes.


@contextlib.contextmanager
def server_with(scratch, **answers):
    with HostileGit(scratch / "hostile", **answers) as server:
        yield server.url, f"  credentials:\n    caFile: {server.ca}\n"


def tip_and_pack(fill):
    """A good commit, with the managed file alone, and a pack that holds it and what `fill` adds."""
    pack = Pack()
    blob = pack.put(BLOB, MANAGED.encode())
    tree = pack.put(TREE, b"100644 motd.yaml\0" + bytes.fromhex(blob))
    tip = pack.put(COMMIT, commit_of(tree))
    fill(pack)
    return {"tip": tip, "pack": pack.bytes()}


def deltas(size, count):
    """Each gives an object of `size` bytes, from one of zeros."""

    def fill(pack):
        base = pack.add(BLOB, bytes(size))
        for n in range(count):
            pack.add_delta(base, delta(size, size, n))

    return tip_and_pack(fill)


def chain(size, count):
    """A chain of deltas, each against the one before."""

    def fill(pack):
        last = pack.add(BLOB, bytes(size))
        for n in range(count):
            last = pack.add_delta(last, delta(size, size, n))

    return tip_and_pack(fill)


def zeros(size, count):
    return tip_and_pack(lambda pack: [pack.add(BLOB, n.to_bytes(8) + bytes(size)) for n in range(count)])


def small_deltas(scratch):
    return server_with(scratch, **deltas(16 * MEBIBYTE, 12_000))


def large_deltas(scratch):
    return server_with(scratch, **deltas(100 * MEBIBYTE, 2_000))


def long_chain(scratch):
    return server_with(scratch, **chain(2 * MEBIBYTE, 5_000))


def inflation(scratch):
    return server_with(scratch, **zeros(100 * MEBIBYTE, 100))


def many_objects(scratch):
    return server_with(scratch, **tip_and_pack(lambda pack: [pack.add(BLOB, n.to_bytes(8)) for n in range(400_000)]))


def junk(scratch):
    """Each time another 32 MiB, and never the commit."""

    def pack():
        made = Pack()
        for _ in range(32):
            made.add(BLOB, os.urandom(MEBIBYTE))
        return made.bytes()

    return server_with(scratch, tip="1" * 40, pack=pack)


def new_commits_with_junk(scratch):
    """Each time another commit, which has no tree, and 32 MiB beside it."""
    commit = [b""]

    def tip():
        commit[0] = commit_of("2" * 40, os.urandom(8).hex())
        return object_id(COMMIT, commit[0])

    def pack():
        made = Pack()
        made.add(COMMIT, commit[0])
        for _ in range(32):
            made.add(BLOB, os.urandom(MEBIBYTE))
        return made.bytes()

    return server_with(scratch, tip=tip, pack=pack)


def years_of_pause(scratch):
    return server_with(scratch, retry_after=10 * 365 * 86_400)


@contextlib.contextmanager
def dripping(scratch):
    city = City(scratch)
    city.commit({"large.bin": os.urandom(2_000_000).hex()})
    with GitServer(scratch / "server", scratch) as server, Dripping(server.port, at_once=100_000) as slow:
        yield server.url(city.bare).replace(f":{server.port}/", f":{slow.port}/"), server.agent()


@contextlib.contextmanager
def committed(scratch, files=None, base=None):
    """A real server. Its repository has these files, and a directory `base` that `base` makes, beside the managed one."""
    city = City(scratch)
    city.commit({"motd.yaml": MANAGED, **(files or {})})
    if base is not None:
        make_tree = TreeMaker(city)
        make_tree.commit(base(make_tree))
    with GitServer(scratch / "server", scratch) as server:
        yield server.url(city.bare), server.agent()


class TreeMaker:
    """Makes trees without any files on the disk."""

    def __init__(self, city):
        self.city = city
        self.empty_file = self.git("hash-object", "-w", "--stdin")

    def git(self, *words, data=""):
        command = ["git", "-c", "user.name=O", "-c", "user.email=o@city.example", *words]
        return subprocess.run(command, cwd=self.city.bare, input=data, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()

    def files(self, names):
        return self.git("mktree", data="".join(f"100644 blob {self.empty_file}\t{name}\n" for name in names))

    def directories(self, tree, names):
        return self.git("mktree", data="".join(f"040000 tree {tree}\t{name}\n" for name in names))

    def commit(self, base):
        root = self.git("mktree", data=self.git("ls-tree", "main") + f"\n040000 tree {base}\tbase\n")
        self.git("update-ref", "refs/heads/main", self.git("commit-tree", "-p", "main", "-m", "Grow", root))


def numbered(count):
    return [f"{n:06}.yaml" for n in range(count)]


def million_files(scratch):
    return committed(scratch, base=lambda make: make.directories(make.files(numbered(1_000_000)), ["conf.d"]))


def directories_of_files(scratch):
    return committed(scratch, base=lambda make: make.directories(make.files(numbered(1_000)), map(str, range(1_000))))


def bomb_of_directories(scratch):
    def base(make):
        tree = make.files(["a.yaml"])
        for _ in range(30):
            tree = make.directories(tree, "abcdefghij")
        return tree

    return committed(scratch, base=base)


def short_values(scratch):
    values = "[" + "1," * 190_000 + "1]"
    return committed(scratch, {f"values-{n}.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: values-{n}}}\ndata: {values}\n"
                               for n in range(100)})


def large_variables(scratch):
    uses = "\n".join("text: ${device.large}" for _ in range(200))
    files = {f"use-{n}.yaml": json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": f"use-{n}"},
                                          "spec": {"path": f"/etc/use-{n}", "content": uses}}) for n in range(100)}
    feature = {"type": "Feature", "id": "sf-0042", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}, "properties": {"large": "x" * MEBIBYTE}}
    return committed(scratch, {
        "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: city}\nspec: {devices: devices.geojson}\n",
        "devices.geojson": json.dumps({"type": "FeatureCollection", "features": [feature]}), **files})


@contextlib.contextmanager
def grown_file(scratch):
    city = City(scratch)
    city.commit({"motd.yaml": MANAGED, "log.yaml": file_manifest("log", "/etc/grown", "small\n")})
    yield city.url, ""


ATTACKS = {
    "deltas of 16 MiB": small_deltas,
    "deltas of 100 MiB": large_deltas,
    "a chain of 5,000 deltas": long_chain,
    "10 GB of zeros": inflation,
    "400,000 objects": many_objects,
    "junk packs": junk,
    "junk packs on a new device": junk,
    "new commits with junk": new_commits_with_junk,
    "a dripping server": dripping,
    "Retry-After: 10 years": years_of_pause,
    "a million files": million_files,
    "1,000 directories of 1,000 files": directories_of_files,
    "10^30 directories": bomb_of_directories,
    "100 files of 190,000 values": short_values,
    "1 MiB put in 20,000 times": large_variables,
    "a managed file of 8 TiB": grown_file,
}


# ------------------------------------------------------------------------------------------------ measurement


class Watch:
    """The most that processes held, sampled."""

    def __init__(self, device):
        self.device, self.memory, self.store = device, 0, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def _run(self):
        while not self.ended.wait(0.02):
            self.memory = max(self.memory, sum(map(resident, family(self.device.daemon.pid))))
            self.store = max(self.store, size_of(self.device.state / "git"))


def family(pid):
    found = [pid]
    for one in found:
        for thread in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in thread.read_text().split()]
    return found


def resident(pid):
    with contextlib.suppress(OSError):
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    return 0


def size_of(directory):
    total = 0
    for file in directory.rglob("*"):
        with contextlib.suppress(OSError):
            total += file.stat().st_blocks * 512
    return total


def longest_repair(device, seconds):
    """Damages the managed file until the time is over; the longest that it stayed so."""
    longest, until = 0, time.monotonic() + seconds
    file = device.path("/etc/motd")
    while time.monotonic() < until:
        file.write_text("damaged\n")
        with contextlib.suppress(OSError):  # only one of the attacks has it
            os.truncate(device.path("/etc/grown"), 8 << 40)
        began = time.monotonic()
        try:
            wait_until(lambda: file.read_text() == "one\n", "the repair", seconds)
        except AssertionError:
            return float("inf")
        longest = max(longest, time.monotonic() - began)
    return longest


def suffer(attack, seconds, is_new):
    with Scratch() as scratch:
        (scratch / "own").mkdir()
        own = City(scratch / "own")
        own.commit({"motd.yaml": MANAGED})
        device = Device(scratch / "device", own.url, interval=f"{INTERVAL}s")
        if not is_new:
            device.once(check=0)
        (scratch / "city").mkdir()
        with attack(scratch / "city") as (url, more):
            device.config.write_text(device.config.read_text().replace(own.url, url) + more)
            device.start()
            with Watch(device) as watch:
                repair = 0 if is_new else longest_repair(device, seconds)
                if is_new:
                    time.sleep(seconds)
                said = device.json("status").get("lastError", "")
                ended = device.stop()
        return {"repair": repair / INTERVAL, "memory": watch.memory / MEBIBYTE, "store": watch.store / MEBIBYTE, "stop": ended, "said": said}


LIMITS = {"repair": 2, "memory": 192, "store": 300, "stop": 5}
UNITS = {"repair": "intervals", "memory": "MiB", "store": "MiB on disk", "stop": "s to SIGTERM"}


def measure(names, seconds):
    results = {}
    for name in names:
        results[name] = suffer(ATTACKS[name], seconds, "new device" in name)
        print(f"{name}: {results[name]}", file=sys.stderr, flush=True)
    return results


def cell(figures, key):
    return f"{figures[key]:.1f}" + ("" if figures[key] <= LIMITS[key] else " MISSED")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="DIRECTORY", help="the programs of an older build")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="attacks whose names have this")
    parser.add_argument("--seconds", type=int, default=30, help="of each attack")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [name for name in ATTACKS if not options.only or any(word in name for word in options.only)]
    if options.json:
        return print(json.dumps(measure(names, options.seconds)))
    builds = {"now": measure(names, options.seconds)}
    if options.before:
        command = [sys.executable, "-B", __file__, "--json", "--seconds", str(options.seconds)]
        for name in names:
            command += ["--only", name]
        there = {**os.environ, "GREENWAVE_BIN": str(pathlib.Path(options.before).resolve())}
        builds["before"] = json.loads(subprocess.run(command, env=there, stdout=subprocess.PIPE, check=True).stdout)
    rows = [["attack", "build", *(f"{UNITS[key]} (≤ {LIMITS[key]})" for key in LIMITS)]]
    for name in names:
        for build, results in builds.items():
            rows.append([name, build, *(cell(results[name], key) for key in LIMITS)])
    print_table(rows)
    good = all(results[key] <= LIMITS[key] for results in builds["now"].values() for key in LIMITS)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
