#!/usr/bin/env python3
"""What public repositories' workloads become under podman, beside what Kubernetes means by them.

test/bench/run public_podman DIRECTORY…    each a checkout of a repository; nothing is fetched. Needs root

Takes each Pod, Deployment, DaemonSet, Job and CronJob of the plain files and of the kustomizations that render, with the
ConfigMaps, Secrets and claims beside it. `greenwave lint` judges them for a device with podman. Those that it takes run
under a real podman: every program of theirs is a stand-in that sleeps (in init containers, one that ends), without
probes, so that their fields decide. What their containers got is compared with what the reference of Kubernetes makes
of the manifest, in expected() below.

Prints for each repository how many run unchanged, are refused and differ, and the reasons, most frequent first. A
refusal for something that a node alone does not have (an API server, a storage driver, the host itself, an object that
is not in the repository) counts apart, and so does what an API server refuses too, such as a part of a patch.
"""

import argparse
import base64
import collections
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# The support's, and before this directory's yaml.py the reader of that name.
sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import yaml  # noqa: E402

import podman  # noqa: E402
from greenwave import BIN, City, Scratch  # noqa: E402

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
WORKLOADS = ("Pod", "Deployment", "DaemonSet", "Job", "CronJob")
MATERIAL = ("ConfigMap", "Secret", "PersistentVolumeClaim")
COLUMNS = ["unchanged", "refused", "differs", "needs more", "no object"]
AT_ONCE = 12
# What a refusal is about when a node alone would not do either.
NEEDS_MORE = re.compile(
    "Pod Security Standards|beyond the baseline|is not allowed on this device|shows a container|no manifest of this device declares|"
    "kind of volume|no API server|drivers of resources|one runtime on a device|has no key|gate on a device|no controller sets")
# What an API server refuses as well: files that are parts of others.
NO_OBJECT = re.compile("has no selector|has no template|has no spec|has no containers|has no image|does not select the pods|the pod does not have|"
                       "there is no field|is an? [a-z ]+, not|an empty selector|this is no port|a Job finds its pods")
CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: public}
spec: {runtime: podman, layers: [{path: base}]}
"""
STAND_IN = """#include <signal.h>
#include <unistd.h>
static void end(int signal) { _exit(signal * 0); }
int main(void) { signal(SIGTERM, end); return SLEEPS && pause(); }
"""


def documents_of(text):
    try:
        for document in yaml.load_all(text, Loader=yaml.CSafeLoader):
            items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else [document]
            yield from (one for one in items or [] if isinstance(one, dict) and isinstance(one.get("metadata"), dict))
    except (yaml.YAMLError, ValueError, AttributeError):
        return


def groups_of(repository):
    """(where, its objects) of each kustomization and plain file."""
    for directory, below, files in os.walk(repository):
        below[:] = sorted(name for name in below if name != ".git")
        place = os.path.relpath(directory, repository)
        if any(name in files for name in KUSTOMIZATIONS):
            made = subprocess.run([BIN / "kustomize_build", repository, "" if place == "." else place], capture_output=True)
            if made.returncode == 0:
                yield place, json.loads(made.stdout)
            continue
        for name in sorted(files):
            path = pathlib.Path(directory) / name
            if name.endswith((".yaml", ".yml", ".json")) and path.is_file() and path.stat().st_size < 1 << 20:
                text = path.read_text(errors="replace")
                if "kind:" in text or '"kind"' in text:
                    yield os.path.join(place, name), list(documents_of(text))


class Unit:
    """A workload with what it may use."""

    def __init__(self, repository, place, workload, material):
        self.repository, self.place = repository, place
        self.workload, self.material = workload, material
        self.key = json.dumps([workload, material], sort_keys=True, default=str)
        self.column, self.detail = "unchanged", ""
        self.compared = 0  # containers

    def frame(self):
        spec = self.workload.get("spec") or {}
        if self.workload["kind"] == "CronJob":
            spec = ((spec.get("jobTemplate") or {}).get("spec")) or {}
        return self.workload if self.workload["kind"] == "Pod" else spec.get("template") or {}

    def containers(self):
        spec = self.frame().get("spec") or {}
        return [(list_, one) for list_ in ("initContainers", "containers") for one in spec.get(list_) or []]

    def put(self, column, detail):
        self.column, self.detail = column, detail


def units_of(repository):
    seen = set()
    for place, objects in groups_of(repository):
        material = [one for one in objects if one.get("kind") in MATERIAL and one.get("apiVersion") == "v1"]
        for one in objects:
            versions = ("v1", "apps/v1", "batch/v1")
            if one.get("kind") not in WORKLOADS or one.get("apiVersion") not in versions or not one["metadata"].get("name"):
                continue
            space = one["metadata"].get("namespace")
            unit = Unit(repository, place, one, [other for other in material if other["metadata"].get("namespace") == space])
            if unit.key not in seen:
                seen.add(unit.key)
                yield unit


def reason(message):
    """A refusal without what is particular to it."""
    text = re.sub(r"\b(spec|metadata|data|binaryData|stringData)(\.[\w-]+|\[[^]]*\])*", lambda found: re.sub(r"\[\d+\]", "[]", found[0]), message)
    text = re.sub(r"^(\w+/)[\w.-]+", r"\1…", text)
    text = re.sub(r"path \S+", "path …", text)
    text = re.sub(r"(declares|volume|image) \S+", r"\1 …", text)
    return text[:170]


def judge(unit, directory):
    """Asks lint."""
    base = pathlib.Path(directory) / "base"
    base.mkdir(exist_ok=True)
    (pathlib.Path(directory) / "greenwave.yaml").write_text(CLUSTER)
    (base / "unit.yaml").write_text("\n---\n".join(json.dumps(one, default=str) for one in [*unit.material, unit.workload]))
    told = subprocess.run([BIN / "greenwave", "lint", "-o", "json", directory], capture_output=True, text=True)
    findings = json.loads(told.stdout or "{}").get("findings", [])
    errors = [one for one in findings if one["severity"] == "error" and one["rule"] != "secret"]
    if not errors:
        return
    parts = [one for one in errors if NO_OBJECT.search(one["message"])]
    if parts:
        return unit.put("no object", reason(parts[0]["message"]))
    more = [one for one in errors if NEEDS_MORE.search(one["message"])]
    first = (more or errors)[0]
    return unit.put("needs more" if more else "refused", reason(first["message"]))


# What Kubernetes means, by its reference and the kubelet's code.

SUFFIXES = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
            "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def amount(text):
    number, suffix = re.fullmatch(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)", str(text)).groups()
    return float(number) * SUFFIXES[suffix]


def expand(text, values):
    return re.sub(r"\$\$|\$\(([^)]*)\)",
                  lambda found: "$" if found[0] == "$$" else values.get(found[1], found[0]), text)


class Reference:
    """One container of a unit, as the kubelet would make it."""

    def __init__(self, unit, container, pod_name, device):
        self.unit, self.container, self.pod_name, self.device = unit, container, pod_name, device
        self.pod = unit.frame().get("spec") or {}
        self.metadata = unit.frame().get("metadata") or {}

    def data(self, kind, name):
        for one in self.unit.material:
            if (one["kind"], one["metadata"]["name"]) == (kind, name):
                return {**{key: base64.b64decode(value or "").decode() if kind == "Secret" else value
                           for key, value in (one.get("data") or {}).items()}, **(one.get("stringData") or {})}
        return None

    def field(self, path):
        space = self.unit.workload["metadata"].get("namespace") or "default"
        name = self.unit.workload["metadata"]["name"] if self.unit.workload["kind"] == "Pod" else self.pod_name
        plain = {"metadata.name": name, "metadata.namespace": space, "spec.nodeName": self.device,
                 "spec.serviceAccountName": self.pod.get("serviceAccountName") or self.pod.get("serviceAccount") or "default"}
        subscript = re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path)
        if subscript:
            return str((self.metadata.get(subscript[1]) or {}).get(subscript[2], ""))
        return plain.get(path)  # None: it may be anything

    def environment(self):
        values = {}
        for source in self.container.get("envFrom") or []:
            for ref, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                for key, value in ((self.data(kind, source[ref]["name"]) if ref in source else None) or {}).items():
                    values[source.get("prefix", "") + key] = value
        for variable in self.container.get("env") or []:
            name, source = variable["name"], variable.get("valueFrom") or {}
            if variable.get("value"):
                values[name] = expand(variable["value"], {key: value for key, value in values.items() if value is not None})
            elif "configMapKeyRef" in source or "secretKeyRef" in source:
                ref = source.get("configMapKeyRef") or source["secretKeyRef"]
                data = self.data("ConfigMap" if "configMapKeyRef" in source else "Secret", ref["name"]) or {}
                if ref["key"] in data:
                    values[name] = data[ref["key"]]
            elif "fieldRef" in source:
                values[name] = self.field(source["fieldRef"]["fieldPath"])
            elif "resourceFieldRef" in source:
                values[name] = None
            else:
                values[name] = ""
        return values

    def user(self):
        own, pods = self.container.get("securityContext") or {}, self.pod.get("securityContext") or {}
        user, group = (own.get(key, pods.get(key)) for key in ("runAsUser", "runAsGroup"))
        if user is None and group is None:
            return ""
        return f"{user if user is not None else 0}" + (f":{group}" if group is not None else "")

    def limits(self):
        limits = (self.container.get("resources") or {}).get("limits") or {}
        memory, processors = amount(limits.get("memory") or 0), amount(limits.get("cpu") or 0)
        return {"memory": round(memory), "quota": max(round(processors * 100_000), 1000) if processors else 0}

    def mounts(self):
        kinds = {volume["name"]: next((kind for kind in volume if kind != "name"), "") for volume in self.pod.get("volumes") or []}
        claims = {volume["name"]: (volume.get("persistentVolumeClaim") or {}).get("readOnly", False) for volume in self.pod.get("volumes") or []}
        fixed = ("configMap", "secret", "projected", "downwardAPI")
        return {mount["mountPath"].rstrip("/"): not (mount.get("readOnly") or kinds[mount["name"]] in fixed or claims[mount["name"]])
                for mount in self.container.get("volumeMounts") or []}

    def ports(self):
        if self.pod.get("hostNetwork"):
            return []
        return sorted(f"{port['containerPort']}/{port.get('protocol', 'TCP').lower()}={port['hostPort']}"
                      for port in self.container.get("ports") or [] if port.get("hostPort"))

    def expected(self):
        environment = self.environment()
        known = {key: value for key, value in environment.items() if value is not None}
        return {
            "env": environment,
            "command": [expand(word, known) for word in self.container.get("command") or []],
            "args": [expand(word, known) for word in self.container.get("args") or []],
            "user": self.user(), "workingDir": self.container.get("workingDir") or None, **self.limits(),
            "mounts": self.mounts(), "readOnlyRoot": bool((self.container.get("securityContext") or {}).get("readOnlyRootFilesystem")),
            "tty": bool(self.container.get("tty")),
        }


def found_in(inspected, wanted):
    """The same of what podman made; of the environment, what was asked for and is not the image's."""
    config, host = inspected["Config"], inspected["HostConfig"]
    environment = dict(line.split("=", 1) for line in config["Env"])
    usual = {"HOME", "HOSTNAME", "PATH", "TERM", "container"}
    spec = json.loads(pathlib.Path(inspected["OCIConfigPath"]).read_text()) if os.path.exists(inspected["OCIConfigPath"] or "") else None
    words = spec["process"]["args"] if spec else None
    mounts = {mount["Destination"].rstrip("/"): mount["RW"] for mount in inspected["Mounts"]}
    devices = {device["PathInContainer"]: True for device in host.get("Devices") or []}
    return {
        "env": {key: (None if key in wanted["env"] and wanted["env"][key] is None else value)
                for key, value in environment.items() if key not in usual or key in wanted["env"]},
        "words": words, "user": config["User"], "workingDir": config["WorkingDir"],
        "memory": host["Memory"], "quota": host["CpuQuota"], "mounts": {**devices, **mounts},
        "readOnlyRoot": host["ReadonlyRootfs"], "tty": config["Tty"],
    }


