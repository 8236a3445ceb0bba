"""Services under a real podman: pods find each other by name, on the ports that Services map."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import run, wait_until  # noqa: E402
from pods import container, manifest, template  # noqa: E402


def web(word, port=8080):
    """A container that answers with a word, and keeps the hosts file that it saw at first."""
    serve = (f"/bin/busybox mkdir -p /www; /bin/echo {word} > /www/index.html; /bin/cat /etc/hosts > /www/hosts; "
             f"exec /bin/httpd -f -p {port} -h /www")
    return container(command=["/bin/sh", "-c", serve], ports=[{"name": "http", "containerPort": port}])


def service(name, ports, selector=None, **spec):
    return manifest("v1", "Service", name, spec={"selector": selector or {"app": name}, "ports": ports, **spec})


def labelled_pod(name, app, *containers, **spec):
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": app}},
                       "spec": {"containers": list(containers), **spec}})  # fmt: skip


def in_space(text, space):
    document = json.loads(text)
    document["metadata"]["namespace"] = space
    return json.dumps(document)


class Services(podman.PodmanTest):
    def hosts(self, pod):
        """What a pod resolves: {name: [address]}."""
        name = next(c for c in self.podman.containers() if c.startswith(pod + "-") and c.endswith("-main"))
        return self.names_in(self.podman.exec(name, "/bin/cat", "/etc/hosts"))

    def names_in(self, text):
        found = {}
        for line in text.splitlines():
            address, *names = line.split("#")[0].split()
            for one in names:
                found.setdefault(one, []).append(address)
        return found

    def fetch(self, pod, name, port):
        """What a pod reads at http://NAME:PORT/, by its own hosts file and from its own network."""
        address = self.hosts(pod)[name][0]
        inside = next(c for c in self.podman.containers() if c.startswith(pod + "-") and c.endswith("-main"))
        pid = self.podman.get(f"/containers/{inside}/json")["State"]["Pid"]
        asked = subprocess.run(
            ["nsenter", f"--net=/proc/{pid}/ns/net", "curl", "--silent", "--show-error", "--max-time", "5", f"http://{address}:{port}/"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return asked.stdout.strip() or asked.stderr.strip()

    def ours(self):
        return [line for line in run("iptables-save").stdout.splitlines() if "GREENWAVE-" in line]

    def ways(self):
        """The rules that lead to a pod."""
        return [line for line in self.ours() if "DNAT --to" in line]

    def test_a_pod_finds_another_by_its_services_name_and_port(self):
        self.city.commit({
            "web.yaml": labelled_pod("web", "web", web("hello")),
            "client.yaml": labelled_pod("client", "client", container()),
            "service.yaml": service("web", [{"port": 80, "targetPort": 8080}]),
        })  # fmt: skip
        device = self.device()
        device.once(check=0)
        for name in ("web", "web.default", "web.default.svc", "web.default.svc.cluster.local"):
            wait_until(lambda name=name: self.fetch("client", name, 80) == "hello", f"{name} answers")
        self.assertEqual("hello", self.fetch("web", "web.default", 80), "a pod finds itself")
        for port in (81, 8080):
            self.assertIn("connect to server", self.fetch("client", "web", port), "it is refused at once")
        self.assertNotIn("Service", device.once(check=0).stdout, "nothing is left to do")

    def test_names_are_there_before_a_pods_first_program(self):
        self.city.commit({
            "service.yaml": service("web", [{"port": 80, "targetPort": 8080}]),
            "web.yaml": labelled_pod("web", "web", web("x")),
        })  # fmt: skip
        self.device().once(check=0)
        inside = next(c for c in self.podman.containers() if c.endswith("-main"))
        wait_until(lambda: "web.default.svc" in self.podman.exec(inside, "/bin/cat", "/www/hosts"), "it saw the name")

    def test_a_service_that_comes_and_goes_leaves_the_pods_as_they_run(self):
        self.city.commit({"web.yaml": labelled_pod("web", "web", web("hello")), "client.yaml": labelled_pod("client", "c", container())})
        device = self.device()
        device.once(check=0)
        before = {name: c["Id"] for name, c in self.podman.containers().items()}
        own = self.hosts("client")
        self.city.commit({"service.yaml": service("web", [{"port": 80, "targetPort": "http"}])})
        device.once(check=0)
        wait_until(lambda: self.fetch("client", "web", 80) == "hello", "the name is there")
        self.city.commit({"service.yaml": service("web", [{"port": 81, "targetPort": "http"}])})
        device.once(check=0)
        self.assertEqual("hello", self.fetch("client", "web", 81))
        self.city.commit({"service.yaml": None})
        device.once(check=0)
        self.assertEqual(own, self.hosts("client"))
        self.assertEqual([], self.ours())
        self.assertEqual(before, {name: c["Id"] for name, c in self.podman.containers().items()})

    def test_all_of_a_services_pods_are_asked_and_only_those_that_are_there(self):
        def replicas(count):
            return manifest("apps/v1", "Deployment", "web", spec={"replicas": count, **template("web", {"containers": [web("$HOSTNAME")]})})

        self.city.commit({"web.yaml": replicas(3), "client.yaml": labelled_pod("client", "c", container()),
                          "service.yaml": service("web", [{"port": 80, "targetPort": 8080}])})  # fmt: skip
        device = self.device()
        device.once(check=0)
        self.assertEqual(3, len(self.ways()))
        wait_until(lambda: self.fetch("client", "web", 80).startswith("web"), "one of them answers")
        self.city.commit({"web.yaml": replicas(1)})
        device.once(check=0)
        self.assertEqual(1, len(self.ways()))
        self.assertNotIn("connect to server", self.fetch("client", "web", 80))

    def test_what_others_flush_and_pods_overwrite_is_mended(self):
        self.city.commit({"web.yaml": labelled_pod("web", "web", web("hello")), "client.yaml": labelled_pod("client", "c", container()),
                          "service.yaml": service("web", [{"port": 80, "targetPort": 8080}])})  # fmt: skip
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: self.fetch("client", "web", 80) == "hello", "the name is there")
        rules = self.ours()
        run("iptables", "-t", "nat", "-F")
        inside = next(c for c in self.podman.containers() if c.startswith("client-"))
        self.podman.exec(inside, "/bin/sh", "-c", "echo 192.0.2.7 mine > /etc/hosts")
        device.sync()
        self.assertEqual(sorted(rules), sorted(self.ours()))
        self.assertEqual("hello", self.fetch("client", "web", 80))
        self.assertEqual(["192.0.2.7"], self.hosts("client")["mine"])
        device.stop()

    def test_after_a_power_cut_names_lead_to_where_pods_are_now(self):
        self.city.commit({"web.yaml": labelled_pod("web", "web", web("hello")), "client.yaml": labelled_pod("client", "c", container()),
                          "service.yaml": service("web", [{"port": 80, "targetPort": 8080}])})  # fmt: skip
        device = self.device()
        device.start()
        device.sync()
        device.stop()
        self.podman.cut_power()
        for table in ("nat", "filter"):
            run("iptables", "-t", table, "-F")
            run("iptables", "-t", table, "-X")
        self.podman.start_service()
        device.start()
        device.sync()
        wait_until(lambda: self.fetch("client", "web", 80) == "hello", "the name is there again")
        device.stop()

    def test_namespaces_keep_short_names_apart(self):
        self.city.commit({
            "a.yaml": in_space(labelled_pod("web", "web", web("a")), "a"), "as.yaml": in_space(service("web", [{"port": 80, "targetPort": 8080}]), "a"),
            "b.yaml": in_space(labelled_pod("other", "web", web("b")), "b"), "bs.yaml": in_space(service("web", [{"port": 80, "targetPort": 8080}]), "b"),
            "client.yaml": in_space(labelled_pod("client", "c", container()), "b"),
        })  # fmt: skip
        self.device().once(check=0)
        wait_until(lambda: self.fetch("client", "web", 80) == "b", "its own namespace's")
        self.assertEqual("a", self.fetch("client", "web.a", 80))

    def test_a_headless_services_name_means_its_pods(self):
        spec = {"serviceName": "db", "replicas": 2, **template("db", {"containers": [web("$HOSTNAME")]})}
        self.city.commit({
            "db.yaml": manifest("apps/v1", "StatefulSet", "db", spec=spec),
            "service.yaml": service("db", [], clusterIP="None"),
            "client.yaml": labelled_pod("client", "c", container()),
        })  # fmt: skip
        device = self.device()
        device.once(check=0)
        device.once(check=0)
        wait_until(lambda: len(self.hosts("client").get("db", [])) == 2, "both are found")
        self.assertEqual("db-0", self.fetch("client", "db-0.db", 8080))
        self.assertEqual("db-1", self.fetch("client", "db-1.db.default.svc.cluster.local", 8080))
        self.assertEqual([], self.ours())

    def test_a_pod_whose_probe_fails_is_asked_only_where_no_other_is(self):
        def probed(word):
            return {**web(word), "readinessProbe": {"exec": {"command": ["/bin/cat", "/www/index.html"]}, "periodSeconds": 1}}

        def forget_page(pod):
            inside = next(c for c in self.podman.containers() if c.startswith(pod + "-"))
            self.podman.exec(inside, "/bin/busybox", "mv", "/www/index.html", "/www/other.html")

        self.city.commit({
            "a.yaml": labelled_pod("a", "web", probed("from-a")), "b.yaml": labelled_pod("b", "web", probed("from-b")),
            "client.yaml": labelled_pod("client", "c", container()),
            "service.yaml": service("web", [{"port": 80, "targetPort": 8080}]),
        })  # fmt: skip
        device = self.device()
        device.start()
        device.sync()
        wait_until(lambda: device.sync() and len(self.ways()) == 2, "both are asked")
        forget_page("a")
        wait_until(lambda: device.sync() and len(self.ways()) == 1, "one is asked")
        self.assertEqual("from-b", self.fetch("client", "web", 80))
        forget_page("b")
        wait_until(lambda: device.sync() and len(self.ways()) == 2, "nobody is ready, so both are")
        device.stop()

    def test_show_and_diff_say_where_a_name_leads(self):
        pods = {"web.yaml": labelled_pod("web", "web", web("hello"))}
        self.city.commit(pods)
        device = self.device()
        device.start()
        device.sync()
        ports = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "m", "port": 81, "targetPort": "metrics"}]
        self.city.commit({"service.yaml": service("web", ports)})
        said = device.cli("diff").stdout
        self.assertRegex(said, r"web\.default at 198\.18\.\d+\.\d+, tcp 80 to 8080 of its pods")
        self.assertIn("tcp 81 to no pod: none has a port of that name", said)
        device.sync()
        leads = device.json("show", "Service/web")["objects"][0]["record"]
        self.assertEqual([(80, 8080), (81, 0)], [(port["port"], port["target"]) for port in leads["ports"]])
        self.assertIn(leads["address"], self.hosts("web")["web.default"])
        device.stop()

    def test_what_a_device_cannot_do_is_refused_with_its_place(self):
        refused = {
            "no selector": manifest("v1", "Service", "web", spec={"ports": [{"port": 80}]}),
            "ExternalName": manifest("v1", "Service", "web", spec={"type": "ExternalName", "externalName": "city.example"}),
            "port": service("web", [{"port": 0}]),
            "twice": service("web", [{"name": "a", "port": 80}, {"name": "b", "port": 80}]),
            "field": service("web", [{"port": 80, "targetport": 8080}]),
            "affinity": service("web", [{"port": 80}], sessionAffinity="ClientIP"),
        }
        device = self.device()
        for name, text in refused.items():
            with self.subTest(name):
                self.city.commit({"service.yaml": text, "web.yaml": labelled_pod("web", "web", web("hello"))})
                said = device.once(check=1).stdout
                self.assertRegex(said, re.compile(r"service\.yaml:\d+:\d+"))


if __name__ == "__main__":
    podman.main()
