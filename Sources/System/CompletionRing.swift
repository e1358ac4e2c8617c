internal import CSupport
internal import Glibc
public import Primitives

/// An io_uring: requests are queued in memory; one call submits them all and waits.
///
/// ```text
///  receive, send, watch ─▶ submissions ─┐
///                                       ├─▶ submit, wait: one io_uring_enter
///  next ◀───────────────── completions ◀┘        received bytes lie in the ring's buffers
/// ```
/// Received bytes fill a few large buffers without gaps, whichever client they come from:
///
/// ```text
/// buffer 2   │ client 7: 45 bytes │ client 9: 1,200 bytes │ client 7: 45 bytes │ free … │
/// ```
/// Only the thread that called `start` uses a ring and makes requests, except that another may look
/// at it in `isQuiet` moments. The kernel works for the ring only within `submit` and `wait`, so
/// what is read between two calls does not change.
///
/// ## Invariants
/// `submissions`, `entries`, `completions` and `buffers` stay mapped as long as the ring lives. A
/// buffer belongs to the kernel from `releaseBuffers` until its last completion has been used.
@safe
public final class CompletionRing: @unchecked Sendable {  // because: one thread uses it, see above
    /// A kind of request.
    public enum Kind: UInt8, Sendable {
        /// Received bytes, or their end; repeats until `isLast`.
        case receive = 1
        /// A send that was not completed; completed sends are not reported.
        case send
        /// A socket is writable, reported once.
        case room
        /// A descriptor is ready for reading, reported once.
        case ready
        /// A request to stop a receive that had already ended.
        case stop
        /// The end of what the peer sends, reported once.
        case end
    }

    /// The outcome of a request.
    public struct Completion: Sendable {
        /// The kind of request.
        public let kind: Kind
        /// The descriptor; for sends, the number passed to `send`.
        public let target: Int32
        /// The mark passed with the request.
        public let mark: UInt32
        /// The number of bytes transferred, or the negated error number.
        public let result: Int32
        fileprivate let flags: UInt32

        /// Whether this is the last completion of its request.
        public var isLast: Bool { flags & 2 == 0 }
        /// Whether `result` bytes are in a buffer of the ring.
        public var hasBytes: Bool { flags & 1 != 0 }
        /// The outcome of a send.
        public var transfer: Transfer {
            if result >= 0 { return .bytes(Int(result)) }
            let blocks = result == -EAGAIN || result == -EINTR
            return blocks ? .wouldBlock : .closed(error: -result)
        }
        /// Whether a receive ended although more may follow: it ran out of buffers or was stopped.
        public var mayGoOn: Bool { result > 0 || result == -ENOBUFS || result == -ECANCELED }
    }

    /// The number of bits of a mark.
    public static let markBits = 24

    static let submissionsMax: UInt32 = 256
    static let completionsMax: UInt32 = 2048
    static let bufferCount = 4
    static let bufferBytes = 64 * 1024

    private static let sendFlags =
        UInt32(MSG_NOSIGNAL) | UInt32(MSG_DONTWAIT) | UInt32(MSG_WAITALL)

    private let descriptor: Int32
    /// The words shared with the kernel, and the completions; at the offsets below.
    private let shared: Cell
    private let sharedBytes: Int
    private let entries: Cell
    private let headOfSubmissions: Int
    private let tailOfSubmissions: Int
    private let headOfCompletions: Int
    private let tailOfCompletions: Int
    private let firstCompletion: Int
    private let bufferRing: Cell
    private let buffers: Cell
    /// The number of entries written, and of entries submitted to the kernel.
    private var written: UInt32 = 0
    private var submitted: UInt32 = 0
    /// The number of completions used, and of those checked for failed sends.
    private var used: UInt32 = 0
    private var looked: UInt32 = 0
    /// The number of bytes used in each buffer.
    private var fill = [Int](repeating: 0, count: bufferCount)
    /// The buffers that are used up, in order, and the tail of the buffer ring.
    private var spent: [Int] = []
    private var bufferTail: UInt16 = 0

    /// Creates a ring that no thread uses yet.
    ///
    /// Throws if the kernel has no io_uring, forbids it, or lacks a required feature (Linux 6.12
    /// has them all).
    public init() throws(SystemError) {
        let setup = try RingSetup()
        descriptor = setup.descriptor
        shared = setup.shared
        sharedBytes = setup.sharedBytes
        entries = setup.entries
        headOfSubmissions = setup.offset(40)
        tailOfSubmissions = setup.offset(44)
        headOfCompletions = setup.offset(80)
        tailOfCompletions = setup.offset(84)
        firstCompletion = setup.offset(100)
        bufferRing = setup.bufferRing
        buffers = setup.buffers
        spent = Array(0..<CompletionRing.bufferCount)
        releaseBuffers()
    }

