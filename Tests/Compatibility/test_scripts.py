"""EVAL and its siblings: conversions, errors, the sandbox, and what other clients see of scripts."""

import hashlib
import random
import threading

import pytest

import servers
from resp import ReplyError, encode, parse


def sha(script):
    return hashlib.sha1(script.encode()).hexdigest()


def outcome(connection, *words):
    """The reply, or the error's text."""
    try:
        return connection.command(*words)
    except ReplyError as error:
        return str(error)


# Scripts whose replies and errors are the oracle's, in both protocols.
CONVERSIONS = [
    "return {1, 2.9, -2.9, 1e20, true, false, 'x', {1, nil, 3}}",
    "return {double = 3.5}", "return {double = -0.0}", "return {map = {a = 1}}",
    "return {set = {a = 1}}", "return {big_number = '12\\n3'}", "return {double = 'x', 1}",
    "return {verbatim_string = {format = 'txt', string = 'hi'}}", "return {verbatim_string = {format = 'txt'}}",
    "return function() end", "return {ok = 5}", "return {err = 5}", "return {ok = 'a\\r\\nb'}", "return {err = 'a\\nb'}",
    "return nil", "return true", "return false", "redis.setresp(3) return {true, false}", "return {}",
    "return redis.status_reply('hi')", "return {redis.error_reply('My Err'), redis.error_reply('foo')}",
    "return redis.error_reply('-ERR x y')", "return redis.error_reply()", "return redis.error_reply(1)",
    "local t = {} t[1] = t return #t", "return {'a', nil, 'b'}", "return string.rep('x', 70000)",
    "return redis.call('get', 'none')", "redis.setresp(3) return redis.call('get', 'none')",
    "return redis.call('mget', 'none', 'none')", "redis.setresp(3) return redis.call('mget', 'none', 'none')[1] == nil",
    "redis.call('hset', 'h', 'a', '1') redis.setresp(3) return redis.call('hgetall', 'h')",
    "redis.call('hset', 'h', 'a', '1') return redis.call('hgetall', 'h')",
    "redis.call('sadd', 's', 'm') redis.setresp(3) return redis.call('smembers', 's')",
    "redis.call('sadd', 's', 'm') redis.setresp(3) return redis.call('smembers', 's').set.m",
    "redis.call('zadd', 'z', 1.5, 'm') redis.setresp(3) return redis.call('zscore', 'z', 'm')",
    "redis.call('zadd', 'z', 1.5, 'm') redis.setresp(3) return redis.call('zscore', 'z', 'm').double * 2",
    "redis.call('zadd', 'z', 1.5, 'm') return redis.call('zscore', 'z', 'm')",
    "redis.call('zadd', 'z', 1.5, 'm') return redis.call('zrange', 'z', 0, -1, 'withscores')",
    "return redis.call('set', 'k', 'v')", "return redis.call('set', 'k', 'v').ok", "return redis.call('ping')",
    "return redis.call('incr', 'counter')", "return redis.call('echo', 12345)", "return redis.call('echo', 1e15)",
    "return redis.call('echo', '')", "return redis.call('debug', 'x')",
    "return #redis.call('echo', string.rep('x', 100000))",
    "redis.call('set', 'k', string.rep('x', 100000)) return {redis.call('get', 'k'), redis.call('mget', 'k', 'k', 'n')}",
]

