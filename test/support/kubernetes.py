"""A real Kubernetes API server with etcd, on free ports of the loopback, and kubectl.

Server and client are one Go program, made of the module k8s.io/kubernetes by kubernetes/main.go. etcd is Debian's. No
controller runs: what controllers would do (status, garbage collection), tests do themselves.
"""

import base64
import functools
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import go_program
from greenwave import run, wait_until

SOURCE = pathlib.Path(__file__).parent / "kubernetes"


@functools.lru_cache(maxsize=None)
def _program(fast=False):
    """(path, None) or (None, why it is not available). One that is `fast` takes many minutes to build."""
    if not shutil.which("etcd"):
        return None, "etcd is missing (packaging/install-build-packages --test brings it)"
    made_from = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in ("main.go", "go.mod", "go.sum")))
    try:
        version = made_from.hexdigest()[:12]
        if fast:
            return go_program.built("kubernetes", SOURCE, f"{version}-fast", go_program.WELL), None
        return go_program.built("kubernetes", SOURCE, version), None
    except go_program.Missing as missing:
        return None, str(missing)


def why_not(fast=False):
    """Why there is no API server, or None: for unittest.skipIf."""
    return _program(fast)[1]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Cluster:
    """etcd and an API server with RBAC below `directory`. `with` starts both, and ends them by pid. For figures there is
    one that is `fast`."""

    TOKEN = "a-token-of-the-administrator"

    def __init__(self, directory, fast=False):
        self.program = _program(fast)[0]
        self.directory = directory
        self.directory.mkdir(parents=True)
        self.port, self.etcd_port, self.etcd_peer_port = free_ports(3)
        self.etcd = self.server = None
        self.tokens = {self.TOKEN: ("admin", "system:masters")}
        self._make_keys()

    def _make_keys(self):
        def openssl(*words):
            run("openssl", *words, cwd=self.directory)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-subj", "/CN=test-ca", "-keyout", "ca.key", "-out", "ca.crt")
        for name, subject, more in (("server", "/CN=kube-apiserver", "subjectAltName=IP:127.0.0.1"),
                                    ("admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth")):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
            (self.directory / f"{name}.ext").write_text(more + "\n")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                    "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "accounts.key")

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def _start(self, *command, log):
        with open(self.directory / log, "ab") as file:
            return subprocess.Popen([str(word) for word in command], stdout=file, stderr=file, stdin=subprocess.DEVNULL)

    def start_etcd(self):
        client = f"http://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.etcd_peer_port}"
        self.etcd = self._start(
            "etcd", "--data-dir", self.directory / "etcd", "--listen-client-urls", client, "--advertise-client-urls",
            client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
            f"default={peer}", "--logger", "zap", "--log-level", "error", log="etcd.log")

    def start_server(self, *more):
        (self.directory / "tokens.csv").write_text(
            "".join(f'{token},{user},{user},"{group}"\n' for token, (user, group) in self.tokens.items()))
        directory = self.directory
        (directory / "audit.yaml").write_text(
            "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n")
        self.server = self._start(
            self.program, "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1", f"--secure-port={self.port}", f"--tls-cert-file={directory}/server.crt",
            f"--tls-private-key-file={directory}/server.key", f"--client-ca-file={directory}/ca.crt",
            f"--token-auth-file={directory}/tokens.csv", "--authorization-mode=RBAC",
            "--service-account-issuer=https://greenwave.example", f"--service-account-key-file={directory}/accounts.key",
            f"--service-account-signing-key-file={directory}/accounts.key", "--service-cluster-ip-range=10.96.0.0/24",
            f"--audit-policy-file={directory}/audit.yaml", f"--audit-log-path={directory}/audit.log",
            "--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none", *more, log="server.log")
        return self

    def is_ready(self):
        if self.server.poll() is not None:
            raise AssertionError("the API server ended:\n" + (self.directory / "server.log").read_text()[-3000:])
        try:
            return self.request("GET", "/readyz", text=True) == "ok"
        except OSError:
            return False

    def wait_ready(self):
        wait_until(self.is_ready, "the API server is ready")
        wait_until(lambda: self.exists("/api/v1/namespaces/default"), "the namespace default is there")
        return self

    def __enter__(self):
        self.start_etcd()
        self.start_server()
        try:
            return self.wait_ready()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop_server()
        if self.etcd is not None:
            self.etcd.terminate()
            self.etcd.wait()
            self.etcd = None

    def stop_server(self, how=signal.SIGKILL):
        if self.server is not None:
            self.server.send_signal(how)
            self.server.wait()
            self.server = None

    # What tests do to the cluster, as administrators and controllers.

    def request(self, method, path, body=None, kind="application/json", text=False):
        context = ssl.create_default_context(cafile=self.directory / "ca.crt")
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.TOKEN}", "Content-Type": kind})
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            content = answer.read().decode()
        return content if text else json.loads(content)

    def get(self, path):
        return self.request("GET", path)

    def exists(self, path):
        try:
            self.get(path)
            return True
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return False

    def create(self, path, body):
        return self.request("POST", path, body)

    def delete(self, path):
        return self.request("DELETE", path)

    def set_status(self, path, status):
        return self.request("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")

    def apply(self, path, body, manager, force=False):
        """Server-side apply, as another manager."""
        return self.request("PATCH", f"{path}?fieldManager={manager}&force={str(force).lower()}", body,
                            "application/apply-patch+yaml")

    def kubeconfig(self, name="kubeconfig", how="certificate", **more):
        """Writes one; `how` the user shows who it is: certificate, token, or what `user` says; `port`: of what is in between."""
        data = {file: base64.b64encode((self.directory / file).read_bytes()).decode()
                for file in ("ca.crt", "admin.crt", "admin.key")}
        user = more.get("user") or (
            {"token": self.TOKEN} if how == "token"
            else {"client-certificate-data": data["admin.crt"], "client-key-data": data["admin.key"]})
        file = self.directory / name
        file.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test", "preferences": {},
            "clusters": [{"name": "test", "cluster": {"server": f"https://127.0.0.1:{more.get('port', self.port)}", "certificate-authority-data": data["ca.crt"]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": user}]}))
        file.chmod(0o600)
        return file

    def kubectl(self, *words, text=None, check=True):
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig("kubectl.config")), "HOME": str(self.directory)}
        return run(self.program, "kubectl", *words, input=text, env=environment, check=check).stdout


if __name__ == "__main__":
    print(why_not() or _program()[0])
