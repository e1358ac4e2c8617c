"""Large values move, are copied and lose elements in slices, and nobody sees them half done."""

import random
import socket
import struct
import threading
import time

import pytest

from resp import Closed, encode
from servers import until

# Elements: enough for some tens of slices.
COUNT = 20_000
KINDS = ["list", "set", "hash", "zset", "stream"]
LENGTH = {"list": "LLEN", "set": "SCARD", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}


@pytest.fixture(params=[1, 2, 4], ids=lambda n: f"threads-{n}")
def server(request, start):
    return start("apus", "--enable-debug-command", "yes", threads=request.param)


def one(connection, *words):
    return connection.raw(*words)


def fill(connection, kind, key, count=COUNT):
    """Makes a large value; hashes have fields that expire, streams groups with pending entries."""
    commands = []
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        if kind == "list":
            commands.append(["RPUSH", key, *(f"element:{i}" for i in numbers)])
        elif kind == "set":
            commands.append(["SADD", key, *(f"member:{i}" for i in numbers)])
        elif kind == "hash":
            commands.append(["HSET", key, *(w for i in numbers for w in (f"field:{i}", f"value:{i}"))])
        elif kind == "zset":
            commands.append(["ZADD", key, *(w for i in numbers for w in (i * 7919 % count, f"member:{i}"))])
        else:
            commands += [["XADD", key, f"{i + 1}-1", "field", f"value:{i}"] for i in numbers]
    if kind == "hash":
        commands.append(["HPEXPIRE", key, "1000000", "FIELDS", "2", "field:1", "field:2"])
    if kind == "stream":
        commands += [["XGROUP", "CREATE", key, f"group:{i}", "0"] for i in range(2)]
        commands += [
            ["XREADGROUP", "GROUP", f"group:{i}", f"consumer:{i}:{j}", "COUNT", "2000", "STREAMS", key, ">"]
            for i in range(2) for j in range(4)
        ]
    for start in range(0, len(commands), 200):
        for reply in connection.pipeline(commands[start : start + 200]):
            assert not reply.startswith(b"-"), reply


def digest(connection, key):
    return one(connection, "DEBUG", "DIGEST-VALUE", key)


