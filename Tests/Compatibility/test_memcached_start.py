"""Ways to memcached's protocols: its command line, users from a file, TLS, RESP's own port."""

import os
import socket
import ssl
import subprocess
import time

import pytest

import memcache
import servers
from memcache import Binary, Raw, binary, storage

pytestmark = memcache.NEEDED


class Started:
    """apus-server --memcached, with the options given."""

    def __init__(self, directory, *options, port=None):
        self.port = port or servers.free_port()
        self.path = directory / "output.txt"
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                [servers.APUS, "--memcached", "-p", str(self.port), "-l", "127.0.0.1",
                 *map(str, options)], stdout=output, stderr=output, cwd=directory)

    def __enter__(self):
        memcache.await_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(20) == 0

    def output(self):
        return self.path.read_text()


def settings(port):
    with Raw(port) as raw:
        raw.send(b"stats settings\r\n")
        lines = raw.until(b"END\r\n").decode().split("\r\n")[:-2]
    return dict(line.split(" ", 2)[1:] for line in lines)


def test_memcached_command_line(tmp_path):
    options = ["-m", "100", "-c", "50", "-t", "2", "-I", "2m", "-A", "-F", "-B", "ascii", "-f", "1.5",
               "-o", "hashpower=20,idle_timeout=0", "-v", "-U", "0"]
    with Started(tmp_path, *options) as server:
        told = settings(server.port)
        assert told["maxbytes"] == str(100 << 20) and told["maxconns"] == "50"
        assert told["num_threads"] == "2" and told["item_size_max"] == str(2 << 20)
        assert told["shutdown_command"] == "yes" and told["flush_enabled"] == "no"
        assert told["binding_protocol"] == "ascii" and told["evictions"] == "on"
        with Raw(server.port) as raw:
            assert raw.ask(b"set a 1 0 1\r\nx\r\nget a\r\n") == b"STORED\r\nVALUE a 1 1\r\nx\r\nEND\r\n"
        named = [line for line in server.output().splitlines() if "without effect" in line]
        assert len(named) == 1 and "-f 1.5" in named[0] and "-o hashpower=20" in named[0]
        assert "idle_timeout" not in named[0] and "-U" not in named[0]


def test_command_line_that_ends():
    for words, text, code in ((["-h"], "--listen", 0), (["-V"], "memcached 1.6.", 0),
                              (["-i"], "LICENSE", 0), (["-x"], "invalid option", 1),
                              (["--nope"], "unrecognized", 1), (["-o", "nope"], "Illegal", 1)):
        done = subprocess.run([servers.APUS, "--memcached", *words], capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == code and text in done.stdout + done.stderr, words


def test_several_listeners(tmp_path):
    ports = [servers.free_port() for _ in range(3)]
    options = ["-l", f"127.0.0.2,127.0.0.1:{ports[1]}", "-l", f"127.0.0.1:{ports[2]}"]
    with Started(tmp_path, *options, port=ports[0]):
        for address in (("127.0.0.1", ports[0]), ("127.0.0.2", ports[0]), ("127.0.0.1", ports[1]),
                        ("127.0.0.1", ports[2])):
            with socket.create_connection(address, 10) as connection:
                connection.sendall(b"mn\r\n")
                assert connection.recv(100) == b"MN\r\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", ports[1]), 10)


def test_listeners_change_while_it_runs(start):
    ports = [servers.free_port() for _ in range(2)]
    server = start("apus", "--memcached-port", ports[0], "--memcached-bind", "127.0.0.1")
    with server.connect() as connection:
        entry = f"127.0.0.1:{ports[1]}"
        assert connection.raw("CONFIG", "SET", "memcached-bind", entry) == b"+OK\r\n"
        with Raw(ports[1]) as raw:
            assert raw.ask(b"mn\r\n") == b"MN\r\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ports[0]), 10)
        reply = connection.raw("CONFIG", "SET", "memcached-bind", f"{entry} 192.0.2.1:{ports[0]}")
        assert reply.startswith(b"-ERR CONFIG SET failed")
        with Raw(ports[1]) as raw:
            assert raw.ask(b"mn\r\n") == b"MN\r\n"


