/// The protocol of the load.
enum Speech: String, CaseIterable {
    case resp
    case memcachedText = "memcached-text"
    case memcachedMeta = "memcached-meta"
    case memcachedBinary = "memcached-binary"

    /// The one that a user means by `name`; `meta` and `binary` will do.
    init?(named name: String) {
        guard let found = Speech(rawValue: name) ?? Speech(rawValue: "memcached-" + name) else {
            return nil
        }
        self = found
    }

    /// The tests that it has.
    var workloads: [Workload] { self == .resp ? Workload.all : Workload.memcached }
}

/// Counts the replies in a stream of bytes, of whichever protocol.
enum StreamScanner {
    case resp(ReplyScanner)
    case memcached(MemcachedScanner)

    /// `isBatched` says whether quiet requests precede each one that is answered.
    init(_ speech: Speech, isBatched: Bool) {
        self =
            speech == .resp
            ? .resp(ReplyScanner()) : .memcached(MemcachedScanner(speech, isBatched: isBatched))
    }

    /// Processes the next bytes of the stream; returns how many replies end in them.
    mutating func scan(_ bytes: Span<UInt8>) throws(LoadFailure) -> Int {
        switch consume self {
        case .resp(var scanner):
            let result = Result { () throws(ReplyScanner.Fault) in try scanner.scan(bytes) }
            self = .resp(scanner)
            switch result {
            case .success(let count):
                guard scanner.errorCount == 0 else { throw .errorReply(scanner.errorText) }
                return count
            case .failure(let fault): throw .noRESP(fault)
            }
        case .memcached(var scanner):
            let count = scanner.scan(bytes)
            self = .memcached(scanner)
            if let text = scanner.errorText { throw .errorReply(text) }
            return count
        }
    }
}
