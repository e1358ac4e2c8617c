import Primitives
import System

@testable import Commands
@testable import Server
@testable import Wire

/// A server without sockets; tests call the executor of its first worker.
struct TestServer {
    let server: Instance

    var worker: Worker { server.workers[0] }
    var executor: Executor { worker.executor }

    init(threads: Int = 1) throws {
        var configuration = Configuration(surroundings: testSurroundings())
        configuration.settle("threads", at: .integer(Int64(threads)))
        configuration.settle("event-loop", at: .choice("epoll"))
        server = try Instance(configuration, log: Log())
        executor.readClocks()
    }

    /// A session and its connection, which has no real socket.
    func client(id: UInt64 = 1) -> Connection {
        Connection(descriptor: -1, session: Session(id: id), now: 0)
    }

    /// Passes the words of a request, separated by spaces, to `body`.
    static func withWords<Result>(_ line: String, _ body: (Arguments) -> Result) -> Result {
        let words = line.split(separator: " ").map { Array($0.utf8) }
        return words.flatMap { $0 }.withBytes { bytes in
            var vector = ArgumentVector()
            var offset = 0
            for word in words {
                vector.append(bytes[offset..<offset + word.count])
                offset += word.count
            }
            return body(vector.arguments(0, vector.count))
        }
    }

    /// The row of the command in `line`.
    func row(_ line: String) -> Int {
        TestServer.withWords(line) { words in
            let row = executor.registry.table.row(words[0]) ?? -1
            guard row >= 0, executor.registry.row(row).isContainer else { return row }
            return executor.registry.table.subcommand(words[1], of: row) ?? -1
        }
    }

    /// Runs a request of `connection`; returns the reply, or what it waits for.
    func run(_ line: String, _ connection: Connection) -> (reply: String, wait: Wait?) {
        executor.context.reply.removeAll(keep: 0)
        executor.context.reply.isRESP3 = connection.session.isRESP3
        let wait = TestServer.withWords(line) { words in
            let start = worker.round.words.count
            for index in 0..<words.count { worker.round.words.append(words[index]) }
            defer { worker.round.words.truncate(to: start) }
            return executor.run(worker.item(connection, start, words.count), words, connection)
        }
        return (executor.context.reply.buffer.bytes.string, wait)
    }

    /// The reply to `line`, performed for `session` even if requests are held back.
    func perform(_ line: String, for session: Session) -> String {
        let start = executor.context.reply.buffer.count
        TestServer.withWords(line) { words in
            do throws(CommandError) {
                _ = try executor.perform(row(line), words, for: session)
            } catch {
                executor.replyError(error, row(line))
            }
        }
        return executor.context.reply.buffer.bytes.dropFirst(start).string
    }
}
