internal import Commands
internal import Primitives
internal import System
internal import TLS
internal import Wire

/// The bytes of connections with TLS: opened before they are parsed, sealed before they are sent.
extension Worker {
    /// Processes bytes from the socket of a connection with TLS.
    func takeSealed(_ connection: Connection, _ stream: TLSStream, _ bytes: Bytes) {
        guard stream.feed(bytes) else { return closeWithoutMemory(connection) }
        readPlain(connection, stream)
    }

    /// Processes what can be read of the bytes received so far.
    func readPlain(_ connection: Connection, _ stream: TLSStream) {
        while !connection.state.contains(.closed) {
            if round.isFull { finishBatch() }
            let memory = round.freeSlot
            switch stream.read(into: memory, Round.receiveBytes) {
            case .bytes(let count):
                round.useSlot()
                takePlain(connection, memory, count)
            case .needsInput: return sendNotes(connection, stream)
            case .ended: return round.hangUps.append(connection)
            case .failed:
                sendNotes(connection, stream)
                return round.hangUps.append(connection)
            }
        }
    }

    /// Sends what the protocol itself has to say: answers to key updates, alerts.
    func sendNotes(_ connection: Connection, _ stream: TLSStream) {
        stream.takeOutput(into: &outbox.sealed)
        guard outbox.sealed.count > 0 else { return }
        defer { outbox.sealed.removeAll(keep: 0) }
        let queue = connection.openOutput()
        queue.append(sealed: outbox.sealed.bytes)
        sendQueue(connection, queue)
    }

    /// Seals the replies in `range`, the last ones of the reply buffer, in their place.
    ///
    /// Returns the new range, which is empty if the connection has failed.
    func seal(_ stream: TLSStream, _ range: Range<Int>) -> Range<Int> {
        defer { outbox.sealed.removeAll(keep: 1 << 20) }
        _ = stream.write(executor.context.reply.buffer.bytes[range], into: &outbox.sealed)
        executor.context.reply.truncate(to: range.lowerBound)
        executor.context.reply.buffer.append(outbox.sealed.bytes)
        return range.lowerBound..<executor.context.reply.buffer.count
    }

    /// Sends a connection's queue, unless it waits for room already.
    func sendQueue(_ connection: Connection, _ queue: OutputQueue) {
        guard !connection.state.contains(.sending) else { return enforceOutputLimit(connection) }
        guard let sent = queue.send(connection.descriptor) else { return close(connection) }
        note(connection, sent: sent)
        if queue.byteCount == 0 {
            connection.output = nil
        } else {
            watchForRoom(connection)
            enforceOutputLimit(connection)
        }
    }

    /// Makes the client the user whom its certificate names, where that is configured.
    func identify(_ connection: Connection, _ stream: TLSStream) {
        guard server.options.secure.namesUserByCertificate, let name = stream.peerName,
            let user = Array(name.utf8).withBytes({ server.access[$0] }), user.rules.isOn
        else { return }
        connection.session.become(user, isAuthenticated: true)
    }

    /// Tells the peer that nothing follows, if the socket has room for that.
    func sayGoodbye(_ connection: Connection, _ stream: TLSStream) {
        guard connection.outputBytes == 0 else { return }
        stream.end(into: &outbox.sealed)
        _ = Transport.send(connection.descriptor, outbox.sealed.bytes)
        outbox.sealed.removeAll(keep: 0)
    }
}
