"""Many clients at once on few keys: nothing breaks, nothing is lost, nothing is seen half done."""

import random
import socket
import threading
import time

import pytest

import oracle as engine
import servers
from families import FAMILY_MODULES
from resp import Push, ReplyError, encode, parse

# What changes the connection or the whole server is no part of this.
FAMILIES = [m for m in FAMILY_MODULES if m.__name__.rsplit(".")[-1] not in ("connection", "server")]
# These would end or empty what the other clients work with.
NOT_HERE = {"FLUSHALL", "SWAPDB", "DEBUG", "SELECT", "MOVE"}


class Worker(threading.Thread):
    """A client on a connection of its own; a failure is kept and told at the end."""

    def __init__(self, server, deadline, seed):
        super().__init__()
        self.server, self.deadline, self.random = server, deadline, random.Random(seed)
        self.problem, self.rounds = None, 0

    def run(self):
        try:
            with self.server.connect(timeout=60) as connection:
                self.prepare(connection)
                while time.monotonic() < self.deadline:
                    self.step(connection)
                    self.rounds += 1
        except BaseException as problem:  # any failure must reach the test
            self.problem = problem

    def prepare(self, connection):
        pass


class RandomCommands(Worker):
    """Every command there is on the same few keys: each reply must be well formed."""

    def prepare(self, connection):
        self.tables = []
        for family in FAMILIES:
            known = engine.known_commands(self.server, {name for _, name, _ in family.STEPS}) - NOT_HERE
            table = [entry for entry in family.STEPS if entry[1] in known]
            if table:
                self.tables.append((table, engine.Words(self.random.random(), ["r:%d" % i for i in range(12)])))
        connection.raw("SELECT", "1")

    def step(self, connection):
        table, words = self.random.choice(self.tables)
        commands = []
        for _, _, make in words.random.choices(table, [weight for weight, _, _ in table], k=20):
            commands += engine.flatten(make(words))
        commands = [c for c in commands if not (str(c[0]).upper() == "COPY" and len(c) > 3)]
        for reply in connection.pipeline(commands):
            parse(reply)


class Counter(Worker):
    """Adds to one shared counter; every increment must count."""

    total = 0
    lock = threading.Lock()

    def step(self, connection):
        connection.pipeline([["INCR", "soak:count"]] * 10)
        with Counter.lock:
            Counter.total += 10


PAIR = ["soak:pair:%d" % i for i in range(8)]


class PairWriter(Worker):
    """Writes the same value to several keys at once."""

    def step(self, connection):
        value = self.random.randrange(1 << 40)
        connection.raw("MSET", *(word for key in PAIR for word in (key, value)))


class PairReader(Worker):
    """Reads those keys at once: all values must be of one write."""

    def step(self, connection):
        values = connection.command("MGET", *PAIR)
        assert len(set(values)) == 1, f"MGET saw half of an MSET: {values}"


class Mover(Worker):
    """Renames a key to and fro: it must be in exactly one place, always."""

    def prepare(self, connection):
        connection.raw("SET", "soak:here", "x")

    def step(self, connection):
        connection.pipeline([["RENAME", "soak:here", "soak:there"], ["RENAME", "soak:there", "soak:here"]])


class MoveReader(Worker):
    def step(self, connection):
        values = connection.command("MGET", "soak:here", "soak:there")
        assert values.count(None) <= 1, f"a renamed key was nowhere: {values}"
        assert values.count(None) >= 1, f"a renamed key was in two places: {values}"


class Flusher(Worker):
    """Fills a database of its own and empties it: it must be empty after FLUSHDB."""

    def step(self, connection):
        connection.raw("SELECT", "2")
        size = self.random.choice([10, 1000, 5000])
        connection.pipeline([["SET", f"f:{i}", "v" * 20] for i in range(size)])
        assert connection.command("DBSIZE") == size
        connection.raw("FLUSHDB", *self.random.choice([[], ["ASYNC"], ["SYNC"]]))
        assert connection.command("DBSIZE") == 0


