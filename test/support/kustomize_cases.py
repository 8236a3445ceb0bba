"""Kustomizations in the shapes that kustomize documents, each with the directory that is built."""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      containers:
      - name: web
        image: registry.example:5000/signal/web:1.4
        env:
        - {name: LEVEL, value: info}
        - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: k}}}
        envFrom: [{configMapRef: {name: settings}}]
        ports: [{containerPort: 80}, {containerPort: 443, name: tls}]
        volumeMounts: [{name: data, mountPath: /data}]
      - name: proxy
        image: proxy
      initContainers:
      - {name: init, image: "busybox@sha256:0123"}
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: claim}}
      - {name: conf, configMap: {name: settings}}
      - {name: all, projected: {sources: [{secret: {name: keys}}, {configMap: {name: settings}}]}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}, {port: 53, protocol: UDP}]
"""
ROLES = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: runner}, {kind: ServiceAccount, name: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: everyone}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
"""
OTHERS = """\
apiVersion: v1
kind: Namespace
metadata: {name: city}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec: {storageClassName: fast}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{name: report, image: report:2, envFrom: [{secretRef: {name: keys}}]}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: web
  template: {spec: {containers: [{name: store, image: store}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: fast}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  tls: [{secretName: keys}]
  rules: [{http: {paths: [{path: /, backend: {service: {name: web}}}]}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {kind: Deployment, name: web}}
---
apiVersion: example.com/v1
kind: Signal
metadata: {name: main, annotations: {}}
spec: {phases: [{name: a, green: 30}, {name: b, green: 20}], containers: [{image: "web:1"}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}
"""
OWN = """\
apiVersion: greenwave.dev/v1
kind: File
metadata: {name: chrony}
spec: {path: /etc/chrony/chrony.conf, content: "server ${cluster.vars.ntp} iburst\\n", mode: "0644"}
---
apiVersion: greenwave.dev/v1
kind: SystemdUnit
metadata: {name: chrony}
spec: {name: chrony.service, enabled: true, dropIns: [{name: a, content: x}, {name: b, content: y}]}
"""

BASE = {
    "base/kustomization.yaml": "resources: [web.yaml, service.yaml, roles.yaml, others.yaml]\n",
    "base/web.yaml": DEPLOYMENT,
    "base/service.yaml": SERVICE,
    "base/roles.yaml": ROLES,
    "base/others.yaml": OTHERS,
}
GENERATED = """\
configMapGenerator:
- {name: settings, literals: [level=info, "quoted='a b'", 'html=<a>&"b"'], files: [conf.ini, other=conf.ini], envs: [a.env]}
secretGenerator:
- {name: keys, literals: [k=v], type: example.com/key}
"""
FILES = {
    "overlay/conf.ini": "a = 1\n\tb = ü \u2028\n",
    "overlay/a.env": "\ufeffA=1\n# comment\n  B = 2 \n\nC\n",
    "overlay/long.bin": bytes(range(256)) * 2,
    "overlay/short.bin": b"\xff\xfe",
}


def overlay(text, **files):
    return {**BASE, **FILES, "overlay/kustomization.yaml": text, **files}


def on_base(text, **files):
    return overlay("resources: [../base]\n" + text, **files), "overlay"


def patched(patch, target=""):
    lines = "".join(f"    {line}\n" for line in patch.strip("\n").splitlines())
    return on_base(f"patches:\n- patch: |-\n{lines}{target}")


def web(spec):
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n" + spec


def in_template(spec):
    return web("spec: {template: {spec: " + spec + "}}\n")


