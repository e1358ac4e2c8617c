import Primitives
import Testing

@testable import Server

@Suite struct MemcachedPrefixesTests {
    private func note(_ use: MemcachedPrefixes.Use, _ key: String, _ prefixes: MemcachedPrefixes) {
        Array(key.utf8).withBytes { prefixes.note(use, $0, delimiter: UInt8(ascii: ":")) }
    }

    @Test func `keys count for what precedes the first delimiter`() {
        let prefixes = MemcachedPrefixes()
        note(.get(isHit: true), "a:1", prefixes)
        note(.get(isHit: false), "a:2:3", prefixes)
        note(.set, "b:", prefixes)
        note(.delete, ":x", prefixes)
        note(.set, "none", prefixes)
        #expect(
            String(decoding: prefixes.text, as: UTF8.self) == """
                PREFIX  get 0 hit 0 set 0 del 1\r
                PREFIX a get 2 hit 1 set 0 del 0\r
                PREFIX b get 0 hit 0 set 1 del 0\r
                END\r\n
                """
        )
        prefixes.reset()
        #expect(prefixes.text == Array("END\r\n".utf8))
    }

    @Test func `there is a limit to the prefixes`() {
        let prefixes = MemcachedPrefixes()
        for number in 0..<11_000 { note(.set, "\(number):", prefixes) }
        let lines = prefixes.text.split(separator: UInt8(ascii: "\n")).count
        #expect(lines == 10_001)
    }
}
