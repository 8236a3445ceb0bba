"""A TCP relay on loopback, which its kinds make slow in one way or another."""

import socket
import threading


class Relay:
    """As a context manager, in front of `port` of this machine. Kinds say in `join` how two connections become one."""

    def __init__(self, port, backlog=None):
        self.port_behind = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = self.listener.getsockname()[1]
        self.threads, self.sockets = [], []

    def __enter__(self):
        self.run(self._accept)
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

    def run(self, action, *arguments):
        """On a thread that ends with the relay."""
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
            self.join(client, server)
