import Primitives
import System
import Testing

struct AppendFileTests {
    private let path = "/tmp/apus-append-\(OwnProcess.number)-\(UInt64.random(in: 0...UInt64.max))"

    private func append(_ text: String, to file: AppendFile) -> Int {
        Array(text.utf8).withBytes { file.append($0).count }
    }

    @Test func growsAndIsCut() throws {
        let file = try AppendFile(path)
        defer { try? Files.remove(path) }
        #expect(append("hello", to: file) == 5)
        try file.truncate(to: 2)
        #expect(append("y", to: file) == 1)
        try file.sync()
        #expect(try MappedFile(path).bytes.string == "hey")
        #expect(append("!", to: try AppendFile(path)) == 1)
        #expect(Files.size(path) == 4)
        try Files.truncate(path, to: 1)
        #expect(Files.size(path) == 1)
    }

    @Test func foldersAndNames() throws {
        try Files.makeFolder(path)
        try Files.makeFolder(path)
        #expect(Files.hasFolder(path) && Files.size(path) == nil)
        _ = try AppendFile(path + "/a")
        #expect(throws: SystemError.self) { try Files.makeFolder(path + "/a") }
        try Files.rename(path + "/a", to: path + "/b")
        try Files.syncFolder(path)
        #expect(Files.size(path + "/a") == nil && Files.size(path + "/b") == 0)
        try Files.remove(path + "/b")
        try Files.remove(path + "/b")
        #expect(throws: SystemError.self) { try AppendFile(path + "/none/c") }
    }
}
