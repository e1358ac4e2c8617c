internal import Commands
internal import Wire

/// The requests of one client that wait: they run in their order, when the first one may.
final class WaitingRequests {
    /// All of them; the first one is the one that waits, the others wait behind it.
    var queue = RequestQueue()
    /// What the first one waits for.
    var wait: Wait
    /// How often the first one has tried in vain.
    var tries = 0
    /// What was wrong with the bytes behind the requests, if they are no requests.
    var failure: ProtocolFailure?

    init(_ wait: Wait) { self.wait = wait }
}