def difference(wanted, found):
    words = wanted.pop("command") + wanted.pop("args")
    seen = found.pop("words")
    if seen is not None and words and seen[-len(words):] != words:
        return f"words: {words} became {seen}"
    if wanted["workingDir"] is None:
        del wanted["workingDir"]
    for key, value in wanted.items():
        if value != found[key]:
            return f"{key}: {value} became {found[key]}"[:300]
    return ""


# The stand-ins.

def program_of(container):
    words = container.get("command") or []
    return str(words[0]) if words else ""


def make_images(here, scratch, units):
    """Two images whose every program sleeps, or ends; with all the programs that the units name."""
    named = {program_of(container) for unit in units for _, container in unit.containers()}
    places = {pathlib.PurePosixPath(container["workingDir"]) for unit in units for _, container in unit.containers()
              if str(container.get("workingDir") or "").startswith("/")}
    for name, sleeps in (("localhost/sleeps:1", 1), ("localhost/ends:1", 0)):
        tree = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        source, program = scratch / "stand_in.c", tree / "stand-in"
        source.write_text(STAND_IN)
        subprocess.run(["gcc", "-static", "-Os", f"-DSLEEPS={sleeps}", "-o", program, source], check=True)
        for directory in ["usr/bin", "etc", "tmp", *(str(place).lstrip("/") for place in places)]:
            (tree / directory).mkdir(parents=True, exist_ok=True)
        for word in named:
            path = tree / (word.lstrip("/") if "/" in word else f"usr/bin/{word}")
            if word and "$(" not in word and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to("/stand-in")
        archive = scratch / "image.tar"
        subprocess.run(["tar", "-C", tree, "-cf", archive, "."], check=True)
        here.podman("import", "--change", 'ENTRYPOINT ["/stand-in"]', "--change", "ENV PATH=/usr/bin", archive, name)


