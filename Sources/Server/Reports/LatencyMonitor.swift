internal import Primitives

/// What took longer than `latency-monitor-threshold`, by kinds of events.
///
/// Any thread may write and read it.
final class LatencyMonitor: Sendable {
    /// What can take long.
    enum Event: String, CaseIterable {
        /// A command, and one that is not meant to.
        case command
        case fastCommand = "fast-command"
        /// Removing due keys in a tick.
        case expireCycle = "expire-cycle"
    }

    /// The longest of a second.
    struct Sample: Equatable {
        /// Seconds since 1970.
        let time: Int64
        var milliseconds: Int64
    }

    /// The latest samples of an event, the oldest first.
    struct Series {
        private(set) var samples: [Sample] = []
        /// The longest ever.
        private(set) var longest: Int64 = 0

        /// Adds a sample; of one second only the longest counts.
        mutating func add(_ sample: Sample) {
            longest = max(longest, sample.milliseconds)
            if let last = samples.last, last.time == sample.time {
                samples[samples.count - 1].milliseconds = max(
                    last.milliseconds,
                    sample.milliseconds
                )
                return
            }
            if samples.count == LatencyMonitor.samplesMax { samples.removeFirst() }
            samples.append(sample)
        }
    }

    /// So many samples of an event are kept.
    static let samplesMax = 160

    private let state = Locked<[Event: Series]>([:])

    /// Notes that something took so long.
    func note(_ event: Event, milliseconds: Int64, second: Int64) {
        state.withLock {
            $0[event, default: Series()].add(Sample(time: second, milliseconds: milliseconds))
        }
    }

    /// All events that were noted, in the order of their names.
    var events: [(event: Event, series: Series)] {
        state.withLock { $0 }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { ($0.key, $0.value) }
    }

    /// What was noted of the event with a name, if something was.
    func series(_ name: Bytes) -> Series? {
        guard let event = Event(rawValue: name.string.lowercased()) else { return nil }
        return state.withLock { $0[event] }
    }

    /// Forgets the events with these names, all where there are none; returns how many were noted.
    func reset(_ names: [String]) -> Int {
        state.withLock { state in
            let events =
                names.isEmpty
                ? Array(state.keys)
                : Set(names.map { $0.lowercased() }).compactMap { Event(rawValue: $0) }
            return events.reduce(0) { $0 + (state.removeValue(forKey: $1) == nil ? 0 : 1) }
        }
    }
}
