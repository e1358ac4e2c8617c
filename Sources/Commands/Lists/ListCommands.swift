internal import Primitives
internal import Store
internal import Structures
internal import Wire

/// Lists by index and by element: adding, reading, changing, trimming.
public enum ListCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    public static let table: [DataCommand] = [
        DataCommand("LPUSH", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(1) for each element", syntax: "@key element...", summary: "Adds elements to the front of a list, creating it if necessary.", pushFront),
        DataCommand("RPUSH", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(1) for each element", syntax: "@key element...", summary: "Adds elements to the back of a list, creating it if necessary.", pushBack),
        DataCommand("LPUSHX", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], propagation: .verbatim, group: .list, since: "2.2.0", complexity: "O(1) for each element", syntax: "@key element...", summary: "Adds elements to the front of an existing list.", pushFrontOfPresent),
        DataCommand("RPUSHX", arity: -3, [.write, .denyOOM, .fast], keys: [.one(1, [.rw, .insert])], propagation: .verbatim, group: .list, since: "2.2.0", complexity: "O(1) for each element", syntax: "@key element...", summary: "Adds elements to the back of an existing list.", pushBackOfPresent),
        DataCommand("LLEN", arity: 2, [.readonly, .fast], keys: [.one(1, [.ro])], group: .list, since: "1.0.0", complexity: "O(1)", syntax: "@key", summary: "Counts the elements of a list.", count),
        DataCommand("LRANGE", arity: 4, [.readonly], keys: [.one(1, [.ro, .access])], group: .list, since: "1.0.0", complexity: "O(log(N)+M) with M elements returned", syntax: "@key start:i stop:i", summary: "Returns the elements between two indices.", range),
        DataCommand("LINDEX", arity: 3, [.readonly], keys: [.one(1, [.ro, .access])], group: .list, since: "1.0.0", complexity: "O(log(N)), O(1) at the ends", syntax: "@key index:i", summary: "Returns the element at an index.", element),
        DataCommand("LPOS", arity: -3, [.readonly], keys: [.one(1, [.ro, .access])], group: .list, since: "6.0.6", complexity: "O(N) with N elements compared", syntax: "@key element [RANK rank:i] [COUNT num-matches:i] [MAXLEN len:i]", summary: "Returns the index of an element, or of several equal ones.", positions),
        DataCommand("LSET", arity: 4, [.write, .denyOOM], keys: [.one(1, [.rw, .update])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(log(N)), O(1) at the ends", syntax: "@key index:i element", summary: "Replaces the element at an index.", set),
        DataCommand("LINSERT", arity: 5, [.write, .denyOOM], keys: [.one(1, [.rw, .insert])], propagation: .verbatim, group: .list, since: "2.2.0", complexity: "O(N) with N elements up to the pivot", syntax: "@key where=(BEFORE | AFTER) pivot element", summary: "Inserts an element before or after another one.", insert),
        DataCommand("LREM", arity: 4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(N)", syntax: "@key count:i element", summary: "Removes the elements equal to a given one.", remove),
        DataCommand("LTRIM", arity: 4, [.write], keys: [.one(1, [.rw, .delete])], propagation: .verbatim, group: .list, since: "1.0.0", complexity: "O(log(N)); removed elements are freed later", syntax: "@key start:i stop:i", summary: "Removes all elements except those between two indices.", trim),
    ]
}

extension ListCommands {
    // MARK: Adding

    /// `LPUSH key element [element …]`: the new number of elements.
    static func pushFront(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try push(arguments, atFront: true, creates: true, &context) }

    /// `RPUSH key element [element …]`: the new number of elements.
    static func pushBack(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try push(arguments, atFront: false, creates: true, &context) }

    /// `LPUSHX key element [element …]`: the new number of elements, 0 if there is no list.
    static func pushFrontOfPresent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try push(arguments, atFront: true, creates: false, &context) }

    /// `RPUSHX key element [element …]`: the new number of elements, 0 if there is no list.
    static func pushBackOfPresent(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) { try push(arguments, atFront: false, creates: false, &context) }

    private static func push(
        _ arguments: Arguments,
        atFront: Bool,
        creates: Bool,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let key = context.firstKey(arguments)
        let list: ListValue
        if let slot = try context.find(key, .list) {
            list = ListValue(slot)
        } else {
            guard creates else { return context.reply.integer(0) }
            list = ListValue.create(key, bytes: arguments[2].count, in: context.shard(key))
        }
        let limits = context.limits.encoding
        if list.encoding == .node {
            var bytes = 0
            for index in 2..<arguments.count { bytes += arguments[index].count }
            list.grow(by: arguments.count - 2, bytes: bytes, limits)
        }
        for index in 2..<arguments.count {
            list.push(PackItem(encoding: arguments[index]), atFront: atFront, limits)
        }
        context.changed(key, atFront ? .lPush : .rPush, by: arguments.count - 2)
        context.reply.integer(list.count)
    }

    // MARK: Reading

    /// `LLEN key`: the number of elements.
    static func count(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let slot = try context.read(context.firstKey(arguments), .list)
        context.reply.integer(slot.map { ListValue($0).count } ?? 0)
    }

    /// `LRANGE key start stop`: the elements with these indices; negative ones count from the end.
    static func range(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (start, stop) = (try arguments.integer(2), try arguments.integer(3))
        guard let slot = try context.read(context.firstKey(arguments), .list) else {
            return context.reply.array(0)
        }
        let list = ListValue(slot)
        let range = indices(from: start, through: stop, of: list.count)
        context.reply.array(range.count)
        list.forEachRun(from: range.lowerBound, limit: range.count) { run in
            switch run {
            case .strings(let bytes, let width): context.reply.bulks(bytes, width: width)
            case .item(let item): context.reply.bulk(item)
            }
        }
    }

    /// The indices from `start` through `stop` in a list of `count` elements.
    private static func indices(
        from start: Int64,
        through stop: Int64,
        of count: Int
    ) -> Range<Int> {
        let lower = max(start < 0 ? Int(start) + count : Int(start), 0)
        let upper = min(stop < 0 ? Int(stop) + count : Int(stop), count - 1)
        return lower <= upper ? lower..<upper + 1 : 0..<0
    }

    /// The index that `index` stands for in a list of `count` elements, or nil.
    private static func index(_ index: Int64, of count: Int) -> Int? {
        let place = index < 0 ? Int(index) + count : Int(index)
        return place >= 0 && place < count ? place : nil
    }

    /// `LINDEX key index`: the element, or null.
    static func element(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.read(context.firstKey(arguments), .list) else {
            return context.reply.null()
        }
        let list = ListValue(slot)
        guard let index = index(try arguments.integer(2), of: list.count) else {
            return context.reply.null()
        }
        context.reply.bulk(list.element(index))
    }

    /// `LPOS key element [RANK rank] [COUNT count] [MAXLEN length]`: the index of a match, or null.
    ///
    /// With COUNT, an array of that many indices; 0 for all.
    static func positions(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let options = try ListPositionOptions(arguments)
        let slot = try context.read(context.firstKey(arguments), .list)
        let mark = context.reply.mark()
        var found = 0
        if let slot {
            var skipped = options.skipped
            let item = PackItem(encoding: arguments[2])
            ListValue(slot).forEachMatch(
                item,
                limit: options.lengthMax,
                reversed: options.reversed
            ) { index in
                if skipped > 0 {
                    skipped -= 1
                    return true
                }
                context.reply.integer(index)
                found += 1
                return found < options.count ?? 1
            }
        }
        if options.count != nil {
            context.reply.array(found, at: mark)
        } else if found == 0 {
            context.reply.null()
        }
    }

    // MARK: Changing

    /// `LSET key index element`: OK.
    static func set(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        guard let slot = try context.find(context.firstKey(arguments), .list) else {
            throw .noSuchKey
        }
        let list = ListValue(slot)
        guard let index = index(try arguments.integer(2), of: list.count) else {
            throw .outOfRange
        }
        let limits = context.limits.encoding
        list.grow(by: 1, bytes: arguments[3].count, limits)
        list.replace(index, with: PackItem(encoding: arguments[3]), limits)
        context.changed(context.firstKey(arguments), .lSet)
        context.reply.ok()
    }

    /// `LINSERT key BEFORE|AFTER pivot element`: the new number of elements.
    ///
    /// -1 if the pivot is not in the list, 0 if there is no list.
    static func insert(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let isAfter = arguments[2].isWord("AFTER")
        guard isAfter || arguments[2].isWord("BEFORE") else { throw .syntax }
        guard let slot = try context.find(context.firstKey(arguments), .list) else {
            return context.reply.integer(0)
        }
        let list = ListValue(slot)
        guard let pivot = list.firstMatch(PackItem(encoding: arguments[3])) else {
            return context.reply.integer(-1)
        }
        let limits = context.limits.encoding
        list.grow(by: 1, bytes: arguments[4].count, limits)
        list.insert(PackItem(encoding: arguments[4]), at: isAfter ? pivot + 1 : pivot, limits)
        context.changed(context.firstKey(arguments), .lInsert)
        context.reply.integer(list.count)
    }

    // MARK: Removing

    /// `LREM key count element`: the number of elements removed.
    ///
    /// Removes the first `count` matches, the last ones if `count` is negative, all if it is 0.
    static func remove(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let count = try arguments.integer(2)
        guard let slot = try context.find(context.firstKey(arguments), .list) else {
            return context.reply.integer(0)
        }
        let list = ListValue(slot)
        let removed = list.removeMatches(
            PackItem(encoding: arguments[3]),
            limit: count == 0 ? .max : Int(clamping: count.magnitude),
            reversed: count < 0,
            context.limits.encoding
        )
        context.changed(context.firstKey(arguments), .lRem, by: removed)
        if list.removeIfEmpty() { context.notify(context.firstKey(arguments), .del) }
        context.reply.integer(removed)
    }

    /// `LTRIM key start stop`: OK.
    static func trim(
        _ arguments: Arguments,
        _ context: inout CommandContext
    ) throws(CommandError) {
        let (start, stop) = (try arguments.integer(2), try arguments.integer(3))
        if let slot = try context.find(context.firstKey(arguments), .list) {
            let list = ListValue(slot)
            let count = list.count
            let kept = indices(from: start, through: stop, of: count)
            let limits = context.limits.encoding
            list.remove(count - kept.upperBound, atFront: false, limits)
            list.remove(kept.lowerBound, atFront: true, limits)
            let key = context.firstKey(arguments)
            // Redis sends a notification even if nothing was removed.
            context.changed(key, .unnamed, by: count - kept.count)
            context.notify(key, .lTrim)
            if list.removeIfEmpty() { context.notify(key, .del) }
        }
        context.reply.ok()
    }
}
