"""Streams, without groups and without the waiting."""

from oracle import reports

KEYS = ["st:%d" % i for i in range(4)]

# How many nodes a stream's tree has is a matter of its layout.
NORMALISERS = {
    "XINFO STREAM": reports(ignored=(b"radix-tree-keys", b"radix-tree-nodes")),
}


def identifier(w):
    if w.chance(0.9):
        return _id(w)
    return w.pick("x", "", "-", "+", "1-", "-1", "1-x", "18446744073709551615-18446744073709551615",
                  "18446744073709551616-0", "1-18446744073709551615", "0-0", "1-1-1", "$", "*")


def _id(w):
    ms = w.number(0, 60)
    return f"{ms}-{w.number(0, 5)}" if w.chance(0.7) else str(ms)


def rising(w):
    """An id that is probably larger than those before: the counter is the words' own."""
    w.stream_clock = getattr(w, "stream_clock", 100) + w.number(0, 2)
    return f"{w.stream_clock}-{w.pick('*', '*', w.number(0, 9))}"


def pairs(w):
    return [item for _ in range(w.number(1, 3)) for item in (w.member(), w.value())]


def trim(w):
    how = w.any_case(w.pick("MAXLEN", "MINID"))
    mark = w.pick([], [], ["="], ["~"], ["~"])
    bound = w.integer(0, 40) if how.upper() == "MAXLEN" else identifier(w)
    limit = ["LIMIT", w.integer(0, 10)] if mark == ["~"] and w.chance(0.4) or w.chance(0.05) else []
    return [how, *mark, bound, *limit]


def end(w):
    place = w.random.random()
    if place < 0.25:
        return "-"
    if place < 0.5:
        return "+"
    return w.pick("", "", "(") + str(w.pick(identifier(w), str(w.number(95, 2500))))


def count(w):
    return w.options(lambda: ["COUNT", w.integer(0, 8)])


def position(w):
    """Where a reader has come to. `+`, the last entry, is newer than 7.0."""
    word = w.pick("0", "$", identifier(w), str(w.number(95, 2500)))
    return "0" if word == "+" else word


def read(w):
    keys = w.several_keys(2)
    return ["XREAD", *count(w), "STREAMS", *keys, *(position(w) for _ in keys)]


