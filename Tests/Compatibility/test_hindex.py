"""Indexes over hashes: HFIND finds exactly what the hashes themselves say, after every kind of change, with
any number of workers, and while an index is being built."""

import random
import threading
import time

import pytest

import servers
from resp import ReplyError, parse

pytestmark = pytest.mark.skipif(not servers.is_apus(servers.APUS), reason="commands of our own")


@pytest.fixture
def connection(apus):
    with apus.connect() as made:
        made.raw("FLUSHALL")
        yield made
        for name in parse(made.raw("HINDEX", "LIST")):
            made.raw("HINDEX", "DROP", name)
        made.raw("FLUSHALL")


def wait_until_ready(connection, name):
    deadline = time.monotonic() + 20
    while dict_of(connection.raw("HINDEX", "INFO", name))[b"state"] != b"ready":
        assert time.monotonic() < deadline, "the index is not built"
        time.sleep(0.01)


def dict_of(reply):
    reply = parse(reply)
    return dict(zip(reply[::2], reply[1::2]))


def ask(connection, *words):
    return parse(connection.raw(*words))


FIELDS = ["a", "b", "c", "d"]
VALUES = ["1", "2", "x", "x" * 90, ""]


class Changes:
    """Random commands on a few keys, most of which the index covers."""

    def __init__(self, seed, dump=b""):
        self.dump = dump
        self.random = random.Random(seed)
        self.keys = [f"u:{index}" for index in range(8)] + [f"v:{index}" for index in range(3)]

    def command(self):
        pick = self.random.choice
        key, other, field, value = pick(self.keys), pick(self.keys), pick(FIELDS), pick(VALUES)
        commands = [
            ["HSET", key, field, value, pick(FIELDS), pick(VALUES)], ["HSET", key, *sum(([f"f{n}", str(n)] for n in range(9)), [])],
            ["HSET", key, field, value], ["HSETNULL", key, field], ["HSETL", key, f"{field}=>NULL,{pick(FIELDS)}=>1"],
            ["HDEL", key, field, pick(FIELDS)], ["HDELPAIR", key, field, value], ["HMERGE", key, other], ["HINCRBY", key, field, "1"],
            ["HSETNX", key, field, value], ["HGETDEL", key, "FIELDS", "1", field], ["HPEXPIRE", key, pick(["1", "100000"]), "FIELDS", "1", field],
            ["PEXPIRE", key, pick(["1", "100000"])], ["DEL", key], ["UNLINK", key], ["SET", key, "string"], ["SADD", key, "member"],
            ["RENAME", key, other], ["COPY", key, other, "REPLACE"], ["MOVE", key, "1"], ["COPY", key, other, "DB", "1", "REPLACE"],
            ["HSETEX", key, "PX", "100000", "FIELDS", "1", field, value], ["HSETEX", key, "PX", "1", "FIELDS", "1", field, value],
            ["HGETEX", key, "PX", "1", "FIELDS", "1", field], ["HINCRBYFLOAT", key, field, "0.5"], ["GETDEL", key], ["PERSIST", key],
            ["EVAL", "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])", "1", key, field, value],
            ["EVAL", "redis.call('HSET', ARGV[1], 'a', '1') return redis.call('HDEL', ARGV[2], 'a')", "0", key, other],
            ["SORT", "numbers", "STORE", key], ["SUNIONSTORE", key, "none"], ["RENAMENX", key, other], ["RESTORE", key, "0", self.dump, "REPLACE"],
            ["SET", key, value, "GET"], ["EXPIREAT", key, "1"], ["PEXPIREAT", key, "1"], ["LPUSH", "numbers", "1"], ["DEL", "numbers"],
        ]
        return pick(commands + commands[:12])

    def queries(self):
        pick = self.random.choice
        pair = f'{pick(FIELDS)}=>{pick(["1", "2", "x", "NULL"])}'
        two = [pick(FIELDS), pick(FIELDS)]
        return [
            (["@>", pair], ["HCONTAINS", pair]), (["@>", pair + ",a=>1"], ["HCONTAINS", pair + ",a=>1"]), (["?", two[0]], ["HEXISTS", two[0]]),
            (["?&", *two], ["HEXISTSALL", *two]), (["?|", *two], ["HEXISTSANY", *two]), (["@>", ""], ["HCONTAINS", ""]),
        ]


