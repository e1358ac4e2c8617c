"""Strings."""

KEYS = ["s:%d" % i for i in range(6)]

EXPIRIES = [["EX", 5000], ["PX", 5000000], ["EXAT", 33177117420], ["PXAT", 33177117420000]]


def expiry(w):
    if w.chance(0.85):
        return list(w.pick(*EXPIRIES))
    return [w.pick("EX", "PX", "EXAT", "PXAT"), w.pick("0", "-1", "abc", "", "9223372036854775807", "1.5")]


def set_with_options(w):
    return ["SET", w.key(), w.value(), *w.options("NX", "XX", "GET", "KEEPTTL", lambda: expiry(w), share=0.2)]


def pairs(w, most=4):
    return [item for _ in range(w.number(1, most)) for item in (w.key(), w.value())]


STEPS = [
    (8, "SET", set_with_options),
    (8, "SET", lambda w: ["SET", w.key(), w.integer(-100, 100, 0.1)]),
    (6, "GET", lambda w: ["GET", w.key()]),
    (3, "GETEX", lambda w: ["GETEX", w.key(), *w.options("PERSIST", lambda: expiry(w), share=0.35)]),
    (2, "GETDEL", lambda w: ["GETDEL", w.key()]),
    (2, "GETSET", lambda w: ["GETSET", w.key(), w.value()]),
    (4, "GETRANGE", lambda w: ["GETRANGE", w.key(), w.integer(-12, 12), w.integer(-12, 40)]),
    (1, "SUBSTR", lambda w: ["SUBSTR", w.key(), w.integer(-12, 12), w.integer(-12, 12)]),
    (3, "SETRANGE", lambda w: ["SETRANGE", w.key(), w.small(0, 60), w.value()]),
    (3, "APPEND", lambda w: ["APPEND", w.key(), w.value()]),
    (3, "STRLEN", lambda w: ["STRLEN", w.key()]),
    (2, "SETNX", lambda w: ["SETNX", w.key(), w.value()]),
    (2, "SETEX", lambda w: ["SETEX", w.key(), w.pick(5000, "0", "-1", "x", "9223372036854775807"), w.value()]),
    (2, "PSETEX", lambda w: ["PSETEX", w.key(), w.pick(5000000, "0", "-1", "x", "9223372036854775807"), w.value()]),
    (3, "MGET", lambda w: ["MGET", *w.several_keys()]),
    (3, "MSET", lambda w: ["MSET", *pairs(w)]),
    (2, "MSETNX", lambda w: ["MSETNX", *pairs(w, 2)]),
    (4, "INCR", lambda w: ["INCR", w.key()]),
    (4, "INCRBY", lambda w: ["INCRBY", w.key(), w.integer(-50, 50)]),
    (3, "DECR", lambda w: ["DECR", w.key()]),
    (3, "DECRBY", lambda w: ["DECRBY", w.key(), w.integer(-50, 50)]),
    (4, "INCRBYFLOAT", lambda w: ["INCRBYFLOAT", w.key(), w.floating()]),
    (2, "LCS", lambda w: ["LCS", w.key(), w.key(), *w.options(
        "LEN", "IDX", "WITHMATCHLEN", lambda: ["MINMATCHLEN", w.integer(-2, 5)])]),
    (3, "DEL", lambda w: ["DEL", *w.several_keys(2)]),
    (2, "PTTL", lambda w: ["PTTL", w.key()]),
    (2, "OBJECT", lambda w: ["OBJECT", "ENCODING", w.key()]),
]

