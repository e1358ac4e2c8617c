internal import Commands
internal import Primitives

/// Publishes keyspace notifications, as configured; each worker has its own.
///
/// ```text
/// __keyspace@0__:key     ─▶ event
/// __keyevent@0__:event   ─▶ key
/// ```
/// It runs while the keys are locked, so the notifications of a key are in order.
final class Notifier: @unchecked Sendable {  // because: its worker alone uses it
    /// It lives as long as the process.
    private unowned let server: Instance
    /// The name of the channel, under construction.
    private var channel = ByteBuffer()

    init(_ server: Instance) { self.server = server }

    /// Publishes the events in `effects` if there may be subscribers.
    func tell(_ effects: borrowing Effects) {
        let choice = server.options.notifications
        guard choice.isOn, server.channels.hasPlainListeners else { return }
        for touch in effects.touches where !touch.event.classes.isDisjoint(with: choice.classes) {
            let event = Bytes(touch.event.name)
            let key = effects.key(touch)
            if choice.toKeyspace { publish(event, "__keyspace@", touch.database, key) }
            if choice.toKeyevent { publish(key, "__keyevent@", touch.database, event) }
        }
    }

    private func publish(_ message: Bytes, _ head: StaticString, _ database: Int, _ tail: Bytes) {
        channel.truncate(to: 0)
        channel.append(head)
        channel.append(decimal: Int64(database))
        channel.append("__:")
        channel.append(tail)
        _ = server.channels.publish(message, on: channel.bytes, .channel, among: server.workers)
        channel.removeAll(keep: 64 * 1024)
    }
}
