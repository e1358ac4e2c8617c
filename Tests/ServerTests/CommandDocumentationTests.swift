import Glibc
import Testing

@testable import Server

@Suite struct CommandDocumentationTests {
    /// The path of the page, derived from the path of this file.
    private static let path =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        + "/docs/commands.md"

    /// `make docs` regenerates the page.
    @Test func `the page of commands matches the rows`() throws {
        let text = CommandDocumentation.text
        if unsafe getenv("APUS_WRITE_DOCS") != nil {
            try ConfigurationDisk.replace(Self.path, by: Array(text.utf8))
        }
        #expect(String(decoding: try ConfigurationDisk.read(Self.path), as: UTF8.self) == text)
    }
}
