"""memcached's text protocol: the same requests to memcached and to Apus, and what they share."""

import concurrent.futures
import random
import threading
import time

import pytest

import memcache
import servers
from memcache import Raw, apus, oracle_port, without_versions  # noqa: F401

pytestmark = memcache.NEEDED


@pytest.fixture(autouse=True)
def empty(request):
    for name in ("apus", "oracle_port"):
        if name in request.fixturenames:
            place = request.getfixturevalue(name)
            with Raw(place if name == "oracle_port" else place.port) as raw:
                raw.send(b"flush_all\r\n")
                raw.until(b"OK\r\n")


LONG = b"k" * 250
TOO_LONG = b"k" * 251

CASES = {
    "set and get": [b"set a 5 0 1\r\nx\r\nget a\r\ngets a\r\nget a b a\r\n"],
    "line feeds alone": [b"set a 5 0 1\nx\r\nget a\n"],
    "bad line end of a value": [b"set a 5 0 1\r\nx\nget a\r\n"],
    "value longer than announced": [b"set a 5 0 1\r\nxyz\r\nget a\r\n"],
    "value shorter than announced": [b"set a 5 0 10\r\nxyz\r\nget a\r\nget a\r\n"],
    "negative length": [b"set a 5 0 -1\r\nxyz\r\nget a\r\n"],
    "huge length": [b"set a 5 0 2147483647\r\nxyz\r\nget a\r\n"],
    "largest flags": [b"set a 4294967295 0 1\r\nx\r\nget a\r\n"],
    "flags beyond 32 bits": [b"set a 4294967296 0 1\r\nx\r\nget a\r\n"],
    "negative flags": [b"set a -1 0 1\r\nx\r\nget a\r\n"],
    "flags with a sign": [b"set a +7 0 1\r\nx\r\nget a\r\n"],
    "flags with letters": [b"set a 1x 0 1\r\nx\r\nget a\r\n"],
    "time with letters": [b"set a 1 x 1\r\nx\r\nget a\r\n"],
    "negative time": [b"set a 1 -1 1\r\nx\r\nget a\r\n"],
    "thirty days": [b"set a 1 2592000 1\r\nx\r\nget a\r\n"],
    "more than thirty days are long ago": [b"set a 1 2592001 1\r\nx\r\nget a\r\n"],
    "noreply": [b"set a 1 0 1 noreply\r\nx\r\nget a\r\n"],
    "noreply in other letters": [b"set a 1 0 1 Noreply\r\nx\r\nget a\r\n"],
    "noreply behind another word": [b"set a 1 0 1 2 noreply\r\nx\r\nget a\r\n"],
    "a bad value in silence": [b"set a 5 0 1 noreply\r\nxyz\r\n"],
    "bad flags in silence": [b"set a x 0 1 noreply\r\nx\r\n"],
    "too few words": [b"set a 1 0\r\nget a\r\n", b"set\r\nset a\r\nset a 1\r\n"],
    "the longest key": [b"set " + LONG + b" 1 0 1\r\nx\r\nget " + LONG + b"\r\n"],
    "too long a key": [b"set " + TOO_LONG + b" 1 0 1\r\nx\r\n", b"get " + TOO_LONG + b"\r\n",
                       b"get a " + TOO_LONG + b" a\r\n", b"gets " + TOO_LONG + b"\r\n",
                       b"incr " + TOO_LONG + b" 1\r\n", b"delete " + TOO_LONG + b"\r\n",
                       b"touch " + TOO_LONG + b" 1\r\n", b"gat 10 " + TOO_LONG + b"\r\n"],
    "spaces between words": [b"set a 1 0 1\r\nx\r\nget  a   a b c \r\n", b"  get a\r\n"],
    "no key": [b"get\r\nget \r\nget\t a\r\n", b"gets\r\ngat\r\ngats 1\r\ngats 1 nope\r\n"],
    "a tab as a key": [b"get \t\r\nset \t 1 0 1\r\nx\r\nget \t\r\n"],
    "capital letters": [b"GET a\r\n"],
    "empty lines": [b"\r\n", b"\n", b"   \r\n"],
    "no such command": [b"foo\r\nfoo bar\r\n"],
    "incr and decr": [
        b"set n 3 0 2\r\n10\r\nincr n 5\r\ndecr n 6\r\nget n\r\ndecr n 100\r\nget n\r\n"
        b"incr n 18446744073709551615\r\nget n\r\nincr n 2\r\nget n\r\n"
        b"incr n 18446744073709551616\r\nincr n -1\r\nincr n x\r\nincr n 1x\r\nincr n +1\r\n"],
    "incr wraps": [b"set n 0 0 20\r\n18446744073709551615\r\nincr n 1\r\nget n\r\n",
                   b"set n 0 0 20\r\n18446744073709551616\r\nincr n 1\r\nget n\r\n"],
    "incr of what is no number": [
        b"set n 0 0 1\r\nx\r\nincr n 1\r\n", b"set n 0 0 0\r\n\r\nincr n 1\r\n",
        b"set n 0 0 3\r\n 12\r\nincr n 1\r\nget n\r\n",
        b"set n 0 0 4\r\n1 23\r\nincr n 1\r\nget n\r\n",
        b"set n 0 0 2\r\n-1\r\nincr n 1\r\n", b"set n 0 0 4\r\n0x1f\r\nincr n 1\r\n",
        b"set n 0 0 3\r\n+12\r\nincr n 1\r\nget n\r\n",
        b"set n 0 0 30\r\n000000000000000000000000000012\r\nincr n 1\r\nget n\r\n"],
    "incr without a key": [b"incr nope 1\r\nincr nope 1 noreply\r\nincr nope\r\n"
                           b"incr nope 1 2 3\r\nincr nope 1 2\r\ndecr nope 1\r\nincr\r\n"],
    "incr in silence": [b"set n 7 0 1\r\n9\r\nincr n 1 noreply\r\nget n\r\nincr n x noreply\r\n"],
    "delete": [b"set d 0 0 1\r\nx\r\ndelete d\r\ndelete d\r\ndelete d 0\r\ndelete d 1\r\n"
               b"delete d 0 noreply\r\ndelete d noreply\r\ndelete d 0 x\r\n"
               b"delete d noreply noreply\r\ndelete\r\ndelete d 0 noreply x\r\n"
               b"delete a x noreply\r\n"],
    "touch": [b"set t 0 0 1\r\nx\r\ntouch t 10\r\nget t\r\ntouch t -1\r\nget t\r\ntouch t 10\r\n"
              b"touch t x\r\ntouch t\r\ntouch t 1 noreply\r\ntouch t 1 2\r\ntouch a x noreply\r\n"],
    "gat": [b"set g 3 0 1\r\nx\r\ngat 10 g\r\ngats 10 g g nope\r\ngat x g\r\ngat 10\r\ngat\r\n"
            b"gat -1 g\r\nget g\r\n"],
    "append and prepend": [
        b"set a 9 0 1\r\nx\r\nappend a 1 0 2\r\nyz\r\nprepend a 1 -1 2\r\nww\r\nget a\r\n"
        b"append nope 0 0 1\r\nx\r\nprepend nope 0 0 1 noreply\r\nx\r\n"],
    "append to a number": [b"set a 0 0 2\r\n12\r\nappend a 0 0 1\r\n3\r\nget a\r\nincr a 1\r\n"],
    "add and replace": [
        b"set a 0 0 1\r\nx\r\nadd a 1 0 1\r\ny\r\nadd n 1 -1 1\r\ny\r\nget n\r\n"
        b"replace a 2 0 1\r\nz\r\nget a\r\nreplace nope 0 0 1\r\nx\r\n"],
    "cas of what was not read": [
        b"set a 2 0 1\r\nz\r\ncas a 1 0 1 123456789\r\nx\r\ncas nope 1 0 1 1\r\nx\r\n"
        b"cas a 1 0 1 x\r\ny\r\ncas a 1 0 1 1234 noreply\r\nz\r\nget a\r\n"
        b"cas a 1 0 1 18446744073709551616\r\ny\r\ncas a 1 0 1 -1\r\ny\r\n"],
    "verbosity": [b"verbosity\r\nverbosity 1\r\nverbosity 1 noreply\r\nverbosity x\r\n"
                  b"verbosity 1 2 3\r\nverbosity noreply\r\nverbosity 0\r\n"],
    "flush_all": [b"set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\nflush_all noreply\r\nflush_all 0\r\n"
                  b"flush_all x\r\nflush_all -1\r\nflush_all 0 noreply\r\nflush_all 1 2 3\r\n"
                  b"flush_all x noreply\r\n"],
    "shutdown": [b"shutdown\r\nshutdown graceful\r\nshutdown x\r\n"],
    "cache_memlimit": [b"cache_memlimit\r\ncache_memlimit x\r\ncache_memlimit 1\r\n"
                       b"cache_memlimit 64 noreply\r\ncache_memlimit 7\r\ncache_memlimit 1024\r\n"],
    "stats of other kinds": [
        b"stats detail\r\nstats detail on\r\nstats detail off\r\nstats nope\r\n"
        b"stats cachedump\r\nstats cachedump 1\r\nstats reset\r\n"],
    "lru, slabs, lru_crawler": [
        b"lru\r\nlru mode flat\r\nlru mode segmented\r\nlru tune 20 40 0.2 2.0\r\nlru temp_ttl 61\r\n"
        b"lru mode x\r\nlru x\r\nlru tune 90 90 1 1\r\nslabs\r\nslabs automove 1\r\n"
        b"slabs automove 5\r\nslabs x\r\nslabs reassign x 2\r\nlru_crawler\r\n"
        b"lru_crawler sleep 100\r\nlru_crawler tocrawl 0\r\nlru_crawler x\r\n"],
    "a thousand keys": [b"set k7 0 0 1\r\nx\r\nget "
                        + b" ".join(b"k%d" % n for n in range(1000)) + b"\r\n"],
    "a long line": [b"x" * 3000 + b"\r\n", b"set " + b"y" * 3000 + b"\r\n",
                    b"set a 0 0 1" + b" " * 2060 + b"\r\nx\r\nget a\r\n"],
    "bytes of all kinds": [b"set a 0 0 5\r\n\x00\x01\xff\r\n\r\nget a\r\n",
                           b"set \xc3\xa9 0 0 1\r\nx\r\nget \xc3\xa9\r\n"],
    "the largest item": [
        b"set abc 0 0 1048514\r\n" + b"x" * 1048514 + b"\r\n",
        b"set abc 0 0 1048515\r\n" + b"x" * 1048515 + b"\r\nget abc\r\n",
        b"set abc 1 0 1048510\r\n" + b"x" * 1048510 + b"\r\n",
        b"set abc 1 0 1048511\r\n" + b"x" * 1048511 + b"\r\nget abc\r\n"],
    "too large an item": [
        b"set a 0 0 1\r\nx\r\nset a 0 0 1048576 noreply\r\n" + b"x" * 1048576 + b"\r\nget a\r\n",
        b"set a 0 0 1\r\nx\r\nadd a 0 0 1048576\r\n" + b"x" * 1048576 + b"\r\nget a\r\n",
        b"set a 0 0 1048000\r\n" + b"x" * 1048000 + b"\r\nappend a 0 0 1000\r\n"
        + b"y" * 1000 + b"\r\n"],
    "a bad end of a large value": [b"set a 1 0 100000\r\n" + b"x" * 100000 + b"zz\r\nget a\r\n"],
    "a large value": [b"set a 77 0 100000\r\n" + b"x" * 100000 + b"\r\nget a\r\nincr a 1\r\n"
                      b"append a 0 0 1\r\ny\r\ngets a\r\n"],
    "HTTP": [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.0\r\n", b"get / HTTP/1.1\r\n"],
    "quit": [b"quit\r\n", b"quit x\r\n"],
}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.replace(" ", "-"))
def test_answers_as_memcached_does(case, apus, oracle_port):
    for requests in CASES[case]:
        answers = []
        for port in (oracle_port, apus.port):
            with Raw(port) as raw:
                raw.ask(b"delete a\r\ndelete n\r\ndelete d\r\ndelete g\r\ndelete t\r\n"
                        b"delete nope\r\n")
            with Raw(port) as raw:
                answers.append(without_versions(raw.ask(requests)))
        assert answers[0] == answers[1], requests[:200]


