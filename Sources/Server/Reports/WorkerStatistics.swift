internal import Primitives
internal import Synchronization

/// What a worker counts besides commands and errors, each by its name in INFO, more or less.
enum WorkerCount: Int, CaseIterable, Sendable {
    case commandsRun
    case receives
    case sends
    case bytesReceived
    case bytesSent
    case connectionsAccepted
    case connectionsRejected
    /// Clients closed for what they sent without an end, or did not read.
    case queryLimitCloses
    case outputLimitCloses
    case authenticationFailures
    /// Spent on removing what is due, in the cycles of `apus_cycles`.
    case expiryCycles
    /// How often that ended for the time it took, with more left to do.
    case expiriesCutShort
    /// Large values freed in slices.
    case lazilyFreed
    case errorReplies
    /// Requests that their users may not make, by what was denied.
    case deniedCommands
    case deniedKeys
    case deniedChannels
    case deniedDatabases
}

/// What a worker counts.
///
/// The worker alone counts; any thread may read at any time, and never waits for the worker but
/// where errors are told apart. Nothing is ever set back to zero: `ServerStatistics` remembers
/// where the counters stood at a CONFIG RESETSTAT.
///
/// ## Invariants
/// `commands` has `commandCount` rows, all made by `init`; row numbers come from the registry.
@safe
struct WorkerStatistics: ~Copyable, @unchecked Sendable {  // because: rows are counters
    /// Of one command.
    private struct Row: ~Copyable {
        let calls = Counter()
        let cycles = Counter()
        let failures = Counter()
        let rejections = Counter()
        /// The durations of the calls: the histogram that counts, and the one to be read.
        let counting = DurationHistogramPlace()
        let kept = DurationHistogramPlace()
    }

    /// So many different error codes are told apart.
    static let errorCodesMax = 128

    private let counters = InlineArray<18, Counter> { _ in Counter() }
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
            // SAFETY: nobody may read any more.
            unsafe commands[row].kept.own?.free()
        }
        unsafe commands.deinitialize(count: commandCount)
        unsafe commands.deallocate()
    }

    /// Where a counter stands.
    subscript(which: WorkerCount) -> UInt64 { counters[which.rawValue].value }

    /// Adds to a counter.
    @inline(__always)
    func add(_ which: WorkerCount, _ count: UInt64 = 1) { counters[which.rawValue].add(count) }

    /// Takes back what was added.
    func subtract(_ which: WorkerCount, _ count: UInt64 = 1) {
        counters[which.rawValue].subtract(count)
    }

    // MARK: Commands

    /// What was counted of the command in `row`.
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

    /// How long the calls of the command in `row` took, by the buckets of `DurationHistogram`; nil
    /// where nothing was kept.
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

    /// Counts durations from now on, or no more; those counted so far stay.
    ///
    /// The worker stands still or is the caller.
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

    /// Notes that a call, counted elsewhere, replied with an error of its own making.
    func noteFailure(_ row: Int) {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        unsafe commands[row].failures.add()
    }

    /// Counts a call that was refused before it ran.
    func countRejection(_ row: Int) {
        precondition(row < commandCount, "no such command")
        // SAFETY: just checked.
        unsafe commands[row].rejections.add()
    }

    // MARK: Errors

    /// Error replies by their codes.
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

/// What was counted of one command.
struct CommandCounts: Equatable {
    var calls: UInt64 = 0
    var cycles: UInt64 = 0
    var failures: UInt64 = 0
    var rejections: UInt64 = 0

    /// Adds what another worker counted.
    mutating func add(_ other: CommandCounts) {
        calls &+= other.calls
        cycles &+= other.cycles
        failures &+= other.failures
        rejections &+= other.rejections
    }

    /// What was counted since `earlier`.
    func since(_ earlier: CommandCounts) -> CommandCounts {
        CommandCounts(
            calls: calls.subtractingSaturated(earlier.calls),
            cycles: cycles.subtractingSaturated(earlier.cycles),
            failures: failures.subtractingSaturated(earlier.failures),
            rejections: rejections.subtractingSaturated(earlier.rejections)
        )
    }
}
