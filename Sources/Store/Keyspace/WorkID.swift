/// Names a command that works in slices, among all of the process.
@frozen
public struct WorkID: Equatable, Sendable {
    /// A number of its own, never zero.
    public let number: UInt64

    /// Wraps a number drawn at random.
    public init(number: UInt64) {
        assert(number != 0, "zero names no work")
        self.number = number
    }
}
