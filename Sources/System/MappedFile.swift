internal import Glibc
public import Primitives

/// A file mapped into memory, to be read once from start to end.
@safe
public struct MappedFile: ~Copyable {
    private let base: UnsafeMutableRawPointer?
    private let count: Int

    /// Maps the file at `path`.
    ///
    /// The file must not be truncated while it is mapped.
    public init(_ path: String) throws(SystemError) {
        // SAFETY: the path lives for the call.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw SystemError("fstat") }
        let size = Int(status.st_size)
        var place: UnsafeMutableRawPointer?
        if size > 0 {
            // SAFETY: a new private mapping.
            unsafe place = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0)
            guard unsafe place != MAP_FAILED else { throw SystemError("mmap") }
            _ = unsafe madvise(place, size, MADV_SEQUENTIAL)
        }
        unsafe base = place
        count = size
    }

    deinit {
        // SAFETY: mapped by `init`, and no longer borrowed by anyone.
        if let base = unsafe base { unsafe munmap(base, count) }
    }

    /// All bytes, borrowed during the lifetime of this value.
    public var bytes: Bytes {
        guard let base = unsafe base else { return Bytes() }
        return unsafe Bytes(raw: base, count: count)
    }
}
