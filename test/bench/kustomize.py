#!/usr/bin/env python3
"""How long an overlay of 500 objects takes to render, beside `kustomize build` of the same files.

Both are programs that read the files from disk and print the objects; they run in turns.
test/bench/run kustomize
"""

import pathlib
import statistics
import subprocess
import sys
import time

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
import kustomize  # noqa: E402
from greenwave import BIN, Scratch  # noqa: E402

OBJECTS = 500
ROUNDS = 7
FACTOR = 5


def deployment(number):
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: signal-{number:03}, labels: {{app: signal-{number:03}}}}}
spec:
  selector: {{matchLabels: {{app: signal-{number:03}}}}}
  template:
    metadata: {{labels: {{app: signal-{number:03}}}}}
    spec:
      containers:
      - name: main
        image: registry.example/signal:1.0
        env: [{{name: LEVEL, value: info}}, {{name: PLAN, valueFrom: {{configMapKeyRef: {{name: plans, key: p}}}}}}]
        ports: [{{containerPort: 8080}}]
        volumeMounts: [{{name: conf, mountPath: /etc/signal}}]
      - {{name: log, image: registry.example/log:2.3}}
      volumes: [{{name: conf, configMap: {{name: plans}}}}]
"""


def service(number):
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: signal-{number:03}}}
spec: {{selector: {{app: signal-{number:03}}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


OVERLAY = """\
resources: [../base]
namespace: city
namePrefix: north-
labels: [{pairs: {team: signals}, includeSelectors: true}]
commonAnnotations: {owner: olga}
images: [{name: registry.example/signal, newTag: "1.1"}, {name: registry.example/log, newName: log, newTag: "3"}]
replicas: [{name: signal-007, count: 3}]
configMapGenerator: [{name: plans, literals: [p=evening]}]
patches:
- target: {kind: Deployment}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: any}
    spec: {template: {spec: {containers: [{name: main, resources: {limits: {memory: 64Mi}}}]}}}
- target: {kind: Service, name: signal-0.*}
  patch: '[{"op": "add", "path": "/spec/type", "value": "NodePort"}]'
"""


def files():
    made = {"overlay/kustomization.yaml": OVERLAY}
    names = []
    for number in range(OBJECTS // 2):
        name = f"signal-{number:03}.yaml"
        made[f"base/{name}"] = deployment(number) + "---\n" + service(number)
        names.append(name)
    made["base/kustomization.yaml"] = "resources:\n" + "".join(f"- {name}\n" for name in names)
    return made


def timed(*command):
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main():
    if kustomize.why_not():
        print(f"SKIPPED: {kustomize.why_not()}")
        return 0
    with Scratch() as root:
        kustomize.write(root, files())
        found = kustomize.difference(kustomize.theirs(root, "overlay"), kustomize.ours(root, "overlay"))
        if found:
            raise AssertionError(found)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed(BIN / "kustomize_build", root, "overlay"))
            theirs.append(timed(kustomize.program(), "build", root / "overlay"))
    mine, peer = statistics.median(ours), statistics.median(theirs)
    reached = peer >= FACTOR * mine
    print(f"overlay of {OBJECTS + 1} objects  {mine * 1000:.1f} ms  kustomize {kustomize.VERSION} {peer * 1000:.1f} ms  "
          f"{peer / mine:.1f} times as fast  >= {FACTOR}  {'reached' if reached else 'MISSED'}")
    print(f"(programs from {BIN})")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
