import Commands
import Primitives
import Testing

@testable import Server

@Suite struct MonitorLineTests {
    private static func line(_ request: String, secrets: SecretSpec? = nil) -> String {
        TestServer.withWords(request) { words in
            var line = ByteBuffer()
            MonitorLine.append(
                words,
                database: 7,
                .client(Bytes("unix:/x")),
                at: 1_339_518_083_007_412,
                secrets: secrets,
                to: &line
            )
            return line.bytes.string
        }
    }

    @Test func `a line tells when, where, by whom and what`() {
        let text = "+1339518083.007412 [7 unix:/x] \"GET\" \"a\\\"b\"\r\n"
        #expect(Self.line("GET a\"b") == text)
    }

    @Test func `secret words are left out`() {
        let line = Self.line("AUTH a b", secrets: .from(1))
        #expect(line.hasSuffix("] \"AUTH\" \"(redacted)\" \"(redacted)\"\r\n"))
    }
}
