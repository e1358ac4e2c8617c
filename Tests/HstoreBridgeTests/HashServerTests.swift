import Remote
import Testing

@testable import apus_hstore

@Suite struct HashServerTests {
    private func requests(_ pairs: [HstoreValue.Pair]) -> [String] {
        HashServer.requests("k".bytes, HstoreValue(pairs)).map {
            $0.map(\.text).joined(separator: " ")
        }
    }

    @Test func `a hash is replaced at once`() {
        let text = HstoreValue.Pair(name: "a".bytes, value: "1".bytes)
        let null = HstoreValue.Pair(name: "n".bytes, value: nil)
        #expect(requests([]) == ["DEL k"])
        #expect(requests([text]) == ["MULTI", "DEL k", "HSET k a 1", "EXEC"])
        #expect(requests([null]) == ["MULTI", "DEL k", "HSETNULL k n", "EXEC"])
        #expect(
            requests([null, text]) == ["MULTI", "DEL k", "HSET k a 1", "HSETNULL k n", "EXEC"]
        )
    }

    @Test func `a prefix is no pattern`() {
        #expect(HashServer.pattern([]).text == "*")
        #expect(HashServer.pattern("a*[b]?\\".bytes).text == "a\\*\\[b\\]\\?\\\\*")
    }
}
