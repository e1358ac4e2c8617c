internal import Commands
internal import Primitives

/// Publishes keyspace notifications, as configured; each worker has its own.
///
/// ```text
/// __keyspace@0__:key               ─▶ event
/// __keyevent@0__:event             ─▶ key
/// __subkeyspace@0__:key            ─▶ event|5:field,6:field2
/// __subkeyevent@0__:event          ─▶ 3:key|5:field,6:field2
/// __subkeyspaceitem@0__:key\nfield ─▶ event
/// __subkeyspaceevent@0__:event|key ─▶ 5:field,6:field2
/// ```
/// The last four, from Redis 8.8, are published only for events that name fields of a hash. Lengths
/// are in bytes. It runs while the keys are locked, so the notifications of a key are in order.
final class Notifier: @unchecked Sendable {  // because: its worker alone uses it
    /// Lives as long as the process.
    private unowned let server: Instance
    /// The name of the channel, under construction.
    private var channel = ByteBuffer()
    /// A message, under construction.
    private var message = ByteBuffer()

    /// The bytes of the buffers that are kept from one notification to the next.
    private static let bytesKept = 64 * 1024

    init(_ server: Instance) { self.server = server }

    /// Publishes the events in `effects` if there may be subscribers.
    func publish(_ effects: borrowing Effects) {
        let choice = server.options.notifications
        guard choice.isOn, server.channels.hasPlainListeners else { return }
        for touch in effects.touches where !touch.event.classes.isDisjoint(with: choice.classes) {
            let event = Bytes(touch.event.name)
            let key = effects.key(touch)
            if choice.channels.contains(.keyspace) {
                name("__keyspace@", touch.database, key)
                publish(event)
            }
            if choice.channels.contains(.keyevent) {
                name("__keyevent@", touch.database, event)
                publish(key)
            }
            if choice.namesFields, !touch.fields.isEmpty {
                publishFields(touch, event, key, effects, on: choice.channels)
            }
        }
    }

    /// Publishes an event that names fields on the channels for such events.
    private func publishFields(
        _ touch: Effects.Touch,
        _ event: Bytes,
        _ key: Bytes,
        _ effects: borrowing Effects,
        on channels: NotificationChoice.Channels
    ) {
        if channels.contains(.subkeyspace) {
            name("__subkeyspace@", touch.database, key)
            message.append(event)
            message.append("|")
            appendFields(of: touch, effects)
            publishMessage()
        }
        if channels.contains(.subkeyevent) {
            name("__subkeyevent@", touch.database, event)
            message.append(counted: key)
            message.append("|")
            appendFields(of: touch, effects)
            publishMessage()
        }
        // With a line feed in the key, the start of the field would be ambiguous.
        if channels.contains(.subkeyspaceItem), key.firstIndex(of: UInt8(ascii: "\n")) == nil {
            for number in touch.fields {
                name("__subkeyspaceitem@", touch.database, key)
                channel.append("\n")
                channel.append(effects.field(number))
                publish(event)
            }
        }
        if channels.contains(.subkeyspaceEvent) {
            name("__subkeyspaceevent@", touch.database, event)
            channel.append("|")
            channel.append(key)
            appendFields(of: touch, effects)
            publishMessage()
        }
    }

    private func appendFields(of touch: Effects.Touch, _ effects: borrowing Effects) {
        for number in touch.fields {
            if number > touch.fields.lowerBound { message.append(",") }
            message.append(counted: effects.field(number))
        }
    }

    private func name(_ head: StaticString, _ database: Int, _ tail: Bytes) {
        channel.truncate(to: 0)
        channel.append(head)
        channel.append(decimal: Int64(database))
        channel.append("__:")
        channel.append(tail)
    }

    private func publish(_ message: Bytes) {
        _ = server.channels.publish(message, on: channel.bytes, .channel, among: server.workers)
        channel.removeAll(keep: Notifier.bytesKept)
    }

    private func publishMessage() {
        publish(message.bytes)
        message.removeAll(keep: Notifier.bytesKept)
    }
}

extension ByteBuffer {
    /// Appends `<length>:<bytes>`.
    fileprivate mutating func append(counted bytes: Bytes) {
        append(decimal: Int64(bytes.count))
        append(":")
        append(bytes)
    }
}
