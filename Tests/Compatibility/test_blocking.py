"""Commands that wait for a value: who is served, in which order, and what ends a wait."""

import random
import select
import socket
import threading
import time

import pytest

import servers
from resp import ReplyError, encode, parse


class Client:
    """A connection; `block` sends a command and waits until the server says that it waits."""

    def __init__(self, party, protocol=2):
        self.party = party
        self.connection = party.server.connect(protocol)
        self.id = self("CLIENT ID")

    def words(self, line):
        return line.split(" ") if isinstance(line, str) else list(line)

    def send(self, line):
        self.connection.send(encode(self.words(line)))

    def __call__(self, line):
        """The reply to a command."""
        self.send(line)
        return self.reply()

    def reply(self):
        return parse(self.connection.reply())

    def block(self, line):
        waiting = self.party.blocked()
        self.send(line)
        self.party.wait_for(waiting + 1)

    def is_silent(self):
        """Whether nothing has been sent to the client that it has not read."""
        self.party.control("PING")
        return not self.connection.buffer and not select.select([self.connection.socket], [], [], 0.02)[0]


class Party:
    """Clients of one server, which is emptied before and after."""

    def __init__(self, server):
        self.server, self.clients = server, []
        self.control = self.client()
        self.control("FLUSHALL")

    def client(self, protocol=2):
        self.clients.append(Client(self, protocol))
        return self.clients[-1]

    def some(self, count, protocol=2):
        return [self.client(protocol) for _ in range(count)]

    def info(self, field, section="clients"):
        text = self.control(f"INFO {section}").decode()
        return next((line.split(":", 1)[1] for line in text.split("\r\n") if line.startswith(field + ":")), None)

    def blocked(self):
        return int(self.info("blocked_clients"))

    def wait_for(self, count):
        deadline = time.monotonic() + 10
        while self.blocked() != count:
            assert time.monotonic() < deadline, f"{self.blocked()} clients wait, not {count}"

    def close(self):
        for client in self.clients:
            if client is not self.control:
                client.connection.close()
        self.wait_for(0)
        self.control("FLUSHALL")
        self.control.connection.close()


@pytest.fixture
def party(server):
    party = Party(server)
    yield party
    party.close()


def is_error(reply, *codes):
    return isinstance(reply, ReplyError) and str(reply).startswith(codes)


# --- What each command takes and replies

FOUND = [
    ("BLPOP k 0", "RPUSH k a b", [b"k", b"a"], [b"b"]),
    ("BRPOP k 0", "RPUSH k a b", [b"k", b"b"], [b"a"]),
    ("BLPOP k k k 0", "RPUSH k a b", [b"k", b"a"], [b"b"]),
    ("BLPOP x k y 0", "RPUSH k a b", [b"k", b"a"], [b"b"]),
    ("BLMPOP 0 1 k LEFT", "RPUSH k a b c", [b"k", [b"a"]], [b"b", b"c"]),
    ("BLMPOP 0 2 x k RIGHT COUNT 2", "RPUSH k a b c", [b"k", [b"c", b"b"]], [b"a"]),
    ("BLMPOP 0 1 k LEFT COUNT 10", "RPUSH k a b c", [b"k", [b"a", b"b", b"c"]], []),
    ("BLMOVE k d LEFT RIGHT 0", "RPUSH k a b", b"a", [b"b"]),
    ("BLMOVE k k LEFT RIGHT 0", "RPUSH k a b", b"a", [b"b", b"a"]),
    ("BRPOPLPUSH k d 0", "RPUSH k a b", b"b", [b"a"]),
]


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("command, push, reply, left", FOUND, ids=[row[0] for row in FOUND])
def test_lists(party, command, push, reply, left, waits):
    a, b = party.some(2)
    if waits:
        a.block(command)
        pushed = b(push)
    else:
        pushed = b(push)
        a.send(command)
    assert a.reply() == reply
    assert pushed == len(push.split()) - 2
    assert b("LRANGE k 0 -1") == left
    if " d " in command:
        assert b("LRANGE d 0 -1") == [reply]


ZFOUND = [
    ("BZPOPMIN k 0", "ZADD k 1 a 2.5 b", [b"k", b"a", 1.0], [b"b"]),
    ("BZPOPMAX x k 0", "ZADD k 1 a 2.5 b", [b"k", b"b", 2.5], [b"a"]),
    ("BZMPOP 0 1 k MIN", "ZADD k 1 a 2.5 b", [b"k", [[b"a", 1.0]]], [b"b"]),
    ("BZMPOP 0 2 x k MAX COUNT 5", "ZADD k 1 a 2.5 b", [b"k", [[b"b", 2.5], [b"a", 1.0]]], []),
]


