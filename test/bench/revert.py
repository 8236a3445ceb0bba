"""How long a device keeps a bad commit, and how late it reacts when a window opens.

In a machine with a real systemd: 200 objects, 10 of them units, all changed by a commit whose health check fails. The
peer of the revert is what the units' own stops and starts take, one after the other, on the same machine. Run as root:
test/bench/run revert
"""

import datetime
import pathlib
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import machine  # noqa: E402
from field import FieldDevice, cluster, manifest, unit, utc_now, window  # noqa: E402
from greenwave import City, Scratch, file_manifest, wait_until  # noqa: E402

FILES = 189
UNITS = 10


def files(content):
    manifests = {
        f"file-{n:03}.yaml": file_manifest(f"file-{n:03}", f"/opt/bench/{n:03}.conf", f"{content} {n}\n" * 50)
        for n in range(FILES)
    }
    for n in range(UNITS):
        manifests[f"unit-{n}.yaml"] = unit(f"bench-{n}", "/bin/sleep 100000", [f"File/file-{n:03}"])
    check = {"command": ["grep", "-q", "good", "/opt/bench/000.conf"], "interval": "100ms", "timeout": "1s", "within": "1s"}
    manifests["check.yaml"] = manifest("HealthCheck", "bench", check)
    return manifests


def own_times(device):
    """Seconds that the units' restarts take by themselves."""
    began = time.perf_counter()
    for n in range(UNITS):
        device.machine.run("systemctl", "restart", f"bench-{n}.service")
    return time.perf_counter() - began


def revert(scratch):
    city = City(scratch / "revert")
    city.commit({**files("good"), "greenwave.yaml": cluster()}, "All well")
    with machine.Machine(binds=FieldDevice.binds(city)) as started:
        device = FieldDevice(started)
        device.once(0)
        city.commit(files("bad"), "All bad")
        device.once(1)
        record = next(sync for sync in device.history() if sync["result"] == "reverted")
        changed = len(record["actions"])
        if changed < FILES or "good" not in device.read("/opt/bench/000.conf"):
            raise AssertionError(f"only {changed} objects were taken back")
        return record["tookMs"] / 1000, own_times(device), changed


def lateness(scratch):
    """Seconds from a window's opening to the start of the unit that waited for it."""
    city = City(scratch / "window")
    city.commit({"greenwave.yaml": cluster(), "a.yaml": file_manifest("a", "/etc/a", "one\n"), "u.yaml": unit("u", "/bin/sleep 100000", ["File/a"])})
    with machine.Machine(binds=FieldDevice.binds(city)) as started:
        device = FieldDevice(started)
        device.once(0)
        pid = device.show("u.service", "MainPID")
        opens = (utc_now() + datetime.timedelta(seconds=90)).replace(second=0, microsecond=0)
        city.commit({"greenwave.yaml": cluster(window(opens)), "a.yaml": file_manifest("a", "/etc/a", "two\n")}, "Soon")
        device.start()
        device.cli("sync", "--wait")
        wait_until(lambda: device.show("u.service", "MainPID") != pid, "the window has opened", 180)
        began = int(device.show("u.service", "ExecMainStartTimestampMonotonic")) / 1e6
        return began + time.time() - time.monotonic() - opens.timestamp()


def main():
    with Scratch() as scratch:
        for name in ("revert", "window"):
            (scratch / name).mkdir()
        took, own, changed = revert(scratch)
        late = lateness(scratch)
    rows = [
        ("from the failure of a health check to all reverted", f"{took:.2f} s", f"2 s + {own:.2f} s of the units", took <= 2 + own),
        ("a window opens late by", f"{late * 1000:.0f} ms", "1 s", 0 <= late <= 1),
    ]
    print(f"{changed} steps taken back, {UNITS} units among the objects\n")
    print(f"{'':<52}{'measured':>12}  {'at most':<28}")
    for what, measured, most, good in rows:
        print(f"{what:<52}{measured:>12}  {most:<28}{'ok' if good else 'MISSED'}")
    return 0 if all(row[3] for row in rows) else 1


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    sys.exit(main())
