"""Times to live. Only times far away or past are used, so that both servers see the same."""

KEYS = ["e:%d" % i for i in range(5)]

FAR_S, FAR_MS = "33177117420", "33177117420000"


def seconds(w):
    return w.number(1000, 9000) if w.chance(0.75) else w.integer(-5, 0, 0.7)


def milliseconds(w):
    return w.number(1000000, 9000000) if w.chance(0.75) else w.integer(-5, 0, 0.7)


def safe(value):
    """Times between now and a few minutes from now would pass on one server and not on the other."""
    try:
        number = int(value)
    except (ValueError, TypeError):
        return value
    return value if number <= 0 or number > 100000 else number + 100000


def conditions(w):
    return w.options("NX", "XX", "GT", "LT", share=0.12)


STEPS = [
    (8, "SET", lambda w: ["SET", w.key(), w.value(), *w.options(["EX", 7000], share=0.4)]),
    (2, "RPUSH", lambda w: ["RPUSH", w.key(), "a"]),
    (6, "EXPIRE", lambda w: ["EXPIRE", w.key(), safe(seconds(w)), *conditions(w)]),
    (6, "PEXPIRE", lambda w: ["PEXPIRE", w.key(), safe(milliseconds(w)), *conditions(w)]),
    (5, "EXPIREAT", lambda w: ["EXPIREAT", w.key(), w.pick(FAR_S, FAR_S, "33177117421", "1", "0", "-1", "x", "9223372036854775807"), *conditions(w)]),
    (5, "PEXPIREAT", lambda w: ["PEXPIREAT", w.key(), w.pick(FAR_MS, FAR_MS, "33177117421000", "1", "0", "-1", "x", "9223372036854775807"), *conditions(w)]),
    (4, "TTL", lambda w: ["TTL", w.key()]),
    (4, "PTTL", lambda w: ["PTTL", w.key()]),
    (4, "EXPIRETIME", lambda w: ["EXPIRETIME", w.key()]),
    (4, "PEXPIRETIME", lambda w: ["PEXPIRETIME", w.key()]),
    (4, "PERSIST", lambda w: ["PERSIST", w.key()]),
    (3, "GET", lambda w: ["GET", w.key()]),
    (2, "EXISTS", lambda w: ["EXISTS", w.key()]),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "RENAME", lambda w: ["RENAME", w.key(), w.key()]),
    (2, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
    (2, "GETEX", lambda w: ["GETEX", w.key(), *w.options("PERSIST", ["EXAT", FAR_S], share=0.4)]),
    (2, "INCR", lambda w: ["INCR", w.key()]),
    (2, "GETSET", lambda w: ["GETSET", w.key(), "1"]),
]

EDGES = """
SET "" v EX 1000
TTL ""
SET "\\x01" v
EXPIRE "\\x01" 1000
TTL "\\x01"

SET k v
TTL k
PTTL k
EXPIRETIME k
PEXPIRETIME k
TTL none
PTTL none
EXPIRETIME none
PEXPIRETIME none
PERSIST k
PERSIST none
EXPIRE k 1000
TTL k
PERSIST k
TTL k
EXPIRE none 10
EXPIRE k abc
EXPIRE k ""
EXPIRE k 1.5
EXPIRE k 9223372036854775807
EXPIRE k -9223372036854775808
EXPIRE k 9223372036854775
EXPIRE k 9223372036854774
EXPIRE k 9223372036854775808
PEXPIRE k 9223372036854775807
PEXPIRE k -9223372036854775808
EXPIREAT k 9223372036854775807
EXPIREAT k 9223372036854775
PEXPIREAT k 9223372036854775807
PEXPIRETIME k
EXPIRE k
EXPIRE
TTL
TTL a b

SET k v
EXPIRE k 0
EXISTS k
SET k v
EXPIRE k -1
EXISTS k
SET k v
PEXPIRE k -1000
EXISTS k
SET k v
EXPIREAT k 1
EXISTS k
SET k v
PEXPIREAT k 1
EXISTS k
SET k v
EXPIREAT k -1
EXISTS k

SET k v
EXPIREAT k 33177117420
EXPIRETIME k
PEXPIRETIME k
PEXPIREAT k 33177117420999
EXPIRETIME k
PEXPIRETIME k
EXPIREAT k 33177117420 NX
EXPIREAT k 33177117421 XX
EXPIREAT k 33177117420 GT
EXPIREAT k 33177117422 GT
EXPIREAT k 33177117423 LT
EXPIREAT k 33177117421 LT
EXPIRETIME k
PERSIST k
EXPIREAT k 33177117420 XX
EXPIREAT k 33177117420 GT
EXPIREAT k 33177117420 LT
EXPIRETIME k
EXPIREAT k 33177117420 NX XX
EXPIREAT k 33177117420 GT LT
EXPIREAT k 33177117420 NX GT
EXPIREAT k 33177117420 NX LT
EXPIREAT k 33177117420 XX GT
EXPIREAT k 33177117420 XX LT
EXPIREAT k 33177117420 junk
EXPIREAT k 33177117420 nx
EXPIREAT k 33177117425 XX XX
EXPIREAT none 33177117420 junk
EXPIREAT none abc junk
EXPIREAT k 1 GT
EXISTS k
EXPIREAT k 1 LT
EXISTS k

SET k v EX 1000
SET k w
TTL k
SET k v EX 1000
SET k w KEEPTTL
TTL k
APPEND k x
TTL k
DEL k
SET k v
TTL k
RPUSH l a
EXPIRE l 1000
RPUSH l b
TTL l
LPOP l 2
EXISTS l
RPUSH l a
TTL l
"""
