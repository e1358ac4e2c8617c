internal import Commands
internal import Primitives
internal import Wire

extension ReplyWriter {
    /// Writes an error that is not memcached's own, in the words that its clients know; `text` is
    /// what a client of RESP would get.
    mutating func memcachedError(_ error: CommandError, _ text: Bytes) {
        if dialect == .memcachedBinary { return binaryError(error, text) }
        switch error {
        case .outOfMemory: memcachedLine("SERVER_ERROR out of memory storing object")
        case .authenticationNeeded: memcachedLine("CLIENT_ERROR unauthenticated")
        default:
            buffer.append("SERVER_ERROR ")
            buffer.append(text)
            buffer.append("\r\n")
        }
    }

    private mutating func binaryError(_ error: CommandError, _ text: Bytes) {
        guard let request = binaryRequest else { preconditionFailure("an error has a request") }
        switch error {
        case .outOfMemory: binaryFailure(request, .outOfMemory)
        case .authenticationNeeded: binaryFailure(request, .authenticationFailed)
        case .access: binary(request, .authenticationFailed, value: text)
        default: binary(request, .temporaryFailure, value: text)
        }
    }
}

extension Executor {
    /// Notes whose request of memcached's binary protocol an error would be the reply to.
    func noteBinaryRequest(_ arguments: Arguments) {
        guard context.reply.dialect == .memcachedBinary else { return }
        context.reply.binaryRequest = BinaryHeader(arguments[2])
    }
}
