import Primitives
import Testing

@testable import Commands

@Suite struct MetaFlagsTests {
    private func failure(_ text: StaticString) -> MetaFlags.Failure? {
        MetaFlags(Bytes(text)).failure
    }

    @Test func `flags have letters and tokens`() {
        let flags = MetaFlags(Bytes(" b q v  C17 E18 F9 T-1 N30 R60 J5 D2 MA O123"))
        #expect(flags.failure == nil && flags.isBinaryKey && flags.isQuiet && flags.wantsValue)
        #expect(flags.expectedVersion == 17 && flags.newVersion == 18 && flags.clientFlags == 9)
        #expect(flags.time == -1 && flags.vivifyTime == 30 && flags.recacheTime == 60)
        #expect(flags.initial == 5 && flags.delta == 2 && flags.mode == UInt8(ascii: "A"))
    }

    @Test func `what is no flag is told`() {
        #expect(failure("v v") == .duplicate)
        #expect(failure("O1 O2") == .duplicate)
        #expect(failure("z") == .invalid)
        #expect(failure("Tx") == .token)
        #expect(failure("C") == .token)
        #expect(failure("Fx") == .flags)
        #expect(failure("MSS") == .modeLength)
        #expect(failure("Jx") == .initial)
        #expect(failure("D-1") == .delta)
        #expect(failure("O12345678901234567890123456789012") == .opaque)
        #expect(failure("O1234567890123456789012345678901") == nil)
    }
}
