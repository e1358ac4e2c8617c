/// The requests of one pipeline in sequence, ready to be sent, with numbers patched in place.
///
/// One batch serves all connections of a thread: sending copies it into the socket, so that it
/// stays in the L1 cache however many connections there are.
struct RequestBatch {
    /// The bytes of as many requests as the pipeline is deep.
    private(set) var bytes: [UInt8]
    /// The bytes of one request.
    let requestByteCount: Int

    private let siteOffsets: [Int]
    private let digitCount: Int
    private var keys: KeySource?

    /// - Parameters:
    ///   - keyspace: The limit for random numbers; nil sends the placeholders unchanged.
    ///   - seed: The seed for random numbers.
    init(
        _ template: RequestTemplate,
        depth: Int,
        keyspace: Int?,
        zipfExponent: Double?,
        seed: UInt64
    ) {
        precondition(depth > 0, "a batch holds a request")
        var request = template.bytes
        if let keyspace {
            keys = KeySource(count: keyspace, zipfExponent: zipfExponent, seed: seed)
            siteOffsets = template.sites
            digitCount = String(keyspace - 1).utf8.count
            precondition(digitCount <= RequestTemplate.placeholder.count, "keyspace too large")
            for site in siteOffsets {
                for index in site..<site + RequestTemplate.placeholder.count {
                    request[index] = UInt8(ascii: "0")
                }
            }
        } else {
            siteOffsets = []
            digitCount = 0
        }
        requestByteCount = request.count
        bytes = []
        bytes.reserveCapacity(request.count * depth)
        for _ in 0..<depth { bytes += request }
    }

    /// Draws new numbers for the first `count` requests.
    mutating func refresh(_ count: Int) {
        guard !siteOffsets.isEmpty, var source = keys else { return }
        let places = digitCount
        for request in 0..<count {
            let base = request * requestByteCount + RequestTemplate.placeholder.count
            for site in siteOffsets {
                let end = base + site
                Self.write(source.next(), in: &bytes, end - places..<end)
            }
        }
        keys = source
    }

    /// Writes the lowest digits of `number` over `places`.
    @inline(__always)  // because: a call per number costs as much as its digits.
    private static func write(_ number: UInt64, in bytes: inout [UInt8], _ places: Range<Int>) {
        var target = bytes.mutableSpan
        var rest = number
        var index = places.upperBound
        while index > places.lowerBound {
            index -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            target[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
    }
}
