"""Servers of Python's own library on this machine, for what a test plays itself."""

import threading


class LocalServer:
    """Serves while it is a context manager. Whoever derives from it makes `server`, a socketserver."""

    server = None

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
