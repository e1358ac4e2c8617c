internal import Glibc
internal import Remote
internal import System

@main
struct HstoreBridge {
    static func main() {
        // If the server goes away, the failed write reports it.
        _ = signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        do throws(Options.Fault) {
            let options = try Options(words, environment: OwnProcess.environment)
            exit(run(options))
        } catch {
            switch error {
            case .help: Streams.write(Options.usage.bytes, to: STDOUT_FILENO)
            case .invalid(let reason):
                complain("Invalid option or argument: \(reason)")
                exit(1)
            }
        }
    }

    /// Transfers what the options name; returns the exit code.
    private static func run(_ options: Options) -> Int32 {
        do throws(Failure) {
            let transfer = try Transfer(options)
            let summary =
                switch options.direction {
                case .load: try transfer.load()
                case .store: try transfer.store()
                }
            Streams.write("\(summary)\n".bytes, to: STDOUT_FILENO)
            return 0
        } catch {
            complain(error.text)
            return 1
        }
    }

    private static func complain(_ text: String) {
        Streams.write("\(text)\n".bytes, to: STDERR_FILENO)
    }
}
