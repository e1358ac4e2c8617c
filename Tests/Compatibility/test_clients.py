"""Real clients, used as their users use them: redis-py, valkey-py, redis-cli, redis-benchmark."""

import asyncio
import shutil
import subprocess
import threading
import time

import pytest
import redis
import redis.asyncio
import valkey

import servers
from resp import ReplyError, parse

LIBRARIES = {"redis-py": redis.Redis, "valkey-py": valkey.Valkey}


def knows(server, *names):
    with server.connect() as connection:
        return all(connection.command("COMMAND", "INFO", *names))


def need(server, *names):
    if not knows(server, *names):
        pytest.skip(f"the server does not know all of {' '.join(names)} yet")


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def protocol(request):
    return request.param


@pytest.fixture(params=LIBRARIES, ids=str)
def client(request, server, protocol):
    library = LIBRARIES[request.param]
    made = library(host="127.0.0.1", port=server.port, protocol=protocol, decode_responses=True)
    made.flushall()
    yield made
    made.close()


def test_values_are_set_and_read(client):
    assert client.ping()
    assert client.set("greeting", "hello") is True
    assert client.get("greeting") == "hello"
    assert client.get("nothing") is None
    assert client.set("greeting", "again", nx=True) is None
    assert client.set("greeting", "new", xx=True, get=True) == "hello"
    assert client.append("greeting", "!") == 4
    assert client.getrange("greeting", 0, 2) == "new"
    assert client.mset({"a": "1", "b": "2"}) is True
    assert client.mget("a", "b", "c") == ["1", "2", None]
    assert client.incr("a") == 2 and client.decr("a", 5) == -3
    assert client.incrbyfloat("f", 0.5) == 0.5
    assert client.strlen("greeting") == 4
    assert client.getdel("greeting") == "new!"
    assert client.exists("greeting", "a", "b") == 2
    assert client.delete("a", "b", "nothing") == 2
    assert client.type("f") == "string"


def test_times_to_live_are_kept(client):
    client.set("k", "v", ex=100)
    assert 98 <= client.ttl("k") <= 100
    assert client.persist("k") and client.ttl("k") == -1
    assert client.expire("k", 50) and not client.expire("nothing", 50)
    assert 0 < client.pttl("k") <= 50000
    assert client.ttl("nothing") == -2
    client.set("short", "v", px=30)
    time.sleep(0.05)
    assert client.get("short") is None
    client.set("s", "v", ex=10)
    assert client.getex("s", persist=True) == "v" and client.ttl("s") == -1


def test_pipelines_bring_all_replies(client):
    with client.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"p:{i}", i)
        for i in range(1000):
            pipe.get(f"p:{i}")
        replies = pipe.execute()
    assert replies[:1000] == [True] * 1000
    assert replies[1000:] == [str(i) for i in range(1000)]


def test_a_wrong_command_in_a_pipeline_is_told(client):
    with client.pipeline(transaction=False) as pipe:
        pipe.set("text", "abc").incr("text").get("text")
        replies = pipe.execute(raise_on_error=False)
    assert replies[0] is True and replies[2] == "abc"
    assert "not an integer" in str(replies[1])


def test_binary_values_survive(server):
    made = redis.Redis(port=server.port)
    value = bytes(range(256)) * 1000
    made.set(b"\x00key\xff", value)
    assert made.get(b"\x00key\xff") == value
    made.delete(b"\x00key\xff")


def test_keys_are_scanned(client):
    client.mset({f"scan:{i}": i for i in range(500)})
    client.set("other", 1)
    assert set(client.scan_iter("scan:*", count=50)) == {f"scan:{i}" for i in range(500)}
    assert len(list(client.scan_iter(_type="string"))) == 501
    assert sorted(client.keys("scan:1?")) == [f"scan:{i}" for i in range(10, 20)]
    assert client.dbsize() == 501


