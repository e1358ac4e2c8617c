"""Random scripts from many clients at once: each is seen whole or not at all, whatever they touch.

Scripts move amounts between accounts, by keys that they declare or compute, in loops, with pcall around calls that fail, and with errors
that end them before they have written. Others look at the accounts by every way there is; the sum is always the same.
"""

import random
import time

import pytest

from resp import ReplyError, parse
from test_soak import Visitor, Worker

ACCOUNTS = [f"account:{{{number % 5}}}:{number}" for number in range(12)]
BALANCE = 10_000
TOTAL = BALANCE * len(ACCOUNTS)
SUM = "local sum = 0 for i = 1, #KEYS do sum = sum + tonumber(redis.call('GET', KEYS[i])) end return sum"
LIBRARY = """#!lua name=bank
redis.register_function('move', function(keys, args)
  redis.call('DECRBY', keys[1], args[1])
  return redis.call('INCRBY', keys[2], args[1])
end)
redis.register_function{function_name = 'total', flags = {'no-writes'}, callback = function(keys)
  local sum = 0
  for _, value in ipairs(redis.call('MGET', unpack(keys))) do sum = sum + value end
  return sum
end}
"""


class ScriptWriter(Worker):
    """Moves amounts between accounts by random scripts."""

    def name(self, keys, key):
        """How a script names a key: as it was declared, as a constant, or computed."""
        number = int(key.rsplit(":", 1)[1])
        ways = [f"'{key}'", f"'account:{{{number % 5}}}:' .. {number}", f"string.format('account:{{%d}}:%d', {number % 5}, {number})"]
        if key in keys:
            ways += [f"KEYS[{keys.index(key) + 1}]"] * 5
        return self.random.choice(ways)

    def move(self, keys):
        """Lua that moves an amount, in one of many ways."""
        pick = self.random.choice
        # A script that names what it has not declared is allowed to, and must be as atomic.
        pool = keys if len(keys) > 1 and self.random.random() < 0.8 else ACCOUNTS
        source, target = (self.name(keys, key) for key in self.random.sample(pool, 2))
        amount = pick(["ARGV[1]", "tonumber(ARGV[1])", str(self.random.randrange(50)), "#KEYS"])
        times = self.random.randrange(1, 5)
        return pick([
            f"redis.call('DECRBY', {source}, {amount}) redis.call('INCRBY', {target}, {amount})",
            f"for i = 1, {times} do redis.call('INCRBY', {source}, -i) redis.call('DECRBY', {target}, -i) end",
            f"local a, b = redis.call('GET', {source}), redis.call('GET', {target}) "
            f"redis.call('SET', {source}, a - {times}) redis.call('SET', {target}, b + {times})",
            f"redis.pcall('LPUSH', {source}, 'x') redis.call('DECR', {source}) pcall(redis.call, 'HSET', {target}, 'a', 'b') redis.call('INCR', {target})",
            f"local a, b = unpack(redis.call('MGET', {source}, {target})) redis.call('MSET', {source}, b, {target}, a)",
            f"redis.call('SET', {source}, redis.call('GET', {source}), 'KEEPTTL')",
            f"redis.setresp(3) redis.call('INCRBY', {source}, {times}) redis.setresp(2) redis.call('DECRBY', {target}, {times})",
        ])

    def script(self, keys):
        body = [f"do {self.move(keys)} end" for _ in range(self.random.randrange(1, 5))]
        if self.random.random() < 0.1:
            body.insert(0, self.random.choice(["error('before')", "do return redis.error_reply('MY before') end", "redis.call('NOPE')",
                                               "redis.call('GET')", "local x = nil + 1"]))
        end = self.random.choice(["return 1", "return {1, 'two', {3}}", "return cjson.encode({1, 2})", "return redis.status_reply('FINE')",
                                  "local t = {} for i = 1, 200 do t[i] = i end return t", "return string.rep('x', 3000)", ""])
        head = self.random.choice(["", "", "#!lua\n", "#!lua flags=allow-cross-slot-keys\n"])
        return head + "\n".join(body) + "\n" + end

    def prepare(self, connection):
        self.known = []

    def step(self, connection):
        commands = []
        for _ in range(self.random.randrange(1, 6)):
            keys = self.random.sample(ACCOUNTS, self.random.randrange(0, 4))
            amount = str(self.random.randrange(100))
            choice = self.random.random()
            if choice < 0.15 and len(keys) > 1:
                commands.append(["FCALL", "move", "2", *keys[:2], amount])
            elif choice < 0.35 and self.known:
                digest, keys = self.random.choice(self.known)
                commands.append(["EVALSHA", digest, len(keys), *keys, amount])
            elif choice < 0.45:
                script = self.script(keys)
                digest = parse(connection.raw("SCRIPT", "LOAD", script)).decode()
                self.known = (self.known + [(digest, keys)])[-20:]
            else:
                commands.append(["EVAL", self.script(keys), len(keys), *keys, amount])
        if self.random.random() < 0.2:
            commands = [["MULTI"], *commands, ["EXEC"]]
        for command, reply in zip(commands, map(parse, connection.pipeline(commands))):
            if isinstance(reply, ReplyError):
                assert any(text in str(reply) for text in ("before", "NOSCRIPT", "Unknown Redis command", "Wrong number of args", "arithmetic")), (command, reply)


