"""What memcached's protocols tell about items: stats detail, sizes, dumps, and watch."""

import re
import socket
import time

import pytest

import memcache
import servers
from memcache import Binary, Raw, apus, binary, oracle_port, storage  # noqa: F401

pytestmark = memcache.NEEDED


def lines(raw, request, end=b"END\r\n"):
    raw.send(request + b"\r\n")
    return raw.until(end).split(b"\n")[:-1]


def fill(port, requests):
    with Raw(port) as raw:
        raw.send(b"flush_all\r\n")
        raw.until(b"OK\r\n")
        raw.ask(requests)


DETAIL = (b"set a:1 0 100 1\r\nx\r\nset a:2 0 0 1\r\nx\r\nget a:1 a:3 b nope:1 :x\r\nset :x 0 0 1\r\nx\r\n"
          b"add a:1 0 0 1\r\nx\r\ndelete a:1\r\ndelete a:9\r\nincr a:1 1\r\nmg a:1 v\r\nmd a:1\r\n"
          b"touch a:1 1\r\ncas a:3 0 0 1 1\r\nx\r\nset none 0 0 1\r\nx\r\nget none\r\n"
          b"gat 10 a:2 a:7\r\nappend a:2 0 0 1\r\nx\r\nset q:1 0 0 1 noreply\r\nx\r\ngets q:1 q:1\r\n")


def test_detail(apus, oracle_port):
    told = []
    for port in (oracle_port, apus.port):
        with Raw(port) as raw:
            raw.ask(b"stats reset\r\n")
            fill(port, b"stats detail on\r\n" + DETAIL + b"stats detail off\r\nget a:2\r\n")
            told.append(sorted(lines(raw, b"stats detail dump")))
    assert told[0] == told[1]
    with Binary(apus.port) as connection, Raw(apus.port) as raw:
        raw.ask(b"stats reset\r\n")
        connection.ask(binary("stat", b"detail on") + storage("setq", b"p:1", b"x")
                       + binary("get", b"p:1") + binary("getq", b"p:2") + binary("delete", b"p:1")
                       + binary("stat", b"detail off"))
        assert lines(raw, b"stats detail dump")[0] == b"PREFIX p get 2 hit 1 set 1 del 1\r"


ITEMS = b"set k 3 100 5\r\nxxxxx\r\nset k%y 0 0 1\r\nx\r\nset a:1 0 0 2\r\nxy\r\nget k\r\n"


def test_metadump(apus, oracle_port):
    told = []
    for port in (oracle_port, apus.port):
        fill(port, ITEMS)
        with Raw(port) as raw:
            got = lines(raw, b"lru_crawler metadump all")
            assert lines(raw, b"lru_crawler metadump hash")[-1] == b"END\r"
            assert raw.ask(b"lru_crawler metadump x\r\nlru_crawler metadump\r\n") == (
                b"BADCLASS invalid class id\r\nERROR\r\n")
        now = time.time()
        for line in got[:-1]:
            facts = dict(part.split(b"=") for part in line.split())
            assert facts[b"exp"] == b"-1" or abs(int(facts[b"exp"]) - now - 100) < 3
            assert abs(int(facts[b"la"]) - now) < 5 and int(facts[b"size"]) > 0
        told.append(sorted(re.sub(rb" (exp|la|cas|cls|size)=\S+", b"", line) for line in got))
    assert told[0] == told[1]


def test_mgdump(apus):
    fill(apus.port, ITEMS + b"ms " + b"YSBi" + b" 1 b\r\nx\r\n")
    with Raw(apus.port) as raw, apus.resp() as resp:
        resp("RPUSH", "list", "x")
        got = lines(raw, b"lru_crawler mgdump all", b"EN\r\n")
        assert sorted(got) == sorted([b"mg k\r", b"mg k%y\r", b"mg a:1\r", b"mg YSBi b\r", b"EN\r"])
        for line in got[:-1]:
            assert raw.ask(line + b"\n").startswith(b"HD")


