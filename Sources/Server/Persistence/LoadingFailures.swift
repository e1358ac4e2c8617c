internal import Persistence
internal import System

/// What the log tells of a snapshot that cannot be loaded, in the words that tools know from Redis.
extension Log {
    /// Tells why the file at `path` cannot be loaded, and where in it the reason is.
    func callAsFunction(_ failure: SnapshotLoader.Failure, path: String) {
        guard case .format(let failure) = failure else {
            return self(.warning, "Can't load \(path): \(failure.text)")
        }
        switch failure.reason {
        case .badSignature: self(.warning, "Wrong signature trying to load DB from file")
        case .unknownVersion(let version):
            self(.warning, "Can't handle RDB format version \(version)")
        case .endsEarly, .noMemory:
            self(.warning, "Short read or OOM loading DB. Unrecoverable error, aborting now.")
        case .badChecksum(let stored, let computed):
            self(
                .warning,
                "Wrong RDB checksum expected: (\(String(computed, radix: 16))) but got "
                    + "(\(String(stored, radix: 16))). Aborting now."
            )
        case .unknownType(let type): self(.warning, "Unknown RDB encoding type \(type)")
        default: break
        }
        self(
            .warning,
            "Internal error in RDB reading offset \(failure.offset) of \(path) -> \(failure.text)"
        )
    }
}
