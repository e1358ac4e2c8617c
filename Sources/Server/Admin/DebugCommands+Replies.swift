internal import Commands
internal import Primitives
internal import Wire

/// Sample replies for testing clients.
extension DebugCommands {
    /// `DEBUG ERROR string`: the error, with line breaks replaced by spaces.
    static func replyError(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let text = arguments[2].array.map {
            $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0
        }
        call.worker.executor.refuse(String(decoding: text, as: UTF8.self))
    }

    /// `DEBUG PROTOCOL type`: a reply of that type.
    static func replySample(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let type = arguments[2]
        let isRESP3 = call.session.isRESP3
        if type.isWord("STRING") {
            call.reply.bulk("Hello World")
        } else if type.isWord("INTEGER") {
            call.reply.integer(12345)
        } else if type.isWord("DOUBLE") {
            call.reply.double(3.141)
        } else if type.isWord("NULL") {
            call.reply.null()
        } else if type.isWord("ARRAY") {
            call.reply.array(3)
            for number in 0..<3 { call.reply.integer(number) }
        } else if type.isWord("SET") {
            call.reply.set(3)
            for number in 0..<3 { call.reply.integer(number) }
        } else if type.isWord("MAP") {
            call.reply.map(3)
            for number in 0..<3 {
                call.reply.integer(number)
                call.reply.boolean(number == 1)
            }
        } else if type.isWord("VERBATIM") {
            call.reply.verbatim("This is a verbatim\nstring")
        } else if type.isWord("TRUE") || type.isWord("FALSE") {
            call.reply.boolean(type.isWord("TRUE"))
        } else if type.isWord("BIGNUM") {
            let digits: StaticString = "1234567999999999999999999999999999999"
            guard isRESP3 else { return call.reply.bulk(digits) }
            call.reply.raw(Bytes("("))
            call.reply.raw(Bytes(digits))
            call.reply.raw(Bytes("\r\n"))
        } else {
            try replyAside(as: type, isRESP3, call)
        }
    }

    /// Sends the types that accompany a reply: attributes and pushes.
    private static func replyAside(
        as type: Bytes,
        _ isRESP3: Bool,
        _ call: AdminCall
    ) throws(CommandError) {
        if type.isWord("ATTRIB") {
            if isRESP3 {
                call.reply.raw(
                    Bytes("|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n")
                )
            }
            call.reply.bulk("Some real reply following the attribute")
        } else if type.isWord("PUSH") {
            guard isRESP3 else {
                throw .debug(.needsRESP3)
            }
            call.reply.push(2)
            call.reply.bulk("server-cpu-usage")
            call.reply.integer(42)
            call.reply.bulk("Some real reply following the push reply")
        } else {
            throw .debug(.replyKind)
        }
    }
}
