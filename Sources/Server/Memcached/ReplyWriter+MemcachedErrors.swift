internal import Commands
internal import Primitives
internal import Wire

extension ReplyWriter {
    /// Writes an error that is not memcached's own, in the words that its clients know; `text` is
    /// what a client of RESP would get.
    mutating func memcachedError(_ error: CommandError, _ text: Bytes) {
        switch error {
        case .outOfMemory: memcachedLine("SERVER_ERROR out of memory storing object")
        case .authenticationNeeded: memcachedLine("CLIENT_ERROR unauthenticated")
        default:
            buffer.append("SERVER_ERROR ")
            buffer.append(text)
            buffer.append("\r\n")
        }
    }
}
