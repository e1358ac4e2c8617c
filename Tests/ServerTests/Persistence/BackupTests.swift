import Persistence
import Primitives
import System
import Testing

@testable import Server

@Suite struct BackupTests {
    private static let manifest = AppendOnlyManifest(
        base: AppendOnlyManifest.Entry(name: "a.3.base.rdb", sequence: 3),
        increment: AppendOnlyManifest.Entry(name: "a.3.incr.aof", sequence: 3)
    )

    /// Calls `body` with a backup, an empty folder for it, and a folder with the files to back up.
    private func withFolders(
        _ body: (Backup, AppendOnly.Place, AppendOnly.Place) throws -> Void
    ) throws {
        let root = "/tmp/apus-backup-\(OwnProcess.number)-\(Clock.monotonicNanoseconds())"
        let live = AppendOnly.Place(folder: root + "-live", prefix: "a")
        let target = AppendOnly.Place(folder: root + "-backup", prefix: "a")
        for place in [live, target] { try Files.makeFolder(place.folder) }
        for name in BackupTests.manifest.files.map(\.name) { _ = try AppendFile(live.path(name)) }
        defer {
            for place in [live, target] {
                for name in Files.names(in: place.folder) { try? Files.remove(place.path(name)) }
            }
        }
        try body(Backup(), target, live)
    }

    @Test func `a backup goes through its stages`() throws {
        try withFolders { backup, target, live in
            #expect(backup.facts.stage == .idle)
            backup.begin(target, ownsLog: false, isRewriting: false)
            #expect(backup.facts.stage == .pending)
            backup.rewriteEnded(BackupTests.manifest, live)
            #expect(backup.facts.stage == .pending, "that was an earlier rewrite")
            backup.rewriteBegan()
            #expect(!backup.holdsRewrites)
            backup.rewriteEnded(BackupTests.manifest, live)
            #expect(backup.holdsRewrites)
            #expect(backup.facts.files == ["a.3.base.rdb"])
            try backup.seal(from: live, ownsLog: false)
            #expect(backup.facts.stage == .sealed)
            #expect(Set(Files.names(in: target.folder)) == Set(backup.facts.files))
            #expect(backup.facts.files.count == 3)
            backup.expire(after: 1000)
            #expect(backup.facts.stage == .sealed)
            let isRemoved = backup.cleanUp()
            #expect(isRemoved)
            #expect(Files.names(in: target.folder).isEmpty)
            #expect(Files.names(in: live.folder).count == 2)
            let isRemovedAgain = backup.cleanUp()
            #expect(!isRemovedAgain)
        }
    }

    @Test func `a failed backup removes its own files only`() throws {
        try withFolders { backup, target, live in
            _ = try AppendFile(target.path("other"))
            backup.begin(target, ownsLog: false, isRewriting: true)
            backup.rewriteEnded(BackupTests.manifest, live)
            backup.fail("no more")
            #expect(backup.facts.stage == .failed)
            #expect(backup.facts.error == "no more")
            #expect(Files.names(in: target.folder) == ["other"])
            backup.fail("again")
            #expect(backup.facts.error == "no more")
        }
    }

    @Test func `a file that cannot be linked fails it`() throws {
        try withFolders { backup, target, _ in
            backup.begin(target, ownsLog: false, isRewriting: true)
            let nowhere = AppendOnly.Place(folder: "/none", prefix: "a")
            backup.rewriteEnded(BackupTests.manifest, nowhere)
            #expect(backup.facts.stage == .failed)
            #expect(!backup.facts.error.isEmpty)
        }
    }
}
