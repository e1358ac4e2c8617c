public import Primitives
public import Structures

/// The messages of producers that a stream remembers.
extension StreamValue {
    /// The remembered messages; nil until the feature is first used.
    public var memory: StreamMemory? { stream.memory(shard.arena) }

    /// The number of producers with remembered messages.
    public var producerCount: Int { memory?.producerCount(shard.arena) ?? 0 }

    /// The number of remembered messages.
    public var messageCount: Int { memory?.messageCount(shard.arena) ?? 0 }

    /// The entry that message `name` of `producer` became, or nil if it is not remembered.
    ///
    /// If `counts` is true, counts the message as a duplicate.
    public func entry(
        ofMessage name: Bytes,
        of producer: Bytes,
        now: Int64,
        counts: Bool
    ) -> StreamID? {
        guard memory != nil else { return nil }
        shard.willEdit(slot)
        return stream.entry(
            ofMessage: name,
            of: producer,
            now: now,
            counts: counts,
            &shard.arena
        )
    }

    /// Records that message `name` of `producer`, which must be unknown, became entry `id`.
    public func noteMessage(_ name: Bytes, of producer: Bytes, _ id: StreamID, now: Int64) {
        shard.willEdit(slot)
        stream.noteMessage(name, of: producer, id, now: now, &shard.arena)
    }

    /// Sets how long and how many messages are remembered; a change forgets all messages.
    public func setMemory(duration: Int?, countMax: Int?) {
        shard.willEdit(slot)
        stream.setMemory(duration: duration, countMax: countMax, &shard.arena)
    }
}
