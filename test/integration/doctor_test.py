"""`greenwave doctor` identifies what is wrong on the way to the repository, with real servers."""

import pathlib
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


if __name__ == "__main__":
    unittest.main()
