"""Sorted sets, without the waiting."""

KEYS = ["z:%d" % i for i in range(5)]
# Ranges by name are defined where all scores are equal: these have the score 0 alone.
OTHER_KEYS = ["zl:0", "zl:1"]


def score_text(value):
    """A score as Redis writes it since 7.2: whole up to 2^62, else the fewest digits, laid out as fpconv has it."""
    if value in (float("inf"), float("-inf")):
        return b"inf" if value > 0 else b"-inf"
    if value == int(value) and abs(value) <= 2**62:
        return b"-0" if str(value) == "-0.0" else b"%d" % int(value)
    digits, exponent = f"{abs(value)!r}e".split("e")[:2]
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    lowest = int(exponent or 0) - len(fraction)
    digits = (whole + fraction).lstrip("0")
    lowest += len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    first = lowest + len(digits) - 1
    if lowest >= 0 and abs(first) < len(digits) + 7:
        text = digits + "0" * lowest
    elif lowest < 0 and (lowest > -7 or abs(first) < 4):
        padded = digits.rjust(1 - lowest, "0")
        text = padded[:lowest] + "." + padded[lowest:]
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{first:+d}"
    return (("-" if value < 0 else "") + text).encode()


def scores(ours, theirs):
    """Equal but for how scores are written: 7.0 writes 17 digits."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(scores, ours, theirs))
    if isinstance(ours, bytes) and isinstance(theirs, bytes) and ours != theirs:
        try:
            return float(ours) == float(theirs) and ours == score_text(float(theirs))
        except ValueError:
            return False
    return repr(ours) == repr(theirs)


def scanned_scores(ours, theirs):
    """A page of members with scores, in any order."""
    def numbers(page):
        flat = page[1]
        return sorted((flat[i], float(flat[i + 1])) for i in range(0, len(flat), 2))
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return repr(ours) == repr(theirs)
    return ours[0] != b"0" or theirs[0] != b"0" or numbers(ours) == numbers(theirs)


NORMALISERS = {name: scores for name in (
    "ZADD ZINCRBY ZSCORE ZMSCORE ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZPOPMIN ZPOPMAX "
    "ZMPOP ZUNION ZINTER ZDIFF").split()}
NORMALISERS["ZSCAN"] = scanned_scores


def rank(ours, theirs):
    """Equal, or an error on both sides: a fourth word is one too many for 7.0."""
    return repr(ours) == repr(theirs) or b"syntax" in repr(ours).encode() and b"wrong number" in repr(theirs).encode()


NORMALISERS["ZRANK"] = NORMALISERS["ZREVRANK"] = rank


def score(w):
    return w.pick(w.number(-5, 15), w.number(-5, 15), w.floating(0.1))


def bound(w):
    if w.chance(0.15):
        return w.pick("-inf", "+inf", "(-inf", "(+inf", "inf")
    text = str(score(w))
    return ("(" if w.chance(0.3) else "") + text


def lexical(w):
    if w.chance(0.25):
        return w.pick("-", "+")
    if w.chance(0.05):
        return w.pick("a", "", "(", "[", "++", "-x")
    return w.pick("[", "(") + str(w.pick("a", "b", "c", "m1", "m5", "m12", "x", "e%d" % w.number(0, 30)))


def limit(w):
    return w.options(lambda: ["LIMIT", w.integer(-2, 5), w.integer(-2, 8)], share=0.3)


def scored(w, most=5):
    return [item for _ in range(w.number(1, most)) for item in (score(w), w.member())]


def add(w):
    return ["ZADD", w.key(), *w.options("NX", "XX", "GT", "LT", "CH", "INCR", share=0.12), *scored(w)]


def key_count(w, keys):
    return len(keys) if w.chance(0.92) else w.pick("0", "-1", "x", len(keys) + 1, "9223372036854775807")


def many(name, w, store=False, weights=True, scores=True, cardinality=False):
    keys = w.several_keys(3)
    words = [name] + ([w.key()] if store else []) + [key_count(w, keys), *keys]
    choices = []
    if weights:
        choices.append(lambda: ["WEIGHTS", *(w.pick(1, 2, -1, "0.5", "inf", 0, "x" if w.chance(0.1) else 3) for _ in keys)])
        choices.append(lambda: ["AGGREGATE", w.any_case(w.pick("SUM", "MIN", "MAX", "junk" if w.chance(0.1) else "SUM"))])
    if scores:
        choices.append("WITHSCORES")
    if cardinality:
        choices.append(lambda: ["LIMIT", w.integer(0, 5)])
    return words + w.options(*choices, share=0.35)


def ranged(w, name="ZRANGE", first=()):
    kind = w.number(0, 2)
    extra = ["WITHSCORES"] if name == "ZRANGE" else []
    if kind == 0:
        return [name, *first, w.key(), w.integer(-10, 10), w.integer(-10, 20), *w.options("REV", *extra)]
    if kind == 1:
        return [name, *first, w.key(), bound(w), bound(w), "BYSCORE", *w.options("REV", *extra), *limit(w)]
    return [name, *first, level(w), lexical(w), lexical(w), "BYLEX", *w.options("REV", share=0.4), *limit(w)]


def level(w):
    """A key whose members all have one score, now and then one that is not there."""
    return w.pick(*OTHER_KEYS) if w.chance(0.95) else "nowhere"


def add_level(w):
    names = ["e%d" % w.number(0, 40) for _ in range(w.number(1, 30))] + [w.pick("a", "b", "c", "x", "m5")]
    return ["ZADD", w.pick(*OTHER_KEYS), *(item for name in names for item in ("0", name))]


def pop_several(w):
    keys = w.several_keys(3)
    side = w.any_case(w.pick("MIN", "MAX", "MIN", "junk" if w.chance(0.1) else "MAX"))
    return ["ZMPOP", key_count(w, keys), *keys, side, *w.options(lambda: ["COUNT", w.integer(0, 4)])]


STEPS = [
    (14, "ZADD", add),
    (1, "ZADD", lambda w: ["ZADD", w.key(), *(item for i in range(w.number(100, 200)) for item in (w.number(0, 50), "e%d" % i))]),
    (3, "ZADD", add_level),
    (5, "ZINCRBY", lambda w: ["ZINCRBY", w.key(), score(w), w.member()]),
    (4, "ZREM", lambda w: ["ZREM", w.key(), *w.members(4)]),
    (3, "ZCARD", lambda w: ["ZCARD", w.key()]),
    (4, "ZSCORE", lambda w: ["ZSCORE", w.key(), w.member()]),
    (3, "ZMSCORE", lambda w: ["ZMSCORE", w.key(), *w.members()]),
    (4, "ZRANK", lambda w: ["ZRANK", w.key(), w.member()]),
    (4, "ZREVRANK", lambda w: ["ZREVRANK", w.key(), w.member()]),
    (4, "ZCOUNT", lambda w: ["ZCOUNT", w.key(), bound(w), bound(w)]),
    (4, "ZLEXCOUNT", lambda w: ["ZLEXCOUNT", level(w), lexical(w), lexical(w)]),
    (10, "ZRANGE", ranged),
    (4, "ZRANGESTORE", lambda w: ranged(w, "ZRANGESTORE", [w.key()])),
    (3, "ZREVRANGE", lambda w: ["ZREVRANGE", w.key(), w.integer(-10, 10), w.integer(-10, 20), *w.options("WITHSCORES")]),
    (4, "ZRANGEBYSCORE", lambda w: ["ZRANGEBYSCORE", w.key(), bound(w), bound(w), *w.options("WITHSCORES"), *limit(w)]),
    (4, "ZREVRANGEBYSCORE", lambda w: ["ZREVRANGEBYSCORE", w.key(), bound(w), bound(w), *w.options("WITHSCORES"), *limit(w)]),
    (3, "ZRANGEBYLEX", lambda w: ["ZRANGEBYLEX", level(w), lexical(w), lexical(w), *limit(w)]),
    (3, "ZREVRANGEBYLEX", lambda w: ["ZREVRANGEBYLEX", level(w), lexical(w), lexical(w), *limit(w)]),
    (2, "ZREMRANGEBYRANK", lambda w: ["ZREMRANGEBYRANK", w.key(), w.integer(-4, 4), w.integer(-10, 6)]),
    (2, "ZREMRANGEBYSCORE", lambda w: ["ZREMRANGEBYSCORE", w.key(), bound(w), bound(w)]),
    (2, "ZREMRANGEBYLEX", lambda w: ["ZREMRANGEBYLEX", level(w), lexical(w), lexical(w)]),
    (3, "ZPOPMIN", lambda w: ["ZPOPMIN", w.key(), *w.options(lambda: w.integer(0, 4), share=0.5)]),
    (3, "ZPOPMAX", lambda w: ["ZPOPMAX", w.key(), *w.options(lambda: w.integer(0, 4), share=0.5)]),
    (3, "ZMPOP", pop_several),
    (2, "ZRANDMEMBER", lambda w: ["ZRANDMEMBER", w.key()]),
    (2, "ZRANDMEMBER", lambda w: ["ZRANDMEMBER", w.key(), w.small(0, 20), *w.options("WITHSCORES")]),
    (2, "ZRANDMEMBER", lambda w: ["ZRANDMEMBER", w.key(), w.number(-20, 0), *w.options("WITHSCORES")]),
    (4, "ZUNION", lambda w: many("ZUNION", w)),
    (4, "ZINTER", lambda w: many("ZINTER", w)),
    (4, "ZDIFF", lambda w: many("ZDIFF", w, weights=w.chance(0.05))),
    (3, "ZUNIONSTORE", lambda w: many("ZUNIONSTORE", w, store=True, scores=w.chance(0.05))),
    (3, "ZINTERSTORE", lambda w: many("ZINTERSTORE", w, store=True, scores=w.chance(0.05))),
    (3, "ZDIFFSTORE", lambda w: many("ZDIFFSTORE", w, store=True, weights=False, scores=w.chance(0.05))),
    (3, "ZINTERCARD", lambda w: many("ZINTERCARD", w, weights=False, scores=False, cardinality=True)),
    (3, "ZSCAN", lambda w: ["ZSCAN", w.key(), "0", *w.options(["COUNT", "10000"], ["MATCH", w.pick("m*", "*1", "?")])]),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "OBJECT", lambda w: ["OBJECT", "ENCODING", w.pick(*KEYS)]),
    (1, "SADD", lambda w: ["SADD", w.key(), *w.members()]),
    (1, "COPY", lambda w: ["COPY", w.key(), w.key(), "REPLACE"]),
]

EDGES = """
ZADD z 1 a 2 b 3 c
ZADD z 1 a
ZADD z 5 a CH
ZADD z CH 5 a 9 d
ZADD z NX 1 a 1 e
ZADD z XX 7 a 1 f
ZADD z GT 1 a
ZADD z GT CH 100 a
ZADD z LT CH 1 a
ZADD z LT CH 5 new
ZADD z XX GT CH 9 a
ZADD z NX XX 1 a
ZADD z NX GT 1 a
ZADD z NX LT 1 a
ZADD z GT LT 1 a
ZADD z INCR 5 a
ZADD z INCR 5 a 6 b
ZADD z NX INCR 5 a
ZADD z XX INCR 5 none
ZADD z GT INCR -5 a
ZADD z LT INCR 5 a
ZADD z nan a
ZADD z abc a
ZADD z "" a
ZADD z 1
ZADD z
ZADD z 1 a 2
ZADD z NX
ZADD z 1 a x b
ZADD z +inf p -inf q
ZADD z INCR -inf p
ZINCRBY z -inf p
ZADD z 0x10 hex
ZADD z " 1" sp
ZADD z 1e400 big
ZADD z -0 zero
ZSCORE z zero
ZSCORE z p
ZSCORE z q
ZRANGE z 0 -1 WITHSCORES