def test_requests_may_be_cut_anywhere(apus):
    request = (b"set a 5 0 3\r\nabc\r\nget a b a\r\ngets a\r\nappend a 0 0 2 noreply\r\nde\r\n"
               b"incr a 1\r\nset n 0 0 1\r\n5\r\nincr n 7\r\nset a 0 0 2\r\nabc\r\ndelete a\r\n")
    with Raw(apus.port) as raw:
        whole = without_versions(raw.ask(request))
    for cut in range(1, len(request)):
        with Raw(apus.port) as raw:
            raw.ask(b"delete a\r\ndelete n\r\n")
            raw.send(request[:cut])
            if cut % 8 == 0:
                time.sleep(0.001)
            assert without_versions(raw.ask(request[cut:])) == whole, cut


def test_single_bytes(apus):
    request = b"set a 5 0 3\r\nabc\r\nget a b a\r\ngat 10 a\r\n"
    with Raw(apus.port) as raw:
        for byte in request[:-1]:
            raw.send(bytes([byte]))
            time.sleep(0.0005)
        assert raw.ask(request[-1:]) == (
            b"STORED\r\nVALUE a 5 3\r\nabc\r\nVALUE a 5 3\r\nabc\r\nEND\r\n"
            b"VALUE a 5 3\r\nabc\r\nEND\r\n")


