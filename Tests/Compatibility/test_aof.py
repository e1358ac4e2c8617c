"""The append-only file: written and loaded here, exchanged with redis-server, cut, torn and rewritten."""

import os
import random
import re
import shutil
import signal
import threading
import time

import pytest

import dumps
import servers
from resp import Closed, parse
from servers import until
from test_dump import VALUES

DEBUG = ("--enable-debug-command", "yes")
ON = DEBUG + ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
FOLDER = "appendonlydir"
MANIFEST = "appendonly.aof.manifest"


def info(client):
    text = parse(client.raw("INFO", "persistence")).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def digest(client):
    return parse(client.raw("DEBUG", "DIGEST"))


def fill(client):
    """Every type and encoding in two databases, with and without expiries."""
    for database in (0, 3):
        client.raw("SELECT", database)
        for name, commands in VALUES.items():
            client.pipeline(commands)
            client.raw("RENAME", "k", name)
            if len(name) % 3 == 0:
                client.raw("PEXPIREAT", name, 33177117420000 + len(name))
        client.pipeline([["SET", f"key:{number}", number * 7] for number in range(500)])
        client.pipeline([["MULTI"], ["INCR", "n"], ["SELECT", 5], ["SADD", "s", 1, 2, 3], ["SPOP", "s"], ["SELECT", database], ["INCRBYFLOAT", "f", "0.1"], ["EXEC"]])
        client.pipeline([["XADD", "x", "*", "a", "1"], ["XGROUP", "CREATE", "x", "g", "0"], ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "x", ">"]])
        client.pipeline([["SET", "gone", 1, "PX", 1], ["SET", "stays", 1, "EX", 1000], ["DEL", "key:7"]])
        time.sleep(0.005)
        client.raw("GET", "gone")
    client.raw("SELECT", 0)
    return digest(client)


def without_streams(dump):
    """What the keys hold but streams, whose consumers were seen last when they were loaded."""
    return {name: content for name, content in dump.items() if content[0] != "stream"}


def folder(server):
    return os.path.join(server.directory, FOLDER)


def read(server, name):
    with open(os.path.join(folder(server), name), "rb") as file:
        return file.read()


def write(server, name, content):
    with open(os.path.join(folder(server), name), "wb") as file:
        file.write(content)


def listed(server):
    """The files of the manifest as (name, kind)."""
    return re.findall(r"^file (\S+) seq \d+ type (\w)", read(server, MANIFEST).decode(), re.M)


def again(server, **keywords):
    """Starts a server again in the same directory."""
    server.stop()
    return server.start(**keywords)


def kill(server):
    server.process.kill()
    server.process.wait()


def rewrite(client):
    done = int(info(client)["aof_rewrites"])
    assert client.raw("BGREWRITEAOF") == b"+Background append only file rewriting started\r\n"
    until(lambda: int(info(client)["aof_rewrites"]) > done)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_a_killed_server_has_everything_again(start, threads, policy):
    server = start("apus", *ON, "--appendfsync", policy, threads=threads)
    with server.connect() as client:
        wanted = fill(client)
        expected = dumps.dump(client)
    kill(server)
    server.start()
    with server.connect() as client:
        assert digest(client) == wanted
        assert without_streams(dumps.dump(client)) == without_streams(expected)
        facts = info(client)
        assert facts["aof_enabled"] == "1" and facts["rdb_changes_since_last_save"] == "0"
        assert int(facts["aof_current_size"]) == sum(len(read(server, name)) for name, _ in listed(server))
        client.raw("SET", "later", "1")
        wanted = digest(client)
    again(server)
    with server.connect() as client:
        assert digest(client) == wanted


