import Testing

@testable import Server

@Suite struct InfoReportTests {
    private func titles(_ names: String...) -> [String] {
        InfoReport.sections(named: names).map(\.title)
    }

    @Test func `sections stand in Redis' order, whatever the order of the request`() {
        let all = [
            "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules",
            "TLS", "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace",
        ]
        #expect(titles("all") == all && titles("EVERYTHING") == all)
        #expect(titles() == all.filter { $0 != "Commandstats" && $0 != "Latencystats" })
        #expect(
            titles("default") == titles() && titles("keyspace", "Server") == ["Server", "Keyspace"]
        )
        #expect(titles("nothing").isEmpty && titles("nothing", "cpu") == ["CPU"])
        #expect(titles("default", "commandstats").contains("Commandstats"))
    }

    @Test func `no name appears twice`() {
        let names = InfoReport.sections.flatMap { $0.fields.map(\.name) }
        #expect(Set(names).count == names.count)
    }

    @Test func `every line has a name and a value, and sections are apart`() throws {
        let server = try idleServer(threads: 2)
        server.set("k", until: .max)
        server.set("l", until: .max)
        server.workers[0].executor.statistics.count(0, cycles: 100)
        server.workers[1].executor.statistics.countError("ERR")
        let text = InfoReport.text(["all"], server.source)
        #expect(text.hasSuffix("\r\n") && !text.hasSuffix("\r\n\r\n"))
        for section in text.components(separator: "\r\n\r\n") {
            var lines = section.components(separator: "\r\n")
            #expect(lines.removeFirst().hasPrefix("# "))
            for line in lines where !line.isEmpty { #expect(line.contains(":")) }
        }
        #expect(text.contains("\r\ndb0:keys=2,expires=2,avg_ttl="))
        #expect(text.contains("\r\nerrorstat_ERR:count=1\r\n"))
    }
}

extension String {
    fileprivate func components(separator: String) -> [String] {
        var parts: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
