#!/usr/bin/env python3
"""The sample city is what its schemas and a traffic engineer expect, and the schemas refuse what is wrong."""

import collections
import copy
import functools
import json
import math
import pathlib
import re
import unittest
import warnings

import jsonschema
import yaml

MANIFESTS = pathlib.Path(__file__).resolve().parents[2] / "manifests"
CITY = MANIFESTS / "san-francisco"
SCHEMAS = MANIFESTS / "schema"
METRES_PER_SECOND = 0.44704  # of a mile an hour


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=None)
def validator(name):
    schema = read(SCHEMAS / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Debian 12's version has nothing newer
        resolver = jsonschema.RefResolver(base_uri=(SCHEMAS / name).as_uri(), referrer=schema)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def complaints(name, value):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(name).iter_errors(value)]


def manifest_files():
    return sorted(p for p in CITY.rglob("*.yaml") if p.name != "greenwave.yaml")


@functools.lru_cache(maxsize=None)
def documents(path):
    return [d for d in yaml.safe_load_all(path.read_text(encoding="utf-8")) if d is not None]


def variables(value):
    """Every ${device.…} and ${cluster.…} in a parsed value."""
    if isinstance(value, dict):
        return [v for item in value.values() for v in variables(item)]
    if isinstance(value, list):
        return [v for item in value for v in variables(item)]
    return re.findall(r"\$\{((?:device|cluster)\.[^}]+)\}", value) if isinstance(value, str) else []


CLUSTER = documents(CITY / "greenwave.yaml")[0]
DEVICES = read(CITY / "devices.geojson")["features"]


def labels(device):
    return device["properties"]["labels"]


def inside(point, ring):
    x, y = point
    within = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


class Schemas(unittest.TestCase):
    def test_each_schema_is_one(self):
        for path in SCHEMAS.glob("*.json"):
            with self.subTest(path.name):
                jsonschema.Draft202012Validator.check_schema(read(path))

    def test_the_sample_city_follows_the_schema_that_each_file_names(self):
        for path in [CITY / "greenwave.yaml", *manifest_files()]:
            modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
            with self.subTest(path.relative_to(CITY)):
                self.assertIsNotNone(modeline, "no modeline: an editor finds no schema")
                schema = (path.parent / modeline[1]).resolve()
                self.assertEqual(schema.parent, SCHEMAS)
                for document in documents(path):
                    self.assertEqual(complaints(schema.name, document), [])

    def test_the_inventory_follows_its_schema(self):
        self.assertEqual(complaints("inventory.schema.json", read(CITY / "devices.geojson")), [])

    def test_a_full_agent_yaml_is_accepted(self):
        self.assertEqual(complaints("agent.schema.json", AGENT), [])

    def test_kubernetes_manifests_pass(self):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "camera"}, "spec": {"containers": []}}
        self.assertEqual(complaints("manifest.schema.json", pod), [])

    def test_what_is_wrong_is_refused(self):
        for schema, right, changes in WRONG:
            self.assertEqual(complaints(schema, right), [])
            for path, value in changes:
                with self.subTest(f"{schema} {path} = {value!r}"):
                    self.assertNotEqual(complaints(schema, changed(right, path, value)), [])

    def test_a_later_layer_may_leave_out_what_an_earlier_one_says(self):
        part = ours("File", json={"walk": 9})
        self.assertEqual(complaints("overlay.schema.json", part), [])
        self.assertNotEqual(complaints("manifest.schema.json", part), [])


