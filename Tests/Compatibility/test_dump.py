"""DUMP and RESTORE: payloads change hands with redis-server both ways, and hostile ones are refused."""

import random
import struct

import pytest

from resp import ReplyError, parse

LONG = b"x" * 100
TEXTS = [b"", b"0", b"-1", b"127", b"128", b"32767", b"-32769", b"2147483647", b"2147483648", b"-9223372036854775808",
         b"12345678901", b"1e3", b" 1", b"a" * 20, b"a" * 21, b"ab" * 4000, bytes(range(256)), b"9" * 30]


def values():
    """Commands that make a key `k` of every type and encoding, small and large, each with a name."""
    rng = random.Random(7)
    noise = [rng.randbytes(rng.choice([1, 5, 30, 63, 64, 65, 200])) for _ in range(600)]
    yield from ((f"string-{index}", [["SET", "k", text]]) for index, text in enumerate(TEXTS))
    yield "list", [["RPUSH", "k", *TEXTS]]
    yield "list-large", [["RPUSH", "k", *(noise * 5)], ["LPUSH", "k", b"y" * 20000]]
    yield "set-integers-16", [["SADD", "k", 1, 2, -32768]]
    yield "set-integers-32", [["SADD", "k", *range(-100, 100), 2 ** 31 - 1]]
    yield "set-integers-64", [["SADD", "k", 2 ** 62, -2 ** 63]]
    yield "set-many-integers", [["SADD", "k", *range(3000)]]
    yield "set", [["SADD", "k", b"a", b"", b"77", LONG]]
    yield "set-large", [["SADD", "k", *noise]]
    yield "hash", [["HSET", "k", "f", "v", "", "empty", "n", "42"]]
    yield "hash-large", [["HSET", "k", *(word for index, text in enumerate(noise) for word in (b"f%d" % index, text))]]
    scores = [0, -1, 1.5, "inf", "-inf", 1e300, 5e-324, 3.141592653589793, 12345678901234567]
    yield "zset", [["ZADD", "k", *(word for index, score in enumerate(scores) for word in (score, b"m%d" % index))]]
    yield "zset-large", [["ZADD", "k", *(word for index in range(700) for word in (index / 7, b"m%d" % index))]]
    entries = [["XADD", "k", f"{index + 5}-{index % 3}", "name", f"v{index}", "n", index] for index in range(250)]
    odd = [["XADD", "k", f"{1000 + index}-0", *(["other", "1"] * (index % 3 + 1)), "last", LONG] for index in range(9)]
    yield "stream", entries + odd
    yield "stream-with-holes", entries + [["XDEL", "k", *(f"{index + 5}-{index % 3}" for index in range(0, 250, 7))]]
    yield "stream-empty", [["XADD", "k", "5-1", "a", "b"], ["XDEL", "k", "5-1"]]
    groups = [["XGROUP", "CREATE", "k", "g", "0"], ["XGROUP", "CREATE", "k", "empty", "$"],
              ["XREADGROUP", "GROUP", "g", "alice", "COUNT", 20, "STREAMS", "k", ">"],
              ["XREADGROUP", "GROUP", "g", "bob", "COUNT", 5, "STREAMS", "k", ">"], ["XACK", "k", "g", "7-2"],
              ["XGROUP", "CREATECONSUMER", "k", "g", "idle"], ["XCLAIM", "k", "g", "bob", 0, "8-0", "RETRYCOUNT", 7]]
    yield "stream-groups", entries + groups


VALUES = dict(values())


def make(connection, name):
    connection.raw("FLUSHALL")
    for reply in connection.pipeline(VALUES[name]):
        assert reply[:1] != b"-", reply


def digest(connection, key):
    return parse(connection.raw("DEBUG", "DIGEST-VALUE", key))


def groups(connection, key):
    """What a digest leaves out: groups and pending entries, without times."""
    if parse(connection.raw("TYPE", key)) != "stream":
        return None
    found = []
    for group in parse(connection.raw("XINFO", "GROUPS", key)):
        name = group[1]
        consumers = [(c[1], c[3]) for c in parse(connection.raw("XINFO", "CONSUMERS", key, name))]
        pending = parse(connection.raw("XPENDING", key, name, "-", "+", 1000))
        found.append((group[:10], sorted(consumers), [(p[0], p[1], p[3]) for p in pending]))
    facts = parse(connection.raw("XINFO", "STREAM", key))
    facts = dict(zip(facts[::2], facts[1::2]))
    names = (b"last-generated-id", b"max-deleted-entry-id", b"entries-added", b"recorded-first-entry-id")
    return found, [facts[name] for name in names]


