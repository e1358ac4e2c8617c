public import Primitives

/// Writes replies in RESP2 or RESP3 into one buffer, large values by reference.
public struct ReplyWriter: ~Copyable {
    /// A large value in the reply that is sent by reference.
    public struct Reference {
        /// Its position, as the number of bytes of the buffer before it.
        public let position: Int
        /// The value, retained.
        public let block: SharedBlock
    }

    /// The bytes of the replies, without the values in `references`.
    public var buffer: ByteBuffer
    /// The values sent between the bytes, by position.
    ///
    /// The writer retains them.
    public internal(set) var references: [Reference] = []
    /// The protocol of the client.
    public var dialect = ReplyDialect.resp2
    /// The request of memcached's binary protocol that an error would be the reply to.
    public var binaryRequest: BinaryHeader?
    /// Whether the client speaks RESP3.
    @inlinable public var isRESP3: Bool {
        get { dialect == .resp3 }
        set { dialect = newValue ? .resp3 : .resp2 }
    }

    /// Values from this size on are sent by reference.
    public static let referenceBytesMin = 16 * 1024

    /// Creates a writer with room for `capacity` bytes.
    public init(capacity: Int = 16 * 1024) { buffer = ByteBuffer(capacity: capacity) }

    deinit {
        for reference in references { reference.block.release() }
    }

    /// The total size of all replies, including values by reference.
    public var byteCount: Int {
        references.reduce(buffer.count) { $0 + $1.block.count }
    }

    /// Removes everything from byte `position` of the buffer on.
    public mutating func truncate(to position: Int) {
        while let last = references.last, last.position >= position, last.position > 0 {
            last.block.release()
            references.removeLast()
        }
        buffer.truncate(to: position)
    }

    /// Removes everything; keeps at most `keep` bytes of memory.
    public mutating func removeAll(keep: Int) {
        for reference in references { reference.block.release() }
        references.removeAll(keepingCapacity: references.capacity <= 64)
        buffer.removeAll(keep: keep)
    }

    /// A copy of everything from byte `position` of the buffer on, values by reference in place.
    public func bytes(from position: Int) -> [UInt8] {
        var copy: [UInt8] = []
        var done = position
        for reference in references where reference.position > position {
            copy.append(buffer.bytes[done..<reference.position])
            copy.append(reference.block.bytes)
            done = reference.position
        }
        copy.append(buffer.bytes.dropFirst(done))
        return copy
    }

    /// Hands the references over to a caller that releases them.
    public mutating func takeReferences() -> [Reference] {
        defer { references = [] }
        return references
    }

    // MARK: Replies

    /// Writes `+text`.
    @inlinable
    public mutating func simple(_ text: StaticString) { simple(Bytes(text)) }

    /// Writes `+text`; the text must not contain line ends.
    @inlinable
    public mutating func simple(_ text: Bytes) { line(UInt8(ascii: "+"), text) }

    /// Writes `+` and the two texts, without a gap.
    public mutating func simple(_ text: Bytes, then rest: Bytes) {
        buffer.append(UInt8(ascii: "+"))
        buffer.append(text)
        buffer.append(rest)
        buffer.append("\r\n")
    }

    /// Writes `+OK`.
    @inlinable
    public mutating func ok() { buffer.append("+OK\r\n") }

    /// Writes `-text`, which starts with the code; line ends become spaces.
    public mutating func error(_ text: Bytes) {
        buffer.append(UInt8(ascii: "-"))
        for index in 0..<text.count {
            let byte = text[index]
            buffer.append(
                byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte
            )
        }
        buffer.append("\r\n")
    }

    /// Writes `-text`.
    public mutating func error(_ text: StaticString) { error(Bytes(text)) }

    /// Writes `:value`.
    @inlinable
    public mutating func integer(_ value: Int64) { number(UInt8(ascii: ":"), value) }

    /// Writes `:value`.
    @inlinable
    public mutating func integer(_ value: Int) { number(UInt8(ascii: ":"), Int64(value)) }

    /// Writes a bulk string.
    @inlinable
    public mutating func bulk(_ bytes: Bytes) {
        let count = bytes.count
        guard count < BulkHead.countMax else { return bulkLong(bytes) }
        let head = BulkHead(count)
        // SAFETY: room for the head, stored as a word, the bytes and a line end.
        let target = unsafe UnsafeMutableRawPointer(buffer.room(count &+ 10))
        unsafe target.storeBytes(of: head.word, as: UInt64.self)
        unsafe bytes.copyInline(to: target + head.count)
        unsafe target.storeBytes(
            of: BulkHead.lineEnd,
            toByteOffset: head.count &+ count,
            as: UInt16.self
        )
        buffer.commit(head.count &+ count &+ 2)
    }

