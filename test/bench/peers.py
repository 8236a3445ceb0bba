"""What others cost for the same work: N files of 1 KB from a git server over TLS on this machine. Best of three where a run
is short. Each tool is measured as devices run it: the peers are started by a timer, pull, apply and end; Greenwave is a
service, which a technician or its own timer asks for a sync. The row `greenwaved --once` is Greenwave as the peers are run:
it starts, opens its state, asks the server over a new connection, and ends. As root:

  test/bench/run peers                       30 (a real cabinet), 100, 1,000 and 5,000 files
  test/bench/run peers --sizes 30,100 --only "greenwave sync,greenwaved --once,git + rsync"
  test/bench/run peers --json peers.json

What services on the device spend is added: the agent, for `greenwave sync`; the API server and etcd, for `kubectl apply`. That
brings ConfigMaps, as Kubernetes has no files of a host. Its program is built once, which takes a quarter of an hour.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import cost  # noqa: E402
import kubernetes  # noqa: E402
from bench_files import GROUP, content_of, group_file, manifests, path_of  # noqa: E402
from findings import some_of  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, FreshDisk, GIT_ENVIRONMENT, print_table, run  # noqa: E402

PATIENCE = 120  # seconds; what takes longer is said to
SHORT = 5
TARGET = "/opt/bench"  # of a Greenwave device
PACKAGES = {"cf-agent": "cfengine3", "puppet": "puppet-agent", "ansible-pull": "ansible-core", "rsync": "rsync", "time": "time"}


class Cost:
    """Of one run: wall and CPU in seconds, peak memory in MiB, bytes written to disk and over the wire. `services` is what
    services on the device spent on it."""

    def __init__(self, wall, usage, memory, wire, services, timed_out=False):
        self.wall, self.cpu = wall, usage.ru_utime + usage.ru_stime + services.cpu
        self.memory, self.written = max(memory, services.memory), usage.ru_oublock * 512 + services.written
        self.wire, self.timed_out = wire, timed_out

    def cells(self):
        if self.timed_out:
            return [f"> {PATIENCE} s", "", "", "", ""]
        return [f"{self.wall * 1000:.0f} ms", f"{self.cpu * 1000:.0f} ms", f"{self.memory:.0f} MiB",
                f"{self.written / 1024:.0f} KiB", f"{self.wire / 1024:.1f} KiB"]


class Services:
    """What processes and their children have spent since this was made, once it is told to look."""

    def __init__(self, pids):
        self.pids = pids
        self.before = self._so_far()
        for pid in pids:
            cost.forget_peak(pid)

    def _so_far(self):
        return sum(map(cost.cpu, self.pids)), sum(map(cost.written, self.pids))

    def look(self):
        self.cpu, self.written = (now - before for now, before in zip(self._so_far(), self.before))
        self.memory = sum(map(cost.peak, self.pids))
        return self


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

    def services(self):
        """Processes of the device that do some of the work, and run on."""
        return []

    def forget(self):
        """As before the first run."""
        for directory in (self.directory / "clone", self.target):
            shutil.rmtree(directory, ignore_errors=True)

    def apply(self):
        self.server.forget()
        services = Services(self.services())
        # The kernel counts what a process was before it became another program: with `time` that is next to nothing.
        memory = self.directory / "memory"
        began = time.monotonic()
        process = subprocess.Popen(["time", "-q", "-f", "%M", "-o", memory, *self.command()], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
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
        if wall >= PATIENCE:
            return Cost(wall, usage, 0, 0, services.look(), timed_out=True)
        return Cost(wall, usage, int(memory.read_text()) / 1024, self.server.total(), services.look())

    def check(self, number, note=""):
        found = (self.target / path_of(number)).read_text()
        if found != content_of(number, note):
            raise AssertionError(f"{self.name} has not applied {path_of(number)}: {found[:80]!r}")

    def drift(self, number):
        (self.target / path_of(number)).write_text("by hand\n")

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
        cold = self.best(lambda _: self.forget(), lambda _: self.check(self.size - 1))
        yield "cold", cold
        if not cold.timed_out:
            yield from self.later_tasks()

    def later_tasks(self):
        last = self.size - 1
        yield "no-op", self.best(lambda _: None, lambda _: None)
        yield "one drifted", self.best(lambda _: self.drift(last), lambda _: self.check(last))
        versions = [self.files(0)[self.changed_file()], self.files()[self.changed_file()]]
        yield "one commit", self.best(
            lambda number: self.city.commit({self.changed_file(): versions[number % 2]}, "Another"),
            lambda number: self.check(0, "changed" if number % 2 == 0 else ""))

    def changed_file(self):
        return f"files/{path_of(0)}"


class Once(Peer):
    name = "greenwaved --once"

    def __init__(self, directory, server, size):
        super().__init__(directory, server, size)
        self.device = Device(self.directory / "device", self.url, more=server.agent())
        self.target = self.device.path(TARGET)

    def files(self, changed=None):
        return manifests(self.size, TARGET, changed)

    def changed_file(self):
        return group_file(0)

    def forget(self):
        shutil.rmtree(self.device.root)
        self.device.root.mkdir()

    def command(self):
        return [str(word) for word in self.device.command("greenwaved", "--once")]


class Greenwave(Once):
    """The service, once its first sync is done, which takes what that of `greenwaved --once` takes."""

    name = "greenwave sync"

    def services(self):
        return [self.device.daemon.pid]

    def command(self):
        return [str(word) for word in self.device.command("greenwave", "sync", "--wait")]

    def tasks(self):
        with self.device:
            self.device.start()
            self.device.sync()
            yield from self.later_tasks()


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


class Kubectl(Peer):
    """Into an API server with etcd on the device, as k3s has them."""

    name = "kubectl apply"
    cluster = None  # one for all sizes

    def files(self, changed=None):
        files = {}
        for number in range(self.size):
            content = content_of(number, "changed" if number == changed else "")
            files.setdefault(f"files/{number // GROUP:02}.yaml", []).append(json.dumps(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.object(number)}, "data": {"conf": content}}))
        return {path: "\n---\n".join(documents) + "\n" for path, documents in files.items()}

    def changed_file(self):
        return "files/00.yaml"

    def object(self, number):
        return f"bench-{self.size}-{number:04}"

    def path(self, number):
        return f"/api/v1/namespaces/default/configmaps/{self.object(number)}"

    def services(self):
        return [self.cluster.server.pid, self.cluster.etcd.pid]

    def forget(self):
        super().forget()
        self.cluster.request("DELETE", "/api/v1/namespaces/default/configmaps")

    def drift(self, number):
        self.cluster.request("PATCH", self.path(number), {"data": {"conf": "by hand\n"}}, "application/merge-patch+json")

    def check(self, number, note=""):
        found = self.cluster.get(self.path(number))["data"]["conf"]
        if found != content_of(number, note):
            raise AssertionError(f"{self.name} has not applied {self.object(number)}: {found[:80]!r}")

    def command(self):
        kubectl = f"{self.cluster.program} kubectl --kubeconfig {self.cluster.kubeconfig()}"
        return ["sh", "-ec", f"{self.pulled()}; {kubectl} apply -f {self.directory}/clone/files >/dev/null"]


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


PEERS = (Greenwave, Once, Rsync, Cfengine, Puppet, Ansible, Kubectl)
OURS = (Greenwave.name, Once.name)


def install():
    """What of the peers is missing, by apt."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        run("apt-get", "install", "-y", "--no-install-recommends", *missing,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="30,100,1000,5000")
    parser.add_argument("--only", type=some_of([kind.name for kind in PEERS]), default=",".join(kind.name for kind in PEERS),
                        help="tools, with commas")
    parser.add_argument("--json", type=pathlib.Path)
    return parser.parse_args()