class Expirer(Worker):
    """Keys with short times: a key that is due is never seen."""

    def step(self, connection):
        connection.raw("SELECT", "3")
        connection.pipeline([["SET", f"e:{self.ident}:{i}", "v", "PX", "3"] for i in range(50)])
        time.sleep(0.006)
        replies = connection.pipeline([["GET", f"e:{self.ident}:{i}"] for i in range(50)])
        assert set(replies) == {b"$-1\r\n"}


class Reporter(Worker):
    """Asks for reports, which look at everything that the others change."""

    REPORTS = [["INFO", "everything"], ["CLIENT", "LIST"], ["MEMORY", "STATS"], ["LATENCY", "HISTOGRAM"], ["DBSIZE"],
               ["CONFIG", "RESETSTAT"]]

    def step(self, connection):
        for words in self.REPORTS:
            assert not connection.raw(*words).startswith(b"-")
        time.sleep(0.001)


class Publisher(Worker):
    """Publishes to one channel, as another one does, and counts."""

    def step(self, connection):
        first = self.rounds * 10
        connection.pipeline([["PUBLISH", "soak:channel", f"{self.ident} {first + i}"] for i in range(10)])


class Subscriber(Worker):
    """Hears all publishers, each in its order; all subscribers hear the same sequence."""

    sequences = []

    def prepare(self, connection):
        self.connection_protocol = self.random.choice([2, 3])
        if self.connection_protocol == 3:
            connection.raw("HELLO", "3")
        connection.raw(*self.random.choice([["SUBSCRIBE", "soak:channel"], ["PSUBSCRIBE", "soak:ch*"]]))
        self.heard, self.last = [], {}
        Subscriber.sequences.append(self.heard)

    def step(self, connection):
        connection.send(b"*1\r\n$4\r\nPING\r\n")
        while (message := parse(connection.reply())) not in ("PONG", [b"pong", b""]):
            publisher, number = message[-1].split()
            assert self.last.get(publisher, int(number) - 1) == int(number) - 1, "a message is missing"
            self.last[publisher] = int(number)
            self.heard.append(message[-1])
        time.sleep(0.001)


class Cacher(Worker):
    """Caches what it reads until it is told of a change: what it has is never older than what was there before it asked."""

    def prepare(self, connection):
        connection.raw("HELLO", "3")
        assert connection.raw("CLIENT", "TRACKING", "ON", *self.random.choice([[], ["BCAST"], ["NOLOOP"]])) == b"+OK\r\n"
        self.cached = None

    def ask(self, connection, *words):
        connection.send(encode(words))
        while isinstance(message := parse(connection.reply()), Push):
            if message[1] is None or b"soak:count" in message[1]:
                self.cached = None
        return message

    def step(self, connection):
        floor = Counter.total
        if self.cached is None:
            self.cached = self.ask(connection, "GET", "soak:count")
        self.ask(connection, "PING")
        if self.cached is not None:
            assert int(self.cached) >= floor, f"{self.cached} is stale, {floor} was there"
        time.sleep(0.0005)


class Watcher(Worker):
    """Monitors for a while, and leaves."""

    def step(self, connection):
        with self.server.connect() as other:
            assert other.raw("MONITOR") == b"+OK\r\n"
            for _ in range(20):
                # There is something to see even when all others are done.
                connection.raw("PING")
                assert other.reply().startswith(b"+1")
        time.sleep(0.05)


def assert_one_order(sequences):
    """All sequences are pieces of one: where two overlap they are the same."""
    longest = max(sequences, key=len)
    places = {message: place for place, message in enumerate(longest)}
    for sequence in sequences:
        known = [places[message] for message in sequence if message in places]
        assert known == list(range(known[0], known[0] + len(known))) if known else True, "another order"


