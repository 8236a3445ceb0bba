"""A real hub: greenwave-hub behind nginx with TLS and client certificates, on loopback, and clients of it."""

import http.client
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

from git_server import free_port
from greenwave import BIN, run, wait_until

NGINX = pathlib.Path(__file__).parents[2] / "packaging/hub/nginx.conf"
MANUAL = pathlib.Path(__file__).parents[2] / "packaging/man/greenwave-hub.8"


def manual_example(begin):
    """The block of the manual page that begins so."""
    blocks = [block.split("\n.Ed\n")[0] for block in re.split(r"\n\.Bd -literal.*\n", MANUAL.read_text())[1:]]
    return next(block for block in blocks if block.startswith(begin)) + "\n"


class Hub:
    """As a context manager it runs, together with its nginx. `more` is added to hub.yaml."""

    log_level = "debug"

    def __init__(self, directory, database, city="springfield", more="", program=None, socket_name="hub.sock"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.city, self.database = city, database
        self.program = program or BIN / "greenwave-hub"
        self.port = free_port()
        self.socket = self.directory / socket_name
        self.config = self.directory / "hub.yaml"
        self.config.write_text(f"city: {city}\ndatabase: {database}\nsocket: {self.socket}\n"
                               f"stateDirectory: {self.directory}/state\n{more}")
        self.log = self.directory / "hub.log"
        self.process = self.proxy = None

    def __enter__(self):
        self.command("init", "--host", "localhost")
        self.start()
        self.start_proxy()
        return self

    def __exit__(self, *_):
        self.stop()
        self.stop_proxy()

    def command(self, *words, check=True):
        return run(self.program, "--config", self.config, *words, check=check)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.program), "--config", str(self.config), "run", "--log-level", self.log_level],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(lambda: self.listens() or self.process.poll() is not None, "the hub listens")
        if self.process.poll() is not None:
            raise AssertionError(f"the hub ended with {self.process.returncode}:\n{self.log.read_text()}")
        return self

    def listens(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def is_well(self):
        try:
            return self.request("GET", "/healthz").status == 200
        except OSError:
            return False

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def start_proxy(self):
        """At the port that it had; at another one where somebody else took that in between."""
        for _ in range(5):
            self._configure_proxy()
            with open(self.directory / "nginx.out", "ab") as log:
                self.proxy = subprocess.Popen(["nginx", "-c", str(self.directory / "nginx.conf")], stdout=log, stderr=log)
            wait_until(lambda: (self.directory / "nginx.pid").exists() or self.proxy.poll() is not None, "nginx starts")
            if self.proxy.poll() is None:
                break
            self.port = free_port()
        try:
            wait_until(self.is_well, "the hub and its database answer")
        except AssertionError as error:
            logs = [file.read_text()[-2000:] for file in (self.log, self.directory / "nginx.out", self.directory / "nginx.log")]
            raise AssertionError("\n".join([str(error), *logs])) from None

    def _configure_proxy(self):
        here = self.directory
        (here / "nginx.pid").unlink(missing_ok=True)
        shipped = NGINX.read_text()
        site = (shipped.replace("listen 443", f"listen 127.0.0.1:{self.port}").replace("hub.example", "localhost")
                .replace("/var/lib/greenwave-hub", f"{here}/state").replace("/run/greenwave-hub/hub.sock", str(self.socket)))
        (here / "nginx.conf").write_text(f"""daemon off; user root; worker_processes 1; pid {here}/nginx.pid;
error_log {here}/nginx.log; worker_rlimit_nofile 65536;
events {{ worker_connections 30000; }}
http {{ access_log off; client_body_temp_path {here}/body; fastcgi_temp_path {here}/fastcgi; proxy_temp_path {here}/proxy;
uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
{site}
}}
""")

    def stop_proxy(self):
        if self.proxy is not None:
            self.proxy.send_signal(signal.SIGTERM)
            self.proxy.wait()
            self.proxy = None

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    @property
    def ca(self):
        return self.directory / "state/ca/ca.crt"

    def token(self, level="view", name=None):
        return self.command("token", "add", name or level, "--level", level).stdout.splitlines()[0]

    def connect(self, certificate=None):
        """A kept connection; `certificate`: (certificate, key) of a client."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        return http.client.HTTPSConnection("localhost", self.port, context=context, timeout=60)

    def request(self, method, path, body=None, token=None, certificate=None, headers=()):
        connection = self.connect(certificate)
        try:
            return Reply(connection, method, path, body, token, headers)
        finally:
            connection.close()

    def get(self, path, token, status=200):
        reply = self.request("GET", path, token=token)
        if reply.status != status:
            raise AssertionError(f"GET {path}: {reply.status} {reply.text[:300]}")
        return reply.json()


class Reply:
    def __init__(self, connection, method, path, body=None, token=None, headers=()):
        headers = dict(headers)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        self.status, self.headers = answer.status, dict(answer.getheaders())
        self.text = answer.read().decode()

    def json(self):
        return json.loads(self.text)


class Speaker:
    """A device as the hub sees it: a key, a certificate once it is enrolled, and reports."""

    def __init__(self, hub, device, directory=None):
        self.hub, self.device = hub, device
        directory = directory or hub.directory / "devices"
        directory.mkdir(exist_ok=True)
        name = device.replace("/", "_")
        self.key, self.csr, self.certificate = (directory / f"{name}.{end}" for end in ("key", "csr", "crt"))
        run("openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj",
            f"/CN={name}", "-keyout", self.key, "-out", self.csr)
        self.boot, self.sequence = int(time.time()), 0

    @property
    def pair(self):
        return self.certificate, self.key

    def ask(self, **more):
        return self.hub.request("POST", "/v1/enroll", {"device": self.device, "csr": self.csr.read_text(), **more})

    def enrol(self, operator):
        """By a code that a person with this token makes."""
        code = self.hub.request("POST", "/v1/codes", {"device": self.device}, token=operator).json()["code"]
        reply = self.ask(code=code)
        assert reply.status == 200, reply.text
        self.certificate.write_text(reply.json()["certificate"])
        return self

    def body(self, state="in-sync", at=None, syncs=(), **more):
        """The next report; without a state it is a heartbeat."""
        self.sequence += 1
        report = {"device": self.device, "boot": self.boot, "sequence": self.sequence,
                  "at": at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        if state:
            health = {"failed": "failed", "reverted": "reverted", "applying": "progressing", "waiting": "progressing"}
            report["state"] = {"condition": state, "health": health.get(state, "healthy"), "objects": 3, "inSync": 3, **more}
        if syncs:
            report["syncs"] = list(syncs)
        return report

    def send(self, report, certificate=None):
        return self.hub.request("POST", "/v1/reports", report, certificate=certificate or self.pair)

    def report(self, *words, **more):
        return self.send(self.body(*words, **more))
