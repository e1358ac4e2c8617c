internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// The flags of a request of the meta protocol: a letter each, some with a token behind it.
struct MetaFlags {
    /// All of them, as they came: replies return some in the same order.
    private let text: Bytes
    /// Why they are no flags.
    private(set) var failure: Failure?
    private(set) var isQuiet = false
    private(set) var isBinaryKey = false
    private(set) var wantsValue = false
    private(set) var wantsVersion = false
    private(set) var leavesNoTrace = false
    private(set) var invalidates = false
    private(set) var dropsValue = false
    /// `M`: what to do with the item.
    private(set) var mode: UInt8?
    /// `C`: the version that the item must have.
    private(set) var expectedVersion: UInt64?
    /// `E`: the version that the item gets.
    private(set) var newVersion: UInt64?
    /// `F`, `J`, `D`.
    private(set) var clientFlags: UInt32 = 0
    private(set) var initial: UInt64 = 0
    private(set) var delta: UInt64 = 1
    /// `T`, `N`, `R`: seconds as in an `exptime`.
    private(set) var time: Int64?
    private(set) var vivifyTime: Int64?
    private(set) var recacheTime: Int64?

    /// What is wrong with flags, in memcached's words.
    enum Failure {
        case duplicate, invalid, token, flags, opaque, modeLength, initial, delta

        var text: StaticString {
            switch self {
            case .duplicate: "CLIENT_ERROR duplicate flag"
            case .invalid: "CLIENT_ERROR invalid flag"
            case .token: "CLIENT_ERROR bad token in command line format"
            case .flags: "CLIENT_ERROR bad command line format"
            case .opaque: "CLIENT_ERROR opaque token too long"
            case .modeLength: "CLIENT_ERROR incorrect length for M token"
            case .initial: "CLIENT_ERROR invalid numeric initial value"
            case .delta: "CLIENT_ERROR invalid numeric delta value"
            }
        }
    }

    /// The longest flag `O`, with its letter.
    private static let opaqueMax = 32

    init(_ text: Bytes) {
        self.text = text
        var seen: (low: UInt64, high: UInt64) = (0, 0)
        var tokens = Tokens(text)
        while failure == nil, let token = tokens.next() {
            let letter = token[0]
            let bit: UInt64 = 1 << UInt64(letter & 63)
            let isSeen = (letter < 64 ? seen.low : seen.high) & bit != 0
            guard letter < 127, !isSeen else {
                failure = .duplicate
                return
            }
            if letter < 64 { seen.low |= bit } else { seen.high |= bit }
            take(letter, token.dropFirst(1))
        }
    }

    private mutating func take(_ letter: UInt8, _ token: Bytes) {
        switch letter {
        case UInt8(ascii: "b"): isBinaryKey = true
        case UInt8(ascii: "c"): wantsVersion = true
        case UInt8(ascii: "q"): isQuiet = true
        case UInt8(ascii: "u"): leavesNoTrace = true
        case UInt8(ascii: "v"): wantsValue = true
        case UInt8(ascii: "x"): dropsValue = true
        case UInt8(ascii: "I"): invalidates = true
        case UInt8(ascii: "f"), UInt8(ascii: "h"), UInt8(ascii: "k"), UInt8(ascii: "l"),
            UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "L"), UInt8(ascii: "P"):
            break
        case UInt8(ascii: "O"):
            if token.count >= MetaFlags.opaqueMax { failure = .opaque }
        case UInt8(ascii: "M"):
            mode = token.count == 1 ? token[0] : nil
            if token.count != 1 { failure = .modeLength }
        case UInt8(ascii: "T"): time = seconds(token)
        case UInt8(ascii: "N"): vivifyTime = seconds(token)
        case UInt8(ascii: "R"): recacheTime = seconds(token)
        case UInt8(ascii: "C"): expectedVersion = number(token, or: .token)
        case UInt8(ascii: "E"): newVersion = number(token, or: .token)
        case UInt8(ascii: "J"): initial = number(token, or: .initial) ?? 0
        case UInt8(ascii: "D"): delta = number(token, or: .delta) ?? 0
        case UInt8(ascii: "F"):
            clientFlags = UInt32(truncatingIfNeeded: number(token, or: .flags) ?? 0)
        default: failure = .invalid
        }
    }

    private mutating func number(_ token: Bytes, or failure: Failure) -> UInt64? {
        let number = MemcachedNumber.unsigned(token)
        if number == nil { self.failure = failure }
        return number
    }

    private mutating func seconds(_ token: Bytes) -> Int64? {
        let number = MemcachedNumber.signed(token)
        if number == nil { failure = .token }
        return number
    }

    // MARK: Replies

    /// What a reply tells of an item.
    struct Facts {
        var byteCount = 0
        var flags: UInt32 = 0
        var cas: UInt64 = 0
        /// Seconds; nil for an item that stays.
        var secondsLeft: Int64?
        var idleSeconds: Int64 = 0
        var wasFetched = false
    }

    /// Writes the flags that a reply returns, in the order of the request; of the item's those
    /// about which `facts` are given.
    func reply(_ key: Bytes, _ facts: Facts?, _ reply: inout ReplyWriter) {
        var tokens = Tokens(text)
        while let token = tokens.next() {
            let letter = token[0]
            switch letter {
            case UInt8(ascii: "O"):
                reply.raw(Bytes(" "))
                reply.raw(token)
            case UInt8(ascii: "k"):
                reply.raw(Bytes(" k"))
                if isBinaryKey {
                    Base64.append(key, to: &reply.buffer)
                    reply.raw(Bytes(" b"))
                } else {
                    reply.raw(key)
                }
            default:
                if let facts { self.reply(letter, facts, &reply) }
            }
        }
    }

    private func reply(_ letter: UInt8, _ facts: Facts, _ reply: inout ReplyWriter) {
        let number: Int64
        switch letter {
        case UInt8(ascii: "s"): number = Int64(facts.byteCount)
        case UInt8(ascii: "f"): number = Int64(facts.flags)
        case UInt8(ascii: "t"): number = facts.secondsLeft ?? -1
        case UInt8(ascii: "l"): number = facts.idleSeconds
        case UInt8(ascii: "h"): number = facts.wasFetched ? 1 : 0
        case UInt8(ascii: "c"):
            reply.raw(Bytes(" c"))
            return reply.buffer.append(unsigned: facts.cas)
        default: return
        }
        reply.raw(Bytes(" "))
        reply.buffer.append(letter)
        reply.buffer.append(decimal: number)
    }

    /// The flags, one after another.
    private struct Tokens {
        private let text: Bytes
        private var position = 0

        init(_ text: Bytes) { self.text = text }

        mutating func next() -> Bytes? {
            while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
            guard position < text.count else { return nil }
            let start = position
            while position < text.count, text[position] != UInt8(ascii: " ") { position += 1 }
            return text[start..<position]
        }
    }
}
