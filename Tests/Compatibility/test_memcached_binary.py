"""memcached's binary protocol: the same requests to memcached and to Apus, and what they share."""

import os
import pathlib
import struct

import pytest

import memcache
from memcache import Binary, Raw, apus, arithmetic, binary, oracle_port, storage  # noqa: F401

pytestmark = memcache.NEEDED

MAX = 0xFFFFFFFF
TIME = struct.pack("!I", 100)
LONG, TOO_LONG = b"k" * 250, b"k" * 251


def normal(replies):
    """Replies in which the versions of items are all the same."""
    return [reply if reply == "closed" else reply._replace(cas=min(reply.cas, 1))
            for reply in replies]


CASES = {
    "get": storage("set", b"a", b"xyz", flags=7) + binary("get", b"a") + binary("getk", b"a")
    + binary("getq", b"a", opaque=b"abcd") + binary("getkq", b"a"),
    "get what is not there": binary("get", b"nope") + binary("getk", b"nope")
    + binary("getq", b"nope") + binary("getkq", b"nope"),
    "quiet success": storage("setq", b"a", b"1") + storage("addq", b"n", b"1")
    + storage("replaceq", b"a", b"2") + binary("appendq", b"a", b"3") + binary("prependq", b"a", b"1")
    + arithmetic("incrq", b"a", 5) + arithmetic("decrq", b"a", 1) + binary("get", b"a")
    + binary("deleteq", b"a") + binary("get", b"a"),
    "quiet failure": storage("setq", b"a", b"x") + storage("addq", b"a", b"1")
    + storage("replaceq", b"nope", b"1") + binary("deleteq", b"nope")
    + arithmetic("incrq", b"nope", 1, exptime=MAX) + arithmetic("decrq", b"nope", exptime=MAX)
    + binary("appendq", b"nope", b"x") + binary("prependq", b"nope", b"x")
    + arithmetic("incrq", b"a") + storage("setq", b"a", b"1", cas=1234),
    "storing": storage("add", b"a", b"1") + storage("add", b"a", b"2")
    + storage("replace", b"nope", b"1") + storage("replace", b"a", b"3", flags=MAX)
    + binary("get", b"a") + binary("append", b"a", b"4") + binary("prepend", b"a", b"2")
    + binary("get", b"a") + binary("append", b"nope", b"x") + binary("prepend", b"nope", b"x")
    + storage("set", b"a", b"") + binary("get", b"a"),
    "other versions": storage("set", b"a", b"1") + storage("set", b"a", b"1", cas=1 << 63)
    + storage("set", b"nope", b"1", cas=1234) + storage("add", b"nope", b"1", cas=1234)
    + storage("add", b"a", b"1", cas=1234) + storage("replace", b"nope", b"1", cas=5)
    + binary("append", b"a", b"x", cas=1 << 63) + binary("append", b"nope", b"x", cas=1)
    + binary("delete", b"a", cas=1 << 63) + arithmetic("incr", b"a", cas=1 << 63)
    + binary("get", b"a", cas=1 << 63),
    "delete": storage("set", b"a", b"1") + binary("delete", b"a") + binary("delete", b"a"),
    "counting": storage("set", b"n", b"10", flags=3) + arithmetic("incr", b"n", 5)
    + arithmetic("decr", b"n", 100) + binary("get", b"n") + arithmetic("incr", b"z", 5, 13, 0)
    + binary("get", b"z") + arithmetic("incr", b"z", 5, 13, 0)
    + arithmetic("incr", b"nope", 5, 13, MAX) + arithmetic("decr", b"new", 5, 7, 100)
    + binary("get", b"new") + storage("set", b"n", b"abc") + arithmetic("incr", b"n", 5)
    + storage("set", b"n", b"18446744073709551615") + arithmetic("incr", b"n", 2)
    + binary("get", b"n"),
    "counting by much": storage("set", b"n", b"1")
    + arithmetic("incr", b"n", (1 << 64) - 1) + arithmetic("decr", b"n", (1 << 64) - 1)
    + arithmetic("incr", b"z", 1, (1 << 64) - 1, 0) + binary("get", b"z"),
    "touch": storage("set", b"a", b"1", flags=9) + binary("touch", b"a", extras=TIME)
    + binary("gat", b"a", extras=TIME) + binary("gatk", b"a", extras=TIME)
    + binary("gatq", b"nope", extras=TIME) + binary("gatkq", b"a", extras=TIME)
    + binary("gatk", b"nope", extras=TIME) + binary("gatkq", b"nope", extras=TIME)
    + binary("touch", b"nope", extras=TIME) + binary("gat", b"nope", extras=TIME),
    "times": storage("set", b"a", b"1", exptime=2592000) + binary("get", b"a")
    + storage("set", b"a", b"1", exptime=2592001) + binary("get", b"a")
    + storage("set", b"a", b"1", exptime=MAX) + binary("get", b"a")
    + binary("touch", b"a", extras=struct.pack("!I", MAX)) + binary("get", b"a"),
    "all flags": storage("set", b"a", b"1", flags=MAX) + binary("get", b"a"),
    "keys of all kinds": storage("set", b"a b\r\n\0\xff", b"v") + binary("getk", b"a b\r\n\0\xff")
    + binary("get", LONG),
    "noop and flush": binary("noop", opaque=b"wxyz") + storage("set", b"a", b"1") + binary("flush")
    + binary("get", b"a") + binary("flush", extras=b"\0\0\0\0") + binary("flushq")
    + binary("flushq", extras=b"\0\0\0\0"),
    "kind and bucket": binary("noop", kind=5) + binary("get", b"nope", vbucket=7),
    "unknown opcodes": binary(0x30) + binary(0x3F, b"", b"value") + binary(0xFF) + binary(0x1F),
    "quit": binary("quit") + binary("noop"),
    "quitq": binary("quitq") + binary("noop"),
    "no request": binary("noop") + b"get a\r\n",
    "too large": storage("set", b"a", b"1") + storage("set", b"a", b"x" * 1048576)
    + binary("get", b"a") + storage("add", b"a", b"x" * 1048576)
    + binary("append", b"a", b"x" * 1048576) + storage("setq", b"a", b"x" * 1048576),
    "the largest": storage("set", b"abc", b"x" * 1048514) + storage("set", b"abc", b"x" * 1048515),
    "the largest with flags": storage("set", b"abc", b"x" * 1048510, 1)
    + storage("set", b"abc", b"x" * 1048511, 1),
    "statistics of other kinds": binary("stat", b"nope") + binary("stat", b"reset")
    + binary("stat", b"detail") + binary("stat", b"detail on") + binary("stat", b"detail off")
    + binary("stat", b"detail x"),
    "detail dump": binary("stat", b"detail dump"),
}

