"""RDB files: saved and loaded here, exchanged with redis-server, and consistent while commands go on."""

import os
import random
import shutil
import struct
import threading
import time

import pytest

import dumps
from resp import parse
from test_dump import VALUES, crc64, groups


def wait_for_save(client, since, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        info = dumps_info(client)
        if info["rdb_bgsave_in_progress"] == "0" and int(info.get("rdb_saves", since + 1)) > since:
            return info
        time.sleep(0.02)
    pytest.fail(f"no background save ended: {dumps_info(client)}")


def dumps_info(client):
    text = parse(client.raw("INFO", "persistence")).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def fill(client):
    """Every type and encoding in two databases, with and without expiries; returns the digest."""
    client.raw("FLUSHALL")
    for database in (0, 3):
        client.raw("SELECT", database)
        for name, commands in VALUES.items():
            client.pipeline(commands)
            client.raw("RENAME", "k", name)
            if len(name) % 3 == 0:
                client.raw("PEXPIREAT", name, 33177117420000 + len(name))
        client.pipeline([["SET", f"key:{number}", number * 7] for number in range(5000)])
    client.raw("SELECT", 0)
    return parse(client.raw("DEBUG", "DIGEST"))


DEBUG = ("--enable-debug-command", "yes")


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("command", ["SAVE", "BGSAVE"])
def test_a_restart_brings_everything_back(start, threads, command):
    server = start("apus", *DEBUG, threads=threads)
    with server.connect() as client:
        digest = fill(client)
        wanted = dumps.dump(client)
        saves = int(dumps_info(client)["rdb_saves"])
        reply = client.raw(command)
        assert reply == (b"+OK\r\n" if command == "SAVE" else b"+Background saving started\r\n")
        info = wait_for_save(client, saves)
        assert info["rdb_changes_since_last_save"] == "0" and info["rdb_last_bgsave_status"] == "ok"
    files = [name for name in os.listdir(server.directory) if name.endswith(".rdb")]
    assert files == ["dump.rdb"]
    again = start("apus", *DEBUG, threads=3, files={"dump.rdb": server.file("dump.rdb")})
    with again.connect() as client:
        assert parse(client.raw("DEBUG", "DIGEST")) == digest
        assert dumps.dump(client) == wanted
        assert int(dumps_info(client)["rdb_last_load_keys_loaded"]) == len(wanted)


def test_files_change_hands_with_redis(start):
    ours = start("apus", *DEBUG, threads=2)
    theirs = start("oracle", *DEBUG)
    with ours.connect() as mine, theirs.connect() as other:
        digest = fill(mine)
        assert mine.raw("SAVE") == b"+OK\r\n"
        shutil.copy(os.path.join(ours.directory, "dump.rdb"), os.path.join(theirs.directory, "dump.rdb"))
        assert other.raw("DEBUG", "RELOAD", "NOSAVE") == b"+OK\r\n"
        assert parse(other.raw("DEBUG", "DIGEST")) == digest
        assert other.raw("SAVE") == b"+OK\r\n"
        shutil.copy(os.path.join(theirs.directory, "dump.rdb"), os.path.join(ours.directory, "dump.rdb"))
        mine.raw("FLUSHALL")
        assert mine.raw("DEBUG", "RELOAD", "NOSAVE") == b"+OK\r\n"
        assert parse(mine.raw("DEBUG", "DIGEST")) == digest


def test_debug_reload_and_its_options(start):
    server = start("apus", *DEBUG, threads=2)
    with server.connect() as client:
        digest = fill(client)
        assert client.raw("DEBUG", "RELOAD") == b"+OK\r\n"
        assert parse(client.raw("DEBUG", "DIGEST")) == digest
        client.raw("SET", "key:1", "changed")
        client.raw("SET", "new", "stays")
        assert client.raw("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE") == b"+OK\r\n"
        assert parse(client.raw("MGET", "key:1", "new")) == [b"7", b"stays"]
        assert client.raw("DEBUG", "RELOAD", "NOSUCH")[:4] == b"-ERR"
        client.raw("HSET", "h", "a", "1", "b", "2")
        client.raw("HPEXPIREAT", "h", 33177117420000, "FIELDS", 1, "a")
        digest = parse(client.raw("DEBUG", "DIGEST"))
        assert client.raw("DEBUG", "RELOAD") == b"+OK\r\n"
        assert parse(client.raw("DEBUG", "DIGEST")) == digest


@pytest.mark.parametrize("threads", [1, 4])
def test_a_snapshot_shows_one_moment(start, threads):
    """While money moves between accounts, every snapshot has all of it; what a pipeline wrote is there in order."""
    server = start("apus", *DEBUG, threads=threads)
    accounts, total = 2000, 2000 * 100
    stop = threading.Event()
    with server.connect() as client:
        client.pipeline([["SET", f"a:{number}", 100] for number in range(accounts)])
        client.pipeline([["HSET", "hash", f"f{number}", "v" * 50] for number in range(3000)])

        def move(seed):
            rng = random.Random(seed)
            with server.connect() as mover:
                while not stop.is_set():
                    words = []
                    for _ in range(20):
                        words.append(["LMOVE", f"l:{rng.randrange(50)}", f"l:{rng.randrange(50)}", "LEFT", "RIGHT"])
                        words.append(["HSET", "hash", f"f{rng.randrange(3000)}", rng.randrange(10 ** 9)])
                        words.append(["SET", f"a:{rng.randrange(accounts)}", 100, "EX", 1000])
                        words.append(["DEL", f"n:{rng.randrange(500)}"])
                        words.append(["RPUSH", f"n:{rng.randrange(500)}", *range(20)])
                    mover.pipeline(words)

        client.pipeline([["RPUSH", f"l:{number}", *[f"{number}-{index}" for index in range(40)]] for number in range(50)])
        movers = [threading.Thread(target=move, args=(seed,)) for seed in range(3)]
        for mover in movers:
            mover.start()
        try:
            for _ in range(3):
                saves = int(dumps_info(client)["rdb_saves"])
                assert client.raw("BGSAVE") == b"+Background saving started\r\n"
                wait_for_save(client, saves)
                reader = start("apus", *DEBUG, files={"dump.rdb": server.file("dump.rdb")})
                with reader.connect() as other:
                    elements = [element for number in range(50) for element in parse(other.raw("LRANGE", f"l:{number}", 0, -1))]
                    assert sorted(elements) == sorted(b"%d-%d" % (number, index) for number in range(50) for index in range(40))
                    assert sum(int(value) for value in parse(other.raw("MGET", *[f"a:{n}" for n in range(accounts)]))) == total
                    assert parse(other.raw("HLEN", "hash")) == 3000
                    assert all(length in (0, 20) or length % 20 == 0 for length in (parse(other.raw("LLEN", f"n:{n}")) for n in range(500)))
                reader.stop()
        finally:
            stop.set()
            for mover in movers:
                mover.join()


def test_save_points_and_the_end(start):
    server = start("apus", "--save", "1 5", "--hz", "100")
    with server.connect() as client:
        assert client.raw("SET", "a", "1") == b"+OK\r\n"
        time.sleep(1.5)
        assert dumps_info(client)["rdb_saves"] == "0"
        client.pipeline([["SET", "b", number] for number in range(5)])
        wait_for_save(client, 0)
        client.raw("SET", "last", "word")
    server.stop()
    again = start("apus", files={"dump.rdb": server.file("dump.rdb")})
    with again.connect() as client:
        assert parse(client.raw("MGET", "a", "b", "last")) == [b"1", b"4", b"word"]


def test_errors(start, which):
    server = start(which, *DEBUG)
    with server.connect() as client:
        assert client.raw("SAVE", "x") == b"-ERR wrong number of arguments for 'save' command\r\n"
        assert client.raw("BGSAVE", "x") == b"-ERR syntax error\r\n"
        before = time.time()
        assert client.raw("SAVE") == b"+OK\r\n"
        assert abs(parse(client.raw("LASTSAVE")) - before) <= 2
        assert client.raw("BGSAVE", "SCHEDULE") == b"+Background saving started\r\n"


def test_a_folder_that_is_gone(start):
    server = start("apus", *DEBUG)
    with server.connect() as client:
        client.raw("SET", "a", "1")
        shutil.rmtree(server.directory)
        assert client.raw("SAVE") == b"-ERR\r\n"
        assert client.raw("BGSAVE") == b"+Background saving started\r\n"
        end = time.monotonic() + 10
        while dumps_info(client)["rdb_last_bgsave_status"] != "err" and time.monotonic() < end:
            time.sleep(0.02)
        assert dumps_info(client)["rdb_last_bgsave_status"] == "err"
        assert client.raw("SET", "a", "2") == b"+OK\r\n"
        os.makedirs(server.directory)
        assert client.raw("GET", "a") == b"$1\r\n2\r\n"


def test_damaged_files_end_the_start(start):
    source = start("apus", *DEBUG)
    with source.connect() as client:
        for number in range(100):
            client.raw("SET", f"k{number}", "value" * 10)
        client.raw("SAVE")
    good = source.file("dump.rdb")
    bad = {"short": good[:-20], "flipped": good[:200] + bytes([good[200] ^ 1]) + good[201:], "other": b"nonsense" * 10,
           "newer": b"REDIS0099" + good[9:-8], "empty": b""}
    for name, content in bad.items():
        server = start("apus", wait=False, files={"dump.rdb": content})
        assert server.process.wait(20) == 1, name
        assert "Fatal error loading the DB" in server.output(), name
        assert server.file("dump.rdb") == content


def test_old_files_are_read(start):
    """A file of version 6 by hand: no facts, seconds, plain types."""
    body = b"REDIS0006" + b"\xfe\x00" + b"\xfd" + struct.pack("<i", 2 ** 31 - 1) + b"\x00\x01s\x05value" + b"\x01\x01l\x02\x01a\x01b" + b"\xff"
    body += struct.pack("<Q", crc64(body))

    server = start("apus", files={"dump.rdb": body})
    with server.connect() as client:
        assert parse(client.raw("GET", "s")) == b"value"
        assert parse(client.raw("EXPIRETIME", "s")) == 2 ** 31 - 1
        assert parse(client.raw("LRANGE", "l", 0, -1)) == [b"a", b"b"]


def fill_large(client, count):
    """One large value of each kind, some of them with expiries of their own."""
    for start in range(0, count, 1000):
        part = range(start, min(start + 1000, count))
        client.pipeline([
            ["RPUSH", "list", *[f"element-{n}" for n in part]],
            ["SADD", "set", *[f"member-{n}" for n in part]],
            ["ZADD", "zset", *[word for n in part for word in (n * 0.5, f"member-{n}")]],
            ["HSET", "hash", *[word for n in part for word in (f"field-{n}", f"value-{n}")]],
            ["HSET", "timed", *[word for n in part for word in (f"field-{n}", n)]],
            ["HPEXPIREAT", "timed", 33177117420000 + start, "FIELDS", 2, f"field-{start}", f"field-{start + 1}"],
        ] + [["XADD", "stream", f"{n + 1}-0", "a", n, "b", "text"] for n in part])
    client.pipeline([
        ["PEXPIREAT", "zset", 33177117420000], ["XGROUP", "CREATE", "stream", "group", "0"],
        ["XGROUP", "CREATE", "stream", "empty", "5-0"],
        ["XREADGROUP", "GROUP", "group", "one", "COUNT", count // 3, "STREAMS", "stream", ">"],
        ["XREADGROUP", "GROUP", "group", "two", "COUNT", count // 3, "STREAMS", "stream", ">"],
        ["XDEL", "stream", "3-0", "7-0"], ["RENAME", "list", "list"]])


CHANGES = [
    ["RPUSH", "list", "new"], ["LPOP", "list"], ["LSET", "list", "-5", "other"], ["SADD", "set", "new"], ["SREM", "set", "member-77"],
    ["ZADD", "zset", "1e9", "member-5"], ["ZPOPMIN", "zset"], ["HSET", "hash", "field-9", "new"], ["HDEL", "hash", "field-10"],
    ["HSET", "timed", "field-0", "new"], ["XADD", "stream", "*", "a", "b"], ["XACK", "stream", "group", "9-0"],
    ["XDEL", "stream", "20-0"], ["RPOPLPUSH", "list", "set2"], ["SMOVE", "set", "set3", "member-1"], ["PERSIST", "zset"]]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("way", ["plain", "MULTI", "gone", "expired", "sorted"])
def test_large_values_are_saved_as_they_were(start, threads, way):
    """Changes wait until a large value is in the file; what cannot wait has it written first."""
    server = start("apus", *DEBUG, threads=threads)
    with server.connect() as client, server.connect(timeout=60) as other:
        fill_large(client, 12_000)
        client.pipeline([["SET", f"key:{number}", "v" * 30] for number in range(5_000)])
        digest = parse(client.raw("DEBUG", "DIGEST"))
        saves = int(dumps_info(client)["rdb_saves"])
        requests = {
            "plain": CHANGES,
            "MULTI": [["MULTI"], *CHANGES, ["EXEC"]],
            "gone": [["DEL", "list", "set"], ["SET", "hash", "string"], ["UNLINK", "zset", "stream"], ["FLUSHALL"]],
            # The keys that these change are not all named by the requests.
            "expired": [["HPEXPIRE", "timed", 1, "FIELDS", 1, "field-0"], ["PEXPIRE", "hash", 1]],
            "sorted": [["SORT", "set", "ALPHA", "STORE", "zset"], ["COPY", "list", "hash", "REPLACE"],
                       ["RENAME", "set", "stream"]],
        }[way]
        answers = client.pipeline([["BGSAVE"], *requests])
        assert answers[0] == b"+Background saving started\r\n"
        assert not any(answer.startswith(b"-") for answer in answers), answers
        # What only reads does not wait.
        for request in [["LLEN", "list"], ["SCARD", "set"], ["XLEN", "stream"]]:
            other.raw(*request)
        wait_for_save(client, saves)
    again = start("apus", *DEBUG, threads=2, files={"dump.rdb": server.file("dump.rdb")})
    with again.connect() as client:
        assert parse(client.raw("DEBUG", "DIGEST")) == digest


def small_changes(rng, count):
    """Requests that change a few members of fill_large's values, or the ends of the list."""
    def one(name="member"):
        return f"{name}-{rng.randrange(-100, 12_000)}"

    kinds = [
        lambda: ["HSET", "hash", one("field"), rng.random(), one("field"), rng.random()],
        lambda: ["HDEL", "hash", one("field"), one("field")],
        lambda: ["HSETNX", "hash", one("field"), 1],
        lambda: ["SADD", "set", *[one() for _ in range(rng.randrange(1, 5))]],
        lambda: ["SREM", "set", *[one() for _ in range(rng.randrange(1, 5))]],
        lambda: ["SMOVE", "set", "set2", one()],
        lambda: ["ZADD", "zset", rng.randrange(6000), one(), rng.randrange(6000), one()],
        lambda: ["ZINCRBY", "zset", rng.randrange(-6000, 6000), one()],
        lambda: ["ZREM", "zset", one(), one()],
        lambda: [rng.choice(["ZPOPMIN", "ZPOPMAX"]), "zset", rng.randrange(4)],
        lambda: [rng.choice(["LPUSH", "RPUSH"]), "list", *["new"] * rng.randrange(1, 6)],
        lambda: [rng.choice(["LPOP", "RPOP"]), "list", rng.randrange(8)],
        lambda: [rng.choice(["BLPOP", "BRPOP"]), "list", 1],
        lambda: ["LMOVE", "list", "list2", *rng.choices(["LEFT", "RIGHT"], k=2)],
        lambda: ["LMOVE", "list2", "list", *rng.choices(["LEFT", "RIGHT"], k=2)],
        lambda: ["LTRIM", "list", rng.randrange(3), -1 - rng.randrange(3)],
        lambda: ["XADD", "stream", "*", "a", "b"],
        lambda: ["XREADGROUP", "GROUP", rng.choice(["group", "empty"]), rng.choice(["one", "three"]), "COUNT", 3, "STREAMS", "stream", ">"],
        lambda: ["XACK", "stream", "group", f"{rng.randrange(9000)}-0"],
        lambda: ["XCLAIM", "stream", "group", "two", 0, f"{rng.randrange(9000)}-0"],
        lambda: ["EXPIRE", rng.choice(["list", "hash", "zset", "timed", "stream"]), 100_000],
        lambda: ["PERSIST", rng.choice(["list", "set", "zset", "stream"])]]
    return [rng.choice(kinds)() for _ in range(count)]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("form", ["yes", "no"])
def test_small_changes_of_large_values_are_not_saved(start, threads, form):
    """Whatever changes while a value is written in slices, the file has what it was at the cut."""
    server = start("apus", *DEBUG, "--rdbcompression", form, threads=threads)
    rng = random.Random(threads)
    with server.connect(timeout=60) as client:
        for round in range(4):
            client.raw("FLUSHALL")
            fill_large(client, 12_000)
            client.pipeline([["SET", f"key:{number}", "v" * 30] for number in range(2_000)])
            digest, pending = parse(client.raw("DEBUG", "DIGEST")), groups(client, "stream")
            saves = int(dumps_info(client)["rdb_saves"])
            answers = client.pipeline([["BGSAVE"], *small_changes(rng, 300 * 4 ** round)])
            assert not any(answer.startswith(b"-") for answer in answers), answers
            wait_for_save(client, saves)
            again = start("apus", *DEBUG, threads=2, files={"dump.rdb": server.file("dump.rdb")})
            with again.connect() as other:
                assert parse(other.raw("DEBUG", "DIGEST")) == digest
                assert groups(other, "stream") == pending
            again.stop()


@pytest.mark.parametrize("threads", [1, 4])
def test_small_changes_do_not_wait_for_a_snapshot(start, threads):
    """The disk is so slow that no large value gets through; they change all the same, until they are gone."""
    server = start("apus", *DEBUG, "--rdb-key-save-delay", "30000", "--rdbcompression", "no", threads=threads)
    rng = random.Random(threads)
    with server.connect(timeout=60) as client:
        fill_large(client, 12_000)
        client.pipeline([["HSET", "hash", f"long-{number}", "x" * 1000] for number in range(24_000)])
        client.pipeline([["SET", f"key:{number}", "v" * 1000] for number in range(100 * threads)])
        digest = parse(client.raw("DEBUG", "DIGEST"))
        saves = int(dumps_info(client)["rdb_saves"])
        answers = client.pipeline([["BGSAVE"], *small_changes(rng, 2_000)])
        assert not any(answer.startswith(b"-") for answer in answers), answers
        assert dumps_info(client)["rdb_bgsave_in_progress"] == "1"
        for start_ in range(0, 12_000, 50):
            names = range(start_, start_ + 50)
            client.pipeline([
                ["HDEL", "hash", *[f"field-{n}" for n in names]], ["SREM", "set", *[f"member-{n}" for n in names]],
                ["ZREM", "zset", *[f"member-{n}" for n in names]], ["RPOP", "list", 50]])
        client.pipeline([["LPOP", "list", 100]] * 100)
        assert dumps_info(client)["rdb_bgsave_in_progress"] == "1"
        assert parse(client.raw("EXISTS", "list")) == 0
        client.raw("CONFIG", "SET", "rdb-key-save-delay", "0")
        client.raw("DEL", "hash", "timed")
        wait_for_save(client, saves, 60)
    again = start("apus", *DEBUG, threads=2, files={"dump.rdb": server.file("dump.rdb")})
    with again.connect() as client:
        assert parse(client.raw("DEBUG", "DIGEST")) == digest


def test_redis_reads_large_values_written_in_slices(start):
    server = start("apus", *DEBUG)
    with server.connect() as client:
        fill_large(client, 6_000)
        client.raw("DEL", "timed")
        groups = client.raw("XINFO", "STREAM", "stream", "FULL", "COUNT", "0")
        digest = parse(client.raw("DEBUG", "DIGEST"))
        saves = int(dumps_info(client)["rdb_saves"])
        client.raw("BGSAVE")
        wait_for_save(client, saves)
    theirs = start("oracle", *DEBUG, files={"dump.rdb": server.file("dump.rdb")})
    with theirs.connect() as client:
        assert parse(client.raw("DEBUG", "DIGEST")) == digest
    again = start("apus", *DEBUG, files={"dump.rdb": server.file("dump.rdb")})
    with again.connect() as client:
        pending = client.raw("XPENDING", "stream", "group")
        assert pending.startswith(b"*4\r\n:")
        assert len(client.raw("XINFO", "STREAM", "stream", "FULL", "COUNT", "0")) > 0 and groups
