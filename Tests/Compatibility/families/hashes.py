"""Hashes, without field expiry but for the hand-written part."""

KEYS = ["h:%d" % i for i in range(5)]


def pairs(w, most=4):
    return [item for _ in range(w.number(1, most)) for item in (w.member(), w.value())]


STEPS = [
    (10, "HSET", lambda w: ["HSET", w.key(), *pairs(w)]),
    (1, "HSET", lambda w: ["HSET", w.key(), *(item for i in range(w.number(50, 150)) for item in ("f%d" % i, i))]),
    (3, "HMSET", lambda w: ["HMSET", w.key(), *pairs(w)]),
    (4, "HSETNX", lambda w: ["HSETNX", w.key(), w.member(), w.value()]),
    (6, "HGET", lambda w: ["HGET", w.key(), w.member()]),
    (5, "HMGET", lambda w: ["HMGET", w.key(), *w.members()]),
    (5, "HGETALL", lambda w: ["HGETALL", w.key()]),
    (5, "HDEL", lambda w: ["HDEL", w.key(), *w.members(4)]),
    (4, "HEXISTS", lambda w: ["HEXISTS", w.key(), w.member()]),
    (4, "HLEN", lambda w: ["HLEN", w.key()]),
    (4, "HSTRLEN", lambda w: ["HSTRLEN", w.key(), w.member()]),
    (3, "HKEYS", lambda w: ["HKEYS", w.key()]),
    (3, "HVALS", lambda w: ["HVALS", w.key()]),
    (6, "HINCRBY", lambda w: ["HINCRBY", w.key(), w.member(), w.integer(-20, 20)]),
    (6, "HINCRBYFLOAT", lambda w: ["HINCRBYFLOAT", w.key(), w.member(), w.floating()]),
    (3, "HRANDFIELD", lambda w: ["HRANDFIELD", w.key()]),
    (3, "HRANDFIELD", lambda w: ["HRANDFIELD", w.key(), w.small(0, 20), *w.options("WITHVALUES")]),
    (2, "HRANDFIELD", lambda w: ["HRANDFIELD", w.key(), w.number(-20, 0), *w.options("WITHVALUES")]),
    (4, "HSCAN", lambda w: ["HSCAN", w.key(), "0", *w.options(["COUNT", "10000"], ["MATCH", w.pick("m*", "*1", "?")])]),
    (2, "DEL", lambda w: ["DEL", w.key()]),
    (2, "OBJECT", lambda w: ["OBJECT", "ENCODING", w.pick(*KEYS)]),
    (1, "COPY", lambda w: ["COPY", w.pick(*KEYS), w.key(), "REPLACE"]),
]

EDGES = """
HSET h a 1 b 2
HSET h a 9 c 3
HSET h a
HSET h a 1 b
HSET h
HSET
HMSET h x 1 y 2
HMSET h x
HMSET h x 1 y
HGET h a
HGET h zz
HGET none a
HGET h
HGET h a b
HMGET h a zz b a
HMGET none a b
HMGET h
HGETALL none
HGETALL h
HLEN h
HLEN none
HSTRLEN h a
HSTRLEN h zz
HSTRLEN none a
HEXISTS h a
HEXISTS h zz
HEXISTS none a
HKEYS none
HVALS none
HKEYS h
HVALS h
HDEL h a zz
HDEL none a
HDEL h b c x y
EXISTS h
HDEL h

SET s v
HSET s a 1
HMSET s a 1
HSETNX s a 1
HGET s a
HMGET s a
HGETALL s
HDEL s a
HEXISTS s a
HLEN s
HSTRLEN s a
HKEYS s
HVALS s
HINCRBY s a 1
HINCRBYFLOAT s a 1
HRANDFIELD s
HRANDFIELD s 1
HSCAN s 0

HSETNX h a 1
HSETNX h a 2
HGET h a
HSETNX h a
HINCRBY h n 5
HINCRBY h n -10
HINCRBY h n abc
HINCRBY h n 1.5
HINCRBY h n ""
HSET h s text
HINCRBY h s 1
HSET h big 9223372036854775807
HINCRBY h big 1
HINCRBY h big -1
HSET h small -9223372036854775808
HINCRBY h small -1
HSET h sp " 1"
HINCRBY h sp 1
HSET h e ""
HINCRBY h e 1
HINCRBY h n 9223372036854775808
HINCRBY none f abc
EXISTS none
HINCRBY h n

HINCRBYFLOAT h f 10.5
HINCRBYFLOAT h f 0.1
HINCRBYFLOAT h f -5
HINCRBYFLOAT h f 2.0e2
HINCRBYFLOAT h f inf
HINCRBYFLOAT h f nan
HINCRBYFLOAT h f abc
HINCRBYFLOAT h f ""
HSET h s text
HINCRBYFLOAT h s 1
HSET h sp " 1"
HINCRBYFLOAT h sp 1
HSET h i 5
HINCRBYFLOAT h i 0
HSET h exp 5.0e3
HINCRBYFLOAT h exp 200
HINCRBYFLOAT none f abc
EXISTS none
HINCRBYFLOAT h f

HRANDFIELD none
HRANDFIELD none 5
HRANDFIELD none -5
HRANDFIELD none 5 WITHVALUES
HSET h a 1
HRANDFIELD h
HRANDFIELD h 0
HRANDFIELD h 5
HRANDFIELD h -3
HRANDFIELD h 5 WITHVALUES
HRANDFIELD h -3 WITHVALUES
HRANDFIELD h abc
HRANDFIELD h 1 junk
HRANDFIELD h 1 WITHVALUES extra
HRANDFIELD h -9223372036854775808
HRANDFIELD h -9223372036854775808 WITHVALUES
HRANDFIELD h 9223372036854775807
HRANDFIELD h 9223372036854775807 WITHVALUES
HRANDFIELD

HSCAN none 0
HSET h a 1 b 2
HSCAN h 0
HSCAN h abc
HSCAN h 0 COUNT 0
HSCAN h 0 COUNT x
HSCAN h 0 MATCH a
HSCAN h 0 junk
HSCAN h

HSET h "" "" "\\x00" "\\xff"
HGET h ""
HGET h "\\x00"
HGETALL h
OBJECT ENCODING h
HSET h 0123456789012345678901234567890123456789012345678901234567890123 v
OBJECT ENCODING h
HSET h 01234567890123456789012345678901234567890123456789012345678901234 v
OBJECT ENCODING h
"""

