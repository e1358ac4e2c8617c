"""Sets."""

KEYS = ["t:%d" % i for i in range(5)]


def pop_and_forget(w):
    """Which members go is chance: the key goes after it."""
    key = w.key()
    return [["SPOP", key, *w.options(lambda: w.integer(0, 5, 0.2), share=0.7)], ["DEL", key]]


def intersection_count(w):
    keys = w.several_keys(3)
    count = len(keys) if w.chance(0.9) else w.pick("0", "-1", "x", len(keys) + 1)
    return ["SINTERCARD", count, *keys, *w.options(lambda: ["LIMIT", w.integer(0, 5)])]


STEPS = [
    (10, "SADD", lambda w: ["SADD", w.key(), *w.members(8)]),
    (4, "SADD", lambda w: ["SADD", w.key(), *(w.number(-40, 40) for _ in range(w.number(1, 20)))]),
    (1, "SADD", lambda w: ["SADD", w.key(), *(w.pick("n", "") + str(i) for i in range(w.number(100, 700)))]),
    (6, "SREM", lambda w: ["SREM", w.key(), *w.members(4)]),
    (6, "SMEMBERS", lambda w: ["SMEMBERS", w.key()]),
    (5, "SISMEMBER", lambda w: ["SISMEMBER", w.key(), w.member()]),
    (4, "SMISMEMBER", lambda w: ["SMISMEMBER", w.key(), *w.members()]),
    (4, "SCARD", lambda w: ["SCARD", w.key()]),
    (3, "SPOP", pop_and_forget),
    (4, "SRANDMEMBER", lambda w: ["SRANDMEMBER", w.key(), *w.options(lambda: w.small(0, 20), lambda: w.number(-20, 0), share=0.4)]),
    (5, "SMOVE", lambda w: ["SMOVE", w.key(), w.key(), w.member()]),
    (5, "SINTER", lambda w: ["SINTER", *w.several_keys(3)]),
    (3, "SINTERSTORE", lambda w: ["SINTERSTORE", w.key(), *w.several_keys(3)]),
    (4, "SINTERCARD", intersection_count),
    (5, "SUNION", lambda w: ["SUNION", *w.several_keys(3)]),
    (3, "SUNIONSTORE", lambda w: ["SUNIONSTORE", w.key(), *w.several_keys(3)]),
    (5, "SDIFF", lambda w: ["SDIFF", *w.several_keys(3)]),
    (3, "SDIFFSTORE", lambda w: ["SDIFFSTORE", w.key(), *w.several_keys(3)]),
    (4, "SSCAN", lambda w: ["SSCAN", w.key(), "0", *w.options(["COUNT", "10000"], ["MATCH", w.pick("m*", "*1", "?")])]),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "OBJECT", lambda w: ["OBJECT", "ENCODING", w.key()]),
    (1, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
]

EDGES = """
SADD s a b c a
SADD s a
SCARD s
SCARD none
SADD s
SADD
SISMEMBER s a
SISMEMBER s z
SISMEMBER none a
SISMEMBER s
SMISMEMBER s a z b a
SMISMEMBER none a b
SMISMEMBER s
SMEMBERS none
SMEMBERS s
SMEMBERS s extra
SREM s a z
SREM none a
SREM s b c
EXISTS s
SREM s

SET k v
SADD k a
SREM k a
SCARD k
SMEMBERS k
SISMEMBER k a
SMISMEMBER k a
SPOP k
SPOP k 1
SRANDMEMBER k
SRANDMEMBER k 1
SADD s a
SMOVE k s a
SMOVE s k a
SMOVE s k zz
SMOVE none k a
SINTER s k
SINTER none k
SINTER k none
SUNION s k
SDIFF s k
SINTERSTORE d s k
SUNIONSTORE d s k
SDIFFSTORE d s k
SINTERCARD 2 s k
SSCAN k 0

SPOP none
SPOP none 1
SPOP none 0
SPOP none -1
SPOP none abc
SADD s only
SPOP s
EXISTS s
SADD s a b c
SPOP s 0
SPOP s -1
SPOP s abc
SPOP s 9223372036854775808
SPOP s 100
EXISTS s
SPOP s 1 2
SPOP

SRANDMEMBER none
SRANDMEMBER none 5
SRANDMEMBER none -5
SADD s a
SRANDMEMBER s
SRANDMEMBER s 0
SRANDMEMBER s 5
SRANDMEMBER s -5
SRANDMEMBER s abc
SRANDMEMBER s -9223372036854775808
SRANDMEMBER s 9223372036854775807
SRANDMEMBER s 1 2

SADD a 1 2 3
SADD b 3 4
SMOVE a b 1
SMOVE a b 1
SMOVE a a 2
SMOVE a a 9
SMOVE a c 2
SMOVE a c 3
EXISTS a
SMOVE none b 1
SMOVE a b

SADD a 1 2 3 x
SADD b 2 3 4 x
SADD c 3 x
SINTER a b c
SINTER a
SINTER a none
SINTER
SINTERCARD 2 a b
SINTERCARD 2 a b LIMIT 1
SINTERCARD 2 a b LIMIT 0
SINTERCARD 2 a b LIMIT -1
SINTERCARD 2 a b LIMIT x
SINTERCARD 2 a b LIMIT
SINTERCARD 0 a
SINTERCARD -1 a
SINTERCARD x a
SINTERCARD 3 a b
SINTERCARD 1 a b
SINTERCARD 1 a junk
SINTERCARD 2 a none
SINTERCARD 1
SUNION a b c none
SUNION
SDIFF a b
SDIFF a none
SDIFF none a
SDIFF a a
SDIFF
SINTERSTORE d a b
SMEMBERS d
SINTERSTORE d a none
EXISTS d
SUNIONSTORE d a b
SCARD d
SUNIONSTORE a a b
SCARD a
SDIFFSTORE d a b
SMEMBERS d
SDIFFSTORE d a a
EXISTS d
SINTERSTORE d
SUNIONSTORE d
SDIFFSTORE

SET d string
SADD a 1
SUNIONSTORE d a
TYPE d
SINTERSTORE d none
EXISTS d

SADD s 1 2 3
OBJECT ENCODING s
SADD s a
SMEMBERS s
SADD t 9223372036854775807 -9223372036854775808
OBJECT ENCODING t
SADD t 9223372036854775808
SMEMBERS t
SADD u 01
SADD u 1 -0 0
SCARD u

SSCAN none 0
SADD s 1 2 3
SSCAN s 0
SSCAN s abc
SSCAN s -1
SSCAN s ""
SSCAN s +0
SSCAN s " 0"
SSCAN s -18446744073709551616
SSCAN s 0 COUNT 0
SSCAN s 0 COUNT x
SSCAN s 0 MATCH
SSCAN s 0 MATCH 1
SSCAN s 0 junk
SSCAN s 0 TYPE string
SSCAN s
"""

