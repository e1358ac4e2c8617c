"""FUNCTION and FCALL: libraries, their errors, dumps, and what remains after a restart."""

import threading
import time

import pytest

import servers
from resp import ReplyError, encode, parse
from test_scripts import outcome

COUNTER = """#!lua name=counter
local function step(keys, args)
  return redis.call('incrby', keys[1], args[1] or 1)
end
redis.register_function('step', step)
redis.register_function{function_name = 'peek', callback = function(keys) return redis.call('get', keys[1]) end,
                        flags = {'no-writes', 'allow-stale'}, description = 'Looks.'}
"""


@pytest.fixture
def both(apus, oracle):
    with apus.connect() as ours, oracle.connect() as theirs:
        for connection in (ours, theirs):
            connection.command("FLUSHALL")
            connection.command("FUNCTION", "FLUSH")
        yield ours, theirs


LIBRARIES = [
    "return 1", "#!lua", "#!lua\nreturn 1", "#!lua name=\nreturn 1", "#!lua name=a-b\nreturn 1", "#!js name=x\nreturn 1",
    "#!lua name=x name=y\nreturn 1", "#!lua name=x foo=bar\nreturn 1", "#!lua name=x\nreturn 1", "#!lua name=x\nreturn 1 +",
    "#!lua name=x\nlocal t = nil + 1", "#!lua name=x\nredis.register_function('f')", "#!lua name=x\nredis.register_function()",
    "#!lua name=x\nredis.register_function('f', 1)", "#!lua name=x\nredis.register_function({}, function() end)",
    "#!lua name=x\nredis.register_function('f-g', function() end)", "#!lua name=x\nredis.register_function({})",
    "#!lua name=x\nredis.register_function{function_name = 'f'}", "#!lua name=x\nredis.register_function{callback = function() end}",
    "#!lua name=x\nredis.register_function{function_name = 'f', callback = 1}",
    "#!lua name=x\nredis.register_function{function_name = 'f', callback = function() end, other = 1}",
    "#!lua name=x\nredis.register_function{function_name = 'f', callback = function() end, flags = 1}",
    "#!lua name=x\nredis.register_function{function_name = 'f', callback = function() end, flags = {'nope'}}",
    "#!lua name=x\nredis.register_function('f', function() end) redis.register_function('f', function() end)",
    "#!lua name=x\ny = 1", "#!lua name=x\nreturn undefined", "#!LUA name=upper\nredis.register_function('u', function() return 1 end)",
    "#!lua name=good\nredis.register_function('g', function(keys, args) return {keys, args} end)",
    "#!lua name=good\nredis.register_function('g', function(keys, args) return {keys, args} end)",
    "#!lua name=other\nredis.register_function('g', function() return 1 end)",
]

CALLS = [
    ["FCALL", "g", "1", "k", "a"], ["FCALL", "g", "0"], ["FCALL", "none", "0"], ["FCALL", "g", "-1"], ["FCALL", "g", "x"],
    ["FCALL", "g", "2", "k"], ["FCALL_RO", "g", "0"], ["FCALL", "G", "0"], ["FUNCTION", "DELETE", "none"],
    ["FUNCTION", "FLUSH", "x"], ["FUNCTION", "LIST", "x"], ["FUNCTION", "LIST", "LIBRARYNAME"], ["FUNCTION", "KILL"],
    ["FUNCTION", "LIST", "WITHCODE", "WITHCODE"], ["FUNCTION", "RESTORE", "x"], ["FUNCTION", "RESTORE", "x", "y"],
    ["FUNCTION", "LOAD", "x", "y"], ["FUNCTION", "x"], ["FUNCTION"], ["FUNCTION", "STATS", "x"],
]


