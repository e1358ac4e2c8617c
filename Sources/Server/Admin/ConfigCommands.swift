internal import Commands
internal import Primitives
internal import System
internal import Wire

/// CONFIG: the configuration, and changing it at run time.
enum ConfigCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("CONFIG", arity: -2, [], group: .server, since: "2.0.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about the configuration.", help),
        AdminCommand("CONFIG GET", arity: -3, [.admin, .noScript, .loading, .stale], group: .server, since: "2.0.0", complexity: "O(N) where N is the number of directives", syntax: "parameter...", summary: "Returns directives and their values.", get),
        AdminCommand("CONFIG SET", arity: -4, [.admin, .noScript, .loading, .stale, .stopsWorld], secrets: .directives(from: 2), group: .server, since: "2.0.0", complexity: "O(N) where N is the number of directives", syntax: "data=<parameter value>...", summary: "Sets directives, either all of them or none.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], set),
        AdminCommand("CONFIG REWRITE", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "2.8.0", complexity: "O(N) where N is the number of directives", syntax: "", summary: "Writes the current configuration to the configuration file.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], rewrite),
        AdminCommand("CONFIG RESETSTAT", arity: 2, [.admin, .noScript, .loading, .stale], group: .server, since: "2.0.0", complexity: "O(1)", syntax: "", summary: "Resets the counters of INFO.", tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], resetStatistics),
        AdminCommand("CONFIG HELP", arity: 2, [.loading, .stale], group: .server, since: "5.0.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of CONFIG.", help),
    ]
}

extension ConfigCommands {
    /// `CONFIG GET pattern …`: a map of names and values.
    static func get(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let patterns = (2..<arguments.count).map { arguments[$0].string }
        let found = call.server.configuration.get(patterns)
        call.reply.map(found.count)
        for (name, value) in found {
            call.reply.bulk(text: name)
            value.withBytes { call.reply.bulk($0) }
        }
    }

    /// `CONFIG SET name value …`: OK.
    static func set(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard arguments.count.isMultiple(of: 2) else { throw .syntax }
        let changes = stride(from: 2, to: arguments.count, by: 2).map { index in
            (name: arguments[index].string, value: arguments[index + 1].array)
        }
        let server = call.server
        let isLocal = call.isLocal
        do throws(ConfigurationError) {
            try server.exclusively(call.worker) { () throws(ConfigurationError) in
                let known = server.configuration.notInEffect.count
                try server.configuration.set(changes, isLocal: isLocal)
                server.publish()
                server.log(absent: server.configuration.notInEffect.dropFirst(known))
            }
            call.reply.ok()
        } catch {
            call.worker.executor.refuse(error.message)
        }
    }

    /// `CONFIG REWRITE`: OK.
    static func rewrite(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        do throws(ConfigurationError) {
            let hasOwnFile = !call.server.options.accessFilePath.isEmpty
            try call.server.configuration.rewrite(users: hasOwnFile ? [] : call.server.userLines)
            call.server.log(.notice, "CONFIG REWRITE executed with success.")
            call.reply.ok()
        } catch {
            if call.server.configuration.path != nil {
                call.server.log(.warning, "CONFIG REWRITE failed: \(error.message)")
            }
            call.worker.executor.refuse(error.message)
        }
    }

    /// `CONFIG RESETSTAT`: OK.
    static func resetStatistics(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        call.server.statistics.reset()
        call.server.reaper.forgetCount()
        call.reply.ok()
    }

    /// `CONFIG HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "GET <pattern>",
            "    Return parameters matching the glob-like <pattern> and their values.",
            "SET <directive> <value>",
            "    Set the configuration <directive> to <value>.",
            "RESETSTAT",
            "    Reset statistics reported by the INFO command.",
            "REWRITE",
            "    Rewrite the configuration file.",
            "HELP",
            "    Print this help.",
        ])
    }
}

extension ReplyWriter {
    /// A string as a bulk string, for the control plane.
    mutating func bulk(text: String) {
        Array(text.utf8).withBytes { bulk($0) }
    }
}