def test_files_are_those_of_redis(start, which):
    server = start(which, *ON)
    assert listed(server) == [("appendonly.aof.1.base.rdb", "b"), ("appendonly.aof.1.incr.aof", "i")]
    with server.connect() as client:
        client.raw("SET", "a", "1")
        client.raw("SELECT", 2)
        client.pipeline([["MULTI"], ["INCR", "n"], ["INCR", "n"], ["EXEC"]])
        client.pipeline([["MULTI"], ["INCR", "n"], ["EXEC"]])
        until(lambda: b"EXEC" in read(server, "appendonly.aof.1.incr.aof"))
        words = read(server, "appendonly.aof.1.incr.aof").split(b"\r\n")
        assert [word for word in words if word[:1] not in (b"*", b"$")][:4] == [b"SELECT", b"0", b"SET", b"a"]
        rewrite(client) if which == "apus" else client.raw("BGREWRITEAOF")
        until(lambda: listed(server) == [("appendonly.aof.2.base.rdb", "b"), ("appendonly.aof.2.incr.aof", "i")])
        until(lambda: sorted(os.listdir(folder(server))) == ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof", MANIFEST])


@pytest.mark.parametrize("threads", [1, 4])
def test_exchange_with_redis(start, threads):
    ours = start("apus", *ON, threads=threads)
    theirs = start("oracle", *ON)
    for source, target in ((ours, theirs), (theirs, ours)):
        with source.connect() as client:
            client.raw("FLUSHALL")
            fill(client)
            rewrite(client) if source is ours else client.raw("BGREWRITEAOF")
            until(lambda: info(client)["aof_rewrite_in_progress"] == "0" and len(listed(source)) == 2)
            wanted = fill(client)
            # While the disk is slow to sync, a server may put off writing.
            until(lambda: info(client)["aof_buffer_length"] == "0")
        kill(source)
        target.stop()
        shutil.rmtree(folder(target))
        shutil.copytree(folder(source), folder(target))
        target.start()
        with target.connect() as client:
            assert digest(client) == wanted
        source.start()


@pytest.mark.parametrize("threads", [1, 4])
def test_rewrite_under_load(start, threads):
    """Lists that only grow and money that moves: nothing is doubled, nothing is lost."""
    server = start("apus", *ON, threads=threads)
    stop = threading.Event()
    counts = {}

    def load(seed):
        rng = random.Random(seed)
        with server.connect() as client:
            count = 0
            while not stop.is_set():
                batch = [["RPUSH", f"l:{seed}", count + index] for index in range(20)]
                batch += [["LMOVE", f"m:{rng.randrange(40)}", f"m:{rng.randrange(40)}", "LEFT", "RIGHT"] for _ in range(20)]
                batch += [["MULTI"], ["INCRBY", f"a:{rng.randrange(40)}", 5], ["DECRBY", f"a:{rng.randrange(40)}", 5], ["EXEC"]]
                batch += [["SET", f"t:{rng.randrange(200)}", "x", "PX", rng.randrange(1, 30)]]
                client.pipeline(batch)
                count += 20
            counts[seed] = count

    with server.connect() as client:
        client.pipeline([["RPUSH", f"m:{number}", *[f"{number}-{index}" for index in range(30)]] for number in range(40)])
        client.pipeline([["SET", f"filler:{number}", "v" * 100] for number in range(20000)])
        loaders = [threading.Thread(target=load, args=(seed,)) for seed in range(4)]
        for loader in loaders:
            loader.start()
        for _ in range(5):
            rewrite(client)
        stop.set()
        for loader in loaders:
            loader.join()
        time.sleep(0.1)
        wanted = digest(client)
    kill(server)
    server.start()
    with server.connect() as client:
        for seed, count in counts.items():
            assert parse(client.raw("LRANGE", f"l:{seed}", 0, -1)) == [b"%d" % index for index in range(count)]
        assert sum(int(parse(client.raw("GET", f"a:{number}")) or 0) for number in range(40)) == 0
        assert digest(client) == wanted


def test_turned_on_and_off_at_run_time(start, which):
    server = start(which, *DEBUG)
    with server.connect() as client:
        client.raw("SET", "before", "1")
        assert client.raw("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
        client.raw("SET", "after", "1")
        until(lambda: info(client)["aof_rewrite_in_progress"] == "0" and info(client)["aof_rewrite_scheduled"] == "0")
        assert [kind for _, kind in listed(server)] == ["b", "i"]
        client.raw("SET", "last", "1")
        wanted = digest(client)
        assert client.raw("CONFIG", "SET", "appendonly", "no") == b"+OK\r\n"
        assert info(client)["aof_enabled"] == "0"
        client.raw("SET", "lost", "1")
    server.stop()
    server.options += ["--appendonly", "yes"]
    server.start()
    with server.connect() as client:
        assert digest(client) == wanted
        assert client.raw("CONFIG", "SET", "appendonly", "no") == b"+OK\r\n"
        client.raw("SET", "more", "1")
        assert client.raw("CONFIG", "SET", "appendonly", "yes") == b"+OK\r\n"
        until(lambda: info(client)["aof_rewrite_in_progress"] == "0" and info(client)["aof_rewrite_scheduled"] == "0")
        wanted = digest(client)
    again(server)
    with server.connect() as client:
        assert digest(client) == wanted


def small_file(start):
    """A server whose file ends with a transaction; and that file's name and content."""
    server = start("apus", *ON)
    with server.connect() as client:
        client.pipeline([["SET", "a", "1"], ["SET", "b", "2"], ["MULTI"], ["INCR", "a"], ["INCR", "b"], ["EXEC"], ["SET", "c", "3"],
                         ["MULTI"], ["INCR", "a"], ["INCR", "b"], ["EXEC"]])
    server.stop()
    return server, "appendonly.aof.1.incr.aof", read(server, "appendonly.aof.1.incr.aof")


# What the keys hold after each of the steps of `small_file`.
STATES = [(None, None, None), (b"1", None, None), (b"1", b"2", None), (b"2", b"3", None), (b"2", b"3", b"3"), (b"3", b"4", b"3")]


@pytest.mark.parametrize("tail", [b"", b"\0" * 37])
def test_a_tail_cut_at_every_byte(start, tail):
    server, name, content = small_file(start)
    seen = []
    for length in range(0, len(content) + 1, 7 if tail else 1):
        write(server, name, content[:length] + tail)
        server.start()
        with server.connect() as client:
            state = tuple(parse(client.raw("MGET", "a", "b", "c")))
            assert state in STATES, length
            if not seen or seen[-1] != state:
                seen.append(state)
            client.raw("SET", "new", "1")
        if length % 10 == 0:
            again(server)
            with server.connect() as client:
                assert parse(client.raw("GET", "new")) == b"1"
                assert tuple(parse(client.raw("MGET", "a", "b", "c"))) == state
        kill(server)
    assert seen == STATES or tail


def test_tails_that_end_the_start(start):
    server, name, content = small_file(start)

    def fails(said, *options):
        server.options = list(ON) + list(options)
        server.start(wait=False)
        assert server.process.wait(20) == 1
        assert said in server.output()

    write(server, name, content[:-3])
    fails("Unexpected end of file reading the append only file appendonly.aof.1.incr.aof. You can: 1)", "--aof-load-truncated", "no")
    assert read(server, name) == content[:-3]
    write(server, name, content + b"nonsense\r\n")
    fails(f"Bad file format reading the append only file {name}: make a backup of your AOF file")
    assert f"(at offset {len(content)})" in server.output()
    assert read(server, name) == content + b"nonsense\r\n"
    write(server, name, content[:60].replace(b"*3", b"*!") + content[60:])
    fails("Bad file format")
    write(server, name, content + b"*1\r\n$7\r\nNOSUCH!\r\n")
    fails("Unknown command 'NOSUCH!' reading the append only file")
    os.remove(os.path.join(folder(server), name))
    fails("doesn't exist")
    write(server, MANIFEST, b"file x seq 1 type b\nfile y seq 2 type b\n")
    fails("found duplicate base file information")
    write(server, MANIFEST, b"nonsense\n")
    fails("invalid AOF manifest file format")


def test_a_broken_tail_may_be_dropped(start):
    server, name, content = small_file(start)
    write(server, name, content + b"nonsense\r\n")
    server.options += ["--aof-load-corrupt-tail-max-size", "10"]
    server.start()
    with server.connect() as client:
        assert parse(client.raw("MGET", "a", "b", "c")) == [b"3", b"4", b"3"]
    assert read(server, name) == content


def test_a_torn_file_that_others_follow(start):
    server, name, content = small_file(start)
    write(server, MANIFEST, read(server, MANIFEST) + b"file appendonly.aof.2.incr.aof seq 2 type i\n")
    write(server, "appendonly.aof.2.incr.aof", b"")
    write(server, name, content[:-3])
    server.start()
    with server.connect() as client:
        assert parse(client.raw("MGET", "a", "b", "c")) == [b"2", b"3", b"3"]
        client.raw("SET", "new", "1")
    again(server)
    with server.connect() as client:
        assert parse(client.raw("MGET", "a", "new")) == [b"2", b"1"]
    server.stop()
    write(server, name, content[:-3])
    server.start(wait=False)
    assert server.process.wait(20) == 1
    assert "is not the last file" in server.output()


@pytest.mark.parametrize("preamble", [False, True])
def test_a_file_of_before_redis_7(start, which, preamble):
    source = start("oracle", *DEBUG)
    body = b""
    with source.connect() as client:
        client.raw("SET", "base", "1")
        client.raw("SAVE")
        if preamble:
            body = source.file("dump.rdb")
    body += b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
    server = start(which, *ON, files={"appendonly.aof": body})
    with server.connect() as client:
        assert parse(client.raw("MGET", "a", "base")) == [b"1", b"1" if preamble else None]
        client.raw("SET", "b", "2")
    assert listed(server) == [("appendonly.aof", "b"), ("appendonly.aof.1.incr.aof", "i")]
    assert not os.path.exists(os.path.join(server.directory, "appendonly.aof"))
    again(server)
    with server.connect() as client:
        assert parse(client.raw("MGET", "a", "b")) == [b"1", b"2"]


def test_expiry_in_the_log(start):
    """What was alive when it was changed is replayed as it was; what is due by now goes afterwards."""
    server = start("apus", *ON)
    server.stop()
    def words(*words):
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
    past = b"%d" % int((time.time() - 100) * 1000)
    write(server, "appendonly.aof.1.incr.aof", b"".join([
        words(b"SELECT", b"0"), words(b"SET", b"k", b"1", b"PXAT", past), words(b"INCR", b"k"), words(b"PERSIST", b"k"),
        words(b"SET", b"due", b"1", b"PXAT", past), words(b"APPEND", b"due", b"2"),
        words(b"HSET", b"h", b"f", b"1", b"g", b"1"), words(b"HPEXPIREAT", b"h", past, b"FIELDS", b"1", b"f"), words(b"HINCRBY", b"h", b"f", b"1"),
        words(b"SET", b"later", b"1", b"EX", b"1000")]))
    server.start()
    with server.connect() as client:
        assert parse(client.raw("GET", "k")) == b"2" and parse(client.raw("EXISTS", "due")) == 0
        assert parse(client.raw("HGETALL", "h")) in ([b"g", b"1"], {b"g": b"1"})
        assert 990 < parse(client.raw("TTL", "later")) <= 1000


def test_times_are_noted(start, which):
    server = start(which, *ON, "--aof-timestamp-enabled", "yes")
    with server.connect() as client:
        client.raw("SET", "a", "1")
        until(lambda: b"$1\r\na\r\n" in read(server, "appendonly.aof.1.incr.aof"))
        noted = re.match(rb"#TS:(\d+)\r\n\*", read(server, "appendonly.aof.1.incr.aof"))
        assert abs(int(noted[1]) - time.time()) <= 2
    again(server)
    with server.connect() as client:
        assert parse(client.raw("GET", "a")) == b"1"


def test_debug_loadaof(start, which):
    server = start(which, *ON)
    with server.connect() as client:
        wanted = fill(client)
        assert client.raw("DEBUG", "LOADAOF") == b"+OK\r\n"
        assert digest(client) == wanted
        client.raw("SET", "after", "1")
        wanted = digest(client)
    again(server)
    with server.connect() as client:
        assert digest(client) == wanted


def test_automatic_rewrites(start, which):
    server = start(which, *DEBUG, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "100", "--auto-aof-rewrite-min-size", "10kb", "--hz", "100")
    with server.connect() as client:
        client.pipeline([["SET", "a", "v" * 100] for _ in range(1000)])
        until(lambda: info(client)["aof_base_size"] != "0" and int(info(client)["aof_current_size"]) < 10000 and info(client)["aof_rewrite_in_progress"] == "0")
    again(server)
    with server.connect() as client:
        assert parse(client.raw("GET", "a")) == b"v" * 100


def test_a_script_keeps_effects_out_of_the_log(start, which):
    server = start(which, *DEBUG, "--appendonly", "yes")
    script = ("redis.call('set', 'a', 1) redis.set_repl(redis.REPL_NONE) redis.call('set', 'b', 1) redis.call('del', 'a') "
              "redis.set_repl(redis.REPL_AOF) redis.call('set', 'c', 1) redis.set_repl(redis.REPL_REPLICA) redis.call('set', 'd', 1)")
    with server.connect() as client:
        assert client.raw("EVAL", script, "0") == b"$-1\r\n"
        client.raw("SET", "e", "1")
        assert client.raw("EXISTS", "a", "b", "c", "d", "e") == b":4\r\n"
    again(server)
    with server.connect() as client:
        assert sorted(client.command("KEYS", "*")) == [b"a", b"c", b"e"]


def test_nothing_is_logged_without(start):
    server = start("apus", *DEBUG)
    with server.connect() as client:
        client.raw("SET", "a", "1")
        facts = info(client)
        assert facts["aof_enabled"] == "0" and "aof_current_size" not in facts
        assert client.raw("BGREWRITEAOF") == b"+Background append only file rewriting started\r\n"
        until(lambda: info(client)["aof_rewrites"] == "1")
    assert listed(server) == [("appendonly.aof.1.base.rdb", "b")]


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_waitaof(start, policy):
    server = start("apus", *ON, "--appendfsync", policy)
    with server.connect() as client:
        client.raw("SET", "a", "1")
        assert parse(client.raw("WAITAOF", 1, 0, 5000)) == [1, 0]
        client.raw("SET", "a", "2")
        begin = time.monotonic()
        assert parse(client.raw("WAITAOF", 1, 1, 50)) == [1, 0]
        assert time.monotonic() - begin >= 0.045
        assert parse(client.raw("WAITAOF", 0, 0, 0)) in ([0, 0], [1, 0])
        client.raw("MULTI")
        client.raw("SET", "a", "3")
        client.raw("WAITAOF", 1, 1, 0)
        assert parse(client.raw("EXEC"))[1][1] == 0
        assert client.raw("WAITAOF", 2, 0, 0) == b"-ERR value is out of range, must be between 0 and 1\r\n"
        assert client.raw("WAITAOF", 1, 0, -1) == b"-ERR timeout is negative\r\n"
        client.raw("CONFIG", "SET", "appendonly", "no")
        assert client.raw("WAITAOF", 1, 0, 0) == b"-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n"


@pytest.mark.parametrize("threads", [1, 4])
def test_what_goes_by_itself_is_logged(start, threads):
    """Keys that are evicted, keys and fields that expire, and values that blocked clients take."""
    server = start("apus", *ON, "--maxmemory-policy", "allkeys-random", threads=threads)
    with server.connect() as client, server.connect() as blocked:
        client.pipeline([["SET", f"key:{number}", "v" * 100] for number in range(5000)])
        client.raw("CONFIG", "SET", "maxmemory", "1")
        until(lambda: parse(client.raw("DBSIZE")) < 3000)
        client.raw("CONFIG", "SET", "maxmemory", "0")
        client.pipeline([["SET", f"due:{number}", "v", "PX", 1 + number % 20] for number in range(500)])
        client.pipeline([["HSET", f"hash:{number}", "a", "1", "b", "2"] for number in range(50)])
        client.pipeline([["HPEXPIRE", f"hash:{number}", 5, "FIELDS", 1, "a"] for number in range(50)])
        blocked.send(b"BLMPOP 0 2 list other LEFT COUNT 2\r\n")
        until(lambda: "blocked_clients:1" in parse(client.raw("INFO", "clients")).decode())
        client.raw("RPUSH", "list", 1, 2, 3)
        blocked.reply()
        until(lambda: parse(client.raw("EXISTS", *[f"due:{number}" for number in range(500)])) == 0)
        until(lambda: all(parse(client.raw("HLEN", f"hash:{number}")) == 1 for number in range(50)))
        until(lambda: info(client)["aof_pending_bio_fsync"] == "0" and info(client)["aof_buffer_length"] == "0")
        wanted = digest(client)
    kill(server)
    server.start()
    with server.connect() as client:
        assert digest(client) == wanted
        assert parse(client.raw("LRANGE", "list", 0, -1)) == [b"3"]


def test_a_snapshot_is_not_loaded_instead(start, which):
    source = start("oracle")
    with source.connect() as client:
        client.raw("SET", "a", "1")
        client.raw("SAVE")
    server = start(which, *ON, files={"dump.rdb": source.file("dump.rdb")})
    with server.connect() as client:
        assert client.raw("GET", "a") == b"$-1\r\n"
    if which == "apus":
        assert "dump.rdb is not loaded" in server.output()
