internal import Primitives

/// Events that took longer than `latency-monitor-threshold`.
///
/// Any thread may write and read it.
final class LatencyMonitor: Sendable {
    /// The monitored events.
    enum Event: String, CaseIterable {
        /// A slow command, and one with the flag `fast`.
        case command
        case fastCommand = "fast-command"
        /// Removing expired keys in the background.
        case expireCycle = "expire-cycle"
    }

    /// The longest event within one second.
    struct Sample: Equatable {
        /// Seconds since 1970.
        let time: Int64
        var milliseconds: Int64
    }

    /// The latest samples of an event, oldest first.
    struct Series {
        private(set) var samples: [Sample] = []
        /// The all-time maximum, in milliseconds.
        private(set) var longest: Int64 = 0

        /// Adds a sample; only the longest one of each second is kept.
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

    /// The maximum number of samples per event.
    static let samplesMax = 160

    private let state = Locked<[Event: Series]>([:])

    /// Records an event.
    func note(_ event: Event, milliseconds: Int64, second: Int64) {
        state.withLock {
            $0[event, default: Series()].add(Sample(time: second, milliseconds: milliseconds))
        }
    }

    /// All recorded events, sorted by name.
    var events: [(event: Event, series: Series)] {
        state.withLock { $0 }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { ($0.key, $0.value) }
    }

    /// The samples of the event with the given name, or nil.
    func series(_ name: Bytes) -> Series? {
        guard let event = Event(rawValue: name.string.lowercased()) else { return nil }
        return state.withLock { $0[event] }
    }

    /// Removes the samples of the named events, or of all; returns the number of events.
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
