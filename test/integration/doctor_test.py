"""`greenwave doctor` identifies what is wrong on the way to the repository, with real servers."""

import json
import pathlib
import pwd
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from git_server import GitServer, free_port  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, run  # noqa: E402


class Doctor(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.commit = self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")})
        self.server = GitServer(self.scratch / "server", self.scratch).start()
        self.addCleanup(self.server.stop)
        self.devices = 0

    def findings(self, url=None, kind="", more=None, branch=None):
        """{check: (result, text and remedy)} of a device with such a configuration; the last of each check."""
        self.devices += 1
        url = url or self.server.url(self.city.bare, kind)
        more = (f"  branch: {branch}\n" if branch else "") + (self.server.agent() if more is None else more)
        device = Device(self.scratch / f"device-{self.devices}", url, more=more)
        checks = device.json("doctor")["checks"]
        return {one["check"]: (one["result"], one["text"] + " -> " + one["remedy"]) for one in checks}

    def assert_failed(self, finding, *words):
        self.assertEqual(finding[0], "failed", finding)
        for word in words:
            self.assertIn(word, finding[1])

    def test_all_is_well(self):
        found = self.findings()
        for check in ("dns", "connection", "tls", "repository"):
            self.assertEqual(found[check][0], "ok", found[check])
        self.assertIn(self.commit[:10], found["repository"][1])
        self.assertIn("valid until", found["tls"][1])

    def test_dns(self):
        found = self.findings("https://no-such-host.invalid/city.git", more="")
        self.assert_failed(found["dns"], "no-such-host.invalid")
        self.assertNotIn("repository", found)

    def test_tcp(self):
        found = self.findings(f"https://localhost:{free_port()}/city.git", more="")
        self.assertEqual(found["dns"][0], "ok")
        self.assert_failed(found["connection"], "refused")

    def test_tls(self):
        self.assert_failed(self.findings(more="")["tls"], "Test CA", "not signed by an authority", "caFile")
        self.server.stop()
        other = GitServer(self.scratch / "other", self.scratch, names="DNS:git.example").start()
        self.addCleanup(other.stop)
        self.assert_failed(self.findings(other.url(self.city.bare), more=other.agent())["tls"], "for git.example",
                           "is not for localhost", "repository.url")

    def test_http_status(self):
        self.assert_failed(self.findings(kind="/busy")["repository"], "503", "the server has a problem")
        self.assert_failed(self.findings(kind="/nowhere")["repository"], "no git repository here", "repository.url")

    def test_credentials(self):
        self.assert_failed(self.findings(kind="/private")["repository"], "requires credentials", "tokenFile")
        wrong = self.scratch / "wrong"
        wrong.write_text("hunter2\n")
        wrong.chmod(0o600)
        found = self.findings(kind="/private", more=self.server.agent(tokenFile=wrong))
        self.assert_failed(found["repository"], "rejected the credentials")
        self.assertNotIn("hunter2", str(found))
        self.assert_failed(self.findings(kind="/mtls")["repository"], "clientCertificate")

    def test_not_a_git_server(self):
        self.assert_failed(self.findings(kind="/page")["repository"], "text/html", "is repository.url a git repository")

    def test_a_missing_branch(self):
        self.assert_failed(self.findings(branch="mian")["repository"], "no branch mian", "main")

    def test_who_may_sign(self):
        self.assertEqual(self.findings()["trust"][0], "warning")
        signers = self.scratch / "allowed_signers"
        signers.write_text("ana@city.example cert-authority ssh-ed25519 AAAA\n")
        more = self.server.agent() + f"trust: {{allowedSigners: {signers}}}\n"
        self.assert_failed(self.findings(more=more)["trust"], "allowed_signers:1:", "cert-authority")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.scratch / "ana")
        signers.write_text("ana@city.example " + (self.scratch / "ana.pub").read_text())
        self.assertIn("allows 1 key to sign commits", self.findings(more=more)["trust"][1])