ZADD z 1.1 a 1e20 b 1e21 c 0.1 d 1e-5 e 123456789012345680 f 3.0 g 17179869184.5 h 1e17 i 12345678901234567890 j
ZRANGE z 0 -1 WITHSCORES
ZSCORE z b
ZSCORE z c
ZSCORE z f
ZADD z 5e-324 k 1.7976931348623157e308 l 0.30000000000000004 m -1.5 n 4503599627370496.5 o
ZRANGE z 0 -1 WITHSCORES
ZINCRBY z 1.7976931348623157e308 l
ZINCRBY z 0.1 d
ZINCRBY z 0.1 d
ZINCRBY z nan d
ZINCRBY z abc d
ZINCRBY z 1
ZINCRBY new 1.5 m
ZINCRBY z "" d

SET s v
ZADD s 1 a
ZADD s abc a
ZINCRBY s 1 a
ZREM s a
ZCARD s
ZSCORE s a
ZMSCORE s a
ZRANK s a
ZREVRANK s a
ZCOUNT s 0 1
ZCOUNT s a b
ZLEXCOUNT s - +
ZRANGE s 0 -1
ZRANGE s a b
ZREVRANGE s 0 -1
ZRANGEBYSCORE s 0 1
ZRANGEBYLEX s - +
ZREMRANGEBYRANK s 0 1
ZREMRANGEBYSCORE s 0 1
ZREMRANGEBYLEX s - +
ZPOPMIN s
ZPOPMAX s 0
ZMPOP 1 s MIN
ZRANDMEMBER s
ZUNION 1 s
ZINTER 1 s
ZDIFF 1 s
ZINTERCARD 1 s
ZUNIONSTORE d 1 s
ZSCAN s 0
ZRANGESTORE d s 0 -1

