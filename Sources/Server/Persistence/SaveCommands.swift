internal import Commands
internal import Primitives
internal import System
internal import Wire

/// SAVE, BGSAVE and LASTSAVE.
enum SaveCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("SAVE", arity: 1, [.admin, .noScript, .noMulti, .stopsWorld], group: .server, since: "1.0.0", complexity: "O(N) where N is the number of keys", syntax: "", summary: "Saves all keys to a file while all clients wait.", save),
        AdminCommand("BGSAVE", arity: -1, [.admin, .noScript, .stopsWorld], group: .server, since: "1.0.0", complexity: "O(1)", syntax: "[SCHEDULE]", summary: "Saves all keys to a file in the background.", saveInBackground),
        AdminCommand("LASTSAVE", arity: 1, [.loading, .stale, .fast], group: .server, categories: ["admin", "dangerous"], since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Returns when the keys were last saved.", tips: ["nondeterministic_output"], tellLastSave),
    ]
}

extension SaveCommands {
    /// `SAVE`: OK.
    static func save(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.saver.saving == nil else { throw .server(.alreadySaving) }
        let isSaved = call.server.exclusively(call.worker) {
            (try? call.server.saver.save(call.server)) != nil
        }
        guard isSaved else { throw .server(.notSaved) }
        call.reply.ok()
    }

    /// `BGSAVE [SCHEDULE | CANCEL]`: a line that describes what it did.
    static func saveInBackground(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        let saver = call.server.saver
        if arguments.count == 2, arguments[1].isWord("CANCEL") {
            guard saver.cancel(keepsBase: true) else { throw .server(.nothingToCancel) }
            return call.reply.simple("Background saving cancelled")
        }
        guard arguments.count == 1 || (arguments.count == 2 && arguments[1].isWord("SCHEDULE"))
        else { throw .syntax }
        guard saver.saving == nil else { throw .server(.alreadySaving) }
        guard saver.running == nil else {
            guard arguments.count == 2 else { throw .server(.rewriting) }
            saver.schedule()
            return call.reply.simple("Background saving scheduled")
        }
        call.server.exclusively(call.worker) { saver.begin(call.server, on: call.worker) }
        call.reply.simple("Background saving started")
    }

    /// `LASTSAVE`: seconds since 1970.
    static func tellLastSave(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.integer(Int(call.server.saver.facts.lastSavedAt))
    }
}
