internal import System

/// Replies of one client that wait in the worker's reply buffer for the end of the round.
struct FinishedReply {
    let descriptor: Int32
    /// Where they stand in the buffer.
    var range: Range<Int>
    /// What became of sending them.
    var outcome: Transfer

    init(_ client: Client, _ range: Range<Int>) {
        descriptor = client.descriptor
        self.range = range
        outcome = .bytes(range.count)
    }
}
