"""The commands for users of hstore, and null fields: replies, a model with random commands, effects, and
the way through DUMP, RDB files and redis-server. test_hstore_oracle.py compares them with PostgreSQL."""

import random
import struct
import time
import types

import pytest

import dumps
import oracle as engine
import servers
from resp import ReplyError, parse
from test_effects import report, rig  # noqa: F401  (a fixture)

pytestmark = pytest.mark.skipif(not servers.is_apus(servers.APUS), reason="commands of our own")

COMMANDS = ["HSETL", "HGETL", "HGETJSON", "HEXISTSALL", "HEXISTSANY", "HDEFINED", "HCONTAINS", "HCONTAINEDBY",
            "HSLICE", "HRECORD", "HCMP", "HDIGEST", "HSETNULL", "HMERGE", "HDELPAIR"]


def bulk(text):
    return b"$%d\r\n%b\r\n" % (len(text), text)


def either(two, three):
    return {2: two, 3: three}


NULL = either(b"$-1\r\n", b"_\r\n")
WRONG_TYPE = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
ENDS = b"-ERR syntax error in hstore: unexpected end of string\r\n"
L = ["HSETL", "h", 'a=>1, b=>NULL, c=>"two words"']

CASES = [
    # HSETL and HGETL.
    (L, b":3\r\n"),
    (L, L, b":0\r\n"),
    (L, "HGETL h", bulk(b'"a"=>"1", "b"=>NULL, "c"=>"two words"')),
    (L, "HGETL h b c zz b", bulk(b'"b"=>NULL, "c"=>"two words"')),
    (L, "HGETL h zz", bulk(b"")),
    ("HGETL none", NULL),
    ("HGETL none a", NULL),
    (["HSETL", "h", ""], b":0\r\n"),
    (["HSETL", "h", ""], "EXISTS h", b":0\r\n"),
    (["HSETL", "h", "a=>1,a=>2"], "HGET h a", bulk(b"1")),
    (["HSETL", "h", "bb=>1,\"\"=>2,c=>3,a=>4"], "HGETL h", bulk(b'""=>"2", "a"=>"4", "c"=>"3", "bb"=>"1"')),
    (["HSETL", "h", 'x=>"NULL"'], "HGET h x", bulk(b"NULL")),
    (["HSETL", "h", "x=>\\NULL"], "HGET h x", NULL),
    (["HSETL", "h", b"\xc3\xa9=>\x00"], "HGETL h", bulk(b'"\xc3\xa9"=>"\x00"')),
    (["HSETL", "h", "a"], ENDS),
    (["HSETL", "h", "a=>"], ENDS),
    (["HSETL", "h", 'a=>"1'], ENDS),
    (["HSETL", "h", "a=>1\\"], ENDS),
    (["HSETL", "h", "a=1"], b"-ERR syntax error in hstore, near \"1\" at position 2\r\n"),
    (["HSETL", "h", "a=>1 b=>2"], b"-ERR syntax error in hstore, near \"b\" at position 5\r\n"),
    (["HSETL", "h", '"a"\u00e9=>2'], "-ERR syntax error in hstore, near \"\u00e9\" at position 3\r\n".encode()),
    (["HSETL", "h", "a=>1,=>"], "EXISTS h", b":0\r\n"),
    ("SET s v", ["HSETL", "s", "a=>1"], WRONG_TYPE),
    ("SET s v", ["HSETL", "s", ""], WRONG_TYPE),
    ("SET s v", "HGETL s", WRONG_TYPE),
    ("SET s v", "HGETL s a", WRONG_TYPE),
    # HSET, HSETL and HSETNULL take the expiry of a field away.
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", ["HSETL", "h", "a=>2"], "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HSETNULL h a", "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),

    # Null fields and the commands of Redis.
    ("HSETNULL h a b a", b":2\r\n"),
    ("HSETNULL h a", "HSETNULL h a", b":0\r\n"),
    ("HSETNULL h", b"-ERR wrong number of arguments for 'hsetnull' command\r\n"),
    ("SET s v", "HSETNULL s a", WRONG_TYPE),
    (L, "HGET h b", NULL),
    (L, "HEXISTS h b", b":1\r\n"),
    (L, "HLEN h", b":3\r\n"),
    (L, "HSTRLEN h b", b":0\r\n"),
    (L, "HMGET h a b zz", either(b"*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n", b"*3\r\n$1\r\n1\r\n_\r\n_\r\n")),
    (L, "HDEL h a c", "HGETALL h", either(b"*2\r\n$1\r\nb\r\n$-1\r\n", b"%1\r\n$1\r\nb\r\n_\r\n")),
    (L, "HDEL h a c", "HVALS h", either(b"*1\r\n$-1\r\n", b"*1\r\n_\r\n")),
    (L, "HDEL h a c", "HRANDFIELD h 1 WITHVALUES", either(b"*2\r\n$1\r\nb\r\n$-1\r\n", b"*1\r\n*2\r\n$1\r\nb\r\n_\r\n")),
    (L, "HDEL h a c", "HSCAN h 0", either(b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$-1\r\n", b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n_\r\n")),
    (L, "HDEL h a b c", b":3\r\n"),
    (L, "HSETNX h b 1", b":0\r\n"),
    (L, "HSET h b 1", b":0\r\n"),
    (L, "HSET h b 1", "HGET h b", bulk(b"1")),
    (L, "HINCRBY h b 1", b"-ERR hash value is not an integer\r\n"),
    (L, "HINCRBYFLOAT h b 1", b"-ERR hash value is not a float\r\n"),
    (L, "HGETDEL h FIELDS 1 b", either(b"*1\r\n$-1\r\n", b"*1\r\n_\r\n")),
    (L, "HGETDEL h FIELDS 1 b", "HEXISTS h b", b":0\r\n"),
    (L, "HGETEX h PXAT 2000000000000 FIELDS 1 b", "HPEXPIRETIME h FIELDS 1 b", b"*1\r\n:2000000000000\r\n"),
    (L, "HEXPIRE h 100 FIELDS 1 b", "HGETL h b", bulk(b'"b"=>NULL')),
    (L, "HEXPIRE h 100 FIELDS 1 b", "HPERSIST h FIELDS 1 b", "HDEFINED h b", b":0\r\n"),
    (L, "HSETEX h FXX KEEPTTL FIELDS 1 b 2", "HGET h b", bulk(b"2")),
    (L, "RPUSH l b", "SORT l BY nosort GET h->*", either(b"*1\r\n$-1\r\n", b"*1\r\n_\r\n")),
    (L, "COPY h g", "HGETL g", bulk(b'"a"=>"1", "b"=>NULL, "c"=>"two words"')),
    (L, "RENAME h g", "HGETL g b", bulk(b'"b"=>NULL')),

    # Fields.
    (L, "HEXISTSALL h a b", b":1\r\n"),
    (L, "HEXISTSALL h a zz", b":0\r\n"),
    (L, "HEXISTSANY h zz b", b":1\r\n"),
    (L, "HEXISTSANY h zz yy", b":0\r\n"),
    ("HEXISTSALL none a", b":0\r\n"),
    ("HEXISTSANY none a", b":0\r\n"),
    (L, "HDEFINED h a", b":1\r\n"),
    (L, "HDEFINED h b", b":0\r\n"),
    (L, "HDEFINED h zz", b":0\r\n"),
    ("HDEFINED none a", b":0\r\n"),
    ("SET s v", "HEXISTSALL s a", WRONG_TYPE),
    ("SET s v", "HDEFINED s a", WRONG_TYPE),

    # Pairs: as words or as a literal.
    (L, "HCONTAINS h a 1", b":1\r\n"),
    (L, "HCONTAINS h a 1 c x", b":0\r\n"),
    (L, "HCONTAINS h b NULL", b":0\r\n"),
    (L, "HCONTAINS h b=>NULL", b":1\r\n"),
    (L, "HCONTAINS h a=>NULL", b":0\r\n"),
    (L, ["HCONTAINS", "h", ""], b":1\r\n"),
    (L, "HCONTAINS h a 1 b", b"-ERR wrong number of arguments for 'hcontains' command\r\n"),
    (L, "HCONTAINS h a", ENDS),
    ("HCONTAINS none a 1", b":0\r\n"),
    (["HCONTAINS", "none", ""], b":1\r\n"),
    (L, ["HCONTAINEDBY", "h", 'a=>1, b=>NULL, c=>"two words", d=>4'], b":1\r\n"),
    (L, ["HCONTAINEDBY", "h", 'a=>1, b=>"", c=>"two words", d=>4'], b":0\r\n"),
    (L, "HCONTAINEDBY h a 1", b":0\r\n"),
    (L, "HDEL h b c", "HCONTAINEDBY h a 1 a 2 b 3", b":1\r\n"),
    (L, "HDEL h b c", "HCONTAINEDBY h a 2 a 1 b 3", b":0\r\n"),
    ("HCONTAINEDBY none a 1", b":1\r\n"),
    ("SET s v", "HCONTAINEDBY s a 1", WRONG_TYPE),
    (L, "HDELPAIR h a 1 c x", b":1\r\n"),
    (L, "HDELPAIR h b=>NULL,a=>1", "HKEYS h", b"*1\r\n$1\r\nc\r\n"),
    (L, ["HDELPAIR", "h", 'a=>1, b=>NULL, c=>"two words"'], "EXISTS h", b":0\r\n"),
    ("HDELPAIR none a 1", b":0\r\n"),

    # Parts.
    (L, "HSLICE h c zz b c", either(b"*4\r\n$1\r\nb\r\n$-1\r\n$1\r\nc\r\n$9\r\ntwo words\r\n",
                                    b"%2\r\n$1\r\nb\r\n_\r\n$1\r\nc\r\n$9\r\ntwo words\r\n")),
    ("HSLICE none a", either(b"*0\r\n", b"%0\r\n")),
    (L, "HRECORD h zz 7 b 8 a 9", either(b"*3\r\n$1\r\n7\r\n$-1\r\n$1\r\n1\r\n", b"*3\r\n$1\r\n7\r\n_\r\n$1\r\n1\r\n")),
    ("HRECORD none a 1", b"*1\r\n$1\r\n1\r\n"),
    (L, "HRECORD h a 1 b", b"-ERR wrong number of arguments for 'hrecord' command\r\n"),

    # JSON.
    (L, "HGETJSON h", bulk(b'{"a": "1", "b": null, "c": "two words"}')),
    (L, "HGETJSON h LOOSE", bulk(b'{"a": 1, "b": null, "c": "two words"}')),
    (L, "HGETJSON h loose FIELDS 2 a zz", bulk(b'{"a": 1}')),
    (L, "HGETJSON h FIELDS 1 zz", bulk(b"{}")),
    (["HSET", "h", b"\x00\"", b"\x1f\\\xff"], "HGETJSON h", bulk(b'{"\\u0000\\"": "\\u001f\\\\\xff"}')),
    ("HSET h a t b f c 012 d -1.5e+3 e 1.", "HGETJSON h LOOSE", bulk(b'{"a": true, "b": false, "c": "012", "d": -1.5e+3, "e": "1."}')),
    ("HGETJSON none", NULL),
    (L, "HGETJSON h a", b"-ERR Mandatory argument FIELDS is missing or not at the right position\r\n"),
    (L, "HGETJSON h FIELDS 2 a", b"-ERR The `numfields` parameter must match the number of arguments\r\n"),

    # Comparing.
    (L, "HCMP h h", b":0\r\n"),
    (L, "HCMP h none", b":1\r\n"),
    ("HCMP none h", b":0\r\n"),
    ("HSET h a 1", "HSET g a 2", "HCMP h g", b":-1\r\n"),
    ("HSETNULL h a", ["HSET", "g", "a", ""], "HCMP h g", b":1\r\n"),
    ("SET s v", "HCMP h s", WRONG_TYPE),
    ("HDIGEST none", NULL),

    # Merging.
    ("HSET h a 1 b 2", ["HSETL", "g", "b=>NULL,c=>3"], "HMERGE h g", b":1\r\n"),
    ("HSET h a 1 b 2", ["HSETL", "g", "b=>NULL,c=>3"], "HMERGE h g", "HGETL h", bulk(b'"a"=>"1", "b"=>NULL, "c"=>"3"')),
    ("HSET g a 1", "HSET f a 2", "HMERGE h g none f", "HGET h a", bulk(b"2")),
    ("HMERGE h none", b":0\r\n"),
    ("HMERGE h none", "EXISTS h", b":0\r\n"),
    (L, "HMERGE h h", b"-ERR source and destination objects are the same\r\n"),
    ("SET s v", L, "HMERGE h s", WRONG_TYPE),
    ("SET s v", L, "HMERGE s h", WRONG_TYPE),
    ("HSET g a 1 b 2", "HPEXPIREAT g 2000000000000 FIELDS 1 a", "HMERGE h g", "HPEXPIRETIME h FIELDS 2 a b", b"*2\r\n:2000000000000\r\n:-1\r\n"),
    ("HSET h a 0", "HEXPIRE h 100 FIELDS 1 a", "HSET g a 1", "HMERGE h g", "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),
]


