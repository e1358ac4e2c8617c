import Testing

@testable import Scripting

struct KeyProofTests {
    /// Accepts commands whose first word after the name is the only key, and DEL.
    private func isConfined(_ script: String, isLibrary: Bool = false) -> Bool {
        KeyProof.holds(for: Array(script.utf8), isLibrary: isLibrary) { words in
            guard words.count > 1, case .literal(let name) = words[0] else { return false }
            if name == Array("del".utf8) {
                return words.dropFirst().allSatisfy { $0 == .key || $0 == .keys }
            }
            return words[1] == .key
        }
    }

    @Test(arguments: [
        "return 1",
        "return redis.call('get', KEYS[1])",
        "#!lua flags=no-writes\nreturn redis.call('get', KEYS[1])",
        "return server.pcall(\"get\", KEYS[ARGV[1] + 1])",
        "local k = KEYS[1] local v = redis.call('get', k) if v then redis.call('set', k, v) end",
        "local call = redis.call local a, b = KEYS[1], KEYS[2] call('del', a, b) return #KEYS == 2",
        "for i, key in ipairs(KEYS) do redis.call('incr', key) end",
        "for i = 1, #KEYS do redis.call('incr', KEYS[i]) end",
        "redis.call('del', unpack(KEYS))",
        "local first, second = unpack(KEYS) redis.call('get', second)",
        "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) end",
        "local t = {} t[1] = redis.call('get', KEYS[1]) return {ok = 'x', t[1]} -- KEYS[1] = 'x'",
        "local function f(x) return x + 1 end return f(redis.call('get', KEYS[1]))",
        "repeat local v = redis.call('rpop', KEYS[1]) until not v",
        "local s = [[ redis.call('get', 'x') ]] return s:len()",
        "while redis.call('get', KEYS[1]) do redis.call('del', KEYS[1]) end",
        "local keys = KEYS return redis.call('get', keys[1])",
    ]) func aScriptIsConfined(_ script: String) {
        #expect(isConfined(script))
    }

    @Test(arguments: [
        "return redis.call('get', 'x')",
        "return redis.call('get', KEYS[1] .. 'x')",
        "return redis.call('get', ARGV[1])",
        "return redis.call(ARGV[1], KEYS[1])",
        "return redis.call('g\\101t', KEYS[1])",
        "local k = KEYS[1] k = 'x' return redis.call('get', k)",
        "local k, j = KEYS[1] j, k = 'x', 'y' return redis.call('get', k)",
        "local k = KEYS[1] local function f() k = 'x' end f() return redis.call('get', k)",
        "local k = KEYS[1] do local k = 'x' redis.call('get', k) end",
        "local k = KEYS[1] or 'x' return redis.call('get', k)",
        "KEYS[1] = 'x' return redis.call('get', KEYS[1])",
        "local t = KEYS t[1] = 'x' return redis.call('get', KEYS[1])",
        "local a a, KEYS[1] = 1, 'x' return redis.call('get', KEYS[1])",
        "KEYS[1], a = 'x', 1 return redis.call('get', KEYS[1])",
        "table.insert(KEYS, 1, 'x') return redis.call('get', KEYS[1])",
        "local KEYS = {'x'} return redis.call('get', KEYS[1])",
        "local function f(KEYS) return redis.call('get', KEYS[1]) end return f({'x'})",
        "for KEYS in pairs({}) do redis.call('get', KEYS) end",
        "local function unpack() return 'x' end redis.call('del', unpack(KEYS))",
        "local function ipairs() end for i, k in ipairs(KEYS) do redis.call('get', k) end",
        "for i, k in ipairs(KEYS) do k = 'x' redis.call('get', k) end",
        "for k in ipairs(KEYS) do redis.call('get', k) end",
        "local function f(k) return redis.call('get', k) end return f(KEYS[1])",
        "return pcall(redis.call, 'get', 'x')",
        "local r = {redis} return r[1].call('get', 'x')",
        "return redis['call']('get', 'x')",
        "return _G.redis.call('get', 'x')",
        "return loadstring('return redis.call(\"get\", \"x\")')()",
        "return load(function() end)",
        "for name, value in pairs(redis) do value('get', 'x') end",
        "local call = redis.call call = print return call('get', KEYS[1])",
        "return setmetatable({}, {__index = redis})",
        "redis.call = print return redis.call('get', KEYS[1])",
        "local redis = {call = print} return redis.call('get', 'x') or server.call('get', 'x')",
        "return (redis).call('get', 'x')",
        "redis.call('del', KEYS[1], unpack(ARGV))",
        "function redis.call() end",
        "return 'x",
        "--[[ endless",
    ]) func aScriptIsNotConfined(_ script: String) {
        #expect(!isConfined(script))
    }

