"""A server that is far away: a TCP relay that delivers each piece of data after a while, however many are on their way."""

import collections
import socket
import threading
import time

from relay import Relay


class Distant(Relay):
    """`delay` is in seconds, and each way."""

    def __init__(self, port, delay):
        super().__init__(port, backlog=128)
        self.delay = delay

    def join(self, client, server):
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The connection itself costs a packet each way too, before the first data.
        opened = time.monotonic() + 2 * self.delay
        for source, sink in ((client, server), (server, client)):
            flying, arrived = collections.deque(), threading.Condition()
            self.run(self._receive, source, flying, arrived, opened)
            self.run(self._deliver, sink, flying, arrived)

    def _receive(self, source, flying, arrived, opened):
        data = True
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            with arrived:
                flying.append((max(time.monotonic(), opened) + self.delay, data))
                arrived.notify()

    def _deliver(self, sink, flying, arrived):
        while True:
            with arrived:
                arrived.wait_for(lambda: flying)
                due, data = flying.popleft()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if not data:
                    return sink.shutdown(socket.SHUT_WR)
                sink.sendall(data)
            except OSError:
                return
