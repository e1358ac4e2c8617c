internal import Glibc
internal import Remote

@main
struct Benchmark {
    static func main() {
        // If the server goes away, the failed send reports it.
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            let options = try OptionParser.parse(Array(CommandLine.arguments.dropFirst()))
            let input = options.readsLastWord ? Streams.readInput() : []
            var session = Session(options: options, input: input)
            exit(session.run())
        } catch {
            exit(explain(error))
        }
    }

    /// Explains why nothing runs; returns the exit code.
    private static func explain(_ fault: OptionParser.Fault) -> Int32 {
        switch fault {
        case .help:
            Output.write(Usage.text)
            return 0
        case .version:
            Output.write(Usage.version + "\n")
            return 0
        case .invalid(let option):
            Output.write("Invalid option \"\(option)\" or option argument missing\n\n\(Usage.text)")
        case .badArgument(let option, let argument):
            Output.writeError("Error: option \(option) cannot take \"\(argument)\"\n")
        case .unsupported(let option):
            Output.writeError("Error: apus-benchmark has no \(option)\n")
        case .conflict(let reason):
            Output.writeError("Error: \(reason)\n")
        }
        return 1
    }
}
