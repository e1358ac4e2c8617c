"""Commands about the server."""

from oracle import anything, same_kind
from resp import ReplyError

KEYS = ["a", "b"]

# Help texts grow with every version; the number of commands does too.


def errors_alike(ours, theirs):
    """Equal, or both errors: newer versions refuse a command without keys in other words."""
    if isinstance(ours, ReplyError) and isinstance(theirs, ReplyError):
        return True
    return repr(ours) == repr(theirs)


NORMALISERS = {
    "COMMAND GETKEYS": errors_alike, "COMMAND GETKEYSANDFLAGS": errors_alike,
    "COMMAND HELP": anything, "COMMAND COUNT": same_kind, "CONFIG HELP": anything, "OBJECT HELP": anything,
    "MEMORY HELP": anything, "CLIENT HELP": anything, "DEBUG HELP": anything, "COMMAND DOCS": same_kind,
    "COMMAND LIST": anything, "MEMORY DOCTOR": anything, "MEMORY STATS": anything, "XINFO HELP": anything,
    "XGROUP HELP": anything, "MODULE HELP": anything,
}

SETTABLE = {
    "maxmemory": ["0", "100mb", "1gb", "junk", "-1"],
    "maxmemory-policy": ["noeviction", "allkeys-lru", "volatile-ttl", "ALLKEYS-LFU"],
    "maxmemory-samples": ["5", "0", "10", "x"],
    "timeout": ["0", "100000", "-1", "x"],
    "hash-max-listpack-entries": ["128", "512", "-1", "x"],
    "hash-max-ziplist-entries": ["128"],
    "list-max-listpack-size": ["-2", "128", "x"],
    "slowlog-log-slower-than": ["10000", "-1", "x"],
    "loglevel": ["notice", "verbose"],
    "lfu-decay-time": ["1", "x"],
    "appendfsync": ["everysec", "always", "no", "junk"],
    "notify-keyspace-events": ["", "KEA", "Ex", "junk", "g$lshzxetd"],
    "lazyfree-lazy-expire": ["yes", "no", "junk", "YES"],
    "client-query-buffer-limit": ["1gb", "1mb", "1", "x"],
    "proto-max-bulk-len": ["512mb", "1mb", "1", "x"],
    "databases": ["5"],
    "junk-name": ["1"],
    "save": ["", "900 1", "900 1 300 10", "x", "900"],
    "client-output-buffer-limit": ["normal 0 0 0", "pubsub 32mb 8mb 60", "junk 0 0 0", "normal 0 0", "normal x 0 0"],
}


def config_set(w):
    words = ["CONFIG", "SET"]
    for _ in range(1 if w.chance(0.8) else 2):
        name = w.pick(*sorted(SETTABLE))
        words += [w.any_case(name), w.pick(*SETTABLE[name])]
    return words


def restore(_w):
    """Afterwards everything stands as before, so that other tests are not disturbed."""
    return [["CONFIG", "SET", "maxmemory", "0", "timeout", "0", "maxmemory-policy", "noeviction",
             "proto-max-bulk-len", "512mb", "client-query-buffer-limit", "1gb", "save", "", "notify-keyspace-events", "",
             "client-output-buffer-limit", "normal 0 0 0 pubsub 32mb 8mb 60", "hash-max-listpack-entries", "128",
             "list-max-listpack-size", "-2", "loglevel", "notice", "appendfsync", "everysec",
             "slowlog-log-slower-than", "10000", "maxmemory-samples", "5", "lfu-decay-time", "1",
             "lazyfree-lazy-expire", "no"]]


def set_and_get(w):
    command = config_set(w)
    return [command, ["CONFIG", "GET", command[2]], *restore(w)]


# Only commands that we know; one word alone is refused in other words since 7.2.
GETKEYS = [
    "GET a", "SET a b", "MSET a 1 b 2", "MGET a b c", "DEL a b", "BITOP AND d a b", "LCS a b", "COPY a b",
    "ZUNION 2 a b", "ZUNIONSTORE d 2 a b", "LMPOP 2 a b LEFT",
    "XREAD STREAMS a b 0 0", "GEORADIUS a 1 1 1 km STORE d", "JUNK a", "SINTERCARD 2 a b LIMIT 1", "ZINTERCARD 1 a",
    "OBJECT ENCODING a", "MEMORY USAGE a", "RENAME a b", "LMOVE a b LEFT LEFT", "RPOPLPUSH a b", "SETEX a 1 v",
    "SORT a", "SORT a BY w* GET # LIMIT 0 1 STORE d", "SORT a STORE", "SORT a STORE d STORE e",
    "SORT a LIMIT STORE d STORE e", "SORT a GET STORE STORE d", "SORT_RO a BY x", "ZUNIONSTORE d 0 a", "ZUNION 0 a",
    "SWAPDB 0 1", "EXISTS a b", "TOUCH a", "PFMERGE a b c",
    "SORT a", "SORT a BY b GET c STORE d", "SORT a STORE d LIMIT 0 1 store e", "SORT a GET store BY store", "SORT a STORE",
    "SORT_RO a BY b",
]

