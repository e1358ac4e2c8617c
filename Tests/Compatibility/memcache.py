"""memcached as the oracle of its protocols, and raw connections to ask both it and Apus."""

import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import typing

import pytest

import resp
import servers

MEMCACHED = shutil.which("memcached")
NEEDED = pytest.mark.skipif(MEMCACHED is None, reason="no memcached: `make setup`")


class Memcached:
    """Debian's memcached on a port of 127.0.0.1."""

    name = "memcached"

    def __init__(self, *options, environment=None):
        self.port = servers.free_port()
        self.process = subprocess.Popen(
            [MEMCACHED, "-l", "127.0.0.1", "-p", str(self.port), "-u", "root", "-U", "0",
             *options], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})})
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


# Fixtures, for test modules to import.

@pytest.fixture(scope="module")
def oracle_port():
    """The port of Debian's memcached."""
    server = Memcached()
    yield server.port
    server.end()


@pytest.fixture(scope="module", params=[1, 2, 4], ids=lambda n: f"threads-{n}")
def apus(request):
    """apus-server with one, two and four workers."""
    server = Apus(request.param)
    yield server
    server.end()


@pytest.fixture(scope="module", params=["memcached", "apus"])
def port(request):
    """The port of each of the two: what a client can do with one, it can do with the other."""
    server = Memcached() if request.param == "memcached" else Apus(2)
    yield server.port
    server.end()


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


# The binary protocol.

BINARY = {
    "get": 0x00, "set": 0x01, "add": 0x02, "replace": 0x03, "delete": 0x04, "incr": 0x05,
    "decr": 0x06, "quit": 0x07, "flush": 0x08, "getq": 0x09, "noop": 0x0A, "version": 0x0B,
    "getk": 0x0C, "getkq": 0x0D, "append": 0x0E, "prepend": 0x0F, "stat": 0x10, "setq": 0x11,
    "addq": 0x12, "replaceq": 0x13, "deleteq": 0x14, "incrq": 0x15, "decrq": 0x16, "quitq": 0x17,
    "flushq": 0x18, "appendq": 0x19, "prependq": 0x1A, "verbosity": 0x1B, "touch": 0x1C,
    "gat": 0x1D, "gatq": 0x1E, "sasl_list": 0x20, "sasl_auth": 0x21, "sasl_step": 0x22,
    "gatk": 0x23, "gatkq": 0x24,
}
NOOP = 0x0A
# What `Binary.ask` recognises the end of the replies by.
LAST = b"last"


def binary(name, key=b"", value=b"", extras=b"", cas=0, opaque=b"\0\0\0\0", magic=0x80, kind=0,
           vbucket=0, lengths=None):
    """A request; `lengths` are those of key, extras and body where they are to lie."""
    code = BINARY.get(name, name)
    key_length, extras_length, body = lengths or (
        len(key), len(extras), len(key) + len(extras) + len(value))
    head = struct.pack("!BBHBBHI4sQ", magic, code, key_length, extras_length, kind, vbucket, body,
                       opaque, cas)
    return head + extras + key + value


def storage(name, key, value, flags=0, exptime=0, cas=0, **more):
    """A request that stores an item."""
    return binary(name, key, value, struct.pack("!II", flags, exptime), cas, **more)


def arithmetic(name, key, delta=1, initial=0, exptime=0, **more):
    """A request that counts."""
    return binary(name, key, b"", struct.pack("!QQI", delta, initial, exptime), **more)


class Reply(typing.NamedTuple):
    """A reply of the binary protocol."""

    code: int
    status: int
    extras: bytes
    key: bytes
    value: bytes
    cas: int
    opaque: bytes


class Binary(Raw):
    """A connection that speaks the binary protocol."""

    def reply(self):
        head = self.receive(24)
        magic, code, key, extras, _, status, body, opaque, cas = struct.unpack(
            "!BBHBBHI4sQ", head)
        assert magic == 0x81, head
        data = self.receive(body)
        return Reply(code, status, data[:extras], data[extras:extras + key], data[extras + key:],
                     cas, opaque)

    def ask(self, data):
        """The replies to `data`, up to that of a request that stands behind it."""
        self.send(data + binary("noop", opaque=LAST))
        replies = []
        try:
            while True:
                reply = self.reply()
                if reply.code == NOOP and reply.opaque == LAST:
                    return replies
                replies.append(reply)
        except (EOFError, ConnectionResetError):
            return replies + ["closed"]

    def one(self, data):
        """The only reply to `data`."""
        replies = self.ask(data)
        assert len(replies) == 1, replies
        return replies[0]
