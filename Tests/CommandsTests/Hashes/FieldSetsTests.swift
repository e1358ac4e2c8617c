import Primitives
import Testing
import Wire

@testable import Commands

@Suite struct FieldSetsTests {
    /// Inserts the set that the words of `line` name, first its own name.
    private func insert(_ line: String, into sets: inout FieldSets) throws -> Bool {
        try Words.with(line) { sets.insert($0[0], $0, from: 1) }
    }

    private func fields(_ name: String, of sets: inout FieldSets) -> [String]? {
        let set = Array(name.utf8).withBytes { sets.find($0) }
        return set.map { set in
            var names: [String] = []
            for index in 0..<set.count { set.withField(index) { names.append($0.string) } }
            return names
        }
    }

    @Test func `sets are found by name, with their fields in order`() throws {
        var sets = FieldSets()
        let none = fields("u", of: &sets)
        #expect(none == nil)
        let areIn = try insert("u name \"\" age", into: &sets) && insert("v one", into: &sets)
        #expect(areIn && sets.count == 2)
        let found = (fields("u", of: &sets), fields("v", of: &sets), fields("u", of: &sets))
        #expect(found.0 == ["name", "", "age"] && found.1 == ["one"] && found.2 == found.0)
        let bytes = sets.byteCount
        let isReplaced = try insert("u other", into: &sets)
        let other = fields("u", of: &sets)
        #expect(isReplaced && other == ["other"])
        #expect(sets.count == 2 && sets.byteCount < bytes)
    }

    @Test func `removed sets are forgotten, and their memory with them`() throws {
        var sets = FieldSets()
        let areIn = try insert("u name", into: &sets) && insert("v name", into: &sets)
        #expect(areIn)
        _ = fields("u", of: &sets)
        let removals = (0..<2).map { _ in Array("u".utf8).withBytes { sets.remove($0) } }
        #expect(removals == [true, false])
        let gone = fields("u", of: &sets)
        #expect(gone == nil)
        let count = sets.removeAll()
        #expect(count == 1 && sets.byteCount == 0 && sets.count == 0)
    }

    @Test func `the memory of all sets is limited`() throws {
        var sets = FieldSets()
        let long = String(repeating: "x", count: FieldSets.bytesMax / 2)
        let first = try insert("a \(long)", into: &sets)
        let second = try insert("b \(long)", into: &sets)
        let none = fields("b", of: &sets)
        #expect(first && !second && none == nil)
        let again = try insert("a \(long)", into: &sets)
        #expect(again, "the set that it replaces does not count")
    }
}
