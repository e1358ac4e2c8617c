internal import Synchronization

/// What other threads ask of a worker; each message is followed by the worker's wake-up.
final class Mailbox: Sendable {
    /// A message.
    enum Message: Sendable {
        /// An accepted connection to serve.
        case connection(descriptor: Int32, isUnix: Bool)
        /// Work on frozen keys has ended: what waits for it may try again.
        case retry
        /// Only to look around.
        case wake
    }

    private let messages = Mutex<[Message]>([])

    /// Leaves a message.
    func put(_ message: Message) {
        messages.withLock { $0.append(message) }
    }

    /// Takes all messages, in the order they were left.
    func take() -> [Message] {
        messages.withLock { waiting in
            defer { waiting.removeAll(keepingCapacity: true) }
            return waiting
        }
    }
}
