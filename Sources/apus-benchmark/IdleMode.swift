internal import Glibc
internal import Remote
internal import System

/// Open connections that do nothing, to measure what they cost the server.
struct IdleMode {
    let target: Target
    let greeting: Greeting

    /// Opens the connections and waits; ends when the server closes the last one.
    func run(clients: Int) throws(LoadFailure) {
        Output.write(
            "Creating \(clients) idle connections and waiting forever (Ctrl+C when done)\n"
        )
        let poll = try EventPoll.open()
        var channels: [Channel] = []
        for token in 0..<clients {
            let channel = try target.reach()
            channel.socket.setNonblocking()
            try poll.add(channel.socket, token: token, .read)
            if !greeting.bytes.isEmpty {
                _ = channel.send(greeting.bytes, 0..<greeting.bytes.count)
            }
            channels.append(channel)
        }
        try wait(channels, poll)
    }

    private func wait(_ channels: [Channel], _ poll: EventPoll) throws(LoadFailure) {
        var open = channels.count
        var block = [UInt8](repeating: 0, count: 4096)
        while open > 0 {
            Output.write("clients: \(open)\(Output.isTerminal ? "\r" : "\n")")
            for index in 0..<poll.wait(nanoseconds: nil) {
                let channel = channels[Int(poll.event(index).descriptor)]
                if case .closed = channel.receive(into: &block) {
                    channel.close()
                    open -= 1
                }
            }
        }
        throw .closed
    }
}