@pytest.mark.parametrize("name", VALUES)
def test_payloads_change_hands(apus, oracle, name):
    with apus.connect() as ours, oracle.connect() as theirs:
        for source, target in ((ours, theirs), (theirs, ours), (ours, ours)):
            make(source, name)
            wanted = digest(source, "k"), groups(source, "k")
            payload = parse(source.raw("DUMP", "k"))
            target.raw("DEL", "copy")
            assert target.raw("RESTORE", "copy", 0, payload) == b"+OK\r\n"
            assert (digest(target, "copy"), groups(target, "copy")) == wanted
        ours.raw("FLUSHALL")
        theirs.raw("FLUSHALL")


def test_fields_keep_their_expiries(apus):
    with apus.connect() as client:
        client.raw("FLUSHALL")
        for count in (3, 1000):
            client.raw("DEL", "h", "copy")
            client.raw("HSET", "h", *(word for n in range(count) for word in (f"f{n}", n)))
            client.raw("HPEXPIREAT", "h", 33177117420000, "FIELDS", 2, "f0", "f1")
            client.raw("HPEXPIREAT", "h", 33177117429999, "FIELDS", 1, "f2")
            payload = parse(client.raw("DUMP", "h"))
            assert client.raw("RESTORE", "copy", 0, payload) == b"+OK\r\n"
            for key in ("h", "copy"):
                assert parse(client.raw("HPEXPIRETIME", key, "FIELDS", 4, "f0", "f1", "f2", "f3")) in (
                    [33177117420000, 33177117420000, 33177117429999, -1], [33177117420000, 33177117420000, 33177117429999, -2])
            assert digest(client, "h") == digest(client, "copy")


def test_entries_without_a_consumer_stay_without_one(apus):
    with apus.connect() as client:
        client.raw("FLUSHALL")
        client.raw("XADD", "s", "1-1", "a", "b")
        client.raw("XGROUP", "CREATE", "s", "g", "0")
        client.raw("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
        assert client.raw("XNACK", "s", "g", "SILENT", "IDS", 1, "1-1") == b":1\r\n"
        payload = parse(client.raw("DUMP", "s"))
        assert client.raw("RESTORE", "t", 0, payload) == b"+OK\r\n"
        for command in (["XPENDING", "{}", "g", "-", "+", 10], ["XINFO", "CONSUMERS", "{}", "g"]):
            replies = [parse(client.raw(*[word.format(key) if isinstance(word, str) else word for word in command]))
                       for key in ("s", "t")]
            if command[0] == "XPENDING":
                assert [entry[:2] + entry[3:] for entry in replies[0]] == [entry[:2] + entry[3:] for entry in replies[1]]
            else:
                assert [consumer[1] for consumer in replies[0]] == [consumer[1] for consumer in replies[1]]


ERRORS = [
    ["RESTORE", "k", "0"], ["RESTORE", "k", "x", "payload"], ["RESTORE", "k", "-1", "PAYLOAD"], ["RESTORE", "k", "0", "payload"],
    ["RESTORE", "k", "0", "PAYLOAD", "NOPE"], ["RESTORE", "k", "0", "PAYLOAD", "IDLETIME"], ["RESTORE", "k", "0", "PAYLOAD", "IDLETIME", "-1"],
    ["RESTORE", "k", "0", "PAYLOAD", "FREQ", "256"], ["RESTORE", "k", "0", "PAYLOAD", "FREQ", "x"],
    ["RESTORE", "k", "0", "PAYLOAD", "FREQ", "1", "IDLETIME", "1"], ["RESTORE", "taken", "0", "PAYLOAD"], ["RESTORE", "taken", "x", "PAYLOAD"],
    ["RESTORE", "taken", "0", "BROKEN", "REPLACE"], ["RESTORE", "k", "0", "BROKEN"], ["DUMP"], ["DUMP", "nothing"], ["DUMP", "a", "b"],
    ["RESTORE", "k", "1", "PAYLOAD", "ABSTTL"], ["EXISTS", "k"], ["RESTORE", "taken", "1", "PAYLOAD", "ABSTTL", "REPLACE"], ["EXISTS", "taken"],
    ["RESTORE", "k", "100000", "PAYLOAD", "IDLETIME", "1000"], ["OBJECT", "IDLETIME", "k"],
]


def test_replies_are_those_of_redis(apus, oracle):
    with apus.connect() as ours, oracle.connect() as theirs:
        replies = []
        for client in (ours, theirs):
            client.raw("FLUSHALL")
            client.raw("SET", "v", "value")
            payload = parse(client.raw("DUMP", "v"))
            broken = payload[:3] + bytes([payload[3] ^ 1]) + payload[4:]
            client.raw("SET", "taken", "old")
            words = {"PAYLOAD": payload, "BROKEN": broken}
            replies.append([client.raw(*[words.get(word, word) for word in step]) for step in ERRORS])
            client.raw("FLUSHALL")
        for step, mine, wanted in zip(ERRORS, *replies):
            assert mine == wanted, step


def crc64(data):
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x95AC9329AC4BC9B5 if value & 1 else 0)
    return value


