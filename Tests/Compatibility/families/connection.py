"""Commands on the connection itself."""

KEYS = ["a"]


def id_shape(ours, theirs):
    from oracle import same_kind
    return same_kind(ours, theirs)


NORMALISERS = {"CLIENT HELP": id_shape, "CLIENT KILL": id_shape, "AUTH": id_shape}

STEPS = [
    (3, "PING", lambda w: ["PING", *w.options(lambda: w.value(), share=0.4)]),
    (3, "ECHO", lambda w: ["ECHO", w.value()]),
    (4, "CLIENT", lambda w: ["CLIENT", w.any_case(w.pick("GETNAME", "getname", "ID", "INFO", "junk"))]),
    (4, "CLIENT", lambda w: ["CLIENT", "SETNAME", w.pick("name", "other", "", "with space", "new\nline", b"\xff", "~", "!")]),
    (2, "CLIENT", lambda w: ["CLIENT", w.pick("NO-EVICT", "no-evict"), w.pick("ON", "off", "junk", "")]),
    (2, "SELECT", lambda w: ["SELECT", w.pick("0", "1", "15", "16", "x", "-1")]),
    (1, "TIME", lambda w: ["TIME"]),
    (1, "HELLO", lambda w: ["HELLO", *w.options(lambda: w.pick("4", "1", "x", "0", ""), share=0.5)]),
]

EDGES = """
PING
PING hello
PING ""
PING a b
ECHO x
ECHO
ECHO a b
CLIENT
CLIENT junk
CLIENT GETNAME
CLIENT SETNAME me
CLIENT GETNAME
CLIENT SETNAME ""
CLIENT GETNAME
CLIENT SETNAME "with space"
CLIENT SETNAME "line\\n"
CLIENT SETNAME
CLIENT SETNAME a b
CLIENT GETNAME x
CLIENT ID x
CLIENT NO-EVICT
CLIENT NO-EVICT on
CLIENT NO-EVICT off
CLIENT NO-EVICT junk
CLIENT REPLY
CLIENT REPLY junk
CLIENT KILL
CLIENT KILL junk
CLIENT KILL 1.2.3.4:5
CLIENT KILL ID 99999999
CLIENT KILL ID abc
CLIENT KILL ID 0
CLIENT KILL TYPE junk
CLIENT KILL ADDR 1.2.3.4:5
CLIENT KILL LADDR 1.2.3.4:5
CLIENT KILL USER nobody
CLIENT KILL SKIPME junk
CLIENT KILL ID
CLIENT LIST junk
CLIENT LIST TYPE junk
CLIENT LIST TYPE
CLIENT LIST ID
CLIENT LIST ID abc
CLIENT LIST ID 99999999
CLIENT INFO x

AUTH
AUTH a b c
AUTH wrong
AUTH default wrong
AUTH nobody wrong
HELLO 4
HELLO 1
HELLO x
HELLO 2 junk
HELLO 2 AUTH
HELLO 2 AUTH a
HELLO 2 SETNAME
HELLO 2 SETNAME "a b"
HELLO 2 AUTH nobody wrong
HELLO 2 SETNAME me
CLIENT GETNAME

RESET
PING
RESET x

junk
JUNK a b c
"junk\\r\\nline"
"" a
foo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x
get
"""

NEWER = [
    ("CLIENT SETINFO LIB-NAME lib", b"+OK\r\n"),
    ("CLIENT SETINFO lib-ver 1.2", b"+OK\r\n"),
    ("CLIENT SETINFO junk 1.2", b"-ERR Unrecognized option 'junk'\r\n"),
    ('CLIENT SETINFO LIB-NAME "a b"', b"-ERR lib-name cannot contain spaces, newlines or special characters.\r\n"),
    ("CLIENT NO-TOUCH ON", b"+OK\r\n"),
    ("CLIENT NO-TOUCH OFF", b"+OK\r\n"),
    ("CLIENT NO-TOUCH junk", b"-ERR syntax error\r\n"),
]