# Each ends the connection.
BAD = {
    "version with a key": binary("version", b"k"), "noop with a value": binary("noop", b"", b"v"),
    "flush with odd extras": binary("flush", extras=b"ab"), "flush with a key": binary("flush", b"k"),
    "get without a key": binary("get"), "get with extras": binary("get", b"a", extras=b"1234"),
    "get with a value": binary("get", b"a", b"v"), "set without extras": binary("set", b"a", b"v"),
    "set without a key": storage("set", b"", b"v"), "delete with a value": binary("delete", b"a", b"v"),
    "incr with few extras": binary("incr", b"a", extras=b"1234"),
    "incr with a value": binary("incr", b"a", b"v", extras=b"0" * 20),
    "append with extras": binary("append", b"a", b"v", extras=b"1234"),
    "append without a key": binary("append", b"", b"v"), "touch without extras": binary("touch", b"a"),
    "touch without a key": binary("touch", b"", extras=b"1234"),
    "a long key": binary("get", TOO_LONG), "a long key to set": storage("set", TOO_LONG, b"v"),
    "a key longer than the body": binary("get", b"a", lengths=(10, 0, 1)),
    "extras longer than the body": binary("get", b"a", lengths=(1, 10, 1)),
    "quit with a key": binary("quit", b"a"), "stat with extras": binary("stat", extras=b"1234"),
}