def runnable(unit, number):
    """The unit with a name of its own and the stand-ins."""
    workload, material = copy.deepcopy(unit.workload), copy.deepcopy(unit.material)
    made = Unit(unit.repository, unit.place, workload, material)
    workload["metadata"]["name"] = f"u{number}"
    workload["metadata"]["namespace"] = f"n{number}"
    for one in material:
        one["metadata"]["namespace"] = f"n{number}"
    spec = made.frame()["spec"]
    if workload["kind"] == "Deployment":
        workload["spec"]["replicas"] = 1
    for list_, container in made.containers():
        ends = list_ == "initContainers" and container.get("restartPolicy") != "Always"
        container["image"] = "localhost/ends:1" if ends else "localhost/sleeps:1"
        container["imagePullPolicy"] = "Never"
        for field in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
            container.pop(field, None)
    spec["terminationGracePeriodSeconds"] = 0
    for volume in spec.get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            volume["persistentVolumeClaim"]["claimName"] = f"{volume['persistentVolumeClaim']['claimName']}-{number}"
    for one in material:
        if one["kind"] == "PersistentVolumeClaim":
            one["metadata"]["name"] += f"-{number}"
    return made


def compare(here, made, unit, out):
    prefix = made.workload["metadata"]["name"] + "-"
    listed = [one for one in here.containers().values() if one["PodName"].startswith(prefix)]
    if not listed:
        lines = [line for line in out.splitlines() if f"/{made.workload['metadata']['name']}" in line and "fail" in line or "cannot" in line]
        problem = next((line for line in lines if f"u{prefix[1:-1]}" in line), "it was not made")
        return unit.put("needs more" if NEEDS_MORE.search(problem) else "refused", reason(problem.strip()))
    for _, container in made.containers():
        names = [one for one in listed if one["Names"][0] == f"{one['PodName']}-{container['name']}"]
        if not names:
            continue  # an init container that has ended
        inspected = json.loads(here.podman("inspect", names[0]["Id"]))[0]
        wanted = Reference(made, container, names[0]["PodName"], "bench").expected()
        unit.compared += 1
        found = difference(wanted, found_in(inspected, wanted))
        if found:
            return unit.put("differs", found)
    return None


