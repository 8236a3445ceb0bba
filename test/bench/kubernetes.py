"""1,000 ConfigMaps on a real API server: first apply, no-op, requests, memory, beside `kubectl apply --server-side`;
200 of them over a link that delivers each packet after 300 ms; and 5,000 that are removed, beside `kubectl delete -f
--wait=false` of the same ones: where it waits, it looks after some five a second, and takes half an hour.

Both talk to the same server over TLS with a client certificate, in turns, each in its own namespace, which is empty
each time: the object count of a round is the same for both. test/bench/run kubernetes
"""

import json
import pathlib
import statistics
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import kubernetes  # noqa: E402
from distant import Distant  # noqa: E402
from greenwave import City, Device, Scratch, print_table, timed  # noqa: E402

OBJECTS = 1000
ROUNDS = 3
FIRST_APPLY = 0.5  # of kubectl's wall time, at most
NO_OP = 0.1
MEMORY = 24  # MiB
FAR = 200  # objects
DELAY = 0.3  # seconds a packet, each way
FAR_APPLY = 6  # seconds, at most
PRUNED = 5000
PRUNE = 1.0  # of kubectl's wall time, at most


def config_map(namespace, number):
    return json.dumps({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"plan-{number:04}", "namespace": namespace},
        "data": {"offset": str(number), "plan": "cycle=90 split=45/45 " * 20}})


def manifests(namespace, objects=OBJECTS):
    return {f"plans/{group}.yaml": "\n---\n".join(config_map(namespace, n) for n in range(group * 100, group * 100 + 100))
            for group in range(objects // 100)}


def write(directory, files):
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def resident(pid, field):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(field))) / 1024


def requests(cluster, since):
    events = (json.loads(line) for line in (cluster.directory / "audit.log").read_bytes()[since:].decode().splitlines())
    return [f"{event['verb']} {event['requestURI']}" for event in events
            if event.get("userAgent", "").startswith("greenwaved")]


def more(kubeconfig):
    return f"runtime: kubernetes\nkubernetes: {{kubeconfig: {kubeconfig}}}\n"


def sync_all(device, objects):
    """Until all are applied: a machine that is busy with other things lets requests time out."""
    for _ in range(10):
        device.sync()
        if device.json("status")["inSync"] == objects:
            return
    raise AssertionError(f"{device.json('status')['inSync']} of {objects} objects are in sync")


def far(scratch, cluster):
    """How long a first apply and a sync that changes nothing take over a slow link."""
    cluster.create("/api/v1/namespaces", {"metadata": {"name": "far"}})
    (scratch / "far").mkdir()
    city = City(scratch / "far")
    city.commit(manifests("far", FAR))
    with Distant(cluster.port, DELAY) as link:
        kubeconfig = cluster.kubeconfig("far.config", port=link.port)
        with Device(scratch / "far/device", city.url, device="far", more=more(kubeconfig)).start() as device:
            took = timed(lambda: device.sync()), timed(lambda: device.sync())
    found = len(cluster.get("/api/v1/namespaces/far/configmaps")["items"])
    if found != FAR:
        raise AssertionError(f"{found} of {FAR} objects were applied over the link")
    return took


def prune(scratch, cluster):
    """How long Greenwave takes, kubectl, and the requests of Greenwave. Greenwave has applied what either removes."""
    took = {}
    for who in ("ours", "theirs"):
        namespace = f"prune-{who}"
        cluster.create("/api/v1/namespaces", {"metadata": {"name": namespace}})
        (scratch / namespace).mkdir()
        city = City(scratch / namespace)
        files = manifests(namespace, PRUNED)
        city.commit({**files, "kept.yaml": config_map("default", who == "ours")})
        with Device(scratch / namespace / "device", city.url, device=namespace, more=more(cluster.kubeconfig())).start() as device:
            sync_all(device, PRUNED + 1)
            if who == "ours":
                city.commit({name: None for name in files})
                since = (cluster.directory / "audit.log").stat().st_size
                took[who] = timed(lambda: device.sync())
                asked = requests(cluster, since)
        if who == "theirs":
            write(scratch / namespace, files)
            took[who] = timed(lambda: cluster.kubectl("delete", "--wait=false", "-f", scratch / namespace / "plans"))
        left = len(cluster.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"])
        if left:
            raise AssertionError(f"{left} objects were left in {namespace}")
    return took["ours"], took["theirs"], len(asked)


def main():
    if kubernetes.why_not():
        print(f"skipped: {kubernetes.why_not()}")
        return 0
    with Scratch() as scratch, kubernetes.Cluster(scratch / "cluster") as cluster:
        firsts, seconds, theirs, their_seconds = [], [], [], []
        for attempt in range(ROUNDS):
            peer, own = f"peer-{attempt}", f"own-{attempt}"
            for name in (peer, own):
                cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
            directory = scratch / peer
            write(directory, manifests(peer))
            apply = lambda: cluster.kubectl("apply", "--server-side", "-f", directory / "plans")  # noqa: E731
            theirs.append(timed(apply))
            their_seconds.append(timed(apply))

            (scratch / own).mkdir()
            city = City(scratch / own)
            city.commit(manifests(own))
            with Device(scratch / own / "device", city.url, device=own, more=more(cluster.kubeconfig())).start() as device:
                firsts.append(timed(lambda: device.sync()))
                device.sync()
                since = (cluster.directory / "audit.log").stat().st_size
                seconds.append(statistics.median(timed(lambda: device.sync()) for _ in range(5)))
                asked = requests(cluster, since)
                idle, peak = resident(device.daemon.pid, "VmRSS"), resident(device.daemon.pid, "VmHWM")
            found = len(cluster.get(f"/api/v1/namespaces/{own}/configmaps")["items"])
            if found != OBJECTS:
                raise AssertionError(f"{found} of {OBJECTS} objects were applied")
        far_apply, far_no_op = far(scratch, cluster)
        pruned, deleted, prune_requests = prune(scratch, cluster)

    first, second, their = min(firsts), min(seconds), min(theirs)
    rows = [
        ("", "greenwaved", "kubectl", "ratio", "at most"),
        (f"first apply of {OBJECTS} ConfigMaps", f"{first:.2f} s", f"{their:.2f} s", f"{first / their:.2f}", f"{FIRST_APPLY}"),
        ("no-op", f"{second * 1000:.0f} ms", f"{min(their_seconds):.2f} s", f"{second / their:.3f} of its first apply", f"{NO_OP}"),
        ("requests of a no-op", f"{len(asked) / 5:.0f}", "", "", "1 a kind"),
        (f"first apply of {FAR} at {DELAY * 1000:.0f} ms a packet", f"{far_apply:.2f} s", "", "", f"{FAR_APPLY} s"),
        ("no-op of them", f"{far_no_op:.2f} s", "", "", ""),
        (f"prune of {PRUNED} ConfigMaps", f"{pruned:.2f} s", f"{deleted:.2f} s", f"{pruned / deleted:.2f}", f"{PRUNE}"),
        ("requests of the prune", f"{prune_requests}", "", "", f"{PRUNED + 10}"),
        ("resident memory, idle", f"{idle:.1f} MiB", "", "", f"{MEMORY} MiB"),
        ("resident memory, peak", f"{peak:.1f} MiB", "", "", ""),
    ]
    print_table(rows)
    good = first <= FIRST_APPLY * their and second <= NO_OP * their and len(asked) <= 5 and idle <= MEMORY
    good = good and far_apply <= FAR_APPLY and pruned <= PRUNE * deleted and prune_requests <= PRUNED + 10
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
