internal import Primitives
public import Wire

/// Words of a blocked request whose meaning depends on the time, with the values that they had when
/// the request ran.
public struct ResolvedWords: Sendable {
    private var words: [(index: Int, range: Range<Int>)] = []
    private var text: [UInt8] = []

    /// No words.
    public init() {}

    /// Whether there are no such words.
    public var isEmpty: Bool { words.isEmpty }

    /// Adds the value of the word at `index`.
    mutating func append(_ index: Int, _ meaning: borrowing ByteBuffer) {
        let start = text.count
        text.append(meaning.bytes)
        words.append((index, start..<text.count))
    }

    /// Calls `body` with the words of a request, with resolved words replaced.
    public func withWords(_ arguments: Arguments, _ body: (Arguments) -> Void) {
        text.withBytes { text in
            var vector = ArgumentVector(capacity: arguments.count)
            for index in 0..<arguments.count {
                let word = words.first { $0.index == index }
                vector.append(word.map { text[$0.range] } ?? arguments[index])
            }
            body(vector.arguments(0, vector.count))
        }
    }
}

/// Blocking until a key has a value.
///
/// ```text
/// run ─▶ finds a value ─▶ replies
///    └─▶ finds none ─▶ .waits(.value) ─▶ a command changes a key ─▶ serve ─▶ reply
///                  └─▶ inside a transaction or script: replies null
/// ```
extension CommandContext {
    /// Blocks a command that found nothing until `deadline`.
    ///
    /// If the command must not wait, replies with a null array, as on timeout.
    mutating func waitForValue(until deadline: Int64) -> Outcome {
        if mayWait { return .waits(.value(until: deadline)) }
        reply.nullArray()
        return .done
    }

    /// The deadline of a timeout in seconds, with fractions; `Int64.max` for zero.
    func deadline(seconds word: Bytes) throws(CommandError) -> Int64 {
        guard let seconds = FloatText.numberInAnyRange(word) else { throw .timeoutNotFloat }
        let milliseconds = (seconds * 1000).rounded(.up)
        guard milliseconds < 0x1p63 else { throw .timeoutRange }
        guard milliseconds >= 0 else { throw .negativeTimeout }
        return try deadline(milliseconds: Int64(milliseconds))
    }

    /// The deadline of a timeout in milliseconds; `Int64.max` for zero.
    func deadline(milliseconds: Int64) throws(CommandError) -> Int64 {
        guard milliseconds >= 0 else { throw .negativeTimeout }
        guard milliseconds > 0 else { return .max }
        let (deadline, overflow) = date.addingReportingOverflow(milliseconds)
        guard !overflow else { throw .timeoutRange }
        return deadline
    }
}
