/// What a parser of memcached's protocols expects of the bytes to come.
struct BytesAhead {
    /// How many bytes of a rejected value are yet to be skipped.
    var skipped = 0
    /// The length of the value of an incomplete request whose head is complete; nil if there is
    /// none.
    private(set) var valueLength: Int?
    /// The number of bytes of that request before the value.
    private(set) var headByteCount = 0

    /// Records that a value is yet to arrive.
    mutating func expectValue(_ length: Int, behind headByteCount: Int) {
        valueLength = length
        self.headByteCount = headByteCount
    }

    /// Records that no value is expected, as the request is read anew or complete.
    @inline(__always)
    mutating func expectNothing() { valueLength = nil }

    /// Skips what is to be skipped of `buffer[position..<count]`.
    mutating func skip(_ count: Int, _ position: inout Int) {
        let part = min(skipped, count - position)
        skipped -= part
        position += part
    }
}
