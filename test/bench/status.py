"""How long `greenwave status` takes on a device with 2,000 files: at rest, and while a fetch drips from a slow server.

test/bench/run status
"""

import pathlib
import random
import statistics
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from dripping import Dripping  # noqa: E402
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, print_table, timed, wait_until  # noqa: E402

FILES = 2000
ROUNDS = 50
TARGET = 0.100  # seconds, at most


def manifests():
    """20 YAML files of 100 objects each."""
    files = {}
    for group in range(FILES // 100):
        numbers = range(group * 100, group * 100 + 100)
        documents = [file_manifest(f"bench-{n:04}", f"/opt/bench/{n:04}", f"setting {n}\n") for n in numbers]
        files[f"bench/{group:02}.yaml"] = "\n---\n".join(documents) + "\n"
    return files


def phase(device):
    return device.json("status")["phase"]


def row(when, device):
    """The figures of both, the API alone and the command."""
    rows = []
    for name, ask in (("GET /v1/status", lambda: device.request("GET", "/v1/status")),
                      ("greenwave status", lambda: device.cli("status"))):
        times = [timed(ask) for _ in range(ROUNDS)]
        rows.append((when, name, f"{statistics.median(times) * 1000:.1f} ms", f"{max(times) * 1000:.1f} ms", max(times)))
    return rows


def main():
    with Scratch() as scratch:
        city = City(scratch)
        city.commit(manifests())
        with GitServer(scratch / "server", scratch) as server, Dripping(server.port, at_once=200_000) as slow:
            url = server.url(city.bare).replace(f":{server.port}/", f":{slow.port}/")
            with Device(scratch / "device", url, more=server.agent()).start() as device:
                wait_until(lambda: device.json("status").get("inSync") == FILES, "the first sync")
                wait_until(lambda: phase(device) == "idle", "its end")
                rows = row("at rest", device)
                city.commit({"large.bin": random.Random(1).randbytes(2_000_000).hex()})
                device.request("POST", "/v1/sync?wait=false", {})
                wait_until(lambda: phase(device) == "fetching", "the fetch")
                rows += row("during a slow fetch", device)
                assert phase(device) == "fetching", "the fetch ended too soon"
    print_table([("", "", "median", "slowest")] + [one[:4] for one in rows])
    worst = max(one[4] for one in rows)
    print(f"target: {TARGET * 1000:.0f} ms at most; slowest {worst * 1000:.1f} ms")
    return 0 if worst <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
