internal import Primitives
internal import System

/// The driver of kernels that have io_uring: a round asks for all its sends and waits for the next
/// bytes with one call.
final class CompletionDriver {
    let ring: CompletionRing
    /// Watches what is no connection.
    private let poll: EventPoll
    /// How many requests arrive.
    var arrivals = Arrivals()

    /// A driver that also tells when one of the descriptors that `poll` watches is ready.
    init(_ ring: CompletionRing, _ poll: EventPoll) {
        self.ring = ring
        self.poll = poll
    }

    /// Makes the calling thread the one that is served.
    func start() {
        do throws(SystemError) {
            try ring.start()
        } catch {
            preconditionFailure("a new ring can be started")
        }
        ring.watch(poll.descriptor)
    }

    /// Receives from a connection, or no longer, as it wants input or not.
    func update(_ connection: Connection) {
        guard connection.wantsInput != connection.state.contains(.receiving) else { return }
        if connection.wantsInput {
            connection.state.insert(.receiving)
            ring.receive(connection.descriptor, mark: connection.mark)
        } else if connection.state.contains(.full) {
            // Until the ring says so, it is still receiving.
            ring.stopReceiving(connection.descriptor, mark: connection.mark)
            guard !connection.state.contains(.watchesEnd) else { return }
            connection.state.insert(.watchesEnd)
            ring.watchForEnd(connection.descriptor, mark: connection.mark)
        }
    }

    /// Asks to be told once when there is room to send.
    func watchForRoom(_ connection: Connection) {
        ring.watchForRoom(connection.descriptor, mark: connection.mark)
    }

    /// Sends what is finished, with one call, and waits for what becomes of it.
    func send(_ finished: inout [FinishedReply], _ buffer: Bytes) {
        ask(finished, buffer)
        ring.submit()
        settle(&finished)
    }

    /// Sends what is finished and waits up to `milliseconds`, with one call.
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

    /// Notes how the sends went that the ring was last asked for.
    private func settle(_ finished: inout [FinishedReply]) {
        while let completion = ring.nextFailedSend() {
            finished[Int(completion.target)].outcome = completion.transfer
        }
    }

    /// The descriptors that are ready and are no connection's; they are watched on.
    func takeReady(_ body: (Int32) -> Void) {
        for index in 0..<poll.wait(0) { body(poll.event(index).descriptor) }
        ring.watch(poll.descriptor)
    }
}
