/// Identifies a command that runs in slices, uniquely within the process.
@frozen
public struct WorkID: Equatable, Sendable {
    /// The number, never zero.
    public let number: UInt64

    /// Creates an id from a random number.
    public init(number: UInt64) {
        assert(number != 0, "zero is not an id")
        self.number = number
    }
}
