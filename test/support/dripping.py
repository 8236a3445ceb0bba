"""A server that takes its time: a TCP relay that lets a connection's first bytes pass, and drips the rest."""

import socket
import threading

from relay import Relay


class Dripping(Relay):
    def __init__(self, port, at_once=24_000, drop=64, pause=0.05):
        super().__init__(port)
        self.at_once, self.drop, self.pause = at_once, drop, pause
        self.released = threading.Event()

    def __exit__(self, *words):
        self.released.set()
        super().__exit__(*words)

    def release(self):
        """From now on everything passes at once."""
        self.released.set()

    def join(self, client, server):
        self.run(self._carry, client, server, None)
        self.run(self._carry, server, client, self.at_once)

    def _carry(self, source, sink, at_once):
        passed = 0
        try:
            while data := source.recv(16384):
                if at_once is None:
                    sink.sendall(data)
                    continue
                free = max(0, at_once - passed)
                sink.sendall(data[:free])
                passed += len(data)
                for i in range(free, len(data), self.drop):
                    if self.released.wait(self.pause):
                        sink.sendall(data[i:])
                        break
                    sink.sendall(data[i : i + self.drop])
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
