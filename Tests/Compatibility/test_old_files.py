"""Files of all versions of the RDB format, byte by byte: what stands in them and what is read from them.

The bytes were put together by hand from the description of the format. Where redis-server 7.0.15 can read a
file, it judges the bytes too.
"""

import pytest

import servers
from resp import parse

MOMENT = 33177117420000


def string(data):
    """A string with its length."""
    data = data if isinstance(data, bytes) else data.encode()
    if len(data) < 64:
        return bytes([len(data)]) + data
    return bytes([0x40 | len(data) >> 8, len(data) & 255]) + data


def hexes(text):
    return bytes.fromhex(text.replace("|", " "))


def little(number, count=8):
    return number.to_bytes(count, "little", signed=True)


def raw_id(milliseconds, sequence):
    return milliseconds.to_bytes(8, "big") + sequence.to_bytes(8, "big")


def file(version, *records, magic=b"REDIS"):
    """A file whose checksum was not computed."""
    head = b"VALKEY" + b"%03d" % version if magic == b"VALKEY" else b"REDIS%04d" % version
    return head + b"\xfe\x00" + b"".join(records) + b"\xff" + (bytes(8) if version >= 5 else b"")


def record(kind, key, value):
    return bytes([kind]) + string(key) + value


# Strings, whole numbers of every width, and imm 5; the bytes before each are the size of the one before.
ZIPLIST = hexes("72000000 6E000000 0900"
                "| 00 01 61 | 03 F6 | 02 C0 2C01 | 04 FE 9C | 03 F0 A08601 | 05 D0 80E2D3FB | 06 E0 0000000000010000"
                "| 0A 4040" + "62" * 64 + "| 43 01 7A | FF")
ELEMENTS = [b"a", b"5", b"300", b"-100", b"100000", b"-70000000", b"1099511627776", b"b" * 64, b"z"]
# An element of 300 bytes, so that the size before the next one takes five.
LONG = hexes("40010000 39010000 0200 | 00 412C" + "63" * 300 + "| FE2F010000 00 | FF")
ZIPLIST_PAIRS = hexes("1A000000 16000000 0400 | 00 01 78 | 03 03 312E35 | 05 02 7979 | 04 FE 0A | FF")
ZIPMAP = hexes("02 | 01 61 01 00 31 | 03 666F6F 03 02 626172 0000 | FF")
INTSET_16 = hexes("02000000 03000000 FFFF 0100 0700")
INTSET_32 = hexes("04000000 02000000 00000180 01000000")
INTSET_64 = hexes("08000000 01000000 0000000000000080")
# Whole numbers of 7, 13, 16, 24, 32 and 64 bits, and strings with lengths of 6 and 12 bits.
LISTPACK = hexes("70000000 0A00 | 81 66 02 | 7F 01 | DFFB 02 | F1 8813 03 | F2 00EE85 04 | F3 00E1F505 05"
                 "| F4 0000000000010000 09 | E040" + "64" * 64 + "42 | 81 67 02 | 80 01 | FF")
PACKED = [b"f", b"127", b"-5", b"5000", b"-8000000", b"100000000", b"1099511627776", b"d" * 64, b"g", b""]
# Members with the scores 1 and 2.5.
LISTPACK_SCORES = hexes("14000000 0400 | 81 78 02 | 01 01 | 81 79 02 | 83 322E35 04 | FF")
# The field a until a moment, the field b for good.
LISTPACK_TRIPLES = hexes("1F000000 0600 | 81 61 02 | 81 31 02 | F4" + little(MOMENT).hex() + "09 | 81 62 02 | 81 32 02 | 00 01 | FF")
# Two entries alive, one deleted: 1000-0 {f a}, 1001-0 {f x}, 1002-5 {g b}.
STREAM_PACK = hexes("38000000 1600 | 02 01 01 01 01 01 81 66 02 00 01 | 02 01 00 01 00 01 81 61 02 04 01"
                    "| 03 01 01 01 00 01 81 78 02 04 01 | 00 01 02 01 05 01 01 01 81 67 02 81 62 02 06 01 | FF")
NODES = b"\x01" + b"\x10" + raw_id(1000, 0) + string(STREAM_PACK)
LAST = hexes("02 43ED 00")  # two entries, last id 1005-0
PAST = hexes("43E8 00 43E9 00 03")  # first 1000-0, deleted up to 1001-0, three added