    deinit {
        RingSetup.unmap(shared, sharedBytes)
        RingSetup.unmap(entries, Int(CompletionRing.submissionsMax) * 64)
        RingSetup.unmap(bufferRing, RingSetup.bufferRingBytes)
        RingSetup.unmap(buffers, CompletionRing.bufferCount * CompletionRing.bufferBytes)
        close(descriptor)
    }

    /// Makes the calling thread the ring's user.
    public func start() throws(SystemError) {
        guard apus_ring_register(descriptor, 12, nil, 0) == 0 else {
            throw SystemError("io_uring_register")
        }
    }

    // MARK: Requests

    /// Receives everything that arrives at a socket, until it closes or the buffers run out.
    public func receive(_ socket: Int32, mark: UInt32) {
        let entry = nextEntry(27, socket, .receive, mark)
        entry.store(UInt8(1 << 5), 1)  // choose a buffer
        entry.store(UInt16(2), 2)  // multishot
    }

    /// Stops a receive, which then reports its end; does nothing if it has already ended.
    public func stopReceiving(_ socket: Int32, mark: UInt32) {
        let entry = nextEntry(14, -1, .stop, mark)
        entry.store(UInt8(1 << 6), 1)  // no completion on success
        entry.store(CompletionRing.tag(.receive, socket, mark), 16)
    }

    /// Sends `bytes`, which must stay in place until `submit` or `wait` returns.
    ///
    /// A send never waits for buffer space; it has a completion only if not all bytes were sent.
    @inline(__always)
    public func send(_ socket: Int32, _ bytes: Bytes, number: Int32) {
        let entry = nextEntry(26, socket, .send, 0)
        entry.store(UInt8(1 << 6), 1)  // no completion on success
        // SAFETY: only the address is stored.
        entry.store(unsafe UInt64(UInt(bitPattern: bytes.base)), 16)
        entry.store(UInt32(bytes.count), 24)
        entry.store(CompletionRing.sendFlags, 28)
        entry.store(CompletionRing.tag(.send, number, 0), 32)
    }

    /// Reports once when the socket is writable.
    public func watchForRoom(_ socket: Int32, mark: UInt32) {
        nextEntry(6, socket, .room, mark).store(EventPoll.Interest.write.rawValue, 28)
    }

    /// Reports once when the peer has sent its last byte, whether or not it has been received.
    public func watchForEnd(_ socket: Int32, mark: UInt32) {
        nextEntry(6, socket, .end, mark).store(EventPoll.Interest.inputEnd.rawValue, 28)
    }

    /// Reports once when there is something to read.
    public func watch(_ descriptor: Int32) {
        nextEntry(6, descriptor, .ready, 0).store(EventPoll.Interest.read.rawValue, 28)
    }

    private static func tag(_ kind: Kind, _ target: Int32, _ mark: UInt32) -> UInt64 {
        UInt64(kind.rawValue) << 56 | UInt64(mark & 0xFF_FFFF) << 32
            | UInt64(UInt32(bitPattern: target))
    }

    /// The next submission entry, zeroed except for the common fields.
    @inline(__always)
    private func nextEntry(
        _ operation: UInt8,
        _ descriptor: Int32,
        _ kind: Kind,
        _ mark: UInt32
    ) -> Cell {
        if written &- submitted == CompletionRing.submissionsMax { submit() }
        let entry = entries.advanced(by: Int(written & (CompletionRing.submissionsMax - 1)) * 64)
        written &+= 1
        entry.zero(0, 64)
        entry.store(operation, 0)
        entry.store(descriptor, 4)
        entry.store(CompletionRing.tag(kind, descriptor, mark), 32)
        return entry
    }

    // MARK: Calling

    /// Submits all queued requests without waiting.
    ///
    /// When it returns, every send has succeeded or has its completion.
    public func submit() {
        while written != submitted { enter(wanted: 0, flags: 0, argument: nil, 0) }
    }

    /// Submits all queued requests and waits for completions.
    ///
    /// Returns when there are `wanted` completions, when there is one and `patience` microseconds
    /// have passed, or after `milliseconds`.
    public func wait(for wanted: UInt32, patience: UInt32, milliseconds: Int32) {
        // SAFETY: the argument outlives the call.
        unsafe withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { memory in
            guard let base = memory.baseAddress else { return }
            let argument = unsafe Cell(base)
            let limit = argument.advanced(by: 24)
            argument.zero(0, 24)
            argument.store(patience, 12)
            argument.store(unsafe UInt64(UInt(bitPattern: limit.base)), 16)
            limit.store(Int64(milliseconds / 1000), 0)
            limit.store(Int64(milliseconds % 1000) * 1_000_000, 8)
            enter(wanted: milliseconds == 0 ? 0 : wanted, flags: 1 | 1 << 3, argument: argument, 24)
        }
        submit()
    }

