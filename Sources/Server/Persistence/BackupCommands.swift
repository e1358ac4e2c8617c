internal import Commands
internal import Primitives
internal import System
internal import Wire

/// BACKUP: copies of the data in a folder of their own, while commands go on.
enum BackupCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("BACKUP", arity: 2, [], group: .server, since: "8.10.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of commands for backups.", help),
        AdminCommand("BACKUP START", arity: 2, [.admin, .noScript], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Starts a backup, which consists of a base and the changes since.", start),
        AdminCommand("BACKUP SEAL", arity: 2, [.admin, .noScript], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Completes the backup as of now.", seal),
        AdminCommand("BACKUP STATUS", arity: 2, [.admin, .stale], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Returns the progress of the backup.", replyStatus),
        AdminCommand("BACKUP LIST", arity: 2, [.admin, .stale], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Lists the backup's files that no longer change.", list),
        AdminCommand("BACKUP ABORT", arity: 2, [.admin, .noScript], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Cancels a backup that has not been sealed.", abort),
        AdminCommand("BACKUP CLEANUP", arity: 2, [.admin, .noScript], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Removes the files of a backup that has ended.", cleanUp),
        AdminCommand("BACKUP HELP", arity: 2, [.loading, .stale], group: .server, since: "8.10.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of BACKUP.", help),
    ]
}

extension BackupCommands {
    /// `BACKUP START`: OK.
    static func start(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        do throws(AppendOnly.BackupRefusal) {
            try call.server.appendOnly.beginBackup(call.server, on: call.worker)
            call.reply.ok()
        } catch {
            refuse(error, call)
        }
    }

    /// `BACKUP SEAL`: OK.
    static func seal(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        do throws(AppendOnly.BackupRefusal) {
            try call.server.appendOnly.sealBackup(call.server, on: call.worker)
            call.reply.ok()
        } catch {
            refuse(error, call)
        }
    }

    private static func refuse(_ refusal: AppendOnly.BackupRefusal, _ call: AdminCall) {
        switch refusal {
        case .open: call.refuse("ERR A backup is in progress, or waits for BACKUP CLEANUP")
        case .notEmpty: call.refuse("ERR The backup directory is not empty")
        case .notIncrementing: call.refuse("ERR No backup can be sealed now, see BACKUP STATUS")
        case .rewriting: call.refuse("ERR A rewrite of the append only file is in progress")
        case .system(let error): call.refuse("ERR The backup failed: \(error.text)")
        }
    }

    /// `BACKUP STATUS`: the stage, the error if there was one, and when it began and was sealed.
    static func replyStatus(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let facts = call.server.appendOnly.backup.facts
        call.reply.map(4)
        call.reply.bulk("state")
        call.reply.bulk(text: facts.stage.rawValue)
        call.reply.bulk("error")
        call.reply.bulk(text: facts.error)
        call.reply.bulk("start_time")
        call.reply.bulk(decimal: facts.startedAt)
        call.reply.bulk("end_time")
        call.reply.bulk(decimal: facts.endedAt)
    }

    /// `BACKUP LIST`: the paths of the files that do not change any more.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let facts = call.server.appendOnly.backup.facts
        let folder = ConfigurationDisk.workingDirectory()
        call.reply.array(facts.files.count)
        for name in facts.files { call.reply.bulk(text: folder + "/" + facts.place.path(name)) }
    }

    /// `BACKUP ABORT`: OK.
    static func abort(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isAborted = call.server.appendOnly.abortBackup(
            call.server,
            on: call.worker,
            because: "aborted by BACKUP ABORT"
        )
        guard isAborted else { return call.refuse("ERR No backup is in progress") }
        call.reply.ok()
    }

    /// `BACKUP CLEANUP`: OK.
    static func cleanUp(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard call.server.appendOnly.backup.cleanUp() else {
            return call.refuse("ERR There is no backup to remove")
        }
        call.reply.ok()
    }

    /// `BACKUP HELP`: the subcommands.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "BACKUP <subcommand>. Subcommands are:",
            "ABORT",
            "    Cancel a backup that is not sealed.",
            "CLEANUP",
            "    Remove the files of a backup that has ended.",
            "LIST",
            "    Return the paths of the files that do not change any more.",
            "SEAL",
            "    Complete the backup: base, changes and manifest.",
            "START",
            "    Begin a backup in the directory that backupdirname names.",
            "STATUS",
            "    Return how far the backup is.",
            "HELP",
            "    Print this help.",
        ])
    }
}
