"""What Redis and Valkey answer otherwise since redis-server 7.0, the oracle of the other tests.

A row: since when, in a word what, the commands on an empty server, and the last one's reply: bytes, a dictionary of
bytes by protocol, or a predicate. Sources: the release notes and documentation of Redis 7.2 to 8.10 and Valkey 7.2 to
9.1, and their pull requests, which the rows name. Commands that 7.0 does not know at all stand with their families
(NEWER). What was announced and taken back again (GETRANGE with an end before the string, an error for an unknown TYPE
of SCAN: redis#12272, redis#12395) is as in 7.0.
"""

OK = b"+OK\r\n"
NULL = {2: b"$-1\r\n", 3: b"_\r\n"}
NULL_ARRAY = {2: b"*-1\r\n", 3: b"_\r\n"}
SYNTAX = b"-ERR syntax error\r\n"
NOT_INTEGER = b"-ERR value is not an integer or out of range\r\n"


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text.encode())


def number(text):
    """A score."""
    return {2: bulk(text), 3: b",%s\r\n" % text.encode()}


def error(text):
    return b"-%s\r\n" % text.encode()


def has(*parts):
    return lambda reply: all(part.encode() in reply for part in parts)


def lacks(*parts):
    return lambda reply: reply[:1] != b"-" and not any(part.encode() in reply for part in parts)


def lag(read, behind):
    """XINFO GROUPS of one group that has read so many entries and has so many before it."""
    def field(name, value):
        return bulk(name) + (b":%d\r\n" % value if value is not None else b"$-1\r\n")

    def check(reply):
        return (field("entries-read", read) + field("lag", behind)) in reply.replace(b"_\r\n", b"$-1\r\n")

    return check


FIVE = ["XADD s 1-0 a 1", "XADD s 2-0 a 2", "XADD s 3-0 a 3", "XADD s 4-0 a 4", "XADD s 5-0 a 5"]
GROUP = [*FIVE, "XGROUP CREATE s g 0"]


def reading(count):
    return f"XREADGROUP GROUP g alice COUNT {count} STREAMS s >"


