"""The oracle engine: one seeded sequence of commands goes to two servers, and the replies must be equal.

A family (families/*.py) is a module with
  STEPS        (weight, command, function of Words that gives one command or a list of commands)
  KEYS         the few keys that its commands work on
  OTHER_KEYS   keys that only some of its steps name
  EDGES        hand-written sequences: text, a command on a line, an empty line between sequences
  NORMALISERS  for commands whose replies may differ by chance: how to compare instead of byte by byte
  NEWER        what Redis 7.0 does not know: (commands…, last reply) that are expected of us alone
All but STEPS and KEYS may be missing.
"""

import random
import re

from resp import Closed, ReplyError, encode, parse

INTEGERS = [
    "0", "1", "-1", "2", "3", "5", "10", "-10", "100", "127", "128", "255", "256", "32767", "65536",
    "2147483647", "-2147483648", "2147483648", "4294967295", "4294967296",
    "9223372036854775807", "-9223372036854775808", "9223372036854775806",
]
NOT_INTEGERS = [
    "", " ", "abc", " 1", "1 ", "+1", "01", "-01", "1.0", "1e3", "0x10", "-", "--1", "-0", "nan",
    "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1\x00", "١",
]
FLOATS = [
    "0", "-0", "1", "-1", "0.1", "3.0", "3.14159265358979", "1e3", "1E-3", "-2.5e2", "inf", "-inf",
    "+inf", "1e17", "123456789012345678", "0.000001", "1e-7", "5e-324", "1.7976931348623157e308",
    "100000000000000000000", "2.5", "1000000", "33.333333333333336",
]
NOT_FLOATS = ["", " ", "abc", "nan", "1.2.3", " 1", "1 ", "1e", "e5", "0x", "infinit", "1,5", "--1"]
BINARY = [b"\x00", b"\xff\xfe\x00\x01", b"a\r\nb", b"\r\n", b"caf\xc3\xa9", b"\x80", b"$-1\r\n", b"*1"]
WRONG_TYPES = {
    "x:string": ["SET", "x:string", "text"],
    "x:list": ["RPUSH", "x:list", "a", "b", "c"],
    "x:set": ["SADD", "x:set", "a", "b", "c"],
    "x:hash": ["HSET", "x:hash", "a", "1", "b", "2"],
    "x:zset": ["ZADD", "x:zset", "1", "a", "2", "b"],
    "x:stream": ["XADD", "x:stream", "1-1", "a", "1"],
}


# Commands that the server under test does not know yet, by family; told at the end of the run.
unknown_commands = {}


