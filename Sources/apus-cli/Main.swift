internal import Glibc
internal import Remote

@main
struct CommandLineClient {
    static func main() {
        // If the server or a reader goes away, the failed write reports it.
        _ = signal(SIGPIPE, SIG_IGN)
        do throws(OptionParser.Fault) {
            var (options, warnings) = try OptionParser.parse(
                Streams.arguments,
                isTerminal: Streams.isOutputTerminal,
                environment: Streams.environment
            )
            for warning in warnings { writeError(warning) }
            if options.asksForPassword {
                options.password = Terminal.readSecret(prompt: "Please input password: ")
            }
            if Streams.isOutputTerminal, Terminal.allowsColours { options.colours = Colours() }
            exit(run(options))
        } catch {
            exit(explain(error))
        }
    }

    private static func writeError(_ text: String) {
        Streams.write("\(text)\n".bytes, to: STDERR_FILENO)
    }

    /// Explains why nothing runs; returns the exit code.
    private static func explain(_ fault: OptionParser.Fault) -> Int32 {
        switch fault {
        case .help:
            Streams.write(Usage.text.bytes, to: STDOUT_FILENO)
            return 0
        case .version:
            Streams.write("\(Usage.version)\n".bytes, to: STDOUT_FILENO)
            return 0
        case .invalid(let option):
            writeError("Unrecognized option or bad number of args for: '\(option)'")
        case .refused(let reason): writeError(reason)
        // redis-cli prints this to standard output.
        case .badQuotes: Streams.write("Invalid quoted string\n".bytes, to: STDOUT_FILENO)
        case .unsupported(let option): writeError("apus-cli has no \(option)")
        }
        return 1
    }

    /// Runs what the options request; returns the exit code.
    private static func run(_ options: Options) -> Int32 {
        if let words = options.bridge {
            writeError(HstoreBridge.start(words, options))
            return 1
        }
        var session = ServerSession(options)
        switch options.mode {
        case .command where options.scriptPath != nil: return runScript(&session)
        case .command where options.command.isEmpty:
            var loop = CommandLoop(session)
            return loop.run()
        case .command: return runCommand(&session)
        case .intrinsicLatency:
            let code = IntrinsicLatency.run(seconds: options.latencySeconds, &session.output)
            session.output.flush()
            return code
        case .pipe: return runPipe(&session)
        case .latency, .latencyHistory, .latencyDistribution, .bigKeys, .memoryKeys, .hotKeys,
            .statistics, .scan:
            return runSurvey(&session)
        }
    }

    private static func runCommand(_ session: inout ServerSession) -> Int32 {
        var words = session.options.command
        switch session.options.lastWordSource {
        case .none: break
        case .input: words.append(Streams.readInput())
        case .tag(let tag):
            guard let place = words.firstIndex(of: tag) else {
                writeError("Using -X option but stdin tag not match.")
                return 1
            }
            words[place] = Streams.readInput()
        }
        session.connect()
        if session.connection == nil { return 1 }
        let outcome = session.run(
            words,
            repeats: session.options.repeats,
            errorsFail: session.options.failsOnError
        )
        session.output.flush()
        if case .done = outcome { return 0 }
        return 1
    }

    /// Runs the script of a file, with the words before a comma as its keys.
    private static func runScript(_ session: inout ServerSession) -> Int32 {
        let path = session.options.scriptPath ?? ""
        guard let script = Streams.readFile(path) else {
            writeError("Can't open file '\(path)'")
            return 1
        }
        let words = session.options.command
        let keys = words.prefix { $0 != [UInt8(ascii: ",")] }
        session.options.command =
            ["EVAL".bytes, script, "\(keys.count)".bytes] + keys + words.dropFirst(keys.count + 1)
        return runCommand(&session)
    }

    private static func runPipe(_ session: inout ServerSession) -> Int32 {
        guard session.connect(), let connection = session.connection.take() else { return 1 }
        var pipe = PipeMode(connection, timeoutSeconds: session.options.pipeTimeoutSeconds)
        return pipe.run()
    }

    private static func runSurvey(_ session: inout ServerSession) -> Int32 {
        guard session.connect() else { return 1 }
        Interrupt.catchAll(endsAtSecond: true)
        do throws(RemoteFailure) {
            let code = try survey(&session)
            session.output.flush()
            return code
        } catch {
            session.output.writeError("\n\(error.message)\n")
            return 1
        }
    }

    private static func survey(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        switch session.options.mode {
        case .latency:
            var latency = Latency(isHistory: false)
            return try latency.run(&session)
        case .latencyHistory:
            var latency = Latency(isHistory: true)
            return try latency.run(&session)
        case .latencyDistribution:
            var spectrum = LatencySpectrum()
            return try spectrum.run(&session)
        case .bigKeys:
            var survey = KeySurvey(isByMemory: false)
            return try survey.run(&session)
        case .memoryKeys:
            var survey = KeySurvey(isByMemory: true)
            return try survey.run(&session)
        case .hotKeys:
            var hotKeys = HotKeys()
            return try hotKeys.run(&session)
        case .statistics:
            var statistics = Statistics()
            return try statistics.run(&session)
        case .scan: return try session.printKeys()
        case .pipe, .intrinsicLatency, .command: return 1
        }
    }
}
