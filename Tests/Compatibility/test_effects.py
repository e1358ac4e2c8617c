"""Commands state what they change: the data changed if and only if they say so, what they record
repeats it on an empty server of ours and on redis-server, and the events are those of redis-server."""

import threading
import time

import pytest

import dumps
import oracle as engine
import servers
from resp import ReplyError, parse
from test_oracle import FAMILIES, family_module

pytestmark = pytest.mark.skipif(
    not servers.is_apus(servers.APUS), reason="a stand-in for our server records no effects")

# Commands that count as a change even where they leave everything as it was: they overwrite with
# what is there already, add nothing, or only make a consumer be seen.
MAY_REPEAT = {
    "SET", "GETSET", "MSET", "MSETEX", "SETEX", "PSETEX", "GETEX", "SETRANGE", "APPEND", "INCRBY",
    "DECRBY", "INCRBYFLOAT", "INCREX", "BITOP", "PFMERGE", "PFDEBUG", "HSET", "HMSET", "HINCRBY",
    "HINCRBYFLOAT", "HSETEX", "HGETEX", "HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "EXPIRE",
    "PEXPIRE", "EXPIREAT", "PEXPIREAT", "LSET", "LMOVE", "RPOPLPUSH", "LMOVEM", "COPY", "SWAPDB",
    "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE", "ZRANGESTORE", "ZUNIONSTORE", "ZINTERSTORE",
    "ZDIFFSTORE", "GEOSEARCHSTORE", "GEORADIUS", "GEORADIUSBYMEMBER", "SORT", "XSETID", "XGROUP",
    "XCLAIM", "XAUTOCLAIM", "XREADGROUP", "XNACK", "XCFGSET", "XIDMPRECORD", "RESTORE",
    "HSETL", "HSETNULL", "HMERGE",
}
# Where redis-server 7.0 counts and tells of changes that are none: we may say less.
MAY_SAY_LESS = {
    "SETBIT": "a bit that was set already",
    "BITFIELD": "fields that keep their value",
    "XREADGROUP": "a read of the history that finds nothing",
}
# Where 7.0 does something else, so that numbers and events are not compared.
OTHERWISE = {
    "BITFIELD": "7.0 does not count a string that grew where each operation failed",
}


def is_past(words):
    """Whether a command sets an expiry in the past: 7.0 lets some such keys expire on their own,
    where newer servers remove them at once."""
    upper = [engine.bytes_of(word).upper() for word in words]
    return any(unit in upper[:-1] and upper[upper.index(unit) + 1].isdigit()
               and len(upper[upper.index(unit) + 1]) < 10 for unit in (b"PXAT", b"EXAT"))
# What redis-server 7.0 cannot be told: no older form exists.
FOREIGN = {
    b"HPEXPIREAT", b"HPERSIST", b"HSETNULL", b"XNACK", b"XCFGSET", b"XIDMPRECORD",
    # Of XADD and XTRIM: what becomes of references to entries that go.
    b"DELREF", b"ACKED",
}


