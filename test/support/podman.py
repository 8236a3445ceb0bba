"""A separate podman for tests: storage, networks and socket in a directory, images made from busybox.

It runs as root, also on a machine without systemd; everything it started is stopped by pid at the end.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import unittest
import urllib.parse

from greenwave import PATIENCE, City, Device, Scratch, UnixConnection, run, wait_until

BUSYBOX = "/bin/busybox"
CLONE_NEWNET = 0x40000000  # <linux/sched.h>
APPLETS = ("sh", "sleep", "cat", "echo", "true", "false", "ls", "httpd", "env")

CONTAINERS = """
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
lock_type="file"
tmp_dir="{run}/libpod"
static_dir="{root}/libpod"
volume_path="{root}/volumes"
[containers]
default_ulimits=["nofile=20000:20000","nproc=32768:32768"]
[network]
network_config_dir="{networks}"
"""

STORAGE = """
[storage]
driver="overlay"
graphroot="{root}"
runroot="{run}"
"""


def why_not():
    """Why podman cannot be used here; empty when it can."""
    if os.geteuid() != 0:
        return "podman's containers need root here"
    for program in ("podman", "runc", "iptables"):
        if shutil.which(program) is None:
            return f"{program} is not installed (packaging/install-build-packages --test)"
    if not os.path.exists(BUSYBOX):
        return f"{BUSYBOX} is not there (package busybox-static)"
    return ""


def main(why_not=why_not):
    """Runs the calling script's tests, or skips them all. They have a network of their own, with an address that leads
    nowhere: podman's bridges have the same names everywhere, so two podmans can't share a network."""
    if why_not():
        print(f"SKIPPED: {why_not()}")
        sys.exit(77)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace can't be made")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "street", "type", "veth", "peer", "name", "nowhere")
    for name in ("street", "nowhere"):
        run("ip", "link", "set", name, "up")
    run("ip", "address", "add", "192.0.2.2/24", "dev", "street")
    run("ip", "route", "add", "default", "via", "192.0.2.1")
    unittest.main()


class Podman:
    """A podman with nothing in it, as a context manager. `directory` must not be on tmpfs (overlay on it)."""

    def __init__(self, directory, log_level="warning"):
        self.directory = pathlib.Path(directory)
        self.log_level = log_level
        self.root = self.directory / "storage"
        self.run_root = self.directory / "run"
        self.socket = self.directory / "podman.sock"
        self.service = None
        places = {"root": self.root, "run": self.run_root, "networks": self.directory / "networks"}
        for place in (*places.values(), self.run_root / "libpod"):
            place.mkdir(parents=True)
        (self.directory / "containers.conf").write_text(CONTAINERS.format(**places))
        (self.directory / "storage.conf").write_text(STORAGE.format(**places))
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(self.directory / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.directory / "storage.conf"),
        }

    def __enter__(self):
        self.start_service()
        return self

    def __exit__(self, *_):
        self.podman("pod", "rm", "--force", "--time", "0", "--all", check=False)
        self.podman("rm", "--force", "--time", "0", "--all", check=False)
        self.podman("volume", "rm", "--all", "--force", check=False)
        self.podman("network", "prune", "--force", check=False)
        self.stop_service()
        self.kill_containers()
        self.unmount()

    def podman(self, *words, check=True):
        return run("podman", *words, check=check, env=self.environment).stdout.strip()

    def exec(self, container, *words):
        """What a program in the container says, once the container has started: podman's answer comes before that."""
        wait_until(lambda: self.get(f"/containers/{container}/json")["State"]["Running"], f"{container} runs")
        return self.podman("exec", container, *words)

    def start_service(self):
        with open(self.directory / "service.log", "ab") as log:
            self.service = subprocess.Popen(
                ["podman", f"--log-level={self.log_level}", "system", "service", "--time=0", f"unix://{self.socket}"],
                env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )
        wait_until(self.answers, "podman's service answers")

    def service_log(self):
        return (self.directory / "service.log").read_text(errors="replace")

    def stop_service(self, how=signal.SIGTERM):
        if self.service is not None:
            self.service.send_signal(how)
            self.service.wait(PATIENCE)
            self.service = None
        self.socket.unlink(missing_ok=True)

    def kill_containers(self):
        """Kills every process of this podman's containers, conmon first, as a power cut would."""
        marks = str(self.directory)
        victims = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if "conmon" in line.split("\0")[0] and marks in line:
                victims += [int(entry.name), *children_of(int(entry.name))]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not any(map(is_alive, victims)), "the containers have ended")

    def unmount(self):
        """What containers left mounted."""
        for mount in reversed(pathlib.Path("/proc/mounts").read_text().splitlines()):
            place = mount.split()[1]
            if place.startswith(str(self.directory)):
                run("umount", "-l", place, check=False)

    def cut_power(self):
        """Kills all processes and discards what was in memory (/run)."""
        self.stop_service(signal.SIGKILL)
        self.kill_containers()
        self.unmount()
        for container in (self.root / "overlay-containers").iterdir():
            shutil.rmtree(pathlib.Path("/run/runc") / container.name, ignore_errors=True)
        shutil.rmtree(self.run_root)
        (self.run_root / "libpod").mkdir(parents=True)

    def answers(self):
        try:
            return self.get("/_ping", raw=True) == "OK"
        except OSError:
            return False

    def get(self, path, raw=False):
        connection = UnixConnection(str(self.socket))
        try:
            connection.request("GET", "/v4.0.0/libpod" + path)
            text = connection.getresponse().read().decode()
            return text if raw else json.loads(text)
        finally:
            connection.close()

    def containers(self, label="dev.greenwave/digest"):
        """Of the agent's: {name: what podman lists}."""
        filters = urllib.parse.quote(json.dumps({"label": [label]}))
        listed = self.get(f"/containers/json?all=true&filters={filters}")
        return {container["Names"][0]: container for container in listed}

    def make_image(self, name, text=""):
        """An image with busybox in it, and `text` in /version."""
        tree = self.directory / "image"
        shutil.rmtree(tree, ignore_errors=True)
        (tree / "bin").mkdir(parents=True)
        shutil.copy(BUSYBOX, tree / "bin/busybox")
        for applet in APPLETS:
            (tree / "bin" / applet).symlink_to("busybox")
        (tree / "version").write_text(text)
        archive = self.directory / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(tree, arcname=".")
        self.podman("import", archive, name)
        archive.unlink()


