internal import Glibc
internal import Remote
internal import System

/// `--pipe`: sends standard input to the server unchanged and counts replies.
struct PipeMode: ~Copyable {
    /// The connection, which is open for as long as this lives.
    private let connection: RemoteConnection
    private let channel: Channel
    private let timeoutSeconds: Int
    private var output: Output
    private var reader = ReplyReader()

    private var waiting: [UInt8] = []
    private var waitingStart = 0
    private var isInputAtEnd = false
    /// The word that the last request echoes, by which its reply is recognised.
    private var lastWord: [UInt8] = []
    private var replies = 0
    private var errors = 0

    init(_ connection: consuming RemoteConnection, timeoutSeconds: Int) {
        channel = connection.channel
        self.connection = connection
        self.timeoutSeconds = timeoutSeconds
        output = Output()
    }

    /// Transfers everything; returns the exit code.
    mutating func run() -> Int32 {
        channel.socket.setNonblocking()
        var lastNews = Clock.monotonic()
        var isDone = false
        do throws(RemoteFailure) {
            while !isDone {
                let isNews = try turn(&isDone)
                let now = Clock.monotonic()
                if isNews { lastNews = now }
                guard isInputAtEnd, timeoutSeconds > 0, now - lastNews > Double(timeoutSeconds)
                else { continue }
                output.writeError("No replies for \(timeoutSeconds) seconds: exiting.\n")
                errors += 1
                break
            }
        } catch {
            output.writeError("\(error.message)\n")
            return 1
        }
        output.write("errors: \(errors), replies: \(replies)\n")
        output.flush()
        return errors > 0 ? 1 : 0
    }

    /// Waits, sends and receives as possible; returns whether anything came from the server.
    private mutating func turn(_ isDone: inout Bool) throws(RemoteFailure) -> Bool {
        let isSending = waitingStart < waiting.count || channel.hasUnsent
        let isReading = !isInputAtEnd && !isSending
        let isInputReady = Streams.waits(
            for: isReading ? STDIN_FILENO : nil,
            channel.socket.descriptor,
            isSending: isSending,
            milliseconds: 1000
        )
        let isNews = try receive(&isDone)
        if isInputReady { readInput() }
        try send()
        return isNews
    }

    private mutating func readInput() {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        let count = Streams.read(STDIN_FILENO, into: &block)
        if count > 0 {
            waiting += block[..<count]
        } else if count == 0 || errno != EINTR {
            isInputAtEnd = true
            lastWord = (0..<20).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) }
            // The line end closes an inline command that has none.
            waiting += "\r\n".bytes + Request.bytes(["ECHO".bytes, lastWord])
            output.write("All data transferred. Waiting for the last reply...\n")
            output.flush()
        }
    }

    private mutating func send() throws(RemoteFailure) {
        while waitingStart < waiting.count {
            switch channel.send(waiting, waitingStart..<waiting.count) {
            case .bytes(let count): waitingStart += count
            case .wouldBlock: return
            case .closed(let error): throw channel.failure(error, call: "send")
            }
        }
        if case .closed(let error) = channel.flush() {
            throw channel.failure(error, call: "send")
        }
        waiting.removeAll(keepingCapacity: true)
        waitingStart = 0
    }

    private mutating func receive(_ isDone: inout Bool) throws(RemoteFailure) -> Bool {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var isNews = false
        while true {
            switch channel.receive(into: &block) {
            case .bytes(let count): reader.feed(block[..<count])
            case .wouldBlock: return isNews
            case .closed(let error): throw channel.failure(error, call: "recv")
            }
            isNews = true
            while let reply = try reader.next() { count(reply, &isDone) }
        }
    }

    private mutating func count(_ reply: Reply, _ isDone: inout Bool) {
        switch reply {
        case .push: return
        case .error(let text):
            output.writeError(text + [UInt8(ascii: "\n")])
            errors += 1
        case .bulk(let text) where isInputAtEnd && text == lastWord:
            output.write("Last reply received from server.\n")
            isDone = true
            return
        default: break
        }
        replies += 1
    }
}
