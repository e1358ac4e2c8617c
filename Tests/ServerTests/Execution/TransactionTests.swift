import Primitives
import Store
import Testing

@testable import Commands
@testable import Server
@testable import Wire

@Suite struct TransactionTests {
    @Test func `requests are lent in their order, as often as wanted`() {
        let transaction = Transaction()
        let lines = ["SET a 1", "PING", "MSET b 2 c 3"]
        for (number, line) in lines.enumerated() {
            TestServer.withWords(line) {
                transaction.append(
                    Transaction.Command(row: Int32(number), hash: KeyHash(bits: 0)),
                    $0,
                    received: nil,
                    plan: LockPlan(partitions: PartitionSet(partition: number)),
                    asks: number == 1 ? [] : .memory
                )
            }
        }
        var words = ArgumentVector()
        for _ in 0..<2 {
            var found: [String] = []
            transaction.forEach(&words) { command, arguments, _ in
                #expect(Int(command.row) == found.count)
                found.append(
                    (0..<arguments.count).map { arguments[$0].string }.joined(separator: " ")
                )
                return found.count < 3
            }
            #expect(found == lines)
        }
        let left = words.count
        #expect(left == 0 && transaction.count == 3 && transaction.asks == .memory)
        #expect(transaction.plan.partitions == PartitionSet(rawValue: 7))
        #expect(!transaction.plan.stopsWorld)
    }

    @Test(arguments: [1, 4])
    func `what is queued runs as one, under all locks, and leaves none`(threads: Int) throws {
        let test = try TestServer(threads: threads)
        let client = test.client()
        let keyspace = test.server.keyspace
        for line in ["MULTI", "SET a 1", "INCR a", "SCAN 0 COUNT 100", "SELECT 2", "GET a"] {
            _ = test.run(line, client)
        }
        #expect(client.session.transaction?.plan.partitions == keyspace.allPartitions)
        let reply = test.run("EXEC", client).reply
        #expect(reply.hasPrefix("*5\r\n+OK\r\n:2\r\n*2\r\n") && reply.hasSuffix("+OK\r\n$-1\r\n"))
        #expect(client.session.database == 2 && client.session.transaction == nil)
        #expect(test.executor.context.held.isEmpty && test.executor.context.mayWait)
        #expect(keyspace.tryLock(keyspace.allPartitions))
        keyspace.unlock(keyspace.allPartitions)
    }

    @Test func `a transaction waits as a whole for taken partitions`() throws {
        let test = try TestServer(threads: 2)
        let client = test.client()
        let keyspace = test.server.keyspace
        let partition = Array("a".utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
        for line in ["MULTI", "SET b 1", "SET a 1"] { _ = test.run(line, client) }
        keyspace.lock(partition)
        #expect(test.run("EXEC", client) == ("", .partitions))
        keyspace.unlock(partition)
        #expect(test.run("GET b", test.client(id: 2)).reply == "$-1\r\n")
        #expect(test.run("EXEC", client).reply == "*2\r\n+OK\r\n+OK\r\n")
    }

    @Test func `the locks of watched keys are needed too`() throws {
        let test = try TestServer(threads: 2)
        let client = test.client()
        let keyspace = test.server.keyspace
        let partition = Array("a".utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
        for line in ["WATCH a", "MULTI", "PING"] { _ = test.run(line, client) }
        keyspace.lock(partition)
        #expect(test.run("EXEC", client) == ("", .partitions))
        keyspace.unlock(partition)
        #expect(test.run("EXEC", client).reply == "*1\r\n+PONG\r\n")
    }

    @Test func `works that take slices run whole, but wait for others' works first`() throws {
        let test = try TestServer()
        let (client, other) = (test.client(), test.client(id: 2))
        let members = (0..<20_000).map { "\($0) m\($0)" }.joined(separator: " ")
        _ = test.run("ZADD z \(members)", client)
        for line in ["MULTI", "COPY z y", "ZREMRANGEBYRANK z 0 9999", "ZCARD z"] {
            _ = test.run(line, client)
        }
        #expect(test.run("EXEC", client).reply == "*3\r\n:1\r\n:10000\r\n:10000\r\n")
        // Now another one works on the key.
        guard case .turn(let work) = test.run("COPY y x", other).wait else {
            Issue.record("the copy takes more than a slice")
            return
        }
        for line in ["MULTI", "SET s 1", "DEL y"] { _ = test.run(line, client) }
        #expect(test.run("EXEC", client) == ("", .keys))
        #expect(test.run("EXISTS s", client).reply == "+QUEUED\r\n")
        test.executor.resumedWork = work
        test.executor.dropResumedWork()
        #expect(test.run("EXEC", client).reply == "*3\r\n+OK\r\n:1\r\n:1\r\n")
    }
}
