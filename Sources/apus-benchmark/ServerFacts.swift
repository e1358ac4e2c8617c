internal import Remote
internal import System

/// Information from the server, collected before the tests, for the head of the report.
struct ServerFacts {
    /// CONFIG's `save` and `appendonly`; nil if the server does not tell.
    var save: String?
    var appendOnly: String?
    /// INFO's `redis_version`.
    var version: String?

    /// Queries the server over a separate connection, which also verifies address and password.
    static func ask(
        _ target: Target,
        _ greeting: Greeting
    ) throws(ServerFault) -> ServerFacts {
        var exchange: Exchange
        do {
            exchange = Exchange(try target.reach())
        } catch {
            throw .load(error)
        }
        defer { exchange.close() }
        do {
            try exchange.send(greeting.bytes)
            for _ in 0..<greeting.replyCount {
                if let text = errorText(try exchange.reply()) { throw ServerFault.refused(text) }
            }
            var facts = ServerFacts()
            facts.save = value(try exchange.ask(["CONFIG", "GET", "save"]))
            facts.appendOnly = value(try exchange.ask(["CONFIG", "GET", "appendonly"]))
            facts.version = version(try exchange.ask(["INFO", "server"]))
            return facts
        } catch let error as LoadFailure {
            throw .load(error)
        } catch let error as ServerFault {
            throw error
        } catch {
            throw .load(.closed)
        }
    }

    /// Why there are no facts.
    enum ServerFault: Error {
        case load(LoadFailure)
        /// The server replied to the greeting with this error.
        case refused(String)
    }

    /// The text of an error reply; nil for other replies.
    static func errorText(_ reply: [UInt8]) -> String? {
        guard reply.first == UInt8(ascii: "-") else { return nil }
        let line = reply.dropFirst().prefix { $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }

    /// The value in CONFIG GET's reply for one name: the second bulk string of two.
    static func value(_ reply: [UInt8]) -> String? {
        // *2 · $4 · save · $n · value; in RESP3, %1 instead of *2.
        let lines = reply.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count >= 5,
            lines[0] == [UInt8(ascii: "*"), UInt8(ascii: "2"), UInt8(ascii: "\r")]
                || lines[0] == [UInt8(ascii: "%"), UInt8(ascii: "1"), UInt8(ascii: "\r")]
        else { return nil }
        return String(decoding: lines[4].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// The line `redis_version:…` of INFO's reply.
    static func version(_ reply: [UInt8]) -> String? {
        let name = Array("redis_version:".utf8)
        let line = reply.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: name) }
        return line.map {
            String(
                decoding: $0.dropFirst(name.count).filter { $0 != UInt8(ascii: "\r") },
                as: UTF8.self
            )
        }
    }
}

/// Sends one request after the other over a blocking connection.
struct Exchange {
    private let channel: Channel
    private var scanner = ReplyScanner()
    private var block = [UInt8](repeating: 0, count: 65536)
    private var kept: [UInt8] = []

    init(_ channel: Channel) { self.channel = channel }

    func close() { channel.close() }

    mutating func ask(_ words: [String]) throws(LoadFailure) -> [UInt8] {
        try send(RequestTemplate(words.map { Array($0.utf8) }).bytes)
        return try reply()
    }

    func send(_ bytes: [UInt8]) throws(LoadFailure) {
        var sent = 0
        while sent < bytes.count {
            switch channel.send(bytes, sent..<bytes.count) {
            case .bytes(let count): sent += count
            case .wouldBlock: continue
            case .closed(let error):
                throw LoadFailure(channel.failure(error, call: "Writing to socket"))
            }
        }
    }

    /// The bytes of the next reply.
    mutating func reply() throws(LoadFailure) -> [UInt8] {
        var reply: [UInt8] = []
        while true {
            while !kept.isEmpty {
                let byte = kept.removeFirst()
                reply.append(byte)
                if try replies(in: byte) > 0 { return reply }
            }
            switch channel.receive(into: &block) {
            case .bytes(let count): kept = Array(block[..<count])
            case .wouldBlock: continue
            case .closed(let error):
                throw LoadFailure(channel.failure(error, call: "Reading from socket"))
            }
        }
    }

    private mutating func replies(in byte: UInt8) throws(LoadFailure) -> Int {
        do {
            return try scanner.scan([byte].span)
        } catch {
            throw .noRESP(error)
        }
    }
}
