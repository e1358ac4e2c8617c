internal import Commands
internal import Primitives
internal import Synchronization
internal import System
internal import Wire

/// MONITOR: clients that see every command.
extension Executor {
    /// Sends a command that has run to clients that monitor.
    @inline(never)
    func sendToMonitors(_ number: Int, _ arguments: Arguments, _ connection: Connection) {
        guard registry.row(number).asks.contains(.monitors) else { return }
        sendToMonitors(ofScript: number, arguments, connection)
    }

    /// As above, even if the command is not usually shown: scripts are shown before their calls.
    func sendToMonitors(ofScript number: Int, _ arguments: Arguments, _ connection: Connection) {
        var address = ByteBuffer()
        Socket(connection.descriptor).appendName(
            peer: true,
            unixPath: server.options.unixSocketPath,
            to: &address
        )
        let database = connection.session.database
        sendToMonitors(number, arguments, database, .client(address.bytes))
    }

    /// Sends a command called by a script to clients that monitor.
    func sendToMonitors(ofScriptCall number: Int, _ arguments: Arguments) {
        guard registry.row(number).asks.contains(.monitors) else { return }
        sendToMonitors(number, arguments, context.database, .script)
    }

    private func sendToMonitors(
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
    /// Starts sending every command to a client.
    func beginMonitoring(_ connection: Connection) {
        connection.session.traits.insert(.monitor)
        monitors.append(connection)
        countMonitor(1)
    }

    /// Stops sending commands to a client.
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
