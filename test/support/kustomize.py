"""The real kustomize, as the reference that Greenwave's own rendering is compared with."""

import functools
import json
import subprocess

import yaml

import go_program
from greenwave import BIN

VERSION = "v5.8.2"


@functools.lru_cache(maxsize=None)
def _program():
    """(path, None) or (None, why it is not available)."""
    try:
        return go_program.installed("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", VERSION), None
    except go_program.Missing as missing:
        return None, str(missing)


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
