"""The figures of a device with 20 pods under podman: no-op sync, API requests, change of one pod, memory.

Each is compared with `podman kube play --replace` of the same files, on the same podman in the same run. Needs
root:  test/bench/run podman
"""

import json
import pathlib
import re
import statistics
import sys

# The support's podman.py, before this file of the same name.
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import BIN, City, Scratch, print_table  # noqa: E402
from main_job import milliseconds, resident, timed  # noqa: E402

PODS = 20
ROUNDS = 15


def pod(number, note=""):
    """A typical manifest: a ConfigMap, and a pod that mounts it."""
    name = f"pod-{number:02}"
    return "\n---\n".join(json.dumps(document) for document in (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-conf"}, "data": {"motd": f"{name} {note}\n"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "main", "image": "localhost/busy:1", "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do /bin/sleep 0.5; done"],
                "volumeMounts": [{"name": "conf", "mountPath": "/conf"}]}],
            "volumes": [{"name": "conf", "configMap": {"name": f"{name}-conf"}}]}})) + "\n"


def requests(podman_here):
    """That podman's service has answered so far."""
    return len(re.findall(r'"(?:GET|POST|DELETE|PUT|HEAD) /v', podman_here.service_log()))


def main():
    rows, missed = [], []

    def row(name, ours, peer, bound, good):
        rows.append((name, ours, peer, bound, "reached" if good else "MISSED"))
        if not good:
            missed.append(name)

    with Scratch() as scratch, podman.Podman(scratch / "podman", log_level="info") as here:
        here.make_image("localhost/busy:1")
        city = City(scratch)
        city.commit({f"pod-{n:02}.yaml": pod(n) for n in range(PODS)}, f"{PODS} pods")
        with podman.PodmanDevice(scratch / "device", city.url, here) as device:
            device.start()
            first = timed(lambda: device.sync())
            running = here.containers()
            if len(running) != PODS:
                raise AssertionError(device.log.read_text())
            for _ in range(3):
                device.sync()
            before = requests(here)
            passes = [timed(device.sync) for _ in range(ROUNDS)]
            asked = (requests(here) - before) / ROUNDS
            answers = [timed(here.containers) for _ in range(ROUNDS)]
            city.commit({"pod-07.yaml": pod(7, "changed")}, "One of them")
            change = timed(device.sync)
            now = here.containers()
            kept = {container["Id"] for container in running.values()} & {container["Id"] for container in now.values()}
            memory = resident(device.daemon.pid)
        here.podman("pod", "rm", "--force", "--time", "1", "--all")

        whole = scratch / "all.yaml"
        whole.write_text("---\n".join(pod(n) for n in range(PODS)))
        theirs_first = timed(lambda: here.podman("kube", "play", "--replace", whole))
        theirs_noop = timed(lambda: here.podman("kube", "play", "--replace", whole))
        alone = {line.split()[0] for line in here.podman("ps", "--no-trunc", "--quiet").splitlines()}
        whole.write_text("---\n".join(pod(n, "changed" if n == 7 else "") for n in range(PODS)))
        theirs_change = timed(lambda: here.podman("kube", "play", "--replace", whole))
        theirs_kept = alone & {line.split()[0] for line in here.podman("ps", "--no-trunc", "--quiet").splitlines()}

    noop = statistics.median(passes)
    rows.insert(0, ("", "greenwave", "kube play --replace", "must reach", ""))
    row(f"first run of {PODS} pods", milliseconds(first), milliseconds(theirs_first), "-", True)
    row("nothing changed", milliseconds(noop), milliseconds(theirs_noop), "<= 50 ms", noop <= 0.050)
    row("of that, podman's answer to one list", milliseconds(statistics.median(answers)), "-", "-", True)
    row("API requests of that", f"{asked:.1f}", "-", "<= 3", asked <= 3)
    row("one of them changed, until it is healthy", milliseconds(change), milliseconds(theirs_change), "-", True)
    row("pods that ran on", f"{len(kept)} of {PODS}", f"{len(theirs_kept)} of {PODS}", f"{PODS - 1}", len(kept) == PODS - 1)
    row("agent's resident memory", f"{memory:.1f} MiB", "-", "<= 16 MiB", memory <= 16)
    print_table(rows)
    print(f"(programs from {BIN})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
