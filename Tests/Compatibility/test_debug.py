"""DEBUG: digests to the byte as Redis has them, and what it tells of tables and nodes."""

import random
import re
import time

import pytest

from resp import ReplyError

KINDS = {
    "string": ["SET", "k", "hello"], "number": ["SET", "k", "12345"], "empty": ["SET", "k", ""],
    "large": ["SET", "k", b"x" * 20000], "volatile": ["SET", "k", "v", "EX", "1000"],
    "list": ["RPUSH", "k", *"abc", "12", "", "x" * 70],
    "long list": ["RPUSH", "k", *(b"element %d" % i for i in range(3000))],
    "set": ["SADD", "k", "a", "b", "1"], "integers": ["SADD", "k", "3", "1", "2", "-70000"],
    "large set": ["SADD", "k", *(b"m%d" % i for i in range(1000))],
    "hash": ["HSET", "k", "a", "1", "b", "two"],
    "large hash": ["HSET", "k", *(b"f%d" % (i // 2) if i % 2 == 0 else b"%d" % i for i in range(2000))],
    "scores": ["ZADD", "k", "1", "a", "2.5", "b", "inf", "c", "0.1", "d", "1e20", "e", "-inf", "g", "3e-310", "h"],
    "negative zero": ["ZADD", "k", "-0", "a", "0", "b"],
    "large scores": ["ZADD", "k", *(b"m%d" % (i // 2) if i % 2 else b"%d.1" % i for i in range(1000))],
    "stream": ["XADD", "k", "5-1", "a", "1", "b", "two"],
}


def both(apus, oracle, *words):
    """The reply of both, which must be the same."""
    replies = []
    for server in (apus, oracle):
        with server.connect() as connection:
            try:
                replies.append(connection.command(*words))
            except ReplyError as error:
                replies.append(str(error))
    assert replies[0] == replies[1], words
    return replies[0]


@pytest.fixture(autouse=True)
def nothing(apus, oracle):
    both(apus, oracle, "FLUSHALL")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_digests_of_values_are_those_of_redis(apus, oracle, kind):
    both(apus, oracle, *KINDS[kind])
    if kind == "stream":
        both(apus, oracle, "XADD", "k", "5-2", "a", "2", "b", "x" * 100)
        both(apus, oracle, "XADD", "k", "6-0", "other", "2")
        both(apus, oracle, "XDEL", "k", "5-1")
    digest = both(apus, oracle, "DEBUG", "DIGEST-VALUE", "k", "none", "k")
    assert digest[0] == digest[2] and digest[1] == "0" * 40 and re.fullmatch("[0-9a-f]{40}", digest[0])
    both(apus, oracle, "DEBUG", "DIGEST")
    both(apus, oracle, "PEXPIRE", "k", "100000")
    assert both(apus, oracle, "DEBUG", "DIGEST-VALUE", "k")[0] != digest[0] or kind == "volatile"


def test_the_digest_of_all_is_that_of_redis(apus, oracle):
    assert both(apus, oracle, "DEBUG", "DIGEST") == "0" * 40
    for database in (0, 3, 15):
        with apus.connect() as ours, oracle.connect() as theirs:
            for connection in (ours, theirs):
                connection.command("SELECT", database)
                for name, words in KINDS.items():
                    connection.command(words[0], f"{name}:{database}", *words[2:])
        full = both(apus, oracle, "DEBUG", "DIGEST")
    both(apus, oracle, "SELECT", "0")
    both(apus, oracle, "DEL", "set:0")
    assert both(apus, oracle, "DEBUG", "DIGEST") != full
    both(apus, oracle, *KINDS["set"][:1], "set:0", *KINDS["set"][:1:-1])
    assert both(apus, oracle, "DEBUG", "DIGEST") == full


def test_encodings_do_not_show_in_digests(apus):
    with apus.connect() as connection:
        for kind, option, least in [
            ("set", "set-max-listpack-entries", "0"), ("integers", "set-max-intset-entries", "0"),
            ("hash", "hash-max-listpack-entries", "0"), ("scores", "zset-max-listpack-entries", "0"),
            ("list", "list-max-listpack-size", "1"), ("long list", "list-compress-depth", "1"),
        ]:
            usual = connection.command("CONFIG", "GET", option)[1]
            connection.command("FLUSHALL")
            connection.command(*KINDS[kind])
            before = connection.command("DEBUG", "DIGEST")
            shown = connection.command("DEBUG", "OBJECT", "k")
            connection.command("FLUSHALL")
            connection.command("CONFIG", "SET", option, least)
            connection.command(*KINDS[kind])
            assert connection.command("DEBUG", "OBJECT", "k").split()[3:] != shown.split()[3:], kind
            assert connection.command("DEBUG", "DIGEST") == before, kind
            connection.command("CONFIG", "SET", option, usual)


def test_a_field_that_goes_shows_in_the_digest(apus):
    with apus.connect() as connection:
        connection.command("HSET", "k", "a", "1", "b", "2")
        stays = connection.command("DEBUG", "DIGEST-VALUE", "k")
        connection.command("HEXPIRE", "k", "1000", "FIELDS", "1", "a")
        first = connection.command("DEBUG", "DIGEST-VALUE", "k")
        connection.command("HPERSIST", "k", "FIELDS", "1", "a")
        connection.command("HEXPIRE", "k", "1000", "FIELDS", "1", "b")
        second = connection.command("DEBUG", "DIGEST-VALUE", "k")
        assert len({stays[0], first[0], second[0]}) == 3


# --- Tables


def stats(text):
    """The tables of HTSTATS: names and numbers."""
    return [dict(re.findall(r" ([a-z ()]+): ([\d.]+)\n", part)) for part in text.decode().split("Hash table 0")[1:]]


def test_statistics_of_tables_count_every_key(apus):
    with apus.connect() as connection:
        for number in range(1000):
            connection.command("SET", f"key:{number}", "1", *(["EX", "1000"] if number % 2 else []))
        keys, volatile = stats(connection.command("DEBUG", "HTSTATS", "0", "full"))
        assert keys["number of elements"] == "1000" and volatile["number of elements"] == "500"
        assert int(keys["table size"]) >= int(keys["different slots"]) > 50
        empty = connection.command("DEBUG", "HTSTATS", "7")
        assert empty.count(b"No stats available for empty dictionaries") == 2
        connection.command("SADD", "s", *range(1000), "word")
        (members,) = stats(connection.command("DEBUG", "HTSTATS-KEY", "s"))
        assert members["number of elements"] == "1001"


def test_tables_keep_their_buckets_where_resizing_is_off(apus):
    with apus.connect() as connection:
        connection.command("SADD", "s", *range(300), "word")
        size = lambda: int(stats(connection.command("DEBUG", "HTSTATS-KEY", "s"))[0]["table size"])
        before = size()
        assert connection.command("DEBUG", "DICT-RESIZING", "0") == "OK"
        connection.command("SADD", "s", *range(300, 2000))
        assert size() == before
        connection.command("DEBUG", "DICT-RESIZING", "1")
        connection.command("SADD", "s", *range(2000, 2400))
        assert size() > before * 3 / 2
        assert connection.command("SCARD", "s") == 2401


def test_long_chains_trap_nothing_and_end(apus):
    with apus.connect() as connection:
        assert connection.command("DEBUG", "DICT-RESIZING", "0") == "OK"
        try:
            count = 3000
            for number in range(count):
                connection.pipeline([
                    ["HSET", "h", "f%d" % number, "v"], ["SADD", "s", "m%d" % number],
                    ["ZADD", "z", number, "m%d" % number], ["SET", "k%d" % number, "v"],
                ])
            drawn = connection.command("HRANDFIELD", "h", count // 5)
            assert len(set(drawn)) == count // 5
            assert len(set(connection.command("HRANDFIELD", "h", count))) == count
            assert len(connection.command("HRANDFIELD", "h", -count)) == count
            assert len(set(connection.command("SRANDMEMBER", "s", count // 5))) == count // 5
            assert len(set(connection.command("ZRANDMEMBER", "z", count // 5))) == count // 5
            assert connection.command("ZINTERSTORE", "to", "2", "z", "s") == count
            assert connection.command("ZUNIONSTORE", "to", "2", "z", "s") == count
            assert connection.command("ZRANGE", "to", "0", "1") == [b"m0", b"m1"]
            assert connection.command("RANDOMKEY") is not None
            assert connection.command("COPY", "h", "copy") == 1
            assert len(set(connection.command("SPOP", "s", count // 2))) == count // 2
            cursor, fields = connection.command("HSCAN", "h", "0", "COUNT", "10", "NOVALUES")
            assert len(fields) >= 10
            assert connection.command("DEL", "h", "s", "z", "to", "copy") == 5
        finally:
            connection.command("DEBUG", "DICT-RESIZING", "1")


# --- Lists


def facts(connection, key):
    return dict(word.split(":", 1) for word in str(connection.command("DEBUG", "OBJECT", key)).split()[2:])


def test_the_inside_of_long_lists_is_compressed(apus, oracle):
    for depth in ("0", "1", "3"):
        both(apus, oracle, "CONFIG", "SET", "list-compress-depth", depth)
        both(apus, oracle, "DEL", "k")
        for start in range(0, 3000, 500):
            both(apus, oracle, "RPUSH", "k", *(f"an element like any other: {i % 40}" for i in range(start, start + 500)))
        both(apus, oracle, "CONFIG", "SET", "list-compress-depth", "0")
        for index in (0, 700, 1500, 2999):
            both(apus, oracle, "LINDEX", "k", index)
            both(apus, oracle, "LSET", "k", index, f"set {index}")
            both(apus, oracle, "LINSERT", "k", "AFTER", f"set {index}", "inserted")
        both(apus, oracle, "LREM", "k", "5", "an element like any other: 7")
        both(apus, oracle, "LREM", "k", "-5", "an element like any other: 8")
        both(apus, oracle, "LPOS", "k", "set 1500")
        both(apus, oracle, "COPY", "k", "k2", "REPLACE")
        both(apus, oracle, "LTRIM", "k", "300", "-300")
        both(apus, oracle, "LRANGE", "k", "0", "-1")
        both(apus, oracle, "DEBUG", "DIGEST-VALUE", "k", "k2")
        with apus.connect() as connection:
            found = facts(connection, "k2")
            assert found["ql_compressed"] == ("0" if depth == "0" else "1")
            assert int(found["ql_nodes"]) > 8
            share = int(found["serializedlength"]) / int(found["ql_uncompressed_size"])
            assert (share > 0.9) == (depth == "0"), (depth, share)
        while both(apus, oracle, "LPOP", "k", "100") is not None:
            both(apus, oracle, "RPOP", "k", "7")


def test_random_work_on_compressed_lists_is_as_on_redis(apus, oracle):
    numbers = random.Random(5)
    text = lambda: f"some text that is much like the others, number {numbers.randrange(30)}"
    for step in range(600):
        if step % 60 == 0:
            both(apus, oracle, "CONFIG", "SET", "list-compress-depth", numbers.randrange(4))
            both(apus, oracle, "CONFIG", "SET", "list-max-listpack-size", numbers.choice(["-1", "4", "20"]))
        key = f"l{numbers.randrange(3)}"
        words = numbers.choice([
            ["RPUSH", key, *(text() for _ in range(40))], ["LPUSH", key, *(text() for _ in range(40))],
            ["LPOP", key, numbers.randrange(30)], ["RPOP", key, numbers.randrange(30)],
            ["LINSERT", key, "BEFORE", text(), text()], ["LSET", key, numbers.randrange(100), text()],
            ["LREM", key, numbers.randrange(-2, 3), text()], ["LRANGE", key, numbers.randrange(100), 200],
            ["LMOVE", key, f"l{numbers.randrange(3)}", "LEFT", "RIGHT"], ["LINDEX", key, numbers.randrange(200)],
            ["LTRIM", key, numbers.randrange(5), -1 - numbers.randrange(5)],
            ["SORT", key, "ALPHA", "DESC"], ["SORT", key, "ALPHA", "STORE", key],
            ["COPY", key, f"l{numbers.randrange(3)}", "REPLACE"],
            ["LPOS", key, text(), "COUNT", 0],
        ])
        both(apus, oracle, *words)
        if step % 50 == 0:
            both(apus, oracle, "DEBUG", "DIGEST")
    for server in (apus, oracle):
        with server.connect() as connection:
            connection.command("CONFIG", "SET", "list-compress-depth", "0", "list-max-listpack-size", "-2")


def test_large_elements_stand_in_nodes_of_their_own(apus):
    with apus.connect() as connection:
        assert connection.command("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b") == "OK"
        connection.command("RPUSH", "k", "a" * 200, "b" * 200, "c" * 200, "d")
        assert facts(connection, "k")["ql_nodes"] == "4"
        connection.command("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0")
        connection.command("RPUSH", "other", "a" * 200, "b" * 200, "c" * 200, "d")
        assert facts(connection, "other")["encoding"] == "listpack"


def test_work_unasked_can_be_stopped(apus):
    with apus.connect() as connection:
        connection.command("DEBUG", "PAUSE-CRON", "1")
        connection.command("SET", "k", "v", "PX", "1")
        time.sleep(0.3)
        assert connection.command("DBSIZE") == 1
        connection.command("DEBUG", "PAUSE-CRON", "0")
        deadline = time.time() + 5
        while connection.command("DBSIZE") == 1 and time.time() < deadline:
            time.sleep(0.02)
        assert connection.command("DBSIZE") == 0


def test_a_scan_removes_the_due_keys_it_meets(apus, oracle):
    both(apus, oracle, "DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        for number in range(300):
            words = ["PX", "1"] if number % 3 else []
            both(apus, oracle, "SET", "k%d" % number, "v", *words)
        time.sleep(0.05)
        assert both(apus, oracle, "DBSIZE") == 300
        for server in (apus, oracle):
            with server.connect() as connection:
                met, cursor = set(), b"0"
                while True:
                    cursor, page = connection.command("SCAN", cursor, "COUNT", "7")
                    met.update(page)
                    if cursor in (b"0", "0"):
                        break
                assert len(met) == 100
        assert both(apus, oracle, "DBSIZE") == 100
    finally:
        both(apus, oracle, "DEBUG", "SET-ACTIVE-EXPIRE", "1")


def test_the_moment_of_the_last_use_does_not_jitter(apus):
    with apus.connect() as connection:
        connection.raw("SET", "used", "1")
        found = set()
        deadline = time.monotonic() + 1.3
        while time.monotonic() < deadline:
            found.add(re.search(r"lru:(\d+)", connection.command("DEBUG", "OBJECT", "used"))[1])
            time.sleep(0.01)
        assert len(found) == 1