class City(unittest.TestCase):
    def test_ids_and_addresses_are_unique_and_no_id_is_one_of_the_test_ids(self):
        for key in ("intersection", "address"):
            values = [d["properties"][key] for d in DEVICES]
            self.assertEqual(len(values), len(set(values)), key)
        self.assertEqual(len({d["id"] for d in DEVICES}), 485)
        for device in DEVICES:
            # SAE J2735 keeps 0 to 255 for tests; an id has 16 bits.
            self.assertIn(device["properties"]["intersection"], range(256, 65536))

    def test_about_two_percent_are_canaries_of_both_models(self):
        canaries = [d for d in DEVICES if labels(d).get("role") == "canary"]
        self.assertIn(len(canaries), range(8, 13))
        self.assertEqual({labels(d)["model"] for d in canaries}, {labels(d)["model"] for d in DEVICES})

    def test_every_layer_serves_a_device_and_every_directory_is_a_layer(self):
        districts = {labels(d)["district"] for d in DEVICES}
        ids = {d["id"] for d in DEVICES}
        named = {layer["path"] for layer in CLUSTER["spec"]["layers"]}
        for path in manifest_files():
            layer = path.parent.relative_to(CITY)
            if layer.parts[0] == "districts":
                self.assertIn(layer.name, districts)
            elif layer.parts[0] == "devices":
                self.assertIn(layer.name, ids)
            else:
                self.assertIn(str(layer), named)
        for path in named:
            self.assertTrue("$" in path or any((CITY / path).glob("*.yaml")), path)
        corridors = {labels(d).get("corridor", "none") for d in DEVICES}
        self.assertEqual({p for p in named if p.startswith("corridors/")}, {f"corridors/{c}" for c in corridors})

    def test_a_corridors_polygon_holds_the_devices_that_carry_its_label(self):
        drawn = [layer for layer in CLUSTER["spec"]["layers"] if "within" in layer]
        self.assertTrue(drawn)
        for layer in drawn:
            corridor = pathlib.PurePath(layer["path"]).name
            polygons = [f["geometry"]["coordinates"] for f in read(CITY / layer["within"])["features"]]
            held = {d["id"] for d in DEVICES for p in polygons if inside(d["geometry"]["coordinates"], p[0])}
            self.assertEqual(held, {d["id"] for d in DEVICES if labels(d).get("corridor") == corridor})

    def test_every_variable_is_known_to_every_device_that_gets_the_file(self):
        known = {"device.id", "device.longitude", "device.latitude", "cluster.name"}
        known |= {f"cluster.vars.{key}" for key in CLUSTER["spec"]["vars"]}
        for path in manifest_files():
            kind, name = path.parent.parts[-2:]
            for device in DEVICES:
                where = {"corridors": "corridor", "models": "model", "districts": "district"}.get(kind)
                if where and labels(device).get(where, "none") != name:
                    continue
                if kind == "devices" and device["id"] != name:
                    continue
                own = {f"device.labels.{key}" for key in labels(device)}
                own |= {f"device.properties.{key}" for key in device["properties"]}
                unknown = set(variables(documents(path))) - known - own
                self.assertEqual(unknown, set(), f"{path.relative_to(CITY)} for {device['id']}")

    def test_references_and_sources_lead_somewhere(self):
        declared = {f"{d['kind']}/{d['metadata']['name']}" for p in manifest_files() for d in documents(p)}
        for path in manifest_files():
            for document in documents(path):
                spec = document["spec"]
                for reference in spec.get("restartOn", []) + spec.get("reloadOn", []):
                    self.assertIn(reference, declared, path)
                self.assertTrue((CITY / spec.get("source", ".")).exists(), path)

    def test_the_attribution_is_wherever_the_data_is(self):
        for path in CITY.rglob("*.geojson"):
            self.assertEqual(read(path)["attribution"], "© OpenStreetMap contributors, ODbL 1.0", path)
        for text in (CITY / "README.md", MANIFESTS.parent / "README.md"):
            self.assertIn("OpenStreetMap contributors", text.read_text(encoding="utf-8"))


