#!/usr/bin/env python3
"""How Greenwave renders public repositories: their kustomizations beside kustomize, plain files beside kubectl's reader.

test/bench/run public DIRECTORY…    each a checkout of a repository; nothing is fetched

Prints a table for each of the two: how many come out equal, how many both refuse, we alone, the other alone, and how
many differ; then the reasons of our refusals and the first difference of each kind, most frequent first. Remote bases
are counted apart: neither can read them here. The figures of time are CPU seconds of one run each, those of memory the
largest resident set; a fresh process for each kustomization on both sides, and for each plain file on ours.
A plain file is one with an apiVersion in it outside of kustomizations; each is rendered as a repository of its own.

--kept DIRECTORY keeps what kustomize said, and takes it from there the next time.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import kubectl  # noqa: E402
import kustomize  # noqa: E402
from greenwave import BIN  # noqa: E402

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# No git and no proxy: what is remote fails at once.
OFFLINE = {"PATH": "/nonexistent", "HOME": "/nonexistent", "HTTP_PROXY": "http://127.0.0.1:1",
           "HTTPS_PROXY": "http://127.0.0.1:1"}
SECONDS = 120
COLUMNS = ["equal", "both refuse", "remote", "we refuse", "they refuse", "different"]


def kustomizations(repository):
    for directory, below, files in os.walk(repository):
        below[:] = sorted(name for name in below if name != ".git")
        if any(name in files for name in NAMES):
            yield os.path.relpath(directory, repository)


def measured(command):
    """Exit code, output, errors, CPU seconds and MiB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, stdin=subprocess.DEVNULL, env=OFFLINE)
        limit = time.monotonic() + SECONDS
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > limit:
                process.kill()
            time.sleep(0.001)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        return {"code": process.returncode, "out": out.read().decode(), "errors": errors.read().decode(errors="replace"),
                "seconds": usage.ru_utime + usage.ru_stime, "MiB": usage.ru_maxrss / 1024}


def build_theirs(repository, directory, kept):
    path = None
    if kept:
        name = hashlib.sha256(f"{kustomize.VERSION} {repository} {directory}".encode()).hexdigest()[:32]
        path = pathlib.Path(kept) / name
        if path.exists():
            return json.loads(path.read_text())
    made = measured([kustomize.program(), "build", repository / directory])
    if path:
        path.write_text(json.dumps(made))
    return made


def plain_files(repository):
    for directory, below, files in os.walk(repository):
        below[:] = sorted(name for name in below if name != ".git")
        if any(name in files for name in NAMES):
            continue
        for name in sorted(files):
            path = pathlib.Path(directory) / name
            if name.endswith((".yaml", ".yml", ".json")) and path.is_file() and not path.is_symlink():
                if b"apiVersion" in path.read_bytes():
                    yield str(path.relative_to(repository))


def render_plain(repository, name):
    with tempfile.TemporaryDirectory() as directory:
        shutil.copyfile(repository / name, pathlib.Path(directory) / pathlib.Path(name).name)
        made = measured([BIN / "greenwave", "render", "--device", "any", "-o", "json", directory])
    rendered = json.loads(made["out"] or "{}")
    made["errors"] = "\n".join(problem for problem in rendered.get("problems", []) if "error:" in problem)
    made["errors"] = made["errors"] or rendered.get("error", "")
    made["objects"] = rendered.get("manifests", [])
    return made


def objects_of(builds):
    """What kubectl reads of each of kustomize's outputs: (objects, error)."""
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for number, made in enumerate(builds):
            paths.append(f"{directory}/{number}.yaml")
            pathlib.Path(paths[-1]).write_text(made["out"])
        return [(reading["documents"], reading.get("error")) for reading in kubectl.read(paths)]


def is_remote(message):
    return "is remote" in message or "outside of the repository" in message


def reason(message):
    """An error without what is particular to it: names, paths and numbers."""
    line = next((line for line in message.splitlines() if "error:" in line), message.strip().split("\n")[-1])
    line = line.split("error:", 1)[-1].strip()
    line = re.sub(r'"[^"]*"|\S*[/.]\S*\w|\b\S*\d\S*', "…", line)
    return line[:150]


def kind_of_difference(found):
    return re.sub(r"/\d+", "/#", found)[:110] if found else ""


