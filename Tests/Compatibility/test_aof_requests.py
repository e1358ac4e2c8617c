"""A base of requests (`aof-use-rdb-preamble no`), exchanged with redis-server, and what goes with rewriting."""

import os
import shutil
import time

import pytest

import dumps
from resp import parse
from servers import until
from test_aof import FOLDER, ON, again, digest, fill, folder, info, kill, listed, read, rewrite, without_streams
from test_dump import groups

PLAIN = ON + ("--aof-use-rdb-preamble", "no")
LIBRARY = "#!lua name=lib\nredis.register_function('one', function() return 1 end)"


def streams(client):
    """Groups, pending entries and counters of all streams of database 0."""
    names = [key for key in sorted(parse(client.raw("KEYS", "*"))) if parse(client.raw("TYPE", key)) == "stream"]
    return {name: groups(client, name) for name in names}


def add_streams(client):
    """Streams whose pending entries are gone, by XDEL in the middle and by XTRIM at the front."""
    for name in ("holes", "cut", "emptied"):
        client.pipeline([["XADD", name, f"{index}-1", "n", index] for index in range(1, 21)])
        client.pipeline([["XGROUP", "CREATE", name, "g", "0"], ["XGROUP", "CREATE", name, "h", "5-1"]])
        client.pipeline([["XREADGROUP", "GROUP", group, who, "COUNT", 9, "STREAMS", name, ">"]
                         for group in "gh" for who in ("alice", "bob")])
    client.raw("XDEL", "holes", "4-1", "9-1", "17-1")
    client.raw("XTRIM", "cut", "MINID", "8-0")
    client.raw("XDEL", "cut", "12-1")
    client.raw("XTRIM", "emptied", "MAXLEN", "0")
    client.pipeline([["XGROUP", "CREATE", "new", "g", "$", "MKSTREAM"], ["XGROUP", "CREATECONSUMER", "new", "g", "c"]])


@pytest.mark.parametrize("threads", [1, 4])
def test_a_base_of_requests_is_exchanged_with_redis(start, threads):
    ours = start("apus", *PLAIN, threads=threads)
    theirs = start("oracle", *PLAIN)
    for source, target in ((ours, theirs), (theirs, ours)):
        with source.connect() as client:
            client.raw("FLUSHALL")
            fill(client)
            add_streams(client)
            client.raw("FUNCTION", "LOAD", "REPLACE", LIBRARY)
            rewrite(client) if source is ours else client.raw("BGREWRITEAOF")
            until(lambda: info(client)["aof_rewrite_in_progress"] == "0")
            client.raw("SET", "after", "1")
            wanted, expected, pending = digest(client), dumps.dump(client), streams(client)
        source.stop()
        base = [name for name, kind in listed(source) if kind == "b"]
        assert base[0].endswith(".base.aof") and not read(source, base[0]).startswith(b"REDIS")
        target.stop()
        shutil.rmtree(folder(target))
        shutil.copytree(folder(source), folder(target))
        target.start()
        with target.connect() as client:
            assert digest(client) == wanted
            assert without_streams(dumps.dump(client)) == without_streams(expected)
            # Redis's own requests lose pending entries that are gone.
            assert source is theirs or streams(client) == pending
            assert parse(client.raw("FCALL", "one", 0)) == 1
        source.start()


def test_what_only_we_know_survives_in_requests(start):
    server = start("apus", *PLAIN, "--memcached-port", "0", threads=2)
    with server.connect() as client:
        client.pipeline([["HSET", "h", *(word for n in range(700) for word in (f"f{n}", n))],
                         ["HPEXPIREAT", "h", 33177117420000, "FIELDS", 3, "f1", "f2", "f600"],
                         ["HSET", "small", "a", "1", "b", "2"], ["HPEXPIREAT", "small", 33177117420001, "FIELDS", 1, "a"],
                         ["HSETNULL", "small", "null", "none"], ["HSETNULL", "h", "f3"], ["HSETNULL", "nulls", "only"]])
        client.pipeline([["XADD", "s", "1-1", "a", "b"], ["XADD", "s", "2-1", "a", "b"], ["XGROUP", "CREATE", "s", "g", "0"],
                         ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"],
                         ["XNACK", "s", "g", "FATAL", "IDS", 1, "1-1"],
                         ["XCFGSET", "s", "IDMP-DURATION", 500, "IDMP-MAXSIZE", 7], ["XADD", "s", "IDMP", "p", "m", "3-1", "a", "b"]])
        rewrite(client)

        def seen():
            facts = parse(client.raw("XINFO", "STREAM", "s"))
            return (digest(client), dumps.dump(client, with_field_expiry=True),
                    parse(client.raw("XPENDING", "s", "g", "-", "+", 10))[0][::3], facts[facts.index(b"idmp-maxsize") + 1],
                    facts[facts.index(b"iids-tracked") + 1])
        wanted = seen()
    kill(server)
    server.start()
    with server.connect() as client:
        found = seen()
        assert without_streams(found[1]) == without_streams(wanted[1])
        assert (found[0], *found[2:]) == (wanted[0], *wanted[2:])


