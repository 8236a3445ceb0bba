"""A device through thousands of commits: what grows? It runs a real systemd. Every few seconds there is another commit;
some break the device, in one way or another, and are taken back. Memory, descriptors, the git store, the state and what is
written to the disk are looked at after each that is kept, and must not grow once the first quarter is over, but for the
state, which may grow by its records until it has as many as it keeps. Then come quiet times, in which nothing may be
written. As root:

  test/bench/run soak                          30 minutes
  test/bench/run soak --minutes 3 --plot soak.svg
"""

import argparse
import collections
import json
import pathlib
import random
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import machine  # noqa: E402
from cost import anonymous, family, pss, written  # noqa: E402
from field import BEACON, FieldDevice, status, unit  # noqa: E402
from greenwave import City, Scratch, UnixConnection, file_manifest, make_disk, print_table, wait_until  # noqa: E402
from plot import Plot  # noqa: E402

PAUSE = 2  # seconds between commits, at least
SETTLE = 10  # seconds until what a sync left to do is done
QUIET = {"1s": 60, "60s": 190}  # seconds without a commit, at each interval
BREAKING = 0.15
GROWTH = 1.15  # of what is left of the run, from its first third to its last
A_RECORD = 4  # KiB: the state keeps the last 1,000 records of its history and 4,000 lines of evidence
FILES = 30
RUNS = "/bin/sleep infinity"
STATE = "state, KiB"


def part(number, commit):
    return f"plan: {commit}\n" * 20, f"/etc/signal/part-{number}.conf"


def first_files():
    files = {f"part-{number}.yaml": file_manifest(f"part-{number}", *reversed(part(number, 0))) for number in range(FILES)}
    return {**files, **BEACON, "controller.yaml": unit("controller", RUNS)}


def ways_to_break():
    """{what fails: (the files that make it fail, those that are well)}; each is found out by another part of the agent."""
    return {
        "a HealthCheck": ({"status.yaml": status("503 Sorry")}, {"status.yaml": status("200 OK")}),
        "a unit": ({"controller.yaml": unit("controller", "/bin/false")}, {"controller.yaml": unit("controller", RUNS)}),
        "a file": ({"broken.yaml": file_manifest("broken", "/etc/signal/part-0.conf/below", "a file is in the way\n")},
                   {"broken.yaml": None}),
    }