def exists(connection, *keys):
    return int(one(connection, "EXISTS", *keys)[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_values_arrive_whole(server, kind):
    with server.connect(timeout=60) as connection:
        fill(connection, kind, "k")
        one(connection, "PEXPIRE", "k", "5000000")
        before, encoding = digest(connection, "k"), one(connection, "OBJECT", "ENCODING", "k")

        def check(key, expires=True):
            assert digest(connection, key) == before
            assert one(connection, "OBJECT", "ENCODING", key) == encoding
            assert (int(one(connection, "PTTL", key)[1:]) > 4_000_000) == expires

        name = "k"
        for number in range(6):
            assert one(connection, "RENAME", name, f"n:{number}") == b"+OK\r\n"
            assert exists(connection, name) == 0
            name = f"n:{number}"
            check(name)
        one(connection, "SET", "taken", "1")
        assert one(connection, "RENAMENX", name, "taken") == b":0\r\n"
        assert one(connection, "RENAMENX", name, "k") == b":1\r\n"
        check("k")
        assert one(connection, "COPY", "k", "taken") == b":0\r\n"
        assert one(connection, "COPY", "k", "taken", "REPLACE") == b":1\r\n"
        check("k"), check("taken")
        assert one(connection, "COPY", "k", "k", "DB", "2") == b":1\r\n"
        assert one(connection, "RENAME", "k", "taken") == b"+OK\r\n"
        check("taken")
        assert one(connection, "MOVE", "taken", "1") == b":1\r\n"
        assert one(connection, "DBSIZE") == b":0\r\n"
        one(connection, "SELECT", "1"), check("taken")
        assert one(connection, "MOVE", "taken", "2") == b":1\r\n"
        one(connection, "SELECT", "2"), check("k"), check("taken")
        assert one(connection, "DBSIZE") == b":2\r\n"


def test_large_strings_are_shared_until_one_changes(server):
    with server.connect(timeout=60) as connection:
        text = b"x" * (3 << 20)
        one(connection, "SET", "k", text)
        assert one(connection, "COPY", "k", "k2") == b":1\r\n"
        assert one(connection, "COPY", "k", "k", "DB", "1") == b":1\r\n"
        assert one(connection, "RENAME", "k2", "other") == b"+OK\r\n"
        one(connection, "SETRANGE", "k", "5", "hello")
        one(connection, "APPEND", "other", "tail")
        assert one(connection, "GETRANGE", "k", "0", "12") == b"$13\r\nxxxxxhelloxxx\r\n"
        assert one(connection, "GETRANGE", "other", "0", "12") == b"$13\r\nxxxxxxxxxxxxx\r\n"
        assert one(connection, "STRLEN", "other") == b":%d\r\n" % (len(text) + 4)
        one(connection, "DEL", "k", "other")
        one(connection, "SELECT", "1")
        assert one(connection, "GET", "k") == b"$%d\r\n%b\r\n" % (len(text), text)


class Client(threading.Thread):
    """Runs `step` on a connection of its own until told to stop; keeps what went wrong."""

    def __init__(self, server, stop, step):
        super().__init__()
        self.server, self.stop, self.step, self.problem = server, stop, step, None
        self.rounds = 0
        self.start()

    def run(self):
        try:
            with self.server.connect(timeout=60) as connection:
                while not self.stop.is_set():
                    self.step(connection)
                    self.rounds += 1
        except BaseException as problem:  # any failure must reach the test
            self.problem = problem
            self.stop.set()


def run_beside(server, steps, work):
    """Runs `work` while each of `steps` is repeated by a client of its own."""
    stop = threading.Event()
    clients = [Client(server, stop, step) for step in steps]
    try:
        until(lambda: stop.is_set() or all(client.rounds for client in clients))
        work(stop)
    finally:
        stop.set()
        for client in clients:
            client.join()
    for client in clients:
        if client.problem:
            raise client.problem
        assert client.rounds > 0


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_sees_a_value_half_moved(server, kind):
    names = [f"name:{i}" for i in range(5)]
    with server.connect(timeout=60) as connection:
        fill(connection, kind, names[0])

        def count_all(other):
            assert exists(other, *names) == 1

        def count_one(other):
            assert one(other, LENGTH[kind], random.choice(names)) in (b":0\r\n", b":%d\r\n" % COUNT)

        def look_over(other):
            assert one(other, "DBSIZE") in (b":1\r\n", b":2\r\n")
            keys = one(other, "KEYS", "name:*")
            assert keys.startswith(b"*1\r\n"), keys
            one(other, "SET", "aside", "1"), one(other, "GET", "aside"), one(other, "SCAN", "0")

        def work(stop):
            before = digest(connection, names[0])
            for number in range(20):
                if stop.is_set():
                    return
                old, new = names[number % 5], names[(number + 1) % 5]
                assert one(connection, "RENAME", old, new) == b"+OK\r\n"
            assert digest(connection, names[0]) == before

        run_beside(server, [count_all, count_one, count_one, look_over], work)


def test_writes_to_both_keys_are_kept(server):
    with server.connect(timeout=60) as connection:
        fill(connection, "list", "a")
        pushed = [0]

        def push(other):
            replies = other.pipeline([["RPUSHX", key, "more"] for key in ("a", "b", "c")])
            pushed[0] += sum(reply != b":0\r\n" for reply in replies)

        def work(stop):
            for number in range(60):
                if stop.is_set():
                    return
                old, new = "abc"[number % 3], "abc"[(number + 1) % 3]
                assert one(connection, "RENAME", old, new) == b"+OK\r\n"

        run_beside(server, [push], work)
        assert pushed[0] > 0
        assert one(connection, "LLEN", "a") == b":%d\r\n" % (COUNT + pushed[0])


def test_replies_keep_their_order(server):
    """Several clients pipeline moves of one value with what depends on them."""
    with server.connect(timeout=60) as connection:
        fill(connection, "set", "k")

        def alone(other):
            words = [["COPY", "k", "own", "REPLACE"], ["SCARD", "own"], ["ECHO", "1"], ["SREM", "own", "member:5"],
                     ["RENAME", "own", "mine"], ["SCARD", "own"], ["SCARD", "mine"], ["DEL", "mine"], ["ECHO", "2"]]
            expected = [b":1\r\n", b":%d\r\n" % COUNT, b"$1\r\n1\r\n", b":1\r\n", b"+OK\r\n", b":0\r\n",
                        b":%d\r\n" % (COUNT - 1), b":1\r\n", b"$1\r\n2\r\n"]
            assert other.pipeline(words * 3) == expected * 3

        def ask(other):
            replies = other.pipeline([["SCARD", "k"], ["ECHO", "x"], ["SISMEMBER", "k", "member:7"], ["PING"]] * 20)
            assert replies == [b":%d\r\n" % COUNT, b"$1\r\nx\r\n", b":1\r\n", b"+PONG\r\n"] * 20

        def many(other):
            """More requests than fit a batch, and bytes that are cut anywhere."""
            data = b"".join(encode(["SISMEMBER", "k", f"member:{i}"]) + encode(["ECHO", i]) for i in range(3_000))
            cut = random.randrange(len(data))
            other.send(data[:cut])
            other.send(data[cut:])
            for number in range(3_000):
                assert other.reply() == b":1\r\n"
                assert other.reply() == b"$%d\r\n%d\r\n" % (len(str(number)), number)

        def work(stop):
            for _ in range(15):
                if stop.is_set():
                    return
                assert one(connection, "COPY", "k", "k", "DB", "1", "REPLACE") == b":1\r\n"

        run_beside(server, [alone, ask, ask, many], work)


def test_large_words_wait_too(server):
    """What is received into a block of its own is kept while it waits, and taken over after."""
    with server.connect(timeout=60) as connection, server.connect(timeout=60) as other:
        fill(connection, "zset", "k")
        text = b"y" * 300_000
        for _ in range(10):
            connection.send(encode(["COPY", "k", "k2", "REPLACE"]) + encode(["SET", "k2", text]) + encode(["GET", "k2"]))
            other.send(encode(["APPEND", "k2", text]))
            replies = [connection.reply() for _ in range(3)]
            assert replies[:2] == [b":1\r\n", b"+OK\r\n"] and replies[2].startswith(b"$")
            assert other.reply().startswith((b":", b"-WRONGTYPE"))
            one(connection, "DEL", "k2")


def test_a_protocol_error_behind_comes_last(server):
    with server.connect(timeout=60) as connection:
        fill(connection, "hash", "k")
        with server.connect(timeout=60) as other:
            other.send(encode(["COPY", "k", "k2"]) + encode(["HLEN", "k2"]) + b"*1\r\n:1\r\n")
            assert other.reply() == b":1\r\n"
            assert other.reply() == b":%d\r\n" % COUNT
            assert other.reply() == b"-ERR Protocol error: expected '$', got ':'\r\n"
            with pytest.raises(Closed):
                other.reply()


@pytest.mark.parametrize("flush", [["FLUSHALL"], ["FLUSHDB"], ["SWAPDB", "0", "3"]], ids=lambda words: words[0])
def test_flushing_ends_a_copy(server, flush):
    for attempt in range(8):
        with server.connect(timeout=60) as connection, server.connect(timeout=60) as other:
            fill(connection, "zset", "k")
            connection.send(encode(["RENAME", "k", "other"]) + encode(["COPY", "other", "o2"]) + encode(["DBSIZE"]))
            time.sleep(attempt * 0.002)
            assert one(other, *flush) == b"+OK\r\n"
            replies = [connection.reply() for _ in range(3)]
            assert replies[0] in (b"+OK\r\n", b"-ERR no such key\r\n")
            assert replies[1] in (b":0\r\n", b":1\r\n")
            left = one(other, "DBSIZE")
            assert left in (b":0\r\n", replies[2])
            if flush[0] == "SWAPDB":
                one(other, "SELECT", "3")
                found = exists(other, "k", "other", "o2")
                assert found > 0
                for key in ("k", "other", "o2"):
                    assert one(other, "ZCARD", key) in (b":0\r\n", b":%d\r\n" % COUNT)
            one(other, "FLUSHALL")


@pytest.mark.parametrize("how", ["close", "reset", "kill"])
def test_a_command_is_finished_without_its_client(server, how):
    with server.connect(timeout=60) as connection:
        for attempt in range(6):
            fill(connection, "zset", "k")
            before = digest(connection, "k")
            with server.connect(timeout=60) as other, server.connect(timeout=60) as waiting:
                number = one(other, "CLIENT", "ID")[1:-2]
                other.send(encode(["COPY", "k", "k2"]))
                time.sleep(0.001 * attempt)
                waiting.send(encode(["ZCARD", "k2"]))
                if how == "reset":
                    other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    other.socket.close()
                elif how == "close":
                    other.socket.close()
                else:
                    one(connection, "CLIENT", "KILL", "ID", number)
                assert waiting.reply() in (b":0\r\n", b":%d\r\n" % COUNT)
                if attempt > 0:
                    until(lambda: exists(connection, "k2") == 1)
                    assert digest(connection, "k2") == before
            one(connection, "DEL", "k", "k2")
        assert one(connection, "PING") == b"+PONG\r\n"


def test_clients_that_wait_may_go(server):
    with server.connect(timeout=60) as connection:
        fill(connection, "zset", "k")
        assert one(connection, "COPY", "k", "k2") == b":1\r\n"
        for _ in range(5):
            connection.send(encode(["COPY", "k", "k2", "REPLACE"]))
            time.sleep(0.001)
            others = [server.connect(timeout=60) for _ in range(20)]
            for other in others:
                other.send(encode(["ZCARD", "k2"]) * 3)
            for other in others[::2]:
                other.socket.close()
            assert connection.reply() == b":1\r\n"
            for other in others[1::2]:
                assert [other.reply() for _ in range(3)] == [b":%d\r\n" % COUNT] * 3
                other.socket.close()


def test_more_copies_than_are_made_at_a_time(server):
    with server.connect(timeout=60) as connection:
        fill(connection, "hash", "k", 5_000)
        for number in range(30):
            assert one(connection, "COPY", "k", f"from:{number}") == b":1\r\n"
        before = digest(connection, "k")
        others = [server.connect(timeout=60) for _ in range(30)]
        for number, other in enumerate(others):
            other.send(encode(["COPY", f"from:{number}", f"to:{number}"]))
        for other in others:
            assert other.reply() == b":1\r\n"
            other.socket.close()
        for number in range(30):
            assert digest(connection, f"to:{number}") == before


def test_what_expires_is_moved_first(server):
    with server.connect(timeout=60) as connection, server.connect(timeout=60) as other:
        for milliseconds in (1, 3, 10, 30):
            fill(connection, "zset", "k")
            pipeline = [["PEXPIRE", "k", milliseconds], ["MOVE", "k", "1"], ["EXISTS", "k"]]
            replies = connection.pipeline(pipeline)
            assert replies[0] == b":1\r\n" and replies[2] == b":0\r\n"
            time.sleep(milliseconds / 1000 + 0.05)
            one(other, "SELECT", "1")
            assert one(other, "EXISTS", "k") == b":0\r\n" and one(other, "DBSIZE") == b":0\r\n"
            assert one(connection, "DBSIZE") == b":0\r\n"


@pytest.mark.parametrize("command", ["ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX"])
def test_ranges_are_removed_at_once_for_others(server, command):
    bounds = {
        "ZREMRANGEBYRANK": [("100", "-101"), ("-19900", "19899")],
        "ZREMRANGEBYSCORE": [("100", "19899"), ("(99", "(19900")],
        "ZREMRANGEBYLEX": [("[m00100", "[m19899"), ("(m00099", "(m19900")],
    }[command]
    with server.connect(timeout=60) as connection:
        for lower, upper in bounds:
            for start in range(0, COUNT, 1000):
                words = []
                for i in range(start, start + 1000):
                    words += [0 if command.endswith("LEX") else i, "m%05d" % i]
                one(connection, "ZADD", "k", *words)
            def count(other):
                assert one(other, "ZCARD", "k") in (b":20000\r\n", b":200\r\n")

            def work(stop):
                assert one(connection, command, "k", lower, upper) == b":19800\r\n"

            run_beside(server, [count], work)
            assert one(connection, "ZCARD", "k") == b":200\r\n"
            assert one(connection, "ZRANGE", "k", "99", "100") == b"*2\r\n$6\r\nm00099\r\n$6\r\nm19900\r\n"
            assert one(connection, command, "k", "-" if command.endswith("LEX") else "0",
                       "+" if command.endswith("LEX") else "100000") == b":200\r\n"
            assert exists(connection, "k") == 0


def test_consumers_are_removed_at_once_for_others(server):
    with server.connect(timeout=60) as connection:
        fill(connection, "stream", "k", 5_000)
        replies = {b":2000\r\n", b":1000\r\n"}

        def look(other):
            pending = one(other, "XPENDING", "k", "group:0")
            assert pending.startswith((b"*4\r\n:5000\r\n", b"*4\r\n:3000\r\n", b"*4\r\n:1000\r\n", b"*4\r\n:0\r\n")), pending

        def work(stop):
            for number in range(3):
                removed = one(connection, "XGROUP", "DELCONSUMER", "k", "group:0", f"consumer:0:{number}")
                assert removed in replies
            assert one(connection, "XGROUP", "DELCONSUMER", "k", "group:0", "nobody") == b":0\r\n"

        run_beside(server, [look], work)
        assert one(connection, "XPENDING", "k", "group:0").startswith(b"*4\r\n:0\r\n")


def test_sort_by_keys_waits(server):
    with server.connect(timeout=60) as connection, server.connect(timeout=60) as other:
        fill(connection, "zset", "k")
        one(connection, "RPUSH", "list", "3", "1", "2")
        for _ in range(5):
            connection.send(encode(["COPY", "k", "k2", "REPLACE"]))
            assert one(other, "SORT", "list", "BY", "weight_*", "GET", "#").startswith(b"*3\r\n")
            assert one(other, "SORT", "list", "STORE", "k2") == b":3\r\n"
            assert connection.reply() == b":1\r\n"
