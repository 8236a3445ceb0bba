"""A real git server for integration tests and benchmarks: nginx and git http-backend behind TLS, on loopback."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from greenwave import PATIENCE, run, wait_until

BACKEND = "/usr/lib/git-core/git-http-backend"


def free_port(address="127.0.0.1"):
    with socket.socket() as listener:
        listener.bind((address, 0))
        return listener.getsockname()[1]


def in_namespace(namespace):
    """What a command begins with that runs in a network namespace; without one, nothing."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--"] if namespace else []


def can_connect(address, port, namespace=None):
    if namespace:
        probe = f"import socket; socket.create_connection(('{address}', {port}), 1)"
        return run(*in_namespace(namespace), "python3", "-c", probe, check=False).returncode == 0
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((address, port)) == 0


def make_certificates(directory, name, names):
    """An authority (ca.pem), a server of that name, and a client, each with its key (.key)."""

    def pair(file, *words):
        run("openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-days", "90", "-keyout", directory / f"{file}.key", "-out", directory / f"{file}.pem", *words)

    pair("ca", "-subj", "/CN=Test CA")
    signed = ["-CA", directory / "ca.pem", "-CAkey", directory / "ca.key",
              "-addext", "basicConstraints=critical,CA:FALSE"]
    pair("server", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}", *signed)
    pair("client", "-subj", "/CN=sf-0042", *signed)


class GitServer:
    """Serves the bare repositories below `projects`:

    /NAME           to all
    /private/NAME   to the user "device" with the password "open sesame"
    /mtls/NAME      to who shows the certificate client.pem
    /old/NAME       without protocol v2
    /busy/          503 with Retry-After: 120
    /page/          a page of HTML

    As a context manager. `name` is the host in its URLs, `names` what the certificate is for if not that; with
    `namespace` it runs in that network namespace, on `address`.
    """

    def __init__(self, directory, projects, address="127.0.0.1", name="localhost", namespace=None, names=None, workers=2):
        self.directory, self.projects = directory, projects
        self.address, self.name, self.port = address, name, free_port() if namespace is None else 8443
        self.namespace, self.prefix = namespace, in_namespace(namespace)
        self.names = names or f"DNS:{name},IP:{address}"
        self.workers = workers
        self.processes = []
        self.markers = 0
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        make_certificates(directory, name, self.names)
        (directory / "passwords").write_text("device:{PLAIN}open sesame\n")
        (directory / "nginx.conf").write_text(self._configuration())

    @property
    def ca(self):
        return self.directory / "ca.pem"

    def url(self, repository, kind=""):
        return f"https://{self.name}:{self.port}{kind}/{pathlib.Path(repository).name}"

    def agent(self, **more):
        """The part of agent.yaml that makes a device trust this server."""
        lines = [f"  credentials:\n    caFile: {self.ca}\n"]
        lines += [f"    {key}: {value}\n" for key, value in more.items()]
        return "".join(lines)

    def requests(self):
        """(bytes received, bytes sent, status, request line) of each request so far: plain HTTP, without TLS."""
        log = self.directory / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        lines = [line for line in lines if " /marker/" not in line]
        found = [re.match(r"(\d+) (\d+) (\d+) (.*)", line).groups() for line in lines]
        return [(int(received), int(sent), int(status), request) for received, sent, status, request in found]

    def forget(self):
        """Clears the list of requests."""
        self._settle()
        (self.directory / "access.log").write_text("")

    def _settle(self):
        """nginx writes a request's line just after its response; its one worker writes those before it first."""
        self.markers += 1
        path = f"/marker/{self.markers}"
        run(*self.prefix, "curl", "-sk", f"https://{self.address}:{self.port}{path}")
        wait_until(lambda: path in (self.directory / "access.log").read_text(), "nginx has written its log")

    def total(self):
        """Bytes both ways since forget()."""
        self._settle()
        return sum(received + sent for received, sent, _, _ in self.requests())

    def _backend(self, prefix, more="", version_2=True):
        protocol = "" if version_2 else "fastcgi_param HTTP_GIT_PROTOCOL '';"  # nginx passes the header by itself
        return f"""location ~ ^{prefix}(/.*)$ {{ {more}
            fastcgi_pass unix:{self.directory}/cgi; fastcgi_param SCRIPT_FILENAME {BACKEND};
            fastcgi_param PATH_INFO $1; fastcgi_param GIT_PROJECT_ROOT {self.projects};
            fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param QUERY_STRING $query_string; fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            {protocol} }}\n"""

    def _configuration(self):
        here = self.directory
        return f"""daemon off; user root; worker_processes 1; pid {here}/pid; error_log {here}/error.log;
events {{}}
http {{
  log_format bytes '$request_length $bytes_sent $status $request'; access_log {here}/access.log bytes;
  keepalive_requests 100000; ssl_session_cache shared:tls:1m; server_tokens off; client_max_body_size 64m;
  client_body_temp_path {here}/body; fastcgi_temp_path {here}/fastcgi; proxy_temp_path {here}/proxy;
  server {{
    listen {self.address}:{self.port} ssl; server_name {self.name};
    ssl_certificate {here}/server.pem; ssl_certificate_key {here}/server.key;
    ssl_client_certificate {here}/ca.pem; ssl_verify_client optional;
    location ^~ /marker/ {{ return 204; }}
    location ^~ /busy/ {{ add_header Retry-After 120 always; return 503; }}
    location ^~ /page/ {{ default_type text/html; return 200 '<html>Sign in</html>'; }}
    location ~ [.]tip/ {{ root {self.projects}; }}
    {self._backend("/private", f"auth_basic git; auth_basic_user_file {here}/passwords;")}
    {self._backend("/mtls", "if ($ssl_client_verify != SUCCESS) { return 400; }")}
    {self._backend("/old", version_2=False)}
    {self._backend("")}
  }}
}}
"""

    def start(self):
        log = open(self.directory / "servers.log", "ab")
        commands = [
            ["fcgiwrap", "-f", "-c", str(self.workers), "-s", f"unix:{self.directory}/cgi"],
            ["/usr/sbin/nginx", "-p", str(self.directory), "-c", str(self.directory / "nginx.conf")],
        ]
        environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(self._git_config())}
        for command in commands:
            self.processes.append(subprocess.Popen(self.prefix + command, stdout=log, stderr=log,
                                                   stdin=subprocess.DEVNULL, env=environment,
                                                   start_new_session=True))
        log.close()
        deadline = time.monotonic() + PATIENCE
        while not can_connect(self.address, self.port, self.namespace):
            if time.monotonic() > deadline or any(p.poll() is not None for p in self.processes):
                raise AssertionError(f"the git server does not start:\n{(self.directory / 'servers.log').read_text()}")
            time.sleep(0.02)
        return self

    def _git_config(self):
        file = self.directory / "gitconfig"
        file.write_text("[safe]\n\tdirectory = *\n")
        return file

    def stop(self):
        for process in reversed(self.processes):
            # The whole group: fcgiwrap leaves its children behind.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
