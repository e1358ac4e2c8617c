"""MULTI, EXEC, DISCARD, WATCH, UNWATCH: scripts of several connections, replayed on both servers."""

import random
import re
import threading
import time

import pytest

import oracle as engine
from families import FAMILY_MODULES
from resp import Closed, encode, parse

# What changes the connection or the whole server is no part of this.
FAMILIES = [m for m in FAMILY_MODULES if m.__name__.rsplit(".")[-1] not in ("connection", "server")]

# Each line is a connection's name and a command; "a3:" opens the connection with RESP3.
SCRIPTS = """
# Queueing and running
a: MULTI
a: SET k 1
a: INCR k
a: GET k
a: EXEC
a: GET k

a: MULTI
a: EXEC

a: EXEC
a: DISCARD
a: UNWATCH
a: MULTI
a: SET k 1
a: DISCARD
a: GET k
a: EXEC

# Errors while it runs stop nothing
a: MULTI
a: SET k 1
a: LPUSH k 1
a: INCR k
a: EXEC

# Errors while queueing
a: MULTI
a: SET k
a: SET k 1
a: EXEC
a: GET k

a: MULTI
a: NONSENSE x
a: EXEC

a: MULTI
a: CLIENT NONSENSE
a: EXEC
a: EXEC

a: MULTI
a: SHUTDOWN NOSAVE
a: EXEC

a: MULTI
a: MULTI
a: SET k 1
a: EXEC

a: MULTI
a: WATCH k
a: SET k 1
a: EXEC

a: MULTI
a: SET k 1
a: EXEC x
a: EXEC
a: GET k

a: MULTI
a: SET k 1
a: DISCARD x
a: EXEC
a: GET k

a: WATCH
a: MULTI x
a: WATCH k k l

# Nobody sees half of it
a: MULTI
a: SET k 1
b: GET k
a: SET l 1
b: MGET k l
a: EXEC
b: MGET k l

# Watching
a: WATCH k
b: SET k 1
a: MULTI
a: SET k 2
a: EXEC
a: GET k
a: MULTI
a: SET k 3
a: EXEC

a: SET k 1
a: WATCH k
a: SET k 2
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: GET k
b: SET other 1
a: MULTI
a: PING
a: EXEC

a: WATCH k l m
b: RPUSH l x
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: SET k 1
a: UNWATCH
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: SET k 1
a: MULTI
a: DISCARD
a: MULTI
a: PING
a: EXEC

a: WATCH k
a: MULTI
b: SET k 1
a: UNWATCH
a: PING
a: EXEC

a: WATCH k
b: SET k 1
b: DEL k
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: DEL k
b: EXPIRE k 10
b: LPOP k
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: EXPIRE k 100
a: MULTI
a: PING
a: EXEC

a: RPUSH k b a
a: WATCH k
b: SORT k ALPHA STORE k
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: SETRANGE k 0 1
b: APPEND k 2
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH l
b: RENAME k l
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: RENAME k l
a: MULTI
a: PING
a: EXEC

a: SADD k m
a: WATCH k
b: SADD k m
a: MULTI
a: PING
a: EXEC

# A transaction changes what others watch
a: WATCH k
b: MULTI
b: SET k 1
b: EXEC
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: MULTI
b: SET k 1
b: DISCARD
a: MULTI
a: PING
a: EXEC

# Other databases
a: SELECT 3
a: WATCH k
b: SET k 1
a: SELECT 0
a: MULTI
a: PING
a: EXEC
a: SELECT 3
a: WATCH k
b: SELECT 3
b: SET k 1
a: SELECT 0
a: MULTI
a: PING
a: EXEC

a: MULTI
a: SET k 0
a: SELECT 5
a: SET k 5
a: SELECT 99
a: SELECT 0
a: GET k
a: SELECT 5
a: GET k
a: EXEC
a: GET k
a: SELECT 0
a: GET k

a: WATCH k
b: SELECT 4
b: SET k 1
b: MOVE k 0
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: COPY k k DB 6 REPLACE
a: MULTI
a: PING
a: EXEC
a: SELECT 6
a: WATCH k
b: COPY k k DB 6 REPLACE
a: MULTI
a: PING
a: EXEC
a: SELECT 0

# Whole databases
a: SET k 1
a: WATCH k
b: FLUSHDB
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: FLUSHALL
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: SELECT 1
b: FLUSHDB
b: SELECT 0
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: FLUSHALL
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC

a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC

a: SELECT 1
a: SET k 1
a: SELECT 0
a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC

a: SELECT 1
a: SET k 1
a: SELECT 0
a: SET k 1
a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC

a: SET k 1
a: WATCH k
b: SWAPDB 1 2
b: SWAPDB 0 0
a: MULTI
a: PING
a: EXEC

a: MULTI
a: SET k 1
a: FLUSHALL
a: SET l 1
a: SWAPDB 0 1
a: DBSIZE
a: SELECT 1
a: KEYS *
a: SWAPDB 0 1
a: SELECT 0
a: SCAN 0
a: EXEC

# Keys that are due
a: DEBUG SET-ACTIVE-EXPIRE 0
a: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
b: DEL k
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
b: FLUSHALL
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
b: SET k 2
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 30
a: WATCH k
b: DEBUG SLEEP 0.05
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 30
a: WATCH k
b: DEBUG SLEEP 0.05
b: GET k
a: MULTI
a: PING
a: EXEC
a: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC
b: FLUSHALL
b: SELECT 1
b: SET k 1 PX 1
b: DEBUG SLEEP 0.01
a: WATCH k
b: SWAPDB 0 1
a: MULTI
a: PING
a: EXEC
a: DEBUG SET-ACTIVE-EXPIRE 1

# RESP3
a3: WATCH k
b: SET k 1
a3: MULTI
a3: HSET h f v
a3: HGETALL h
a3: EXEC
a3: MULTI
a3: HSET h f v
a3: HGETALL h
a3: GET none
a3: EXEC

a: MULTI
a: HSET h f v
a: HGETALL h
a: CONFIG GET maxclients
a: EXEC

a: WATCH k
a: RESET
a: SET k 1
a: EXEC
a: MULTI
a: SET k 2
a: RESET
a: EXEC
a: GET k

# What waits, or works in slices, runs whole
a: RPUSH l 1 2 3
a: MULTI
a: RENAME l m
a: COPY m n
a: ZADD z 1 a 2 b 3 c
a: ZREMRANGEBYRANK z 0 1
a: MOVE m 7
a: EXISTS l m n z
a: EXEC

a: MULTI
a: CLIENT GETNAME
a: CLIENT SETNAME me
a: CLIENT GETNAME
a: CLIENT KILL ID 99999999
a: CLIENT KILL 1.2.3.4:5
a: CONFIG SET hz 20 hz 20
a: CONFIG SET hz 10
a: CONFIG REWRITE
a: OBJECT ENCODING none
a: DEBUG SLEEP 0
a: MEMORY PURGE
a: TIME x
a: EXEC
a: CLIENT SETNAME none

# Statistics
a: CONFIG RESETSTAT
a: MULTI
a: SET k 1
a: LPUSH k 1
a: EXEC
a: MULTI
a: GET
a: EXEC
"""