def test_values_of_all_sizes(apus):
    with Raw(apus.port, 30.0) as raw:
        for size in (0, 1, 127, 128, 8191, 8192, 16383, 16384, 32767, 32768, 65536, 300000, 1000000):
            for flags in (0, 9):
                value = bytes(random.Random(size).randbytes(size))
                raw.send(b"set v %d 0 %d\r\n%s\r\n" % (flags, size, value))
                assert raw.until(b"\r\n") == b"STORED\r\n"
                raw.send(b"get v\r\n")
                head = b"VALUE v %d %d\r\n" % (flags, size)
                assert raw.receive(len(head)) == head
                assert raw.receive(size) == value
                assert raw.receive(7) == b"\r\nEND\r\n"


def test_an_endless_line_ends_the_connection(apus):
    with Raw(apus.port) as raw:
        raw.send(b"x" * 3000)
        assert raw.socket.recv(10) == b""


def test_a_retrieval_may_be_long(apus):
    with Raw(apus.port, 30.0) as raw:
        raw.ask(b"set k77777 0 0 1\r\nx\r\n")
        line = b"get " + b" ".join(b"k%d" % n for n in range(100000)) + b"\r\n"
        assert raw.ask(line) == b"VALUE k77777 0 1\r\nx\r\nEND\r\n"


