"""memcached as the oracle of its protocols, and raw connections to ask both it and Apus."""

import re
import shutil
import socket
import subprocess
import tempfile
import time

import resp
import servers

MEMCACHED = shutil.which("memcached")


class Memcached:
    """Debian's memcached on a port of 127.0.0.1."""

    name = "memcached"

    def __init__(self, *options):
        self.port = servers.free_port()
        self.process = subprocess.Popen(
            [MEMCACHED, "-l", "127.0.0.1", "-p", str(self.port), "-u", "root", "-U", "0",
             *options], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.port)

    def end(self):
        self.process.kill()
        self.process.wait()


class Apus:
    """apus-server with a port for memcached's protocols."""

    name = "apus"

    def __init__(self, threads=1, *options, **keywords):
        self.port = servers.free_port()
        # The other port is asked for while this one is still free.
        with socket.socket() as keeper:
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            keeper.bind(("127.0.0.1", self.port))
            self.server = servers.Server(
                servers.APUS, "--memcached-port", self.port, "--memcached-bind", "127.0.0.1",
                "--enable-debug-command", "yes", *options, threads=threads, **keywords)
        self.server.start()

    def resp(self):
        """A connection that speaks RESP: call it with the words of a request."""
        return Resp(("127.0.0.1", self.server.port), 30.0)

    def end(self):
        assert self.server.is_running(), self.server.output()[-4000:]
        self.server.remove()


class Resp(resp.Connection):
    """A connection whose replies are values; errors are returned, not raised."""

    def __call__(self, *words):
        return resp.parse(self.raw(*words))

    def message(self):
        """The next message that comes by itself."""
        return resp.parse(self.reply())


def await_port(port, seconds=10.0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


class Raw:
    """A connection whose bytes are the test's own."""

    def __init__(self, port, timeout=8.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError(data)
            data += part
        return data

    def until(self, end):
        """What comes up to and with `end`."""
        data = b""
        while not data.endswith(end):
            part = self.socket.recv(65536)
            if not part:
                raise EOFError(data)
            data += part
        return data

    def ask(self, data):
        """The replies to `data`, up to that of a request that stands behind it."""
        end = b"VERSION "
        self.send(data + b"version\r\n")
        reply = b""
        while not re.search(rb"VERSION [0-9.]+\r\n$", reply):
            part = self.socket.recv(65536)
            if not part:
                return reply + b"<closed>"
            reply += part
        return reply[:reply.rindex(end)]


def without_versions(reply):
    """A reply in which the versions of items are all the same."""
    return re.sub(rb"(VALUE \S+ \d+ \d+) \d+\r", rb"\1 CAS\r", reply)
