"""A hundred real agents of the sample city, each with --root, an address and a link of its own, against a real nginx and
git http-backend with held tips. Links are slow, lossy or dark; processes are killed as by a power cut. As root:

  test/bench/run real_fleet                        100 devices: about ten minutes
  test/bench/run real_fleet --devices 20 --dark 60
  test/bench/run real_fleet --json real.json

Below --root nothing runs: HealthChecks and Commands are not executed, units are written and not started. What is tried of a
bad commit is therefore what the agent itself finds: one that nobody trusted has signed, and one that cannot be applied to
some devices. A power cut here ends processes; forgetful_disk_test has disks that forget. All processes share two
cores or what there is, so that times are those of this machine, not of devices that have a processor each.
"""

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import random
import shutil
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from cost import memory, pss  # noqa: E402
from findings import Findings, spread  # noqa: E402
from greenwave import BIN, City, Device, Scratch, file_manifest, run, wait_until  # noqa: E402
from links import SERVER, Links  # noqa: E402
from mirror import Mirror  # noqa: E402
from simulation import make_signer  # noqa: E402

SAMPLE = pathlib.Path(__file__).parents[2] / "manifests/san-francisco"
INTERVAL = 60
PATIENCE = 900
VENDOR_UNITS = ("chrony", "nftables", "rsyslog", "snmpd", "ssh", "systemd-journald", "systemd-sysctl")  # of packages
REFS = ("main", "wave/canary", "wave/early")
NOTICE = "/etc/signal-notice"  # which every commit here changes, at every device
BROKEN_MODEL = "2070lx"
BROKEN = f"models/{BROKEN_MODEL}/broken.yaml"
GOOD, SLOW, LOSSY = {"delay": 0.020, "loss": 0}, {"delay": 0.150, "loss": 0}, {"delay": 0.025, "loss": 0.05}
FAILURES = ("failed", "refused", "not healthy", "reverted")


class RealCity(City):
    """The sample city, with a notice that changes, and without the windows that restarts would wait for. All of its waves
    get each commit."""

    def __init__(self, directory, key):
        super().__init__(directory)
        self.git("config", "uploadpack.allowFilter", "true", cwd=self.bare)
        shutil.copytree(SAMPLE, self.work, dirs_exist_ok=True)
        cluster = self.work / "greenwave.yaml"
        cluster.write_text(cluster.read_text().split("\n  windows:")[0] + "\n")
        self.key, self.notices = key, 0

    def push(self):
        self.git("push", "-q", "--force", "origin", *(f"HEAD:refs/heads/{ref}" for ref in REFS))
        return self.git("rev-parse", "HEAD")

    def notice(self, more={}, signed=True):
        """A commit with another notice."""
        self.notices += 1
        files = {"base/notice.yaml": file_manifest("notice", NOTICE, f"notice {self.notices}\n"), **more}
        return self.commit(files, f"Notice {self.notices}", key=self.key if signed else None)

    def text(self):
        return f"notice {self.notices}\n"


def furnish(device):
    """What the sample city expects of an image."""
    units = device.path("/usr/lib/systemd/system")
    units.mkdir(parents=True)
    for name in VENDOR_UNITS:
        (units / f"{name}.service").write_text("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")


