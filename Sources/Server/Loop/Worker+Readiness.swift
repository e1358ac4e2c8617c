internal import Primitives
internal import System

/// The driver that works everywhere: epoll tells which sockets are ready.
extension Worker {
    /// Waits, and serves what is ready.
    func serveReady(_ timeout: Int32) {
        flushReplies()
        let ready = poll.wait(timeout)
        readClocks()
        for index in 0..<ready {
            let (descriptor, interest) = poll.event(index)
            guard let client = client(of: descriptor) else {
                serveOther(descriptor)
                continue
            }
            if interest.contains(.write) { sendMore(client) }
            guard !interest.isDisjoint(with: [.read, .hangUp]) else { continue }
            if _fastPath(!client.state.contains(.postponed)) {
                receive(client)
            } else if interest.contains(.hangUp) {
                close(client)
            }
        }
    }

    /// Receives once from a socket that is ready.
    private func receive(_ client: Client) {
        guard !client.state.contains(.closed) else { return }
        if client.incoming != nil { return receiveBlock(client) }
        if usedSlots == Worker.receiveSlots { finishBatch() }
        let memory = receiveMemory.advanced(by: usedSlots * Worker.receiveBytes)
        switch Socket.receive(client.descriptor, memory, Worker.receiveBytes) {
        case .wouldBlock: return
        case .closed: return close(client)
        case .bytes(let count):
            usedSlots += 1
            take(client, memory, count)
        }
    }
}
