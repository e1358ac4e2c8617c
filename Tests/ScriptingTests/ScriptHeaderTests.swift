import Primitives
import Testing

@testable import Scripting

struct ScriptHeaderTests {
    private func header(
        _ text: String,
        isLibrary: Bool = false
    ) throws(ScriptHeader.Failure) -> ScriptHeader {
        try Array(text.utf8).withBytes { (bytes) throws(ScriptHeader.Failure) in
            try ScriptHeader(bytes, isLibrary: isLibrary)
        }
    }

    @Test func aScriptWithoutHeaderMayDoEverything() throws {
        #expect(try header("return 1") == ScriptHeader())
        #expect(try header("") == ScriptHeader())
    }

    @Test func flagsAreRead() throws {
        let read = try header("#!lua flags=no-writes,allow-oom,\nreturn 1")
        #expect(read.flags == [.noWrites, .allowOOM])
        #expect(read.byteCount == 32)
        #expect(try header("#!lua\nreturn 1").flags == [])
    }

    @Test func aLibraryHasAName() throws {
        #expect(try header("#!lua name=mine\n", isLibrary: true).name == Array("mine".utf8))
    }

    @Test func whatIsUnknownIsRefused() {
        #expect(throws: ScriptHeader.Failure.endless) { try header("#!lua") }
        #expect(throws: ScriptHeader.Failure.engine(Array("#!js".utf8))) { try header("#!js\n") }
        #expect(throws: ScriptHeader.Failure.flag(Array("x".utf8))) {
            try header("#!lua flags=x\n")
        }
        #expect(throws: ScriptHeader.Failure.option(Array("name=x".utf8))) {
            try header("#!lua name=x\n")
        }
        #expect(throws: ScriptHeader.Failure.repeated) {
            try header("#!lua name=x name=y\n", isLibrary: true)
        }
    }
}