ERRORS = [
    "return x", "x = 1", "string.rep = 1", "redis = 1", "return redis.call()", "return redis.call({})",
    "return redis.call(true)", "return redis.call('nocmd')", "return redis.call('get')", "return redis.call('config')",
    "return redis.call('object', 'nothing')", "return redis.call('eval', 'return 1', 0)", "return redis.call('multi')",
    "return redis.call('subscribe', 'x')", "return redis.call('config', 'get', 'port')",
    "redis.call('set', 'str', 1) return redis.call('lpush', 'str', 1)", "return redis.pcall('get')",
    "redis.call('set', 'str', 1) return redis.pcall('lpush', 'str', 1)", "error('boo')", "error({err = 'boo'})",
    "error({err = 'CODE boo'})", "error(nil)", "error()", "error('x', 0)", "error('x', 2)", "error(5)", "error(true)",
    "return 1 +", "return (function() error('x', 2) end)()", "local function f()\n error('x') end\n f()",
    "return redis.sha1hex()", "return redis.sha1hex('a', 'b')", "return redis.log(1)", "return redis.log('x', 'y')",
    "return redis.log(9, 'x')", "return redis.setresp(4)", "return redis.setresp()", "return redis.set_repl(9)",
    "return redis.set_repl()", "return redis.acl_check_cmd()", "return redis.acl_check_cmd('nothing')",
    "setmetatable(_G, {})", "rawset(_G, 'a', 1)", "table.insert(string, 1)", "_G.a = 1", "string.rep()",
    "getmetatable('').__index = nil", "getmetatable(_G).__index = nil", "redis.call = nil", "KEYS.a = 1 return b",
    "return load('return 1')", "string.format('%d', 'x')", "local t = nil return t.x", "return 1 + {}", "return #5",
    "return {} .. 'x'", "return math.random(0)", "return unpack({}, 1, 1e7)", "return ('x'):bad()",
    "return redis.call('incr', 'str', 'x')", "coroutine.yield()", "local x <const> = 1",
]

VALUES = [
    "local e = redis.pcall('get') local t = {} for k, v in pairs(e) do t[#t + 1] = k .. tostring(v) end table.sort(t) return t",
    "return {pcall(redis.call, 'get')}", "return {pcall(error, {err = 'x y'})}", "return {pcall(error, {1})}",
    "return {pcall(error, 'x')}", "return {xpcall(function() error('q') end, function(e) return 'H' .. e end)}",
    "return redis.sha1hex('abc')", "return redis.sha1hex(5)", "return redis.breakpoint()", "return redis.debug('x')",
    "return redis.replicate_commands()", "return {redis.acl_check_cmd('get', 'x')}", "return redis.log(1, 'x')",
    "return {KEYS[1], ARGV[1], #KEYS, #ARGV}", "return {redis.LOG_DEBUG, redis.LOG_WARNING, redis.REPL_ALL, redis.REPL_SLAVE}",
    "local n = 0 for k in pairs(string) do n = n + 1 end return n > 10", "return rawget(_G, 'string') ~= nil",
    "return {coroutine.resume(coroutine.create(function(a) return a, coroutine.yield(1) end), 7)}",
    "return string.format('%5.1f|%s|%q', 1.25, 'x', 'y')", "return {string.find('hello', 'l+'), string.gsub('hello', 'l', 'L')}",
    "local t = {3, 1, 2} table.sort(t) return t", "return loadstring('return 5')()", "return tostring(1e15)",
    "local p = {'return ', '7'} local i = 0 return load(function() i = i + 1 return p[i] end)()", "return _VERSION",
    "return {loadstring('x =')}", "return setmetatable({}, {__index = function(t, k) return k end}).abc",
    "return getmetatable('').__index == string", "return {type(_G), type(redis), type(string), type(KEYS)}",
    "return {select('#', 1, nil, 3), select(2, 'a', 'b')}", "return math.floor(-3.5) + math.fmod(7, 3)",
    "return {tostring(nil), tostring(1.5), tonumber('0x10'), tonumber('z', 36)}", "return collectgarbage('count') > 1",
    "local a = {} for i = 1, 10 do a[i] = i end return {unpack(a, 2, 4)}", "return next({}) == nil",
    "return redis.call('select', 3).ok .. redis.call('set', 'elsewhere', 1).ok",
]

HEADERS = [
    "#!lua\nreturn 1", "#!lua flags=no-writes\nreturn redis.call('set', 'k', 1)", "#!lua flags=nope\nreturn 1",
    "#!luax\nreturn 1", "#!lua name=x\nreturn 1", "#!lua", "#!lua flags=no-writes,allow-oom\n\nerror('x')",
    "#!lua flags=no-writes\nreturn redis.call('publish', 'a', 'b')",
]


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("group", ["CONVERSIONS", "ERRORS", "VALUES", "HEADERS"])
def test_scripts_reply_as_those_of_redis(apus, oracle, group, protocol):
    different = []
    with apus.connect() as ours, oracle.connect() as theirs:
        for connection in (ours, theirs):
            connection.command("FLUSHALL")
            connection.command("HELLO", str(protocol))
        for script in globals()[group]:
            for words in (["EVAL", script, "1", "key", "a", "b"], ["EVAL_RO", script, "1", "key", "a", "b"]):
                replies = [connection.raw(*words) for connection in (ours, theirs)]
                if replies[0] != replies[1]:
                    different.append((words[0], script, *(reply[:500] for reply in replies)))
    assert not different


