"""A private PostgreSQL with PostGIS on a unix socket, for tests and benchmarks of the hub."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import unittest

from greenwave import run, wait_until

BINARIES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))


def missing():
    """Why there can be none here; None if there can."""
    if not BINARIES:
        return "PostgreSQL is not installed"
    version = BINARIES[-1].parent.name
    if not pathlib.Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists():
        return "PostGIS is not installed"
    return None


def main():
    """Runs the tests of the script, or says why there can be none here."""
    why_not = missing()
    if why_not:
        print(f"SKIPPED: {why_not}")
        sys.exit(77)
    unittest.main()


class Postgres:
    """As a context manager it runs; `stop` and `start` may be called within."""

    def __init__(self, directory, **settings):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.log = self.directory / "postgres.log"
        self.settings = {"listen_addresses": "", "unix_socket_directories": self.directory, "max_connections": 60,
                         "shared_buffers": "128MB", "logging_collector": "off", **settings}
        self.process = None
        self.directory.mkdir(parents=True)
        shutil.chown(self.directory, "postgres")
        self._as_postgres(BINARIES[-1] / "initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                          "--no-sync")

    def __enter__(self):
        self.start()
        self.sql("CREATE ROLE hub LOGIN SUPERUSER", database="postgres")
        self.sql("CREATE DATABASE greenwave OWNER hub", database="postgres")
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def connection(self):
        """The hub's connection string."""
        return f"host={self.directory} dbname=greenwave user=hub"

    def _as_postgres(self, *words):
        run("runuser", "-u", "postgres", "--", *words)

    def start(self):
        user = pwd.getpwnam("postgres")
        command = [BINARIES[-1] / "postgres", "-D", self.data]
        for key, value in self.settings.items():
            command += ["-c", f"{key}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        wait_until(self.answers, "PostgreSQL answers")
        return self

    def answers(self):
        return run(BINARIES[-1] / "pg_isready", "-q", "-h", self.directory, check=False).returncode == 0

    def stop(self, how=signal.SIGINT):
        """SIGINT ends sessions; SIGQUIT is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def pause(self):
        """It takes connections, and answers nothing any more."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self):
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def _pids(self):
        children = run("ps", "-o", "pid=", "--ppid", self.process.pid, check=False).stdout.split()
        return [self.process.pid, *(int(pid) for pid in children)]

    def sql(self, statement, database="greenwave"):
        """The rows, as psql prints them without alignment."""
        result = run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-U",
                     "postgres" if database == "postgres" else "hub", "-d", database, "-c", statement)
        return result.stdout.strip()

    def script(self, statements):
        """Statements of any length."""
        run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-U", "hub", "-d", "greenwave", "-f", "-", input=statements)