def in_resp2(value):
    if isinstance(value, list):
        return [in_resp2(item) for item in value]
    return b"%g" % value if isinstance(value, float) else value


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("command, push, reply, left", ZFOUND, ids=[row[0] for row in ZFOUND])
def test_sorted_sets(party, command, push, reply, left, waits, protocol):
    a, b = party.client(protocol), party.client()
    if waits:
        a.block(command)
        b(push)
    else:
        b(push)
        a.send(command)
    assert a.reply() == (reply if protocol == 3 else in_resp2(reply))
    assert b("ZRANGE k 0 -1") == left


TIMED = [
    "BLPOP k {}", "BRPOP k x {}", "BLMPOP {} 1 k LEFT", "BLMOVE k d LEFT RIGHT {}", "BRPOPLPUSH k d {}",
    "BZPOPMIN k {}", "BZPOPMAX k {}", "BZMPOP {} 1 k MIN",
]
RESP3_NULL = b"_\r\n"


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("command", TIMED + ["XREAD BLOCK {} STREAMS k $", "XREADGROUP GROUP g c BLOCK {} STREAMS s >"])
def test_null_when_the_time_is_over(party, command, protocol):
    a = party.client(protocol)
    a("XGROUP CREATE s g 0 MKSTREAM")
    begin = time.monotonic()
    a.send(command.format("30" if "BLOCK" in command else "0.03"))
    assert a.connection.reply() == (b"*-1\r\n" if protocol == 2 else RESP3_NULL)
    assert 0.02 < time.monotonic() - begin < 3
    assert party.info("clients_in_timeout_table") == "0"


def test_a_time_of_next_to_nothing_is_waited_for(party):
    a = party.client()
    for timeout in ["1e-9", "0.0001", "0.001", "1e-3"]:
        assert a(f"BLPOP k {timeout}") is None


@pytest.mark.parametrize("command", TIMED)
def test_bad_timeouts(party, command):
    a = party.client()
    for word in ["x", "", "nan", "1x", "0.1.1"]:
        assert str(a([w.format(word) for w in command.split(" ")])) == "ERR timeout is not a float or out of range"
    for word in ["-1", "-0.5", "-1e10", "-inf"]:
        assert str(a(command.format(word))) == "ERR timeout is negative"
    for word in ["inf", "1e400", "1e18", "9223372036854775807", "9223372036854776"]:
        # Redis 7.0 tells these by the same words as those below zero.
        assert str(a(command.format(word))) in ("ERR timeout is out of range", "ERR timeout is negative")


def test_bad_timeouts_of_streams(party):
    a = party.client()
    for word in ["x", "", "0.5", "9223372036854775808"]:
        assert str(a(["XREAD", "BLOCK", word, "STREAMS", "k", "$"])) == "ERR timeout is not an integer or out of range"
    assert str(a("XREAD BLOCK -1 STREAMS k $")) == "ERR timeout is negative"


@pytest.mark.parametrize("line, error", [
    ("BLMPOP x 0 a LEFT", "ERR numkeys should be greater than 0"),
    ("BLMPOP 1 1 a LEFT COUNT 0", "ERR count should be greater than 0"),
    ("BLMPOP -1 1 a MIDDLE", "ERR syntax error"), ("BLMPOP 0 3 a LEFT", "ERR syntax error"),
    ("BLMOVE a b LEFT MIDDLE x", "ERR syntax error"), ("BZMPOP 0 1 k LEFT", "ERR syntax error"),
    ("BLPOP k", "ERR wrong number of arguments for 'blpop' command"),
])
def test_bad_words(party, line, error):
    assert str(party.client()(line)) == error


def test_wrong_types_are_told_at_once_in_the_order_of_the_keys(party):
    a = party.client()
    a("SET s x")
    a("RPUSH l a b")
    a("ZADD z 1 m")
    for line in ["BLPOP s l 1", "BLPOP z l 1", "BLMPOP 1 2 s l LEFT", "BLMOVE s l LEFT LEFT 1", "BRPOPLPUSH l s 1",
                 "BZPOPMIN s z 1", "BZMPOP 1 2 l z MIN", "XREAD BLOCK 1 STREAMS s $"]:
        assert is_error(a(line), "WRONGTYPE"), line
    assert a("BLPOP none l s 1") == [b"l", b"a"]
    assert a("LLEN l") == 1


