"""Random histories of many clients on few keys have an order that explains every reply."""

import random
import select
import time

import pytest

from linear import is_linearizable
from resp import encode, parse, reply_end

CLIENTS = 8
KEYS = 3
LISTS = 2
OPERATIONS = 10


class TestChecker:
    """The checker itself finds what is wrong."""

    def test_accepts(self):
        assert is_linearizable([(0, 0, 3, ("SET", "k", 1), "OK"), (1, 1, 2, ("GET", "k"), None)])
        assert is_linearizable([(0, 0, 3, ("SET", "k", 1), "OK"), (1, 1, 2, ("GET", "k"), 1)])
        assert is_linearizable([(0, 0, 1, ("WATCH", "k"), "OK"), (1, 2, 5, ("INCR", "k"), 1),
                                (0, 3, 4, ("EXEC", (("GET", "k"),)), None)])
        # Who waits is served at once, by the push that replies 1.
        assert is_linearizable([(0, 0, 4, ("BLPOP", "k", "l"), ["l", 7]), (1, 1, 2, ("RPUSH", "l", 7), 1),
                                (1, 3, 5, ("LPOP", "l"), None)])

    @pytest.mark.parametrize("history", [
        # A reply that is out of date.
        [(0, 0, 1, ("SET", "k", 1), "OK"), (1, 2, 3, ("GET", "k"), None)],
        # Two clients got the same number.
        [(0, 0, 5, ("INCR", "k"), 1), (1, 1, 5, ("INCR", "k"), 1)],
        # The value goes back.
        [(0, 0, 9, ("SET", "k", 1), "OK"), (1, 1, 2, ("GET", "k"), 1), (1, 3, 4, ("GET", "k"), None)],
        # Half of a transaction.
        [(0, 0, 9, ("EXEC", (("INCR", "k"), ("INCR", "l"))), [1, 1]),
         (1, 1, 2, ("EXEC", (("GET", "k"), ("GET", "l"))), [1, None])],
        # A watched key changed.
        [(0, 0, 1, ("WATCH", "k"), "OK"), (1, 2, 3, ("INCR", "k"), 1),
         (0, 4, 5, ("EXEC", (("GET", "k"),)), [1])],
        # An element was given to two.
        [(0, 0, 3, ("BLPOP", "k"), ["k", 7]), (1, 1, 2, ("RPUSH", "k", 7), 1), (2, 1, 5, ("LPOP", "k"), 7)],
        # It had to be there.
        [(1, 1, 2, ("RPUSH", "k", 7), 1), (0, 3, 4, ("BLPOP", "k"), None)],
        # Taken from the wrong end.
        [(1, 1, 2, ("RPUSH", "k", 7), 1), (1, 3, 4, ("RPUSH", "k", 8), 2), (0, 5, 6, ("BLPOP", "l", "k"), ["k", 8])],
        # No watched key changed.
        [(0, 0, 1, ("WATCH", "k"), "OK"), (1, 2, 3, ("INCR", "l"), 1),
         (0, 4, 5, ("EXEC", (("GET", "k"),)), None)],
    ])
    def test_refuses(self, history):
        assert not is_linearizable(history)