STREAMS = [
    ("7.2", "XREADGROUP with nothing new makes the consumer, redis#11099", "XGROUP CREATE s g $ MKSTREAM",
     "XREADGROUP GROUP g bob STREAMS s >", "XINFO CONSUMERS s g", has("bob", "inactive\r\n:-1\r\n")),
    ("7.2", "… which then has been seen", "XGROUP CREATE s g $ MKSTREAM", "XREADGROUP GROUP g bob STREAMS s >",
     "XINFO STREAM s FULL", has("seen-time", "active-time\r\n:-1\r\n")),
    ("7.2", "XCLAIM of nothing makes the consumer", *GROUP, "XCLAIM s g bob 0 9-9", "XINFO CONSUMERS s g", has("bob")),
    ("7.2", "XAUTOCLAIM of nothing makes the consumer", *GROUP, "XAUTOCLAIM s g bob 0 0", "XINFO CONSUMERS s g", has("bob")),
    ("7.2", "XREADGROUP's unbalanced list, redis#11799", "XREADGROUP GROUP g a STREAMS s t >",
     error("ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.")),
    ("8.0", "XREAD's unbalanced list", "XREAD STREAMS s t 0",
     error("ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.")),
    ("7.4", "XREADGROUP has no +", *GROUP, "XREADGROUP GROUP g a STREAMS s +",
     error("ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
           "specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.")),
    ("7.4", "XREAD + is the last entry", *FIVE, "XREAD STREAMS s +", has("5-0")),
    ("7.2", "XADD ms-* behind the last id of the millisecond", "XADD s 1-18446744073709551615 a 1", "XADD s 1-* a 1",
     error("ERR The ID specified in XADD is equal or smaller than the target stream top item")),
    ("7.2", "XSETID below what was deleted, redis#11444", *FIVE, "XDEL s 5-0", "XSETID s 4-5",
     error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")),
    ("7.2", "… and at it", *FIVE, "XDEL s 5-0", "XSETID s 5-0", OK),
    # How far a group lags: redis#13338, redis#13473, redis#13958.
    ("7.4.2", "lag after a trim beyond what was read", *GROUP, reading(1), "XTRIM s MAXLEN 1", "XINFO GROUPS s", lag(1, 1)),
    ("8.0", "… and after the next read", *GROUP, reading(1), "XTRIM s MAXLEN 1", reading(1), "XINFO GROUPS s", lag(5, 0)),
    ("7.4.2", "lag after a trim of what was read", *GROUP, reading(3), "XTRIM s MAXLEN 3", "XINFO GROUPS s", lag(3, 2)),
    ("7.4.2", "lag of a stream that was emptied", *GROUP, reading(1), "XTRIM s MAXLEN 0", "XINFO GROUPS s", lag(1, 0)),
    ("7.4.2", "lag with a hole ahead", *GROUP, reading(1), "XDEL s 4-0", "XINFO GROUPS s", lag(1, None)),
    ("7.4.2", "lag with a hole behind", *GROUP, reading(2), "XDEL s 1-0 2-0", "XINFO GROUPS s", lag(2, 3)),
    ("7.4.2", "lag with all holes before the first entry", *GROUP, reading(2), "XDEL s 1-0 2-0 3-0", "XINFO GROUPS s", lag(2, 2)),
    ("7.4.2", "entries-read after a hole ahead, at the end", *GROUP, reading(2), "XDEL s 3-0", reading(9), "XINFO GROUPS s", lag(5, 0)),
    ("7.4.2", "entries-read after a hole ahead, before the end", *GROUP, reading(2), "XDEL s 4-0", reading(1), "XINFO GROUPS s",
     lag(None, None)),
    ("8.8", "no group has read more than was added, redis#14257", *FIVE, "XGROUP CREATE s g $ ENTRIESREAD 100", "XINFO GROUPS s",
     lag(5, 0)),
    ("8.8", "… nor by SETID", *GROUP, "XGROUP SETID s g $ ENTRIESREAD 100", "XINFO GROUPS s", lag(5, 0)),
    ("8.10", "… nor by XSETID, redis#15489", *GROUP, reading(5), "XTRIM s MAXLEN 1", "XSETID s 5-0 ENTRIESADDED 2",
     "XINFO GROUPS s", lag(2, 0)),
    ("8.10", "XSETID leaves what is not known", *GROUP, "XGROUP SETID s g 3-0", "XSETID s 5-0 ENTRIESADDED 7", "XINFO GROUPS s",
     has("entries-read", "lag")),
    ("8.2", "XDELEX ACKED without groups", "XADD s 1-1 a 1", "XDELEX s ACKED IDS 2 1-1 9-9", b"*2\r\n:1\r\n:-1\r\n"),
    ("8.6", "XINFO STREAM always tells of producers", "XADD s 1-1 a 1", "XINFO STREAM s",
     has("idmp-duration\r\n:100", "idmp-maxsize\r\n:100", "pids-tracked\r\n:0", "iids-tracked\r\n:0", "iids-added\r\n:0",
         "iids-duplicates\r\n:0")),
    ("8.6", "… as does its FULL form", "XADD s 1-1 a 1", "XINFO STREAM s FULL", has("idmp-duration\r\n:100", "iids-duplicates\r\n:0")),
    ("8.8", "the greatest number of deliveries stays, claimed", *GROUP, reading(1), "XNACK s g FATAL IDS 1 1-0", "XCLAIM s g bob 0 1-0",
     "XPENDING s g - + 9", has(":9223372036854775807\r\n")),
    ("8.8", "… read", *GROUP, reading(1), "XCLAIM s g alice 0 1-0 RETRYCOUNT 9223372036854775807",
     "XREADGROUP GROUP g alice STREAMS s 0", "XPENDING s g - + 9", has(":9223372036854775807\r\n")),
    ("8.8", "… claimed by reading", *GROUP, reading(1), "XNACK s g FATAL IDS 1 1-0", "XREADGROUP GROUP g bob CLAIM 0 STREAMS s >",
     "XPENDING s g 1-0 1-0 9", has(":9223372036854775807\r\n")),
    ("8.8", "… claimed automatically", *GROUP, reading(1), "XNACK s g FATAL IDS 1 1-0", "XAUTOCLAIM s g bob 0 0",
     "XPENDING s g - + 9", has(":9223372036854775807\r\n")),
    ("8.4", "XREADGROUP CLAIM", *GROUP, reading(1), "XREADGROUP GROUP g bob CLAIM 0 COUNT 1 STREAMS s >", has("1-0")),
]

# Scores are as short as they can be, laid out as fpconv has it: redis#10587.
SCORES = [
    ("7.2", f"the score {text}", f"ZADD z {given} m", "ZSCORE z m", number(text))
    for given, text in [
        ("0.1", "0.1"), ("1e-6", "0.000001"), ("1e-7", "1e-7"), ("1.5e-6", "1.5e-6"), ("1.5e-7", "1.5e-7"), ("1e-10", "1e-10"),
        ("5e-324", "5e-324"), ("100", "100"), ("1e15", "1000000000000000"), ("1e17", "100000000000000000"), ("1e18", "1000000000000000000"),
        ("-4611686018427387904", "-4611686018427387904"), ("5e18", "5e+18"), ("1e19", "1e+19"), ("1e22", "1e+22"),
        ("12345678901234567890", "12345678901234567000"), ("1e300", "1e+300"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("3.14159265358979", "3.14159265358979"), ("1234.5678901", "1234.5678901"), ("12345.6789012", "1.23456789012e+4"),
        ("1658149087.123456", "1658149087.123456"), ("1658149087.1234567", "1.6581490871234567e+9"), ("-0.5", "-0.5"),
        ("inf", "inf"), ("-inf", "-inf"), ("-1e-7", "-1e-7"), ("0.30000000000000004", "0.30000000000000004"),
    ] if (given, text) not in [("1.5e-6", "1.5e-6"), ("5e18", "5000000000000000000")]
] + [
    ("7.2", "ZINCRBY", "ZADD z 0.1 m", "ZINCRBY z 0.2 m", number("0.30000000000000004")),
    ("7.2", "a small score among many", "ZADD z 1e-7 m", "ZRANGE z 0 -1 WITHSCORES",
     {2: b"*2\r\n$1\r\nm\r\n$4\r\n1e-7\r\n", 3: b"*1\r\n*2\r\n$1\r\nm\r\n,1e-7\r\n"}),
    ("7.2", "ZSCAN, redis#15821", "ZADD z 3.3 m", "ZSCAN z 0", has("$3\r\n3.3\r\n")),
    ("7.2", "ZRANK WITHSCORE, redis#11235", "ZADD z 0.1 m", "ZRANK z m WITHSCORE",
     {2: b"*2\r\n:0\r\n$3\r\n0.1\r\n", 3: b"*2\r\n:0\r\n,0.1\r\n"}),
    ("7.2", "ZRANK WITHSCORE of none", "ZADD z 0.1 m", "ZRANK z x WITHSCORE", NULL_ARRAY),
]

KEYS = [
    ("7.2", "a small set is a listpack, redis#11290", "SADD s a b c", "OBJECT ENCODING s", bulk("listpack")),
    ("7.2", "… until it is large", "CONFIG SET set-max-listpack-entries 2", "SADD s a b c", "CONFIG SET set-max-listpack-entries 128",
     "OBJECT ENCODING s", bulk("hashtable")),
    ("7.2", "a small list is a listpack, redis#11303", "RPUSH l a b c", "OBJECT ENCODING l", bulk("listpack")),
    ("7.2", "LPOS with a rank that has no magnitude, redis#12167", "RPUSH l a", "LPOS l a RANK -9223372036854775808",
     error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")),
    ("7.4", "HSCAN NOVALUES", "HSET h a 1", "HSCAN h 0 NOVALUES", b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n"),
    ("7.4", "HEXPIRE of a hash that is not there, redis#13343", "HEXPIRE none 1 FIELDS 2 a b", b"*2\r\n:-2\r\n:-2\r\n"),
    ("8.0", "BITCOUNT reads its words first, redis#11734", "BITCOUNT none x 1", NOT_INTEGER),
    ("8.0", "… and the unit", "BITCOUNT none 1 2 junk", SYNTAX),
    ("8.0", "BITPOS reads its words first", "BITPOS none 0 0 1 junk", SYNTAX),
    ("8.0", "… before the type", "RPUSH l a", "BITPOS l 1 a b", NOT_INTEGER),
    ("valkey 8.0", "BITCOUNT without an end", "SET k foobar", "BITCOUNT k 1", b":22\r\n"),
    ("valkey 8.0", "… from behind", "SET k foobar", "BITCOUNT k -1", b":4\r\n"),
    ("valkey 8.0", "… of no key", "BITCOUNT none 1", b":0\r\n"),
    ("valkey 8.0", "… is a number", "SET k foobar", "BITCOUNT k x", NOT_INTEGER),
    ("valkey 9.0", "GEOSEARCH names its shapes, valkey#1809", "GEOADD g 1 1 a", "GEOSEARCH g FROMMEMBER a ASC COUNT 3 WITHDIST WITHHASH",
     error("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for GEOSEARCH")),
    ("8.6", "CONFIG SET names the policies, lrm among them", "CONFIG SET maxmemory-policy junk",
     error("ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) must be one of the following: "
           "volatile-lru, volatile-lfu, volatile-lrm, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-lrm, "
           "allkeys-random, noeviction")),
    ("8.0, valkey 9.0", "CLIENT KILL takes several ids", "CLIENT KILL ID 99999999999 99999999999", b":0\r\n"),
    ("8.0, valkey 9.0", "CLIENT LIST takes several filters", "CLIENT LIST TYPE junk ID 2", error("ERR Unknown client type 'junk'")),
    ("8.0, valkey 9.0", "… and ids that are followed by no filter", "CLIENT LIST ID 1 extra", error("ERR syntax error")),
    ("8.4", "DELEX of no key", "DELEX none IFEQ v", b":0\r\n"),
    ("8.4", "… whatever the condition", "DELEX none JUNK v", b":0\r\n"),
    ("8.4", "… or the digest", "DELEX none IFDEQ v", b":0\r\n"),
    ("8.4", "… but with all its words", "DELEX none IFEQ", error("ERR wrong number of arguments for 'delex' command")),
    ("8.4", "DELEX of another type", "RPUSH k a", "DELEX k IFEQ a", error("ERR Key should be of string type if conditions are specified")),
    ("8.4", "… whatever the condition", "RPUSH k a", "DELEX k JUNK a", error("ERR Key should be of string type if conditions are specified")),
    ("8.4", "… without one", "RPUSH k a", "DELEX k", b":1\r\n"),
    ("8.4", "DELEX with a digest too short", "SET k v", "DELEX k IFDEQ f7042be43fb8071", error("ERR must be exactly 16 hexadecimal characters")),
    ("8.4", "… or that is none", "SET k v", "DELEX k IFDEQ zzzzzzzzzzzzzzzz", b":0\r\n"),
    ("8.4", "… which differs from all", "SET k v", "DELEX k IFDNE zzzzzzzzzzzzzzzz", b":1\r\n"),
    ("8.4", "DELEX with a condition that is none", "SET k v", "DELEX k JUNK v", error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")),
    ("8.4", "DELEX compares bytes", "SET k 0123", "DELEX k IFEQ 123", b":0\r\n"),
    ("8.4", "SET IFNE of no key", "SET k v IFNE x", OK),
    ("8.4", "SET IFEQ of no key", "SET k v IFEQ x", NULL),
    ("8.10", "LMOVEM from no list", "LMOVEM none d LEFT RIGHT", NULL),
    ("8.10", "… with a count", "LMOVEM none d LEFT RIGHT COUNT 2 BULK", NULL),
    ("8.6.2", "HGETEX takes FIELDS once, redis#14883", "HSET h a 1", "HGETEX h FIELDS 1 a FIELDS 1 a",
     lambda reply: reply[:1] == b"-"),
    ("8.6.2", "HSETEX takes FIELDS once", "HSETEX h FIELDS 1 a 1 FIELDS 1 a 1", lambda reply: reply[:1] == b"-"),
    ("8.8", "ZUNION AGGREGATE COUNT", "ZADD a 5 m", "ZADD b 7 m", "ZUNION 2 a b AGGREGATE COUNT WITHSCORES", has("m", "2")),
]

CONNECTION = [
    ("7.2", "RESET leaves the library's name, redis#11758", "CLIENT SETINFO LIB-NAME lib", "CLIENT SETINFO LIB-VER 1.2", "CLIENT SETNAME me",
     "RESET", "CLIENT INFO", lambda reply: b" name= " in reply and b"lib-name=lib lib-ver=1.2" in reply),
    ("7.2", "COMMAND GETKEYS without the command's words", "COMMAND GETKEYS GET",
     error("ERR Invalid number of arguments specified for command")),
    ("7.2", "the last line of HELP", "XINFO HELP", has("    Print this help.")),
    ("7.2", "CLIENT NO-TOUCH", "CLIENT NO-TOUCH ON", OK),
    ("7.4", "CLIENT KILL MAXAGE", "CLIENT KILL MAXAGE 100000", b":0\r\n"),
    ("8.6.1", "no line ends within an error", ["GET", "a\r\nb", "c\r\nd"], error("ERR wrong number of arguments for 'get' command")),
    ("8.6.1", "… of an unknown command", ["A\r\nB", "c\r\nd"], error("ERR unknown command 'A  B', with args beginning with: 'c  d' ")),
    ("8.6.1", "… of an unknown subcommand", ["CLIENT", "a\r\n+b"], error("ERR unknown subcommand 'a  +b'. Try CLIENT HELP.")),
    ("8.6.1", "… of a word", "XGROUP CREATE s g $ MKSTREAM", ["XGROUP", "SETID", "s", "g\r\n+x", "0"],
     error("NOGROUP No such consumer group 'g  +x' for key name 's'")),
    ("8.6.1", "… of a parameter", ["CONFIG", "SET", "a\r\n+b", "c"], lambda reply: reply[:1] == b"-" and reply.count(b"\r\n") == 1),
]

CHANGES = STREAMS + SCORES + KEYS + CONNECTION
