internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Handles new connections while the script of the worker that accepts them is busy.
///
/// Other workers serve them, if one has no busy script. Otherwise, the desk accepts the commands
/// that can end a script, and replies that the server is busy to everything else:
///
/// ```text
/// AUTH [user] password │ SCRIPT KILL │ FUNCTION KILL │ SHUTDOWN NOSAVE │ QUIT │ anything: BUSY
/// ```
/// It runs on the script's own thread, whenever the script is interrupted. When the script has
/// ended, its worker takes over the connections; those that have authenticated here must reconnect.
struct BusyDesk {
    private struct Visitor {
        let newcomer: Mailbox.Newcomer
        let session: Session
        var received: [UInt8] = []
        var isTold = false
        var isGone = false

        var socket: Socket { Socket(newcomer.descriptor) }
    }

    private static let visitorsMax = 32
    private static let requestBytesMax = 4096
    private static let wordsMax = 16

    private var visitors: [Visitor] = []

    /// Serves what has arrived.
    mutating func serve(on worker: Worker) {
        let server = worker.server
        guard worker.index == 0 else { return }
        server.acceptWhileBusy(worker) { newcomer in
            guard visitors.count < BusyDesk.visitorsMax else { return false }
            let session = Session(id: 0)
            let user = server.access.standard
            session.become(user, isAuthenticated: user.isOpen)
            visitors.append(Visitor(newcomer: newcomer, session: session))
            return true
        }
        for index in visitors.indices { serve(index, on: worker) }
        for visitor in visitors where visitor.isGone { BusyDesk.close(visitor, server) }
        visitors.removeAll { $0.isGone }
    }

    /// Hands the connections over to the worker.
    mutating func close(on worker: Worker) {
        for visitor in visitors {
            if visitor.received.isEmpty, !visitor.isTold {
                worker.adopt(visitor.newcomer)
            } else {
                BusyDesk.close(visitor, worker.server)
            }
        }
        visitors.removeAll()
    }

    private static func close(_ visitor: Visitor, _ server: Instance) {
        visitor.socket.close()
        server.connectionEnded()
    }

    private mutating func serve(_ index: Int, on worker: Worker) {
        var block = ByteBuffer(capacity: BusyDesk.requestBytesMax)
        switch visitors[index].socket.receive(block.cell, BusyDesk.requestBytesMax) {
        case .wouldBlock: return
        case .closed: visitors[index].isGone = true
        case .bytes(let count):
            block.commit(count)
            visitors[index].received.append(block.bytes)
            while let words = takeRequest(index) { answer(words, index, on: worker) }
            if visitors[index].received.count > BusyDesk.requestBytesMax {
                visitors[index].isGone = true
            }
        }
    }

    /// The words of the next complete request, an array of bulk strings or an inline line, or nil.
    private mutating func takeRequest(_ index: Int) -> [[UInt8]]? {
        let received = visitors[index].received
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = received[..<end].filter { $0 != UInt8(ascii: "\r") }
        guard line.first == UInt8(ascii: "*") else {
            visitors[index].received.removeFirst(end + 1)
            return line.split(separator: UInt8(ascii: " ")).map { Array($0) }
        }
        var place = end + 1
        var words: [[UInt8]] = []
        let count = BusyDesk.number(line.dropFirst())
        guard (0...BusyDesk.wordsMax).contains(count) else {
            visitors[index].isGone = true
            return nil
        }
        while words.count < count {
            guard let stop = received[place...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            let size = BusyDesk.number(received[place..<stop].dropFirst())
            guard (0...BusyDesk.requestBytesMax).contains(size) else {
                visitors[index].isGone = true
                return nil
            }
            guard stop + 1 + size + 2 <= received.count else { return nil }
            words.append(Array(received[stop + 1..<stop + 1 + size]))
            place = stop + 1 + size + 2
        }
        visitors[index].received.removeFirst(place)
        return words
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        let text = String(decoding: digits, as: UTF8.self).prefix { $0 != "\r" }
        return Int(text) ?? -1
    }

    // MARK: Replies

    private mutating func answer(_ words: [[UInt8]], _ index: Int, on worker: Worker) {
        guard !words.isEmpty else { return }
        var reply = ByteBuffer()
        do throws(CommandError) {
            try answer(words, index, on: worker, &reply)
        } catch {
            var line = ErrorLine(command: "SCRIPT")
            error.write(to: &line)
            reply.append("-")
            reply.append(line.text)
            reply.append("\r\n")
        }
        if visitors[index].socket.send(reply.bytes) != .bytes(reply.count) {
            visitors[index].isGone = true
        }
    }

    private mutating func answer(
        _ words: [[UInt8]],
        _ index: Int,
        on worker: Worker,
        _ reply: inout ByteBuffer
    ) throws(CommandError) {
        let server = worker.server
        let session = visitors[index].session
        let names = words.map { String(decoding: $0, as: UTF8.self).uppercased() }
        if names[0] == "AUTH", (2...3).contains(words.count) {
            let name = words.count == 3 ? words[1] : Array("default".utf8)
            let password = words[words.count - 1]
            guard let user = name.withBytes({ server.access[$0] }),
                password.withBytes({ user.accepts($0) })
            else { throw .client(.wrongPassword) }
            session.become(user, isAuthenticated: true)
            visitors[index].isTold = true
            return reply.append("+OK\r\n")
        }
        if names[0] == "QUIT" {
            visitors[index].isGone = true
            return reply.append("+OK\r\n")
        }
        guard !session.traits.contains(.unauthenticated) else { throw .authenticationNeeded }
        let isFunction = names[0] == "FUNCTION"
        if names.count == 2, isFunction || names[0] == "SCRIPT", names[1] == "KILL" {
            try demandAccess(words, session, worker.executor)
            try server.killScripts(isFunction: isFunction)
            return reply.append("+OK\r\n")
        }
        if names == ["SHUTDOWN", "NOSAVE"] {
            try demandAccess(words, session, worker.executor)
            return server.end(because: "User requested shutdown while a script was busy...")
        }
        throw .script(server.busyScripts.isFunction == true ? .busyFunction : .busyScript)
    }

    private func demandAccess(
        _ words: [[UInt8]],
        _ session: Session,
        _ executor: Executor
    ) throws(CommandError) {
        var vector = ArgumentVector(capacity: BusyDesk.wordsMax)
        for word in words { word.withBytes { vector.append($0) } }
        let arguments = vector.arguments(0, words.count)
        guard var number = executor.registry.table.row(arguments[0]) else { throw .wordCount }
        if executor.registry.row(number).isContainer {
            guard let child = executor.registry.table.subcommand(arguments[1], of: number) else {
                throw .wordCount
            }
            number = child
        }
        let readsNamedKeysOnly = executor.context.readsNamedKeysOnly
        defer { executor.context.readsNamedKeysOnly = readsNamedKeysOnly }
        if let denial = executor.denial(number, arguments, session) {
            throw executor.note(denial, number, arguments, session, nil, in: .toplevel)
        }
    }
}