def test_libraries_and_calls_answer_as_those_of_redis(both):
    different = []
    requests = [["FUNCTION", "LOAD", code] for code in LIBRARIES] + CALLS
    requests += [["FUNCTION", "LOAD", "REPLACE", LIBRARIES[-2]], ["FUNCTION", "LOAD", "REPLACE", LIBRARIES[-1]]]
    for words in requests:
        replies = [repr(outcome(connection, *words)) for connection in both]
        if replies[0] != replies[1]:
            different.append((words, *replies))
        for connection in both:
            outcome(connection, "FUNCTION", "DELETE", "x")
    assert not different


FAILURES = [
    "error('boo')", "return redis.call('get')", "x = 1", "return KEYS", "return redis.register_function('a', function() end)",
    "return redis.call('fcall', 'f', 0)", "error({err = 'CODE text'})", "return redis.error_reply('no')", "return nil .. 1",
    "return redis.setresp(3)", "return string.rep('x', 3)", "return #args", "return keys.x",
]


def test_errors_name_the_function_and_the_line(both):
    different = []
    for body in FAILURES:
        code = f"#!lua name=failing\nredis.register_function('f', function(keys, args)\n  {body}\nend)"
        for connection in both:
            connection.command("FUNCTION", "LOAD", "REPLACE", code)
        replies = [repr(outcome(connection, "FCALL", "f", "1", "k", "a")) for connection in both]
        if replies[0] != replies[1]:
            different.append((body, *replies))
    assert not different


@pytest.mark.parametrize("protocol", [2, 3])
def test_libraries_are_described(server, protocol):
    with server.connect() as connection:
        connection.command("FUNCTION", "FLUSH")
        connection.command("FUNCTION", "LOAD", COUNTER)
        connection.command("HELLO", str(protocol))
        listed = connection.command("FUNCTION", "LIST", "WITHCODE", "LIBRARYNAME", "COUNT*")
        assert len(listed) == 1
        fields = listed[0]
        flat = [part for pair in fields for part in pair] if protocol == 3 else fields
        facts = dict(zip(flat[::2], flat[1::2]))
        assert facts[b"library_name"] == b"counter" and facts[b"engine"] == b"LUA"
        assert facts[b"library_code"] == COUNTER.encode()
        found = {}
        for function in facts[b"functions"]:
            flat = [part for pair in function for part in pair] if protocol == 3 else function
            one = dict(zip(flat[::2], flat[1::2]))
            found[one[b"name"]] = (one[b"description"], sorted(one[b"flags"]))
        assert found == {b"step": (None, []), b"peek": (b"Looks.", ["allow-stale", "no-writes"])}
        assert connection.command("FUNCTION", "LIST", "LIBRARYNAME", "x*") == []


def test_functions_run_with_what_they_may(server):
    with server.connect() as connection:
        connection.command("FLUSHALL")
        connection.command("FUNCTION", "FLUSH")
        assert connection.command("FUNCTION", "LOAD", COUNTER) == b"counter"
        assert connection.command("FCALL", "step", "1", "n") == 1
        assert connection.command("FCALL", "step", "1", "n", "5") == 6
        assert connection.command("FCALL_RO", "peek", "1", "n") == b"6"
        assert "write flag" in str(outcome(connection, "FCALL_RO", "step", "1", "n"))
        connection.command("MULTI")
        connection.command("FCALL", "step", "1", "n")
        connection.command("FCALL", "peek", "1", "n")
        assert connection.command("EXEC") == [7, b"7"]
        assert connection.command("FUNCTION", "DELETE", "counter") == "OK"
        assert str(outcome(connection, "FCALL", "step", "1", "n")) == "ERR Function not found"


def test_replaced_libraries_are_replaced_for_all_workers(apus):
    with apus.connect() as admin:
        admin.command("FUNCTION", "FLUSH")
        connections = [apus.connect() for _ in range(8)]
        for version in range(20):
            code = f"#!lua name=v\nredis.register_function('version', function() return {version} end)"
            admin.command("FUNCTION", "LOAD", "REPLACE", code)
            for connection in connections:
                assert connection.command("FCALL", "version", "0") == version
        for connection in connections:
            connection.close()


