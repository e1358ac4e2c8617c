internal import Primitives
internal import Structures

/// A copy of a stream in progress: its packs, then its groups, then its remembered messages.
struct StreamCopy {
    /// What to copy next.
    private enum Stage {
        /// The pack after the one that starts with an id.
        case packs(after: StreamID?)
        /// A group, by index, without its contents.
        case group(Int)
        /// A consumer of a group.
        case consumers(group: Int, next: Int)
        /// A pending entry of a group.
        case pending(group: Int, next: PendingEntry?)
        /// The settings and counters of remembered messages.
        case memory
        /// A message of a producer.
        case messages(producer: Int, next: StreamMemory.Known?)
        case done
    }

    /// A pending entry is inserted into two trees and a list.
    private static let pendingCost = 3

    private let source: Shard
    private let target: Shard
    private let stream: Stream
    private let copy: Stream
    private var stage = Stage.packs(after: nil)

    var root: Handle { copy.root }

    init(of root: Handle, from source: Shard, to target: Shard) {
        self.source = source
        self.target = target
        stream = Stream(root, source.arena)
        copy = stream.createCopy(&target.arena)
    }

    mutating func copySome(_ budget: inout Int) -> Bool {
        while budget > 0 {
            budget -= 1
            switch stage {
            case .packs(let id): stage = copyPack(after: id, &budget)
            case .group(let index): stage = copyGroup(index)
            case .consumers(let group, let next): stage = copyConsumer(next, of: group)
            case .pending(let group, let next): stage = copyPending(next, of: group, &budget)
            case .memory: stage = copyMemory()
            case .messages(let producer, let next): stage = copyMessage(next, of: producer)
            case .done: return true
            }
        }
        if case .done = stage { return true }
        return false
    }

    private func copyPack(after id: StreamID?, _ budget: inout Int) -> Stage {
        guard let (first, bytes) = stream.packBytes(after: id, source.arena) else {
            return .group(0)
        }
        copy.appendCopy(bytes, &target.arena)
        budget -= ValueCopy.cost(bytes.count)
        return .packs(after: first)
    }

    // MARK: Groups

    private func copyGroup(_ index: Int) -> Stage {
        guard index < stream.groupCount(source.arena) else { return .memory }
        let group = stream.group(at: index, source.arena)
        _ = copy.createGroup(
            group.name,
            lastID: group.lastID,
            readCount: group.readCount,
            &target.arena
        )
        return .consumers(group: index, next: 0)
    }

    private func copyConsumer(_ index: Int, of groupIndex: Int) -> Stage {
        let group = stream.group(at: groupIndex, source.arena)
        guard index < group.consumers.count(source.arena) else {
            // In order of delivery, so that each one is appended to the copy's list.
            return .pending(group: groupIndex, next: group.oldestEntry(source.arena))
        }
        let consumer = group.consumer(at: index, source.arena)
        let twin = copy.group(at: groupIndex, target.arena)
        twin.makeConsumer(consumer.name, now: consumer.seen, &target.arena).active = consumer.active
        return .consumers(group: groupIndex, next: index + 1)
    }

    private func copyPending(
        _ next: PendingEntry?,
        of groupIndex: Int,
        _ budget: inout Int
    ) -> Stage {
        guard let entry = next else { return .group(groupIndex + 1) }
        let group = stream.group(at: groupIndex, source.arena)
        let twin = copy.group(at: groupIndex, target.arena)
        let owner =
            entry.hasConsumer
            ? twin.consumer(entry.consumerName(source.arena), target.arena) : nil
        twin.add(
            entry.id,
            of: owner,
            time: entry.time,
            deliveries: entry.deliveries,
            &target.arena
        )
        budget -= StreamCopy.pendingCost - 1
        return .pending(group: groupIndex, next: group.entryAfter(entry, source.arena))
    }

    // MARK: Messages

    private func copyMemory() -> Stage {
        guard let memory = stream.memory(source.arena) else { return .done }
        copy.setMemory(like: memory, &target.arena)
        return firstMessage(ofProducer: 0, memory)
    }

    private func firstMessage(ofProducer index: Int, _ memory: StreamMemory) -> Stage {
        if index < memory.producerCount(source.arena) {
            return .messages(
                producer: index,
                next: memory.oldest(ofProducer: index, source.arena)
            )
        }
        // Recording the messages changed the counters.
        copy.setMemory(like: memory, &target.arena)
        return .done
    }

    private func copyMessage(_ next: StreamMemory.Known?, of producer: Int) -> Stage {
        guard let memory = stream.memory(source.arena) else { return .done }
        guard let message = next else { return firstMessage(ofProducer: producer + 1, memory) }
        copy.noteMessage(
            message.name,
            of: message.producer,
            message.id,
            now: message.time,
            &target.arena
        )
        return .messages(producer: producer, next: memory.next(message, source.arena))
    }
}
