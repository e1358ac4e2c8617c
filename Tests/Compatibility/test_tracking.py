"""Client-side caching: who is told of which changes, when, in which protocol, on redis-server and on Apus; and a model
client that caches by invalidations alone and never reads what is stale."""

import random
import threading
import time

import pytest

from resp import Push, ReplyError, encode, parse
from servers import info, until


@pytest.fixture
def connect(place):
    made = []

    def connector(protocol=3):
        made.append(place.connect(protocol=protocol))
        return made[-1]

    connector(2).raw("FLUSHALL")
    yield connector
    for connection in made:
        connection.close()
    with place.connect() as observer:
        observer.raw("CONFIG", "SET", "tracking-table-max-keys", "1000000")
        until(lambda: info(observer, "tracking_clients") == 0)


def told(connection):
    """What a client was told since last asked: the keys, or None for all."""
    connection.send(encode(["ECHO", "so far"]))
    found = []
    while (message := parse(connection.reply())) != b"so far":
        if message is None:  # the reply to a read that was not waited for
            continue
        assert isinstance(message, Push) and message[0] == b"invalidate", message
        found.append(message[1])
    return found


def keys_told(connection):
    return sorted(key for keys in told(connection) for key in keys)


def track(connection, *options):
    assert connection.raw("CLIENT", "TRACKING", "ON", *options) == b"+OK\r\n"


def test_what_was_read_is_invalidated_once(connect):
    reader, writer = connect(), connect()
    track(reader)
    writer.pipeline([["SET", "a", "1"], ["SET", "b", "1"]])
    assert told(reader) == []
    reader.pipeline([["GET", "a"], ["GET", "missing"], ["MGET", "b", "c"]])
    writer.pipeline([["SET", "a", "2"], ["SET", "a", "3"], ["SET", "missing", "1"], ["DEL", "b"], ["INCR", "c"], ["SET", "d", "1"]])
    assert told(reader) == [[b"a"], [b"missing"], [b"b"], [b"c"]]
    writer.raw("SET", "a", "4")
    assert told(reader) == []


def test_the_bytes_of_an_invalidation(connect):
    reader, writer = connect(), connect()
    track(reader)
    reader.raw("GET", "key")
    writer.raw("SET", "key", "v")
    assert reader.reply() == b">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n"
    reader.raw("GET", "key")
    writer.raw("FLUSHALL")
    assert reader.reply() == b">2\r\n$10\r\ninvalidate\r\n_\r\n"


def test_every_kind_of_change(connect):
    reader, writer = connect(), connect()
    track(reader)
    writer.pipeline([["RPUSH", "l", "1", "2"], ["HSET", "h", "f", "v"], ["SADD", "s", "m"], ["ZADD", "z", "1", "m"],
                     ["SET", "k", "v"], ["SET", "from", "v"], ["XADD", "x", "*", "a", "1"]])
    reader.pipeline([["LRANGE", "l", "0", "-1"], ["HGETALL", "h"], ["SMEMBERS", "s"], ["ZRANGE", "z", "0", "-1"], ["GET", "k"],
                     ["GET", "from"], ["GET", "to"], ["XRANGE", "x", "-", "+"]])
    writer.pipeline([["LPOP", "l"], ["HDEL", "h", "f"], ["SREM", "s", "m"], ["ZINCRBY", "z", "1", "m"], ["EXPIRE", "k", "100"],
                     ["RENAME", "from", "to"], ["XADD", "x", "*", "a", "2"]])
    assert keys_told(reader) == [b"from", b"h", b"k", b"l", b"s", b"to", b"x", b"z"]


def test_expiry_is_told_of(connect):
    reader, writer = connect(), connect()
    track(reader)
    writer.raw("SET", "short", "v", "PX", "60")
    assert reader.command("GET", "short") == b"v"
    assert parse(reader.reply()) == [b"invalidate", [b"short"]]


def test_a_flush_is_told_to_all(connect):
    readers, writer = [connect() for _ in range(6)], connect()
    for reader in readers:
        track(reader)
    readers[0].raw("GET", "a")
    for command in ["FLUSHALL", "FLUSHDB"]:
        writer.raw("SET", "x", "1")
        writer.raw(command)
        assert [told(reader) for reader in readers] == [[None]] * 6


