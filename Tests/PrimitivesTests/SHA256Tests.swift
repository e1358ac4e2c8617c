import Primitives
import Testing

/// The expected values are from Python's hashlib, for the bytes 0, 7, 14 and so on.
@Suite struct SHA256Tests {
    static let vectors: [(Int, String)] = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (55, "576a1bf8d4478657e6dc4af9398544765c2a92cde28478b019235cfed315fc09"),
        (56, "9b20501dfd1d99161c257950f3444f3e49230c351c5c8e0943ef369f85f5205d"),
        (63, "30b345906b493f06f69444b6521113511c242f30e29840462950035043682f1e"),
        (64, "d8bc63b4fc1156e5e7d95a418b9bf54cd3174bedbc2db40f74895349b229b3c0"),
        (65, "1ee23b0fbcaecc1aff4a9e8f1645f35ab2c8e13609cd73b68df8b5e3f63ce073"),
        (1000, "89f4ff56a25dd1db06a4ce6033603775d705fb96f30f8693733fef602a1ca532"),
    ]

    @Test(arguments: vectors) func sumsOfBytes(count: Int, text: String) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let sum = bytes.withBytes { SHA256(of: $0) }
        #expect(sum.text == Array(text.utf8))
        #expect(SHA256(text: Array(text.utf8)) == sum)
    }

    @Test(arguments: [
        "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
        String(repeating: "A", count: 64), String(repeating: "g", count: 64),
    ])
    func otherTextsAreNoSums(_ text: String) {
        #expect(SHA256(text: Array(text.utf8)) == nil)
    }
}
