"""LATENCY: events that took long, and what is made of them."""

import re
import time

import pytest

from resp import ReplyError, parse


def ask(connection, *words):
    value = parse(connection.raw(*words))
    return str(value) if isinstance(value, ReplyError) else value


@pytest.fixture
def client(start, which):
    server = start(which, "--enable-debug-command", "yes", threads=2)
    with server.connect() as connection:
        yield connection


def test_nothing_is_noted_until_it_is_asked_for(client):
    ask(client, "DEBUG", "SLEEP", "0.03")
    assert ask(client, "LATENCY", "LATEST") == []
    assert b"Latency monitoring is disabled" in ask(client, "LATENCY", "DOCTOR")
    ask(client, "CONFIG", "SET", "latency-monitor-threshold", "10")
    assert b"no latency spike was observed" in ask(client, "LATENCY", "DOCTOR")
    assert ask(client, "LATENCY", "HISTORY", "command") == []
    assert ask(client, "LATENCY", "GRAPH", "command") == "ERR No samples available for event 'command'"
    assert ask(client, "LATENCY", "GRAPH", "nope") == "ERR No samples available for event 'nope'"
    assert ask(client, "LATENCY", "RESET") == 0


def test_long_commands_are_noted_once_a_second(client):
    ask(client, "CONFIG", "SET", "latency-monitor-threshold", "10")
    begin = int(time.time())
    for seconds in ("0.03", "0.05", "0.02"):
        ask(client, "DEBUG", "SLEEP", seconds)
    (name, moment, latest, longest), = ask(client, "LATENCY", "LATEST")
    assert name == b"command" and begin <= moment <= time.time() and 50 <= longest < 1000 and 20 <= latest <= longest
    history = ask(client, "LATENCY", "HISTORY", "command")
    assert 1 <= len(history) <= 2 and max(sample[1] for sample in history) == longest
    assert [sample[0] for sample in history] == sorted({sample[0] for sample in history})
    assert ask(client, "LATENCY", "RESET", "nope") == 0
    assert ask(client, "LATENCY", "RESET", "command", "fast-command") == 1
    assert ask(client, "LATENCY", "LATEST") == []


def test_samples_are_drawn_and_judged(client):
    ask(client, "CONFIG", "SET", "latency-monitor-threshold", "10")
    ask(client, "DEBUG", "SLEEP", "0.05")
    graph = ask(client, "LATENCY", "GRAPH", "command").decode()
    lines = graph.split("\n")
    assert re.fullmatch(r"command - high \d+ ms, low \d+ ms \(all time high \d+ ms\)", lines[0])
    assert lines[1] == "-" * 80 and lines[2:6] == [" ", " ", " ", "_"] and lines[6] == " "
    assert "".join(lines[7:]).endswith("s")
    report = ask(client, "LATENCY", "DOCTOR").decode()
    assert re.search(
        r"1\. command: 1 latency spikes \(average \d+ms, mean deviation 0ms, period \d+\.\d\d sec\)\. "
        r"Worst all time event \d+ms\.", report)
    assert "- Check your Slow Log to understand" in report and "- Deleting, expiring or evicting" in report
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "-1")
    assert "enable the Slow Log" in ask(client, "LATENCY", "DOCTOR").decode()


def test_a_fast_command_that_is_not_has_an_event_of_its_own(start):
    with start("apus").connect() as client:
        ask(client, "CONFIG", "SET", "latency-monitor-threshold", "1")
        words = ["HSET", "k"] + ["x" * 20 + str(number // 2) for number in range(200000)]
        client.raw(*words)
        # Slow upkeep may have left an event of its own.
        events = [event[0] for event in ask(client, "LATENCY", "LATEST")]
        assert b"fast-command" in events and b"command" not in events
