internal import Commands
internal import Primitives
internal import System
internal import Wire

/// BGREWRITEAOF and WAITAOF.
enum AppendOnlyCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("BGREWRITEAOF", arity: 1, [.admin, .noScript], group: .server, since: "1.0.0", complexity: "O(1)", syntax: "", summary: "Rewrites the append-only file in the background.", rewrite),
        AdminCommand("WAITAOF", arity: 4, [.blocking], group: .generic, categories: ["connection"], since: "7.2.0", complexity: "O(1)", syntax: "numlocal:i numreplicas:i timeout:i", summary: "Waits until the client's changes are on disk.", tips: ["request_policy:all_shards", "response_policy:agg_min"], waiting: waitForDisk),
    ]

    /// What a request waits for.
    struct Awaited {
        /// The place in the change log that must be on the disk.
        let place: UInt64
        /// When it stops to wait, in milliseconds since 1970.
        let until: Int64
    }

    /// How soon a request looks again whether the disk has everything.
    private static let lookAgainMilliseconds: Int64 = 1
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

    /// `WAITAOF numlocal numreplicas timeout`: on how many disks everything is, this
    /// server's and those of replicas.
    static func waitForDisk(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        let local = try arguments.integer(1, in: 0...1, or: .server(.localCount))
        let replicas = try arguments.integer(2, in: 0...Int64.max, or: .server(.replicaCount))
        guard let timeout = DecimalText.integer(arguments[3]) else { throw .timeout }
        guard timeout >= 0 else { throw .negativeTimeout }
        let appendOnly = call.server.appendOnly
        guard local == 0 || appendOnly.changes.isOn else { throw .server(.appendOnlyOff) }
        let now = call.worker.executor.context.now
        let awaited =
            call.session.awaited
            ?? Awaited(
                place: appendOnly.changes.end,
                until: timeout == 0 ? .max : now + min(timeout, .max - now)
            )
        let isDurable = appendOnly.changes.isOn && appendOnly.durableEnd >= awaited.place
        let isEnough = (isDurable || local == 0) && replicas == 0
        guard isEnough || now >= awaited.until || !call.worker.executor.context.mayWait else {
            call.session.awaited = awaited
            if !isDurable, !appendOnly.isSyncing { appendOnly.syncSoon() }
            return .waits(.time(min(awaited.until, now + lookAgainMilliseconds)))
        }
        call.session.awaited = nil
        call.reply.array(2)
        call.reply.integer(isDurable ? 1 : 0)
        call.reply.integer(0)
        return .done
    }
}