# --- Who is served

def test_first_come_first_served(party):
    waiting = party.some(5)
    for client in waiting:
        client.block("BLPOP k 0")
    pusher = party.client()
    for number, client in enumerate(waiting):
        assert pusher(f"RPUSH k {number}") == 1
        assert client.reply() == [b"k", b"%d" % number]


def test_elements_pushed_at_once_go_to_all_that_wait(party):
    waiting = party.some(3)
    for client in waiting:
        client.block("BLPOP k 0")
    assert party.control("LPUSH k a b c d") == 4
    assert [client.reply()[1] for client in waiting] == [b"d", b"c", b"b"]
    assert party.control("LRANGE k 0 -1") == [b"a"]


def test_the_pusher_does_not_see_what_is_somebody_elses(party):
    a, b = party.some(2)
    a.block("BLPOP k 0")
    replies = [parse(r) for r in b.connection.pipeline([["RPUSH", "k", "x"], ["LLEN", "k"], ["EXISTS", "k"], ["LPOP", "k"]])]
    assert replies == [1, 0, 0, None]
    assert a.reply() == [b"k", b"x"]


def test_those_in_between_are_served_when_the_first_ones_leave(party):
    a, b, c = party.some(3)
    for client in (a, b, c):
        client.block("BLPOP k 0")
    a.connection.close()
    party.wait_for(2)
    party.control("RPUSH k x")
    assert b.reply() == [b"k", b"x"]
    assert party.control(f"CLIENT UNBLOCK {c.id}") == 1
    assert c.reply() is None
    assert party.control("LLEN k") == 0


def test_different_kinds_wait_for_one_key(party):
    a, b, c, d = party.some(4)
    a.block("BLPOP k 0")
    b.block("BZPOPMIN k 0")
    c.block("XREAD BLOCK 0 STREAMS k $")
    d.block("BLMOVE k l LEFT RIGHT 0")
    party.control("ZADD k 1 m")
    assert b.reply() == [b"k", b"m", b"1"]
    party.control("XADD k 1-1 f v")
    assert c.reply() == [[b"k", [[b"1-1", [b"f", b"v"]]]]]
    party.control("DEL k")
    party.control("RPUSH k x y")
    assert a.reply() == [b"k", b"x"] and d.reply() == b"y"


def test_several_keys_and_only_one_is_taken(party):
    a, b = party.some(2)
    a.block("BLPOP k1 k2 k3 0")
    b("RPUSH k2 x")
    assert a.reply() == [b"k2", b"x"]
    assert b("RPUSH k1 y") == 1 and b("RPUSH k3 z") == 1
    assert a.is_silent()
    assert b("LLEN k1") == 1 and b("LLEN k3") == 1
    assert a("BLPOP k3 k1 0") == [b"k3", b"z"]


def test_the_key_that_was_written_first_counts(party):
    a, b = party.some(2)
    a.block("BLPOP k1 k2 0")
    for line in ["MULTI", "RPUSH k2 y", "RPUSH k1 x"]:
        b(line)
    assert b("EXEC") == [1, 1]
    assert a.reply() == [b"k2", b"y"]


def test_commands_behind_a_blocking_one_wait(party):
    a, b = party.some(2)
    lines = [["BLPOP", "k", "0"], ["SET", "s", "1"], ["BLPOP", "k", "0"], ["INCR", "s"], ["PING"]]
    waiting = party.blocked()
    a.connection.send(b"".join(encode(line) for line in lines))
    party.wait_for(waiting + 1)
    assert b("EXISTS s") == 0
    b("RPUSH k x")
    assert a.reply() == [b"k", b"x"] and a.reply() == "OK"
    party.wait_for(waiting + 1)
    assert b("GET s") == b"1"
    b("RPUSH k y")
    assert [a.reply() for _ in range(3)] == [[b"k", b"y"], 2, "PONG"]


def test_a_request_behind_is_large(party):
    a, b = party.some(2)
    a.block("BLPOP k 0")
    value = "v" * 200_000
    a.send(["SET", "s", value])
    a.send("STRLEN s")
    b("RPUSH k x")
    assert [a.reply() for _ in range(3)] == [[b"k", b"x"], "OK", len(value)]


# --- What wakes

