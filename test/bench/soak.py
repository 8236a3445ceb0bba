"""A device through thousands of commits: what grows? A commit every few seconds, some of which break and are taken back.
Memory, descriptors, the git store and the state are looked at after each, and must not grow once the first quarter is
over. Then a quiet time, in which nothing may be written.

  test/bench/run soak                          30 minutes
  test/bench/run soak --minutes 3 --plot soak.svg
"""

import argparse
import pathlib
import random
import socket
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from cost import written  # noqa: E402
from greenwave import City, Device, FreshDisk, file_manifest, print_table, wait_until  # noqa: E402
from plot import Plot  # noqa: E402

PAUSE = 2  # seconds between commits, at least
QUIET = 60
GROWTH = 1.15  # of what is left of the run, from its first third to its last


def manifests(number, port):
    """30 files, one of which changes; a check of a port where nobody listens takes the commit back."""
    files = {f"base/part-{n}.yaml": file_manifest(f"part-{n}", f"/etc/signal/part-{n}.conf",
                                                  f"plan: {number if n == number % 30 else n}\n" * 20) for n in range(30)}
    files["base/check.yaml"] = (f"apiVersion: greenwave.dev/v1\nkind: HealthCheck\nmetadata: {{name: signal}}\n"
                                f"spec: {{tcp: '127.0.0.1:{port}', within: 1s, interval: 500ms}}\n")
    return files


def folder_size(folder):
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / 1024


class Figures:
    def __init__(self, device):
        self.device, self.pid = device, device.daemon.pid
        self.samples = {"memory, KiB": [], "descriptors": [], "git store, KiB": [], "state, KiB": []}

    def look(self):
        rollup = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        self.samples["memory, KiB"].append(int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]))
        self.samples["descriptors"].append(len(list(pathlib.Path(f"/proc/{self.pid}/fd").iterdir())))
        self.samples["git store, KiB"].append(folder_size(self.device.state / "git"))
        self.samples["state, KiB"].append(sum(file.stat().st_size for file in self.device.state.glob("state.db*")) / 1024)

    def growth(self, name):
        """Of the mean of the last third over that of the first, once the first quarter is over."""
        values = self.samples[name][len(self.samples[name]) // 4:]
        third = max(1, len(values) // 3)
        return (sum(values[-third:]) / third) / (sum(values[:third]) / third)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--plot", type=pathlib.Path)
    options = parser.parse_args()
    rng = random.Random(1)
    rows, missed, commits, breaking = [], 0, 0, 0
    with FreshDisk() as scratch, socket.create_server(("127.0.0.1", 0)) as listener:
        well = listener.getsockname()[1]
        city = City(scratch)
        city.commit(manifests(0, well), "The first")
        device = Device(scratch / "device", city.url, interval="1s")
        with device.start():
            figures = Figures(device)
            deadline = time.monotonic() + options.minutes * 60
            while time.monotonic() < deadline:
                began = time.monotonic()
                commits += 1
                breaks = rng.random() < 0.15
                breaking += breaks
                commit = city.commit(manifests(commits, 1 if breaks else well), f"Commit {commits}")
                key = "rejected" if breaks else "commit"
                wait_until(lambda: ((device.json("status").get(key) or {}).get("oid" if key == "commit" else "commit")) == commit
                           or time.monotonic() - began > 60, "the device has decided")
                figures.look()
                time.sleep(max(0, PAUSE - (time.monotonic() - began)))
            city.commit(manifests(0, well), "The last")
            wait_until(lambda: device.json("status").get("statuses") == ["in sync"], "it is in sync")
            time.sleep(5)
            before = written(figures.pid)
            time.sleep(QUIET)
            quiet = written(figures.pid) - before
    plot = Plot(f"a commit every few seconds, {commits} of them, {breaking} of which break")
    for name, values in figures.samples.items():
        growth = figures.growth(name)
        missed += growth > GROWTH
        plot.add(name, values)
        rows.append((name, f"{values[len(values) // 4]:.0f} … {values[-1]:.0f}", f"{growth:.2f}", f"≤ {GROWTH}", "missed" if growth > GROWTH else ""))
    missed += quiet > 0
    rows.append((f"written in {QUIET} s without a commit, polled each second", f"{quiet} B", "", "0", "missed" if quiet else ""))
    print_table([(f"{commits} commits, {breaking} taken back", "from … to", "last third over first", "must", ""), *rows])
    if options.plot:
        options.plot.write_text(plot.svg())
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
