"""What following a repository costs over a cellular link, compared with git's own fetch and libgit2's in the same run.

Bytes are HTTP bytes as nginx counts them per request (request_length + bytes_sent): both ways, with headers,
without TLS. Run as root:  test/bench/run git
"""

import base64
import os
import pathlib
import random
import subprocess
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from git_server import GitServer  # noqa: E402
from greenwave import BIN, GIT_ENVIRONMENT, Device, Scratch, file_manifest, print_table, run  # noqa: E402

DEVICES = 5000
GROUPS = 100
POLLS = 10
FETCHES = 1000
OURS = 4242


class Repository:
    """A bare repository, filled by git fast-import."""

    def __init__(self, directory, name):
        self.path = directory / name
        self.git("init", "-q", "--bare", "-b", "main", self.path, cwd=directory)
        self.git("config", "uploadpack.allowFilter", "true")

    def git(self, *words, cwd=None, data=None):
        environment = {**os.environ, **GIT_ENVIRONMENT}
        result = subprocess.run(["git", *map(str, words)], cwd=cwd or self.path, env=environment, input=data,
                                stdout=subprocess.PIPE, check=True)
        return result.stdout

    def text(self, *words):
        return self.git(*words).decode().strip()

    def commits(self, changes, branch="main"):
        """A commit for each {path: bytes}; returns their names."""
        stream = []
        for number, files in enumerate(changes):
            stream.append(b"commit refs/heads/%s\ncommitter Ana <ana@city.example> %d +0000\ndata 6\nChange\n"
                          % (branch.encode(), 1700000000 + number))
            if number == 0 and self.text("for-each-ref", "refs/heads/main"):
                stream.append(b"from refs/heads/main^0\n")
            for path, content in files.items():
                stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        before = set(self.text("rev-list", "--all").split()) if self.text("for-each-ref") else set()
        self.git("fast-import", "--quiet", data=b"".join(stream))
        return [name for name in self.text("rev-list", "--reverse", branch).split() if name not in before]

    def add_refs(self, count):
        """More refs at the same commit, packed as git packs them."""
        commit = self.text("rev-parse", "main")
        refs = sorted([f"refs/heads/other/{n:06}" for n in range(count)] + ["refs/heads/main"])
        lines = "".join(f"{commit} {ref}\n" for ref in refs)
        (self.path / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + lines)

    def weight(self, names):
        """Bytes of a pack of these objects, as git's own names for them."""
        oids = "\n".join(self.text("rev-parse", name) for name in names) + "\n"
        return len(self.git("pack-objects", "-q", "--stdout", data=oids.encode()))


def group_of(number):
    return f"{number % GROUPS:02}"


def directory_of(number, flat):
    return f"devices/d-{number:04}" if flat else f"devices/{group_of(number)}/d-{number:04}"


def settings(number, seed=0):
    """A manifest of about 10 KiB that compresses little."""
    noise = base64.b64encode(random.Random(number * 7919 + seed).randbytes(7500)).decode()
    return file_manifest("settings", "/etc/signal/settings", noise).encode()


def city(flat):
    path = "devices/${device.id}" if flat else "devices/${device.labels.group}/${device.id}"
    files = {
        "greenwave.yaml": f"""apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {{name: bench}}
spec: {{layers: [{{path: base}}, {{path: "{path}"}}]}}
""".encode(),
        "base/motd.yaml": file_manifest("motd", "/etc/motd", "hello\n").encode(),
    }
    for number in range(DEVICES):
        files[f"{directory_of(number, flat)}/settings.yaml"] = settings(number)
    return files


def needed(flat):
    """The names of this device's layers and the trees that lead to them."""
    own = directory_of(OURS, flat)
    names = ["main^{tree}", "main:base", "main:base/motd.yaml", f"main:{own}", f"main:{own}/settings.yaml"]
    above = pathlib.PurePath(own).parent
    while str(above) != ".":
        names.append(f"main:{above}")
        above = above.parent
    return names


def bytes_in_words(count):
    return f"{count} B" if count < 10240 else f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MiB"