    /// Writes each of the strings of `width` bytes that make up `run` as a bulk string.
    ///
    /// Precondition: `run` consists of whole strings, and `width` is positive.
    public mutating func bulks(_ run: Bytes, width: Int) {
        precondition(width > 0 && run.count % width == 0, "the run consists of whole strings")
        guard width < BulkHead.countMax else {
            for start in stride(from: 0, to: run.count, by: width) {
                bulkLong(run[start..<start &+ width])
            }
            return
        }
        let head = BulkHead(width)
        let step = head.count &+ width &+ 2
        let total = run.count / width &* step
        // SAFETY: room for all strings; each header is stored as a word of 8 bytes, the last of
        // which are overwritten by what follows, with room to spare at the end.
        var target = unsafe UnsafeMutableRawPointer(buffer.room(total &+ 8))
        var start = 0
        while start < run.count {
            unsafe target.storeBytes(of: head.word, as: UInt64.self)
            let bytes = unsafe Bytes(base: run.base + start, count: width)
            unsafe bytes.copyInline(to: target + head.count)
            unsafe target.storeBytes(
                of: BulkHead.lineEnd,
                toByteOffset: step &- 2,
                as: UInt16.self
            )
            unsafe target += step
            start &+= width
        }
        buffer.commit(total)
    }

    /// Writes a bulk string with a length of three digits or more.
    @inline(never)
    @usableFromInline
    mutating func bulkLong(_ bytes: Bytes) {
        number(UInt8(ascii: "$"), Int64(bytes.count))
        // SAFETY: room for exactly what is written.
        let target = unsafe buffer.room(bytes.count &+ 2)
        unsafe bytes.copy(to: target)
        unsafe target[bytes.count] = UInt8(ascii: "\r")
        unsafe target[bytes.count &+ 1] = UInt8(ascii: "\n")
        buffer.commit(bytes.count &+ 2)
    }

    /// Writes the bytes of a literal as a bulk string.
    @inlinable
    public mutating func bulk(_ text: StaticString) { bulk(Bytes(text)) }

    /// Writes the decimal text of an integer as a bulk string.
    public mutating func bulk(decimal value: Int64) {
        // SAFETY: room for a header of five bytes, the longest number and a line end.
        let target = unsafe buffer.room(DecimalText.byteCountMax + 8)
        // Where most numbers' text belongs: after a header with a single digit.
        let text = unsafe target + BulkHead(0).count
        let count = unsafe DecimalText.write(value, to: text)
        let head = BulkHead(count)
        if head.count > BulkHead(0).count { unsafe (text + 1).update(from: text, count: count) }
        for index in 0..<head.count {
            unsafe target[index] = UInt8(truncatingIfNeeded: head.word >> UInt64(index * 8))
        }
        unsafe target[head.count + count] = UInt8(ascii: "\r")
        unsafe target[head.count + count + 1] = UInt8(ascii: "\n")
        buffer.commit(head.count + count + 2)
    }

    /// Writes a bulk string of 16 hexadecimal digits.
    public mutating func bulk(hexadecimal value: UInt64) {
        bulk(count: 16) { room in
            for place in 0..<16 {
                let digit = UInt8(value >> UInt64(60 - place * 4) & 15)
                room.store(digit < 10 ? digit + 0x30 : digit + 0x57, place)
            }
        }
    }

    /// Writes a bulk string of `count` bytes, which `body` fills in.
    public mutating func bulk(count: Int, _ body: (Cell) -> Void) {
        number(UInt8(ascii: "$"), Int64(count))
        // SAFETY: room for exactly what is written.
        body(unsafe Cell(buffer.room(count + 2)))
        buffer.commit(count)
        buffer.append("\r\n")
    }

    /// Writes a number, given as text, that no double represents exactly: `,1.5`; a bulk string in
    /// RESP2.
    public mutating func number(_ text: Bytes) {
        if isRESP3 { line(UInt8(ascii: ","), text) } else { bulk(text) }
    }

    /// Writes two numbers with a dash in between, such as a stream id, as a bulk string.
    public mutating func bulk(decimal first: UInt64, dash second: UInt64) {
        // SAFETY: room for `$`, two digits, a line end, both numbers, the dash and a line end.
        let target = unsafe buffer.room(DecimalText.byteCountMax * 2 + 8)
        let start = unsafe target + 5
        var count = unsafe DecimalText.write(unsigned: first, to: start)
        unsafe start[count] = UInt8(ascii: "-")
        count += unsafe 1 + DecimalText.write(unsigned: second, to: start + count + 1)
        unsafe start[count] = UInt8(ascii: "\r")
        unsafe start[count + 1] = UInt8(ascii: "\n")
        var head = 0
        if count < 10 {
            // The length has only one digit: move everything forward by one byte.
            unsafe (target + 4).update(from: start, count: count + 2)
            head = 4
        } else {
            head = 5
            unsafe target[1] = UInt8(truncatingIfNeeded: count / 10) + 0x30
        }
        unsafe target[0] = UInt8(ascii: "$")
        unsafe target[head - 3] = UInt8(truncatingIfNeeded: count % 10) + 0x30
        unsafe target[head - 2] = UInt8(ascii: "\r")
        unsafe target[head - 1] = UInt8(ascii: "\n")
        buffer.commit(head + count + 2)
    }