STEPS = [
    (12, "XADD", lambda w: ["XADD", w.key(), rising(w), *pairs(w)]),
    (4, "XADD", lambda w: ["XADD", w.key(), *w.options("NOMKSTREAM", lambda: trim(w)), rising(w), *pairs(w)]),
    (3, "XADD", lambda w: ["XADD", w.key(), identifier(w).replace("*", "5-*"), *pairs(w)]),
    (4, "XDEL", lambda w: ["XDEL", w.key(), *(w.pick(identifier(w), f"{w.number(100, 2000)}-{w.number(0, 3)}") for _ in range(w.number(1, 4)))]),
    (3, "XTRIM", lambda w: ["XTRIM", w.key(), *trim(w)]),
    (4, "XLEN", lambda w: ["XLEN", w.key()]),
    (6, "XRANGE", lambda w: ["XRANGE", w.key(), end(w), end(w), *count(w)]),
    (6, "XREVRANGE", lambda w: ["XREVRANGE", w.key(), end(w), end(w), *count(w)]),
    (5, "XREAD", read),
    (2, "XSETID", lambda w: ["XSETID", w.key(), w.pick("x", "5000-0", "-", rising(w).split("-")[0] + "-99"), *w.options(
        lambda: ["ENTRIESADDED", w.integer(0, 9)], lambda: ["MAXDELETEDID", identifier(w)], share=0.2)]),
    (3, "XINFO", lambda w: ["XINFO", "STREAM", w.key()]),
    (2, "XINFO", lambda w: ["XINFO", "STREAM", w.key(), "FULL", *count(w)]),
    (1, "DEL", lambda w: ["DEL", w.key()]),
    (1, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
]

EDGES = """
XADD s 1-1 a 1
XADD s 1-1 a 1
XADD s 1-0 a 1
XADD s 0-0 a 1
XADD s 1-* a 2
XADD s 2 a 3
XADD s 2-* a 4
XADD s 1-* a 1
XADD s x a 1
XADD s -1 a 1
XADD s 1- a 1
XADD s "" a 1
XADD s 3-1 a
XADD s 3-1 a 1 b
XADD s 3-1
XADD s
XADD none NOMKSTREAM 1-1 a 1
EXISTS none
XADD s NOMKSTREAM 3-1 a 1
XADD s MAXLEN 2 4-1 a 1
XLEN s
XADD s MAXLEN = 2 4-2 a 1
XADD s MAXLEN ~ 2 4-3 a 1
XADD s MAXLEN -1 5-1 a 1
XADD s MAXLEN x 5-1 a 1
XADD s MAXLEN
XADD s MINID 4-2 5-1 a 1
XADD s MINID x 5-2 a 1
XADD s MAXLEN 5 MINID 1 5-2 a 1
XADD s MAXLEN 5 LIMIT 10 5-2 a 1
XADD s MAXLEN ~ 5 LIMIT 10 5-2 a 1
XADD s MAXLEN ~ 5 LIMIT -1 5-3 a 1
XADD s MAXLEN ~ 5 LIMIT x 5-3 a 1
XADD s junk 5-3 a 1
XADD s LIMIT 1 5-3 a 1
XRANGE s - +
XINFO STREAM s

XADD s 18446744073709551615-18446744073709551615 a 1
XADD s 18446744073709551615-* a 1
XADD s * a 1
XADD t 18446744073709551616-0 a 1
XADD t 0-* a 1
XRANGE t - +
XADD u 5-18446744073709551615 a 1
XADD u 5-* a 1

SET k v
XADD k 1-1 a 1
XLEN k
XRANGE k - +
XREVRANGE k + -
XDEL k 1-1
XTRIM k MAXLEN 1
XREAD STREAMS k 0
XSETID k 1-1
XINFO STREAM k
XINFO GROUPS k

XLEN none
XRANGE none - +
XDEL none 1-1
XTRIM none MAXLEN 1
XREAD STREAMS none 0
XREAD STREAMS none $
XSETID none 1-1
XINFO STREAM none
XINFO STREAM none FULL
XLEN
XADD s 1-1 a 1
XADD s 2-1 a 2 b 3
XADD s 3-1 a 3
XRANGE s - + COUNT 0
XRANGE s - + COUNT -1
XRANGE s - + COUNT 1
XRANGE s - + COUNT x
XRANGE s - + COUNT
XRANGE s - + junk 1
XRANGE s 2 2
XRANGE s 2 +
XRANGE s (1-1 +
XRANGE s (1 3
XRANGE s - (3-1
XRANGE s ( +
XRANGE s (- +
XRANGE s + -
XRANGE s x +
XRANGE s -
XRANGE s (18446744073709551615-18446744073709551615 +
XRANGE s - (0-0
XREVRANGE s + -
XREVRANGE s + - COUNT 1
XREVRANGE s 2 2
XREVRANGE s - +
XREVRANGE s (3-1 (1-1
XREAD STREAMS s 0
XREAD STREAMS s 1
XREAD STREAMS s 3-1
XREAD STREAMS s $
XREAD COUNT 1 STREAMS s 0
XREAD COUNT 0 STREAMS s 0
XREAD COUNT -1 STREAMS s 0
XREAD COUNT x STREAMS s 0
XREAD STREAMS s none 0 0
XREAD STREAMS s 0 0
XREAD STREAMS s
XREAD STREAMS s x
XREAD STREAMS s >
XREAD COUNT 1
XREAD junk STREAMS s 0
XREAD BLOCK -1 STREAMS s 0
XREAD BLOCK x STREAMS s 0
XREAD BLOCK 10 STREAMS s 0
XREAD NOACK STREAMS s 0
XREAD

XADD s 1-1 a 1
XADD s 2-1 a 2
XADD s 3-1 a 3
XDEL s 2-1 9-9
XDEL s x
XDEL s
XDEL s 3-1
XINFO STREAM s
XADD s 3-1 a 1
XADD s 3-2 a 1
XTRIM s MAXLEN 1
XTRIM s MAXLEN = 0
XLEN s
EXISTS s
XINFO STREAM s
XADD s 3-2 a 1
XTRIM s MINID 2
XTRIM s MINID = 5-0
XTRIM s MAXLEN
XTRIM s junk 1
XTRIM s MAXLEN -1
XTRIM s MAXLEN ~ 1 LIMIT 0
XTRIM s MAXLEN 1 LIMIT 5
XTRIM s MAXLEN x
XTRIM s MINID x
XTRIM s
XSETID s 10-0
XSETID s 10-0 ENTRIESADDED 5
XSETID s 10-0 ENTRIESADDED -1
XSETID s 10-0 ENTRIESADDED x
XSETID s 10-0 ENTRIESADDED 5 MAXDELETEDID 2-0
XSETID s 10-0 MAXDELETEDID 2-0
XSETID s 10-0 ENTRIESADDED 5 MAXDELETEDID 20-0
XSETID s 10-0 junk
XSETID s x
XINFO STREAM s
XADD s 10-0 a 1
XADD s 10-1 a 1

XADD s 1-1 "" ""
XADD s 2-1 "\\x00" "\\xff" a 1
XADD s 3-1 a 1 a 2 a 3
XRANGE s - +
XINFO STREAM s FULL
XINFO STREAM s FULL COUNT 1
XINFO STREAM s FULL COUNT 0
XINFO STREAM s FULL COUNT -1
XINFO STREAM s FULL COUNT x
XINFO STREAM s junk
XINFO STREAM s FULL COUNT
XINFO junk s
XINFO STREAM
XINFO
TYPE s
OBJECT ENCODING s
"""

TWO = ["XADD s 1-1 a 1", "XADD s 2-1 b 2"]

NEWER = [
    (*TWO, "XREAD STREAMS s +", {
        2: b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n",
        3: b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nb\r\n$1\r\n2\r\n"}),
    ("XREAD STREAMS none +", {2: b"*-1\r\n", 3: b"_\r\n"}),
    (*TWO, "XDEL s 2-1", "XREAD STREAMS s +", {
        2: b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n",
        3: b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"}),
    (*TWO, "XADD t 5-5 c 3", "XREAD COUNT 1 MAXCOUNT 1 STREAMS s t 0 0", {
        2: b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n",
        3: b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"}),
    (*TWO, "XADD t 5-5 c 3", "XREAD MAXSIZE 1 STREAMS s t 0 0", {
        2: b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n",
        3: b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"}),
    # Messages that are sent again
    ("XADD s IDMP p m * a 1", "XADD s IDMP p m * a 1", "XLEN s", b":1\r\n"),
    ("XADD s IDMP p m * a 1", "XADD s IDMP p n * a 1", "XADD s IDMP q m * a 1", "XLEN s", b":3\r\n"),
    ("XADD s IDMPAUTO p * a 1", "XADD s IDMPAUTO p * a 1", "XADD s IDMPAUTO p * a 2", "XLEN s", b":2\r\n"),
    ("XADD s IDMPAUTO p * ab c", "XADD s IDMPAUTO p * a bc", "XLEN s", b":2\r\n"),
    ("XADD s IDMP p m 1-1 a 1", b"-ERR IDMP/IDMPAUTO can be used only with auto-generated IDs\r\n"),
    ("XADD s IDMP p m * a 1", "XCFGSET s IDMP-MAXSIZE 1", "XADD s IDMP p m * a 1", "XADD s IDMP p n * a 1", "XADD s IDMP p m * a 1", "XLEN s", b":4\r\n"),
    ("XCFGSET s IDMP-MAXSIZE 1", b"-ERR no such key\r\n"),
    ("XADD s 1-1 a 1", "XCFGSET s", b"-ERR syntax error\r\n"),
    ("XADD s 1-1 a 1", "XCFGSET s IDMP-DURATION 5 IDMP-MAXSIZE 10000", b"+OK\r\n"),
    ("XADD s 1-1 a 1", "XIDMPRECORD s p m 1-1", b"+OK\r\n"),
    ("XADD s 1-1 a 1", "XIDMPRECORD s p m 1-1", "XADD s IDMP p m * a 1", b"$3\r\n1-1\r\n"),
    ("XADD s 1-1 a 1", "XIDMPRECORD s p m 1-1", "COPY s t", "XADD t IDMP p m * a 1", b"$3\r\n1-1\r\n"),
    ("XADD s 1-1 a 1", "XIDMPRECORD s p m 1-1", "XADD s IDMP p m * a 1", "XINFO STREAM s", lambda reply:
        b"iids-duplicates\r\n:1\r\n" in reply and b"pids-tracked\r\n:1\r\n" in reply and b"idmp-maxsize\r\n:100\r\n" in reply),
]
