internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Samples and scans of sets.
public enum SetSampling {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("SPOP", arity: -2, [.write, .fast], keys: [.one(1, [.rw, .access, .delete])], propagation: .own, group: .set, since: "1.0.0", complexity: "O(N) where N is the number of members popped", syntax: "@key [count:i]", summary: "Removes and returns random members.", tips: ["nondeterministic_output"], pop),
        DataCommand("SRANDMEMBER", arity: -2, [.readonly], keys: [.one(1, [.ro, .access])], group: .set, since: "1.0.0", complexity: "O(N) where N is the number of members returned", syntax: "@key [count:i]", summary: "Returns random members.", tips: ["nondeterministic_output"], random),
        DataCommand("SSCAN", arity: -3, [.readonly], keys: [.one(1, [.ro, .access])], group: .set, since: "2.8.0", complexity: "O(1) per call, O(N) for all members", syntax: "@key cursor:i [MATCH pattern:p] [COUNT count:i]", summary: "Iterates over members.", tips: ["nondeterministic_output"], scan),
    ]
}

extension SetSampling {
    /// `SPOP key [count]`: a member or null; with a count, up to that many.
    static func pop(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        guard arguments.count == 3 else { return try popOne(arguments, &context) }
        let wanted = try arguments.integer(2, in: 0...Int64.max, or: .notPositive)
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .set), wanted > 0 else {
            return context.reply.set(0)
        }
        var set = SetValue(slot)
        guard wanted < set.content.count else {
            context.reply.set(set.content)
            context.changed(key, .sPop, by: set.content.count)
            slot.shard.remove(slot)
            context.notify(key, .del)
            return context.log("DEL", key)
        }
        context.reply.set(wanted)
        pop(wanted, of: &set, key, &context)
        // As in Redis, which moves the remaining members to a new set if they are a sixth or less.
        if wanted >= set.content.count * 5 { set.remake(context.limits.encoding) }
    }

    private static func popOne(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        guard let slot = try context.find(key, .set) else {
            return context.reply.null()
        }
        var set = SetValue(slot)
        pop(1, of: &set, key, &context)
        if set.removeIfEmpty() { context.notify(key, .del) }
    }

    /// Replies with `count` random members, without an array header, and removes them.
    ///
    /// The key stays.
    private static func pop(
        _ count: Int,
        of set: inout SetValue,
        _ key: Key,
        _ context: inout CommandContext
    ) {
        context.changed(key, .sPop, by: count)
        guard context.logs else {
            for _ in 0..<count { set.pop(&context.random) { context.reply.bulk($0) } }
            return
        }
        context.beginRecord("SREM")
        context.effects.records.word(key.bytes)
        for _ in 0..<count {
            set.pop(&context.random) { member in
                context.reply.bulk(member)
                context.effects.records.word(member)
            }
        }
        context.effects.records.end()
    }

    /// `SRANDMEMBER key [count]`: a random member, or null.
    ///
    /// With a count, that many distinct members; if it is negative, as many as its magnitude, with
    /// repetition.
    static func random(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        let sample = arguments.count == 3 ? try SampleCount(arguments, at: 2) : nil
        let slot = try context.read(context.firstKey(arguments), .set)
        guard let slot else {
            return sample == nil ? context.reply.null() : context.reply.array(0)
        }
        let set = SetContent(slot.entry, in: slot.shard)
        guard let sample else {
            return context.reply.bulk(set.member(at: set.draw(&context.random)))
        }
        try draw(sample, set, &context)
    }

    private static func draw(
        _ sample: SampleCount,
        _ set: SetContent,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let total = set.count
        let count = try sample.count(of: total)
        context.reply.array(count)
        switch sample.method(of: total) {
        case .repeated:
            for _ in 0..<count {
                context.reply.bulk(set.member(at: set.draw(&context.random)))
            }
        case .draws:
            SampleCount.drawDistinct(count, { set.draw(&context.random) }) { place in
                context.reply.bulk(set.member(at: place))
            }
        case .walk:
            var selection = WalkSelection(count, of: total)
            set.forEach { member in
                if selection.takes(&context.random) { context.reply.bulk(member) }
                return !selection.isDone
            }
        }
    }

    // MARK: Scanning

    /// `SSCAN key cursor [MATCH pattern] [COUNT count]`: the next cursor, and members.
    static func scan(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        try ValueScan.reply(arguments, &context, .set) { slot, scan, context in
            SetContent(slot.entry, in: slot.shard).scan(scan.cursor) { member in
                guard member.withText({ scan.accepts($0) }) else { return }
                context.reply.bulk(member)
            }
        }
    }
}
