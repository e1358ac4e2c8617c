import Primitives
import TLS
import Testing

@Suite("One end of TLS")
struct TLSStreamTests {
    @Test("a context of a server needs a certificate, a key and, to check clients, trust")
    func incompleteSettings() {
        var settings = TLSSettings()
        #expect(failure(settings) == "No tls-cert-file configured!")
        settings.certificatePath = "/nowhere/cert.pem"
        #expect(failure(settings) == "No tls-key-file configured!")
        settings.keyPath = "/nowhere/key.pem"
        #expect(failure(settings)?.hasPrefix("Either tls-ca-cert-file or tls-ca-cert-dir") == true)
        settings.peerCheck = .never
        #expect(
            failure(settings)?.hasPrefix("Failed to load certificate: /nowhere/cert.pem: error:")
                == true
        )
        settings.protocols = ["TLSv1.3", "SSLv2"]
        #expect(failure(settings)?.hasPrefix("Invalid tls-protocols specified.") == true)
    }

    private func failure(_ settings: TLSSettings) -> String? {
        do throws(TLSFailure) {
            _ = try TLSContext(server: settings)
            return nil
        } catch {
            return error.text
        }
    }

    @Test("a client begins with a hello, and bytes that are no TLS end the handshake")
    func garbage() throws {
        var settings = TLSSettings()
        settings.peerCheck = .never
        let context = try TLSContext(client: settings)
        let client = try #require(TLSStream(client: context, serverName: "localhost"))
        var output = ByteBuffer()
        #expect(client.handshake() == .needsInput)
        client.takeOutput(into: &output)
        // A handshake record.
        #expect(output.bytes.array.first == 22)
        #expect(Array("-ERR this is Redis\r\n".utf8).withBytes { client.feed($0) })
        guard case .failed = client.handshake() else {
            Issue.record("garbage was accepted")
            return
        }
        #expect(client.peerName == nil)
    }
}
