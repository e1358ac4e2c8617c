internal import Primitives
internal import System

/// Which keys cost the most time and bytes while HOTKEYS watches.
///
/// Any thread may use it.
final class HotKeys: Sendable {
    /// What is watched, and for how long.
    struct Plan {
        var countsTime = false
        var countsBytes = false
        /// So many keys are told.
        var count = 10
        /// One of so many commands is looked at.
        var ratio = 1
        /// Milliseconds; 0: until it is stopped.
        var duration: Int64 = 0
    }

    /// What was found.
    struct Session {
        let plan: Plan
        /// Milliseconds since 1970.
        let startedAt: Int64
        let processorAtStart: ProcessorTime
        fileprivate(set) var endedAt: Int64?
        fileprivate(set) var processorAtEnd: ProcessorTime?
        /// Of all commands, whether looked at or not: microseconds and bytes.
        fileprivate(set) var time: Double = 0
        fileprivate(set) var bytes: UInt64 = 0
        fileprivate(set) var byTime: HeavyHitters
        fileprivate(set) var byBytes: HeavyHitters
    }

    /// Keys noted for each that is told, so that few are mistaken for others.
    private static let notedPerTold = 16
    /// The longest key that is noted.
    private static let keyBytesMax = 4096

    private let session = Locked<Session?>(nil)

    /// Begins to watch at `now`; false where that is done already.
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

    /// Ends watching at `now`; false where nobody watches.
    func stop(now: Int64) -> Bool {
        session.withLock { session in
            guard session != nil, session?.endedAt == nil else { return false }
            session?.endedAt = now
            session?.processorAtEnd = .ownProcess
            return true
        }
    }

    /// Forgets what was found; false while it watches.
    func reset() -> Bool {
        session.withLock { session in
            if let running = session, running.endedAt == nil { return false }
            session = nil
            return true
        }
    }

    /// What was found so far, if anything was looked for.
    var found: Session? { session.withLock { $0 } }

    /// Whether the time to watch is over at `now`.
    func isOver(now: Int64) -> Bool {
        session.withLock { session in
            guard let session, session.endedAt == nil, session.plan.duration > 0 else {
                return false
            }
            return now - session.startedAt >= session.plan.duration
        }
    }

    /// Notes a command that took so many microseconds and so many bytes; `keys` calls its argument
    /// with each of the command's keys.
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