# What the two protocols share.

def versions(raw, key=b"a"):
    raw.send(b"gets %s\r\n" % key)
    line = raw.until(b"END\r\n").split(b"\r\n")[0].split()
    return int(line[4])


def test_cas(apus):
    with Raw(apus.port) as raw, Raw(apus.port) as other:
        raw.ask(b"set a 1 0 1\r\nx\r\n")
        version = versions(raw)
        assert versions(other) == version, "reading changes nothing"
        assert other.ask(b"cas a 2 0 1 %d\r\ny\r\n" % version) == b"STORED\r\n"
        assert raw.ask(b"cas a 3 0 1 %d\r\nz\r\n" % version) == b"EXISTS\r\n"
        newer = versions(raw)
        assert newer != version
        raw.ask(b"touch a 100\r\n")
        assert versions(raw) == newer, "a touch is no new version"
        raw.ask(b"append a 0 0 1\r\nx\r\n")
        assert raw.ask(b"cas a 3 0 1 %d\r\nz\r\n" % newer) == b"EXISTS\r\n"
        # The same value again is another version.
        raw.ask(b"set a 1 0 1\r\nx\r\n")
        assert versions(raw) not in (version, newer)


def test_resp_sees_strings(apus):
    with Raw(apus.port) as raw, apus.resp() as resp:
        raw.ask(b"set a 5 0 3\r\nabc\r\n")
        assert resp("GET", "a") == b"abc"
        assert resp("TYPE", "a") == "string"
        assert resp("STRLEN", "a") == 3
        assert resp("OBJECT", "ENCODING", "a") == b"embstr"
        version = versions(raw)
        resp("SET", "a", "xyz")
        assert raw.ask(b"get a\r\n") == b"VALUE a 0 3\r\nxyz\r\nEND\r\n", "SET clears the flags"
        assert raw.ask(b"cas a 1 0 1 %d\r\nx\r\n" % version) == b"EXISTS\r\n"
        raw.ask(b"set a 5 0 2\r\n12\r\n")
        assert resp("INCR", "a") == 13
        assert raw.ask(b"get a\r\n") == b"VALUE a 0 2\r\n13\r\nEND\r\n"
        raw.ask(b"set a 5 0 2\r\n12\r\n")
        assert resp("APPEND", "a", "x") == 3
        assert raw.ask(b"get a\r\n") == b"VALUE a 0 3\r\n12x\r\nEND\r\n"
        raw.ask(b"set a 5 100 2\r\n12\r\n")
        assert 99 <= resp("TTL", "a") <= 100
        resp("PERSIST", "a")
        assert resp("TTL", "a") == -1
        resp("EXPIRE", "a", 50)
        assert raw.ask(b"get a\r\n") == b"VALUE a 5 2\r\n12\r\nEND\r\n", "flags stay"


