internal import System

/// Bytes in the worker's reply buffer that wait for the end of the round to be sent to a client.
///
/// Several clients may be sent the same bytes.
struct FinishedReply {
    let descriptor: Int32
    /// Where they stand in the buffer.
    private(set) var range: Range<Int>
    /// What became of sending them.
    var outcome: Transfer

    init(descriptor: Int32, _ range: Range<Int>) {
        self.descriptor = descriptor
        self.range = range
        outcome = .bytes(range.count)
    }

    /// Joins what follows directly; false, and nothing changes, where it does not.
    mutating func append(_ next: Range<Int>) -> Bool {
        guard range.upperBound == next.lowerBound else { return false }
        self = FinishedReply(descriptor: descriptor, range.lowerBound..<next.upperBound)
        return true
    }
}