class WhatTheDaemonKnows(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.motd = {"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")}
        self.devices = 0

    def device(self, name="sf-0042", more=""):
        self.devices += 1
        device = Device(self.scratch / f"device-{self.devices}", self.city.url, device=name, more=more)
        self.addCleanup(device.stop)
        return device

    def findings(self, device, check):
        found = [one for one in device.json("doctor")["checks"] if one["check"] == check]
        return [(one["result"], one["text"] + " -> " + one["remedy"]) for one in found]

    def listed(self, **properties):
        feature = {"type": "Feature", "id": "sf-0042", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
                   "properties": properties}
        cluster = {"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "sf"},
                   "spec": {"devices": "devices.geojson", "layers": [{"path": "base"}]}}
        return {"greenwave.yaml": json.dumps(cluster),
                "devices.geojson": json.dumps({"type": "FeatureCollection", "features": [feature]}),
                "base/motd.yaml": self.motd["motd.yaml"]}

    def test_what_this_machine_lacks_to_confine_the_agents_processes(self):
        found = self.findings(self.device(), "confinement")
        users = {user.pw_name for user in pwd.getpwall()}
        for user in ("greenwave-fetch", "greenwave-render"):
            self.assertEqual(user not in users, ("warning", user) in {(result, text.split(":")[0].split()[-1]) for result, text in found})
        self.assertTrue(found)

    def test_the_last_sync_and_what_was_refused(self):
        self.city.commit(self.motd)
        device = self.device()
        self.assertEqual(self.findings(device, "sync"), [])
        device.once(check=0)
        (result, text), = self.findings(device, "sync")
        self.assertEqual(result, "ok", text)
        self.city.commit({"wrong.yaml": file_manifest("wrong", "/etc/wrong", "x", mod="0644")})
        device.once(check=1)
        for _ in range(2):  # from the state file, then from the daemon
            (result, text), = self.findings(device, "sync")
            self.assertEqual(result, "failed")
            self.assertIn("wrong.yaml:1:", text)
            if device.daemon is None:
                device.start()

    def test_the_directory_in_the_repository_and_the_place_in_the_inventory(self):
        self.city.commit(self.listed())
        device = self.device("sf-0043")
        device.once(check=2)
        (result, text), = self.findings(device, "inventory")
        self.assertEqual(result, "failed")
        self.assertIn("sf-0042", text)
        device.config.write_text(device.config.read_text().replace("sf-0043", "sf-0042"))
        device.once(check=0)
        self.assertEqual(self.findings(device, "inventory")[0][0], "ok")
        device.config.write_text(device.config.read_text() + "  path: citty\n")
        (result, text), = self.findings(device, "inventory")
        self.assertEqual(result, "failed")
        self.assertIn("citty", text)

    def test_the_recipient_of_the_inventory_is_this_devices(self):
        device = self.device()
        recipient = device.cli("identity", check=0).stdout.split()[-1]
        self.city.commit(self.listed())
        device.once(check=0)
        self.assertEqual(self.findings(device, "recipient")[0][0], "warning")
        self.city.commit(self.listed(recipient=recipient))
        device.once(check=0)
        self.assertEqual(self.findings(device, "recipient")[0][0], "ok")
        other = self.device().cli("identity", check=0).stdout.split()[-1]
        self.city.commit(self.listed(recipient=other))
        device.once(check=0)
        (result, text), = self.findings(device, "recipient")
        self.assertEqual(result, "failed")
        self.assertIn(other, text)

    def test_where_a_declared_path_cannot_be_written(self):
        self.city.commit({"a.yaml": file_manifest("a", "/etc/there/a", "x")})
        device = self.device()
        device.once(check=0)
        self.assertEqual(self.findings(device, "paths")[0][0], "ok")
        device.path("/etc/there/a").unlink()
        device.path("/etc/there").rmdir()
        device.path("/etc/there").write_text("in the way")
        (result, text), = self.findings(device, "paths")
        self.assertEqual(result, "failed")
        self.assertIn("/etc/there is not a directory", text)

    def test_what_is_encrypted_is_not_checked_and_doctor_says_so(self):
        """As SOPS writes it. Nobody here has the key, nor needs it."""
        veil = "ENC[AES256_GCM,data:Zm9v,iv:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"
        sops = {"age": [{"recipient": "age1x", "enc": "-----BEGIN AGE ENCRYPTED FILE-----"}], "mac": veil, "version": "3.13.3"}

        def encrypted(name, **spec):
            manifest = json.loads(file_manifest(name, "/etc/there/plain", "x"))
            manifest["spec"].update(spec)
            return json.dumps({**manifest, "sops": sops})

        self.city.commit({"a.yaml": file_manifest("a", "/etc/there/a", "x"), "b.yaml": encrypted("b", content=veil)})
        device = self.device()
        device.once()
        (result, text), = self.findings(device, "paths")
        self.assertEqual((result, "2 paths" in text), ("ok", True), text)
        self.city.commit({f"c{n}.yaml": encrypted(f"c{n}", path=veil) for n in range(4)})
        device.once()
        (_, _), (result, text) = self.findings(device, "paths")
        self.assertEqual(result, "warning")
        self.assertIn("not checked, since their specs are encrypted: File/c0, File/c1, File/c2 and 1 more", text)
        self.assertNotIn("ENC[", text)
        self.city.commit({**{f"c{n}.yaml": None for n in range(4)}, "d.yaml": encrypted(veil)})
        device.once()
        (_, _), (result, text) = self.findings(device, "paths")
        self.assertEqual((result, "cannot be read without its secrets" in text), ("warning", True), text)


class AWrongConfiguration(unittest.TestCase):
    def test_every_command_says_what_is_wrong_whether_the_daemon_runs_or_not(self):
        scratch = self.enterContext(Scratch())
        city = City(scratch)
        city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "hello\n")})
        device = Device(scratch / "device", city.url)
        self.addCleanup(device.stop)
        device.start()
        device.sync()
        device.config.write_text(device.config.read_text() + "intervall: 5s\n")
        commands = [("status",), ("sync",), ("sync", "--wait"), ("diff",), ("history",), ("show",), ("doctor",),
                    ("pause", "--for", "1m", "--reason", "x"), ("resume",), ("version",)]
        for command in commands:
            self.assertIn("agent.yaml:5:1", device.cli(*command).stdout, command)
        device.stop()
        for command in commands:
            told = device.cli(*command)
            self.assertIn("agent.yaml:5:1", told.stdout, command)
            if command[0] not in ("history", "show", "version"):
                self.assertNotEqual(told.returncode, 0, command)
        checked = run(*device.command("greenwaved", "--check-config"), check=False)
        self.assertEqual(checked.returncode, 2)
        self.assertIn("agent.yaml:5:1", checked.stdout)
        device.config.write_text(device.config.read_text().replace("intervall: 5s\n", ""))
        city.bare.rename(scratch / "away")  # it needs no network
        run(*device.command("greenwaved", "--check-config"))


if __name__ == "__main__":
    unittest.main()
