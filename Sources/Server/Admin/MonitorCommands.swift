internal import Commands
internal import Wire

/// MONITOR.
enum MonitorCommands {
    /// The rows of this family.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MONITOR", arity: 1, [.admin, .noScript, .loading, .stale], group: .server, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Streams every command that the server runs to the connection.", monitor),
    ]
}

extension MonitorCommands {
    /// `MONITOR`: OK, then a line for each command; no reply if the client already monitors.
    static func monitor(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let connection = call.connection, call.worker.executor.context.mayWait else {
            throw .client(.mayNotMonitor)
        }
        guard !call.session.traits.contains(.monitor) else { return }
        call.worker.beginMonitoring(connection)
        call.reply.ok()
    }
}
