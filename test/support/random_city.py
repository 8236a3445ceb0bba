"""A city whose commits are changed at random: one device, objects of every kind of the host, and their sources."""

import copy
import json
import random
import sys

COMMITS = 25
DEVICE = "sf-0042"
CLUSTER = {
    "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: city}\n"
    "spec:\n  devices: devices.geojson\n  layers: [{path: base}]\n",
    "devices.geojson": json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": DEVICE,
                    "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
                    "properties": {"labels": {}},
                }
            ],
        }
    ),
}
TEXTS = ["one\n", "two\n", "three\n"]
DROP_INS = [f"/etc/systemd/system/{name}.service.d/9.conf" for name in ("field-one", "field-one-alias")]
PATHS = [f"/etc/field/{name}" for name in ("a", "b", "c", "d/e", "d/f")] + DROP_INS
TREES = ["/etc/field/tree", "/etc/field/d"]
SOURCES = {
    "files/one": "one\n",
    "files/same-as-one": "one\n",
    "files/two": "two\n",
    "trees/x/1": "one\n",
    "trees/x/in/2": "two\n",
    "trees/y/1": "one\n",
    "trees/y/in/2": "three\n",
    "trees/y/3": "three\n",
    "trees/z/1": "one\n",
    "trees/z/in/2": "two\n",
}
UNIT_NAMES = ["field-one.service", "field-two.service"]
UNIT = "[Service]\nExecStart=/bin/sleep {}00\n[Install]\nWantedBy=multi-user.target\nAlias=%N-alias.service\n"


