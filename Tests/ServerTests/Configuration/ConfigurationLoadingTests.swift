import Glibc
import Testing

@testable import Server

/// A temporary directory that is removed after the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() {
        path = "/tmp/apus-configuration-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        unsafe mkdir(path, 0o700)
    }

    deinit {
        for file in ConfigurationDisk.paths(matching: "\(path)/*") { unsafe unlink(file) }
        unsafe rmdir(path)
    }

    func write(_ name: String, _ text: String) throws -> String {
        try ConfigurationDisk.replace("\(path)/\(name)", by: Array(text.utf8))
        return "\(path)/\(name)"
    }

    func text(_ name: String) throws -> String {
        String(decoding: try ConfigurationDisk.read("\(path)/\(name)"), as: UTF8.self)
    }
}

@Suite struct ConfigurationLoadingTests {
    private func loaded(_ text: String, _ arguments: String...) throws -> Configuration {
        let folder = TemporaryFolder()
        let path = try folder.write("test.conf", text)
        var configuration = Configuration(surroundings: testSurroundings())
        try configuration.load(LaunchArguments([path] + arguments))
        return configuration
    }

    /// The report, without the directory's path.
    private func report(_ text: String, _ arguments: String...) -> String {
        let folder = TemporaryFolder()
        do {
            let path = try folder.write("test.conf", text)
            var configuration = Configuration(surroundings: testSurroundings())
            try configuration.load(LaunchArguments([path] + arguments))
        } catch let failure as ConfigurationFailure {
            let report = failure.report(version: "0.1.0")
            return report.split(separator: folder.path + "/").joined()
        } catch {
            return "\(error)"
        }
        return ""
    }

    @Test func `lines are read in any case, with comments in between`() throws {
        let configuration = try loaded("PORT 7\r\n\r\n# x\n  TimeOut\t5\n\u{0B}hz 20")
        #expect(configuration.value("port") == .integer(7))
        #expect(configuration.value("timeout") == .integer(5))
        #expect(configuration.value("hz") == .integer(20))
    }

    @Test func `save lines add up, and the first replaces the default`() throws {
        #expect(try loaded("save 5 6\nsave 7 8 1 1").value("save").text == "5 6 7 8 1 1")
        #expect(try loaded("save 5 6\nsave \"\"\nsave 1 2").value("save").text == "1 2")
        #expect(try loaded("save 5 6", "--save", "7", "8").value("save").text == "5 6 7 8")
        #expect(try loaded("save 5 6", "--save").value("save").text == "")
        #expect(try loaded("save 9 9\nsave").value("save").text == "9 9")
        #expect(try loaded("save \"5 6\"").value("save").text == "5 6")
        #expect(try loaded("").value("save").text == "3600 1 300 100 60 10000")
    }

    @Test func `options come after the file`() throws {
        let configuration = try loaded("timeout 5\nbind 1.1.1.1\n", "--timeout", "6", "--bind", "*")
        #expect(configuration.value("timeout") == .integer(6))
        #expect(configuration.value("bind").text == "*")
    }

