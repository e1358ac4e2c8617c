internal import CSupport

/// Converts floating-point numbers to and from text, in Redis' formats.
public enum FloatText {
    /// The maximum number of bytes that `write` produces.
    public static let byteCountMax = 32
    /// The maximum number of bytes that `writeSum` produces.
    public static let sumByteCountMax = 5200

    /// Why two texts cannot be added.
    public enum SumFailure: Error {
        case leftNotNumber, rightNotNumber, notFinite
    }

    /// The number in `text` (decimal, hexadecimal, `inf`), or nil; never NaN.
    public static func number(_ text: Bytes) -> Double? {
        var value = 0.0
        // SAFETY: reads `count` bytes.
        let valid = unsafe text.base.withMemoryRebound(to: CChar.self, capacity: text.count) {
            unsafe apus_parse_double($0, text.count, &value)
        }
        return valid ? value : nil
    }

    /// As `number`, but numbers too large become infinite, and numbers too small become zero.
    public static func numberInAnyRange(_ text: Bytes) -> Double? {
        var value = 0.0
        // SAFETY: reads `count` bytes.
        let valid = unsafe text.base.withMemoryRebound(to: CChar.self, capacity: text.count) {
            unsafe apus_parse_double_in_any_range($0, text.count, &value)
        }
        return valid ? value : nil
    }

    /// Writes `value` in the format that Redis uses since 7.2.
    ///
    /// That is `inf`, `-inf`, `nan`, integers up to 2⁶² with all their digits, and otherwise the
    /// fewest digits that read back as the same number. `target` has room for `byteCountMax`.
    /// Returns the byte count.
    @discardableResult
    public static func write(_ value: Double, to target: UnsafeMutablePointer<UInt8>) -> Int {
        // SAFETY: the caller's room fits every form.
        if value.isInfinite { return unsafe write(value < 0 ? "-inf" : "inf", to: target) }
        if value.isNaN { return unsafe write("nan", to: target) }
        if value == 0 { return unsafe write(value.sign == .minus ? "-0" : "0", to: target) }
        if abs(value) <= 0x1p62, value == value.rounded(.towardZero) {
            return unsafe DecimalText.write(Int64(value), to: target)
        }
        return unsafe ShortestDouble(value).write(to: target)
    }

    /// Writes the sum of two decimal texts in long double precision, as INCRBYFLOAT prints it.
    ///
    /// `target` has room for `sumByteCountMax`. Returns the byte count.
    public static func writeSum(
        _ left: Bytes,
        _ right: Bytes,
        to target: UnsafeMutablePointer<UInt8>
    ) throws(SumFailure) -> Int {
        // SAFETY: the shim reads the two runs and writes at most the given capacity.
        let count = unsafe left.base.withMemoryRebound(to: CChar.self, capacity: left.count) { a in
            unsafe right.base.withMemoryRebound(to: CChar.self, capacity: right.count) { b in
                unsafe target.withMemoryRebound(to: CChar.self, capacity: sumByteCountMax) {
                    unsafe apus_long_double_sum(a, left.count, b, right.count, $0, sumByteCountMax)
                }
            }
        }
        switch count {
        case -1: throw .leftNotNumber
        case -2: throw .rightNotNumber
        case ..<0: throw .notFinite
        default: return Int(count)
        }
    }

    private static func write(
        _ literal: StaticString,
        to target: UnsafeMutablePointer<UInt8>
    ) -> Int {
        // SAFETY: the caller's room fits longer texts.
        unsafe Bytes(literal).copy(to: target)
        return literal.utf8CodeUnitCount
    }
}

extension ByteBuffer {
    /// Appends `value` with 17 digits, which identify every double, as `%.17g` does.
    public mutating func append(allDigitsOf value: Double) {
        // SAFETY: there is room for what is written; its length is returned.
        let count = unsafe room(FloatText.byteCountMax).withMemoryRebound(
            to: CChar.self,
            capacity: FloatText.byteCountMax
        ) {
            unsafe apus_format_double17(value, $0, FloatText.byteCountMax)
        }
        commit(Int(count))
    }

    /// Appends an integer of more than 63 bits, with `digits` zeros as decimals.
    mutating func append(large value: Double, digits: Int) {
        let byteCountMax = 330
        // SAFETY: room for 309 digits, a sign, a point and the maximum number of decimals.
        let count = unsafe room(byteCountMax).withMemoryRebound(
            to: CChar.self,
            capacity: byteCountMax
        ) {
            unsafe apus_format_fixed(value, Int32(digits), $0, byteCountMax)
        }
        commit(Int(count))
    }

