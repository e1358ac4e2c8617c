internal import Primitives
internal import Synchronization

/// The counters of a worker other than commands and errors, named roughly as in INFO.
enum WorkerCount: Int, CaseIterable, Sendable {
    case commandsRun
    case receives
    case sends
    case bytesReceived
    case bytesSent
    case connectionsAccepted
    case connectionsRejected
    /// Clients closed because a request was too long, or because they did not read.
    case queryLimitCloses
    case outputLimitCloses
    /// Clients closed because all clients together used too much memory.
    case clientsEvicted
    case authenticationFailures
    /// Cycles of `apus_cycles` spent on removing expired keys.
    case expiryCycles
    /// How often that was stopped for taking too long, with more left to do.
    case expiriesCutShort
    /// Large values freed in slices.
    case lazilyFreed
    case errorReplies
    /// Requests denied to their users, by what was denied.
    case deniedCommands
    case deniedKeys
    case deniedChannels
    case deniedDatabases
}

/// The counters of a worker.
///
/// Only the worker counts; any thread may read at any time, and waits for the worker only for
/// errors by code. Nothing is ever reset to zero: `ServerStatistics` records the counters' values
/// at a CONFIG RESETSTAT.
///
/// ## Invariants
/// `commands` has `commandCount` rows, all created by `init`; row numbers come from the registry.
@safe
struct WorkerStatistics: ~Copyable, @unchecked Sendable {  // because: rows are counters
    /// The counters of one command.
    private struct Row: ~Copyable {
        let calls = Counter()
        let cycles = Counter()
        let failures = Counter()
        let rejections = Counter()
        /// The durations of the calls: the histogram that counts, and the one to be read.
        let counting = DurationHistogramPlace()
        let kept = DurationHistogramPlace()
    }

    /// The maximum number of error codes to distinguish.
    static let errorCodesMax = 128

    private let counters = InlineArray<19, Counter> { _ in Counter() }
    private let commands: UnsafeMutablePointer<Row>
    let commandCount: Int
    private let errors = Locked<[String: UInt64]>([:])
    private let keepsDurations = Atomic<Bool>(true)

    init(commandCount: Int) {
        self.commandCount = commandCount
        unsafe commands = .allocate(capacity: commandCount)
        for row in 0..<commandCount { unsafe (commands + row).initialize(to: Row()) }
        precondition(counters.count == WorkerCount.allCases.count, "a counter for every case")
    }

    deinit {
        for row in 0..<commandCount {
            // SAFETY: nobody reads them any more.
            unsafe commands[row].kept.own?.free()
        }
        unsafe commands.deinitialize(count: commandCount)
        unsafe commands.deallocate()
    }

    /// The value of a counter.
    subscript(which: WorkerCount) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inline(__always)
    func add(_ which: WorkerCount, _ count: UInt64 = 1) { counters[which.rawValue].add(count) }

    /// Subtracts from a counter.
    func subtract(_ which: WorkerCount, _ count: UInt64 = 1) {
        counters[which.rawValue].subtract(count)
    }

    // MARK: Commands

    /// The counts of the command in `row`.
    subscript(row: Int) -> CommandCounts {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        return unsafe CommandCounts(
            calls: commands[row].calls.value,
            cycles: commands[row].cycles.value,
            failures: commands[row].failures.value,
            rejections: commands[row].rejections.value
        )
    }

    /// The durations of the command in `row`, by bucket of `DurationHistogram`; nil if not kept.
    func durations(of row: Int) -> [UInt64]? {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        return unsafe commands[row].kept.shared?.counted
    }

    /// Counts a call that took `cycles`.
    @inline(__always)
    func count(_ row: Int, cycles: UInt64) {
        assert(row < commandCount, "no such command")
        // SAFETY: rows come from the registry.
        unsafe commands[row].calls.add()
        unsafe commands[row].cycles.add(cycles)
        if let durations = unsafe commands[row].counting.own {
            durations.count(cycles)
        } else if keepsDurations.load(ordering: .relaxed) {
            startDurations(row, cycles)
        }
    }

    @inline(never)
    private func startDurations(_ row: Int, _ cycles: UInt64) {
        let durations = DurationHistogram()
        durations.count(cycles)
        unsafe commands[row].kept.put(durations)
        unsafe commands[row].counting.put(durations)
    }

    /// Starts or stops counting durations; those counted so far are kept.
    ///
    /// The worker must be stopped or be the caller.
    func keepDurations(_ isOn: Bool) {
        keepsDurations.store(isOn, ordering: .relaxed)
        for row in 0..<commandCount {
            // SAFETY: a row below `commandCount`.
            unsafe commands[row].counting.put(isOn ? commands[row].kept.own : nil)
        }
    }

    /// Counts a call that ended in an error.
    func countFailure(_ row: Int, cycles: UInt64) {
        count(row, cycles: cycles)
        noteFailure(row)
    }

    /// Records that a call, counted elsewhere, replied with an error itself.
    func noteFailure(_ row: Int) {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        unsafe commands[row].failures.add()
    }

    /// Counts a call that was rejected before it ran.
    func countRejection(_ row: Int) {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        unsafe commands[row].rejections.add()
    }

    // MARK: Errors

    /// The number of error replies by code.
    var errorsByCode: [String: UInt64] { errors.withLock { $0 } }

    /// Counts an error reply by its code.
    func countError(_ code: String) {
        add(.errorReplies)
        errors.withLock { counts in
            guard counts[code] != nil || counts.count < WorkerStatistics.errorCodesMax
            else { return }
            counts[code, default: 0] &+= 1
        }
    }
}

/// The counts of one command.
struct CommandCounts: Equatable {
    var calls: UInt64 = 0
    var cycles: UInt64 = 0
    var failures: UInt64 = 0
    var rejections: UInt64 = 0

    /// Adds the counts of another worker.
    mutating func add(_ other: CommandCounts) {
        calls &+= other.calls
        cycles &+= other.cycles
        failures &+= other.failures
        rejections &+= other.rejections
    }

    /// The counts since `earlier`.
    func since(_ earlier: CommandCounts) -> CommandCounts {
        CommandCounts(
            calls: calls.subtractingSaturated(earlier.calls),
            cycles: cycles.subtractingSaturated(earlier.cycles),
            failures: failures.subtractingSaturated(earlier.failures),
            rejections: rejections.subtractingSaturated(earlier.rejections)
        )
    }
}
