"""A city's hub for tests of the agent: it speaks the protocol over TLS with client certificates, keeps all that it is sent, and
answers as it is told to."""

import datetime
import http.server
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import pathlib

from git_server import free_port, make_certificates
from greenwave import run, wait_until


CA = """
[ca]
default_ca = city
[city]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class FakeHub:
    """As a context manager. `reports` are the bodies of the reports that it acknowledged, once each, as JSON; `requests` all
    requests, as Request. `answer`, if set, is asked first for each request: (status, headers, body), "hang" or None for the
    usual answer."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.authority = directory / "ca.pem"
        self.requests = []
        self.reports = []
        self.answer = None
        self.approved = set()  # devices
        self.codes = set()
        self.date = None  # what its clock says in answers to GET; now
        self._lock = threading.Lock()
        self._newest = {}  # device -> (boot, sequence)
        self._hanging = threading.Event()
        self._server = None

    def __enter__(self):
        self.directory.mkdir(parents=True)
        make_certificates(self.directory, "localhost", "DNS:localhost,IP:127.0.0.1")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def config(self):
        """Lines of agent.yaml for the device sf-0042, with a certificate of its own."""
        return (f"hub: {{url: {self.url!r}, ca: {self.authority}, "
                f"certificate: {self.directory / 'client.pem'}, key: {self.directory / 'client.key'}}}\n")

    def start(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.pem", self.directory / "server.key")
        context.load_verify_locations(self.authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._hanging.clear()
        self._server = _Server(("127.0.0.1", self.port), Handler, context)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Nobody listens any more, and no connection is left."""
        if self._server is None:
            return
        self._hanging.set()
        self._server.shutdown()
        self._server.close_all()
        self._server = None

    def wait_for(self, condition, what):
        """Until the condition holds of the reports; returns them."""
        wait_until(lambda: condition(list(self.reports)), what)
        return list(self.reports)

    def sent(self, path="/v1/reports"):
        return [request for request in list(self.requests) if request.path == path]

    def records(self):
        """The numbers of the records that it has, in the order in which they came."""
        return [sync["number"] for report in list(self.reports) for sync in report.get("syncs", [])]

    def state(self):
        """The newest that it has."""
        return next((report["state"] for report in reversed(list(self.reports)) if "state" in report), None)

    def sign(self, request, device, begins=-2000, ends=90):
        """A certificate that is valid between two days from now."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            here = pathlib.Path(scratch)
            (here / "csr.pem").write_text(request)
            asked = run("openssl", "req", "-in", here / "csr.pem", "-noout", "-verify", "-subject", "-nameopt", "multiline").stdout
            assert f"commonName                = {device}" in asked, asked
            # `openssl x509` sets no beginning before Debian 13; `openssl ca` needs a directory of its own.
            for name, text in (("index.txt", ""), ("serial", "01\n"), ("ca.cnf", CA)):
                (here / name).write_text(text)
            now = datetime.datetime.now(datetime.timezone.utc)
            begin, end = (f"{now + datetime.timedelta(days=day):%Y%m%d%H%M%SZ}" for day in (begins, ends))
            run("openssl", "ca", "-batch", "-notext", "-config", here / "ca.cnf", "-cert", self.authority,
                "-keyfile", self.directory / "ca.key", "-startdate", begin, "-enddate", end, "-in", here / "csr.pem",
                "-out", here / "crt.pem", cwd=here)
            return (here / "crt.pem").read_text()

    def fingerprint(self, request):
        der = subprocess.run(["sh", "-c", "openssl req -noout -pubkey | openssl pkey -pubin -outform DER | "
                                          "openssl dgst -sha256 -binary | openssl base64 -A"],
                             input=request.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
        return "SHA256:" + der.rstrip("=")

    # What it answers on its own. Each returns (status, headers, body).

    def take_report(self, report, device):
        if device != report["device"]:
            return 403, {}, {"error": f"the certificate is of {device}"}
        place = (report["boot"], report["sequence"])
        with self._lock:
            if place[0] < self._newest.get(device, (0, 0))[0]:
                return 409, {}, {"boot": self._newest[device][0]}
            if place > self._newest.get(device, (0, 0)):
                self._newest[device] = place
                self.reports.append(report)
        return 200, {}, {}

    def enroll(self, body, _):
        device = body["device"]
        if body.get("code"):
            if body["code"] not in self.codes:
                return 403, {}, {"error": "the code is wrong or used", "remedy": "ask for another"}
            self.codes.remove(body["code"])
        elif device not in self.approved:
            key = self.fingerprint(body["csr"])
            return 202, {"Retry-After": "1"}, {"key": key, "approve": f"greenwave fleet approve {device} --key {key}"}
        return 200, {}, {"certificate": self.sign(body["csr"], device), "city": "san-francisco"}

    def renew(self, body, device):
        return 200, {}, {"certificate": self.sign(body["csr"], device), "city": "san-francisco"}


class Request:
    def __init__(self, path, device, body, connection, resumed):
        self.path, self.device, self.body, self.connection, self.resumed = path, device, body, connection, resumed

    @property
    def json(self):
        return json.loads(self.body)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address, handler, context):
        super().__init__(address, handler)
        self.context = context
        self.connections = set()
        self.count = 0

    def finish_request(self, request, client_address):
        self.connections.add(request)
        try:
            request.settimeout(30)
            with self.context.wrap_socket(request, server_side=True) as tls:
                self.connections.add(tls)
                self.count += 1
                tls.number = self.count
                super().finish_request(tls, client_address)
        except OSError:
            pass  # a client that went away, or that does not trust this server

    def handle_error(self, *_):
        pass

    def close_all(self):
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub = None

    def log_message(self, *_):
        pass

    def do_POST(self):
        hub = self.hub
        body = self.rfile.read(int(self.headers["Content-Length"]))
        subject = self.connection.getpeercert() or {}
        device = next((value for part in subject.get("subject", ()) for key, value in part if key == "commonName"), None)
        request = Request(self.path, device, body, self.connection.number, self.connection.session_reused)
        hub.requests.append(request)
        chosen = hub.answer(request) if hub.answer else None
        if chosen == "hang":
            hub._hanging.wait()
            self.close_connection = True
            return
        if chosen is None:
            needs = {"/v1/reports": hub.take_report, "/v1/enroll": hub.enroll, "/v1/renew": hub.renew}
            if device is None and self.path != "/v1/enroll":
                chosen = 401, {}, {"error": "no certificate"}
            else:
                chosen = needs[self.path](request.json, device)
        status, headers, answer = chosen
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)

    def date_time_string(self, timestamp=None):
        return self.hub.date or super().date_time_string(timestamp)

    def do_GET(self):
        data = b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