def test_cachedump(apus, oracle_port):
    """memcached lists only what has been in memory for a while, so that its items are not compared."""
    errors = b"stats cachedump 99 0\r\nstats cachedump x 0\r\nstats cachedump 1 x\r\n"
    with Raw(oracle_port) as raw:
        refused = raw.ask(errors)
    fill(apus.port, ITEMS)
    with Raw(apus.port) as raw:
        got = sorted(re.sub(rb"; [1-9]\d+ s", b"; T s", line)
                     for line in lines(raw, b"stats cachedump 1 0"))
        assert got == [b"END\r", b"ITEM a:1 [2 b; 0 s]\r", b"ITEM k [5 b; T s]\r",
                       b"ITEM k%y [1 b; 0 s]\r"]
        assert len(lines(raw, b"stats cachedump 1 2")) == 3
        assert raw.ask(errors) == refused
        assert raw.ask(b"stats cachedump 2 0\r\n") == b"END\r\n"


def test_sizes(apus):
    fill(apus.port, b"set a 0 0 1\r\nx\r\nset b 0 0 1\r\nx\r\nset c 0 0 500\r\n" + b"x" * 500 + b"\r\n")
    with Raw(apus.port) as raw, Binary(apus.port) as connection:
        got = lines(raw, b"stats sizes")
        sizes = {int(line.split()[1]): int(line.split()[2]) for line in got[:-1]}
        assert sum(sizes.values()) == 3 and len(sizes) == 2
        assert all(size % 32 == 0 for size in sizes) and max(sizes) >= 500
        replies = connection.ask(binary("stat", b"sizes"))
        assert {int(reply.key): int(reply.value) for reply in replies[:-1]} == sizes


def test_a_large_dump_is_sent_in_slices(apus):
    with apus.resp() as resp:
        resp("FLUSHALL")
        resp("DEBUG", "POPULATE", "200000", "key", "5")
        with Raw(apus.port, 60.0) as slow:
            slow.send(b"lru_crawler metadump all\r\nversion\r\n")
            time.sleep(0.2)
            # Nobody waits for who does not read.
            longest = 0.0
            for _ in range(50):
                begin = time.monotonic()
                assert resp("PING") == "PONG"
                longest = max(longest, time.monotonic() - begin)
            assert longest < 1.0
            data = b""
            while not re.search(rb"END\r\nVERSION \S+\r\n$", data[-60:]):
                data += slow.socket.recv(1 << 20)
        assert data.count(b"key=key%3A") == 200000
        with Raw(apus.port) as gone:
            gone.send(b"lru_crawler metadump all\r\n")
        assert resp("PING") == "PONG"
        resp("FLUSHALL")


def watch(port, words, timeout=5.0):
    connection = Raw(port, timeout)
    connection.send(b"watch " + words + b"\r\n")
    # Events may follow at once, such as those of clients of earlier tests that go.
    assert connection.receive(4) == b"OK\r\n"
    return connection


def told(watcher, count):
    data = b""
    while data.count(b"\n") < count:
        data += watcher.socket.recv(65536)
    for line in data.splitlines():
        assert re.match(rb"ts=\d+\.\d{6} gid=\d+ type=\w+ ", line), line
    return [re.sub(rb"^ts=\S+ gid=\d+ | (clsid|cfd|rport)=\S+", b"", line)
            for line in data.splitlines()]


