"""Consumer groups of streams, without the waiting."""

import re

from oracle import about, reports

KEYS = ["g:%d" % i for i in range(3)]
GROUPS = ["one", "two", "none"]

_TIMES = (b"idle", b"inactive", b"seen-time", b"active-time", b"pending", b"pel")
NORMALISERS = {
    "XINFO STREAM": reports(about_names=(b"seen-time", b"pel", b"pending", b"consumers"), ignored=(
        b"radix-tree-keys", b"radix-tree-nodes", b"consumers", b"pel", b"groups")),
    "XINFO CONSUMERS": reports(about_names=(b"idle",)),
    # What was read and what is left is counted otherwise since 7.4.2: newer.py has it.
    "XINFO GROUPS": reports(ignored=(b"entries-read", b"lag")),
    "XPENDING": about(60000),
}


def group(w):
    return w.pick("one", "one", "one", "two", "none" if w.chance(0.2) else "two")


def consumer(w):
    return w.pick("alice", "bob", "carol")


def ident(w):
    return f"{w.number(1, 80)}-{w.pick(0, 0, 0, 1)}" if w.chance(0.95) else w.pick("x", "0", "", "-", "$", "0-0")


def ids(w, most=4):
    return [ident(w) for _ in range(w.number(1, most))]


def add(w):
    w.stream_clock = getattr(w, "stream_clock", 0) + w.number(0, 1)
    return ["XADD", w.key(), f"{w.stream_clock % 80 + 1}-{w.pick('*', 0)}", w.member(), w.value()]


def read(w):
    keys = w.several_keys(2)
    words = ["XREADGROUP", "GROUP", group(w), consumer(w), *w.options(
        lambda: ["COUNT", w.integer(0, 5)], "NOACK", share=0.3), "STREAMS", *keys,
        *(w.pick(">", ">", ">", "0", ident(w)) for _ in keys)]
    # 7.0 makes the consumer only when it gets something.
    return [*(["XGROUP", "CREATECONSUMER", key, *words[2:4]] for key in keys), words]


def subcommand(w):
    kind = w.number(0, 9)
    if kind < 4:
        return ["XGROUP", w.any_case("CREATE"), w.key(), group(w), w.pick("0", "$", "5-0", ident(w)), *w.options(
            "MKSTREAM", lambda: ["ENTRIESREAD", w.integer(-2, 9)], share=0.4)]
    if kind < 6:
        return ["XGROUP", "SETID", w.key(), group(w), w.pick("0", "$", ident(w)), *w.options(
            lambda: ["ENTRIESREAD", w.integer(-2, 9)], share=0.3)]
    if kind < 7:
        return ["XGROUP", "DESTROY", w.key(), group(w)]
    if kind < 9:
        return ["XGROUP", "CREATECONSUMER", w.key(), group(w), consumer(w)]
    return ["XGROUP", "DELCONSUMER", w.key(), group(w), consumer(w)]


def claim(w):
    return with_consumer(["XCLAIM", w.key(), group(w), consumer(w), w.pick("0", "0", "0", "99999999", "-1", "x"), *ids(w), *w.options(
        lambda: ["IDLE", w.pick("0", "1000", "x")], lambda: ["TIME", w.pick("1000", "x")],
        lambda: ["RETRYCOUNT", w.integer(0, 5)], "FORCE", "JUSTID", lambda: ["LASTID", ident(w)], share=0.15)])


def claim_from(w):
    return with_consumer(
        ["XAUTOCLAIM", w.key(), group(w), consumer(w), w.pick("0", "0", "99999999", "-1", "x"), w.pick("0", "0-0", ident(w)),
         *w.options(lambda: ["COUNT", w.integer(1, 5)], "JUSTID")])


def with_consumer(words):
    """The command after its consumer was made, which 7.0 does only when something is claimed."""
    return [["XGROUP", "CREATECONSUMER", *words[1:4]], words]


def pending(w):
    if w.chance(0.4):
        return ["XPENDING", w.key(), group(w)]
    return ["XPENDING", w.key(), group(w), *w.options(["IDLE", "0"], share=0.2), w.pick("-", "-", ident(w), "(5-0"),
            w.pick("+", "+", ident(w)), w.integer(0, 10), *w.options(lambda: consumer(w), share=0.3)]


