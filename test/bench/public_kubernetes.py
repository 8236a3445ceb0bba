"""Plain manifests of public repositories on a real API server: by Greenwave, beside `kubectl apply --server-side`.

test/bench/run public_kubernetes DIRECTORY…    each a checkout of a repository; nothing is fetched

Each repository gets two fresh servers, one for each of the two, with every namespace that its manifests name. Objects
are those of the files outside of kustomizations that kubectl can read; of several with the same name, the first. kubectl
applies them until that brings nothing new, since kinds may come with them, and those that intercept requests last.

Prints a table for each repository: objects whose end state is equal, which both refuse, which only one of them applies,
and which differ; then our reasons for what only kubectl applies, and the first field of each that differs. Left out of
the comparison is what a server makes up: identities, times, addresses, ports, who owns which field, status.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:1] = [str(HERE.parent / "support"), str(HERE)]
import kubectl  # noqa: E402
import kubernetes  # noqa: E402
from greenwave import City, Device, Scratch, print_table  # noqa: E402
from public import plain_files  # noqa: E402

LAST = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "ValidatingAdmissionPolicyBinding",
        "MutatingAdmissionPolicyBinding")
FIRST = ("Namespace", "CustomResourceDefinition")
OUTCOMES = ("equal", "both refuse", "only kubectl", "only Greenwave", "different")
MADE_UP = {"metadata": ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp",
                        "deletionGracePeriodSeconds"),
           "spec": ("clusterIP", "clusterIPs", "healthCheckNodePort")}
JOBS = ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name")


def identity(document):
    metadata = document.get("metadata") or {}
    return (document.get("apiVersion", "").rpartition("/")[0], document.get("kind", ""), metadata.get("namespace") or "default",
            metadata.get("name", ""))


def objects_of(repository):
    """The manifests by what they are called, as kubectl reads them."""
    files = [repository / name for name in plain_files(repository)]
    found = {}
    for reading in kubectl.read(files):
        for document in reading["documents"]:
            name = identity(document)
            is_object = name[1] and name[3] and not name[0].endswith(("kustomize.config.k8s.io", "greenwave.dev"))
            if is_object and "kustomize" not in name[0]:
                annotations = (document["metadata"].get("annotations") or {}) | {"greenwave.dev/healthy-within": "1s"}
                document["metadata"]["annotations"] = annotations
                found.setdefault(name, document)
    return found


def by_kubectl(cluster, directory, objects):
    directory.mkdir()
    for late in (False, True):
        part = directory / ("late" if late else "early")
        part.mkdir()
        for number, (name, document) in enumerate(sorted(objects.items(), key=lambda item: item[0][1] not in FIRST)):
            if (name[1] in LAST) == late:
                (part / f"{number:05}.json").write_text(json.dumps(document))
        before = None
        while any(part.iterdir()):
            said = cluster.kubectl("apply", "--server-side", "-f", part, check=False)
            applied = said.count("serverside-applied")
            if applied == before:
                break
            before = applied


def by_greenwave(cluster, directory, objects):
    """What it says."""
    directory.mkdir()
    city = City(directory)
    city.commit({f"{number:05}.json": json.dumps(document) for number, document in enumerate(objects.values())})
    more = f"runtime: kubernetes\nkubernetes: {{kubeconfig: {cluster.kubeconfig()}}}\nhealth: {{reach: 1s}}\n"
    return Device(directory / "device", city.url, device="public", more=more).once().stdout


def resources(cluster):
    """(group, kind) → its path in the API, and whether it is in namespaces."""
    kinds = {}
    groups = [("/api/v1", "")]
    for group in cluster.get("/apis")["groups"]:
        groups += [(f"/apis/{version['groupVersion']}", group["name"]) for version in group["versions"]]
    for path, group in groups:
        for one in cluster.get(path)["resources"]:
            if "/" not in one["name"]:
                kinds.setdefault((group, one["kind"]), (f"{path}/{one['name']}", one["namespaced"]))
    return kinds


def essence(found):
    for part, keys in MADE_UP.items():
        for key in keys:
            if isinstance(found.get(part), dict):
                found[part].pop(key, None)
    found.pop("status", None)
    metadata = [found["metadata"]]
    if found["kind"] == "Job":
        metadata.append(found["spec"]["template"].get("metadata", {}))
        found["spec"].pop("selector", None)
    for one in metadata:
        labels = one.get("labels", {})
        for key in [key for key in labels if key.startswith("device.greenwave.dev/") or (found["kind"] == "Job" and key in JOBS)]:
            del labels[key]
        if not labels:
            one.pop("labels", None)
    if found["kind"] == "Service":
        for port in found["spec"].get("ports", []):
            port.pop("nodePort", None)
    return found


def state(cluster, objects):
    """The objects that the server has, by identity."""
    kinds, lists, there = resources(cluster), {}, {}
    for name in objects:
        if name[:2] not in kinds:
            continue
        path, namespaced = kinds[name[:2]]
        if path not in lists:
            lists[path] = {(item["metadata"].get("namespace", ""), item["metadata"]["name"]): item
                           for item in cluster.get(path)["items"]}
            kind = name[1]
            for item in lists[path].values():
                item["kind"] = kind
        found = lists[path].get((name[2] if namespaced else "", name[3]))
        # What every server has by itself is applied where our mark is on it.
        if found and "greenwave.dev/healthy-within" in found["metadata"].get("annotations", {}):
            there[name] = essence(found)
    return there


def first_difference(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if ours.get(key) != theirs.get(key):
                return first_difference(ours.get(key), theirs.get(key), f"{path}.{key}")
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (left, right) in enumerate(zip(ours, theirs)):
            if left != right:
                return first_difference(left, right, f"{path}[{number}]")
    return f"{path}: ours {json.dumps(ours)[:100]}, kubectl's {json.dumps(theirs)[:100]}"


def outcome_of(ours, theirs):
    if ours is None or theirs is None:
        return "both refuse" if ours is theirs else "only kubectl" if ours is None else "only Greenwave"
    return "equal" if ours == theirs else "different"


def why_not(said, name):
    group, kind, namespace, plain = name
    pattern = re.compile(rf"(?:error|problem).*\b{re.escape(kind)}/(?:{re.escape(namespace)}/)?{re.escape(plain)}\b.*")
    found = pattern.search(said)
    return found.group(0)[:300] if found else "no reason was said"


def compare(repository, scratch):
    objects = objects_of(repository)
    namespaces = {name[2] for name in objects} | {name[3] for name in objects if name[1] == "Namespace"}
    states = []
    said = ""
    for who in ("ours", "theirs"):
        with kubernetes.Cluster(scratch / f"{who}.cluster") as cluster:
            for name in sorted(namespaces - {"default", "kube-system", "kube-public", "kube-node-lease"}):
                cluster.kubectl("create", "namespace", name, check=False)
            if who == "ours":
                said = by_greenwave(cluster, scratch / who, objects)
            else:
                by_kubectl(cluster, scratch / who, objects)
            states.append(state(cluster, objects))
    counts = collections.Counter()
    remarks = []
    for name in objects:
        ours, theirs = (there.get(name) for there in states)
        outcome = outcome_of(ours, theirs)
        counts[outcome] += 1
        label = f"{name[1]}/{name[2]}/{name[3]}"
        if outcome == "only kubectl":
            remarks.append(f"{label}: {why_not(said, name)}")
        elif outcome == "only Greenwave":
            remarks.append(f"{label}: only Greenwave applies it")
        elif outcome == "different":
            remarks.append(f"{label}: {first_difference(ours, theirs)}")
    return counts, remarks


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("repositories", nargs="*", metavar="DIRECTORY")
    chosen = options.parse_args()
    why = kubernetes.why_not() or kubectl.why_not() or (None if chosen.repositories else "no repository was named")
    if why:
        print(f"SKIPPED: {why}")
        return 0
    rows = [("repository", "objects", *OUTCOMES)]
    told = []
    for directory in chosen.repositories:
        repository = pathlib.Path(directory).resolve()
        with Scratch() as scratch:
            counts, remarks = compare(repository, scratch)
        rows.append((repository.name, str(sum(counts.values())), *(str(counts[outcome]) for outcome in OUTCOMES)))
        told += [f"{repository.name}: {remark}" for remark in remarks]
    print_table(rows)
    print("\n".join(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