WAKES = [
    ("BLPOP k 0", "RPUSH other x", "RENAME other k", [b"k", b"x"]),
    ("BLPOP k 0", "RPUSH other x", "RENAMENX other k", [b"k", b"x"]),
    ("BLPOP k 0", "RPUSH other x", "COPY other k", [b"k", b"x"]),
    ("BLPOP k 0", "RPUSH other 2 1", "SORT other STORE k", [b"k", b"1"]),
    ("BLPOP k 0", "RPUSH other x", "LMOVE other k LEFT LEFT", [b"k", b"x"]),
    ("BLPOP k 0", "RPUSH other x", "RPOPLPUSH other k", [b"k", b"x"]),
    ("BZPOPMIN k 0", "ZADD other 1 m", "ZUNIONSTORE k 1 other", [b"k", b"m", b"1"]),
    ("BZPOPMIN k 0", "ZADD other 1 m", "ZINTERSTORE k 1 other", [b"k", b"m", b"1"]),
    ("BZPOPMIN k 0", "ZADD other 1 m", "ZDIFFSTORE k 1 other", [b"k", b"m", b"1"]),
    ("BZPOPMIN k 0", "ZADD other 1 m", "ZRANGESTORE k other 0 -1", [b"k", b"m", b"1"]),
    ("BZPOPMIN k 0", "ZADD other 1 m", "ZINCRBY k 2 n", [b"k", b"n", b"2"]),
    ("BZPOPMIN k 0", "PING", "GEOADD k 0 0 m", [b"k", b"m", b"3377699720527872"]),
    ("BZPOPMIN k 0", "GEOADD other 0 0 m", "GEOSEARCHSTORE k other FROMLONLAT 0 0 BYRADIUS 1 km",
     [b"k", b"m", b"3377699720527872"]),
    ("XREAD BLOCK 0 STREAMS k 0", "XADD other 1-1 f v", "RENAME other k", [[b"k", [[b"1-1", [b"f", b"v"]]]]]),
]


@pytest.mark.parametrize("wait, before, wake, reply", WAKES, ids=[row[2] for row in WAKES])
def test_everything_that_brings_a_value_wakes(party, wait, before, wake, reply):
    a, b = party.some(2)
    b(before)
    a.block(wait)
    assert not isinstance(b(wake), ReplyError)
    assert a.reply() == reply


def test_restored_moved_and_swapped_values_wake(party):
    a, b = party.some(2)
    b("RPUSH other x")
    payload = b.connection.raw("DUMP", "other")
    if not payload.startswith(b"-"):
        a.block("BLPOP k 0")
        assert b(["RESTORE", "k", "0", parse(payload)]) == "OK"
        assert a.reply() == [b"k", b"x"]
    b("SELECT 1")
    b("RPUSH k one")
    a.block("BLPOP k 0")
    assert b("MOVE k 0") == 1
    assert a.reply() == [b"k", b"one"]
    b("RPUSH k two")
    a.block("BLPOP k 0")
    assert b("SWAPDB 0 1") == "OK"
    assert a.reply() == [b"k", b"two"]


def test_only_the_same_database_counts(party):
    a, b = party.some(2)
    a("SELECT 3")
    a.block("BLPOP k 0")
    assert b("RPUSH k x") == 1 and b("LLEN k") == 1 and a.is_silent()
    b("SELECT 3")
    b("RPUSH k y")
    assert a.reply() == [b"k", b"y"]


@pytest.mark.parametrize("line", ["DEL k", "SET k x", "SADD k m", "HSET k f v", "ZADD k 1 m", "FLUSHALL", "FLUSHDB", "EXPIRE k 1"])
def test_what_is_no_list_wakes_nobody(party, line):
    a, b = party.some(2)
    a.block("BLPOP k 0")
    b(line)
    assert a.is_silent()
    b("DEL k")
    b("RPUSH k x")
    assert a.reply() == [b"k", b"x"]


# --- Chains

def test_a_move_wakes_who_waits_for_its_target(party):
    a, b, c, d = party.some(4)
    c.block("BRPOPLPUSH k2 k3 0")
    b.block("BLMOVE k1 k2 LEFT RIGHT 0")
    a.block("BLPOP k3 0")
    assert d("RPUSH k1 x") == 1
    assert a.reply() == [b"k3", b"x"] and b.reply() == b"x" and c.reply() == b"x"
    assert d("EXISTS k1 k2 k3") == 0