EDGES = """
SET k v
GET k
SET k v NX
SET k v XX GET
SET k v NX GET
SET k v EX 10 PX 10
SET k v EX 10 KEEPTTL
SET k v NX XX
SET k v EX
SET k v EX 0
SET k v EX -1
SET k v PX 9223372036854775807
SET k v EX 9223372036854775807
SET k v EX 9223372036854775
SET k v EXAT 0
SET k v PXAT -5
SET k v EX abc
SET k v junk
SET k v NX NX
SET k v nx ex 100 get
TTL k
SET k v KEEPTTL
TTL k
SET k v
TTL k
SET k
SET

SET new v GET
SET new w GET
RPUSH l a
SET l v GET
SET l v NX GET
TYPE l
SET l v
TYPE l

SET k v PXAT 1
GET k
EXISTS k
SET k v EXAT 1
EXISTS k

GET
GET a b
GET none
RPUSH l a
GET l
GETSET l x
GETDEL l
GETEX l
STRLEN l
APPEND l x
INCR l
INCRBYFLOAT l 1
GETRANGE l 0 1
SETRANGE l 1 x
SETRANGE l 1 ""
MGET l none
SETNX l x
LCS l l

SET k 10
GETEX k EX 100
TTL k
GETEX k PERSIST
TTL k
GETEX k PERSIST EX 100
GETEX k EX 100 PX 100
GETEX k EX 0
GETEX k EX -5
GETEX k EXAT 1
GET k
GETEX k junk
GETEX none EX 10
GETEX none EX abc
GETEX k EX
GETEX k NX

SET k "This is a string"
GETRANGE k 0 3
GETRANGE k -3 -1
GETRANGE k 0 -1
GETRANGE k 10 100
GETRANGE k 5 3
GETRANGE k -1 -5
GETRANGE k -100 -50
GETRANGE k 0 9223372036854775807
GETRANGE k -9223372036854775808 9223372036854775807
GETRANGE k 0 9223372036854775808
GETRANGE k a 1
GETRANGE k 0
GETRANGE none 0 -1
SUBSTR k 0 3
SET n 12345
GETRANGE n 1 3
STRLEN n

SETRANGE k 5 hello
GET k
SETRANGE k 0 ""
SETRANGE none 0 ""
EXISTS none
SETRANGE none 5 ""
SETRANGE k -1 x
SETRANGE k 536870912 x
SETRANGE k 536870911 ""
SETRANGE k 536870911 xx
SETRANGE k 9223372036854775807 x
SETRANGE k abc x
SETRANGE k 1
SET n 100
SETRANGE n 1 9
INCR n
OBJECT ENCODING n

APPEND k a
APPEND k ""
APPEND none ""
EXISTS none
SET n 12
APPEND n 3
OBJECT ENCODING n
INCR n
OBJECT ENCODING n
APPEND k

SET n 9223372036854775807
INCR n
INCRBY n 1
DECR n
SET n -9223372036854775808
DECR n
DECRBY n 1
INCR n
DECRBY n -9223372036854775808
INCRBY n 9223372036854775808
INCRBY n ""
INCRBY n " 1"
INCRBY n 1.0
INCRBY n +1
INCRBY n 01
INCRBY n -0
SET n " 1"
INCR n
SET n "1 "
INCR n
SET n 01
INCR n
SET n +1
INCR n
SET n -0
INCR n
SET n ""
INCR n
SET n 1.0
INCR n
SET n 9223372036854775808
INCR n
INCR
INCR a b
INCRBY n
DECRBY n 9223372036854775807
DECRBY none -9223372036854775807
DECRBY none2 9223372036854775807

INCRBYFLOAT n 0.1
INCRBYFLOAT n 0.2
INCRBYFLOAT n -0.3
INCRBYFLOAT n 1e3
INCRBYFLOAT n 5.0e-3
INCRBYFLOAT n inf
INCRBYFLOAT n -inf
INCRBYFLOAT n nan
INCRBYFLOAT n abc
INCRBYFLOAT n ""
INCRBYFLOAT n " 1"
INCRBYFLOAT n "1 "
INCRBYFLOAT n 1e400
INCRBYFLOAT n 0x10
INCRBYFLOAT n 1e17
INCRBYFLOAT n -1e17
SET n 3.0e3
INCRBYFLOAT n 200
SET n " 3"
INCRBYFLOAT n 1
SET n inf
INCRBYFLOAT n 1
SET n 1e308
INCRBYFLOAT n 1e308
SET n 10.50
INCRBYFLOAT n 0.1
INCRBYFLOAT n -5
SET n 9223372036854775807
INCRBYFLOAT n 1
SET n 1
INCRBYFLOAT n 0
OBJECT ENCODING n
INCRBYFLOAT n 1.5
OBJECT ENCODING n
SET n 0.00000000000000001
INCRBYFLOAT n 0
SET n 123456789.123456789
INCRBYFLOAT n 0.000000001

SET n 1 EX 1000
INCRBYFLOAT n 1
TTL n
INCR n
TTL n
APPEND n 1
TTL n
SETRANGE n 0 1
TTL n
GETSET n 5
TTL n

MSET a 1 b 2 a 3
MGET a b none a
MSET a
MSET a 1 b
MSETNX a 1 c 2
MGET a c
MSETNX c 1 d 2 c 3
MGET c d
MSETNX e
MGET
MSET

SETEX k 10 v
SETEX k 0 v
SETEX k -1 v
SETEX k abc v
SETEX k 9223372036854775807 v
SETEX k 10
PSETEX k 0 v
PSETEX k 9223372036854775807 v
PSETEX k 10000 v
TTL k
SETNX k w
GET k
SETNX k

SET a ohmytext
SET b mynewtext
LCS a b
LCS a b LEN
LCS a b IDX
LCS a b IDX MINMATCHLEN 4
LCS a b IDX WITHMATCHLEN
LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
LCS a b IDX LEN
LCS a b MINMATCHLEN
LCS a b MINMATCHLEN -5 IDX
LCS a b MINMATCHLEN x
LCS a b junk
LCS a none
LCS none none IDX
LCS none none LEN
LCS a
LCS a b LEN MINMATCHLEN 3

SET k 1
OBJECT ENCODING k
SET k 12345678901234567890
OBJECT ENCODING k
SET k 9223372036854775807
OBJECT ENCODING k
SET k ""
OBJECT ENCODING k
SET k 01234567890123456789012345678901234567890123
OBJECT ENCODING k
SET k 012345678901234567890123456789012345678901234
OBJECT ENCODING k
SET k -0
OBJECT ENCODING k
SET k " 1"
OBJECT ENCODING k
OBJECT REFCOUNT k

GETDEL none
SET k v
GETDEL k
EXISTS k
GETDEL
GETSET none v
GETSET none w
GETSET k

set K v
gEt K
GET k
SET "" empty
GET ""
SET "\\x00\\xff" "\\x00\\r\\n"
GET "\\x00\\xff"
STRLEN "\\x00\\xff"
"""