class Words:
    """Seeded random words for commands."""

    def __init__(self, seed, keys):
        self.random = random.Random(seed)
        self.keys = list(keys)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, *options):
        return self.random.choice(options)

    def number(self, low, high):
        return self.random.randint(low, high)

    def key(self):
        place = self.random.random()
        if place < 0.90:
            return self.random.choice(self.keys)
        if place < 0.95:
            return self.random.choice(list(WRONG_TYPES))
        if place < 0.98:
            return "none"
        return self.random.choice([b"", b"\x00\xff", b"k" * 300, b"a b", b"{tag}", b"a\r\nb"])

    def several_keys(self, most=4):
        return [self.key() for _ in range(self.number(1, most))]

    def integer(self, low=-3, high=12, odd=0.15):
        """Mostly a number in the range; sometimes an edge of the range, sometimes no number at all."""
        if not self.chance(odd):
            return self.number(low, high)
        return self.random.choice(INTEGERS if self.chance(0.5) else NOT_INTEGERS)

    def small(self, low=0, high=40, odd=0.1):
        """A number that costs memory or time: odd ones are negative or not numbers, never large."""
        if not self.chance(odd):
            return self.number(low, high)
        return self.random.choice(["-1", "-5"] + NOT_INTEGERS)

    def floating(self, odd=0.1):
        if self.chance(odd):
            return self.random.choice(NOT_FLOATS)
        if self.chance(0.4):
            return self.random.choice(FLOATS)
        if self.chance(0.5):
            return self.number(-20, 20)
        return round(self.random.uniform(-100, 100), self.number(0, 6))

    def value(self):
        place = self.random.random()
        if place < 0.30:
            return self.number(-5, 2000)
        if place < 0.45:
            return self.random.choice(["a", "b", "ohm", "mytext", "foobar", "Hello World"])
        if place < 0.55:
            return self.random.choice(INTEGERS + NOT_INTEGERS)
        if place < 0.65:
            return self.random.choice(FLOATS)
        if place < 0.75:
            return self.random.choice(BINARY)
        if place < 0.80:
            return b""
        if place < 0.95:
            return self.text(self.random.choice([3, 8, 20, 21, 43, 44, 45, 63, 64, 65]))
        return self.text(self.random.choice([127, 128, 255, 256, 1000, 4096, 10000]))

    def text(self, length):
        return bytes(self.random.choices(b"abcdefgh01", k=length))

    def member(self):
        """A member, field or element out of few, so that commands meet each other's."""
        place = self.random.random()
        if place < 0.55:
            return "m%d" % self.number(0, 15)
        if place < 0.85:
            return self.number(-3, 20)
        if place < 0.93:
            return self.random.choice(["", "A", "1.5", "-0", "01", "9223372036854775807"] + BINARY)
        return self.text(self.random.choice([20, 63, 64, 65, 100]))

    def members(self, most=5):
        return [self.member() for _ in range(self.number(1, most))]

    def options(self, *choices, share=0.3):
        """Some of the choices in random order; a choice is a word, a list of words or a function."""
        chosen = [choice for choice in choices if self.chance(share)]
        self.random.shuffle(chosen)
        words = []
        for choice in chosen:
            if callable(choice):
                choice = choice()
            words += [choice] if isinstance(choice, (str, bytes, int)) else choice
        if words and self.chance(0.04):
            words.append(self.pick("junk", "", words[0]))
        return [self.any_case(item) for item in words]

    def any_case(self, text):
        if isinstance(text, str) and self.chance(0.1):
            return self.pick(text.lower(), text.capitalize(), text.swapcase())
        return text

    def odd_count(self, words):
        """Now and then a command with a word too few or too many."""
        if not self.chance(0.03):
            return words
        if self.chance(0.6) and len(words) > 1:
            return words[:-1]
        return words + [self.pick("extra", "", words[-1])]


# How replies are compared where chance or time has a part. Each takes two parsed replies.


def same_kind(ours, theirs):
    """Both errors with the same text, or both not errors and of one type and length."""
    if isinstance(ours, ReplyError) or isinstance(theirs, ReplyError):
        return str(ours) == str(theirs) and type(ours) is type(theirs)
    if type(ours) is not type(theirs):
        return False
    return not isinstance(ours, list) or len(ours) == len(theirs)




def unordered(ours, theirs):
    """Equal but for the order of the elements."""
    if not same_kind(ours, theirs):
        return False
    if not isinstance(ours, list):
        return repr(ours) == repr(theirs)
    return sorted(map(repr, ours)) == sorted(map(repr, theirs))


def unordered_pairs(ours, theirs):
    """Equal but for the order of the pairs, which stand flat (RESP2) or as a map or list of pairs."""
    if not same_kind(ours, theirs):
        return False
    if not isinstance(ours, list) or (ours and isinstance(ours[0], (tuple, list))):
        return unordered(ours, theirs)
    pair = lambda flat: sorted(repr(flat[i : i + 2]) for i in range(0, len(flat), 2))
    return pair(ours) == pair(theirs)


def scan_page(ours, theirs):
    """A page of a scan: the same shape, and the same elements when both ended at once."""
    if isinstance(ours, ReplyError) or isinstance(theirs, ReplyError):
        return repr(ours) == repr(theirs)
    if len(ours) != 2 or not isinstance(ours[1], list):
        return False
    return ours[0] != b"0" or theirs[0] != b"0" or sorted(ours[1], key=repr) == sorted(theirs[1], key=repr)


