internal import Commands
internal import Primitives
internal import Synchronization
internal import System
internal import Wire

/// MONITOR: clients that are told of every command.
extension Executor {
    /// Tells clients that monitor of a command that has run.
    @inline(never)
    func tellMonitors(_ number: Int, _ arguments: Arguments, _ connection: Connection) {
        guard registry.row(number).asks.contains(.monitors) else { return }
        tellMonitors(ofScript: number, arguments, connection)
    }

    /// As above, whether or not the command is usually shown: scripts are shown before their calls.
    func tellMonitors(ofScript number: Int, _ arguments: Arguments, _ connection: Connection) {
        var address = ByteBuffer()
        Socket(connection.descriptor).appendName(
            peer: true,
            unixPath: server.options.unixSocketPath,
            to: &address
        )
        let database = connection.session.database
        tellMonitors(number, arguments, database, .client(address.bytes))
    }

    /// Tells clients that monitor of a command that a script has called.
    func tellMonitors(ofScriptCall number: Int, _ arguments: Arguments) {
        guard registry.row(number).asks.contains(.monitors) else { return }
        tellMonitors(number, arguments, context.database, .script)
    }

    private func tellMonitors(
        _ number: Int,
        _ arguments: Arguments,
        _ database: Int,
        _ author: MonitorLine.Author
    ) {
        var line = ByteBuffer()
        MonitorLine.append(
            arguments,
            database: database,
            author,
            at: Clock.unixMicroseconds(),
            secrets: registry.table.facts[number].secrets,
            to: &line
        )
        var writer = PushWriter(byteCount: line.count)
        writer.raw(line.bytes)
        for worker in server.workers where worker.monitorCount.load(ordering: .relaxed) > 0 {
            writer.block.retain()
            let count = worker.monitorCount.load(ordering: .relaxed)
            worker.mailbox.post(Post(writer.block, .monitors, count: count))
        }
        writer.block.release()
    }
}

extension Worker {
    /// Has a client told of every command from now on.
    func beginMonitoring(_ connection: Connection) {
        connection.session.traits.insert(.monitor)
        monitors.append(connection)
        countMonitor(1)
    }

    /// Has a client told of commands no more.
    func endMonitoring(_ connection: Connection) {
        guard connection.session.traits.contains(.monitor) else { return }
        connection.session.traits.remove(.monitor)
        monitors.removeAll { $0 === connection }
        countMonitor(-1)
    }

    private func countMonitor(_ change: Int) {
        monitorCount.add(change, ordering: .relaxed)
        server.monitorCount.add(change, ordering: .relaxed)
        server.postNotices()
        executor.readBulletin()
    }
}