def measure(size, kinds, scratch, server):
    """{task: {tool: its Cost}}"""
    found = {}
    (scratch / str(size)).mkdir()
    for kind in kinds:
        for task, cost_of_it in kind(scratch / str(size), server, size).tasks():
            found.setdefault(task, {})[kind.name] = cost_of_it
            print(f"  {size} {task} {kind.name}: {' '.join(cost_of_it.cells())}", flush=True)
    return found


def rows_of(size, found):
    """Of the table, for one size. Ours are compared with the fastest other tool."""
    for task, costs in found.items():
        others = [one.wall for name, one in costs.items() if name not in OURS]
        for name, one in costs.items():
            ratio = one.wall / min(others) if name in OURS and others else None
            must = (name, task) == (Greenwave.name, "no-op") or (name, task, size) == (Once.name, "cold", 30)
            verdict = ("missed" if ratio > 1 else "reached") if must and ratio else ""
            yield (f"{size:,}", task, name, *one.cells(), f"{ratio:.2f} of the fastest other" if ratio else "", verdict)


def main():
    options = parse()
    install()
    kinds = [kind for kind in PEERS if kind.name in options.only]
    rows = []
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(FreshDisk())
        scratch.chmod(0o755)
        if Kubectl in kinds:
            why = kubernetes.why_not(fast=True)
            if why:
                print(f"{Kubectl.name} is left out: {why}")
                kinds.remove(Kubectl)
            else:
                Kubectl.cluster = stack.enter_context(kubernetes.Cluster(scratch / "kubernetes", fast=True))
        server = stack.enter_context(GitServer(scratch / "server", scratch))
        for size in map(int, options.sizes.split(",")):
            rows += rows_of(size, measure(size, kinds, scratch, server))
    print()
    print_table([("objects", "task", "tool", "wall", "CPU", "peak memory", "written", "wire", "", ""), *rows])
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    return 1 if any(row[-1] == "missed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
