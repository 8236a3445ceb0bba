"""A server that is far away: a TCP relay that delivers each piece of data after a while, however many are on their way."""

import collections
import socket
import threading
import time


class Distant:
    """As a context manager, in front of `port` of this machine; `delay` is in seconds, and each way."""

    def __init__(self, port, delay):
        self.port_behind, self.delay = port, delay
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.threads, self.sockets = [], []

    def __enter__(self):
        self._run(self._accept)
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join()
        for one in self.sockets:
            one.close()

    def _run(self, action, *arguments):
        thread = threading.Thread(target=action, args=arguments)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port_behind))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets += [client, server]
            # The connection itself costs a packet each way too, before the first data.
            opened = time.monotonic() + 2 * self.delay
            for source, sink in ((client, server), (server, client)):
                flying, arrived = collections.deque(), threading.Condition()
                self._run(self._receive, source, flying, arrived, opened)
                self._run(self._deliver, sink, flying, arrived)

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
