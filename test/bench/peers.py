"""What others cost for the same work: N files of 1 KB from a git server over TLS on this machine. Each tool pulls and
applies, as it would from a timer. Best of three where a run is short. Run as root:

  test/bench/run peers                       30 (a real cabinet), 100, 1,000 and 5,000 files
  test/bench/run peers --sizes 30,100
  test/bench/run peers --json peers.json
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from git_server import GitServer  # noqa: E402
from greenwave import BIN, City, Device, FreshDisk, GIT_ENVIRONMENT, file_manifest, print_table, run  # noqa: E402

PATIENCE = 120  # seconds; what takes longer is said to
SHORT = 5
PACKAGES = {"cf-agent": "cfengine3", "puppet": "puppet-agent", "ansible-pull": "ansible-core", "rsync": "rsync"}
TASKS = ("cold", "no-op", "one drifted", "one commit")


def path_of(number):
    return f"{number // 100:02}/{number:04}.conf"


def content_of(number, note=""):
    line = f"setting-{number:04} = value of an intersection's controller {note}\n"
    return (line * (1024 // len(line) + 1))[:1023] + "\n"


class Cost:
    """Of one run: wall and CPU in seconds, peak memory in MiB, bytes written to disk and over the wire."""

    def __init__(self, wall, usage, wire, timed_out=False):
        self.wall, self.cpu = wall, usage.ru_utime + usage.ru_stime
        self.memory, self.written = usage.ru_maxrss / 1024, usage.ru_oublock * 512
        self.wire, self.timed_out = wire, timed_out

    def cells(self):
        if self.timed_out:
            return [f"> {PATIENCE} s", "", "", "", ""]
        return [f"{self.wall * 1000:.0f} ms", f"{self.cpu * 1000:.0f} ms", f"{self.memory:.0f} MiB",
                f"{self.written / 1024:.0f} KiB", f"{self.wire / 1024:.1f} KiB"]


class Peer:
    """A tool, with a directory of its own. `files` is what its repository has, `command` applies it."""

    name = ""

    def __init__(self, directory, server, size):
        self.directory, self.server, self.size = directory / self.name.replace(" ", ""), server, size
        self.directory.mkdir()
        self.target = self.directory / "target"
        self.city = City(self.directory)
        self.city.git("config", "uploadpack.allowFilter", "true", cwd=self.city.bare)
        self.served = server.projects / f"{self.name.replace(' ', '')}-{size}.git"
        self.served.symlink_to(self.city.bare)
        self.url = server.url(self.served)
        self.environment = {**os.environ, **GIT_ENVIRONMENT, "GIT_SSL_CAINFO": str(server.ca), "HOME": str(self.directory)}
        self.city.commit(self.files(), "The first")

    def files(self, changed=None):
        return {f"files/{path_of(n)}": content_of(n, "changed" if n == changed else "") for n in range(self.size)}

    def pulled(self):
        """A shell's words that bring the repository here."""
        clone = self.directory / "clone"
        return f"if [ -d {clone} ]; then git -C {clone} pull -q; else git clone -q --depth 1 {self.url} {clone}; fi"

    def command(self):
        raise NotImplementedError

    def apply(self):
        self.server.forget()
        began = time.monotonic()
        process = subprocess.Popen(self.command(), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        watcher = subprocess.Popen(["sh", "-c", f"sleep {PATIENCE}; kill -9 -{process.pid}"], start_new_session=True)
        said = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        os.killpg(watcher.pid, 15)
        watcher.wait()
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        if wall < PATIENCE and process.returncode != 0:
            raise AssertionError(f"{self.name} ended with {process.returncode}:\n{said[-3000:]}")
        return Cost(wall, usage, self.server.total(), wall >= PATIENCE)

    def check(self, number, note=""):
        found = (self.target / path_of(number)).read_text()
        if found != content_of(number, note):
            raise AssertionError(f"{self.name} has not applied {path_of(number)}: {found[:80]!r}")

    def best(self, prepare, check):
        """Of up to three runs."""
        costs = []
        while len(costs) < 3 and (not costs or costs[-1].wall < SHORT):
            prepare(len(costs))
            costs.append(self.apply())
            if costs[-1].timed_out:
                return costs[-1]
            check(len(costs) - 1)
        return min(costs, key=lambda cost: cost.wall)

    def tasks(self):
        last = self.size - 1
        cold = self.apply()
        yield "cold", cold
        if cold.timed_out:
            return
        self.check(last)
        yield "no-op", self.best(lambda _: None, lambda _: None)
        drifted = self.target / path_of(last)
        yield "one drifted", self.best(lambda _: drifted.write_text("by hand\n"), lambda _: self.check(last))
        yield "one commit", self.best(
            lambda number: self.city.commit({self.changed_file(): self.files(0)[self.changed_file()] if number % 2 == 0 else
                                             self.files()[self.changed_file()]}, "Another"),
            lambda number: self.check(0, "changed" if number % 2 == 0 else ""))

    def changed_file(self):
        return f"files/{path_of(0)}"


class Greenwave(Peer):
    name = "greenwave"

    def __init__(self, directory, server, size):
        super().__init__(directory, server, size)
        self.device = Device(self.directory / "device", self.url, more=server.agent())
        self.target = self.device.path("/opt/bench")

    def files(self, changed=None):
        manifests = {}
        for first in range(0, self.size, 100):
            numbers = range(first, min(first + 100, self.size))
            manifests[f"base/{first // 100:02}.yaml"] = "\n---\n".join(
                file_manifest(f"bench-{n:04}", f"/opt/bench/{path_of(n)}", content_of(n, "changed" if n == changed else ""))
                for n in numbers) + "\n"
        return manifests

    def changed_file(self):
        return "base/00.yaml"

    def command(self):
        return [str(word) for word in self.device.command("greenwaved", "--once")]


class Rsync(Peer):
    name = "git + rsync"

    def command(self):
        return ["sh", "-ec", f"{self.pulled()}; rsync -a --modify-window=-1 --delete {self.directory}/clone/files/ {self.target}/"]


class Cfengine(Peer):
    name = "cf-agent"

    def command(self):
        policy = self.directory / "copy.cf"
        policy.write_text(f"""bundle agent main {{ files: "{self.target}/." create => "true", depth_search => all, copy_from => whole; }}
body copy_from whole {{ source => "{self.directory}/clone/files"; compare => "digest"; }}
body depth_search all {{ depth => "inf"; }}
""")
        policy.chmod(0o600)
        return ["sh", "-ec", f"{self.pulled()}; cf-agent -K -f {policy}"]


class Puppet(Peer):
    name = "puppet apply"

    def files(self, changed=None):
        here = self.directory
        folders = sorted({path_of(n).split("/")[0] for n in range(self.size)})
        lines = [f"file {{ '{here}/target': ensure => directory }}"]
        lines += [f"file {{ '{here}/target/{folder}': ensure => directory }}" for folder in folders]
        lines += [f"file {{ '{here}/target/{path_of(n)}': source => '{here}/clone/files/{path_of(n)}' }}" for n in range(self.size)]
        return {**super().files(changed), "site.pp": "\n".join(lines) + "\n"}

    def command(self):
        return ["sh", "-ec", f"{self.pulled()}; puppet apply --confdir {self.directory}/etc --vardir {self.directory}/var "
                             f"{self.directory}/clone/site.pp"]


class Ansible(Peer):
    name = "ansible-pull"

    def files(self, changed=None):
        folders = sorted({path_of(n).split("/")[0] for n in range(self.size)})
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [
            {"file": {"path": f"{self.directory}/target/{{{{ item }}}}", "state": "directory"}, "loop": folders},
            {"copy": {"src": "files/{{ item }}", "dest": f"{self.directory}/target/{{{{ item }}}}"},
             "loop": [path_of(n) for n in range(self.size)]}]}]
        return {**super().files(changed), "local.yml": json.dumps(play)}

    def command(self):
        return ["ansible-pull", "-U", self.url, "-C", "main", "-d", str(self.directory / "clone"), "-i", "localhost,"]