    @Test func deepNestingEnds() {
        let depth = 10_000
        let script =
            "return " + String(repeating: "(", count: depth) + "1"
            + String(repeating: ")", count: depth)
        #expect(!isConfined(script))
        #expect(!isConfined(String(repeating: "do ", count: depth)))
        #expect(!isConfined("return " + String(repeating: "{", count: depth)))
    }

    @Test(arguments: [
        "redis.register_function('f', function(keys) return redis.call('get', keys[1]) end)",
        """
        local function f(keys, args) return redis.call('set', keys[1], args[1]) end \
        redis.register_function('f', f)
        """,
        """
        local f = function(keys) return redis.call('del', unpack(keys)) end \
        redis.register_function('f', f)
        """,
        """
        redis.register_function{function_name = 'f', callback = function(k) \
        redis.call('get', k[2]) end, flags = {'no-writes'}}
        """,
        """
        local function f(keys) for i, k in ipairs(keys) do redis.call('incr', k) end end \
        redis.register_function({callback = f; function_name = 'f'})
        """,
        """
        local call = redis.call redis.register_function('f', function(keys) local k = \
        keys[1] return call('get', k) end)
        """,
        """
        local function add(a, b) return a + b end redis.register_function('f', \
        function(keys, args) return add(#keys, #args) end)
        """,
        "local n = 0 redis.register_function('f', function(keys) n = n + 1 return n end)",
    ]) func aLibraryIsConfined(_ library: String) {
        #expect(isConfined("#!lua name=x\n" + library, isLibrary: true))
        #expect(!isConfined(library + " redis.call('get', 'x')", isLibrary: true))
    }

    @Test(arguments: [
        // A function that others call with keys of their own.
        """
        local function f(keys) redis.call('get', keys[1]) end \
        redis.register_function('f', f) redis.register_function('g', function() f({'x'}) \
        end)
        """,
        """
        local function f(keys) if keys[2] then f({'x'}) end redis.call('get', keys[1]) \
        end redis.register_function('f', f)
        """,
        """
        local function f(keys) redis.call('get', keys[1]) end local g = f g({'x'}) \
        redis.register_function('f', f)
        """,
        """
        local t = {} local function f(keys) redis.call('get', keys[1]) end \
        redis.register_function('f', f) t.f = f
        """,
        """
        local function f(keys) redis.call('get', keys[1]) end \
        redis.register_function('f', f) f = nil
        """,
        """
        local function f(keys) redis.call('get', keys[1]) end \
        redis.register_function('f', f) pcall(f, {'x'})
        """,
        // Keys that outlive the call.
        """
        local g redis.register_function('f', function(keys) local k = keys[1] g = \
        function() redis.call('get', k) end end)
        """,
        """
        local g redis.register_function('f', function(keys) g = function() \
        redis.call('get', keys[1]) end end)
        """,
        """
        redis.register_function('f', function(keys) local k = keys[1] local function \
        set() k = 'x' end set() redis.call('get', k) end)
        """,
        """
        redis.register_function('f', function(keys) local g = function() keys[1] = 'x' \
        end g() redis.call('get', keys[1]) end)
        """,
        "local old redis.register_function('f', function(keys) old = keys end)",
        // Others.
        "redis.register_function('f', function(keys) keys[1] = 'x' redis.call('get', keys[1]) end)",
        "redis.register_function('f', function(keys, args) redis.call('get', args[1]) end)",
        "local r = redis.register_function r('f', function(keys) redis.call('get', keys[1]) end)",
        """
        local function h(k) return redis.call('get', k) end redis.register_function('f', \
        function(keys) return h(keys[1]) end)
        """,
        """
        local l = redis l['register_function']('f', function(keys) redis.call('get', \
        keys[1]) end)
        """,
        "pcall(redis.register_function, 'f', function(keys) redis.call('get', keys[1]) end)",
        "redis.register_function('f', function(...) redis.call('get', (...)[1]) end)",
        "function f(keys) redis.call('get', keys[1]) end redis.register_function('f', f)",
    ]) func aLibraryIsNotConfined(_ library: String) {
        #expect(!isConfined(library, isLibrary: true))
    }
}
