"""What groups of processes cost, those that have ended among them: control groups of version 1 or 2."""

import os
import pathlib

V1, V2 = pathlib.Path("/sys/fs/cgroup/cpuacct"), pathlib.Path("/sys/fs/cgroup")


class Group:
    """A control group with a name of its own, as a context manager. Needs root."""

    def __init__(self, name):
        self.is_v1 = V1.is_dir()
        self.directory = (V1 if self.is_v1 else V2) / f"greenwave-{os.getpid()}-{name}"

    def __enter__(self):
        self.directory.mkdir()
        return self

    def __exit__(self, *_):
        self.directory.rmdir()  # its processes have ended

    def add(self, *pids):
        """Also what they start from now on."""
        for pid in pids:
            (self.directory / "cgroup.procs").write_text(str(pid))

    def cpu(self):
        """Seconds of CPU of all that were in it."""
        if self.is_v1:
            return int((self.directory / "cpuacct.usage").read_text()) / 1e9
        lines = (self.directory / "cpu.stat").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("usage_usec "))) / 1e6
