internal import Commands
internal import Wire

/// MODULE, for clients that ask which modules are loaded: there are none, and none can be.
enum ModuleCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("MODULE", arity: -2, [], group: .server, since: "4.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about modules.", help),
        AdminCommand("MODULE LIST", arity: 2, [.admin, .noScript], group: .server, since: "4.0.0", complexity: "O(1)", syntax: "", summary: "Lists the loaded modules; there are none.", tips: ["nondeterministic_output_order"], list),
        AdminCommand("MODULE HELP", arity: 2, [.loading, .stale], group: .server, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of MODULE.", help),
    ]
}

extension ModuleCommands {
    /// `MODULE LIST`: an empty array.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.array(0)
    }

    /// `MODULE HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "MODULE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "LIST",
            "    Return a list of loaded modules.",
            "HELP",
            "    Print this help.",
        ])
    }
}
