internal import Primitives
internal import System

/// The driver that works everywhere: epoll reports ready sockets; every transfer is a system call.
final class ReadinessDriver {
    private let poll: EventPoll

    /// Creates a driver that also reports when a descriptor watched by `poll` is ready.
    init(_ poll: EventPoll) { self.poll = poll }

    /// Watches a new connection; false if that fails.
    func add(_ connection: Connection) -> Bool {
        do throws(SystemError) {
            try poll.add(connection.descriptor, interest(connection))
            return true
        } catch {
            return false
        }
    }

    /// Watches a connection for the events that it currently wants.
    func update(_ connection: Connection) {
        try? poll.change(connection.descriptor, interest(connection))
    }

    /// Closes a connection's socket.
    func remove(_ connection: Connection) {
        poll.remove(connection.descriptor)
        Socket(connection.descriptor).close()
    }

    private func interest(_ connection: Connection) -> EventPoll.Interest {
        var interest: EventPoll.Interest = []
        if connection.wantsInput { interest.insert(.read) }
        if connection.state.isDisjoint(with: [.inputEnded, .endSeen]) {
            interest.insert(.inputEnd)
        }
        if connection.state.contains(.sending) { interest.insert(.write) }
        return interest
    }

    /// Sends finished replies, with one call each.
    func send(_ finished: inout [FinishedReply], _ buffer: Bytes) {
        for index in 0..<finished.count {
            let reply = finished[index]
            finished[index].outcome = Transport.send(reply.descriptor, buffer[reply.range])
        }
    }

    /// Waits up to `milliseconds`; returns how many descriptors are ready.
    func wait(_ milliseconds: Int32) -> Int { poll.wait(milliseconds) }

    /// Calls `body` with some descriptors that are ready now; the events of the last wait stay.
    func forEachReady(_ body: (_ descriptor: Int32, _ ready: EventPoll.Interest) -> Void) {
        poll.forEachReady(body)
    }

    /// A ready descriptor and its events.
    @inline(__always)
    func event(_ index: Int) -> (descriptor: Int32, ready: EventPoll.Interest) {
        poll.event(index)
    }
}
