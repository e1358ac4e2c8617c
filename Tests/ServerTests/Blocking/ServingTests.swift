import Primitives
import Store
import Testing

@testable import Commands
@testable import Server
@testable import Wire

/// Blocked requests and the commands that serve them, without sockets.
@Suite struct ServingTests {
    /// Runs a request that blocks, and returns it.
    private func block(_ line: String, _ test: TestServer, _ client: Connection) -> Waiter? {
        let (reply, wait) = test.run(line, client)
        guard case .value = wait, reply.isEmpty else { return nil }
        return test.executor.takeNewWaiter()
    }

    /// The unblocked requests that a worker has yet to finish, by itself or by mail.
    private func unblocked(_ worker: Worker) -> [Waiter] {
        defer { worker.unblocked.removeAll() }
        let others = worker.mailbox.take().flatMap { message -> [Waiter] in
            guard case .unblocked(let waiters) = message else { return [] }
            return waiters
        }
        return worker.unblocked + others
    }

    private func text(_ waiter: Waiter) -> String { String(decoding: waiter.reply, as: UTF8.self) }

    @Test(arguments: [1, 4])
    func `the oldest request gets the first element`(threads: Int) throws {
        let test = try TestServer(threads: threads)
        let waiters = (1...3).compactMap {
            block("BLPOP k x 0", test, test.client(id: UInt64($0)))
        }
        #expect(waiters.count == 3 && test.server.waiters.keyCount == 2)
        #expect(test.run("RPUSH k a b", test.client(id: 9)).reply == ":2\r\n")
        let served = unblocked(test.worker)
        #expect(served.map(\.client.session) == [1, 2])
        #expect(text(served[0]) == "*2\r\n$1\r\nk\r\n$1\r\na\r\n")
        #expect(test.run("EXISTS k", test.client(id: 9)).reply == ":0\r\n")
        #expect(waiters[2].state == .waiting)
    }

    @Test(arguments: [1, 4])
    func `chains are followed to their end`(threads: Int) throws {
        let test = try TestServer(threads: threads)
        _ = block("BLMOVE c d LEFT LEFT 0", test, test.client(id: 1))
        _ = block("BLMOVE a b LEFT LEFT 0", test, test.client(id: 2))
        _ = block("BRPOPLPUSH b c 0", test, test.client(id: 3))
        _ = test.run("RPUSH a x", test.client(id: 9))
        #expect(unblocked(test.worker).map(\.client.session) == [2, 3, 1])
        #expect(test.run("LRANGE d 0 -1", test.client(id: 9)).reply == "*1\r\n$1\r\nx\r\n")
        for partition in 0..<test.server.keyspace.partitionCount {
            #expect(test.server.keyspace.tryLock(partition))
        }
    }

    @Test func `many requests are served in rounds, and new ones queue behind them`() throws {
        let test = try TestServer(threads: 4)
        let count = 1000
        for id in 1...count { _ = block("BLPOP k 0", test, test.client(id: UInt64(id))) }
        let elements = (0...count).map(String.init).joined(separator: " ")
        _ = test.run("RPUSH k \(elements)", test.client(id: 5000))
        var served = unblocked(test.worker).map(\.client.session)
        #expect(served.count < count && test.executor.readyKeys.isBusy)
        let late = block("BLPOP k 0", test, test.client(id: 2000))
        #expect(late != nil)
        while test.executor.readyKeys.isBusy {
            test.executor.serveWhatWasPutOff()
            served += unblocked(test.worker).map(\.client.session)
        }
        #expect(served == (1...UInt64(count)).map { $0 } + [2000])
        #expect(test.run("EXISTS k", test.client(id: 9)).reply == ":0\r\n")
    }

    @Test func `serving is logged after the push`() throws {
        let test = try TestServer()
        test.server.effectJournal.turn(true)
        test.executor.context.effects.record(for: .log)
        _ = block("BLPOP k 0", test, test.client(id: 1))
        _ = block("BLMOVE k l LEFT RIGHT 0", test, test.client(id: 2))
        _ = test.run("RPUSH k a b", test.client(id: 9))
        var records = ""
        #expect(test.server.effectJournal.takeRecords { records = $1.string })
        let names = records.split(separator: "\r\n").filter { $0.allSatisfy(\.isUppercase) }
        #expect(names == ["RPUSH", "LPOP", "LMOVE", "LEFT", "RIGHT"])
    }

    @Test func `a blocked consumer learns that its group is gone`() throws {
        let test = try TestServer()
        _ = test.run("XGROUP CREATE s g $ MKSTREAM", test.client(id: 9))
        _ = block("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", test, test.client(id: 1))
        #expect(test.server.waiters.endingKeyCount == 1)
        _ = test.run("DEL s", test.client(id: 9))
        let served = unblocked(test.worker)
        #expect(served.count == 1 && text(served[0]).hasPrefix("-NOGROUP"))
        #expect(test.server.waiters.endingKeyCount == 0 && test.server.waiters.keyCount == 0)
    }
}
