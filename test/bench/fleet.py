"""A fleet of cities on one machine: what it costs at rest, how a commit reaches it, and what happens when something is
away. Each city has its own nginx, git, mirror and hub with PostGIS; greenwave-sim is its devices. What is measured of the
whole fleet is measured with every device on; what one city does is measured with the others off, since the devices
themselves take most of the machine. Run as root:

  test/bench/run fleet                                20 cities of 5,000 devices: about half an hour
  test/bench/run fleet --cities 2 --devices 500       a small one
  test/bench/run fleet --plot fleet.svg --json fleet.json
"""

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from cgroup import Group  # noqa: E402
from cost import family  # noqa: E402
from findings import Findings, some_of  # noqa: E402
from greenwave import BIN, Scratch, run, wait_until  # noqa: E402
from plot import Plot  # noqa: E402
from postgres import Postgres  # noqa: E402
from simulation import make_signer  # noqa: E402
from town import Town  # noqa: E402

INTERVAL = 60
DAY = 86400
BACK = 5  # how much faster time passes while a city comes back after an hour: some devices wait for a quarter of one
FIRST_A_SECOND = 250  # devices that this machine takes in for the first time: a handshake, a clone, a handshake, a report


def nearest(moments, began, pace=1):
    """The quantiles of when something happened, in the devices' seconds after `began`, as text."""
    if not moments["count"]:
        return "nobody"
    return " / ".join(f"{(moments[part] - began) * pace:.1f}" for part in ("p50", "p99", "p999")) + " s"