def test_other_types_are_no_items(apus):
    with Raw(apus.port) as raw, apus.resp() as resp:
        resp("RPUSH", "l", "x")
        assert raw.ask(b"get l\r\ngets l\r\n") == b"END\r\nEND\r\n"
        assert raw.ask(b"add l 0 0 1\r\nx\r\nreplace l 0 0 1\r\nx\r\nappend l 0 0 1\r\nx\r\n") == (
            b"NOT_STORED\r\n" * 3)
        assert raw.ask(b"incr l 1\r\ntouch l 1\r\n") == b"NOT_FOUND\r\nNOT_FOUND\r\n"
        assert raw.ask(b"cas l 0 0 1 5\r\nx\r\n") == b"NOT_FOUND\r\n"
        assert resp("LRANGE", "l", 0, -1) == [b"x"]
        assert raw.ask(b"set l 3 0 1\r\nx\r\nget l\r\n") == b"STORED\r\nVALUE l 3 1\r\nx\r\nEND\r\n"
        resp("DEL", "l")
        resp("RPUSH", "l", "x")
        assert raw.ask(b"delete l\r\n") == b"DELETED\r\n"


def test_items_keep_their_flags_where_they_go(apus):
    with Raw(apus.port) as raw, apus.resp() as resp:
        for value in (b"12", b"x" * 100, b"y" * 100000):
            raw.ask(b"set a 77 0 %d\r\n%s\r\n" % (len(value), value))
            resp("COPY", "a", "b", "REPLACE")
            resp("RENAME", "a", "c")
            for key in (b"b", b"c"):
                assert raw.ask(b"get %s\r\n" % key) == (
                    b"VALUE %s 77 %d\r\n%s\r\nEND\r\n" % (key, len(value), value))
            version = versions(raw, b"c")
            resp("PEXPIRE", "c", 1000000)
            resp("PERSIST", "c")
            assert versions(raw, b"c") == version
            assert resp("GET", "c") == value
            assert resp("DEBUG", "OBJECT", "c") is not None
            assert resp("MEMORY", "USAGE", "c") > len(value)
            assert resp("SETRANGE", "c", 0, "z") == len(value)


