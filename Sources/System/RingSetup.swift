internal import CSupport
internal import Glibc
internal import Primitives

/// Creates an io_uring and maps its memory.
///
/// ```text
/// parameters (120 bytes)        0 submissions   4 completions   8 flags   20 features
///   offsets into the mapping   40 head, 44 tail of the submissions
///                              80 head, 84 tail, 100 first of the completions
/// ```
/// ## Invariants
/// Every mapping has the length that the kernel reported, and lives until `unmap`.
struct RingSetup {
    /// The size of the ring of buffers: one page.
    static let bufferRingBytes = 4096

    let descriptor: Int32
    let shared: Cell
    let sharedBytes: Int
    let entries: Cell
    let bufferRing: Cell
    let buffers: Cell
    private let offsets: [UInt32]

    /// The setup flags.
    ///
    /// Submit all entries even if one fails, a single issuer, deferred work in its calls, no index
    /// array, disabled until that thread enables it, and a custom number of completions.
    private static let flags: UInt32 =
        1 << 7 | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 6 | 1 << 3
    /// A single mapping, no dropped completions, extended wait arguments, waits for several.
    private static let featuresNeeded: UInt32 = 1 << 0 | 1 << 1 | 1 << 8 | 1 << 15

    init() throws(SystemError) {
        let (descriptor, words) = try RingSetup.create()
        self.descriptor = descriptor
        offsets = words
        sharedBytes = Int(words[25]) + Int(CompletionRing.completionsMax) * 16
        do throws(SystemError) {
            guard words[5] & RingSetup.featuresNeeded == RingSetup.featuresNeeded,
                words[0] == CompletionRing.submissionsMax,
                words[1] == CompletionRing.completionsMax
            else { throw SystemError("io_uring_setup", number: ENOSYS) }
            shared = try RingSetup.map(sharedBytes, of: descriptor, at: 0)
            entries = try RingSetup.map(
                Int(CompletionRing.submissionsMax) * 64,
                of: descriptor,
                at: 0x1000_0000
            )
            bufferRing = try RingSetup.map(RingSetup.bufferRingBytes, of: -1, at: 0)
            buffers = try RingSetup.map(
                CompletionRing.bufferCount * CompletionRing.bufferBytes,
                of: -1,
                at: 0
            )
            try registerBuffers()
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The offset of a field in `shared`; `place` is its offset in the parameters.
    func offset(_ place: Int) -> Int { Int(offsets[place / 4]) }

    private static func create() throws(SystemError) -> (Int32, [UInt32]) {
        var words = [UInt32](repeating: 0, count: 30)
        words[1] = CompletionRing.completionsMax
        words[2] = flags
        // SAFETY: the parameters have 120 bytes.
        let descriptor = unsafe words.withUnsafeMutableBytes { memory -> Int32 in
            guard let base = memory.baseAddress else { return -1 }
            return unsafe apus_ring_setup(CompletionRing.submissionsMax, base)
        }
        guard descriptor >= 0 else { throw SystemError("io_uring_setup") }
        return (descriptor, words)
    }

    private static func map(
        _ byteCount: Int,
        of descriptor: Int32,
        at offset: Int
    ) throws(SystemError) -> Cell {
        let kind = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
        // SAFETY: a new mapping.
        guard
            let base = unsafe mmap(
                nil,
                byteCount,
                PROT_READ | PROT_WRITE,
                kind,
                descriptor,
                offset
            ),
            unsafe base != MAP_FAILED
        else { throw SystemError("mmap") }
        return unsafe Cell(base)
    }

    static func unmap(_ cell: Cell, _ byteCount: Int) {
        // SAFETY: mapped by `map` with this length; its owner is being destroyed.
        unsafe _ = munmap(cell.base, byteCount)
    }

    /// Registers the ring of buffers, group 0, whose buffers are consumed incrementally.
    private func registerBuffers() throws(SystemError) {
        // SAFETY: the argument outlives the call; the ring of buffers stays mapped.
        let status = unsafe withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { memory in
            guard let base = memory.baseAddress else { return Int32(-1) }
            let argument = unsafe Cell(base)
            argument.zero(0, 40)
            argument.store(unsafe UInt64(UInt(bitPattern: bufferRing.base)), 0)
            argument.store(UInt32(CompletionRing.bufferCount), 8)
            argument.store(UInt16(2), 14)
            return unsafe apus_ring_register(descriptor, 22, argument.base, 1)
        }
        guard status == 0 else { throw SystemError("io_uring_register") }
    }
}