def test_memcached_and_resp(tmp_path):
    resp_port = servers.free_port()
    with Started(tmp_path, "--", "--port", resp_port, "--bind", "127.0.0.1") as server:
        with Raw(server.port) as raw:
            raw.ask(b"set a 1 0 1\r\nx\r\n")
        with memcache.Resp(("127.0.0.1", resp_port), 10.0) as resp:
            assert resp("GET", "a") == b"x"


def test_unix_socket(tmp_path):
    path = tmp_path / "m.sock"
    process = subprocess.Popen([servers.APUS, "--memcached", "-s", path, "-a", "770"], cwd=tmp_path,
                               stdout=subprocess.DEVNULL)
    try:
        servers.until(path.exists)
        assert os.stat(path).st_mode & 0o777 == 0o770
    finally:
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_user(tmp_path):
    tmp_path.chmod(0o777)
    with Started(tmp_path, "-u", "nobody") as server:
        assert os.stat(f"/proc/{server.process.pid}").st_uid == 65534
    done = subprocess.run([servers.APUS, "--memcached", "-u", "nosuchuser"], timeout=20)
    assert done.returncode == 1


# Users from a file.

@pytest.fixture
def users(tmp_path):
    path = tmp_path / "users"
    path.write_text("joe:secret\nann:with:colons\n")
    return path


def test_users_of_the_text_protocol(users, tmp_path):
    oracle = memcache.Memcached("-Y", str(users))
    try:
        with Started(tmp_path, "-Y", users) as server:
            cases = [b"get a\r\n", b"set x 0 0 10\r\njoe secret\r\n", b"set x 0 0 9\r\njoe wrong\r\n",
                     b"set x 0 0 15\r\nann with:colons\r\n", b"set x 0 0 8\r\ndefault \r\n",
                     b"set x 0 0 9\r\ndefault x\r\n", b"mn\r\n"]
            for request in cases:
                answers = []
                for port in (oracle.port, server.port):
                    with Raw(port) as raw:
                        raw.send(request)
                        answers.append(raw.until(b"\r\n"))
                assert answers[0] == answers[1], request
            with Raw(server.port) as raw:
                raw.send(b"set x 0 0 10\r\njoe secret\r\n")
                raw.until(b"\r\n")
                assert raw.ask(b"set a 0 0 1\r\nx\r\nget a\r\nmg a v\r\nflush_all\r\n").endswith(
                    b"VA 1\r\nx\r\nOK\r\n")
    finally:
        oracle.end()


def test_users_of_the_binary_protocol(users, tmp_path):
    with Started(tmp_path, "-S", "-Y", users) as server:
        with Binary(server.port) as connection:
            connection.send(binary("sasl_auth", b"PLAIN", b"\0joe\0secret"))
            assert connection.reply().value == b"Authenticated"
            assert connection.one(storage("set", b"a", b"1")).status == 0
        with Binary(server.port) as connection:
            for words in (b"\0joe\0wrong", b"\0default\0", b"\0default\0x"):
                connection.send(binary("sasl_auth", b"PLAIN", words))
                assert connection.reply().status == 0x20
            assert connection.ask(binary("get", b"a"))[-1] == "closed"
        with Raw(server.port) as raw:
            raw.send(b"version\r\n")
            assert raw.socket.recv(10) == b"", "the binary protocol alone"


def test_users_are_users_of_acl(users):
    server = memcache.Apus(2, "--memcached-auth-file", str(users))
    try:
        with server.resp() as resp:
            assert b"joe" in resp("ACL", "USERS") and resp("PING") == "PONG"
            with Raw(server.port) as raw:
                raw.send(b"set x 0 0 10\r\njoe secret\r\n")
                assert raw.until(b"\r\n") == b"STORED\r\n"
                users.write_text("joe:other\n")
                servers.until(lambda: "has changed, and is in use" in server.server.output())
                assert raw.ask(b"get a\r\n") == b"END\r\n"
            with Raw(server.port) as raw:
                raw.send(b"set x 0 0 9\r\njoe other\r\n")
                assert raw.until(b"\r\n") == b"STORED\r\n"
            users.write_text("joe\n")
            servers.until(lambda: "is no `name:password`" in server.server.output())
            assert b"joe" in resp("ACL", "USERS") and b"ann" not in resp("ACL", "USERS")
            assert resp("CONFIG", "SET", "memcached-auth-file", "") == "OK"
            assert b"joe" not in resp("ACL", "USERS")
    finally:
        server.end()


