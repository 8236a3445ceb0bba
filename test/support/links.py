"""Devices and a server in network namespaces of their own, joined by links as bad as cellular ones.

Each namespace has a TUN device. One process carries their packets: late, not all of them, or none. (The kernel's own netem
is missing from many kernels.) Needs root.

    with Links(3) as links:
        links.set([1, 2], delay=0.150, loss=0.05)
        run(*links.inside(1), "ping", "-c1", SERVER)

The process itself: links.py FD…, the server's TUN device first. It reads an order a line from its standard input and
answers each, and ends with it.
"""

import dataclasses
import fcntl
import heapq
import itertools
import json
import os
import pathlib
import random
import select
import struct
import sys
import time
import unittest

from git_server import in_namespace
from greenwave import run
from line_program import LineProgram

SERVER = "198.18.0.1"  # of RFC 2544's network for measurements
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
MOST_AT_ONCE = 64  # packets of one device
LONGEST_PACKET = 65536


def address_of(number):
    return f"198.18.{1 + number // 200}.{1 + number % 200}"


def _tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Links:
    """Of so many devices to one server, as a context manager."""

    def __init__(self, devices):
        self.devices = devices
        self.made = []  # namespaces
        self.relay = None

    @property
    def server(self):
        """The namespace of the server, which has the address SERVER."""
        return f"gw-{os.getpid()}-server"

    def device(self, number):
        """The namespace of a device."""
        return f"gw-{os.getpid()}-{number}"

    def inside(self, number):
        """What a command begins with that runs at a device."""
        return in_namespace(self.device(number))

    def __enter__(self):
        if os.geteuid() != 0 or not pathlib.Path("/dev/net/tun").exists():
            raise unittest.SkipTest("network namespaces and links need root and /dev/net/tun")
        ends = []
        try:
            ends.append(self._make(self.server, "s", f"{SERVER}/15"))
            for number in range(self.devices):
                ends.append(self._make(self.device(number), number, f"{address_of(number)} peer {SERVER}"))
            relay = LineProgram(sys.executable, "-B", __file__, *ends, pass_fds=ends, start_new_session=True)
            self.relay = relay.__enter__()
        except BaseException:
            self.__exit__()
            raise
        finally:
            for fd in ends:
                os.close(fd)
        return self

    def _make(self, namespace, suffix, address):
        added = run("ip", "netns", "add", namespace, check=False)
        if added.returncode != 0:
            raise unittest.SkipTest(f"this machine makes no network namespaces: {added.stdout.strip()}")
        self.made.append(namespace)
        name = f"gw{os.getpid()}-{suffix}"
        fd = _tun(name)
        run("ip", "link", "set", name, "netns", namespace)
        run("ip", "-n", namespace, "-batch", "-", input=f"link set lo up\naddress add {address} dev {name}\nlink set {name} up\n")
        return fd

    def __exit__(self, *_):
        if self.relay:
            self.relay.__exit__()
            self.relay = None
        for namespace in self.made:
            run("ip", "netns", "delete", namespace, check=False)
        self.made = []

    def _order(self, **order):
        self.relay.say(json.dumps(order))
        return json.loads(self.relay.line())

    def set(self, numbers, **how):
        """`delay` is in seconds and each way, `loss` a share of the packets, each way; `dark` links carry none."""
        self._order(devices=list(numbers), how=how)

    def carried(self):
        """Bytes of each device's packets so far, both ways."""
        return self._order()["carried"]


@dataclasses.dataclass
class Link:
    fd: int
    delay: float = 0
    loss: float = 0
    dark: bool = False
    carried: int = 0


class Relay:
    def __init__(self, server, devices):
        self.server = server
        self.links = [Link(fd) for fd in devices]
        self.by_fd = {link.fd: link for link in self.links}
        self.by_address = {bytes(map(int, address_of(number).split("."))): link for number, link in enumerate(self.links)}
        self.flying, self.numbers = [], itertools.count()
        self.chance = random.Random(42)
        self.orders = b""

    def run(self):
        look = select.epoll()
        for fd in (sys.stdin.fileno(), self.server, *self.by_fd):
            look.register(fd, select.EPOLLIN)
        while True:
            wait = max(0.0, self.flying[0][0] - time.monotonic()) if self.flying else None
            for fd, _ in look.poll(wait):
                if fd != sys.stdin.fileno():
                    self._take(fd)
                elif not self._obey():
                    return
            while self.flying and self.flying[0][0] <= time.monotonic():
                _, _, fd, packet = heapq.heappop(self.flying)
                self._put(fd, packet)

    def _take(self, fd):
        for _ in range(MOST_AT_ONCE):
            try:
                packet = os.read(fd, LONGEST_PACKET)
            except OSError:  # there are no more, or this end is down
                return
            link = self.by_fd.get(fd) or self.by_address.get(packet[16:20])  # where it comes from, or goes to
            if packet[0] >> 4 != 4 or link is None or link.dark or self.chance.random() < link.loss:
                continue
            link.carried += len(packet)
            to = self.server if fd != self.server else link.fd
            if link.delay:
                heapq.heappush(self.flying, (time.monotonic() + link.delay, next(self.numbers), to, packet))
            else:
                self._put(to, packet)

    def _put(self, fd, packet):
        try:
            os.write(fd, packet)
        except OSError:  # that end is down, or full
            pass

    def _obey(self):
        """False when nobody orders any more."""
        read = os.read(sys.stdin.fileno(), LONGEST_PACKET)
        *lines, self.orders = (self.orders + read).split(b"\n")
        for line in lines:
            order = json.loads(line)
            for number in order.get("devices", []):
                for name, value in order["how"].items():
                    setattr(self.links[number], name, value)
            print(json.dumps({"carried": [link.carried for link in self.links]}), flush=True)
        return bool(read)


if __name__ == "__main__":
    first, *others = map(int, sys.argv[1:])
    Relay(first, others).run()