def test_dumps_go_both_ways(both):
    ours, theirs = both
    for source, target in ((ours, theirs), (theirs, ours)):
        source.command("FUNCTION", "FLUSH")
        target.command("FUNCTION", "FLUSH")
        source.command("FUNCTION", "LOAD", COUNTER)
        payload = source.command("FUNCTION", "DUMP")
        assert target.command("FUNCTION", "RESTORE", payload) == "OK"
        assert target.command("FCALL", "step", "1", "dumped") == 1
        assert "already exists" in str(outcome(target, "FUNCTION", "RESTORE", payload, "APPEND"))
        assert target.command("FUNCTION", "RESTORE", payload, "REPLACE") == "OK"
        assert target.command("FUNCTION", "RESTORE", payload, "FLUSH") == "OK"
        damaged = bytearray(payload)
        damaged[5] ^= 1
        assert "checksum" in str(outcome(target, "FUNCTION", "RESTORE", bytes(damaged)))
        target.command("FLUSHALL")
        empty = [connection.command("FUNCTION", "DUMP") for connection in both if not connection.command("FUNCTION", "FLUSH").encode() == b""]
        assert empty[0] == empty[1]


def test_functions_survive_a_restart_in_the_file(start, tmp_path):
    for first, second in (("apus", "apus"), ("oracle", "apus"), ("apus", "oracle")):
        place = tmp_path / f"{first}-{second}"
        place.mkdir()
        server = start(first, "--dir", str(place), "--save", "")
        with server.connect() as connection:
            connection.command("FUNCTION", "LOAD", COUNTER)
            connection.command("SET", "n", "41")
            connection.command("SAVE")
        server.stop()
        server = start(second, "--dir", str(place), "--save", "")
        with server.connect() as connection:
            assert connection.command("FCALL", "step", "1", "n") == 42
        server.stop()


# --- Scripts that run for long

ENDLESS = "while true do end"
WRITES = "redis.call('set', KEYS[1], 1) while true do end"


def eventually_busy(connection, *words):
    servers.until(lambda: str(outcome(connection, *words)).startswith("BUSY"))


@pytest.mark.parametrize("kind", ["SCRIPT", "FUNCTION"])
def test_slow_scripts_can_be_killed_by_clients_of_other_workers(start, kind):
    server = start("apus", "--busy-reply-threshold", "50", threads=4)
    connections = [server.connect() for _ in range(8)]
    connections[0].command("FUNCTION", "LOAD", f"#!lua name=slow\nredis.register_function('slow', function() {ENDLESS} end)")
    words = ["EVAL", ENDLESS, "1", "held"] if kind == "SCRIPT" else ["FCALL", "slow", "1", "held"]
    failures = []
    thread = threading.Thread(target=lambda: failures.append(outcome(connections[0], *words)))
    thread.start()
    time.sleep(0.3)
    served = []

    def ask(connection):
        try:
            connection.socket.settimeout(2)
            served.append((connection, outcome(connection, "GET", "held")))
        except OSError:
            pass

    threads = [threading.Thread(target=ask, args=(connection,)) for connection in connections[1:]]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(served) == 7
    assert all(str(reply).startswith("BUSY") and kind in str(reply) for _, reply in served)
    # One of another worker than the script's.
    free = next(connection for connection, _ in served if outcome(connection, "PING") == "PONG")
    if kind == "FUNCTION":
        stats = free.command("FUNCTION", "STATS")
        assert b"slow" in stats[1] and free.command("PING") == "PONG"
    # The script names no key but its own: the others are served.
    assert outcome(free, "MGET", "held") is not None
    others = [outcome(free, "SET", f"key:{n}", "1") for n in range(20)]
    assert others.count("OK") > 10
    other = "FUNCTION" if kind == "SCRIPT" else "SCRIPT"
    assert str(outcome(free, other, "KILL")).startswith("BUSY")
    assert free.command(kind, "KILL") == "OK"
    thread.join()
    assert "Script killed by user" in str(failures[0])
    servers.until(lambda: outcome(free, "GET", "held") is None)
    assert str(outcome(free, kind, "KILL")).startswith("NOTBUSY")
    for connection in connections:
        connection.close()


