"""Programs that are made with Go, as references and servers of tests: built once, and kept for the next run.

They lie below ${XDG_CACHE_HOME:-~/.cache}/greenwave, by what they are made from. Go and its module proxy are needed for
that alone; where they are missing, tests are skipped aloud.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "greenwave"


class Missing(Exception):
    """A program cannot be had here; the text says why."""


def _made(name, version, go_words, cwd, environment):
    """The program `name` of the directory that `go_words` fill; they may name it as {directory}."""
    directory = CACHE / f"{name}-{version}"
    program = directory / name
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        raise Missing(f"{name} is to be built, and Go is missing")
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{directory.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.exists():
            return program
        partial = CACHE / f"{directory.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        made = subprocess.run(
            [go, *(word.format(directory=partial) for word in go_words)],
            env={**os.environ, "GOBIN": str(partial), **environment}, cwd=cwd,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Missing(f"{name} {version} cannot be built: {made.stdout.strip()[-300:]}")
        shutil.rmtree(directory, ignore_errors=True)
        partial.rename(directory)
    return program


def installed(name, package, version):
    """The program of a public module's package."""
    return _made(name, version, ["install", "-trimpath", "-ldflags=-s -w", f"{package}@{version}"], "/", {"GOFLAGS": ""})


def built(name, source, version):
    """The program that the module in the directory `source` makes."""
    words = ["build", "-trimpath", "-ldflags=-s -w", "-o", f"{{directory}}/{name}", "."]
    return _made(name, version, words, source, {"GOFLAGS": "-mod=readonly"})