class GreenWave(unittest.TestCase):
    """A platoon that leaves one green at the corridor's speed arrives in the next one's."""

    def plans(self):
        for path in sorted(CITY.glob("corridors/*/coordination.yaml")):
            yield path.parent.name, documents(path)[0]["spec"]["json"]

    def test_each_rings_splits_add_up_to_the_cycle_and_meet_at_the_barrier(self):
        for corridor, plan in self.plans():
            for name, pattern in plan["patterns"].items():
                with self.subTest(f"{corridor} {name}"):
                    split = collections.defaultdict(int, {int(k): v for k, v in pattern["splits"].items()})
                    for ring in (range(1, 5), range(5, 9)):
                        self.assertEqual(sum(split[phase] for phase in ring), pattern["cycle"])
                    self.assertEqual(split[1] + split[2], split[5] + split[6])
                    self.assertGreaterEqual(min(pattern["splits"].values()), 10)

    def test_day_plans_start_at_midnight_run_forward_and_name_patterns_that_exist(self):
        for corridor, plan in self.plans():
            for day, entries in plan["dayPlans"].items():
                with self.subTest(f"{corridor} {day}"):
                    times = [entry["from"] for entry in entries]
                    self.assertEqual(times[0], "00:00")
                    self.assertEqual(times, sorted(set(times)))
                    for entry in entries:
                        self.assertIn(entry["pattern"], {"free", *plan["patterns"]})

    def test_offsets_are_travel_times_modulo_the_cycle(self):
        for corridor, plan in self.plans():
            devices = [d["properties"] for d in DEVICES if labels(d).get("corridor") == corridor]
            length = max(d["distance"] for d in devices)
            self.assertGreater(len(devices), 5)
            for name, pattern in plan["patterns"].items():
                key = re.fullmatch(r"\$\{device\.properties\.(\w+)\}", pattern["offset"])[1]
                for device in devices:
                    way = device["distance"]
                    if pattern["progression"]["direction"] == "outbound":
                        way = length - way
                    travel = way / (pattern["progression"]["speed"] * METRES_PER_SECOND)
                    error = (device[key] - travel) % pattern["cycle"]
                    with self.subTest(f"{corridor} {name} {device['name']}"):
                        self.assertLess(min(error, pattern["cycle"] - error), 1)
                        self.assertLess(device[key], pattern["cycle"])

    def test_distances_along_a_corridor_are_those_of_the_map(self):
        for corridor, _ in self.plans():
            line = sorted((d for d in DEVICES if labels(d).get("corridor") == corridor),
                          key=lambda d: d["properties"]["distance"])
            for near, far in zip(line, line[1:]):
                (x1, y1), (x2, y2) = (d["geometry"]["coordinates"] for d in (near, far))
                east = (x2 - x1) * 111_320 * math.cos(math.radians(y1))
                north = (y2 - y1) * 111_000
                between = far["properties"]["distance"] - near["properties"]["distance"]
                self.assertAlmostEqual(between, math.hypot(east, north), delta=2)


def ours(kind, **spec):
    return {"apiVersion": "greenwave.dev/v1", "kind": kind, "metadata": {"name": "example"}, "spec": spec}


REMOVED = object()


def changed(value, path, new):
    """A copy of `value` with the member at `path` ("spec.mode") set, or taken away."""
    copied = copy.deepcopy(value)
    at = copied
    *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in parents:
        at = at[key]
    if new is REMOVED:
        del at[last]
    else:
        at[last] = new
    return copied


AGENT = {
    "device": "sf-0042",
    "repository": {
        "url": "https://git.example/traffic/san-francisco.git", "branch": "main", "path": "", "interval": "60s",
        "credentials": {"tokenFile": "/etc/greenwave/token", "caFile": "credential:ca"},
    },
    "trust": {
        "allowedSigners": "/etc/greenwave/allowed_signers", "requireRef": True,
        "paths": [{"path": "base", "signers": ["ana@city.example", "bo@city.example"], "threshold": 2}],
    },
    "labels": {"model": "atc-5201"}, "runtime": "none", "allowedPaths": ["/etc", "/opt"],
    "stateDirectory": "/var/lib/greenwave", "runtimeDirectory": "/run/greenwave",
    "hub": {"url": "https://hub.example"},
}

