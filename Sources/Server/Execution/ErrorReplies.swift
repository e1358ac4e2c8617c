internal import Commands
internal import Primitives
internal import Wire

extension ReplyWriter {
    /// Writes the reply to a client's mistake.
    @inline(never)
    mutating func error(_ error: CommandError, command: StaticString) {
        var line = ErrorLine(command: command)
        error.write(to: &line)
        if dialect.isMemcached { return memcachedError(error, line.text) }
        self.error(line.text)
    }
}