@pytest.mark.parametrize("protocol", [2, 3])
def test_replies(apus, protocol):
    problems, unknown = engine.run_newer(apus, types.SimpleNamespace(NEWER=CASES), protocol)
    assert not problems, "\n\n".join(problems)
    assert not unknown


def test_every_command_documents_itself(apus):
    with apus.connect() as connection:
        docs = engine.fields(parse(connection.raw("COMMAND", "DOCS", *COMMANDS)))
        assert {name.decode().upper() for name in docs} == set(COMMANDS)
        for name, facts in docs.items():
            facts = engine.fields(facts)
            assert facts[b"group"] == b"hash" and facts[b"since"] == b"Apus 1.0", name
        for info in parse(connection.raw("COMMAND", "INFO", *COMMANDS)):
            assert b"@hash" in [engine.bytes_of(category) for category in info[6]], info[0]
        for request, keys in [("HMERGE a b c", [b"a", b"b", b"c"]), ("HCMP a b", [b"a", b"b"]), ("HSETL a b=>c", [b"a"])]:
            assert parse(connection.raw("COMMAND", "GETKEYS", *request.split())) == keys


class Model:
    """A few hashes as dictionaries, with None for null."""

    NAMES = [b"f%d" % index for index in range(30)] + [b"", b"12", b"-7", b"n" * 200]
    VALUES = [b"", b"1", b"42", b"v", b"x" * 100, b"y" * 9000, None, None]

    def __init__(self, seed, keys):
        self.random = random.Random(seed)
        self.keys = keys
        self.hashes = {key: {} for key in keys}

    def pairs(self, most=5):
        return {self.random.choice(self.NAMES): self.random.choice(self.VALUES)
                for _ in range(self.random.randint(1, most))}

    def step(self):
        """A command and what it is to reply."""
        key, other = self.random.sample(self.keys, 2)
        value, pairs, names = self.hashes[key], self.pairs(), list(self.pairs())
        kind = self.random.choice(["HSETL"] * 4 + ["HSETNULL", "HDEL", "HDELPAIR", "HDELPAIR", "HMERGE", "COPY", "HCONTAINS",
                                  "HCONTAINEDBY", "HSLICE", "HGETALL", "HGETALL", "HLEN", "HDEFINED", "HEXISTSALL", "HEXISTSANY", "HMGET"])
        if self.random.random() < 0.5 and value:
            pairs = dict(self.random.sample(list(value.items()), self.random.randint(1, min(len(value), 6))))
        if kind == "HSETL":
            new = len(set(pairs) - set(value))
            value.update(pairs)
            return ["HSETL", key, literal(pairs)], new
        if kind == "HSETNULL":
            new = len(set(names) - set(value))
            value.update(dict.fromkeys(names))
            return ["HSETNULL", key, *names], new
        if kind in ("HDEL", "HDELPAIR"):
            gone = [name for name in pairs if name in value and (kind == "HDEL" or value[name] == pairs[name])]
            for name in gone:
                del value[name]
            return [kind, key, *(pairs if kind == "HDEL" else [literal(pairs)])], len(gone)
        if kind == "HMERGE":
            new = len(set(self.hashes[other]) - set(value))
            value.update(self.hashes[other])
            return ["HMERGE", key, other], new
        if kind == "COPY":
            had = bool(self.hashes[other])
            if had:
                self.hashes[key] = dict(self.hashes[other])
            return ["COPY", other, key, "REPLACE"], int(had)
        if kind == "HCONTAINS":
            return ["HCONTAINS", key, literal(pairs)], int(pairs.items() <= value.items())
        if kind == "HCONTAINEDBY":
            pairs = {**pairs, **value} if self.random.random() < 0.5 else pairs
            return ["HCONTAINEDBY", key, literal(pairs)], int(value.items() <= pairs.items())
        if kind == "HSLICE":
            return ["HSLICE", key, *names], {name: value[name] for name in names if name in value}
        if kind == "HGETALL":
            return ["HGETALL", key], dict(value)
        if kind == "HLEN":
            return ["HLEN", key], len(value)
        if kind == "HDEFINED":
            return ["HDEFINED", key, names[0]], int(value.get(names[0]) is not None)
        if kind == "HEXISTSALL":
            return ["HEXISTSALL", key, *names], int(all(name in value for name in names))
        if kind == "HEXISTSANY":
            return ["HEXISTSANY", key, *names], int(any(name in value for name in names))
        return ["HMGET", key, *names], [value.get(name) for name in names]


