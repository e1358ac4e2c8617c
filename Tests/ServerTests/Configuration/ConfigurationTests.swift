import Store
import Testing

@testable import Server

/// Surroundings without side effects; every directory exists, except for `/none`.
func testSurroundings() -> ConfigurationSurroundings {
    ConfigurationSurroundings(
        processorCount: 3,
        workingDirectory: { "/here" },
        enterDirectory: { (path: String) throws(DirectiveRefusal) in
            if path == "/none" { throw DirectiveRefusal("No such file or directory") }
        }
    )
}

@Suite struct ConfigurationTests {
    private var configuration = Configuration(surroundings: testSurroundings())

    private func answer(_ name: String, _ value: String) -> String {
        var copy = configuration
        do throws(ConfigurationError) {
            try copy.set([(name, Array(value.utf8))])
        } catch {
            let start = "ERR CONFIG SET failed (possibly related to argument '\(name)') - "
            return error.message.hasPrefix(start)
                ? "~" + error.message.dropFirst(start.count) : error.message
        }
        return copy.value(name).text
    }

    private func names(_ patterns: String...) -> [String] {
        configuration.get(patterns).map { $0.name }
    }

    // MARK: Values

    @Test func `sizes accept decimal and binary units`() {
        let sizes = [
            "1b": "1", "1K": "1000", "1kb": "1024", "1m": "1000000", "1mb": "1048576",
            "1g": "1000000000", "1GB": "1073741824", "kb": "0", "": "0", "007": "7",
            "18446744073709551616": "18446744073709551615",
            "9223372036854775807k": "18446744073709550616",
        ]
        for (text, bytes) in sizes { #expect(answer("maxmemory", text) == bytes) }
        for text in ["1t", "-1", "1.5gb", " 5", "5 ", "+5", "1 kb", "0x10"] {
            #expect(answer("maxmemory", text) == "~argument must be a memory value")
        }
        #expect(
            answer("proto-max-bulk-len", "1048575")
                == "~argument must be between 1048576 and 9223372036854775807 inclusive"
        )
    }

