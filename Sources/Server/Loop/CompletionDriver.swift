internal import Primitives
internal import System

/// The driver for kernels with io_uring.
///
/// With one call per round, it submits all sends and waits for the next bytes.
final class CompletionDriver {
    let ring: CompletionRing
    /// Watches descriptors other than connections.
    private let poll: EventPoll
    /// How many requests arrive.
    var arrivals = Arrivals()

    /// Creates a driver that also reports when a descriptor watched by `poll` is ready.
    init(_ ring: CompletionRing, _ poll: EventPoll) {
        self.ring = ring
        self.poll = poll
    }

    /// Makes the calling thread the ring's user.
    func start() {
        do throws(SystemError) {
            try ring.start()
        } catch {
            preconditionFailure("a new ring can be started")
        }
        ring.watch(poll.descriptor)
    }

    /// Starts or stops receiving from a connection, according to whether it wants input.
    func update(_ connection: Connection) {
        guard connection.wantsInput != connection.state.contains(.receiving) else { return }
        if connection.wantsInput {
            connection.state.insert(.receiving)
            ring.receive(connection.descriptor, mark: connection.mark)
        } else if connection.state.contains(.full) {
            // Until the ring confirms the stop, it is still receiving.
            ring.stopReceiving(connection.descriptor, mark: connection.mark)
            guard !connection.state.contains(.watchesEnd) else { return }
            connection.state.insert(.watchesEnd)
            ring.watchForEnd(connection.descriptor, mark: connection.mark)
        }
    }

    /// Requests a report, once, when the socket is writable.
    func watchForRoom(_ connection: Connection) {
        ring.watchForRoom(connection.descriptor, mark: connection.mark)
    }

    /// Sends finished replies with one call, and waits for the results.
    func send(_ finished: inout [FinishedReply], _ buffer: Bytes) {
        ask(finished, buffer)
        ring.submit()
        settle(&finished)
    }

    /// Sends finished replies and waits up to `milliseconds`, with one call.
    func sendAndWait(
        _ finished: inout [FinishedReply],
        _ buffer: Bytes,
        _ milliseconds: Int32
    ) {
        ask(finished, buffer)
        let wanted = arrivals.worthWaitingFor
        ring.wait(
            for: wanted,
            patience: wanted > 1 ? Arrivals.patience : 0,
            milliseconds: milliseconds
        )
        settle(&finished)
    }

    private func ask(_ finished: [FinishedReply], _ buffer: Bytes) {
        for index in 0..<finished.count {
            let reply = finished[index]
            ring.send(reply.descriptor, buffer[reply.range], number: Int32(index))
        }
    }

    /// Records the results of the sends last submitted.
    private func settle(_ finished: inout [FinishedReply]) {
        while let completion = ring.nextFailedSend() {
            finished[Int(completion.target)].outcome = completion.transfer
        }
    }

    /// Calls `body` with the descriptors that are ready and not connections; they stay watched.
    func takeReady(_ body: (Int32) -> Void) {
        for index in 0..<poll.wait(0) { body(poll.event(index).descriptor) }
        ring.watch(poll.descriptor)
    }
}
