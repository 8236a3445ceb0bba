"""What processes cost."""

import os
import pathlib
import subprocess

TICK = 1 / os.sysconf("SC_CLK_TCK")


def family(pid):
    """The process and those below it."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu(pid):
    """Seconds of CPU of a process, its children, and those of them that ended."""
    total = 0.0
    for one in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:13]) * TICK
        if one == pid:
            total += sum(int(field) for field in fields[13:15]) * TICK
    return total


def _field(pid, file, name):
    """Of a file of `NAME: NUMBER` lines in /proc; 0 when the process has ended."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return int(next((line.split()[1] for line in lines if line.startswith(f"{name}:")), 0))


def written(pid):
    """Bytes that a process and its children have written to the disk. The kernel adds a child that ended to its parent."""
    return sum(_field(one, "io", "write_bytes") for one in family(pid))


def pss(pid):
    """MiB of a process alone; what it shares with n others counts as an n-th."""
    return _field(pid, "smaps_rollup", "Pss") / 1024


def anonymous(pid):
    """MiB of a process alone that are of no file."""
    return _field(pid, "smaps_rollup", "Anonymous") / 1024


def memory(pid):
    """MiB of a process and its children; what they share counts once."""
    return sum(pss(one) for one in family(pid))


def peak(pid):
    """MiB that were resident of a process alone at most, since its start or forget_peak()."""
    return _field(pid, "status", "VmHWM") / 1024


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
