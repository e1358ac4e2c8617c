internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// DEBUG subcommands about keys and values, and for creating keys.
extension DebugCommands {
    /// Calls `body` with the slot of a key of the client's database, expired or not.
    ///
    /// The key's partition is locked meanwhile.
    static func withSlot<Result>(
        _ word: Bytes,
        _ call: AdminCall,
        _ body: (Shard.Slot) throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        let key = call.worker.executor.context.key(word)
        let keyspace = call.server.keyspace
        let partition = keyspace.partition(key.hash)
        keyspace.lock(partition)
        defer { keyspace.unlock(partition) }
        guard let slot = call.worker.executor.context.shard(key).find(key) else {
            throw .noSuchKey
        }
        return try body(slot)
    }

    // MARK: Digests

    /// `DEBUG DIGEST`: forty digits for all keys of all databases.
    static func digest(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let digest = call.server.exclusively(call.worker) {
            DataDigest(call.server.keyspace)
        }
        call.reply.simple(string: digest.text)
    }

    /// `DEBUG DIGEST-VALUE [key …]`: forty digits for each value, zeros for missing keys.
    static func digestValues(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            let digest = try? withSlot(arguments[index], call) { DataDigest(valueAt: $0) }
            call.reply.simple(string: (digest ?? DataDigest()).text)
        }
    }

    // MARK: One key

    /// `DEBUG OBJECT key [fast]`: a line about the value.
    ///
    /// Its serialized length is the size of the value in memory.
    static func showObject(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isFast = arguments.count > 3
        if isFast, !arguments[3].isWord("FAST") { throw .syntax }
        let limits = call.worker.executor.context.limits.encoding
        let text = try withSlot(arguments[2], call) { slot in
            let entry = slot.entry
            let length = isFast ? "" : " serializedlength:\(slot.shard.byteCount(slot))"
            let address = String(slot.shard.hash(entry.key).bits, radix: 16)
            return "Value at:0x\(address) refcount:1 encoding:\(Shard.encodingName(entry))"
                + length + " " + lastUse(slot, call.worker.executor.context)
                + (isFast ? "" : listText(slot, limits))
        }
        call.reply.simple(string: text)
    }

    /// The fields `lru` and `lru_seconds_idle`.
    ///
    /// By time, the low 24 bits of the second of the last access; by count, 16 bits of the minute
    /// and 8 of the counter.
    private static func lastUse(
        _ slot: Shard.Slot,
        _ context: borrowing CommandContext
    ) -> String {
        let clock = context.accessClock
        let stamp = slot.shard.stamp(slot)
        let idle = clock.idleSeconds(stamp)
        // The difference between the two clocks, rounded, as their seconds do not start at the same
        // time.
        let apart = Clock.unixMicroseconds() - Clock.monotonicNanoseconds() / 1000 + 500_000
        let second = clock.second - idle + apart / 1_000_000
        let word = clock.countsUses ? second / 60 << 8 | Int64(clock.frequency(stamp)) : second
        return "lru:\(word & 0xFF_FFFF) lru_seconds_idle:\(idle)"
    }

    /// The additional text of DEBUG OBJECT for a list of several nodes.
    private static func listText(_ slot: Shard.Slot, _ limits: EncodingLimits) -> String {
        guard slot.entry.isKind(.list) else { return "" }
        let list = ListValue(slot)
        guard list.encoding == .large else { return "" }
        var nodes = 0
        var bytes = 0
        list.forEachNode { node, _ in
            nodes += 1
            bytes += node.usedBytes
        }
        return " ql_nodes:\(nodes) ql_avg_node:\(hundredths(Double(list.count) / Double(nodes)))"
            + " ql_listpack_max:\(limits.listPackSize)"
            + " ql_compressed:\(list.compressDepth > 0 ? 1 : 0) ql_uncompressed_size:\(bytes)"
    }

    /// `DEBUG SDSLEN key`: the lengths of a key and a string, and of the blocks that contain them.
    ///
    /// A short value is in the same block as its key.
    static func showStringLengths(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let text = try withSlot(arguments[2], call) { (slot) throws(CommandError) in
            let entry = slot.entry
            guard entry.isKind(.string), entry.stringEncoding != .integer else {
                throw .debug(.notString)
            }
            let count = StringValue.count(entry)
            let own = slot.shard.arena.capacity(slot.shard.arena.handle(of: entry.cell))
            let isOutside = entry.stringEncoding == .external
            let outside =
                isOutside ? SharedBlock(address: entry.externalAddress).byteCount : 0
            return "key_sds_len:\(entry.key.count), key_sds_avail:0, key_zmalloc: \(own), "
                + "val_sds_len:\(count), val_sds_avail:\(isOutside ? outside - count : 0), "
                + "val_zmalloc: \(outside)"
        }
        call.reply.simple(string: text)
    }

    // MARK: Printing

    /// `DEBUG LISTPACK key`: a status; the pack is printed to standard output.
    static func printPack(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let text = try withSlot(arguments[2], call) { (slot) throws(CommandError) in
            let entry = slot.entry
            guard Shard.encodingName(entry).description.hasPrefix("listpack") else {
                throw .debug(.notPack)
            }
            let lines = DebugCommands.lines(of: slot)
            return lines.enumerated().reduce(
                "{pack of \(lines.count) items, \(slot.shard.byteCount(slot)) bytes with its key}\n"
            ) { $0 + "\t{\($1.offset): \($1.element)}\n" } + "{end}\n"
        }
        OwnProcess.writeOutput(text)
        call.reply.simple("Listpack structure printed on stdout")
    }

    /// The contents of a pack as text: elements, members with or without scores, or fields.
    ///
    /// Fields come with their values.
    private static func lines(of slot: Shard.Slot) -> [String] {
        var lines: [String] = []
        switch slot.entry.kind {
        case .list:
            ListValue(slot).walk(from: 0, limit: .max) {
                lines.append(text($0))
                return true
            }
        case .set:
            SetContent(slot.entry, in: slot.shard).forEach {
                lines.append(text($0))
                return true
            }
        case .sortedSet:
            SortedSetValue(slot).walk(from: 0, limit: .max) { member, score in
                lines.append("[str]\(member.string) [score]\(score)")
                return true
            }
        case .hash:
            HashValue(slot).forEach(now: .min) { field, value in
                lines.append("[field]\(text(field)) [value]\(value.map(text) ?? "[null]")")
                return true
            }
        case .string, .stream, .member: break
        }
        return lines
    }

    private static func text(_ item: PackItem) -> String {
        switch item {
        case .bytes(let bytes): "[str]" + bytes.string
        case .integer(let number): "[int]\(number)"
        }
    }

    private static func text(_ content: StringContent) -> String {
        content.withBytes { $0.string }
    }

    /// `DEBUG QUICKLIST key [0|1]`: a status; the list's nodes are printed to standard output.
    ///
    /// With 1, also prints their elements.
    static func printList(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let isFull = arguments.count > 3 && isOn(arguments[3])
        let text = try withSlot(arguments[2], call) { (slot) throws(CommandError) in
            guard slot.entry.isKind(.list), ListValue(slot).encoding == .large else {
                throw .debug(.notLargeList)
            }
            return describe(ListValue(slot), isFull: isFull)
        }
        OwnProcess.writeOutput(text)
        call.reply.simple("Quicklist structure printed on stdout")
    }

    private static func describe(_ list: ListValue, isFull: Bool) -> String {
        var text = "{count : \(list.count)}\n{compress : \(list.compressDepth)}\n"
        var index = 0
        list.forEachNode { node, capacity in
            text += "{quicklist node(\(index))\n"
            text += "{form : \(node.formName), encoding: \(node.isCompressed ? "LZF" : "RAW"), "
            text += "size: \(node.usedBytes), stored: \(node.storedBytes), block: \(capacity), "
            text += "count: \(node.count)}\n"
            if isFull {
                node.readable.walk(from: 0, limit: .max, reversed: false) {
                    text += "\t" + DebugCommands.text($0) + "\n"
                    return true
                }
            }
            index += 1
        }
        return text + "{len : \(index)}\n{end}\n"
    }

    /// `DEBUG QUICKLIST-PACKED-THRESHOLD size`: OK.
    static func setPackedThreshold(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        guard let size = memorySize(arguments[2].string), size < 4 << 30 else {
            throw .debug(.threshold)
        }
        let server = call.server
        server.exclusively(call.worker) {
            server.boundListNodes(size == 0 ? .max : Int(size))
        }
        call.reply.ok()
    }

    // MARK: Creating keys

    /// `DEBUG POPULATE count [prefix [size]]`: OK, after creating the missing keys.
    static func populate(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        let positive = 0...Int64.max
        let count = try arguments.integer(2, in: positive, or: .notPositive)
        let prefix = arguments.count > 3 ? arguments[3].string : "key"
        let size =
            arguments.count > 4 ? try arguments.integer(4, in: positive, or: .notPositive) : 0
        guard size <= call.server.options.bulkLengthMax else { throw .tooLong }
        try call.worker.executor.context.demandRoom(size)
        for index in 0..<count {
            var value = Array("value:\(index)".utf8)
            if size > 0 {
                value = Array(value.prefix(size))
                value += [UInt8](repeating: 0, count: size - value.count)
            }
            let isAdded = Array("\(prefix):\(index)".utf8).withBytes { name in
                value.withBytes { add(name, $0, call.worker) }
            }
            guard isAdded else { throw .outOfMemory }
        }
        call.reply.ok()
    }

    /// Adds a key unless it exists; false if there is no memory for it.
    private static func add(_ name: Bytes, _ value: Bytes, _ worker: Worker) -> Bool {
        let key = worker.executor.context.key(name)
        let partition = worker.executor.context.keyspace.partition(key.hash)
        worker.executor.context.keyspace.lock(partition)
        defer { worker.executor.context.keyspace.unlock(partition) }
        guard worker.executor.context.find(key) == nil else { return true }
        guard worker.executor.hasMemory(for: name.count + value.count, partition) else {
            return false
        }
        StringValue.set(
            key,
            StringContent(encoding: value),
            expiry: nil,
            at: nil,
            in: worker.executor.context.shard(key)
        )
        return true
    }
}