def manifest(kind, name, spec):
    return {"apiVersion": "greenwave.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def misspelt(choice, word):
    at = choice.randrange(len(word))
    return choice.choice([word[:at] + word[at + 1:], word[:at] + word[at] + word[at:], word[:at] + "q" + word[at + 1:]])


def spoil_field(choice, one):
    key = choice.choice(sorted(one["spec"]))
    one["spec"] = {misspelt(choice, name) if name == key else name: value for name, value in one["spec"].items()}


def spoil_value(choice, one):
    one["spec"][choice.choice(sorted(one["spec"]))] = choice.choice([17, -1, None, [], {}, True, "", "x", "../up", "a b", "9999"])


def spoil_identity(choice, one):
    key = choice.choice(["apiVersion", "kind"])
    one[key] = misspelt(choice, one[key])


def spoil_metadata(choice, one):
    one["metadata"][choice.choice(["annotation", "annotations", "labels", "nmae"])] = choice.choice(
        [{"greenwave.dev/prune": "off"}, {"greenwave.dev/depends-on": "File/nowhere"}, {"greenwave.dev/on-remval": "keep"}, {"x": 1}, "text"]
    )


def spoil_content(choice, one):
    one["spec"]["content"] = choice.choice(["${devcie.id}", "${device.name}", "${device.id}\n", "\n", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"])


def spoil_reference(choice, one):
    one["spec"]["restartOn"] = choice.choice([["File/nowhere"], ["file-1"], "File/file-1", ["Fiel/file-1"]])


def spoil_name(choice, one):
    one["metadata"]["name"] = choice.choice(["file-1", "always", "", "Upper Case", 5])


MISTAKES = [spoil_field, spoil_value, spoil_identity, spoil_metadata, spoil_content, spoil_reference, spoil_name]


def pod(spec, name="pod-1"):
    containers = [{"name": "main", "image": "registry.city.example/spat:1", **spec.pop("container", {})}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


PODS = [
    {},
    {"container": {"livenessProbe": {"grpc": {"port": "one"}}}},
    {"container": {"readinessProbe": {"httpGet": {"path": "/", "port": 80}}}},
    {"container": {"securityContext": {"privileged": True}}},
    {"container": {"imagePullPolicy": "Sometimes"}},
    {"container": {"ports": [{"containerPort": 80, "hostPort": 80}]}},
    {"volumes": [{"name": "data", "hostPath": {"path": "/root/x"}}]},
    {"volumes": [{"name": "data", "nfs": {"server": "a", "path": "/"}}]},
    {"volumes": [{"name": "data", "configMap": {"name": "nowhere"}}]},
    {"restartpolicy": "Never"},
]


def spoiled(choice, objects, count):
    """A copy of the objects with mistakes in some of them."""
    objects = copy.deepcopy(objects)
    for name in choice.sample(sorted(objects), min(len(objects), count)):
        choice.choice(MISTAKES)(choice, objects[name])
    return objects


class Story:
    """A city whose commits are changed at random."""

    def __init__(self, seed, live=False):
        self.random = random.Random(seed)
        self.live = live  # units run
        self.objects = {"always": manifest("File", "always", {"path": "/etc/field/always", "content": "always\n"})}

    def change(self):
        chance = self.random.random()
        if len(self.objects) > 1 and chance < 0.15:
            del self.objects[self.random.choice(sorted(self.objects.keys() - {"always"}))]
        else:
            kind = self.random.choices(["File", "Directory", "SystemdUnit", "HealthCheck"], [4, 1, 5, 0] if self.live else [5, 2, 3, 1])[0]
            name = f"{kind.lower()}-{self.random.randint(1, 4 if kind == 'File' else 2)}"
            known = self.objects.get(name)
            spec = dict(known["spec"]) if known and chance < 0.8 else {}
            getattr(self, "make_" + kind.lower())(spec)
            self.objects[name] = manifest(kind, name, spec)

    def maybe(self, spec, key, values, absent=0.5):
        if self.random.random() < absent:
            spec.pop(key, None)
        else:
            spec[key] = self.random.choice(values)

    def make_file(self, spec):
        if "path" not in spec or self.random.random() < 0.2:
            spec["path"] = self.random.choice(PATHS)
        if self.random.random() < 0.7 or not spec.keys() & {"content", "source", "json"}:
            for form in ("content", "source", "json"):
                spec.pop(form, None)
            form = self.random.choice(["content", "source", "json"])
            spec[form] = self.random.choice(
                {"content": TEXTS, "source": sorted(s for s in SOURCES if s.startswith("files/")), "json": [{"a": 1}, {"a": 2}]}[form]
            )
        self.maybe(spec, "mode", ["0644", "0600"])
        self.maybe(spec, "sensitive", [True, False], absent=0.8)

    def make_directory(self, spec):
        if "path" not in spec or self.random.random() < 0.1:
            spec["path"] = self.random.choice(TREES)
        self.maybe(spec, "source", ["trees/x", "trees/y", "trees/z"], absent=0.2)
        self.maybe(spec, "mode", ["0755", "0750"])
        if "source" in spec:
            self.maybe(spec, "purge", [True, False])
        else:
            spec.pop("purge", None)

    def make_systemdunit(self, spec):
        if "name" not in spec or self.random.random() < 0.1:
            spec["name"] = self.random.choice(UNIT_NAMES)
        self.maybe(spec, "content", [UNIT.format(60), UNIT.format(70)], absent=0.1)
        self.maybe(spec, "dropIns", [[{"name": "1.conf", "content": f"[Service]\nNice={n}\n"}] for n in (1, 2)])
        self.maybe(spec, "enabled", [True, False])
        self.maybe(spec, "masked", [True, False], absent=0.9)
        self.maybe(spec, "restartOn", [["File/file-1"], ["File/file-1", "File/file-2"], ["Directory/directory-1"]])
        if "content" not in spec:
            spec.pop("enabled", None)
        if self.live:
            spec.setdefault("content", UNIT.format(60))
            spec.pop("masked", None)
            spec["running"] = self.random.random() < 0.7

    def make_healthcheck(self, spec):
        spec["tcp"] = self.random.choice(["127.0.0.1:1", "127.0.0.1:2"])
        spec.setdefault("interval", "5s")
        self.maybe(spec, "interval", ["5s", "6s"], absent=0)

    def files(self):
        return {"base/all.yaml": "\n---\n".join(json.dumps(one, indent=1) for one in self.objects.values())}


def follow(chain):
    """Plays a chain's commits; it, and what differed first, if anything."""
    for _ in range(COMMITS):
        if difference := chain.advance():
            return chain, difference
    return chain, None


def play_alone(play, *more):
    """For `--seed N`: prints the chain; returns the exit status."""
    chain, difference = play(int(sys.argv[sys.argv.index("--seed") + 1]), *more)
    print("\n\n".join(chain.told), "\n\n", difference)
    return 1 if difference else 0
