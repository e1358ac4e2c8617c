"""apus-cli and apus-benchmark over TLS: on redis-server and on ours, next to redis-cli."""

import os
import re
import subprocess
import time

import pytest

import servers
import test_benchmark
import test_cli
from resp import encode
from test_cli import run
from test_cli_terminal import CTRL_C, Terminal
from test_tls import Secure, certificates, secure, trusting  # noqa: F401 (fixtures)

pytestmark = pytest.mark.skipif(
    test_cli.BINARY is None or test_benchmark.BINARY is None, reason="needs apus-cli and apus-benchmark (swift build)")


def flags(server, certificates, client=None, ca="ca"):
    words = ["-p", str(server.tls_port), "--tls", "--cacert", str(certificates / f"{ca}.crt")]
    if client:
        words += ["--cert", str(certificates / f"{client}.crt"), "--key", str(certificates / f"{client}.key")]
    return words


def ours(server, certificates, *words, stdin=b"", client=None, seconds=20.0):
    """What apus-cli prints, which must succeed."""
    code, out, err = run(test_cli.BINARY, [*flags(server, certificates, client), *words], stdin, seconds=seconds)
    assert code == 0, out + err
    return out


def test_commands_print_what_redis_cli_prints(secure, certificates):
    server = secure()
    identity = flags(server, certificates)
    script = certificates / "sum.lua"
    script.write_text("return {KEYS[1], ARGV[1], #ARGV}")
    for words, stdin in [
        (["set", "k", "v"], b""), (["get", "k"], b""), (["--no-raw", "lrange", "none", "0", "-1"], b""), (["-x", "set", "big"], os.urandom(3 << 20)),
        (["strlen", "big"], b""), (["get", "big"], b""), (["-3", "hgetall", "none"], b""), (["-n", "3", "dbsize"], b""), (["--scan"], b""),
        (["--eval", str(script), "a", ",", "b"], b""), (["-r", "3", "ping"], b""), ([], b"ping\necho hello\nget k\nnonsense\n"),
        (["--csv", "mget", "k", "none"], b""), (["-e", "nonsense"], b""), (["--json", "config", "get", "port"], b""),
    ]:
        answers = [run(binary, [*identity, *words], stdin, seconds=20) for binary in (test_cli.BINARY, test_cli.REFERENCE)]
        assert answers[0] == answers[1], words
    uri = ["-u", f"rediss://127.0.0.1:{server.tls_port}/2", "--cacert", str(certificates / "ca.crt"), "set", "k", "2"]
    assert run(test_cli.BINARY, uri) == (0, b"OK\n", b"")


def test_modes_of_the_client(secure, certificates):
    server = secure()
    commands = b"".join(encode(["SET", f"key:{number}", "x" * (number % 500)]) for number in range(20_000))
    assert b"errors: 0, replies: 20000" in ours(server, certificates, "--pipe", stdin=commands)
    assert len(ours(server, certificates, "--scan", "--pattern", "key:*").split()) == 20_000
    assert b"string" in ours(server, certificates, "--bigkeys")
    assert b"Sampled 20000 keys" in ours(server, certificates, "--memkeys")
    assert re.fullmatch(rb"\d+ \d+ [\d.]+ \d+\n", ours(server, certificates, "--latency", "--raw", "-i", "0.2"))
    assert ours(server, certificates, "--sni", "localhost", "ping") == b"PONG\n"
    # A reply much longer than a record.
    assert len(ours(server, certificates, "keys", "*").split()) == 20_000


def test_messages_and_monitor(secure, certificates):
    server = secure()
    words = [test_cli.BINARY, *flags(server, certificates)]
    listener = subprocess.Popen([*words, "subscribe", "news"], stdout=subprocess.PIPE)
    monitor = subprocess.Popen([*words, "monitor"], stdout=subprocess.PIPE)
    try:
        assert listener.stdout.readline() == b"subscribe\n" and monitor.stdout.readline() == b"OK\n"
        long = b"m" * 40_000
        with server.connect() as connection:
            for message in (b"hello", long):
                assert connection.raw("PUBLISH", "news", message) == b":1\r\n"
        # The rest of the confirmation, then message, channel and text of each.
        lines = [listener.stdout.readline() for _ in range(8)]
        assert lines[4] == b"hello\n" and lines[7] == long + b"\n"
        # MONITOR may have begun before the other client subscribed.
        assert any(b'"PUBLISH" "news" "hello"' in monitor.stdout.readline() for _ in range(2))
    finally:
        for process in (listener, monitor):
            process.kill()
            process.wait()


