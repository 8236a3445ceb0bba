"""Two network namespaces, a device's and a server's, joined by a link as bad as a cellular one.

Uses the kernel's netem where available; elsewhere two TUN devices, with a thread in between that delays packets and
drops some. Needs root.
"""

import fcntl
import heapq
import os
import pathlib
import random
import select
import struct
import threading
import time
import unittest

from greenwave import run

DEVICE, SERVER = "10.77.0.1", "10.77.0.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class BadLink:
    """As a context manager. `delay` is in seconds and each way, `loss` a share of the packets, each way."""

    def __init__(self, delay, loss):
        self.delay, self.loss = delay, loss
        self.device, self.server = f"gw-device-{os.getpid()}", f"gw-server-{os.getpid()}"
        self.ends = {self.device: (f"gwd{os.getpid()}", DEVICE, SERVER), self.server: (f"gws{os.getpid()}", SERVER, DEVICE)}
        self.shim = None
        self.dropped = 0

    def inside(self, namespace, *command):
        return run("ip", "netns", "exec", namespace, *command)

    def __enter__(self):
        if os.geteuid() != 0 or not pathlib.Path("/dev/net/tun").exists():
            raise unittest.SkipTest("network namespaces and links need root and /dev/net/tun")
        made = run("ip", "netns", "add", self.device, check=False)
        if made.returncode != 0:
            raise unittest.SkipTest(f"this machine makes no network namespaces: {made.stdout.strip()}")
        run("ip", "netns", "add", self.server)
        for namespace in self.ends:
            self.inside(namespace, "ip", "link", "set", "lo", "up")
        try:
            self.how = "netem" if self._netem() else self._shim()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _netem(self):
        (one, own, _), (other, _, _) = self.ends.values()
        if run("ip", "link", "add", one, "type", "veth", "peer", "name", other, check=False).returncode != 0:
            return False
        for namespace, (name, address, _) in self.ends.items():
            run("ip", "link", "set", name, "netns", namespace)
            self.inside(namespace, "ip", "address", "add", f"{address}/24", "dev", name)
            self.inside(namespace, "ip", "link", "set", name, "up")
            bad = run("ip", "netns", "exec", namespace, "tc", "qdisc", "add", "dev", name, "root", "netem",
                      "delay", f"{int(self.delay * 1000)}ms", "loss", f"{self.loss * 100}%", check=False)
            if bad.returncode != 0:
                self.inside(namespace, "ip", "link", "delete", name)
                return False
        return True

    def _shim(self):
        fds = []
        for namespace, (name, address, peer) in self.ends.items():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
            fds.append(fd)
            run("ip", "link", "set", name, "netns", namespace)
            self.inside(namespace, "ip", "address", "add", address, "peer", peer, "dev", name)
            self.inside(namespace, "ip", "link", "set", name, "up")
        self.stopping = threading.Event()
        self.shim = threading.Thread(target=self._carry, args=(fds,))
        self.shim.start()
        return "TUN devices"

    def _carry(self, fds):
        chance = random.Random(42)
        flying, number = [], 0
        while not self.stopping.is_set():
            wait = max(0.0, flying[0][0] - time.monotonic()) if flying else 0.2
            for fd in select.select(fds, [], [], min(wait, 0.2))[0]:
                packet = os.read(fd, 65536)
                if chance.random() < self.loss:
                    self.dropped += 1
                    continue
                number += 1
                heapq.heappush(flying, (time.monotonic() + self.delay, number, fds[1 - fds.index(fd)], packet))
            while flying and flying[0][0] <= time.monotonic():
                _, _, fd, packet = heapq.heappop(flying)
                try:
                    os.write(fd, packet)
                except OSError:  # that end is down
                    self.dropped += 1
        for fd in fds:
            os.close(fd)

    def set(self, state):
        """"down" or "up", on the device's side."""
        name, address, peer = self.ends[self.device]
        self.inside(self.device, "ip", "link", "set", name, state)

    def __exit__(self, *_):
        if self.shim:
            self.stopping.set()
            self.shim.join()
        for namespace in self.ends:
            run("ip", "netns", "delete", namespace, check=False)
