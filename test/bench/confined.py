"""What it costs that another process reads the commits: the first sync of the sample city, a sync that changes nothing,
and the memory of all processes together, against an older build.

test/bench/run confined --old DIRECTORY     the programs of that build
"""

import argparse
import contextlib
import pathlib
import shutil
import statistics
import sys
import threading
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import greenwave  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, print_table, timed  # noqa: E402

SAMPLE = pathlib.Path(__file__).parents[2] / "manifests/san-francisco"
FIRST_SYNCS = 15
NO_OPS = 150
DEVICE = "sf-0042"


def family(pid):
    pids = [pid]
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (thread / "children").read_text().split():
                pids += family(int(child))
    return pids


def memory(pid):
    """Of a process and those that it started, in KiB: the proportional set size."""
    total = 0
    with contextlib.suppress(OSError):
        for one in family(pid):
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
    return total


class Peak:
    """The most memory while the block runs, looked at without a pause."""

    def __init__(self, pid):
        self.pid = pid
        self.most = 0
        self.over = False
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over:
            self.most = max(self.most, memory(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


class Build:
    """The figures of one build."""

    def __init__(self, name, programs):
        self.name, self.programs = name, programs
        self.first, self.first_over_tls, self.no_op, self.idle, self.peak = [], [], [], [], []

    def measure(self, directory, city, quiet, server):
        greenwave.BIN = self.programs
        with Device(directory / "remote", server.url(city.bare), device=DEVICE, more=server.agent()) as device:
            self.first_over_tls.append(timed(device.once))
        with Device(directory / "large", city.url, device=DEVICE).start() as device:
            self.first.append(timed(device.sync))
            time.sleep(0.2)  # its memory is given back
            self.idle.append(memory(device.daemon.pid))
        with Device(directory / "watched", city.url, device=DEVICE).start() as device, Peak(device.daemon.pid) as peak:
            device.sync()
        self.peak.append(peak.most)
        with Device(directory / "quiet", quiet.url, device=DEVICE).start() as device:
            assert device.sync()["exitCode"] == 0, device.log.read_text()
            self.no_op += [timed(device.sync) for _ in range(NO_OPS // FIRST_SYNCS)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--old", type=pathlib.Path, help="the programs of the build to compare with")
    old = parser.parse_args().old
    if old is None:
        print("skipped: --old names no programs to compare with")
        return 0
    builds = [Build("old", old), Build("new", greenwave.BIN)]
    with Scratch() as scratch, GitServer(scratch / "server", scratch) as server:
        (scratch / "city").mkdir()
        city = City(scratch / "city")
        shutil.copytree(SAMPLE, city.work, dirs_exist_ok=True)
        city.commit({})
        (scratch / "quiet").mkdir()
        quiet = City(scratch / "quiet")
        quiet.commit({f"{n}.yaml": greenwave.file_manifest(f"f{n}", f"/etc/f{n}", "x\n") for n in range(100)})
        for number in range(FIRST_SYNCS):
            for build in builds:
                directory = scratch / f"{build.name}-{number}"
                directory.mkdir()
                build.measure(directory, city, quiet, server)
                shutil.rmtree(directory)

    before, after = builds
    middle = statistics.median
    first, no_op = middle(after.first) / middle(before.first), middle(after.no_op) - middle(before.no_op)
    over_tls = middle(after.first_over_tls) / middle(before.first_over_tls)
    peak, idle = (middle(after.peak) - middle(before.peak)) / 1024, (middle(after.idle) - middle(before.idle)) / 1024
    rows = [("", "old", "new", "costs", "must", "")]
    for what, unit, values, cost, most, is_met in (
            ("first sync of the sample city", "{:.0f} ms", [middle(b.first) * 1000 for b in builds], f"x {first:.2f}", "x 1.15", first <= 1.15),
            ("the same over TLS, the agent's start included", "{:.0f} ms", [middle(b.first_over_tls) * 1000 for b in builds], f"x {over_tls:.2f}", "x 1.15", over_tls <= 1.15),
            ("a sync that changes nothing", "{:.1f} ms", [middle(b.no_op) * 1000 for b in builds], f"{no_op * 1000:+.1f} ms", "3 ms", no_op <= 0.003),
            ("all processes' peak, PSS", "{:.1f} MiB", [middle(b.peak) / 1024 for b in builds], f"{peak:+.1f} MiB", "24 MiB", peak <= 24),
            ("idle, PSS", "{:.1f} MiB", [middle(b.idle) / 1024 for b in builds], f"{idle:+.1f} MiB", "0.5 MiB", idle <= 0.5)):
        rows.append((what, *(unit.format(value) for value in values), cost, f"<= {most}", "reached" if is_met else "MISSED"))
    print_table(rows)
    return 1 if any(row[-1] == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
