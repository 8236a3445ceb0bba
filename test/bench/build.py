#!/usr/bin/env python3
"""How long the programs take to build from a clean clone, without ccache, and how long one changed file takes.

    test/bench/run build                         this commit
    python3 test/bench/build.py --before REV     and REV, built in the same run, for a comparison

Wall-clock seconds with one job per processor, and beside them processor seconds, which a busy machine changes less.
The limits are for two otherwise idle processors.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from greenwave import Scratch, print_table, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
PROGRAMS = ("greenwaved", "greenwave")
MOST_SECONDS = 300
MOST_SECONDS_CHANGED = 20
CHANGED = "agent/sync/pass.cpp"  # a file of average size
ENVIRONMENT = {**os.environ, "CCACHE_DISABLE": "1"}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(command, directory):
    """(wall clock, processor)"""
    began, used = time.monotonic(), processor_seconds()
    subprocess.run(command, cwd=directory, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began, processor_seconds() - used


def row(name, took, limit=""):
    return [name, f"{took[0]:.0f} s", f"{took[1]:.0f} s", f"{limit} s" if limit else ""]


def cloned(revision, directory):
    run("git", "clone", "-q", SOURCE, directory)
    run("git", "checkout", "-q", revision, cwd=directory)
    return directory


def build(checkout, preset):
    subprocess.run(["cmake", "--preset", preset], cwd=checkout, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return seconds(["cmake", "--build", "--preset", preset, "--target", *PROGRAMS], checkout)


def rebuild(checkout, preset):
    os.utime(checkout / CHANGED)
    return seconds(["cmake", "--build", "--preset", preset, "--target", *PROGRAMS], checkout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="REV", help="build this commit as well")
    parser.add_argument("--release-only", action="store_true", help="leave out the debug preset and its changed file")
    options = parser.parse_args()
    with Scratch() as scratch:
        rows = [["", "wall clock", "processor", "limit"]]
        if options.before:
            before = build(cloned(options.before, scratch / "before"), "release")
            rows.append(row(f"{options.before}, release, clean", before))
        checkout = cloned("HEAD", scratch / "now")
        now = build(checkout, "release")
        rows.append(row("HEAD, release, clean", now, MOST_SECONDS))
        if options.before:
            rows.append(["HEAD / before", f"{now[0] / before[0]:.2f}", f"{now[1] / before[1]:.2f}", ""])
        missed = now[0] > MOST_SECONDS
        if not options.release_only:
            build(checkout, "debug")
            changed = rebuild(checkout, "debug")
            rows.append(row(f"HEAD, debug, {CHANGED} changed", changed, MOST_SECONDS_CHANGED))
            missed |= changed[0] > MOST_SECONDS_CHANGED
        print_table(rows)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
