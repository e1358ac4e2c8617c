internal import Primitives
internal import System

/// The keys that cost the most time and bytes while HOTKEYS tracks them.
///
/// Any thread may use it.
final class HotKeys: Sendable {
    /// What is tracked, and for how long.
    struct Plan {
        var countsTime = false
        var countsBytes = false
        /// The number of keys reported.
        var count = 10
        /// One in `ratio` commands is sampled.
        var ratio = 1
        /// In milliseconds; 0 means until stopped.
        var duration: Int64 = 0
    }

    /// The results of a tracking session.
    struct Session {
        let plan: Plan
        /// Milliseconds since 1970.
        let startedAt: Int64
        let processorAtStart: ProcessorTime
        fileprivate(set) var endedAt: Int64?
        fileprivate(set) var processorAtEnd: ProcessorTime?
        /// Microseconds and bytes of all commands, sampled or not.
        fileprivate(set) var time: Double = 0
        fileprivate(set) var bytes: UInt64 = 0
        fileprivate(set) var byTime: HeavyHitters
        fileprivate(set) var byBytes: HeavyHitters
    }

    /// The number of keys tracked for each key reported, for accuracy.
    private static let notedPerTold = 16
    /// The maximum length of a tracked key.
    private static let keyBytesMax = 4096

    private let session = Locked<Session?>(nil)

    /// Starts tracking at `now`; false if it is in progress already.
    func start(_ plan: Plan, now: Int64) -> Bool {
        session.withLock { session in
            if let running = session, running.endedAt == nil { return false }
            let noted = HeavyHitters(capacity: plan.count * HotKeys.notedPerTold)
            session = Session(
                plan: plan,
                startedAt: now,
                processorAtStart: .ownProcess,
                byTime: noted,
                byBytes: noted
            )
            return true
        }
    }

    /// Stops tracking at `now`; false if it is not in progress.
    func stop(now: Int64) -> Bool {
        session.withLock { session in
            guard session != nil, session?.endedAt == nil else { return false }
            session?.endedAt = now
            session?.processorAtEnd = .ownProcess
            return true
        }
    }

    /// Discards the results; false while tracking is in progress.
    func reset() -> Bool {
        session.withLock { session in
            if let running = session, running.endedAt == nil { return false }
            session = nil
            return true
        }
    }

    /// The results so far, if there are any.
    var found: Session? { session.withLock { $0 } }

    /// Whether the duration is over at `now`.
    func isOver(now: Int64) -> Bool {
        session.withLock { session in
            guard let session, session.endedAt == nil, session.plan.duration > 0 else {
                return false
            }
            return now - session.startedAt >= session.plan.duration
        }
    }

    /// Records the costs of a command; `keys` calls its argument with each key of the command.
    func note(microseconds: Double, bytes: UInt64, _ keys: ((Bytes) -> Void) -> Void) {
        session.withLock { session in
            guard let plan = session?.plan, session?.endedAt == nil else { return }
            session?.time += microseconds
            session?.bytes &+= bytes
            guard plan.ratio <= 1 || Int.random(in: 0..<plan.ratio) == 0 else { return }
            keys { key in
                guard key.count <= HotKeys.keyBytesMax else { return }
                let name = key.array
                if plan.countsTime { session?.byTime.add(name, UInt64(saturating: microseconds)) }
                if plan.countsBytes { session?.byBytes.add(name, bytes) }
            }
        }
    }
}
