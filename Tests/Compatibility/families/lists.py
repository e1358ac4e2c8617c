"""Lists, without the waiting.

Since 7.2 Redis keeps a small list in one listpack and says so, which we follow; 7.0 says quicklist always. So our
`listpack` may stand against its `quicklist`; where we change from one to the other NEWER tells. (Small sets have a listpack too since 7.2.) NEWER also has LPOS with
the least RANK, which 7.0 negates to itself; newer versions refuse it.
"""

KEYS = ["l:%d" % i for i in range(5)]


def side(w):
    return w.any_case(w.pick("LEFT", "RIGHT", "LEFT", "RIGHT", "junk" if w.chance(0.1) else "LEFT"))


def key_count(w, keys):
    return len(keys) if w.chance(0.92) else w.pick("0", "-1", "x", len(keys) + 1, "9223372036854775807")


def rank(w):
    rank = w.integer(-3, 3)
    return "-9223372036854775807" if rank == "-9223372036854775808" else rank


def pop_several(w):
    keys = w.several_keys(3)
    return ["LMPOP", key_count(w, keys), *keys, side(w), *w.options(lambda: ["COUNT", w.integer(0, 4)])]


STEPS = [
    (6, "LPUSH", lambda w: ["LPUSH", w.key(), *w.members()]),
    (8, "RPUSH", lambda w: ["RPUSH", w.key(), *w.members()]),
    (4, "RPUSH", lambda w: ["RPUSH", w.key(), w.value()]),
    (1, "RPUSH", lambda w: ["RPUSH", w.key(), *(w.value() for _ in range(40))]),
    (2, "LPUSHX", lambda w: ["LPUSHX", w.key(), *w.members(2)]),
    (2, "RPUSHX", lambda w: ["RPUSHX", w.key(), *w.members(2)]),
    (4, "LPOP", lambda w: ["LPOP", w.key()]),
    (4, "RPOP", lambda w: ["RPOP", w.key()]),
    (3, "LPOP", lambda w: ["LPOP", w.key(), w.integer(0, 5)]),
    (3, "RPOP", lambda w: ["RPOP", w.key(), w.integer(0, 5)]),
    (8, "LRANGE", lambda w: ["LRANGE", w.key(), w.integer(-20, 20), w.integer(-20, 40)]),
    (6, "LINDEX", lambda w: ["LINDEX", w.key(), w.integer(-30, 30)]),
    (5, "LSET", lambda w: ["LSET", w.key(), w.integer(-20, 20), w.value()]),
    (5, "LINSERT", lambda w: ["LINSERT", w.key(), w.any_case(w.pick("BEFORE", "AFTER", "AFTER", "junk" if w.chance(0.1) else "BEFORE")), w.member(), w.value()]),
    (5, "LREM", lambda w: ["LREM", w.key(), w.integer(-3, 3), w.member()]),
    (3, "LTRIM", lambda w: ["LTRIM", w.key(), w.integer(-4, 4), w.integer(-60, 60)]),
    (3, "LTRIM", lambda w: ["LTRIM", w.key(), 0, w.number(20, 200)]),
    (4, "LLEN", lambda w: ["LLEN", w.key()]),
    (5, "LPOS", lambda w: ["LPOS", w.key(), w.member(), *w.options(
        lambda: ["RANK", rank(w)], lambda: ["COUNT", w.integer(0, 4)], lambda: ["MAXLEN", w.integer(0, 10)])]),
    (4, "LMOVE", lambda w: ["LMOVE", w.key(), w.key(), side(w), side(w)]),
    (3, "RPOPLPUSH", lambda w: ["RPOPLPUSH", w.key(), w.key()]),
    (4, "LMPOP", pop_several),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "OBJECT", lambda w: ["OBJECT", "ENCODING", w.key()]),
    (1, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
    (1, "RENAME", lambda w: ["RENAME", w.key(), w.key()]),
]

