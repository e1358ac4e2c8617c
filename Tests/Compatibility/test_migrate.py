"""MIGRATE: keys move between servers, ours and Redis', in both directions."""

import threading
import time

import pytest

from resp import parse
from servers import free_port
from test_dump import VALUES

DEBUG = ("--enable-debug-command", "yes")


@pytest.fixture(params=[("apus", "oracle"), ("oracle", "apus"), ("apus", "apus")], ids="-".join)
def pair(start, request):
    """The server that keys leave, and the one where they arrive."""
    source, target = request.param
    return start(source, *DEBUG, threads=2), start(target, *DEBUG, threads=4)


def test_every_type_arrives_as_it_was(pair):
    source, target = pair
    with source.connect() as here, target.connect() as there:
        for name, commands in VALUES.items():
            here.raw("DEL", "k")
            here.pipeline(commands)
            here.raw("RENAME", "k", name)
        here.raw("PEXPIREAT", next(iter(VALUES)), 33177117420000)
        names = [name for name in VALUES if here.raw("EXISTS", name) == b":1\r\n"]
        digest = parse(here.raw("DEBUG", "DIGEST-VALUE", *names))
        for name in names:
            assert here.raw("MIGRATE", "127.0.0.1", target.port, name, 0, 5000) == b"+OK\r\n", name
        assert here.raw("DBSIZE") == b":0\r\n"
        assert parse(there.raw("DEBUG", "DIGEST-VALUE", *names)) == digest
        assert abs(parse(there.raw("PEXPIRETIME", names[0])) - 33177117420000) < 5000


def test_options(pair):
    source, target = pair
    with source.connect() as here, target.connect() as there:
        where = ("127.0.0.1", target.port)
        here.pipeline([["SET", f"k{n}", n] for n in range(10)])
        assert here.raw("MIGRATE", *where, "absent", 0, 1000) == b"+NOKEY\r\n"
        assert here.raw("MIGRATE", *where, "", 0, 1000, "KEYS", "absent", "too") == b"+NOKEY\r\n"
        assert here.raw("MIGRATE", *where, "k0", 3, 1000, "COPY") == b"+OK\r\n"
        assert here.raw("GET", "k0") == b"$1\r\n0\r\n"
        reply = b"-ERR Target instance replied with error: BUSYKEY Target key name already exists.\r\n"
        assert here.raw("MIGRATE", *where, "k0", 3, 1000) == reply
        assert here.raw("EXISTS", "k0") == b":1\r\n"
        assert here.raw("MIGRATE", *where, "k0", 3, 1000, "COPY", "REPLACE") == b"+OK\r\n"
        # Those that arrive are gone here, the others stay.
        assert here.raw("MIGRATE", *where, "", 3, 1000, "KEYS", "k0", "k1", "none", "k2") == reply
        assert here.raw("EXISTS", "k0", "k1", "k2") == b":1\r\n"
        there.raw("SELECT", 3)
        assert parse(there.raw("MGET", "k0", "k1", "k2")) == [b"0", b"1", b"2"]
        assert here.raw("MIGRATE", *where, "k3", 99, 1000).startswith(b"-ERR Target instance replied with error: ERR")
        assert here.raw("EXISTS", "k3") == b":1\r\n"
        assert here.raw("MULTI") == b"+OK\r\n"
        assert here.raw("MIGRATE", *where, "k4", 3, 1000) == b"+QUEUED\r\n"
        assert here.raw("EXEC") == b"*1\r\n+OK\r\n"
        assert here.raw("EXISTS", "k4") == b":0\r\n" and there.raw("EXISTS", "k4") == b":1\r\n"


def test_errors(start, which):
    server = start(which, *DEBUG)
    with server.connect() as client:
        client.raw("SET", "k", "v")
        port = free_port()
        for words, reply in [
                (("127.0.0.1", port, "k", 0, 200), b"-IOERR error or timeout writing to target instance\r\n"),
                (("127.0.0.1", port, "k", "x", 200), b"-ERR value is not an integer or out of range\r\n"),
                (("127.0.0.1", port, "k", 0, "x"), b"-ERR value is not an integer or out of range\r\n"),
                (("127.0.0.1", port, "k", 0, 200, "ZORK"), b"-ERR syntax error\r\n"),
                (("127.0.0.1", port, "k", 0, 200, "AUTH"), b"-ERR syntax error\r\n"),
                (("127.0.0.1", port, "k", 0, 200, "AUTH2", "a"), b"-ERR syntax error\r\n"),
                (("127.0.0.1", port, "k", 0, 200, "KEYS", "k"),
                 b"-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string\r\n")]:
            assert client.raw("MIGRATE", *words) == reply, words
        assert client.raw("GET", "k") == b"$1\r\nv\r\n"


