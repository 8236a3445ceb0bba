"""A city of a fleet: its repository, its git server with tips, its hub, and its simulated devices."""

import contextlib
import re
import signal

from cgroup import Group
from cost import family
from greenwave import City
from hub import Hub
from mirror import Mirror
from simulation import Simulation, change, fill

HELD = re.compile(r"location ~ \[\.\]tip/refs/ \{.*?\n    \}\n", re.S)


class TipServer(Mirror):
    """A mirror whose nginx holds questions for tips, answers them from files, or has none: `tips` is "held", "files" or
    "none"."""

    tips = "files"

    def _configure_proxy(self):
        super()._configure_proxy()
        if self.tips == "held":
            return
        file = self.directory / "nginx.conf"
        text = file.read_text()
        plain = f"location ~ [.]tip/ {{ root {self.root}; }}\n" if self.tips == "files" else ""
        file.write_text(HELD.sub(lambda _: plain, text, count=1))
        assert file.read_text() != text, "the shipped configuration has a place for tips"

    def switch(self, tips):
        self.tips = tips
        self._configure_proxy()
        self.processes["nginx"].send_signal(signal.SIGHUP)


class Town(contextlib.ExitStack):
    """Everything of it runs while it is entered. `name` is the city's, `postgres` a database server or None."""

    def __init__(self, directory, name, devices, key, signers, postgres, interval):
        super().__init__()
        self.directory, self.name, self.devices, self.key, self.signers = directory / name, name, devices, key, signers
        self.postgres, self.interval = postgres, interval
        self.changes = 0

    def __enter__(self):
        super().__enter__()
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self.groups = {part: self.enter_context(Group(f"{self.name}-{part}")) for part in ("nginx", "git", "mirror", "hub", "devices")}
        self.city = City(self.directory)
        self.mirror = self.enter_context(TipServer(self.directory / "mirror", self.city, logs=False))
        for part, process in (("nginx", "nginx"), ("git", "cgi"), ("mirror", "mirror")):
            self._group(part, self.mirror.processes[process].pid)
        fill(self.city, self.name, self.devices, self.key)
        self.commit()
        self.hub = self._start_hub() if self.postgres else None
        self.simulation = self.enter_context(Simulation(self.directory / "simulation", [self._address()], self.interval))
        self.groups["devices"].add(self.simulation.process.pid)
        self.simulation.do("install")
        return self

    def _group(self, part, pid):
        """The process, and those that it has started already."""
        self.groups[part].add(*family(pid))

    def _start_hub(self):
        self.postgres.sql(f"CREATE DATABASE {self.name} OWNER hub", database="postgres")
        connection = self.postgres.connection.replace("dbname=greenwave", f"dbname={self.name}")
        hub = Hub(self.directory / "hub", connection, self.name)
        hub.log_level = "info"
        self.enter_context(hub)
        self._group("hub", hub.process.pid)
        self._group("hub", hub.proxy.pid)
        return hub

    def _address(self):
        address = {"name": self.name, "host": "localhost", "port": self.mirror.port, "path": "/city.git",
                   "authorities": str(self.mirror.directory / "ca.pem"), "signers": str(self.signers),
                   "branch": "refs/heads/main", "devices": self.devices}
        if self.hub:
            address["hub"] = {"host": "localhost", "port": self.hub.port, "authorities": str(self.hub.ca),
                              "authority": str(self.hub.ca.parent)}
        return address

    def commit(self, message="Longer green on Market Street", refs=("main", "wave/canary")):
        self.changes += 1
        return change(self.city, self.changes, self.key, message, refs)

    def restart_hub(self):
        self.hub.start()
        self._group("hub", self.hub.process.pid)

    def restart_nginx(self):
        self.mirror.start_proxy()
        self._group("nginx", self.mirror.processes["nginx"].pid)

    def cpu(self):
        """Seconds of CPU of each part so far."""
        return {part: group.cpu() for part, group in self.groups.items()}

    def take(self):
        return self.simulation.take()

    def ours(self, taken):
        """Its own part of what was taken."""
        return taken["cities"][self.name]

    def records(self):
        """How many of the devices' records the hub has."""
        return int(self.postgres.sql("SELECT count(*) FROM greenwave.syncs", database=self.name))