class Rig:
    """The server under test with its effects recorded, two copies that live on the records alone,
    ours and redis-server's, and a redis-server that runs the commands themselves."""

    def __init__(self, threads):
        options = ["--enable-debug-command", "yes"]
        self.servers = [
            servers.Server(servers.APUS, *options, threads=threads),
            servers.Server(servers.APUS, *options, threads=1),
            servers.Server(servers.ORACLE, *options),
            servers.Server(servers.ORACLE, *options, "--notify-keyspace-events", "KEA"),
        ]
        for server in self.servers:
            server.start()
        self.connect()
        self.known = set()

    def connect(self):
        self.ours, self.copy, self.theirs, self.oracle = (s.connect() for s in self.servers)
        self.watcher = self.servers[0].connect()
        self.subscriber = self.servers[3].connect()
        self.subscriber.raw("PSUBSCRIBE", "__keyevent@*__:*")

    def reset(self):
        """All servers empty, and nothing recorded."""
        self.ours.close()
        self.oracle.close()
        self.ours, self.oracle = self.servers[0].connect(), self.servers[3].connect()
        self.watcher.raw("DEBUG", "EFFECTS", "OFF")
        for connection in (self.watcher, self.copy, self.theirs, self.oracle):
            connection.raw("FLUSHALL")
            connection.raw("SELECT", 0)
        self.watcher.raw("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        self.watcher.raw("DEBUG", "EFFECTS", "ON")
        self.state = {}
        self.database = 0
        self.is_foreign = False
        self.history = []

    def close(self):
        for server in self.servers:
            server.remove()

    # What is asked of the servers between two commands.

    def dirty(self, connection):
        text = parse(connection.raw("INFO", "persistence")).decode()
        return int(text.split("rdb_changes_since_last_save:")[1].split()[0])

    def records(self):
        return [(database, words) for database, words in parse(
            self.watcher.raw("DEBUG", "EFFECTS", "TAKE"))]

    def events(self):
        return [tuple(event) for event in parse(self.watcher.raw("DEBUG", "EFFECTS", "EVENTS"))]

    def oracle_events(self):
        """The events that the oracle sent since last asked."""
        self.subscriber.send(b"*1\r\n$4\r\nPING\r\n")
        events = []
        while True:
            message = parse(self.subscriber.reply())
            if message[0] == b"pong":
                return events
            channel, key = message[2], message[3]
            database = int(channel[len(b"__keyevent@"):channel.index(b"__:")])
            events.append((database, channel[channel.index(b"__:") + 3:], key))

    def align_oracle(self):
        """Gives the oracle, key by key, what redis-server's copy holds."""
        mine, wanted = dumps.dump(self.oracle), dumps.dump(self.theirs)
        for place in set(mine) | set(wanted):
            if mine.get(place) == wanted.get(place):
                continue
            database, key = place
            self.oracle.raw("SELECT", database)
            if place not in wanted:
                self.oracle.raw("DEL", key)
                continue
            self.theirs.raw("SELECT", database)
            payload = parse(self.theirs.raw("DUMP", key))
            expiry = max(wanted[place][2], 0)
            self.oracle.raw("RESTORE", key, expiry, payload, "REPLACE", "ABSTTL")
        self.theirs.raw("SELECT", 0)

    # One command.

    def run(self, words, compares=True):
        """Runs a command and checks all that it says of its effect; returns what is wrong."""
        self.history.append(words)
        name = engine.bytes_of(words[0]).upper().decode("utf-8", "replace") if words else ""
        problems = []
        compares = compares and not self.is_foreign
        if compares:
            self.align_oracle()
            self.oracle_events()
            oracle_before = self.dirty(self.oracle)
        dirty_before = self.dirty(self.watcher)
        database = self.database
        reply = parse(self.ours.raw(*words))
        dirty = self.dirty(self.watcher) - dirty_before
        records, events = self.records(), self.events()
        state = dumps.dump(self.watcher, with_field_expiry=True)
        changed = state != self.state
        only_removed = records and all(w[0] in (b"DEL", b"HDEL") for _, w in records) and any(
            e[1] in (b"expired", b"hexpired") for e in events)
        if changed and dirty == 0 and not only_removed:
            problems.append("data changed without an effect: " + dumps.difference(self.state, state))
        if dirty > 0 and not changed and name not in MAY_REPEAT:
            problems.append(f"an effect ({dirty}) without a change of the data")
        if dirty > 0 and not records:
            problems.append(f"an effect ({dirty}) without a record")
        if dirty == 0 and records and not only_removed:
            problems.append(f"records without an effect: {records}")
        if dirty == 0 and isinstance(reply, ReplyError) and events and not only_removed:
            problems.append(f"events of a command that failed: {events}")
        self.state = state
        problems += self.replay(records, state)
        if name == "SELECT" and not isinstance(reply, ReplyError):
            self.database = int(words[1])
        if compares:
            self.oracle.raw("SELECT", database)
            their_reply = parse(self.oracle.raw(*words))
            their_dirty = self.dirty(self.oracle) - oracle_before
            their_events = self.oracle_events()
            if b"expired" not in [event[1] for event in events]:
                their_events = [event for event in their_events if event[1] != b"expired"]
            otherwise = name in OTHERWISE and changed or is_past(words)
            if not otherwise and type(reply) is type(their_reply) and (
                    not isinstance(reply, ReplyError) or str(reply) == str(their_reply)):
                less = name in MAY_SAY_LESS and dirty < their_dirty
                if dirty != their_dirty and not less:
                    problems.append(f"counted {dirty} changes, redis-server {their_dirty}")
                if events != their_events and not (less and not events):
                    problems.append(f"events {events}, of redis-server {their_events}")
        return [f"{engine.readable(words)}\n      {problem}\n      records: {records}"
                for problem in problems]

    def replay(self, records, state):
        problems = []
        if any(FOREIGN & set(words) for _, words in records):
            self.is_foreign = True
        errors = dumps.replay(self.copy, records)
        copied = dumps.dump(self.copy, with_field_expiry=True)
        wrong = dumps.difference(state, copied)
        if errors or wrong:
            problems.append("our copy: " + "; ".join(errors) + wrong)
        if not self.is_foreign:
            errors = dumps.replay(self.theirs, records)
            plain = {place: (kind, value[0] if kind == "hash" else value, expiry)
                     for place, (kind, value, expiry) in state.items()}
            wrong = dumps.difference(plain, dumps.dump(self.theirs))
            if errors or wrong:
                problems.append("redis-server's copy: " + "; ".join(errors) + wrong)
        return problems


@pytest.fixture(scope="module", params=[1, 4], ids=lambda n: f"threads-{n}")
def rig(request):
    made = Rig(request.param)
    yield made
    made.close()


def report(family, problems):
    if problems:
        kinds = sorted({problem.split("\n")[0].split(" ")[0].upper() for problem in problems})
        pytest.fail(f"{family}: {len(problems)} problems of {' '.join(kinds)}\n\n"
                    + "\n\n".join(problems[:25]), pytrace=False)


def leaves_alone(words):
    """Whether a command does nothing but to the data: it may run in this test."""
    name = engine.bytes_of(words[0]).upper() if words else b""
    return name not in (
        b"SHUTDOWN", b"QUIT", b"HELLO", b"AUTH", b"RESET", b"DEBUG", b"CONFIG", b"CLIENT",
        b"MONITOR", b"INFO", b"COMMAND", b"SUBSCRIBE", b"PSUBSCRIBE", b"LATENCY",
        b"MEMORY", b"MULTI", b"EXEC", b"REPLICAOF", b"SLAVEOF", b"BGSAVE", b"SAVE")


@pytest.mark.parametrize("family", FAMILIES)
def test_random_commands_state_what_they_change(rig, family, request):
    module = family_module(family)
    words = engine.Words(7, module.KEYS)
    weights = [weight for weight, _, _ in module.STEPS]
    rig.reset()
    problems = []
    preamble = list(engine.WRONG_TYPES.values())
    preamble += [engine.as_command(c) for c in getattr(module, "PREAMBLE", [])]
    for command in preamble:
        problems += rig.run(command)
    steps = min(request.config.getoption("steps"), 400)
    for _, _, make in words.random.choices(module.STEPS, weights, k=steps):
        for command in engine.flatten(make(words)):
            if leaves_alone(command):
                problems += rig.run(list(command))
        if len(problems) >= 25 or any("copy: " in problem for problem in problems):
            break
    report(family, problems)


@pytest.mark.parametrize("family", FAMILIES)
def test_edges_state_what_they_change(rig, family):
    problems = []
    for sequence in engine.sequences(getattr(family_module(family), "EDGES", "") or "PING"):
        if not all(leaves_alone(words) for words in sequence):
            continue
        rig.reset()
        for words in sequence:
            problems += rig.run(words)
    report(family, problems)


@pytest.mark.parametrize("family", FAMILIES)
def test_newer_commands_state_what_they_change(rig, family):
    problems = []
    for case in getattr(family_module(family), "NEWER", []):
        commands = [engine.as_command(words) for words in case[:-1]]
        if not all(leaves_alone(words) for words in commands):
            continue
        rig.reset()
        for words in commands:
            problems += rig.run(words, compares=False)
    report(family, problems)


def test_what_expires_is_recorded_before_the_command_that_meets_it(rig):
    rig.reset()
    rig.ours.pipeline([["SET", "k", "v", "PX", "20"], ["SET", "l", "v", "PX", "20"]])
    rig.ours.pipeline([["HSET", "h", "a", "1", "b", "2"], ["HPEXPIRE", "h", "20", "FIELDS", "1", "a"]])
    rig.records(), rig.events()
    time.sleep(0.05)
    rig.ours.raw("GET", "k")
    assert rig.records() == [(0, [b"DEL", b"k"])]
    rig.ours.raw("APPEND", "l", "x")
    assert rig.records() == [(0, [b"DEL", b"l"]), (0, [b"APPEND", b"l", b"x"])]
    rig.ours.raw("HGETALL", "h")
    assert rig.records() == [(0, [b"HDEL", b"h", b"a"])]
    rig.ours.raw("HPEXPIRE", "h", "20", "FIELDS", "1", "b")
    rig.records()
    time.sleep(0.05)
    rig.ours.raw("HSET", "h", "b", "3")
    assert rig.records() == [(0, [b"HDEL", b"h", b"b"]), (0, [b"HSET", b"h", b"b", b"3"])]
    assert rig.events() == [
        (0, b"expired", b"k"), (0, b"expired", b"l"), (0, b"append", b"l"), (0, b"hexpired", b"h"),
        (0, b"hexpire", b"h"), (0, b"hexpired", b"h"), (0, b"del", b"h"), (0, b"hset", b"h")]


@pytest.mark.parametrize("finder", ["SCAN", "tick"])
def test_what_expires_unasked_is_recorded(rig, finder):
    rig.reset()
    rig.ours.pipeline([["SET", f"k:{i}", "v", "PX", "20"] for i in range(200)])
    rig.ours.pipeline([["HSET", f"h:{i}", "a", "1"] for i in range(50)])
    rig.ours.pipeline([["HPEXPIRE", f"h:{i}", "20", "FIELDS", "1", "a"] for i in range(50)])
    rig.records()
    time.sleep(0.05)
    if finder == "SCAN":
        rig.ours.raw("SCAN", "0", "COUNT", "100000")
        expected = {(b"DEL", b"k:%d" % i) for i in range(200)}
    else:
        rig.watcher.raw("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        time.sleep(0.3)
        expected = {(b"DEL", b"k:%d" % i) for i in range(200)}
        expected |= {(b"HDEL", b"h:%d" % i, b"a") for i in range(50)}
    assert {tuple(words) for _, words in rig.records()} == expected


def test_many_clients_at_once_leave_an_order_that_repeats_what_they_did(rig):
    rig.reset()
    families = ["strings", "lists", "sets", "hashes", "sorted_sets", "streams", "keys", "expiry"]
    failures = []

    def hammer(seed):
        try:
            words = engine.Words(seed, [f"k:{i}" for i in range(12)])
            steps = [step for family in families for step in family_module(family).STEPS]
            weights = [weight for weight, _, _ in steps]
            with rig.servers[0].connect() as connection:
                for _ in range(60):
                    commands = [list(command)
                                for _, _, make in words.random.choices(steps, weights, k=40)
                                for command in engine.flatten(make(words))]
                    connection.pipeline([c for c in commands if leaves_alone(c)])
        except Exception as failure:
            failures.append(failure)

    clients = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert not failures
    records = rig.records()
    assert len(records) > 1000
    state = dumps.dump(rig.watcher, with_field_expiry=True)
    assert dumps.replay(rig.copy, records) == []
    assert dumps.difference(state, dumps.dump(rig.copy, with_field_expiry=True)) == ""
