internal import Commands
internal import Primitives
internal import System

/// One connection in a line, as CLIENT LIST and CLIENT INFO write it.
enum ClientLine {
    /// The line of `client`, which belongs to `worker`, without its end.
    static func text(_ client: Client, on worker: Worker) -> String {
        var line = ByteBuffer()
        append(client, on: worker, to: &line)
        return line.bytes.string
    }

    /// Appends the line of `client`, which belongs to `worker`, without its end.
    static func append(_ client: Client, on worker: Worker, to line: inout ByteBuffer) {
        let unixPath = worker.server.options.unixSocketPath
        line.field("id=", Int64(bitPattern: client.id))
        line.append(" addr=")
        Socket.appendName(client.descriptor, peer: true, unixPath: unixPath, to: &line)
        line.append(" laddr=")
        Socket.appendName(client.descriptor, peer: false, unixPath: unixPath, to: &line)
        line.field(" fd=", Int64(client.descriptor))
        line.field(" name=", client.details?.name)
        line.field(" age=", worker.nowSeconds - client.createdAt)
        line.field(" idle=", worker.nowSeconds - client.lastActiveAt)
        line.append(" flags=")
        appendFlags(client, to: &line)
        line.field(" db=", Int64(client.database))
        line.append(" sub=0 psub=0 ssub=0 multi=-1 watch=0")
        line.field(" qbuf=", Int64(client.query.count))
        line.field(" qbuf-free=", Int64(client.query.capacity - client.query.count))
        line.append(" argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0")
        line.field(" oll=", client.output == nil ? 0 : 1)
        line.field(" omem=", Int64(client.outputBytes))
        line.field(" tot-mem=", Int64(memory(client)))
        line.append(client.state.contains(.sending) ? " events=rw" : " events=r")
        line.append(" cmd=")
        if client.lastRow >= 0 {
            line.appendLowercase(
                Bytes(worker.server.registry.table.facts[Int(client.lastRow)].name)
            )
        } else {
            line.append("NULL")
        }
        line.field(" user=default redir=-1 resp=", client.state.contains(.resp3) ? 3 : 2)
        line.field(" lib-name=", client.details?.libraryName)
        line.field(" lib-ver=", client.details?.libraryVersion)
        line.field(" tot-net-in=", Int64(bitPattern: client.bytesReceived))
        line.field(" tot-net-out=", Int64(bitPattern: client.bytesSent))
        line.field(" tot-cmds=", Int64(bitPattern: client.commandCount))
    }

    private static func appendFlags(_ client: Client, to line: inout ByteBuffer) {
        let start = line.count
        if client.state.contains(.closesAfterReply) { line.append("c") }
        if client.state.contains(.unix) { line.append("U") }
        if client.state.contains(.noEvict) { line.append("e") }
        if client.state.contains(.noTouch) { line.append("T") }
        if line.count == start { line.append("N") }
    }

    /// The bytes that a connection takes, buffers included; about 300 when it is idle.
    static func memory(_ client: Client) -> Int {
        300 + client.query.capacity + client.outputBytes + (client.incoming?.length ?? 0)
    }
}

extension ByteBuffer {
    /// Appends a field that is a number.
    fileprivate mutating func field(_ name: StaticString, _ value: Int64) {
        append(name)
        append(decimal: value)
    }

    /// Appends a field that is text, maybe none.
    fileprivate mutating func field(_ name: StaticString, _ value: [UInt8]?) {
        append(name)
        value?.withBytes { append($0) }
    }
}

extension Client {
    /// The address of the other (`peer`) or this end; `unixPath` is that of the unix socket.
    func address(peer: Bool, unixPath: String) -> String {
        Socket.name(descriptor, peer: peer, unixPath: unixPath)
    }

    /// Whether a name has neither spaces nor control characters.
    static func isPlain(_ name: Bytes) -> Bool {
        (0..<name.count).allSatisfy { name[$0] > UInt8(ascii: " ") && name[$0] < 0x7F }
    }

    /// Names the connection; an empty name takes it away.
    func setName(_ name: Bytes) throws(CommandError) {
        guard Client.isPlain(name) else {
            throw CommandError(
                "ERR Client names cannot contain spaces, newlines or special characters."
            )
        }
        guard !name.isEmpty || details != nil else { return }
        var known = details ?? Details()
        known.name = name.array
        details = known
    }
}