WRONG_TYPE = b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
FIELDS_MISSING = b"-ERR Mandatory argument FIELDS is missing or not at the right position\r\n"
FIELDS_MISMATCH = b"-ERR The `numfields` parameter must match the number of arguments\r\n"

NEWER = [
    ("HSET h a 1 b 2", "HEXPIRE h 100 FIELDS 2 a zz", b"*2\r\n:1\r\n:-2\r\n"),
    ("HEXPIRE none 100 FIELDS 1 a", b"*1\r\n:-2\r\n"),
    ("HSET h a 1", "HEXPIRE h 0 FIELDS 1 a", b"*1\r\n:2\r\n"),
    ("HSET h a 1", "HEXPIRE h 0 FIELDS 1 a", "EXISTS h", b":0\r\n"),
    ("HSET h a 1", "HTTL h FIELDS 2 a zz", b"*2\r\n:-1\r\n:-2\r\n"),
    ("HTTL none FIELDS 1 a", b"*1\r\n:-2\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIREAT h 33177117420 FIELDS 1 a", "HEXPIRETIME h FIELDS 1 a", b"*1\r\n:33177117420\r\n"),
    ("HSET h a 1", "HPEXPIREAT h 33177117420000 FIELDS 1 a", "HPEXPIRETIME h FIELDS 1 a", b"*1\r\n:33177117420000\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 50 GT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 50 LT FIELDS 1 a", b"*1\r\n:1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 50 NX FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 XX FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HPERSIST h FIELDS 2 a zz", b"*2\r\n:1\r\n:-2\r\n"),
    ("HSET h a 1", "HPERSIST h FIELDS 1 a", b"*1\r\n:-1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HSET h a 2", "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),
    ("HSET h a 1 b 2", "HGETDEL h FIELDS 2 a zz", {2: b"*2\r\n$1\r\n1\r\n$-1\r\n", 3: b"*2\r\n$1\r\n1\r\n_\r\n"}),
    ("HSET h a 1", "HGETDEL h FIELDS 1 a", "EXISTS h", b":0\r\n"),
    ("HSET h a 1", "HGETEX h EX 100 FIELDS 1 a", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSETEX h EX 100 FIELDS 1 a 1", b":1\r\n"),
    ("HSETEX h EX 100 FIELDS 1 a 1", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 0", "HSETEX h FNX FIELDS 1 a 1", b":0\r\n"),
    ("HSETEX h FXX FIELDS 1 a 1", b":0\r\n"),
    ("HSET h a 1", "HSCAN h 0 NOVALUES", b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "OBJECT ENCODING h", b"$10\r\nlistpackex\r\n"),
    ("SET s v", "HEXPIRE s 10 FIELDS 1 a", WRONG_TYPE),
    ("SET s v", "HTTL s FIELDS 1 a", WRONG_TYPE),
    ("SET s v", "HPERSIST s FIELDS 1 a", WRONG_TYPE),
    ("SET s v", "HGETEX s FIELDS 1 a", WRONG_TYPE),
    ("SET s v", "HGETDEL s FIELDS 1 a", WRONG_TYPE),
    ("SET s v", "HSETEX s FIELDS 1 a 1", WRONG_TYPE),

    # What stays and what goes with a new value.
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HINCRBY h a 5", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HINCRBYFLOAT h a 5", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HSETEX h KEEPTTL FIELDS 1 a 2", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HSETEX h FIELDS 1 a 2", "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HSETNX h a 2", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "COPY h g", "HTTL g FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "RENAME h g", "HTTL g FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1 b 2 c 3", "HEXPIRE h 200 FIELDS 1 b", "HEXPIRE h 100 FIELDS 1 c", "HKEYS h", b"*3\r\n$1\r\nc\r\n$1\r\nb\r\n$1\r\na\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HPERSIST h FIELDS 1 a", "OBJECT ENCODING h", b"$10\r\nlistpackex\r\n"),
    ("HSET h a " + "x" * 65, "HEXPIRE h 100 FIELDS 1 a", "OBJECT ENCODING h", b"$9\r\nhashtable\r\n"),
    ("HSET h a " + "x" * 65, "HEXPIRE h 100 FIELDS 1 a", "HTTL h FIELDS 2 a b", b"*2\r\n:100\r\n:-2\r\n"),

    # Conditions.
    ("HSET h a 1", "HEXPIRE h 100 GT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 LT FIELDS 1 a", b"*1\r\n:1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 nx fields 1 a", b"*1\r\n:1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 200 GT FIELDS 1 a", b"*1\r\n:1\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 200 LT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIREAT h 2000000000 FIELDS 1 a", "HEXPIREAT h 2000000000 GT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIREAT h 2000000000 FIELDS 1 a", "HEXPIREAT h 2000000000 LT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1", "HEXPIRE h 100 FIELDS 1 a", "HEXPIRE h 200 XX FIELDS 1 a", b"*1\r\n:1\r\n"),
    ("HSET h a 1", "HEXPIRE h 0 GT FIELDS 1 a", b"*1\r\n:0\r\n"),
    ("HSET h a 1 b 2", "HPEXPIREAT h 1 FIELDS 3 a b a", b"*3\r\n:2\r\n:2\r\n:-2\r\n"),
    ("HSET h a 1 b 2", "HPEXPIREAT h 1 FIELDS 3 a b a", "TYPE h", b"+none\r\n"),
    ("HSET h a 1", "HPEXPIREAT h 1500 FIELDS 1 a", b"*1\r\n:2\r\n"),
    ("HSET h a 1", "HPEXPIREAT h 2000000000001 FIELDS 1 a", "HEXPIRETIME h FIELDS 1 a", b"*1\r\n:2000000001\r\n"),

    # Bad words.
    ("HEXPIRE h -1 FIELDS 1 a", b"-ERR invalid expire time, must be >= 0\r\n"),
    ("HEXPIRE h x FIELDS 1 a", b"-ERR value is not an integer or out of range\r\n"),
    ("HEXPIRE h 9223372036854775807 FIELDS 1 a", b"-ERR invalid expire time in 'hexpire' command\r\n"),
    ("HPEXPIRE h 70368744177663 FIELDS 1 a", b"-ERR invalid expire time in 'hpexpire' command\r\n"),
    ("HEXPIREAT h 70368744178 FIELDS 1 a", b"-ERR invalid expire time in 'hexpireat' command\r\n"),
    ("HPEXPIREAT h 70368744177664 FIELDS 1 a", b"-ERR invalid expire time in 'hpexpireat' command\r\n"),
    ("HSET h a 1", "HPEXPIREAT h 70368744177663 FIELDS 1 a", b"*1\r\n:1\r\n"),
    ("HEXPIRE h 10 FIELD 1 a", FIELDS_MISSING),
    ("HEXPIRE h 10 NX GT FIELDS 1 a", FIELDS_MISSING),
    ("HTTL h FIELD 1 a", FIELDS_MISSING),
    ("HGETDEL h 1 a b", FIELDS_MISSING),
    ("HEXPIRE h 10 FIELDS 0 a", b"-ERR Parameter `numFields` should be greater than 0\r\n"),
    ("HEXPIRE h 10 FIELDS x a", b"-ERR Parameter `numFields` should be greater than 0\r\n"),
    ("HTTL h FIELDS 0 a", b"-ERR Number of fields must be a positive integer\r\n"),
    ("HPERSIST h FIELDS -1 a", b"-ERR Number of fields must be a positive integer\r\n"),
    ("HGETDEL h FIELDS 0 a", b"-ERR Number of fields must be a positive integer\r\n"),
    ("HEXPIRE h 10 FIELDS 2 a", FIELDS_MISMATCH),
    ("HEXPIRE h 10 NX FIELDS 1 a b", FIELDS_MISMATCH),
    ("HTTL h FIELDS 9223372036854775807 a", FIELDS_MISMATCH),
    ("HGETDEL h FIELDS 1 a b", FIELDS_MISMATCH),
    ("HEXPIRE h 10 FIELDS 1", b"-ERR wrong number of arguments for 'hexpire' command\r\n"),
    ("HTTL h FIELDS 1", b"-ERR wrong number of arguments for 'httl' command\r\n"),

    # HGETEX and HSETEX.
    ("HSET h a 1 b 2", "HGETEX h FIELDS 3 a zz b", {2: b"*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n", 3: b"*3\r\n$1\r\n1\r\n_\r\n$1\r\n2\r\n"}),
    ("HGETEX none FIELDS 2 a b", {2: b"*2\r\n$-1\r\n$-1\r\n", 3: b"*2\r\n_\r\n_\r\n"}),
    ("HGETDEL none FIELDS 2 a b", {2: b"*2\r\n$-1\r\n$-1\r\n", 3: b"*2\r\n_\r\n_\r\n"}),
    ("HSET h a 1", "HGETEX h PX 100000 FIELDS 1 a", "HGETEX h FIELDS 1 a", "HTTL h FIELDS 1 a", b"*1\r\n:100\r\n"),
    ("HSET h a 1", "HGETEX h PX 100000 FIELDS 1 a", "HGETEX h PERSIST FIELDS 1 a", "HTTL h FIELDS 1 a", b"*1\r\n:-1\r\n"),
    ("HSET h a 1", "HGETEX h EXAT 2000000000 FIELDS 1 a", "HPEXPIRETIME h FIELDS 1 a", b"*1\r\n:2000000000000\r\n"),
    ("HSET h a 1", "HGETEX h PXAT 1 FIELDS 1 a", b"*1\r\n$1\r\n1\r\n"),
    ("HSET h a 1", "HGETEX h PXAT 1 FIELDS 1 a", "EXISTS h", b":0\r\n"),
    ("HGETEX h EX 10 PERSIST FIELDS 1 a", b"-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified\r\n"),
    ("HGETEX h EX 10 PX 10 FIELDS 1 a", b"-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified\r\n"),
    ("HGETEX h EX -1 FIELDS 1 a", b"-ERR invalid expire time, must be >= 0\r\n"),
    ("HGETEX h EX 9223372036854775807 FIELDS 1 a", b"-ERR invalid expire time in 'hgetex' command\r\n"),
    ("HSETEX h EX 10 KEEPTTL FIELDS 1 a 1", b"-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified\r\n"),
    ("HSETEX h FNX FXX FIELDS 1 a 1", b"-ERR Only one of FXX or FNX arguments can be specified\r\n"),
    ("HSETEX h FIELDS 2 a 1", b"-ERR wrong number of arguments for 'hsetex' command\r\n"),
    ("HSETEX h FIELDS 1 a 1 b", b"-ERR wrong number of arguments for 'hsetex' command\r\n"),
    ("HSETEX h FIELDS 0 a 1", b"-ERR invalid number of fields\r\n"),
    ("HSETEX h EX 100 FXX FIELDS 1 a 1", "EXISTS h", b":0\r\n"),
    ("HSET h a 1", "HSETEX h FXX EX 100 FIELDS 2 a 2 b 3", b":0\r\n"),
    ("HSET h a 1 b 2", "HSETEX h FXX EX 100 FIELDS 2 a 2 b 3", "HGETALL h", {2: b"*4\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\nb\r\n$1\r\n3\r\n", 3: b"%2\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\nb\r\n$1\r\n3\r\n"}),
    ("HSETEX h FNX PXAT 2000000000000 FIELDS 2 a 1 b 2", "HPEXPIRETIME h FIELDS 2 a b", b"*2\r\n:2000000000000\r\n:2000000000000\r\n"),
    ("HSET h a 1 b 2", "HSETEX h PXAT 1 FIELDS 1 a 9", "HGETALL h", {2: b"*2\r\n$1\r\nb\r\n$1\r\n2\r\n", 3: b"%1\r\n$1\r\nb\r\n$1\r\n2\r\n"}),
    ("HSETEX h PXAT 1 FIELDS 1 a 9", b":1\r\n"),
    ("HSETEX h PXAT 1 FIELDS 1 a 9", "EXISTS h", b":0\r\n"),
    # Valkey's condition on the key.
    ("HSETEX h XX FIELDS 1 a 1", b":0\r\n"),
    ("HSETEX h NX EX 100 FIELDS 1 a 1", b":1\r\n"),
    ("HSET h a 1", "HSETEX h NX FIELDS 1 b 1", b":0\r\n"),
    ("HSET h a 1", "HSETEX h XX FNX FIELDS 1 b 1", b":1\r\n"),
]
