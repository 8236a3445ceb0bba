"""The real kustomize, as the reference that Greenwave's own rendering is compared with.

It is a Go module, built once and cached below ${XDG_CACHE_HOME:-~/.cache}/greenwave by its version. Go and its
module proxy are needed for that alone; where they are missing, why_not() says so, and tests are skipped.
"""

import fcntl
import functools
import json
import os
import pathlib
import shutil
import subprocess

import yaml

from greenwave import BIN

VERSION = "v5.7.1"


@functools.lru_cache(maxsize=None)
def _program():
    """(path, None) or (None, why it cannot be had)."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "greenwave"
    directory = cache / f"kustomize-{VERSION}"
    program = directory / "kustomize"
    if program.exists():
        return program, None
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        return None, f"kustomize {VERSION} is to be built, and Go is missing"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / f"kustomize-{VERSION}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.exists():
            return program, None
        partial = cache / f"kustomize-{VERSION}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        made = subprocess.run(
            [go, "install", f"sigs.k8s.io/kustomize/kustomize/v5@{VERSION}"],
            env={**os.environ, "GOBIN": str(partial), "GOFLAGS": ""}, cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            return None, f"kustomize {VERSION} cannot be built: {made.stdout.strip()[-300:]}"
        partial.rename(directory)
    return program, None


def why_not():
    """Why there is no kustomize to compare with, or None: for unittest.skipIf."""
    return _program()[1]


def program():
    return _program()[0]


def theirs(root, directory=""):
    """What `kustomize build` makes of a directory: its objects, or an error as a string."""
    made = subprocess.run([program(), "build", root / directory], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode != 0:
        return made.stderr.decode()
    return [document for document in yaml.load_all(made.stdout, Loader=yaml.CSafeLoader) if document is not None]


def ours(root, directory=""):
    """The same of Greenwave's rendering."""
    made = subprocess.run([BIN / "kustomize_build", root, directory], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode != 0:
        return made.stderr.decode() or f"ended with {made.returncode}"
    return json.loads(made.stdout)


def difference(left, right, path=""):
    """Where two parsed values first differ, or None. The order of lists counts, that of members does not."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right), key=str):
            if key not in left or key not in right:
                return f"{path}/{key}: only {'theirs' if key in left else 'ours'} has it"
            found = difference(left[key], right[key], f"{path}/{key}")
            if found:
                return found
        return None
    if isinstance(left, list) and isinstance(right, list):
        for number, (a, b) in enumerate(zip(left, right)):
            found = difference(a, b, f"{path}/{number}")
            if found:
                return found
        return None if len(left) == len(right) else f"{path}: theirs has {len(left)} items, ours {len(right)}"
    same_type = isinstance(left, bool) == isinstance(right, bool) and isinstance(left, str) == isinstance(right, str)
    return None if same_type and left == right else f"{path}: theirs {left!r}, ours {right!r}"


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)