def is_alive(pid):
    """False for what has ended, its parent's notice of that aside."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def children_of(pid):
    """All processes below one."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += [int(child), *children_of(int(child))]
        except OSError:
            pass
    return found


class PodmanDevice(Device):
    """A device that is this machine as far as pods go; everything of the agent's own lies in `directory`."""

    def __init__(self, directory, url, podman, more="", settings="", **options):
        super().__init__(
            directory, url,
            more=f"runtime: podman\n"
                 f"podman: {{socket: {podman.socket}, images: {directory}/images{settings}}}\n"
                 f"health: {{settle: 1s}}\n"
                 f"allowedPaths: [{directory}]\n"
                 f"stateDirectory: {directory}/state\nruntimeDirectory: {directory}/run\n{more}",
            **options)
        self.root = pathlib.Path("/")

    @property
    def state(self):
        return self.directory / "state"

    @property
    def socket(self):
        return self.directory / "run/control.sock"


class PodmanTest(unittest.TestCase):
    """Has a podman with one image, a city, and a device of it, each test its own."""

    def setUp(self):
        scratch = Scratch()
        self.directory = self.enterContext(scratch)
        self.podman = self.enterContext(Podman(self.directory / "podman"))
        self.podman.make_image("localhost/busy:1", "one\n")
        self.city = City(self.directory)

    def device(self, **options):
        return self.enterContext(PodmanDevice(self.directory / "device", self.city.url, self.podman, **options))