@pytest.fixture
def shared(apus):
    """The server that all test files share, left empty."""
    yield apus
    with apus.connect() as connection:
        connection.raw("FLUSHALL")


def scripts():
    """The scripts, each a list of (connection, command)."""
    found, script = [], []
    for line in SCRIPTS.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if line:
            name, words = re.fullmatch(r"(\w+): (.*)", line).groups()
            script.append((name, words))
        elif script:
            found.append(script)
            script = []
    return found


def replay(server, script):
    """The replies to a script, each with its line, and how often each command was called."""
    connections, replies = {}, []
    with server.connect() as control:
        control.raw("FLUSHALL")
        control.raw("CONFIG", "RESETSTAT")
        try:
            for name, words in script:
                if name not in connections:
                    connections[name] = server.connect(protocol=3 if name.endswith("3") else 2)
                replies.append((name, words, connections[name].raw(*words.split())))
        finally:
            for connection in connections.values():
                connection.close()
        statistics = control.command("INFO", "commandstats").decode()
    calls = re.findall(r"cmdstat_(\S+):calls=(\d+).*rejected_calls=(\d+),failed_calls=(\d+)", statistics)
    return replies, sorted(call for call in calls if call[0] not in ("hello", "info", "config|resetstat"))


class TestScripts:
    @pytest.mark.parametrize("script", scripts(), ids=lambda s: s[0][1].split()[0] + str(len(s)))
    def test_replies_are_equal(self, oracle, shared, script):
        expected, expected_calls = replay(oracle, script)
        found, calls = replay(shared, script)
        for theirs, ours in zip(expected, found):
            assert ours == theirs
        assert calls == expected_calls

    def test_every_connection_once(self, shared):
        """Workers are given connections in turn: watcher and writer on each pair of them."""
        watchers = [shared.connect() for _ in range(4)]
        writers = [shared.connect() for _ in range(4)]
        for watcher in watchers:
            for writer in writers:
                key = "pair"
                watcher.raw("WATCH", key)
                writer.raw("INCR", key)
                watcher.raw("MULTI")
                watcher.raw("PING")
                assert watcher.raw("EXEC") == b"*-1\r\n"
                watcher.raw("WATCH", key)
                watcher.raw("MULTI")
                watcher.raw("PING")
                assert watcher.raw("EXEC") == b"*1\r\n+PONG\r\n"
        for connection in watchers + writers:
            connection.close()


