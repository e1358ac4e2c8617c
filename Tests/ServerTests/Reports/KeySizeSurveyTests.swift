import Testing

@testable import Server

@Suite struct KeySizeSurveyTests {
    private func survey(_ server: TestServer, until end: Int64) -> (lines: [String], slices: Int) {
        let survey = KeySizeSurvey(
            workers: server.server.workerCount,
            asker: 1,
            home: server.worker.mailbox
        )
        var slices = 0
        for worker in server.server.workers {
            var place: KeySizeSurvey.Place? = KeySizeSurvey.Place(partition: worker.index)
            while let next = place {
                place = survey.look(on: worker, from: next, until: end)
                slices += 1
            }
        }
        return (survey.sizes.parts.map { "\($0.name):\($0.value.text)" }, slices)
    }

    @Test(arguments: [1, 2]) func `all keys are counted once, in slices or at once`(
        _ threads: Int
    ) throws {
        let server = try TestServer(threads: threads)
        let client = server.client()
        for number in 0..<5000 { _ = server.run("SET key:\(number) \(number % 100)", client) }
        _ = server.run("RPUSH l a b c", client)
        _ = server.run("SADD s a b c d", client)
        _ = server.run("ZADD z 1 a", client)
        _ = server.run("SELECT 3", client)
        _ = server.run("HSET h a 1 b 2", client)
        let expected = [
            "db0_distrib_strings_sizes:1=500,2=4500", "db0_distrib_lists_items:2=1",
            "db0_distrib_sets_items:4=1", "db0_distrib_zsets_items:1=1",
            "db3_distrib_hashes_items:2=1",
        ]
        let whole = survey(server, until: .max)
        #expect(whole.lines == expected && whole.slices == threads)
        let sliced = survey(server, until: .min)
        #expect(sliced.lines == expected && sliced.slices > 10)
    }
}
