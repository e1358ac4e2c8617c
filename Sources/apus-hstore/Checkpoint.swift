internal import Primitives
internal import Remote
internal import System
internal import Wire

/// A file that tells how far a transfer is, so that another run can go on there.
///
/// It is one line of quoted words: the direction, table, columns and prefix, and the place.
struct Checkpoint {
    private let path: String?
    private let subject: [[UInt8]]

    init(_ options: Options) {
        path = options.statePath
        subject = [
            options.direction.rawValue.bytes, options.table, options.key, options.column,
            options.prefix,
        ]
    }

    /// The place where an earlier run was interrupted; nil if it was not.
    ///
    /// Throws if the file is that of another transfer.
    func load() throws(Failure) -> [[UInt8]]? {
        guard let path, Files.size(path) != nil else { return nil }
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try MappedFile(path)
            bytes = file.bytes.array
        } catch { throw .other("\(path): \(error.reason)") }
        guard let words = QuotedWords.split(bytes), words.starts(with: subject) else {
            throw .other("\(path) is not the state of this transfer; remove it to begin anew")
        }
        return Array(words.dropFirst(subject.count))
    }

    /// Notes that everything before `place` is done.
    func save(_ place: [[UInt8]]) throws(Failure) {
        guard let path else { return }
        let line = (subject + place).map { QuotedWords.quoted($0).text }.joined(separator: " ")
        do throws(SystemError) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let file = try NewFile(path, temporaryName: name + ".new")
            var failure: SystemError?
            line.bytes.withBytes { bytes in
                do throws(SystemError) { try file.write(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.finish()
        } catch { throw .other("\(path): \(error.reason)") }
    }

    /// Removes the file: everything is done.
    func remove() throws(Failure) {
        guard let path else { return }
        do throws(SystemError) { try Files.remove(path) } catch {
            throw .other("\(path): \(error.reason)")
        }
    }
}