def test_databases_are_apart(server, client, protocol):
    other = redis.Redis(port=server.port, db=5, protocol=protocol, decode_responses=True)
    client.set("k", "zero")
    other.set("k", "five")
    assert client.get("k") == "zero" and other.get("k") == "five"
    client.swapdb(0, 5)
    assert client.get("k") == "five"
    other.flushdb()
    assert client.get("k") == "five"
    other.close()


def test_bits_are_counted(client):
    client.setbit("bits", 7, 1)
    assert client.getbit("bits", 7) == 1 and client.bitcount("bits") == 1
    assert client.bitpos("bits", 1) == 7
    client.set("x", "abc")
    client.bitop("AND", "y", "x", "bits")
    assert client.bitfield("field").set("u8", 0, 200).incrby("u8", 0, 100).execute() == [0, 44]


def test_errors_have_the_libraries_own_types(server, client):
    need(server, "LPUSH")
    client.lpush("list", "a")
    with pytest.raises((redis.ResponseError, valkey.ResponseError), match="WRONGTYPE"):
        client.get("list")


def test_a_lock_with_set_nx_lets_one_in(server):
    made = redis.Redis(port=server.port)
    made.delete("lock", "count")
    inside, worst = [0], [0]

    def work():
        for _ in range(30):
            token = str(threading.get_ident())
            while not made.set("lock", token, nx=True, px=5000):
                time.sleep(0.0005)
            inside[0] += 1
            worst[0] = max(worst[0], inside[0])
            value = int(made.get("count") or 0)
            made.set("count", value + 1)
            inside[0] -= 1
            made.delete("lock")

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst[0] == 1 and int(made.get("count")) == 180


def test_increments_of_many_threads_all_count(server):
    made = redis.Redis(port=server.port)
    made.delete("counter")

    def work():
        own = redis.Redis(port=server.port)
        for _ in range(20):
            with own.pipeline(transaction=False) as pipe:
                for _ in range(50):
                    pipe.incr("counter")
                pipe.execute()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(made.get("counter")) == 8000


def test_asyncio_clients_work(server, protocol):
    async def work():
        made = redis.asyncio.Redis(port=server.port, protocol=protocol, decode_responses=True)
        await made.set("async", 0)
        await asyncio.gather(*(made.incr("async") for _ in range(100)))
        assert await made.get("async") == "100"
        async with made.pipeline(transaction=False) as pipe:
            assert await pipe.set("x", 1).get("x").execute() == [True, "1"]
        assert [key async for key in made.scan_iter("async*")] == ["async"]
        await made.aclose()

    asyncio.run(work())


def test_the_library_reads_info_config_and_clients(client):
    info = client.info()
    assert info["tcp_port"] == client.connection_pool.connection_kwargs["port"]
    assert info["redis_version"].count(".") == 2
    assert client.config_get("maxmemory*")["maxmemory"] == "0"
    assert client.config_set("timeout", 0)
    client.client_setname("tester")
    assert client.client_getname() == "tester"
    assert any(row["name"] == "tester" for row in client.client_list())
    assert client.command_count() > 50
    assert client.memory_usage("nothing") is None
    assert abs(client.time()[0] - time.time()) < 5
    client.set("number", 12)
    assert client.object("encoding", "number") == "int"


def test_collections_work_as_the_library_shows_them(server, client, protocol):
    need(server, "LPUSH", "SADD", "HSET", "ZADD", "LRANGE", "SMEMBERS", "HGETALL", "ZRANGE")
    client.rpush("l", "a", "b", "c")
    assert client.lrange("l", 0, -1) == ["a", "b", "c"] and client.lpop("l", 2) == ["a", "b"]
    client.sadd("s", 1, 2, 3)
    assert set(client.smembers("s")) == {"1", "2", "3"} and client.sismember("s", 2)
    client.hset("h", mapping={"name": "apus", "legs": 2})
    assert client.hgetall("h") == {"name": "apus", "legs": "2"}
    client.zadd("z", {"one": 1, "two": 2.5})
    scored = client.zrange("z", 0, -1, withscores=True)
    assert [tuple(pair) for pair in scored] == [("one", 1.0), ("two", 2.5)]


