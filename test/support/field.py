"""A device of a city in a machine of its own, with a beacon that answers HTTP: what the tests of health and windows share."""

import datetime
import json

import machine
from greenwave import BIN, file_manifest

# Answers every request with the status that its configuration names.
SERVER = r"""
use IO::Socket::INET;
open(my $file, '<', '/etc/beacon/status') or die; chomp(my $status = <$file>); close $file;
my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $client = $socket->accept) {
  my $request = <$client>;
  print $client "HTTP/1.1 $status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  close $client;
}
"""

CANARY = "refs/heads/wave/canary"


def manifest(kind, name, spec, **annotations):
    metadata = {"name": name, **({"annotations": annotations} if annotations else {})}
    return json.dumps({"apiVersion": "greenwave.dev/v1", "kind": kind, "metadata": metadata, "spec": spec})


def unit(name, start, restart_on=(), service="", **annotations):
    content = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart={start}\n{service}\n[Install]\nWantedBy=multi-user.target\n"
    spec = {"name": f"{name}.service", "content": content, "enabled": True, "running": True, "restartOn": list(restart_on)}
    return manifest("SystemdUnit", name, spec, **annotations)


def status(line):
    return file_manifest("status", "/etc/beacon/status", line + "\n")


def check(within="3s"):
    spec = {"http": "http://127.0.0.1:8080/health", "interval": "200ms", "timeout": "1s", "within": within}
    return manifest("HealthCheck", "beacon", spec)


def cluster(*windows):
    spec = {"windows": list(windows)} if windows else {}
    return json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "field"}, "spec": spec})


def in_wave(name, *windows):
    """A cluster with the wave `canary`, and sf-0042 in the wave of this name (none when it is empty)."""
    point = {"type": "Point", "coordinates": [-122.4, 37.7]}
    feature = {"type": "Feature", "id": "sf-0042", "geometry": point, "properties": {"labels": {"wave": name}}}
    wave = {"name": "canary", "selector": {"matchLabels": {"wave": "canary"}}, "ref": CANARY}
    document = json.loads(cluster(*windows))
    document["spec"].update({"devices": "devices.geojson", "waves": [wave]})
    inventory = {"type": "FeatureCollection", "features": [feature]}
    return {"greenwave.yaml": json.dumps(document), "devices.geojson": json.dumps(inventory)}


def window(opens, hours=2):
    """A window in UTC that opens at the datetime `opens`, a whole minute."""
    closes = opens + datetime.timedelta(hours=hours)
    return {"name": "soon", "from": f"{opens:%H:%M}", "to": f"{closes:%H:%M}", "timezone": "Etc/UTC"}


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


BEACON = {
    "server.yaml": file_manifest("server", "/opt/beacon/server.pl", SERVER),
    "status.yaml": status("200 OK"),
    "unit.yaml": unit("beacon", "/usr/bin/perl /opt/beacon/server.pl", ["File/status", "File/server"]),
    "check.yaml": check(),
}


class FieldDevice:
    """In `started`, a machine.Machine that binds the city's repository at /srv/city.git."""

    def __init__(self, started, device="sf-0042", interval="1h", url="file:///srv/city.git"):
        self.machine = started
        self.configure(device=device, interval=interval, url=url)

    @staticmethod
    def binds(city):
        return {city.bare: "/srv/city.git", BIN: "/greenwave", "/usr/share/zoneinfo": "/usr/share/zoneinfo"}

    def configure(self, device="sf-0042", interval="1h", url="file:///srv/city.git"):
        self.machine.write(
            "/etc/greenwave/agent.yaml",
            f"device: {device}\nrepository:\n  url: {url}\n  interval: {interval}\nhealth: {{settle: 1s, reach: 3s}}\n",
        )

    def once(self, expected=None):
        """Runs `greenwaved --once` and returns its output; `expected` is the required exit status."""
        ended = self.machine.run("/greenwave/greenwaved", "--once", check=False)
        said = ended.stdout + ended.stderr
        if expected is not None and ended.returncode != expected:
            raise AssertionError(f"greenwaved --once ended with {ended.returncode}, not {expected}:\n{said}")
        return said

    def start(self):
        """The daemon, as a unit of the machine's."""
        self.machine.run("systemd-run", "--unit=agent", "--property=Type=notify", "/greenwave/greenwaved")

    def cli(self, *words):
        return self.machine.run("/greenwave/greenwave", *words, check=False).stdout

    def json(self, *words):
        return json.loads(self.cli(*words, "-o", "json"))

    def history(self):
        return self.json("history")["syncs"]

    def show(self, name, prop):
        return self.machine.run("systemctl", "show", "--value", f"--property={prop}", name).stdout.strip()

    def path(self, path):
        return self.machine.root / path.lstrip("/")

    def read(self, path):
        return self.path(path).read_text() if self.path(path).exists() else None


def skip_reason():
    return machine.why_not()
