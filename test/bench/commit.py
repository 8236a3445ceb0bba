"""The commands for committers: lint and impact of a city of 5,000 devices with 40 objects each, one render, and a merge.

The peer is the cost without sharing equal renders: one device's render, 5,000 times.
Run:  test/bench/run commit
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from greenwave import BIN, print_table, run  # noqa: E402

DEVICES = 5000
DISTRICTS = 20
MODELS = 4
COMMON, OWN, BY_DISTRICT, BY_MODEL = 20, 8, 6, 6  # 40 objects a device, 8 of them hold what is its alone
ROUNDS = 3
KEYS = 40_000


def manifest(name, path, content, kind="File"):
    return (
        f"apiVersion: greenwave.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec:\n  path: {path}\n  content: |\n" + "".join(f"    {line}\n" for line in content)
    )


def unit(name, cause):
    return (
        f"apiVersion: greenwave.dev/v1\nkind: SystemdUnit\nmetadata: {{name: {name}}}\nspec:\n"
        f"  name: {name}.service\n  running: true\n  restartOn: [File/{cause}]\n"
    )


def city():
    lines = [f"setting-{n} = value of an intersection's controller" for n in range(12)]
    files = {
        "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: bench}\nspec:\n"
        "  devices: devices.geojson\n  vars: {ntp: 10.4.0.1}\n  layers:\n    - path: base\n"
        "    - path: models/${device.labels.model}\n    - path: districts/${device.labels.district}\n"
        "    - {path: 'devices/${device.id}', optional: true}\n",
    }
    features = []
    for n in range(DEVICES):
        properties = {
            "address": f"10.{n // 250}.{n % 250}.1",
            "offset": n % 90,
            "name": f"Intersection {n}",
            "labels": {"district": f"d{n % DISTRICTS:02}", "model": f"m{n % MODELS}"},
        }
        point = {"type": "Point", "coordinates": [round(-122.5 + n % 100 / 500, 6), round(37.7 + n // 100 / 500, 6)]}
        features.append(
            json.dumps({"type": "Feature", "id": f"b-{n:04}", "geometry": point, "properties": properties})
        )
    files["devices.geojson"] = '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"
    for n in range(COMMON - 2):
        files[f"base/common-{n}.yaml"] = manifest(f"common-{n}", f"/etc/bench/common-{n}", lines)
    files["base/units.yaml"] = unit("first", "common-0") + "---\n" + unit("second", "own-0")
    own = ["address ${device.properties.address}", "offset ${device.properties.offset}", "name ${device.id}"]
    for n in range(OWN):
        files[f"base/own-{n}.yaml"] = manifest(f"own-{n}", f"/etc/bench/own-{n}", own + lines)
    for m in range(MODELS):
        for n in range(BY_MODEL):
            files[f"models/m{m}/{n}.yaml"] = manifest(f"model-{n}", f"/etc/bench/model-{n}", lines + [f"model {m}"])
    for d in range(DISTRICTS):
        for n in range(BY_DISTRICT):
            name = f"district-{n}"
            files[f"districts/d{d:02}/{n}.yaml"] = manifest(name, f"/etc/bench/{name}", lines + [f"district {d}"])
    for n in range(0, DEVICES, 50):
        files[f"devices/b-{n:04}/own.yaml"] = manifest("common-1", "/etc/bench/common-1", [f"only on {n}"])
    return files


def two_large_maps(keys):
    """A device whose two layers have one File each, of `keys` settings; half of them are the same."""
    def layer(first, value):
        members = "".join(f"    k{n}: {value}\n" for n in range(first, first + keys))
        return f"apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {{name: settings}}\nspec:\n  path: /etc/s\n  json:\n{members}"

    return {
        "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: bench}\n"
        "spec: {layers: [{path: base}, {path: top}]}\n",
        "base/settings.yaml": layer(0, 1),
        "top/settings.yaml": layer(keys // 2, 2),
    }


def seconds_of_merge(keys):
    with tempfile.TemporaryDirectory(prefix="greenwave-bench-") as name:
        write(pathlib.Path(name), two_large_maps(keys))
        return best(name, "render", "--device", "any", ".")[:2]


def write(directory, files):
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def measured(directory, *words, status=0):
    """Seconds, MiB and the output of one command."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen([BIN / "greenwave", *words], cwd=directory, stdout=output)
        _, result, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(result)
        output.seek(0)
        text = output.read().decode()
    if process.returncode != status:
        raise AssertionError(f"{words} gave {process.returncode}: {text[-2000:]}")
    return seconds, usage.ru_maxrss / 1024, text


def best(directory, *words):
    runs = [measured(directory, *words) for _ in range(ROUNDS)]
    return min(run[0] for run in runs), max(run[1] for run in runs), runs[-1][2]


def main():
    rows = []
    missed = []

    def row(name, seconds, memory, peer, ratio, bound, good):
        rows.append((name, f"{seconds * 1000:.0f} ms", f"{memory:.0f} MiB", peer, ratio, bound,
                     "reached" if good else "MISSED"))
        if not good:
            missed.append(name)

    with tempfile.TemporaryDirectory(prefix="greenwave-bench-") as name:
        directory = pathlib.Path(name)
        files = city()
        write(directory, files)
        git = ["git", "-C", directory, "-c", "user.name=Bench", "-c", "user.email=bench@city.example"]
        run(*git, "init", "-q", "-b", "main")
        run(*git, "add", "-A")
        run(*git, "commit", "-q", "-m", "City")
        changed = {
            "base/common-0.yaml": files["base/common-0.yaml"] + "    one more line\n",
            "base/own-0.yaml": files["base/own-0.yaml"] + "    ${device.properties.offset}\n",
            "districts/d03/2.yaml": files["districts/d03/2.yaml"].replace("value", "other value"),
        }
        write(directory, changed)
        run(*git, "commit", "-q", "-a", "-m", "Change")

        renders = [measured(directory, "render", "--device", "b-2500", "@HEAD") for _ in range(5)]
        one = statistics.median(seconds for seconds, _, _ in renders)
        objects = renders[0][2].count("\napiVersion:") + 1
        if objects != COMMON + OWN + BY_MODEL + BY_DISTRICT:
            raise AssertionError(f"the device has {objects} objects")
        row("render of one device", one, renders[0][1], "-", "-", "<= 50 ms", one <= 0.050)

        peer = f"{DEVICES} renders {one * DEVICES:.0f} s"
        for words in (["lint", "."], ["lint", "@HEAD"], ["impact", "HEAD~1..HEAD"]):
            seconds, memory, text = best(directory, *words)
            row(" ".join(words), seconds, memory, peer, f"1/{one * DEVICES / seconds:.0f}", "<= 3 s, <= 300 MiB",
                seconds <= 3 and memory <= 300)
        if f"{DEVICES} of {DEVICES} devices change" not in text:
            raise AssertionError(text[:500])

    small, (large, memory) = seconds_of_merge(KEYS // 2)[0], seconds_of_merge(KEYS)
    row(f"merge of two maps of {KEYS} keys", large, memory, f"half as many {small * 1000:.0f} ms", f"{large / small:.1f}",
        "<= 3", large <= 3 * small)
    print_table(rows)
    print(f"({DEVICES} devices, {objects} objects each; programs from {BIN})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
