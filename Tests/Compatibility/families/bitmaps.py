"""Bitmaps and bit fields."""

from resp import ReplyError

KEYS = ["b:%d" % i for i in range(5)]
BITS_END = ["-1", "-7", "abc", "", "4294967296", "9223372036854775808", "1.5"]


def offset(w):
    return w.number(0, 3000) if w.chance(0.93) else w.pick(*BITS_END)


def bit(w):
    return w.pick("0", "1") if w.chance(0.95) else w.pick("2", "-1", "x", "", "01")


def unit(w):
    return w.options("BIT", share=0.5) or w.options("BYTE", share=0.3)


def field(w):
    if w.chance(0.9):
        return w.pick("i", "u") + str(w.number(1, 63))
    return w.pick("u64", "i64", "i65", "u0", "i0", "x8", "", "u", "i-1", "I8", "i8x")


def place(w):
    if w.chance(0.9):
        return w.pick("", "#") + str(w.number(0, 100))
    return w.pick("-1", "#-1", "x", "#", "", "4294967295000", "#9223372036854775807")


def operations(w):
    words = []
    for _ in range(w.number(1, 4)):
        choice = w.number(0, 3)
        if choice == 0:
            words += ["OVERFLOW", w.pick("WRAP", "SAT", "FAIL", "fail", "junk")]
        elif choice == 1:
            words += [w.any_case("GET"), field(w), place(w)]
        elif choice == 2:
            words += [w.any_case("SET"), field(w), place(w), w.integer(-300, 300)]
        else:
            words += [w.any_case("INCRBY"), field(w), place(w), w.integer(-300, 300)]
    return words


def read_operations(w):
    words = []
    for _ in range(w.number(1, 3)):
        words += ["GET", field(w), place(w)]
    return words + w.options(["SET", "u8", "0", "1"], share=0.05)


def earlier_refusal(ours, theirs):
    """Equal, or refused for its words, which are read before the key is looked up since 7.2."""
    if isinstance(ours, ReplyError) and not str(ours).startswith("WRONGTYPE"):
        if theirs in (0, -1) or str(theirs).startswith("WRONGTYPE"):
            return True
    return repr(ours) == repr(theirs)


def without_end(ours, theirs):
    """As above; and the end may be missing, which Redis refuses."""
    return str(theirs) == "ERR syntax error" or earlier_refusal(ours, theirs)


NORMALISERS = {"BITCOUNT": without_end, "BITPOS": earlier_refusal}

STEPS = [
    (8, "SETBIT", lambda w: ["SETBIT", w.key(), offset(w), bit(w)]),
    (5, "GETBIT", lambda w: ["GETBIT", w.key(), offset(w)]),
    (4, "SET", lambda w: ["SET", w.key(), w.value()]),
    (2, "SET", lambda w: ["SET", w.key(), w.pick(b"\xff" * 40, b"\x00" * 40, b"\xff" * 9 + b"\x00", b"\x00\xff\xf0")]),
    (5, "BITCOUNT", lambda w: ["BITCOUNT", w.key()]),
    (5, "BITCOUNT", lambda w: ["BITCOUNT", w.key(), w.integer(-400, 400), w.integer(-400, 400), *unit(w)]),
    (4, "BITPOS", lambda w: ["BITPOS", w.key(), bit(w)]),
    (3, "BITPOS", lambda w: ["BITPOS", w.key(), bit(w), w.integer(-60, 60)]),
    (5, "BITPOS", lambda w: ["BITPOS", w.key(), bit(w), w.integer(-400, 400), w.integer(-400, 400), *unit(w)]),
    (6, "BITOP", lambda w: ["BITOP", w.pick("AND", "OR", "XOR", "NOT", "and", "junk"), w.key(), *w.several_keys(4)]),
    (2, "BITOP", lambda w: ["BITOP", "NOT", w.key(), w.key()]),
    (7, "BITFIELD", lambda w: ["BITFIELD", w.key(), *operations(w)]),
    (3, "BITFIELD_RO", lambda w: ["BITFIELD_RO", w.key(), *read_operations(w)]),
    (2, "STRLEN", lambda w: ["STRLEN", w.key()]),
    (2, "APPEND", lambda w: ["APPEND", w.key(), w.value()]),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "GET", lambda w: ["GET", w.key()]),
]

