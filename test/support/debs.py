"""Small Debian packages, and devices below a directory that dpkg knows."""

import os
import pathlib
import shutil
import subprocess

ARCHITECTURE = subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True).stdout.strip() if shutil.which("dpkg") else ""


def why_not():
    """Why no packages can be installed below a directory here, or None: for unittest.skipIf."""
    if os.geteuid() != 0:
        return "dpkg needs root"
    for program in ("dpkg-deb", "busybox"):
        if not shutil.which(program):
            return f"{program} is missing"
    return None


def deb(directory, name, version, files=None, scripts=None, conffiles=(), architecture="all", **fields):
    """A package's bytes. `files` are {path: text or bytes, or (text, mode)}, `scripts` {"postinst": text}; `fields` are more of its control data,
    with _ for -."""
    tree = pathlib.Path(directory) / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "DEBIAN").mkdir(parents=True)
    control = {"Package": name, "Version": version, "Architecture": architecture, "Maintainer": "Olga <olga@city.example>",
               **{key.replace("_", "-"): value for key, value in fields.items()}, "Description": "a test's"}
    (tree / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in control.items()))
    for script, text in (scripts or {}).items():
        (tree / "DEBIAN" / script).write_text(text)
        (tree / "DEBIAN" / script).chmod(0o755)
    if conffiles:
        (tree / "DEBIAN/conffiles").write_text("".join(f"{path}\n" for path in conffiles))
    for path, content in (files or {}).items():
        text, mode = content if isinstance(content, tuple) else (content, 0o644)
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
    made = pathlib.Path(directory) / "made.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made.read_bytes()


def give_dpkg(root):
    """Makes a device below `root` one of dpkg's, with a shell for the scripts of packages."""
    admin = pathlib.Path(root) / "var/lib/dpkg"
    for name in ("info", "updates", "triggers", "parts"):
        (admin / name).mkdir(parents=True)
    (admin / "available").touch()
    (admin / "status").write_text(
        f"Package: dpkg\nStatus: install ok installed\nEssential: yes\nArchitecture: {ARCHITECTURE}\nVersion: 1.21.22\n"
        "Maintainer: Olga <olga@city.example>\nDescription: itself\n\n")
    (admin / "info/dpkg.list").write_text("/.\n")
    binaries = pathlib.Path(root) / "bin"
    binaries.mkdir()
    shutil.copy(shutil.which("busybox"), binaries / "busybox")
    for name in ("sh", "true", "false", "cat", "rm", "sleep", "echo", "touch", "test"):
        (binaries / name).symlink_to("busybox")


def dpkg(root, *words, check=True):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["dpkg", f"--root={root}", *map(str, words)], check=check, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def packages_of(root):
    """{name: "version status"} of all but dpkg itself, whatever their state is: "1.0 install ok installed"."""
    text = dpkg_query(root, "--show", "--showformat=${Package} ${Version} ${Status}\n")
    lines = (line.split(" ", 1) for line in text.splitlines())
    return {name: rest for name, rest in lines if name != "dpkg"}


def dpkg_query(root, *words):
    return subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", *words], stdout=subprocess.PIPE, text=True).stdout
