"""What the fields of a pod mean under a real podman, compared with what Kubernetes' reference says."""

import base64
import json
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import podman  # noqa: E402
from greenwave import wait_until  # noqa: E402
from pods import config_map, container, manifest, pod  # noqa: E402

SERVING, NOT_SERVING = 1, 2  # of grpc.health.v1
DATA, HEADERS, SETTINGS = 0, 1, 4  # frames of HTTP/2, RFC 9113
ACK = END_STREAM = 1
END_HEADERS = 4
STAT = ("/bin/busybox", "stat", "-L", "-c", "%a %u:%g")


class Fields(podman.PodmanTest):
    def only(self, prefix, name="main"):
        """A container of the one pod whose name begins so."""
        names = [one for one in self.podman.containers() if one.startswith(prefix + "-") and one.endswith("-" + name)]
        self.assertEqual(1, len(names), names)
        return names[0]

    def run_in(self, prefix, *words, name="main"):
        return self.podman.exec(self.only(prefix, name), *words)

    def environment(self, prefix, name="main"):
        lines = json.loads(self.podman.podman("inspect", self.only(prefix, name)))[0]["Config"]["Env"]
        return dict(line.split("=", 1) for line in lines)

    def test_variables_are_expanded_and_come_from_where_kubernetes_takes_them(self):
        env = [
            {"name": "FIRST", "value": "one"},
            {"name": "LATER", "value": "$(LAST)"},
            {"name": "SECOND", "value": "$(FIRST)-$$(FIRST)-$(NOBODY)-$(P_port)"},
            {"name": "LAST", "value": "$(SECOND)!"},
            {"name": "P_port", "value": "81"},
            {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "word"}}},
            {"name": "RAW", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "raw"}}},
            {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "none", "optional": True}}},
            {"name": "EMPTY"},
            *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in (
                ("NAME", "metadata.name"), ("SPACE", "metadata.namespace"), ("APP", "metadata.labels['app']"),
                ("NOTE", "metadata.annotations['city/note']"), ("NODE", "spec.nodeName"),
                ("ACCOUNT", "spec.serviceAccountName"), ("HOST", "status.hostIP"), ("UID", "metadata.uid"))),
            *({"name": name, "valueFrom": {"resourceFieldRef": ref}} for name, ref in (
                ("MEMORY", {"resource": "limits.memory", "divisor": "1Mi"}), ("CPU", {"resource": "limits.cpu"}),
                ("MILLI", {"resource": "limits.cpu", "divisor": "1m"}), ("ASKED", {"resource": "requests.memory"}))),
        ]
        main = container(
            command=["/bin/sh", "-c", "echo \"$0\" > /seen; exec /bin/sleep 1000", "$(FIRST) $$(FIRST)"], env=env,
            envFrom=[{"prefix": "P_", "configMapRef": {"name": "c"}}, {"configMapRef": {"name": "none", "optional": True}}],
            resources={"limits": {"memory": "0.5Gi", "cpu": "1500m"}, "requests": {"memory": "64Mi"}})
        made = json.loads(pod("a", main, serviceAccountName="reader"))
        made["metadata"].update(namespace="signals", labels={"app": "spat"}, annotations={"city/note": "7"})
        material = [json.loads(text) for text in (
            config_map("c", port="80", raw="$(FIRST)"), manifest("v1", "Secret", "s", stringData={"word": "sesame"}))]
        for one in material:
            one["metadata"]["namespace"] = "signals"
        self.city.commit({"a.yaml": "\n---\n".join(json.dumps(one) for one in [*material, made])})
        device = self.device()
        device.once(check=0)
        seen = self.environment("a")
        self.assertEqual("one $(FIRST)", self.run_in("a", "/bin/cat", "/seen"))
        wanted = {
            "FIRST": "one", "LATER": "$(LAST)", "SECOND": "one-$(FIRST)-$(NOBODY)-80", "LAST": "one-$(FIRST)-$(NOBODY)-80!",
            "P_port": "81", "P_raw": "$(FIRST)", "WORD": "sesame", "RAW": "$(FIRST)", "EMPTY": "", "NAME": "a",
            "SPACE": "signals", "APP": "spat", "NOTE": "7", "ACCOUNT": "reader", "MEMORY": "512", "CPU": "2", "MILLI": "1500",
            "ASKED": str(64 << 20)}
        self.assertEqual(wanted, {name: seen.get(name) for name in wanted})
        self.assertNotIn("GONE", seen)
        self.assertEqual(device.json("status")["device"], seen["NODE"])
        self.assertRegex(seen["HOST"], r"^\d+\.\d+\.\d+\.\d+$")
        self.assertRegex(seen["UID"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        limits = json.loads(self.podman.podman("inspect", self.only("a")))[0]["HostConfig"]
        self.assertEqual((1 << 29, 150_000), (limits["Memory"], limits["CpuQuota"]))

    def test_files_have_their_paths_and_modes(self):
        items = [{"key": "conf", "path": "etc/deep/app.conf", "mode": 0o440}, {"key": "motd", "path": "motd"}]
        info = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
                {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu", "divisor": "1m"}, "mode": 0o400}]
        made = json.loads(pod("a", container(
            resources={"limits": {"cpu": "250m"}},
            volumeMounts=[{"name": "c", "mountPath": "/c"}, {"name": "s", "mountPath": "/s"}, {"name": "i", "mountPath": "/i"},
                          {"name": "p", "mountPath": "/p"}, {"name": "n", "mountPath": "/n"},
                          {"name": "c", "mountPath": "/etc/app/app.conf", "subPath": "etc/deep/app.conf"},
                          {"name": "c", "mountPath": "/deep", "subPath": "etc"}]),
            volumes=[{"name": "c", "configMap": {"name": "c", "items": items, "defaultMode": 0o755}},
                     {"name": "s", "secret": {"secretName": "s", "defaultMode": 0o400}},
                     {"name": "i", "downwardAPI": {"items": info}},
                     {"name": "p", "projected": {"defaultMode": 0o600, "sources": [
                         {"configMap": {"name": "c"}}, {"secret": {"name": "s", "items": [{"key": "token", "path": "conf"}]}},
                         {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}},
                     {"name": "n", "configMap": {"name": "none", "optional": True}}]))
        made["metadata"]["labels"] = {"b": 'say "x"', "a": "1"}
        self.city.commit({
            "c.yaml": config_map("c", conf="port=1\n", motd="hello\n"),
            "s.yaml": manifest("v1", "Secret", "s", data={"token": base64.b64encode(b"\x00\xff").decode()}),
            "a.yaml": json.dumps(made)})
        self.device().once(check=0)
        for path, wanted in (("/c/etc/deep/app.conf", "440 0:0"), ("/c/motd", "755 0:0"), ("/s/token", "400 0:0"),
                             ("/i/labels", "644 0:0"), ("/i/cpu", "400 0:0"), ("/p/conf", "600 0:0"), ("/p/name", "600 0:0")):
            with self.subTest(path):
                self.assertEqual(wanted, self.run_in("a", *STAT, path))
        self.assertEqual("port=1", self.run_in("a", "/bin/cat", "/etc/app/app.conf"))
        self.assertEqual("app.conf", self.run_in("a", "/bin/ls", "/deep/deep"))
        self.assertEqual('a="1"\nb="say \\"x\\""', self.run_in("a", "/bin/cat", "/i/labels"))
        self.assertEqual("250", self.run_in("a", "/bin/cat", "/i/cpu"))
        self.assertEqual("conf\nmotd\nname", self.run_in("a", "/bin/ls", "/p"))
        self.assertEqual("00ff", self.run_in("a", "/bin/sh", "-c", "/bin/busybox xxd -p /p/conf"))
        self.assertEqual("", self.run_in("a", "/bin/ls", "/n"))
        self.assertIn("Read-only", self.run_in("a", "/bin/sh", "-c", "echo x > /c/motd || /bin/true; /bin/busybox touch /c/x 2>&1 || :"))

    def test_an_empty_directory_is_shared_by_users_and_has_nothing_of_the_image(self):
        mount = {"name": "e", "mountPath": "/bin/shared"}
        write = "echo $0 > /bin/shared/$0; exec /bin/sleep 1000"
        both = [container(name, command=["/bin/sh", "-c", write, name], volumeMounts=[mount],
                          securityContext={"runAsUser": user}) for name, user in (("main", 1000), ("other", 2000))]
        image = container("image", volumeMounts=[{"name": "e", "mountPath": "/version.d"}, {"name": "m", "mountPath": "/m"},
                                                 {"name": "d", "mountPath": "/bin/copy"}],
                          securityContext={"runAsUser": 3000})
        self.city.commit({
            "claim.yaml": manifest("v1", "PersistentVolumeClaim", "data", spec={"accessModes": ["ReadWriteOnce"]}),
            "a.yaml": pod("a", *both, image, volumes=[
                {"name": "e", "emptyDir": {}}, {"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "1.5Mi"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])})
        device = self.device()
        device.once(check=0)
        wait_until(lambda: self.run_in("a", "/bin/ls", "/bin/shared") == "main\nother", "both have written")
        self.assertEqual("777 0:0", self.run_in("a", *STAT, "/bin/shared"))
        self.assertRegex(self.run_in("a", "/bin/busybox", "df", "/m", name="image"), r"tmpfs +1536 ")
        self.run_in("a", "/bin/sh", "-c", "echo x > /m/x", name="image")
        before = self.directory / "device/state/pods"
        self.assertEqual(1, len(list(before.iterdir())))
        self.city.commit({"a.yaml": None})
        device.once(check=0)
        self.assertEqual([], list(before.iterdir()), "it lasts as long as the pod")
        self.assertEqual("data", self.podman.podman("volume", "ls", "--quiet"))

    def test_fs_group_has_the_volumes_and_every_container_is_in_it(self):
        mounts = [{"name": name, "mountPath": f"/{name}"} for name in ("e", "c", "m")]
        mounts += [{"name": "d", "mountPath": "/d"}, {"name": "d", "mountPath": "/part", "subPath": "logs/today"}]
        main = container(volumeMounts=[mount for mount in mounts if mount["mountPath"] != "/d"], securityContext={"runAsUser": 1000})
        self.city.commit({
            "c.yaml": config_map("c", conf="x"),
            "claim.yaml": manifest("v1", "PersistentVolumeClaim", "data", spec={}),
            "a.yaml": pod("a", main, securityContext={"fsGroup": 4000, "supplementalGroups": [3000]}, volumes=[
                {"name": "e", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c", "defaultMode": 0o400}},
                {"name": "m", "emptyDir": {"medium": "Memory"}},
                {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}])})
        self.device().once(check=0)
        self.assertEqual("Groups: 0 3000 4000", " ".join(self.run_in("a", "/bin/busybox", "grep", "Groups", "/proc/1/status").split()))
        self.assertEqual("2777 0:4000", self.run_in("a", *STAT, "/e"))
        self.assertEqual("440 0:4000", self.run_in("a", *STAT, "/c/conf"))
        self.assertRegex(self.run_in("a", *STAT, "/m"), "^2777 .*:4000$")
        self.assertRegex(self.run_in("a", *STAT, "/part"), "^2777 .*:4000$")
        self.run_in("a", "/bin/sh", "-c", "echo x > /part/x; echo x > /e/x")
        root = self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}", "data")
        self.assertEqual("x\n", (pathlib.Path(root) / "logs/today/x").read_text())

    def test_sub_paths_of_what_others_may_write_to_are_refused_and_links_are_not_followed(self):
        whole = {"name": "v", "mountPath": "/v"}
        part = {"name": "v", "mountPath": "/part", "subPathExpr": "logs/$(NAME)"}
        named = container(volumeMounts=[part], env=[{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])
        empty = [{"name": "v", "emptyDir": {}}]
        claim = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
        self.city.commit({
            "claim.yaml": manifest("v1", "PersistentVolumeClaim", "data", spec={}),
            "good.yaml": pod("good", named, volumes=empty),
            "kept.yaml": pod("kept", named, volumes=claim),
            "bad.yaml": pod("bad", named, container("other", volumeMounts=[whole]), volumes=empty)})
        device = self.device()
        out = device.once(check=1).stdout
        self.assertRegex(out, r"bad\.yaml:1:\d+: error: spec\.containers\[0\]\.volumeMounts\[0\]\.name: another container may write")
        self.run_in("good", "/bin/sh", "-c", "echo x > /part/x")
        self.run_in("kept", "/bin/sh", "-c", "echo x > /part/x")
        root = pathlib.Path(self.podman.podman("volume", "inspect", "--format", "{{.Mountpoint}}", "data"))
        self.assertEqual("x\n", (root / "logs/kept/x").read_text())

        self.city.commit({"bad.yaml": None, "late.yaml": pod("late", container(volumeMounts=[whole]), volumes=claim)})
        self.assertIn("could put a link", device.once(check=1).stdout)
        self.city.commit({"late.yaml": None, "kept.yaml": None})
        device.once(check=0)
        (root / "logs").rename(root / "old")
        (root / "logs").symlink_to("/")
        self.city.commit({"kept.yaml": pod("kept", named, volumes=claim)})
        self.assertIn("is a link", device.once(check=1).stdout)
        self.assertFalse([name for name in self.podman.containers() if name.startswith("kept")])

    def test_a_host_path_is_made_and_checked_as_its_type_says(self):
        base = self.directory / "device"
        base.mkdir()
        (base / "file").write_text("here\n")

        def with_type(name, path, **more):
            mount = {"name": "h", "mountPath": "/h", **more.pop("mount", {})}
            return pod(name, container(volumeMounts=[mount]), volumes=[{"name": "h", "hostPath": {"path": str(base / path), **more}}])
        self.city.commit({
            "a.yaml": with_type("a", "made/by/us"),
            "b.yaml": with_type("b", "file", type="File"),
            "c.yaml": with_type("c", "maps", mount={"subPath": "north/1"}),
            "d.yaml": with_type("d", "file", type="Directory"),
            "e.yaml": with_type("e", "nothing", type="Directory")})
        device = self.device()
        out = device.once(check=1).stdout
        self.assertTrue((base / "made/by/us").is_dir())
        self.assertEqual("here", self.run_in("b", "/bin/cat", "/h"))
        self.assertTrue((base / "maps/north/1").is_dir())
        running = {name.split("-")[0] for name, one in self.podman.containers().items() if one["State"] == "running"}
        self.assertEqual({"a", "b", "c"}, running, out)
        self.assertIn(f"the host's path {base}/file is not a directory, as its type says", out)
        self.assertIn(f"the host's path {base}/nothing is not there", out)

    def test_who_runs_is_checked_against_the_image_too(self):
        self.make_image_of("localhost/named:1", "app")
        self.make_image_of("localhost/numbered:1", "1000")
        non_root = {"runAsNonRoot": True}
        self.city.commit({
            "root.yaml": pod("root", container(), securityContext=non_root),
            "named.yaml": pod("named", container(image="localhost/named:1", securityContext=non_root)),
            "numbered.yaml": pod("numbered", container(image="localhost/numbered:1", securityContext={**non_root, "runAsGroup": 7})),
            "chosen.yaml": pod("chosen", container(), securityContext={**non_root, "runAsUser": 5, "runAsGroup": 6}),
            "own.yaml": pod("own", container(securityContext={"runAsUser": 0, "runAsNonRoot": False}),
                            securityContext={**non_root, "runAsUser": 5}),
            "wrong.yaml": pod("wrong", container(securityContext={"runAsUser": 0}), securityContext=non_root)})
        out = self.device().once(check=1).stdout
        self.assertIn("the container main: the image runs as root, and runAsNonRoot forbids it", out)
        self.assertIn("the image's user app is no number", out)
        self.assertRegex(out, r"wrong\.yaml:1:\d+: error: spec\.containers\[0\]\.securityContext\.runAsUser: this is root")
        self.assertEqual("uid=1000 gid=7", self.ids("numbered"))
        self.assertEqual("uid=5 gid=6", self.ids("chosen"))
        self.assertEqual("uid=0", self.ids("own").split()[0].split("(")[0])
        self.assertEqual(3, len(self.podman.containers()))

    def test_a_grpc_probe_asks_the_health_service(self):
        with GrpcHealth(NOT_SERVING) as server:
            probe = {"grpc": {"port": server.port, "service": "spat"}, "periodSeconds": 1}
            self.city.commit({"a.yaml": pod("a", container(readinessProbe=probe), hostNetwork=True)})
            device = self.device(settings=", allowHostNetwork: true")
            device.start()

            def shown():
                return next((known.get("containers") or [{}] for known in device.json("show", "Pod/a").get("objects", [])), [{}])[0]
            wait_until(lambda: "it says NOT_SERVING" in shown().get("unready", ""), "it is asked")
            self.assertIn(b"\x0a\x04spat", server.asked, "for the service")
            server.status = SERVING
            wait_until(lambda: device.json("status")["lastResult"] == "in sync", "it serves")
        wait_until(lambda: "unready" in shown(), "nobody answers any more")

    def ids(self, prefix):
        return self.run_in(prefix, "/bin/busybox", "id").replace("(root)", "")

    def make_image_of(self, name, user):
        self.podman.podman("create", "--name", "base", "localhost/busy:1", "/bin/true")
        self.podman.podman("commit", "--quiet", "--change", f"USER={user}", "base", name)
        self.podman.podman("rm", "base")


class GrpcHealth:
    """A gRPC server in HTTP/2 without TLS that gives one answer to whatever is asked."""

    def __init__(self, status):
        self.status, self.asked = status, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                try:
                    self.answer(connection, stream)
                except OSError:
                    pass

    def answer(self, connection, stream):
        def send(kind, flags, number, payload=b""):
            connection.sendall(len(payload).to_bytes(3, "big") + bytes((kind, flags)) + number.to_bytes(4, "big") + payload)
        stream.read(len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        send(SETTINGS, 0, 0)
        while len(head := stream.read(9)) == 9:
            kind, flags, number = head[3], head[4], int.from_bytes(head[5:], "big")
            payload = stream.read(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                send(SETTINGS, ACK, 0)
            if kind == DATA:
                self.asked += payload
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                word = b"application/grpc"
                send(HEADERS, END_HEADERS, number, b"\x88\x0f\x10" + bytes((len(word),)) + word)
                send(DATA, 0, number, b"\0\0\0\0\x02\x08" + bytes((self.status,)))
                send(HEADERS, END_HEADERS | END_STREAM, number, b"\0\x0bgrpc-status\x010")


if __name__ == "__main__":
    podman.main()
