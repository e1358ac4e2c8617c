import Remote
import TLS
import Testing

@testable import apus_benchmark

@Suite struct OptionParserTests {
    @Test func `no arguments give redis-benchmark's defaults`() throws {
        let options = try OptionParser.parse([])
        #expect(options == Options())
        #expect(options.clients == 50 && options.requests == 100_000 && options.pipeline == 1)
    }

    @Test func `every option is stored in its place`() throws {
        let options = try OptionParser.parse(
            ["-h", "::1", "-p", "7000", "-s", "/tmp/s", "-a", "pw", "--user", "me", "-c", "3"]
                + ["-n", "10", "-d", "8", "--dbnum", "2", "-3", "-k", "1", "-r", "100", "-P", "4"]
                + ["-q", "--precision", "5", "--csv", "-l", "-t", "SET,get", "-I", "-x", "-e"]
                + ["--threads", "2", "--seed", "9", "--rps", "1000", "--zipf", "0.99"]
                + ["--json", "out.json", "--enable-tracking"]
        )
        #expect(options.host == "::1" && options.port == 7000 && options.socketPath == "/tmp/s")
        #expect(options.password == "pw" && options.user == "me" && options.database == 2)
        #expect(options.clients == 3 && options.requests == 10 && options.dataByteCount == 8)
        #expect(options.isRESP3 && options.keepsAlive && options.keyspace == 100)
        #expect(options.pipeline == 4 && options.isQuiet && options.latencyPlaces == 5)
        #expect(options.isCSV && options.repeats && options.tests == ["set", "get"])
        #expect(options.isIdle && options.readsLastWord && options.warnsAboutErrors)
        #expect(options.threads == 2 && options.isThreaded && options.seed == 9)
        #expect(options.requestsPerSecond == 1000 && options.zipfExponent == 0.99)
        #expect(options.jsonPath == "out.json" && options.isTracking && options.command.isEmpty)
    }

    @Test func `the first plain word begins the command`() throws {
        let options = try OptionParser.parse(["-n", "5", "lpush", "-k", "--csv"])
        #expect(options.command == ["lpush", "-k", "--csv"])
        #expect(options.requests == 5 && !options.isCSV)
    }

    @Test func `a URI contains user, password, host, port and database`() throws {
        let options = try OptionParser.parse(["-u", "redis://me:p%40ss@example.org:7001/3"])
        #expect(options.user == "me" && options.password == "p@ss")
        #expect(options.host == "example.org" && options.port == 7001 && options.database == 3)
        let short = try OptionParser.parse(["-u", "redis://:pw@[::1]"])
        #expect(short.user == nil && short.password == "pw" && short.host == "::1")
        #expect(short.port == 6379)
    }

    @Test func `TLS has redis-benchmark's options`() throws {
        let options = try OptionParser.parse(["--tls", "--cacert", "ca", "--insecure", "ping"])
        #expect(options.tls.isOn && options.tls.settings.trustedPath == "ca")
        #expect(options.tls.settings.peerCheck == .never && options.command == ["ping"])
        #expect(try OptionParser.parse(["-u", "rediss://x"]).tls.isOn)
    }

    @Test(arguments: [
        ["--foo"], ["-n"], ["-n", "abc"], ["-n", "0"], ["-c", "-1"], ["-p", "70000"],
        ["-k", "2"], ["-r", "0"], ["-t", "nonsense"], ["--zipf", "0.9"], ["--user", "me"],
        ["--zipf", "x", "-r", "5"], ["--rps", "0"], ["--rps", "5", "-k", "0"], ["--sni"],
        ["-u", "http://x"], ["-u", "redis://x:port"], ["-u", "redis://:p%zz@h"],
    ]) func `invalid input is rejected`(_ arguments: [String]) {
        #expect(throws: OptionParser.Fault.self) { try OptionParser.parse(arguments) }
    }
}
