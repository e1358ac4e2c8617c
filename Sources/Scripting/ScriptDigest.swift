public import Primitives

/// The SHA-1 digest of a script's text, by which clients call it.
public struct ScriptDigest: Hashable, Sendable {
    /// The number of hexadecimal digits.
    public static let digitCount = 40

    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// The digest of a script.
    public init(of text: Bytes) {
        let words = SHA1(of: text).words
        high = UInt64(words[0]) << 32 | UInt64(words[1])
        middle = UInt64(words[2]) << 32 | UInt64(words[3])
        low = words[4]
    }

    /// Parses forty hexadecimal digits of either case.
    public init?(hexadecimal text: Bytes) {
        guard text.count == ScriptDigest.digitCount,
            let high = ScriptDigest.number(text[0..<16]),
            let middle = ScriptDigest.number(text[16..<32]),
            let low = ScriptDigest.number(text[32..<40])
        else { return nil }
        self.high = high
        self.middle = middle
        self.low = UInt32(low)
    }

    /// The digest as text, in lower case.
    public var text: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: ScriptDigest.digitCount) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            // SAFETY: the buffer holds all the digits.
            unsafe write(to: base)
            count = ScriptDigest.digitCount
        }
    }

    /// Writes the forty digits to `target`.
    func write(to target: UnsafeMutablePointer<UInt8>) {
        let digits = Bytes("0123456789abcdef")
        var place = 0
        // SAFETY: the caller provides forty bytes.
        for (word, count) in [(high, 16), (middle, 16), (UInt64(low), 8)] {
            for digit in (0..<count).reversed() {
                unsafe target[place] = digits[Int(word >> UInt64(4 * digit) & 15)]
                place += 1
            }
        }
    }

    private static func number(_ text: Bytes) -> UInt64? {
        var number: UInt64 = 0
        for index in 0..<text.count {
            let digit: UInt8
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = text[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
            number = number << 4 | UInt64(digit)
        }
        return number
    }
}
