"""What it costs to tell thousands of devices of a commit at once, and how fast that is: the mirror and nginx as they are
shipped, TLS, and devices with the agent's own code. Run as root:  test/bench/run tip"""

import pathlib
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from cost import cpu, memory  # noqa: E402
from crowd import Crowd  # noqa: E402
from findings import Findings  # noqa: E402
from greenwave import City, Device, Scratch, wait_until  # noqa: E402
from mirror import Mirror  # noqa: E402
from slow_server import motd  # noqa: E402

HELD = 5000
TOLD = 1000
REST = 90  # seconds: more than an interval
ROUNDS = 5


def servers(mirror):
    return [mirror.processes[name].pid for name in ("mirror", "nginx")]


def busiest_second(mirror, after):
    times = [at for _, at, request in mirror.requests() if at >= after and ".tip/" in request]
    return max((sum(1 for other in times if at <= other < at + 1) for at in times[::10]), default=0)


def at_rest(scratch, city, row):
    with Mirror(scratch / "held", city, logs=False) as mirror, Crowd(mirror, HELD) as crowd:
        wait_until(lambda: mirror.held() >= HELD * 0.95, "the requests are held")
        time.sleep(10)
        before, began = [cpu(pid) for pid in servers(mirror)], time.monotonic()
        time.sleep(REST)
        passed = time.monotonic() - began
        spent = [(cpu(pid) - start) / passed * 100 for pid, start in zip(servers(mirror), before)]
        used = [memory(pid) for pid in servers(mirror)]
        row(f"{HELD:,} held: mirror, nginx", f"{used[0]:.0f} + {used[1]:.0f} MiB", "≤ 250 MiB", well=sum(used) <= 250)
        row("the same, at rest", f"{spent[0]:.2f} + {spent[1]:.2f} % of a core", "≤ 1 %", well=sum(spent) <= 1)
        began = time.time()
        city.commit(motd("all\n"))
        learnt = crowd.learnt()
        row(f"a commit reaches {HELD:,} devices, p99", f"{learnt['p99'] - began:.2f} s", "")


def told(scratch, city, row):
    with Mirror(scratch / "told", city) as mirror, Crowd(mirror, TOLD) as crowd:
        device = Device(scratch / "device", mirror.url, interval="60s", more=mirror.agent)
        device.start()
        try:
            known, applied = [], []
            for number in range(ROUNDS):
                wait_until(lambda: mirror.held() > TOLD * 0.95, "the requests are held")
                time.sleep(3)
                began, text = time.time(), f"{number}\n"
                city.commit(motd(text))
                wait_until(lambda: device.path("/etc/motd").exists() and device.path("/etc/motd").read_text() == text,
                           "the commit is applied")
                applied.append(time.time() - began)
                known.append(crowd.learnt()["p99"] - began)
            row(f"a commit reaches {TOLD:,} devices, p99", f"{max(known):.2f} s", "≤ 1 s", well=max(known) <= 1)
            row("and is applied on one of them", f"{max(applied):.2f} s", "≤ 2 s", well=max(applied) <= 2)
            mirror.stop()
            began = time.time()
            mirror.start()
            wait_until(lambda: mirror.held() > TOLD * 0.95, "the devices are back")
            took, most = time.time() - began, busiest_second(mirror, began)
            row("after a restart all are back", f"{took:.0f} s, at most {most} requests/s", "≤ 90 s, ≤ 60/s",
                well=took <= 90 and most <= 60)
        finally:
            device.stop()


def main():
    findings = Findings("what", "figure", "target")
    with Scratch() as scratch:
        scratch.chmod(0o755)
        city = City(scratch)
        city.commit(motd("first\n"))  # its tip is written when the mirror starts
        at_rest(scratch, city, findings.row)
        told(scratch, city, findings.row)
    return findings.print()


if __name__ == "__main__":
    sys.exit(main())
