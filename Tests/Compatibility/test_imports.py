"""Importing data: HIMPORT (Redis 8.10), and CLIENT IMPORT-SOURCE with `import-mode` (Valkey 8.1).

redis-server 7.0 knows neither: what is expected comes from the two projects' documentation.
"""

import time

import pytest

import servers
from resp import parse

OK = b"+OK\r\n"


def fields(client, key):
    words = parse(client.raw("HGETALL", key))
    return dict(zip(words[::2], words[1::2]))


# --- HIMPORT


def test_hashes_get_the_prepared_fields(apus):
    with apus.connect() as client:
        client.raw("FLUSHALL")
        assert client.raw("HIMPORT", "PREPARE", "u", "name", "email", "age") == OK
        assert client.raw("HIMPORT", "SET", "user:1", "u", "alice", "a@x", "30") == OK
        assert client.raw("HIMPORT", "SET", "user:2", "u", "bob", "", "25") == OK
        assert fields(client, "user:1") == {b"name": b"alice", b"email": b"a@x", b"age": b"30"}
        assert fields(client, "user:2") == {b"name": b"bob", b"email": b"", b"age": b"25"}
        assert parse(client.raw("OBJECT", "ENCODING", "user:1")) == b"listpack"


def test_an_existing_hash_is_replaced_with_its_expiry(apus):
    with apus.connect() as client:
        client.pipeline([["DEL", "h", "s"], ["HSET", "h", "old", "1"], ["EXPIRE", "h", "1000"], ["SET", "s", "x", "EX", "1000"]])
        client.raw("HIMPORT", "PREPARE", "one", "f")
        assert client.raw("HIMPORT", "SET", "h", "one", "v") == OK
        assert fields(client, "h") == {b"f": b"v"}
        assert client.raw("TTL", "h") == b":-1\r\n"
        assert client.raw("HIMPORT", "SET", "s", "one", "v").startswith(b"-WRONGTYPE")
        assert client.raw("GET", "s") == b"$1\r\nx\r\n"


@pytest.mark.parametrize("count", [1, 128, 129, 5000])
def test_sets_of_many_fields(apus, count):
    with apus.connect() as client:
        client.raw("DEL", "h")
        names = [f"field-{number}" for number in range(count)]
        assert client.raw("HIMPORT", "PREPARE", "many", *names) == OK
        assert client.raw("HIMPORT", "SET", "h", "many", *range(count)) == OK
        assert fields(client, "h") == {name.encode(): b"%d" % number for number, name in enumerate(names)}


def test_large_values_are_stored(apus):
    with apus.connect() as client:
        client.raw("DEL", "h")
        client.raw("HIMPORT", "PREPARE", "big", "f", "g")
        assert client.raw("HIMPORT", "SET", "h", "big", "x" * 70_000, "y" * 300_000) == OK
        assert fields(client, "h") == {b"f": b"x" * 70_000, b"g": b"y" * 300_000}


def test_mistakes(apus):
    with apus.connect() as client:
        client.raw("DEL", "h")
        assert client.raw("HIMPORT", "SET", "h", "none", "v").startswith(b"-ERR no such fieldset")
        assert client.raw("HIMPORT", "PREPARE", "u", "a", "b", "a").startswith(b"-ERR duplicate field")
        client.raw("HIMPORT", "PREPARE", "u", "a", "b")
        assert client.raw("HIMPORT", "SET", "h", "u", "1").startswith(b"-ERR the number of values")
        assert client.raw("HIMPORT", "SET", "h", "u", "1", "2", "3").startswith(b"-ERR the number of values")
        assert client.raw("EXISTS", "h") == b":0\r\n"
        assert client.raw("HIMPORT").startswith(b"-ERR wrong number of arguments")
        assert client.raw("HIMPORT", "PREPARE", "u").startswith(b"-ERR wrong number of arguments")
        assert client.raw("HIMPORT", "NONE").startswith(b"-ERR unknown subcommand")
        wide = [f"f{number}" for number in range(70_000)]
        assert client.raw("HIMPORT", "PREPARE", "wide", *wide).startswith(b"-ERR too many")