def test_resp_knows_no_such_names(apus):
    with apus.resp() as resp:
        names = {name.lower() for name in resp("COMMAND", "LIST")}
        assert not [name for name in names if b"memcached" in name]
        assert "unknown command" in str(resp("MEMCACHED.GET", "a"))


def test_effects(apus):
    with Raw(apus.port) as raw, apus.resp() as resp:
        resp("DEBUG", "EFFECTS", "ON")
        try:
            raw.ask(b"set a 0 0 1\r\nx\r\nset b 7 0 1\r\ny\r\nappend a 0 0 1\r\nz\r\n"
                    b"set n 0 0 1\r\n5\r\nincr n 2\r\ndelete a\r\ntouch n 0\r\n"
                    b"set n 0 -1 1\r\n5\r\nget a\r\nflush_all\r\n")
            records = resp("DEBUG", "EFFECTS", "TAKE")
            flat = [b" ".join(words) for _, words in records]
        finally:
            resp("DEBUG", "EFFECTS", "OFF")
    assert flat == [
        b"SET a x", b"MULTI", b"SET b y", b"PING apus:item 7 0 0 b", b"EXEC", b"SET a xz",
        b"SET n 5", b"SET n 7", b"DEL a", b"DEL n", b"FLUSHDB"]


def test_events_and_monitor(apus):
    with Raw(apus.port) as raw, apus.resp() as resp, apus.resp() as looker:
        resp("CONFIG", "SET", "notify-keyspace-events", "EA")
        looker("SUBSCRIBE", "__keyevent@0__:set")
        looker("SUBSCRIBE", "__keyevent@0__:del")
        raw.ask(b"set ev 3 0 1\r\nx\r\ndelete ev\r\n")
        seen = [looker.message() for _ in range(2)]
        resp("CONFIG", "SET", "notify-keyspace-events", "")
        assert [message[1:] for message in seen] == [
            [b"__keyevent@0__:set", b"ev"], [b"__keyevent@0__:del", b"ev"]]


def test_statistics(apus):
    with Raw(apus.port) as raw:
        raw.send(b"stats reset\r\n")
        raw.until(b"RESET\r\n")
        raw.ask(b"set a 0 0 1\r\nx\r\nget a b\r\nincr a 1\r\ndelete a\r\ndelete a\r\n")
        raw.send(b"stats\r\n")
        lines = raw.until(b"END\r\n").split(b"\r\n")[:-2]
        stats = dict(line.split(b" ", 2)[1:] for line in lines)
        assert stats[b"cmd_get"] == b"2" and stats[b"get_hits"] == b"1"
        assert stats[b"get_misses"] == b"1" and stats[b"cmd_set"] == b"1"
        assert stats[b"delete_hits"] == b"1" and stats[b"delete_misses"] == b"1"
        for subject in (b"settings", b"items", b"slabs", b"sizes", b"conns"):
            raw.send(b"stats %s\r\n" % subject)
            lines = raw.until(b"END\r\n").split(b"\r\n")[:-2]
            assert all(line.startswith(b"STAT ") for line in lines)


