"""How kubectl reads files and kustomizations: the reference for what they say.

The program is made of kubectl's own reader by kubectl_read/main.go, and needs no server.
"""

import functools
import hashlib
import json
import pathlib
import subprocess

import go_program

SOURCE = pathlib.Path(__file__).parent / "kubectl_read"


@functools.lru_cache(maxsize=None)
def _program():
    """(path, None) or (None, why it is not available)."""
    made_from = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in ("main.go", "go.mod", "go.sum")))
    try:
        return go_program.built("kubectl_read", SOURCE, made_from.hexdigest()[:12]), None
    except go_program.Missing as missing:
        return None, str(missing)


def why_not():
    """Why there is no reader to compare with, or None: for unittest.skipIf."""
    return _program()[1]


def read(paths):
    """For each file or directory its path, documents, and error if there is one: see kubectl_read/main.go."""
    names = "".join(f"{path}\n" for path in paths)
    printed = subprocess.run([_program()[0]], input=names.encode(), stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in printed.splitlines()]
