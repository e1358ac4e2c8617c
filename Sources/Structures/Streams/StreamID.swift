/// The id of an entry in a stream: milliseconds and a sequence number.
@frozen
public struct StreamID: Comparable, Hashable, BitwiseCopyable, Sendable {
    /// Milliseconds since 1970, or what the client gave instead.
    public var milliseconds: UInt64
    /// Distinguishes entries of the same millisecond.
    public var sequence: UInt64

    /// Creates an id.
    @inlinable
    public init(_ milliseconds: UInt64, _ sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// `0-0`, which no entry has.
    @inlinable public static var zero: StreamID { StreamID(0, 0) }
    /// The greatest possible id.
    @inlinable public static var max: StreamID { StreamID(.max, .max) }

    /// Whether `left` comes before `right`.
    @inlinable
    @inline(__always)
    public static func < (left: StreamID, right: StreamID) -> Bool {
        left.milliseconds == right.milliseconds
            ? left.sequence < right.sequence : left.milliseconds < right.milliseconds
    }

    /// The next id; nil after the last.
    public var next: StreamID? {
        if sequence < .max { return StreamID(milliseconds, sequence + 1) }
        return milliseconds < .max ? StreamID(milliseconds + 1, 0) : nil
    }

    /// The previous id; nil before the first.
    public var previous: StreamID? {
        if sequence > 0 { return StreamID(milliseconds, sequence - 1) }
        return milliseconds > 0 ? StreamID(milliseconds - 1, .max) : nil
    }
}
