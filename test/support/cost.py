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


def written(pid):
    """Bytes that a process has written to the disk."""
    io = pathlib.Path(f"/proc/{pid}/io").read_text()
    return int(next(line.split()[1] for line in io.splitlines() if line.startswith("write_bytes")))


def memory(pid):
    """MiB of a process and its children; what they share counts once."""
    total = 0
    for one in family(pid):
        rollup = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
    return total / 1024