    @Test func `an invalid line is reported with file, number and reason`() {
        #expect(
            report("port 1\n\n timeout abc \n") == """

                *** FATAL CONFIG FILE ERROR (Apus 0.1.0) ***
                Reading the configuration file 'test.conf', at line 3
                >>> 'timeout abc'
                argument couldn't be parsed into an integer

                """
        )
        #expect(
            report("", "--port", "1", "--zork", "1") == """

                *** FATAL CONFIG FILE ERROR (Apus 0.1.0) ***
                Reading the command line, at option 2
                >>> 'zork "1"'
                Bad directive or wrong number of arguments

                """
        )
    }

    @Test(arguments: [
        ("zork 1", "Bad directive or wrong number of arguments"),
        ("port", "wrong number of arguments"),
        ("port 1 2", "wrong number of arguments"),
        ("timeout \"5\"x", "Unbalanced quotes in configuration line"),
        ("save 1", "Invalid save parameters"),
        ("include", "Bad directive or wrong number of arguments"),
        ("rename-command A", "Bad directive or wrong number of arguments"),
        ("unixsocketperm 999", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 1000", "argument must be between 0 and 777 inclusive"),
        ("dir /none", "No such file or directory"),
        ("appendfilename a/b", "appendfilename can't be a path, just a filename"),
        ("appenddirname \"\"", "appenddirname can't be empty"),
        ("replicaof a b", "Invalid master port"),
        ("oom-score-adj-values 1 2", "wrong number of arguments"),
        ("sentinel monitor a b c d", "sentinel directive while not in sentinel mode"),
        ("proc-title-template {x}", "template format is invalid or contains unknown variables"),
    ])
    func `lines that Redis rejects are rejected likewise`(_ line: String, _ reason: String) {
        #expect(report(line).hasSuffix("\n>>> '\(line)'\n\(reason)\n"))
    }

    @Test func `files may include others by pattern`() throws {
        let folder = TemporaryFolder()
        _ = try folder.write("i1.conf", "timeout 1\nhz 99\n")
        _ = try folder.write("i2.conf", "timeout 2\n")
        let path = try folder.write(
            "main",
            "include \(folder.path)/i*.conf\ninclude \(folder.path)/no*\n"
        )
        var configuration = Configuration(surroundings: testSurroundings())
        try configuration.load(LaunchArguments([path]))
        #expect(configuration.value("timeout") == .integer(2))
        #expect(configuration.value("hz") == .integer(99))
    }

    @Test func `a cycle of includes and a missing file are rejected`() throws {
        let folder = TemporaryFolder()
        let path = try folder.write("circle", "include \(folder.path)/circle\n")
        var configuration = Configuration(surroundings: testSurroundings())
        #expect(throws: ConfigurationFailure.self) {
            try configuration.load(LaunchArguments([path]))
        }
        #expect(
            throws: ConfigurationFailure.unreadable(
                path: "/no/such",
                reason: "No such file or directory"
            )
        ) {
            try configuration.load(LaunchArguments(["/no/such"]))
        }
    }

    @Test func `directives without effect are listed once`() throws {
        let configuration = try loaded(
            "syslog-ident 1\nsyslog-ident 2\nport 1\nactivedefrag yes\n"
        )
        #expect(configuration.notInEffect == ["syslog-ident", "activedefrag"])
        #expect(configuration.value("syslog-ident") == .text(Array("2".utf8)))
    }

    @Test func `the result is judged at the end`() {
        #expect(
            report("logfile /none/x\n").hasSuffix(
                "***\nCan't open the log file: No such file or directory\n"
            )
        )
    }

    @Test(arguments: [
        ("loadmodule /x.so", "loadmodule"),
        ("tls-cluster yes", "tls-cluster"), ("tls-replication yes", "tls-replication"),
        ("slaveof 1.1.1.1 5", "replicaof"), ("min-slaves-to-write 1", "min-replicas-to-write"),
        ("socket-mark-id 7", "socket-mark-id"),
    ])
    func `a protection that does not work yet prevents the start`(_ line: String, _ name: String) {
        #expect(
            report("port 1\n\(line)\n").hasSuffix(
                """
                at line 2
                >>> '\(line)'
                '\(name)' is not supported yet; ignoring it would leave the server less protected \
                than requested

                """
            )
        )
    }

    @Test func `a disabled protection is fine, and CONFIG SET cannot enable it`()
        throws
    {
        var configuration = try loaded("aclfile \"\"\ntls-cluster no\nreplicaof no one\n")
        #expect(throws: ConfigurationError.self) {
            try configuration.set([("tls-cluster", Array("yes".utf8))])
        }
        #expect(configuration.value("tls-cluster") == .flag(false))
    }
}
