"""A server that takes its time: a TCP relay that lets a connection's first bytes pass, and drips the rest."""

import socket
import threading


class Dripping:
    """As a context manager, in front of `port` of this machine."""

    def __init__(self, port, at_once=24_000, drop=64, pause=0.05):
        self.port_behind, self.at_once, self.drop, self.pause = port, at_once, drop, pause
        self.released = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = []
        self.sockets = []

    def __enter__(self):
        self._run(self._accept)
        return self

    def __exit__(self, *_):
        self.released.set()
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

    def release(self):
        """From now on everything passes at once."""
        self.released.set()

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
            self.sockets += [client, server]
            self._run(self._carry, client, server, None)
            self._run(self._carry, server, client, self.at_once)

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
