import Testing

@testable import Server

@Suite struct InfoFieldTests {
    @Test func `a section contains its rows and its additional lines`() throws {
        let section = InfoSection(
            "Things",
            [
                .none("nothing"), InfoField("word", always: .text("w")),
                .number("threads") { $0.server.workerCount }, .size("bytes") { _ in 2048 },
                .count("sent", .bytesSent),
            ]
        ) { _ in [InfoPart("more", .integer(1))] }
        let server = try idleServer(threads: 2)
        server.workers[1].executor.statistics.add(.bytesSent, 9)
        let texts = section.parts(server.source).map { "\($0.name):\($0.value.text)" }
        let wanted = ["nothing:0", "word:w", "threads:2", "bytes:2.00K", "sent:9", "more:1"]
        #expect(section.name == "things" && texts == wanted)
    }
}
