"""HOTKEYS of Redis 8.6: which keys cost the most."""

import time

import pytest

from resp import ReplyError, parse


def ask(connection, *words):
    value = parse(connection.raw(*words))
    return str(value) if isinstance(value, ReplyError) else value


def found(connection):
    pairs = ask(connection, "HOTKEYS", "GET")
    return {pairs[i].decode(): pairs[i + 1] for i in range(0, len(pairs), 2)}


@pytest.mark.parametrize("threads", [1, 4])
def test_the_keys_that_cost_the_most_are_found(start, threads):
    server = start("apus", threads=threads)
    with server.connect() as admin, server.connect() as other:
        assert ask(admin, "HOTKEYS", "GET") is None and ask(admin, "HOTKEYS", "STOP") is None
        assert ask(admin, "HOTKEYS", "START", "METRICS", "2", "CPU", "NET", "COUNT", "2") == "OK"
        for client in (admin, other):
            client.pipeline([["SET", "large", "x" * 1000]] * 50 + [["GET", "large"]] * 50)
            client.pipeline([["INCR", "n"]] * 200)
            client.pipeline([["SET", f"k{number}", "x"] for number in range(100)])
        assert ask(admin, "HOTKEYS", "START", "METRICS", "1", "CPU").startswith("ERR")
        assert ask(admin, "HOTKEYS", "RESET").startswith("ERR")
        assert ask(admin, "HOTKEYS", "STOP") == "OK"
        told = found(admin)
        assert told["tracking-active"] == 0 and told["sample-ratio"] == 1 and told["selected-slots"] == []
        assert told["by-net-bytes"][0] == b"large" and told["by-net-bytes"][2] == b"n"
        assert 200000 < told["by-net-bytes"][1] <= told["net-bytes-all-commands-all-slots"]
        assert len(told["by-cpu-time-us"]) == 4
        assert told["collection-duration-ms"] >= 0 and told["total-cpu-time-user-ms"] >= 0
        other.pipeline([["SET", "late", "x" * 100000]] * 10)
        assert found(admin)["by-net-bytes"] == told["by-net-bytes"], "nobody watches any more"
        assert ask(admin, "HOTKEYS", "RESET") == "OK" and ask(admin, "HOTKEYS", "GET") is None


def test_watching_ends_by_itself(start):
    with start("apus").connect() as client:
        assert ask(client, "HOTKEYS", "START", "METRICS", "1", "NET", "DURATION", "1", "SAMPLE", "2") == "OK"
        assert found(client)["tracking-active"] == 1
        deadline = time.monotonic() + 5
        while found(client)["tracking-active"] and time.monotonic() < deadline:
            time.sleep(0.1)
        told = found(client)
        assert told["tracking-active"] == 0 and 1000 <= told["collection-duration-ms"] < 4000
        assert "by-cpu-time-us" not in told and told["sample-ratio"] == 2


@pytest.mark.parametrize("words, reply", [
    ("", "ERR METRICS must name as many metrics, CPU or NET, as it says"),
    ("METRICS 2 CPU", "ERR METRICS must name as many metrics, CPU or NET, as it says"),
    ("METRICS 1 CPU NET", "ERR METRICS must name as many metrics, CPU or NET, as it says"),
    ("CPU METRICS 1", "ERR syntax error"), ("METRICS x CPU", "ERR value is not an integer or out of range"),
    ("METRICS 1 CPU COUNT 0", "ERR value is out of range"), ("METRICS 1 CPU SAMPLE 0", "ERR value is out of range"),
    ("METRICS 1 CPU SLOTS 1 5", "ERR SLOTS cannot be used when not in cluster mode"),
    ("METRICS 1 CPU FOO", "ERR syntax error"),
])
def test_bad_words_are_refused(start, words, reply):
    with start("apus").connect() as client:
        assert ask(client, "HOTKEYS", "START", *words.split()) == reply
        assert ask(client, "HOTKEYS", "GET") is None
