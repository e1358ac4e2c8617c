internal import Glibc
internal import Remote
internal import System

/// A message of publish and subscribe: what a channel carries, or a confirmation.
struct SubscriptionMessage {
    /// For a confirmation, how many channels and patterns the client listens to from now on.
    let subscriptionCount: Int64?

    /// The words that subscribe, and those that unsubscribe.
    private static let subscribing = ["subscribe", "psubscribe", "ssubscribe"]
    private static let unsubscribing = ["unsubscribe", "punsubscribe", "sunsubscribe"]

    /// Nil if `reply` is something else; RESP2 sends messages as arrays, RESP3 as pushes.
    init?(_ reply: Reply) {
        switch reply {
        case .array(let elements), .push(let elements):
            switch elements.first?.stringBytes?.text ?? "" {
            case "message", "pmessage", "smessage": subscriptionCount = nil
            case let kind where (Self.subscribing + Self.unsubscribing).contains(kind):
                guard elements.count == 3, let count = elements[2].number else { return nil }
                subscriptionCount = count
            default: return nil
            }
        default: return nil
        }
    }

    /// Whether the server sends messages without being asked after this command.
    static func isAskedFor(by words: [[UInt8]]) -> Bool {
        subscribing.contains(words.first?.lowercase.text ?? "")
    }

    /// How many confirmations the server sends for `words`: one for each channel that is named;
    /// 0 for other commands.
    static func confirmationCount(for words: [[UInt8]]) -> Int {
        let name = words.first?.lowercase.text ?? ""
        guard subscribing.contains(name) || unsubscribing.contains(name) else { return 0 }
        return max(words.count - 1, 1)
    }
}

/// Listening at a terminal.
extension ServerSession {
    /// Shows messages as they arrive, until the user presses a key or the connection is lost.
    ///
    /// The key is left to whoever reads the terminal next; ^C ends the subscription, and with it
    /// the connection.
    mutating func showMessages() {
        guard isSubscribed else { return }
        let settings = Terminal.stopEcho()
        defer { Terminal.restore(settings) }
        while isSubscribed {
            do throws(RemoteFailure) {
                while let reply = try connection?.receiveWaiting() { take(unasked: reply) }
            } catch {
                output.writeError(error.message + "\n")
                connect(isQuiet: true)
            }
            guard isSubscribed, let channel = connection?.channel else { return }
            let hasKey = waitForKey(or: channel.socket.descriptor)
            if Interrupt.answer() {
                connect(isQuiet: true)
            } else if hasKey {
                return
            }
        }
    }

    /// Waits for the user or the server; returns whether a key was pressed.
    private mutating func waitForKey(or socket: Int32) -> Bool {
        let (grey, plain) = Terminal.allowsColours ? ("\u{1b}[1;90m", "\u{1b}[0m") : ("", "")
        let text = "Reading messages... (press Ctrl-C to quit or any key to type command)"
        output.write(grey + text + plain + "\r")
        output.flush()
        let hasKey = Streams.waits(for: STDIN_FILENO, socket, isSending: false, milliseconds: -1)
        output.write("\u{1b}[K")
        return hasKey
    }

    /// Shows a message or push that arrived between two commands.
    mutating func take(unasked reply: Reply) {
        if isSubscribed, let message = SubscriptionMessage(reply) {
            take(message)
            show(reply)
        } else if case .push = reply, options.showsPushes {
            show(reply)
        }
    }

    /// Notes whether more messages may follow.
    mutating func take(_ message: SubscriptionMessage) {
        if let count = message.subscriptionCount { isSubscribed = count > 0 }
    }
}
