"""A city whose commits are signed, on a real server over TLS."""

import unittest

from git_server import GitServer
from greenwave import City, Scratch, file_manifest, run

MOTD = "/etc/motd.d/greenwave"


def motd(text):
    return {"base/motd.yaml": file_manifest("motd", MOTD, text)}


class SignedCityCase(unittest.TestCase):
    partial = True  # the server lets devices fetch only what they need
    kind = ""  # of the server's addresses

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        for option in ["allowFilter"] if self.partial else []:
            self.city.git("config", f"uploadpack.{option}", "true", cwd=self.city.bare)
        self.server = GitServer(self.scratch / "server", self.scratch).start()
        self.addCleanup(self.server.stop)
        self.signers = self.scratch / "allowed_signers"

    def key(self, name, kind="ed25519"):
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", self.scratch / name)
        return self.scratch / name
