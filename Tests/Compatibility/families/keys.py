"""The keyspace: whatever the type of the value."""

from oracle import same_kind

KEYS = ["a", "b", "c", "d", "s:1", "l:1"]


def database(w):
    return w.number(0, 3) if w.chance(0.9) else w.pick("-1", "16", "x", "", "99999", "0")


def scan(w):
    return ["SCAN", "0", *w.options(
        ["MATCH", w.pick("*", "a*", "[ab]", "?", "x:*", "", "s:[0-9]")], ["COUNT", w.pick(1000, 1000, "0", "-1", "x")],
        ["TYPE", w.pick("string", "list", "hash", "junk", "STRING")])]


STEPS = [
    (6, "SET", lambda w: ["SET", w.key(), w.value(), *w.options(["EX", "5000"], share=0.2)]),
    (3, "RPUSH", lambda w: ["RPUSH", w.key(), *w.members()]),
    (2, "SADD", lambda w: ["SADD", w.key(), *w.members()]),
    (2, "HSET", lambda w: ["HSET", w.key(), w.member(), w.value()]),
    (2, "ZADD", lambda w: ["ZADD", w.key(), w.number(-5, 5), w.member()]),
    (5, "DEL", lambda w: ["DEL", *w.several_keys(3)]),
    (3, "UNLINK", lambda w: ["UNLINK", *w.several_keys(3)]),
    (4, "EXISTS", lambda w: ["EXISTS", *w.several_keys(4)]),
    (3, "TOUCH", lambda w: ["TOUCH", *w.several_keys(4)]),
    (4, "TYPE", lambda w: ["TYPE", w.key()]),
    (4, "RENAME", lambda w: ["RENAME", w.key(), w.key()]),
    (4, "RENAMENX", lambda w: ["RENAMENX", w.key(), w.key()]),
    (4, "COPY", lambda w: ["COPY", w.key(), w.key(), *w.options("REPLACE", lambda: ["DB", database(w)])]),
    (3, "MOVE", lambda w: ["MOVE", w.key(), database(w)]),
    (2, "RANDOMKEY", lambda w: ["RANDOMKEY"]),
    (3, "KEYS", lambda w: ["KEYS", w.pick("*", "a*", "?", "[ab]", "[^a]", "x:*", "\\a", "[a-c]", "", "[", "*:*", "a\\*")]),
    (3, "SCAN", scan),
    (3, "DBSIZE", lambda w: ["DBSIZE"]),
    (3, "SELECT", lambda w: ["SELECT", database(w)]),
    (1, "SWAPDB", lambda w: ["SWAPDB", database(w), database(w)]),
    (1, "FLUSHDB", lambda w: ["FLUSHDB", *w.options("ASYNC", "SYNC", share=0.3)]),
    (0.3, "FLUSHALL", lambda w: ["FLUSHALL", *w.options("ASYNC", "SYNC", "junk", share=0.3)]),
    (2, "OBJECT", lambda w: ["OBJECT", w.pick("REFCOUNT", "IDLETIME", "refcount"), w.key()]),
    (2, "MEMORY", lambda w: ["MEMORY", "USAGE", w.key(), *w.options(["SAMPLES", w.integer(0, 5)])]),
    (1, "PERSIST", lambda w: ["PERSIST", w.key()]),
    (2, "TTL", lambda w: ["TTL", w.key()]),
]


NORMALISERS = {
    "OBJECT REFCOUNT": same_kind,
    "OBJECT IDLETIME": same_kind,
}

EDGES = """
DEL
DEL none
UNLINK none
SET a 1
SET b 2
DEL a b a none
EXISTS a
SET a 1
EXISTS a a none a
EXISTS
TOUCH a none a
TOUCH
UNLINK a a
UNLINK

SET a 1
RENAME a b
GET b
RENAME none b
RENAMENX none b
RENAME b b
RENAMENX b b
SET c 3
RENAMENX b c
RENAME a
RENAME b c
GET c
EXPIRE c 1000
RENAME c d
TTL d
SET e 1
RENAME e d
TTL d

SET a 1 EX 1000
COPY a b
TTL b
COPY a b
COPY a b REPLACE
COPY a a
COPY a a DB 1
COPY a x DB 16
COPY a x DB -1
COPY a x DB abc
COPY a x DB
COPY a x junk
COPY none x
COPY none none
COPY a z DB 3 REPLACE
SELECT 3
GET z
TTL z
SELECT 0
COPY a

SET a 1
MOVE a 1
EXISTS a
MOVE a 1
SET a 2
MOVE a 1
MOVE a 0
MOVE a 16
MOVE a -1
MOVE a abc
MOVE a 99999999999
MOVE a
MOVE none 1
SELECT 1
GET a
FLUSHDB
SELECT 0

SELECT 15
SELECT 16
SELECT -1
SELECT abc
SELECT 0
SELECT 00
SELECT +1
SELECT ""
SELECT
SELECT 1 2
SELECT 4294967296
SELECT 9223372036854775808

SWAPDB 0 1
SET k zero
SELECT 1
SET k one
SWAPDB 0 1
GET k
SELECT 0
GET k
SWAPDB 0 0
SWAPDB 0 16
SWAPDB -1 0
SWAPDB a 0
SWAPDB 0 b
SWAPDB 0
SWAPDB 99999999999 1

RANDOMKEY
DBSIZE
SET only 1
RANDOMKEY
DBSIZE
DBSIZE extra
FLUSHDB junk
FLUSHDB SYNC ASYNC
FLUSHDB ASYNC
DBSIZE
SET only 1
FLUSHALL SYNC
DBSIZE
FLUSHALL async
FLUSHALL junk

KEYS
KEYS *
MSET one 1 two 2 three 3 four 4 "a*b" 5 "[x]" 6 "\\x00" 7
KEYS *
KEYS *o*
KEYS t??
KEYS [ot]*
KEYS [^o]*
KEYS a\\\\*b
KEYS "\\\\[x\\\\]"
KEYS [a-z]*
KEYS [z-a]*
KEYS t[w-h]*
KEYS **
KEYS ""
KEYS [
KEYS o[n
KEYS * extra

SCAN 0
SCAN abc
SCAN -1
SCAN ""
SCAN 18446744073709551615
SCAN 18446744073709551616
SCAN 0 COUNT 0
SCAN 0 COUNT -5
SCAN 0 COUNT abc
SCAN 0 COUNT
SCAN 0 MATCH
SCAN 0 TYPE
SCAN 0 junk
SCAN 0 COUNT 100 MATCH * TYPE string
SCAN 0 COUNT 100 COUNT 5
SET a 1
RPUSH l 1
SCAN 0 COUNT 100 TYPE list
SCAN 0 COUNT 100 TYPE LIST
SCAN 0 COUNT 100 TYPE none
SCAN

TYPE
TYPE none
SET a 1
TYPE a
TYPE a b
OBJECT
OBJECT junk
OBJECT junk a
OBJECT ENCODING
OBJECT ENCODING none
OBJECT REFCOUNT none
OBJECT IDLETIME none
OBJECT FREQ none
OBJECT IDLETIME a
OBJECT FREQ a
OBJECT HELP
OBJECT ENCODING a b
MEMORY USAGE none
MEMORY USAGE a SAMPLES 0
MEMORY USAGE a SAMPLES -1
MEMORY USAGE a SAMPLES x
MEMORY USAGE a junk
MEMORY USAGE
MEMORY USAGE a SAMPLES
MEMORY PURGE
MEMORY PURGE x
MEMORY junk
MEMORY
"""
