"""Caches what is slow to make below ${XDG_CACHE_HOME:-~/.cache}/greenwave, for later runs."""

import fcntl
import os
import pathlib
import shutil

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "greenwave"


def kept(name, make):
    """The directory of this name, which says what it is made from; `make(directory)` fills a new one, or raises."""
    directory = CACHE / name
    if directory.is_dir():
        return directory
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.is_dir():
            partial = CACHE / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(directory)
    return directory