def test_large_values_in_requests_while_they_change(start):
    server = start("apus", *PLAIN, threads=2)
    with server.connect() as client:
        client.pipeline([["SADD", "set", *(f"m{n}" for n in range(40000))], ["RPUSH", "list", *range(40000)],
                         ["ZADD", "zset", *(word for n in range(40000) for word in (n / 3, n))],
                         ["HSET", "hash", *(word for n in range(40000) for word in (f"f{n}", n))]])
        client.pipeline([["XADD", "stream", "*", "n", n] for n in range(20000)])
        done = int(info(client)["aof_rewrites"])
        client.raw("BGREWRITEAOF")
        for n in range(300):
            client.pipeline([["SREM", "set", f"m{n}"], ["LPUSH", "list", n], ["ZINCRBY", "zset", 1, n], ["HSET", "hash", f"f{n}", "x"], ["XADD", "stream", "*", "n", n]])
        until(lambda: int(info(client)["aof_rewrites"]) > done)
        wanted = digest(client)
    kill(server)
    server.start()
    with server.connect() as client:
        assert digest(client) == wanted


def test_the_first_base_has_the_form_configured(start, which):
    server = start(which, *PLAIN)
    assert listed(server) == [("appendonly.aof.1.base.aof", "b"), ("appendonly.aof.1.incr.aof", "i")]
    with server.connect() as client:
        client.raw("SET", "a", "1")
        client.raw("CONFIG", "SET", "aof-use-rdb-preamble", "yes")
        client.raw("BGREWRITEAOF")
        until(lambda: listed(server) == [("appendonly.aof.2.base.rdb", "b"), ("appendonly.aof.2.incr.aof", "i")])
        assert client.raw("DEBUG", "LOADAOF") == b"+OK\r\n"
        assert parse(client.raw("GET", "a")) == b"1"


def test_replaced_files_stay_if_so_configured(start, which):
    server = start(which, *ON, "--aof-disable-auto-gc", "yes")
    with server.connect() as client:
        client.raw("SET", "a", "1")
        client.raw("BGREWRITEAOF")
        until(lambda: len(listed(server)) == 4 and info(client)["aof_rewrite_in_progress"] == "0")
        assert sorted(kind for _, kind in listed(server)) == ["b", "h", "h", "i"]
    again(server)
    with server.connect() as client:
        assert len(os.listdir(os.path.join(server.directory, FOLDER))) == 5
        client.raw("CONFIG", "SET", "aof-disable-auto-gc", "no")
        until(lambda: len(os.listdir(os.path.join(server.directory, FOLDER))) == 3)
        until(lambda: len(listed(server)) == 2)


def test_saving_pauses_after_each_key(start):
    server = start("apus", "--enable-debug-command", "yes", "--rdb-key-save-delay", "10000000", threads=2)
    with server.connect() as client:
        client.raw("DEBUG", "POPULATE", 100)
        client.raw("BGSAVE")
        until(lambda: info(client)["current_save_keys_processed"] != "0")
        facts = info(client)
        assert (facts["rdb_bgsave_in_progress"], facts["current_save_keys_total"]) == ("1", "100")
        assert client.raw("BGSAVE", "CANCEL") == b"+Background saving cancelled\r\n"
        until(lambda: info(client)["rdb_bgsave_in_progress"] == "0")
        client.raw("BGSAVE")
        time.sleep(0.05)
        assert info(client)["rdb_bgsave_in_progress"] == "1"
        client.raw("CONFIG", "SET", "rdb-key-save-delay", 0)
        until(lambda: info(client)["rdb_bgsave_in_progress"] == "0")
        assert info(client)["rdb_last_bgsave_status"] == "ok" and info(client)["current_save_keys_total"] == "0"


def test_checksums_are_skipped_on_request(start, which):
    server = start(which, "--enable-debug-command", "yes")
    with server.connect() as client:
        client.raw("SET", "a", "some value")
        payload = bytearray(parse(client.raw("DUMP", "a")))
        payload[-1] ^= 1
        assert client.raw("RESTORE", "b", 0, bytes(payload)).startswith(b"-ERR DUMP payload")
        assert client.raw("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", 1) == b"+OK\r\n"
        assert client.raw("RESTORE", "b", 0, bytes(payload)) == b"+OK\r\n"
        assert parse(client.raw("GET", "b")) == b"some value"