def test_moves_in_a_circle_end(party):
    a, b, c = party.some(3)
    a.block("BLMOVE k1 k2 LEFT RIGHT 0")
    b.block("BLMOVE k2 k1 LEFT RIGHT 0")
    assert c("RPUSH k1 x") == 1
    assert a.reply() == b"x" and b.reply() == b"x"
    assert c("LRANGE k1 0 -1") == [b"x"]


def test_moves_to_the_same_list_take_turns(party):
    clients = party.some(3)
    for client in clients:
        client.block("BLMOVE k k LEFT RIGHT 0")
    party.control("RPUSH k a b")
    assert [client.reply() for client in clients] == [b"a", b"b", b"a"]


def test_a_wrong_type_in_the_way_of_a_move_is_told(party):
    a, b = party.some(2)
    b("SET target x")
    a.block("BLMOVE k target LEFT RIGHT 0")
    assert b("RPUSH k x") == 1
    assert is_error(a.reply(), "WRONGTYPE")
    assert b("LLEN k") == 1


def test_behind_a_move_that_fails_the_next_one_is_served(party):
    a, b = party.some(2)
    party.control("SET target x")
    a.block("BRPOPLPUSH k target 0")
    b.block("BLPOP k 0")
    party.control("RPUSH k x")
    assert is_error(a.reply(), "WRONGTYPE") and b.reply() == [b"k", b"x"]


# --- Streams

def test_all_readers_get_new_entries(party):
    a, b, c = party.some(3)
    for client in (a, b):
        client.block("XREAD BLOCK 0 STREAMS k $")
    c.block("XREAD COUNT 1 BLOCK 0 STREAMS x k 0 0")
    party.control("XADD k 5-1 f v")
    for client in (a, b, c):
        assert client.reply() == [[b"k", [[b"5-1", [b"f", b"v"]]]]]


def test_the_last_id_is_that_of_the_moment_of_asking(party):
    a, b = party.some(2)
    b("XADD k 5-1 f v")
    a.block("XREAD BLOCK 0 STREAMS k $")
    b("XADD k 6-1 f w")
    assert a.reply() == [[b"k", [[b"6-1", [b"f", b"w"]]]]]
    a.block("XREAD BLOCK 0 STREAMS k 7-0")
    b("XADD k 6-2 f no")
    assert a.is_silent()
    b("XADD k 7-1 f yes")
    assert a.reply() == [[b"k", [[b"7-1", [b"f", b"yes"]]]]]


def test_a_reader_in_resp3(party):
    a = party.client(3)
    a.block("XREAD BLOCK 0 STREAMS k $")
    party.control("XADD k 5-1 f v")
    assert a.reply() == [(b"k", [[b"5-1", [b"f", b"v"]]])]


def test_a_reader_stays_when_its_stream_goes(party):
    a, b = party.some(2)
    b("XADD k 5-1 f v")
    a.block("XREAD BLOCK 0 STREAMS k $")
    b("DEL k")
    b("SET k x")
    b("DEL k")
    assert a.is_silent()
    b("XADD k 6-1 f v")
    assert a.reply() == [[b"k", [[b"6-1", [b"f", b"v"]]]]]


def test_consumers_of_a_group_are_served_in_turn(party):
    a, b, c = party.some(3)
    c("XGROUP CREATE k g $ MKSTREAM")
    a.block("XREADGROUP GROUP g one COUNT 1 BLOCK 0 STREAMS k >")
    b.block("XREADGROUP GROUP g two COUNT 1 BLOCK 0 STREAMS k >")
    c("XADD k 1-1 f 1")
    assert a.reply() == [[b"k", [[b"1-1", [b"f", b"1"]]]]]
    assert b.is_silent()
    c("XADD k 1-2 f 2")
    assert b.reply() == [[b"k", [[b"1-2", [b"f", b"2"]]]]]
    assert c("XPENDING k g")[0] == 2


GONE = [("DEL k", ("NOGROUP", "UNBLOCKED")), ("XGROUP DESTROY k g", ("NOGROUP",)), ("SET k x", ("WRONGTYPE", "UNBLOCKED")),
        ("RENAME k other", ("NOGROUP", "UNBLOCKED")), ("FLUSHALL", ("NOGROUP", "UNBLOCKED")), ("FLUSHDB", ("NOGROUP", "UNBLOCKED")),
        ("SWAPDB 0 1", ("NOGROUP", "UNBLOCKED")), ("PEXPIRE k 20", ("NOGROUP", "UNBLOCKED")), ("UNLINK k", ("NOGROUP", "UNBLOCKED"))]