def both(requests, apus, oracle_port):
    for port in (oracle_port, apus.port):
        with Raw(port) as raw:
            raw.ask(b"".join(b"delete %s\r\n" % key
                             for key in (b"a", b"n", b"z", b"new", b"nope", b"abc")))
        with Binary(port) as connection:
            yield normal(connection.ask(requests))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.replace(" ", "-"))
def test_answers_as_memcached_does(case, apus, oracle_port):
    theirs, ours = both(CASES[case], apus, oracle_port)
    assert theirs == ours


@pytest.mark.parametrize("case", BAD, ids=lambda c: c.replace(" ", "-"))
def test_refuses_as_memcached_does(case, apus, oracle_port):
    theirs, ours = both(BAD[case], apus, oracle_port)
    assert theirs == ours and ours[-1] == "closed"


def test_bodies_of_unknown_requests_are_skipped(apus):
    """memcached takes what follows for the body, too, where there is a key."""
    with Binary(apus.port) as connection:
        replies = connection.ask(binary(0x30, b"key", b"value", b"extras") + binary("noop")
                                 + binary("verbosity", extras=b"\0\0\0\1"))
        assert [(reply.code, reply.status) for reply in replies] == [
            (0x30, 0x81), (0x0A, 0), (0x1B, 0x81)]


def test_statistics(apus):
    with Binary(apus.port) as connection, Raw(apus.port) as raw:
        for subject in (b"", b"settings", b"items", b"slabs"):
            replies = connection.ask(storage("set", b"a", b"x") + binary("stat", subject))[1:]
            assert replies[-1].key == b"" and replies[-1].value == b""
            told = [reply.key for reply in replies[:-1]]
            lines = raw.ask(b"stats %s\r\n" % subject).split(b"\r\n")
            assert told == [line.split()[1] for line in lines if line.startswith(b"STAT")]


def test_requests_may_be_cut_anywhere(apus):
    request = (storage("set", b"a", b"abc", flags=5) + binary("getk", b"a") + binary("getq", b"b")
               + arithmetic("incr", b"n", 5, 7) + binary("append", b"a", b"d") + binary("get", b"a")
               + binary(0x30, b"", b"xyz"))
    for cut in range(1, len(request)):
        with Binary(apus.port) as connection:
            connection.ask(binary("deleteq", b"n"))
            connection.send(request[:cut])
            replies = connection.ask(request[cut:])
            assert [reply.value for reply in replies] == [
                b"", b"abc", struct.pack("!Q", 7), b"", b"abcd", b"Unknown command"], cut


def test_values_of_all_sizes(apus):
    with Binary(apus.port, 30.0) as connection:
        for size in (0, 1, 127, 128, 8191, 8192, 16383, 16384, 32767, 32768, 65536, 300000, 1000000):
            for flags in (0, 9):
                value = os.urandom(size)
                head = storage("set", b"v", b"", flags)
                request = storage("set", b"v", value, flags)
                cut = len(head) + size // 3
                connection.send(request[:cut])
                reply = connection.one(request[cut:])
                assert reply.status == 0 and reply.cas != 0
                got = connection.one(binary("getk", b"v"))
                assert (got.key, got.value, got.cas) == (b"v", value, reply.cas)
                assert got.extras == struct.pack("!I", flags)
                # A request follows a large value in the same bytes.
                assert connection.ask(request + binary("getq", b"none") + binary("noop"))[1].code == 10


def test_a_large_value_byte_by_byte_at_its_end(apus):
    value = os.urandom(100_000)
    request = storage("set", b"v", value)
    with Binary(apus.port) as connection:
        connection.send(request[:-3])
        for byte in request[-3:]:
            connection.send(bytes([byte]))
        assert connection.ask(b"")[0].status == 0
        assert connection.one(binary("get", b"v")).value == value


def test_versions(apus):
    with Binary(apus.port) as connection, Raw(apus.port) as raw:
        stored = connection.one(storage("set", b"a", b"1"))
        assert connection.one(binary("get", b"a")).cas == stored.cas
        assert b" %d\r\n" % stored.cas in raw.ask(b"gets a\r\n")
        newer = connection.one(storage("set", b"a", b"2", cas=stored.cas))
        assert newer.status == 0 and newer.cas > stored.cas
        assert connection.one(storage("set", b"a", b"3", cas=stored.cas)).status == 2
        counted = connection.one(arithmetic("incr", b"a", 5, cas=newer.cas))
        assert counted.cas > newer.cas and counted.value == struct.pack("!Q", 7)
        added = connection.one(binary("append", b"a", b"0", cas=counted.cas))
        assert added.status == 0
        assert connection.one(binary("delete", b"a", cas=counted.cas)).status == 2
        assert connection.one(binary("delete", b"a", cas=added.cas)).status == 0


