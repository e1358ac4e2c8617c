import Remote
import TLS
import Testing

@testable import apus_cli

@Suite struct OptionParserTests {
    private func parse(
        _ words: [String],
        isTerminal: Bool = false,
        _ environment: [String: String] = [:]
    ) throws -> Options {
        try OptionParser.parse(
            words.map(\.bytes),
            isTerminal: isTerminal,
            environment: { environment[$0] }
        ).0
    }

    @Test func `no arguments give redis-cli's defaults`() throws {
        let options = try parse([])
        #expect(options == Options() && options.address == .tcp(host: "127.0.0.1", port: 6379))
        let person = try parse([], isTerminal: true)
        #expect(person.format == .readable && person.showsPushes)
        #expect(try parse([], ["FAKETTY": ""]) == person)
        #expect(try parse(["--raw"], ["FAKETTY": "1"]).format == .raw)
    }

    @Test func `every option is stored in its place`() throws {
        let options = try parse(
            ["-h", "::1", "-p", "7000", "-a", "pw", "--user", "me", "-n", "3", "-r", "-1", "-i"]
                + ["0.25", "-3", "-d", ",", "-D", ";", "-c", "-e", "--csv", "--show-pushes", "yes"]
                + ["--quoted-input", "--verbose", "-t", "1.5", "--count", "9", "--pattern", "a*"]
                + ["--pipe-timeout", "7", "--no-auth-warning", "get", "-p"]
        )
        #expect(options.host == "::1" && options.port == 7000 && options.database == 3)
        #expect(options.password == "pw".bytes && options.user == "me".bytes)
        #expect(options.repeats == -1 && options.intervalSeconds == 0.25)
        #expect(options.protocolVersion == 3 && options.elementDelimiter == ",".bytes)
        #expect(options.replyDelimiter == ";".bytes && options.followsRedirections)
        #expect(options.failsOnError && options.format == .csv && options.showsPushes)
        #expect(options.isInputQuoted && options.connectSeconds == 1.5)
        #expect(options.scanCount == 9 && options.pattern == "a*".bytes)
        #expect(options.pipeTimeoutSeconds == 7 && !options.warnsAboutPassword)
        #expect(options.command == ["get".bytes, "-p".bytes] && options.mode == .command)
    }

    @Test func `JSON uses RESP3 unless told otherwise`() throws {
        #expect(try parse(["--json"]).protocolVersion == 3)
        #expect(try parse(["--quoted-json"]).protocolVersion == 3)
        #expect(try parse(["-2", "--json"]).protocolVersion == 2)
        #expect(try parse(["--csv"]).protocolVersion == nil)
    }

    @Test func `the first mode in the order of precedence wins`() throws {
        #expect(try parse(["--scan", "--pipe"]).mode == .pipe)
        #expect(try parse(["--latency", "--scan"]).mode == .latency)
        #expect(try parse(["--memkeys-samples", "5"]).mode == .memoryKeys)
    }

    @Test func `passwords come from the line, then from the environment`() throws {
        let both = ["REDISCLI_AUTH": "r", "APUSCLI_AUTH": "a"]
        #expect(try parse([], both).password == "a".bytes)
        #expect(try parse([], ["REDISCLI_AUTH": "r"]).password == "r".bytes)
        #expect(try parse(["-a", "l"], both).password == "l".bytes)
    }

    private func parse(_ words: [String], _ environment: [String: String]) throws -> Options {
        try parse(words, isTerminal: false, environment)
    }

    @Test func `a visible password causes a warning`() throws {
        func warnings(_ words: [String]) throws -> Int {
            try OptionParser.parse(words.map(\.bytes), isTerminal: false) { _ in nil }.warnings
                .count
        }
        #expect(try warnings(["-a", "x"]) == 1 && warnings(["-u", "redis://:x@h"]) == 1)
        #expect(try warnings(["-a", "x", "--no-auth-warning"]) == 0 && warnings([]) == 0)
        #expect(try warnings(["--show-pushes", "maybe"]) == 1)
    }

    @Test(arguments: [
        ["--foo"], ["-p"], ["-"], ["--"], ["-2", "-3"], ["-x", "-X", "t"], ["-u", "http://x"],
        ["--cert"], ["--ldb", "x"], ["--cluster", "help"], ["--help"], ["-v"],
        ["-h"], ["--quoted-input", "\"a"], ["--quoted-pattern", "a b"], ["-t", "0"],
    ]) func `invalid options are rejected`(_ words: [String]) {
        #expect(throws: OptionParser.Fault.self) { try parse(words) }
    }

    @Test func `TLS has redis-cli's options`() throws {
        let options = try parse(
            ["--tls", "--sni", "s", "--cacert", "ca", "--cacertdir", "d", "--insecure", "--cert"]
                + ["c", "--key", "k", "--tls-ciphers", "1", "--tls-ciphersuites", "2", "ping"]
        )
        let settings = options.tls.settings
        #expect(options.tls.isOn && options.tls.serverName == "s")
        #expect(settings.trustedPath == "ca" && settings.trustedDirectory == "d")
        #expect(settings.peerCheck == .never && settings.certificatePath == "c")
        #expect(settings.keyPath == "k" && settings.ciphers == "1")
        #expect(settings.cipherSuites == "2" && options.command == ["ping".bytes])
        #expect(try parse(["-u", "rediss://x"]).tls.isOn && !parse(["-u", "redis://x"]).tls.isOn)
    }

    @Test func `numbers are parsed up to the first other character`() {
        #expect(LeadingNumber.integer(" -12x") == -12 && LeadingNumber.integer("x") == 0)
        #expect(LeadingNumber.integer("--1") == 0 && LeadingNumber.integer("+7") == 7)
        #expect(LeadingNumber.decimal("0.5s") == 0.5 && LeadingNumber.decimal("") == 0)
    }
}