def test_a_file_without_users_ends_the_start(tmp_path):
    for text in ("joe\n", ":x\n", "default:x\n"):
        path = tmp_path / "users"
        path.write_text(text)
        done = subprocess.run([servers.APUS, "--memcached", "-p", str(servers.free_port()), "-Y", path],
                              capture_output=True, timeout=20)
        assert done.returncode == 1
    done = subprocess.run([servers.APUS, "--memcached", "-Y", tmp_path / "none"], capture_output=True,
                          timeout=20)
    assert done.returncode == 1


# TLS.

def test_tls(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    options = ["-Z", "-o", f"ssl_chain_cert={certificate},ssl_key={key}"]
    with Started(tmp_path, *options) as server:
        with Raw(server.port) as raw:
            raw.socket = context.wrap_socket(raw.socket)
            value = os.urandom(200_000)
            assert raw.ask(b"set a 5 0 200000\r\n" + value + b"\r\n") == b"STORED\r\n"
            raw.send(b"get a\r\n")
            assert raw.until(b"END\r\n") == b"VALUE a 5 200000\r\n" + value + b"\r\nEND\r\n"
            told = raw.ask(b"stats settings\r\n")
            assert b"ssl_enabled yes" in told
        with Binary(server.port) as connection:
            connection.socket = context.wrap_socket(connection.socket)
            assert connection.one(binary("get", b"a")).value == value
            assert connection.one(storage("set", b"b", value)).status == 0


# One port for all.

@pytest.fixture(scope="module", params=[1, 2], ids=lambda n: f"threads-{n}")
def detecting(request):
    with servers.Server(servers.APUS, "--protocol-detection", "yes",
                        threads=request.param) as server:
        yield server


def test_protocols_are_detected(detecting):
    with Raw(detecting.port) as raw:
        assert raw.ask(b"set a 5 0 1\r\nx\r\nget a\r\n") == b"STORED\r\nVALUE a 5 1\r\nx\r\nEND\r\n"
        assert raw.ask(b"GET a\r\n") == b"ERROR\r\n", "once decided, it stays"
    with Raw(detecting.port) as raw:
        assert raw.ask(b"get a\r\n") == b"VALUE a 5 1\r\nx\r\nEND\r\n"
    with Binary(detecting.port) as connection:
        assert connection.one(binary("get", b"a")).value == b"x"
    with detecting.connect() as connection:
        assert connection.raw("GET", "a") == b"$1\r\nx\r\n"
    for line, answer in ((b"SET i 1\r\n", b"+OK\r\n"), (b"set i 1\r\n", b"+OK\r\n"),
                         (b"incr i\r\n", b":2\r\n"), (b"GET i\r\n", b"$1\r\n2\r\n"),
                         (b"\r\nPING\r\n", b"+PONG\r\n")):
        with Raw(detecting.port) as raw:
            raw.send(line)
            assert raw.receive(len(answer)) == answer, line


def test_a_line_in_pieces_is_detected(detecting):
    for cut in range(1, 13):
        request = b"set a 5 0 1\r\nx\r\nget a\r\n"
        with Raw(detecting.port) as raw:
            raw.send(request[:cut])
            time.sleep(0.002)
            assert raw.ask(request[cut:]) == b"STORED\r\nVALUE a 5 1\r\nx\r\nEND\r\n", cut
    with Raw(detecting.port) as raw:
        for byte in b"incr b\r\n":
            raw.send(bytes([byte]))
            time.sleep(0.001)
        assert raw.receive(4) == b":1\r\n"
    with Binary(detecting.port) as connection:
        request = storage("set", b"a", b"yz")
        for byte in request:
            connection.send(bytes([byte]))
        assert connection.ask(b"")[0].status == 0


def test_detection_is_off_by_default():
    with servers.Server(servers.APUS) as server, Raw(server.port) as raw:
        raw.send(b"get a\r\n")
        assert raw.receive(5) == b"$-1\r\n"