def test_words_are_checked_as_in_redis(apus, oracle):
    requests = [
        ["EVAL", "return 1", "-1"], ["EVAL", "return 1", "a"], ["EVAL", "return 1", "3"], ["EVAL", "return 1"],
        ["EVALSHA", "abc", "0"], ["EVALSHA", sha("never"), "0"], ["EVALSHA", sha("return 1"), "0"],
        ["SCRIPT", "EXISTS", sha("return 1"), "x"], ["SCRIPT", "EXISTS"], ["SCRIPT", "LOAD", "x ="],
        ["SCRIPT", "LOAD", "return 7"], ["EVALSHA", sha("return 7").upper(), "0"], ["SCRIPT", "FLUSH", "x"],
        ["SCRIPT", "FLUSH", "ASYNC"], ["EVALSHA", sha("return 7"), "0"], ["SCRIPT", "FLUSH", "SYNC"], ["SCRIPT", "x"],
        ["SCRIPT"], ["SCRIPT", "FLUSH", "SYNC", "x"], ["EVAL", "return KEYS", "2", "a", "b", "c"],
        ["EVAL", "return ARGV", "1", "a", "", "\r\n"], ["EVAL_RO", "#!lua\nreturn 1", "0"],
    ]
    for server in (apus, oracle):
        with server.connect() as connection:
            connection.command("SCRIPT", "FLUSH")
            connection.command("EVAL", "return 1", "0")
    with apus.connect() as ours, oracle.connect() as theirs:
        for words in requests:
            assert repr(outcome(ours, *words)) == repr(outcome(theirs, *words)), words


def test_the_database_of_the_caller_stays(server):
    with server.connect() as connection:
        connection.command("FLUSHALL")
        assert connection.command("EVAL", "redis.call('select', 5) return redis.call('set', 'x', 1)", "0") == "OK"
        assert connection.command("EXISTS", "x") == 0
        assert connection.command("EVAL", "return redis.call('exists', 'x')", "0") == 0
        connection.command("SELECT", "5")
        assert connection.command("EXISTS", "x") == 1


def test_scripts_in_transactions(server):
    with server.connect() as connection:
        connection.command("FLUSHALL")
        connection.command("SCRIPT", "LOAD", "return redis.call('incr', KEYS[1])")
        connection.command("MULTI")
        connection.command("EVALSHA", sha("return redis.call('incr', KEYS[1])"), "1", "n")
        connection.command("EVAL", "return redis.call('incr', 'n')", "0")
        connection.command("EVALSHA", sha("unknown"), "0")
        connection.command("INCR", "n")
        replies = connection.command("EXEC")
        assert replies[0] == 1 and replies[1] == 2 and replies[3] == 3
        assert str(replies[2]).startswith("NOSCRIPT")


def test_watching_clients_see_what_scripts_write(server):
    with server.connect() as connection, server.connect() as other:
        connection.command("FLUSHALL")
        connection.command("WATCH", "w")
        other.command("EVAL", "return redis.call('set', 'w', 1)", "0")
        connection.command("MULTI")
        connection.command("PING")
        assert connection.command("EXEC") is None


def test_blocked_clients_are_served_when_the_script_is_over(server):
    with server.connect() as connection, server.connect() as other:
        connection.command("FLUSHALL")
        connection.send(encode(["BLPOP", "queue", "0"]))
        servers.until(lambda: servers.info(other, "blocked_clients") == 1)
        script = "redis.call('rpush', KEYS[1], 'a') redis.call('lset', KEYS[1], 0, 'b') return redis.call('llen', KEYS[1])"
        assert other.command("EVAL", script, "1", "queue") == 1
        assert parse(connection.reply()) == [b"queue", b"b"]


def test_notifications_tell_of_scripts(server):
    with server.connect() as connection, server.connect() as other:
        connection.command("CONFIG", "SET", "notify-keyspace-events", "KEA")
        connection.command("SUBSCRIBE", "__keyspace@0__:noted")
        other.command("EVAL", "redis.call('set', KEYS[1], 1) redis.call('del', KEYS[1])", "1", "noted")
        assert parse(connection.reply())[2] == b"set"
        assert parse(connection.reply())[2] == b"del"
        other.command("CONFIG", "SET", "notify-keyspace-events", "")


