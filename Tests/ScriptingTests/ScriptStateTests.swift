import Primitives
import Testing
import Wire

@testable import Scripting

struct ScriptStateTests {
    /// A state in which `redis.call` returns its words as an array.
    private func makeState(bytesMax: Int = 64 << 20, mustEnd: @escaping () -> Bool = { false })
        throws -> ScriptState
    {
        var reply = ReplyWriter()
        let host = ScriptHost(
            call: { words, isRESP3, isLogged in
                reply.removeAll(keep: 1024)
                reply.isRESP3 = isRESP3
                if words[0].isWord("FAIL") {
                    reply.error("ERR failed")
                } else if words[0].isWord("ISLOGGED") {
                    reply.integer(isLogged ? 1 : 0)
                } else {
                    reply.array(words.count)
                    for index in 0..<words.count { reply.bulk(words[index]) }
                }
                return reply.buffer.bytes
            },
            mayRun: { $0[0].isWord("GET") ? true : nil },
            log: { _, _ in },
            mustEnd: mustEnd,
            register: { _ in nil }
        )
        return try #require(ScriptState(version: "7.4.0", bytesMax: bytesMax, host: host))
    }

    /// The reply, or the message of the failure.
    private func run(_ script: String, in state: ScriptState, _ words: [String] = []) -> String {
        var vector = ArgumentVector()
        let texts = words.map { Array($0.utf8) }
        for text in texts { text.withBytes { vector.append($0) } }
        vector.append(Bytes("end"))
        let arguments = vector.arguments(0, vector.count)
        do throws(ScriptState.Failure) {
            let function = try Array(script.utf8).withBytes {
                (text) throws(ScriptState.Failure) in try state.compile(text, name: "@test")
            }
            defer { state.forget(function) }
            return try state.run(
                function,
                arguments,
                from: 0,
                keyCount: 0,
                isPassed: false,
                isRESP3: false
            ).string
        } catch { return error.message.string }
    }

    @Test func aReplyComesBack() throws {
        let state = try makeState()
        #expect(run("return {1, 'a'}", in: state) == "*2\r\n:1\r\n$1\r\na\r\n")
        #expect(run("return redis.call('x', 5)", in: state) == "*2\r\n$1\r\nx\r\n$1\r\n5\r\n")
        #expect(run("return redis.call('fail')", in: state) == "ERR failed")
        #expect(run("return 1 +", in: state) == "test:1: unexpected symbol near '<eof>'")
    }

    @Test func aScriptChoosesWhetherEffectsAreLogged() throws {
        let state = try makeState()
        for (choice, isLogged) in [("NONE", 0), ("AOF", 1), ("REPLICA", 0), ("ALL", 1)] {
            let script = "redis.set_repl(redis.REPL_\(choice)) return redis.call('islogged')"
            #expect(run(script, in: state) == ":\(isLogged)\r\n")
        }
        _ = run("redis.set_repl(redis.REPL_NONE)", in: state)
        #expect(run("return redis.call('islogged')", in: state) == ":1\r\n")
    }

    @Test func memoryIsLimited() throws {
        let state = try makeState(bytesMax: 4 << 20)
        for script in [
            "local t = {} for i = 1, 1e9 do t[i] = {} end",
            "local s = 'x' while true do s = s .. s end",
            "return string.rep('x', 1e8)",
            "local function f() return f() + 1 end return f()",
        ] {
            let message = run(script, in: state)
            #expect(
                message.contains("not enough memory") || message.contains("too large")
                    || message.contains("stack overflow"),
                "\(script): \(message)"
            )
            #expect(run("return 1", in: state) == ":1\r\n")
        }
        state.collectGarbage()
        #expect(state.byteCount < 4 << 20)
    }

    @Test func aScriptThatMustEndEndsDespiteItself() throws {
        let state = try makeState(mustEnd: { true })
        let message = run("while true do pcall(function() while true do end end) end", in: state)
        #expect(message == "ERR Script killed by user with SCRIPT KILL.")
        #expect(run("return 1", in: state) == ":1\r\n")
    }
}
