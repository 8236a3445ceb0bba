"""Podman as it comes with Debian in a machine with systemd as PID 1: health checks run, logs go to the journal."""

import json

from podman import APPLETS, BUSYBOX

# The machine's root is an overlay, on which podman's own overlay driver cannot work.
STORAGE = """
[storage]
driver="vfs"
runroot="/run/containers/storage"
graphroot="/var/lib/containers/storage"
"""

# Runs where the machine may raise no limit of its own, and has no cgroup controllers.
CONTAINERS = """
[engine]
runtime="runc"
[containers]
pids_limit=0
default_ulimits=["nofile=1024:1024","nproc=4096:4096"]
"""


def start_podman(started, image="localhost/busy:1"):
    """In `started`, a machine.Machine: podman's socket, and an image with busybox in it."""
    started.write("/etc/containers/storage.conf", STORAGE)
    started.write("/etc/containers/containers.conf", CONTAINERS)
    started.run("systemctl", "enable", "--now", "podman.socket", "podman-restart.service")
    links = " ".join(f"/tmp/image/bin/{applet}" for applet in APPLETS)
    started.shell(f"mkdir -p /tmp/image/bin; cp {BUSYBOX} /tmp/image/bin/busybox\n"
                  f"for link in {links}; do ln -s busybox $link; done\n"
                  f"tar -C /tmp/image -c . | podman import --quiet - {image}")


def containers(started, label="dev.greenwave/digest"):
    """Of the agent's: {name: what podman lists}."""
    listed = started.run("podman", "ps", "--all", "--format", "json", "--filter", f"label={label}").stdout
    return {container["Names"][0]: container for container in json.loads(listed)}
