internal import Primitives
internal import Store
internal import Structures

/// A consumer group at work, with the names needed for records.
///
/// Deliveries and claims are logged as XCLAIM with all values given, so that nothing depends on the
/// clock; the group's progress is logged as XGROUP SETID.
struct StreamGroupWork {
    let stream: StreamValue
    let group: StreamGroup
    let key: Key
    let groupName: Bytes

    /// The consumer named `name`; creating it if necessary counts as a change of its own.
    func consumer(_ name: Bytes, _ context: inout CommandContext) -> StreamConsumer {
        if let consumer = stream.consumer(group, name) { return consumer }
        context.changed(key, .xGroupCreateConsumer)
        context.log("XGROUP") { record in
            record.word("CREATECONSUMER")
            record.word(key.bytes)
            record.word(groupName)
            record.word(name)
        }
        return stream.makeConsumer(group, name, now: context.date)
    }

    /// Logs the consumer, delivery time and delivery count of a pending entry.
    func logPending(_ entry: PendingEntry, of name: Bytes, _ context: inout CommandContext) {
        context.log("XCLAIM") { record in
            record.word(key.bytes)
            record.word(groupName)
            record.word(name)
            record.word(0)
            record.word(entry.id)
            record.word("TIME")
            record.word(entry.time)
            record.word("RETRYCOUNT")
            record.word(entry.deliveries)
            record.word("FORCE")
            record.word("JUSTID")
            record.word("LASTID")
            record.word(group.lastID)
        }
    }

    /// Logs how far the group has read.
    func logProgress(_ context: inout CommandContext) { context.logProgress(of: group, key) }

    /// Logs that the entry `id` is no longer pending.
    func logAcknowledged(_ id: StreamID, _ context: inout CommandContext) {
        context.logAcknowledged(id, key, groupName)
    }
}

extension CommandContext {
    /// Logs how far a group of the stream at `key` has read.
    mutating func logProgress(of group: StreamGroup, _ key: Key) {
        log("XGROUP") { record in
            record.word("SETID")
            record.word(key.bytes)
            record.word(group.name)
            record.word(group.lastID)
            record.word("ENTRIESREAD")
            record.word(group.readCount)
        }
    }

    /// Logs that the entry `id` of the stream at `key` is no longer pending in a group.
    mutating func logAcknowledged(_ id: StreamID, _ key: Key, _ group: Bytes) {
        log("XACK") { record in
            record.word(key.bytes)
            record.word(group)
            record.word(id)
        }
    }

    /// Logs that the entry `id` of the stream at `key` was deleted.
    mutating func logDeleted(_ id: StreamID, _ key: Key) {
        log("XDEL") { record in
            record.word(key.bytes)
            record.word(id)
        }
    }

    /// Logs that the stream at `key` was trimmed to its current entries.
    mutating func logTrim(_ trim: StreamTrim, _ stream: StreamValue, _ key: Key) {
        log("XTRIM") { record in
            record.word(key.bytes)
            record.bound(trim, stream)
        }
    }
}

extension EffectLog {
    /// Writes the words of a trim that keeps the current entries of `stream`.
    mutating func bound(_ trim: StreamTrim, _ stream: StreamValue) {
        switch trim.references {
        case .keep: break
        case .delete: word("DELREF")
        case .acknowledged: word("ACKED")
        }
        word("MAXLEN")
        word("=")
        word(Int64(stream.count))
    }
}
