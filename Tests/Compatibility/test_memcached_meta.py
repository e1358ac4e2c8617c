"""memcached's meta protocol: what 1.6.18 answers, and expectations of our own for what is newer."""

import re
import time

import pytest

import memcache
from memcache import Raw, apus, oracle_port  # noqa: F401

pytestmark = memcache.NEEDED


def normal(reply):
    reply = re.sub(rb" c\d+", b" cN", reply)
    return re.sub(rb"la=\d+ cas=\d+ fetch=(\w+) cls=\d+ size=\d+", rb"fetch=\1", reply)


LONG, TOO_LONG = b"k" * 250, b"k" * 251

CASES = {
    "get": [b"ms a 1\r\nx\r\nmg a\r\nmg a v\r\nmg a s v t f c k h l\r\nmg a k O123 q\r\nmg nope\r\n"
            b"mg nope k O123 v\r\nmg nope q\r\nmn\r\n"],
    "set": [b"ms a 1 F77 T100 c k Oab q\r\nx\r\nms a 1 F77 T100 c k Oab\r\nx\r\nmg a t f v\r\n"],
    "no key": [b"ms a\r\n", b"mg\r\n", b"md\r\n", b"ma\r\n", b"me\r\n", b"mx a\r\n", b"mn x\r\n",
               b"m\r\nmgx\r\n"],
    "bad flags": [b"mg a z\r\nmg a v v\r\nmg a Rx\r\nmg a Nx\r\nmg a Tx\r\nmg a N\r\nmg a S1\r\n"
                  b"mg a A\r\nmg a 1\r\n",
                  b"ms a 1 Tx\r\nx\r\nms a 1 Fx\r\nx\r\nms a 1 Cx\r\nx\r\nms a 1 MSS\r\nx\r\n"
                  b"ms a 1 MZ\r\nx\r\nms a 1 z\r\nx\r\nms a 1 Ma\r\nx\r\n",
                  b"md a Tx\r\nma a Dx\r\nma a D-1\r\nma a Jx\r\nma a Mx\r\n"],
    "bad lengths": [b"ms a x\r\nx\r\nms a -1\r\nx\r\nms a S1\r\nx\r\n"],
    "too many flags": [b"mg a v t h l k c f s q u O1 R1 N1 T1 P1 L1 I M1 F1 C1 J1 D1\r\n"],
    "flags that other commands know": [b"ms a 1\r\nx\r\nmg a P1 L1 v\r\nmg a M1\r\nmg a F1\r\nmg a I\r\n"],
    "opaque": [b"ms a 1\r\nx\r\nmg a O" + b"o" * 31 + b"\r\nmg a O" + b"o" * 32 + b"\r\n"],
    "modes": [b"ms a 1\r\nx\r\nms a 1 ME\r\nx\r\nms n1 1 ME\r\nx\r\nms a 1 MA\r\ny\r\nmg a v\r\n"
              b"ms a 1 MP\r\nz\r\nmg a v\r\nms nope 1 MA\r\ny\r\nms nope 1 MR\r\ny\r\n"
              b"ms a 1 MR\r\nr\r\nmg a v\r\nms a 1 MS\r\ns\r\nmg a v\r\n"],
    "compare": [b"ms a 1\r\nx\r\nms a 1 C1\r\nx\r\nms nope 1 C1\r\nx\r\nms a 1 C1 q\r\nx\r\n"
                b"md a C1\r\nmd a C1 q\r\nmd nope k Oa\r\nmd a q\r\nmd a\r\nmn\r\n"],
    "stale": [b"ms a 1\r\nx\r\nmd a I\r\nmg a v\r\nmg a v\r\nmg a v t\r\nms a 1\r\ny\r\nmg a v\r\n",
              b"ms a 1 T100\r\nx\r\nmd a I T30 k O5\r\nmg a v t\r\nmg a R60 v\r\nmg a R10 v\r\n"],
    "recache": [b"ms a 1 T100\r\nx\r\nmg a R200 v t\r\nmg a R200 v\r\nmg a R50 v\r\nmg a v\r\n"
                b"ms a 1 T100\r\nx\r\nmg a R50 v\r\nmg a R200\r\n"],
    "vivify": [b"mg n N30 v t\r\nmg n N30 v t\r\nmg n N30 t s\r\nmg n v\r\nget n\r\nms n 1\r\nx\r\n"
               b"mg n N30 v\r\n"],
    "touch": [b"ms a 1 T10\r\nx\r\nmg a T100 t\r\nmg a t\r\nmg a T-1 v\r\nmg a v\r\nmg a T0 t\r\n",
              b"ms a 1 T-1\r\nx\r\nmg a\r\nms a 1 T0\r\nx\r\nmg a t\r\n"],
    "arithmetic": [b"ms n 2\r\n10\r\nma n\r\nma n v\r\nma n D5 v t\r\nma n MD v\r\nma n M- D100 v\r\n"
                   b"ma n M+ v\r\nma n MI v\r\nma n q\r\nma n v q\r\nma nope\r\nma n k Oz v\r\n"
                   b"ma n T50 t v\r\nma n C1 v\r\nms n 1\r\nx\r\nma n\r\nma n q\r\n"],
    "arithmetic that makes": [b"ma z N0 v\r\nma z v\r\nmd z\r\nma z N60 J13 v t\r\nma z v t\r\n"],
    "hit before": [b"ms a 1\r\nx\r\nmg a h t l\r\nmg a h v\r\nmg a h\r\nms a 1\r\ny\r\nmg a u h v\r\n"
                   b"mg a h\r\nget a\r\nmg a h\r\n"],
    "base64": [b"ms Zm9v 3 b\r\nabc\r\nget foo\r\nmg Zm9v b v k\r\nmg Zm9v v k\r\nmg Zm9v b k O1\r\n"
               b"md Zm9v b k\r\nmg Zm9v b k v\r\nmg !!! b v\r\nms !!! 1 b\r\nx\r\nmg Zg b v\r\n"
               b"ms /w== 1 b\r\nx\r\nmg /w== b v k\r\nme /w== b\r\nme Zm9v b\r\n"],
    "debug": [b"me nope\r\nms a 1 T100\r\nx\r\nme a\r\nmg a v\r\nme a\r\nms a 1\r\nx\r\nme a\r\n"],
    "long keys": [b"mg " + TOO_LONG + b" v\r\n", b"mg " + LONG + b" v\r\n",
                  b"ms " + TOO_LONG + b" 1\r\nx\r\n"],
    "too large": [b"ms big 1048576\r\n" + b"x" * 1048576 + b"\r\nmg big\r\nms big 1048576 q\r\n"
                  + b"x" * 1048576 + b"\r\n"],
    "large": [b"ms big 100000 F7\r\n" + b"x" * 100000 + b"\r\nmg big s f v\r\n"],
    "classic and meta": [b"set a 5 0 3\r\nabc\r\nmg a f s v\r\nms a 2 F9\r\nde\r\nget a\r\n"],
}


