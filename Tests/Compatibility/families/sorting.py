"""SORT and SORT_RO."""

KEYS = ["o:l", "o:z", "o:dst"]
OTHER_KEYS = ["o:s"]

WEIGHTS = [f"SET w_{i} {(i * 7) % 23 - 3}" for i in range(0, 21)]
OBJECTS = [f"HSET obj_{i} name n{i % 5} rank {(i * 5) % 23}" for i in range(0, 21)]
PREAMBLE = WEIGHTS + OBJECTS + ["SET w_m1 5", "SET w_m2 -1", "SET w_bad text"]


def pattern(w):
    return w.pick("w_*", "obj_*->rank", "obj_*->name", "nothing", "none_*", "*", "#", "obj_*->", "*->x")


def options(w, store=True):
    choices = [
        lambda: ["BY", pattern(w)], lambda: ["GET", pattern(w)], lambda: ["GET", "#"],
        lambda: ["LIMIT", w.integer(-2, 4), w.integer(-2, 9)], lambda: w.pick("ASC", "DESC"), "ALPHA"]
    if store and w.chance(0.3):
        choices.append(["STORE", "o:dst"])
    return w.options(*choices, share=0.3)


def numbers(w):
    return [w.number(0, 20) for _ in range(w.number(1, 8))]


def sort(w, name, store):
    words = options(w, store)
    upper = [str(item).upper() for item in words]
    if "BY" in upper and "ALPHA" in upper:
        # Text weights that are equal leave the order open: every number has one weight of its own.
        place = upper.index("BY")
        if place + 1 < len(words):
            words[place + 1] = "w_*"
        return [name, "o:z", *words]
    key = w.pick("o:l", "o:z", w.key() if w.chance(0.2) else "o:l")
    # A set that is not sorted comes in an order of chance.
    return [name, "x:hash" if key == "x:set" else key, *words]


STEPS = [
    (6, "RPUSH", lambda w: ["RPUSH", "o:l", *numbers(w)]),
    (1, "RPUSH", lambda w: ["RPUSH", "o:l", w.member()]),
    (3, "DEL", lambda w: ["DEL", w.pick("o:l", "o:z", "o:dst")]),
    (3, "ZADD", lambda w: ["ZADD", "o:z", *(item for n in numbers(w) for item in (n, n))]),
    (12, "SORT", lambda w: sort(w, "SORT", True)),
    (5, "SORT_RO", lambda w: sort(w, "SORT_RO", w.chance(0.1))),
    (2, "SADD", lambda w: ["SADD", "o:s", *numbers(w)]),
    (3, "SORT", lambda w: ["SORT", "o:s", *w.options("DESC", "ALPHA", ["LIMIT", "0", "5"], ["GET", "w_*"])]),
    (2, "LRANGE", lambda w: ["LRANGE", "o:dst", "0", "-1"]),
]

EDGES = """
RPUSH l 3 1 2 10
SORT l
SORT l DESC
SORT l ALPHA
SORT l ALPHA DESC
SORT l LIMIT 1 2
SORT l LIMIT -1 2
SORT l LIMIT 0 -1
SORT l LIMIT 2 0
SORT l LIMIT 100 1
SORT l LIMIT 0 9223372036854775807
SORT l LIMIT x 1
SORT l LIMIT 1
SORT l junk
SORT l BY
SORT l GET
SORT l STORE
SORT none
SORT
SORT l BY nosort
SORT l BY nosort DESC
SORT l BY nosort LIMIT 1 2
SET w_1 30
SET w_2 20
SET w_3 10
SORT l BY w_*
SORT l BY w_* DESC
SORT l BY w_* GET # GET w_* GET none_*
SORT l BY w_*->f
HSET h_1 f 5
HSET h_2 f 4
SORT l BY h_*->f GET h_*->f GET #
SORT l BY h_*->
SORT l GET *
SORT l STORE d
LRANGE d 0 -1
SORT l BY w_* GET w_* STORE d
LRANGE d 0 -1
TYPE d
SORT none STORE d
EXISTS d
SORT_RO l
SORT_RO l STORE d
SORT_RO l DESC LIMIT 0 2

RPUSH l a b c
SORT l
SORT l ALPHA
SET w_a x
SET w_b 1
SORT l BY w_*
SORT l BY w_* ALPHA
RPUSH m 1.5 1.25 -3 1e2 inf -inf
SORT m
RPUSH n 1 nan
SORT n
RPUSH e ""
SORT e
RPUSH p 1 " 2"
SORT p

SADD s 3 1 2
SORT s
SORT s DESC
SORT s ALPHA
ZADD z 5 1 4 2 3 3
SORT z
SORT z BY nosort
SORT z BY nosort DESC
SORT z BY nosort LIMIT 1 1
SORT z BY nosort DESC LIMIT 0 2
SORT z BY nosort DESC LIMIT 2 5
SORT z BY nosort LIMIT 3 1
SORT z BY nosort LIMIT -2 2
SORT z BY nosort LIMIT 1 -1 GET # GET w_*
SORT z BY nosort LIMIT 1 0
SORT z BY nosort LIMIT 1 1 STORE d
LRANGE d 0 -1
RPUSH q a b c d e
SORT q BY nosort LIMIT 1 2
SORT q BY nosort DESC LIMIT 1 2
SORT q BY nosort DESC LIMIT 3 9
SORT q BY nosort LIMIT 5 1
SORT q BY nosort LIMIT 9223372036854775807 1
SORT q BY nosort DESC LIMIT 1 2 STORE d
LRANGE d 0 -1
SET k v
SORT k
SORT_RO k
HSET h a 1
SORT h
RPUSH l 1
SORT l STORE k
TYPE k
"""
