import Primitives
import Testing

@Suite struct WideFloatTests {
    private func number(_ text: String) -> WideFloat? {
        Array(text.utf8).withBytes { WideFloat($0) }
    }

    private func text(_ number: WideFloat) -> String { number.withText { $0.string } }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("1", "1"), ("1.50", "1.5"), ("3.0e3", "3000"),
        ("1e17", "100000000000000000"),
        ("5.0e-3", "0.005"), ("-2.25", "-2.25"), ("0x10", "16"), ("123456789.125", "123456789.125"),
    ])
    func `texts are parsed and printed as in Redis`(input: String, output: String) {
        #expect(number(input).map(text) == output)
    }

    @Test(arguments: ["", " 1", "1 ", "abc", "nan", "1e5000", "1,5", "--1"])
    func `text that is not a number is rejected`(input: String) {
        let isNumber = number(input) != nil
        #expect(!isNumber)
    }

    @Test func `the greatest number prints in full and reads back`() throws {
        let greatest = text(.greatestFinite)
        #expect(greatest.count == 4933)
        let again = try #require(number(greatest))
        #expect(!(again < .greatestFinite) && !(WideFloat.greatestFinite < again))
        #expect(!(again + again).isFinite)
    }

    @Test func `sums and differences are computed`() throws {
        let tenth = try #require(number("0.1"))
        let fifth = try #require(number("0.2"))
        #expect(text(tenth + fifth) == "0.3")
        #expect(text(tenth - fifth) == "-0.1")
        #expect(tenth < fifth && !(fifth < tenth))
        let infinite = try #require(number("inf"))
        #expect(!infinite.isFinite)
    }
}