class Bench:
    def __init__(self, scratch, server):
        self.scratch, self.server = scratch, server
        self.rows = []
        self.missed = False
        self.libgit2 = scratch / "libgit2_poll"
        flags = run("pkg-config", "--cflags", "--libs", "libgit2").stdout.split()
        run("cc", "-O2", "-o", self.libgit2, pathlib.Path(__file__).parent / "libgit2_poll.c", *flags)

    def row(self, name, ours, peer, other, bound, good):
        self.rows.append((name, ours, peer, other, bound, "reached" if good else "MISSED"))
        self.missed |= not good

    def git(self, *words):
        environment = {**os.environ, **GIT_ENVIRONMENT, "GIT_TERMINAL_PROMPT": "0", "GIT_SSL_CAINFO": str(self.server.ca)}
        return run("git", *words, env=environment)

    def device(self, name, repository):
        labels = f"labels: {{group: \"{group_of(OURS)}\"}}\n"
        return Device(self.scratch / name, self.server.url(repository.path), device=f"d-{OURS:04}",
                      more=self.server.agent() + labels)

    def cost(self, action):
        self.server.forget()
        action()
        return self.server.total()

    def sync(self, device):
        if device.sync()["exitCode"] != 0:
            raise AssertionError(device.log.read_text())

    def poll(self, refs):
        repository = Repository(self.scratch, f"refs-{refs}.git")
        repository.commits([{"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n").encode()}])
        repository.add_refs(refs - 1)
        url = self.server.url(repository.path)
        clone = self.scratch / f"clone-{refs}"
        self.git("clone", "-q", "--depth", "1", "--bare", url, clone)
        peer = self.cost(lambda: self.git("-C", clone, "fetch", "-q", "origin", "main"))
        other = self.cost(lambda: run(self.libgit2, url, "refs/heads/main"))
        with self.device(f"poll-{refs}", repository) as device:
            device.start()
            self.sync(device)
            self.sync(device)
            ours = self.cost(lambda: [self.sync(device) for _ in range(POLLS)]) / POLLS
            self.row(f"poll of an unchanged ref, {refs:,} refs", bytes_in_words(round(ours)), bytes_in_words(peer),
                     bytes_in_words(other), "<= 700 B", ours <= 700)
            if refs > 5:
                return
            tip = repository.path.with_name(repository.path.name + ".tip") / "refs/heads/main"
            tip.parent.mkdir(parents=True)
            tip.write_text(repository.text("rev-parse", "main") + "\n")
        with self.device("poll-tip", repository) as device:
            device.start()
            self.sync(device)
            self.sync(device)
            ours = self.cost(lambda: [self.sync(device) for _ in range(POLLS)]) / POLLS
            self.row("the same where there is a tip file", bytes_in_words(round(ours)), "-", "-", "<= 700 B", ours <= 700)

    def first_sync(self, flat):
        name = "one level" if flat else "two levels"
        repository = Repository(self.scratch, f"city-{'flat' if flat else 'deep'}.git")
        repository.commits([city(flat)])
        url = self.server.url(repository.path)
        weight = repository.weight(needed(flat))
        peer = self.cost(lambda: self.git("clone", "-q", "--depth", "1", "--bare", url, self.scratch / f"clone-{flat}"))
        device = self.device(f"first-{flat}", repository)
        self.server.forget()
        device.start()
        self.sync(device)
        self.server.total()
        ours = sum(sent for _, sent, _, _ in self.server.requests())
        self.row(f"first sync, {DEVICES:,} devices in {name}: received", bytes_in_words(ours), bytes_in_words(peer), "-",
                 f"<= 1.5 x {bytes_in_words(weight)}", ours <= 1.5 * weight)
        return repository, device

    def other_device(self, repository, device):
        other = 1717
        files = {f"{directory_of(other, False)}/settings.yaml": settings(other, seed=1)}
        repository.commits([files])
        ours = self.cost(lambda: self.sync(device))
        clone = self.scratch / "clone-False"
        peer = self.cost(lambda: self.git("-C", clone, "fetch", "-q", "--depth", "1", "origin", "main"))
        self.row("a commit that changes another device", bytes_in_words(ours), bytes_in_words(peer), "-", "<= 8 KiB",
                 ours <= 8192)

    def many_fetches(self, repository, device):
        """Each commit changes this device and another one."""
        changes = [
            {f"{directory_of(OURS, False)}/settings.yaml": settings(OURS, seed=n),
             f"{directory_of(n, False)}/settings.yaml": settings(n, seed=1)}
            for n in range(1, FETCHES + 1)
        ]
        commits = repository.commits(changes, branch="next")
        sizes, packs, memory = [], [], []
        for number, commit in enumerate(commits):
            repository.git("update-ref", "refs/heads/main", commit)
            self.sync(device)
            objects = [file for file in (device.state / "git/objects").rglob("*") if file.is_file()]
            sizes.append(sum(file.stat().st_size for file in objects))
            packs.append(sum(1 for file in objects if file.suffix == ".pack"))
            memory.append(resident(device.daemon.pid))
            if number % 100 == 99:
                print(f"  after {number + 1} fetches: {memory[-1]:.1f} MiB resident, store "
                      f"{bytes_in_words(sizes[-1])} in {packs[-1]} packs", file=sys.stderr)
        half = len(sizes) // 2
        early, late = max(sizes[:half]), max(sizes[half:])
        self.row(f"resident memory, highest of {FETCHES:,} fetches", f"{max(memory):.1f} MiB",
                 f"after 100: {memory[99]:.1f} MiB", "-", "<= 16 MiB", max(memory) <= 16)
        self.row("store, largest in the second half of them", bytes_in_words(late), f"first half {bytes_in_words(early)}",
                 "-", "no growth (5 %)", late <= 1.05 * early)
        self.row("packs, at most", str(max(packs)), "-", "-", "<= 20", max(packs) <= 20)


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def main():
    with Scratch() as scratch, GitServer(scratch / "server", scratch) as server:
        bench = Bench(scratch, server)
        bench.poll(5)
        bench.poll(50_000)
        _, device = bench.first_sync(flat=True)
        device.stop()
        repository, device = bench.first_sync(flat=False)
        with device:
            bench.other_device(repository, device)
            bench.many_fetches(repository, device)
        rows = [("", "Greenwave", "git", "libgit2", "must be", "")] + bench.rows
        print_table(rows)
        print(f"(programs from {BIN}; bytes of HTTP both ways unless said otherwise, without TLS, as nginx counts them)")
        return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