class TestEveryWrite:
    """A command makes a transaction fail here exactly when it does on redis-server."""

    # Newer servers tell no change where nothing changed.
    ONLY_REAL_CHANGES = {"SETBIT", "BITFIELD"}
    # What redis-server logs as a change but does not tell to who watches; here it is a change like others.
    TOLD_HERE = {"XGROUP", "XSETID", "XREADGROUP", "XCLAIM", "XAUTOCLAIM", "PFDEBUG"}
    # What changes the connection or the server, or is drawn by lot.
    NOT_HERE = {"DEBUG", "SELECT", "SWAPDB", "MOVE", "FLUSHALL", "FLUSHDB", "SPOP", "OBJECT", "MEMORY"}

    @pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__.rsplit(".")[-1])
    def test_fails_as_on_the_oracle(self, oracle, shared, family):
        words = engine.Words(family.__name__, family.KEYS)
        known = engine.known_commands(oracle, {name for _, name, _ in family.STEPS})
        table = [step for step in family.STEPS if step[1] in known - self.NOT_HERE]
        pairs = [(server.connect(), server.connect()) for server in (oracle, shared)]
        compared = failed = 0
        for number in range(400):
            if number % 40 == 0:
                for _, actor in pairs:
                    actor.raw("FLUSHALL")
            _, name, make = words.random.choices(table, [weight for weight, _, _ in table])[0]
            commands = engine.flatten(make(words))
            key = words.random.choice(family.KEYS)
            found = []
            for watcher, actor in pairs:
                watcher.raw("WATCH", key)
                replies = actor.pipeline(commands)
                found.append((watcher.pipeline([["MULTI"], ["EXEC"]])[1], replies))
            (theirs, their_replies), (ours, our_replies) = found
            if their_replies != our_replies:
                # Something newer, or by chance: from here on the two hold something else.
                for _, actor in pairs:
                    actor.raw("FLUSHALL")
            elif name in self.TOLD_HERE:
                assert ours == b"*-1\r\n" or ours == theirs, (number, key, commands)
            elif name not in self.ONLY_REAL_CHANGES:
                assert ours == theirs, (number, key, commands)
                compared, failed = compared + 1, failed + (ours == b"*-1\r\n")
        assert compared > 50 and failed > 5
        for pair in pairs:
            for connection in pair:
                connection.close()


