internal import Glibc
internal import Remote
internal import System

/// A pipe through which threads report that they are done.
struct Bell: ~Copyable {
    private let reader: Int32
    /// The end to which a thread writes one byte: 0 for success, otherwise 1.
    let writer: Int32

    /// The result of a wait.
    enum Ring {
        case success
        case failure
        case silence
    }

    init() throws(LoadFailure) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the array has the two places that pipe fills.
        guard unsafe pipe(&ends) == 0 else {
            throw .system(call: "pipe", reason: SystemError.reason(errno))
        }
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Waits for the next ring, at most `milliseconds`.
    func wait(milliseconds: Int32) -> Ring {
        var watched = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0
        // SAFETY: both outlive the calls, of which each touches one.
        guard unsafe poll(&watched, 1, milliseconds) == 1, unsafe read(reader, &byte, 1) == 1 else {
            return .silence
        }
        return byte == 0 ? .success : .failure
    }
}
