"""runtime: kubernetes, on a real API server: apply, no-op, drift, conflict, prune, custom resources, outages."""

import base64
import datetime
import json
import pathlib
import signal
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import kubernetes  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, wait_until  # noqa: E402


def manifest(kind, name, namespace=None, api="v1", annotations=None, labels=None, **more):
    metadata = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = {f"greenwave.dev/{key}": value for key, value in annotations.items()}
    if labels:
        metadata["labels"] = labels
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": metadata, **more})


def config_map(name, namespace="default", annotations=None, **data):
    return manifest("ConfigMap", name, namespace, annotations=annotations, data=data)


def deployment(name, namespace="default", image="registry.example/web:1", replicas=2, within="1s", **annotations):
    """No controller runs: it becomes ready when a test says so, which a sync waits for no longer than `within`."""
    labels = {"app": name}
    return manifest(
        "Deployment", name, namespace, "apps/v1", annotations={"healthy-within": within, **annotations},
        spec={"replicas": replicas, "selector": {"matchLabels": labels},
              "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}})


def definition(plural, kind, group="signals.example"):
    return manifest(
        "CustomResourceDefinition", f"{plural}.{group}", api="apiextensions.k8s.io/v1",
        spec={"group": group, "scope": "Namespaced", "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
              "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                                "spec": {"type": "object", "properties": {"cycle": {"type": "integer"}}},
                                "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]})


def documents(*texts):
    return "\n---\n".join(texts)


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
SERVICES = "/api/v1/namespaces/default/services"
ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@unittest.skipIf(kubernetes.why_not(), kubernetes.why_not() or "")
class Kubernetes(unittest.TestCase):
    """One API server for all tests; each has its own device, whose objects have names of their own."""

    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(Scratch())
        cls.cluster = cls.enterClassContext(kubernetes.Cluster(cls.directory / "cluster"))

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def id_of_device(self):
        return self._testMethodName.removeprefix("test_")[:60].strip("_")

    def device(self, kubeconfig=None, more=""):
        kubeconfig = kubeconfig or self.cluster.kubeconfig(f"{self._testMethodName}.config")
        device = Device(
            self.scratch / "device", self.city.url, device=self.id_of_device(),
            more=f"runtime: kubernetes\nkubernetes:\n  kubeconfig: {kubeconfig}\n{more}health: {{reach: 2s}}\n")
        self.addCleanup(device.stop)
        return device

    def beside(self, name, city=None, device=None):
        """Another agent on the same server: with its own state, and its own city unless it shares this one."""
        other = Device(self.scratch / name, (city or self.city).url, device=device or f"{self.id_of_device()[:30]}-{name}",
                       more=f"runtime: kubernetes\nkubernetes: {{kubeconfig: {self.cluster.kubeconfig(f'{name}.config')}}}\nhealth: {{reach: 2s}}\n")
        self.addCleanup(other.stop)
        return other

    def another_city(self):
        (self.scratch / "another").mkdir()
        return City(self.scratch / "another")

    def owners(self, name, collection=CONFIG_MAPS):
        return [label for label in self.get(name, collection)["metadata"]["labels"] if label.startswith("device.greenwave.dev/")]

    def get(self, name, collection=CONFIG_MAPS):
        return self.cluster.get(f"{collection}/{name}")

    def exists(self, name, collection=CONFIG_MAPS):
        return self.cluster.exists(f"{collection}/{name}")

    def test_manifests_are_applied_by_server_side_apply_beside_files_of_the_host(self):
        self.city.commit({"a.yaml": config_map("plain", mode="flash"), "motd.yaml": file_manifest("motd", "/etc/motd", "hi\n")})
        device = self.device()
        device.once(check=0)
        found = self.get("plain")
        self.assertEqual(found["data"], {"mode": "flash"})
        managers = [(entry["manager"].split(":")[0], entry["operation"]) for entry in found["metadata"]["managedFields"]]
        self.assertEqual([("greenwave", "Apply")], managers)
        self.assertEqual(device.path("/etc/motd").read_text(), "hi\n")

    def test_strings_that_other_readers_of_yaml_take_for_other_types_arrive_as_strings(self):
        values = {"a": "yes", "b": "line\u2028separator \u0085 next", "c": "del\u007f c1\u0090", "d": "🚦", "e": "0x1F", "f": "\ufeffmark"}
        # YAML has no pairs of surrogates, which json writes for what is beyond U+FFFF.
        self.city.commit({"a.yaml": config_map("strings", **values).replace("\\ud83d\\udea6", "🚦")})
        self.device().once(check=0)
        self.assertEqual(self.get("strings")["data"], values)

    def test_a_renamed_workload_runs_until_its_successor_is_taken_and_well(self):
        def web(name, *env, **fields):
            labels = {"app": name}
            container = {"name": "web", "image": "registry.example/web:1", "env": [{"name": one, "value": "x"} for one in env]}
            return manifest("Deployment", name, "default", "apps/v1", annotations={"healthy-within": "1s"}, spec={
                "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}, **fields})

        # Without a controller only a paused one is well.
        self.city.commit({"a.yaml": web("renamed-old", paused=True), "b.yaml": config_map("renamed-beside", k="1")})
        device = self.device()
        device.once(check=0)
        refused = self.city.commit({"a.yaml": web("renamed-new", "A", "A", paused=True), "b.yaml": config_map("renamed-beside", k="2")})
        device.once(check=1)
        self.assertTrue(self.exists("renamed-old", DEPLOYMENTS))
        self.assertFalse(self.exists("renamed-new", DEPLOYMENTS))
        self.assertEqual({"k": "1"}, self.get("renamed-beside")["data"], "the commit changed nothing")
        rejected = device.json("status")["rejected"]
        self.assertEqual(refused, rejected["commit"])
        self.assertIn("Deployment/default/renamed-new: a.yaml:1:", rejected["reason"])
        self.city.commit({"a.yaml": web("renamed-new", "A")})
        device.once(check=1)
        self.assertTrue(self.exists("renamed-old", DEPLOYMENTS), "its successor never became ready")
        self.city.commit({"a.yaml": web("renamed-new", "A", paused=True)})
        device.once(check=0)
        self.assertFalse(self.exists("renamed-old", DEPLOYMENTS))
        self.assertTrue(self.exists("renamed-new", DEPLOYMENTS))

    def test_a_second_sync_asks_once_a_kind_and_changes_nothing(self):
        self.city.commit({"a.yaml": documents(config_map("noop-a", k="1"), config_map("noop-b", k="2"),
                                           manifest("Service", "noop", "default", spec={"ports": [{"port": 80}]}))})
        device = self.device()
        device.once(check=0)
        before = [self.get("noop-a"), self.get("noop", SERVICES)]
        asked = self.requests_during(lambda: device.once(check=0))
        self.assertEqual(sorted(asked), ["LIST configmaps", "LIST services"])
        self.assertEqual([self.get("noop-a"), self.get("noop", SERVICES)], before)

    def requests_during(self, action):
        """What the agent asks of the server, as "LIST configmaps", by the server's audit of it."""
        log = self.directory / "cluster" / "audit.log"
        at = log.stat().st_size
        action()
        events = [json.loads(line) for line in log.read_bytes()[at:].decode().splitlines()]
        return [f"{event['verb'].upper()} {event.get('objectRef', {}).get('resource', event['requestURI'])}"
                for event in events if event.get("userAgent", "").startswith("greenwaved")]

    def test_the_status_that_a_controller_writes_is_not_drift(self):
        self.city.commit({"a.yaml": deployment("status")})
        device = self.device()
        device.once()
        self.cluster.set_status(f"{DEPLOYMENTS}/status", {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
                                                          "availableReplicas": 2, "readyReplicas": 2})
        device.once(check=0)
        asked = self.requests_during(lambda: device.once(check=0))
        self.assertEqual(asked, ["LIST deployments"])

    def test_drift_by_kubectl_is_repaired_and_the_history_shows_what_was_there_before(self):
        self.city.commit({"a.yaml": config_map("drifted", mode="flash", plan="7")})
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0)
        patch = json.dumps({"data": {"mode": "dark", "plan": None}})
        self.cluster.kubectl("patch", "configmap", "drifted", "--type", "merge", "-p", patch)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(self.get("drifted")["data"], {"mode": "flash", "plan": "7"})
        action = device.json("history")["syncs"][0]["actions"][0]
        self.assertEqual(action["verb"], "repair")
        self.assertIn('data.mode: "dark"', action["was"])
        self.assertIn("kubectl", action["reason"])

    def test_an_object_that_was_deleted_comes_back(self):
        self.city.commit({"a.yaml": config_map("deleted", k="v")})
        device = self.device()
        device.once(check=0)
        self.cluster.delete(f"{CONFIG_MAPS}/deleted")
        device.once(check=0)
        self.assertEqual(self.get("deleted")["data"], {"k": "v"})

    def test_fields_that_a_person_adds_stay(self):
        self.city.commit({"a.yaml": config_map("added", ours="1")})
        device = self.device()
        device.once(check=0)
        self.cluster.kubectl("patch", "configmap", "added", "--type", "merge", "-p", json.dumps({"data": {"theirs": "2"}}))
        device.once(check=0)
        self.assertEqual(self.get("added")["data"], {"ours": "1", "theirs": "2"})

    def test_a_conflict_names_the_other_manager_and_the_field(self):
        self.city.commit({"a.yaml": deployment("scaled", replicas=2)})
        device = self.device()
        device.once()
        self.cluster.apply(f"{DEPLOYMENTS}/scaled", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "scaled"},
                                                     "spec": {"replicas": 5}}, "autoscaler", force=True)
        said = device.once(check=1).stdout
        self.assertIn('"autoscaler" has set .spec.replicas', said)
        self.assertIn("a.yaml:1:", said)
        self.assertEqual(self.get("scaled", DEPLOYMENTS)["spec"]["replicas"], 5)

        self.city.commit({"a.yaml": deployment("scaled", replicas=2, force="true")})
        device.once()
        self.assertEqual(self.get("scaled", DEPLOYMENTS)["spec"]["replicas"], 2)

    def test_a_port_that_was_edited_by_hand_is_repaired_although_the_server_merges_it(self):
        def service(name, **more):
            return manifest("Service", name, "default", spec={"ports": [{"name": "http", "port": 80, **more}]})

        self.city.commit({"a.yaml": service("edited-port"), "b.yaml": service("foreign-port")})
        device = self.device()
        device.once(check=0)
        change = json.dumps([{"op": "replace", "path": "/spec/ports/0/port", "value": 8080}])
        self.cluster.kubectl("patch", "service", "edited-port", "--type", "json", "-p", change)
        self.cluster.kubectl("patch", "service", "foreign-port", "--type", "json", "-p", change, "--field-manager", "some-tool")
        said = device.once(check=1).stdout
        self.assertIn("removed spec.ports from kubectl-patch", said)
        self.assertIn("Duplicate value", said)
        self.assertEqual([80], [port["port"] for port in self.get("edited-port", SERVICES)["spec"]["ports"]])
        self.assertEqual([8080], [port["port"] for port in self.get("foreign-port", SERVICES)["spec"]["ports"]])
        self.city.commit({"b.yaml": manifest("Service", "foreign-port", "default", annotations={"force": "true"},
                                             spec={"ports": [{"name": "http", "port": 80}]})})
        device.once(check=0)
        self.assertEqual([80], [port["port"] for port in self.get("foreign-port", SERVICES)["spec"]["ports"]])
        self.assertEqual(["LIST services"], self.requests_during(lambda: device.once(check=0)))

    def test_what_excludes_the_manifests_values_is_removed_whoever_set_it_by_hand(self):
        def web(**strategy):
            labels = {"app": "excluded"}
            container = {"name": "web", "image": "i", "env": [{"name": "E", "value": "x"}],
                         "livenessProbe": {"httpGet": {"port": 80}}}
            return manifest("Deployment", "excluded", "default", "apps/v1", annotations={"healthy-within": "1s"}, spec={
                "selector": {"matchLabels": labels}, **strategy,
                "template": {"metadata": {"labels": labels}, "spec": {
                    "containers": [container], "volumes": [{"name": "v", "configMap": {"name": "m"}}]}}})

        self.city.commit({"a.yaml": web()})
        device = self.device()
        device.once()
        self.cluster.kubectl("patch", "deployment", "excluded", "--type", "strategic", "-p", json.dumps({"spec": {"template": {"spec": {
            "volumes": [{"name": "v", "configMap": None, "emptyDir": {}}],
            "containers": [{"name": "web", "tty": True, "livenessProbe": {"httpGet": None, "exec": {"command": ["true"]}},
                            "env": [{"name": "E", "value": None, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}]}}}}))
        device.once()
        spec = self.get("excluded", DEPLOYMENTS)["spec"]["template"]["spec"]
        container = spec["containers"][0]
        self.assertEqual([{"name": "E", "value": "x"}], container["env"])
        self.assertNotIn("exec", container["livenessProbe"])
        self.assertTrue(container["tty"], "what excludes nothing stays")
        self.assertNotIn("emptyDir", spec["volumes"][0])
        # The server has filled in rollingUpdate, which nobody owns and Recreate rules out.
        self.city.commit({"a.yaml": web(strategy={"type": "Recreate"})})
        device.once()
        self.assertEqual({"type": "Recreate"}, self.get("excluded", DEPLOYMENTS)["spec"]["strategy"])

    def test_maps_that_a_manifest_leaves_empty_are_no_drift_when_others_fill_them(self):
        texts = [json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                             "metadata": {"name": f"nothing-{n}", "namespace": "default", "annotations": nothing, "labels": nothing},
                             "data": nothing}) for n, nothing in enumerate((None, {}))]
        self.city.commit({"a.yaml": documents(*texts)})
        device = self.device()
        device.once(check=0)
        for n in range(2):
            self.cluster.kubectl("annotate", "configmap", f"nothing-{n}", "who=me")
            self.cluster.kubectl("patch", "configmap", f"nothing-{n}", "--type", "merge", "-p", '{"data": {"theirs": "1"}}')
        self.assertEqual(["LIST configmaps"], self.requests_during(lambda: device.once(check=0)))

    def test_what_kubectl_applied_beside_us_goes_when_the_manifest_drops_it(self):
        self.city.commit({"a.yaml": documents(*(config_map(name, a="1", b="2") for name in ("beside-client", "beside-server")))})
        device = self.device()
        device.once(check=0)
        self.cluster.kubectl("apply", "-f", "-", text=config_map("beside-client", a="1", b="3"))
        self.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=config_map("beside-server", a="1", b="3"))
        self.city.commit({"a.yaml": documents(*(config_map(name, a="1") for name in ("beside-client", "beside-server")))})
        device.once(check=0)
        for name in ("beside-client", "beside-server"):
            found = self.get(name)
            self.assertEqual({"a": "1"}, found["data"])
            self.assertEqual(1, len(found["metadata"]["managedFields"]))
        self.assertEqual(["LIST configmaps"], self.requests_during(lambda: device.once(check=0)))

    def test_fields_of_controllers_are_left_to_them_and_the_rest_of_the_object_is_kept(self):
        rbac = "rbac.authorization.k8s.io/v1"
        roles, hooks = f"/apis/{rbac}/clusterroles", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}

        def hook(**more):
            return manifest("ValidatingWebhookConfiguration", "injected", api="admissionregistration.k8s.io/v1", webhooks=[{
                "name": "a.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
                "clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": ""}, "rules": [], **more}])

        def role(*labels):
            return manifest("ClusterRole", "aggregated", api=rbac, rules=[],
                            aggregationRule={"clusterRoleSelectors": [{"matchLabels": {label: "x"}} for label in labels]})

        self.city.commit({"a.yaml": documents(deployment("autoscaled", replicas=2), hook(), role("a"))})
        device = self.device()
        device.once()
        self.cluster.request("PUT", f"{DEPLOYMENTS}/autoscaled/scale?fieldManager=an-autoscaler", {
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "autoscaled", "namespace": "default"}, "spec": {"replicas": 5}})
        self.cluster.apply(f"{roles}/aggregated", {"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": "aggregated"}, "rules": [rule]},
                           "clusterrole-aggregation-controller", force=True)
        bundle = base64.b64encode((self.cluster.directory / "ca.crt").read_bytes()).decode()
        found = self.get("injected", hooks)
        found["webhooks"][0]["clientConfig"]["caBundle"] = bundle
        self.cluster.request("PUT", f"{hooks}/injected?fieldManager=manager", found)
        self.city.commit({"a.yaml": documents(deployment("autoscaled", image="registry.example/web:2", replicas=2),
                                              hook(timeoutSeconds=3), role("a", "b"))})
        said = device.once().stdout
        self.assertIn("left .spec.replicas to an-autoscaler", said)
        self.assertIn("left .rules to clusterrole-aggregation-controller", said)
        self.assertIn('left .webhooks[name="a.example.com"].clientConfig.caBundle to manager', said)
        scaled = self.get("autoscaled", DEPLOYMENTS)["spec"]
        self.assertEqual((5, "registry.example/web:2"), (scaled["replicas"], scaled["template"]["spec"]["containers"][0]["image"]))
        found = self.get("aggregated", roles)
        self.assertEqual(([rule], 2), (found["rules"], len(found["aggregationRule"]["clusterRoleSelectors"])))
        found = self.get("injected", hooks)["webhooks"][0]
        self.assertEqual((bundle, 3), (found["clientConfig"]["caBundle"], found["timeoutSeconds"]))
        asked = self.requests_during(lambda: device.once())
        self.assertEqual(["LIST clusterroles", "LIST deployments", "LIST validatingwebhookconfigurations"],
                         sorted(request for request in asked if request.startswith(("LIST", "PATCH")) and request != "LIST pods"))

    def test_a_configuration_may_force_fields_of_controllers_too(self):
        self.city.commit({"a.yaml": deployment("forced-scale", replicas=2)})
        device = self.device(more="  force: ['*']\n")
        device.once()
        self.cluster.request("PUT", f"{DEPLOYMENTS}/forced-scale/scale?fieldManager=an-autoscaler", {
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "forced-scale", "namespace": "default"}, "spec": {"replicas": 5}})
        device.once()
        self.assertEqual(2, self.get("forced-scale", DEPLOYMENTS)["spec"]["replicas"])

    def test_a_secret_of_texts_is_repaired_and_keys_that_it_drops_go(self):
        path = "/api/v1/namespaces/default/secrets"
        self.city.commit({"a.yaml": manifest("Secret", "texts", "default", stringData={"kept": "one", "dropped": "two"}, data={"raw": "cmF3"})})
        device = self.device()
        device.once(check=0)
        self.cluster.kubectl("patch", "secret", "texts", "--type", "merge", "-p", '{"data": {"kept": "eHh4"}}')
        device.once(check=0)
        self.assertEqual({"kept": "b25l", "dropped": "dHdv", "raw": "cmF3"}, self.get("texts", path)["data"])
        self.city.commit({"a.yaml": manifest("Secret", "texts", "default", stringData={"kept": "one"})})
        device.once(check=0)
        self.assertEqual({"kept": "b25l"}, self.get("texts", path)["data"])
        self.assertEqual(["LIST secrets"], self.requests_during(lambda: device.once(check=0)))

    def test_a_secret_of_texts_that_others_or_an_earlier_version_applied_loses_the_keys_that_it_drops(self):
        path = "/api/v1/namespaces/default/secrets"
        labels = {"earlier-texts": {"greenwave.dev/device": self.id_of_device()}, "adopted-texts": {}}
        for name, manager in (("earlier-texts", "greenwave"), ("adopted-texts", "kubectl")):
            self.cluster.apply(f"{path}/{name}", {
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "labels": labels[name]},
                "stringData": {"kept": "one", "dropped": "two"}, "data": {"raw": "cmF3"}}, manager)
        self.city.commit({"a.yaml": documents(*(manifest("Secret", name, "default", stringData={"kept": "one"}) for name in labels))})
        device = self.device()
        device.once(check=0)
        for name in labels:
            self.assertEqual({"kept": "b25l"}, self.get(name, path)["data"], name)
        self.assertEqual(["LIST secrets"], self.requests_during(lambda: device.once(check=0)))

    # Several agents.

    def test_two_devices_share_objects_without_repairs_and_the_last_one_removes_them(self):
        shared = {"a.yaml": documents(manifest("Namespace", "shared-space", annotations={"prune": "enabled"}),
                                      config_map("shared-map", "shared-space", mode="flash"))}
        path = "/api/v1/namespaces/shared-space/configmaps"
        other_city = self.another_city()
        self.city.commit(shared)
        other_city.commit({**shared, "b.yaml": config_map("only-other", k="v")})
        first, second = self.beside("first"), self.beside("second", other_city)
        first.once(check=0)
        second.once(check=0)
        self.assertEqual(2, len(self.owners("shared-map", path)))
        for device in (first, second, first):
            kinds = {request.split()[0] for request in self.requests_during(lambda: device.once(check=0))}
            self.assertEqual({"LIST"}, kinds)
        self.city.commit({"a.yaml": None, "c.yaml": config_map("only-first", k="v")})
        said = first.once(check=0).stdout
        self.assertIn("other devices have it too", said)
        self.assertEqual({"mode": "flash"}, self.get("shared-map", path)["data"])
        self.assertEqual(1, len(self.owners("shared-map", path)))
        self.assertEqual({"LIST"}, {request.split()[0] for request in self.requests_during(lambda: second.once(check=0))})
        other_city.commit({"a.yaml": None})
        second.once(check=0)
        self.assertIn("deletionTimestamp", self.get("shared-space", "/api/v1/namespaces")["metadata"])
        self.assertFalse(self.exists("shared-map", path))

    def test_devices_of_one_city_change_what_they_share_one_after_the_other(self):
        self.city.commit({"a.yaml": config_map("rolled", mode="flash", old="1")})
        devices = [self.beside(name) for name in ("first", "second", "third")]
        for device in devices:
            device.once(check=0)
        self.city.commit({"a.yaml": config_map("rolled", mode="dark", new="1")})
        for device in devices:
            device.once(check=0)
        self.assertEqual({"mode": "dark", "new": "1"}, self.get("rolled")["data"])
        for device in devices:
            self.assertEqual(["LIST configmaps"], self.requests_during(lambda: device.once(check=0)))

    def test_what_devices_declare_differently_is_a_conflict_that_is_reported_and_no_fight(self):
        other_city = self.another_city()
        self.city.commit({"a.yaml": config_map("disputed", mode="flash")})
        other_city.commit({"a.yaml": config_map("disputed", mode="flash")})
        first, second = self.beside("first"), self.beside("second", other_city)
        first.once(check=0)
        second.once(check=0)
        other_city.commit({"a.yaml": config_map("disputed", mode="dark"), "b.yaml": config_map("beside-disputed", k="v")})
        second.once(check=0)
        said = first.once(check=1).stdout
        self.assertIn("another Greenwave agent", said)
        self.assertIn("has set .data.mode", said)
        self.assertIn("a.yaml:1:", said)
        version = self.get("disputed")["metadata"]["resourceVersion"]
        for device, code in ((second, 0), (first, 1), (second, 0), (first, 1)):
            device.once(check=code)
        self.assertEqual(version, self.get("disputed")["metadata"]["resourceVersion"])
        self.city.commit({"a.yaml": config_map("disputed", mode="dark")})
        first.once(check=0)
        second.once(check=0)

    def test_devices_of_the_same_id_in_different_cities_are_different_owners(self):
        other_city = self.another_city()
        for city in (self.city, other_city):
            city.commit({"a.yaml": config_map("same-id", k="v"), "b.yaml": config_map("same-id-stays", k="v")})
        first, second = self.beside("first", device="twin"), self.beside("second", other_city, device="twin")
        first.once(check=0)
        second.once(check=0)
        self.city.commit({"a.yaml": None})
        first.once(check=0)
        self.assertTrue(self.exists("same-id"))
        self.assertEqual({"LIST"}, {request.split()[0] for request in self.requests_during(lambda: second.once(check=0))})

    def test_a_second_machine_of_the_same_device_takes_over_what_the_first_one_had(self):
        self.city.commit({"a.yaml": config_map("replaced", k="1", old="1"), "b.yaml": config_map("replaced-stays", k="v")})
        first, second = self.beside("first", device="replaced"), self.beside("second", device="replaced")
        first.once(check=0)
        second.once(check=0)
        self.assertEqual(1, len(self.owners("replaced")))
        self.city.commit({"a.yaml": config_map("replaced", k="1")})
        second.once(check=0)
        self.assertEqual({"k": "1"}, self.get("replaced")["data"])
        self.city.commit({"a.yaml": None})
        second.once(check=0)
        self.assertFalse(self.exists("replaced"))

    def test_objects_of_an_earlier_version_keep_their_content_and_get_the_new_label(self):
        device = self.device()
        for name in ("earlier", "earlier-shared"):
            owner = self.id_of_device() if name == "earlier" else "another"
            self.cluster.apply(f"{CONFIG_MAPS}/{name}", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "1", "old": "1"},
                               "metadata": {"name": name, "labels": {"greenwave.dev/device": owner}}}, "greenwave")
        self.city.commit({"a.yaml": documents(config_map("earlier", k="1"), config_map("earlier-shared", k="1"))})
        device.once(check=0)
        found = self.get("earlier")
        self.assertEqual({"k": "1"}, found["data"])
        self.assertNotIn("greenwave.dev/device", found["metadata"]["labels"])
        self.assertEqual(1, len(found["metadata"]["managedFields"]))
        found = self.get("earlier-shared")
        self.assertEqual({"k": "1", "old": "1"}, found["data"])
        self.assertEqual("another", found["metadata"]["labels"]["greenwave.dev/device"])
        self.assertEqual(["LIST configmaps"], self.requests_during(lambda: device.once(check=0)))
        self.city.commit({"a.yaml": config_map("earlier", k="1")})
        device.once(check=0)
        self.assertEqual({"k": "1", "old": "1"}, self.get("earlier-shared")["data"])

    # What is done.

    def test_a_job_that_the_server_removed_when_it_was_done_is_not_run_again(self):
        path = "/apis/batch/v1/namespaces/default/jobs"

        def job(name, image="flash:1", **more):
            return manifest("Job", name, "default", "batch/v1", annotations={"healthy-within": "1s"}, spec={**more, "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "flash", "image": image}]}}})

        self.city.commit({"a.yaml": job("ends", ttlSecondsAfterFinished=10), "b.yaml": job("stays"), "c.yaml": config_map("beside-job", k="1")})
        device = self.device()
        device.once()
        for name in ("ends", "stays"):
            self.cluster.request("DELETE", f"{path}/{name}", {"propagationPolicy": "Background"})
        self.city.commit({"c.yaml": config_map("beside-job", k="2")})
        device.once()
        device.once()
        self.assertFalse(self.exists("ends", path))
        self.assertTrue(self.exists("stays", path), "nobody said that it goes")
        self.city.commit({"a.yaml": job("ends", image="flash:2", ttlSecondsAfterFinished=10)})
        device.once()
        self.assertTrue(self.exists("ends", path))
        self.cluster.request("DELETE", f"{path}/ends", {"propagationPolicy": "Background"})
        device.start()
        device.sync()
        self.assertFalse(self.exists("ends", path))
        device.cli("sync", "--wait", "--force")
        self.assertTrue(self.exists("ends", path))

    def test_a_custom_resource_waits_for_its_operator_where_its_definition_says_that_it_answers(self):
        path = "/apis/signals.example/v1/namespaces/default/beacons"
        answers = json.loads(definition("beacons", "Beacon"))
        answers["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"] = {
            "type": "object", "properties": {"observedGeneration": {"type": "integer"}}}
        self.city.commit({"a.yaml": documents(json.dumps(answers), definition("bulbs", "Bulb"))})
        device = self.device()
        device.once(check=0)
        def beacon(within):
            return manifest("Beacon", "north", "default", "signals.example/v1", annotations={"healthy-within": within}, spec={"cycle": 1})

        bulb = manifest("Bulb", "north", "default", "signals.example/v1", spec={"cycle": 1})
        self.city.commit({"b.yaml": documents(beacon("2s"), bulb)})
        self.assertIn("its operator has not looked at it yet", device.once(check=1).stdout)
        self.assertFalse(self.exists("north", path), "its commit is taken back")
        self.city.commit({"b.yaml": documents(beacon("60s"), bulb)})
        operator = threading.Thread(target=lambda: (
            wait_until(lambda: self.exists("north", path), "it is there"),
            self.cluster.set_status(f"{path}/north", {"observedGeneration": 1})))
        operator.start()
        device.once(check=0)
        operator.join()
        self.assertTrue(self.exists("north", path))

    def test_a_definition_that_somebody_removed_costs_its_objects_alone(self):
        self.city.commit({"d.yaml": definition("lamps", "Lamp"), "b.yaml": config_map("beside-lamp", k="1"),
                          "a.yaml": manifest("Lamp", "north", "default", "signals.example/v1", spec={"cycle": 1})})
        device = self.device()
        device.once(check=0)
        self.city.commit({"d.yaml": None})
        device.once(check=0)
        self.cluster.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lamps.signals.example")
        for turn in ("2", "3"):
            self.city.commit({"b.yaml": config_map("beside-lamp", k=turn)})
            said = device.once(check=1).stdout
            self.assertIn("its CustomResourceDefinition (of group signals.example) is missing", said)
            self.assertEqual({"k": turn}, self.get("beside-lamp")["data"])
        self.city.commit({"a.yaml": None})
        device.once(check=0)

    def test_what_the_server_can_never_take_is_not_tried_for_a_minute(self):
        def with_metadata(name, **more):
            return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "1"},
                               "metadata": {"name": name, "namespace": "default", **more}})

        self.city.commit({"ok.yaml": config_map("never-beside", k="1")})
        device = self.device()
        device.once(check=0)
        self.city.commit({"a.yaml": manifest("Secret", "never-base64", "default", data={"k": "not base64!"}),
                          "b.yaml": with_metadata("never-uid", uid="11111111-2222-3333-4444-555555555555"),
                          "c.yaml": with_metadata("never-version", resourceVersion="1"),
                          "ok.yaml": config_map("never-beside", k="1")})
        began = time.monotonic()
        asked = self.requests_during(lambda: device.once(check=1))
        self.assertLess(time.monotonic() - began, 20)
        self.assertLessEqual(sum(request.startswith("PATCH") for request in asked), 9, asked)

    def test_what_is_no_longer_declared_is_pruned_but_not_what_must_stay(self):
        self.city.commit({"gone.yaml": config_map("gone"), "kept.yaml": config_map("kept", annotations={"prune": "disabled"}),
                          "taken.yaml": config_map("taken", k="v"), "space.yaml": manifest("Namespace", "kept-space"),
                          "free.yaml": manifest("Namespace", "free-space", annotations={"prune": "enabled"}),
                          "stays.yaml": config_map("stays")})
        device = self.device()
        device.once(check=0)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "taken", "labels": {"greenwave.dev/device": "other"}}}
        self.cluster.apply(f"{CONFIG_MAPS}/taken", body, "argocd", force=True)
        self.city.commit({f"{name}.yaml": None for name in ("gone", "kept", "taken", "space", "free")})
        said = device.once(check=0).stdout
        self.assertFalse(self.exists("gone"))
        self.assertTrue(self.exists("kept"))
        self.assertTrue(self.exists("taken"))
        self.assertTrue(self.exists("stays"))
        self.assertIn("argocd has taken it over", said)
        self.assertNotIn("deletionTimestamp", self.get("kept-space", "/api/v1/namespaces")["metadata"])
        self.assertIn("deletionTimestamp", self.get("free-space", "/api/v1/namespaces")["metadata"])
        self.assertEqual(self.requests_during(lambda: device.once(check=0)), ["LIST configmaps"])

    def test_what_somebody_deletes_is_not_in_sync_while_it_goes(self):
        self.city.commit({"a.yaml": manifest("Namespace", "going-space"), "b.yaml": config_map("beside-going", k="v")})
        device = self.device()
        device.once(check=0)
        self.cluster.kubectl("delete", "namespace", "going-space", "--wait=false")
        said = device.once(check=1).stdout
        self.assertIn("Namespace/going-space", said)
        self.assertIn("being deleted", said)
        self.cluster.delete(f"{CONFIG_MAPS}/beside-going")
        device.once(check=1)
        self.assertTrue(self.exists("beside-going"))

    def test_a_definition_and_its_objects_come_in_one_commit_with_their_namespace(self):
        self.city.commit({
            "a.yaml": manifest("Plan", "morning", "crd-space", "signals.example/v1", spec={"cycle": 90}),
            "z.yaml": documents(definition("plans", "Plan"), manifest("Namespace", "crd-space"))})
        self.device().once(check=0)
        self.assertEqual(self.cluster.get("/apis/signals.example/v1/namespaces/crd-space/plans/morning")["spec"], {"cycle": 90})

    def test_a_kind_whose_definition_is_missing_is_reported_and_the_others_continue(self):
        self.city.commit({"a.yaml": manifest("Camera", "north", "default", "video.example/v1", spec={}),
                          "b.yaml": config_map("beside-camera", k="v")})
        said = self.device().once(check=1).stdout
        self.assertIn("no kind Camera in video.example/v1", said)
        self.assertIn("CustomResourceDefinition", said)
        self.assertTrue(self.exists("beside-camera"))

    def test_what_the_schema_refuses_is_reported_with_file_and_line(self):
        self.city.commit({"web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: typo\n  namespace: default\ndata:\n  a: b\ndatta:\n  c: d\n",
                          "b.yaml": config_map("beside-typo", k="v")})
        said = self.device().once(check=1).stdout
        self.assertIn("web.yaml:8:", said)
        self.assertIn("datta", said)
        self.assertTrue(self.exists("beside-typo"))

    def test_an_immutable_field_is_reported_and_its_object_recreated_where_the_manifest_allows_it(self):
        def job(image, **annotations):
            return manifest("Job", "firmware", "default", "batch/v1", annotations=annotations or None, spec={
                "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "flash", "image": image}]}}})

        self.city.commit({"a.yaml": job("flash:1", **{"healthy-within": "1s"})})
        device = self.device()
        device.once()
        uid = self.get("firmware", "/apis/batch/v1/namespaces/default/jobs")["metadata"]["uid"]
        self.cluster.set_status("/apis/batch/v1/namespaces/default/jobs/firmware", {
            "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:00Z", "succeeded": 1,
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:01:00Z"}
                           for kind in ("SuccessCriteriaMet", "Complete")]})
        device.once(check=0)
        self.city.commit({"a.yaml": job("flash:2", **{"healthy-within": "1s"})})
        said = device.once(check=1).stdout
        self.assertIn("greenwave.dev/recreate", said)
        self.assertEqual(self.get("firmware", "/apis/batch/v1/namespaces/default/jobs")["metadata"]["uid"], uid)
        self.city.commit({"a.yaml": job("flash:2", recreate="true", **{"healthy-within": "1s"})})
        device.once()
        found = self.get("firmware", "/apis/batch/v1/namespaces/default/jobs")
        self.assertNotEqual(found["metadata"]["uid"], uid)
        self.assertEqual(found["spec"]["template"]["spec"]["containers"][0]["image"], "flash:2")

    def test_what_a_new_object_would_not_mend_is_not_deleted_for_it(self):
        def web(selector, port):
            pod = {"containers": [{"name": "web", "image": "i", "ports": [{"containerPort": port}]}]}
            return manifest("Deployment", "kept-web", "default", "apps/v1", annotations={"recreate": "true", "healthy-within": "1s"}, spec={
                "selector": {"matchLabels": {"app": selector}},
                "template": {"metadata": {"labels": {"app": selector}}, "spec": pod}})

        def signals(key):
            return manifest("ConfigMap", "immutable-signals", "default", annotations={"recreate": "true"}, data={key: "v"})

        self.city.commit({"web.yaml": web("a", 80), "signals.yaml": signals("mode")})
        device = self.device()
        device.once()
        before = {name: self.get(name, path)["metadata"]["uid"] for name, path in
                  (("kept-web", DEPLOYMENTS), ("immutable-signals", CONFIG_MAPS))}
        self.city.commit({"web.yaml": web("b", 99999), "signals.yaml": signals("no such key!")})
        said = device.once(check=1).stdout
        self.assertNotIn("deleted and created again", said)
        self.assertIn("a dry run of it as a new object did not succeed", said)
        self.assertEqual(before["kept-web"], self.get("kept-web", DEPLOYMENTS)["metadata"]["uid"])
        self.assertEqual(before["immutable-signals"], self.get("immutable-signals")["metadata"]["uid"])
        self.city.commit({"web.yaml": web("b", 81), "signals.yaml": signals("mode")})
        device.once()
        self.assertNotEqual(before["kept-web"], self.get("kept-web", DEPLOYMENTS)["metadata"]["uid"])

    def test_a_claim_is_recreated_only_by_an_annotation_of_its_own(self):
        def claim(mode, **annotations):
            return manifest("PersistentVolumeClaim", "records", "default", annotations={"healthy-within": "1s", **annotations}, spec={
                "accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}})

        path = "/api/v1/namespaces/default/persistentvolumeclaims"
        self.city.commit({"a.yaml": claim("ReadWriteOnce", recreate="true")})
        device = self.device()
        device.once()
        uid = self.get("records", path)["metadata"]["uid"]
        self.cluster.kubectl("patch", "pvc", "records", "--type", "merge", "-p", '{"metadata": {"finalizers": null}}')
        self.city.commit({"a.yaml": claim("ReadWriteMany", recreate="true")})
        self.assertIn("greenwave.dev/recreate-claim", device.once(check=1).stdout)
        self.assertEqual(uid, self.get("records", path)["metadata"]["uid"])
        self.city.commit({"a.yaml": claim("ReadWriteMany", **{"recreate-claim": "true"})})
        device.once()
        self.assertNotEqual(uid, self.get("records", path)["metadata"]["uid"])

    def test_a_secret_shows_in_no_diff_message_log_or_state(self):
        word = "c2lnbmFsLWNhYmluZXQ="
        self.city.commit({"a.yaml": manifest("Secret", "snmp", "default", stringData={"community": "signal-cabinet"})})
        device = self.device()
        device.once(check=0)
        self.cluster.kubectl("patch", "secret", "snmp", "--type", "merge", "-p", json.dumps({"data": {"community": "b3RoZXI="}}))
        said = device.once(check=0).stdout
        self.city.commit({"a.yaml": manifest("Secret", "snmp", "default", data={"community": word + "!not base64"})})
        device.start()
        said += device.cli("diff").stdout + json.dumps(device.sync()) + json.dumps(device.json("history"))
        device.stop()
        said += device.log.read_text()
        state = b"".join(file.read_bytes() for file in device.state.glob("state.db*"))
        for secret in (word, "signal-cabinet", "b3RoZXI"):
            self.assertNotIn(secret, said)
            self.assertNotIn(secret.encode(), state)

    def test_diff_shows_what_the_server_would_change(self):
        self.city.commit({"a.yaml": config_map("shown", mode="flash")})
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0)
        self.city.commit({"a.yaml": config_map("shown", mode="dark"), "b.yaml": config_map("newly", k="v")})
        said = device.cli("diff", check=1).stdout
        self.assertIn("-  mode: flash", said)
        self.assertIn("+  mode: dark", said)
        self.assertIn("+  name: newly", said)
        self.assertEqual(self.get("shown")["data"], {"mode": "flash"})
        self.assertFalse(self.exists("newly"))

    def test_an_object_that_kubectl_applied_becomes_ours_with_all_of_its_fields(self):
        self.cluster.kubectl("apply", "-f", "-", text=config_map("migrated", old="1", same="2"))
        self.city.commit({"a.yaml": config_map("migrated", same="2", new="3")})
        self.device().once(check=0)
        found = self.get("migrated")
        self.assertEqual(found["data"], {"same": "2", "new": "3"})
        self.assertNotIn("kubectl.kubernetes.io/last-applied-configuration", found["metadata"].get("annotations", {}))

    def test_what_other_tools_applied_becomes_ours_with_all_of_their_fields(self):
        """As each leaves it: its manager, whether it applies or updates, and its marks."""
        tools = {
            "of-kubectl-apply": ("kubectl", True, {}, {}),
            "of-helm": ("helm", False, {"app.kubernetes.io/managed-by": "Helm"}, {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "default"}),
            "of-argo": ("argocd-controller", True, {"app.kubernetes.io/instance": "web"}, {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:default/of-argo"}),
            "of-argo-client": ("argocd-controller", False, {}, {"kubectl.kubernetes.io/last-applied-configuration": "{}"}),
            "of-flux": ("kustomize-controller", True, {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, {}),
            "of-flux-helm": ("helm-controller", False, {"helm.toolkit.fluxcd.io/name": "web"}, {}),
            "of-kube-applier": ("kube-applier", True, {}, {}),
            "of-another": ("another-tool", True, {}, {}),
        }
        for name, (manager, applies, labels, annotations) in tools.items():
            body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"same": "1", "other": "2", "old": "3"},
                    "metadata": {"name": name, "labels": {"app": "web", **labels}, "annotations": annotations}}
            if applies:
                self.cluster.apply(f"{CONFIG_MAPS}/{name}", body, manager)
            else:
                self.cluster.create(f"{CONFIG_MAPS}?fieldManager={manager}", body)
            # What a controller, or a person, has added stays whoever the tool was.
            self.cluster.request("PATCH", f"{CONFIG_MAPS}/{name}?fieldManager=a-controller", {"data": {"theirs": "4"}}, "application/merge-patch+json")
        self.city.commit({"a.yaml": documents(*(manifest("ConfigMap", name, "default", labels={"app": "web"}, data={"same": "1", "other": "5", "new": "6"})
                                                for name in tools if name != "of-another")),
                          "b.yaml": config_map("of-another", same="1", new="6")})
        device = self.device()
        device.once(check=0)
        for name in tools:
            found = self.get(name)
            marks = [label for label in found["metadata"]["labels"] if not label.startswith("device.greenwave.dev/")]
            if name == "of-another":
                self.assertEqual({"same": "1", "other": "2", "old": "3", "theirs": "4", "new": "6"}, found["data"])
                continue
            self.assertEqual({"same": "1", "other": "5", "new": "6", "theirs": "4"}, found["data"], name)
            self.assertEqual((["app"], {}), (marks, found["metadata"].get("annotations", {})), name)
            self.assertEqual(["a-controller", "greenwave"], sorted(entry["manager"].split(":")[0] for entry in found["metadata"]["managedFields"]), name)
        self.assertEqual(["LIST configmaps"], self.requests_during(lambda: device.once(check=0)))

    def test_a_service_that_helm_made_keeps_what_the_server_gave_it(self):
        made = self.cluster.create(f"{SERVICES}?fieldManager=helm", {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "helm-service"},
            "spec": {"type": "NodePort", "sessionAffinity": "ClientIP", "ports": [{"port": 80, "name": "http"}, {"port": 81, "name": "old"}]}})
        self.city.commit({"a.yaml": manifest("Service", "helm-service", "default", spec={"type": "NodePort", "ports": [{"port": 80, "name": "http"}]})})
        self.device().once(check=0)
        spec = self.get("helm-service", SERVICES)["spec"]
        self.assertEqual((made["spec"]["clusterIP"], [made["spec"]["ports"][0]], "None"), (spec["clusterIP"], spec["ports"], spec["sessionAffinity"]))

    def test_a_workload_that_never_becomes_ready_is_taken_back_and_its_pod_is_named(self):
        path = f"{DEPLOYMENTS}/rollout"
        well = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
        self.city.commit({"a.yaml": deployment("rollout", replicas=1, within="30s")})
        device = self.device()
        controller = threading.Thread(target=lambda: (
            wait_until(lambda: self.exists("rollout", DEPLOYMENTS), "it is there"),
            self.cluster.set_status(path, {"observedGeneration": 1, **well})))
        controller.start()
        device.once(check=0)
        controller.join()
        pod = self.cluster.create("/api/v1/namespaces/default/pods", {
            "metadata": {"name": "rollout-abc", "labels": {"app": "rollout"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:2"}]}})
        self.cluster.set_status(f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}", {
            "phase": "Pending", "containerStatuses": [{
                "name": "web", "image": "registry.example/web:2", "imageID": "", "ready": False, "restartCount": 0,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]})
        self.city.commit({"a.yaml": deployment("rollout", image="registry.example/web:2", replicas=1, within="3s")})
        said = device.once(check=1).stdout
        self.assertIn("rollout-abc", said)
        self.assertIn("ImagePullBackOff", said)
        container = self.get("rollout", DEPLOYMENTS)["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["image"], "registry.example/web:1")

    def test_outside_of_a_window_replicas_change_and_pods_are_not_replaced(self):
        begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=n) for n in (2, 3))
        window = {"name": "later", "from": f"{begin:%H:%M}", "to": f"{end:%H:%M}", "timezone": "Etc/UTC"}
        city = manifest("Cluster", "windows", api="greenwave.dev/v1", spec={"windows": [window]})
        self.city.commit({"greenwave.yaml": city, "a.yaml": deployment("windowed"), "b.yaml": deployment("scaled")})
        device = self.device().start()
        device.sync()
        self.assertTrue(self.exists("windowed", DEPLOYMENTS), "nothing runs yet that this could interrupt")
        self.city.commit({"a.yaml": deployment("windowed", image="registry.example/web:2"),
                          "b.yaml": deployment("scaled", replicas=3)})
        device.sync()
        self.assertEqual(self.get("scaled", DEPLOYMENTS)["spec"]["replicas"], 3)
        containers = self.get("windowed", DEPLOYMENTS)["spec"]["template"]["spec"]["containers"]
        self.assertEqual(containers[0]["image"], "registry.example/web:1")
        self.assertEqual([one["object"] for one in device.json("status")["waiting"]], ["Deployment/default/windowed"])

    def test_a_service_account_acts_where_it_is_allowed_and_a_refusal_names_the_role(self):
        self.cluster.create("/api/v1/namespaces", {"metadata": {"name": "delegated"}})
        self.cluster.create("/apis/rbac.authorization.k8s.io/v1/namespaces/delegated/roles", {
            "metadata": {"name": "maps"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create", "patch", "delete"]}]})
        self.cluster.create("/apis/rbac.authorization.k8s.io/v1/namespaces/delegated/rolebindings", {
            "metadata": {"name": "maps"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maps"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": "delegated"}]})
        self.city.commit({"a.yaml": config_map("mine", "delegated", k="v"),
                          "b.yaml": manifest("Service", "web", "delegated", spec={"ports": [{"port": 80}]})})
        device = self.device(more="  impersonate: {delegated: deployer}\n")
        said = device.once(check=1).stdout
        self.assertEqual(self.get("mine", "/api/v1/namespaces/delegated/configmaps")["data"], {"k": "v"})
        self.assertIn("system:serviceaccount:delegated:deployer", said)
        self.assertIn("services in namespace delegated", said)
        self.assertIn('apiGroups: [""], resources: [services]', said)

    def test_kinds_and_namespaces_that_the_device_does_not_allow_are_refused(self):
        self.city.commit({"a.yaml": config_map("allowed"), "b.yaml": config_map("denied", "kube-system"),
                          "c.yaml": manifest("Secret", "denied", "default")})
        more = "  kinds: {deny: [Secret]}\n  namespaces: {deny: [kube-*]}\n"
        said = self.device(more=more).once(check=1).stdout
        self.assertTrue(self.exists("allowed"))
        self.assertFalse(self.exists("denied", "/api/v1/namespaces/kube-system/configmaps"))
        self.assertFalse(self.exists("denied", "/api/v1/namespaces/default/secrets"))
        self.assertIn("b.yaml:1:", said)
        self.assertIn("c.yaml:1:", said)

    def test_a_manifest_without_a_namespace_goes_to_the_configured_one(self):
        self.cluster.create("/api/v1/namespaces", {"metadata": {"name": "configured"}})
        self.city.commit({"a.yaml": manifest("ConfigMap", "homeless", data={"k": "v"})})
        device = self.device(more="  namespace: configured\n")
        device.once(check=0)
        self.assertTrue(self.exists("homeless", "/api/v1/namespaces/configured/configmaps"))
        self.assertEqual(self.requests_during(lambda: device.once(check=0)), ["LIST configmaps"])

    def test_a_directory_a_namespace_as_kube_applier_has_it(self):
        for name in ("north", "south"):
            self.cluster.create("/api/v1/namespaces", {"metadata": {"name": name}})
        self.city.commit({"north/web.yaml": manifest("ConfigMap", "web", data={"at": "north"}),
                          "south/web.yaml": manifest("ConfigMap", "web", data={"at": "south"}),
                          "south/lost.yaml": manifest("ConfigMap", "lost", "north", data={"at": "south"}),
                          "south/role.yaml": manifest("ClusterRole", "south-reader", api="rbac.authorization.k8s.io/v1", rules=[])})
        device = self.device(more="  namespaceFromDirectory: true\n")
        said = device.once(check=1).stdout
        self.assertIn("ConfigMap/north/lost names the namespace north, but its directory is south", said)
        self.assertFalse(self.exists("lost", "/api/v1/namespaces/north/configmaps"))
        for name in ("north", "south"):
            self.assertEqual(self.get("web", f"/api/v1/namespaces/{name}/configmaps")["data"], {"at": name})
        self.assertTrue(self.exists("south-reader", "/apis/rbac.authorization.k8s.io/v1/clusterroles"))

    def test_a_token_file_that_is_renewed_is_read_again(self):
        token = self.scratch / "token"
        token.write_text("an-expired-token\n")
        kubeconfig = self.cluster.kubeconfig("token.config", user={"tokenFile": str(token)})
        self.city.commit({"a.yaml": config_map("by-token", k="v")})
        device = self.device(kubeconfig)
        said = device.once(check=1).stdout
        self.assertIn("401", said)
        self.assertNotIn("an-expired-token", said)
        self.assertIn("answers the credentials with HTTP 401", " ".join(device.cli("doctor").stdout.split()))
        token.write_text(self.cluster.TOKEN + "\n")
        device.once(check=0)
        self.assertTrue(self.exists("by-token"))
        self.assertIn("accepts the credentials", " ".join(device.cli("doctor").stdout.split()))

    def test_in_a_pod_its_service_account_is_used(self):
        account = self.scratch / "account"
        account.mkdir()
        (account / "token").write_text(self.cluster.TOKEN)
        (account / "namespace").write_text("default")
        (account / "ca.crt").write_bytes((self.cluster.directory / "ca.crt").read_bytes())
        self.city.commit({"a.yaml": config_map("from-a-pod", namespace=None, k="v")})
        device = Device(self.scratch / "device", self.city.url, device="a-pod", more="runtime: kubernetes\n")
        mounts = f"mount -t tmpfs none /run && mkdir -p {ACCOUNT} && cp {account}/* {ACCOUNT} && exec \"$@\""
        device.once(check=0, prefix=(
            "env", "KUBERNETES_SERVICE_HOST=127.0.0.1", f"KUBERNETES_SERVICE_PORT={self.cluster.port}",
            "unshare", "--mount", "sh", "-c", mounts, "sh"))
        self.assertTrue(self.exists("from-a-pod"))

    def test_an_exec_plugin_is_refused_clearly(self):
        kubeconfig = self.cluster.kubeconfig("exec.config", user={"exec": {"command": "aws"}})
        self.city.commit({"a.yaml": config_map("exec"), "motd.yaml": file_manifest("motd", "/etc/motd", "hi\n")})
        device = self.device(kubeconfig)
        said = device.once(check=1).stdout
        self.assertIn("the agent runs no program to log in", said)
        self.assertEqual(device.path("/etc/motd").read_text(), "hi\n")

    def test_the_examples_of_every_tutorial_are_applied(self):
        guestbook = documents(
            deployment("redis-leader", image="registry.example/redis:7", replicas=1, within="60s"),
            manifest("Service", "redis-leader", "default", labels={"app": "redis"}, spec={
                "ports": [{"port": 6379, "targetPort": 6379}], "selector": {"app": "redis-leader"}}),
            deployment("redis-follower", image="registry.example/redis:7", replicas=2, within="60s"),
            manifest("Service", "redis-follower", "default", spec={"ports": [{"port": 6379}], "selector": {"app": "redis-follower"}}),
            deployment("frontend", replicas=3, within="60s"),
            manifest("Service", "frontend", "default", spec={"type": "NodePort", "ports": [{"port": 80}], "selector": {"app": "frontend"}}))
        cassandra = documents(
            manifest("Service", "cassandra", "default", labels={"app": "cassandra"}, spec={
                "clusterIP": "None", "ports": [{"port": 9042}], "selector": {"app": "cassandra"}}),
            manifest("StatefulSet", "cassandra", "default", "apps/v1", spec={
                "serviceName": "cassandra", "replicas": 3, "selector": {"matchLabels": {"app": "cassandra"}},
                "template": {"metadata": {"labels": {"app": "cassandra"}}, "spec": {
                    "terminationGracePeriodSeconds": 500,
                    "containers": [{"name": "cassandra", "image": "registry.example/cassandra:4",
                                    "ports": [{"containerPort": 7000, "name": "intra-node"}, {"containerPort": 9042, "name": "cql"}],
                                    "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": 0.5, "memory": "1Gi"}},
                                    "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
                                    "readinessProbe": {"exec": {"command": ["/bin/bash", "-c", "/ready-probe.sh"]}},
                                    "volumeMounts": [{"name": "data", "mountPath": "/cassandra_data"}]}]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}}]}),
            manifest("StorageClass", "fast", api="storage.k8s.io/v1", provisioner="example.com/disk"))
        self.city.commit({"guestbook.yaml": guestbook, "cassandra.yaml": cassandra})
        device = self.device()
        sync = threading.Thread(target=device.once)
        sync.start()
        for name, replicas in (("redis-leader", 1), ("redis-follower", 2), ("frontend", 3)):
            wait_until(lambda: self.exists(name, DEPLOYMENTS), f"{name} is there")
            self.cluster.set_status(f"{DEPLOYMENTS}/{name}", {
                "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas,
                "availableReplicas": replicas})
        sets = "/apis/apps/v1/namespaces/default/statefulsets"
        wait_until(lambda: self.exists("cassandra", sets), "cassandra is there")
        self.cluster.set_status(f"{sets}/cassandra", {
            "observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "currentRevision": "a", "updateRevision": "a"})
        sync.join()
        # Values that the server writes in a form of its own (cpu 0.5 becomes 500m) are no drift.
        device.once(check=0)
        asked = self.requests_during(lambda: device.once(check=0))
        self.assertEqual(sorted(asked), ["LIST deployments", "LIST services", "LIST statefulsets", "LIST storageclasses"])

    def test_a_thousand_config_maps_are_applied_and_pruned_and_memory_stays_small(self):
        self.cluster.create("/api/v1/namespaces", {"metadata": {"name": "many"}})
        self.city.commit({f"{group}.yaml": documents(*(config_map(f"plan-{group}-{n}", "many", cycle=str(n)) for n in range(100)))
                          for group in range(10)})
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0)
        path = "/api/v1/namespaces/many/configmaps"
        self.assertEqual(len(self.cluster.get(path)["items"]), 1000)
        self.assertEqual(self.requests_during(lambda: device.sync()), ["LIST configmaps"])
        self.city.commit({f"{group}.yaml": None for group in range(1, 10)})
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(len(self.cluster.get(path)["items"]), 100)


@unittest.skipIf(kubernetes.why_not(), kubernetes.why_not() or "")
class Outages(unittest.TestCase):
    """An API server that comes and goes; each test has its own."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.cluster = self.enterContext(kubernetes.Cluster(self.scratch / "cluster"))
        self.device = Device(self.scratch / "device", self.city.url, more=(
            f"runtime: kubernetes\nkubernetes: {{kubeconfig: {self.cluster.kubeconfig()}}}\nhealth: {{reach: 2s}}\n"))
        self.addCleanup(self.device.stop)

    def test_a_server_that_is_restarted_in_the_middle_of_an_apply_gets_all_of_it(self):
        self.city.commit({"a.yaml": documents(*(config_map(f"plan-{n}", k=str(n)) for n in range(600)))})
        self.device.start()
        sync = threading.Thread(target=self.device.sync)
        sync.start()
        wait_until(lambda: self.cluster.exists(f"{CONFIG_MAPS}/plan-100"), "it is in the middle of it")
        self.cluster.stop_server()
        with socket.create_server(("127.0.0.1", self.cluster.port)) as instead:
            instead.accept()[0].close()  # the device has met the outage
        self.cluster.start_server().wait_ready()
        sync.join()
        self.assertEqual(self.device.sync()["exitCode"], 0)
        ours = [item for item in self.cluster.get(CONFIG_MAPS)["items"] if item["metadata"]["name"].startswith("plan-")]
        self.assertEqual(len(ours), 600)
        self.assertEqual(self.device.json("status")["inSync"], 600)

    def test_a_server_that_hangs_costs_one_time_out_and_not_one_an_object(self):
        self.city.commit({"a.yaml": documents(*(config_map(f"hang-{n}", k="1") for n in range(200)))})
        self.device.once(check=0)
        self.city.commit({"a.yaml": documents(*(config_map(f"hang-{n}", k="2") for n in range(200)))})
        self.cluster.server.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            said = self.device.once(check=1).stdout
            took = time.monotonic() - began
        finally:
            self.cluster.server.send_signal(signal.SIGCONT)
        self.assertLess(took, 60)
        self.assertIn("and 199 more", said)
        self.device.once(check=0)
        self.assertEqual({"k": "2"}, self.cluster.get(f"{CONFIG_MAPS}/hang-0")["data"])

    def test_an_unreachable_server_costs_no_commit_and_is_reported_once(self):
        self.city.commit({"a.yaml": config_map("first", k="1"), "motd.yaml": file_manifest("motd", "/etc/motd", "one\n")})
        self.device.once(check=0)
        self.cluster.stop_server()
        self.city.commit({"a.yaml": documents(config_map("first", k="2"), config_map("second", k="1")),
                          "motd.yaml": file_manifest("motd", "/etc/motd", "two\n")})
        said = self.device.once(check=1).stdout
        self.assertEqual(said.count("is the server up?"), 1, said)
        self.assertEqual(self.device.path("/etc/motd").read_text(), "two\n")
        self.cluster.start_server().wait_ready()
        self.device.once(check=0)
        self.assertEqual(self.cluster.get(f"{CONFIG_MAPS}/first")["data"], {"k": "2"})
        self.assertTrue(self.cluster.exists(f"{CONFIG_MAPS}/second"))

    def test_a_trial_that_the_server_misses_continues_when_it_is_back_and_its_revert_is_reported_once(self):
        self.city.commit({"a.yaml": config_map("first", k="1"), "motd.yaml": file_manifest("motd", "/etc/motd", "one\n")})
        self.device.once(check=0)
        self.city.commit({"a.yaml": documents(config_map("first", k="2"), deployment("never", within="4s")),
                          "motd.yaml": file_manifest("motd", "/etc/motd", "two\n")})
        self.device.start()
        sync = threading.Thread(target=self.device.sync)
        sync.start()
        wait_until(lambda: self.cluster.exists(f"{DEPLOYMENTS}/never"), "the commit is on trial")
        self.cluster.stop_server()
        sync.join()
        self.device.sync()
        self.assertNotIn("rejected", self.device.json("status"), "a server that is away says nothing of the commit")
        self.cluster.start_server().wait_ready()
        self.device.sync()
        self.assertEqual(self.device.path("/etc/motd").read_text(), "one\n")
        self.assertEqual(self.cluster.get(f"{CONFIG_MAPS}/first")["data"], {"k": "1"})
        self.assertFalse(self.cluster.exists(f"{DEPLOYMENTS}/never"))
        results = [sync["result"] for sync in self.device.json("history")["syncs"]]
        self.assertEqual((1, 1), (results.count("not healthy"), results.count("reverted")), results)


if __name__ == "__main__":
    if kubernetes.why_not():
        print(f"Test Skipped: {kubernetes.why_not()}")
        sys.exit(77)
    unittest.main()
