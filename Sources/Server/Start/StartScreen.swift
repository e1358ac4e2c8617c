internal import System

/// The banner at a terminal: what is running, where it listens, how to connect.
struct StartScreen {
    let options: Options
    let listeners: [Listener]

    /// The lines.
    var text: String {
        let facts =
            [
                "Apus \(Version.apus), a remote dictionary server",
                "Speaks RESP2 and RESP3 as Redis \(Version.redis) does",
                "",
            ] + places + [
                "PID: \(OwnProcess.number), \(options.threads) "
                    + (options.threads == 1 ? "thread" : "threads"),
                "", "Connect:     apus-cli \(address)  or any Redis client",
                "Stop:        Ctrl-C",
            ]
        let width = StartScreen.bird.map(\.count).max() ?? 0
        let lines = (0..<max(facts.count, StartScreen.bird.count)).map { index in
            let bird = index < StartScreen.bird.count ? StartScreen.bird[index] : ""
            let fact = index < facts.count ? facts[index] : ""
            let gap = String(repeating: " ", count: width - bird.count + 3)
            return fact.isEmpty ? bird : bird + gap + fact
        }
        return "\n" + lines.joined(separator: "\n") + "\n\n"
    }

    /// A flying swift.
    static let bird = [
        "  .--.                                  .--.",
        "   \\  `'--..__                __..--'`  /",
        "    `'-._     `'--..____..--'`     _.-'`",
        "         `'-._       ><       _.-'`",
        "              `'-.. /()\\ ..-'`",
        "                   `\\  /`",
        "                     vv",
    ]

    private var places: [String] {
        listeners.enumerated().map { index, listener in
            (index == 0 ? "Listens on  " : "            ") + listener.place
        }
    }

    /// The options that connect apus-cli to this server.
    private var address: String {
        guard options.port != 0 else { return "-s \(options.unixSocketPath)" }
        return "-p \(options.port)"
    }
}
