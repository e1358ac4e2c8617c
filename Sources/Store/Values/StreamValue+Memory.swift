public import Primitives
public import Structures

/// What a stream knows of its producers' messages.
extension StreamValue {
    /// What is known; nil while nobody asked.
    public var memory: StreamMemory? { stream.memory(shard.arena) }

    /// The number of producers of which messages are known.
    public var producerCount: Int { memory?.producerCount(shard.arena) ?? 0 }

    /// The number of messages that are known.
    public var messageCount: Int { memory?.messageCount(shard.arena) ?? 0 }

    /// The entry that the message `name` of `producer` became, or nil when it is not known.
    ///
    /// With `counts` it counts as one that came again.
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

    /// Notes that the message `name` of `producer`, which is not known, became the entry `id`.
    public func noteMessage(_ name: Bytes, of producer: Bytes, _ id: StreamID, now: Int64) {
        shard.willEdit(slot)
        stream.noteMessage(name, of: producer, id, now: now, &shard.arena)
    }

    /// Sets how long and how many messages are known; forgets all where that changes.
    public func setMemory(duration: Int?, countMax: Int?) {
        shard.willEdit(slot)
        stream.setMemory(duration: duration, countMax: countMax, &shard.arena)
    }
}
