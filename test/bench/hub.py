"""What a hub takes, with its database, its proxy and the devices on this one machine.

test/bench/run hub

Each figure is of durable reports, acknowledged; PostgreSQL runs with fsync. CPU is µs a report, by process, so that it can
be multiplied. The state changes with one report in 50.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from cost import cpu  # noqa: E402
from findings import Findings  # noqa: E402
from greenwave import BIN, Scratch, wait_until  # noqa: E402
from hub import Hub  # noqa: E402
from postgres import Postgres  # noqa: E402

SECONDS = 10
CITY = 11_462  # Chicago


def peak_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


class Load:
    def __init__(self, hub, postgres):
        self.hub, self.postgres = hub, postgres

    def cpu(self):
        return [cpu(process.pid) for process in (self.hub.process, self.hub.proxy, self.postgres.process)]

    def run(self, mode, devices, seconds=SECONDS):
        before = self.cpu()
        words = [BIN / "hub_load", mode, self.hub.port, self.hub.directory / "state/ca", self.hub.city, devices, seconds]
        result = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True)
        found = json.loads(result.stdout)
        assert not found["refused"], f"{mode}: {found['refused']} requests were refused"
        spent = [after - start for start, after in zip(before, self.cpu())]
        found["cpu"] = [1e6 * seconds / max(found["acknowledged"], 1) for seconds in spent]
        return found


def fill(postgres, city):
    """A city's inventory and states, as large as Chicago's."""
    postgres.sql(f"""
INSERT INTO greenwave.devices (city, device, name, labels, wave, position)
  SELECT '{city}', 'chi-' || n, n || ' St', '{{"model": "atc"}}', '', ST_SetSRID(ST_MakePoint(-87 - n / 1e5, 41 + n / 1e5), 4326)
  FROM generate_series(1, {CITY}) n;
INSERT INTO greenwave.presence SELECT '{city}', 'chi-' || n, 1, 1, now(), now(), false, false FROM generate_series(1, {CITY}) n;
INSERT INTO greenwave.states SELECT '{city}', 'chi-' || n, 1, 1, now(), now(),
  (ARRAY['in-sync', 'in-sync', 'in-sync', 'failed', 'waiting'])[1 + n % 5], 'healthy', repeat('a', 40), repeat('a', 40), '',
  CASE WHEN n % 5 = 3 THEN 'apt lock held' ELSE '' END, '0.1.0', n, NULL,
  '{{"labels": {{"model": "atc", "corridor": "castro"}}, "objects": 29, "inSync": 29}}' FROM generate_series(1, {CITY}) n;
ANALYZE""")


def median_time(ask, rounds=20):
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        ask()
        times.append(time.monotonic() - began)
    return statistics.median(times) * 1000


def main():
    with Scratch() as scratch:
        scratch.chmod(0o755)
        more = "devices: {relays: [relay-0, relay-1, relay-2, relay-3]}\n"
        with Postgres(scratch / "postgres") as postgres, Hub(scratch / "hub", postgres.connection, more=more) as hub:
            load = Load(hub, postgres)
            token = hub.token()
            findings = Findings("", "figure", "must", "p99", "hub µs", "nginx µs", "PostgreSQL µs")

            def row(name, figure, target, well, found=None):
                spent = [f"{one:.0f}" for one in found["cpu"]] if found else ["", "", ""]
                late = f"{found['p99Ms']:.0f} ms" if found else ""
                findings.row(name, figure, target, late, *spent, well=well)

            found = load.run("kept", 500)
            rate = found["acknowledged"] / found["seconds"]
            row("reports on kept connections", f"{rate:,.0f}/s", "≥ 5,000/s", rate >= 5000, found)
            found = load.run("new", 64)
            rate = found["acknowledged"] / found["seconds"]
            row("reports on new mutual-TLS connections", f"{rate:,.0f}/s", "≥ 300/s", rate >= 300, found)
            found = load.run("boot", 5000, 120)
            row("5,000 devices boot at once, all acknowledged", f"{found['seconds']:.1f} s", "≤ 30 s",
                found["devices"] == 5000 and found["seconds"] <= 30, found)
            found = load.run("relay", 4)
            rate = found["acknowledged"] / found["seconds"]
            row("reports in batches of a relay", f"{rate:,.0f}/s", "≥ 50,000/s", rate >= 50_000, found)
            fill(postgres, hub.city)
            connection = hub.connect()

            def ask(path):
                connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, body

            for name, path in (("a page of 100 of 22,000 devices, with counts", "/v1/devices?listed=true"),
                               ("counts alone", "/v1/devices?listed=true&counts=only"),
                               ("all 11,462 devices", "/v1/devices?listed=true&limit=20000")):
                took = median_time(lambda path=path: ask(path))
                row(name, f"{took:.0f} ms", "≤ 50 ms" if "limit" not in path else "", "limit" in path or took <= 50)
            memory = peak_memory(hub.process.pid)
            row("the hub's memory at its most", f"{memory:.0f} MiB", "≤ 150 MiB", memory <= 150)
    return findings.print()


if __name__ == "__main__":
    sys.exit(main())