EDGES = """
RPUSH l a b c
LPUSH l z
LRANGE l 0 -1
LRANGE l 0 9223372036854775807
LRANGE l -9223372036854775808 9223372036854775807
LRANGE l 5 10
LRANGE l 2 1
LRANGE l -2 -1
LRANGE l -100 100
LRANGE l a 1
LRANGE l 0
LRANGE none 0 -1
LLEN l
LLEN none
LLEN
LPUSH l
RPUSH
LPUSHX none a
RPUSHX none a
EXISTS none
LPUSHX l y x
RPUSHX l q
LRANGE l 0 -1

SET s v
LPUSH s a
RPUSH s a
LPUSHX s a
RPUSHX s a
LPOP s
RPOP s
LPOP s 0
LLEN s
LRANGE s 0 -1
LINDEX s 0
LSET s 0 a
LINSERT s BEFORE a b
LREM s 0 a
LTRIM s 0 -1
LPOS s a
LMOVE s d LEFT LEFT
RPOPLPUSH s d
LMPOP 1 s LEFT
RPUSH l a
LMOVE l s LEFT LEFT
RPOPLPUSH l s
LRANGE l 0 -1

LPOP none
LPOP none 0
LPOP none 2
LPOP none -1
LPOP none abc
RPUSH l a b c d e
LPOP l 0
LPOP l -1
LPOP l abc
LPOP l 2
RPOP l 2
LPOP l 9223372036854775807
EXISTS l
RPUSH l a
LPOP l 1 2
RPOP l 4294967296
LPOP

RPUSH l a b c
LINDEX l 0
LINDEX l -1
LINDEX l 3
LINDEX l -4
LINDEX l abc
LINDEX l 9223372036854775807
LINDEX l -9223372036854775808
LINDEX none 0
LINDEX none abc
LSET l 0 x
LSET l -1 z
LSET l 3 q
LSET l -4 q
LSET l abc q
LSET none 0 q
LSET none abc q
LRANGE l 0 -1
LSET l 0

RPUSH l a b c b
LINSERT l BEFORE b x
LINSERT l AFTER b y
LINSERT l after z y
LINSERT l junk b y
LINSERT none BEFORE a b
LINSERT l BEFORE b
LRANGE l 0 -1
LREM l 1 b
LREM l -1 b
LREM l 0 zzz
LREM l abc b
LREM none 0 a
LREM l -9223372036854775808 a
LRANGE l 0 -1
LREM l 9223372036854775807 x
LREM l

RPUSH l a b c d e
LTRIM l 1 3
LRANGE l 0 -1
LTRIM l 5 10
EXISTS l
RPUSH l a b c
LTRIM l -2 -1
LRANGE l 0 -1
LTRIM l 1 0
EXISTS l
LTRIM none 0 1
LTRIM none a b
LTRIM l 0

RPUSH l a b c 1 2 3 c c
LPOS l c
LPOS l c RANK 2
LPOS l c RANK -1
LPOS l c RANK 0
LPOS l c RANK -9223372036854775807
LPOS l c COUNT 2
LPOS l c COUNT 0
LPOS l c COUNT -1
LPOS l c RANK -1 COUNT 2
LPOS l c MAXLEN 2
LPOS l c MAXLEN 3
LPOS l c MAXLEN 0
LPOS l c MAXLEN -1
LPOS l c RANK x
LPOS l c COUNT x
LPOS l c MAXLEN x
LPOS l c RANK
LPOS l c junk 1
LPOS l zz
LPOS l zz COUNT 0
LPOS none a
LPOS none a COUNT 1
LPOS l 1
LPOS l c COUNT 1 COUNT 2
LPOS l

RPUSH a 1 2 3
LMOVE a b LEFT RIGHT
LMOVE a b RIGHT LEFT
LRANGE b 0 -1
LMOVE a a LEFT RIGHT
LMOVE b b RIGHT LEFT
LRANGE b 0 -1
LMOVE a b left right
EXISTS a
LMOVE a b LEFT RIGHT
LMOVE a b junk RIGHT
LMOVE a b LEFT junk
LMOVE a b LEFT
RPOPLPUSH b b
RPOPLPUSH b c
RPOPLPUSH none c
RPOPLPUSH b

RPUSH a 1 2 3
RPUSH b 4 5
LMPOP 2 a b LEFT
LMPOP 2 a b RIGHT COUNT 10
LMPOP 2 a b RIGHT COUNT 1
LMPOP 2 a none LEFT
LMPOP 0 a LEFT
LMPOP -1 a LEFT
LMPOP x a LEFT
LMPOP 1 a junk
LMPOP 1 a LEFT COUNT 0
LMPOP 1 a LEFT COUNT -1
LMPOP 1 a LEFT COUNT x
LMPOP 1 a LEFT COUNT
LMPOP 1 a LEFT junk
LMPOP 3 a b LEFT
LMPOP 9223372036854775807 a LEFT
LMPOP 1 a LEFT COUNT 1 COUNT 1
LMPOP 1 a
LMPOP 1 none LEFT

RPUSH l 1
OBJECT ENCODING l
RPUSH l 9223372036854775807 -9223372036854775808 9223372036854775808 01 -0 1.0 "" " 1"
LRANGE l 0 -1
LPOS l 01
LPOS l 1
LREM l 0 -0
LRANGE l 0 -1

RPUSH l a a a b a
LREM l -2 a
LRANGE l 0 -1
LMOVE l l LEFT LEFT
LMOVE l l RIGHT RIGHT
LMOVE l l RIGHT LEFT
LRANGE l 0 -1
EXPIRE l 1000
RPUSH one 1
EXPIRE one 1000
LMOVE one one LEFT RIGHT
TTL one
LINSERT l BEFORE a 1
LINSERT l AFTER a ""
LINSERT l AFTER 1 1
LRANGE l 0 -1
LSET l 0 123456789012
LSET l -1 ""
LPOS l "" RANK -1
LRANGE l 0 -1
"""


