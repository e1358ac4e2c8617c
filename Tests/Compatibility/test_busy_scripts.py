"""Scripts that run for long, as the clients of their own worker see them."""

import threading
import time

import pytest

import servers
from resp import encode, parse
from test_functions import ENDLESS, eventually_busy
from test_scripts import outcome
from test_tls import Secure, certificates, options_for, trusting  # noqa: F401 (a fixture)

LOOPS = ["epoll", "io_uring"]


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_clients_of_the_worker_that_runs_the_script(start, which, loop):
    options = ["--event-loop", loop, "--threads", "1"] if which == "apus" else []
    server = start(which, "--busy-reply-threshold", "50", *options)
    runner, other, partial, large, leaving = (server.connect() for _ in range(5))
    for connection in (other, partial, large, leaving):
        assert connection.command("PING") == "PONG"
    partial.send(b"*1\r\n$4\r\nPI")
    for _ in range(2):
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(other, "PING")
        replies = other.pipeline([["GET", "held"], ["SET", "free", "1"], ["NOTHING"], ["GET"]])
        assert [reply[:5] for reply in replies[:2]] == [b"-BUSY", b"-BUSY"]
        assert other.line(b"PING").startswith(b"-BUSY")
        for words in (["FUNCTION", "STATS"], ["FUNCTION", "KILL"], ["EVAL", "return 1", "0"]):
            assert str(outcome(other, *words)).startswith("BUSY")
        partial.send(b"NG\r\n")
        large.send(encode(["SET", "large", "x" * 200_000]) + encode(["MSET"] + ["a"] * 200))
        leaving.send(encode(["SET", "left", "1"])[:-3])
        assert [connection.reply()[:5] for connection in (partial, large, large)] == [b"-BUSY"] * 3
        assert other.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert other.command("SET", "held", "1") == "OK"
        leaving.send(b"1\r\n")
        assert leaving.reply() == b"+OK\r\n"
        assert large.command("EXISTS", "large", "a") == 0
        partial.send(b"*1\r\n$4\r\nPI")
    for connection in (runner, other, partial, large, leaving):
        connection.close()


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
@pytest.mark.parametrize("before", [0, 20, 31, 32, 40, 100])
def test_a_script_in_the_middle_of_a_pipeline(start, loop, before):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    others = [server.connect() for _ in range(20)]
    with server.connect() as runner, server.connect() as killer:
        for connection in [*others, runner, killer]:
            assert connection.command("PING") == "PONG"
        script = encode(["EVAL", ENDLESS, "1", "held"])
        for connection in others[:10]:
            connection.send(encode(["ECHO", "first"]))
        runner.send(encode(["PING"]) * before + script + encode(["ECHO", "behind"]) * 40)
        for connection in others[10:]:
            connection.send(encode(["ECHO", "later"]) * 3)
        eventually_busy(killer, "PING")
        runner.send(encode(["ECHO", "last"]))
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert [runner.reply() for _ in range(before)] == [b"+PONG\r\n"] * before
        assert b"Script killed by user" in runner.reply()
        assert [parse(runner.reply()) for _ in range(41)] == [b"behind"] * 40 + [b"last"]
        for connection in others[:10]:
            assert connection.reply()[:5] in (b"$5\r\nf", b"-BUSY")
            assert connection.command("PING") == "PONG"
        for connection in others[10:]:
            assert {connection.reply()[:5] for _ in range(3)} <= {b"$5\r\nl", b"-BUSY"}
            assert connection.command("PING") == "PONG"


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_replies_to_small_and_large_requests_come_in_order(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, "--enable-debug-command", "yes", threads=1)
    others = [server.connect() for _ in range(4)]
    with server.connect() as runner, server.connect() as killer:
        for _ in range(5):
            for connection in [*others, runner, killer]:
                assert connection.command("PING") == "PONG"
            # In the same round as the script, mostly: DEBUG SLEEP holds the worker until all have arrived.
            killer.send(encode(["DEBUG", "SLEEP", "0.05"]))
            runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
            for connection in others:
                connection.send(encode(["ECHO", "first"]) + encode(["SET", "large", "x" * 10_000]) + encode(["ECHO", "last"]))
            assert killer.reply() == b"+OK\r\n"
            eventually_busy(killer, "PING")
            assert killer.command("SCRIPT", "KILL") == "OK"
            assert b"Script killed by user" in runner.reply()
            for connection in others:
                assert connection.reply()[:5] in (b"$5\r\nf", b"-BUSY")
                assert connection.reply()[:5] in (b"+OK\r\n", b"-BUSY")
                assert connection.reply()[:5] in (b"$4\r\nl", b"-BUSY")


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_a_flood_of_requests_does_not_keep_a_busy_script_alive(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    with server.connect() as runner, server.connect() as flooder, server.connect() as killer:
        killer.command("PING")
        words = ["EVAL", "local all = table.concat(ARGV) while true do end", "1", "held"] + ["x" * 100] * 50
        runner.send(encode(words))
        eventually_busy(flooder, "PING")
        requests = b"".join(encode(["SET", f"key:{number}", "x" * 3000]) for number in range(100))
        for _ in range(100):
            flooder.send(requests)
            replies = b""
            while replies.count(b"\n") < 100:
                replies += flooder.socket.recv(1 << 20)
            assert replies.count(b"-BUSY") == 100
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert killer.command("DBSIZE") == 0
        runner.send(encode(["EVAL", "return {KEYS[1], table.concat(ARGV)}", *words[2:]]))
        assert parse(runner.reply()) == [b"held", b"x" * 5000]


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_replies_that_a_client_does_not_read_wait(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    with server.connect() as runner, server.connect() as lazy, server.connect() as killer:
        killer.command("PING")
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(lazy, "PING")
        count = 200_000
        sender = threading.Thread(target=lambda: lazy.socket.sendall(encode(["PING"]) * count))
        sender.start()
        time.sleep(0.5)
        assert killer.command("SCRIPT", "KILL") == "OK"
        found = {b"PONG": 0, b"BUSY": 0}
        while sum(found.values()) < count:
            reply = lazy.reply()
            found[b"BUSY" if reply.startswith(b"-BUSY") else b"PONG"] += 1
        sender.join()
        assert found[b"BUSY"] > 100 and found[b"PONG"] > 100
        assert lazy.command("PING") == "PONG"
        assert b"Script killed by user" in runner.reply()


def test_a_client_that_goes_while_a_script_is_busy(start):
    server = start("apus", "--busy-reply-threshold", "50", threads=1)
    with server.connect() as runner, server.connect() as other:
        gone = [server.connect() for _ in range(20)]
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(other, "PING")
        for number, connection in enumerate(gone):
            connection.send(encode(["SET", f"last:{number}", "x" * (10 if number % 2 else 10_000)]))
            connection.close()
        assert str(outcome(other, "QUIT")) == "OK" and other.socket.recv(1) == b""
        with server.connect() as killer:
            assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        servers.until(lambda: runner.command("CLIENT", "LIST").count(b"id=") == 1)
        assert runner.command("DBSIZE") == 0


def test_new_connections_can_end_a_script_of_the_only_worker(start):
    server = start("apus", "--busy-reply-threshold", "50", "--requirepass", "secret", threads=1)
    holders = [server.connect() for _ in range(2)]
    results = []

    def run(connection, script):
        try:
            connection.command("AUTH", "secret")
            results.append(outcome(connection, "EVAL", script, "1", "held"))
        except Exception as error:
            results.append(error)

    running = [threading.Thread(target=run, args=(connection, f"local k = KEYS[1] {ENDLESS}")) for connection in holders]
    for thread in running:
        thread.start()
    time.sleep(0.4)
    with server.connect() as connection:
        assert str(outcome(connection, "SCRIPT", "KILL")).startswith("NOAUTH")
        assert connection.command("AUTH", "secret") == "OK"
        assert str(outcome(connection, "GET", "x")).startswith("BUSY")
        assert str(outcome(connection, "FUNCTION", "KILL")).startswith("BUSY")
        assert connection.line(b"PING").startswith(b"-BUSY")
        assert connection.command("SCRIPT", "KILL") == "OK"
    deadline = time.monotonic() + 20
    while len(results) < len(holders) and time.monotonic() < deadline:
        # One that the worker had taken before waits as the others do.
        with server.connect(timeout=0.5) as connection:
            try:
                connection.command("AUTH", "secret")
                outcome(connection, "SCRIPT", "KILL")
            except Exception:
                pass
        time.sleep(0.05)
    for thread in running:
        thread.join()
    assert len(results) == len(holders)
    assert all("killed" in str(result) or "BUSY" in str(result) for result in results), results
    with server.connect() as connection:
        connection.command("AUTH", "secret")
        assert connection.command("SET", "held", "1") == "OK"


# --- What redis-server replies, and so do we

def served(which, loop):
    return ["--event-loop", loop, "--threads", "1"] if which == "apus" else []


BUSY = "BUSY"
OUT = "EXECABORT Transaction discarded because of: BUSY"
# What a client does before the script is busy, what it does meanwhile, and how the replies begin.
TALKS = {
    "queued before": ([["MULTI"], ["SET", "queued", "1"]], [(["EXEC"], OUT), (["EXEC"], OUT), (["PING"], BUSY)]),
    "a queue goes on": ([["MULTI"]], [(["SET", "queued", "1"], BUSY), (["SCRIPT", "KILL"], "QUEUED"), (["EXEC"], OUT), (["GET", "x"], BUSY)]),
    "a queue is dropped": ([["MULTI"], ["SET", "queued", "1"]], [(["DISCARD"], "OK"), (["DISCARD"], "ERR DISCARD without MULTI"), (["GET", "x"], BUSY)]),
    "a queue begins": ([], [(["MULTI"], "OK"), (["MULTI"], "ERR MULTI calls"), (["FUNCTION", "STATS"], "QUEUED"), (["WATCH", "x"], "ERR WATCH inside"),
                            (["NOTHING"], "ERR unknown command"), (["EXEC"], OUT)]),
    "watching": ([["WATCH", "x"]], [(["UNWATCH"], "OK"), (["WATCH", "held", "y", "z"], "OK"), (["EXEC"], OUT), (["RESET"], "RESET")]),
    "subscribed": ([["SUBSCRIBE", "channel"]], [(["PING"], BUSY), (["SUBSCRIBE", "other"], BUSY), (["UNSUBSCRIBE"], BUSY),
                                                (["GET", "x"], "ERR Can't execute 'get'"), (["QUIT"], "OK")]),
    "subscribed in RESP3": ([["HELLO", "3"], ["SUBSCRIBE", "channel"]], [(["PING"], BUSY), (["GET", "x"], BUSY), (["UNSUBSCRIBE"], BUSY), (["RESET"], "RESET")]),
    "not commands": ([], [(["NOTHING", "here"], "ERR unknown command 'NOTHING'"), (["GET"], "ERR wrong number"), (["SCRIPT", "NONE"], "ERR unknown subcommand"),
                          (["AUTH", "wrong"], "ERR AUTH"), (["SHUTDOWN", "SAVE"], BUSY), (["CLIENT", "ID"], BUSY)]),
    "large": ([], [(["SET", "large", "x" * 100_000], BUSY), (["MSET"] + ["a"] * 200, BUSY), (["PING", "x" * 5000], BUSY)]),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_clients_are_replied_to_as_by_redis(start, which, loop):
    if which == "oracle" and loop != LOOPS[0]:
        pytest.skip("it has no such option")
    server = start(which, "--busy-reply-threshold", "50", *served(which, loop))
    clients = {name: server.connect() for name in TALKS}
    with server.connect() as runner, server.connect() as killer:
        for name, (before, _) in TALKS.items():
            for words in before:
                clients[name].command(*words)
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(killer, "PING")
        for name, (_, meanwhile) in TALKS.items():
            for words, wanted in meanwhile:
                reply = outcome(clients[name], *words)
                text = reply.decode() if isinstance(reply, bytes) else str(reply)
                assert text.startswith(wanted), (name, words, text)
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert killer.command("EXISTS", "queued", "a", "large") == 0
        for name in ("queued before", "watching", "large", "a queue is dropped"):
            assert clients[name].command("PING") == "PONG"
        killer.command("SET", "y", "changed")
    for connection in clients.values():
        connection.close()


@pytest.mark.parametrize("loop", LOOPS)
def test_keys_watched_while_a_script_is_busy(start, which, loop):
    if which == "oracle" and loop != LOOPS[0]:
        pytest.skip("it has no such option")
    server = start(which, "--busy-reply-threshold", "50", *served(which, loop))
    with server.connect() as runner, server.connect() as killer, server.connect() as watcher, server.connect() as silent:
        silent.send(encode(["CLIENT", "REPLY", "OFF"]))
        servers.until(lambda: b"cmd=client|reply" in killer.command("CLIENT", "LIST"))
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(killer, "PING")
        silent.send(encode(["GET", "held"]) + encode(["CLIENT", "REPLY", "ON"]))
        assert watcher.command("WATCH", "held", "other") == "OK"
        for _ in range(20):
            assert str(outcome(killer, "PING")).startswith("BUSY")
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert killer.command("SET", "other", "1") == "OK"
        watcher.command("MULTI")
        watcher.command("SET", "held", "1")
        assert watcher.command("EXEC") is None
        # Only what came after the script has a reply.
        silent.send(encode(["CLIENT", "REPLY", "ON"]))
        assert silent.reply() == b"+OK\r\n"
        assert silent.command("PING") == "PONG"


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_client_can_end_a_script(start, loop, threads):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=threads)
    clients = [server.connect() for _ in range(12)]
    for number, connection in enumerate(clients):
        if number % 4 == 1:
            connection.command("SUBSCRIBE", "channel")
        elif number % 4 == 2:
            connection.command("MULTI")
        elif number % 4 == 3:
            connection.command("HELLO", "3")
            connection.command("SUBSCRIBE", "channel")
    with server.connect() as runner:
        for number, connection in enumerate(clients):
            # All partitions: no worker can serve anything.
            runner.send(encode(["EVAL", ENDLESS, "0"]))
            servers.until(lambda: b"BUSY" in clients[0].raw("GET", "x") if number % 4 else b"BUSY" in connection.raw("GET", "x"))
            if number % 4 == 2:
                connection.command("DISCARD")
            elif number % 4 == 1:
                assert b"Can't execute" in connection.raw("SCRIPT", "KILL")
                connection.command("RESET")
            assert connection.command("SCRIPT", "KILL") == "OK"
            assert b"Script killed by user" in runner.reply()
    for connection in clients:
        connection.close()


@pytest.mark.parametrize("loop", LOOPS)
def test_clients_over_tls_of_the_worker_that_runs_the_script(start, which, certificates, loop):  # noqa: F811
    if which == "oracle" and loop != LOOPS[0]:
        pytest.skip("it has no such option")
    port = servers.free_port()
    server = start(which, *options_for(certificates, port), "--busy-reply-threshold", "50", *served(which, loop))
    server.tls_port = port
    context = trusting(certificates)
    with server.connect() as runner, Secure(server, context) as other, Secure(server, context) as late:
        assert other.command("PING") == "PONG"
        late.send(encode(["SET", "cut", "x" * 50_000])[:30_000])
        for _ in range(2):
            runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
            eventually_busy(other, "PING")
            assert [reply[:5] for reply in other.pipeline([["SET", "large", "x" * 100_000], ["GET", "held"]])] == [b"-BUSY"] * 2
            with Secure(server, context) as new:
                assert str(outcome(new, "PING")).startswith("BUSY")
            late.send(encode(["SET", "cut", "x" * 50_000])[30_000:])
            assert late.reply().startswith(b"-BUSY")
            late.send(encode(["SET", "cut", "x" * 50_000])[:30_000])
            assert other.command("SCRIPT", "KILL") == "OK"
            assert b"Script killed by user" in runner.reply()
        late.send(encode(["SET", "cut", "x" * 50_000])[30_000:])
        assert late.reply() == b"+OK\r\n" and other.command("STRLEN", "cut") == 50_000