def test_sets_belong_to_the_connection(apus):
    with apus.connect() as client, apus.connect() as other:
        client.raw("HIMPORT", "PREPARE", "u", "a")
        client.raw("HIMPORT", "PREPARE", "v", "a", "b")
        assert other.raw("HIMPORT", "SET", "h", "u", "1").startswith(b"-ERR no such fieldset")
        assert other.raw("HIMPORT", "DISCARDALL") == b":0\r\n"
        assert client.raw("HIMPORT", "DISCARD", "u") == b":1\r\n"
        assert client.raw("HIMPORT", "DISCARD", "u") == b":0\r\n"
        assert client.raw("HIMPORT", "SET", "h", "u", "1").startswith(b"-ERR no such fieldset")
        client.raw("HIMPORT", "PREPARE", "u", "a")
        assert client.raw("HIMPORT", "DISCARDALL") == b":2\r\n"
        client.raw("HIMPORT", "PREPARE", "u", "a")
        assert client.raw("RESET") == b"+RESET\r\n"
        assert client.raw("HIMPORT", "SET", "h", "u", "1").startswith(b"-ERR no such fieldset")


def test_within_transactions(apus):
    with apus.connect() as client:
        client.raw("DEL", "h")
        client.pipeline([["MULTI"], ["HIMPORT", "PREPARE", "t", "a", "b"], ["HIMPORT", "SET", "h", "t", "1", "2"], ["HGET", "h", "b"]])
        assert client.raw("EXEC") == b"*3\r\n" + OK + OK + b"$1\r\n2\r\n"


def test_sets_count_as_memory_of_the_client(apus):
    def memory(client):
        line = parse(client.raw("CLIENT", "INFO")).decode()
        return int(line.split("tot-mem=")[1].split()[0])

    with apus.connect() as client:
        before = memory(client)
        client.raw("HIMPORT", "PREPARE", "u", *(f"field-{number:010}" for number in range(1000)))
        assert memory(client) > before + 16_000
        client.raw("HIMPORT", "DISCARDALL")
        assert memory(client) < before + 16_000


def test_watchers_and_listeners_learn_of_it(apus):
    with apus.connect() as client, apus.connect() as watcher, apus.connect() as listener:
        client.raw("HIMPORT", "PREPARE", "u", "a")
        client.raw("CONFIG", "SET", "notify-keyspace-events", "Kh")
        listener.raw("SUBSCRIBE", "__keyspace@0__:h")
        watcher.pipeline([["WATCH", "h"], ["MULTI"], ["PING"]])
        client.raw("HIMPORT", "SET", "h", "u", "1")
        assert watcher.raw("EXEC") == b"*-1\r\n"
        assert parse(listener.reply())[2] == b"hset"
        client.raw("CONFIG", "SET", "notify-keyspace-events", "")


@pytest.mark.parametrize("threads", [1, 2])
def test_the_log_has_the_hash(start, threads):
    server = start("apus", "--appendonly", "yes", "--enable-debug-command", "yes", threads=threads)
    with server.connect() as client:
        client.raw("HSET", "h", "old", "1")
        client.raw("HIMPORT", "PREPARE", "u", "a", "b")
        for number in range(20):
            client.raw("HIMPORT", "SET", f"h{number or ''}", "u", number, "x" * number)
        digest = client.raw("DEBUG", "DIGEST")
    server.stop()
    server.start()
    with server.connect() as client:
        assert client.raw("DEBUG", "DIGEST") == digest
        assert fields(client, "h") == {b"a": b"0", b"b": b""}


# --- Import mode


@pytest.fixture(params=[1, 2], ids=["threads-1", "threads-2"])
def importing(start, request):
    """A server in import mode, with `gone`, which has expired, and `hash`, one of whose fields has."""
    server = start("apus", "--import-mode", "yes", threads=request.param)
    with server.connect() as client:
        client.pipeline([["SET", "gone", "1", "PX", "30"], ["HSET", "hash", "a", "1", "b", "2"],
                         ["HPEXPIRE", "hash", "30", "FIELDS", "1", "a"], ["SET", "stays", "1"]])
        servers.until(lambda: client.raw("GET", "gone") == b"$-1\r\n")
        time.sleep(0.15)
    return server