def compare(refusal, objects, ours, our_objects):
    """The column, and what to show of it. The refusal is that of kustomize or kubectl, if there is one."""
    if ours["code"] != 0:
        if not refusal:
            return "we refuse", reason(ours["errors"])
        return ("remote" if is_remote(ours["errors"]) else "both refuse"), reason(ours["errors"])
    if refusal:
        return "they refuse", refusal.strip()[:200]
    found = kustomize.difference(objects, our_objects)
    return ("different" if found else "equal"), kind_of_difference(found)


def by_id(objects):
    def key(thing):
        metadata = thing.get("metadata") or {}
        return [str(part) for part in (thing.get("apiVersion"), thing.get("kind"), metadata.get("namespace"), metadata.get("name"))]

    return sorted(objects, key=key)


def show_groups(title, groups, every):
    if not groups:
        return
    print(f"\n{title}")
    for text, places in sorted(groups.items(), key=lambda item: -len(item[1])):
        print(f"  {len(places):5}  {text}")
        for place in places if every else places[:1]:
            print(f"         {place}")


def show_cost(title, builds):
    seconds = sorted(made["seconds"] for made in builds)
    print(f"{title:12} {sum(seconds):8.2f} s of CPU, median {statistics.median(seconds) * 1000:7.1f} ms, "
          f"most {seconds[-1]:6.2f} s; most memory {max(made['MiB'] for made in builds):7.1f} MiB")


def show(rows, every):
    """Rows: (repository, name in it, column, detail). Gives how many there are in each column."""
    table = collections.defaultdict(collections.Counter)
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for repository, name, column, detail in rows:
        table[repository.name][column] += 1
        if column not in ("equal", "both refuse"):
            groups[column][detail].append(f"{repository.name}/{name}")
    width = max(len(name) for name in [*table, "all"])
    print(" " * width, *(f"{column:>11}" for column in COLUMNS))
    table["all"] = sum(table.values(), collections.Counter())
    for name, counts in table.items():
        print(f"{name:{width}}", *(f"{counts[column]:11}" for column in COLUMNS))
    for column in ("different", "we refuse", "they refuse"):
        show_groups(column, groups[column], every)
    return table["all"]


def show_kustomizations(repositories, chosen, pool):
    work = [(repository, directory) for repository in repositories for directory in kustomizations(repository)]
    theirs = list(pool.map(lambda item: build_theirs(*item, chosen.kept), work))
    ours = list(pool.map(lambda item: measured(
        [BIN / "kustomize_build", item[0], "" if item[1] == "." else item[1]]), work))
    rows = []
    for item, their, our, (objects, unread) in zip(work, theirs, ours, objects_of(theirs)):
        refusal = (their["errors"] or "refused") if their["code"] != 0 else unread
        rows.append((*item, *compare(refusal, objects, our, json.loads(our["out"] or "[]"))))
    print(f"== {len(work)} kustomizations")
    counts = show(rows, chosen.every)
    both = [(their, our) for their, our in zip(theirs, ours) if their["code"] == our["code"] == 0]
    if both:
        print(f"\nWhere both render ({len(both)}):")
        show_cost("Greenwave", [our for _, our in both])
        show_cost(f"kustomize {kustomize.VERSION}", [their for their, _ in both])
    return counts


def show_plain(repositories, chosen, pool):
    work = [(repository, name) for repository in repositories for name in plain_files(repository)]
    if not work:
        return collections.Counter()
    theirs = kubectl.read([repository / name for repository, name in work])
    ours = list(pool.map(lambda item: render_plain(*item), work))
    rows = [(*item, *compare(their.get("error"), by_id(their["documents"]), our, by_id(our["objects"])))
            for item, their, our in zip(work, theirs, ours)]
    print(f"\n== {len(work)} plain files")
    counts = show(rows, chosen.every)
    print()
    show_cost("Greenwave", ours)
    return counts


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("repositories", nargs="*", metavar="DIRECTORY")
    options.add_argument("--kept", metavar="DIRECTORY")
    options.add_argument("--jobs", type=int, default=2, metavar="N")
    options.add_argument("--every", action="store_true", help="name every kustomization or file of a group")
    options.add_argument("--only", choices=["kustomizations", "plain"])
    chosen = options.parse_args()
    why = kustomize.why_not() or kubectl.why_not() or (None if chosen.repositories else "no repository was named")
    if why:
        print(f"SKIPPED: {why}")
        return 0
    if chosen.kept:
        os.makedirs(chosen.kept, exist_ok=True)
    repositories = [pathlib.Path(repository).resolve() for repository in chosen.repositories]
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        if chosen.only != "plain":
            counts += show_kustomizations(repositories, chosen, pool)
        if chosen.only != "kustomizations":
            counts += show_plain(repositories, chosen, pool)
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
