internal import CSupport

/// What a worker counts; summed up over the workers when INFO asks.
///
/// ## Invariants
/// `commands` has `commandCount` rows, all made by `init`; row numbers come from the registry.
@safe
struct WorkerStatistics: ~Copyable {
    /// Of one command.
    struct Command {
        var calls: UInt64 = 0
        var cycles: UInt64 = 0
        var failures: UInt64 = 0
        var rejections: UInt64 = 0
        /// The durations of the calls, from the first one on that was to be kept.
        fileprivate(set) var durations: DurationHistogram?

        /// Adds what another worker counted.
        mutating func add(_ other: Command) {
            calls += other.calls
            cycles += other.cycles
            failures += other.failures
            rejections += other.rejections
        }
    }

    /// So many different error codes are told apart.
    static let errorCodesMax = 128

    private let commands: UnsafeMutablePointer<Command>
    let commandCount: Int
    private(set) var errorCount: UInt64 = 0
    /// Errors by their first word.
    private(set) var errorsByCode: [String: UInt64] = [:]
    /// Whether durations are kept (latency-tracking).
    private(set) var keepsDurations = true
    var commandsRun: UInt64 = 0
    var receives: UInt64 = 0
    var sends: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var connectionsAccepted: UInt64 = 0
    var connectionsRejected: UInt64 = 0
    /// Spent on removing what is due, in the cycles of `apus_cycles`.
    var expiryCycles: UInt64 = 0
    /// How often that ended for the time it took, with more left to do.
    var expiriesCutShort: UInt64 = 0
    /// Large values freed in slices.
    var lazilyFreed: UInt64 = 0

    init(commandCount: Int) {
        self.commandCount = commandCount
        unsafe commands = .allocate(capacity: commandCount)
        unsafe commands.initialize(repeating: Command(), count: commandCount)
    }

    deinit {
        forgetDurations()
        unsafe commands.deallocate()
    }

    /// What was counted of the command in `row`.
    subscript(row: Int) -> Command {
        precondition(row < commandCount, "no such command")
        return unsafe commands[row]
    }

    /// Counts a call that took `cycles`.
    @inline(__always)
    mutating func count(_ row: Int, cycles: UInt64) {
        assert(row < commandCount, "no such command")
        unsafe commands[row].calls &+= 1
        unsafe commands[row].cycles &+= cycles
        if let durations = unsafe commands[row].durations {
            durations.count(cycles)
        } else if keepsDurations {
            startDurations(row, cycles)
        }
    }

    @inline(never)
    private mutating func startDurations(_ row: Int, _ cycles: UInt64) {
        let durations = DurationHistogram()
        durations.count(cycles)
        unsafe commands[row].durations = durations
    }

    /// Keeps durations from now on, or forgets those that were kept.
    mutating func keepDurations(_ isOn: Bool) {
        keepsDurations = isOn
        guard !isOn else { return }
        forgetDurations()
    }

    private func forgetDurations() {
        for row in 0..<commandCount {
            // SAFETY: rows below `commandCount`; what was freed is forgotten at once.
            unsafe commands[row].durations?.free()
            unsafe commands[row].durations = nil
        }
    }

    /// Counts a call that ended in an error.
    mutating func countFailure(_ row: Int, cycles: UInt64) {
        count(row, cycles: cycles)
        unsafe commands[row].failures &+= 1
    }

    /// Notes that a call, counted elsewhere, replied with an error of its own making.
    mutating func noteFailure(_ row: Int) {
        precondition(row < commandCount, "no such command")
        unsafe commands[row].failures &+= 1
    }

    /// Counts a call that was refused before it ran.
    mutating func countRejection(_ row: Int) {
        precondition(row < commandCount, "no such command")
        unsafe commands[row].rejections &+= 1
    }

    /// Counts an error reply by its code.
    mutating func countError(_ code: String) {
        errorCount &+= 1
        guard errorsByCode[code] != nil || errorsByCode.count < WorkerStatistics.errorCodesMax
        else { return }
        errorsByCode[code, default: 0] &+= 1
    }

    /// Sets everything to zero.
    mutating func reset() {
        forgetDurations()
        unsafe commands.update(repeating: Command(), count: commandCount)
        errorCount = 0
        errorsByCode = [:]
        commandsRun = 0
        receives = 0
        sends = 0
        bytesReceived = 0
        bytesSent = 0
        connectionsAccepted = 0
        connectionsRejected = 0
        expiryCycles = 0
        expiriesCutShort = 0
        lazilyFreed = 0
    }
}