class Pusher(Worker):
    """Pushes to two lists for which others wait; every element must arrive once."""

    pushed, taken = [], []
    keys = ["soak:queue:a", "soak:queue:b"]

    def step(self, connection):
        elements = [b"%d:%d:%d" % (self.ident, self.rounds, i) for i in range(self.random.randrange(1, 8))]
        connection.raw(self.random.choice(["LPUSH", "RPUSH"]), self.random.choice(self.keys), *elements)
        Pusher.pushed += elements
        time.sleep(self.random.random() * 0.002)


class Taker(Worker):
    """Waits for elements of both lists, for a short time each, and leaves now and then."""

    def step(self, _connection):
        with self.server.connect(timeout=60) as connection:
            for _ in range(self.random.randrange(1, 20)):
                keys = self.random.sample(Pusher.keys, self.random.randrange(1, 3))
                self.take(connection, [["BLPOP", *keys, "0.01"], ["BLMPOP", "0.01", len(keys), *keys, "LEFT", "COUNT", "3"],
                                       ["BLMOVE", *self.random.sample(Pusher.keys, 2), "LEFT", "RIGHT", "0.01"]])
            # The last word: an element comes, or the end.
            connection.send(encode(["BRPOP", *Pusher.keys, "0"]))
            connection.socket.shutdown(socket.SHUT_WR)
            rest = connection.until_close()
            if rest:
                Pusher.taken.append(parse(rest)[1])

    def take(self, connection, commands):
        command = self.random.choice(commands)
        reply = connection.command(*command)
        if reply is not None and command[0] != "BLMOVE":
            Pusher.taken += reply[1] if isinstance(reply[1], list) else [reply[1]]


class Visitor(Worker):
    """Connects, asks and leaves, politely or not."""

    def step(self, _connection):
        other = self.server.connect()
        other.send(b"*2\r\n$3\r\nGET\r\n$10\r\nsoak:count\r\n" * 5)
        if self.random.random() < 0.5:
            other.reply()
        other.close()
        time.sleep(0.002)


ACCOUNTS = ["soak:account:%d" % i for i in range(6)]
BALANCE = 1000


class Bank(Worker):
    """Moves money between accounts by transactions; the sum never changes."""

    def step(self, connection):
        source, target = self.random.sample(ACCOUNTS, 2)
        amount = self.random.randrange(50)
        if self.random.random() < 0.3:
            connection.pipeline([["MULTI"], ["DECRBY", source, amount], ["INCRBY", target, amount], ["EXEC"]])
            return
        connection.raw("WATCH", source, target)
        balances = [int(each) for each in connection.command("MGET", source, target)]
        requests = [["MULTI"], ["SET", source, balances[0] - amount], ["SET", target, balances[1] + amount]]
        if self.random.random() < 0.2:
            # Copied and back again, in a transaction that needs every partition.
            requests += [["COPY", source, "soak:copy", "REPLACE"], ["RENAME", "soak:copy", source], ["SCAN", "0"]]
        replies = connection.pipeline([*requests, self.random.choice([["EXEC"]] * 9 + [["DISCARD"]])])
        assert all(reply[:1] in b"+*" for reply in replies), replies


