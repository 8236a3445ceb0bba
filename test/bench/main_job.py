"""The figures of a device with 5,000 files: no-op pass, one-line commit, memory, flash writes, cold apply.

Each figure is compared with a peer that ran on the same machine within the same minute. Run as root (cf-agent
and strace need it):  test/bench/run main_job
"""

import pathlib
import statistics
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import cost  # noqa: E402
from bench_files import content_of, group_file, manifests, path_of  # noqa: E402
from greenwave import BIN, City, Device, FreshDisk, print_table, run, timed, wait_until  # noqa: E402

FILES = 5000
ROUNDS = 15
TARGET = "/opt/bench"


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


def lstat_loop(scratch, device):
    program = scratch / "lstat_loop"
    run("cc", "-O2", "-o", program, pathlib.Path(__file__).parent / "lstat_loop.c")
    paths = "".join(f"{device.path(TARGET) / path_of(n)}\n" for n in range(FILES))
    return lambda: int(run(program, input=paths).stdout) / 1e6


def resident(pid, field="VmRSS"):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field))) / 1024


def cold_apply(scratch, city):
    """Best of three each: a fresh device's first sync, and cf-agent copying the tree that it made."""
    ours, theirs = [], []
    for attempt in range(3):
        device = Device(scratch / f"cold-{attempt}", city.url)
        ours.append(timed(lambda: device.once(check=0)))
        target = scratch / f"cfengine-{attempt}"
        policy = scratch / "copy.cf"
        policy.write_text(
            "bundle agent main {\n  files:\n"
            f'    "{target}/." copy_from => whole, depth_search => all, create => "true";\n}}\n'
            f'body copy_from whole {{ source => "{device.path(TARGET)}"; compare => "digest"; }}\n'
            'body depth_search all { depth => "inf"; }\n'
        )
        policy.chmod(0o600)
        theirs.append(timed(lambda: run("cf-agent", "-K", "-f", policy)))
        copied = sum(1 for file in target.rglob("*.conf"))
        if copied != FILES:
            raise AssertionError(f"cf-agent copied {copied} of {FILES} files")
    return min(ours), min(theirs)


def one_line_commit(city, device):
    """The time from push to applied, and the files opened below the target directory meanwhile."""
    trace = device.directory / "trace"
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=%file,openat2", "-p", str(device.daemon.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    tracer = f"TracerPid:\t{strace.pid}"
    status = pathlib.Path(f"/proc/{device.daemon.pid}/status")
    wait_until(lambda: tracer in status.read_text(), "strace is attached")
    before = {n: (device.path(TARGET) / path_of(n)).stat() for n in range(FILES)}
    file = group_file(4242)
    city.commit({file: manifests(FILES, TARGET, changed=4242)[file]}, "One line for one device")
    device.sync()
    strace.terminate()
    strace.wait()
    touched = [n for n in range(FILES) if (device.path(TARGET) / path_of(n)).stat() != before[n]]
    if (device.path(TARGET) / path_of(4242)).read_text() != content_of(4242, "changed"):
        raise AssertionError("the commit was not applied")
    opened = set()
    for line in trace.read_text().splitlines():
        if "open" in line.split("(")[0] and ".conf" in line:
            opened.add(line.split('"')[1].rsplit("/", 1)[-1])
    city.commit({file: manifests(FILES, TARGET)[file]}, "And back")
    elapsed = timed(device.sync)
    return elapsed, touched, opened


def main():
    rows = []
    missed = []

    def row(name, ours, peer, ratio, bound, good):
        rows.append((name, ours, peer, ratio, bound, "reached" if good else "MISSED"))
        if not good:
            missed.append(name)

    with FreshDisk() as scratch:
        city = City(scratch)
        city.commit(manifests(FILES, TARGET), f"{FILES} files")
        cold, copied = cold_apply(scratch, city)
        row("cold apply, fetch and render included", milliseconds(cold), f"cf-agent {milliseconds(copied)}",
            f"{cold / copied:.2f}", "<= 1", cold <= copied)

        with Device(scratch / "device", city.url) as device:
            device.start()
            if device.sync()["exitCode"] != 0:
                raise AssertionError(device.log.read_text())
            loop = lstat_loop(scratch, device)
            for _ in range(3):
                device.sync()
                loop()
            written = cost.written(device.daemon.pid)
            passes, loops = [], []
            for _ in range(ROUNDS):
                passes.append(timed(device.sync))
                loops.append(loop())
            written = cost.written(device.daemon.pid) - written
            ours, peer = statistics.median(passes), statistics.median(loops)
            bound = 3 * peer + 0.010
            row("no-op pass, as a client of the socket sees it", milliseconds(ours), f"lstat loop {milliseconds(peer)}",
                f"{ours / peer:.2f}", f"<= {milliseconds(bound)}", ours <= bound)
            row(f"written to disk by {ROUNDS} no-op passes", f"{written} B", "-", "-", "0 B", written == 0)
            time.sleep(1)
            memory = resident(device.daemon.pid)
            anonymous = resident(device.daemon.pid, "RssAnon")
            row("resident memory, idle", f"{memory:.1f} MiB", f"anonymous {anonymous:.1f} MiB", "-", "<= 16 MiB", memory <= 16)

            elapsed, touched, opened = one_line_commit(city, device)
            row("one-line commit, poll to applied", milliseconds(elapsed), "-", "-", "-", True)
            row("files it changed, and opened", f"{len(touched)} and {len(opened)}", f"of {FILES}", "-", "1 and <= 2",
                touched == [4242] and len(opened) <= 2)

    print_table(rows)
    print(f"(programs from {BIN})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