def test_an_import_source_sees_expired_keys(importing):
    with importing.connect() as source, importing.connect() as other:
        assert source.raw("GET", "gone") == b"$-1\r\n"
        assert source.raw("CLIENT", "IMPORT-SOURCE", "ON") == OK
        assert source.raw("GET", "gone") == b"$1\r\n1\r\n"
        assert source.raw("PTTL", "gone") == b":0\r\n"
        assert source.raw("HGET", "hash", "a") == b"$1\r\n1\r\n"
        assert source.raw("HPTTL", "hash", "FIELDS", "1", "a") == b"*1\r\n:0\r\n"
        assert other.raw("GET", "gone") == b"$-1\r\n", "for others it has expired"
        assert other.raw("EXISTS", "gone") == b":0\r\n"
        assert other.raw("DBSIZE") == b":3\r\n", "but it is kept"
        assert source.raw("INCR", "gone") == b":2\r\n"
        assert source.raw("PERSIST", "gone") == b":1\r\n"
        assert other.raw("GET", "gone") == b"$1\r\n2\r\n"
        assert source.raw("CLIENT", "IMPORT-SOURCE", "OFF") == OK
        assert source.raw("HGET", "hash", "a") == b"$-1\r\n"


def test_an_import_source_may_set_an_expiry_in_the_past(importing):
    with importing.connect() as source:
        source.raw("CLIENT", "IMPORT-SOURCE", "ON")
        assert source.raw("SET", "k", "v", "PXAT", "1") == OK
        assert source.raw("EXPIREAT", "stays", "1") == b":1\r\n"
        assert source.raw("MGET", "k", "stays") == b"*2\r\n$1\r\nv\r\n$1\r\n1\r\n"
        ttl = int(source.raw("SET", "t", "v", "EX", "100") and source.raw("TTL", "t")[1:])
        assert 98 <= ttl <= 100, "times relative to now are what they were"


def test_transactions_and_scripts_of_an_import_source(importing):
    with importing.connect() as source:
        source.raw("CLIENT", "IMPORT-SOURCE", "ON")
        source.pipeline([["MULTI"], ["GET", "gone"], ["APPEND", "gone", "0"]])
        assert source.raw("EXEC") == b"*2\r\n$1\r\n1\r\n:2\r\n"
        assert source.raw("EVAL", "return redis.call('GET', KEYS[1])", "1", "gone") == b"$2\r\n10\r\n"


def test_others_keep_expired_keys_until_they_write(importing):
    with importing.connect() as other:
        other.pipeline([["MULTI"], ["GET", "gone"], ["EXEC"]])
        other.raw("EVAL", "return redis.call('GET', KEYS[1])", "1", "gone")
        other.raw("SCAN", "0")
        other.raw("HGETALL", "hash")
        assert other.raw("DBSIZE") == b":3\r\n"
        assert other.raw("INCR", "gone") == b":1\r\n", "the expired key was removed first"
        assert other.raw("TTL", "gone") == b":-1\r\n"


def test_when_import_mode_ends_keys_expire(importing):
    with importing.connect() as source:
        source.raw("CLIENT", "IMPORT-SOURCE", "ON")
        assert source.raw("CONFIG", "SET", "import-mode", "no") == OK
        servers.until(lambda: source.raw("DBSIZE") == b":2\r\n")
        assert source.raw("GET", "gone") == b"$-1\r\n"


def test_nothing_is_evicted_in_import_mode(start):
    server = start("apus", "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru", "--import-mode", "yes")
    with server.connect() as client:
        replies = [client.raw("SET", f"key:{number}", "x" * 1000) for number in range(6000)]
        assert any(reply.startswith(b"-OOM") for reply in replies)
        assert servers.info(client, "evicted_keys") == 0
        client.raw("CONFIG", "SET", "import-mode", "no")
        assert client.raw("SET", "one", "x" * 1000) == OK
        assert servers.info(client, "evicted_keys") != 0


def test_only_in_import_mode(apus):
    with apus.connect() as client:
        assert client.raw("CLIENT", "IMPORT-SOURCE", "ON") == b"-ERR Server is not in import mode\r\n"
        assert client.raw("CLIENT", "IMPORT-SOURCE", "OFF") == OK
        assert client.raw("CLIENT", "IMPORT-SOURCE").startswith(b"-ERR wrong number of arguments")
        client.raw("CONFIG", "SET", "import-mode", "yes")
        assert client.raw("CLIENT", "IMPORT-SOURCE", "MAYBE") == b"-ERR syntax error\r\n"
        assert client.raw("CLIENT", "IMPORT-SOURCE", "ON") == OK
        assert b" flags=I " in client.raw("CLIENT", "INFO")
        client.raw("RESET")
        assert b" flags=N " in client.raw("CLIENT", "INFO")
        client.raw("CONFIG", "SET", "import-mode", "no")