def stream(kind, released=b""):
    """A stream with the group g, which has read 1000-0, pending for the consumer c."""
    pending = b"\x01" + raw_id(1000, 0) + little(1700000000000) + b"\x03"
    consumer = string("c") + little(1700000000000) + (little(1700000000001) if kind in (21, 26, 27) else b"")
    if released:
        consumers = b"\x01" + consumer + b"\x00" + b"\x01" + raw_id(1000, 0)
    else:
        consumers = b"\x01" + consumer + b"\x01" + raw_id(1000, 0) + (b"\x00" if kind == 27 else b"")
    group = b"\x01" + string("g") + hexes("43E8 00") + (b"\x01" if kind > 15 else b"") + pending + consumers
    # Remembered for 200 s, 50 of each producer: message m of p is 1002-5; one added, four came twice.
    messages = hexes("40C8 32 01 | 01 70 | 01 | 01 6D 43EA 05 | 01 04") if kind > 25 else b""
    return NODES + LAST + (PAST if kind > 15 else b"") + group + messages


OLD = {
    "string": (1, record(0, "k", b"\x03abc"), b"abc"),
    "string, number of 8 bits": (2, record(0, "k", hexes("C0 85")), b"-123"),
    "string, number of 16 bits": (3, record(0, "k", hexes("C1 3930")), b"12345"),
    "string, number of 32 bits": (4, record(0, "k", hexes("C2 15CD5B07")), b"123456789"),
    "string, compressed": (6, record(0, "k", hexes("C3 09 28 | 01 6161 | E0 1B 00 | 01 6161 00")[:-1]), b"a" * 40),
    "string, long length": (6, record(0, "k", hexes("80 00000003 616263")), b"abc"),
    "list": (1, record(1, "k", hexes("03 0161 C007 00")), [b"a", b"7", b""]),
    "set": (1, record(2, "k", hexes("02 0161 0162")), {b"a", b"b"}),
    "sorted set of text": (2, record(3, "k", hexes("04 0161 03312E35 0162 FE 0163 FF 0164 022D32")),
                           [b"c", b"-inf", b"d", b"-2", b"a", b"1.5", b"b", b"inf"]),
    "hash": (2, record(4, "k", hexes("02 0161 0131 0162 C002")), {b"a": b"1", b"b": b"2"}),
    "sorted set": (8, record(5, "k", hexes("02 0161 000000000000F83F 0162 000000000000F07F")), [b"a", b"1.5", b"b", b"inf"]),
    "hash as zipmap": (2, record(9, "k", string(ZIPMAP)), {b"a": b"1", b"foo": b"bar"}),
    "list as ziplist": (2, record(10, "k", string(ZIPLIST)), ELEMENTS),
    "list as ziplist, long": (6, record(10, "k", string(LONG)), [b"c" * 300, b""]),
    "set of 16-bit numbers": (2, record(11, "k", string(INTSET_16)), {b"-1", b"1", b"7"}),
    "set of 32-bit numbers": (2, record(11, "k", string(INTSET_32)), {b"-2147418112", b"1"}),
    "set of 64-bit numbers": (2, record(11, "k", string(INTSET_64)), {b"-9223372036854775808"}),
    "sorted set as ziplist": (6, record(12, "k", string(ZIPLIST_PAIRS)), [b"x", b"1.5", b"yy", b"10"]),
    "hash as ziplist": (4, record(13, "k", string(ZIPLIST_PAIRS)), {b"x": b"1.5", b"yy": b"10"}),
    "list as quicklist": (7, record(14, "k", b"\x02" + string(ZIPLIST) + string(LONG)), ELEMENTS + [b"c" * 300, b""]),
    "hash as listpack": (10, record(16, "k", string(LISTPACK)), dict(zip(PACKED[::2], PACKED[1::2]))),
    "sorted set as listpack": (10, record(17, "k", string(LISTPACK_SCORES)), [b"x", b"1", b"y", b"2.5"]),
    "list as quicklist 2": (10, record(18, "k", b"\x02\x02" + string(LISTPACK) + b"\x01\x04more"), PACKED + [b"more"]),
    "expiry in seconds": (1, b"\xfd" + little(2000000000, 4) + record(0, "k", b"\x01a"), (b"a", 2000000000000)),
    "expiry in milliseconds": (3, b"\xfc" + little(MOMENT) + record(0, "k", b"\x01a"), (b"a", MOMENT)),
    "facts and hints": (7, hexes("FA 09 72656469732D766572 05 332E322E30 | FB 01 00") + record(0, "k", b"\x01a"), b"a"),
    "idle time": (9, hexes("F8 4064") + record(0, "k", b"\x01a"), b"a"),
    "frequency": (9, hexes("F9 07") + record(0, "k", b"\x01a"), b"a"),
}
NEW = {
    "set as listpack": (11, record(20, "k", string(LISTPACK)), set(PACKED)),
    "hash that expires, Redis's preview": (12, record(22, "k", b"\x02\x81" + MOMENT.to_bytes(8, "big") + hexes("0161 0131 | 00 0162 0132")), ({b"a": b"1", b"b": b"2"}, MOMENT)),
    "hash that expires as listpack, preview": (12, record(23, "k", string(LISTPACK_TRIPLES)), ({b"a": b"1", b"b": b"2"}, MOMENT)),
    "hash that expires": (12, record(24, "k", little(MOMENT - 5) + hexes("02 06 0161 0131 00 0162 0132")), ({b"a": b"1", b"b": b"2"}, MOMENT)),
    "hash that expires as listpack": (12, record(25, "k", little(MOMENT) + string(LISTPACK_TRIPLES)), ({b"a": b"1", b"b": b"2"}, MOMENT)),
    "hints of a slot": (12, hexes("F4 05 01 00") + record(0, "k", b"\x01a"), b"a"),
    "what modules attach to a key": (13, hexes("F3 01 01020304 02 07 05 0378797A 00") + record(0, "k", b"\x01a"), b"a"),
}
VALKEY = {
    "Valkey's hash that expires": (80, record(22, "k", hexes("02 0161 0131") + little(MOMENT) + hexes("0162 0132") + little(-1)), ({b"a": b"1", b"b": b"2"}, MOMENT)),
}
READERS = {"string": ["GET"], "list": ["LRANGE", 0, -1], "set": ["SMEMBERS"], "hash": ["HGETALL"], "zset": ["ZRANGE", 0, -1, "WITHSCORES"]}