PEERS = (Greenwave, Rsync, Cfengine, Puppet, Ansible)


def install():
    """What of the peers is missing, by apt."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        run("apt-get", "install", "-y", "--no-install-recommends", *missing,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="30,100,1000,5000")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    install()
    rows, missed = [], 0
    with FreshDisk() as scratch:
        scratch.chmod(0o755)
        with GitServer(scratch / "server", scratch) as server:
            for size in map(int, options.sizes.split(",")):
                (scratch / str(size)).mkdir()
                found = {}
                for kind in PEERS:
                    for task, cost in kind(scratch / str(size), server, size).tasks():
                        found.setdefault(task, {})[kind.name] = cost
                        print(f"  {size} {task} {kind.name}: {' '.join(cost.cells())}", flush=True)
                for task in TASKS:
                    ours = found[task][Greenwave.name].wall
                    peer = min(cost.wall for name, cost in found[task].items() if name != Greenwave.name)
                    must = task == "no-op" or (task == "cold" and size == 30)
                    missed += must and ours > peer
                    for name, cost in found[task].items():
                        is_ours = name == Greenwave.name
                        ratio = f"{ours / peer:.2f} of the fastest other" if is_ours else ""
                        verdict = ("missed" if ours > peer else "reached") if must and is_ours else ""
                        rows.append((f"{size:,}", task, name, *cost.cells(), ratio, verdict))
    print()
    print_table([("files", "task", "tool", "wall", "CPU", "peak memory", "written", "wire", "", ""), *rows])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
