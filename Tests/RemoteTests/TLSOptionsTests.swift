import Remote
import Testing

@Suite struct TLSOptionsTests {
    @Test func `options with and without an argument are parsed`() {
        var options = TLSOptions()
        let taken = ["--tls", "--insecure", "--cert", "--other"].map { options.take($0) }
        #expect(taken == [true, true, false, false] && options.isOn)
        #expect(TLSOptions.takesWord("--cert") && !TLSOptions.takesWord("--tls"))
        let withWords = ["--sni", "--other"].map { options.take($0, "name") }
        #expect(withWords == [true, false] && options.serverName == "name")
    }

    @Test func `there is a context only with TLS and valid settings`() throws {
        var options = TLSOptions()
        #expect(try options.context() == nil)
        options.take("--cacert", "/nowhere")
        #expect(try options.context() == nil)
        _ = options.take("--tls")
        #expect(throws: RemoteFailure.self) { try options.context() }
        options.take("--cacert", "")
        #expect(try options.context() != nil)
        options.take("--key", "/nowhere")
        #expect(throws: RemoteFailure.couldNotSecure("--cert and --key go together")) {
            try options.context()
        }
    }

    @Test func `the help names every option once`() {
        let lines = TLSOptions.help(margin: " ").split(separator: "\n")
        #expect(lines.count == 9 && lines.allSatisfy { $0.count <= 92 })
        #expect(lines[1].hasPrefix(" --sni <host>       Server"))
    }
}