@pytest.mark.parametrize("line, codes", GONE, ids=[row[0] for row in GONE])
def test_consumers_are_told_when_their_group_goes(party, line, codes):
    a, b, c = party.some(3)
    c("XGROUP CREATE k g $ MKSTREAM")
    a.block("XREADGROUP GROUP g one BLOCK 0 STREAMS k >")
    b.block("XREADGROUP GROUP g two BLOCK 0 STREAMS k >")
    assert not isinstance(c(line), ReplyError)
    assert is_error(a.reply(), *codes) and is_error(b.reply(), *codes)


def test_what_others_leave_pending_is_claimed_in_time(party):
    if not servers.is_apus(party.server.binary):
        pytest.skip("CLAIM came with Redis 8.4")
    a, b = party.some(2)
    b("XGROUP CREATE k g $ MKSTREAM")
    b("XADD k 1-1 f v")
    b("XREADGROUP GROUP g slow STREAMS k >")
    a.block("XREADGROUP GROUP g quick BLOCK 0 CLAIM 60 STREAMS k >")
    [[key, [[id, words, idle, deliveries]]]] = a.reply()
    assert (key, id, words, deliveries) == (b"k", b"1-1", [b"f", b"v"], 1) and 60 <= idle < 5000
    assert b("XPENDING k g")[3] == [[b"quick", b"1"]]


# --- Ends of waits

def test_unblock(party):
    a, b = party.some(2)
    a.block("BLPOP k 0")
    assert b(f"CLIENT UNBLOCK {a.id}") == 1 and a.reply() is None
    a.block("XREAD BLOCK 0 STREAMS k $")
    assert b(f"CLIENT UNBLOCK {a.id} TIMEOUT") == 1 and a.reply() is None
    a.block("BZPOPMIN k 100")
    assert b(f"CLIENT UNBLOCK {a.id} ERROR") == 1
    assert str(a.reply()) == "UNBLOCKED client unblocked via CLIENT UNBLOCK"
    assert b(f"CLIENT UNBLOCK {a.id}") == 0 and b("CLIENT UNBLOCK 123456789") == 0 and b(f"CLIENT UNBLOCK {b.id}") == 0
    assert str(b(f"CLIENT UNBLOCK {a.id} NOW")) == "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"
    assert str(b("CLIENT UNBLOCK x")) == "ERR value is not an integer or out of range"
    assert b("RPUSH k x") == 1 and b("LLEN k") == 1
    assert a("BLPOP k 0") == [b"k", b"x"]


@pytest.mark.parametrize("how", ["close", "shutdown", "kill", "behind a pipeline"])
def test_nothing_is_lost_when_a_client_goes(party, how):
    if how == "behind a pipeline" and not servers.is_apus(party.server.binary):
        pytest.skip("Redis reads the request behind first, and the end only with its next look")
    for number in range(20):
        a, b = party.some(2)
        a.block(f"BLPOP k:{number} x 0")
        if how == "close":
            a.connection.close()
        elif how == "shutdown":
            a.connection.socket.shutdown(socket.SHUT_WR)
        elif how == "kill":
            assert b(f"CLIENT KILL ID {a.id}") == 1
        else:
            a.send("SET no 1")
            a.connection.socket.shutdown(socket.SHUT_WR)
        assert b(f"RPUSH k:{number} x") == 1
        assert b(f"LLEN k:{number}") == 1
        party.wait_for(0)
        if how != "close":
            assert a.connection.until_close() == b""
        b.connection.close()
    assert party.control("EXISTS no") == 0


def test_who_sends_no_more_gets_what_it_asked_for_up_to_the_first_wait(party):
    for _ in range(20):
        a = party.client()
        lines = [["RPUSH", "k", "x", "y"], ["BLPOP", "k", "0"], ["BLPOP", "k", "0"], ["PING"], ["BLPOP", "k", "0"], ["PING"]]
        a.connection.send(b"".join(map(encode, lines)))
        a.connection.socket.shutdown(socket.SHUT_WR)
        expected = b":2\r\n*2\r\n$1\r\nk\r\n$1\r\nx\r\n*2\r\n$1\r\nk\r\n$1\r\ny\r\n+PONG\r\n"
        assert a.connection.until_close() == expected
        party.wait_for(0)