def clean(port):
    with Raw(port) as raw:
        raw.ask(b"".join(b"delete %s\r\n" % key for key in
                         (b"a", b"n", b"n1", b"z", b"v", b"nope", b"foo", b"\xff", b"big")))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.replace(" ", "-"))
def test_answers_as_memcached_does(case, apus, oracle_port):
    for requests in CASES[case]:
        answers = []
        for port in (oracle_port, apus.port):
            clean(port)
            with Raw(port) as raw:
                answers.append(normal(raw.ask(requests)))
        assert answers[0] == answers[1], requests[:200]


def test_requests_may_be_cut_anywhere(apus):
    request = (b"ms YWI= 3 b F5 k\r\nabc\r\nmg YWI= b v k\r\nms a 2 T100 q\r\nxy\r\nmg a v t\r\n"
               b"ma n N0 J5 v\r\nmd a\r\nmn\r\n")
    clean(apus.port)
    with Raw(apus.port) as raw:
        whole = raw.ask(request)
    for cut in range(1, len(request)):
        clean(apus.port)
        with Raw(apus.port) as raw:
            raw.send(request[:cut])
            if cut % 8 == 0:
                time.sleep(0.001)
            assert raw.ask(request[cut:]) == whole, cut


# What 1.6.18 does not know yet, or does otherwise.