    /// Writes a string as a bulk string, for the control plane.
    public mutating func bulk(string: String) {
        number(UInt8(ascii: "$"), Int64(string.utf8.count))
        buffer.append(string: string)
        buffer.append("\r\n")
    }

    /// Writes a large value as a bulk string by reference, retaining it.
    public mutating func bulk(_ block: SharedBlock) {
        guard block.count >= ReplyWriter.referenceBytesMin else { return bulk(block.bytes) }
        number(UInt8(ascii: "$"), Int64(block.count))
        block.retain()
        references.append(Reference(position: buffer.count, block: block))
        buffer.append("\r\n")
    }

    /// Writes null: `$-1` or `_`.
    @inlinable
    public mutating func null() {
        if isRESP3 { buffer.append("_\r\n") } else { buffer.append("$-1\r\n") }
    }

    /// Writes a null array: `*-1` or `_`.
    @inlinable
    public mutating func nullArray() {
        if isRESP3 { buffer.append("_\r\n") } else { buffer.append("*-1\r\n") }
    }

    /// Writes the header of an array of `count` replies.
    @inlinable
    public mutating func array(_ count: Int) { number(UInt8(ascii: "*"), Int64(count)) }

    /// Writes the header of a map of `count` pairs; in RESP2, of an array of twice as many.
    @inlinable
    public mutating func map(_ count: Int) {
        if isRESP3 {
            number(UInt8(ascii: "%"), Int64(count))
        } else {
            number(UInt8(ascii: "*"), Int64(count &* 2))
        }
    }

