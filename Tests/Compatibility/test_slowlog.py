"""SLOWLOG and COMMANDLOG: commands that took long, or were or replied much."""

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
        connection.server = server
        yield connection


def entries(connection, *words):
    return ask(connection, "SLOWLOG", "GET", *words)


def test_a_slow_command_is_kept_with_what_tells_it_apart(client):
    ask(client, "CLIENT", "SETNAME", "me")
    assert ask(client, "SLOWLOG", "LEN") == 0
    ask(client, "DEBUG", "SLEEP", "0.02")
    ask(client, "SET", "fast", "x")
    assert ask(client, "SLOWLOG", "LEN") == 1
    (number, moment, micros, words, address, name), = entries(client)
    assert words == [b"DEBUG", b"SLEEP", b"0.02"] and name == b"me"
    assert address == b"%s:%d" % (client.socket.getsockname()[0].encode(), client.socket.getsockname()[1])
    assert 20000 <= micros < 2000000 and abs(moment - time.time()) < 60
    ask(client, "DEBUG", "SLEEP", "0.011")
    assert [entry[0] for entry in entries(client)] == [number + 1, number]
    assert ask(client, "SLOWLOG", "RESET") == "OK" and entries(client) == []
    ask(client, "DEBUG", "SLEEP", "0.011")
    assert entries(client)[0][0] == number + 2, "numbers are not given again"


def test_a_threshold_of_nothing_keeps_all_and_a_negative_one_none(client):
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "0")
    ask(client, "SLOWLOG", "RESET")
    for words in (["SET", "k", "v"], ["GET", "k"], ["INCR", "k"], ["NOSUCH"], ["GET"]):
        client.raw(*words)
    assert [entry[3][0] for entry in entries(client)][:3] == [b"INCR", b"GET", b"SET"]
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "-1")
    ask(client, "SLOWLOG", "RESET")
    ask(client, "DEBUG", "SLEEP", "0.03")
    assert ask(client, "SLOWLOG", "LEN") == 0


def test_few_words_are_kept_and_little_of_each(client):
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "0")
    for words, last in ((32, b"30"), (33, b"... (2 more arguments)"), (100, b"... (69 more arguments)")):
        client.raw("MGET", *map(str, range(words - 1)))
        kept = entries(client, "1")[0][3]
        assert len(kept) == 32 and kept[-1] == last and kept[1] == b"0"
    for length in (128, 129, 100000):
        client.raw("SET", "k", "x" * length)
        kept = entries(client, "1")[0][3][2]
        assert kept == b"x" * 128 + (b"" if length == 128 else b"... (%d more bytes)" % (length - 128))


def test_secrets_are_not_kept(client):
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "0")
    hidden = b"(redacted)"
    for words, kept in (
        (["AUTH", "secret"], [b"AUTH", hidden]),
        (["AUTH", "amy", "secret"], [b"AUTH", hidden, hidden]),
        (["HELLO", "2", "AUTH", "amy", "secret"], [b"HELLO", b"2", b"AUTH", hidden, hidden]),
        (["ACL", "SETUSER", "amy", ">secret"], [b"ACL", b"SETUSER", hidden, hidden]),
        (["CONFIG", "SET", "masterauth", "secret", "timeout", "0"],
         [b"CONFIG", b"SET", b"masterauth", hidden, b"timeout", b"0"]),
        (["CONFIG", "SET", "RequirePass", ""], [b"CONFIG", b"SET", b"RequirePass", hidden]),
    ):
        client.raw(*words)
        assert entries(client, "1")[0][3] == kept


def test_no_more_is_kept_than_allowed(client):
    ask(client, "CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "3")
    for number in range(200):
        client.raw("GET", str(number))
    assert ask(client, "SLOWLOG", "LEN") == 3
    ask(client, "CONFIG", "SET", "slowlog-max-len", "100")
    for number in range(30):
        client.raw("GET", str(number))
    assert len(entries(client)) == 10 and len(entries(client, "5")) == 5 and len(entries(client, "-1")) > 30
    assert entries(client, "0") == []


@pytest.mark.parametrize("words, reply", [
    ("GET x", "ERR count should be greater than or equal to -1"), ("GET -2", "ERR count should be greater than or equal to -1"),
    ("GET 1 2", "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."),
    ("LEN x", "ERR wrong number of arguments for 'slowlog|len' command"), ("", "ERR wrong number of arguments for 'slowlog' command"),
])
def test_bad_words_are_refused(client, words, reply):
    assert ask(client, "SLOWLOG", *words.split()) == reply


def test_commandlog_tells_the_slow_ones_too_and_large_ones(start):
    """Of Valkey 8.1."""
    server = start("apus", "--enable-debug-command", "yes", threads=2)
    with server.connect() as client:
        ask(client, "DEBUG", "SLEEP", "0.02")
        assert ask(client, "COMMANDLOG", "LEN", "slow") == 1
        assert ask(client, "COMMANDLOG", "GET", "-1", "Slow") == entries(client)
        client.raw("SET", "k", "x" * 300000)
        client.raw("GET", "k")
        assert ask(client, "COMMANDLOG", "LEN", "large-request") == 0, "nobody has asked for it"
        ask(client, "CONFIG", "SET", "commandlog-request-larger-than", "1000", "commandlog-reply-larger-than", "1000")
        with server.connect() as other:
            for length in (900, 2000, 300000):
                other.raw("SET", "k", "x" * length)
                other.raw("GET", "k")
            other.raw("MGET", *["none"] * 500)
        large = ask(client, "COMMANDLOG", "GET", "10", "large-request")
        assert [entry[3][0] for entry in large] == [b"MGET", b"SET", b"SET"]
        assert 300000 <= large[1][2] < 300200 and large[1][3][2].endswith(b"more bytes)")
        replies = ask(client, "COMMANDLOG", "GET", "10", "large-reply")
        assert [(entry[3][0], entry[2]) for entry in replies][-2:] == [(b"GET", 300011), (b"GET", 2009)]
        assert ask(client, "COMMANDLOG", "RESET", "large-request") == "OK"
        assert ask(client, "COMMANDLOG", "LEN", "large-request") == 0
        assert ask(client, "COMMANDLOG", "LEN", "large-reply") >= 2
        assert ask(client, "COMMANDLOG", "LEN", "x") == \
            "ERR type should be one of the following: slow, large-request, large-reply"
        assert ask(client, "CONFIG", "GET", "commandlog-execution-slower-than")[1] == b"10000"