def test_ones_own_changes(connect):
    own, quiet = connect(), connect()
    track(own)
    track(quiet, "NOLOOP")
    for c in (own, quiet):
        c.raw("GET", "k")
    own.send(encode(["SET", "k", "1"]) + encode(["PING"]))
    assert [parse(own.reply()) for _ in range(3)] == ["OK", [b"invalidate", [b"k"]], "PONG"]
    assert told(quiet) == [[b"k"]]
    own.raw("GET", "k"), quiet.raw("GET", "k")
    quiet.raw("SET", "k", "2")
    assert told(quiet) == [] and told(own) == [[b"k"]]


def test_within_a_transaction(connect):
    reader, writer = connect(), connect()
    if isinstance(parse(reader.raw("DISCARD")), ReplyError) and b"unknown" in reader.raw("DISCARD"):
        pytest.skip("no transactions yet")
    track(reader)
    reader.pipeline([["MULTI"], ["GET", "a"], ["SET", "b", "1"], ["EXEC"]])
    writer.pipeline([["MULTI"], ["SET", "a", "1"], ["SET", "b", "1"], ["EXEC"]])
    assert told(reader) == [[b"a"]]


def test_a_read_that_blocks(connect):
    reader, writer = connect(), connect()
    track(reader)
    reader.send(encode(["XREAD", "BLOCK", "5000", "STREAMS", "x", "$"]))
    time.sleep(0.05)
    writer.raw("XADD", "x", "1-1", "a", "b")
    got = [parse(reader.reply()) for _ in range(2)]
    assert [b"invalidate", [b"x"]] in got and [(b"x", [[b"1-1", [b"a", b"b"]]])] in got


def test_opt_in_and_out(connect):
    reader, writer = connect(), connect()
    track(reader, "OPTIN")
    reader.pipeline([["GET", "a"], ["CLIENT", "CACHING", "YES"], ["GET", "b"], ["GET", "c"], ["CLIENT", "CACHING", "YES"], ["PING"],
                     ["GET", "d"]])
    change = [["SET", key, "1"] for key in "abcd"]
    writer.pipeline(change)
    assert told(reader) == [[b"b"]]
    reader.raw("CLIENT", "TRACKING", "OFF")
    track(reader, "OPTOUT")
    reader.pipeline([["GET", "a"], ["CLIENT", "CACHING", "NO"], ["GET", "b"], ["GET", "c"]])
    writer.pipeline(change)
    assert keys_told(reader) == [b"a", b"c"]


def test_tracking_that_ends(connect):
    reader, writer = connect(), connect()
    track(reader)
    reader.raw("GET", "a")
    reader.raw("CLIENT", "TRACKING", "OFF")
    writer.raw("SET", "a", "1")
    assert told(reader) == []
    track(reader)
    reader.raw("GET", "a")
    reader.raw("RESET")
    reader.raw("HELLO", "3")
    writer.raw("SET", "a", "1")
    assert told(reader) == [] and reader.command("CLIENT", "GETREDIR") == -1


def test_broadcasts(connect):
    everything, users, writer = connect(), connect(), connect()
    track(everything, "BCAST")
    track(users, "BCAST", "PREFIX", "user:", "PREFIX", "admin:")
    writer.raw("MSET", "user:1", "a", "user:2", "b", "other", "c")
    assert keys_told(everything) == [b"other", b"user:1", b"user:2"]
    assert keys_told(users) == [b"user:1", b"user:2"]
    writer.pipeline([["SET", "user:1", "x"], ["SET", "admin:1", "x"], ["DEL", "user:1"], ["EXPIRE", "admin:1", "100"]])
    assert set(keys_told(users)) == {b"user:1", b"admin:1"}
    told(everything)
    writer.raw("FLUSHDB")
    assert told(users) == [None] and told(everything) == [None]
    assert info(writer, "tracking_total_prefixes") == 3


def test_broadcasts_of_ones_own_changes(connect):
    own, quiet = connect(), connect()
    track(own, "BCAST")
    track(quiet, "BCAST", "NOLOOP")
    quiet.raw("SET", "a", "1")
    assert told(quiet) == [] and told(own) == [[b"a"]]
    own.raw("SET", "b", "1")
    assert told(quiet) == [[b"b"]] and told(own) == [[b"b"]]