    private func enter(wanted: UInt32, flags: UInt32, argument: Cell?, _ argumentBytes: Int) {
        // SAFETY: as the kernel requires; entries, and the bytes that they refer to, stay in place.
        unsafe apus_store_release(shared.advanced(by: tailOfSubmissions).base, written)
        unsafe _ = apus_ring_enter(
            descriptor,
            written &- submitted,
            wanted,
            flags,
            argument?.base,
            argumentBytes
        )
        submitted = unsafe apus_load_acquire(shared.advanced(by: headOfSubmissions).base)
    }

    // MARK: Completions

    /// The end of the completions currently available.
    public var end: UInt32 {
        // SAFETY: a word of the mapping.
        unsafe apus_load_acquire(shared.advanced(by: tailOfCompletions).base)
    }

    /// The next completion before `end`, except those of sends, in the kernel's order; nil if those
    /// before `end`, or even later ones, have been returned.
    @inline(__always)
    public func next(before end: UInt32) -> Completion? {
        while Int32(bitPattern: end &- used) > 0 {
            let completion = completion(used)
            used &+= 1
            // SAFETY: as above; the completion has been copied.
            unsafe apus_store_release(shared.advanced(by: headOfCompletions).base, used)
            if completion.kind != .send { return completion }
        }
        return nil
    }

    /// The next send that failed, of those submitted so far.
    public func nextFailedSend() -> Completion? {
        if Int32(bitPattern: used &- looked) > 0 { looked = used }
        // SAFETY: a word of the mapping.
        let tail = unsafe apus_load_acquire(shared.advanced(by: tailOfCompletions).base)
        while looked != tail {
            let completion = completion(looked)
            looked &+= 1
            if completion.kind == .send { return completion }
        }
        return nil
    }

    private func completion(_ number: UInt32) -> Completion {
        let place = Int(number & (CompletionRing.completionsMax - 1)) * 16
        let cell = shared.advanced(by: firstCompletion + place)
        let tag: UInt64 = cell.load(0)
        guard let kind = Kind(rawValue: UInt8(tag >> 56)) else {
            preconditionFailure("the kernel returns the number of a send")
        }
        return Completion(
            kind: kind,
            target: Int32(truncatingIfNeeded: tag),
            mark: UInt32(truncatingIfNeeded: tag >> 32) & 0xFF_FFFF,
            result: cell.load(8),
            flags: cell.load(12)
        )
    }

    // MARK: Buffers

    /// The location of the bytes of a completion.
    ///
    /// Call this once per completion, in order. The bytes stay there until `use` is followed by
    /// `releaseBuffers`.
    @inline(__always)
    public func bytes(_ completion: Completion) -> Cell {
        let buffer = Int(completion.flags >> 16)
        let start = fill[buffer]
        fill[buffer] = start + max(0, Int(completion.result))
        precondition(fill[buffer] <= CompletionRing.bufferBytes, "the buffer is too small")
        return buffers.advanced(by: buffer * CompletionRing.bufferBytes + start)
    }

    /// Records that the bytes of a completion were used.
    @inline(__always)
    public func use(_ completion: Completion) {
        if completion.flags & 16 == 0 { spent.append(Int(completion.flags >> 16)) }
    }

    /// Returns used buffers to the kernel.
    @inline(__always)
    public func releaseBuffers() {
        if !spent.isEmpty { returnSpent() }
    }

    /// The buffers that hold bytes.
    public var buffersInUse: Set<Int> { Set(fill.indices.filter { fill[$0] > 0 }) }

    /// Returns used buffers to the kernel, except `kept`, whose bytes are still needed.
    public func releaseBuffers(except kept: Set<Int>) {
        let others = spent.filter { kept.contains($0) }
        spent.removeAll { kept.contains($0) }
        releaseBuffers()
        spent = others
    }

    @inline(never)
    private func returnSpent() {
        for buffer in spent {
            fill[buffer] = 0
            let place = bufferRing.advanced(by: Int(bufferTail) % CompletionRing.bufferCount * 16)
            let memory = buffers.advanced(by: buffer * CompletionRing.bufferBytes)
            // SAFETY: only the address is stored.
            place.store(unsafe UInt64(UInt(bitPattern: memory.base)), 0)
            place.store(UInt32(CompletionRing.bufferBytes), 8)
            place.store(UInt16(buffer), 12)
            bufferTail &+= 1
        }
        spent.removeAll(keepingCapacity: true)
        // SAFETY: the tail is in the first entry, in a place that no other field uses.
        unsafe apus_store_release16(bufferRing.advanced(by: 14).base, bufferTail)
    }
}
