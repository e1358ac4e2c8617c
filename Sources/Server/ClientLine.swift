internal import Commands
internal import Primitives
internal import System

/// One connection in a line, as CLIENT LIST and CLIENT INFO write it.
struct ClientLine {
    /// The line, without its end.
    let text: String

    /// Describes `client`, which belongs to `worker`.
    init(_ client: Client, on worker: Worker) {
        let facts = worker.server.registry.table.facts
        let unixPath = worker.server.options.unixSocketPath
        let queryFree = client.query.capacity - client.query.count
        let memory = ClientLine.memory(client)
        var fields = [
            "id=\(client.id)",
            "addr=\(client.address(peer: true, unixPath: unixPath))",
            "laddr=\(client.address(peer: false, unixPath: unixPath))",
            "fd=\(client.descriptor)",
            "name=\(ClientLine.string(client.details?.name))",
            "age=\(worker.nowSeconds - client.createdAt)",
            "idle=\(worker.nowSeconds - client.lastActiveAt)",
            "flags=\(ClientLine.flags(client))",
            "db=\(client.database)",
        ]
        fields += ["sub=0", "psub=0", "ssub=0", "multi=-1", "watch=0"]
        fields += [
            "qbuf=\(client.query.count)", "qbuf-free=\(queryFree)", "argv-mem=0", "multi-mem=0",
            "rbs=0", "rbp=0", "obl=0", "oll=\(client.output == nil ? 0 : 1)",
            "omem=\(client.outputBytes)", "tot-mem=\(memory)",
            "events=\(client.state.contains(.sending) ? "rw" : "r")",
            "cmd=\(ClientLine.command(client, facts))",
            "user=default", "redir=-1", "resp=\(client.state.contains(.resp3) ? 3 : 2)",
            "lib-name=\(ClientLine.string(client.details?.libraryName))",
            "lib-ver=\(ClientLine.string(client.details?.libraryVersion))",
            "tot-net-in=\(client.bytesReceived)", "tot-net-out=\(client.bytesSent)",
            "tot-cmds=\(client.commandCount)",
        ]
        text = fields.joined(separator: " ")
    }

    private static func string(_ bytes: [UInt8]?) -> String {
        String(decoding: bytes ?? [], as: UTF8.self)
    }

    private static func flags(_ client: Client) -> String {
        var flags = ""
        if client.state.contains(.closesAfterReply) { flags += "c" }
        if client.state.contains(.unix) { flags += "U" }
        if client.state.contains(.noEvict) { flags += "e" }
        if client.state.contains(.noTouch) { flags += "T" }
        return flags.isEmpty ? "N" : flags
    }

    private static func command(_ client: Client, _ facts: [CommandFacts]) -> String {
        guard client.lastRow >= 0 else { return "NULL" }
        var name = ByteBuffer()
        name.appendLowercase(Bytes(facts[Int(client.lastRow)].name))
        return name.bytes.string
    }

    /// The bytes that a connection takes, buffers included; about 300 when it is idle.
    static func memory(_ client: Client) -> Int {
        300 + client.query.capacity + client.outputBytes + (client.incoming?.length ?? 0)
    }
}

extension Client {
    /// The address of the other (`peer`) or this end; `unixPath` is that of the unix socket.
    func address(peer: Bool, unixPath: String) -> String {
        Socket.name(descriptor, peer: peer, unixPath: unixPath)
    }

    /// Whether a name has neither spaces nor control characters.
    static func isPlain(_ name: Bytes) -> Bool {
        (0..<name.count).allSatisfy { name[$0] > 0x20 && name[$0] < 0x7F }
    }

    /// Names the connection; an empty name takes it away.
    func setName(_ name: Bytes) throws(CommandError) {
        guard Client.isPlain(name) else {
            throw CommandError(
                "ERR Client names cannot contain spaces, newlines or special characters.")
        }
        guard !name.isEmpty || details != nil else { return }
        var known = details ?? Details()
        known.name = name.array
        details = known
    }
}
