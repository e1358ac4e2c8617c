import Testing

@testable import apus_benchmark

@Suite struct MemcachedScannerTests {
    /// The replies counted if the bytes are cut anywhere.
    private func counts(_ bytes: [UInt8], _ speech: Speech, isBatched: Bool = false) -> Set<Int> {
        Set(
            (0...bytes.count).map { cut in
                var scanner = MemcachedScanner(speech, isBatched: isBatched)
                let first = scanner.scan(bytes.span.extracting(0..<cut))
                return first + scanner.scan(bytes.span.extracting(cut..<bytes.count))
            }
        )
    }

    private func counts(_ text: String, _ speech: Speech, isBatched: Bool = false) -> Set<Int> {
        counts(Array(text.utf8), speech, isBatched: isBatched)
    }

    private func binary(_ opcode: UInt8, status: UInt8 = 0, body: [UInt8] = []) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 24)
        (bytes[0], bytes[1], bytes[7], bytes[11]) = (0x81, opcode, status, UInt8(body.count))
        return bytes + body
    }

    @Test func `text`() {
        let hit = "VALUE a 0 5\r\nEND\r\n\r\n"
        #expect(counts("STORED\r\n" + hit + hit + "END\r\nEND\r\n", .memcachedText) == [3])
    }

    @Test func `meta`() {
        #expect(counts("HD\r\nVA 4\r\nHD\r\n\r\nEN\r\nMN\r\n", .memcachedMeta) == [4])
        let batch = "VA 2 ka\r\nMN\r\nVA 0 kb\r\n\r\nMN\r\nMN\r\n"
        #expect(counts(batch, .memcachedMeta, isBatched: true) == [2])
    }

    @Test func `binary`() {
        let hit = binary(0x00, body: [0, 0, 0, 0, 0x81, 0x0A])
        let bytes = binary(0x01) + hit + binary(0x00, status: 1)
        #expect(counts(bytes, .memcachedBinary) == [3])
        let batch = binary(0x0D, body: [1, 2]) + binary(0x0D, body: [3]) + binary(0x0A)
        #expect(counts(batch + batch, .memcachedBinary, isBatched: true) == [2])
    }

    @Test func `errors are kept`() {
        var scanner = MemcachedScanner(.memcachedText)
        _ = scanner.scan(Array("CLIENT_ERROR bad\r\n".utf8).span)
        #expect(scanner.errorText == Array("CLIENT_ERROR bad".utf8))
        var other = MemcachedScanner(.memcachedBinary)
        _ = other.scan(binary(0x01, status: 3, body: Array("Too large.".utf8)).span)
        #expect(other.errorText == Array("Too large.".utf8))
        var missing = MemcachedScanner(.memcachedBinary)
        _ = missing.scan(binary(0x00, status: 1, body: Array("Not found".utf8)).span)
        #expect(missing.errorText == nil)
    }

    @Test func `requests are of the length that they say`() throws {
        for speech in Speech.allCases where speech != .resp {
            for workload in speech.workloads {
                let template = workload.template(data: Array("abc".utf8), isRandom: true, speech)
                #expect(template.sites.count == Int(workload.words[1]))
            }
        }
        #expect(Speech(named: "meta") == .memcachedMeta)
        #expect(Speech(named: "memcached-binary") == .memcachedBinary)
        #expect(Speech(named: "x") == nil)
    }
}