def test_a_library_that_is_replaced_needs_the_locks_of_its_code(start):
    server = start("apus", threads=4)
    head = "#!lua name=other\n"
    confined = head + "redis.register_function('f', function(keys) return redis.call('incr', keys[1]) end)"
    free = head + "redis.register_function('f', function(keys, args) return redis.call('incr', args[1]) end)"
    with server.connect() as connection:
        connection.command("FUNCTION", "LOAD", confined)
    problems = []

    def call(seed):
        try:
            with server.connect() as connection:
                for number in range(300):
                    if seed == 0:
                        assert connection.command("FUNCTION", "LOAD", "REPLACE", free if number % 2 else confined) == b"other"
                    elif seed == 1:
                        requests = [["MULTI"], ["FCALL", "f", "1", "a", "b"], ["FCALL", "f", "1", "c", "d"], ["EXEC"]]
                        assert all(isinstance(value, int) for value in parse(connection.pipeline(requests)[-1]))
                    else:
                        assert isinstance(connection.command("FCALL", "f", "1", f"k:{number % 7}", f"l:{number % 5}"), int)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=call, args=(seed,)) for seed in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems and server.is_running()
    with server.connect() as connection:
        total = sum(int(value or 0) for value in connection.command("MGET", "a", "b", "c", "d", *[f"k:{n}" for n in range(7)], *[f"l:{n}" for n in range(5)]))
        assert total == 2 * 300 + 3 * 300


def test_scripts_that_have_written_end_with_the_server_only(start):
    server = start("apus", "--busy-reply-threshold", "50", threads=4)
    connections = [server.connect() for _ in range(8)]

    def run():
        try:
            connections[0].command("EVAL", WRITES, "1", "held")
        except Exception:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    done = []

    def ask(connection):
        try:
            connection.socket.settimeout(2)
            done.append((connection, outcome(connection, "GET", "held")))
        except OSError:
            pass

    threads = [threading.Thread(target=ask, args=(connection,)) for connection in connections[1:]]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(done) == 7
    free = done[0][0]
    assert str(outcome(free, "SCRIPT", "KILL")).startswith("UNKILLABLE")
    try:
        free.command("SHUTDOWN", "NOSAVE")
    except Exception:
        pass
    thread.join(10)
    servers.until(lambda: not server.is_running())


def test_libraries_that_load_too_long_are_refused(apus):
    with apus.connect() as connection:
        started = time.monotonic()
        assert "timeout" in str(outcome(connection, "FUNCTION", "LOAD", "#!lua name=endless\nwhile true do end"))
        assert time.monotonic() - started < 5
        assert connection.command("PING") == "PONG"


def test_the_log_repeats_what_scripts_did(start, tmp_path):
    options = ["--dir", str(tmp_path), "--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    server = start("apus", *options, threads=2)
    with server.connect() as connection:
        connection.command("FUNCTION", "LOAD", COUNTER)
        connection.command("FUNCTION", "LOAD", COUNTER.replace("counter", "gone").replace("step", "s").replace("peek", "p"))
        connection.command("FUNCTION", "DELETE", "gone")
        connection.command("EVAL", "for i = 1, 5 do redis.call('incr', KEYS[1]) end redis.call('set', 'other', math.random())", "1", "n")
        connection.command("FCALL", "step", "1", "n", "10")
        outcome(connection, "EVAL", "redis.call('set', 'before', 1) error('x')", "0")
        wanted = connection.command("MGET", "n", "other", "before")
    server.stop()
    for name in ("oracle", "apus"):
        server = start(name, *options)
        with server.connect() as connection:
            servers.until(lambda: not str(outcome(connection, "PING")).startswith("LOADING"))
            assert connection.command("MGET", "n", "other", "before") == wanted
            assert connection.command("FCALL_RO", "peek", "1", "n") == b"15"
            assert len(connection.command("FUNCTION", "LIST")) == 1
        server.stop()
