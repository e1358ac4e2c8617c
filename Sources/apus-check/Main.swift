internal import System

/// Checks the files of a server: snapshots (RDB) and append-only files.
///
/// Under the names redis-check-rdb and redis-check-aof, it takes their arguments.
@main
struct FileCheck {
    static func main() {
        switch CheckOptions(CommandLine.arguments) {
        case .usage(let text, let code):
            // redis-check-rdb does so as well.
            if code == 0 { say(text) } else { OwnProcess.writeError(text + "\n") }
            OwnProcess.end(code)
        case .snapshot(let path, let report):
            OwnProcess.end(SnapshotCheck.run(path, report) ? 0 : 1)
        case .appendOnly(let path, let repair):
            OwnProcess.end(AppendOnlyCheck(path: path, repair: repair).run() ? 0 : 1)
        }
    }
}

/// Writes a line to standard output.
func say(_ line: String, terminator: String = "\n") { OwnProcess.writeOutput(line + terminator) }