    @Test func `numbers are parsed strictly and within bounds`() {
        for text in ["abc", "", "+5", "05", " 5", "5kb", "99999999999999999999", "-0"] {
            #expect(
                answer("timeout", text) == "~argument couldn't be parsed into an integer"
            )
        }
        #expect(
            answer("port", "65536") == "~argument must be between 0 and 65535 inclusive"
        )
        #expect(answer("hz", "0") == "1")
        #expect(answer("hz", "1000") == "500")
    }

    @Test func `flags and choices ignore case`() {
        #expect(answer("appendonly", "YES") == "yes")
        #expect(answer("appendonly", "1") == "~argument must be 'yes' or 'no'")
        #expect(answer("appendfsync", "ALWAYS") == "always")
        #expect(
            answer("appendfsync", "x")
                == "~argument(s) must be one of the following: everysec, always, no"
        )
    }

    @Test func `save takes pairs`() {
        #expect(answer("save", "") == "")
        #expect(answer("save", "100 1 200 2") == "100 1 200 2")
        for text in ["100", "100 x", "0 1", "-1 1", "  300   10 ", "1 -1"] {
            #expect(answer("save", text) == "~Invalid save parameters")
        }
    }

    @Test func `buffer limits change class by class`() {
        #expect(
            answer("client-output-buffer-limit", "replica 1kb 2 3")
                == "normal 0 0 0 slave 1024 2 3 pubsub 33554432 8388608 60"
        )
        #expect(
            answer("client-output-buffer-limit", "pubsub 1")
                == "~Wrong number of arguments in buffer limit configuration."
        )
        #expect(
            answer("client-output-buffer-limit", "master 1 2 3")
                == "~Invalid client class specified in buffer limit configuration."
        )
    }

    @Test func `events are reported in a fixed order`() {
        let events = [
            "KEA": "AKE", "Ex": "xE", "g$lshzxetdmK": "AKm", "Kg": "gK", "": "", "AKEm": "AKEm",
        ]
        for (text, letters) in events {
            #expect(answer("notify-keyspace-events", text) == letters)
        }
    }

    @Test func `percentiles have six digits`() {
        let shares = [
            "50 99.9": "50 99.9", "99.99999999": "100", "0.001": "0.001", "1e1": "10",
            "50.0 99.50": "50 99.5", "": "", "33.333333333": "33.3333", "0": "0",
        ]
        for (text, told) in shares {
            #expect(answer("latency-tracking-info-percentiles", text) == told)
        }
    }

    @Test func `memory for clients may be a percentage`() {
        #expect(answer("maxmemory-clients", "5%") == "5%")
        #expect(answer("maxmemory-clients", "0%") == "0")
        #expect(
            answer("maxmemory-clients", "101%")
                == "~percentage argument must be less or equal to 100"
        )
    }

    @Test func `bytes that are not text are preserved`() throws {
        var copy = configuration
        try copy.set([("requirepass", [0xFF, 0x00, 0x20])])
        #expect(copy.value("requirepass").bytes == [0xFF, 0x00, 0x20])
    }

    // MARK: GET

    @Test func `patterns find names and aliases, each once`() {
        #expect(names("timeout", "TIMEOUT", "tim*") == ["timeout"])
        #expect(names("hash-max-*-value") == ["hash-max-listpack-value", "hash-max-ziplist-value"])
        #expect(
            names("MAXMEM*Y") == ["maxmemory", "maxmemory-eviction-tenacity", "maxmemory-policy"]
        )
        #expect(names("[mt]imeout") == ["timeout"])
        #expect(names("zork") == [])
    }

    @Test func `hidden directives are found by their full names`() {
        #expect(names("watchdog*") == [])
        #expect(names("WATCHDOG-period") == ["WATCHDOG-period"])
    }

    @Test func `the number of threads defaults to the number of cores`() {
        #expect(configuration.value("threads").text == "3")
    }

    // MARK: SET

    private func message(_ changes: [(String, String)], isLocal: Bool = true) -> String {
        var copy = configuration
        do throws(ConfigurationError) {
            try copy.set(changes.map { (name: $0.0, value: Array($0.1.utf8)) }, isLocal: isLocal)
        } catch {
            return error.message
        }
        return "OK"
    }

    @Test func `errors have Redis' wording`() {
        let start = "ERR CONFIG SET failed (possibly related to argument "
        #expect(
            message([("a\r\nb", "1")])
                == "ERR Unknown option or number of arguments for CONFIG SET - 'a  b'"
        )
        #expect(
            message([("maxmemory", "1"), ("MAXMEMORY", "2")])
                == start + "'MAXMEMORY') - duplicate parameter"
        )
        #expect(
            message([("daemonize", "yes"), ("zork", "1")])
                == start + "'daemonize') - can't set immutable config"
        )
        #expect(message([("dir", "/")]) == start + "'dir') - can't set protected config")
        #expect(
            message([("hash-max-ziplist-entries", "1"), ("hash-max-listpack-entries", "2")])
                == "OK"
        )
    }

    @Test mutating func `all is set or nothing`() throws {
        #expect(
            throws: ConfigurationError.refused(
                "timeout",
                "argument couldn't be parsed into an integer"
            )
        ) {
            try configuration.set([("maxmemory", [0x31]), ("timeout", [0x78])])
        }
        #expect(configuration.value("maxmemory") == .memory(0))
    }

    @Test mutating func `a failing action reverts everything`() throws {
        let log = ActionLog()
        configuration.whenChanged(["port", "bind"]) { next in
            log.append("listen \(next.value("port").text)")
        }
        configuration.whenChanged(["timeout"]) { (next) throws(DirectiveRefusal) in
            log.append("timeout \(next.value("timeout").text)")
            if next.value("timeout") == .integer(13) { throw DirectiveRefusal("unlucky") }
        }
        try configuration.set([
            ("port", Array("7".utf8)), ("bind", Array("::1".utf8)), ("hz", Array("10".utf8)),
        ])
        #expect(log.take() == ["listen 7"])
        #expect(throws: ConfigurationError.refused("timeout", "unlucky")) {
            try configuration.set([("port", Array("8".utf8)), ("timeout", Array("13".utf8))])
        }
        #expect(log.take() == ["listen 8", "timeout 13", "listen 7", "timeout 0"])
        #expect(configuration.value("port") == .integer(7))
    }

    @Test func `options hold the typed values`() throws {
        var copy = configuration
        try copy.set([
            ("timeout", Array("5".utf8)), ("hash-max-ziplist-entries", Array("9".utf8)),
            ("bind", Array("127.0.0.1 -::1".utf8)), ("requirepass", [0xFF]),
        ])
        let options = Options(copy)
        #expect(options.timeoutSeconds == 5)
        #expect(options.encodingLimits.hashPackEntriesMax == 9)
        #expect(options.addresses == ["127.0.0.1", "-::1"])
        #expect(options.password == [0xFF])
        #expect(options.threads == 3)
        #expect(Options(configuration).debugPermission == .nobody)
    }
}
