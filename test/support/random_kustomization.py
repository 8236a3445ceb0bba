"""Random kustomizations: a base, one or two variants of it, and an overlay that is built.

make(random) gives {path: content}; the same seed gives the same files. What comes out is nearly always valid, so
that it is the objects that are compared, and not two refusals.
"""

import json

import yaml

WORDS = ["web", "api", "store", "cache", "signal", "camera", "mast", "loop"]
LABELS = ["app", "tier", "team", "example.com/part"]
IMAGES = ["nginx", "registry.example:5000/city/signal", "library/redis", "busybox"]
CONFIGS = ["settings", "plans"]
SECRETS = ["keys", "tokens"]


HASH_MARK = "internal.config.kubernetes.io/needsHashSuffix"
STRUCTURED = {
    "app.json": '{"server":{"port":80,"name":"web","tags":["a","b"]},"level":"info"}',
    "pretty.json": '{\n  "server": {\n    "port": 80,\n    "name": "<web>"\n  }\n}',
    "app.yaml": "server:\n  port: 80\n  name: 'web'\n  tags:\n    - a\n    - {b: c}\nlevel: info\n",
    "plain": "no structure",
}


class Blank:
    """A null that is written as nothing at all."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Blank, lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))
Dumper.ignore_aliases = lambda self, data: True


def block(documents):
    return yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, width=1000)


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
        return self.pick(IMAGES) + self.pick(["", ":1.2", ":v3-a", "@sha256:" + "ab" * 8, "@sha512+b64:" + "ef" * 4, ":2@sha256:" + "cd" * 8])

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
            container["args"] = self.some(WORDS, 1) + self.some(["$(WEB)", "-p=$(PORT)", "$$(WEB)", "$(NONE)", "$(WEB"])
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
        if self.maybe(0.4):
            made.append(self.named("v1", "ConfigMap", "structured", data=dict(STRUCTURED)))
        if self.maybe(0.3):
            made.append(self.named("v1", "ConfigMap", "own-hash", data={"k": self.pick(WORDS), "empty": ""}))
            made[-1]["metadata"]["annotations"] = {HASH_MARK: self.pick(["enabled", "enabled", "no"])}
        if self.maybe(0.2):
            made.append(self.named("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "policy", spec={"rules": []}))
            made.append(self.named("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "policy",
                                   spec={"policyName": "policy"}))
        if self.maybe(0.3):
            made.append(self.named("example.com/v1", "Certificate", "cert", spec={
                "secretName": self.pick(SECRETS), "issuer": {"name": "main", "kind": "Signal"}, "url": "https://$(WEB)",
                "where": "nowhere", "selector": {"app": "web"}, "count": 1, "picture": self.image()}))
        if self.maybe(0.3):
            made.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "texts"},
                         "stringData": {"k": self.pick(WORDS), "n": "1"}, "data": {"k": "b2xk"}})
        if not made:
            made.append(self.workload("Deployment", "web"))
        self.random.shuffle(made)
        return made

    def with_nulls(self, node):
        """Nulls, written and blank, in the place of members that may be missing."""
        for key in sorted(node):
            value = node[key]
            if key in ("requests", "limits", "parameters", "tls", "initContainers", "topologySpreadConstraints", "env",
                       "imagePullSecrets", "affinity", "volumeMounts") and self.maybe(0.3):
                node[key] = self.pick([None, Blank()])
            elif isinstance(value, dict):
                self.with_nulls(value)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        self.with_nulls(item)
        if "containers" in node and self.maybe(0.2):
            node["nodeName"] = self.pick([None, Blank()])

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
                if self.maybe():
                    value = self.pick(["c", None, {"x": [1]}, 3])
                    operations.append({"op": "replace", "path": self.pick(["/extra", "/metadata/x~1y"]), "value": value})
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
        if any(name == "structured" for _, name in self.names.get("ConfigMap", [])):
            for _ in range(self.random.randint(0, 2)):
                made.append(self.structured_replacement())
        if any(name == "own-hash" for _, name in self.names.get("ConfigMap", [])) and self.maybe():
            made.append({"source": {"kind": "ConfigMap", "name": "own-hash", "fieldPath": "data.empty"},
                         "targets": [{"select": {"kind": "Config.*", "name": "own-.*"}, "options": {"create": True},
                                      "fieldPaths": ["data.copied"]}]})
        for kind in self.some([kind for kind in sorted(self.names) if len(self.names[kind]) == 1], 0, 1):
            target = self.pick(sorted(self.names))
            made.append({
                "source": {"kind": kind, "name": self.names[kind][0][1]},
                "targets": [{"select": self.selection(target), "fieldPaths": ["metadata.annotations.source"],
                             "options": {"create": True}}],
            })
            if self.maybe(0.3):
                made[-1]["targets"][0]["reject"] = [{"name": self.pick(WORDS)[:2] + ".*"}]
        return made

    def selection(self, kind):
        selection = {"kind": self.pick([kind, kind[:3] + ".*", ".*" + kind[2:], f"{kind}|Service"])}
        if self.maybe(0.3):
            selection["name"] = self.pick(["[a-m].*", ".*e.*", "w|web"])
        if self.maybe(0.2):
            selection["namespace"] = self.pick(["default", "city", ".*"])
        return selection

    def structured_replacement(self):
        name, create = self.pick([("app\\.json", True), ("pretty\\.json", True), ("app\\.yaml", True), ("app\\.yaml", False)])
        path = self.pick(["server.name", "server.name", "level"] + (["server.made.here", "extra"] if create else []))
        source = self.pick([{"sourceValue": self.pick(["x", "8080", "true", "a: b", "", "<&>"])},
                            {"source": {"kind": "ConfigMap", "name": "structured", "fieldPath": "metadata.name"}}])
        return {**source, "targets": [{"select": {"kind": "ConfigMap", "name": "structured"},
                                       "fieldPaths": [f"data.{name}.{path}"], "options": {"create": create}}]}

    def variables(self):
        made = []
        for kind in self.some([kind for kind in sorted(self.names) if len(self.names[kind]) == 1], 0, 2):
            api_version, name = self.names[kind][0]
            reference = {"apiVersion": api_version, "kind": kind, "name": name}
            field = self.pick([{}, {}, {"fieldref": {"fieldpath": "metadata.name"}}, {"fieldRef": {"fieldPath": "kind"}}])
            made.append({"name": self.pick(["WEB", "PORT"]) if not made else "OTHER", "objref": reference, **field})
        return made

    def configuration(self):
        kinds = {"kind": "Certificate", **self.pick([{}, {"group": "example.com"}, {"version": "v1"}])}
        says = {}
        for name, paths in {
            "namePrefix": ["spec/url", "metadata/name"], "nameSuffix": ["spec/url"], "namespace": ["spec/where", "spec/made"],
            "commonLabels": ["spec/selector"], "labels": ["spec/labels"], "templateLabels": ["spec/selector"],
            "commonAnnotations": ["spec/notes"], "varReference": ["spec/url", "spec/selector"], "images": ["spec/picture"],
        }.items():
            if self.maybe(0.3):
                says[name] = [{**kinds, "path": path, **({"create": True} if self.maybe() else {})} for path in self.some(paths, 1)]
        if self.maybe():
            says["nameReference"] = [
                {"kind": "Secret", "version": "v1", "fieldSpecs": [{**kinds, "path": "spec/secretName"}]},
                {"kind": "Signal", "group": "example.com", "fieldSpecs": [{**kinds, "path": "spec/issuer/name"}]}]
        return says

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
            says["labels"] = [{"pairs": self.pairs(stage), **self.pick([{}, {"includeSelectors": True}, {"includeTemplates": True},
                                                                              {"includeVolumeClaimTemplates": True}])}]
        if self.maybe(chance):
            says["commonAnnotations"] = self.pairs(stage)
        if self.maybe(chance):
            says["images"] = self.images()
        return says

    def files(self):
        objects = self.objects()
        half = len(objects) // 2
        for thing in objects:
            self.with_nulls(thing)
        files = {"base/one.yaml": block(objects[:half]) or "{}", "base/two.yaml": block(objects[half:])}
        base = {"resources": ["one.yaml", "two.yaml"][half == 0 :], **self.settings("base", 0.15)}
        base["configMapGenerator"] = self.generators(CONFIGS)
        base["secretGenerator"] = self.generators(SECRETS)
        if self.maybe(0.2):
            base["generatorOptions"] = {"disableNameSuffixHash": self.maybe(), "annotations": self.labels()}
        if self.maybe(0.3):
            base["vars"] = self.variables()
        if self.maybe(0.3):
            files["base/config.yaml"] = json.dumps(self.configuration())
            base["configurations"] = ["config.yaml"]
        overlay = {"resources": ["../base"], **self.settings("overlay", 0.3), "patches": self.patches()}
        if self.maybe(0.15):
            overlay["buildMetadata"] = self.some(["originAnnotations", "transformerAnnotations", "managedByLabel"], 1)
        if self.maybe():
            overlay["sortOptions"] = {"order": "fifo"}
        if self.maybe(0.4):
            overlay["configMapGenerator"] = self.generators(self.some(CONFIGS, 1), self.pick(["merge", "replace"]))
        if any(thing["metadata"]["name"] == "texts" for thing in objects) and self.maybe():
            overlay["secretGenerator"] = self.generators(["texts"], "merge")
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
            if self.maybe(0.3):
                files["part/config.yaml"] = json.dumps(self.configuration())
                part["configurations"] = ["config.yaml"]
            files["part/kustomization.yaml"] = json.dumps(part)
            overlay["components"] = ["../part"]
        files["base/kustomization.yaml"] = json.dumps(base)
        files["overlay/kustomization.yaml"] = json.dumps(overlay, indent=1)
        return files


def make(random):
    return Maker(random).files()
