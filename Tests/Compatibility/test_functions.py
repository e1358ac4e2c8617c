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
    else:
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


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_clients_of_the_worker_that_runs_the_script(start, which, loop):
    options = ["--event-loop", loop, "--threads", "1"] if which == "apus" else []
    server = start(which, "--busy-reply-threshold", "50", *options)
    runner, other, queuing, partial, large, leaving = (server.connect() for _ in range(6))
    for connection in (other, partial, large, leaving):
        assert connection.command("PING") == "PONG"
    queuing.command("MULTI")
    partial.send(b"*1\r\n$4\r\nPI")
    for _ in range(2):
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(other, "PING")
        replies = other.pipeline([["GET", "held"], ["SET", "free", "1"], ["NOTHING"], ["GET"]])
        assert [reply[:5] for reply in replies[:2]] == [b"-BUSY", b"-BUSY"]
        assert other.line(b"PING").startswith(b"-BUSY")
        for words in (["FUNCTION", "STATS"], ["FUNCTION", "KILL"], ["EVAL", "return 1", "0"]):
            assert str(outcome(other, *words)).startswith("BUSY")
        if which == "apus":
            # What cannot be replied to at once waits for the end of the script.
            queuing.send(encode(["SET", "queued", "1"]))
            partial.send(b"NG\r\n")
            large.send(encode(["SET", "large", "x" * 200_000]) + encode(["STRLEN", "large"]))
            leaving.send(encode(["SET", "left", "1"])[:-3])
            time.sleep(0.2)
        assert other.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert other.command("SET", "held", "1") == "OK"
        if which == "apus":
            assert queuing.reply() == b"+QUEUED\r\n"
            assert partial.reply() == b"+PONG\r\n"
            assert (large.reply(), large.reply()) == (b"+OK\r\n", b":200000\r\n")
            leaving.send(b"1\r\n")
            assert leaving.reply() == b"+OK\r\n"
            partial.send(b"*1\r\n$4\r\nPI")
    for connection in (runner, other, queuing, partial, large, leaving):
        connection.close()


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
@pytest.mark.parametrize("before", [0, 20, 31, 32, 40, 100])
def test_a_script_in_the_middle_of_a_pipeline(start, loop, before):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    others = [server.connect() for _ in range(20)]
    with server.connect() as runner, server.connect() as killer:
        for connection in [*others, runner, killer]:
            assert connection.command("PING") == "PONG"
        script = encode(["EVAL", ENDLESS, "1", "held"])
        for connection in others[:10]:
            connection.send(encode(["ECHO", "first"]))
        runner.send(encode(["PING"]) * before + script + encode(["ECHO", "behind"]) * 40)
        for connection in others[10:]:
            connection.send(encode(["ECHO", "later"]) * 3)
        eventually_busy(killer, "PING")
        runner.send(encode(["ECHO", "last"]))
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert [runner.reply() for _ in range(before)] == [b"+PONG\r\n"] * before
        assert b"Script killed by user" in runner.reply()
        assert [parse(runner.reply()) for _ in range(41)] == [b"behind"] * 40 + [b"last"]
        for connection in others[:10]:
            assert connection.reply()[:5] in (b"$5\r\nf", b"-BUSY")
            assert connection.command("PING") == "PONG"
        for connection in others[10:]:
            assert {connection.reply()[:5] for _ in range(3)} <= {b"$5\r\nl", b"-BUSY"}
            assert connection.command("PING") == "PONG"


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_replies_come_in_order_though_a_large_request_waits(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, "--enable-debug-command", "yes", threads=1)
    others = [server.connect() for _ in range(4)]
    with server.connect() as runner, server.connect() as killer:
        for _ in range(5):
            for connection in [*others, runner, killer]:
                assert connection.command("PING") == "PONG"
            # In the same round as the script, mostly: DEBUG SLEEP holds the worker until all have arrived.
            killer.send(encode(["DEBUG", "SLEEP", "0.05"]))
            runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
            for connection in others:
                connection.send(encode(["ECHO", "first"]) + encode(["SET", "large", "x" * 10_000]) + encode(["ECHO", "last"]))
            assert killer.reply() == b"+OK\r\n"
            eventually_busy(killer, "PING")
            assert killer.command("SCRIPT", "KILL") == "OK"
            assert b"Script killed by user" in runner.reply()
            for connection in others:
                assert connection.reply()[:5] in (b"$5\r\nf", b"-BUSY")
                assert connection.reply() == b"+OK\r\n"
                assert connection.reply() == b"$4\r\nlast\r\n"


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_a_flood_of_requests_does_not_keep_a_busy_script_alive(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    with server.connect() as runner, server.connect() as flooder, server.connect() as killer:
        killer.command("PING")
        words = ["EVAL", "local all = table.concat(ARGV) while true do end", "1", "held"] + ["x" * 100] * 50
        runner.send(encode(words))
        eventually_busy(flooder, "PING")
        requests = b"".join(encode(["SET", f"key:{number}", "x" * 3000]) for number in range(100))
        for _ in range(100):
            flooder.send(requests)
            replies = b""
            while replies.count(b"\n") < 100:
                replies += flooder.socket.recv(1 << 20)
            assert replies.count(b"-BUSY") == 100
        assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        assert killer.command("DBSIZE") == 0
        runner.send(encode(["EVAL", "return {KEYS[1], table.concat(ARGV)}", *words[2:]]))
        assert parse(runner.reply()) == [b"held", b"x" * 5000]


@pytest.mark.parametrize("loop", ["epoll", "io_uring"])
def test_replies_that_a_client_does_not_read_wait(start, loop):
    server = start("apus", "--busy-reply-threshold", "50", "--event-loop", loop, threads=1)
    with server.connect() as runner, server.connect() as lazy, server.connect() as killer:
        killer.command("PING")
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(lazy, "PING")
        count = 200_000
        sender = threading.Thread(target=lambda: lazy.socket.sendall(encode(["PING"]) * count))
        sender.start()
        time.sleep(0.5)
        assert killer.command("SCRIPT", "KILL") == "OK"
        found = {b"PONG": 0, b"BUSY": 0}
        while sum(found.values()) < count:
            reply = lazy.reply()
            found[b"BUSY" if reply.startswith(b"-BUSY") else b"PONG"] += 1
        sender.join()
        assert found[b"BUSY"] > 100 and found[b"PONG"] > 100
        assert lazy.command("PING") == "PONG"
        assert b"Script killed by user" in runner.reply()


def test_a_client_that_goes_while_a_script_is_busy(start):
    server = start("apus", "--busy-reply-threshold", "50", threads=1)
    with server.connect() as runner, server.connect() as other:
        gone = [server.connect() for _ in range(20)]
        runner.send(encode(["EVAL", ENDLESS, "1", "held"]))
        eventually_busy(other, "PING")
        for number, connection in enumerate(gone):
            connection.send(encode(["SET", f"last:{number}", "x" * (10 if number % 2 else 10_000)]))
            connection.close()
        assert str(outcome(other, "QUIT")) == "OK" and other.socket.recv(1) == b""
        with server.connect() as killer:
            assert killer.command("SCRIPT", "KILL") == "OK"
        assert b"Script killed by user" in runner.reply()
        servers.until(lambda: runner.command("CLIENT", "LIST").count(b"id=") == 1)
        # The large ones waited and have run.
        assert runner.command("DBSIZE") == 10


def test_new_connections_can_end_a_script_of_the_only_worker(start):
    server = start("apus", "--busy-reply-threshold", "50", "--requirepass", "secret", threads=1)
    holders = [server.connect() for _ in range(2)]
    results = []

    def run(connection, script):
        try:
            connection.command("AUTH", "secret")
            results.append(outcome(connection, "EVAL", script, "1", "held"))
        except Exception as error:
            results.append(error)

    running = [threading.Thread(target=run, args=(connection, f"local k = KEYS[1] {ENDLESS}")) for connection in holders]
    for thread in running:
        thread.start()
    time.sleep(0.4)
    with server.connect() as connection:
        assert str(outcome(connection, "SCRIPT", "KILL")).startswith("NOAUTH")
        assert connection.command("AUTH", "secret") == "OK"
        assert str(outcome(connection, "GET", "x")).startswith("BUSY")
        assert str(outcome(connection, "FUNCTION", "KILL")).startswith("BUSY")
        assert connection.line(b"PING").startswith(b"-BUSY")
        assert connection.command("SCRIPT", "KILL") == "OK"
    deadline = time.monotonic() + 20
    while len(results) < len(holders) and time.monotonic() < deadline:
        # One that the worker had taken before waits as the others do.
        with server.connect(timeout=0.5) as connection:
            try:
                connection.command("AUTH", "secret")
                outcome(connection, "SCRIPT", "KILL")
            except Exception:
                pass
        time.sleep(0.05)
    for thread in running:
        thread.join()
    assert len(results) == len(holders)
    assert all("killed" in str(result) or "BUSY" in str(result) for result in results), results
    with server.connect() as connection:
        connection.command("AUTH", "secret")
        assert connection.command("SET", "held", "1") == "OK"