def check(connection, changes):
    """Asks the index, and every key that it covers."""
    # What was to live for a millisecond has gone; HLEN removes the fields that are due.
    time.sleep(0.003)
    keys = sorted(key for key in ask(connection, "KEYS", "u:*")
                  if ask(connection, "TYPE", key) == "hash" and ask(connection, "HLEN", key) > 0)
    for query, question in changes.queries():
        found = ask(connection, "HFIND", "users", *query)
        wanted = [key for key in keys if ask(connection, question[0], key, *question[1:]) == 1]
        assert sorted(found) == wanted, query
    for key in keys[:2]:
        literal = ask(connection, "HGETL", key)
        if literal is None:
            continue
        wanted = [other for other in keys if ask(connection, "HGETL", other) == literal]
        assert sorted(ask(connection, "HFIND", "users", "=", literal)) == wanted
    counts = {}
    for key in keys:
        for name in ask(connection, "HKEYS", key):
            counts[name] = counts.get(name, 0) + 1
    return counts


@pytest.mark.parametrize("seed", [1, 2])
def test_random_changes_keep_the_index_exact(connection, seed):
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
    wait_until_ready(connection, "users")
    connection.pipeline([["HSETL", "dumped", "a=>1,b=>NULL,c=>x"]])
    changes = Changes(seed, parse(connection.raw("DUMP", "dumped")))
    for round_number in range(150):
        batch = [changes.command() for _ in range(12)]
        if round_number % 3 == 0:
            batch = [["MULTI"], *batch, ["EXEC"]]
        connection.pipeline(batch)
        if round_number % 40 == 39:
            connection.raw(*changes.random.choice([["FLUSHDB"], ["SWAPDB", "0", "1"], ["DEBUG", "RELOAD"]]))
            wait_until_ready(connection, "users")
        check(connection, changes)
    # Once due fields have gone, the counts are exact as well.
    time.sleep(0.2)
    counts = check(connection, changes)
    assert dict_of(connection.raw("HINDEX", "STATS", "users")) == counts


def test_an_index_is_built_in_the_background(connection):
    commands = [["HSET", f"{'u' if index % 2 else 'w'}:{index}", "n", str(index), "g", str(index % 50)] for index in range(40_000)]
    for start in range(0, len(commands), 2000):
        connection.pipeline(commands[start:start + 2000])
    replies = connection.pipeline([["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:", "x:"], ["HFIND", "users", "@>", "g=>7"],
                                   ["HFIND", "users", "@>", "g=>7", "PARTIAL"], ["HSET", "u:1", "g", "7"], ["DEL", "u:57"]])
    first, partial = parse(replies[1]), parse(replies[2])
    assert isinstance(first, ReplyError) and str(first) == "LOADING index" or len(first) == 800
    assert set(partial) <= {b"u:%d" % index for index in range(7, 40_000, 50)}
    wait_until_ready(connection, "users")
    wanted = {b"u:%d" % index for index in range(7, 40_000, 50)} - {b"u:57"} | {b"u:1"}
    assert set(ask(connection, "HFIND", "users", "@>", "g=>7")) == wanted
    assert ask(connection, "HFIND", "users", "@>", "n=>8") == []
    info = dict_of(connection.raw("HINDEX", "INFO", "users"))
    assert info[b"hashes"] == 19_999 and info[b"bytes"] > 19_999 * 50 and info[b"prefixes"] == [b"u:", b"x:"]