    /// Writes the header of a set of `count` replies; an array in RESP2.
    @inlinable
    public mutating func set(_ count: Int) {
        number(isRESP3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), Int64(count))
    }

    /// Writes the header of a push of `count` replies; an array in RESP2.
    public mutating func push(_ count: Int) {
        number(isRESP3 ? UInt8(ascii: ">") : UInt8(ascii: "*"), Int64(count))
    }

    /// Writes a floating-point number: `,1.5`; a bulk string in RESP2.
    public mutating func double(_ value: Double) {
        if isRESP3 {
            buffer.append(UInt8(ascii: ","))
            // SAFETY: room for the longest form.
            buffer.commit(unsafe FloatText.write(value, to: buffer.room(FloatText.byteCountMax)))
            buffer.append("\r\n")
        } else {
            // SAFETY: the scratch has room for the longest form.
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.byteCountMax) {
                guard let base = $0.baseAddress else { return }
                let count = unsafe FloatText.write(value, to: base)
                unsafe bulk(Bytes(base: base, count: count))
            }
        }
    }

    /// Writes a boolean: `#t`; `:1` in RESP2.
    public mutating func boolean(_ value: Bool) {
        if isRESP3 {
            buffer.append(value ? "#t\r\n" : "#f\r\n")
        } else {
            integer(value ? 1 : 0)
        }
    }

    /// Writes human-readable text with its three-letter format; a bulk string in RESP2.
    public mutating func verbatim(_ format: StaticString, _ text: Bytes) {
        guard isRESP3 else { return bulk(text) }
        number(UInt8(ascii: "="), Int64(text.count + 4))
        buffer.append(format)
        buffer.append(UInt8(ascii: ":"))
        buffer.append(text)
        buffer.append("\r\n")
    }

    /// Writes an array of simple strings, as in replies to HELP.
    public mutating func lines(_ lines: [StaticString]) {
        array(lines.count)
        for line in lines { simple(line) }
    }

    // MARK: Headers inserted later

    /// A position where a header will be inserted.
    public struct Mark {
        let position: Int
        let referenceCount: Int
    }

    /// Marks the position of a header whose count is not known yet.
    public func mark() -> Mark {
        Mark(position: buffer.count, referenceCount: references.count)
    }

    /// Inserts the header of an array of `count` replies at `mark`.
    ///
    /// Complexity: O(bytes since `mark`).
    public mutating func array(_ count: Int, at mark: Mark) {
        insertHead(UInt8(ascii: "*"), count, mark)
    }

    /// Inserts the header of a set of `count` replies at `mark`.
    public mutating func set(_ count: Int, at mark: Mark) {
        insertHead(isRESP3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), count, mark)
    }

    /// Inserts the header of a map of `count` pairs at `mark`.
    public mutating func map(_ count: Int, at mark: Mark) {
        insertHead(
            isRESP3 ? UInt8(ascii: "%") : UInt8(ascii: "*"),
            isRESP3 ? count : count * 2,
            mark
        )
    }

    /// Inserts the head of a reply to a scan, with `count` names, at `mark`.
    ///
    /// It consists of the header of an array of two, the next cursor, and the header for the names.
    public mutating func scanHead(_ cursor: UInt64, _ count: Int, at mark: Mark) {
        let bodyCount = buffer.count - mark.position
        number(UInt8(ascii: "*"), 2)
        let digits = String(cursor)
        bulk(string: digits)
        number(UInt8(ascii: "*"), Int64(count))
        insertTail(bodyCount, mark)
    }

    private mutating func insertHead(_ type: UInt8, _ count: Int, _ mark: Mark) {
        let bodyCount = buffer.count - mark.position
        number(type, Int64(count))
        insertTail(bodyCount, mark)
    }

    /// Moves what was written after the `bodyCount` bytes from `mark` on to before them.
    ///
    /// Adjusts the positions of values in between.
    private mutating func insertTail(_ bodyCount: Int, _ mark: Mark) {
        buffer.rotateTail(from: mark.position, bodyCount: bodyCount)
        let headCount = buffer.count - mark.position - bodyCount
        for index in mark.referenceCount..<references.count {
            let old = references[index]
            references[index] = Reference(position: old.position + headCount, block: old.block)
        }
    }

    // MARK: Parts

    /// Appends bytes that are already a valid reply.
    public mutating func raw(_ bytes: Bytes) { buffer.append(bytes) }

    @inlinable
    @inline(__always)
    mutating func number(_ type: UInt8, _ value: Int64) {
        // SAFETY: room for type, digits and line end.
        let target = unsafe buffer.room(DecimalText.byteCountMax &+ 3)
        unsafe target[0] = type
        var count = 2
        if value >= 0, value < 10 {
            unsafe target[1] = UInt8(truncatingIfNeeded: value) &+ 0x30
        } else {
            count = unsafe 1 &+ DecimalText.write(value, to: target + 1)
        }
        unsafe target[count] = UInt8(ascii: "\r")
        unsafe target[count &+ 1] = UInt8(ascii: "\n")
        buffer.commit(count &+ 2)
    }

    @usableFromInline
    mutating func line(_ type: UInt8, _ text: Bytes) {
        buffer.append(type)
        buffer.append(text)
        buffer.append("\r\n")
    }
}

/// The header of a bulk string of up to 99 bytes in one word, its first byte in the lowest.
@usableFromInline
struct BulkHead {
    @usableFromInline static let countMax = 100
    @usableFromInline static let lineEnd: UInt16 = 0x0A0D

    /// `$1\r\n` or `$12\r\n`.
    @usableFromInline let word: UInt64
    /// The size of the header in bytes.
    @usableFromInline let count: Int

    @inlinable
    @inline(__always)
    init(_ byteCount: Int) {
        assert(byteCount >= 0 && byteCount < BulkHead.countMax, "two digits")
        let number = UInt64(truncatingIfNeeded: byteCount)
        if number < 10 {
            word = 0x0A0D_3024 | number << 8
            count = 4
        } else {
            let tens = number / 10
            word = 0x0A_0D30_3024 | tens << 8 | (number &- tens &* 10) << 16
            count = 5
        }
    }
}

extension ReplyWriter {
    /// Writes the error after which the connection is closed.
    public mutating func error(_ failure: ProtocolFailure) {
        let text: StaticString =
            switch failure {
            case .bigInlineRequest: "too big inline request"
            case .unbalancedQuotes: "unbalanced quotes in request"
            case .bigCountLine: "too big mbulk count string"
            case .badCount: "invalid multibulk length"
            case .unauthenticatedCount: "unauthenticated multibulk length"
            case .bigLengthLine: "too big bulk count string"
            case .badLength: "invalid bulk length"
            case .unauthenticatedLength: "unauthenticated bulk length"
            case .expectedLength: "expected '$', got '"
            }
        buffer.append("-ERR Protocol error: ")
        buffer.append(text)
        if case .expectedLength(let byte) = failure {
            // A line end in the word must not end the error line.
            let endsLine = byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
            buffer.append(endsLine ? UInt8(ascii: " ") : byte)
            buffer.append("'")
        }
        buffer.append("\r\n")
    }
}