def test_one_keyspace(apus):
    with Binary(apus.port) as connection, apus.resp() as resp:
        connection.one(storage("set", b"a", b"12", flags=7, exptime=100))
        assert resp("GET", "a") == b"12" and 99 <= resp("TTL", "a") <= 100
        resp("SET", "a", "x")
        got = connection.one(binary("get", b"a"))
        assert got.extras == b"\0\0\0\0" and got.value == b"x"
        resp("DEL", "l")
        resp("RPUSH", "l", "x")
        assert connection.one(binary("get", b"l")).status == 1
        assert connection.one(storage("add", b"l", b"x")).status == 2
        assert connection.one(arithmetic("incr", b"l")).status == 1
        assert connection.one(binary("delete", b"l")).status == 0


# What the configuration decides.

def test_protocols_may_be_fixed():
    for protocol, speaks in (("ascii", "text"), ("binary", "binary")):
        server = memcache.Apus(1, "--memcached-protocol", protocol)
        try:
            with Raw(server.port) as raw:
                raw.send(b"version\r\n" if speaks == "binary" else binary("version") + b"\r\n")
                answer = raw.socket.recv(100)
            assert answer == (b"" if speaks == "binary" else b"ERROR\r\n")
        finally:
            server.end()


def test_flush_may_be_forbidden():
    server = memcache.Apus(1, "--memcached-flush-command", "no")
    oracle = memcache.Memcached("-F")
    try:
        answers = []
        for port in (oracle.port, server.port):
            with Binary(port) as connection:
                answers.append(connection.ask(binary("flush") + binary("flushq")))
        assert answers[0] == answers[1]
    finally:
        server.end()
        oracle.end()


@pytest.fixture(scope="module")
def guarded():
    server = memcache.Apus(2, "--requirepass", "secret")
    with server.resp() as resp:
        resp("AUTH", "secret")
        assert resp("ACL", "SETUSER", "joe", "on", ">pass", "~j:*", "+@read", "+@write",
                    "+memcached.binary_noop") == "OK"
    yield server
    server.end()


def plain(name, password, identity=b"", code="sasl_auth"):
    return binary(code, b"PLAIN", identity + b"\0" + name + b"\0" + password)


REFUSED = {
    "the mechanisms": binary("sasl_list") + binary("version"),
    "a wrong password": plain(b"u", b"p") + binary("sasl_list"),
    "another mechanism": binary("sasl_auth", b"FOO", b"\0u\0p") + binary("sasl_list"),
    "a long mechanism": binary("sasl_auth", b"F" * 33, b"\0u\0p") + binary("sasl_list"),
    "step by step": binary("sasl_auth", b"PLAIN") + plain(b"u", b"p", code="sasl_step"),
    "a step too early": plain(b"u", b"p", code="sasl_step") + binary("sasl_list"),
    "no mechanism": binary("sasl_auth", b"", b"\0u\0p"),
    "no form": binary("sasl_auth", b"PLAIN", b"joesecret") + binary("sasl_list"),
    "a request before": binary("get", b"a"), "a flush before": binary("flush"),
    "an unknown request before": binary(0x30),
}


def test_strangers_hear_what_memcached_tells_them(guarded, tmp_path):
    (tmp_path / "memcached.conf").write_text("mech_list: plain\n")
    oracle = memcache.Memcached("-S", environment={"SASL_CONF_PATH": str(tmp_path)})
    try:
        for name, requests in REFUSED.items():
            answers = []
            for port in (oracle.port, guarded.port):
                with Binary(port) as connection:
                    replies = connection.ask(requests)
                # The noop behind them is refused, too.
                answers.append([reply if reply == "closed" or reply.code != 0x0B
                                else reply._replace(value=b"") for reply in replies])
            assert answers[0] == answers[1], name
    finally:
        oracle.end()


