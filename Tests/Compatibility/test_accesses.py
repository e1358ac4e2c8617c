"""What counts as a use of a key: OBJECT IDLETIME, OBJECT FREQ, TOUCH, CLIENT NO-TOUCH."""

import re
import time

import pytest

TEXT = "no small number, which redis-server would share"
KEYS = {
    "s": ["SET", "s", TEXT], "t": ["SET", "t", TEXT], "n": ["SET", "n", "123456"],
    "v": ["SET", "v", TEXT, "EX", "1000"], "l": ["RPUSH", "l", "1", "2", "3"], "m": ["RPUSH", "m", "1"],
    "h": ["HSET", "h", "f", "1", "g", "2"], "e": ["SADD", "e", "1", "2", "3"], "d": ["SADD", "d", "2", "9"],
    "z": ["ZADD", "z", "1", "a", "2", "b"], "y": ["ZADD", "y", "5", "q"], "x": ["XADD", "x", "1-1", "a", "1"],
    "p": ["PFADD", "p", "1", "2"], "g": ["GEOADD", "g", "13.4", "38.1", "P", "15.1", "37.5", "C"],
}
# Each on keys that were just made.
COMMANDS = """
GET s; STRLEN s; SET s 5; SET s 5 NX; SET s 5 XX; SET s 5 KEEPTTL; SETNX s 5; SETEX s 100 1; GETSET s 3
GETEX s; GETEX s EX 100; APPEND s 1; GETRANGE s 0 1; SETRANGE s 0 9; INCR n; INCR s; INCRBYFLOAT n 1
MGET s t; MSET s 1 t 2; MSETNX s 1 t 2; LCS s t; SETBIT s 1 1; GETBIT s 1; BITCOUNT s; BITPOS s 1
BITOP AND t s s; BITFIELD s GET u8 0; BITFIELD s SET u8 0 1; BITFIELD_RO s GET u8 0
EXISTS s t; TYPE s; TTL v; PTTL v; EXPIRETIME v; PEXPIRETIME v; EXPIRE s 100; EXPIRE s 100 XX; PERSIST v
PERSIST s; TOUCH s t; RENAME s new; RENAMENX s new; RENAMENX s t; COPY s new; DUMP s; WATCH s
OBJECT ENCODING s; OBJECT FREQ s; OBJECT REFCOUNT s; MEMORY USAGE s; DEBUG OBJECT s; SCAN 0; KEYS *
RANDOMKEY; SORT l; SORT_RO l; SORT l STORE new; SORT e BY s GET t
LPUSH l 1; LPUSHX l 1; LPOP l; LLEN l; LINDEX l 0; LRANGE l 0 -1; LSET l 0 9; LINSERT l BEFORE 1 0
LREM l 0 1; LTRIM l 0 1; LPOS l 2; LMOVE l m LEFT RIGHT; RPOPLPUSH l m; LMPOP 2 l m LEFT; BLPOP l 1
HSET h f 2; HSETNX h f 1; HGET h f; HMGET h f g; HDEL h f; HLEN h; HEXISTS h f; HSTRLEN h f; HKEYS h
HGETALL h; HINCRBY h f 1; HRANDFIELD h; HSCAN h 0; HGET s f
SADD e 5; SREM e 1; SCARD e; SISMEMBER e 1; SMISMEMBER e 1; SMEMBERS e; SPOP e; SRANDMEMBER e; SMOVE e d 1
SINTER e d; SINTERCARD 2 e d; SINTERSTORE new e d; SUNION e d; SDIFF e d; SSCAN e 0
ZADD z 4 d; ZINCRBY z 1 a; ZCARD z; ZCOUNT z 0 5; ZLEXCOUNT z - +; ZRANGE z 0 -1; ZRANGESTORE new z 0 -1
ZRANK z a; ZSCORE z a; ZMSCORE z a b; ZREM z a; ZPOPMIN z; ZMPOP 1 z MIN; BZPOPMIN z 1; ZRANDMEMBER z
ZUNION 2 z y; ZINTERCARD 2 z y; ZDIFFSTORE new 2 z y; ZSCAN z 0
GEOADD g 1 1 Q; GEOPOS g P; GEODIST g P C; GEOSEARCH g FROMMEMBER P BYRADIUS 200 km
PFADD p 9; PFCOUNT p; PFMERGE new p; XADD x * a 1; XLEN x; XRANGE x - +; XREAD STREAMS x 0; XDEL x 1-1
XTRIM x MAXLEN 0; XINFO STREAM x; XGROUP CREATE x gr 0; XPENDING x gr; XREADGROUP GROUP gr c STREAMS x >
"""


def commands():
    return [line.split() for line in re.split("[;\n]", COMMANDS) if line.strip()]


@pytest.fixture
def counting(apus, oracle):
    """Connections to both servers while they count every use of a key."""
    connections = [server.connect() for server in (apus, oracle)]
    for connection in connections:
        set_policy(connection, "allkeys-lfu", factor=0)
    yield connections
    for connection in connections:
        connection.command("FLUSHALL")
        set_policy(connection, "noeviction", factor=10)
        connection.close()


def set_policy(connection, policy, factor):
    connection.command("CONFIG", "SET", "maxmemory-policy", policy, "lfu-log-factor", factor)


