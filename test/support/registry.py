"""An image registry on loopback, with its own certificate authority and a password."""

import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
import ssl

from greenwave import run, wait_until

USER, PASSWORD = "sf-0042", "open-sesame-0042"

CONFIGURATION = """
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {directory}/blobs}}}}
http:
  addr: 127.0.0.1:{port}
  tls: {{certificate: {directory}/server.pem, key: {directory}/server.key}}
auth: {{htpasswd: {{realm: city, path: {directory}/htpasswd}}}}
"""


def why_not():
    """Why no registry can be started here; empty when one can."""
    for program, package in (("docker-registry", "docker-registry"), ("htpasswd", "apache2-utils"), ("openssl", "openssl")):
        if shutil.which(program) is None:
            return f"{program} is missing: apt-get install {package}"
    return ""


class Registry:
    """As a context manager. `authority` is the certificate that its clients must trust."""

    def __init__(self, directory):
        self.directory = directory
        self.authority = directory / "ca.pem"
        self.log = directory / "registry.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.name = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self.directory.mkdir()
        self._make_certificates()
        password = run("htpasswd", "-Bbn", USER, PASSWORD).stdout
        (self.directory / "htpasswd").write_text(password)
        (self.directory / "config.yml").write_text(CONFIGURATION.format(directory=self.directory, port=self.port))
        self.start()
        return self

    def start(self):
        file = self.directory / "config.yml"
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(["docker-registry", "serve", str(file)], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                             env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
        wait_until(self._answers, "the registry answers")

    def stop(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def __exit__(self, *_):
        self.stop()

    def pulls(self):
        """The successful requests for manifests and layers so far."""
        return len(re.findall(r'"GET /v2/[^ ]*/(?:manifests|blobs)/[^ ]* HTTP/[0-9.]+" 200', self.log.read_text()))

    def _answers(self):
        try:
            urllib.request.urlopen(f"https://{self.name}/v2/", context=ssl.create_default_context(cafile=self.authority))
        except urllib.error.HTTPError as answer:
            return answer.code == 401
        except OSError:
            return False

    def _make_certificates(self):
        def openssl(*words):
            run("openssl", *words, cwd=self.directory)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=city")
        openssl("req", *key[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=registry")
        (self.directory / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-extfile", "names", "-days", "2", "-out", "server.pem")
