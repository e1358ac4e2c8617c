/// What a worker has to send at the end of its round.
///
/// ```text
/// reply buffer │ replies of 7 │ replies of 9 │ a message for 4, 5 and 7 │ replies of 12 … │
///                └ finished ──┴─ finished ───┴─ finished, three times ──┴─ being gathered
/// ```
/// ## Invariants
/// A client has one finished reply at most, so that what is sent together may go in any order.
/// `start` is where the replies of `replying` begin in the buffer.
struct Outbox {
    /// The connection whose replies are being gathered.
    var replying: Connection?
    /// Where its replies begin.
    var start = 0
    /// What is complete and waits to be sent.
    var finished: [FinishedReply] = []

    /// Has a range of the buffer sent to a connection; false where it cannot wait for the end of
    /// the round, as other bytes for it are waiting that do not come directly before.
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

    /// Whether nothing is gathered or waits.
    var isEmpty: Bool { replying == nil && finished.isEmpty }
}
