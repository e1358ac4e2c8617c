internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Messages that producers may send more than once.
public enum StreamMessageCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("XCFGSET", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .stream, since: "8.6.0", complexity: "O(1), O(N) if N remembered messages are discarded", syntax: "@key [IDMP-DURATION idmp-duration:i] [IDMP-MAXSIZE idmp-maxsize:i]", summary: "Sets for how long, and how many of, the producers' messages a stream remembers.", configure),
        DataCommand("XIDMPRECORD", arity: 5, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .stream, since: "8.6.2", complexity: "O(log(N))", syntax: "@key pid iid stream-id", summary: "Records which message of a producer became an entry; used when replaying a log.", record),
    ]
}

extension StreamMessageCommands {
    /// `XCFGSET key [IDMP-DURATION seconds] [IDMP-MAXSIZE count]`: OK.
    static func configure(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        var duration: Int?
        var countMax: Int?
        var index = 2
        while index + 1 < arguments.count {
            if arguments[index].isWord("IDMP-DURATION"), duration == nil {
                duration = try arguments.integer(
                    index + 1,
                    in: 1...Int64(StreamMemory.durationMax),
                    or: .streamWords(.duration)
                )
            } else if arguments[index].isWord("IDMP-MAXSIZE"), countMax == nil {
                countMax = try arguments.integer(
                    index + 1,
                    in: 1...Int64(StreamMemory.countMaxMax),
                    or: .streamWords(.messageCount)
                )
            } else {
                throw .syntax
            }
            index += 2
        }
        guard index == arguments.count, index > 2 else { throw .syntax }
        guard let slot = try context.find(context.firstKey(arguments), .stream) else {
            throw .noSuchKey
        }
        StreamValue(slot).setMemory(duration: duration, countMax: countMax)
        context.changed(context.firstKey(arguments), .unnamed)
        context.reply.ok()
    }

    /// `XIDMPRECORD key pid iid stream-id`: OK.
    static func record(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (producer, name) = (arguments[2], arguments[3])
        guard producer.count > 0, name.count > 0 else {
            throw .streamWords(.messageNameEmpty)
        }
        let id = try StreamID(arguments[4])
        guard let slot = try context.find(context.firstKey(arguments), .stream) else {
            throw .noSuchKey
        }
        let stream = StreamValue(slot)
        guard stream.find(id) != nil else { throw .streamWords(.noEntry) }
        let known = stream.entry(ofMessage: name, of: producer, now: context.date, counts: false)
        if let known {
            guard known == id else {
                throw .streamWords(.messageKnown)
            }
        } else {
            stream.noteMessage(name, of: producer, id, now: context.date)
            context.changed(context.firstKey(arguments), .unnamed)
        }
        context.reply.ok()
    }
}

/// The name of a message added by XADD.
struct StreamMessage {
    private let arguments: Arguments
    private let options: StreamAddOptions

    init(_ arguments: Arguments, _ options: StreamAddOptions) {
        self.arguments = arguments
        self.options = options
    }

    /// Calls `body` with the name from the producer, or 16 bytes derived from fields and values.
    func withName<Result>(_ body: (Bytes) -> Result) -> Result {
        if let name = options.message { return body(name) }
        // The hash keys are fixed: a message has the same name in every process.
        let first = KeyHasher(secret0: 0x243F_6A88_85A3_08D3, secret1: 0x1319_8A2E_0370_7344)
        let second = KeyHasher(secret0: 0xA409_3822_299F_31D0, secret1: 0x082E_FA98_EC4E_6C89)
        var digests: (UInt64, UInt64) = (0, 0)
        for index in options.start..<arguments.count {
            let word = arguments[index]
            digests.0 = (digests.0 &+ first(word).bits) &* 0x9E37_79B9_7F4A_7C15
            digests.1 = (digests.1 ^ second(word).bits) &* 0xD6E8_FEB8_6659_FD93
            digests.0 ^= digests.0 >> 29
            digests.1 ^= digests.1 >> 31
        }
        var name = ByteBuffer(capacity: 16)
        for shift in stride(from: 0, to: 64, by: 8) {
            name.append(UInt8(truncatingIfNeeded: digests.0 >> UInt64(shift)))
            name.append(UInt8(truncatingIfNeeded: digests.1 >> UInt64(shift)))
        }
        return body(name.bytes)
    }
}