def literal(pairs):
    return b",".join(b'"%b"=>%b' % (name, b"NULL" if value is None else b'"%b"' % value)
                     for name, value in pairs.items())


@pytest.mark.parametrize("entries", [0, 4, 128])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_commands_agree_with_a_model(apus, entries, seed):
    keys = [f"m:{index}" for index in range(4)]
    model = Model(seed * 1000 + entries, keys)
    with apus.connect() as connection:
        connection.pipeline([["FLUSHALL"], ["CONFIG", "SET", "hash-max-listpack-entries", entries]])
        try:
            for round_number in range(30):
                steps = [model.step() for _ in range(60)]
                for (words, wanted), reply in zip(steps, connection.pipeline([words for words, _ in steps])):
                    reply = parse(reply)
                    if isinstance(wanted, dict):
                        reply = dict(zip(reply[::2], reply[1::2]))
                    assert reply == wanted, words
                if round_number % 10 == 9:
                    assert parse(connection.raw("DEBUG", "RELOAD")) == "OK"
                for key in keys:
                    payload = parse(connection.raw("DUMP", key))
                    if payload is not None:
                        assert parse(connection.raw("RESTORE", key, 0, payload, "REPLACE")) == "OK"
        finally:
            connection.raw("CONFIG", "SET", "hash-max-listpack-entries", 128)