def test_a_flush_may_come_later(apus):
    with Raw(apus.port) as raw:
        assert raw.ask(b"set a 0 0 1\r\nx\r\nflush_all 1\r\nget a\r\n") == (
            b"STORED\r\nOK\r\nVALUE a 0 1\r\nx\r\nEND\r\n")
        deadline = time.monotonic() + 5
        while raw.ask(b"get a\r\n") != b"END\r\n":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_what_is_due_is_gone(apus):
    with Raw(apus.port) as raw:
        raw.ask(b"set a 5 1 1\r\nx\r\nset b 0 %d 1\r\ny\r\n" % (int(time.time()) + 2))
        deadline = time.monotonic() + 6
        while raw.ask(b"get a b\r\n") != b"END\r\n":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_authentication():
    server = memcache.Apus(2, "--requirepass", "secret")
    try:
        with Raw(server.port) as raw:
            raw.send(b"get a\r\n")
            assert raw.until(b"\r\n") == b"CLIENT_ERROR unauthenticated\r\n"
            raw.send(b"set x 0 0 13\r\ndefault wrong\r\n")
            assert raw.until(b"\r\n") == b"CLIENT_ERROR authentication failure\r\n"
            raw.send(b"set x 0 0 14\r\ndefault secret\r\n")
            assert raw.until(b"\r\n") == b"STORED\r\n"
            assert raw.ask(b"set a 0 0 1\r\nx\r\nget a\r\n") == (
                b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n")
        with server.resp() as resp:
            resp("AUTH", "secret")
            resp("ACL", "SETUSER", "reader", "on", ">pw", "~r:*", "+memcached.get")
        with Raw(server.port) as raw:
            raw.send(b"set x 0 0 9\r\nreader pw\r\n")
            assert raw.until(b"\r\n") == b"STORED\r\n"
            raw.send(b"get r:1\r\n")
            assert raw.until(b"\r\n") == b"END\r\n"
            raw.send(b"set r:1 0 0 1\r\nx\r\n")
            assert raw.until(b"\r\n").startswith(b"SERVER_ERROR NOPERM")
    finally:
        server.end()


def test_memory_has_a_bound():
    server = memcache.Apus(1, "--maxmemory", "8mb", "--maxmemory-policy", "noeviction")
    try:
        with Raw(server.port) as raw:
            value = b"x" * 100000
            replies = set()
            for n in range(200):
                raw.send(b"set k%d 0 0 100000\r\n%s\r\n" % (n, value))
                replies.add(raw.until(b"\r\n"))
            assert replies == {b"STORED\r\n", b"SERVER_ERROR out of memory storing object\r\n"}
    finally:
        server.end()


def test_many_clients_of_both_kinds(apus):
    """Counters incremented through both protocols by many clients lose nothing."""
    rounds, clients = 50, 40

    def count(number):
        if number % 2:
            with Raw(apus.port, 30.0) as raw:
                for _ in range(rounds):
                    for key in (b"c1", b"c2"):
                        raw.send(b"incr %s 1\r\n" % key)
                        raw.until(b"\r\n")
        else:
            with apus.resp() as resp:
                for _ in range(rounds):
                    resp("INCR", "c1")
                    resp("INCR", "c2")

    with Raw(apus.port) as raw:
        raw.ask(b"set c1 5 0 1\r\n0\r\nset c2 0 0 1\r\n0\r\n")
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            list(pool.map(count, range(clients)))
        total = rounds * clients
        raw.send(b"get c1 c2\r\n")
        lines = raw.until(b"END\r\n").split(b"\r\n")
        assert int(lines[1]) == total and int(lines[3]) == total


def test_cas_from_many_sides(apus):
    """Of all who read the same version, one stores."""
    rounds, clients = 25, 8

    def add(_):
        with Raw(apus.port, 30.0) as raw:
            done = 0
            while done < rounds:
                raw.send(b"gets c\r\n")
                head, value = raw.until(b"END\r\n").split(b"\r\n")[:2]
                text = b"%d" % (int(value) + 1)
                raw.send(b"cas c 1 0 %d %s\r\n%s\r\n" % (len(text), head.split()[4], text))
                if raw.until(b"\r\n") == b"STORED\r\n":
                    done += 1

    with Raw(apus.port) as raw:
        raw.ask(b"set c 1 0 1\r\n0\r\n")
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            list(pool.map(add, range(clients)))
        assert raw.ask(b"get c\r\n").split(b"\r\n")[1] == b"%d" % (rounds * clients)