def equal():
    """Name → (files, directory); both must render them, equally."""
    cases = {
        "a base alone": (BASE, "base"),
        "namePrefix and nameSuffix": on_base("namePrefix: north-\nnameSuffix: -b\n"),
        "order as named": on_base("sortOptions: {order: fifo}\n" + GENERATED),
        "an order of one's own": on_base(
            "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Deployment, Signal], orderLast: [Namespace, Role]}}\n"),
        "namespace": on_base("namespace: cabinet\n"),
        "namespace, prefix and generated names": on_base("namespace: cabinet\nnamePrefix: n-\n" + GENERATED),
        "commonLabels": on_base("commonLabels: {team: signals, app: other}\n"),
        "commonAnnotations": on_base("commonAnnotations: {owner: olga, at: '12'}\n"),
        "labels": on_base("labels:\n- pairs: {team: signals}\n"),
        "labels in templates": on_base("labels:\n- {pairs: {team: signals}, includeTemplates: true}\n"),
        "labels in selectors": on_base("labels:\n- {pairs: {team: signals}, includeSelectors: true}\n"),
        "labels with fields": on_base(
            "labels:\n- {pairs: {team: a}, fields: [{path: spec/labels, create: true, kind: Signal}, "
            "{path: spec/phases/labels, create: true, group: example.com}]}\n"),
        "images": on_base(
            "images:\n- {name: registry.example:5000/signal/web, newTag: '2.0'}\n- {name: proxy, newName: envoy, newTag: v1}\n"
            "- {name: busybox, digest: 'sha256:abcd'}\n- {name: report, newName: other/report}\n- {name: store, newTag: a, digest: 'sha256:1'}\n"
            "- {name: web, newTag: '7'}\n"),
        "images by pattern": on_base("images:\n- {name: 'registry.*/web', newName: web}\n"),
        "a tag's suffix": on_base("images:\n- {name: report, tagSuffix: -arm64}\n"),
        "replicas": on_base("replicas:\n- {name: web, count: 3}\n- {name: store, count: 0}\n"),
        "generators": on_base(GENERATED),
        "generators of binaries": on_base(
            "configMapGenerator:\n- {name: settings, files: [long.bin, short.bin, conf.ini]}\n"
            "secretGenerator:\n- {name: keys, files: [long.bin, short.bin]}\n"),
        "an empty generator": on_base("configMapGenerator:\n- {name: settings}\nsecretGenerator: [{name: keys}]\n"),
        "generatorOptions": on_base(
            GENERATED + "generatorOptions: {labels: {a: b}, annotations: {c: d}, disableNameSuffixHash: true, immutable: true}\n"),
        "options of one generator": on_base(
            "configMapGenerator:\n- {name: a, literals: [a=b], options: {labels: {x: b, z: z}, disableNameSuffixHash: true}}\n"
            "- {name: settings, literals: [a=b], namespace: other}\ngeneratorOptions: {labels: {x: c}}\n"),
        "patch of a container": patched(in_template("{containers: [{name: proxy, image: envoy, ports: [{containerPort: 1}]}]}")),
        "patch that adds a container": patched(in_template("{containers: [{name: sidecar, image: s}, {name: web, tty: true}]}")),
        "patch of env and ports": patched(in_template(
            "{containers: [{name: web, env: [{name: NEW, value: a}, {name: LEVEL, value: debug}], ports: [{containerPort: 443, name: https}, {containerPort: 8080}]}]}")),
        "patch with null": patched(in_template("{serviceAccountName: null, nothing: null, new: {a: null, b: 1}}")),
        "patch with null in labels": patched(web("spec: {}").replace("name: web", "name: web, labels: {app: null}, annotations: {n: 5}")),
        "patch with null in labels and a target": patched(
            web("spec: {}").replace("name: web", "name: web, labels: {app: null}, annotations: {n: 5}"), "  target: {kind: Deployment}\n"),
        "patch that deletes an item": patched(in_template("{containers: [{name: proxy, $patch: delete}]}")),
        "patch that replaces an item": patched(in_template("{containers: [{name: web, $patch: replace, image: x}]}")),
        "patch that replaces a list": patched(in_template("{containers: [{$patch: replace}, {name: only, image: x}]}")),
        "patch that replaces a list and its items": patched(in_template(
            "{containers: [{$patch: replace}, {name: web, $patch: replace, image: x}, {name: only, image: x}]}")),
        "patch that replaces items and their list": patched(in_template(
            "{containers: [{name: web, $patch: replace, image: x}, {$patch: replace}, {name: only, image: x}]}")),
        "patch that deletes a list": patched(in_template("{initContainers: [{$patch: delete}]}")),
        "patch that replaces a map": patched(web("spec: {template: {metadata: {$patch: replace, labels: {b: c}}}}")),
        "patch that deletes a map": patched(web("spec: {selector: {$patch: delete}}")),
        "patch that deletes an object": patched(web("$patch: delete")),
        "patch with another protocol": patched(in_template("{containers: [{name: web, ports: [{containerPort: 80, protocol: UDP}]}]}")),
        "patch without the protocol": patched("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 53, name: dns}]}"),
        "patch of a protocol": patched(
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 53, protocol: UDP, name: dns}, {port: 53, protocol: TCP}]}"),
        "patch of finalizers": patched(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, finalizers: [b, a], annotations: {x: y}, labels: {app: null, n: m}}"),
        "patch of an unknown kind": patched(
            "apiVersion: example.com/v1\nkind: Signal\nmetadata: {name: main}\nspec: {phases: [{name: a}], more: {x: [1, null]}}"),
        "patch of several documents": patched(web("spec: {replicas: 2}") + "\n---\n" + SERVICE.replace("8080", "9090")),
        "patch by target": patched(web("spec: {replicas: 2}").replace("web", "any"), "  target: {kind: 'Deploy.*|Stateful.*'}\n"),
        "patch by name and group": patched(web("spec: {paused: true}"), "  target: {group: apps, version: v1, name: 'st.re'}\n"),
        "patch by labels": patched(web("spec: {paused: true}"), "  target: {labelSelector: 'app in (web, x), !none'}\n"),
        "patch by absent labels": patched("kind: Any\nmetadata: {name: x, annotations: {a: b}}", "  target: {labelSelector: 'app!=web'}\n"),
        "patch by annotation": patched("kind: Any\nmetadata: {name: x, labels: {a: b}}", "  target: {annotationSelector: 'none'}\n"),
        "patch by namespace": patched("kind: Any\nmetadata: {name: x, labels: {a: b}}", "  target: {namespace: default}\n"),
        "patch that deletes by target": patched("kind: Any\nmetadata: {name: x}\n$patch: delete", "  target: {kind: Role.*}\n"),
        "patch that renames": patched(
            web("spec: {paused: true}").replace("name: web", "name: renamed"), "  target: {kind: Deployment}\n  options: {allowNameChange: true}\n"),
        "patch that changes the kind": patched(
            web("spec: {paused: true}").replace("kind: Deployment", "kind: DaemonSet"),
            "  target: {kind: Deployment}\n  options: {allowKindChange: true}\n"),
        "JSON patch": patched(
            '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "x"},'
            ' {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "c"}},'
            ' {"op": "add", "path": "/metadata/annotations/x~1y~0z", "value": "t"}]', "  target: {kind: Deployment, name: web}\n"),
        "JSON patch of lists": patched(
            "- {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: LAST, value: 'l'}}\n"
            "- {op: add, path: /spec/template/spec/containers/0/env/0, value: {name: FIRST, value: 'f'}}\n"
            "- {op: add, path: /spec/template/spec/containers/0/env/-1, value: {name: LATE, value: 'f'}}\n"
            "- {op: remove, path: /spec/template/spec/containers/1}\n"
            "- {op: test, path: /spec/template/spec/containers/0/name, value: web}\n"
            "- {op: copy, from: /metadata/labels, path: /spec/copied}\n"
            "- {op: move, from: /spec/selector, path: /spec/moved}\n", "  target: {kind: Deployment}\n"),
        "JSON patch that renames": patched("- {op: replace, path: /metadata/name, value: other}\n", "  target: {kind: Service}\n"),
        "patchesStrategicMerge": on_base(
            "patchesStrategicMerge:\n- p.yaml\n- |-\n  apiVersion: v1\n  kind: Service\n  metadata: {name: web}\n  spec: {type: NodePort}\n",
            **{"overlay/p.yaml": web("spec: {replicas: 5}")}),
        "patchesJson6902": on_base(
            "patchesJson6902:\n- {target: {group: apps, version: v1, kind: Deployment, name: web}, path: p.yaml}\n"
            "- target: {version: v1, kind: Service, name: web}\n  patch: |-\n    - {op: remove, path: /spec/ports/0}\nnamePrefix: a-\n",
            **{"overlay/p.yaml": "- {op: add, path: /spec/replicas, value: 7}\n"}),
        "patch in a file": on_base("patches: [{path: sub/p.yaml}]\n", **{"overlay/sub/p.yaml": web("spec: {replicas: 5}")}),
        "patch after a prefix in the base": (
            {**BASE, "mid/kustomization.yaml": "resources: [../base]\nnamePrefix: mid-\n" + "configMapGenerator: [{name: settings, literals: [a=b]}]\n",
             "overlay/kustomization.yaml": "bases: [../mid]\nnameSuffix: -x\nnamespace: city\npatches:\n- patch: |-\n"
             "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 9}\n"
             "- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: mid-web}\n    spec: {type: NodePort}\n"
             "configMapGenerator: [{name: settings, behavior: merge, literals: [c=d]}]\n"}, "overlay"),
        "behavior replace": (
            {"mid/kustomization.yaml": "configMapGenerator: [{name: a, literals: [a=b], options: {labels: {x: b}}}]\nsecretGenerator: [{name: s, literals: [a=b]}]\n",
             "overlay/kustomization.yaml": "resources: [../mid]\nconfigMapGenerator: [{name: a, behavior: replace, literals: [c=d]}]\n"
             "secretGenerator: [{name: s, behavior: merge, literals: [c=d], options: {disableNameSuffixHash: true}}]\n"}, "overlay"),
        "merge into a plain ConfigMap": (
            {"overlay/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: y}\n",
             "overlay/kustomization.yaml": "resources: [cm.yaml]\nconfigMapGenerator: [{name: a, behavior: merge, literals: [c=d]}]\n"}, "overlay"),
        "two variants of a base": (
            {**BASE, "a/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n" + "configMapGenerator: [{name: settings, literals: [a=b]}]\n",
             "b/kustomization.yaml": "resources: [../base]\nnamePrefix: b-\n" + "configMapGenerator: [{name: settings, literals: [a=c]}]\n",
             "base/others.yaml": OTHERS.split("---", 1)[1], "overlay/kustomization.yaml": "resources: [../a, ../b]\nnameSuffix: -z\n"}, "overlay"),
        "components": (
            {**BASE, "parts/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [extra.yaml]\nnamePrefix: c-\n"
             "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 4}\n"
             "configMapGenerator: [{name: settings, behavior: merge, literals: [part=on]}]\n",
             "parts/extra.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
             "overlay/kustomization.yaml": "resources: [../base]\ncomponents: [../parts]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\nnameSuffix: -o\n"}, "overlay"),
        "replacements": on_base(
            "replacements:\n- source: {kind: Service, name: web, fieldPath: 'spec.ports.0.port'}\n  targets:\n"
            "  - {select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.[name=web].ports.0.containerPort', 'spec.template.spec.containers.*.image']}\n"
            "- source: {kind: Deployment, name: web}\n  targets:\n"
            "  - {select: {kind: Service}, fieldPaths: ['metadata.annotations.[example.com/for]', spec.made.here], options: {create: true}}\n"
            "  - {select: {kind: Ingress}, reject: [{name: none}], fieldPaths: [spec.rules.0.host], options: {create: true}}\n"),
        "replacements by delimiter": on_base(
            "replacements:\n- source: {kind: Deployment, fieldPath: 'spec.template.spec.containers.[name=web].image', options: {delimiter: ':', index: 1}}\n  targets:\n"
            "  - {select: {kind: CronJob}, fieldPaths: ['spec.jobTemplate.spec.template.spec.containers.[name=report].image'], options: {delimiter: ':', index: 1}}\n"
            "  - {select: {kind: StatefulSet}, fieldPaths: ['spec.template.spec.containers.0.image'], options: {delimiter: '/', index: -1}}\n"),
        "replacements of maps and in files": on_base(
            "replacements: [{path: r.yaml}]\n",
            **{"overlay/r.yaml": "- source: {kind: Deployment, fieldPath: spec.selector}\n  targets: [{select: {kind: Service}, fieldPaths: [spec.selector]}]\n"
               "- sourceValue: '5'\n  targets: [{select: {kind: Signal}, fieldPaths: ['spec.phases.[name=a].green', 'spec.phases.[name=b].text'], options: {create: true}}]\n"}),
        "lists": (
            {"overlay/kustomization.yaml": "resources: [l.yaml]\nnamePrefix: p-\n",
             "overlay/l.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
             "- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}]}\n---\n"
             "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n"}, "overlay"),
        "local objects are left out": (
            {"overlay/kustomization.yaml": "resources: [l.yaml]\n",
             "overlay/l.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}}\n---\n"
             "{apiVersion: v1, kind: ConfigMap, metadata: {name: b, labels: {}, annotations: {}}}\n"}, "overlay"),
        "other names of the file": (
            {"overlay/Kustomization": "resources: [../other]\n", "other/kustomization.yml": "resources: [a.json]\n",
             "other/a.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}\n'}, "overlay"),
        "Greenwave's kinds": (
            {"overlay/kustomization.yaml": "resources: [own.yaml]\ncommonLabels: {a: b}\npatches:\n- patch: |-\n"
             "    apiVersion: greenwave.dev/v1\n    kind: SystemdUnit\n    metadata: {name: chrony}\n    spec: {dropIns: [{name: c}]}\n",
             "overlay/own.yaml": OWN}, "overlay"),
        "a service account elsewhere": (
            {"overlay/r.yaml": ROLES, "sa/s.yaml": ROLES.split("---")[0], "sa/kustomization.yaml": "resources: [s.yaml]\nnamespace: sa\nnamePrefix: sa-\n",
             "overlay/kustomization.yaml": "resources: [../sa, b.yaml]\nnameSuffix: -e\n",
             "overlay/b.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x, namespace: here}\n"
             "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: sa-runner, namespace: sa}]\n"}, "overlay"),
    }
    return cases


def refused():
    """Name → (files, directory); neither may render them."""
    return {
        "no kustomization": ({"overlay/a.yaml": SERVICE}, "overlay"),
        "an empty kustomization": ({"overlay/kustomization.yaml": ""}, "overlay"),
        "an unknown field": on_base("nonsense: 1\n"),
        "a missing file": on_base("patches: [{path: none.yaml}]\n"),
        "a file outside": ({"overlay/kustomization.yaml": "resources: [../a.yaml]\n", "a.yaml": SERVICE}, "overlay"),
        "a cycle": (
            {"overlay/kustomization.yaml": "resources: [../other]\n", "other/kustomization.yaml": "resources: [../overlay]\n"}, "overlay"),
        "the directory above": (
            {"kustomization.yaml": "resources: [overlay]\n", "overlay/kustomization.yaml": "resources: [..]\n"}, "overlay"),
        "an object twice": on_base("", **{"overlay/kustomization.yaml": "resources: [../base, a.yaml]\n", "overlay/a.yaml": SERVICE}),
        "two bases with one object": (
            {**BASE, "overlay/kustomization.yaml": "resources: [../base, ../base]\n"}, "overlay"),
        "a patch of nothing": patched(web("spec: {}").replace("web", "none")),
        "a patch without a name": patched("apiVersion: v1\nkind: Service\nspec: {}"),
        "a JSON patch without a target": patched("- {op: remove, path: /spec}"),
        "a JSON patch of nothing": patched("- {op: replace, path: /spec/none/at/all, value: 1}", "  target: {kind: Service}\n"),
        "a test that fails": patched("- {op: test, path: /spec/type, value: x}", "  target: {kind: Service}\n"),
        "an index too high": patched("- {op: add, path: /spec/ports/7, value: {}}", "  target: {kind: Service}\n"),
        "a patch of another type": patched(web("spec: [1]")),
        "a bad pattern": patched(web("spec: {}"), "  target: {name: '('}\n"),
        "a generator twice": on_base("configMapGenerator: [{name: a}, {name: a}]\n"),
        "a merge of nothing": on_base("configMapGenerator: [{name: none, behavior: merge}]\n"),
        "a key twice": on_base("configMapGenerator: [{name: a, literals: [a=b, a=c]}]\n"),
        "replicas of nothing": on_base("replicas: [{name: none, count: 1}]\n"),
        "a source that is missing": on_base(
            "replacements: [{source: {kind: None}, targets: [{select: {kind: Service}}]}]\n"),
        "a path that is missing": on_base(
            "replacements: [{source: {kind: Service}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.none]}]}]\n"),
        "a component as a resource": (
            {"c/kustomization.yaml": "kind: Component\nresources: [a.yaml]\n", "c/a.yaml": SERVICE,
             "overlay/kustomization.yaml": "resources: [../c]\n"}, "overlay"),
        "a resource as a component": (
            {**BASE, "overlay/kustomization.yaml": "components: [../base]\n"}, "overlay"),
        "names that meet in one namespace": (
            {"overlay/kustomization.yaml": "resources: [a.yaml]\nnamespace: n\n",
             "overlay/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n---\n"
             "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: y}}\n"}, "overlay"),
    }
