import Testing

@testable import Server

@Suite struct MemoryDoctorTests {
    private func findings(
        data: Int,
        pages: Int? = nil,
        clients: Int = 0,
        clientCount: Int = 1,
        resident: Int? = nil,
        peak: Int? = nil
    ) -> [Substring] {
        let pages = pages ?? data
        let memory = MemoryUse(
            data: data,
            pages: pages,
            indexes: 0,
            clients: clients,
            clientCount: clientCount,
            resident: resident ?? pages,
            peak: peak ?? data + clients,
            databases: []
        )
        return MemoryDoctor(memory).text.split(separator: "\n").filter { $0.hasPrefix(" * ") }
            .map { $0.dropFirst(3).prefix { $0 != ":" } }
    }

    @Test func `a nearly empty server gets no advice`() {
        #expect(findings(data: 4 << 20, resident: 100 << 20, peak: 100 << 20).isEmpty)
    }

    @Test func `what is in order is not mentioned`() {
        #expect(findings(data: 100 << 20, pages: 110 << 20, resident: 120 << 20).isEmpty)
    }

    @Test func `each problem has its advice`() {
        #expect(findings(data: 100 << 20, peak: 151 << 20) == ["Peak memory"])
        #expect(
            findings(data: 100 << 20, pages: 150 << 20)
                == ["High fragmentation", "High total RSS"]
        )
        #expect(findings(data: 100 << 20, resident: 150 << 20) == ["High total RSS"])
        #expect(findings(data: 100 << 20, clients: 1 << 20) == ["Big client buffers"])
        #expect(findings(data: 100 << 20, clients: 1 << 20, clientCount: 10).isEmpty)
        // A large ratio, but too few bytes to mention.
        #expect(findings(data: 6 << 20, pages: 9 << 20).isEmpty)
    }
}
