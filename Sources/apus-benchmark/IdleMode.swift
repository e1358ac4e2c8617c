internal import Glibc
internal import Remote
internal import System

/// Open connections that do nothing, to measure what they cost the server.
struct IdleMode {
    let endpoint: Endpoint
    let greeting: Greeting

    /// Opens the connections and waits; ends when the server closes the last one.
    func run(clients: Int) throws(LoadFailure) {
        Output.write(
            "Creating \(clients) idle connections and waiting forever (Ctrl+C when done)\n"
        )
        let poll = try EventPoll.open()
        var sockets: [Socket] = []
        for token in 0..<clients {
            let socket = try endpoint.reach()
            socket.setNonblocking()
            try poll.add(socket, token: token, .read)
            if !greeting.bytes.isEmpty {
                _ = socket.send(greeting.bytes, 0..<greeting.bytes.count)
            }
            sockets.append(socket)
        }
        try wait(sockets, poll)
    }

    private func wait(_ sockets: [Socket], _ poll: EventPoll) throws(LoadFailure) {
        var open = sockets.count
        var block = [UInt8](repeating: 0, count: 4096)
        while open > 0 {
            Output.write("clients: \(open)\(Output.isTerminal ? "\r" : "\n")")
            for index in 0..<poll.wait(nanoseconds: nil) {
                let socket = sockets[Int(poll.event(index).descriptor)]
                if case .closed = socket.receive(into: &block) {
                    socket.close()
                    open -= 1
                }
            }
        }
        throw .closed
    }
}