class Auditor(Worker):
    """Adds up the accounts, at one moment."""

    def step(self, connection):
        if self.random.random() < 0.5:
            balances = connection.command("MGET", *ACCOUNTS)
        else:
            balances = parse(connection.pipeline([["MULTI"], *(["GET", key] for key in ACCOUNTS), ["EXEC"]])[-1])
        assert sum(map(int, balances)) == BALANCE * len(ACCOUNTS), balances
        time.sleep(0.001)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_many_clients_on_few_keys(start, threads, request):
    if threads > 1 and not servers.is_apus(servers.APUS):
        pytest.skip("a stand-in has one thread")
    server = start("apus", threads=threads)
    with server.connect() as connection:
        for name in ("MSET", "RENAME", "FLUSHDB", "DBSIZE", "SELECT", "COMMAND"):
            if name not in engine.known_commands(server, {name}):
                pytest.skip(f"the server does not know {name} yet")
        connection.raw("MSET", *(word for key in PAIR for word in (key, "0")))
        connection.raw("SET", "soak:here", "x")
        connection.raw("MSET", *(word for key in ACCOUNTS for word in (key, BALANCE)))
    Counter.total = 0
    Subscriber.sequences = []
    Pusher.pushed, Pusher.taken = [], []
    deadline = time.monotonic() + request.config.getoption("soak")
    kinds = [RandomCommands] * 3 + [Counter] * 2 + [PairWriter, PairWriter, PairReader, Mover, MoveReader]
    kinds += [Bank] * 4 + [Auditor] * 2 + [Pusher] * 2 + [Taker] * 3
    kinds += [Flusher, Expirer, Reporter, Visitor, Publisher, Publisher, Cacher, Cacher, Watcher] + [Subscriber] * 4
    workers = [kind(server, deadline, seed) for seed, kind in enumerate(kinds)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    problems = [f"{type(w).__name__}: {w.problem!r}" for w in workers if w.problem is not None]
    assert server.is_running(), server.output()[-6000:]
    assert not problems, "\n".join(problems)
    assert all(worker.rounds for worker in workers)
    assert_one_order(Subscriber.sequences)
    with server.connect() as connection:
        assert connection.command("GET", "soak:count") == str(Counter.total).encode()
        left = [element for key in Pusher.keys for element in connection.command("LRANGE", key, "0", "-1")]
        assert sorted(Pusher.taken + left) == sorted(Pusher.pushed)
        connection.raw("FLUSHALL")
        assert connection.command("DBSIZE") == 0
    assert server.stop() == 0, server.output()[-6000:]
    assert "ERROR:" not in server.output() and "WARNING: ThreadSanitizer" not in server.output()


class Filler(Worker):
    """Writes more than there is memory for."""

    def step(self, connection):
        commands = []
        for _ in range(100):
            key = f"fill:{self.random.randrange(20_000)}"
            expiry = ["EX", str(self.random.randrange(1, 1000))] if self.random.random() < 0.5 else []
            commands.append(["SET", key, b"v" * self.random.choice([1, 50, 500, 5000, 20_000]), *expiry])
        for reply in map(parse, connection.pipeline(commands)):
            assert reply == "OK" or str(reply).startswith("OOM "), reply


class Bounder(Worker):
    """Changes how much memory there is, and which keys go."""

    POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-lrm", "allkeys-random", "volatile-lru", "volatile-lfu",
                "volatile-lrm", "volatile-random", "volatile-ttl", "noeviction"]

    def step(self, connection):
        size = self.random.choice(["2mb", "4mb", "4mb", "8mb", "0"])
        policy = self.random.choice(self.POLICIES)
        assert connection.command("CONFIG", "SET", "maxmemory", size, "maxmemory-policy", policy) == "OK"
        time.sleep(0.03)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_many_clients_in_little_memory(start, threads, request):
    server = start("apus", threads=threads)
    deadline = time.monotonic() + request.config.getoption("soak")
    kinds = [RandomCommands] * 3 + [Filler] * 3 + [Bounder, Reporter, Visitor, Expirer]
    workers = [kind(server, deadline, seed) for seed, kind in enumerate(kinds)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    problems = [f"{type(w).__name__}: {w.problem!r}" for w in workers if w.problem is not None]
    assert server.is_running(), server.output()[-6000:]
    assert not problems, "\n".join(problems)
    with server.connect() as connection:
        connection.command("CONFIG", "SET", "maxmemory", "2mb", "maxmemory-policy", "allkeys-lru")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            text = connection.command("INFO", "memory").decode()
            used = int(text.partition("\r\nused_memory:")[2].partition("\r")[0])
            if used < 2_200_000:
                break
            time.sleep(0.02)
        assert used < 2_200_000, used
        assert connection.command("SET", "after", "1") == "OK"
    assert server.stop() == 0, server.output()[-6000:]
    assert "ERROR:" not in server.output() and "WARNING: ThreadSanitizer" not in server.output()
