"""MONITOR: a line for every command, on redis-server and on Apus."""

import re
import threading
import time

import pytest

from resp import encode, parse

LINE = re.compile(rb'^\+(\d+\.\d{6}) \[(\d+) ([^\]]*)\] (.*)\r\n$', re.S)


def monitor(place, protocol=2):
    connection = place.connect(protocol=protocol)
    assert connection.raw("MONITOR") == b"+OK\r\n"
    return connection


def lines(watcher, place):
    """The commands seen since last asked, with their databases."""
    found = []
    with place.connect() as marker:
        marker.raw("ECHO", "that is all")
        while True:
            match = LINE.match(watcher.reply())
            if match.group(4) == b'"ECHO" "that is all"':
                return found
            found.append((int(match.group(2)), match.group(4)))


@pytest.mark.parametrize("protocol", [2, 3])
def test_lines(place, protocol):
    watcher = monitor(place, protocol)
    with place.connect() as client:
        before = time.time()
        client.raw("SET", "a", b"b\x00\xff\n\r\t\a\b\"\\' \x7f~")
        match = LINE.match(watcher.reply())
        assert before - 0.01 <= float(match.group(1)) <= time.time() + 0.01
        assert match.group(3).decode() == "127.0.0.1:%d" % client.socket.getsockname()[1]
        assert match.group(4) == rb'''"SET" "a" "b\x00\xff\n\r\t\a\b\"\\' \x7f~"'''
        for words in (["select", "3"], ["GET", "a"], ["LPUSH", "a", "x"], ["Client", "SetName", "z"], ["COMMAND", "COUNT"]):
            client.raw(*words)
        client.raw("SET", "a", "1")
        client.raw("LPUSH", "a", "x")
    assert lines(watcher, place) == [
        (3, b'"select" "3"'), (3, b'"GET" "a"'), (3, b'"LPUSH" "a" "x"'), (3, b'"Client" "SetName" "z"'), (3, b'"COMMAND" "COUNT"'),
        (3, b'"SET" "a" "1"'), (3, b'"LPUSH" "a" "x"')]
    watcher.close()


def test_what_is_not_shown(place):
    watcher = monitor(place)
    with place.connect() as client:
        for words in (["CONFIG", "GET", "x"], ["CLIENT", "LIST"], ["DEBUG", "SLEEP", "0"], ["NOSUCH", "a"], ["GET"], ["MONITOR", "x"],
                      ["AUTH", "secret"], ["AUTH", "default", "secret"], ["HELLO", "2", "AUTH", "default", "xx", "SETNAME", "foo"],
                      ["HELLO", "2", "SETNAME", "AUTH"]):
            client.raw(*words)
    assert lines(watcher, place) == [
        (0, b'"AUTH" "(redacted)"'), (0, b'"AUTH" "(redacted)" "(redacted)"'),
        (0, b'"HELLO" "2" "AUTH" "(redacted)" "(redacted)" "SETNAME" "foo"'), (0, b'"HELLO" "2" "SETNAME" "AUTH"')]
    watcher.close()


def test_one_sees_ones_own_commands_behind_their_replies(place):
    watcher = monitor(place)
    watcher.send(encode(["PING"]) + encode(["ECHO", "x"]))
    replies = [watcher.reply() for _ in range(4)]
    assert replies[0] == b"+PONG\r\n" and LINE.match(replies[1]).group(4) == b'"PING"'
    assert replies[2] == b"$1\r\nx\r\n" and LINE.match(replies[3]).group(4) == b'"ECHO" "x"'
    watcher.close()


def test_reset_ends_it(place):
    watcher = monitor(place)
    with place.connect() as client:
        number = watcher.command("CLIENT", "ID")
        assert f"id={number} " in client.command("CLIENT", "LIST").decode()
        assert re.search(rf"id={number} .* flags=O ", client.command("CLIENT", "LIST").decode())
        watcher.reply()  # the line of CLIENT ID
        watcher.send(encode(["RESET"]))
        assert watcher.reply() == b"+RESET\r\n"
        client.raw("SET", "a", "1")
        assert watcher.raw("PING") == b"+PONG\r\n"
        assert re.search(rf"id={number} .* flags=N ", client.command("CLIENT", "LIST").decode())
    watcher.close()


def test_a_command_that_blocks_is_seen_once(place):
    watcher = monitor(place)
    with place.connect() as client, place.connect() as other:
        client.send(encode(["BLPOP", "empty", "10"]))
        assert LINE.match(watcher.reply()).group(4) == b'"BLPOP" "empty" "10"'
        other.raw("RPUSH", "empty", "x")
        assert parse(client.reply()) == [b"empty", b"x"]
    assert lines(watcher, place) == [(0, b'"RPUSH" "empty" "x"')]
    watcher.close()


def test_a_second_monitor_says_nothing(place):
    watcher = monitor(place)
    watcher.send(encode(["MONITOR"]) + encode(["PING"]))
    assert watcher.reply() == b"+PONG\r\n"
    watcher.close()


def test_all_clients_of_all_workers_are_seen(place):
    watchers = [monitor(place, 2 + i % 2) for i in range(4)]
    clients = [place.connect() for _ in range(8)]

    def work(i):
        for j in range(0, 200, 20):
            clients[i].pipeline([["SET", f"k{i}", str(j + k)] for k in range(20)])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for watcher in watchers:
        seen = [line for _, line in lines(watcher, place) if line.startswith(b'"SET"')]
        assert len(seen) == 1600
        for i in range(8):
            own = [line for line in seen if line.split()[1] == b'"k%d"' % i]
            assert own == [b'"SET" "k%d" "%d"' % (i, j) for j in range(200)]
    for connection in watchers + clients:
        connection.close()


def test_a_monitor_that_does_not_read_is_cut_off(place):
    with place.connect() as client:
        client.raw("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0")
        watcher = monitor(place)
        number = None
        listed = client.command("CLIENT", "LIST").decode()
        number = re.search(r"id=(\d+) .* flags=O ", listed).group(1)
        value = "x" * 100_000
        for _ in range(200):
            client.raw("SET", "a", value)
        deadline = time.monotonic() + 10
        while f"id={number} " in client.command("CLIENT", "LIST").decode():
            assert time.monotonic() < deadline
            client.raw("SET", "a", value)
        client.raw("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        watcher.close()


def test_a_transaction_is_shown_as_it_runs(start, which):
    server = start(which)
    with server.connect() as watcher, server.connect() as client:
        assert watcher.raw("MONITOR") == b"+OK\r\n"
        client.pipeline([["MULTI"], ["SET", "a", "1"], ["GET", "a"], ["EXEC"]])
        lines = [watcher.reply().decode().split("] ", 1)[1].strip() for _ in range(4)]
        assert lines == ['"MULTI"', '"SET" "a" "1"', '"GET" "a"', '"EXEC"']
