internal import Primitives

/// What a worker will send at the end of the round.
///
/// ```text
/// reply buffer │ replies of 7 │ replies of 9 │ a message for 4, 5 and 7 │ replies of 12 … │
///                └ finished ──┴─ finished ───┴─ finished, three times ──┴─ being gathered
/// ```
/// ## Invariants
/// A client has at most one finished reply, so that replies sent together may be sent in any order.
/// `start` is the offset of the replies of `replying` in the buffer.
struct Outbox: ~Copyable {
    /// The connection whose replies are being gathered.
    var replying: Connection?
    /// The offset of its replies.
    var start = 0
    /// Complete replies, waiting to be sent.
    var finished: [FinishedReply] = []
    /// Bytes being encrypted.
    var sealed = ByteBuffer()

    /// Whether `finish` would schedule the range.
    func canFinish(_ connection: Connection, _ range: Range<Int>) -> Bool {
        !connection.state.contains(.replied)
            || finished[connection.finishedPlace].range.upperBound == range.lowerBound
    }

    /// Schedules a range of the buffer for sending to a connection.
    ///
    /// Returns false if the range must be sent now, as other bytes for the connection are waiting
    /// that do not directly precede it.
    mutating func finish(_ connection: Connection, _ range: Range<Int>) -> Bool {
        guard connection.state.contains(.replied) else {
            connection.state.insert(.replied)
            connection.finishedPlace = finished.count
            finished.append(FinishedReply(descriptor: connection.descriptor, range))
            return true
        }
        let place = connection.finishedPlace
        assert(finished[place].descriptor == connection.descriptor, "another client's reply")
        return finished[place].append(range)
    }

    /// Whether nothing is being gathered or waiting.
    var isEmpty: Bool { replying == nil && finished.isEmpty }
}