def seal(body, version=10):
    body += struct.pack("<H", version)
    return body + struct.pack("<Q", crc64(body))


def test_the_old_value_stays_where_the_new_one_is_damaged(apus):
    with apus.connect() as client:
        client.raw("FLUSHALL")
        client.raw("RPUSH", "k", "old")
        assert client.raw("RESTORE", "k", 0, seal(b"\x01\x05\x01a"), "REPLACE") == b"-ERR Bad data format\r\n"
        assert parse(client.raw("LRANGE", "k", 0, -1)) == [b"old"]
        assert parse(client.raw("DBSIZE")) == 1


OLD = {
    # Forms that only older servers write, by hand: a zipmap, ziplists, a quicklist, a sorted set with scores as text.
    "zipmap": (seal(b"\x09\x0c\x02\x01a\x01\x00b\x01c\x02\x00de\xff"), ["HGETALL", "k"], {b"a": b"b", b"c": b"de"}),
    "hash-ziplist": (seal(b"\x0d\x11" + b"\x11\0\0\0\x0d\0\0\0\x02\0" + b"\x00\x01a\x03\xfe\x2a" + b"\xff", 6), ["HGETALL", "k"], {b"a": b"42"}),
    "list-ziplist": (seal(b"\x0a\x13" + b"\x13\0\0\0\x0d\0\0\0\x02\0" + b"\x00\x01a\x03\xc0\x00\x01" + b"\xf2"[:0] + b"\x04\xf3" + b"\xff"), ["LRANGE", "k", 0, -1], [b"a", b"256", b"2"]),
    "zset-text": (seal(b"\x03\x02\x01a\x031.5\x01b\xfe"), ["ZRANGE", "k", 0, -1, "WITHSCORES"], [b"a", b"1.5", b"b", b"inf"]),
    "set-listpack": (seal(b"\x14\x0d" + b"\x0d\0\0\0\x02\0" + b"\x81a\x02\x07\x01" + b"\xff"[:1], 11), ["SMEMBERS", "k"], {b"a", b"7"}),
}


@pytest.mark.parametrize("name", OLD)
def test_old_and_new_forms_are_read(apus, name):
    payload, question, wanted = OLD[name]
    # The string's length is that of what follows.
    body = bytearray(payload[:-10])
    if name != "zset-text":
        body[1] = len(body) - 2
        if name != "zipmap":
            body[2:6] = struct.pack("<I", len(body) - 2)
    payload = seal(bytes(body), 11)
    with apus.connect() as client:
        client.raw("FLUSHALL")
        assert client.raw("RESTORE", "k", 0, payload) == b"+OK\r\n"
        reply = parse(client.raw(*question))
        if isinstance(wanted, dict):
            reply = dict(zip(reply[::2], reply[1::2]))
        if isinstance(wanted, set):
            reply = set(reply)
        assert reply == wanted


def test_hostile_payloads_are_refused_or_sound(start):
    """Payloads with flipped, dropped and doubled bytes: an error or a value that can be read, and never a crash."""
    server = start("apus", "--enable-debug-command", "yes", threads=2)
    rng = random.Random(11)
    with server.connect() as client:
        payloads = []
        for name in VALUES:
            make(client, name)
            payloads.append(parse(client.raw("DUMP", "k"))[:-10])
        payloads = [payload for payload in payloads if len(payload) < 5000]
        for _ in range(4000):
            body = bytearray(rng.choice(payloads))
            for _ in range(rng.randint(1, 4)):
                body = body or bytearray(b"\0")
                place = rng.randrange(len(body)) if rng.random() < 0.7 else rng.randrange(min(12, len(body)))
                change = rng.random()
                if change < 0.6:
                    body[place] = rng.choice([0, 1, 2, 63, 64, 127, 128, 129, 192, 195, 255, rng.randrange(256)])
                elif change < 0.8 and len(body) > 2:
                    del body[place:place + rng.randint(1, 4)]
                else:
                    body[place:place] = body[place:place + rng.randint(1, 9)]
            # The checksum zero says that there is none.
            body = body or bytearray(b"\0")
            reply = client.raw("RESTORE", "k", 0, bytes(body) + struct.pack("<H", 10) + bytes(8), "REPLACE")
            assert reply in (b"+OK\r\n", b"-ERR Bad data format\r\n"), (reply, bytes(body))
            if reply == b"+OK\r\n":
                assert not isinstance(digest(client, "k"), ReplyError)
        client.raw("FLUSHALL")
        assert parse(client.raw("DBSIZE")) == 0


def test_damaged_payloads_of_every_type(start):
    """A short run of what fuzz_payloads.py does for hours: what is accepted can be read and changed."""
    import fuzz_payloads

    server = start("apus", "--enable-debug-command", "yes")
    sent, accepted, stands, last = fuzz_payloads.run(server, 3, random.Random(9))
    assert stands, (last, server.output()[-4000:])
    assert 0 < accepted < sent