def scan_pairs(ours, theirs):
    if isinstance(ours, ReplyError) or isinstance(theirs, ReplyError):
        return repr(ours) == repr(theirs)
    if len(ours) != 2 or not isinstance(ours[1], list):
        return False
    return ours[0] != b"0" or theirs[0] != b"0" or unordered_pairs(ours[1], theirs[1])


def about(tolerance):
    """Numbers that may differ by the tolerance: the two servers are not asked at the same time."""

    def compare(ours, theirs):
        if isinstance(ours, int) and isinstance(theirs, int):
            same_special = (ours < 0) == (theirs < 0)
            return same_special and abs(ours - theirs) <= tolerance
        if isinstance(ours, (list, tuple)) and type(ours) is type(theirs) and len(ours) == len(theirs):
            return all(map(compare, ours, theirs))
        return repr(ours) == repr(theirs)

    return compare


def fields(value):
    """A reply of names and values, flat or as a map, as a dictionary."""
    if value and isinstance(value[0], tuple):
        return dict(value)
    return {value[i]: value[i + 1] for i in range(0, len(value) - 1, 2)}


def reports(about_names=(), ignored=()):
    """Reports of names and values, nested: every field of the oracle's must be in ours and equal."""

    def is_report(value):
        if not isinstance(value, list) or not value:
            return False
        if isinstance(value[0], tuple):
            return True
        return len(value) % 2 == 0 and all(
            isinstance(name, bytes) and name.replace(b"-", b"").isalpha() for name in value[::2])

    def compare(ours, theirs):
        if is_report(theirs):
            if not is_report(ours):
                return False
            ours = fields(ours)
            for name, value in fields(theirs).items():
                if name in ignored:
                    continue
                if name not in ours:
                    return False
                same = about(60000) if name in about_names else compare
                if not same(ours[name], value):
                    return False
            return True
        if isinstance(theirs, list):
            return isinstance(ours, list) and len(ours) == len(theirs) and all(
                map(compare, ours, theirs))
        return repr(ours) == repr(theirs)

    return compare


def anything(_ours, _theirs):
    return True


def positive(ours, theirs):
    """Both a number above zero, or equal."""
    if isinstance(ours, int) and isinstance(theirs, int):
        return (ours > 0) == (theirs > 0)
    return repr(ours) == repr(theirs)


def encodings(*allowed):
    """Encodings of Redis 7.0 that newer versions name otherwise, as (ours, theirs)."""

    def compare(ours, theirs):
        return (ours, theirs) in allowed

    return compare


NORMALISERS = {
    "SMEMBERS": unordered, "SINTER": unordered, "SUNION": unordered, "SDIFF": unordered,
    "SPOP": same_kind, "SRANDMEMBER": same_kind, "SSCAN": scan_page,
    "HGETALL": unordered_pairs, "HKEYS": unordered, "HVALS": unordered,
    "HRANDFIELD": same_kind, "HSCAN": scan_pairs,
    "ZRANDMEMBER": same_kind, "ZSCAN": scan_pairs,
    "KEYS": unordered, "SCAN": scan_page, "RANDOMKEY": same_kind,
    "TTL": about(2), "PTTL": about(2000), "EXPIRETIME": about(2), "PEXPIRETIME": about(2000),
    "TIME": same_kind, "OBJECT IDLETIME": about(3), "OBJECT FREQ": same_kind,
    "MEMORY USAGE": positive, "DEBUG OBJECT": same_kind, "CLIENT ID": positive,
    # Small sets and lists are listpacks since Redis 7.2.
    "OBJECT ENCODING": encodings((b"listpack", b"hashtable"), (b"listpack", b"quicklist")),
    "INFO": same_kind, "DEBUG SLEEP": same_kind, "LOLWUT": same_kind,
    "CONFIG GET": unordered_pairs, "CLIENT LIST": same_kind, "CLIENT INFO": same_kind, "HELLO": same_kind,
}


