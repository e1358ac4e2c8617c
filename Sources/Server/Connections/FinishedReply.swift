internal import System

/// Bytes in the worker's reply buffer to be sent to a client at the end of the round.
///
/// The same bytes may be sent to several clients.
struct FinishedReply {
    let descriptor: Int32
    /// Their range in the buffer.
    private(set) var range: Range<Int>
    /// The result of sending them.
    var outcome: Transfer

    init(descriptor: Int32, _ range: Range<Int>) {
        self.descriptor = descriptor
        self.range = range
        outcome = .bytes(range.count)
    }

    /// Extends the range by an adjacent one; returns false if it is not adjacent.
    mutating func append(_ next: Range<Int>) -> Bool {
        guard range.upperBound == next.lowerBound else { return false }
        self = FinishedReply(descriptor: descriptor, range.lowerBound..<next.upperBound)
        return true
    }
}