SORTED_TWO = lambda reply: sorted(reply.split(b"\r\n")) == sorted(b"*2\r\n$1\r\n1\r\n$1\r\n2\r\n".split(b"\r\n"))

NEWER = [
    ("SADD s a b", "OBJECT ENCODING s", b"$8\r\nlistpack\r\n"),
    ("SADD a 1 2", "SADD b 2 3", "SUNIONCARD 2 a b", b":3\r\n"),
    ("SADD a 1 2", "SADD b 2 3", "SUNIONCARD 2 a b LIMIT 2", b":2\r\n"),
    ("SADD a 1 2", "SADD b 2 x", "SUNIONCARD 3 a b none LIMIT 0 APPROX", b":3\r\n"),
    ("SADD a 1 2", "SUNIONCARD 1 a LIMIT 1", b":1\r\n"),
    ("SUNIONCARD 0 a", b"-ERR numkeys should be greater than 0\r\n"),
    ("SUNIONCARD 2 a", b"-ERR Number of keys can't be greater than number of args\r\n"),
    ("SUNIONCARD 1 a LIMIT -1", b"-ERR LIMIT can't be negative\r\n"),
    ("SUNIONCARD 1 a b", b"-ERR syntax error\r\n"),
    ("SDIFFCARD 1 a APPROX", b"-ERR syntax error\r\n"),
    ("SADD b 1", "SDIFFCARD 2 a b", b":0\r\n"),
    ("SADD a 1 2", "SDIFFCARD 2 a none", b":2\r\n"),
    ("SET k v", "SADD a 1", "SDIFFCARD 2 a k", b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
    (["SADD", "s", *map(str, range(512))], "OBJECT ENCODING s", b"$6\r\nintset\r\n"),
    (["SADD", "s", *map(str, range(512))], "SADD s 512", "OBJECT ENCODING s", b"$9\r\nhashtable\r\n"),
    (["SADD", "s", *("m%d" % i for i in range(128))], "OBJECT ENCODING s", b"$8\r\nlistpack\r\n"),
    (["SADD", "s", *("m%d" % i for i in range(128))], "SADD s n", "OBJECT ENCODING s", b"$9\r\nhashtable\r\n"),
    (["SADD", "s", *map(str, range(127))], "SADD s x", "OBJECT ENCODING s", b"$8\r\nlistpack\r\n"),
    (["SADD", "s", *map(str, range(128))], "SADD s x", "OBJECT ENCODING s", b"$9\r\nhashtable\r\n"),
    (["SADD", "s", "x" * 64], "OBJECT ENCODING s", b"$8\r\nlistpack\r\n"),
    (["SADD", "s", "x" * 65], "OBJECT ENCODING s", b"$9\r\nhashtable\r\n"),
    (["SADD", "s", *("m%d" % i for i in range(300))], "SADD t m1 m2 7", "SINTERSTORE d s t", "OBJECT ENCODING d", b"$8\r\nlistpack\r\n"),
    (["SADD", "s", *map(str, range(600))], "SADD t 1 2 x", "SINTERSTORE d s t", "OBJECT ENCODING d", b"$6\r\nintset\r\n"),
    (["SADD", "s", *("m%d" % i for i in range(128))], "SADD t x", "SUNIONSTORE d s t", "OBJECT ENCODING d", b"$9\r\nhashtable\r\n"),
    ("SADD a 1 2", "SADD b 2 3", "SDIFFCARD 2 a b", b":1\r\n"),
    ("SADD a 1 2 4", "SADD b 2 3", "SDIFFCARD 2 a b LIMIT 1", b":1\r\n"),
]