def value(client):
    kind = str(parse(client.raw("TYPE", "k")))
    name, *rest = READERS[kind]
    found = parse(client.raw(name, "k", *rest))
    if kind == "hash":
        return dict(zip(found[::2], found[1::2]))
    return set(found) if kind == "set" else found


def check(server, wanted):
    with server.connect() as client:
        if isinstance(wanted, tuple):
            wanted, moment = wanted
            if isinstance(wanted, dict):
                assert parse(client.raw("HPEXPIRETIME", "k", "FIELDS", 2, "a", "b")) == [moment, -1]
            else:
                assert parse(client.raw("PEXPIRETIME", "k")) == moment
        assert value(client) == wanted
        assert parse(client.raw("DBSIZE")) == 1
        client.raw("PERSIST", "k")
        # What was read can be written and read again.
        payload = parse(client.raw("DUMP", "k"))
        assert client.raw("RESTORE", "copy", 0, payload) == b"+OK\r\n"
        before = parse(client.raw("DEBUG", "DIGEST-VALUE", "k", "copy"))
        assert before[0] == before[1]


def start_with(start, which, content, **keywords):
    return start(which, "--enable-debug-command", "yes", files={"dump.rdb": content}, **keywords)


@pytest.mark.parametrize("name", OLD)
def test_old_versions(start, which, name):
    version, records, wanted = OLD[name]
    check(start_with(start, which, file(version, records)), wanted)


@pytest.mark.parametrize("name", NEW)
def test_new_versions(start, name):
    version, records, wanted = NEW[name]
    check(start_with(start, "apus", file(version, records)), wanted)


@pytest.mark.parametrize("name", VALKEY)
def test_versions_of_valkey(start, name):
    version, records, wanted = VALKEY[name]
    check(start_with(start, "apus", file(version, records, magic=b"VALKEY")), wanted)


def facts(client, *words):
    found = parse(client.raw("XINFO", *words))
    return dict(zip(found[::2], found[1::2])) if found and isinstance(found[0], bytes) else [dict(zip(one[::2], one[1::2])) for one in found]


