internal import Primitives
internal import System
internal import TLS

/// Performs the TLS handshakes of new connections on a thread of its own.
///
/// A handshake costs a signature, half a millisecond or more: a storm of them must not delay the
/// requests of clients that are connected.
final class Handshaker: @unchecked Sendable {  // because: `guests` belongs to its thread
    /// A connection in the middle of its handshake.
    private struct Guest {
        let stream: TLSStream
        let kind: Listener.Kind
        /// The worker that is to serve it.
        let worker: Worker
        /// When it is given up, in nanoseconds of the monotonic clock.
        let deadline: Int64
        /// Sealed bytes for which the socket had no room.
        var output: [UInt8] = []
    }

    private struct Arrival {
        let descriptor: Int32
        let kind: Listener.Kind
        let worker: Worker
    }

    /// How long a handshake may take.
    private static let nanosecondsMax: Int64 = 30_000_000_000
    /// How often the files of the certificate are looked at, and handshakes that take too long.
    private static let tickMilliseconds: Int32 = 1000
    private static let inputBytesMax = 16 * 1024

    private unowned let server: Instance
    private let arrivals = Locked<[Arrival]>([])
    private let wakeUp: WakeUp
    private let poll: EventPoll
    private var guests: [Int32: Guest] = [:]
    private var input = ByteBuffer(capacity: Handshaker.inputBytesMax)
    private var output = ByteBuffer()

    init(server: Instance) throws(SystemError) {
        self.server = server
        wakeUp = try WakeUp()
        poll = try EventPoll()
        try poll.add(wakeUp.descriptor, .read)
    }

    /// Starts the thread, which runs as long as the process.
    func start() {
        _ = Thread("handshakes") { self.run() }
    }

    /// Takes over an accepted connection, which goes to `worker` once both ends agree.
    func take(_ descriptor: Int32, _ kind: Listener.Kind, for worker: Worker) {
        let arrival = Arrival(descriptor: descriptor, kind: kind, worker: worker)
        arrivals.withLock { $0.append(arrival) }
        wakeUp.signal()
    }

    private func run() {
        var nextTick: Int64 = 0
        while true {
            for index in 0..<poll.wait(Handshaker.tickMilliseconds) {
                let descriptor = poll.event(index).descriptor
                if descriptor == wakeUp.descriptor {
                    wakeUp.clear()
                    for arrival in arrivals.withLock({ waiting in
                        defer { waiting = [] }
                        return waiting
                    }) { welcome(arrival) }
                } else {
                    goOn(descriptor)
                }
            }
            let now = Clock.monotonicNanoseconds()
            guard now >= nextTick else { continue }
            nextTick = now + Int64(Handshaker.tickMilliseconds) * 1_000_000
            for (descriptor, guest) in guests where guest.deadline < now {
                giveUp(descriptor, "it took too long")
            }
            server.reloadIfFilesChanged()
        }
    }

    private func welcome(_ arrival: Arrival) {
        guard let context = server.secureContext, let stream = TLSStream(server: context) else {
            return drop(arrival.descriptor)
        }
        do throws(SystemError) { try poll.add(arrival.descriptor, .read) } catch {
            return drop(arrival.descriptor)
        }
        guests[arrival.descriptor] = Guest(
            stream: stream,
            kind: arrival.kind,
            worker: arrival.worker,
            deadline: Clock.monotonicNanoseconds() + Handshaker.nanosecondsMax
        )
        server.handshakes.current.set(UInt64(guests.count))
    }

    /// Receives and sends what there is, and goes on with the handshake.
    private func goOn(_ descriptor: Int32) {
        guard var guest = guests[descriptor] else { return }
        let socket = Socket(descriptor)
        if guest.output.isEmpty {
            switch socket.receive(input.cell, Handshaker.inputBytesMax) {
            case .bytes(let count):
                guard guest.stream.feed(input.cell.bytes(0, count)) else {
                    return giveUp(descriptor, "there is no memory")
                }
            case .wouldBlock: return
            case .closed: return giveUp(descriptor, "the client closed the connection")
            }
        }
        let progress = guest.stream.handshake()
        guest.stream.takeOutput(into: &output)
        guest.output += output.bytes.array
        output.removeAll(keep: 64 * 1024)
        switch guest.output.withBytes({ socket.send($0) }) {
        case .bytes(let count): guest.output.removeFirst(count)
        case .wouldBlock: break
        case .closed: return giveUp(descriptor, "the client closed the connection")
        }
        guests[descriptor] = guest
        if case .failed(let reason) = progress { return giveUp(descriptor, reason) }
        guard guest.output.isEmpty else {
            return watch(descriptor, [.read, .write])
        }
        guard progress == .done else { return watch(descriptor, .read) }
        leave(descriptor)
        server.handshakes.succeeded.add()
        guest.worker.mailbox.put(
            .connection(
                Mailbox.Newcomer(
                    descriptor: descriptor,
                    kind: guest.kind,
                    stream: guest.stream
                )
            )
        )
    }

    private func watch(_ descriptor: Int32, _ interest: EventPoll.Interest) {
        try? poll.change(descriptor, interest)
    }

    private func giveUp(_ descriptor: Int32, _ reason: String) {
        server.log(
            .verbose,
            "Error accepting a client connection: \(reason) (addr="
                + "\(Socket(descriptor).name(peer: true, unixPath: "")))"
        )
        leave(descriptor)
        server.handshakes.failed.add()
        drop(descriptor)
    }

    private func leave(_ descriptor: Int32) {
        guests[descriptor] = nil
        poll.remove(descriptor)
        server.handshakes.current.set(UInt64(guests.count))
    }

    private func drop(_ descriptor: Int32) {
        Socket(descriptor).close()
        server.connectionEnded()
    }
}
