"""The Debian packages of the build that is tested, and other versions of them; nothing is compiled."""

import functools
import os
import pathlib
import re
import shutil
import subprocess

from greenwave import BIN, run

SOURCE = pathlib.Path(__file__).parents[2]
TOOLS = ["dpkg-buildpackage", "dh"]
# Symbols and small files are not what is tested.
QUICKLY = {"DEB_BUILD_OPTIONS": "noautodbgsym", "DPKG_DEB_COMPRESSOR_TYPE": "gzip",
           "DPKG_DEB_COMPRESSOR_LEVEL": "1"}


def why_not():
    """Why no package can be made here, or None."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"{', '.join(missing)} is missing: packaging/install-build-packages --test" if missing else None


def schema_steps():
    """The SQL of each step of the state file's schema."""
    text = (SOURCE / "agent/state/schema.cpp").read_text()
    text = text[text.index(" migrations{"):]
    text = text[:text.index("};\n")]
    return re.findall(r'R"sql\((.*?)\)sql"', text, re.DOTALL)


def user_version(database):
    return int.from_bytes(database.read_bytes()[60:64], "big")


def field(deb, name):
    return run("dpkg-deb", "--field", deb, name).stdout.strip()


def contents(deb):
    return subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE, check=True).stdout


def files(deb):
    listed = subprocess.run(["tar", "--list"], input=contents(deb), stdout=subprocess.PIPE, check=True).stdout
    return [name for name in listed.decode().splitlines() if not name.endswith("/")]


def read(deb, path):
    """A file of the package's."""
    return subprocess.run(["tar", "--extract", "--to-stdout", path], input=contents(deb), stdout=subprocess.PIPE, check=True).stdout.decode()


class Packages:
    def __init__(self, directory):
        self.directory = directory
        run(SOURCE / "packaging/debs", "--build", BIN.parent, "--out", directory, env={**os.environ, **QUICKLY})

    def all(self):
        return sorted(self.directory.glob("greenwave*.deb"))

    def names(self):
        return [deb.name.split("_")[0] for deb in self.all()]

    def of(self, name):
        (deb,) = self.directory.glob(f"{name}_*.deb")
        return deb

    def has_page(self):
        return (BIN.parent / "page/out/page.pack").exists() and (BIN / "greenwave-hub").exists()

    @functools.cache  # a version is made once
    def agent(self, version=None, newest_schema=None):
        """The package `greenwave`, or what it would be as another version that reads state up to a schema."""
        (made,) = self.directory.glob("greenwave_0.1.0_*.deb")
        if version is None:
            return made
        unpacked = self.directory / f"greenwave-{version}"
        run("dpkg-deb", "--raw-extract", made, unpacked)
        edit(unpacked / "DEBIAN/control", r"^Version: .*$", f"Version: {version}")
        if newest_schema is not None:
            edit(unpacked / "DEBIAN/preinst", r"^newest=.*$", f"newest={newest_schema}")
        other = self.directory / f"version_{version}.deb"
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", unpacked, other)
        shutil.rmtree(unpacked)
        return other


def edit(file, pattern, replacement):
    text, times = re.subn(pattern, replacement, file.read_text(), flags=re.MULTILINE)
    assert times == 1, (file, pattern)
    file.write_text(text)