def test_a_client_that_waits_is_shown(party):
    a, b = party.some(2)
    a.block("BLPOP k k2 100")
    b.block("XREAD BLOCK 0 STREAMS k $")
    lines = {line.split(" ")[0]: line for line in party.control("CLIENT LIST").decode().splitlines()}
    for client, command in [(a, "blpop"), (b, "xread")]:
        assert " flags=b " in lines[f"id={client.id}"] and f" cmd={command} " in lines[f"id={client.id}"]
    assert party.info("clients_in_timeout_table") == "1"
    if party.info("total_blocking_keys") is not None:
        assert party.info("total_blocking_keys") == "2" and party.info("total_blocking_keys_on_nokey") == "0"
    party.control("RPUSH k2 x")
    assert a.reply() == [b"k2", b"x"]
    lines = {line.split(" ")[0]: line for line in party.control("CLIENT LIST").decode().splitlines()}
    assert " flags=N " in lines[f"id={a.id}"]
    if party.info("total_blocking_keys") is not None:
        assert party.info("total_blocking_keys") == "1"


def commandstats(party, name):
    text = party.info(f"cmdstat_{name}", "commandstats")
    return None if text is None else {part.split("=")[0]: part.split("=")[1] for part in text.split(",")}


def test_statistics(party):
    a, b = party.some(2)
    b("CONFIG RESETSTAT")
    a.block("BLPOP k 0")
    b("RPUSH k x")
    a.reply()
    assert commandstats(party, "blpop")["calls"] == "1"
    assert commandstats(party, "lpop") is None
    a.block("BLPOP k 0")
    b(f"CLIENT UNBLOCK {a.id} ERROR")
    a.reply()
    stats = commandstats(party, "blpop")
    assert (stats["calls"], stats["failed_calls"], stats["rejected_calls"]) == ("2", "1", "0")


def test_replies_that_nobody_wants(party):
    a, b = party.some(2)
    a.send("CLIENT REPLY SKIP")
    a.block("BLPOP k 0")
    b("RPUSH k x")
    assert a("PING") == "PONG"
    a.send("CLIENT REPLY OFF")
    a.block("BLPOP k 0")
    b("RPUSH k y")
    party.wait_for(0)
    assert a("CLIENT REPLY ON") == "OK"
    assert b("EXISTS k") == 0


# --- Within transactions

def test_nothing_waits_in_a_transaction(party):
    a = party.client()
    a("MULTI")
    lines = ["BLPOP k 0", "BRPOP k 0", "BLMOVE k d LEFT RIGHT 0", "BRPOPLPUSH k d 0", "BLMPOP 0 1 k LEFT", "BZPOPMIN k 0",
             "BZMPOP 0 1 k MIN", "XREAD BLOCK 0 STREAMS k $", "RPUSH k x y", "BLPOP k 0", "BRPOP k 0", "BLPOP k 0"]
    for line in lines:
        assert a(line) == "QUEUED"
    a.send("EXEC")
    assert a.connection.reply() == (
        b"*12\r\n*-1\r\n*-1\r\n$-1\r\n$-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n:2\r\n"
        b"*2\r\n$1\r\nk\r\n$1\r\nx\r\n*2\r\n$1\r\nk\r\n$1\r\ny\r\n*-1\r\n")


def test_what_a_transaction_takes_back_wakes_nobody(party):
    a, b = party.some(2)
    a.block("BLPOP k 0")
    for line in ["MULTI", "RPUSH k x", "DEL k"]:
        b(line)
    assert b("EXEC") == [1, 1]
    assert a.is_silent()
    for line in ["MULTI", "RPUSH k y", "LLEN k", "RPUSH k z"]:
        b(line)
    assert b("EXEC") == [1, 1, 2]
    assert a.reply() == [b"k", b"y"] and b("LRANGE k 0 -1") == [b"z"]


def test_the_command_behind_a_transaction_does_not_see_what_is_somebody_elses(party):
    a, b, c = party.some(3)
    a.block("BLPOP k 0")
    c.block("BLMOVE l k LEFT LEFT 0")
    lines = [["MULTI"], ["RPUSH", "k", "x"], ["RPUSH", "l", "y"], ["LLEN", "k"], ["EXEC"], ["LLEN", "k"], ["EXISTS", "k", "l"]]
    replies = [parse(reply) for reply in b.connection.pipeline(lines)]
    assert replies[4:] == [[1, 1, 1], 1, 1]
    assert a.reply() == [b"k", b"x"] and c.reply() == b"y"
    assert b("LRANGE k 0 -1") == [b"y"]


