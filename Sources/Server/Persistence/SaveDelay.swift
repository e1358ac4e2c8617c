internal import Glibc
internal import Primitives
internal import Synchronization

/// `rdb-key-save-delay`: how long saving pauses after each key, for tests of what goes on then.
///
/// A change takes effect at once, also while a snapshot is written.
final class SaveDelay: Sendable {
    private let microseconds = Atomic<Int>(0)
    /// How long a pause lasts before the delay is read again.
    private static let stepMicroseconds = 10_000

    /// Sets the pause after each key; negative: one microsecond after so many keys.
    func set(microseconds: Int) { self.microseconds.store(microseconds, ordering: .relaxed) }

    /// Pauses after `keys` keys, unless `isOver` meanwhile.
    func pause(keys: Int, unless isOver: () -> Bool) {
        var left = keys
        while left > 0, !isOver() {
            let delay = microseconds.load(ordering: .relaxed)
            guard delay > 0 else {
                if delay < 0, left / -delay > 0 { usleep(UInt32(clamping: left / -delay)) }
                return
            }
            let count = min(left, max(1, SaveDelay.stepMicroseconds / delay))
            left -= count
            sleep(count * delay, while: delay, unless: isOver)
        }
    }

    /// Pauses for so long as the delay stays as it is.
    private func sleep(_ total: Int, while delay: Int, unless isOver: () -> Bool) {
        var rest = total
        while rest > 0, !isOver(), microseconds.load(ordering: .relaxed) == delay {
            let step = min(rest, SaveDelay.stepMicroseconds)
            usleep(UInt32(step))
            rest -= step
        }
    }
}