def test_digests_depend_on_fields_and_values_alone(apus):
    with apus.connect() as connection:
        connection.raw("FLUSHALL")

        def digest(*commands):
            connection.pipeline([["DEL", "h"], *commands])
            return parse(connection.raw("HDIGEST", "h"))

        plain = digest(["HSET", "h", "a", "1", "b", "2"])
        assert len(plain) == 16
        assert digest(["HSET", "h", "b", "2", "a", "1"]) == plain
        assert digest(["HSET", "h", "b", "2", "a", "x" * 100], ["HSET", "h", "a", "1"]) == plain
        assert digest(["HSET", "h", "a", "1", "b", "2"], ["HEXPIRE", "h", "100", "FIELDS", "1", "a"]) == plain
        others = [digest(["HSET", "h", "a", "1", "b", ""]), digest(["HSETL", "h", "a=>1,b=>NULL"]), digest(["HSET", "h", "a", "2", "b", "1"]),
                  digest(["HSET", "h", "a", "1"]), digest(["HSET", "h", "a1", "", "b", "2"]), digest(["HSET", "h", "", "a1", "b", "2"])]
        assert len({plain, *others}) == 7


def test_expired_fields_are_in_no_answer(apus):
    with apus.connect() as connection:
        connection.pipeline([["FLUSHALL"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"], ["HSETL", "h", "a=>1,b=>NULL,c=>3"],
                             ["HPEXPIRE", "h", "20", "FIELDS", "2", "b", "c"], ["HSET", "g", "x", "1"]])
        try:
            time.sleep(0.05)
            replies = [parse(reply) for reply in connection.pipeline([
                ["HEXISTSANY", "h", "b", "c"], ["HEXISTSALL", "h", "a", "b"], ["HCONTAINS", "h", "b=>NULL"], ["HSLICE", "h", "a", "b", "c"],
                ["HRECORD", "h", "b", "7"], ["HGETL", "h", "b", "c"], ["HCONTAINEDBY", "h", "a", "1"], ["HGETL", "h"], ["HGETJSON", "h"],
                ["HMERGE", "g", "h"], ["HGETL", "g"], ["HDELPAIR", "h", "b=>NULL"]])]
        finally:
            connection.raw("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        assert replies == [0, 0, 0, [b"a", b"1"], [b"7"], b"", 1, b'"a"=>"1"', b'{"a": "1"}', 1, b'"a"=>"1", "x"=>"1"', 0]


def test_watched_keys_are_touched(apus):
    with apus.connect() as watcher, apus.connect() as actor:
        for command, touches in [("HSETNULL h z", True), ("HSETL h y=>1", True), ("HDELPAIR h a 1", True), ("HMERGE h g", True),
                                 ("HDELPAIR h a 7", False), ("HMERGE h none", False), ("HCONTAINS h a 1", False)]:
            actor.pipeline([["FLUSHALL"], ["HSET", "h", "a", "1"], ["HSET", "g", "b", "1"]])
            watcher.raw("WATCH", "h")
            actor.raw(*command.split())
            ended = parse(watcher.pipeline([["MULTI"], ["PING"], ["EXEC"]])[2])
            assert (ended is None) == touches, command


# What the random run draws from: hashes with short names, so that commands meet the same fields.
STEPS = [
    lambda w: ["HSETL", w.key(), b",".join(b"%b=>%b" % (engine.bytes_of(w.pick("a", "b", "c")), engine.bytes_of(w.pick("1", "2", "x")))
                                         for _ in range(w.number(0, 3)))],
    lambda w: ["HSETL", w.key(), w.pick("a=>NULL", "b=>NULL,c=>1", "a=>1,b", "")],
    lambda w: ["HSETNULL", w.key(), *[w.pick("a", "b", "c") for _ in range(w.number(1, 2))]],
    lambda w: ["HDELPAIR", w.key(), w.pick("a", "b"), w.pick("1", "2"), "c", "x"],
    lambda w: ["HDELPAIR", w.key(), w.pick("a=>NULL", "b=>NULL,c=>1", "a=>1,b=>2,c=>x", "a")],
    lambda w: ["HMERGE", *w.several_keys(3), w.key()],
    lambda w: ["HPEXPIRE", w.key(), "100000", "FIELDS", "1", w.pick("a", "b", "c")],
    lambda w: ["HSET", w.key(), w.pick("a", "b", "c"), w.pick("1", "2")],
    lambda w: ["HDEL", w.key(), w.pick("a", "b", "c")],
]


def test_random_commands_state_what_they_change(rig):  # noqa: F811
    rig.reset()
    words = engine.Words(5, ["h:1", "h:2", "h:3"])
    problems = []
    for command in engine.WRONG_TYPES.values():
        problems += rig.run(command)
    for _ in range(500):
        problems += rig.run([engine.bytes_of(word) for word in words.random.choice(STEPS)(words)], compares=False)
        if problems:
            break
    report("hstore", problems)


def test_what_stock_servers_can_hold_is_logged_in_their_words(rig):  # noqa: F811
    rig.reset()
    h = b"h"
    expected = [
        ("HSETL h b=>2,a=>1", [[b"HSET", h, b"a", b"1", b"b", b"2"]], [b"hset"]),
        ("HSET g c 3", [[b"HSET", b"g", b"c", b"3"]], [b"hset"]),
        ("HMERGE h g none", [[b"HSET", h, b"c", b"3"]], [b"hset"]),
        ("HDELPAIR h a 1 b 7", [[b"HDEL", h, b"a"]], [b"hdel"]),
        ("HDELPAIR h a=>1", [], []),
        ("HDELPAIR h b=>2,c=>3", [[b"HDEL", h, b"b", b"c"]], [b"hdel", b"del"]),
        ("HSETL h a=>NULL,b=>1", [[b"HSET", h, b"b", b"1"], [b"HSETNULL", h, b"a"]], [b"hset"]),
        ("HPEXPIREAT h 2000000000000 FIELDS 1 a", [[b"HPEXPIREAT", h, b"2000000000000", b"FIELDS", b"1", b"a"]], [b"hexpire"]),
        ("HMERGE g h", [[b"HSET", b"g", b"b", b"1"], [b"HSETNULL", b"g", b"a"],
                        [b"HPEXPIREAT", b"g", b"2000000000000", b"FIELDS", b"1", b"a"]], [b"hset", b"hexpire"]),
    ]
    for command, records, events in expected:
        rig.ours.raw(*command.split())
        assert [words for _, words in rig.records()] == records, command
        assert [event[1] for event in rig.events()] == events, command


# The last one is large enough for snapshots to write it in slices.
NULLS = ["a=>1, n=>NULL, e=>\"\"", ",".join(f"n{index}=>NULL,v{index}=>{'y' * 40}" for index in range(2000))]


def unsum(payload):
    """A payload with zeros for its checksum, which means that there is none."""
    return payload[:-8] + bytes(8)


@pytest.mark.parametrize("text", NULLS, ids=["small", "large"])
def test_payloads_with_null_fields_are_read_here_and_by_redis(apus, oracle, text):
    with apus.connect() as ours, oracle.connect() as theirs:
        ours.pipeline([["FLUSHALL"], ["HSETL", "h", text], ["HPEXPIREAT", "h", "2000000000000", "FIELDS", "1", "zz"]])
        written = parse(ours.raw("HGETL", "h"))
        payload = parse(ours.raw("DUMP", "h"))
        assert parse(ours.raw("RESTORE", "g", 0, payload)) == "OK"
        assert parse(ours.raw("HGETL", "g")) == written
        # There, nulls are empty strings.
        theirs.raw("FLUSHALL")
        assert parse(theirs.raw("RESTORE", "h", 0, payload)) == "OK"
        reply = parse(theirs.raw("HGETALL", "h"))
        pairs = parse(ours.raw("HGETALL", "h"))
        assert dict(zip(reply[::2], reply[1::2])) == {
            name: value or b"" for name, value in zip(pairs[::2], pairs[1::2])}
        # With expiries, which 7.0 cannot hold.
        ours.raw("HPEXPIREAT", "h", "2000000000000", "FIELDS", "2", "n", "n7")
        payload = parse(ours.raw("DUMP", "h"))
        assert parse(ours.raw("RESTORE", "g", 0, payload, "REPLACE")) == "OK"
        assert parse(ours.raw("HGETL", "g")) == written
        assert parse(ours.raw("HPEXPIRETIME", "g", "FIELDS", "2", "n", "n7")).count(2000000000000) == 1


def test_damaged_names_of_null_fields_are_refused(apus):
    with apus.connect() as connection:
        connection.pipeline([["FLUSHALL"], ["HSETL", "h", "a=>1,n=>NULL,e=>NULL"]])
        payload = parse(connection.raw("DUMP", "h"))
        mark = b"\xfa\x10apus-null-fields"
        head, names = payload[:-10].split(mark)
        assert names == b"\x05\x02\x01e\x01n"
        for wrong in [b"\x05\x02\x01n\x01n", b"\x05\x02\x01n\x01a", b"\x05\x02\x01n\x01z", b"\x05\x03\x01n\x01e", b"\x05\x01\x01n\x01e",
                      b"\x05\x02\x01n", b"\x04\x02\x01n\x01", b"", b"\x00", b"\x05\x02\x01n\x01e" + b"\x00"]:
            damaged = head + mark + wrong + struct.pack("<H", 10) + bytes(8)
            reply = parse(connection.raw("RESTORE", "g", 0, damaged))
            assert isinstance(reply, ReplyError) and "Bad data format" in str(reply), wrong
            assert parse(connection.raw("EXISTS", "g")) == 0
        assert parse(connection.raw("RESTORE", "g", 0, unsum(payload))) == "OK"


def test_files_with_null_fields_are_read_here_and_by_redis(start):
    ours = start("apus", "--enable-debug-command", "yes")
    with ours.connect() as connection:
        connection.pipeline([["SET", "before", "1"], ["HSETL", "h", NULLS[0]], ["HSETL", "g", NULLS[1]], ["SET", "after", "2"], ["HSETL", "f", NULLS[1]],
                             ["SELECT", "3"], ["HSETNULL", "h", "n"], ["SELECT", "0"]])
        wanted = dumps.dump(connection)
        assert parse(connection.raw("SAVE")) == "OK"
    file = ours.file("dump.rdb")
    with start("apus", files={"dump.rdb": file}).connect() as connection:
        assert dumps.difference(dumps.dump(connection), wanted) == ""
    theirs = start("oracle", files={"dump.rdb": file})
    with theirs.connect() as connection:
        found = dumps.dump(connection)
    for place, (kind, value, expiry) in wanted.items():
        if kind == "hash":
            value = sorted((name, content or b"") for name, content in value)
        assert found[place] == (kind, value, expiry)
    assert len(found) == len(wanted) == 6
    # With expiries, which 7.0 cannot hold, in the background.
    with start("apus", "--enable-debug-command", "yes", files={"dump.rdb": file}).connect() as connection:
        connection.pipeline([["HPEXPIREAT", key, "2000000000000", "FIELDS", "2", "n", "n7"] for key in "fgh"])
        wanted = dumps.dump(connection, with_field_expiry=True)
        assert parse(connection.raw("BGSAVE")) == "Background saving started"
        while b"rdb_bgsave_in_progress:1" in parse(connection.raw("INFO", "persistence")):
            time.sleep(0.01)
        assert parse(connection.raw("DEBUG", "RELOAD", "NOSAVE")) == "OK"
        assert dumps.difference(dumps.dump(connection, with_field_expiry=True), wanted) == ""


def test_null_fields_survive_in_the_append_only_file(start):
    server = start("apus", "--appendonly", "yes")
    with server.connect() as connection:
        connection.pipeline([["HSETL", "h", NULLS[0]], ["HSETNULL", "h", "z"], ["HMERGE", "g", "h"], ["HDELPAIR", "h", "n=>NULL"]])
        wanted = dumps.dump(connection)
        assert parse(connection.raw("CONFIG", "SET", "appendfsync", "always")) == "OK"
        connection.raw("HSETNULL", "f", "a")
        wanted = dumps.dump(connection)
    server.process.kill()
    server.process.wait()
    with server.start().connect() as connection:
        assert dumps.difference(dumps.dump(connection), wanted) == ""
        assert parse(connection.raw("HGETL", "f")) == b'"a"=>NULL'