def test_redirection_to_resp2(connect):
    data, bell, writer = connect(2), connect(2), connect()
    bell_id = bell.command("CLIENT", "ID")
    bell.raw("SUBSCRIBE", "__redis__:invalidate")
    track(data, "REDIRECT", str(bell_id))
    assert data.command("CLIENT", "GETREDIR") == bell_id
    data.pipeline([["GET", "a"], ["GET", "b"]])
    writer.raw("SET", "a", "1")
    assert bell.reply() == b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n"
    writer.raw("FLUSHALL")
    assert bell.reply() == b"*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n"
    assert data.raw("PING") == b"+PONG\r\n"


def test_redirection_to_resp3_and_broadcasts(connect):
    data, bell, writer = connect(2), connect(3), connect()
    track(data, "BCAST", "REDIRECT", str(bell.command("CLIENT", "ID")))
    writer.raw("SET", "a", "1")
    assert told(bell) == [[b"a"]]


def test_a_broken_redirection(connect, place):
    old, new, writer = connect(2), connect(3), connect()
    for data in (old, new):
        bell = place.connect()
        bell_id = bell.command("CLIENT", "ID")
        bell.raw("SUBSCRIBE", "__redis__:invalidate")
        track(data, "REDIRECT", str(bell_id))
        data.raw("GET", "a")
        bell.close()
        until(lambda: f"id={bell_id} " not in writer.command("CLIENT", "LIST").decode())
        writer.raw("SET", "a", "1")
        if data is new:
            assert parse(data.reply()) == [b"tracking-redir-broken", bell_id]
        flags = data.raw("CLIENT", "TRACKINGINFO")
        assert b"broken_redirect" in flags
        line = [l for l in writer.command("CLIENT", "LIST").decode().splitlines() if f"redir={bell_id}" in l]
        assert " flags=tR " in line[0]
        assert data.raw("CLIENT", "TRACKING", "OFF") == b"+OK\r\n"


def test_errors(connect):
    c, other = connect(), connect()
    number = str(other.command("CLIENT", "ID"))
    cases = [
        (["ON", "REDIRECT", "999999"], "ERR The client ID you want redirect to does not exist"),
        (["ON", "REDIRECT", "x"], "ERR value is not an integer or out of range"),
        (["ON", "REDIRECT", number, "REDIRECT", number], "ERR A client can only redirect to a single other client"),
        (["ON", "PREFIX", "a"], "ERR PREFIX option requires BCAST mode to be enabled"),
        (["ON", "BCAST", "OPTIN"], "ERR OPTIN and OPTOUT are not compatible with BCAST"),
        (["ON", "OPTIN", "OPTOUT"], "ERR You can't specify both OPTIN mode and OPTOUT mode"),
        (["MAYBE"], "ERR syntax error"), (["ON", "WHAT"], "ERR syntax error"), (["ON", "PREFIX"], "ERR syntax error"),
        (["OFF", "WHAT"], "ERR syntax error"),
        (["ON", "BCAST", "PREFIX", "ab", "PREFIX", "abc"],
         "ERR Prefix 'ab' overlaps with another provided prefix 'abc'. Prefixes for a single client must not overlap."),
    ]
    for words, text in cases:
        assert c.raw("CLIENT", "TRACKING", *words) == b"-" + text.encode() + b"\r\n", words
    assert c.raw("CLIENT", "CACHING", "YES") == (
        b"-ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled\r\n")
    track(c, "OPTIN")
    assert c.raw("CLIENT", "CACHING", "NO") == b"-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.\r\n"
    assert c.raw("CLIENT", "CACHING", "maybe") == b"-ERR syntax error\r\n"
    assert b"You can't switch BCAST mode on/off" in c.raw("CLIENT", "TRACKING", "ON", "BCAST")
    assert b"You can't switch OPTIN/OPTOUT mode" in c.raw("CLIENT", "TRACKING", "ON", "OPTOUT")
    c.raw("CLIENT", "TRACKING", "OFF")
    track(c, "BCAST", "PREFIX", "ab")
    assert c.raw("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "abc") == (
        b"-ERR Prefix 'abc' overlaps with an existing prefix 'ab'. Prefixes for a single client must not overlap.\r\n")