# --- Many

def test_thousands_wait_for_one_key_and_go_at_once(party):
    count = 2000
    connections = [party.server.connect(timeout=30) for _ in range(count)]
    for connection in connections:
        connection.send(encode(["BLPOP", "k", "0"]))
    party.wait_for(count)
    for connection in connections[: count // 2]:
        connection.close()
    party.wait_for(count - count // 2)
    rest = connections[count // 2 :]
    assert party.control(["RPUSH", "k", *range(len(rest) + 5)]) == len(rest) + 5
    got = sorted(int(parse(connection.reply())[1]) for connection in rest)
    assert got == list(range(len(rest)))
    assert party.control("LLEN k") == 5
    for connection in rest:
        connection.close()


def test_thousands_are_served_in_order_and_before_anyone_else(party):
    """Whoever names the key sees it as if all were served in one step, however long that takes."""
    count = 1500
    connections = [party.server.connect(timeout=30) for _ in range(count)]
    for number, connection in enumerate(connections):
        connection.send(encode(["BLPOP", "k", "0"]))
        party.wait_for(number + 1)
    with party.server.connect() as pusher, party.server.connect() as thief, party.server.connect() as other:
        pusher.send(encode(["RPUSH", "k", *range(count + 5)]) + encode(["LLEN", "k"])
                    + encode(["EVAL", "return redis.call('LLEN', KEYS[1])", "1", "k"]))
        thief.send(encode(["LPOP", "k"]) + encode(["MULTI"]) + encode(["LPOP", "k"]) + encode(["EXEC"]))
        other.send(encode(["BLPOP", "k", "0"]))
        assert pusher.reply() == b":%d\r\n" % (count + 5)
        left = [int(pusher.reply()[1:]) for _ in range(2)]
        assert all(2 <= number <= 5 for number in left), "all that wait were served"
        first = thief.reply()
        if first == b"$-1\r\n":  # it came before the push
            thief.reply(), thief.reply(), thief.reply()
        else:
            assert int(parse(first)) >= count
            assert thief.reply() == b"+OK\r\n" and thief.reply() == b"+QUEUED\r\n"
            assert int(parse(thief.reply())[0]) >= count
        got = [int(parse(connection.reply())[1]) for connection in connections]
        assert got == list(range(count))
        assert int(parse(other.reply())[1]) >= count
    for connection in connections:
        connection.close()


def test_every_element_arrives_once(party):
    """Pushers on two keys, consumers of both, some of which leave: what goes in comes out."""
    stop, taken, lock, problems = threading.Event(), [], threading.Lock(), []
    each = 300

    def consume(seed):
        chance = random.Random(seed)
        try:
            while not stop.is_set():
                with party.server.connect(timeout=20) as connection:
                    for _ in range(chance.randrange(1, 30)):
                        keys = chance.choice([["a", "b"], ["b", "a"], ["a", "a", "b"], ["b"], ["a"]])
                        command = chance.choice([["BLPOP", *keys, "0.05"], ["BLMPOP", "0.05", len(keys), *keys, "LEFT"]])
                        connection.send(encode(command))
                        leaves = chance.random() < 0.2
                        if leaves:
                            # The last word: either an element comes or the end.
                            connection.socket.shutdown(socket.SHUT_WR)
                            data = connection.until_close()
                            reply = parse(data) if data else None
                        else:
                            reply = parse(connection.reply())
                        if reply is not None:
                            value = reply[1][0] if isinstance(reply[1], list) else reply[1]
                            with lock:
                                taken.append(value)
                        if leaves:
                            break
        except BaseException as problem:
            problems.append(problem)

    def again(seed):
        while not stop.is_set() and not problems:
            consume(seed)
            seed += 100

    consumers = [threading.Thread(target=again, args=(seed,)) for seed in range(6)]
    for thread in consumers:
        thread.start()
    pushed = []
    with party.server.connect(timeout=20) as one, party.server.connect(timeout=20) as other:
        for number in range(each):
            one.raw("RPUSH", "a", f"a{number}")
            other.raw("LPUSH", "b", f"b{number}")
            pushed += [b"a%d" % number, b"b%d" % number]
        deadline = time.monotonic() + 20
        while len(taken) < len(pushed) and time.monotonic() < deadline and not problems:
            time.sleep(0.01)
    stop.set()
    for thread in consumers:
        thread.join()
    assert not problems, problems
    assert sorted(taken) == sorted(pushed)
