"""A Debian 12 system with systemd as PID 1, booted in a second and thrown away.

    with Machine(binds={build_directory: "/build"}) as machine:
        machine.run("systemctl", "is-active", "dbus.socket")

Needs root, and the packages systemd-container and debootstrap. The system is bootstrapped once and cached
below ${XDG_CACHE_HOME:-~/.cache}/greenwave; every machine is an overlay in memory over that cache, or on a disk's image,
in a mount namespace of its own, so nothing that a test does outlives the machine, even when the test is killed.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from greenwave import PATIENCE
from kept import kept

SUITE = "bookworm"
PACKAGES = [
    "systemd", "systemd-sysv", "dbus",
    # What greenwaved is linked with.
    "libgit2-1.5", "libyaml-0-2", "libyaml-cpp0.7", "libmicrohttpd12", "libsqlite3-0", "libfmt9", "libcurl4",
    "libre2-9",
    # And greenwave-hub.
    "libpq5",
    # For pods; debootstrap does not resolve what podman names by its virtual names.
    "podman", "catatonit", "netavark", "conmon", "runc", "iptables", "busybox-static",
]

# Debian starts these at boot; a test that wants them enables them.
PODMAN_UNITS = ["podman.socket", "podman.service", "podman-restart.service", "podman-auto-update.service", "podman-auto-update.timer"]

# Runs in a mount namespace of its own: $1 is the cached system, $2 an empty directory, $3 a disk's image or empty, the
# rest nspawn's arguments. USR1 before its end has it boot again, with what is on its disk.
BOOT = """
set -e
trap 'again=yes' USR1
if [ "$3" ]; then mount -o loop "$3" "$2"; else mount -t tmpfs -o mode=0755 tmpfs "$2"; fi
mkdir "$2/changes" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/changes,workdir=$2/work" "$2/root"
root=$2/root
shift 3
again=yes
while [ "$again" ]; do
  again=
  setpriv --pdeathsig KILL \\
    systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --console=pipe "$@" || true
done
"""


def why_not():
    """Why no machine can be started here, or None: for unittest.skipIf."""
    if os.geteuid() != 0:
        return "a systemd container needs root"
    for program, package in (("systemd-nspawn", "systemd-container"), ("debootstrap", "debootstrap")):
        if not shutil.which(program):
            return f"{program} is missing: apt-get install {package}"
    return None


def cached_system():
    """The bootstrapped system's directory; the first call takes about a minute."""
    key = hashlib.sha256(" ".join([SUITE] + PACKAGES + PODMAN_UNITS).encode()).hexdigest()[:12]

    def make(directory):
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), SUITE, directory],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise RuntimeError("debootstrap failed:\n" + made.stdout[-2000:])
        subprocess.run(["systemctl", f"--root={directory}", "--quiet", "disable", *PODMAN_UNITS], check=True)

    return kept(f"machine-{key}", make)


