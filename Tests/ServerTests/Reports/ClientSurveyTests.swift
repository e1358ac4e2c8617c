import Primitives
import Testing

@testable import Server
@testable import Wire

@Suite struct ClientSurveyTests {
    /// A server with connections whose descriptors are not open.
    private func server(_ sessions: [[UInt64]]) throws -> Instance {
        let server = try idleServer(threads: sessions.count)
        for (worker, ids) in zip(server.workers, sessions) {
            for (place, id) in ids.enumerated() {
                let connection = Connection(
                    descriptor: Int32(30_000 + place),
                    session: Session(id: id),
                    now: 0
                )
                worker.connections.insert(connection)
            }
        }
        return server
    }

    private func filter(_ words: String...) throws -> ClientFilter {
        let access = try idleServer(threads: 1).access
        return try TestServer.withWords(words.joined(separator: " ")) { words in
            Result { () throws in
                words[1].isWord("LIST")
                    ? try ClientFilter(listing: words, access)
                    : try ClientFilter(killing: words, access)
            }
        }.get()
    }

    private func ids(_ survey: ClientSurvey) -> [Substring] {
        survey.withLines { lines in
            lines.string.split(separator: "\n").compactMap { $0.split(separator: " ").first }
        }
    }

    @Test func `lines of all workers come in the order of the clients' numbers`() throws {
        let server = try server([[5, 1, 9], [4], []])
        let filter = try filter("CLIENT", "LIST")
        let survey = ClientSurvey(
            .list,
            filter,
            workers: server.workerCount,
            asker: 1,
            home: server.workers[0].mailbox
        )
        for worker in server.workers { #expect(survey.look(on: worker) == nil) }
        #expect(ids(survey) == ["id=1", "id=4", "id=5", "id=9"] && survey.count == 4)
    }

    @Test func `a slice ends when its time is over, and the next one goes on`() throws {
        let server = try server([(1...100).map { UInt64($0) }])
        let filter = try filter("CLIENT", "LIST")
        let survey = ClientSurvey(
            .list,
            filter,
            workers: server.workerCount,
            asker: 1,
            home: server.workers[0].mailbox
        )
        var place: Int? = 0
        var slices = 0
        while let next = place {
            place = survey.look(on: server.workers[0], from: next, until: .min)
            slices += 1
            #expect(place == nil || place == next + 16)
        }
        #expect(survey.count == 100 && slices > 1000)
    }

    @Test func `every worker answers once it is through`() throws {
        let server = try server([[1, 2], [3]])
        let filter = try filter("CLIENT", "LIST", "ID", "2", "3")
        let home = server.workers[0].mailbox
        let survey = ClientSurvey(.list, filter, workers: server.workerCount, asker: 1, home: home)
        survey.start(on: server.workers)
        var answers = 0
        // A scan that takes longer than a slice continues in the next round.
        for _ in 0..<100 where answers < 2 {
            for worker in server.workers {
                for message in worker.mailbox.take() {
                    switch message {
                    case .task(let body): body(worker)
                    case .answer(let session): answers += session == 1 ? 1 : 0
                    case .connection, .workEnded, .unblocked: Issue.record("no such mail")
                    }
                }
            }
        }
        #expect(answers == 2 && ids(survey) == ["id=2", "id=3"])
    }

    @Test func `those meant are closed, but not who asks`() throws {
        let server = try server([[1, 2], [3]])
        let all = try filter("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        let survey = ClientSurvey(
            .kill,
            all,
            workers: server.workerCount,
            asker: 2,
            home: server.workers[0].mailbox
        )
        for worker in server.workers { _ = survey.look(on: worker) }
        #expect(survey.count == 3 && survey.includesAsker)
        #expect(
            server.workers[0].connections.count == 1 && server.workers[1].connections.count == 0
        )
        let others = try filter("CLIENT", "KILL", "TYPE", "normal")
        let second = ClientSurvey(
            .kill,
            others,
            workers: server.workerCount,
            asker: 2,
            home: server.workers[0].mailbox
        )
        for worker in server.workers { _ = second.look(on: worker) }
        #expect(second.count == 0 && !second.includesAsker)
    }
}
