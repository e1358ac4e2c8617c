internal import Commands
internal import Primitives
internal import System
internal import Wire

/// BGREWRITEAOF.
enum AppendOnlyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("BGREWRITEAOF", arity: 1, [.admin, .noScript], group: .server, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Rewrites the append-only file while commands go on.", rewrite),
    ]
}

extension AppendOnlyCommands {
    /// `BGREWRITEAOF`: a line that describes what it did.
    static func rewrite(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        switch call.server.appendOnly.beginRewrite(call.server, on: call.worker) {
        case .begun: call.reply.simple("Background append only file rewriting started")
        case .scheduled: call.reply.simple("Background append only file rewriting scheduled")
        case .running: throw .server(.rewritingAlready)
        }
    }
}
