/// The bytes of a request, and the positions of random numbers in it.
///
/// ```text
/// *2 ␍␊ $3 ␍␊ GET ␍␊ $16 ␍␊ key:__rand_int__ ␍␊
///                              ↑ a site: 12 bytes, replaced by 12 digits before each send
/// ```
struct RequestTemplate: Equatable {
    /// The placeholder for a random number in an argument.
    static let placeholder = Array("__rand_int__".utf8)
    /// The placeholder for the payload of `-d` bytes.
    static let dataPlaceholder = Array("__data__".utf8)

    let bytes: [UInt8]
    /// Offsets of the placeholders.
    let sites: [Int]
    /// Whether all but the last of several requests of a memcached protocol in it are quiet.
    private(set) var isBatched = false

    /// The request as it stands.
    init(raw bytes: [UInt8], isBatched: Bool = false) {
        self.bytes = bytes
        self.isBatched = isBatched
        sites = Self.offsets(of: Self.placeholder, in: bytes)
    }

    /// The request as an array of bulk strings.
    init(_ arguments: [[UInt8]], data: [UInt8] = []) {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments {
            let word = Self.replacing(Self.dataPlaceholder, in: argument, with: data)
            bytes +=
                Array("$\(word.count)\r\n".utf8) + word + [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
        self.bytes = bytes
        sites = Self.offsets(of: Self.placeholder, in: bytes)
    }

    /// The request as one line, as a person would type it.
    init(inline line: String) {
        bytes = Array((line + "\r\n").utf8)
        sites = []
    }

    /// A payload of `count` bytes, the same in every run, in readable letters.
    static func payload(_ count: Int) -> [UInt8] {
        var state: UInt32 = 1
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(ascii: "a") + UInt8((state >> 16) % 26)
        }
    }

    private static func offsets(of pattern: [UInt8], in bytes: [UInt8]) -> [Int] {
        var found: [Int] = []
        var index = 0
        while index + pattern.count <= bytes.count {
            if bytes[index..<index + pattern.count].elementsEqual(pattern) {
                found.append(index)
                index += pattern.count
            } else {
                index += 1
            }
        }
        return found
    }

    private static func replacing(
        _ pattern: [UInt8],
        in bytes: [UInt8],
        with replacement: [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        for offset in offsets(of: pattern, in: bytes) {
            result += bytes[start..<offset] + replacement
            start = offset + pattern.count
        }
        return result + bytes[start...]
    }
}
