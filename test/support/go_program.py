"""Go programs that tests use as references and servers: built once, and cached.

Only this needs Go and its module proxy; without them the tests are skipped, with a message.
"""

import os
import shutil
import subprocess

from kept import kept


# They run for seconds: not optimised, and without what debuggers read, they are built in a fraction of the time.
QUICKLY = ["-trimpath", "-ldflags=-s -w", "-gcflags=all=-N -l -dwarf=false"]
# For figures: as their makers build them.
WELL = ["-trimpath", "-ldflags=-s -w"]


class Missing(Exception):
    """The program is not available here; the text says why."""


def _made(name, version, go_words, cwd, environment):
    """The program `name` of the directory that `go_words` fill; they may name it as {directory}."""

    def make(directory):
        go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
        if not go:
            raise Missing(f"{name} is to be built, and Go is missing")
        made = subprocess.run(
            [go, *(word.format(directory=directory) for word in go_words)],
            env={**os.environ, "GOBIN": str(directory), **environment}, cwd=cwd,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Missing(f"{name} {version} cannot be built: {made.stdout.strip()[-300:]}")

    return kept(f"{name}-{version}", make) / name


def installed(name, package, version):
    """The program of a public module's package."""
    return _made(name, version, ["install", *QUICKLY, f"{package}@{version}"], "/", {"GOFLAGS": ""})


def built(name, source, version, how=QUICKLY):
    """The program that the module in the directory `source` makes."""
    words = ["build", *how, "-o", f"{{directory}}/{name}", "."]
    return _made(name, version, words, source, {"GOFLAGS": "-mod=readonly"})
