"""Random kustomizations: a base, one or two variants of it, and an overlay that is built.

make(random) gives {path: content}; the same seed gives the same files. What comes out is nearly always valid, so
that it is the objects that are compared, and not two refusals.
"""

import json

WORDS = ["web", "api", "store", "cache", "signal", "camera", "mast", "loop"]
LABELS = ["app", "tier", "team", "example.com/part"]
IMAGES = ["nginx", "registry.example:5000/city/signal", "library/redis", "busybox"]
CONFIGS = ["settings", "plans"]
SECRETS = ["keys", "tokens"]


class Maker:
    def __init__(self, random):
        self.random = random
        self.names = {}  # kind → names in the base

    def some(self, items, least=0, most=3):
        return self.random.sample(items, self.random.randint(least, min(most, len(items))))

    def maybe(self, chance=0.5):
        return self.random.random() < chance

    def pick(self, items):
        return self.random.choice(items)

    def labels(self, least=0):
        return {name: self.pick(WORDS) for name in self.some(LABELS, least)}

    def image(self):
        return self.pick(IMAGES) + self.pick(["", ":1.2", ":v3-a", "@sha256:" + "ab" * 8, ":2@sha256:" + "cd" * 8])

    def container(self, name):
        container = {"name": name, "image": self.image()}
        if self.maybe():
            env = [{"name": key, "value": self.pick(WORDS)} for key in self.some(["A", "B", "C"])]
            if self.maybe():
                env.append({"name": "CONF", "valueFrom": {"configMapKeyRef": {"name": self.pick(CONFIGS), "key": "k"}}})
            if self.maybe():
                env.append({"name": "KEY", "valueFrom": {"secretKeyRef": {"name": self.pick(SECRETS), "key": "k"}}})
            container["env"] = env
        if self.maybe(0.3):
            container["envFrom"] = [{"configMapRef": {"name": self.pick(CONFIGS)}}, {"secretRef": {"name": self.pick(SECRETS)}}]
        if self.maybe():
            container["ports"] = self.ports("containerPort")
        if self.maybe(0.3):
            container["volumeMounts"] = [{"name": "conf", "mountPath": path} for path in self.some(["/a", "/b"], 1)]
        if self.maybe(0.3):
            container["args"] = self.some(WORDS, 1)
        return container

    def ports(self, key):
        ports = []
        for number in self.some([53, 80, 443, 8080], 1):
            port = {key: number}
            if self.maybe(0.4):
                port["protocol"] = self.pick(["TCP", "UDP"])
            if self.maybe(0.4):
                port["name"] = f"p{number}"
            ports.append(port)
        return ports

    def pod_spec(self):
        spec = {"containers": [self.container(name) for name in self.some(WORDS, 1)]}
        if self.maybe(0.3):
            spec["initContainers"] = [self.container("init")]
        if self.maybe(0.4):
            spec["serviceAccountName"] = "runner"
        if self.maybe():
            spec["volumes"] = [
                {"name": "conf", "configMap": {"name": self.pick(CONFIGS)}},
                {"name": "key", "secret": {"secretName": self.pick(SECRETS)}},
            ]
        if self.maybe(0.2):
            spec["imagePullSecrets"] = [{"name": self.pick(SECRETS)}]
        if self.maybe(0.2):
            term = {"labelSelector": {"matchLabels": self.labels(1)}, "topologyKey": "zone"}
            spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        if self.maybe(0.2):
            spec["topologySpreadConstraints"] = [
                {"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1}]
        return spec

    def template(self):
        template = {"spec": self.pod_spec()}
        if self.maybe(0.7):
            template["metadata"] = {"labels": self.labels(1)}
        return template

    def named(self, api_version, kind, name, **members):
        self.names.setdefault(kind, []).append((api_version, name))
        metadata = {"name": name}
        if self.maybe():
            metadata["labels"] = self.labels()
        if self.maybe(0.3):
            metadata["annotations"] = self.labels()
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}

    def workload(self, kind, name):
        spec = {"template": self.template()}
        if self.maybe(0.7):
            spec["selector"] = {"matchLabels": self.labels(1)}
        if kind != "DaemonSet" and self.maybe():
            spec["replicas"] = self.random.randint(0, 5)
        if kind == "StatefulSet":
            spec["serviceName"] = self.pick(WORDS)
            if self.maybe():
                spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}}]
        return self.named("apps/v1", kind, name, spec=spec)

    def objects(self):
        made = []
        for kind in ["Deployment", "StatefulSet", "DaemonSet"]:
            made += [self.workload(kind, name) for name in self.some(WORDS, 0, 3)]
        for name in self.some(WORDS, 0, 3):
            made.append(self.named("v1", "Service", name, spec={"selector": self.labels(1), "ports": self.ports("port")}))
        if self.maybe():
            made.append(self.named("v1", "ServiceAccount", "runner"))
            made.append(self.named(
                "rbac.authorization.k8s.io/v1", "RoleBinding", "bind",
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": self.pick(["Role", "ClusterRole"]), "name": "reader"},
                subjects=[{"kind": "ServiceAccount", "name": "runner"}, {"kind": "ServiceAccount", "name": "default"}]))
            for kind in self.some(["Role", "ClusterRole"]):
                made.append(self.named("rbac.authorization.k8s.io/v1", kind, "reader", rules=[
                    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": self.some(CONFIGS, 1), "verbs": ["get"]}]))
        if self.maybe(0.4):
            made.append(self.named("v1", "Pod", "single", spec=self.pod_spec()))
        if self.maybe(0.4):
            made.append(self.named("batch/v1", "CronJob", "nightly", spec={"jobTemplate": {"spec": {"template": self.template()}}}))
        if self.maybe(0.4):
            made.append(self.named("v1", "ConfigMap", "plain", data={"k": "v", "n": "1"}))
        if self.maybe(0.4):
            made.append(self.named("example.com/v1", "Signal", "main", spec={
                "phases": [{"name": name, "green": self.random.randint(5, 60)} for name in self.some(WORDS, 1)],
                "template": {"spec": {"containers": [{"name": "x", "image": self.image()}]}}}))
        if self.maybe(0.3):
            made.append(self.named("networking.k8s.io/v1", "Ingress", "edge", spec={
                "tls": [{"secretName": self.pick(SECRETS)}],
                "rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": self.pick(WORDS)}}}]}}]}))
        if self.maybe(0.3):
            made.append(self.named("storage.k8s.io/v1", "StorageClass", "fast", parameters={"secretName": self.pick(SECRETS)}))
        if self.maybe(0.2):
            made.append(self.named("v1", "Namespace", "city"))
        if not made:
            made.append(self.workload("Deployment", "web"))
        self.random.shuffle(made)
        return made

    # What a kustomization says

    def generators(self, names, behavior=None):
        made = []
        for name in names:
            generator = {"name": name, "literals": [f"{key}={self.pick(WORDS)}" for key in self.some(["k", "l", "m"], 1)]}
            if behavior:
                generator["behavior"] = behavior
            if self.maybe(0.2):
                generator["options"] = {"labels": self.labels(), "disableNameSuffixHash": self.maybe()}
            made.append(generator)
        return made

    def merge_patch(self, kind, api_version, name):
        patch = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
        if self.maybe(0.3):
            patch["metadata"]["labels"] = {**self.labels(), self.pick(LABELS): None}
        if self.maybe(0.3):
            patch["metadata"]["annotations"] = self.labels()
        if kind in ("Deployment", "StatefulSet", "DaemonSet"):
            patch["spec"] = {"template": {"spec": self.pod_patch()}}
        elif kind == "Service":
            patch["spec"] = {"type": "NodePort", "ports": self.ports("port")}
        elif kind == "Signal":
            patch["spec"] = {"phases": [{"name": "only"}]}
        if self.maybe(0.05):
            patch["$patch"] = "delete"
        return patch

    def pod_patch(self):
        containers = []
        for name in self.some(WORDS, 1):
            container = self.container(name)
            if self.maybe(0.2):
                container = {"name": name, "$patch": self.pick(["delete", "replace"]), "image": "patched"}
            elif self.maybe(0.2):
                container["args"] = None
            containers.append(container)
        if self.maybe(0.1):
            containers.insert(0, {"$patch": "replace"})
        spec = {"containers": containers}
        if self.maybe(0.3):
            spec["volumes"] = [{"name": "extra", "emptyDir": {}}, {"name": "conf", "configMap": {"defaultMode": 420}}]
        if self.maybe(0.2):
            spec["serviceAccountName"] = None
        return spec

    def target(self, kind, name):
        target = {"kind": kind}
        if self.maybe():
            target["name"] = self.pick([name, ".*", name[:2] + ".*"])
        if self.maybe(0.2):
            target["labelSelector"] = self.pick(["app", "!app", "tier in (web, api)", "app!=web", "app=web,tier"])
        if self.maybe(0.1):
            target["group"] = self.pick(["apps", "", "app.*"])
        return target

    def patches(self):
        made = []
        for kind in self.some(sorted(self.names), 0, 3):
            api_version, name = self.pick(self.names[kind])
            if self.maybe(0.3):
                operations = [{"op": "add", "path": "/metadata/annotations", "value": self.labels()}]
                if self.maybe():
                    operations.append({"op": "add", "path": "/metadata/annotations/a~1b", "value": "c"})
                made.append({"patch": json.dumps(operations), "target": self.target(kind, name)})
            elif self.maybe():
                made.append({"patch": json.dumps(self.merge_patch(kind, api_version, name)), "target": self.target(kind, name)})
            else:
                made.append({"patch": json.dumps(self.merge_patch(kind, api_version, name))})
        return made

    def images(self):
        made = []
        for name in self.some(IMAGES):
            image = {"name": name}
            image.update(self.pick([{"newTag": "9"}, {"newName": "other/x"}, {"digest": "sha256:ef"}, {"newName": "y", "newTag": "1.0"}]))
            made.append(image)
        return made

    def replacements(self):
        made = []
        for kind in self.some([kind for kind in sorted(self.names) if len(self.names[kind]) == 1], 0, 1):
            target = self.pick(sorted(self.names))
            made.append({
                "source": {"kind": kind, "name": self.names[kind][0][1]},
                "targets": [{"select": {"kind": target}, "fieldPaths": ["metadata.annotations.source"], "options": {"create": True}}],
            })
        return made

    def pairs(self, stage):
        """Labels that no other stage touches: kustomize shares the values that it puts in several places of an
        object, so that a later change of one of them changes the others (a label's, the selector's)."""
        return {f"{stage}.example/{key}": value for key, value in self.labels(1).items()}

    def settings(self, stage, chance):
        says = {}
        if self.maybe(chance):
            says["namePrefix"] = self.pick(["a-", "north-"])
        if self.maybe(chance):
            says["nameSuffix"] = self.pick(["-z", "-2"])
        if self.maybe(chance):
            says["namespace"] = self.pick(["city", "default"])
        if self.maybe(chance):
            says["commonLabels"] = self.pairs(stage + "-common")
        if self.maybe(chance):
            says["labels"] = [{"pairs": self.pairs(stage), **self.pick([{}, {"includeSelectors": True}, {"includeTemplates": True}])}]
        if self.maybe(chance):
            says["commonAnnotations"] = self.pairs(stage)
        if self.maybe(chance):
            says["images"] = self.images()
        return says

    def files(self):
        objects = self.objects()
        half = len(objects) // 2
        files = {
            "base/one.yaml": "\n---\n".join(json.dumps(thing) for thing in objects[:half]) or "{}",
            "base/two.yaml": "\n---\n".join(json.dumps(thing) for thing in objects[half:]),
        }
        base = {"resources": ["one.yaml", "two.yaml"][half == 0 :], **self.settings("base", 0.15)}
        base["configMapGenerator"] = self.generators(CONFIGS)
        base["secretGenerator"] = self.generators(SECRETS)
        if self.maybe(0.2):
            base["generatorOptions"] = {"disableNameSuffixHash": self.maybe(), "annotations": self.labels()}
        overlay = {"resources": ["../base"], **self.settings("overlay", 0.3), "patches": self.patches()}
        if self.maybe():
            overlay["sortOptions"] = {"order": "fifo"}
        if self.maybe(0.4):
            overlay["configMapGenerator"] = self.generators(self.some(CONFIGS, 1), self.pick(["merge", "replace"]))
        if self.maybe(0.3):
            overlay["replicas"] = [{"name": name, "count": self.random.randint(0, 9)}
                                   for _, name in self.names.get("Deployment", [])[:1]]
        if self.maybe(0.4):
            overlay["replacements"] = self.replacements()
        if self.maybe(0.3):
            middle = {"resources": ["../base"], **self.settings("middle", 0.3)}
            files["middle/kustomization.yaml"] = json.dumps(middle)
            overlay["resources"] = ["../middle"]
        if self.maybe(0.2):
            part = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component", **self.settings("part", 0.3)}
            part["patches"] = self.patches()
            files["part/kustomization.yaml"] = json.dumps(part)
            overlay["components"] = ["../part"]
        files["base/kustomization.yaml"] = json.dumps(base)
        files["overlay/kustomization.yaml"] = json.dumps(overlay, indent=1)
        return files


def make(random):
    return Maker(random).files()
