"""greenwave lint says beforehand what a device would refuse, and is silent about what is right."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, Scratch, file_manifest, run  # noqa: E402

CLUSTER = "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: town}\nspec:\n  devices: devices.geojson\n"
LAYERS = "  layers: [{path: base}]\n"
CONTAINERS = [{"name": "web", "image": "registry.city.example/web:1"}]
POD = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": CONTAINERS}})
INGRESS = json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": {}})


def devices(**labels):
    """An inventory: the labels of each device by its id."""
    features = [
        {"type": "Feature", "id": id, "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": {"labels": own}}
        for id, own in labels.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


class Lint(unittest.TestCase):
    def setUp(self):
        self.tree = self.enterContext(Scratch()) / "town"

    def lint(self, files):
        for name, content in {"base/motd.yaml": file_manifest("motd", "/etc/motd", "x"), **files}.items():
            path = self.tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return run(BIN / "greenwave", "lint", self.tree, check=False)

    def assert_says(self, said, *words, code):
        text = " ".join(said.stdout.split())
        self.assertEqual(code, said.returncode, said.stdout)
        for word in words:
            self.assertIn(word, text)

    def town(self, more="", **labels):
        return {"greenwave.yaml": CLUSTER + LAYERS + more, "devices.geojson": devices(**(labels or {"a": {}}))}

    def assert_clean(self, said):
        self.assertEqual(0, said.returncode, said.stdout)
        self.assertIn("No problems", said.stdout)

    def test_a_misspelt_api_version_is_an_error_with_the_name_that_was_meant(self):
        wrong = file_manifest("motd", "/etc/motd", "x").replace("greenwave.dev", "greenwve.dev")
        self.assert_says(self.lint({"base/motd.yaml": wrong}), "greenwve.dev/v1", "did you mean greenwave.dev/v1?", code=1)

    def test_a_misspelt_kind_of_kubernetes_is_an_error_whatever_runs_there(self):
        self.assert_says(self.lint({"base/web.yaml": POD.replace("Pod", "Pdo")}), "did you mean Pod?", code=1)

    def test_what_a_device_cannot_run_is_an_error_for_that_device(self):
        town = self.town(a={"runtime": "podman"}, b={"runtime": "none"}, c={"runtime": "kubernetes"})
        self.assert_says(self.lint({**town, "base/web.yaml": POD}), "Pod/web cannot run here", "1 of 3 devices: b", code=1)
        self.assert_says(self.lint({**town, "base/web.yaml": INGRESS}), "Ingress/web cannot run here", "2 of 3 devices: a, b", code=1)

    def test_the_runtime_of_all_devices_may_be_in_greenwave_yaml(self):
        self.assert_says(self.lint({**self.town("  runtime: none\n"), "base/web.yaml": POD}), "Pod/web cannot run here", code=1)
        self.assert_clean(self.lint({**self.town("  runtime: podman\n"), "base/web.yaml": POD}))
        empty = POD.replace(json.dumps(CONTAINERS), "[]")
        self.assert_says(self.lint({**self.town("  runtime: podman\n"), "base/web.yaml": empty}), "the pod has no containers", code=1)
        self.assert_says(self.lint(self.town("  runtime: docker\n")), "write one of: none, podman, kubernetes", code=1)

    def test_a_cron_job_needs_a_device_with_systemd(self):
        job = ("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec:\n  schedule: '0 3 * * *'\n"
               "  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'i:1'}]}}}}\n")
        podman = {"runtime": "podman"}
        self.assert_clean(self.lint({**self.town(a=podman, b={**podman, "init": "systemd"}), "base/job.yaml": job}))
        out = self.lint({**self.town(a=podman, b={**podman, "init": "openrc"}), "base/job.yaml": job})
        self.assert_says(out, "CronJob/nightly becomes a timer of systemd, which is not on these devices", code=1)
        self.assert_clean(self.lint({**self.town(a={"runtime": "kubernetes", "init": "openrc"}), "base/job.yaml": job}))

    def test_without_a_runtime_lint_leaves_it_to_the_device(self):
        self.assert_clean(self.lint({**self.town(), "base/web.yaml": INGRESS}))

    def test_unknown_annotations_and_fields_of_metadata_are_errors(self):
        def described(metadata):
            return {"base/motd.yaml": json.dumps({
                "apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "motd", **metadata},
                "spec": {"path": "/etc/motd", "content": "x"}})}  # fmt: skip
        for metadata, words in (
            ({"annotations": {"greenwave.dev/prun": "disabled"}}, "did you mean greenwave.dev/prune?"),
            ({"annotations": {"greenwave.dev/prune": "off"}}, "write disabled or enabled"),
            ({"annotations": {"greenwave.dev/on-removal": "give back"}}, "write give-back, delete or keep"),
            ({"annotations": {"greenwave.dev/healthy-within": "5m"}}, "File has no annotation greenwave.dev/healthy-within"),
            ({"annotations": {"greenwave.dev/force": "true"}}, "File has no annotation greenwave.dev/force"),
            ({"annotation": {"a": "b"}}, "did you mean annotations?"),
            ({"ower": "root"}, "File's metadata has no field"),
        ):
            with self.subTest(metadata):
                self.assert_says(self.lint(described(metadata)), words, code=1)
        with self.subTest("annotations of others"):
            self.assert_clean(self.lint(described({"annotations": {"example.org/prune": "yes"}, "labels": {"a": "b"}})))

    def test_annotations_of_kubernetes_have_their_words(self):
        for name, value, words in (
            ("healthy-within", "90", "write a time up to 1h"),
            ("force", "yes", "write true or false"),
            ("propagation", "front", "write foreground, background or orphan"),
        ):
            pod = json.loads(POD)
            pod["metadata"]["annotations"] = {f"greenwave.dev/{name}": value}
            with self.subTest(name):
                self.assert_says(self.lint({"base/web.yaml": json.dumps(pod)}), words, code=1)

    def test_metadata_of_kubernetes_may_have_what_kubernetes_accepts(self):
        pod = json.loads(POD)
        pod["metadata"].update(creationTimestamp=None, finalizers=["example.org/a"], generateName="web-")
        self.assert_clean(self.lint({"base/web.yaml": json.dumps(pod)}))
        pod["metadata"]["annotation"] = {}
        self.assert_says(self.lint({"base/web.yaml": json.dumps(pod)}), "did you mean annotations?", code=1)

    def test_a_misspelt_variable_is_an_error_and_a_shells_variable_is_not(self):
        wrong = self.town() | {"base/motd.yaml": file_manifest("motd", "/etc/motd", "${devcie.id}")}
        self.assert_says(self.lint(wrong), "the variable ${devcie.id} is unknown", "did you mean ${device.id}?", code=1)
        for text in ("${HOME}", "${service.name}", "${counter.total}", "$${devcie.id}"):
            self.assert_clean(self.lint({"base/motd.yaml": file_manifest("motd", "/etc/motd", text)}))

    def test_a_manifest_that_no_layer_reads_is_a_warning(self):
        stray = {"extra/web.yaml": file_manifest("web", "/etc/web", "x")}
        self.assert_says(self.lint({**self.town(), **stray}), "extra/web.yaml", "no layer reads this manifest", code=0)

    def test_what_a_source_or_a_kustomization_names_is_no_stray(self):
        self.assert_clean(self.lint({
            **self.town(),
            "base/web.yaml": json.dumps({
                "apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "web"},
                "spec": {"path": "/etc/web", "source": "files/web.yaml"}}),
            "files/web.yaml": INGRESS,
            "base/k/kustomization.yaml": "resources: [../../shared/one]\n",
            "shared/one/kustomization.yaml": "resources: [pod.yaml]\n",
            "shared/one/pod.yaml": POD,
        }))  # fmt: skip

    def test_a_name_in_capitals_is_not_read_and_says_so(self):
        said = self.lint({**self.town(), "base/web.YAML": file_manifest("web", "/etc/web", "x")})
        self.assert_says(said, "base/web.YAML", "rename it to web.yaml", code=1)

    def test_a_mode_or_time_without_quotes_advises_what_was_meant(self):
        def moded(mode):
            return {"base/motd.yaml": "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\n"
                                      f"spec: {{path: /etc/motd, content: x, mode: {mode}}}\n"}  # fmt: skip
        for mode, meant in (("0o644", "0644"), ("420", "0644"), ("644", "0644"), ("0600", "0600"), ("493", "0755")):
            self.assert_says(self.lint(moded(mode)), f'put it in quotes: mode: "{meant}"', code=1)
        check = "apiVersion: greenwave.dev/v1\nkind: HealthCheck\nmetadata: {name: c}\nspec: {tcp: 'localhost:1', interval: 60}\n"
        self.assert_says(self.lint({"base/motd.yaml": check}), "write 60s", code=1)

    def test_a_byte_order_mark_and_windows_line_ends_are_read_like_others(self):
        text = "apiVersion: greenwave.dev/v1\nkind: File\nmetadata:\n  name: motd\nspec:\n  path: /etc/motd\n  content: |\n    a\n    b\n"
        marked = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
        town = {name: b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode() for name, content in self.town().items()}
        self.assert_clean(self.lint({**town, "base/motd.yaml": marked}))
        rendered = run(BIN / "greenwave", "render", self.tree, "--device", "a").stdout
        self.assertNotIn("\\r", rendered)

    def test_a_file_that_is_not_utf_8_is_said_to_be_that(self):
        text = file_manifest("motd", "/etc/motd", "caf\xe9").encode("latin-1").replace(b"\\u00e9", b"\xe9")
        self.assert_says(self.lint({"base/motd.yaml": text}), "base/motd.yaml:1:", "not UTF-8 text", "save the file as UTF-8", code=1)

    def test_a_number_beyond_64_bits_is_a_warning(self):
        manifest = file_manifest("motd", "/etc/motd", "x").replace('"content": "x"', '"json": {"n": 18446744073709551615}')
        self.assert_says(self.lint({"base/motd.yaml": manifest}), "does not fit into 64 bits", "put it in quotes", code=0)

    def test_what_only_stands_for_content_is_an_error(self):
        source = json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "f"},
                             "spec": {"path": "/etc/f", "source": "files/f"}})  # fmt: skip
        for content, words in (
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "pointer of Git LFS"),
            ("age-encryption.org/v1\n-> X25519 a\n", "encrypted by age"),
            ('{"a": "ENC[AES256_GCM,data:x]", "sops": {}}', "encrypted by SOPS"),
        ):
            self.assert_says(self.lint({"base/f.yaml": source, "files/f": content}), words, code=1)

    def test_placeholders_and_names_of_secrets_are_no_secrets(self):
        self.assert_clean(self.lint({**self.town(), "notes.txt": (
            "existingSecret: registry-login-1\nsecretKey: registry-password\nsecretKey: REGISTRY_PASSWORD\n"
            "url: rtsp://view:{PASSWORD}@camera/1\nurl: rtsp://view:$PASSWORD@camera/1\npassword: DB_PASSWORD\n")}))  # fmt: skip

    def test_a_comment_with_a_reason_says_that_a_line_is_no_secret(self):
        line = "password: hunter2hunter2"
        allow = "# greenwave:allow-secret"
        for text in (f"{line} {allow} of the test bench\n", f"{allow} of the test bench\n{line}\n"):
            self.assert_clean(self.lint({**self.town(), "notes.txt": text}))
        said = self.lint({**self.town(), "notes.txt": f"{allow} of the test bench\n{line}\n{line}\n"})
        self.assert_says(said, "notes.txt:3:11", "encrypt it in the repository", code=0)
        said = self.lint({**self.town(), "notes.txt": f"{allow}\n{line}\n"})
        self.assert_says(said, "notes.txt:2:11", "write a reason", code=0)

    def test_an_empty_repository_and_a_wave_of_nobody_are_said_to_be_that(self):
        empty = self.tree.parent / "empty"
        empty.mkdir()
        self.assert_says(run(BIN / "greenwave", "lint", empty, check=False), "declares nothing", code=0)
        waves = "  waves: [{name: early, percent: 0.001, ref: refs/heads/early}]\n"
        self.assert_says(self.lint(self.town(waves)), "no device is in the wave early", code=0)

    def test_two_declarations_of_one_path_are_an_error(self):
        said = self.lint({**self.town(), "base/b.yaml": file_manifest("b", "/etc/motd", "y")})
        self.assert_says(said, "/etc/motd", "File/b", code=1)


if __name__ == "__main__":
    unittest.main()