def test_limits_fields_and_words(connection):
    connection.pipeline([["HSETL", f"u:{index}", f"a=>1,b=>{index},c=>NULL"] for index in range(20)])
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:", "FIELDS", "a", "b")
    wait_until_ready(connection, "users")
    everything = ask(connection, "HFIND", "users", "?", "a")
    assert len(everything) == 20
    pages = [ask(connection, "HFIND", "users", "?", "a", "LIMIT", offset, 7) for offset in (0, 7, 14, 21)]
    assert [len(page) for page in pages] == [7, 7, 6, 0] and sum(pages, []) == everything
    assert ask(connection, "HFIND", "users", "@>", "b=>7", "LIMIT", 0, 5, "WITHFIELDS") == [
        [b"u:7", [b"a", b"1", b"b", b"7", b"c", None]]]
    # A field that is not indexed may be part of a literal, but cannot be asked for by itself.
    assert ask(connection, "HFIND", "users", "@>", "c=>NULL,b=>3") == [b"u:3"]
    assert ask(connection, "HFIND", "users", "=", "a=>1,b=>3,c=>NULL") == [b"u:3"]
    assert ask(connection, "HFIND", "users", "=", "a=>1,b=>3") == []
    assert len(ask(connection, "HFIND", "users", "@>", "c=>NULL")) == 20
    for words, text in [
        (["HFIND", "users", "?", "c"], "ERR the index does not cover the field 'c'"), (["HFIND", "users", "!", "a"], "ERR unknown operator '!'"),
        (["HFIND", "none", "?", "a"], "ERR no such index"), (["HFIND", "users", "?", "a", "b"], "ERR syntax error"),
        (["HFIND", "users", "@>", "a"], "ERR syntax error in hstore: unexpected end of string"),
        (["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:"], "ERR index already exists"), (["HINDEX", "DROP", "none"], "ERR no such index"),
        (["HINDEX", "CREATE", "other", "ON", "PREFIX", "FIELDS"], "ERR syntax error"),
        (["HINDEX", "CREATE", "other", "ON", "PREFIX", "u:", "FIELDS"], "ERR syntax error"),
    ]:
        reply = ask(connection, *words)
        assert isinstance(reply, ReplyError) and str(reply) == text, words
    assert ask(connection, "HINDEX", "LIST") == [b"users"]
    assert ask(connection, "HINDEX", "DROP", "users") == "OK"
    assert ask(connection, "HINDEX", "LIST") == []


