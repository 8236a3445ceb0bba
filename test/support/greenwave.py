"""What the integration tests and benchmarks share: a city's repository, and a device that follows it.

Everything is in its own temporary directory, which is removed at the end; processes are stopped by pid.
The programs come from GREENWAVE_BIN (the build's bin directory).
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ.get("GREENWAVE_BIN", pathlib.Path(__file__).parents[2] / "build/release/bin"))

# How long a condition that a busy machine may be slow to reach is waited for.
PATIENCE = 180

GIT_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Olga Operator",
    "GIT_AUTHOR_EMAIL": "olga@city.example",
    "GIT_COMMITTER_NAME": "Olga Operator",
    "GIT_COMMITTER_EMAIL": "olga@city.example",
}


def run(*command, check=True, **options):
    """Runs a program; its output is text in .stdout."""
    result = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if check and result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {result.returncode}:\n{result.stdout}")
    return result


def timed(action):
    """How many seconds it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def print_table(rows):
    """Rows of texts, all of one length, in columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


class Scratch:
    """A temporary directory, as a context manager."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="greenwave-test-"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def make_disk(image):
    """An image with an ext4 file system that nothing was ever deleted from."""
    with open(image, "wb") as file:
        file.truncate(2 << 30)
    run("mkfs.ext4", "-q", image)


class FreshDisk(Scratch):
    """A Scratch on an ext4 file system that nothing was ever deleted from: after thousands of deletions ext4
    allocates inodes slowly for a while, which would distort the figures. Needs root."""

    def __enter__(self):
        super().__enter__()
        image, mounted = self.path / "image", self.path / "disk"
        mounted.mkdir()
        make_disk(image)
        run("mount", "-o", "loop", image, mounted)
        return mounted

    def __exit__(self, *_):
        run("umount", self.path / "disk")
        super().__exit__()


class City:
    """A city's repository: a work tree that operators commit in, and the bare repository that devices pull."""

    def __init__(self, directory, branch="main"):
        self.work = directory / "work"
        self.bare = directory / "city.git"
        self.branch = branch
        self.git("init", "-q", "--bare", "-b", branch, self.bare, cwd=directory)
        self.git("init", "-q", "-b", branch, self.work, cwd=directory)
        self.git("remote", "add", "origin", self.bare)

    @property
    def url(self):
        return f"file://{self.bare}"

    def git(self, *words, cwd=None, more={}):
        environment = {**os.environ, **GIT_ENVIRONMENT, **more}
        return run("git", *words, cwd=cwd or self.work, env=environment).stdout.strip()

    def commit(self, files, message="Change the signals", key=None, date=None):
        """Writes the files ({path: text or bytes, or None to remove}), commits and pushes; returns the commit. `key` is an
        SSH key to sign with, `date` the committer's."""
        for path, text in files.items():
            file = self.work / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.git("add", "-A")
        signing = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={key}"] if key else []
        self.git(*signing, "commit", "-q", "--allow-empty", "-m", message, *(["-S"] if key else []),
                 more={"GIT_COMMITTER_DATE": date} if date else {})
        return self.push()

    def push(self):
        self.git("push", "-q", "--force", "origin", self.branch)
        return self.git("rev-parse", "HEAD")


class Device:
    """A device under --root, with its configuration, its daemon and the CLI."""

    def __init__(self, directory, url, device="sf-0042", interval="1h", more="", prefix=()):
        self.directory = directory
        self.prefix = prefix  # of the daemon's command
        self.root = directory / "root"
        self.root.mkdir(parents=True)
        self.config = directory / "agent.yaml"
        named = f"device: {device}\n" if device else ""  # without it the host's name is the id
        self.config.write_text(f"{named}repository:\n  url: {url}\n  interval: {interval}\n{more}")
        self.daemon = None
        self.log = directory / "daemon.log"

    def path(self, absolute):
        return self.root / absolute.lstrip("/")

    @property
    def state(self):
        return self.path("/var/lib/greenwave")

    @property
    def socket(self):
        return self.path("/run/greenwave/control.sock")

    def command(self, program, *words):
        return [BIN / program, "--config", self.config, "--root", self.root, *words]

    def once(self, *words, prefix=(), check=None):
        """Runs `greenwaved --once`; `check` is the required exit status."""
        result = run(*prefix, *self.command("greenwaved", "--once", *words), check=False)
        if check is not None and result.returncode != check:
            raise AssertionError(f"greenwaved --once ended with {result.returncode}, not {check}:\n{result.stdout}")
        return result

    def cli(self, *words, check=None):
        result = run(*self.command("greenwave", *words), check=False)
        if check is not None and result.returncode != check:
            raise AssertionError(f"greenwave {words} ended with {result.returncode}, not {check}:\n{result.stdout}")
        return result

    def json(self, *words):
        command = [str(word) for word in self.command("greenwave", *words, "-o", "json")]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)

    def launch(self):
        """Starts the daemon, and waits for nothing."""
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen(
                [str(word) for word in (*self.prefix, *self.command("greenwaved"))], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def start(self):
        self.launch()
        wait_until(lambda: self.answers() or self.daemon.poll() is not None, "the daemon answers")
        if self.daemon.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.daemon.returncode}:\n{self.log.read_text()}")
        return self

    def answers(self):
        try:
            return self.request("GET", "/v1/version") is not None
        except OSError:
            return False

    def request(self, method, path, body=None):
        """One request to the control API; returns the text of the answer."""
        connection = UnixConnection(str(self.socket))
        try:
            connection.request(method, path, body=json.dumps(body) if body is not None else None)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def raw(self, bytes_of_request):
        """The answer to any bytes that are sent to the control socket, until it is closed or silent for a second."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(10)
            client.connect(str(self.socket))
            client.sendall(bytes_of_request.encode())
            answer = client.recv(4096)
            client.settimeout(1)
            try:
                while more := client.recv(4096):
                    answer += more
            except TimeoutError:
                pass
            return answer.decode()

    def sync(self, **body):
        """A sync through the API; returns its last event."""
        lines = self.request("POST", "/v1/sync", body).splitlines()
        return json.loads(lines[-1])

    def cut_power(self):
        """Its end at any moment; what the kernel has not written yet is not lost."""
        self.daemon.kill()
        self.daemon.wait()

    def stop(self):
        """Returns how many seconds its end took: no end of them if it had to be killed."""
        began = time.monotonic()
        was_killed = False
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(60)
            except subprocess.TimeoutExpired:
                was_killed = True
                self.daemon.kill()
                self.daemon.wait()
        self.daemon = None
        return float("inf") if was_killed else time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.socket_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socket_path)


def wait_until(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def file_manifest(name, path, content, **spec):
    """A File manifest as text; JSON is YAML too."""
    return json.dumps(
        {
            "apiVersion": "greenwave.dev/v1",
            "kind": "File",
            "metadata": {"name": name},
            "spec": {"path": path, "content": content, **spec},
        }
    )
