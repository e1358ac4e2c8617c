"""TLS that is cut short, repeated or sent in masses: the server forgets it and goes on."""

import os
import socket
import ssl
import struct
import subprocess
import time

import pytest

import servers
import test_benchmark
from test_tls import Secure, certificates, options_for, secure, trusting  # noqa: F401 (fixtures)


class Handshake:
    """A client's side in memory, so that its bytes can be cut."""

    def __init__(self, certificates, **limits):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = trusting(certificates, **limits).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def step(self, received=b""):
        """The client's next bytes after it has got these."""
        self.incoming.write(received)
        try:
            self.client.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def reset(connection):
    """Closes with a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.fixture
def watched(secure):
    """A server, and a plain connection that tells how many clients there are."""
    server = secure()
    with server.connect() as connection:
        server.count = lambda: servers.info(connection, "connected_clients")
        yield server


def test_first_flights_of_every_length(watched, certificates):
    hello = Handshake(certificates).step()
    for end in range(0, len(hello), 3):
        with socket.create_connection(("127.0.0.1", watched.tls_port), 10) as plain:
            plain.sendall(hello[:end])
            if end % 2:
                reset(plain)
    servers.until(lambda: watched.count() == 1)
    with Secure(watched, trusting(certificates)) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_second_flights_of_every_length(watched, certificates, version):
    limit = ssl.TLSVersion[version]
    length = None
    end = 0
    while length is None or end < length:
        handshake = Handshake(certificates, minimum_version=limit, maximum_version=limit)
        with socket.create_connection(("127.0.0.1", watched.tls_port), 10) as plain:
            plain.sendall(handshake.step())
            flight = b""
            while not flight:
                flight = handshake.step(plain.recv(65536))
            length = len(flight)
            plain.sendall(flight[:end])
            if end % 2:
                reset(plain)
        end += 5
    servers.until(lambda: watched.count() == 1)
    with Secure(watched, trusting(certificates)) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"


def test_half_closed_and_silent_handshakes(watched, certificates):
    hello = Handshake(certificates).step()
    silent = []
    for number in range(40):
        plain = socket.create_connection(("127.0.0.1", watched.tls_port), 10)
        plain.sendall(hello[: number * 20])
        if number % 2:
            plain.shutdown(socket.SHUT_WR)
        silent.append(plain)
    # Those who say nothing keep nobody out.
    with Secure(watched, trusting(certificates)) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"
    for plain in silent:
        plain.close()
    servers.until(lambda: watched.count() == 1)


def talk(server, certificates, version, letter):
    """What `openssl s_client` and the server say when its command `letter` (R: renegotiate, K: update keys) is given after a PING."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-CAfile", certificates / "ca.crt", version]
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
    os.set_blocking(client.stdout.fileno(), False)
    output = b""

    def says(count):
        nonlocal output
        output += client.stdout.read() or b""
        return output.count(b"+PONG") >= count or client.poll() is not None

    try:
        client.stdin.write(b"PING\n")
        servers.until(lambda: says(1))
        client.stdin.write(letter + b"\n")
        time.sleep(0.2)
        client.stdin.write(b"PING\n")
        deadline = time.monotonic() + 5
        while not says(2) and time.monotonic() < deadline:
            time.sleep(0.01)
    except BrokenPipeError:
        pass
    finally:
        client.kill()
        client.wait()
    says(2)
    return output


def test_renegotiation_is_refused_and_keys_are_updated(watched, certificates):
    output = talk(watched, certificates, "-tls1_2", b"R")
    assert b"RENEGOTIATING" in output and output.count(b"+PONG") == 1
    assert b"no renegotiation" in output or b"error" in output
    output = talk(watched, certificates, "-tls1_3", b"K")
    assert b"KEYUPDATE" in output and output.count(b"+PONG") == 2
    servers.until(lambda: watched.count() == 1)


@pytest.mark.skipif(test_benchmark.BINARY is None, reason="needs apus-benchmark")
def test_ten_thousand_connects(start, certificates):
    port, metrics = servers.free_port(), servers.free_port()
    server = start("apus", *options_for(certificates, port), "--metrics-port", metrics, threads=2)
    words = [test_benchmark.BINARY, "-p", str(port), "--tls", "--cacert", str(certificates / "ca.crt"), "-k", "0", "-c", "40", "-q", "-n", "10000", "ping"]
    before = server.resident_bytes()
    done = subprocess.run(words, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and "requests per second" in done.stdout, done.stderr
    with server.connect() as connection:
        servers.until(lambda: servers.info(connection, "connected_clients") == 1)
        assert servers.info(connection, "total_connections_received") >= 10_000
    # Sessions are kept for those who come again, but not without bound.
    assert server.resident_bytes() - before < 100 << 20


def test_a_storm_of_two_thousand_first_flights(start, certificates):
    """Each costs the server a signature. Clients that are connected hardly notice: docs/performance.md has the figures."""
    port = servers.free_port()
    server = start("apus", *options_for(certificates, port), threads=1)
    hello = Handshake(certificates).step()
    with server.connect() as connection:
        storm = []
        for _ in range(2000):
            plain = socket.create_connection(("127.0.0.1", port), 30)
            storm.append(plain)
        for plain in storm:
            plain.sendall(hello)
        waits = []
        for _ in range(300):
            begin = time.monotonic()
            assert connection.raw("PING") == b"+PONG\r\n"
            waits.append(time.monotonic() - begin)
        # The machine may have other work; in the middle of it all, most are answered at once.
        assert sorted(waits)[150] < 0.005, sorted(waits)[-5:]
        answered = [plain.recv(5) for plain in storm]
        assert all(answer[:1] == b"\x16" for answer in answered)
        for plain in storm:
            plain.close()
        servers.until(lambda: servers.info(connection, "connected_clients") == 1)
