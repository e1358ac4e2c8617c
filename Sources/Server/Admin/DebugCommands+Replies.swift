internal import Commands
internal import Primitives
internal import Wire

/// Replies that those who test a client want to see.
extension DebugCommands {
    /// `DEBUG ERROR string`: the error, whose line breaks become spaces.
    static func replyError(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        let text = arguments[2].array.map {
            $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0
        }
        session.worker.refuse(String(decoding: text, as: UTF8.self), session.client)
    }

    /// `DEBUG PROTOCOL type`: a reply of that type.
    static func replySample(_ arguments: Arguments, _ session: Session) throws(CommandError) {
        let type = arguments[2]
        let isRESP3 = session.client.state.contains(.resp3)
        if type.isWord("STRING") {
            session.worker.context.reply.bulk("Hello World")
        } else if type.isWord("INTEGER") {
            session.worker.context.reply.integer(12345)
        } else if type.isWord("DOUBLE") {
            session.worker.context.reply.double(3.141)
        } else if type.isWord("NULL") {
            session.worker.context.reply.null()
        } else if type.isWord("ARRAY") {
            session.worker.context.reply.array(3)
            for number in 0..<3 { session.worker.context.reply.integer(number) }
        } else if type.isWord("SET") {
            session.worker.context.reply.set(3)
            for number in 0..<3 { session.worker.context.reply.integer(number) }
        } else if type.isWord("MAP") {
            session.worker.context.reply.map(3)
            for number in 0..<3 {
                session.worker.context.reply.integer(number)
                session.worker.context.reply.boolean(number == 1)
            }
        } else if type.isWord("VERBATIM") {
            session.worker.context.reply.verbatim("This is a verbatim\nstring")
        } else if type.isWord("TRUE") || type.isWord("FALSE") {
            session.worker.context.reply.boolean(type.isWord("TRUE"))
        } else if type.isWord("BIGNUM") {
            let digits: StaticString = "1234567999999999999999999999999999999"
            guard isRESP3 else { return session.worker.context.reply.bulk(digits) }
            session.worker.context.reply.raw(Bytes("("))
            session.worker.context.reply.raw(Bytes(digits))
            session.worker.context.reply.raw(Bytes("\r\n"))
        } else {
            try replyAside(as: type, isRESP3, session)
        }
    }

    /// The types that come beside a reply: attributes and pushes.
    private static func replyAside(
        as type: Bytes,
        _ isRESP3: Bool,
        _ session: Session
    ) throws(CommandError) {
        if type.isWord("ATTRIB") {
            if isRESP3 {
                session.worker.context.reply.raw(
                    Bytes("|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n")
                )
            }
            session.worker.context.reply.bulk("Some real reply following the attribute")
        } else if type.isWord("PUSH") {
            guard isRESP3 else {
                throw CommandError("ERR RESP2 is not supported by this command")
            }
            session.worker.context.reply.push(2)
            session.worker.context.reply.bulk("server-cpu-usage")
            session.worker.context.reply.integer(42)
            session.worker.context.reply.bulk("Some real reply following the push reply")
        } else {
            throw CommandError(
                """
                ERR Wrong protocol type name. Please use one of the following: \
                string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
                """
            )
        }
    }
}