def test_keys_and_fields_that_are_due_are_not_found(connection):
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "")
    connection.pipeline([["HSET", "h", "a", "1", "b", "2"], ["HSET", "g", "a", "1"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
                         ["HPEXPIRE", "h", "20", "FIELDS", "1", "a"], ["PEXPIRE", "g", "20"]])
    wait_until_ready(connection, "users")
    try:
        time.sleep(0.05)
        assert ask(connection, "HFIND", "users", "@>", "a=>1") == []
        assert ask(connection, "HFIND", "users", "=", "b=>2") == [b"h"]
    finally:
        connection.raw("DEBUG", "SET-ACTIVE-EXPIRE", "1")
    time.sleep(0.3)
    assert dict_of(connection.raw("HINDEX", "STATS", "users")) == {b"b": 1}


def test_only_users_who_may_read_all_keys_may_ask(apus, connection):
    connection.pipeline([["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:"], ["HSET", "u:1", "a", "1"],
                         ["ACL", "SETUSER", "some", "on", "nopass", "~u:*", "+@all"], ["ACL", "SETUSER", "all", "on", "nopass", "%R~*", "+@all"]])
    wait_until_ready(connection, "users")
    try:
        with apus.connect() as client:
            client.raw("AUTH", "some", "x")
            for words in (["HFIND", "users", "?", "a"], ["HINDEX", "STATS", "users"]):
                assert str(ask(client, *words)).startswith("NOPERM"), words
            client.raw("AUTH", "all", "x")
            assert ask(client, "HFIND", "users", "?", "a") == [b"u:1"]
            assert dict_of(client.raw("HINDEX", "STATS", "users")) == {b"a": 1}
    finally:
        connection.raw("ACL", "DELUSER", "some", "all")


def test_an_empty_database_is_known_at_once(connection):
    replies = connection.pipeline([["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:"], ["HFIND", "users", "?", "a"], ["HSET", "u:1", "a", "1"],
                                   ["HFIND", "users", "?", "a"], ["FLUSHALL"], ["HFIND", "users", "?", "a"]])
    assert [parse(reply) for reply in replies] == ["OK", [], 1, [b"u:1"], "OK", []]


def test_transactions_and_scripts(connection):
    replies = connection.pipeline([["MULTI"], ["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:"], ["HSET", "u:1", "a", "1"], ["HFIND", "users", "?", "a"],
                                   ["FLUSHDB"], ["HSET", "u:2", "a", "1"], ["HFIND", "users", "@>", "a=>1"], ["HINDEX", "DROP", "users"], ["EXEC"]])
    assert parse(replies[-1]) == ["OK", 1, [b"u:1"], "OK", 1, [b"u:2"], "OK"]
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
    wait_until_ready(connection, "users")
    script = "redis.call('HSET', 'u:3', 'a', '1') redis.call('HDEL', 'u:2', 'a') return redis.call('HFIND', 'users', '@>', 'a=>1')"
    assert ask(connection, "EVAL", script, "0") == [b"u:3"]
    assert "not allowed from script" in str(ask(connection, "EVAL", "return redis.call('HINDEX', 'DROP', 'users')", "0"))


def test_hashes_with_very_many_fields(connection):
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
    connection.raw("HINDEX", "CREATE", "some", "ON", "PREFIX", "u:", "FIELDS", "f7")
    many = [word for number in range(600) for word in (f"f{number}", number)]
    connection.pipeline([["HSET", "u:1", *many], ["HSET", "u:2", "f7", "7"]])
    for index in ("users", "some"):
        assert sorted(ask(connection, "HFIND", index, "@>", "f7=>7")) == [b"u:1", b"u:2"]
        assert sorted(ask(connection, "HFIND", index, "?|", "f7")) == [b"u:1", b"u:2"]
        assert dict_of(connection.raw("HINDEX", "STATS", index))[b"f7"] == 2
    assert ask(connection, "HFIND", "users", "@>", "f599=>599") == [b"u:1"]
    connection.pipeline([["HSET", "u:1", "f7", "8"]] + [["HDEL", "u:1", f"f{number}"] for number in range(100, 300)])
    for index in ("users", "some"):
        assert ask(connection, "HFIND", index, "@>", "f7=>7") == [b"u:2"]
        assert ask(connection, "HFIND", index, "@>", "f7=>8") == [b"u:1"]
    assert dict_of(connection.raw("HINDEX", "STATS", "users"))[b"f599"] == 1


def test_memory_is_counted_and_bounded(apus, connection):
    before = servers.info(connection, "used_memory")
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
    connection.pipeline([["HSET", f"u:{number}", "a", number, "b", number % 7, "c", "x" * 20] for number in range(5000)])
    bytes_used = dict_of(connection.raw("HINDEX", "INFO", "users"))[b"bytes"]
    assert bytes_used > 5000 * 100
    assert servers.info(connection, "used_memory_hash_indexes") == bytes_used
    assert servers.info(connection, "used_memory") > before + bytes_used
    statistics = parse(connection.raw("MEMORY", "STATS"))
    assert statistics[statistics.index(b"hash.indexes") + 1] == bytes_used
    connection.raw("HINDEX", "DROP", "users")
    servers.until(lambda: servers.info(connection, "used_memory_hash_indexes") == 0)
    # What is refused for want of memory is refused earlier with an index.
    limit = servers.info(connection, "used_memory") + (2 << 20)
    connection.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
    wait_until_ready(connection, "users")
    connection.raw("CONFIG", "SET", "maxmemory", limit)
    try:
        refused = []
        for start in range(0, 8_000, 500):
            replies = connection.pipeline([["HSET", f"u:x{number}", "a", number, "b", "x" * 20] for number in range(start, start + 500)])
            refused += [reply for reply in replies if reply.startswith(b"-OOM")]
        assert refused and servers.info(connection, "used_memory") < limit + (1 << 20)
        # Eviction keeps the index exact.
        connection.raw("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        for number in range(20_000, 24_000, 500):
            connection.pipeline([["HSET", f"u:x{index}", "a", index, "b", "x" * 20] for index in range(number, number + 500)])
        # At one moment, as keys are evicted between requests, too.
        connection.pipeline([["MULTI"], ["KEYS", "u:*"], ["HFIND", "users", "@>", ""]])
        keys, found = ask(connection, "EXEC")
        assert sorted(found) == sorted(keys)
        assert servers.info(connection, "evicted_keys") > 0
    finally:
        connection.pipeline([["CONFIG", "SET", "maxmemory", "0"], ["CONFIG", "SET", "maxmemory-policy", "noeviction"], ["CONFIG", "RESETSTAT"]])


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_definitions_and_contents_survive_a_restart(threads):
    """In a snapshot, in the base of the append-only file, and in what follows the base."""
    name = b"na\xff\x00me"
    for options in (["--save", "900 1"], ["--appendonly", "yes"], ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"]):
        server = servers.Server(servers.APUS, "--enable-debug-command", "yes", *options, threads=threads)
        with server:
            with server.connect() as client:
                client.pipeline([["HSET", f"u:{number}", "a", number % 10, "b", number] for number in range(3000)])
                client.raw("HINDEX", "CREATE", name, "ON", "PREFIX", "u:", b"\x80\n", "FIELDS", "a", "c d")
                client.pipeline([["SELECT", "3"], ["HINDEX", "CREATE", "third", "ON", "PREFIX", ""], ["HSET", "x", "f", "1"],
                                 ["HINDEX", "CREATE", "gone", "ON", "PREFIX", ""], ["SELECT", "0"]])
                if "--appendonly" in options:
                    wait_until_ready(client, name)
                    client.raw("BGREWRITEAOF")
                    servers.until(lambda: servers.info(client, "aof_rewrite_in_progress") == 0 and servers.info(client, "aof_rewrites") > 0)
                client.pipeline([["HINDEX", "DROP", "gone"], ["HINDEX", "CREATE", "late", "ON", "PREFIX", "u:1"], ["HSET", "u:7", "a", "changed"],
                                 ["DEL", "u:17"]])
                wanted = {key: client.raw("HINDEX", "INFO", key) for key in (name, "third", "late") if wait_until_ready(client, key) is None}
            server.stop()
            server.start()
            with server.connect() as client:
                assert sorted(ask(client, "HINDEX", "LIST")) == sorted([name, b"third", b"late"])
                for key, reply in wanted.items():
                    wait_until_ready(client, key)
                    told = dict_of(client.raw("HINDEX", "INFO", key))
                    before = dict(zip(parse(reply)[::2], parse(reply)[1::2]))
                    assert {field: told[field] for field in told if field != b"bytes"} == {field: before[field] for field in before if field != b"bytes"}
                found = ask(client, "HFIND", name, "@>", "a=>7")
                assert sorted(found) == sorted(b"u:%d" % number for number in range(27, 3000, 10))
                assert ask(client, "HFIND", name, "@>", "a=>changed") == [b"u:7"]
                assert ask(client, "HFIND", "third", "?", "f") == [b"x"]
                assert len(ask(client, "HFIND", "late", "@>", "")) == sum(str(number).startswith("1") for number in range(3000)) - 1
                for command in (["DEBUG", "RELOAD"], ["DEBUG", "LOADAOF"]) if "--appendonly" in options else (["DEBUG", "RELOAD"],):
                    assert ask(client, *command) == "OK"
                    wait_until_ready(client, name)
                    assert sorted(ask(client, "HINDEX", "LIST")) == sorted([name, b"third", b"late"])
                    assert len(ask(client, "HFIND", name, "@>", "a=>7")) == len(found)


def test_redis_loads_a_snapshot_with_definitions():
    with servers.Server(servers.APUS, "--save", "900 1") as ours:
        with ours.connect() as client:
            client.pipeline([["HINDEX", "CREATE", "users", "ON", "PREFIX", "u:"], ["HSET", "u:1", "a", "1"], ["SAVE"]])
        snapshot = ours.file("dump.rdb")
    assert b"apus-hash-index" in snapshot
    with servers.Server(servers.ORACLE, files={"dump.rdb": snapshot}) as theirs, theirs.connect() as client:
        assert parse(client.raw("HGETALL", "u:1")) == [b"a", b"1"]


@pytest.mark.parametrize("threads", [2, 4])
def test_concurrent_changes_while_an_index_is_made_and_built(threads):
    """Clients on all workers write while the index is made, built, dropped and made again."""
    with servers.Server(servers.APUS, threads=threads) as server, server.connect() as admin:
        admin.pipeline([["HSET", f"u:{number}", "n", number % 10] for number in range(20_000)])
        ends = threading.Event()

        def write(seed):
            source = random.Random(seed)
            with server.connect() as client:
                while not ends.is_set():
                    client.pipeline([source.choice([["HSET", f"u:{source.randrange(20_000)}", "n", source.randrange(10)],
                                                    ["DEL", f"u:{source.randrange(20_000)}"]]) for _ in range(50)])

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
        for writer in writers:
            writer.start()
        for _ in range(5):
            admin.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
            time.sleep(0.05)
            admin.raw("HINDEX", "DROP", "users")
        admin.raw("HINDEX", "CREATE", "users", "ON", "PREFIX", "u:")
        wait_until_ready(admin, "users")
        ends.set()
        for writer in writers:
            writer.join()
        values = dict(zip(*(lambda keys: (keys, [parse(reply) for reply in admin.pipeline([["HGET", key, "n"] for key in keys])]))(ask(admin, "KEYS", "u:*"))))
        for value in range(10):
            found = ask(admin, "HFIND", "users", "@>", f"n=>{value}")
            assert sorted(found) == sorted(key for key in values if values[key] == b"%d" % value)
