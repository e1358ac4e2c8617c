import Server

/// `apus-server`.
@main
enum Main {
    static func main() {
        ServerProgram.main(Array(CommandLine.arguments.dropFirst()))
    }
}
