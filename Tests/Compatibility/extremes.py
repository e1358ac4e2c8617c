"""Commands made out of COMMAND DOCS' grammar, with numbers near every edge in every place."""

import random

from resp import parse

EDGES = [0, 1, 2, 7, 8, 31, 32, 52, 53, 62, 63, 64, 1000]
NUMBERS = sorted({sign * (base + off) for base in [2**n for n in EDGES if n < 65] + [10**15, 9223372036854775]
                  for off in (-2, -1, 0, 1, 2) for sign in (1, -1)} | {0, 9223372036854774784, -9223372036854775000})
INTEGERS = [str(n) for n in NUMBERS if abs(n) <= 2**64] + ["9223372036854775807", "-9223372036854775808", "1", "0", "-1"]
# What may hold for years: most of what traps needs one of these and an ordinary rest.
LIMITS = ["9223372036854775807", "9223372036854775806", "-9223372036854775808", "-9223372036854775807",
          "4611686018427387904", "9223372036854775", "9223372036854774", "2147483647", "-2147483648", "4294967295",
          "4294967296", "1152921504606846975", "1152921504606846976", "18446744073709551615"]
FLOATS = ["inf", "-inf", "nan", "1e308", "-1e308", "1.7976931348623157e308", "5e-324", "-0", "0.1", "1e309", "1e18",
          "9.3e18", "-9.3e18", "1e19", "180", "-180", "85.05112878", "-85.05112878", "89.99", "1e17"]
TEXTS = ["", "a", "m", "b", "0-0", "1-1", "-", "+", "(", "[", "*", ">", "$", "18446744073709551615-18446744073709551615",
         "9223372036854775807-9223372036854775807", "1-*", "(18446744073709551615-18446744073709551615", "(inf", "(1e308",
         "18446744073709551615-*", "u63", "i64", "u1", "#9223372036854775807", "#144115188075855871", "#146402730743726600",
         "[a", "x" * 100, "*->w", "1", "9223372036854775807", "-1", "alice", "g"]

# One key of each type and encoding, and some that are not there.
KEYS = ["string", "number", "long", "list", "biglist", "set", "intset", "bigset", "hash", "bighash", "zset", "bigzset",
        "geo", "stream", "hll", "none", "other"]
