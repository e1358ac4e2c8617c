import Primitives
import Testing

@testable import Wire

@Suite struct Base64Tests {
    private static let pairs: [([UInt8], String)] = [
        (Array("f".utf8), "Zg=="), (Array("fo".utf8), "Zm8="), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg=="), ([0, 255, 10, 13, 32], "AP8KDSA="), ([255], "/w=="),
    ]

    @Test(arguments: pairs)
    func `texts and bytes stand for each other`(bytes: [UInt8], text: String) {
        var encoded = ByteBuffer()
        bytes.withBytes { Base64.append($0, to: &encoded) }
        let found = encoded.bytes.string
        #expect(found == text)
        let count = Base64.byteCount(encoded.bytes)
        #expect(count == bytes.count)
        Base64.decode(encoded.cell, 0, encoded.count)
        let decoded = encoded.bytes[0..<bytes.count].array
        #expect(decoded == bytes)
    }

    @Test(arguments: ["", "Zg", "Zg=", "Z===", "Zm9!", "=m9v", "Zm=v"])
    func `other texts stand for nothing`(text: String) {
        let count = Array(text.utf8).withBytes { Base64.byteCount($0) }
        #expect(count == nil)
    }
}