def answer(value):
    """The bytes of a reply, by protocol where they differ."""
    if value is None:
        return {2: b"$-1\r\n", 3: b"_\r\n"}
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, str):
        return b"-%s\r\n" % value.encode()
    if isinstance(value, list):
        return b"*%d\r\n" % len(value) + b"".join(map(answer, value))
    return b"$%d\r\n%s\r\n" % (len(value), value)


def movem(*rest):
    return ["LMOVEM", "l", "d", *rest]


LIST = ["RPUSH", "l", "1", "2", "3", "4"]
ZERO_COUNT = "ERR count should be greater than 0"
ENCODING = ["OBJECT", "ENCODING", "l"]

NEWER = [(*commands, answer(reply)) for *commands, reply in [
    (LIST, ["LPOS", "l", "1", "RANK", "-9223372036854775808"], (
        "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")),
    (LIST, movem("LEFT", "RIGHT"), [b"1"]),
    (LIST, movem("LEFT", "LEFT", "COUNT", 2, "OBO"), [b"2", b"1"]),
    (LIST, movem("LEFT", "LEFT", "COUNT", 2, "BULK"), [b"1", b"2"]),
    (LIST, movem("RIGHT", "RIGHT", "COUNT", 2, "OBO"), [b"4", b"3"]),
    (LIST, movem("RIGHT", "LEFT", "COUNT", 2, "OBO"), [b"3", b"4"]),
    (LIST, movem("left", "right", "count", 9, "bulk"), [b"1", b"2", b"3", b"4"]),
    (LIST, ["RPUSH", "d", "5", "6"], movem("LEFT", "LEFT", "COUNT", 2, "OBO"), ["LRANGE", "d", 0, -1],
     [b"2", b"1", b"5", b"6"]),
    (LIST, ["RPUSH", "d", "5", "6"], movem("RIGHT", "RIGHT", "EXACTLY", 3, "BULK"), ["LRANGE", "d", 0, -1],
     [b"5", b"6", b"2", b"3", b"4"]),
    (LIST, movem("LEFT", "RIGHT", "EXACTLY", 4, "BULK"), ["EXISTS", "l"], 0),
    (LIST, movem("LEFT", "RIGHT", "EXACTLY", 5, "BULK"), None),
    (LIST, movem("LEFT", "RIGHT", "EXACTLY", 5, "BULK"), ["LLEN", "l"], 4),
    (movem("LEFT", "RIGHT", "EXACTLY", 1, "OBO"), None),
    (movem("LEFT", "RIGHT", "COUNT", 1, "OBO"), None),
    (movem("LEFT", "RIGHT"), None),
    (LIST, ["LMOVEM", "l", "l", "LEFT", "LEFT", "EXACTLY", 2, "OBO"], ["LRANGE", "l", 0, -1],
     [b"2", b"1", b"3", b"4"]),
    (LIST, ["EXPIRE", "l", 1000], ["LMOVEM", "l", "l", "LEFT", "RIGHT", "COUNT", 99, "OBO"], ["TTL", "l"], 1000),
    (LIST, ["LMOVEM", "l", "l", "RIGHT", "LEFT", "COUNT", 3, "BULK"], ["LRANGE", "l", 0, -1],
     [b"2", b"3", b"4", b"1"]),
    (LIST, movem("LEFT", "RIGHT", "COUNT", 0, "OBO"), (ZERO_COUNT)),
    (LIST, movem("LEFT", "RIGHT", "EXACTLY", "x", "OBO"), (ZERO_COUNT)),
    (LIST, movem("LEFT", "RIGHT", "COUNT", 1), ("ERR syntax error")),
    (LIST, movem("LEFT", "RIGHT", "COUNT", 1, "junk"), ("ERR syntax error")),
    (LIST, movem("LEFT", "junk"), ("ERR syntax error")),
    (["SET", "d", "v"], LIST, movem("LEFT", "RIGHT"), (
        "WRONGTYPE Operation against a key holding the wrong kind of value")),
    (LIST, ENCODING, b"listpack"),
    # A listpack takes 7 bytes and, for an element of 1,000 bytes, 1,004.
    (["RPUSH", "l", *["x" * 1000] * 8], ENCODING, b"listpack"),
    (["RPUSH", "l", *["x" * 1000] * 8], ["RPUSH", "l", "x" * 153], ENCODING, b"listpack"),
    (["RPUSH", "l", *["x" * 1000] * 8], ["RPUSH", "l", "x" * 154], ENCODING, b"quicklist"),
    (["RPUSH", "l", "x" * 8186], ENCODING, b"quicklist"),
    (["RPUSH", "l", *["x" * 1000] * 9], ["LPOP", "l", 4], ENCODING, b"quicklist"),
    (["RPUSH", "l", *["x" * 1000] * 9], ["LPOP", "l", 8], ENCODING, b"listpack"),
    (["RPUSH", "l", *["x" * 1000] * 9], ["LTRIM", "l", -2, -1], ENCODING, b"listpack"),
    (["RPUSH", "l", "a", "x" * 9000], ["LSET", "l", 1, "b"], ENCODING, b"listpack"),
    (["RPUSH", "l", "a", "b"], ["LSET", "l", 1, "x" * 9000], ENCODING, b"quicklist"),
    (["RPUSH", "l", "a", "b"], ["LINSERT", "l", "BEFORE", "b", "x" * 9000], ENCODING, b"quicklist"),
    (["RPUSH", "l", *["x" * 1000] * 9, "y"], ["LREM", "l", 0, "x" * 1000], ENCODING, b"listpack"),
]]