def test_access_is_checked_for_each_call(server):
    with server.connect() as admin, server.connect() as connection:
        admin.command("ACL", "SETUSER", "poor", "on", "nopass", "~a*", "+eval", "+get", "+@connection")
        connection.command("AUTH", "poor", "x")
        assert connection.command("EVAL", "return redis.call('get', 'a')", "0") is None
        for script in ("return redis.call('set', 'a', 1)", "return redis.call('get', 'b')"):
            assert str(outcome(connection, "EVAL", script, "0")).startswith("ERR "), script
        assert "NOPERM" in str(outcome(connection, "EVAL", "return 1", "1", "b"))
        for call, may in (("'get', 'a'", 1), ("'get', 'b'", None), ("'set', 'a', 'b'", None)):
            assert connection.command("EVAL", f"return redis.acl_check_cmd({call})", "0") == may
        admin.command("ACL", "DELUSER", "poor")


def test_scripts_out_of_memory(start, which):
    server = start(which, "--maxmemory", "100mb", "--maxmemory-policy", "noeviction")
    with server.connect() as connection:
        connection.command("SET", "k", "x" * 100000)
        connection.command("CONFIG", "SET", "maxmemory", "1")
        cases = [
            ("return redis.call('set', 'a', 1)", "OOM"), ("return redis.call('get', 'n')", None),
            ("#!lua\nreturn 1", "OOM command not allowed"), ("#!lua flags=no-writes\nreturn 1", 1),
            ("#!lua flags=allow-oom\nreturn redis.call('set', 'a', 1)", "OK"),
            ("redis.call('del', 'k') return redis.call('set', 'a', 2)", "OK"),
        ]
        for script, wanted in cases:
            reply = outcome(connection, "EVAL", script, "0")
            if isinstance(wanted, str) and wanted != "OK":
                assert str(reply).startswith(wanted), script
            else:
                assert reply == wanted, script


def test_evaluated_scripts_are_bounded_and_loaded_ones_stay(apus):
    with apus.connect() as connection:
        connection.command("SCRIPT", "FLUSH")
        connection.command("SCRIPT", "LOAD", "return 'loaded'")
        for number in range(600):
            assert connection.command("EVAL", f"return {number}", "0") == number
        assert connection.command("SCRIPT", "EXISTS", sha("return 'loaded'"), sha("return 599")) == [1, 1]
        known = connection.command("SCRIPT", "EXISTS", *(sha(f"return {n}") for n in range(600)))
        assert sum(known) == 500
        assert connection.command("SCRIPT", "SHOW", sha("return 'loaded'")) == b"return 'loaded'"
        assert str(outcome(connection, "SCRIPT", "SHOW", sha("x"))).startswith("NOSCRIPT")


def test_flushing_the_scripts_frees_their_memory(start):
    server = start("apus", threads=2)
    with server.connect() as connection:
        def used():
            lines = connection.command("INFO", "memory").decode().splitlines()
            return int(next(line for line in lines if line.startswith("used_memory_vm_eval:")).split(":")[1])

        connection.command("EVAL", "return 1", "0")
        before = used()
        for number in range(300):
            connection.command("EVAL", f"local t = {{{number}}} " + "t[1] = 'x' " * 200 + "return 1", "0")
        assert used() > before + 300 * 200 * 4
        connection.command("SCRIPT", "FLUSH")
        servers.until(lambda: used() < before + 100_000)


TRANSFER = """
local amount = tonumber(ARGV[1])
local from = tonumber(redis.call('get', KEYS[1]))
if from < amount then return 0 end
redis.call('set', KEYS[1], from - amount)
redis.call('incrby', KEYS[2], amount)
return 1
"""
# The same, with keys that nobody can prove to be declared.
TRANSFER_ANY = TRANSFER.replace("KEYS[1]", "(KEYS[1] .. '')").replace("KEYS[2]", "(KEYS[2] .. '')")
SUM = "local sum = 0 for i = 1, 8 do sum = sum + redis.call('get', 'account:' .. i) end return sum"