class ScriptReader(Worker):
    """Looks at all accounts, by every way there is."""

    def step(self, connection):
        many = [str(len(ACCOUNTS)), *ACCOUNTS]
        commands = [["MGET", *ACCOUNTS], ["EVAL", SUM, *many], ["EVAL_RO", SUM, *many], ["FCALL_RO", "total", *many], ["FCALL", "total", *many],
                    ["EVAL", SUM.replace("KEYS", "ARGV"), "0", *ACCOUNTS]]
        command = self.random.choice(commands)
        if self.random.random() < 0.2:
            reply = parse(connection.pipeline([["MULTI"], *[["GET", key] for key in ACCOUNTS], ["EXEC"]])[-1])
        else:
            reply = connection.command(*command)
        total = sum(map(int, reply)) if isinstance(reply, list) else reply
        assert total == TOTAL, (command[:2], total - TOTAL)


class Disturber(Worker):
    """Empties the tables of scripts, replaces the library, ends scripts, changes limits."""

    def step(self, connection):
        for words in self.random.sample([["SCRIPT", "FLUSH"], ["SCRIPT", "FLUSH", "ASYNC"], ["FUNCTION", "LOAD", "REPLACE", LIBRARY],
                                         ["FUNCTION", "STATS"], ["FUNCTION", "LIST"], ["INFO", "everything"], ["FUNCTION", "DUMP"]], 3):
            connection.raw(*words)
        time.sleep(0.003)


class Sinner(Worker):
    """Scripts that go wrong: endless recursion, too much memory, patterns that explode; none has written."""

    SCRIPTS = ["local function f() return f() + 1 end return f()", "return string.rep('x', 1e9)", "local t = {} while true do t[#t + 1] = {} if #t > 1e5 then error('before') end end",
               "return ('a'):rep(60):find(('a*'):rep(4) .. 'b')", "local t = {} t[1] = t return cjson.encode(t)", "return cmsgpack.unpack('\\221\\255\\255\\255\\255')",
               "return setmetatable(_G, {})", "x = 1", "return loadstring('\\27Lua')()", "return tostring(redis.call('EVAL', 'return 1', 0))"]

    def step(self, connection):
        connection.raw("EVAL", self.random.choice(self.SCRIPTS), "0")
        time.sleep(0.01)


@pytest.mark.parametrize("threads", [1, 4])
def test_random_scripts_are_atomic(start, threads, request):
    server = start("apus", threads=threads)
    with server.connect() as connection:
        connection.raw("FUNCTION", "LOAD", LIBRARY)
        connection.raw("MSET", *(word for key in ACCOUNTS for word in (key, BALANCE)))
    deadline = time.monotonic() + request.config.getoption("soak")
    kinds = [ScriptWriter] * 6 + [ScriptReader] * 3 + [Disturber, Sinner, Visitor]
    workers = [kind(server, deadline, seed) for seed, kind in enumerate(kinds)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    problems = [f"{type(w).__name__}: {w.problem!r}" for w in workers if w.problem is not None]
    assert server.is_running(), server.output()[-6000:]
    assert not problems, "\n".join(problems)
    assert all(worker.rounds for worker in workers)
    with server.connect() as connection:
        assert sum(map(int, connection.command("MGET", *ACCOUNTS))) == TOTAL
    assert server.stop() == 0, server.output()[-6000:]
    assert "ERROR:" not in server.output() and "WARNING: ThreadSanitizer" not in server.output()
