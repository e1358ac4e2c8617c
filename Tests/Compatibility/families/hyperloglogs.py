"""HyperLogLog: also the bytes that GET shows."""

KEYS = ["p:%d" % i for i in range(5)]


def elements(w):
    return [w.member() for _ in range(w.number(0, 6))]


def crowd(w):
    start = w.number(0, 5000)
    return ["e%d" % i for i in range(start, start + w.number(50, 800))]


STEPS = [
    (8, "PFADD", lambda w: ["PFADD", w.key(), *elements(w)]),
    (2, "PFADD", lambda w: ["PFADD", w.key(), *crowd(w)]),
    (6, "PFCOUNT", lambda w: ["PFCOUNT", w.key()]),
    (4, "PFCOUNT", lambda w: ["PFCOUNT", *w.several_keys(3)]),
    (4, "PFMERGE", lambda w: ["PFMERGE", w.key(), *w.several_keys(3)]),
    (1, "PFMERGE", lambda w: ["PFMERGE", w.key()]),
    (2, "GET", lambda w: ["GET", w.key()]),
    (1, "STRLEN", lambda w: ["STRLEN", w.key()]),
    (1, "PFDEBUG", lambda w: ["PFDEBUG", w.pick("ENCODING", "encoding", "junk"), w.key()]),
    (0.3, "PFDEBUG", lambda w: ["PFDEBUG", "GETREG", w.key()]),
    (1, "DEL", lambda w: ["DEL", w.key()]),
    (0.3, "SET", lambda w: ["SET", w.key(), w.pick("text", "HYLL", b"HYLL" + b"\x00" * 12, b"HYLL\x01" + b"\x00" * 11, b"HYLL\x07" + b"\x00" * 30)]),
]

EDGES = """
PFADD p
PFADD p
EXISTS p
GET p
PFCOUNT p
PFADD p a b c
PFADD p a
PFCOUNT p
GET p
PFADD q c d
PFCOUNT p q
PFCOUNT none
PFCOUNT p none
PFCOUNT
PFADD
PFMERGE d p q
PFCOUNT d
PFMERGE d
PFMERGE e none
EXISTS e
PFCOUNT e
PFMERGE
PFDEBUG ENCODING p
PFDEBUG DECODE p
PFDEBUG TODENSE p
PFDEBUG TODENSE p
PFDEBUG ENCODING p
PFDEBUG DECODE p
PFDEBUG ENCODING none
PFDEBUG junk p
PFCOUNT p
TYPE p
OBJECT ENCODING p

SET s text
PFADD s a
PFCOUNT s
PFMERGE d s
PFMERGE s
RPUSH l a
PFADD l a
PFCOUNT l
PFMERGE d l
PFMERGE l d

PFADD p a b c
APPEND p x
PFCOUNT p
PFADD p z
SETRANGE p 0 JUNK
PFCOUNT p

PFSELFTEST
"""
