"""Signed tips of a city, as `greenwave tip sign` makes them, or as somebody else would."""

import datetime
import pathlib
import shutil
import subprocess

from greenwave import BIN, run

NAME = "springfield"


def public_key(key):
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


class Tips:
    """The tips beside `city.bare`. Keys are made in `directory`: `ana` signs commits, `server` signs tips."""

    def __init__(self, directory, city):
        self.directory = pathlib.Path(directory)
        self.city = city
        self.beside = pathlib.Path(f"{city.bare}.tip")
        self.ana = self.key("ana")
        self.server = self.key("server")
        self.allowed = self.directory / "allowed_signers"
        self.allowed.write_text(f'ana@city.example namespaces="git" {public_key(self.ana)}\n'
                                f'git-server namespaces="greenwave-tip" {public_key(self.server)}\n')

    def key(self, name, kind="ed25519"):
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", self.directory / name)
        return self.directory / name

    @property
    def trust(self):
        """The part of agent.yaml."""
        return f"trust: {{allowedSigners: {self.allowed}, tip: {{repository: {NAME}}}}}\n"

    def commit(self, files, **more):
        return self.city.commit(files, key=self.ana, **more)

    def sign(self, *words, name=NAME, check=True):
        return run(BIN / "greenwave", "tip", "sign", "--key", self.server, "--name", name, *words, self.city.bare,
                   check=check)

    def file(self, ref="refs/heads/main"):
        return self.beside / ref

    def read(self, ref="refs/heads/main"):
        """What the signed tip says."""
        lines = self.file(ref).read_text().splitlines()
        return dict(line.split(" ", 1) for line in lines[:7])

    def put(self, text, ref="refs/heads/main"):
        """As a web server, or somebody in between, would: another file in its place."""
        file = self.file(ref)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        new.write_text(text)
        shutil.move(new, file)

    def made(self, commit, sequence, key=None, space="greenwave-tip", repository=NAME, ref="refs/heads/main",
             issued=None, life=datetime.timedelta(days=1)):
        issued = issued or datetime.datetime.now(datetime.timezone.utc)
        when = lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
        statement = (f"greenwave-tip 1\nrepository {repository}\nref {ref}\ncommit {commit}\nsequence {sequence}\n"
                     f"issued {when(issued)}\nexpires {when(issued + life)}\n")
        signed = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", space, "-f", str(key or self.server)],
                                input=statement, capture_output=True, text=True, check=True)
        return statement + signed.stdout