class Fleet:
    def __init__(self, directory, city, mirror, links, signers):
        self.city, self.mirror, self.links = city, mirror, links
        features = json.loads((SAMPLE / "devices.geojson").read_text())["features"][:links.devices]
        self.models = [feature["properties"]["labels"]["model"] for feature in features]
        self.names = [feature["id"] for feature in features]
        self.devices = [Device(directory / name, mirror.url, name, f"{INTERVAL}s",
                               f"{mirror.agent}trust: {{allowedSigners: {signers}}}\n", links.inside(number))
                        for number, name in enumerate(self.names)]
        for device in self.devices:
            furnish(device)
        self.objects = None  # of each, once it is in sync

    def __len__(self):
        return len(self.devices)

    def start(self, numbers):
        for number in numbers:
            self.devices[number].launch()

    def stop(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(Device.stop, self.devices))

    def status(self, number):
        try:
            return json.loads(self.devices[number].request("GET", "/v1/status"))
        except (OSError, ValueError):  # it is starting
            return {}

    def is_kept(self, number, commit):
        now = self.status(number)
        return now.get("commit", {}).get("oid") == commit and "trial" not in now and "in sync" in now["statuses"]

    def notice_of(self, number):
        with contextlib.suppress(OSError):
            return self.devices[number].path(NOTICE).read_text()

    def await_all(self, numbers, is_so, what):
        """Looks at each about once a second."""
        left = list(numbers)

        def remaining():
            left[:] = [number for number in left if not is_so(number)]
            time.sleep(1 if left else 0)
            return not left

        try:
            wait_until(remaining, what, PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}: {', '.join(self.names[number] for number in left)}") from None

    def await_commit(self, numbers, commit, began):
        """Until they keep it; the seconds after `began` at which each had the notice in its place."""
        self.await_all(numbers, lambda number: self.is_kept(number, commit), f"commit {commit[:10]} is kept")
        for number in numbers:
            assert self.notice_of(number) == self.city.text(), f"{self.names[number]} has another notice"
        return [self.devices[number].path(NOTICE).stat().st_ctime - began for number in numbers]

    def await_held(self):
        """Until nearly all have a question under way that the server holds."""
        wait_until(lambda: self.mirror.held() >= 0.9 * len(self), "questions are held", PATIENCE)

    def evidence(self, number):
        return json.loads(self.devices[number].request("GET", "/v1/audit"))["lines"]


