"""A real mirror: greenwave-hub mirror, git http-backend and the nginx that is shipped, with TLS, on loopback."""

import hashlib
import hmac
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from git_server import can_connect, free_port, in_namespace, make_certificates
from greenwave import BIN, PATIENCE, run, wait_until

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"
HOOKS = PACKAGING / "git-server"
SECRET = "0123456789abcdef0123456789abcdef"


class Mirror:
    """Serves `city.bare`, to which commits are pushed, or a mirror of it with `mirrors`, which may be another Mirror to
    fetch it from. As a context manager it runs. With `namespace` it listens in that network namespace, on `address`."""

    def __init__(self, directory, city, mirrors=False, interval="1h", more="", logs=True, namespace=None, address="127.0.0.1"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o755)
        self.port, self.namespace, self.address = free_port(), namespace, address
        self.root = self.directory / "git" if mirrors else city.bare.parent
        self.root.mkdir(exist_ok=True)
        self.bare = self.root / "city.git"
        self.logs = logs  # each request, which the nginx that is shipped does not
        self.socket = self.directory / "mirror.sock"
        self.config = self.directory / "mirror.yaml"
        secret = self.directory / "secret"
        secret.write_text(SECRET + "\n")
        source = f"{mirrors.url}\n  caFile: {mirrors.directory}/ca.pem" if isinstance(mirrors, Mirror) else city.url
        upstream = (f"upstream:\n  url: {source}\n  interval: {interval}\n  webhookSecretFile: {secret}\n{more}"
                    if mirrors else "")
        self.config.write_text(f"socket: {self.socket}\ndirectory: {self.root}\nhooks: {HOOKS}\n"
                               f"repository: city.git\n{upstream}")
        if not mirrors:
            city.git("config", "core.hooksPath", HOOKS, cwd=self.bare)
            city.git("config", "uploadpack.allowFilter", "true", cwd=self.bare)
        self.environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(self._git_config())}
        make_certificates(self.directory, "localhost", f"DNS:localhost,IP:{address}")
        self.log = self.directory / "mirror.log"
        self.processes = {}

    def _git_config(self):
        file = self.directory / "gitconfig"
        file.write_text("[safe]\n\tdirectory = *\n")
        return file

    @property
    def url(self):
        return f"https://{self.address if self.namespace else 'localhost'}:{self.port}/city.git"

    @property
    def agent(self):
        """The part of agent.yaml that makes a device trust this server."""
        return f"  credentials:\n    caFile: {self.directory}/ca.pem\n"

    @property
    def tips(self):
        return self.root / "city.git.tip"

    def tip(self, ref="refs/heads/main"):
        file = self.tips / ref
        return file.read_text().strip() if file.is_file() else None

    def _configure_proxy(self):
        here = self.directory
        site = ((PACKAGING / "mirror/nginx.conf").read_text().replace("listen 443", f"listen {self.address}:{self.port}")
                .replace("git.example", "localhost").replace("/etc/greenwave/mirror.crt", f"{here}/server.pem")
                .replace("/etc/greenwave/mirror.key", f"{here}/server.key")
                .replace("/run/greenwave-mirror/mirror.sock", str(self.socket))
                .replace("/run/fcgiwrap.socket", f"{here}/cgi").replace("/srv/git", str(self.root))
                .replace("/var/lib/nginx/greenwave-fetches", f"{here}/fetches")
                .replace("access_log          off", f"access_log {here}/access.log bytes" if self.logs else "access_log off")
                .replace("include fastcgi_params;", "include /etc/nginx/fastcgi_params;"))
        (here / "nginx.conf").write_text(f"""daemon off; user root; worker_processes 1; pid {here}/nginx.pid;
error_log {here}/nginx.log; worker_rlimit_nofile 65536;
events {{ worker_connections 30000; }}
http {{ log_format bytes '$request_length $bytes_sent $status $msec $request';
client_body_temp_path {here}/body; fastcgi_temp_path {here}/fastcgi; proxy_temp_path {here}/proxy;
uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
{site}
}}
""")

    def _start(self, name, *command):
        with open(self.directory / f"{name}.out" if name != "mirror" else self.log, "ab") as log:
            self.processes[name] = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                                    stdin=subprocess.DEVNULL, env=self.environment, start_new_session=True)

    def start(self):
        self._start("mirror", BIN / "greenwave-hub", "--log-level", "debug" if self.logs else "info", "mirror", "--mirror-config", self.config)
        wait_until(self._listens, "the mirror listens")

    def _listens(self):
        if self.processes["mirror"].poll() is not None:
            raise AssertionError(f"the mirror ended:\n{self.log.read_text()}")
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def start_proxy(self):
        self._configure_proxy()
        self._start("nginx", *in_namespace(self.namespace), "nginx", "-c", self.directory / "nginx.conf")
        wait_until(lambda: can_connect(self.address, self.port, self.namespace), "nginx listens")

    def stop(self, name="mirror", how=signal.SIGTERM):
        process = self.processes.pop(name)
        os.killpg(process.pid, how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def __enter__(self):
        self._start("cgi", "fcgiwrap", "-f", "-c", "4", "-s", f"unix:{self.directory}/cgi")
        self.start()
        self.start_proxy()
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.stop(name)

    def request(self, path, headers=(), body=None, timeout=PATIENCE):
        """(status, headers, text)"""
        context = ssl.create_default_context(cafile=str(self.directory / "ca.pem"))
        asked = urllib.request.Request(f"https://localhost:{self.port}{path}", data=body, headers=dict(headers))
        try:
            with urllib.request.urlopen(asked, context=context, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def webhook(self, headers=None, body=b'{"ref":"refs/heads/main"}', secret=SECRET):
        """As GitHub sends it, unless there are other headers."""
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self.request("/webhook", headers if headers is not None else {"X-Hub-Signature-256": "sha256=" + signed}, body)[0]

    def held(self):
        """Requests that are held now."""
        return self.metric("held_requests")

    def metric(self, name):
        answer = run("curl", "-s", "--unix-socket", self.socket, "http://mirror/metrics").stdout
        return int(answer.split(f"\ngreenwave_mirror_{name} ")[-1].split()[0])

    def _logged(self):
        log = self.directory / "access.log"
        return [line.split(" ", 4) for line in log.read_text().splitlines()] if log.exists() else []

    def requests(self):
        """(status, seconds since the epoch, request line) of the requests so far."""
        return [(int(status), float(at), request) for _, _, status, at, request in self._logged()]

    def sizes(self):
        """(bytes of the request, of its answer, status) of the requests so far."""
        return [(int(asked), int(answered), int(status)) for asked, answered, status, _, _ in self._logged()]

    def bytes(self):
        return sum(asked + answered for asked, answered, _ in self.sizes())


def since(moment):
    return time.monotonic() - moment