class Client:
    """A client that has at most one operation under way."""

    def __init__(self, server, number, chance):
        self.connection, self.number, self.chance = server.connect(), number, chance
        self.operation, self.watches = None, False

    def inner(self, prefix, counter):
        key = f"{prefix}:{self.chance.randrange(KEYS)}"
        kind = self.chance.random()
        if kind < 0.3:
            return self.list_operation(prefix, counter)
        if kind < 0.5:
            return ("GET", key)
        if kind < 0.7:
            return ("INCR", key)
        # Every value is another one, and far from those that INCR reaches.
        return ("SET", key, next(counter))

    def list_operation(self, prefix, counter):
        keys = [f"{prefix}:list:{number}" for number in self.chance.sample(range(LISTS), LISTS)]
        kind = self.chance.random()
        if kind < 0.5:
            return ("RPUSH", keys[0], next(counter))
        return ("LPOP", keys[0]) if kind < 0.65 else ("BLPOP", *keys[: self.chance.randint(1, LISTS)])

    def call(self, prefix, counter, now):
        """Sends a random operation."""
        kind = self.chance.random()
        if self.watches and kind < 0.5 or kind < 0.25:
            words = ("EXEC", tuple(self.inner(prefix, counter) for _ in range(self.chance.randint(1, 4))))
            requests = [("MULTI",), *map(self.request, words[1]), ("EXEC",)]
            self.watches = False
        elif kind < 0.6:
            words = ("WATCH", self.chance.choice([f"{prefix}:{number}" for number in range(KEYS)]
                                                 + [f"{prefix}:list:{number}" for number in range(LISTS)]))
            requests, self.watches = [words], True
        else:
            words = self.inner(prefix, counter)
            requests = [self.request(words)]
        self.connection.send(b"".join(map(encode, requests)))
        self.operation = (now, words, len(requests))

    @staticmethod
    def request(words):
        """What is sent for an operation."""
        return (*words, "0.02") if words[0] == "BLPOP" else words

    def finish(self, now):
        """The operation that has returned, None while replies are missing."""
        called, words, count = self.operation
        data, end = self.connection.buffer, 0
        for _ in range(count):
            start, end = end, reply_end(data, end) if end < len(data) else None
            if end is None:
                return None
        reply = self.value(words, parse(data[start:end]))
        self.connection.buffer.clear()
        self.operation = None
        return (self.number, called, now, words, reply)

    @staticmethod
    def value(words, reply):
        if words[0] == "EXEC" and reply is not None:
            return [Client.value(inner, each) for inner, each in zip(words[1], reply)]
        if words[0] == "BLPOP" and reply is not None:
            return [reply[0].decode(), int(reply[1])]
        return int(reply) if isinstance(reply, bytes) else reply


def history(clients, prefix, counter, chance):
    """What the clients did: each an operation after another, all of them at the same time."""
    operations, left, now = [], [OPERATIONS] * len(clients), 0
    while True:
        idle = [c for c in clients if c.operation is None and left[c.number] > 0]
        chance.shuffle(idle)
        for client in idle[: chance.randint(1, len(idle))] if idle else []:
            now += 1
            client.call(prefix, counter, now)
            left[client.number] -= 1
        busy = [c for c in clients if c.operation is not None]
        if not busy:
            return operations
        # Mostly send more before looking who has replied.
        if idle and chance.random() < 0.5:
            continue
        ready, _, _ = select.select([c.connection.socket for c in busy], [], [], 10)
        assert ready, "no reply for ten seconds"
        for client in busy:
            if client.connection.socket in ready:
                client.connection._receive()
                now += 1
                operation = client.finish(now)
                if operation is not None:
                    operations.append(operation)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_history_has_an_order(start, threads, request):
    server = start("apus", threads=threads)
    seed = request.config.getoption("first_seed")
    chance = random.Random(seed)
    clients = [Client(server, number, chance) for number in range(CLIENTS)]
    counter = iter(range(1000, 1 << 40, 1000))
    deadline = time.monotonic() + 3
    count, aborted, executed, served = 0, 0, 0, 0
    while time.monotonic() < deadline:
        operations = history(clients, f"lin:{count}", counter, chance)
        for client in clients:
            client.connection.raw("UNWATCH")
            client.watches = False
        assert is_linearizable(operations), f"seed {seed}, history {count}:\n" + "\n".join(map(str, operations))
        replies = [o[4] for o in operations if o[3][0] == "EXEC"]
        aborted += replies.count(None)
        executed += len(replies) - replies.count(None)
        served += sum(1 for o in operations if o[3][0] == "BLPOP" and o[4] is not None)
        count += 1
    assert count > 10 and aborted > 10 and executed > 10 and served > 10