def test_tracking_info(connect):
    c = connect(2)
    other = str(connect().command("CLIENT", "ID"))

    def flags():
        reply = c.command("CLIENT", "TRACKINGINFO")
        return reply[1], reply[3], reply[5]

    assert flags() == ([b"off"], -1, [])
    track(c, "OPTIN", "NOLOOP", "REDIRECT", other)
    assert flags() == ([b"on", b"optin", b"noloop"], int(other), [])
    c.raw("CLIENT", "CACHING", "YES")
    assert flags() == ([b"on", b"optin", b"caching-yes", b"noloop"], int(other), [])
    c.raw("CLIENT", "TRACKING", "OFF")
    track(c, "OPTOUT")
    c.raw("CLIENT", "CACHING", "NO")
    assert flags() == ([b"on", b"optout", b"caching-no"], 0, [])
    c.raw("CLIENT", "TRACKING", "OFF")
    track(c, "BCAST", "PREFIX", "b", "PREFIX", "a")
    assert flags() == ([b"on", b"bcast"], 0, [b"a", b"b"])
    c.raw("CLIENT", "TRACKING", "OFF")
    track(c, "BCAST")
    assert flags() == ([b"on", b"bcast"], 0, [b""])


def test_figures_and_the_limit_of_keys(connect):
    a, b, observer = connect(), connect(), connect()
    track(a)
    track(b)
    for c in (a, b):
        c.pipeline([["GET", f"k:{i}"] for i in range(100)])
    assert [info(observer, f"tracking_{f}") for f in ("clients", "total_keys", "total_items")] == [2, 100, 200]
    observer.raw("CONFIG", "SET", "tracking-table-max-keys", "40")
    a.send(encode(["GET", "k:100"]))
    until(lambda: info(observer, "tracking_total_keys") <= 40)
    told_of = keys_told(a)
    assert len(told_of) >= 60 and len(set(told_of)) == len(told_of)
    observer.raw("FLUSHALL")
    assert [info(observer, f"tracking_{f}") for f in ("total_keys", "total_items")] == [0, 0]


class CachingClient(threading.Thread):
    """Keeps what it reads until it is told of a change. The writers count keys up and say before which value each
    write began; what is cached must never be older than what was there when the last write that it could know of ended."""

    def __init__(self, place, floor, stop, options):
        super().__init__()
        self.place, self.floor, self.stop, self.options = place, floor, stop, options
        self.cache, self.problem, self.hits = {}, None, 0

    def run(self):
        try:
            with self.place.connect(protocol=3, timeout=30) as connection:
                track(connection, *self.options)
                while not self.stop.is_set():
                    self.step(connection)
        except BaseException as problem:
            self.problem = problem

    def take(self, message):
        if message[1] is None:
            self.cache.clear()
            return
        for key in message[1]:
            self.cache.pop(key, None)

    def ask(self, connection, *words):
        connection.send(encode(words))
        while isinstance(message := parse(connection.reply()), Push):
            self.take(message)
        return message

    def step(self, connection):
        key = b"cached:%d" % random.randrange(20)
        floor = self.floor[key]
        if key not in self.cache:
            self.cache[key] = self.ask(connection, "GET", key)
        # All that ended before now is told before this is answered.
        self.ask(connection, "PING")
        if key in self.cache:
            self.hits += 1
            assert int(self.cache[key] or 0) >= floor, f"{key}: {self.cache[key]} is stale, {floor} was there"


@pytest.mark.parametrize("options", [[], ["BCAST"], ["BCAST", "PREFIX", "cached:", "NOLOOP"]], ids=["plain", "bcast", "prefix"])
def test_a_client_that_caches_by_invalidations_never_reads_what_is_stale(connect, place, options):
    floor = {b"cached:%d" % i: 0 for i in range(20)}
    lock, stop = threading.Lock(), threading.Event()
    problems = []

    def write(seed):
        chance = random.Random(seed)
        try:
            with place.connect(timeout=30) as connection:
                while not stop.is_set():
                    key = chance.choice(list(floor))
                    value = connection.command("INCR", key)
                    with lock:
                        floor[key] = max(floor[key], value)
                    if chance.random() < 0.3:
                        time.sleep(0.001)
        except BaseException as problem:
            problems.append(problem)

    readers = [CachingClient(place, floor, stop, options) for _ in range(4)]
    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(2)]
    for thread in readers + writers:
        thread.start()
    time.sleep(1.5)
    stop.set()
    for thread in readers + writers:
        thread.join()
    assert problems == [] and [reader.problem for reader in readers] == [None] * 4
    assert all(reader.hits > 50 for reader in readers)