SEEDS = [
    "SET string text", "SET number 9223372036854775807", "SETRANGE long 20000 x", "RPUSH list a b c",
    "RPUSH biglist " + " ".join("e%d" % n * 20 for n in range(300)), "SADD set a b c m", "SADD intset 1 2 9223372036854775807",
    "SADD bigset " + " ".join("e%d" % n for n in range(700)), "HSET hash a 1 b 9223372036854775807 m 1.5",
    "HSET bighash " + " ".join("f%d %d" % (n, n) for n in range(700)), "ZADD zset 1 a 2 b inf m -inf n",
    "ZADD bigzset " + " ".join("%d m%d" % (n, n) for n in range(500)), "GEOADD geo 13.3 38.1 a 15 37 b 180 85.05112878 m",
    "XADD stream 1-1 a 1", "XADD stream 9223372036854775807-1 b 2", "XGROUP CREATE stream g 0",
    "XREADGROUP GROUP g alice COUNT 1 STREAMS stream >", "PFADD hll a b c",
    "PEXPIREAT string 9223372036854775807", "PEXPIREAT hash 9223372036854775807", "HPEXPIREAT hash 281474976710655 FIELDS 1 a",
]
# What ends, stops or holds up the server, or takes the connection away, by its purpose.
NOT_RUN = {
    "SHUTDOWN", "MONITOR", "QUIT", "CLIENT KILL", "CLIENT PAUSE", "CLIENT REPLY", "DEBUG", "FLUSHALL", "FLUSHDB", "SWAPDB",
    "REPLICAOF", "SLAVEOF", "SYNC", "PSYNC", "FAILOVER", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE",
    "PUNSUBSCRIBE", "SUNSUBSCRIBE", "AUTH", "HELLO", "RESET",
    "CONFIG SET", "CONFIG REWRITE", "MULTI", "EXEC", "DISCARD", "WATCH", "BGSAVE", "SAVE", "BGREWRITEAOF", "SELECT",
    "CLIENT TRACKING", "WAIT", "WAITAOF", "ACL SETUSER", "ACL DELUSER", "ACL LOAD", "ACL SAVE", "SCRIPT", "MODULE",
}
# The words that make a command wait for others; they get a short time.
WAITING = {"BLPOP", "BRPOP", "BLMOVE", "BLMOVEM", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"}

# Commands that are not drawn, with `?` in the place of a number.
BESIDES = """
DEBUG SLEEP ?
DEBUG HTSTATS ?
DEBUG POPULATE 2 edge ?
DEBUG POPULATE -1 edge ?
DEBUG QUICKLIST-PACKED-THRESHOLD ?
DEBUG QUICKLIST biglist ?
DEBUG SET-ACTIVE-EXPIRE ?
DEBUG OBJECT string ?
CLIENT KILL ID ?
CLIENT KILL MAXAGE ?
CLIENT KILL SKIPME no ID ?
CLIENT LIST ID ?
CLIENT UNBLOCK ?
CLIENT REPLY ?
CLIENT NO-TOUCH ?
CLIENT TRACKING ?
SELECT ?
SWAPDB ? ?
SWAPDB 0 ?
HELLO ?
LOLWUT VERSION ?
FLUSHDB ?
COPY string none DB ?
MOVE string ?
SLOWLOG GET ?
LATENCY HISTOGRAM ?
"""
# Numbers that may be set to anything but these, which cut the test itself off.
NOT_SET = {
    "port", "maxclients", "timeout", "tcp-keepalive", "tls-port", "hz", "proto-max-bulk-len", "client-query-buffer-limit",
    "maxmemory", "maxmemory-clients", "client-output-buffer-limit", "dir", "bind", "requirepass", "logfile",
}

# What looks at all there is, after anything was set to anything.
REPORTS = [
    ["INFO", "everything"], ["MEMORY", "STATS"], ["MEMORY", "DOCTOR"], ["MEMORY", "MALLOC-STATS"], ["DBSIZE"],
    ["DEBUG", "HTSTATS", "0"], ["DEBUG", "DIGEST"], ["CLIENT", "LIST"], ["LATENCY", "HISTOGRAM"], ["RANDOMKEY"],
]
KEY_REPORTS = [
    ["OBJECT", "ENCODING"], ["OBJECT", "FREQ"], ["OBJECT", "IDLETIME"], ["OBJECT", "REFCOUNT"], ["MEMORY", "USAGE"],
    ["DEBUG", "OBJECT"], ["DEBUG", "DIGEST-VALUE"], ["DEBUG", "HTSTATS-KEY"], ["DEBUG", "SDSLEN"], ["TYPE"], ["TTL"], ["PTTL"],
    ["EXPIRETIME"], ["PEXPIRETIME"], ["XINFO", "STREAM"], ["XINFO", "GROUPS"], ["XPENDING"], ["DUMP"],
]


class Extremes:
    """An endless row of commands; a seed repeats it."""

    def __init__(self, documents, seed):
        self.random = random.Random(seed)
        self.documents = [d for d in documents if d[0] not in NOT_RUN and d[0].split()[0] not in NOT_RUN]
        self.share = 0.5

    def command(self):
        """A command by the grammar, a word of it perhaps replaced or left out."""
        name, arguments = self.random.choice(self.documents)
        # How often a number of this command is an extreme one: seldom, often, always.
        self.share = self.random.choice([0.1, 0.3, 0.3, 1])
        words = name.split() + [word for argument in arguments for word in self.words(argument)]
        chance = self.random.random()
        if chance < 0.06 and len(words) > 1:
            words[self.random.randrange(1, len(words))] = self.extreme()
        elif chance < 0.10 and len(words) > 1:
            del words[self.random.randrange(1, len(words))]
        elif chance < 0.14:
            words.insert(self.random.randrange(1, len(words) + 1), self.extreme())
        if words[0] in WAITING or "BLOCK" in words:
            words = self.shortened(words)
        return words

    def shortened(self, words):
        """As it is where it would wait 1 ms or not at all, else with that time."""
        if "BLOCK" in words[:-1]:
            words[words.index("BLOCK") + 1] = "1"
        place = 1 if words[0] in ("BLMPOP", "BZMPOP") else 5 if words[0] == "BLMOVEM" else len(words) - 1
        if words[0] in WAITING and place < len(words):
            words[place] = "0.001"
        return words

    def extreme(self):
        return self.random.choice(self.random.choice([INTEGERS, LIMITS, FLOATS, TEXTS]))

    def words(self, argument):
        flags = argument.get("flags", [])
        if "optional" in flags and self.random.random() < 0.5:
            return []
        count = self.random.choice([1, 1, 2, 3]) if "multiple" in flags else 1
        token = [argument["token"]] if argument.get("token") else []
        repeated = "multiple_token" in flags
        words = [] if repeated else list(token)
        for _ in range(count):
            words += (token if repeated else []) + self.value(argument)
        return words

    def value(self, argument):
        kind = argument["type"]
        if kind == "oneof":
            return self.words(self.random.choice(argument["arguments"]))
        if kind == "block":
            return [word for part in argument["arguments"] for word in self.words(part)]
        if kind == "pure-token":
            return []
        if kind == "key":
            return [self.random.choice(KEYS)]
        if kind in ("integer", "unix-time"):
            plain = self.random.random() >= self.share
            return [str(self.random.choice([1, 2, 3, 10])) if plain else self.random.choice(self.random.choice([INTEGERS, LIMITS]))]
        if kind == "double":
            plain = self.random.random() >= self.share
            return [str(self.random.choice([1, 2.5, 10])) if plain else self.random.choice(self.random.choice([FLOATS, LIMITS]))]
        return [self.random.choice(TEXTS)]


def documents(connection):
    """Every command and subcommand that the server documents, as (name, arguments)."""
    found = []
    for name, facts in as_map(parse(connection.raw("COMMAND", "DOCS"))).items():
        collect(name, facts, found)
    return found


def collect(name, facts, found):
    facts = as_map(facts)
    if facts.get("subcommands"):
        for child, inner in as_map(facts["subcommands"]).items():
            collect(child, inner, found)
    else:
        arguments = [grammar(argument) for argument in facts.get("arguments", [])]
        found.append((name.upper().replace("|", " "), arguments))


def grammar(argument):
    argument = as_map(argument)
    known = {key: argument[key] for key in ("type", "token") if key in argument}
    known = {key: text(value) for key, value in known.items()}
    known["flags"] = [text(flag) for flag in argument.get("flags", [])]
    known["arguments"] = [grammar(inner) for inner in argument.get("arguments", [])]
    return known


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def as_map(value):
    pairs = value if value and isinstance(value[0], tuple) else zip(value[::2], value[1::2])
    return {text(name): inner for name, inner in pairs}


def every_place(documents):
    """Each command in its plainest form, each of its words but the name replaced by each limit."""
    source = Extremes(documents, 1)
    source.share = 0
    for name, arguments in source.documents:
        for _ in range(6):
            base = name.split() + [word for argument in arguments for word in source.words(argument)]
            for place in range(len(name.split()), len(base)):
                for limit in LIMITS + ["inf", "-inf", "1e308", "nan", ""]:
                    words = base[:place] + [limit] + base[place + 1 :]
                    yield source.shortened(words)