WRONG = [
    ("manifest.schema.json", ours("File", path="/etc/motd", content="hi", mode="0644"), [
        ("spec/path", "etc/motd"), ("spec/path", "/etc/../root/.profile"), ("spec/path", REMOVED),
        ("spec/mode", 644), ("spec/mode", "u+x"), ("spec/json", {}), ("spec/content", REMOVED),
        ("spec/content", ["hi"]), ("spec/permissions", "0644"), ("metadata/name", ""), ("metadata", REMOVED),
        ("kind", "Fiel"), ("spec", REMOVED), ("spec/sensitive", "yes"),
    ]),
    ("manifest.schema.json", ours("Directory", path="/opt/signal", source="files/runbook", purge=True), [
        ("spec/source", "/files"), ("spec/source", "../files"), ("spec/purge", "always"), ("spec/path", REMOVED),
        ("spec/source", REMOVED), ("spec/fileMode", 644),
    ]),
    ("manifest.schema.json", ours("SystemdUnit", name="a.service", dropIns=[{"name": "x.conf", "content": "[Unit]"}], restartOn=["File/a"]), [
        ("spec/name", "a"), ("spec/dropIns", {"x.conf": "[Unit]"}), ("spec/dropIns/0/name", "../x.conf"),
        ("spec/dropIns/0/content", REMOVED),
        ("spec/restartOn", ["chrony"]), ("spec/restartOn", "File/a"), ("spec/running", "on"),
    ]),
    ("manifest.schema.json", ours("Command", command=["true"], creates="/etc/a", timeout="1m30s"), [
        ("spec/command", "true"), ("spec/command", []), ("spec/unless", ["true"]), ("spec/command", REMOVED),
        ("spec/timeout", 90), ("spec/timeout", "1 minute"), ("spec/environment", {"A B": "c"}),
    ]),
    ("manifest.schema.json", ours("HealthCheck", http="http://127.0.0.1:6053/", interval="5s", within="2m"), [
        ("spec/http", "127.0.0.1"), ("spec/tcp", "127.0.0.1:80"), ("spec/http", REMOVED), ("spec/within", "soon"),
    ]),
    ("cluster.schema.json", CLUSTER, [
        ("spec/layers/0/selector", {"matchLabel": {}}), ("spec/layers/0/path", REMOVED),
        ("spec/layers/0/when", "always"), ("spec/waves/0/ref", "canary"), ("spec/waves/1/percent", 101),
        ("spec/waves/1/selector", {"matchLabels": {"role": "canary"}}), ("spec/windows/0/from", 60),
        ("spec/windows/0/days", ["monday"]), ("spec/windows/0/timezone", REMOVED), ("spec/device", "x"),
        ("spec/layers/1/selector", {"matchExpressions": [{"key": "a", "operator": "In"}]}),
        ("spec/layers/1/selector", {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
    ]),
    ("inventory.schema.json", {"type": "FeatureCollection", "features": DEVICES[:2]}, [
        ("features/0/id", 42), ("features/0/id", "sf/../0042"), ("features/1/geometry/coordinates", [37.7]),
        ("features/1/geometry/coordinates", [37.75, -122.43]), ("features/1/geometry/type", "LineString"),
        ("features/0/properties/labels", {"model": 2070}), ("features/0/id", REMOVED),
    ]),
    ("agent.schema.json", AGENT, [
        ("repository/url", "git.example/city.git"), ("hub/url", "http://hub.example"),
        ("repository/url", "https://me:secret@git.example/a.git"),
        ("repository", REMOVED), ("repository/interval", 60), ("runtime", "docker"), ("allowedPaths", ["etc"]),
        ("repository/credentials", {"token": "secret"}), ("repositry", {}), ("labels", {"model": 2070}),
        ("trust/paths/0/path", "/base"), ("trust/paths/0/path", "base/../x"), ("trust/paths/0/path", "base/*"),
        ("trust/paths/0/signers", []), ("trust/paths/0/signers", ["a", "a"]), ("trust/paths/0/signers", ["*@a"]),
        ("trust/paths/0/threshold", 0), ("trust/paths/0/threshold", REMOVED), ("trust/paths/0/who", "ana"),
        ("repository/credentials", {"clientKey": "/etc/greenwave/key"}), ("repository/credentials/passwordFile", "/a"),
    ]),
]


if __name__ == "__main__":
    unittest.main()