class Machine:
    """Give `binds` as {path on this host: path inside}; they are read-only inside. `disk` is the image of a disk that
    takes what it writes, where that is to be counted: memory has no disk's figures."""

    def __init__(self, binds=None, boot_timeout=PATIENCE, disk=None):
        self._binds = {str(host): str(inside) for host, inside in (binds or {}).items()}
        self._boot_timeout = boot_timeout
        self._disk = disk
        self._cleanup = contextlib.ExitStack()
        self._host = None  # the process that boots it
        self.pid = None  # of its systemd, as this host counts

    def __enter__(self):
        with contextlib.ExitStack() as cleanup:
            self._start(cleanup)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    @property
    def root(self):
        """Its file system as this host sees it, for reading and writing files."""
        return pathlib.Path(f"/proc/{self.pid}/root")

    def command(self, *argv):
        """The host's command line that runs `argv` inside."""
        return ["nsenter", f"--target={self.pid}", "--mount", "--uts", "--ipc", "--pid", "--net", "--",
                "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/root", "LANG=C.UTF-8", *map(str, argv)]

    def run(self, *argv, check=True, timeout=2 * PATIENCE, **options):
        """Runs a program inside; `.stdout` holds standard output, `.stderr` the rest."""
        done = subprocess.run(self.command(*argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=timeout, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def shell(self, script, **options):
        return self.run("/bin/sh", "-euc", script, **options).stdout

    def write(self, path, text, mode=0o644):
        """Writes a file inside, with the directories above it."""
        file = self.root / str(path).lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def wait_until(self, what, condition, timeout=PATIENCE):
        """Calls `condition` until it returns something true, and returns that."""
        deadline = time.monotonic() + timeout
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"after {timeout} s still not true: {what}\n" + self.journal())
            time.sleep(0.1)

    def cut_power(self):
        """Kills all processes at once and boots again: the disk is kept, what was in memory (/run, /tmp) is lost."""
        self._host.send_signal(signal.SIGUSR1)
        self._kill()
        self._await_boot()

    def status(self):
        """What `greenwave status -o json` says; {} where it says nothing."""
        answer = self.run("greenwave", "status", "-o", "json", check=False)
        return json.loads(answer.stdout) if answer.stdout else {}

    def is_at(self, commit):
        status = self.status()
        return status.get("commit", {}).get("oid") == commit and status.get("lastResult") == "in sync"

    def journal(self, unit=None):
        selection = ["-u", unit] if unit else []
        return self.run("journalctl", "--no-pager", "-b", "-n", "60", *selection, check=False).stdout

    def _start(self, cleanup):
        system = cached_system()
        directory = tempfile.mkdtemp(prefix="greenwave-machine-")
        cleanup.callback(os.rmdir, directory)
        name = "gw-" + os.path.basename(directory).rsplit("-", 1)[-1].replace("_", "x").lower()
        console = cleanup.enter_context(tempfile.TemporaryFile("w+"))
        self._console = console
        cgroups = cleanup.enter_context(_cgroups(name))
        self._host = subprocess.Popen(
            ["unshare", "--mount", "--propagation=private", "/bin/sh", "-c", BOOT, "boot", system, directory,
             str(self._disk or ""), f"--machine={name}", "--private-network", "--system-call-filter=bpf @keyring",
             *(f"--bind-ro={host}:{inside}" for host, inside in self._binds.items())],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            preexec_fn=lambda: _begin(cgroups))
        cleanup.callback(self._stop)
        self._await_boot()

    def _await_boot(self):
        deadline = time.monotonic() + self._boot_timeout
        while not self._booted():
            if self._host.poll() is not None or time.monotonic() > deadline:
                self._console.seek(0)
                raise RuntimeError("the machine does not boot:\n" + self._console.read()[-4000:])
            time.sleep(0.05)

    def _booted(self):
        pid = self._host.pid
        try:
            for _ in ("nspawn", "systemd"):
                pid = int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
            if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() != "systemd":
                return False
        except (OSError, IndexError):
            return False
        self.pid = pid
        if not (self.root / "run/systemd/private").exists():
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _kill(self):
        # Killing PID 1 of a PID namespace ends everything in it; nspawn then sees its child gone.
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _stop(self):
        self._kill()
        try:
            self._host.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._host.kill()
            self._host.wait()


@contextlib.contextmanager
def _cgroups(name):
    """Cgroups that no other machine has: two with units of one name would stop each other's processes."""
    made = []
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "name=systemd"):
            continue
        mounted = pathlib.Path("/sys/fs/cgroup") / ("systemd" if controllers else "unified")
        made.append((mounted if mounted.is_dir() else mounted.parent) / path.lstrip("/") / name)
        made[-1].mkdir()
    try:
        yield made
    finally:
        for cgroup in made:
            for directory, _, _ in os.walk(cgroup, topdown=False):
                os.rmdir(directory)


def _begin(cgroups):
    for cgroup in cgroups:
        (cgroup / "cgroup.procs").write_text("0")
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