class Bench:
    def __init__(self, options, fleet):
        self.options, self.fleet, self.city, self.links = options, fleet, fleet.city, fleet.links
        self.findings = Findings("scenario", "what", "figure", "must")
        self.all = range(len(fleet))
        self.deserved = {}  # {device: numbers of evidence} of what failed because it was to fail
        self.thirds = [self.all[part::3] for part in range(3)]

    def row(self, scenario, what, figure, must="", well=True):
        self.findings.row(scenario, what, figure, must, well=well)

    def bytes_since(self, before, numbers):
        now = self.links.carried()
        return [(now[number] - before[number]) / 1024 for number in numbers]

    def alone(self):
        """The memory of an agent with which no other one shares its libraries."""
        device = self.fleet.devices[0]
        self.fleet.start([0])
        self.fleet.await_commit([0], self.commit, 0)
        wait_until(lambda: self.fleet.mirror.held() == 1, "its question is held")
        time.sleep(5)
        both, agent = memory(device.daemon.pid), pss(device.daemon.pid)
        self.row("one agent alone, idle", "PSS; with the process that holds its question", f"{agent:.1f} MiB; {both:.1f} MiB",
                 "≤ 10 MiB", both <= 10)
        device.cut_power()

    def boot(self):
        self.commit = self.city.notice()
        self.alone()
        before, began = self.links.carried(), time.time()
        self.fleet.start(self.all)
        times = self.fleet.await_commit(self.all[1:], self.commit, began)
        self.fleet.await_commit(self.all[:1], self.commit, began)
        self.row("all boot for the first time", "in sync, p50 / p99 / last", spread(times))
        self.row("all boot for the first time", "a device", spread(self.bytes_since(before, self.all[1:]), "KiB"))
        self.fleet.objects = [self.fleet.status(number)["objects"] for number in self.all]

    def rest(self):
        self.fleet.await_held()
        before, seconds = self.links.carried(), 2 * INTERVAL
        time.sleep(seconds)
        a_day = [kib * 86400 / seconds for kib in self.bytes_since(before, self.all)]
        self.row("at rest, tips held", "a device and day", spread(a_day, "KiB"))
        # Shared by all of them: a device has what one alone has.
        agents = [pss(device.daemon.pid) for device in self.fleet.devices]
        together = [memory(device.daemon.pid) for device in self.fleet.devices]
        self.row("at rest, tips held", "PSS of an agent, p50 / p99 / most", spread(agents, "MiB"))
        self.row("at rest, tips held", "PSS of its processes together", spread(together, "MiB"))

    def links_of_each_kind(self):
        kinds = {"good (40 ms)": GOOD, "slow (300 ms)": SLOW, "lossy (50 ms, 5 % each way)": LOSSY}
        for numbers, how in zip(self.thirds, kinds.values()):
            self.links.set(numbers, **how)
        time.sleep(5)
        self.fleet.await_held()
        before, began = self.links.carried(), time.time()
        self.commit = self.city.notice()
        times = self.fleet.await_commit(self.all, self.commit, began)
        for name, numbers in zip(kinds, self.thirds):
            ours = [times[number] for number in numbers]
            self.row(f"a commit over {name} links", "in place, p50 / p99 / last", spread(ours), f"≤ {2 * INTERVAL} s", max(ours) <= 2 * INTERVAL)
            self.row(f"a commit over {name} links", "a device", spread(self.bytes_since(before, numbers), "KiB"))

    def black_hole(self):
        dark, others = self.thirds[0], [*self.thirds[1], *self.thirds[2]]
        scenario = f"a black hole for {self.options.dark} s"
        self.fleet.await_held()
        self.links.set(dark, dark=True)
        time.sleep(5)
        began = time.time()
        self.commit = self.city.notice()
        self.row(scenario, "the others have it, p50 / p99 / last", spread(self.fleet.await_commit(others, self.commit, began)))
        time.sleep(max(0, self.options.dark - (time.time() - began)))
        assert all(self.fleet.notice_of(number) != self.city.text() for number in dark), "the black hole leaks"
        before, began = self.links.carried(), time.time()
        self.links.set(dark, dark=False)
        times = self.fleet.await_commit(dark, self.commit, began)
        self.row(scenario, "then those have it, p50 / p99 / last", spread(times), f"≤ {2 * INTERVAL} s", max(times) <= 2 * INTERVAL)
        self.row(scenario, "a device", spread(self.bytes_since(before, dark), "KiB"))

    def power_cut(self):
        """While they apply a commit."""
        self.fleet.await_held()
        self.commit = self.city.notice()
        chance = random.Random(1)
        for number in chance.sample(self.all, len(self.fleet)):
            self.fleet.devices[number].cut_power()
            time.sleep(chance.random() * 0.06)
        had = sum(self.fleet.notice_of(number) == self.city.text() for number in self.all)
        before, began = self.links.carried(), time.time()
        self.fleet.start(self.all)
        self.fleet.await_all(self.all, lambda number: self.fleet.is_kept(number, self.commit), "all are back")
        self.row("everything dies and boots again", "had the commit when they died", f"{had} of {len(self.fleet)}")
        self.row("everything dies and boots again", "all are in sync", f"after {time.time() - began:.1f} s")
        self.row("everything dies and boots again", "a device", spread(self.bytes_since(before, self.all), "KiB"))

    def untrusted(self):
        before = self.city.text()
        bad = self.city.notice(signed=False)
        self.fleet.await_all(self.all, lambda number: bad[:10] in self.fleet.status(number).get("lastError", ""), "all refuse it")
        applied = sum(self.fleet.notice_of(number) != before for number in self.all)
        self.row("a commit that nobody trusted signed", "devices that applied it", str(applied), "0", applied == 0)
        self.settle()

    def settle(self):
        """A good commit after a bad one."""
        began = time.time()
        self.commit = self.city.notice({BROKEN: None} if (self.city.work / BROKEN).exists() else {})
        return self.fleet.await_commit(self.all, self.commit, began)

    def cannot_be_applied(self):
        hit = [number for number in self.all if self.fleet.models[number] == BROKEN_MODEL]
        spared = [number for number in self.all if number not in hit]
        before, began, first = self.city.text(), time.time(), self.last_evidence(hit)
        # The notice is a file, and can have nothing below it.
        bad = self.city.notice({BROKEN: file_manifest("broken", f"{NOTICE}/below", "no\n")})
        self.fleet.await_all(hit, lambda number: self.fleet.status(number).get("rejected", {}).get("commit") == bad, "it is taken back")
        self.fleet.await_commit(spared, bad, began)
        back = sum(self.fleet.notice_of(number) == before for number in hit)
        scenario = f"a commit that {BROKEN_MODEL} cannot apply"
        ended = self.last_evidence(hit)
        self.row(scenario, "devices that went back from it", f"{back} of {len(hit)}", f"{len(hit)}", back == len(hit))
        self.row(scenario, "devices of other models that kept it", f"{len(spared)}")
        self.deserved = {number: range(first[number] + 1, ended[number] + 1) for number in hit}
        self.row(scenario, "the next commit mends it, p50 / p99 / last", spread(self.settle()))

    def last_evidence(self, numbers):
        return {number: self.fleet.evidence(number)[-1]["number"] for number in numbers}

    def stick(self):
        """The last device has no link; a bundle comes by hand."""
        number = self.all[-1]
        name, device = self.fleet.names[number], self.fleet.devices[number]
        self.links.set([number], dark=True)
        self.commit = self.city.notice()
        bundle = device.directory / "stick.bundle"
        run(BIN / "greenwave", "bundle", "--device", name, "--repo", self.city.bare, bundle)
        before, began = self.links.carried(), time.monotonic()
        device.cli("sync", "--wait", "--from", bundle, check=0)
        took = time.monotonic() - began
        assert self.fleet.is_kept(number, self.commit) and self.fleet.notice_of(number) == self.city.text()
        over_link = self.bytes_since(before, [number])[0]
        self.row("a stick for a device without a link", "its bundle; took", f"{bundle.stat().st_size / 1024:.0f} KiB; {took:.1f} s")
        self.row("a stick for a device without a link", "over its link", f"{over_link:.0f} KiB", "0", over_link == 0)
        self.links.set([number], dark=False)
        self.fleet.await_commit(self.all, self.commit, 0)

    def account(self):
        """What must be true after all of it."""
        false, gaps, lost = 0, 0, 0
        for number in self.all:
            lines = self.fleet.evidence(number)
            false += sum(line.get("result") in FAILURES and line["number"] not in self.deserved.get(number, []) for line in lines)
            gaps += any(after["number"] != before["number"] + 1 for before, after in zip(lines, lines[1:]))
            now = self.fleet.status(number)
            lost += "stateLost" in now or now["objects"] != self.fleet.objects[number]
        self.row("after all of it", "false reverts", str(false), "0", false == 0)
        self.row("after all of it", "devices that lost their state, or an object", str(lost), "0", lost == 0)
        self.row("after all of it", "gaps in the evidence", str(gaps), "0", gaps == 0)


SCENARIOS = ("boot", "rest", "links_of_each_kind", "black_hole", "power_cut", "untrusted", "cannot_be_applied", "stick", "account")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--dark", type=int, default=180, help="seconds in a black hole")
    parser.add_argument("--json", type=pathlib.Path, help="the table as JSON")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(Scratch())
        scratch.chmod(0o755)
        key, signers = make_signer(scratch)
        links = stack.enter_context(Links(options.devices))
        city = RealCity(scratch, key)
        mirror = stack.enter_context(Mirror(scratch / "mirror", city, namespace=links.server, address=SERVER))
        fleet = Fleet(scratch, city, mirror, links, signers)
        stack.callback(fleet.stop)
        bench = Bench(options, fleet)
        for scenario in SCENARIOS:
            getattr(bench, scenario)()
        return bench.findings.print(options.json)


if __name__ == "__main__":
    sys.exit(main())