def test_sasl(guarded):
    with Binary(guarded.port) as connection:
        assert connection.one(plain(b"default", b"secret")).value == b"Authenticated"
        assert connection.one(storage("set", b"a", b"1")).status == 0
    with Binary(guarded.port) as connection:
        connection.send(binary("sasl_auth", b"PLAIN"))
        assert connection.reply().status == 0x21
        connection.send(plain(b"joe", b"pass", b"joe", "sasl_step"))
        assert connection.reply().value == b"Authenticated"
        assert connection.one(storage("set", b"j:a", b"1")).status == 0
        refused = connection.one(storage("set", b"a", b"1"))
        assert refused.status == 0x20 and refused.value.startswith(b"NOPERM")
        assert refused.code == 1
        # Another user, or a wrong password, changes nothing for who has authenticated.
        connection.send(plain(b"joe", b"wrong"))
        assert connection.reply().status == 0x20
        assert connection.one(binary("get", b"j:a")).value == b"1"
    with Binary(guarded.port) as connection:
        connection.send(plain(b"joe", b"pass", b"default"))
        assert connection.reply().status == 0x20


def test_memory():
    server = memcache.Apus(1, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
    try:
        with Binary(server.port, 30.0) as connection:
            statuses = {connection.one(storage("set", b"k%d" % n, b"x" * 10000)).status
                        for n in range(600)}
            assert statuses == {0, 0x82}
    finally:
        server.end()


def test_restarts(start):
    """Flags come back; versions that the server gave are not worth a note in the log."""
    port = memcache.servers.free_port()
    server = start("apus", "--memcached-port", port, "--memcached-bind", "127.0.0.1",
                   "--appendonly", "yes")
    with Binary(port) as connection:
        connection.one(storage("set", b"a", b"1", flags=7))
        connection.one(storage("set", b"b", b"1"))
        assert connection.one(arithmetic("incr", b"b", 4)).value == struct.pack("!Q", 5)
        connection.one(binary("append", b"b", b"0"))
    server.stop()
    logged = b"".join(path.read_bytes() for path in pathlib.Path(server.directory).rglob("*.aof"))
    assert logged.count(b"apus:item") == 1
    server.start()
    with Binary(port) as connection:
        assert connection.one(binary("get", b"a")).extras == b"\0\0\0\7"
        assert connection.one(binary("get", b"b")).value == b"50"


def test_two_hundred_clients(apus):
    """Clients of all protocols count on the same keys, at once; nothing is lost."""
    rounds, keys = 20, [b"s%d" % n for n in range(5)]
    with Raw(apus.port) as raw:
        raw.ask(b"".join(b"set %s 3 0 1\r\n0\r\n" % key for key in keys))
    clients = [Raw(apus.port, 30.0) for _ in range(100)]
    clients += [Binary(apus.port, 30.0) for _ in range(50)]
    clients += [Raw(apus.server.port, 30.0) for _ in range(50)]
    try:
        for turn in range(rounds):
            for number, client in enumerate(clients):
                key = keys[(number + turn) % len(keys)]
                if number < 50:
                    client.send(b"incr %s 1\r\n" % key)
                elif number < 100:
                    client.send(b"ma %s v\r\n" % key)
                elif number < 150:
                    client.send(arithmetic("incr", key))
                else:
                    client.send(b"*2\r\n$4\r\nINCR\r\n$2\r\n%s\r\n" % key)
            for number, client in enumerate(clients):
                if number < 50:
                    assert client.until(b"\r\n").strip().isdigit()
                elif number < 100:
                    reply = b""
                    while reply.count(b"\r\n") < 2:
                        reply += client.until(b"\r\n")
                    assert reply.startswith(b"VA ")
                elif number < 150:
                    assert client.reply().status == 0
                else:
                    assert client.until(b"\r\n").startswith(b":")
    finally:
        for client in clients:
            client.socket.close()
    with Raw(apus.port) as raw:
        values = [int(raw.ask(b"get %s\r\n" % key).split(b"\r\n")[1]) for key in keys]
    assert sum(values) == rounds * len(clients)