STEPS = [
    (14, "XADD", add),
    (8, "XGROUP", subcommand),
    (14, "XREADGROUP", read),
    (6, "XACK", lambda w: ["XACK", w.key(), group(w), *ids(w)]),
    (6, "XPENDING", pending),
    (5, "XCLAIM", claim),
    (4, "XAUTOCLAIM", claim_from),
    (3, "XDEL", lambda w: ["XDEL", w.key(), *ids(w, 2)]),
    (1, "XTRIM", lambda w: ["XTRIM", w.key(), "MAXLEN", w.number(5, 30)]),
    (4, "XINFO", lambda w: ["XINFO", "GROUPS", w.key()]),
    (4, "XINFO", lambda w: ["XINFO", "CONSUMERS", w.key(), group(w)]),
    (2, "XINFO", lambda w: ["XINFO", "STREAM", w.key(), "FULL"]),
    (0.5, "DEL", lambda w: ["DEL", w.key()]),
    (0.5, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
]

EDGES = """
XGROUP CREATE s g $
XGROUP CREATE s g $ MKSTREAM
XGROUP CREATE s g $ MKSTREAM
XGROUP CREATE s h x
XGROUP CREATE s h 0 junk
XGROUP CREATE s h 0 ENTRIESREAD x
XGROUP CREATE s h 0 ENTRIESREAD -2
XGROUP CREATE s h 0 ENTRIESREAD 3
XGROUP CREATE s h
XGROUP CREATE
XGROUP
XGROUP junk s g
XGROUP DESTROY s h
XGROUP DESTROY s h
XGROUP DESTROY none h
XGROUP SETID s g 0
XGROUP SETID s none 0
XGROUP SETID none g 0
XGROUP SETID s g x
XGROUP CREATECONSUMER s g alice
XGROUP CREATECONSUMER s g alice
XGROUP CREATECONSUMER s none alice
XGROUP CREATECONSUMER none g alice
XGROUP DELCONSUMER s g alice
XGROUP DELCONSUMER s g alice
XGROUP DELCONSUMER s none alice
XINFO GROUPS s
XINFO CONSUMERS s g
XINFO CONSUMERS s none
XINFO CONSUMERS none g
XINFO GROUPS none

SET k v
XGROUP CREATE k g 0
XGROUP CREATE k g 0 MKSTREAM
XGROUP DESTROY k g
XACK k g 1-1
XPENDING k g
XREADGROUP GROUP g c STREAMS k >
XCLAIM k g c 0 1-1
XAUTOCLAIM k g c 0 0
XINFO GROUPS k
XINFO CONSUMERS k g

XADD s 1-1 a 1
XADD s 2-1 a 2
XADD s 3-1 a 3
XGROUP CREATE s g 0
XREADGROUP GROUP g alice COUNT 1 STREAMS s >
XREADGROUP GROUP g bob STREAMS s >
XREADGROUP GROUP g bob STREAMS s >
XGROUP CREATECONSUMER s g c
XREADGROUP GROUP g alice STREAMS s 0
XREADGROUP GROUP g bob COUNT 1 STREAMS s 0
XREADGROUP GROUP g bob STREAMS s 2-1
XREADGROUP GROUP g carol STREAMS s 0
XREADGROUP GROUP none c STREAMS s >
XREADGROUP GROUP g c STREAMS none >
XREADGROUP GROUP g c STREAMS s $
XREADGROUP GROUP g c STREAMS s x
XREADGROUP GROUP g c STREAMS s
XREADGROUP GROUP g c COUNT x STREAMS s >
XREADGROUP GROUP g c COUNT -1 STREAMS s >
XREADGROUP GROUP g STREAMS s >
XREADGROUP STREAMS s >
XREADGROUP GROUP g c NOACK STREAMS s >
XPENDING s g
XPENDING s g - + 10
XPENDING s g - + 10 alice
XPENDING s g - + 10 nobody
XPENDING s g - + 0
XPENDING s g - + -1
XPENDING s g - + x
XPENDING s g - +
XPENDING s g x + 10
XPENDING s g (1-1 + 10
XPENDING s g IDLE 0 - + 10
XPENDING s g IDLE 99999999 - + 10
XPENDING s g IDLE x - + 10
XPENDING s none
XPENDING none g
XACK s g 1-1 9-9
XACK s g x
XACK s none 1-1
XACK none g 1-1
XACK s g
XPENDING s g
XINFO GROUPS s

XADD s 1-1 a 1
XADD s 2-1 a 2
XGROUP CREATE s g 0
XREADGROUP GROUP g alice STREAMS s >
XCLAIM s g bob 0 1-1
XCLAIM s g bob 0 1-1 JUSTID
XCLAIM s g bob 99999999 1-1
XCLAIM s g bob 0 9-9
XCLAIM s g bob 0 9-9 FORCE
XCLAIM s g bob 0 x
XCLAIM s g bob x 1-1
XCLAIM s g bob -1 1-1
XCLAIM s g bob 0 1-1 junk
XCLAIM s g bob 0 1-1 IDLE x
XCLAIM s g bob 0 1-1 RETRYCOUNT 7
XCLAIM s g bob 0 1-1 RETRYCOUNT -1
XCLAIM s g bob 0 1-1 TIME x
XCLAIM s g bob 0 1-1 LASTID 5-5
XCLAIM s none bob 0 1-1
XCLAIM none g bob 0 1-1
XCLAIM s g bob 0
XPENDING s g - + 10
XDEL s 1-1
XCLAIM s g alice 0 1-1
XPENDING s g
XAUTOCLAIM s g carol 0 0
XAUTOCLAIM s g carol 0 0 COUNT 1
XAUTOCLAIM s g carol 0 0 COUNT 0
XAUTOCLAIM s g carol 0 0 COUNT x
XAUTOCLAIM s g carol 0 0 JUSTID
XAUTOCLAIM s g carol x 0
XAUTOCLAIM s g carol -1 0
XAUTOCLAIM s g carol 0 x
XAUTOCLAIM s g carol 0 (1-1
XAUTOCLAIM s g carol 0 0 junk
XAUTOCLAIM s none carol 0 0
XAUTOCLAIM none g carol 0 0
XAUTOCLAIM s g carol 0
XINFO CONSUMERS s g

XADD s 1-1 a 1
XADD s 2-1 a 2
XADD s 3-1 a 3
XGROUP CREATE s g 0
XINFO GROUPS s
XREADGROUP GROUP g a COUNT 2 STREAMS s >
XINFO GROUPS s
XDEL s 3-1
XINFO GROUPS s
XADD s 4-1 a 4
XINFO GROUPS s
XREADGROUP GROUP g a STREAMS s >
XINFO GROUPS s
XDEL s 1-1
XGROUP CREATE s h 0
XINFO GROUPS s
XGROUP CREATE s i 2-1
XINFO GROUPS s
XGROUP CREATE s j $
XGROUP SETID s j 4-1 ENTRIESREAD 4
XINFO GROUPS s
XGROUP SETID s g 2-1
XINFO GROUPS s
XTRIM s MAXLEN 0
XINFO GROUPS s
XREADGROUP GROUP g a STREAMS s 0
"""

NULL = {2: b"*-1\r\n", 3: b"_\r\n"}
ONE = ["XADD s 1-1 a 1", "XADD s 2-1 b 2", "XADD s 3-1 c 3", "XGROUP CREATE s g 0"]
TWO = [*ONE, "XGROUP CREATE s h 0", "XREADGROUP GROUP g alice STREAMS s >"]


def integers(*numbers):
    return b"*%d\r\n" % len(numbers) + b"".join(b":%d\r\n" % number for number in numbers)


def bulk(text):
    return b"$%d\r\n%b\r\n" % (len(text), text)


def stream(key, *entries):
    """The reply of a reading command with one stream's entries, each given whole."""
    body = b"*%d\r\n" % len(entries) + b"".join(entries)
    return {2: b"*1\r\n*2\r\n" + bulk(key) + body, 3: b"%1\r\n" + bulk(key) + body}


def item(ident, *words, claimed=None):
    """An entry; with `claimed` (idle time, deliveries) as CLAIM tells it."""
    inner = bulk(ident) + b"*%d\r\n" % len(words) + b"".join(map(bulk, words))
    if claimed is None:
        return b"*2\r\n" + inner
    return b"*4\r\n" + inner + b":%d\r\n:%d\r\n" % claimed


def pending(*rows):
    return b"*%d\r\n" % len(rows) + b"".join(
        b"*4\r\n" + bulk(ident) + bulk(name) + b":%d\r\n:%d\r\n" % (idle, count) for ident, name, idle, count in rows)


NO_GROUP = b"-NOGROUP No such key 's' or consumer group 'none'\r\n"
CLAIMED = re.compile(rb"\*4\r\n\$3\r\n(\d-\d)\r\n\*2\r\n\$1\r\n.\r\n\$1\r\n.\r\n:\d+\r\n:(\d+)\r\n")


def claims(*expected):
    """CLAIM's entries as (id, deliveries); the idle times are as they are."""
    return lambda reply: CLAIMED.findall(reply) == list(expected)


NEWER = [
    # XDELEX
    ("XDELEX none IDS 2 1-1 2-1", integers(-1, -1)),
    (*ONE, "XDELEX s IDS 2 1-1 9-9", integers(1, -1)),
    (*ONE, "XDELEX s IDS 2 1-1", b"-ERR The `numids` parameter must match the number of arguments\r\n"),
    (*ONE, "XDELEX s IDS 0 1-1", b"-ERR Number of IDs must be a positive integer\r\n"),
    (*ONE, "XDELEX s IDS 1 x", b"-ERR Invalid stream ID specified as stream command argument\r\n"),
    (*ONE, "XDELEX s KEEPREF DELREF IDS 1 1-1", b"-ERR syntax error\r\n"),
    (*ONE, "XDELEX s IDS 1 1-1 DELREF", integers(1)),
    (*TWO, "XDELEX s DELREF IDS 1 1-1", "XPENDING s g - + 10 alice", lambda reply: b"1-1" not in reply and b"2-1" in reply),
    (*TWO, "XDELEX s KEEPREF IDS 1 1-1", "XPENDING s g - + 10 alice", lambda reply: b"1-1" in reply),
    (*TWO, "XDEL s 1-1", "XDELEX s DELREF IDS 1 1-1", integers(-1)),
    (*TWO, "XDEL s 1-1", "XDELEX s DELREF IDS 1 1-1", "XPENDING s g - + 10", lambda reply: b"1-1" not in reply),
    (*TWO, "XDELEX s ACKED IDS 2 1-1 9-9", integers(2, -1)),
    (*TWO, "XACK s g 1-1", "XDELEX s ACKED IDS 1 1-1", integers(2)),
    (*ONE, "XREADGROUP GROUP g alice COUNT 1 STREAMS s >", "XACK s g 1-1", "XDELEX s ACKED IDS 2 1-1 2-1", integers(1, 2)),
    # XACKDEL
    ("XACKDEL none g IDS 1 1-1", integers(-1)),
    (*ONE, "XACKDEL s none IDS 1 1-1", integers(-1)),
    (*TWO, "XACKDEL s g IDS 2 1-1 9-9", integers(1, -1)),
    (*TWO, "XACKDEL s g IDS 1 1-1", "XLEN s", b":2\r\n"),
    (*TWO, "XACKDEL s g ACKED IDS 1 1-1", integers(2)),
    (*TWO, "XACKDEL s g ACKED IDS 1 1-1", "XPENDING s g - + 10", lambda reply: b"1-1" not in reply),
    (*TWO, "XREADGROUP GROUP h bob STREAMS s >", "XACKDEL s g DELREF IDS 1 1-1", "XPENDING s h - + 10", lambda reply: b"1-1" not in reply),
    # Trimming with regard to references
    (*TWO, "XTRIM s MAXLEN 1 ACKED", b":0\r\n"),
    (*ONE, "XREADGROUP GROUP g a COUNT 2 STREAMS s >", "XACK s g 1-1 2-1", "XTRIM s MAXLEN 0 ACKED", b":2\r\n"),
    (*TWO, "XTRIM s MAXLEN 1 DELREF", b":2\r\n"),
    (*TWO, "XTRIM s MAXLEN 1 DELREF", "XPENDING s g - + 10 alice", lambda reply: b"3-1" in reply and b"1-1" not in reply),
    (*TWO, "XADD s DELREF MAXLEN = 1 4-1 d 4", "XLEN s", b":1\r\n"),
    ("XADD s 1-1 a 1", "XTRIM s MAXLEN 0 ACKED", b":1\r\n"),
    ("XADD s 1-1 a 1", "XTRIM s MAXLEN 0 ACKED KEEPREF", b"-ERR syntax error\r\n"),
    # CLAIM
    (*TWO, "XREADGROUP GROUP g bob CLAIM 0 STREAMS s >", claims((b"1-1", b"1"), (b"2-1", b"1"), (b"3-1", b"1"))),
    (*TWO, "XREADGROUP GROUP g bob COUNT 2 CLAIM 0 STREAMS s >", claims((b"1-1", b"1"), (b"2-1", b"1"))),
    (*TWO, "XREADGROUP GROUP g bob CLAIM 0 STREAMS s >", "XREADGROUP GROUP g bob CLAIM 0 COUNT 1 STREAMS s >", claims((b"1-1", b"2"))),
    (*TWO, "XREADGROUP GROUP g bob CLAIM 100000 STREAMS s >", NULL),
    (*ONE, "XREADGROUP GROUP g a COUNT 1 STREAMS s >", "XREADGROUP GROUP g bob CLAIM 0 STREAMS s >", claims((b"1-1", b"1"), (b"2-1", b"0"), (b"3-1", b"0"))),
    (*ONE, "XREADGROUP GROUP g a COUNT 1 STREAMS s >", "XREADGROUP GROUP g bob CLAIM 99999 COUNT 1 STREAMS s >", stream(b"s", item(b"2-1", b"b", b"2", claimed=(0, 0)))),
    (*TWO, "XREADGROUP GROUP g bob CLAIM 0 STREAMS s >", "XPENDING s g - + 10 alice", b"*0\r\n"),
    (*ONE, "XREAD CLAIM 5 STREAMS s 0", b"-ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.\r\n"),
    # XNACK
    (*TWO, "XNACK s g FAIL IDS 2 1-1 9-9", b":1\r\n"),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "XPENDING s g 2 2 9", pending((b"2-1", b"", -1, 1))),
    (*TWO, "XNACK s g SILENT IDS 1 2-1", "XPENDING s g 2 2 9", pending((b"2-1", b"", -1, 0))),
    (*TWO, "XNACK s g FATAL IDS 1 2-1", "XPENDING s g 2 2 9", pending((b"2-1", b"", -1, 9223372036854775807))),
    (*TWO, "XNACK s g FATAL IDS 1 2-1 RETRYCOUNT 7", "XPENDING s g 2 2 9", pending((b"2-1", b"", -1, 7))),
    (*ONE, "XNACK s g FAIL IDS 2 1-1 9-9", b":0\r\n"),
    (*ONE, "XNACK s g FAIL IDS 2 1-1 9-9 FORCE", b":1\r\n"),
    (*ONE, "XNACK s g FAIL IDS 1 1-1 FORCE", "XPENDING s g - + 5", pending((b"1-1", b"", -1, 0))),
    (*TWO, "XNACK s none FAIL IDS 1 1-1", NO_GROUP),
    (*TWO, "XNACK s g LOUD IDS 1 1-1", b"-ERR syntax error\r\n"),
    (*TWO, "XNACK s g FAIL IDS 2 3-1 2-1", "XREADGROUP GROUP g bob CLAIM 100000 STREAMS s >", claims((b"3-1", b"1"), (b"2-1", b"1"))),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "XCLAIM s g bob 100000 2-1", b"*1\r\n" + item(b"2-1", b"b", b"2")),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "XAUTOCLAIM s g bob 100000 0 JUSTID", b"*3\r\n$3\r\n0-0\r\n*1\r\n$3\r\n2-1\r\n*0\r\n"),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "XACK s g 2-1", b":1\r\n"),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "XGROUP DELCONSUMER s g alice", b":2\r\n"),
    (*TWO, "XNACK s g FAIL IDS 1 2-1", "COPY s t", "XPENDING t g 2 2 9", pending((b"2-1", b"", -1, 1))),
    # A consumer is there once it tried, as since 7.2.
    (*TWO, "XCLAIM s g bob 100000 1-1", "XINFO CONSUMERS s g", lambda reply: b"bob" in reply and b"inactive\r\n:-1" in reply),
    (*TWO, "XAUTOCLAIM s g bob 100000 0", "XINFO CONSUMERS s g", lambda reply: b"bob" in reply),
    (*TWO, "XCLAIM s g bob 0 1-1", "XINFO CONSUMERS s g", lambda reply: b"inactive\r\n:-1" not in reply),
    (*TWO, "XCLAIM s g bob 0 1-1 junk", "XINFO CONSUMERS s g", lambda reply: b"bob" not in reply),
    # Bounds over all streams
    (*ONE, "XREADGROUP GROUP g a MAXCOUNT 1 STREAMS s >", stream(b"s", item(b"1-1", b"a", b"1"))),
    (*ONE, "XREADGROUP GROUP g a MAXCOUNT 1 STREAMS s >", "XPENDING s g - + 9", lambda reply: b"1-1" in reply and b"2-1" not in reply),
    (*ONE, "XREADGROUP GROUP g a MAXSIZE 10 STREAMS s >", stream(b"s", item(b"1-1", b"a", b"1"))),
]