def test_watch_requests(apus):
    fill(apus.port, b"")
    with watch(apus.port, b"fetchers") as fetchers, watch(apus.port, b"mutations") as mutations, \
            watch(apus.port, b"deletions") as deletions, watch(apus.port, b"sysevents rawcmds"), \
            Raw(apus.port) as raw, Binary(apus.port) as connection:
        raw.ask(b"set a:1 5 0 3\r\nxyz\r\nget a:1 nope\r\nadd a:1 0 0 1\r\nx\r\n"
                b"set b 0 100 1 noreply\r\nx\r\nappend b 0 0 1\r\ny\r\nadd b 0 0 1 noreply\r\nx\r\n"
                b"cas b 0 0 1 1\r\nz\r\ncas none 0 0 1 1\r\nz\r\nreplace none 0 0 1\r\nz\r\n"
                b"mg b v\r\nms c 1\r\nc\r\nmd c\r\ndelete none\r\ndelete b\r\n"
                b"set big 0 0 2000000\r\n" + b"x" * 2000000 + b"\r\n")
        connection.ask(storage("add", b"bin a", b"x") + binary("getkq", b"bin a")
                       + binary("delete", b"bin a"))
        assert told(fetchers, 4) == [
            b"type=item_get key=a%3A1 status=found size=3",
            b"type=item_get key=nope status=not_found size=0",
            b"type=item_get key=b status=found size=2",
            b"type=item_get key=bin%20a status=found size=1"]
        assert told(mutations, 11) == [
            b"type=item_store key=a%3A1 status=stored cmd=set ttl=0 size=3",
            b"type=item_store key=a%3A1 status=not_stored cmd=add ttl=0 size=3",
            b"type=item_store key=b status=stored cmd=set ttl=100 size=1",
            b"type=item_store key=b status=stored cmd=append ttl=0 size=2",
            b"type=item_store key=b status=not_stored cmd=add ttl=0 size=2",
            b"type=item_store key=b status=exists cmd=cas ttl=0 size=2",
            b"type=item_store key=none status=not_found cmd=cas ttl=0 size=0",
            b"type=item_store key=none status=not_stored cmd=replace ttl=0 size=0",
            b"type=item_store key=c status=stored cmd=set ttl=0 size=1",
            b"type=item_store key=big status=too_large cmd=set ttl=0 size=0",
            b"type=item_store key=bin%20a status=stored cmd=add ttl=0 size=1"]
        assert told(deletions, 3) == [
            b"type=deleted key=c cmd=md size=1", b"type=deleted key=b cmd=delete size=2",
            b"type=deleted key=bin%20a cmd=delete size=1"]


def test_watch_connections(apus):
    with watch(apus.port, b"connevents") as watcher:
        with Raw(apus.port) as raw:
            raw.ask(b"")
            own = b" rport=%d " % raw.socket.getsockname()[1]
        # Clients of earlier tests may go as well.
        data = b""
        while data.count(own) < 2 or not data.endswith(b"\n"):
            data += watcher.socket.recv(65536)
        seen = [re.sub(rb"^ts=\S+ gid=\d+ | (cfd|rport)=\d+", b"", line)
                for line in data.splitlines() if own in line]
        assert seen == [b"type=conn_new rip=127.0.0.1 transport=tcp",
                        b"type=conn_close rip=127.0.0.1 transport=tcp reason=normal"]


def test_watch_evictions():
    server = memcache.Apus(1, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru")
    try:
        with watch(server.port, b"evictions") as watcher, Raw(server.port, 30.0) as raw:
            for n in range(600):
                raw.send(b"set k%d 0 0 10000\r\n%s\r\n" % (n, b"x" * 10000))
                raw.until(b"\r\n")
            line = told(watcher, 1)[0]
            assert re.fullmatch(rb"type=eviction key=k\d+ fetch=no ttl=-1 la=0 size=10000", line)
    finally:
        server.end()


def test_who_does_not_read_loses_lines(apus):
    with watch(apus.port, b"fetchers mutations") as watcher, Raw(apus.port, 60.0) as raw:
        watcher.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(40):
            raw.ask(b"get " + b" ".join(b"k" * 200 for _ in range(500)) + b"\r\n")
        with apus.resp() as resp:
            clients = resp("CLIENT", "LIST").decode()
            assert max(int(n) for n in re.findall(r"omem=(\d+)", clients)) < 2 << 20


def test_bad_streams(apus):
    with Raw(apus.port) as raw:
        assert raw.ask(b"watch nope\r\nwatch fetchers nope\r\n") == b"ERROR\r\nERROR\r\n"


def test_what_may_be_forbidden():
    options = ("--memcached-dump-command", "no", "--memcached-watch-command", "no",
               "--memcached-prefix-stats", "yes", "--memcached-prefix-delimiter", "/")
    server, oracle = memcache.Apus(2, *options), memcache.Memcached("-X", "-W", "-D", "/")
    try:
        answers = []
        for port in (oracle.port, server.port):
            with Raw(port) as raw:
                answers.append(raw.ask(
                    b"lru_crawler metadump all\r\nstats cachedump 1 0\r\nwatch fetchers\r\n"
                    b"set a/b 0 0 1\r\nx\r\nget a/b\r\nstats detail dump\r\n"))
        assert answers[0] == answers[1]
    finally:
        server.end()
        oracle.end()