EDGES = """
SETBIT k 7 1
GET k
SETBIT k 7 1
SETBIT k 7 0
SETBIT k 0 1
GETBIT k 0
GETBIT k 100
SETBIT k -1 1
SETBIT k 4294967296 1
SETBIT k abc 1
SETBIT k 1 2
SETBIT k 1 x
SETBIT k 1
GETBIT k -1
GETBIT k 4294967296
GETBIT none 4294967295
SET n 12
SETBIT n 6 1
GET n
OBJECT ENCODING n
GETBIT n 6
BITCOUNT n

RPUSH l a
SETBIT l 0 1
GETBIT l 0
BITCOUNT l
BITPOS l 1
BITOP AND d l
BITFIELD l GET u8 0
BITFIELD l SET u8 0 1
BITFIELD_RO l GET u8 0

BITCOUNT none
BITCOUNT none 0 -1
SET k foobar
BITCOUNT k
BITCOUNT k 0 0
BITCOUNT k 1 1
BITCOUNT k 0 -5
BITCOUNT k 5 30 BIT
BITCOUNT k 5 30 BYTE
BITCOUNT k -1 -6
BITCOUNT k 0 -1 junk
BITCOUNT k a b
BITCOUNT k 0 9223372036854775807
BITCOUNT k -9223372036854775808 9223372036854775807 BIT
BITCOUNT k 0 -1 BIT extra

SET k "\\xff\\xf0\\x00"
BITPOS k 0
BITPOS k 1
BITPOS k 1 2
BITPOS k 0 1
BITPOS k 1 0 -1 BIT
BITPOS k 0 0 -1 BIT
BITPOS k 0 7 15 BIT
BITPOS k 1 7 15 BIT
BITPOS k 2
BITPOS k x
BITPOS k 1 a
BITPOS k 1 0 1 junk
BITPOS none 0
BITPOS none 1
BITPOS none 0 5
SET ones "\\xff\\xff"
BITPOS ones 0
BITPOS ones 0 0
BITPOS ones 0 0 -1
BITPOS ones 0 5 10
BITPOS ones 1 5 10
SET empty ""
BITPOS empty 0
BITPOS empty 1
BITCOUNT empty

BITOP AND d a
SET a foobar
SET b abcdefgh
BITOP AND d a b
GET d
BITOP OR d a b
GET d
BITOP XOR d a b
GET d
BITOP NOT d a
GET d
BITOP NOT d a b
BITOP junk d a
BITOP AND d a none
GET d
BITOP AND d none none2
EXISTS d
BITOP AND
BITOP AND d
BITOP AND a a a
GET a
SET n 123
BITOP OR d n
GET d

BITFIELD k INCRBY i5 100 1 GET u4 0
BITFIELD k SET u8 0 255 GET u8 0
BITFIELD k OVERFLOW SAT INCRBY u2 100 3
BITFIELD k OVERFLOW SAT INCRBY u2 100 3
BITFIELD k OVERFLOW FAIL INCRBY u2 100 3
BITFIELD k OVERFLOW FAIL SET u2 100 7
BITFIELD k OVERFLOW WRAP INCRBY i8 0 127
BITFIELD k OVERFLOW WRAP INCRBY i8 0 1
BITFIELD k SET i64 0 9223372036854775807
BITFIELD k INCRBY i64 0 1
BITFIELD k OVERFLOW SAT INCRBY i64 0 -1 INCRBY i64 0 -9223372036854775808
BITFIELD k SET u63 0 9223372036854775807
BITFIELD k INCRBY u63 0 1
BITFIELD k SET u64 0 1
BITFIELD k GET u63 #1
BITFIELD k SET i8 #2 -1 GET i8 #2 GET i4 4
BITFIELD k GET u8 -1
BITFIELD k GET u8 #-1
BITFIELD k GET u8 abc
BITFIELD k GET i65 0
BITFIELD k GET
BITFIELD k GET u8
BITFIELD k SET u8 0
BITFIELD k SET u8 0 abc
BITFIELD k INCRBY u8 0
BITFIELD k OVERFLOW junk
BITFIELD k OVERFLOW
BITFIELD k
BITFIELD k junk
BITFIELD none GET u8 0
EXISTS none
BITFIELD none GET u8 4294967287
BITFIELD none GET u8 4294967295
BITFIELD none GET u8 4294967296
BITFIELD_RO none GET u8 0
BITFIELD_RO none SET u8 0 1
BITFIELD_RO none GET u8 0 GET i5 3
BITFIELD_RO none
BITFIELD_RO none OVERFLOW SAT
"""


def bulk(data):
    return b"$%d\r\n%b\r\n" % (len(data), data)


_PREPARED = (["SET", "x", b"\x0f\xf0"], ["SET", "y", b"\x3c\x00"], ["SET", "z", b"\x01\x01"])

SYNTAX = b"-ERR syntax error\r\n"
NO_INTEGER = b"-ERR value is not an integer or out of range\r\n"

NEWER = [
    # Since 7.2 words are read before the key is looked up.
    ("BITCOUNT none a b", NO_INTEGER),
    ("BITCOUNT none 0 1 junk", SYNTAX),
    ("RPUSH l a", "BITCOUNT l a b", NO_INTEGER),
    ("BITPOS none 0 x", NO_INTEGER),
    ("BITPOS none 1 0 x", NO_INTEGER),
    ("BITPOS none 1 0 1 junk", SYNTAX),
    ("BITPOS none 1 0 1 BIT extra", SYNTAX),
    # DIFF: in x and in none of the others; DIFF1: in one of the others and not in x.
    (*_PREPARED, "BITOP DIFF d x y z", "GET d", bulk(b"\x02\xf0")),
    (*_PREPARED, "BITOP DIFF1 d x y z", "GET d", bulk(b"\x30\x01")),
    # ANDOR: in x and in one of the others; ONE: in exactly one.
    (*_PREPARED, "BITOP ANDOR d x y z", "GET d", bulk(b"\x0d\x00")),
    (*_PREPARED, "BITOP ONE d x y z", "GET d", bulk(b"\x32\xf1")),
    (*_PREPARED, "BITOP DIFF d x", lambda reply: reply.startswith(b"-ERR BITOP DIFF")),
    (*_PREPARED, "BITOP DIFF1 d x", lambda reply: reply.startswith(b"-ERR BITOP DIFF1")),
    (*_PREPARED, "BITOP ANDOR d x", lambda reply: reply.startswith(b"-ERR BITOP ANDOR")),
    (*_PREPARED, "BITOP ONE d x", "GET d", bulk(b"\x0f\xf0")),
    (*_PREPARED, "BITOP DIFF d x none", "GET d", bulk(b"\x0f\xf0")),
    (*_PREPARED, "BITOP ANDOR d x none", "GET d", bulk(b"\x00\x00")),
    (*_PREPARED, "BITOP DIFF1 d none x", "GET d", bulk(b"\x0f\xf0")),
    (*_PREPARED, "BITOP ONE d x x y", "GET d", bulk(b"\x30\x00")),
    (*_PREPARED, ["SET", "w", b"\xff"], "BITOP ANDOR d w x", "GET d", bulk(b"\x0f\x00")),
]