def frequencies(connection, keys):
    replies = connection.pipeline([["OBJECT", "FREQ", key] for key in keys])
    return {key: int(reply[1:]) for key, reply in zip(keys, replies) if reply[:1] == b":"}


def used_keys(connection, words):
    """The keys that a command used, and the counters of those that it made."""
    connection.pipeline([["FLUSHALL"]] + list(KEYS.values()))
    names = list(KEYS) + ["new"]
    before = frequencies(connection, names)
    reply = connection.raw(*words)
    if reply.startswith(b"-ERR unknown command"):
        return None
    after = frequencies(connection, names)
    used = {key for key in before if after.get(key, 0) > before[key]}
    return used, {key: after[key] for key in after if key not in before}


def test_the_same_commands_use_the_same_keys(counting):
    ours, theirs = counting
    differences = []
    for words in commands():
        expected, found = used_keys(theirs, words), used_keys(ours, words)
        if found not in (expected, None):
            differences.append(f"{' '.join(words)}: {found} instead of {expected}")
    assert not differences, "\n".join(differences)


def test_a_counter_begins_at_five_and_grows_with_each_use(counting):
    for connection in counting:
        connection.command("FLUSHALL")
        connection.command("SET", "k", TEXT)
        assert connection.command("OBJECT", "FREQ", "k") == 5
        for _ in range(20):
            connection.command("GET", "k")
        assert connection.command("OBJECT", "FREQ", "k") == 25
        # A new value keeps it, and so does a new name.
        connection.command("SET", "k", TEXT + TEXT)
        connection.command("RENAME", "k", "other")
        assert connection.command("OBJECT", "FREQ", "other") == 27
        connection.pipeline([["GET", "other"]] * 300)
        assert connection.command("OBJECT", "FREQ", "other") == 255


def test_no_touch_leaves_no_trace_but_by_touch(counting):
    ours, _ = counting
    ours.pipeline([["FLUSHALL"]] + list(KEYS.values()) + [["CLIENT", "NO-TOUCH", "ON"]])
    names = list(KEYS)
    before = frequencies(ours, names)
    ours.pipeline([["GET", "s"], ["HGETALL", "h"], ["LPUSH", "l", "1"], ["INCR", "n"], ["SET", "t", "1"]])
    assert frequencies(ours, names) == before
    # Another connection's uses count, between two of this one.
    with_other(ours, names, before)
    ours.pipeline([["TOUCH", "e"], ["CLIENT", "NO-TOUCH", "OFF"], ["GET", "t"]])
    assert frequencies(ours, ["e", "t"]) == {"e": 6, "t": 6}


def with_other(connection, names, before):
    other = type(connection)(connection.socket.getpeername())
    other.command("GET", "s")
    connection.command("GET", "s")
    other.command("GET", "s")
    other.close()
    assert frequencies(connection, names) == before | {"s": before["s"] + 2}


def test_the_policy_says_which_of_the_two_is_told(apus, oracle):
    for server in (apus, oracle):
        with server.connect() as connection:
            connection.command("SET", "k", TEXT)
            assert connection.command("OBJECT", "IDLETIME", "k") == 0
            refusal = connection.raw("OBJECT", "FREQ", "k")
            assert refusal.startswith(b"-ERR An LFU maxmemory policy is not selected, access freq")
            set_policy(connection, "volatile-lfu", factor=10)
            refusal = connection.raw("OBJECT", "IDLETIME", "k")
            assert refusal.startswith(b"-ERR An LFU maxmemory policy is selected, idle time not")
            assert connection.raw("OBJECT", "IDLETIME", "none") == b"$-1\r\n"
            set_policy(connection, "noeviction", factor=10)
            assert connection.raw("OBJECT", "FREQ", "none") == b"$-1\r\n"
            connection.command("DEL", "k")


def test_idle_time_is_that_since_the_last_use(apus, oracle):
    names = ["k%d" % number for number in range(8)]
    uses = {
        "k0": ["GET", "k0"], "k1": ["EXISTS", "k1"], "k2": ["TTL", "k2"], "k3": ["SET", "k3", TEXT],
        "k4": ["EXPIRE", "k4", "100"], "k5": ["OBJECT", "ENCODING", "k5"], "k6": ["TOUCH", "k6"],
    }
    connections = [server.connect() for server in (apus, oracle)]
    for connection in connections:
        connection.pipeline([["FLUSHALL"]] + [["SET", name, TEXT] for name in names])
    time.sleep(2.2)
    idle = []
    for connection in connections:
        connection.pipeline(list(uses.values()) + [["RENAME", "k7", "k8"], ["COPY", "k1", "k9"]])
        replies = connection.pipeline([["OBJECT", "IDLETIME", name] for name in names + ["k8", "k9"]])
        idle.append([reply[1:-2] for reply in replies])
        line = connection.raw("DEBUG", "OBJECT", "k2").decode()
        seconds, word = (int(re.search(name + r":(\d+)", line)[1]) for name in ("lru_seconds_idle", " lru"))
        assert seconds in (2, 3)
        # The two are counted by clocks whose seconds begin at different moments.
        assert (int(time.time()) - seconds - word + 1) % (1 << 24) <= 3
        connection.close()
    told = [[int(text) > 1 if text.isdigit() else text for text in row] for row in idle]
    assert told[0] == told[1]
    assert sum(value is True for value in told[0]) == 2