class Bench:
    def __init__(self, options, towns, plot, database):
        self.towns, self.plot, self.rest, self.database = towns, plot, options.rest, database
        self.devices = options.devices
        self.findings = Findings("scenario", "what", "figure", "must")

    def row(self, scenario, what, figure, must="", well=True):
        self.findings.row(scenario, what, figure, must, well=well)

    def run(self, scenario, town=None):
        """One that does not come to its end is a row of its own, and the others go on."""
        began = time.monotonic()
        try:
            getattr(self, scenario)(town) if town else getattr(self, scenario)()
        except (AssertionError, KeyError, OSError, subprocess.SubprocessError) as error:
            self.row(scenario, "did not come to its end", str(error)[-200:], well=False)
        print(f"  {scenario} took {time.monotonic() - began:.0f} s", flush=True)

    def run_in_turn(self, town, scenarios):
        for scenario in scenarios:
            town.take()
            self.run(scenario, town)

    def run_beside(self, scenarios):
        """Each in a city of its own, as far as there are cities."""
        towns = self.towns[:len(scenarios)]
        for town in towns:
            town.simulation.do("on", within=f"{INTERVAL}s")
        time.sleep(INTERVAL * 1.2)
        with concurrent.futures.ThreadPoolExecutor(len(towns)) as pool:
            list(pool.map(lambda number: self.run_in_turn(towns[number], scenarios[number::len(towns)]), range(len(towns))))

    def run_all(self, names):
        alone, everybody, lonely, beside = ([one for one in kind if one in names] for kind in (ALONE, EVERYBODY, LONELY, BESIDE))
        for scenario in alone:
            self.run(scenario)
        if everybody:
            self.everybody_on()
            for scenario in everybody:
                self.run(scenario)
            for town in self.towns:
                town.simulation.do("off")
        self.run_in_turn(self.towns[0], lonely)
        if beside:
            self.run_beside(beside)

    def everybody_on(self):
        spread = max(INTERVAL, len(self.towns) * self.devices // FIRST_A_SECOND)
        for town in self.towns:
            town.simulation.do("on", within=f"{spread}s")
        time.sleep(spread + INTERVAL * 1.2)

    def measure(self, towns, seconds):
        """What the cities did in this time, and seconds of CPU of each part of them, a city."""
        for town in towns:
            town.take()
        before, began = [self.cpu(town) for town in towns], time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        after = [self.cpu(town) for town in towns]
        taken = [town.ours(town.take()) for town in towns]
        cpu = {part: sum(late[part] - early[part] for late, early in zip(after, before)) / len(towns) / passed
               for part in after[0]}
        return taken, cpu, passed

    def cpu(self, town):
        """Seconds of CPU of a city's parts so far, with its share of the database that all have in common."""
        return {**town.cpu(), "database": self.database.cpu() / len(self.towns)}

    def at_rest(self, scenario, towns, parts, must):
        """Devices that poll, and nothing else."""
        taken, cpu, passed = self.measure(towns, self.rest)
        polls = sum(one["polls"] for one in taken)
        requests = sum(one["git"]["requests"] for one in taken)
        connections = sum(one["git"]["connections"] for one in taken)
        bytes_both_ways = sum(one["git"]["sent"] + one["git"]["received"] for one in taken)
        devices = sum(town.devices for town in towns)
        late = max(one["pollTookMs"].get("p99", 0) for one in taken)
        cores = sum(cpu[part] for part in parts)
        a_city = 5000 / self.devices
        self.row(scenario, "polls", f"{polls / passed:.0f}/s, p99 {late} ms, {sum(one['failedPolls'] for one in taken)} failed")
        self.row(scenario, "new connections", f"{connections / requests * 100:.1f} % of requests")
        self.row(scenario, "git server of 5,000", f"{cores * a_city:.3f} of a core, {cores * len(towns) * passed / requests * 1e6:.0f} µs a request",
                 f"≤ {must}", cores * a_city <= must)
        self.row(scenario, "bytes a device and day, with TLS", f"{bytes_both_ways / devices / passed * DAY / 1000:.0f} kB")
        return taken, cpu, passed

    def quiet(self):
        taken, cpu, passed = self.at_rest("a quiet hour, tip files", self.towns, ["nginx", "mirror", "git"], 0.1)
        reports = sum(one["reports"] for one in taken)
        self.row("a quiet hour, tip files", "hub of 5,000, and its database",
                 f"{cpu['hub'] * 5000 / self.devices:.3f} and {cpu['database'] * 5000 / self.devices:.3f} of a core, {reports / passed:.0f} reports/s in all")
        self.row("a quiet hour, tip files", "the simulation itself", f"{cpu['devices'] * len(self.towns):.2f} of a core")

    def by_git(self):
        """Before the rest of the fleet is on."""
        town = self.towns[0]
        town.mirror.switch("none")
        town.simulation.do("on", within=f"{INTERVAL}s")
        time.sleep(INTERVAL * 2.2)
        self.at_rest("a quiet hour, git http-backend", [town], ["nginx", "git"], 1)
        town.simulation.do("off")
        town.mirror.switch("files")

    def told(self, scenario, town, must_known, must_applied):
        """A commit for everyone in a city."""
        town.take()
        before, began = town.cpu(), time.time()
        commit = town.commit()
        total, _ = self.until(town, commit, "well", town.devices * 0.999, 600)
        spent = town.cpu()["git"] - before["git"] + town.cpu()["nginx"] - before["nginx"]
        known, fetched = total["known"], total["fetched"]
        self.row(scenario, "they know, p50 / p99 / p99.9", nearest(known, began), f"p99 ≤ {must_known} s", known["p99"] - began <= must_known)
        self.row(scenario, "they have it", nearest(fetched, began), f"p99 ≤ {must_applied} s" if must_applied else "",
                 not must_applied or fetched["p99"] - began <= must_applied)
        self.row(scenario, "bytes a device, with TLS", f"{total['bytes'] / 1000:.1f} kB")
        false = total["takenBack"]["count"]
        self.row(scenario, "false reverts", str(false), "0", false == 0)
        self.row(scenario, "git and nginx", f"{spent / max(1, fetched['count']) * 1000:.1f} ms of CPU a device")

    def until(self, town, commit, what, count, seconds):
        """Waits; the moments of what became of the commit, and the requests of each second. Takes at the end alone: moments
        add up no further than a take."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and town.simulation.do("count", commit=commit)[what] < count:
            time.sleep(1)
        taken = town.take()
        nobody = {what: {"count": 0} for what in ("known", "fetched", "well", "takenBack")}
        ours = town.ours(taken)
        moved = (ours["git"]["sent"] + ours["git"]["received"]) / town.devices
        return {**nobody, **ours["commits"].get(commit, {}), "bytes": moved}, taken["perSecond"]["requests"]

    def polled(self):
        self.told("a commit, polled", self.towns[0], 2 * INTERVAL, 2 * INTERVAL)

    def held(self):
        for town in self.towns:
            town.mirror.switch("held")  # which closes each connection
            time.sleep(self.devices / FIRST_A_SECOND / 2)
        wait_until(lambda: sum(town.mirror.held() for town in self.towns) >= 0.9 * self.devices * len(self.towns), "questions are held", 400)
        self.at_rest("a quiet hour, held tips", self.towns, ["nginx", "mirror", "git"], 1)
        self.told("a commit, held", self.towns[0], 3, 3)

    def power_cut(self, town):
        town.simulation.do("off")
        time.sleep(5)
        town.take()
        began = time.time()
        town.simulation.do("on", within="1s")
        time.sleep(INTERVAL * 1.5)
        taken = town.take()
        ours = town.ours(taken)
        self.plot.add("everybody boots at once: requests/s", taken["perSecond"]["requests"])
        self.row("everybody boots at once", "busiest second", f"{max(taken['perSecond']['requests'])} requests, {max(taken['perSecond']['connections'])} TLS handshakes")
        self.row("everybody boots at once", "polls that failed", str(ours["failedPolls"]), "0", ours["failedPolls"] == 0)
        self.row("everybody boots at once", "longest poll, p99", f"{ours['pollTookMs']['p99']} ms in {time.time() - began:.0f} s")

    def server_away(self, town):
        town.mirror.stop("nginx")
        town.simulation.do("pace", pace=20)
        time.sleep(3600 / 20)
        town.simulation.do("pace", pace=BACK)
        away = town.ours(town.take())
        commit = town.commit()
        began = time.time()
        town.restart_nginx()
        total, per_second = self.until(town, commit, "known", town.devices, 1200)
        self.row("git server away for an hour", "tries meanwhile", f"{away['failedPolls'] / town.devices:.1f} a device")
        self.row("git server away for an hour", "then they know, p50 / p99 / p99.9", nearest(total["known"], began, BACK), "p99 ≤ 900 s",
                 total["known"]["count"] == town.devices and (total["known"]["p99"] - began) * BACK <= 900)
        self.row("git server away for an hour", "busiest second", f"{max(per_second) / BACK:.0f} requests")
        self.plot.add("back after an hour: requests/s", [count / BACK for count in per_second for _ in range(BACK)])
        town.simulation.do("pace", pace=1)

    def hub_away(self, town):
        if not town.hub:
            return
        before = town.records()
        town.hub.stop()
        commit = town.commit()
        self.until(town, commit, "well", town.devices * 0.999, 600)
        town.simulation.do("sleep", **{"for": "24h"})
        began = time.monotonic()
        town.restart_hub()
        with contextlib.suppress(AssertionError):
            wait_until(lambda: town.records() - before >= town.devices, "the hub has all records", 1500)
        lost = town.devices - (town.records() - before)
        taken = town.take()
        self.row("hub away for a day", "reports lost", str(lost), "0", lost == 0)
        self.row("hub away for a day", "then it has all", f"after {time.monotonic() - began:.0f} s, {max(taken['perSecond']['requests'])} requests in the busiest second")

    def bad_commit(self, town):
        bad = town.commit("Shorter yellow (breaks)", ["wave/canary"])
        time.sleep(INTERVAL * 2.5)
        ours = town.ours(town.take())
        exposed, back = (ours["commits"].get(bad, {}).get(what, {"count": 0})["count"] for what in ("fetched", "takenBack"))
        self.row("a commit that breaks", "devices that tried it", f"{exposed} of {town.devices}", "the canary's 5 %", exposed < town.devices * 0.07)
        self.row("a commit that breaks", "and went back", str(back), str(exposed), back == exposed)
        if not town.hub:
            return
        health = town.directory / "health.json"
        wait_until(lambda: self.reverted(town) >= back, "the hub knows", 400)
        health.write_text(json.dumps(town.hub.get("/v1/health", self.token(town))))
        said = run(BIN / "greenwave", "promote", "--repo", town.city.bare, "--health", health, check=False)
        tip = town.city.git("rev-parse", "main", cwd=town.city.bare)
        self.row("a commit that breaks", "greenwave promote", "halts" if said.returncode == 1 else said.stdout.strip()[-120:], "halts", said.returncode == 1)
        self.row("a commit that breaks", "beyond the canary", "nobody" if tip != bad else "everybody", "nobody", tip != bad)

    def token(self, town):
        if not hasattr(town, "token"):
            town.token = town.hub.token()
        return town.token

    def reverted(self, town):
        return town.hub.get("/v1/summary", self.token(town))["counts"].get("reverted", 0)

    def asleep(self, town):
        town.simulation.do("off")
        for _ in range(3):
            commit = town.commit()
        town.simulation.do("sleep", **{"for": "720h"})
        town.take()
        began = time.time()
        town.simulation.do("on", within=f"{INTERVAL}s")
        total, _ = self.until(town, commit, "well", town.devices * 0.999, 600)
        self.row("a month's sleep", "they have the newest commit, p50 / p99 / p99.9", nearest(total["fetched"], began))


ALONE = ("by_git",)  # before the others are on
EVERYBODY = ("quiet", "polled", "held")
LONELY = ("power_cut",)  # wants the whole machine
BESIDE = ("server_away", "hub_away", "bad_commit", "asleep")
SCENARIOS = (*ALONE, *EVERYBODY, *LONELY, *BESIDE)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cities", type=int, default=20)
    parser.add_argument("--devices", type=int, default=5000, help="in each city")
    parser.add_argument("--rest", type=int, default=90, help="seconds for which a quiet hour is measured")
    parser.add_argument("--only", type=some_of(SCENARIOS), default=",".join(SCENARIOS), help="scenarios, with commas: " + ", ".join(SCENARIOS))
    parser.add_argument("--no-hub", action="store_true")
    parser.add_argument("--plot", type=pathlib.Path, help="an SVG file")
    parser.add_argument("--json", type=pathlib.Path, help="the table as JSON")
    return parser.parse_args()


def main():
    options = parse()
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(Scratch())
        scratch.chmod(0o755)
        key, signers = make_signer(scratch)
        database = stack.enter_context(Group("database"))
        postgres = None
        if not options.no_hub:
            postgres = stack.enter_context(Postgres(scratch / "postgres", max_connections=50 + 6 * options.cities, fsync="on"))
            database.add(*family(postgres.process.pid))
        began = time.monotonic()
        towns = [Town(scratch, f"city{number:02}", options.devices, key, signers, postgres, f"{INTERVAL}s")
                 for number in range(options.cities)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(stack.enter_context, towns))
        print(f"{options.cities} cities of {options.devices:,} devices are set up after {time.monotonic() - began:.0f} s", flush=True)
        plot = Plot("requests in each second")
        bench = Bench(options, towns, plot, database)
        bench.run_all(options.only)
        exit_code = bench.findings.print(options.json)
        print("\n" + subprocess.run([BIN / "greenwave-sim", "--help"], capture_output=True, text=True).stdout.split("\n\n")[3])
        if options.plot:
            options.plot.write_text(plot.svg())
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
