internal import Glibc
internal import Remote

/// Sends a command and shows the reply.
extension ServerSession {
    /// The result of a command.
    enum Outcome {
        case done
        /// The user interrupted it with ^C.
        case stopped
        /// It failed, and the user has been told.
        case failed
        /// The server's bytes cannot be parsed any further: the program ends.
        case broken
    }

    /// Runs `words` `repeats` times (forever if negative), connecting first if necessary.
    ///
    /// - Parameter errorsFail: Whether an error reply goes to standard error and fails the command.
    mutating func run(_ words: [[UInt8]], repeats: Int, errorsFail: Bool = false) -> Outcome {
        if let first = words.first, first.isSameWord(as: "help") || first.text == "?" {
            showHelp(Array(words.dropFirst()))
            return .done
        }
        if connection == nil {
            connect()
            if connection == nil { return .failed }
        }
        do throws(RemoteFailure) {
            var left = repeats
            while left != 0 {
                if left > 0 { left -= 1 }
                guard try runOnce(words, errorsFail: errorsFail) else { return .failed }
                if Interrupt.answer() { return .stopped }
                if options.intervalSeconds > 0 {
                    output.flush()
                    Pause.seconds(options.intervalSeconds)
                }
            }
            return .done
        } catch {
            return fail(words, error)
        }
    }

    private mutating func fail(_ words: [[UInt8]], _ failure: RemoteFailure) -> Outcome {
        disconnect()
        switch failure {
        case .interrupted:
            _ = Interrupt.answer()
            output.write("\n")
            connect(isQuiet: true)
            return .stopped
        case .closed, .system:
            // A server that was asked to shut down has done so.
            if words.first?.isSameWord(as: "shutdown") ?? false { return .done }
            output.writeError(failure.message + "\n")
            return .failed
        case .protocolBreach, .couldNotConnect, .couldNotSecure, .handshakeFailed, .timedOut:
            output.writeError(failure.message + "\n")
            return .broken
        }
    }

    private mutating func runOnce(
        _ words: [[UInt8]],
        errorsFail: Bool
    ) throws(RemoteFailure) -> Bool {
        try send(Request.bytes(words))
        let isMonitor = words.first?.isSameWord(as: "monitor") ?? false
        var confirmations = SubscriptionMessage.confirmationCount(for: words)
        let listensForever = !isInteractive && SubscriptionMessage.isAskedFor(by: words)
        if listensForever, options.format != .raw {
            output.write("Reading messages... (press Ctrl-C to quit)\n")
            output.flush()
        }
        while true {
            let reply = try receive()
            if isSubscribed || confirmations > 0, let message = SubscriptionMessage(reply) {
                take(message)
                show(reply)
                if listensForever { output.flush() }
                guard message.subscriptionCount != nil, confirmations > 0 else { continue }
                confirmations -= 1
                if confirmations == 0, !listensForever { return true }
                continue
            }
            if case .push = reply {
                if options.showsPushes { show(reply) }
                continue
            }
            if try redirected(reply, words) { continue }
            if errorsFail, let text = reply.errorText {
                output.writeError(text + [UInt8(ascii: "\n")])
                return false
            }
            note(words, reply)
            show(reply, isPlain: Self.isPlainText(words))
            // A rejected command is followed by nothing; otherwise lines arrive until someone
            // disconnects.
            guard isMonitor, reply.errorText == nil else { return true }
            output.flush()
        }
    }

    mutating func show(_ reply: Reply, isPlain: Bool = false) {
        output.write(ReplyText.text(reply, options, isPlain: isPlain))
    }

    /// Follows a cluster's MOVED or ASK to the named node and repeats the request there.
    private mutating func redirected(
        _ reply: Reply,
        _ words: [[UInt8]]
    ) throws(RemoteFailure) -> Bool {
        guard options.followsRedirections, let text = reply.errorText?.text else { return false }
        let parts = text.split(separator: " ")
        guard parts.count == 3, parts[0] == "MOVED" || parts[0] == "ASK",
            let colon = parts[2].lastIndex(of: ":"),
            let port = Int(parts[2][parts[2].index(after: colon)...])
        else { return false }
        if options.format == .readable {
            output.write("-> Redirected to slot [\(parts[1])] located at \(parts[2])\n")
        }
        let host = parts[2][..<colon]
        move(to: host.isEmpty ? options.host : String(host), port: port)
        guard connect() else { throw .closed }
        if parts[0] == "ASK" { _ = try ask("ASKING") }
        try send(Request.bytes(words))
        return true
    }

    /// Whether the reply to a command is text for people, which quotes would spoil.
    static func isPlainText(_ words: [[UInt8]]) -> Bool {
        let name = words.first?.lowercase.text ?? ""
        let part = words.count > 1 ? words[1].lowercase.text : ""
        switch name {
        case "info", "lolwut": return true
        case "debug": return words.count >= 3 && ["htstats", "htstats-key"].contains(part)
        case "memory": return words.count >= 2 && ["malloc-stats", "doctor"].contains(part)
        case "cluster": return words.count == 2 && ["nodes", "info"].contains(part)
        case "client": return words.count >= 2 && ["list", "info"].contains(part)
        case "latency":
            return words.count == 3 && part == "graph" || words.count == 2 && part == "doctor"
        case "proxy": return words.count >= 2 && part == "info"
        default: return false
        }
    }
}
