import Testing

@testable import Server

@Suite struct ConnectionTableTests {
    @Test func `connections are found by descriptor and live until nothing refers to them`() {
        var table = ConnectionTable()
        weak var kept: Connection?
        for descriptor in [Int32(3), 70, 500] {
            let connection = Connection(
                descriptor: descriptor,
                session: Session(id: UInt64(descriptor)),
                now: 0
            )
            table.insert(connection)
            if descriptor == 70 { kept = connection }
        }
        #expect(table.count == 3 && table[70]?.session.id == 70)
        #expect(table[4] == nil && table[9999] == nil)
        if let connection = table[70] { table.remove(connection) }
        #expect(table.count == 2 && table[70] == nil && kept != nil)
        table.forgetEnded()
        #expect(kept == nil)
    }
}
