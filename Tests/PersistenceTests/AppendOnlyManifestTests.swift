import Persistence
import Primitives
import Testing

struct AppendOnlyManifestTests {
    private func parse(_ text: String) throws(AppendOnlyManifest.Failure) -> AppendOnlyManifest {
        let words: (Bytes) -> [[UInt8]]? = { line in
            line.array.split(separator: UInt8(ascii: " ")).map(Array.init)
        }
        var result: Result<AppendOnlyManifest, AppendOnlyManifest.Failure>?
        Array(text.utf8).withBytes { bytes in
            do throws(AppendOnlyManifest.Failure) {
                result = .success(try AppendOnlyManifest(bytes, split: words))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { throw .empty }
        return try result.get()
    }

    @Test func aLife() throws {
        var manifest = AppendOnlyManifest()
        #expect(manifest.nextBaseName("a", isSnapshot: true) == "a.1.base.rdb")
        manifest.replaceBase("a.1.base.rdb", keepingIncrements: 0)
        #expect(manifest.addIncrement("a") == "a.1.incr.aof")
        #expect(manifest.addIncrement("a") == "a.2.incr.aof")
        #expect(manifest.files.map(\.name) == ["a.1.base.rdb", "a.1.incr.aof", "a.2.incr.aof"])
        manifest.replaceBase(manifest.nextBaseName("a", isSnapshot: false), keepingIncrements: 1)
        let text = """
            file a.2.base.aof seq 2 type b
            file a.1.base.rdb seq 1 type h
            file a.1.incr.aof seq 1 type h
            file a.2.incr.aof seq 2 type i

            """
        #expect(manifest.text == text)
        #expect(try parse(text) == manifest)
        #expect(manifest.addIncrement("a") == "a.3.incr.aof")
    }

    @Test func newerWordsAndRemarks() throws {
        let manifest = try parse(
            "# a remark\nseq 3 file a type i startoffset 5\nfile b seq 2 type b\n"
        )
        #expect(manifest.files.map(\.name) == ["b", "a"])
        #expect(manifest.nextBaseName("x", isSnapshot: true) == "x.3.base.rdb")
    }

    @Test func namesWithSpaces() {
        var manifest = AppendOnlyManifest()
        manifest.replaceBase("a \"b\"", keepingIncrements: 0)
        #expect(manifest.text == "file \"a \\\"b\\\"\" seq 1 type b\n")
    }

    @Test(arguments: [
        ("", AppendOnlyManifest.Failure.empty),
        ("# nothing\n", .empty),
        ("file a seq 1 type b", .badLine(1)),
        ("file a seq 1\n", .badLine(1)),
        ("file a seq x type b\n", .badLine(1)),
        ("file a seq 0 type b\n", .badLine(1)),
        ("file a seq 1 type x\n", .badLine(1)),
        ("file ../a seq 1 type b\n", .badLine(1)),
        ("file a seq 1 type b\nfile b seq 2 type b\n", .secondBase(2)),
        ("file a seq 2 type i\nfile b seq 2 type i\n", .unordered(2)),
    ])
    func failures(_ text: String, _ failure: AppendOnlyManifest.Failure) {
        #expect(throws: failure) { try parse(text) }
    }
}
