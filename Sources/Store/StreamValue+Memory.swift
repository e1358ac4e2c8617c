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

    /// The entry that the message `name` of `producer` became, or nil when it is not known. With
    /// `counts` it counts as one that came again.
    public func entry(
        ofMessage name: Bytes,
        of producer: Bytes,
        now: Int64,
        counts: Bool
    ) -> StreamID? {
        guard memory != nil else { return nil }
        shard.willChange(slot)
        return stream.entry(
            ofMessage: name, of: producer, now: now, counts: counts, &shard.arena)
    }

    /// Notes that the message `name` of `producer`, which is not known, became the entry `id`.
    public func noteMessage(_ name: Bytes, of producer: Bytes, _ id: StreamID, now: Int64) {
        shard.willChange(slot)
        stream.noteMessage(name, of: producer, id, now: now, &shard.arena)
    }

    /// Sets how long and how many messages are known; forgets all where that changes.
    public func setMemory(duration: Int?, countMax: Int?) {
        shard.willChange(slot)
        stream.setMemory(duration: duration, countMax: countMax, &shard.arena)
    }

    /// Copies what `stream`, which `source` holds, knows to a copy of it.
    static func copyMemory(
        of stream: Stream,
        from source: Shard,
        to copy: Stream,
        in target: Shard
    ) {
        guard let memory = stream.memory(source.arena) else { return }
        copy.setMemory(like: memory, &target.arena)
        for index in 0..<memory.producerCount(source.arena) {
            var next = memory.oldest(ofProducer: index, source.arena)
            while let message = next {
                copy.noteMessage(
                    message.name, of: message.producer, message.id, now: message.time,
                    &target.arena)
                next = memory.next(message, source.arena)
            }
        }
        // Noting counted the messages once more.
        copy.setMemory(like: memory, &target.arena)
    }
}