OK = b"+OK\r\n"
NULL = {2: b"$-1\r\n", 3: b"_\r\n"}

WRONG = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
SYNTAX = b"-ERR syntax error\r\n"
NOT_INTEGER = b"-ERR value is not an integer or out of range\r\n"
HEX = b"-ERR must be exactly 16 hexadecimal characters\r\n"
V_DIGEST = "f7042be43fb80714"


def bulk(data):
    return b"$%d\r\n%b\r\n" % (len(data), data)


def integers(*numbers):
    return b"*%d\r\n" % len(numbers) + b"".join(b":%d\r\n" % number for number in numbers)


def floats(*texts):
    return {2: b"*%d\r\n" % len(texts) + b"".join(map(bulk, texts)),
            3: b"*%d\r\n" % len(texts) + b"".join(b",%b\r\n" % text for text in texts)}


def near(low, high):
    """An integer reply within bounds, for times to live."""
    return lambda reply: reply.startswith(b":") and low <= int(reply[1:]) <= high


NEWER = [
    ("SET k v", "SET k w IFEQ v", OK),
    ("SET k v", "SET k w IFEQ x", NULL),
    ("SET k w IFEQ x", NULL),
    ("SET k v", "SET k w IFEQ x", "GET k", b"$1\r\nv\r\n"),
    ("SET k v", "SET k w IFNE x", OK),
    ("SET k v", "SET k w IFNE v", NULL),
    ("SET k w IFNE x", OK),
    ("SET k v", "SET k w IFEQ v GET", b"$1\r\nv\r\n"),
    ("SET k v", "SET k w NX IFEQ v", b"-ERR syntax error\r\n"),
    ("SET k v", "DELEX k", b":1\r\n"),
    ("SET k v", "DELEX k IFEQ v", b":1\r\n"),
    ("SET k v", "DELEX k IFEQ x", b":0\r\n"),
    ("SET k v", "DELEX k IFNE x", b":1\r\n"),
    ("SET k v", "DELEX k IFNE v", b":0\r\n"),
    ("DELEX none IFEQ v", b":0\r\n"),
    ("SET k v", "DELIFEQ k v", b":1\r\n"),
    ("SET k v", "DELIFEQ k w", b":0\r\n"),
    ("DELIFEQ k w", b":0\r\n"),
    ("DIGEST none", NULL),
    ("SET k v", "DIGEST k", lambda reply: reply.startswith(b"$16\r\n")),
    ("MSETEX 2 a 1 b 2 EX 100", b":1\r\n"),
    ("MSETEX 2 a 1 b 2 EX 100", "MGET a b", b"*2\r\n$1\r\n1\r\n$1\r\n2\r\n"),
    ("SET a 0", "MSETEX 2 a 1 b 2 NX", b":0\r\n"),
    ("SET a 0", "MSETEX 2 a 1 b 2 XX", b":0\r\n"),
    ("SET a 0", "MSETEX 1 a 1 XX", b":1\r\n"),
    ("RPUSH l a", "SET l v IFEQ a", b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
    # Digests: XXH3 of the value, 16 digits with leading zeros.
    ("SET k v", "DIGEST k", bulk(V_DIGEST.encode())),
    ("SET k 1", "INCR k", "DIGEST k", bulk(b"fb95a7322f5da314")),
    ("SET e \"\"", "DIGEST e", bulk(b"2d06800538d394c2")),
    ("SADD l a", "DIGEST l", WRONG),
    ("DIGEST", b"-ERR wrong number of arguments for 'digest' command\r\n"),
    ("SET k v", f"SET k w IFDEQ {V_DIGEST}", OK),
    ("SET k v", f"SET k w IFDEQ {V_DIGEST.upper()}", OK),
    ("SET k v", "SET k w IFDEQ 0000000000000000", NULL),
    (f"SET k w IFDEQ {V_DIGEST}", NULL),
    (f"SET k w IFDNE {V_DIGEST}", OK),
    ("SET k v", f"SET k w IFDNE {V_DIGEST}", NULL),
    ("SET k v", "SET k w IFDNE 0000000000000000 GET", bulk(b"v")),
    ("SET k v", "SET k w IFDEQ abc", HEX),
    ("SET k v", "SET k w IFDEQ 000000000000000g", NULL),
    ("SET k v", "SET k w IFDEQ", SYNTAX),
    ("SET k v", "SET k w IFEQ", SYNTAX),
    ("SET k v", f"SET k w IFEQ v IFDEQ {V_DIGEST}", SYNTAX),
    ("SET k v", "SET k w IFNE v XX", SYNTAX),
    ("SET k v EX 100", "SET k w IFEQ v KEEPTTL", "TTL k", near(99, 100)),
    ("SET k v", "SET k w IFEQ x GET", bulk(b"v")),
    ("SET k w IFNE x GET", NULL),
    ("SET k 10", "SET k 11 IFEQ 10", OK),
    ("DELEX none", b":0\r\n"),
    ("SADD l a", "DELEX l", b":1\r\n"),
    ("SADD l a", "DELEX l IFEQ a", b"-ERR Key should be of string type if conditions are specified\r\n"),
    ("SET k v", f"DELEX k IFDEQ {V_DIGEST}", b":1\r\n"),
    ("SET k v", f"DELEX k IFDNE {V_DIGEST}", b":0\r\n"),
    ("DELEX none IFNE v", b":0\r\n"),
    ("SET k v", "DELEX k IFDEQ abc", HEX),
    ("SET k v", "DELEX k IFEQ", b"-ERR wrong number of arguments for 'delex' command\r\n"),
    ("SET k v", "DELEX k IFXX v", b"-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE\r\n"),
    ("SADD l a", "DELIFEQ l a", WRONG),
    ("SET k v", "DELIFEQ k v", "EXISTS k", b":0\r\n"),
    # MSETEX
    ("MSETEX 2 a 1 b 2 EX 100", "TTL b", near(99, 100)),
    ("MSETEX 1 a 1 PXAT 33177117420000", "PEXPIRETIME a", b":33177117420000\r\n"),
    ("MSETEX 2 a 1 b 2 EXAT 1", "EXISTS a b", b":0\r\n"),
    ("SET a 0 EX 100", "MSETEX 2 a 1 b 2 KEEPTTL", "TTL a", near(99, 100)),
    ("SET a 0 EX 100", "MSETEX 2 a 1 b 2 KEEPTTL", "TTL b", b":-1\r\n"),
    ("SET a 0 EX 100", "MSETEX 1 a 1", "TTL a", b":-1\r\n"),
    ("SET a 0", "SET b 0", "MSETEX 2 a 1 b 2 XX", b":1\r\n"),
    ("MSETEX 2 a 1 b 2 EX 100 NX", b":1\r\n"),
    ("SET a 0", "MSETEX 2 a 1 b 2 NX EX 100", "TTL a", b":-1\r\n"),
    ("SADD l a", "MSETEX 1 l 1", "TYPE l", b"+string\r\n"),
    ("MSETEX 2 a 1 b 2 NX XX", SYNTAX),
    ("MSETEX 2 a 1 b 2 EX 100 PX 100", SYNTAX),
    ("MSETEX 2 a 1 b 2 EX 100 KEEPTTL", SYNTAX),
    ("MSETEX 2 a 1 b 2 junk", SYNTAX),
    ("MSETEX 1 a 1 EX 0", b"-ERR invalid expire time in 'msetex' command\r\n"),
    ("MSETEX 1 a 1 EX abc", NOT_INTEGER),
    ("MSETEX 0 a 1", b"-ERR invalid numkeys value\r\n"),
    ("MSETEX x a 1", b"-ERR invalid numkeys value\r\n"),
    ("MSETEX 2 a 1 b", b"-ERR wrong number of key-value pairs\r\n"),
    ("MSETEX 1 a", b"-ERR wrong number of arguments for 'msetex' command\r\n"),
    # INCREX
    ("INCREX k", integers(1, 1)),
    ("SET k 10", "INCREX k BYINT -3", integers(7, -3)),
    ("SET k 99", "INCREX k BYINT 5 UBOUND 100", integers(99, 0)),
    ("SET k 99 EX 50", "INCREX k BYINT 5 UBOUND 100 EX 900", "TTL k", near(49, 50)),
    ("SET k 99", "INCREX k BYINT 5 UBOUND 100 SATURATE", integers(100, 1)),
    ("SET k 5", "INCREX k BYINT -9 LBOUND 0 SATURATE", integers(0, -5)),
    ("SET k 9223372036854775807", "INCREX k", integers(9223372036854775807, 0)),
    ("SET k 9223372036854775800", "INCREX k BYINT 100 SATURATE", integers(9223372036854775807, 7)),
    ("INCREX none BYINT 5 UBOUND 3", "EXISTS none", b":0\r\n"),
    ("INCREX none BYINT 5 UBOUND 3 SATURATE", "GET none", bulk(b"3")),
    ("SET k -9223372036854775808", "INCREX k LBOUND 5 SATURATE", b"-ERR increment or decrement would overflow\r\n"),
    ("SET k 1.5", "INCREX k BYFLOAT 0.25", floats(b"1.75", b"0.25")),
    ("INCREX none BYFLOAT 1e3", floats(b"1000", b"1000")),
    ("SET k 1.5", "INCREX k BYFLOAT 10 UBOUND 2", floats(b"1.5", b"0")),
    ("SET k 1.5", "INCREX k BYFLOAT 10 UBOUND 2 SATURATE", floats(b"2", b"0.5")),
    ("SET k 1.5", "INCREX k BYFLOAT 10 UBOUND 2 SATURATE", "GET k", bulk(b"2")),
    ("SET k 1.5", "INCREX k", NOT_INTEGER),
    ("SET k 1", "INCREX k BYFLOAT inf", b"-ERR increment would produce NaN or Infinity\r\n"),
    ("SADD l a", "INCREX l", WRONG),
    ("SET k 1", "INCREX k EX 100", "TTL k", near(99, 100)),
    ("SET k 1 EX 500", "INCREX k", "TTL k", near(499, 500)),
    ("SET k 1 EX 500", "INCREX k EX 10 ENX", "TTL k", near(499, 500)),
    ("SET k 1", "INCREX k ENX EX 10", "TTL k", near(9, 10)),
    ("SET k 1 EX 500", "INCREX k PERSIST", "TTL k", b":-1\r\n"),
    ("SET k 1", "INCREX k EXAT 1", "EXISTS k", b":0\r\n"),
    ("INCREX k ENX", lambda reply: reply.startswith(b"-ERR ENX")),
    ("INCREX k PERSIST ENX", lambda reply: reply.startswith(b"-ERR ENX")),
    ("INCREX k EX 10 PERSIST", SYNTAX),
    ("INCREX k BYINT 1 BYFLOAT 1", SYNTAX),
    ("INCREX k BYINT", SYNTAX),
    ("INCREX k junk", SYNTAX),
    ("INCREX k BYINT 1.5", NOT_INTEGER),
    ("INCREX k UBOUND 1.5", NOT_INTEGER),
    ("INCREX k BYFLOAT abc", b"-ERR value is not a valid float\r\n"),
    ("INCREX k LBOUND 5 UBOUND 4", lambda reply: reply.startswith(b"-ERR LBOUND")),
]
