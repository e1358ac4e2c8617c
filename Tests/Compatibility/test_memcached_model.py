"""A model of the meta protocol's marks (stale, won, sent), and random requests that must agree with it.

Debian's memcached runs the same requests, as far as it knows them: both are held to the model.
"""

import random
import re

import pytest

import memcache
from memcache import Raw, port  # noqa: F401

pytestmark = memcache.NEEDED


class Model:
    """An item: its value, version and marks. Versions are counted by the model itself."""

    def __init__(self):
        self.value = None
        self.version = 0
        self.stale = self.won = False

    def store(self, value):
        self.value, self.stale, self.won = value, False, False
        self.version += 1

    def get(self, vivifies=False, recaches=False):
        """The marks of the reply, or None for a miss."""
        if self.value is None:
            if not vivifies:
                return None
            self.store(b"")
            self.won = True
            return b"W"
        marks = b""
        if self.won:
            marks += b"Z"
        if self.stale:
            marks += b"X"
        if not self.won and (self.stale or recaches):
            marks += b"W"
            self.won = True
        return marks

    def invalidate(self):
        """`md I`."""
        if self.value is None:
            return False
        self.stale, self.won = True, False
        self.version += 1
        return True


@pytest.mark.parametrize("seed", range(4))
def test_marks(port, seed):
    chance = random.Random(seed)
    keys = [b"m%d" % n for n in range(3)]
    with Raw(port) as raw:
        raw.ask(b"".join(b"delete %s\r\n" % key for key in keys))
        models = {key: Model() for key in keys}
        for step in range(1500):
            key = chance.choice(keys)
            model = models[key]
            act = chance.choice(["set", "get", "get", "get", "recache", "vivify", "invalidate",
                                 "delete", "add", "compare", "touch"])
            if act == "set":
                value = b"v%d" % step
                assert raw.ask(b"ms %s %d T1000\r\n%s\r\n" % (key, len(value), value)) == b"HD\r\n"
                model.store(value)
            elif act in ("get", "recache", "vivify"):
                flags = {"get": b"", "recache": b" R2000", "vivify": b" N1000"}[act]
                reply = raw.ask(b"mg %s v%s\r\n" % (key, flags))
                marks = model.get(vivifies=act == "vivify", recaches=act == "recache")
                if marks is None:
                    assert reply == b"EN\r\n", (seed, step)
                else:
                    head, _, rest = reply.partition(b"\r\n")
                    told = b"".join(sorted(head.split()[2:]))
                    assert told == b"".join(sorted(marks[n:n + 1] for n in range(len(marks)))), (
                        seed, step, act, reply)
                    assert rest == model.value + b"\r\n"
            elif act == "invalidate":
                reply = raw.ask(b"md %s I T1000\r\n" % key)
                assert reply == (b"HD\r\n" if model.invalidate() else b"NF\r\n"), (seed, step)
            elif act == "delete":
                reply = raw.ask(b"md %s\r\n" % key)
                assert reply == (b"NF\r\n" if model.value is None else b"HD\r\n"), (seed, step)
                models[key] = Model()
            elif act == "add":
                reply = raw.ask(b"ms %s 1 ME T1000\r\na\r\n" % key)
                assert reply == (b"HD\r\n" if model.value is None else b"NS\r\n"), (seed, step)
                if model.value is None:
                    model.store(b"a")
            elif act == "compare" and model.value is not None:
                # The version is read without a trace in the marks: `gets` knows none.
                version = int(raw.ask(b"gets %s\r\n" % key).split(b"\r\n")[0].split()[4])
                wanted = version if chance.random() < 0.5 else version + 1000
                reply = raw.ask(b"ms %s 1 C%d T1000\r\nc\r\n" % (key, wanted))
                assert reply == (b"HD\r\n" if wanted == version else b"EX\r\n"), (seed, step)
                if wanted == version:
                    model.store(b"c")
            elif act == "touch" and model.value is not None:
                assert re.match(rb"TOUCHED", raw.ask(b"touch %s 1000\r\n" % key)), (seed, step)