# What a terminal shows at a moment depends on the machine's other work.
@pytest.mark.flaky(reruns=2)
def test_at_a_terminal(secure, certificates, tmp_path):
    server = secure()
    terminal = Terminal(tmp_path, server.tls_port, *flags(server, certificates)[2:])
    try:
        terminal.expect(rf"127.0.0.1:{server.tls_port}> ")
        for number in range(3):
            terminal.line("incr hits", rf"\(integer\) {number + 1}\s")
        terminal.line("subscribe news", "Reading messages")
        with server.connect() as connection:
            assert connection.raw("PUBLISH", "news", "late edition") == b":1\r\n"
        terminal.expect("late edition")
        terminal.send(CTRL_C)
        terminal.expect(rf"127.0.0.1:{server.tls_port}> ")
        terminal.line("ping", "PONG")
    finally:
        terminal.close()


def test_both_ends_check_each_other(secure, certificates):
    server = secure("yes")
    assert ours(server, certificates, "ping", client="alice") == b"PONG\n"
    # Neither a client without a certificate, nor one of an unknown issuer.
    for client in (None, "stranger"):
        code, out, err = run(test_cli.BINARY, [*flags(server, certificates, client), "ping"])
        assert code == 1 and out == b"" and err.startswith((b"Error: ", b"Could not connect")), err
    code, out, err = run(test_cli.BINARY, [*flags(server, certificates, "alice", ca="other"), "ping"])
    assert code == 1 and err.startswith(b"Could not connect to Redis at 127.0.0.1:%d: SSL_connect failed: " % server.tls_port)
    assert b"certificate verify failed" in err
    words = ["-p", str(server.tls_port), "--tls", "--insecure", *flags(server, certificates, "alice")[5:], "ping"]
    assert run(test_cli.BINARY, words) == (0, b"PONG\n", b"")


def test_failures_are_named(secure, certificates):
    server = secure()
    for words, text in [
        (["--cacert", "/none"], b"Could not negotiate a TLS connection: "), (["--cert", "x"], b"Could not negotiate a TLS connection: "),
        (["--tls-ciphersuites", "NONE"], b"Could not negotiate a TLS connection: "), (["--insecure", "--tls-ciphersuites", ""], None),
    ]:
        code, out, err = run(test_cli.BINARY, ["-p", str(server.tls_port), "--tls", *words, "ping"])
        assert (code, out) == ((1, b"") if text else (0, b"PONG\n")) and err.startswith(text or b""), err
    # A port that speaks no TLS, and one that expects it.
    # (redis-server waits for the end of what it takes for a request.)
    code, _, err = run(test_cli.BINARY, ["-t", "1", "-p", str(server.port), "--tls", "--insecure", "ping"])
    assert code == 1 and b"Could not connect to Redis" in err
    code, _, err = run(test_cli.BINARY, ["-p", str(server.tls_port), "ping"])
    assert code == 1 and err


@pytest.mark.parametrize("words", [
    ["-t", "set,get", "-P", "16"], ["-t", "set", "-d", "50000", "-n", "2000"], ["-t", "lrange_600", "-n", "2000", "-P", "4"],
    ["--threads", "2", "-t", "get", "-P", "64"], ["-k", "0", "-t", "get", "-n", "500", "-c", "10"], ["--rps", "20000", "-t", "incr", "-n", "5000"],
], ids=" ".join)
def test_loads(secure, certificates, words):
    server = secure("yes")
    identity = flags(server, certificates, "alice")
    done = subprocess.run([test_benchmark.BINARY, *identity, "-q", "-n", "20000", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "requests per second" in done.stdout, done.stdout + done.stderr


def test_idle_clients_and_refusals_of_the_load(secure, certificates):
    server = secure()
    idle = subprocess.Popen([test_benchmark.BINARY, *flags(server, certificates), "-I", "-c", "20"], stdout=subprocess.DEVNULL)
    with server.connect() as connection:
        servers.until(lambda: servers.info(connection, "connected_clients") == 21)
        time.sleep(0.2)
        assert idle.poll() is None
        idle.kill()
        idle.wait()
        servers.until(lambda: servers.info(connection, "connected_clients") == 1)
    done = subprocess.run([test_benchmark.BINARY, *flags(server, certificates, ca="other"), "-n", "1", "-t", "get"], capture_output=True, text=True)
    assert done.returncode == 1 and "certificate verify failed" in done.stderr
    with Secure(server, trusting(certificates)) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"
