import Testing

@testable import Server

@Suite struct MemcachedArgumentsTests {
    private func read(_ text: String) -> MemcachedArguments {
        MemcachedArguments(text.split(separator: " ").map(String.init))
    }

    /// The last value that a directive is given.
    private func value(_ directive: String, _ text: String) -> String? {
        let lines = read(text).lines.map { String(decoding: $0, as: UTF8.self) }
        let line = lines.last { $0.hasPrefix(directive + " ") }
        return line.map { $0.dropFirst(directive.count + 1).filter { $0 != "\"" } }
    }

    @Test func `without options it is like memcached without options`() {
        #expect(value("memcached-port", "") == "11211")
        #expect(value("port", "") == "0")
        #expect(value("maxmemory", "") == "64mb")
        #expect(value("maxmemory-policy", "") == "allkeys-lru")
        #expect(value("threads", "") == "4")
        #expect(value("maxclients", "") == "1024")
        #expect(value("memcached-bind", "") == nil)
        #expect(read("").withoutEffect.isEmpty)
    }

    @Test func `options have their values behind them, in the next word, or behind a sign`() {
        for text in ["-p 1234", "-p1234", "--port=1234", "--port 1234", "--por 1234", "-Mp1234"] {
            #expect(value("memcached-port", text) == "1234", "\(text)")
        }
        #expect(value("maxmemory-policy", "-vMp 1") == "noeviction")
        #expect(value("loglevel", "-v") == "verbose")
        #expect(value("loglevel", "-vv") == "debug")
        #expect(value("loglevel", "-v -v -v") == "debug")
    }

    @Test func `what has a meaning becomes a directive`() {
        #expect(value("maxmemory", "-m 512") == "512mb")
        #expect(value("maxclients", "-c 99") == "99")
        #expect(value("threads", "-t 2") == "2")
        #expect(value("tcp-backlog", "-b 33") == "33")
        #expect(value("memcached-item-size-max", "-I 2m") == "2097152")
        #expect(value("memcached-item-size-max", "-I 1k") == "1024")
        #expect(value("memcached-item-size-max", "-I 4096") == "4096")
        #expect(value("memcached-protocol", "-B ascii") == "ascii")
        #expect(value("memcached-shutdown-command", "-A") == "yes")
        #expect(value("memcached-flush-command", "-F") == "no")
        #expect(value("memcached-dump-command", "-X") == "no")
        #expect(value("memcached-watch-command", "-W") == "no")
        #expect(value("memcached-prefix-delimiter", "-D /") == "/")
        #expect(value("memcached-prefix-stats", "-D /") == "yes")
        #expect(value("daemonize", "-d") == "yes")
        #expect(value("pidfile", "-P /run/x.pid") == "/run/x.pid")
        #expect(read("-u nobody").user == "nobody")
        #expect(value("timeout", "-o idle_timeout=7,hashpower=20") == "7")
    }

    @Test func `addresses may hold a port`() {
        #expect(value("memcached-bind", "-l 127.0.0.1,::1") == "127.0.0.1 ::1")
        #expect(value("memcached-bind", "-l 127.0.0.1 -l [::1]") == "127.0.0.1 ::1")
        #expect(value("memcached-bind", "-l 127.0.0.1:99,[::1]:99") == "127.0.0.1 ::1")
        #expect(value("memcached-port", "-l 127.0.0.1:99,[::1]:99") == "99")
        #expect(value("memcached-bind", "-l 127.0.0.1:99,[::1]:98") == "127.0.0.1 [::1]:98")
        #expect(value("memcached-port", "-l 127.0.0.1:99,[::1]:98") == "99")
        #expect(value("memcached-bind", "-p 7 -l ::1,a:1 -l b:2") == "::1 a:1 b:2")
        #expect(value("memcached-port", "-p 7 -l ::1,a:1 -l b:2") == "7")
        #expect(value("memcached-tls-port", "-Z -l a:1,b:2") == "1")
        for text in ["-l notls:a", "-l a:x", "-l a:0", "-l [::1]x"] {
            guard case .refuse = read(text).request else {
                Issue.record("\(text) was accepted")
                continue
            }
        }
    }

    @Test func `a unix socket takes the place of the port`() {
        #expect(value("memcached-port", "-s /run/m.sock") == nil)
        #expect(value("memcached-unixsocket", "-s /run/m.sock") == "/run/m.sock")
        #expect(value("memcached-unixsocketperm", "-s /run/m.sock") == "700")
        #expect(value("memcached-unixsocketperm", "-s /run/m.sock -a 770") == "770")
    }

    @Test func `TLS takes the port`() {
        let text = "-Z -p 77 -o ssl_chain_cert=/c.pem,ssl_key=/k.pem,ssl_verify_mode=2"
        #expect(value("memcached-tls-port", text) == "77")
        #expect(value("memcached-port", text) == nil)
        #expect(value("tls-cert-file", text) == "/c.pem")
        #expect(value("tls-key-file", text) == "/k.pem")
        #expect(value("tls-auth-clients", text) == "yes")
        #expect(value("tls-auth-clients", "-Z") == "no")
    }

    @Test func `users come from a file`() {
        #expect(value("memcached-auth-file", "-Y /users") == "/users")
        #expect(value("memcached-protocol", "-S -Y /users") == "binary")
        guard case .refuse = read("-S").request else {
            Issue.record("-S without users would leave the server open")
            return
        }
    }

    @Test func `what has no meaning is named`() {
        let text = "-f 1.25 -n 48 -L -R 20 -C -k -o modern,slab_chunk_max=1 -U 0 -N 3 stray"
        let arguments = read(text)
        #expect(arguments.request == .serve)
        #expect(
            arguments.withoutEffect
                == [
                    "-f 1.25", "-n 48", "-L", "-R 20", "-C", "-k", "-o modern",
                    "-o slab_chunk_max=1", "-N 3", "stray",
                ]
        )
    }

    @Test(arguments: [
        "-x", "--nope", "--m 1", "-p", "--port", "-p x", "-p 65536", "-B x", "-I 10", "-I 2000m",
        "-o nope", "-o nope=1", "--enable-shutdown=1", "-m 0", "-c x", "-o ssl_min_version=9",
        "-o idle_timeout", "--",
    ])
    func `what memcached does not know ends the start`(text: String) {
        let request = read(text).request
        guard text != "--" else {
            #expect(request == .serve)
            return
        }
        guard case .refuse = request else {
            Issue.record("\(text) was accepted")
            return
        }
    }

    @Test func `requests for help and directives of Apus`() {
        #expect(read("-h").request == .showHelp)
        #expect(read("--version").request == .showVersion)
        #expect(read("-i").request == .showLicence)
        let arguments = LaunchArguments(["--memcached", "-m", "9", "--", "--port", "6379"])
        let lines = arguments.lines.map { String(decoding: $0, as: UTF8.self) }
        #expect(lines.last == #"port "6379""#)
        #expect(LaunchArguments(["--memcached", "-x"]).request == .refuse("invalid option -- 'x'"))
    }
}
