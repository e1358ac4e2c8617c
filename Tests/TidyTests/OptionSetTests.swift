import Foundation
import Testing

/// Bits that are named by hand, in several branches at a time, must not collide.
@Suite("The bits of option sets")
struct OptionSetTests {
    /// The numbers of the bits that `lines` give to constants of each option set.
    static func bits(_ lines: [String]) -> [String: [String]] {
        var bits: [String: [String]] = [:]
        for line in lines {
            guard line.contains("static let "), let start = line.range(of: "(rawValue: 1 << "),
                let end = line[start.upperBound...].firstIndex(of: ")")
            else { continue }
            let type = line[..<start.lowerBound].split(separator: " ").last.map(String.init) ?? ""
            bits[type, default: []].append(String(line[start.upperBound..<end]))
        }
        return bits
    }

    @Test("No two constants of an option set share a bit")
    func distinct() {
        for file in SourceTree.sources {
            for (type, numbers) in OptionSetTests.bits(file.lines) {
                #expect(
                    Set(numbers).count == numbers.count,
                    "\(file.path): two constants of \(type) share a bit"
                )
            }
        }
    }

    @Test("Bits are found where they are given")
    func found() {
        let lines: [String] = [
            "    static let one = Some(rawValue: 1 << 3)", "    let two = Some(rawValue: 1 << 3)",
            "    public static let three = Some(rawValue: 1 << 4)",
        ]
        #expect(OptionSetTests.bits(lines) == ["Some": ["3", "4"]])
    }
}