class TestReplySwitch:
    """CLIENT REPLY within a transaction works at once, in the middle of the replies."""

    CASES = [
        ([["MULTI"], ["GET", "a"], ["CLIENT", "REPLY", "OFF"], ["GET", "a"], ["EXEC"], ["PING"],
          ["CLIENT", "REPLY", "ON"]],
         b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$1\r\nx\r\n+OK\r\n"),
        ([["CLIENT", "REPLY", "OFF"], ["MULTI"], ["GET", "a"], ["CLIENT", "REPLY", "ON"], ["GET", "a"],
          ["EXEC"]],
         b"+OK\r\n$1\r\nx\r\n"),
        ([["MULTI"], ["GET", "a"], ["CLIENT", "REPLY", "SKIP"], ["GET", "a"], ["EXEC"], ["PING"], ["PING"]],
         b"+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$1\r\nx\r\n$1\r\nx\r\n+PONG\r\n"),
        ([["CLIENT", "REPLY", "SKIP"], ["MULTI"], ["GET", "a"], ["EXEC"]],
         b"+QUEUED\r\n*1\r\n$1\r\nx\r\n"),
        ([["CLIENT", "REPLY", "OFF"], ["MULTI"], ["NONSENSE"], ["EXEC"], ["CLIENT", "REPLY", "ON"]], b"+OK\r\n"),
    ]

    @pytest.mark.parametrize("commands, expected", CASES)
    def test_switch(self, start, which, commands, expected):
        server = start(which)
        with server.connect() as connection:
            connection.raw("SET", "a", "x")
            connection.send(b"".join(map(encode, commands)) + encode(["ECHO", "end"]))
            received = b""
            while not received.endswith(b"$3\r\nend\r\n"):
                received += connection.reply()
            assert received == expected + b"$3\r\nend\r\n"


class TestTellsOfItself:
    def flags(self, connection, other):
        number = str(connection.command("CLIENT", "ID")) if not isinstance(connection, int) else str(connection)
        for line in other.command("CLIENT", "LIST").decode().splitlines():
            fields = dict(field.split("=", 1) for field in line.split())
            if fields["id"] == number:
                return fields
        raise AssertionError("the client is not listed")

    def test_client_list(self, start, which):
        server = start(which)
        with server.connect() as a, server.connect() as b:
            number = a.command("CLIENT", "ID")
            a.raw("SET", "k", "1")
            a.raw("WATCH", "k", "l", "k")
            fields = self.flags(number, b)
            assert (fields["flags"], fields["multi"]) == ("N", "-1")
            assert fields.get("watch", "2") == "2"
            b.raw("SET", "k", "2")
            assert self.flags(number, b)["flags"] == "d"
            a.raw("MULTI")
            assert (self.flags(number, b)["flags"], self.flags(number, b)["multi"]) == ("xd", "0")
            assert a.raw("EXEC") == b"*-1\r\n"
            a.raw("MULTI")
            a.raw("SET", "k", "x" * 1000)
            fields = self.flags(number, b)
            assert (fields["flags"], fields["multi"]) == ("x", "1")
            assert int(fields["multi-mem"]) >= 1000 and int(fields["tot-mem"]) > 1000
            a.raw("GET")
            a.raw("EXEC")
            fields = self.flags(number, b)
            assert (fields["flags"], fields["multi"], fields["multi-mem"]) == ("N", "-1", "0")

    def test_within(self, start, which):
        server = start(which)
        with server.connect() as a:
            a.raw("MULTI")
            a.raw("CLIENT", "INFO")
            a.raw("CLIENT", "LIST")
            info, listed = a.command("EXEC")
            for text in info, listed:
                assert b" flags=x " in text and b" multi=2 " in text and b" cmd=exec " in text

    def test_info(self, start):
        server = start("apus", threads=2)
        with server.connect() as a, server.connect() as b:
            a.raw("WATCH", "k", "l")
            b.raw("WATCH", "k")
            text = b.command("INFO", "clients").decode()
            assert "watching_clients:2\r\n" in text and "total_watched_keys:2\r\n" in text
            a.raw("UNWATCH")
            b.raw("RESET")
            deadline = time.monotonic() + 5
            while "total_watched_keys:0\r\n" not in text and time.monotonic() < deadline:
                text = b.command("INFO", "clients").decode()
            assert "watching_clients:0\r\n" in text and "total_watched_keys:0\r\n" in text


class TestLimits:
    def test_many_queued(self, shared):
        with shared.connect(timeout=60) as connection:
            connection.raw("DEL", "n")
            connection.raw("MULTI")
            count = 100_000
            replies = connection.pipeline([["INCR", "n"]] * count)
            assert set(replies) == {b"+QUEUED\r\n"}
            answer = connection.command("EXEC")
            assert answer == list(range(1, count + 1))

    def test_a_million_queued_are_bounded_by_the_query_buffer(self, start):
        server = start("apus", "--client-query-buffer-limit", "1mb")
        with server.connect(timeout=60) as connection, server.connect() as other:
            connection.raw("MULTI")
            request = encode(["SET", "k", "v" * 20])
            sent = 0
            try:
                while sent < 1_000_000:
                    connection.send(request * 1000)
                    sent += 1000
                    for _ in range(1000):
                        assert connection.reply() == b"+QUEUED\r\n"
                raise AssertionError("all of a million requests were queued")
            except (Closed, ConnectionError):
                pass
            assert other.raw("PING") == b"+PONG\r\n"
        assert "max query buffer length" in server.output()

    def test_many_watched(self, start):
        server = start("apus", threads=4)
        count = 100_000
        with server.connect(timeout=60) as a, server.connect() as b:
            before = server.resident_bytes()
            for first in range(0, count, 1000):
                assert a.raw("WATCH", *(f"k:{i}" for i in range(first, first + 1000))) == b"+OK\r\n"
            assert server.resident_bytes() - before < 100 << 20
            a.raw("MULTI")
            a.raw("PING")
            assert a.raw("EXEC") == b"*1\r\n+PONG\r\n"
            a.raw("WATCH", *(f"k:{i}" for i in range(count)))
            b.raw("SET", f"k:{count - 1}", "1")
            a.raw("MULTI")
            a.raw("PING")
            assert a.raw("EXEC") == b"*-1\r\n"
            # A client that leaves keeps nobody.
            a.raw("WATCH", *(f"k:{i}" for i in range(count)))
            a.close()
            begin = time.monotonic()
            assert b.raw("PING") == b"+PONG\r\n"
            assert time.monotonic() - begin < 1
            deadline = time.monotonic() + 10
            while b"total_watched_keys:0\r\n" not in b.command("INFO", "clients"):
                assert time.monotonic() < deadline

    def test_large_words(self, shared):
        """Words that are received into blocks of their own."""
        with shared.connect(timeout=30) as connection:
            values = [bytes([65 + i]) * (300_000 + i) for i in range(5)]
            connection.raw("MULTI")
            for index, value in enumerate(values):
                connection.raw("SET", f"large:{index}", value)
            connection.raw("APPEND", "large:0", "!")
            connection.raw("MGET", *(f"large:{i}" for i in range(5)))
            answer = connection.command("EXEC")
            values[0] += b"!"
            assert answer[-1] == values
            connection.raw("MULTI")
            connection.raw("SET", "large:0", values[1])
            connection.raw("DISCARD")
            assert connection.command("GET", "large:0") == values[0]

    def test_large_replies(self, shared):
        with shared.connect(timeout=30) as connection:
            connection.raw("SET", "block", "x" * 10_000)
            connection.raw("MULTI")
            connection.pipeline([["GET", "block"]] * 500)
            connection.send(encode(["EXEC"]) + encode(["PING"]))
            assert len(parse(connection.reply())) == 500
            assert connection.reply() == b"+PONG\r\n"

    def test_a_slow_reader_is_cut_off_but_all_is_done(self, start):
        server = start("apus", "--client-output-buffer-limit", "normal", "1mb", "0", "0", threads=2)
        with server.connect(timeout=30) as connection, server.connect() as other:
            connection.raw("SET", "block", "x" * 100_000)
            connection.raw("MULTI")
            connection.pipeline([["GET", "block"]] * 2000 + [["SET", "done", "1"]])
            connection.send(encode(["EXEC"]))
            deadline = time.monotonic() + 20
            while other.command("GET", "done") is None:
                assert time.monotonic() < deadline


class TestDeadlocks:
    """What locks, waits or stops the world in a transaction, on all workers at once."""

    BODIES = [
        [["SCAN", "0"], ["SET", "{i}:a", "1"], ["SCAN", "0", "COUNT", "1000"]],
        [["SET", "{i}:a", "1"], ["CONFIG", "SET", "hz", "10"], ["SET", "{i}:b", "1"]],
        [["INCR", "shared"], ["CLIENT", "KILL", "ID", "999999"], ["INCR", "shared:2"]],
        [["INCR", "shared:2"], ["CLIENT", "LIST"], ["INCR", "shared"]],
        [["SET", "{i}:a", "1"], ["SELECT", "{i}"], ["SET", "{i}:b", "1"], ["SELECT", "0"]],
        [["DEBUG", "DIGEST"], ["SET", "shared", "1"], ["DEBUG", "SLEEP", "0"]],
        [["MSET", "{i}:a", "1", "shared", "2", "shared:2", "3"], ["DBSIZE"], ["RANDOMKEY"], ["KEYS", "*"]],
        [["INFO", "everything"], ["MEMORY", "STATS"], ["MEMORY", "PURGE"], ["INCR", "shared"]],
        [["DEBUG", "EFFECTS", "ON"], ["SET", "shared", "1"], ["DEBUG", "EFFECTS", "OFF"]],
        [["SWAPDB", "8", "9"], ["SET", "shared", "1"], ["CONFIG", "RESETSTAT"]],
        [["SET", "shared", "1"], ["RENAME", "shared", "shared:3"], ["COPY", "shared:3", "shared", "REPLACE"]],
    ]

    def test_none(self, start):
        server = start("apus", "--enable-debug-command", "yes", threads=4)
        problems, rounds, end = [], [], time.monotonic() + 4

        def run(number):
            chance = random.Random(number)
            done = 0
            try:
                with server.connect(timeout=5) as connection:
                    while time.monotonic() < end:
                        body = chance.choice(self.BODIES)
                        commands = [[str(word).replace("{i}", str(number)) for word in words] for words in body]
                        if chance.random() < 0.5:
                            connection.raw("WATCH", "shared", f"{number}:a")
                        replies = connection.pipeline([["MULTI"], *commands, ["EXEC"]])
                        assert replies[0] == b"+OK\r\n", replies[0]
                        assert replies[-1][:1] == b"*", replies[-1]
                        done += 1
            except BaseException as problem:
                problems.append((number, problem))
            rounds.append(done)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        assert not problems, problems
        assert min(rounds) > 0
        assert server.is_running()


class TestBlocked:
    @pytest.mark.parametrize("which, threads", [("oracle", 1), ("apus", 1), ("apus", 4)])
    def test_served_after_the_whole_and_before_what_follows(self, start, which, threads):
        server = start(which, threads=threads)
        pushers, blocked = [server.connect() for _ in range(4)], server.connect()
        for pusher in pushers:
            blocked.send(encode(["BLPOP", "l", "0"]))
            while b"blocked_clients:1\r\n" not in pusher.command("INFO", "clients"):
                pass
            # A value that comes and goes within serves nobody.
            assert pusher.pipeline([["MULTI"], ["RPUSH", "l", "x"], ["DEL", "l"], ["EXEC"]])[-1] == b"*2\r\n:1\r\n:1\r\n"
            replies = pusher.pipeline(
                [["MULTI"], ["RPUSH", "l", "a"], ["LPUSH", "l", "b"], ["BLPOP", "none", "0"], ["EXEC"], ["LPOP", "l"],
                 ["LPOP", "l"]])
            assert replies[-3:] == [b"*3\r\n:1\r\n:2\r\n*-1\r\n", b"$1\r\na\r\n", b"$-1\r\n"]
            assert blocked.reply() == b"*2\r\n$1\r\nl\r\n$1\r\nb\r\n"
        for connection in [blocked, *pushers]:
            connection.close()

    def test_reports_do_not_wait(self, start):
        server = start("apus", threads=2)
        with server.connect() as connection:
            connection.pipeline([["MULTI"], ["INFO", "keysizes"], ["INFO", "everything"], ["PING"]])
            assert len(connection.command("EXEC")) == 3


class TestDisconnects:
    def test_at_every_step(self, shared):
        steps = [["WATCH", "k", "l"], ["MULTI"], ["SET", "k", "1"], ["INCR", "l"], ["EXEC"]]
        with shared.connect() as other:
            other.raw("DEL", "k", "l")
            for count in range(1, len(steps)):
                with shared.connect() as connection:
                    connection.pipeline(steps[:count])
            assert other.command("EXISTS", "k", "l") == 0
            # What was sent before the end still runs.
            connection = shared.connect()
            connection.send(b"".join(map(encode, steps)))
            connection.close()
            deadline = time.monotonic() + 5
            while other.command("EXISTS", "k", "l") != 2:
                assert time.monotonic() < deadline

    def test_killed_by_its_own_transaction(self, start):
        server = start("apus")
        with server.connect() as connection, server.connect() as other:
            number = connection.command("CLIENT", "ID")
            connection.raw("MULTI")
            connection.raw("CLIENT", "KILL", "ID", number, "SKIPME", "no")
            connection.raw("SET", "after", "1")
            assert connection.raw("EXEC") == b"*2\r\n:1\r\n+OK\r\n"
            assert connection.is_closed()
            assert other.command("GET", "after") == b"1"

    def test_kills_another_in_the_middle_of_its_own(self, start):
        server = start("apus", threads=2)
        with server.connect() as a, server.connect() as b:
            number = b.command("CLIENT", "ID")
            b.raw("WATCH", "k")
            b.raw("MULTI")
            b.raw("SET", "k", "1")
            a.raw("MULTI")
            a.raw("CLIENT", "KILL", "ID", number)
            a.raw("SET", "k", "2")
            assert a.raw("EXEC") == b"*2\r\n:1\r\n+OK\r\n"
            assert b.is_closed()


class TestPause:
    """CLIENT PAUSE and UNPAUSE."""

    REFUSED = [
        (["x"], "timeout is not an integer or out of range"),
        (["1.5"], "timeout is not an integer or out of range"),
        (["-1"], "timeout is negative"),
        (["1", "x"], "CLIENT PAUSE mode must be WRITE or ALL"),
        (["1", "WRITE", "x"], "unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT HELP."),
        ([], "wrong number of arguments for 'client|pause' command"),
    ]

    @pytest.mark.parametrize("words, expected", REFUSED)
    def test_refused(self, start, which, words, expected):
        server = start(which)
        with server.connect() as connection:
            assert connection.raw("CLIENT", "pause", *words) == f"-ERR {expected}\r\n".encode()
            assert connection.raw("CLIENT", "UNPAUSE") == b"+OK\r\n"

    @staticmethod
    def held(connection, seconds=0.05):
        """Whether no reply comes; what comes is read later."""
        connection.socket.settimeout(seconds)
        try:
            connection._receive()
            return False
        except TimeoutError:
            return True
        finally:
            connection.socket.settimeout(8)

    WAITING = [["SET", "k", "1"], ["PFCOUNT", "h"], ["PUBLISH", "c", "m"], ["INCR", "n"], ["RPUSH", "r", "x"]]
    RUNNING = [["GET", "k"], ["PING"], ["SCAN", "0"], ["CLIENT", "GETNAME"], ["CONFIG", "GET", "hz"], ["INFO"]]

    @pytest.mark.parametrize("which, threads", [("oracle", 1), ("apus", 1), ("apus", 4)])
    def test_writes_wait(self, start, which, threads):
        server = start(which, threads=threads)
        control, others = server.connect(), [server.connect() for _ in self.WAITING]
        assert control.raw("CLIENT", "PAUSE", "100000", "WRITE") == b"+OK\r\n"
        for connection, words in zip(others, self.WAITING):
            connection.send(encode(words) + encode(["PING"]))
        assert all(self.held(connection) for connection in others)
        for words in self.RUNNING:
            assert not control.raw(*words).startswith(b"-")
        listed = control.command("CLIENT", "LIST").decode()
        assert len(re.findall(" flags=b ", listed)) == len(others)
        # A transaction waits as soon as it would write.
        with server.connect() as connection:
            connection.raw("MULTI")
            connection.raw("GET", "k")
            assert connection.raw("EXEC") == b"*1\r\n$-1\r\n"
            connection.raw("MULTI")
            connection.send(encode(["SET", "l", "1"]) + encode(["EXEC"]))
            assert self.held(connection)
            # Who leaves is forgotten.
            others.pop().close()
            assert control.raw("CLIENT", "UNPAUSE") == b"+OK\r\n"
            assert connection.reply() == b"+QUEUED\r\n"
            assert connection.reply() == b"*1\r\n+OK\r\n"
        for connection in others:
            assert not connection.reply().startswith(b"-")
            assert connection.reply() == b"+PONG\r\n"
        assert control.raw("CLIENT", "UNPAUSE") == b"+OK\r\n"
        for connection in [control, *others]:
            connection.close()

    @pytest.mark.parametrize("which, threads", [("oracle", 1), ("apus", 1), ("apus", 4)])
    def test_all_wait_until_the_end(self, start, which, threads):
        server = start(which, threads=threads)
        connections = [server.connect() for _ in range(8)]
        begin = time.monotonic()
        assert connections[0].raw("CLIENT", "PAUSE", "400") == b"+OK\r\n"
        for connection in connections:
            connection.send(encode(["PING"]))
        assert all(self.held(connection, 0.02) for connection in connections)
        for connection in connections:
            assert connection.reply() == b"+PONG\r\n"
        assert 0.35 < time.monotonic() - begin < 3
        for connection in connections:
            connection.close()

    def test_never_shorter(self, start, which):
        server = start(which)
        with server.connect() as control, server.connect() as other:
            control.raw("CLIENT", "PAUSE", "100000", "WRITE")
            control.raw("CLIENT", "PAUSE", "1", "WRITE")
            other.send(encode(["SET", "k", "1"]))
            assert self.held(other, 0.1)
            control.raw("CLIENT", "UNPAUSE")
            assert other.reply() == b"+OK\r\n"

    def test_within_a_transaction(self, start, which):
        server = start(which)
        with server.connect() as control, server.connect() as other:
            control.pipeline([["MULTI"], ["SET", "k", "1"], ["CLIENT", "PAUSE", "100000", "WRITE"], ["SET", "k", "2"]])
            assert control.raw("EXEC") == b"*3\r\n+OK\r\n+OK\r\n+OK\r\n"
            other.send(encode(["SET", "k", "3"]))
            assert self.held(other)
            control.pipeline([["MULTI"], ["CLIENT", "UNPAUSE"], ["GET", "k"]])
            assert control.raw("EXEC") == b"*2\r\n+OK\r\n$1\r\n2\r\n"
            assert other.reply() == b"+OK\r\n"

    @pytest.mark.parametrize("which, threads", [("oracle", 1), ("apus", 1), ("apus", 2)])
    def test_nothing_expires(self, start, which, threads):
        server = start(which, threads=threads)
        with server.connect() as control:
            control.pipeline([["SET", f"k{i}", "v", "PX", "100"] for i in range(20)])
            control.raw("CLIENT", "PAUSE", "100000", "WRITE")
            deadline = time.monotonic() + 5
            while control.command("GET", "k19") is not None:
                assert time.monotonic() < deadline
            # They count as absent, but are there.
            assert control.command("EXISTS", "k0") == 0
            time.sleep(0.2)
            assert control.command("DBSIZE") == 20
            control.raw("CLIENT", "UNPAUSE")
            while control.command("DBSIZE") > 0:
                assert time.monotonic() < deadline
            assert control.raw("SET", "k0", "w") == b"+OK\r\n"
            assert control.command("DBSIZE") == 1

    def test_no_write_after_the_reply(self, start):
        """Writers on all workers: after the reply to PAUSE nothing changes any more."""
        server = start("apus", threads=4)
        stop = threading.Event()

        def write(number):
            with server.connect(timeout=20) as connection:
                while not stop.is_set():
                    connection.pipeline([["INCR", f"w:{number}"]] * 50)

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        keys = [f"w:{number}" for number in range(4)]
        with server.connect() as control:
            for _ in range(20):
                control.raw("CLIENT", "PAUSE", "10000", "WRITE")
                first = control.command("MGET", *keys)
                time.sleep(0.01)
                assert control.command("MGET", *keys) == first
                control.raw("CLIENT", "UNPAUSE")
                time.sleep(0.005)
            stop.set()
            assert control.command("MGET", *keys) != first
        for writer in writers:
            writer.join(20)
            assert not writer.is_alive()


class TestRecords:
    """What a transaction did is one group in the log."""

    def test_group(self, start):
        server = start("apus", "--enable-debug-command", "yes", threads=2)
        with server.connect() as connection:
            connection.raw("DEBUG", "EFFECTS", "ON")
            connection.raw("MULTI")
            connection.raw("SET", "a", "1")
            connection.raw("GET", "a")
            connection.raw("SELECT", "1")
            connection.raw("INCRBYFLOAT", "b", "0.5")
            connection.raw("EXEC")
            connection.raw("MULTI")
            connection.raw("SET", "c", "1")
            connection.raw("EXEC")
            records = [[n, *words] for n, words in connection.command("DEBUG", "EFFECTS", "TAKE")]
            assert records == [
                [0, b"MULTI"], [0, b"SET", b"a", b"1"], [1, b"SET", b"b", b"0.5"], [0, b"EXEC"],
                [1, b"SET", b"c", b"1"],
            ]
            events = connection.command("DEBUG", "EFFECTS", "EVENTS")
            assert [event[1:] for event in events] == [[b"set", b"a"], [b"incrbyfloat", b"b"], [b"set", b"c"]]
            connection.raw("DEBUG", "EFFECTS", "OFF")
