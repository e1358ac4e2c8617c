internal import Commands
internal import Primitives
internal import Scripting
internal import Store
internal import Synchronization
internal import System
internal import Wire

/// Scripts that run for long.
///
/// ```text
/// starts ── a while ─▶ published (FUNCTION STATS, SCRIPT KILL) ── busy-reply-threshold ─▶ busy:
///   other workers reply BUSY to requests that need its partitions, and serve the rest;
///   the script's own worker replies BUSY to its clients (`BusyDesk`)
/// ```
extension Executor {
    /// Called periodically while a script runs; returns whether it must stop.
    func lookAfterScript() -> Bool {
        guard let run = scripts.run else { return scripts.isLoadingTooLong() }
        if server.isStopping { return true }
        let shown = scripts.running
        if !scripts.isShown {
            scripts.isShown = true
            server.slowScripts.add(1, ordering: .relaxed)
            shown.show(run.details(startedAt: context.now))
        }
        if scripts.run?.hasWritten == true { shown.noteWrite() }
        if shown.mustEnd, !shown.hasWritten { return true }
        let elapsed = Clock.unixMilliseconds() - context.now
        if !scripts.isBusy, elapsed > Int64(server.options.scripts.millisecondsMax) {
            scripts.isBusy = true
            shown.turnBusy(holding: context.held)
            server.postBusyScripts()
            let name = run.name.withBytes { $0.string }
            server.log(
                .warning,
                "Slow script detected: still in execution after \(elapsed) milliseconds. You can "
                    + "try killing the script using the \(run.isFunction ? "FUNCTION" : "SCRIPT") "
                    + "KILL command. Script name is: \(name)."
            )
            // Replies to others, from before the script, need not wait for its end.
            worker.sendFinished()
            scripts.desk.open(on: worker)
        }
        if scripts.isBusy { scripts.desk.serve(on: worker) }
        return shown.mustEnd && !shown.hasWritten || server.isStopping
    }

    /// Records that the script has ended.
    func endSlowScript() {
        guard scripts.isShown else { return }
        scripts.isShown = false
        scripts.running.end()
        server.slowScripts.subtract(1, ordering: .relaxed)
        guard scripts.isBusy else { return }
        scripts.isBusy = false
        server.postBusyScripts()
        scripts.desk.close(on: worker)
    }

    /// The error for a request while scripts are busy; nil if it needs nothing that they have
    /// locked.
    func busyRefusal(
        _ number: Int,
        _ arguments: Arguments,
        _ session: Session
    ) -> CommandError? {
        let flags = registry.row(number).flags
        if session.traits.contains(.queues), !flags.contains(.neverQueued) { return nil }
        let busy = server.busyScripts
        guard let isFunction = busy.isFunction else { return nil }
        var plan = innerPlan(number, arguments)
        if let transaction = session.transaction { plan.formUnion(transaction.plan) }
        guard plan.stopsWorld || !plan.partitions.isDisjoint(with: busy.partitions) else {
            return nil
        }
        return .script(isFunction ? .busyFunction : .busyScript)
    }
}

extension Instance {
    /// The partitions locked by busy scripts, and whether one of these is a function; nil if there
    /// are none.
    var busyScripts: (partitions: PartitionSet, isFunction: Bool?) {
        var partitions: PartitionSet = []
        var isFunction: Bool?
        for worker in workers {
            let held = worker.executor.scripts.running.busyPartitions
            guard !held.isEmpty, let shown = worker.executor.scripts.running.shown else { continue }
            partitions.formUnion(held)
            isFunction = isFunction == false ? false : shown.isFunction
        }
        return (partitions, isFunction)
    }

    /// Makes all workers check whether busy scripts block a request.
    func postBusyScripts() {
        bulletin.post(by: .scripts) {
            Bulletin.Notice(alerts: busyScripts.isFunction == nil ? [] : .busy)
        }
    }

    /// Stops the running scripts; `isFunction` selects their kind.
    func killScripts(isFunction: Bool) throws(CommandError) {
        var refusal: CommandError.Scripts?
        var isKilled = false
        for worker in workers {
            let running = worker.executor.scripts.running
            guard let shown = running.shown else { continue }
            if shown.isFunction != isFunction {
                refusal = refusal ?? (isFunction ? .busyScript : .busyFunction)
            } else if running.hasWritten {
                refusal = .unkillable
            } else {
                running.askToEnd()
                isKilled = true
            }
        }
        guard isKilled else { throw .script(refusal ?? .noneRuns) }
    }
}
