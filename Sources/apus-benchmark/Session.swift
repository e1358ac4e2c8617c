internal import Remote

/// A whole run of the program, after its command line has been parsed.
struct Session {
    private var options: Options
    private let input: [UInt8]
    private let greeting: Greeting

    /// - Parameter input: Standard input, the last argument of `-x`.
    init(options: Options, input: [UInt8]) {
        self.options = options
        self.input = input
        greeting = Greeting(options)
    }

    /// Runs what the options request; returns the exit code.
    mutating func run() -> Int32 {
        warn()
        do {
            let (target, facts) = try reach()
            if options.isIdle {
                try IdleMode(target: target, greeting: greeting).run(clients: options.clients)
            } else {
                repeat {
                    guard try runTests(target, facts) else { return 1 }
                } while options.repeats
            }
            return 0
        } catch let error as LoadFailure {
            Output.writeError((Output.isTerminal ? ProgressLine.erase : "") + error.message + "\n")
        } catch let error as ServerFacts.ServerFault {
            report(error)
        } catch {
            Output.writeError("Error: \(error)\n")
        }
        return 1
    }

    private mutating func warn() {
        if options.warnsAboutErrors {
            Output.writeError(
                "WARNING: -e option has no effect. "
                    + "We now immediately exit on error to avoid false results.\n"
            )
        }
        if options.threads > Self.threadsMax {
            Output.writeError(
                "WARNING: Too many threads, limiting threads to \(Self.threadsMax).\n"
            )
            options.threads = Self.threadsMax
        }
        if !options.keepsAlive {
            Output.writeError(
                "WARNING: Keepalive disabled. You probably need "
                    + "'echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse' for Linux "
                    + "in order to use a lot of clients/requests\n"
            )
        }
        Limits.raiseOpenFiles(to: options.clients + Self.spareFiles)
    }

    private static let threadsMax = 500
    /// Descriptors other than connections: streams, event polls, the pipe, the JSON file.
    private static let spareFiles = 64 + threadsMax

    /// Finds the first address of the server that responds, and the server's facts.
    private func reach() throws -> (Target, ServerFacts) {
        var first: ServerFacts.ServerFault?
        for target in try Target.candidates(of: options) {
            // Only RESP tells anything about the server's configuration.
            guard options.speech == .resp else { return (target, ServerFacts()) }
            do throws(ServerFacts.ServerFault) {
                let facts = try ServerFacts.ask(target, greeting)
                if facts.save == nil || facts.appendOnly == nil {
                    Output.writeError("WARNING: Could not fetch server CONFIG\n")
                }
                return (target, facts)
            } catch {
                guard case .load(.couldNotConnect) = error else { throw error }
                first = first ?? error
            }
        }
        throw first ?? .load(.couldNotConnect(to: options.host, reason: "no address"))
    }

    private func report(_ fault: ServerFacts.ServerFault) {
        switch fault {
        case .load(let failure): Output.writeError(failure.message + "\n")
        case .refused(let text):
            let name = options.socketPath ?? "\(options.host):\(options.port)"
            Output.writeError("Node \(name) replied with error:\n\(text)\n")
        }
    }

    /// Runs each test once; false if the JSON report could not be written.
    private func runTests(_ target: Target, _ facts: ServerFacts) throws(LoadFailure) -> Bool {
        let report = TextReport(options: options, facts: facts)
        var json = JSONReport(options: options, facts: facts)
        if options.isCSV { Output.write(TextReport.csvHeader) }
        for (title, template) in tests() {
            let test = TestRun(
                title: title,
                template: template,
                target: target,
                greeting: greeting,
                options: options,
                showsProgress: Output.isTerminal && !options.isCSV
            )
            let measured = try test.measure()
            Output.write(report.text(title, measured))
            json.add(title, measured)
        }
        if !options.isCSV, options.command.isEmpty { Output.write("\n") }
        return write(json)
    }

    /// The titles and requests to run.
    private func tests() -> [(String, RequestTemplate)] {
        let data = RequestTemplate.payload(options.dataByteCount)
        if !options.command.isEmpty || options.readsLastWord {
            let words =
                options.command.map { Array($0.utf8) } + (options.readsLastWord ? [input] : [])
            let title = options.command.joined(separator: " ")
            return [(title, RequestTemplate(words, data: data))]
        }
        let isRandom = options.keyspace != nil
        return options.speech.workloads.filter { workload in
            guard let chosen = options.tests else { return true }
            return chosen.contains { workload.names.contains($0) }
        }.map { ($0.title, $0.template(data: data, isRandom: isRandom, options.speech)) }
    }

    private func write(_ json: JSONReport) -> Bool {
        guard let path = options.jsonPath else { return true }
        if path == "-" {
            Output.write(json.text())
            return true
        }
        if let reason = Output.writeFile(json.text(), path: path) {
            Output.writeError("Error: cannot write \(path): \(reason)\n")
            return false
        }
        return true
    }
}