def test_versions_may_be_the_clients_own(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"ms a 1 E99\r\nx\r\nmg a c\r\n") == b"HD\r\nHD c99\r\n"
        assert raw.ask(b"ms a 1 C98 E100\r\ny\r\nms a 1 C99 E100\r\nz\r\nmg a c v\r\n") == (
            b"EX\r\nHD\r\nVA 1 c100\r\nz\r\n")
        assert raw.ask(b"md a C99\r\nmd a I E101\r\nmg a c\r\n") == b"EX\r\nHD\r\nHD c101 X W\r\n"
        assert raw.ask(b"ma n N0 J5 E7 c\r\nma n C7 E8 v c\r\n") == b"HD c7\r\nVA 1 c8\r\n6\r\n"


def test_an_older_value_may_be_stored_as_stale(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"ms a 1 E100\r\nx\r\nms a 1 I C50\r\ny\r\nmg a v\r\nmg a v\r\n") == (
            b"HD\r\nHD\r\nVA 1 X W\r\ny\r\nVA 1 Z X\r\ny\r\n")
        assert raw.ask(b"ms a 1 E100\r\nx\r\nms a 1 I C150\r\ny\r\nmg a v\r\n") == (
            b"HD\r\nEX\r\nVA 1\r\nx\r\n")


def test_a_value_may_be_dropped(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"ms a 3 F5 T100\r\nabc\r\nmd a x\r\nmg a s f t v\r\n") == (
            b"HD\r\nHD\r\nVA 0 s0 f0 t100\r\n\r\n")


def test_appending_may_make_an_item(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"ms v 1 MA N100\r\ny\r\nms v 1 MP N5\r\nz\r\nmg v t v\r\n") == (
            b"HD\r\nHD\r\nVA 2 t100\r\nzy\r\n")


def test_misses_are_quiet_where_asked(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"md nope q\r\nma nope q\r\nmg nope q\r\nmn\r\n") == b"MN\r\n"


def test_an_unchanged_value_is_left_out(apus):
    clean(apus.port)
    with Raw(apus.port) as raw:
        assert raw.ask(b"ms a 1 E5\r\nx\r\nmg a C5 v c\r\nmg a C6 v\r\n") == (
            b"HD\r\nHD c5\r\nVA 1\r\nx\r\n")


def test_one_wins_the_recache(apus):
    """Of many who meet a stale item, one is told to fetch a new value."""
    clean(apus.port)
    with Raw(apus.port) as raw:
        raw.ask(b"ms a 1 T100\r\nx\r\nmd a I\r\n")
        others = [Raw(apus.port) for _ in range(20)]
        for other in others:
            other.send(b"mg a v\r\n")
        replies = [other.until(b"x\r\n") for other in others]
        assert sorted(set(replies)) == [b"VA 1 X W\r\nx\r\n", b"VA 1 Z X\r\nx\r\n"]
        assert replies.count(b"VA 1 X W\r\nx\r\n") == 1
        for other in others:
            other.socket.close()


@pytest.mark.parametrize("kept", ["snapshot", "log", "rewritten log"])
def test_flags_versions_and_marks_survive_a_restart(kept):
    options = [] if kept == "snapshot" else ["--appendonly", "yes"]
    server = memcache.Apus(2, *options)
    try:
        with Raw(server.port) as raw, server.resp() as resp:
            raw.ask(b"set a 77 0 3\r\nabc\r\nset b 0 0 1\r\nx\r\nms c 1 E99 F5 T1000\r\ny\r\n"
                    b"md c I\r\nmg c v\r\nset d 9 0 100000\r\n" + b"z" * 100000 + b"\r\n"
                    b"set e 5 0 1\r\nx\r\n")
            resp("SET", "e", "plain")
            before = raw.ask(b"get a b d e\r\nmg c v f c t\r\n")
            if kept == "snapshot":
                assert resp("SAVE") == "OK"
            elif kept == "rewritten log":
                resp("BGREWRITEAOF")
                deadline = time.monotonic() + 20
                while b"aof_rewrite_in_progress:1" in resp("INFO", "persistence"):
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
        process = server.server.process
        process.terminate()
        process.wait(30)
        server.server.start()
        memcache.await_port(server.port)
        with Raw(server.port) as raw:
            assert raw.ask(b"get a b d e\r\nmg c v f c t\r\n") == before
    finally:
        server.end()
