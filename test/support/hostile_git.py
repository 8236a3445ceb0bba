"""A git server that means harm: it speaks protocol v2 over TLS, and answers with whatever packs it is given."""

import hashlib
import http.server
import ssl
import struct
import threading
import zlib

from git_server import make_certificates

COMMIT, TREE, BLOB, OFFSET_DELTA = 1, 2, 3, 6


def packet(data):
    data = data.encode() if isinstance(data, str) else data
    return b"%04x" % (len(data) + 4) + data


def object_id(kind, data):
    name = {COMMIT: "commit", TREE: "tree", BLOB: "blob"}[kind]
    return hashlib.sha1(f"{name} {len(data)}\0".encode() + data).hexdigest()


def commit_of(tree, subject="Do harm"):
    who = "Mallory <mallory@example.org> 1700000000 +0000"
    return f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{subject}\n".encode()


def number(value, first_bits, first):
    """A number as packs have it: 7 bits a byte, the least first; `first` is or-ed to the first byte."""
    mask = (1 << first_bits) - 1
    out = [first | (value & mask)]
    value >>= first_bits
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def delta(base_size, result_size, seed):
    """Copies of the base's first bytes, with a few bytes at the end that make the result another object."""
    tail = struct.pack(">Q", seed)
    words = [number(base_size, 7, 0), number(result_size, 7, 0)]
    left = result_size - len(tail)
    while left:
        size = min(left, 0xFFFFFF, base_size)
        words.append(b"\xf0" + size.to_bytes(3, "little"))  # from the start of the base
        left -= size
    words.append(bytes([len(tail)]) + tail)
    return b"".join(words)


class Pack:
    """Any objects, and deltas against earlier ones."""

    def __init__(self):
        self.parts, self.size, self.count = [], 12, 0

    def _append(self, head, data):
        at = self.size
        part = head + zlib.compress(data, 1)
        self.parts.append(part)
        self.size += len(part)
        self.count += 1
        return at

    def add(self, kind, data):
        return self._append(number(len(data), 4, kind << 4), data)

    def put(self, kind, data):
        """As add(); returns the object's id instead of its place."""
        self.add(kind, data)
        return object_id(kind, data)

    def add_delta(self, base_at, data):
        back = self.size - base_at
        offset = [back & 0x7F]
        while back := back >> 7:
            back -= 1
            offset.insert(0, 0x80 | (back & 0x7F))
        return self._append(number(len(data), 4, OFFSET_DELTA << 4) + bytes(offset), data)

    def bytes(self):
        body = b"PACK" + struct.pack(">II", 2, self.count) + b"".join(self.parts)
        return body + hashlib.sha1(body).digest()


class HostileGit:
    """As a context manager. `tip` and `pack` may change at any time; they are values or called for each request."""

    def __init__(self, directory, tip="0" * 40, pack=b"", retry_after=None):
        self.tip, self.pack, self.retry_after = tip, pack, retry_after
        directory.mkdir(parents=True)
        make_certificates(directory, "localhost", "DNS:localhost,IP:127.0.0.1")
        self.ca = directory / "ca.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.pem", directory / "server.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}/city.git"
        self.packs_sent = 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def refs(self):
        tip = self.tip() if callable(self.tip) else self.tip
        return packet(f"{tip} refs/heads/main\n") + b"0000"

    def answer(self):
        pack = self.pack() if callable(self.pack) else self.pack
        self.packs_sent += 1
        yield packet("packfile\n")
        for at in range(0, len(pack), 65000):
            yield packet(b"\x01" + pack[at : at + 65000])
        yield b"0000"

    def _handler(self):
        hostile = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, kind, chunks):
                self.send_response(200)
                self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    for chunk in chunks:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    self.close_connection = True  # the device has seen enough

            def do_GET(self):
                if hostile.retry_after is not None:
                    self.send_response(503)
                    self.send_header("Retry-After", str(hostile.retry_after))
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                if not self.path.endswith("/info/refs?service=git-upload-pack"):
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                lines = ["version 2\n", "ls-refs\n", "fetch=shallow filter\n"]
                self.reply("advertisement", [packet("# service=git-upload-pack\n") + b"0000", *map(packet, lines), b"0000"])

            def do_POST(self):
                request = self.rfile.read(int(self.headers["Content-Length"]))
                asks_for_refs = b"command=ls-refs" in request
                self.reply("result", [hostile.refs()] if asks_for_refs else hostile.answer())

        return Handler