class Figures:
    """Of the agent, as the host sees it. Each list has a value for each commit that is kept."""

    def __init__(self, device):
        self.root = device.machine.root
        self.pid = next(pid for pid in family(device.machine.pid)
                        if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "greenwaved")
        self.samples = collections.defaultdict(list)
        self.moments = []
        self.written = written(self.pid)

    def status(self):
        connection = UnixConnection(str(self.root / "run/greenwave/control.sock"))
        try:
            connection.request("GET", "/v1/status")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def look(self):
        state, total = self.root / "var/lib/greenwave", written(self.pid)
        for name, value in (
            ("memory, KiB of PSS", pss(self.pid) * 1024),
            ("of it of no file, KiB", anonymous(self.pid) * 1024),
            ("descriptors", len(list(pathlib.Path(f"/proc/{self.pid}/fd").iterdir()))),
            ("git store, KiB", folder_size(state / "git")),
            (STATE, sum(file.stat().st_size for file in state.glob("state.db*")) / 1024),
            ("written for a commit, KiB", (total - self.written) / 1024),
        ):
            self.samples[name].append(value)
        self.moments.append(time.monotonic())
        self.written = total

    def forget_written(self):
        """What was written since the last look is of no commit that is looked at."""
        self.written = written(self.pid)

    def growth(self, name):
        """Of the mean of the last third over that of the first, once the first quarter is over."""
        values = self.samples[name][len(self.samples[name]) // 4:]
        third = max(1, len(values) // 3)
        return (sum(values[-third:]) / third) / (sum(values[:third]) / third)

    def growth_of_state(self):
        """KiB for each commit."""
        values = self.samples[STATE]
        first = len(values) // 4
        return (values[-1] - values[first]) / max(1, len(values) - 1 - first)

    def each_second(self, name):
        """In percent of its mean, so that all lines fit on one plot."""
        values = self.samples[name]
        mean = sum(values) / len(values)
        return [100 * value / mean for value, began, ended in zip(values, self.moments, self.moments[1:])
                for _ in range(round(ended - self.moments[0]) - round(began - self.moments[0]))]


def folder_size(folder):
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file()) / 1024


class Soak:
    def __init__(self, city, device):
        self.city, self.device, self.figures = city, device, Figures(device)
        self.rng = random.Random(1)
        self.commits = 0
        self.broken = collections.Counter()

    def is_kept(self, commit):
        now = self.figures.status()
        return now.get("commit", {}).get("oid") == commit and "trial" not in now and now["statuses"] == ["in sync"]

    def is_taken_back(self, commit, good):
        now = self.figures.status()
        return now.get("rejected", {}).get("commit") == commit and now.get("commit", {}).get("oid") == good

    def begin(self):
        self.good = self.city.commit(first_files(), "The first")
        wait_until(lambda: self.is_kept(self.good), "the device has begun")

    def once(self):
        """A commit, and if it breaks the device another one that does not."""
        self.commits += 1
        number = self.commits % FILES
        content, path = part(number, self.commits)
        change = {f"part-{number}.yaml": file_manifest(f"part-{number}", path, content)}
        if self.rng.random() < BREAKING:
            what, (bad, well) = self.rng.choice(list(ways_to_break().items()))
            before = self.device.read(path)
            commit = self.city.commit({**change, **bad}, f"Commit {self.commits}, which breaks {what}")
            wait_until(lambda: self.is_taken_back(commit, self.good), f"commit {self.commits}, which breaks {what}, is taken back")
            if self.device.read(path) != before:
                raise AssertionError(f"{path} is not as before commit {self.commits}, which broke {what}")
            self.broken[what] += 1
            change |= well
            self.figures.forget_written()
        self.good = self.city.commit(change, f"Commit {self.commits}")
        wait_until(lambda: self.is_kept(self.good), f"commit {self.commits} is kept")
        if self.device.read(path) != content:
            raise AssertionError(f"{path} is not as commit {self.commits} has it")
        self.figures.look()

    def quiet(self, interval):
        """Bytes that are written while nothing changes."""
        self.device.configure(interval=interval)
        self.device.machine.run("systemctl", "kill", "--kill-whom=main", "--signal=HUP", "agent.service")
        milliseconds = int(interval.removesuffix("s")) * 1000
        wait_until(lambda: self.figures.status()["intervalMs"] == milliseconds, "it has read its configuration")
        time.sleep(SETTLE)
        before = written(self.figures.pid)
        time.sleep(QUIET[interval])
        return written(self.figures.pid) - before


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--plot", type=pathlib.Path)
    return parser.parse_args()


def main():
    options = parse()
    rows, missed = [], 0
    with Scratch() as scratch:
        city, disk = City(scratch), scratch / "disk"
        make_disk(disk)
        with machine.Machine(binds=FieldDevice.binds(city), disk=disk) as started:
            device = FieldDevice(started, interval="1s")
            device.start()
            soak = Soak(city, device)
            soak.begin()
            deadline = time.monotonic() + options.minutes * 60
            while time.monotonic() < deadline:
                began = time.monotonic()
                soak.once()
                time.sleep(max(0, PAUSE - (time.monotonic() - began)))
            quiet = {interval: soak.quiet(interval) for interval in QUIET}
    figures = soak.figures
    plot = Plot("each figure in percent of its mean")
    for name, values in figures.samples.items():
        growth, most, unit = (figures.growth_of_state(), A_RECORD, " KiB a commit") if name == STATE else (figures.growth(name), GROWTH, "")
        missed += growth > most
        plot.add(name, figures.each_second(name))
        rows.append((name, f"{values[len(values) // 4]:.0f} … {values[-1]:.0f}", f"{growth:.2f}{unit}", f"≤ {most}", "missed" if growth > most else ""))
    for interval, bytes_written in quiet.items():
        missed += bytes_written > 0
        rows.append((f"written in {QUIET[interval]} s without a commit, interval {interval}", f"{bytes_written} B", "", "0",
                     "missed" if bytes_written else ""))
    broken = ", ".join(f"{count} broke {what}" for what, count in soak.broken.items())
    print(f"{soak.commits} commits were kept; of those that were taken back, {broken}\n")
    print_table([("", "from … to", "growth: last third over first", "must", ""), *rows])
    if options.plot:
        options.plot.write_text(plot.svg())
    return 1 if missed else 0


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    sys.exit(main())