@pytest.mark.parametrize("kind, version", [(15, 9), (19, 10), (21, 11), (26, 13), (27, 14), (27, 15)])
@pytest.mark.parametrize("is_released", [False, True])
def test_streams(start, which, kind, version, is_released):
    if (which == "oracle" and version > 10) or (is_released and kind < 27):
        pytest.skip("unknown there")
    server = start_with(start, which, file(version, record(kind, "k", stream(kind, b"1" if is_released else b""))))
    with server.connect() as client:
        assert parse(client.raw("XRANGE", "k", "-", "+")) == [[b"1000-0", [b"f", b"a"]], [b"1002-5", [b"g", b"b"]]]
        found = facts(client, "STREAM", "k")
        assert found[b"last-generated-id"] == b"1005-0" and found[b"recorded-first-entry-id"] == b"1000-0"
        assert found[b"max-deleted-entry-id"] == (b"0-0" if kind == 15 else b"1001-0")
        assert found[b"entries-added"] == (2 if kind == 15 else 3)
        group, = facts(client, "GROUPS", "k")
        assert (group[b"last-delivered-id"], group[b"pending"], group[b"entries-read"]) == (b"1000-0", 1, 1)
        (entry, owner, _, deliveries), = parse(client.raw("XPENDING", "k", "g", "-", "+", 10))
        assert (entry, owner, deliveries) == (b"1000-0", b"" if is_released else b"c", 3)
        if which == "apus" and kind > 25:
            assert (found[b"idmp-duration"], found[b"idmp-maxsize"], found[b"pids-tracked"]) == (200, 50, 1)
            assert parse(client.raw("XADD", "k", "IDMP", "p", "m", "*", "f", "v")) == b"1002-5"


def test_functions_and_facts_of_modules(start, which):
    code = b"#!lua name=lib\nredis.register_function('one', function() return 1 end)"
    # A module that the server need not have: id, opcode and moment of a fact, then a number and a string.
    module = hexes("F7 81 7F5DD0C2D3C64801 02 02") + hexes("02 07 05 0378797A 00")
    content = file(10, b"\xf5" + string(code), record(0, "k", b"\x01a"))
    server = start_with(start, which, content)
    with server.connect() as client:
        assert parse(client.raw("FCALL", "one", 0)) == 1
        assert parse(client.raw("GET", "k")) == b"a"
    if which == "apus":
        server = start_with(start, "apus", file(10, record(0, "k", b"\x01a"), module))
        check(server, b"a")


@pytest.mark.parametrize("content, line", [
    (file(99), "Can't handle RDB format version 99"),
    (b"hello, world", "Wrong signature trying to load DB from file"),
    (file(10, record(0, "k", b"\x01a"))[:-12], "Short read or OOM loading DB. Unrecoverable error, aborting now."),
    (file(10, record(0, "k", b"\x01a"))[:-8] + b"\x01" * 8, " but got (101010101010101). Aborting now."),
])
def test_what_cannot_be_loaded_is_named_as_by_redis(start, which, content, line):
    server = start_with(start, which, content, wait=False)
    assert server.process.wait(10) == 1
    assert line in server.output()
    assert server.file("dump.rdb") == content


@pytest.mark.parametrize("hint", [0, 1, 1000, 1 << 40, (1 << 64) - 1])
def test_a_wrong_number_of_keys_is_harmless(start, hint):
    """What the file says about a database's size may only reserve memory that its keys could need."""
    sizes = hexes("FB 81") + hint.to_bytes(8, "big") + b"\x00"
    keys = [record(0, f"k{number}", b"\x01a") for number in range(20)]
    server = start_with(start, "apus", file(10, sizes, *keys))
    with server.connect() as client:
        assert client.raw("DBSIZE") == b":20\r\n" and client.raw("GET", "k7") == b"$1\r\na\r\n"
        assert servers.info(client, "used_memory") < 100 << 20


def test_a_snapshot_says_how_many_keys_there_are(start):
    server = start("apus")
    with server.connect() as client:
        client.pipeline([["SET", "a", "1"], ["SET", "b", "2", "EX", "1000"], ["SELECT", "3"], ["SET", "c", "3"]])
        for save in ("SAVE", "BGSAVE"):
            client.raw(save)
            servers.until(lambda: servers.info(client, "rdb_bgsave_in_progress") == 0)
            content = server.file("dump.rdb")
            assert hexes("FE 00 FB 02 01") in content and hexes("FE 03 FB 01 00") in content
