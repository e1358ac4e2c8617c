import Primitives
import Store
import Testing

@testable import Commands
@testable import Server
@testable import Wire

@Suite struct ExecutorTests {
    @Test func `a request is looked up, run and counted`() throws {
        let test = try TestServer()
        let client = test.client()
        #expect(test.run("SET greeting hello", client).reply == "+OK\r\n")
        #expect(test.run("get greeting", client).reply == "$5\r\nhello\r\n")
        let counted = test.executor.statistics[.commandsRun]
        #expect(client.session.commandCount == 2 && counted == 2)
        #expect(Int(client.session.lastRow) == test.row("GET"))
    }

    @Test func `rejections are checked in order: command, words, password`() throws {
        let test = try TestServer()
        let client = test.client()
        client.session.traits.insert(.unauthenticated)
        #expect(test.run("NONSENSE", client).reply.hasPrefix("-ERR unknown command"))
        #expect(test.run("CONFIG NONSENSE", client).reply.hasPrefix("-ERR unknown subcommand"))
        #expect(test.run("GET", client).reply.hasPrefix("-ERR wrong number of arguments"))
        #expect(test.run("GET k", client).reply == "-NOAUTH Authentication required.\r\n")
        // The limit for unauthenticated clients depends on the trait, not on a command.
        client.session.traits.remove(.unauthenticated)
        #expect(test.run("GET k", client).reply == "$-1\r\n")
        let counted = test.executor.statistics[.commandsRun]
        #expect(counted == 1)
    }

    @Test func `a silent session gets no reply, whatever the request`() throws {
        let test = try TestServer()
        let client = test.client()
        #expect(test.run("CLIENT REPLY SKIP", client).reply == "")
        #expect(test.run("NONSENSE", client).reply == "")
        #expect(test.run("PING", client).reply == "+PONG\r\n")
        _ = test.run("CLIENT REPLY SKIP", client)
        _ = test.run("CLIENT REPLY SKIP", client)
        #expect(test.run("PING", client).reply == "")
        #expect(test.run("PING", client).reply == "+PONG\r\n")
        _ = test.run("CLIENT REPLY SKIP", client)
        #expect(test.run("CLIENT REPLY ON", client).reply == "+OK\r\n")
        _ = test.run("CLIENT REPLY OFF", client)
        for line in ["PING", "GET", "NONSENSE", "CONFIG NONSENSE"] {
            #expect(test.run(line, client).reply == "")
        }
        #expect(test.run("CLIENT REPLY ON", client).reply == "+OK\r\n")
    }

    // MARK: Performing

    @Test(arguments: [1, 4])
    func `a row is performed for any session, and the caller continues unaffected`(
        threads: Int
    ) throws {
        let test = try TestServer(threads: threads)
        let script = Session(id: 9)
        script.database = 3
        script.isRESP3 = true
        test.executor.context.database = 1
        test.executor.context.reply.isRESP3 = false
        #expect(test.perform("SET k v", for: script) == "+OK\r\n")
        #expect(test.perform("HGETALL none", for: script) == "%0\r\n")
        #expect(test.executor.context.database == 1 && !test.executor.context.reply.isRESP3)
        let client = test.client()
        client.session.database = 3
        #expect(test.run("GET k", client).reply == "$1\r\nv\r\n")
        // SELECT only changes the database of the session that it is performed for.
        #expect(test.perform("SELECT 5", for: script) == "+OK\r\n")
        #expect(script.database == 5 && client.session.database == 3)
    }

    @Test func `a command performed with locks held takes only missing ones`() throws {
        let test = try TestServer(threads: 4)
        let keyspace = test.server.keyspace
        let session = Session(id: 9)
        let plan = TestServer.withWords("MSET one 1 two 2") {
            test.executor.plan(test.row("MSET x y"), $0)
        }
        keyspace.lock(plan.partitions)
        test.executor.context.held = plan.partitions
        for line in ["SET one 1", "APPEND two 2", "RENAME one two", "SCAN 0 COUNT 1000"] {
            #expect(!test.perform(line, for: session).hasPrefix("-"))
        }
        // A key in another partition: its lock is taken, and released.
        let other = Array("elsewhere".utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
        #expect(test.perform("SET elsewhere 1", for: session) == "+OK\r\n")
        #expect(test.executor.context.held == plan.partitions)
        let isElsewhere = !plan.partitions.contains(PartitionSet(partition: other))
        #expect(keyspace.tryLock(other) == isElsewhere)
        if isElsewhere { keyspace.unlock(other) }
        test.executor.context.held = []
        keyspace.unlock(plan.partitions)
    }

    @Test func `a plan names the partitions of all keys, or all if keys are unknown`() throws {
        let test = try TestServer(threads: 4)
        let keyspace = test.server.keyspace
        func plan(_ line: String) -> LockPlan {
            TestServer.withWords(line) { test.executor.plan(test.row(line), $0) }
        }
        func partition(_ key: String) -> PartitionSet {
            Array(key.utf8).withBytes {
                PartitionSet(partition: keyspace.partition(keyspace.hasher($0)))
            }
        }
        #expect(plan("GET a").partitions == partition("a"))
        #expect(
            plan("SINTERSTORE d a b").partitions == [
                partition("d"), partition("a"), partition("b"),
            ]
        )
        #expect(plan("FLUSHALL").partitions == keyspace.allPartitions)
        #expect(plan("SORT list BY w_*").partitions == keyspace.allPartitions)
        #expect(plan("ZINTER 99999 a").partitions == keyspace.allPartitions)
        #expect(plan("SCAN 0").partitions.isEmpty && plan("PING").partitions.isEmpty)
        #expect(plan("CONFIG SET a b").stopsWorld && plan("DEBUG SLEEP 0").stopsWorld)
        #expect(!plan("GET a").stopsWorld)
    }

    @Test func `a request whose partition stays locked waits while its worker continues`() throws {
        let test = try TestServer(threads: 2)
        let client = test.client()
        let keyspace = test.server.keyspace
        _ = test.run("SET k v", client)
        let partition = Array("k".utf8).withBytes { keyspace.partition(keyspace.hasher($0)) }
        keyspace.lock(partition)
        #expect(test.run("GET k", client) == ("", .partitions))
        #expect(test.run("MGET a k", client) == ("", .partitions))
        #expect(test.run("KEYS *", client) == ("", .partitions))
        #expect(test.run("PING", client).reply == "+PONG\r\n")
        keyspace.unlock(partition)
        #expect(test.run("GET k", client).reply == "$1\r\nv\r\n")
    }

    @Test func `the world is stopped once, however often requested`() throws {
        let test = try TestServer()
        let value = test.server.exclusively(test.worker) {
            test.server.exclusively(test.worker) { 42 }
        }
        #expect(value == 42 && test.executor.context.held.isEmpty)
    }
}
