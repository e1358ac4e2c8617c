internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Sets by member: adding, removing, looking up, moving, listing.
public enum SetCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("SADD", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], memberWord: 2, propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(1) for each member", syntax: "@key member...", summary: "Adds members to a set and returns how many are new.", add),
        DataCommand("SREM", arity: -3, [.write, .fast], keys: [.one(1, [.rw, .delete])], memberWord: 2, propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(1) for each member", syntax: "@key member...", summary: "Removes members from a set and returns how many existed.", remove),
        DataCommand("SISMEMBER", arity: 3, [.readonly, .fast], keys: [.one(1, [.ro])], memberWord: 2, group: .set, since: "1.0.0", complexity: "O(1)", syntax: "@key member", summary: "Returns whether a set contains a member.", isMember),
        DataCommand("SMISMEMBER", arity: -3, [.readonly, .fast], keys: [.one(1, [.ro, .access])], memberWord: 2, group: .set, since: "6.2.0", complexity: "O(1) for each member", syntax: "@key member...", summary: "Returns which of several members a set contains.", areMembers),
        DataCommand("SCARD", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .set, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Counts the members of a set.", count),
        DataCommand("SMOVE", arity: 4, [.write, .fast], keys: [.one(1, [.rw, .access, .delete]), .one(2, [.rw, .insert])], memberWord: 3, propagation: .verbatim, group: .set, since: "1.0.0", complexity: "O(1)", syntax: "@source @destination member", summary: "Moves a member from one set to another.", move),
        DataCommand("SMEMBERS", arity: 2, [.readonly], keys: [.one(1, [.ro, .access])], group: .set, since: "1.0.0", complexity: "O(N) where N is the number of members", syntax: "@key", summary: "Returns all members of a set.", tips: ["nondeterministic_output_order"], members),
    ]
}

extension SetCommands {
    /// `SADD key member [member …]`: the number of new members.
    static func add(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        var set = try target(
            key,
            first: arguments[2],
            count: arguments.count - 2,
            &context
        )
        let limits = context.limits.encoding
        var added = 0
        for start in stride(from: 2, to: arguments.count, by: MemberWords.countMax) {
            let words = MemberWords(arguments, from: start, for: set.content)
            for index in words.range where set.add(.bytes(arguments[index]), words[index], limits) {
                added += 1
            }
        }
        context.changed(key, .sAdd, by: added)
        context.reply.integer(added)
    }

    /// The set to add `count` members to, created if necessary.
    private static func target(
        _ key: Key,
        first: Bytes,
        count: Int,
        _ context: inout CommandContext
    ) throws(CommandError) -> SetValue {
        let limits = context.limits.encoding
        if let slot = try context.find(key, .set) {
            var set = SetValue(slot)
            if count > 1 { set.prepare(adding: count, limits) }
            return set
        }
        let shard = context.shard(key)
        let content = SetContent.create(first: .bytes(first), count: count, limits, in: shard)
        return SetValue(key, takingOver: content, in: shard)
    }

    /// `SREM key member [member …]`: the number of members removed.
    static func remove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .set) else {
            return context.reply.integer(0)
        }
        var set = SetValue(slot)
        let removed = remove(arguments, from: &set)
        context.changed(key, .sRem, by: removed)
        if set.removeIfEmpty() { context.notify(key, .del) }
        context.reply.integer(removed)
    }

    /// Removes the members at the words from 2 on; returns how many were removed.
    private static func remove(_ arguments: Arguments, from set: inout SetValue) -> Int {
        var removed = 0
        for start in stride(from: 2, to: arguments.count, by: MemberWords.countMax) {
            let words = MemberWords(arguments, from: start, for: set.content)
            for index in words.range where set.remove(.bytes(arguments[index]), words[index]) {
                removed += 1
                if set.content.count == 0 { return removed }
            }
        }
        return removed
    }

    // MARK: Looking up

    /// `SISMEMBER key member`: 1 or 0.
    static func isMember(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let set = try content(arguments, &context) else { return context.reply.integer(0) }
        let member = arguments[2]
        let isMember = set.contains(.bytes(member), set.shard.hash(member))
        context.reply.integer(isMember ? 1 : 0)
    }

    /// `SMISMEMBER key member [member …]`: 1 or 0 for each.
    static func areMembers(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let set = try content(arguments, &context)
        context.reply.array(arguments.count - 2)
        guard let set else {
            for _ in 2..<arguments.count { context.reply.integer(0) }
            return
        }
        for start in stride(from: 2, to: arguments.count, by: MemberWords.countMax) {
            let words = MemberWords(arguments, from: start, for: set)
            for index in words.range {
                let isMember = set.contains(.bytes(arguments[index]), words[index])
                context.reply.integer(isMember ? 1 : 0)
            }
        }
    }

    /// `SCARD key`: the number of members.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        context.reply.integer(try content(arguments, &context)?.count ?? 0)
    }

    /// `SMEMBERS key`: all members.
    static func members(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let set = try content(arguments, &context) else { return context.reply.set(0) }
        context.reply.set(set)
    }

    /// The set at the first key, for reading.
    private static func content(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) -> SetContent? {
        let slot = try context.read(context.firstKey(arguments), .set)
        return slot.map { SetContent($0.entry, in: $0.shard) }
    }

    // MARK: Moving

    /// `SMOVE source destination member`: 1, or 0 if the source does not contain the member.
    static func move(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (source, destination) = (context.firstKey(arguments), context.key(arguments[2]))
        // This comes first, as it may remove an expired key from the source's shard.
        let target = context.find(destination)
        guard let slot = context.find(source) else { return context.reply.integer(0) }
        guard slot.entry.isKind(.set), target?.entry.isKind(.set) ?? true else { throw .wrongType }
        let member = arguments[3]
        let hash = slot.shard.hash(member)
        var set = SetValue(slot)
        if source.bytes == destination.bytes {
            return context.reply.integer(set.content.contains(.bytes(member), hash) ? 1 : 0)
        }
        guard set.remove(.bytes(member), hash) else { return context.reply.integer(0) }
        context.changed(source, .sRem)
        if set.removeIfEmpty() { context.notify(source, .del) }
        var other = try SetCommands.target(destination, first: member, count: 1, &context)
        let isNew = other.add(.bytes(member), hash, context.limits.encoding)
        context.changed(destination, .sAdd, by: isNew ? 1 : 0)
        context.reply.integer(1)
    }
}

/// Several words of a request as members, with their hashes.
///
/// Prefetches the parts of a large set that contain them.
private struct MemberWords {
    static let countMax = 16

    let range: Range<Int>
    private var hashes = InlineArray<16, KeyHash>(repeating: KeyHash(bits: 0))

    /// Takes as many words from `start` on as fit, for looking them up in `set`.
    init(_ arguments: Arguments, from start: Int, for set: SetContent) {
        range = start..<min(start + MemberWords.countMax, arguments.count)
        for index in range { hashes[index - start] = set.shard.hash(arguments[index]) }
        guard range.count > 1, set.encoding == .table else { return }
        for index in 0..<range.count { set.prefetchBucket(hashes[index]) }
        for index in 0..<range.count { set.prefetchEntry(hashes[index]) }
    }

    /// The hash of word `index`.
    subscript(index: Int) -> KeyHash { hashes[index - range.lowerBound] }
}

extension ReplyWriter {
    /// Writes all members of a set.
    mutating func set(_ content: SetContent) {
        set(content.count)
        content.forEach { member in
            bulk(member)
            return true
        }
    }
}
