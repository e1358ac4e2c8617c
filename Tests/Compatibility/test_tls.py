"""TLS: the same assertions on redis-server and on ours, by Python's ssl, which is OpenSSL too."""

import concurrent.futures
import os
import socket
import ssl
import subprocess
import time

import pytest

import servers
from resp import Closed, Connection, encode

THREADS = [1, 4]


def openssl(directory, *words):
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def make_certificate(directory, name, issuer, subject):
    """A key and a certificate for it: NAME.key and NAME.crt."""
    openssl(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", f"/CN={subject}")
    extensions = directory / f"{name}.ext"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", "-CAcreateserial",
            "-out", f"{name}.crt", "-days", "2", "-extfile", extensions.name)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A directory with two issuers, ca and other, and certificates of theirs."""
    directory = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other"):
        openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}")
    make_certificate(directory, "server", "ca", "server")
    make_certificate(directory, "renewed", "ca", "renewed")
    make_certificate(directory, "alice", "ca", "alice")
    make_certificate(directory, "stranger", "other", "alice")
    openssl(directory, "ec", "-aes128", "-passout", "pass:secret", "-in", "server.key", "-out", "locked.key")
    return directory


class Secure(Connection):
    """A connection that speaks TLS."""

    def __init__(self, server, context, timeout=10.0):
        super().__init__(("127.0.0.1", server.tls_port), timeout)
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")


def trusting(directory, client=None, **limits):
    """A client's side that checks the server's certificate."""
    context = ssl.create_default_context(cafile=directory / "ca.crt")
    if client:
        context.load_cert_chain(directory / f"{client}.crt", directory / f"{client}.key")
    for name, value in limits.items():
        setattr(context, name, value)
    return context


def options_for(directory, port, check="no"):
    return ["--tls-port", port, "--tls-cert-file", directory / "server.crt", "--tls-key-file", directory / "server.key",
            "--tls-ca-cert-file", directory / "ca.crt", "--tls-auth-clients", check]


@pytest.fixture(params=[("apus", n) for n in THREADS] + [("oracle", 1)], ids=lambda p: f"{p[0]}-{p[1]}")
def secure(request, start, certificates):
    """Starts a server with TLS: secure(check, options…)."""
    which, threads = request.param

    def starter(check="no", *options, **keywords):
        port = servers.free_port()
        server = start(which, *options_for(certificates, port, check), *options, threads=threads, **keywords)
        server.tls_port = port
        server.which = which
        return server

    return starter


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_requests_and_replies(secure, certificates, version):
    server = secure()
    limit = ssl.TLSVersion[version]
    with Secure(server, trusting(certificates, minimum_version=limit, maximum_version=limit)) as connection:
        assert connection.raw("SET", "k", "v") == b"+OK\r\n"
        assert connection.raw("GET", "k") == b"$1\r\nv\r\n"
        big = os.urandom(1 << 20) * 20
        assert connection.raw("SET", "big", big) == b"+OK\r\n"
        assert connection.command("GET", "big") == big
        assert connection.raw("APPEND", "big", "x") == b":%d\r\n" % (len(big) + 1)
        replies = connection.pipeline([["INCR", "n"]] * 5000 + [["ECHO", "x" * 5000]] * 50)
        assert replies[4999] == b":5000\r\n" and replies[-1] == b"$5000\r\n" + b"x" * 5000 + b"\r\n"
    # The same data without TLS.
    with server.connect() as connection:
        assert connection.command("GET", "big") == big + b"x"
        assert connection.raw("QUIT") == b"+OK\r\n"
    with Secure(server, trusting(certificates)) as connection:
        assert connection.raw("QUIT") == b"+OK\r\n"
        assert connection.until_close() == b""


def test_requests_cut_at_every_byte(secure, certificates):
    """Records arrive byte by byte: nothing depends on how TCP cuts them."""
    server = secure()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(certificates).wrap_bio(incoming, outgoing, server_hostname="localhost")

    def exchange(step, width):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                pass
            data = outgoing.read()
            for start in range(0, len(data), width):
                plain.sendall(data[start : start + width])
            if not data:
                incoming.write(plain.recv(65536))

    with socket.create_connection(("127.0.0.1", server.tls_port), 10) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange(client.do_handshake, 7)
        client.write(b"".join(encode(["ECHO", "%0100d" % i]) for i in range(20)))
        got = b""
        while len(got) < 20 * 108:
            got += exchange(lambda: client.read(65536), 1)
    assert got == b"".join(b"$100\r\n%0100d\r\n" % i for i in range(20))


def test_a_slow_reader_gets_everything(secure, certificates):
    server = secure()
    with Secure(server, trusting(certificates), timeout=30) as connection:
        values = {f"k{i}": os.urandom(300_000) for i in range(20)}
        for key, value in values.items():
            assert connection.raw("SET", key, value) == b"+OK\r\n"
        keys = [key for _ in range(4) for key in values]
        connection.send(b"".join(encode(["GET", key]) + encode(["ECHO", key]) for key in keys))
        time.sleep(0.3)
        for key in keys:
            assert connection.reply() == b"$300000\r\n" + values[key] + b"\r\n"
            assert connection.reply() == b"$%d\r\n%s\r\n" % (len(key), key.encode())


def test_messages_reach_clients_with_and_without(secure, certificates):
    server = secure()
    listeners = [Secure(server, trusting(certificates)) for _ in range(5)] + [server.connect() for _ in range(5)]
    for listener in listeners:
        listener.raw("SUBSCRIBE", "news")
    with Secure(server, trusting(certificates)) as publisher:
        publisher.raw("CLIENT", "SETNAME", "publisher")
        messages = [b"m%d" % i * (1 if i % 3 else 9000) for i in range(60)]
        for message in messages:
            assert publisher.raw("PUBLISH", "news", message) == b":10\r\n"
    for listener in listeners:
        for message in messages:
            assert listener.reply() == b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$%d\r\n%s\r\n" % (len(message), message)
        listener.close()


def refused(server, context):
    """Whether the server, or the client, ends the handshake or the first request."""
    try:
        with Secure(server, context) as connection:
            connection.raw("PING")
        return False
    except (ssl.SSLError, ConnectionError, Closed):
        return True


@pytest.mark.parametrize("check", ["yes", "optional", "no"])
def test_certificates_of_clients(secure, certificates, check):
    server = secure(check)
    assert not refused(server, trusting(certificates, "alice"))
    assert refused(server, trusting(certificates)) == (check == "yes")
    assert refused(server, trusting(certificates, "stranger")) == (check != "no")
    # The client's side of the check.
    assert refused(server, ssl.create_default_context(cafile=certificates / "other.crt"))
    with server.connect() as connection:
        assert connection.raw("PING") == b"+PONG\r\n"


def test_a_certificate_that_names_a_user(start, certificates):
    port = servers.free_port()
    server = start("apus", *options_for(certificates, port, "yes"), config="user alice on nopass ~a* +@all\nuser default on >hidden ~* +@all\n"
                   "tls-auth-clients-user CN\n")
    server.tls_port = port
    with Secure(server, trusting(certificates, "alice")) as connection:
        assert connection.command("ACL", "WHOAMI") == b"alice"
        assert connection.raw("SET", "b", "1").startswith(b"-NOPERM")
    with Secure(server, trusting(certificates, "renewed")) as connection:
        assert connection.raw("PING").startswith(b"-NOAUTH")


def test_protocols_and_ciphers(secure, certificates):
    server = secure("no", "--tls-protocols", "TLSv1.2", "--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--tls-prefer-server-ciphers", "yes")
    assert refused(server, trusting(certificates, minimum_version=ssl.TLSVersion.TLSv1_3))
    with Secure(server, trusting(certificates)) as connection:
        assert connection.socket.version() == "TLSv1.2"
        assert connection.socket.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
        assert connection.raw("PING") == b"+PONG\r\n"
        assert connection.raw("CONFIG", "SET", "tls-protocols", "TLSv1.3") == b"+OK\r\n"
        assert connection.raw("PING") == b"+PONG\r\n"
    with Secure(server, trusting(certificates)) as connection:
        assert connection.socket.version() == "TLSv1.3"
        reply = connection.raw("CONFIG", "SET", "tls-protocols", "TLSv9")
        assert reply == (b"-ERR CONFIG SET failed (possibly related to argument 'tls-protocols') - Unable to update TLS configuration. "
                         b"Check server logs.\r\n")


def test_sessions_are_resumed(secure, certificates):
    server = secure()
    context = trusting(certificates, maximum_version=ssl.TLSVersion.TLSv1_2)

    def session_of(session):
        plain = socket.create_connection(("127.0.0.1", server.tls_port), 10)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as client:
            client.sendall(b"PING\r\n")
            assert client.recv(100) == b"+PONG\r\n"
            return client.session, client.session_reused

    session, _ = session_of(None)
    assert session_of(session)[1]
    with server.connect() as connection:
        assert connection.raw("CONFIG", "SET", "tls-session-caching", "no") == b"+OK\r\n"
    # redis-server goes on with tickets, which it does not keep.
    session, _ = session_of(None)
    assert session_of(session)[1] == (server.which == "oracle")


def subject(server, certificates):
    with Secure(server, trusting(certificates)) as connection:
        return dict(pair for part in connection.socket.getpeercert()["subject"] for pair in part)["commonName"]


def test_a_new_certificate_is_taken_at_run_time(secure, certificates):
    server = secure()
    assert subject(server, certificates) == "server"
    old = Secure(server, trusting(certificates))
    with server.connect() as connection:
        reply = connection.raw("CONFIG", "SET", "tls-cert-file", certificates / "renewed.crt", "tls-key-file", certificates / "renewed.key")
        assert reply == b"+OK\r\n"
        # A key that does not belong to it changes nothing.
        assert connection.raw("CONFIG", "SET", "tls-key-file", certificates / "server.key").startswith(b"-ERR CONFIG SET failed")
    assert subject(server, certificates) == "renewed"
    assert old.raw("PING") == b"+PONG\r\n"
    old.close()


def test_files_that_change_are_read_again(start, certificates, tmp_path):
    for end in ("crt", "key"):
        (tmp_path / f"own.{end}").write_bytes((certificates / f"server.{end}").read_bytes())
    port = servers.free_port()
    server = start("apus", *options_for(certificates, port), "--tls-cert-file", tmp_path / "own.crt", "--tls-key-file", tmp_path / "own.key")
    server.tls_port = port
    assert subject(server, certificates) == "server"
    for end in ("crt", "key"):
        (tmp_path / f"own.{end}").write_bytes((certificates / f"renewed.{end}").read_bytes())
    servers.until(lambda: subject(server, certificates) == "renewed")
    (tmp_path / "own.crt").write_text("nonsense")
    servers.until(lambda: "have changed. Failed to load certificate" in server.output())
    assert subject(server, certificates) == "renewed"


def test_the_port_changes_at_run_time(secure, certificates):
    server = secure()
    with server.connect() as connection:
        old, server.tls_port = server.tls_port, servers.free_port()
        assert connection.raw("CONFIG", "SET", "tls-port", server.tls_port) == b"+OK\r\n"
        assert subject(server, certificates) == "server"
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", old), 5)
        assert connection.raw("CONFIG", "SET", "tls-port", "0") == b"+OK\r\n"
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", server.tls_port), 5)


def test_tls_alone(start, which, certificates):
    port = servers.free_port()
    server = start(which, *options_for(certificates, port), "--port", "0", wait=False)
    server.tls_port = port
    servers.until(lambda: "Ready to accept connections" in server.output())
    with Secure(server, trusting(certificates)) as connection:
        assert servers.info(connection, "tcp_port") == port


def test_bytes_that_are_no_tls(secure, certificates):
    server = secure()
    for data in (b"PING\r\n", b"\x16\x03\x01\xff\xff" + b"\x00" * 70_000, os.urandom(3000), b""):
        with socket.create_connection(("127.0.0.1", server.tls_port), 10) as plain:
            try:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
            except OSError:
                pass
    # Noise after the handshake.
    context = trusting(certificates)
    connection = Secure(server, context)
    assert connection.raw("PING") == b"+PONG\r\n"
    with socket.socket(fileno=connection.socket.detach()) as plain:
        plain.sendall(os.urandom(5000))
        plain.settimeout(10)
        try:
            while plain.recv(65536):
                pass
        except ConnectionError:
            pass
    with Secure(server, context) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"


def test_clients_that_leave_in_the_middle(secure, certificates):
    server = secure()
    context = trusting(certificates)
    with server.connect() as connection:
        before = servers.info(connection, "connected_clients")

        def visit(number):
            plain = socket.create_connection(("127.0.0.1", server.tls_port), 10)
            if number % 3 == 0:
                plain.sendall(b"\x16\x03\x01")
                plain.close()
                return
            client = context.wrap_socket(plain, server_hostname="localhost")
            client.sendall(encode(["SET", f"k{number}", "x" * 100_000]) * (number % 5 + 1))
            if number % 3 == 1:
                assert client.recv(100)[:5] == b"+OK\r\n"
            client.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(visit, range(120)))
        servers.until(lambda: servers.info(connection, "connected_clients") == before)


def test_wrong_settings_end_the_start(which, certificates, tmp_path):
    binary = servers.APUS if which == "apus" else servers.ORACLE
    good = {"--tls-port": servers.free_port(), "--tls-cert-file": certificates / "server.crt", "--tls-key-file": certificates / "server.key",
            "--tls-ca-cert-file": certificates / "ca.crt", "--port": 0}
    for change, text in [
        ({"--tls-cert-file": None}, "No tls-cert-file configured!"),
        ({"--tls-key-file": None}, "No tls-key-file configured!"),
        ({"--tls-ca-cert-file": None}, "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"),
        ({"--tls-cert-file": "/none.crt"}, "Failed to load certificate: /none.crt: error:"),
        ({"--tls-key-file": certificates / "alice.key"}, "Failed to load private key: "),
        ({"--tls-key-file": certificates / "locked.key", "--tls-key-file-pass": "wrong"}, "Failed to load private key: "),
        ({"--tls-ca-cert-file": "/none.crt"}, "Failed to configure CA certificate(s) file"),
        ({"--tls-ciphers": "NONE-OF-THESE"}, "Failed to configure ciphers: NONE-OF-THESE"),
    ]:
        words = [word for name, value in {**good, **change}.items() if value is not None for word in (name, value)]
        code, output = servers.run_to_end(binary, *words, directory=tmp_path)
        assert code == 1 and text in output, output
        assert "Failed to configure TLS. Check logs for more info." in output


def test_a_key_with_a_password(secure, certificates):
    server = secure("no", "--tls-key-file", certificates / "locked.key", "--tls-key-file-pass", "secret")
    assert subject(server, certificates) == "server"


def test_redis_cli_and_benchmark(secure, certificates):
    server = secure("yes")
    identity = ["--tls", "--cacert", certificates / "ca.crt", "--cert", certificates / "alice.crt", "--key", certificates / "alice.key"]
    done = subprocess.run(["redis-cli", "-h", "localhost", "-p", str(server.tls_port), *identity, "INCR", "hits"], capture_output=True, text=True)
    assert done.stdout == "1\n"
    done = subprocess.run(["redis-benchmark", "-h", "localhost", "-p", str(server.tls_port), *identity, "-q", "-t", "set,get", "-n", "20000",
                           "-P", "16", "-d", "200"], capture_output=True, text=True)
    assert "GET" in done.stdout and "requests per second" in done.stdout, done.stderr


def test_a_storm_of_handshakes(start, certificates):
    """Hundreds of clients come at once; those that are there are served meanwhile, and all are gone afterwards."""
    port = servers.free_port()
    server = start("apus", *options_for(certificates, port))
    server.tls_port = port
    context = trusting(certificates)

    def come_and_go(_):
        with Secure(server, context) as connection:
            return connection.raw("PING")

    with server.connect() as connection, concurrent.futures.ThreadPoolExecutor(16) as pool:
        storm = [pool.submit(come_and_go, number) for number in range(400)]
        pings = 0
        while not all(each.done() for each in storm):
            assert connection.raw("PING") == b"+PONG\r\n"
            pings += 1
        assert pings > 10 and all(each.result() == b"+PONG\r\n" for each in storm)
        servers.until(lambda: servers.info(connection, "connected_clients") == 1)