    /// Appends the sum of two decimal texts in long double precision, as INCRBYFLOAT prints it.
    public mutating func append(
        sumOf left: Bytes,
        _ right: Bytes
    ) throws(FloatText.SumFailure) {
        // SAFETY: room for the longest sum.
        commit(try unsafe FloatText.writeSum(left, right, to: room(FloatText.sumByteCountMax)))
    }
}

/// The shortest digits of a finite double that is neither zero nor a small integer.
///
/// ```text
/// 123450000.0   an integer, unless more than seven zeros would follow: 1.2345e+20
/// 0.00012345    a fraction, unless its last decimal is the seventh or later and its first digit is
///               far from the point: 1.2345e-7, 1.23456789012345e+8
/// ```
/// Source: the format of the fpconv library, with which Redis prints scores since 7.2.
private struct ShortestDouble {
    private var digits: (UInt64, UInt8) = (0, 0)
    private let negative: Bool
    /// The decimal exponent of the first digit.
    private var exponent = 0

    init(_ value: Double) {
        negative = value < 0
        // Swift prints the shortest digits that read back as the same number; only the format
        // differs.
        var mantissa: UInt64 = 0
        var count: UInt8 = 0
        var pointAt: Int?
        var shift = 0
        var leading = true
        var utf8 = abs(value).description.utf8.makeIterator()
        while let byte = utf8.next() {
            if byte == UInt8(ascii: ".") {
                pointAt = Int(count)
                continue
            }
            if byte == UInt8(ascii: "e") {
                var text: [UInt8] = []
                while let digit = utf8.next() {
                    if digit != UInt8(ascii: "+") { text.append(digit) }
                }
                shift = Int(text.withBytes { DecimalText.integerLenient($0) })
                break
            }
            if leading, byte == UInt8(ascii: "0") {
                if pointAt != nil { shift -= 1 }
                continue
            }
            leading = false
            mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
            count += 1
        }
        let wholeDigits = pointAt ?? Int(count)
        exponent = wholeDigits - 1 + shift
        while count > 1, mantissa % 10 == 0 {
            mantissa /= 10
            count -= 1
        }
        digits = (mantissa, count)
    }

    func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
        var text: [UInt8] = []
        text.reserveCapacity(FloatText.byteCountMax)
        if negative { text.append(UInt8(ascii: "-")) }
        let body = String(digits.0).utf8
        let count = Int(digits.1)
        // The power of ten of the last digit.
        let lowest = exponent - count + 1
        let isWhole = lowest >= 0 && abs(exponent) < count + 7
        let isFraction = lowest < 0 && (lowest > -7 || abs(exponent) < 4)
        if isWhole {
            text.append(contentsOf: body)
            text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: lowest))
        } else if !isFraction {
            appendScientific(body, to: &text)
        } else if exponent < 0 {
            text.append(contentsOf: "0.".utf8)
            text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -exponent - 1))
            text.append(contentsOf: body)
        } else {
            for (index, digit) in body.enumerated() {
                if index == exponent + 1 { text.append(UInt8(ascii: ".")) }
                text.append(digit)
            }
        }
        // SAFETY: the longest form has 25 bytes.
        text.withBytes { unsafe $0.copy(to: target) }
        return text.count
    }

    private func appendScientific(_ body: String.UTF8View, to text: inout [UInt8]) {
        for (index, digit) in body.enumerated() {
            if index == 1 { text.append(UInt8(ascii: ".")) }
            text.append(digit)
        }
        text.append(UInt8(ascii: "e"))
        text.append(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        text.append(contentsOf: String(abs(exponent)).utf8)
    }
}

extension DecimalText {
    /// The number in `text`, with leading zeros allowed; zero if it is not a number.
    static func integerLenient(_ text: Bytes) -> Int64 {
        var value: Int64 = 0
        var negative = false
        for index in 0..<text.count {
            if index == 0, text[0] == UInt8(ascii: "-") {
                negative = true
                continue
            }
            value = value &* 10 &+ Int64(text[index] &- UInt8(ascii: "0"))
        }
        return negative ? -value : value
    }
}