def test_streams_work_as_the_library_shows_them(server, client):
    need(server, "XADD", "XREADGROUP", "XACK", "XRANGE")
    client.xadd("st", {"a": 1}, id="1-1")
    client.xgroup_create("st", "g", id="0")
    assert client.xrange("st") == [("1-1", {"a": "1"})]
    read = client.xreadgroup("g", "me", {"st": ">"})
    assert read
    assert client.xack("st", "g", "1-1") == 1


# --- The tools of redis-tools


def cli(server, *words, stdin=None):
    done = subprocess.run(
        ["redis-cli", "-p", str(server.port), *words], input=stdin, capture_output=True, text=True, timeout=60)
    return done.stdout


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli")
class TestRedisCli:
    def test_commands_are_answered(self, server):
        assert cli(server, "PING") == "PONG\n"
        assert cli(server, "SET", "cli", "v") == "OK\n"
        assert cli(server, "--no-raw", "GET", "cli") == '"v"\n'
        assert cli(server, "-3", "--no-raw", "GET", "nothing") == "(nil)\n"
        assert cli(server, "-r", "3", "INCR", "cli:count").split() == ["1", "2", "3"]
        assert cli(server, "-n", "3", "SET", "x", "1") == "OK\n"
        assert cli(server, "-n", "3", "GET", "x") == "1\n"
        cli(server, "FLUSHALL")

    def test_commands_come_from_standard_input(self, server):
        assert cli(server, stdin="SET a 1\nINCR a\nGET a\n") == "OK\n2\n2\n"
        assert cli(server, "-x", "SET", "stdin", stdin="text") == "OK\n"
        assert cli(server, "GET", "stdin") == "text\n"

    def test_mass_insertion_works(self, server):
        cli(server, "FLUSHALL")
        data = "".join(f"SET pipe:{i} value-{i}\r\n" for i in range(20000))
        out = cli(server, "--pipe", stdin=data)
        assert "errors: 0, replies: 20000" in out
        assert cli(server, "DBSIZE") == "20000\n"
        assert cli(server, "GET", "pipe:19999") == "value-19999\n"
        cli(server, "FLUSHALL")

    def test_keys_are_scanned(self, server):
        cli(server, stdin="".join(f"SET s:{i} x\n" for i in range(100)))
        assert len(cli(server, "--scan", "--pattern", "s:*").split()) == 100
        out = cli(server, "--bigkeys")
        assert "Sampled 100 keys in the keyspace!" in out
        assert "Sampled 100 keys" in cli(server, "--memkeys")
        cli(server, "FLUSHALL")

    def test_help_of_the_shell_finds_the_commands(self, server):
        text = cli(server, stdin="help set\n")
        assert "key value" in text and "1.0.0" in text and "string" in text


@pytest.mark.skipif(shutil.which("redis-benchmark") is None, reason="no redis-benchmark")
@pytest.mark.parametrize("words", [
    ["-t", "ping_inline,ping_mbulk,set,get,incr", "-P", "16"],
    ["-t", "set,get,mset", "-d", "10000", "-r", "1000"],
    ["-t", "get", "-c", "200", "-k", "0", "-n", "2000"],
    ["--threads", "2", "-t", "set,get", "-P", "32", "-r", "100000"],
    ["-P", "8", "SET", "key:__rand_int__", "value"],
])
def test_redis_benchmark_runs_through(server, words):
    done = subprocess.run(
        ["redis-benchmark", "-p", str(server.port), "-n", "20000", "--csv", *words],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith('"') and not line.startswith('"test"')]
    assert rows and "rror" not in done.stdout
    redis.Redis(port=server.port).flushall()