def test_passwords(start, which):
    source = start("apus", *DEBUG)
    target = start(which, "--requirepass", "secret")
    with source.connect() as here, target.connect() as there:
        there.raw("AUTH", "secret")
        where = ("127.0.0.1", target.port)
        here.pipeline([["SET", f"k{n}", n] for n in range(4)])
        denied = b"-ERR Target instance replied with error: NOAUTH Authentication required.\r\n"
        assert here.raw("MIGRATE", *where, "k0", 0, 1000) == denied
        assert here.raw("MIGRATE", *where, "k0", 0, 1000, "AUTH", "secret") == b"+OK\r\n"
        assert here.raw("MIGRATE", *where, "k1", 0, 1000, "AUTH2", "default", "secret") == b"+OK\r\n"
        # The connection that has logged in is of no use to who does not know the password.
        assert here.raw("MIGRATE", *where, "k2", 0, 1000) == denied
        assert here.raw("MIGRATE", *where, "k2", 0, 1000, "AUTH", "wrong").startswith(
            b"-ERR Target instance replied with error: WRONGPASS")
        assert here.raw("EXISTS", "k0", "k1", "k2") == b":1\r\n"


@pytest.mark.parametrize("threads", [1, 4])
def test_nobody_waits_for_a_slow_target(start, threads):
    source = start("apus", *DEBUG, threads=threads)
    target = start("oracle", *DEBUG)
    with source.connect() as here, source.connect() as other, target.connect() as there:
        here.raw("SET", "k", "first")
        assert here.raw("MIGRATE", "127.0.0.1", target.port, "k", 0, 1000, "COPY") == b"+OK\r\n"
        sleeper = threading.Thread(target=lambda: there.raw("DEBUG", "SLEEP", "0.6"))
        sleeper.start()
        time.sleep(0.1)
        answers = []
        mover = threading.Thread(target=lambda: answers.append(
            here.raw("MIGRATE", "127.0.0.1", target.port, "k", 0, 5000, "REPLACE")))
        mover.start()
        time.sleep(0.1)
        begin = time.monotonic()
        for number in range(100):
            assert other.raw("SET", "k", f"value-{number}") == b"+OK\r\n"
        assert time.monotonic() - begin < 0.3 and not answers
        mover.join()
        sleeper.join()
        # What was written meanwhile has moved, too.
        assert answers == [b"+OK\r\n"]
        assert other.raw("EXISTS", "k") == b":0\r\n"
        assert there.raw("GET", "k") == b"$8\r\nvalue-99\r\n"


def test_a_target_that_does_not_answer(start):
    source = start("apus", *DEBUG)
    target = start("oracle", *DEBUG)
    with source.connect() as here, target.connect() as there:
        here.raw("SET", "k", "v")
        assert here.raw("MIGRATE", "127.0.0.1", target.port, "k", 0, 300, "COPY") == b"+OK\r\n"
        sleeper = threading.Thread(target=lambda: there.raw("DEBUG", "SLEEP", "1"))
        sleeper.start()
        time.sleep(0.1)
        reply = here.raw("MIGRATE", "127.0.0.1", target.port, "k", 0, 100, "REPLACE")
        assert reply.startswith(b"-IOERR error or timeout reading from target instance")
        assert here.raw("GET", "k") == b"$1\r\nv\r\n"
        sleeper.join()


def test_the_move_is_a_deletion_for_who_watches(start):
    source = start("apus", *DEBUG, "--notify-keyspace-events", "KA")
    target = start("oracle", *DEBUG)
    with source.connect() as here, source.connect() as watcher:
        here.raw("SET", "k", "v")
        watcher.raw("WATCH", "k")
        assert here.raw("MIGRATE", "127.0.0.1", target.port, "k", 0, 1000) == b"+OK\r\n"
        watcher.raw("MULTI")
        watcher.raw("PING")
        assert watcher.raw("EXEC") == b"*-1\r\n"


def test_the_password_is_not_in_the_slow_log(start):
    server = start("apus", "--slowlog-log-slower-than", "0")
    with server.connect() as client:
        client.raw("SET", "k", "v")
        client.raw("MIGRATE", "127.0.0.1", free_port(), "k", 0, 100, "COPY", "AUTH2", "user", "hunter2", "KEYS")
        client.raw("MIGRATE", "127.0.0.1", free_port(), "k", 0, 100, "AUTH", "hunter2")
        assert b"hunter2" not in client.raw("SLOWLOG", "GET", "10")