ZCARD none
ZSCORE none a
ZMSCORE none a b
ZRANK none a
ZCOUNT none 0 1
ZRANGE none 0 -1
ZREM none a
ZPOPMIN none
ZPOPMIN none 0
ZPOPMIN none -1
ZPOPMAX none 5
ZRANDMEMBER none
ZRANDMEMBER none 5
ZRANDMEMBER none -5 WITHSCORES
ZADD z 1 a 2 b
ZMSCORE z a none b
ZMSCORE z
ZSCORE z none
ZSCORE z
ZRANK z a
ZRANK z b
ZRANK z none
ZREVRANK z a
ZRANK z
ZREM z
ZREM z a zz
ZREM z b
EXISTS z

ZADD z 1 a 2 b 3 c 4 d
ZCOUNT z -inf +inf
ZCOUNT z (1 3
ZCOUNT z (1 (3
ZCOUNT z 3 1
ZCOUNT z a 1
ZCOUNT z 1 (
ZCOUNT z nan 1
ZCOUNT z 1
ZRANGE z 0 9223372036854775807
ZRANGE z -9223372036854775808 9223372036854775807 WITHSCORES
ZRANGE z 2 1
ZRANGE z 0 -1 REV
ZRANGE z 0 -1 LIMIT 0 1
ZRANGE z 0 -1 BYSCORE
ZRANGE z (1 3 BYSCORE WITHSCORES
ZRANGE z (1 3 BYSCORE LIMIT 1 1
ZRANGE z 3 (1 BYSCORE REV
ZRANGE z 1 3 BYSCORE REV
ZRANGE z 1 3 BYSCORE LIMIT -1 2
ZRANGE z 1 3 BYSCORE LIMIT 0 -1
ZRANGE z 1 3 BYSCORE LIMIT 0
ZRANGE z 1 3 BYSCORE LIMIT x 1
ZRANGE z a b BYSCORE
ZRANGE z - + BYLEX
ZRANGE z - + BYLEX WITHSCORES
ZRANGE z + - BYLEX REV
ZRANGE z a b BYLEX
ZRANGE z - + BYLEX BYSCORE
ZRANGE z 0 -1 junk
ZRANGE z 0 abc
ZRANGE z 0
ZREVRANGE z 0 -1 WITHSCORES
ZREVRANGE z 0 -1 junk
ZREVRANGE z 0 -1 BYSCORE
ZRANGEBYSCORE z -inf +inf WITHSCORES LIMIT 1 2
ZRANGEBYSCORE z -inf +inf LIMIT 1 2 WITHSCORES
ZRANGEBYSCORE z -inf +inf LIMIT 0
ZRANGEBYSCORE z -inf +inf REV
ZRANGEBYSCORE z 1
ZREVRANGEBYSCORE z +inf -inf LIMIT 0 2
ZREVRANGEBYSCORE z -inf +inf

ZADD z 0 a 0 b 0 c 0 d 0 e
ZRANGEBYLEX z - +
ZRANGEBYLEX z [b (d
ZRANGEBYLEX z (b [d
ZRANGEBYLEX z + -
ZRANGEBYLEX z b d
ZRANGEBYLEX z [ [c
ZRANGEBYLEX z - + LIMIT 1 2
ZREVRANGEBYLEX z + - LIMIT 1 2
ZREVRANGEBYLEX z [d (a
ZLEXCOUNT z - +
ZLEXCOUNT z [b [d
ZLEXCOUNT z (b (d
ZLEXCOUNT z b d
ZLEXCOUNT z + -
ZREMRANGEBYLEX z [b (d
ZRANGE z 0 -1
ZREMRANGEBYLEX z b d
ZREMRANGEBYRANK z 0 0
ZREMRANGEBYRANK z 5 10
ZREMRANGEBYRANK z a b
ZREMRANGEBYSCORE z -inf (0
ZREMRANGEBYSCORE z a b
ZREMRANGEBYSCORE z -inf +inf
EXISTS z
ZREMRANGEBYRANK none 0 1

ZADD z 1 a 2 b 3 c
ZPOPMIN z
ZPOPMAX z
ZPOPMIN z 0
ZPOPMIN z -1
ZPOPMIN z abc
ZPOPMIN z 1 2
ZPOPMIN z 10
EXISTS z
ZADD z 1 a 2 b 3 c
ZPOPMAX z 2
ZADD a 1 x 2 y
ZADD b 5 p
ZMPOP 2 a b MIN
ZMPOP 2 a b MAX COUNT 10
ZMPOP 2 a b MIN COUNT 1
ZMPOP 2 a b MIN
ZMPOP 0 a MIN
ZMPOP x a MIN
ZMPOP 1 a junk
ZMPOP 1 a MIN COUNT 0
ZMPOP 1 a MIN COUNT
ZMPOP 1 a MIN junk
ZMPOP 2 a MIN
ZMPOP 1 z MIN COUNT 1 COUNT 1

ZADD a 1 x 2 y 3 z
ZADD b 10 y 20 z 30 w
SADD s y w q
ZUNION 2 a b
ZUNION 2 a b WITHSCORES
ZUNION 3 a b s WITHSCORES
ZUNION 2 a b WEIGHTS 2 3 WITHSCORES
ZUNION 2 a b WEIGHTS 2
ZUNION 2 a b WEIGHTS x 1
ZUNION 2 a b WEIGHTS nan 1
ZUNION 2 a b AGGREGATE MIN WITHSCORES
ZUNION 2 a b AGGREGATE MAX WITHSCORES
ZUNION 2 a b AGGREGATE junk
ZUNION 2 a b AGGREGATE
ZUNION 2 a b junk
ZUNION 0 a
ZUNION -1 a
ZUNION x a
ZUNION 3 a b
ZUNION 1
ZINTER 2 a b WITHSCORES
ZINTER 2 a none
ZINTER 2 a s WITHSCORES
ZINTER 2 a b WEIGHTS 0 inf WITHSCORES
ZDIFF 2 a b WITHSCORES
ZDIFF 2 a none
ZDIFF 2 none a
ZDIFF 2 a b WEIGHTS 1 2
ZDIFF 2 a s
ZINTERCARD 2 a b
ZINTERCARD 2 a b LIMIT 1
ZINTERCARD 2 a b LIMIT 0
ZINTERCARD 2 a b LIMIT -1
ZINTERCARD 2 a b LIMIT x
ZINTERCARD 2 a b junk
ZINTERCARD 0 a
ZUNIONSTORE d 2 a b
ZRANGE d 0 -1 WITHSCORES
ZUNIONSTORE d 2 a b WITHSCORES
ZINTERSTORE d 2 a b WEIGHTS 1 -1
ZRANGE d 0 -1 WITHSCORES
ZINTERSTORE d 2 a none
EXISTS d
ZDIFFSTORE d 2 a b
ZRANGE d 0 -1 WITHSCORES
ZUNIONSTORE a 2 a a AGGREGATE SUM
ZRANGE a 0 -1 WITHSCORES
ZUNIONSTORE d 0 a
ZUNIONSTORE d x a
ZUNIONSTORE d
ZADD inf1 inf x
ZADD inf2 -inf x
ZUNION 2 inf1 inf2 WITHSCORES
ZUNION 1 inf1 WEIGHTS 0 WITHSCORES

ZADD z 1 a 2 b 3 c
ZRANGESTORE d z 0 -1
ZRANGE d 0 -1 WITHSCORES
ZRANGESTORE d z (1 3 BYSCORE LIMIT 1 1
ZRANGE d 0 -1
ZRANGESTORE d z 5 10
EXISTS d
ZRANGESTORE d z 0 -1 WITHSCORES
ZRANGESTORE d z 0 -1 REV
ZRANGESTORE d none 0 -1
ZRANGESTORE z z 0 0
ZCARD z
ZRANGESTORE d z

ZADD z 1 a
ZRANDMEMBER z
ZRANDMEMBER z 0
ZRANDMEMBER z 5
ZRANDMEMBER z -3
ZRANDMEMBER z 5 WITHSCORES
ZRANDMEMBER z -2 WITHSCORES
ZRANDMEMBER z x
ZRANDMEMBER z 1 junk
ZRANDMEMBER z -9223372036854775808
ZRANDMEMBER z -9223372036854775808 WITHSCORES
ZSCAN z 0
ZSCAN z abc
ZSCAN z 0 COUNT 0
ZSCAN none 0
"""

NULL_ARRAY = {2: b"*-1\r\n", 3: b"_\r\n"}

NEWER = [
    ("ZADD z 1 a 2 b", "ZRANK z b WITHSCORE", {2: b"*2\r\n:1\r\n$1\r\n2\r\n", 3: b"*2\r\n:1\r\n,2\r\n"}),
    ("ZADD z 1 a 2 b", "ZREVRANK z b WITHSCORE", {2: b"*2\r\n:0\r\n$1\r\n2\r\n", 3: b"*2\r\n:0\r\n,2\r\n"}),
    ("ZADD z 1 a", "ZRANK z none WITHSCORE", NULL_ARRAY),
    ("ZADD z 5 a", "ZADD y 7 a 9 b", "ZUNION 2 z y AGGREGATE COUNT WITHSCORES", {2: b"*4\r\n$1\r\nb\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\n2\r\n", 3: b"*2\r\n*2\r\n$1\r\nb\r\n,1\r\n*2\r\n$1\r\na\r\n,2\r\n"}),
    ("ZADD z 5 a", "ZADD y 7 a 9 b", "ZINTERSTORE d 2 z y WEIGHTS 3 4 AGGREGATE COUNT", "ZSCORE d a", {2: b"$1\r\n7\r\n", 3: b",7\r\n"}),
    ("ZADD z 1 a", "ZSCAN z 0 NOSCORES", b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n"),
]