STEPS = [
    (6, "CONFIG", set_and_get),
    (4, "CONFIG", lambda w: ["CONFIG", "GET", w.pick(*sorted(SETTABLE), "maxmem*policy", "", "nothing*")]),
    (2, "CONFIG", lambda w: ["CONFIG", w.pick("RESETSTAT", "junk", "resetstat")]),
    (5, "COMMAND", lambda w: ["COMMAND", w.pick("GETKEYS", "GETKEYS", "GETKEYSANDFLAGS"), *w.pick(*GETKEYS).split()]),
    (2, "DEBUG", lambda w: ["DEBUG", "SLEEP", w.pick("0", "0.001", "x")]),
    (1, "DEBUG", lambda w: ["DEBUG", "SET-ACTIVE-EXPIRE", w.pick("1", "1", "1")]),
    (2, "DBSIZE", lambda w: ["DBSIZE"]),
    (2, "SET", lambda w: ["SET", w.pick("a", "b"), w.value()]),
]

EDGES = "\n\n".join(f"COMMAND GETKEYS {line}" for line in GETKEYS) + """

COMMAND junk
COMMAND COUNT x
COMMAND INFO nothing
COMMAND GETKEYS
COMMAND GETKEYSANDFLAGS
COMMAND GETKEYSANDFLAGS SET a b
COMMAND GETKEYSANDFLAGS MSET a 1 b 2
COMMAND GETKEYSANDFLAGS COPY a b
COMMAND LIST FILTERBY
COMMAND LIST FILTERBY junk x
COMMAND LIST FILTERBY MODULE nothing
COMMAND LIST FILTERBY PATTERN getrang*
COMMAND LIST FILTERBY ACLCAT nothing
COMMAND LIST x
COMMAND DOCS nothing

CONFIG
CONFIG junk
CONFIG GET
CONFIG GET nothing
CONFIG GET maxmemory
CONFIG GET MAXMEMORY
CONFIG GET maxmemory maxmemory
CONFIG GET maxmemory*
CONFIG GET [m]axmemory
CONFIG SET
CONFIG SET maxmemory
CONFIG SET maxmemory 1 junk
CONFIG SET junk 1
CONFIG SET maxmemory x
CONFIG SET maxmemory 1mb maxmemory 2mb
CONFIG SET maxmemory 100mb timeout x
CONFIG GET maxmemory
CONFIG SET port x
CONFIG SET databases 5
CONFIG SET daemonize yes
CONFIG SET appendonly junk
CONFIG SET hz 0
CONFIG GET hz
CONFIG SET hz 10
CONFIG SET maxmemory 100mb
CONFIG GET maxmemory
CONFIG SET maxmemory 0
CONFIG SET dir /nonexistent-directory
CONFIG SET maxclients 0
CONFIG RESETSTAT
CONFIG RESETSTAT x
CONFIG REWRITE

DEBUG
DEBUG junk
DEBUG SLEEP 0
DEBUG OBJECT none
DEBUG POPULATE 3
DBSIZE
DEBUG POPULATE 3 pre
DBSIZE
DEBUG POPULATE 2 size 10
GET size:0
STRLEN size:1
DEBUG POPULATE x
DEBUG SET-ACTIVE-EXPIRE 1
DEBUG SET-ACTIVE-EXPIRE
DEBUG DIGEST
DEBUG DIGEST x
DEBUG DIGEST-VALUE
DEBUG HTSTATS
DEBUG HTSTATS x
DEBUG HTSTATS -1
DEBUG HTSTATS 16
DEBUG HTSTATS 9
DEBUG HTSTATS-KEY none
DEBUG HTSTATS-KEY key:0
DEBUG SDSLEN none
DEBUG LISTPACK none
DEBUG LISTPACK key:0
DEBUG LISTPACK
DEBUG QUICKLIST none
DEBUG QUICKLIST key:0
DEBUG QUICKLIST key:0 0 x
DEBUG QUICKLIST-PACKED-THRESHOLD
DEBUG QUICKLIST-PACKED-THRESHOLD x
DEBUG QUICKLIST-PACKED-THRESHOLD 4gb
DEBUG QUICKLIST-PACKED-THRESHOLD -1
DEBUG QUICKLIST-PACKED-THRESHOLD 0
DEBUG STRUCTSIZE x
DEBUG PAUSE-CRON
DEBUG PAUSE-CRON 0
DEBUG CLIENT-EVICTION
DEBUG CLIENT-EVICTION x
DEBUG STRINGMATCH-TEST x
DEBUG RESTART x
DEBUG CRASH-AND-RECOVER x

SET n 12
SET s text
DEBUG SDSLEN n
RPUSH l a
DEBUG SDSLEN l
SADD i 1 2
DEBUG LISTPACK i
DEBUG QUICKLIST i
DEBUG HTSTATS-KEY i

TIME x
ROLE
ROLE x
MODULE LIST
MODULE LIST x
MODULE HELP
SHUTDOWN junk
SHUTDOWN SAVE NOSAVE
LOLWUT VERSION x
MEMORY USAGE none
"""