# Words of Redis 7.0 that newer versions have otherwise: theirs and ours. newer.py says since when.
REWORDED = [
    (b"Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
     b"Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."),
    (b"Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
     b"Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."),
    (b"Elements are too large to be stored",
     b"The ID specified in XADD is equal or smaller than the target stream top item"),
    (b"exactly one of BYRADIUS and BYBOX can", b"exactly one of BYRADIUS, BYBOX and BYPOLYGON can"),
    (b"otherwise the HELLO AUTH <user> <pass> option", b"otherwise the HELLO <proto> AUTH <user> <pass> option"),
    (b"    Prints this help.\r\n", b"    Print this help.\r\n"),
    (b"'Ag$lshzxeKEtmdn'", b"'Ag$lshzxeKEtmdnocSTIV'"),
]


def command_name(words):
    """The name under which a command's normaliser stands, with its subcommand if it has one there."""
    name = _text(words[0])
    if len(words) > 1 and name + " " + _text(words[1]) in _with_subcommand:
        return name + " " + _text(words[1])
    return name


def _text(item):
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    return str(item).upper()


_with_subcommand = {name for name in NORMALISERS if " " in name}


_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)")


def _unescape(match):
    code = match.group(1)
    if code[:1] == b"x" and len(code) == 3:
        return bytes([int(code[1:], 16)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)


def as_command(item):
    """A command out of a list of words, or of a line with quotes and escapes as redis-cli takes it."""
    if not isinstance(item, str):
        return list(item)
    words = []
    for match in _WORD.finditer(item):
        if match.group(1) is None:
            words.append(match.group(2))
        else:
            words.append(_ESCAPE.sub(_unescape, match.group(1).encode()))
    return words


def sequences(text):
    """The sequences of a block of text: commands on lines, an empty line between sequences."""
    blocks = re.split(r"\n[ \t]*\n", text.strip())
    return [[as_command(line) for line in block.splitlines() if line.strip()] for block in blocks]


def readable(words):
    """A command as one would type it."""
    shown = []
    for item in words:
        data = item if isinstance(item, bytes) else str(item).encode("utf-8", "surrogateescape")
        text = repr(data)[2:-1].replace('"', '\\"')
        if len(text) > 120:
            text = f"{text[:100]}…({len(data)} bytes)"
        plain = text and all(c.isalnum() or c in "_-+.:*(){}[]/" for c in text)
        shown.append(text if plain else f'"{text}"')
    return " ".join(shown)


class Mismatch(AssertionError):
    """The two servers differ; the text shows the shortest sequence found that repeats it."""


class Pair:
    """Our server and the oracle, each on one connection, given the same commands."""

    def __init__(self, apus, oracle, protocol=2, normalisers=None):
        self.servers = (apus, oracle)
        self.protocol = protocol
        self.normalisers = dict(NORMALISERS)
        self.normalisers.update(normalisers or {})
        _with_subcommand.update(name for name in self.normalisers if " " in name)
        self.history = []
        self.connect()

    def connect(self):
        self.ours, self.theirs = (server.connect(self.protocol) for server in self.servers)

    def close(self):
        self.ours.close()
        self.theirs.close()

    def reset(self):
        """Both servers empty, both connections as new."""
        self.close()
        self.connect()
        for connection in (self.ours, self.theirs):
            connection.raw("FLUSHALL")
        self.history = []

    def run(self, commands):
        """Sends commands to both and compares every reply; a difference raises Mismatch."""
        start = len(self.history)
        self.history += commands
        theirs = self.theirs.pipeline(commands)
        try:
            ours = self.ours.pipeline(commands)
        except (Closed, TimeoutError) as problem:
            raise Mismatch(self._lost(commands, problem)) from None
        for i, words in enumerate(commands):
            if ours[i] != theirs[i] and not self.equal(words, ours[i], theirs[i]):
                raise Mismatch(self._explain(start + i, ours[i], theirs[i]))

    def equal(self, words, ours, theirs):
        if ours == theirs or any(theirs.replace(*words) == ours for words in REWORDED):
            return True
        compare = self.normalisers.get(command_name(words))
        return compare is not None and compare(parse(ours), parse(theirs))

    def _lost(self, commands, problem):
        alive = self.servers[0].is_running()
        log = "" if alive else self.servers[0].output()[-3000:]
        shown = "\n".join("  " + readable(words) for words in commands[-40:])
        return (
            f"our server {'closed the connection or was silent' if alive else 'ENDED'}: {problem}\n"
            f"{log}\nwhile it ran these commands:\n{shown}")

    def _differs(self, commands):
        """Whether the last of the commands, run on empty servers, has different replies."""
        self.reset()
        try:
            theirs = self.theirs.pipeline(commands)
            ours = self.ours.pipeline(commands)
        except (Closed, TimeoutError):
            self.connect()
            return False
        return not self.equal(commands[-1], ours[-1], theirs[-1])

    def _explain(self, index, ours, theirs):
        commands = self.history[: index + 1]
        shown = self._shortest(commands)
        lines = [f"replies differ (RESP{self.protocol}):", f"  command  {readable(commands[-1])}"]
        lines += [f"  ours     {ours[:400]!r}", f"  redis    {theirs[:400]!r}"]
        if shown is None:
            lines.append("not repeated by the same commands on empty servers; the last ones were:")
            shown = commands[-30:]
        else:
            lines.append("shortest sequence found, on an empty server:")
        return "\n".join(lines + ["    " + readable(words) for words in shown])

    def _shortest(self, commands):
        if not self._differs(commands):
            return None
        words_of_last = {bytes_of(item) for item in commands[-1][1:]}
        related = [
            words for words in commands[:-1] if words_of_last & {bytes_of(w) for w in words[1:]}]
        if self._differs(related + commands[-1:]):
            commands = related + commands[-1:]
        length = 1
        while length < len(commands) and not self._differs(commands[-length:]):
            length *= 2
        commands = commands[-length:]
        step = max(len(commands) // 4, 1)
        attempts = 0
        while step and attempts < 400:
            i = 0
            while i < len(commands) - 1 and attempts < 400:
                shorter = commands[:i] + commands[min(i + step, len(commands) - 1) :]
                attempts += 1
                if self._differs(shorter):
                    commands = shorter
                else:
                    i += step
            step //= 2
        return commands


def bytes_of(item):
    return item if isinstance(item, bytes) else str(item).encode("utf-8", "surrogateescape")


def known_commands(server, names):
    """Which of the commands the server knows, by asking it."""
    names = sorted(set(names))
    known = set()
    with server.connect() as connection:
        replies = connection.pipeline([["COMMAND", "INFO", name] for name in names])
        for name, reply in zip(names, replies):
            value = parse(reply)
            if isinstance(value, ReplyError):
                break
            if value and value[0]:
                known.add(name)
        else:
            return known
        for name in names:
            if name not in ("SHUTDOWN", "QUIT", "MONITOR", "FLUSHALL"):
                value = parse(connection.raw(name))
                if not (isinstance(value, ReplyError) and "unknown command" in str(value)):
                    known.add(name)
    return known | ({"FLUSHALL"} & set(names))


def flatten(step):
    """A step's commands: one list of words, or a list of such lists."""
    return step if step and isinstance(step[0], (list, tuple)) else [step]


READERS = {
    b"string": ["GET"], b"list": ["LRANGE", "0", "-1"], b"set": ["SMEMBERS"], b"hash": ["HGETALL"],
    b"zset": ["ZRANGE", "0", "-1", "WITHSCORES"], b"stream": ["XRANGE", "-", "+"],
}


def snapshot_commands(connection, keys, known):
    """Commands that read the whole of each key."""
    commands = []
    for key in keys:
        kind = bytes_of(parse(connection.raw("TYPE", key)))
        if "TYPE" in known:
            commands.append(["TYPE", key])
        if "PTTL" in known:
            commands.append(["PTTL", key])
        reader = READERS.get(kind)
        if reader and reader[0] in known:
            commands.append([reader[0], key] + reader[1:])
    if "DEBUG" in known:
        commands.append(["DEBUG", "DIGEST-VALUE", *keys])
    return commands


def run_family(apus, oracle, family, seed, steps, protocol):
    """A seeded random run of a family; returns how many commands were compared."""
    names = {name for _, name, _ in family.STEPS}
    wanted = names | {"DEL", "TYPE", "PTTL", "DEBUG"} | {reader[0] for reader in READERS.values()}
    wanted |= {words[0] for words in WRONG_TYPES.values()}
    known = known_commands(apus, wanted)
    table = [entry for entry in family.STEPS if entry[1] in known]
    if not table:
        return 0, names
    weights = [weight for weight, _, _ in table]
    words = Words(seed, family.KEYS)
    watched = family.KEYS + getattr(family, "OTHER_KEYS", [])
    pair = Pair(apus, oracle, protocol, getattr(family, "NORMALISERS", None))
    try:
        pair.reset()
        preamble = []
        for key, command in WRONG_TYPES.items():
            if {command[0], "DEL"} <= known:
                preamble += [["DEL", key], command]
        preamble += [as_command(c) for c in getattr(family, "PREAMBLE", []) if as_command(c)[0] in known]
        done = 0
        while done < steps:
            if done % 400 == 0:
                pair.run(preamble)
            batch = []
            for _, _, make in words.random.choices(table, weights, k=40):
                step = flatten(make(words))
                if len(step) == 1:
                    step = [words.odd_count(list(step[0]))]
                    step[0][0] = words.any_case(step[0][0])
                batch += step
            pair.run(batch)
            done += 40
            if done % 400 == 0:
                pair.run(snapshot_commands(pair.theirs, watched, known))
        return done, names - known
    finally:
        pair.close()


def run_edges(apus, oracle, family, protocol):
    """The hand-written sequences of a family; returns the differences and unknown commands."""
    edges = sequences(getattr(family, "EDGES", "") or "PING")
    names = {_text(words[0]) for sequence in edges for words in sequence}
    # A command that Redis does not know either is there for the error reply.
    unknown = known_commands(oracle, names) - known_commands(apus, names)
    pair = Pair(apus, oracle, protocol, getattr(family, "NORMALISERS", None))
    problems = []
    try:
        for sequence in edges:
            if any(_text(words[0]) in unknown for words in sequence):
                continue
            pair.reset()
            for words in sequence:
                try:
                    pair.run([words])
                except Mismatch as mismatch:
                    problems.append(str(mismatch))
                    break
        return problems, unknown
    finally:
        pair.close()


def run_newer(apus, family, protocol):
    """Expectations beyond Redis 7.0: each is (commands…, expected bytes of the last reply)."""
    problems, unknown = [], set()
    cases = getattr(family, "NEWER", [])
    names = {_text(as_command(c)[0]) for case in cases for c in case[:-1]}
    known = known_commands(apus, names | {"FLUSHALL"})
    for case in cases:
        commands, expected = [as_command(c) for c in case[:-1]], case[-1]
        missing = {_text(words[0]) for words in commands} - known
        if missing:
            unknown |= missing
            continue
        if isinstance(expected, dict):
            expected = expected[protocol]
        with apus.connect(protocol) as connection:
            if "FLUSHALL" in known:
                connection.raw("FLUSHALL")
            try:
                reply = connection.pipeline(commands)[-1]
            except Closed as closed:
                reply = b"(closed after %r)" % closed.rest
        matches = expected(reply) if callable(expected) else reply == expected
        if not matches:
            lines = "\n".join("    " + readable(words) for words in commands)
            wanted = "a reply as described by the test" if callable(expected) else repr(expected)
            problems.append(f"RESP{protocol}: got {reply[:400]!r}, expected {wanted} from\n{lines}")
    return problems, unknown