def test_scripts_are_atomic_with_any_number_of_workers(apus):
    total = 8000
    with apus.connect() as connection:
        connection.command("FLUSHALL")
        for number in range(1, 9):
            connection.command("SET", f"account:{number}", "1000")
    failures = []

    def transfer(seed):
        choose = random.Random(seed)
        with apus.connect() as connection:
            for _ in range(300):
                source, target = choose.sample(range(1, 9), 2)
                script = choose.choice([TRANSFER, TRANSFER_ANY])
                words = ["EVAL", script, "2", f"account:{source}", f"account:{target}", str(choose.randrange(200))]
                if choose.random() < 0.2:
                    connection.command("MULTI")
                    connection.command(*words)
                    connection.command("EXEC")
                else:
                    connection.command(*words)

    def check():
        with apus.connect() as connection:
            for _ in range(300):
                seen = connection.command("EVAL", SUM, "0")
                if seen != total:
                    failures.append(seen)

    threads = [threading.Thread(target=transfer, args=(seed,)) for seed in range(4)] + [threading.Thread(target=check)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with apus.connect() as connection:
        assert connection.command("EVAL", SUM, "0") == total


# Ways out of the sandbox, or to bring the server down, that were known of Lua in Redis or in general.
ESCAPES = {
    "the sandbox has no way to files": "return io.open('/etc/passwd')",
    "nor to programs": "return os.execute('id')",
    "nor to modules": "return package.loadlib('x', 'y')",
    "nor to the debugger": "return debug.getregistry()",
    "bytecode": "return loadstring(string.dump(function() end))",
    "bytecode from text": "return assert(loadstring('\\27Lua'))()",
    "environments": "setfenv(1, {})",
    "environment of a function": "return getfenv(redis.call)",
    "metatables of strings": "getmetatable('').__index.rep = nil",
    "metatables of tables": "getmetatable(_G).__newindex = nil",
    "raw writes": "rawset(string, 'rep', 1)",
    "removal by table functions": "table.remove(redis) table.insert(redis, 1)",
    "foreign user data with collectors": "return newproxy(true)",
    "a key that is its own table (overflow of unpack)": "return unpack({}, -2147483648, 2147483647)",
    "negative digits of hexadecimal numbers": "return bit.tohex(1, -2147483648)",
    "deep patterns": "return string.find(string.rep('a', 300000), string.rep('a?', 300000))",
    "huge strings": "local s = 'x' for i = 1, 60 do s = s .. s end return s",
    "huge repetitions": "return string.rep('x', 2^31)",
    "endless recursion": "local function f() return 1 + f() end return f()",
    "recursion through pcall": "local function f() return pcall(f) end f() return 1",
    "deep tables in replies": "local t = {} for i = 1, 100000 do t = {t} end return t",
    "tables that hold themselves": "local t = {} t[1] = t return t",
    "deep JSON": "return cjson.decode(string.rep('[', 100000))",
    "deep tables in JSON": "local t = {} for i = 1, 100000 do t = {t} end return cjson.encode(t)",
    "huge JSON": "local s = string.rep('\\1', 10000000) local t = {} for i = 1, 100 do t[i] = s end return cjson.encode(t)",
    "sparse JSON": "cjson.encode_sparse_array(false, 0) return cjson.encode({[2147483647] = 1})",
    "deep messages": "return cmsgpack.unpack(string.rep('\\145', 100000))",
    "messages that promise too much": "return cmsgpack.unpack('\\221\\255\\255\\255\\255')",
    "sizes of structures": "return struct.pack('i99999999999', 1)",
    "offsets beyond structures": "return struct.unpack('>I4', 'abcd', 4294967295)",
    "sizes read from structures": "return struct.unpack('>I4c0', '\\255\\255\\255\\255x')",
    "many arguments": "return redis.call('mget', unpack((function() local t = {} for i = 1, 7000 do t[i] = 'k' end return t end)()))",
    "errors in error objects": "error(setmetatable({}, {__tostring = function() error('x') end}))",
    "sealed tables as errors": "error(redis)",
    "long brackets": "return loadstring('[' .. string.rep('=', 1000000))",
    "deep code": "return loadstring('return ' .. string.rep('(', 100000))",
    "collecting while parsing": "for i = 1, 50 do loadstring('return ' .. i, string.rep('x', 1000)) end return 1",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_scripts_stay_in_their_sandbox(apus, name):
    with apus.connect() as connection:
        outcome(connection, "EVAL", ESCAPES[name], "0")
        assert connection.command("EVAL", "return {string.rep('x', 2), type(redis.call), #redis}", "0") == [b"xx", b"function", 0]
    assert apus.is_running()


# --- Libraries, against the oracle with random input

LITERALS = ["nil", "true", "false", "0", "-1", "1", "127", "128", "-33", "255", "65536", "-32769", "1.5", "-0.1", "1e300",
            "2^31", "-2^31-1", "2^53", "'text'", "''", "'\\0\\1\\255'", "string.rep('x', 40)", "string.rep('y', 300)"]


def literal(choose, depth=0):
    kind = choose.random()
    if depth > 3 or kind < 0.6:
        return choose.choice(LITERALS)
    if kind < 0.8:
        return "{" + ", ".join(literal(choose, depth + 1) for _ in range(choose.randrange(5))) + "}"
    key = choose.choice(["a", "b", "[1]", "[3]", "['x y']"])
    return "{" + f"{key} = {literal(choose, depth + 1)}" + "}"


HEX = " return (s:gsub('.', function(c) return string.format('%02x', string.byte(c)) end))"
DESCRIBE = """
local function describe(v)
  if type(v) ~= 'table' then return type(v) .. ':' .. (v == cjson.null and 'null' or tostring(v)) end
  local parts = {}
  for k, e in pairs(v) do parts[#parts + 1] = tostring(k) .. '=' .. describe(e) end
  table.sort(parts)
  return '{' .. table.concat(parts, ',') .. '}'
end
"""


def library_script(choose):
    kind = choose.randrange(8)
    if kind == 0:
        return f"local s = cmsgpack.pack({literal(choose)}, {literal(choose)})" + HEX
    if kind == 1:
        data = "".join(f"\\{choose.randrange(256)}" for _ in range(choose.randrange(12)))
        return DESCRIBE + f"return describe({{cmsgpack.unpack('{data}')}})"
    if kind == 2:
        return DESCRIBE + f"return describe(cmsgpack.unpack(cmsgpack.pack({literal(choose)})))"
    if kind == 3:
        form = "".join(choose.choice(["b", "B", "h", "H", "i", "I", "l", "L", "T", "f", "d", "s", "x", "c3", "i3", "I8", ">", "<", "!4", "!", " "])
                       for _ in range(choose.randrange(6)))
        words = ", ".join(choose.choice(["1", "-2", "300", "1.5", "'abc'", "'xyz'"]) for _ in range(6))
        return f"local s = struct.pack('{form}', {words})" + HEX
    if kind == 4:
        form = "".join(choose.choice(["b", "B", "h", "H", "i", "I", "l", "f", "s", "x", "c2", "c0", "i3", "i16", "i40", ">", "<", "!2", "!3", "z"])
                       for _ in range(choose.randrange(5)))
        data = "".join(f"\\{choose.randrange(256)}" for _ in range(choose.randrange(40)))
        return DESCRIBE + f"return describe({{struct.unpack('{form}', '{data}')}})"
    if kind == 5:
        return f"return cjson.encode({literal(choose)})"
    if kind == 6:
        text = choose.choice(['[1,2,{"a":null}]', '"\\\\u00e9"', "[", "nul", "1e5", "-0", '{"a":1,"a":2}', "[1,]", '{"x":[[[]]]}', "NaN", "0x10",
                              '"\\\\ud83d\\\\ude00"', '"\\\\ud83d"', " [ ] ", "true false", ""])
        return DESCRIBE + f"return describe(cjson.decode('{text}'))"
    name = choose.choice(["band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex", "bnot", "bswap", "tobit"])
    words = ", ".join(choose.choice(["1", "-1", "255", "2^31", "2^40", "3.7", "'12'", "'x'", "{}"]) for _ in range(choose.randrange(1, 4)))
    return f"return tostring(bit.{name}({words}))"


@pytest.mark.parametrize("seed", range(3))
def test_libraries_do_what_those_of_redis_do(apus, oracle, seed):
    choose = random.Random(seed)
    different = []
    with apus.connect() as ours, oracle.connect() as theirs:
        for _ in range(400):
            script = library_script(choose)
            replies = [repr(outcome(connection, "EVAL", script, "0")) for connection in (ours, theirs)]
            if replies[0] != replies[1]:
                different.append((script, *replies))
    assert not different, f"{len(different)} differ, such as {different[:5]}"