def run_units(units, scratch):
    with podman.Podman(scratch / "podman") as here:
        make_images(here, scratch, units)
        city = City(scratch)
        with podman.PodmanDevice(scratch / "device", city.url, here, settings=", hostPorts: [1-65535]", device="bench") as device:
            for begin in range(0, len(units), AT_ONCE):
                batch = [(unit, runnable(unit, begin + i)) for i, unit in enumerate(units[begin:begin + AT_ONCE])]
                files = {f"u{begin + i}.yaml": "\n---\n".join(json.dumps(one, default=str) for one in [*made.material, made.workload])
                         for i, (_, made) in enumerate(batch)}
                city.commit(files)
                out = device.once(check=None).stdout
                for unit, made in batch:
                    compare(here, made, unit, out)
                print(f"  {begin + len(batch)} of {len(units)}", file=sys.stderr)
                city.commit({name: None for name in files})
                device.once(check=None)


def show(units, every):
    table = collections.defaultdict(collections.Counter)
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for unit in units:
        table[unit.repository.name][unit.column] += 1
        if unit.column != "unchanged":
            groups[unit.column][unit.detail].append(f"{unit.repository.name}/{unit.place}")
    width = max(len(name) for name in [*table, "all"])
    print(" " * width, *(f"{column:>11}" for column in COLUMNS), "   of a node's")
    table["all"] = sum(table.values(), collections.Counter())
    for name, counts in table.items():
        nodes = sum(counts[column] for column in COLUMNS[:3])
        print(f"{name:{width}}", *(f"{counts[column]:11}" for column in COLUMNS), f"{100 * counts['unchanged'] / max(nodes, 1):9.1f} %")
    for column in ("differs", "refused", "needs more", "no object"):
        print(f"\n{column}")
        for text, places in sorted(groups[column].items(), key=lambda item: -len(item[1])):
            print(f"  {len(places):5}  {text}")
            for place in places if every else places[:1]:
                print(f"         {place}")
    return table["all"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("repositories", nargs="*", metavar="DIRECTORY")
    options.add_argument("--every", action="store_true", help="name every place of a group")
    options.add_argument("--most", type=int, default=1000, metavar="N", help="run so many of them at most")
    options.add_argument("--lint", action="store_true", help="ask lint alone: nothing is run")
    chosen = options.parse_args()
    why = podman.why_not() or (None if chosen.repositories else "no repository was named")
    if why:
        print(f"SKIPPED: {why}")
        return 0
    units = [unit for repository in chosen.repositories for unit in units_of(pathlib.Path(repository).resolve())]
    with tempfile.TemporaryDirectory() as directory:
        for unit in units:
            judge(unit, directory)
    if not chosen.lint:
        taken = [unit for unit in units if unit.column == "unchanged" and unit.workload["kind"] != "CronJob"][:chosen.most]
        with Scratch() as scratch:
            run_units(taken, scratch)
    counts = show(units, chosen.every)
    print(f"\n{sum(unit.compared for unit in units)} containers were compared")
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
