/// What the meta protocol's documentation says of items, without any of our code: values, times,
/// versions, and the marks *stale* and *won*.
///
/// Every change gives an item a new version. The model does not know its number before a reply
/// tells it: until then it knows only that the number is larger than those of earlier versions of
/// the same key.
struct MetaModel {
    enum Version: Equatable {
        /// The number came from a client.
        case chosen(UInt64)
        /// The number is the server's.
        case fresh(Int)
    }

    struct Item {
        var value: String
        var flags = 0
        /// In milliseconds since 1970; nil for ever.
        var expiry: Int?
        var version: Version
        var isStale = false
        var isWon = false
    }

    /// The flags of a request, of which each operation uses some.
    struct Flags {
        var mode: Character?
        var time: Int?
        var vivify: Int?
        var recache: Int?
        var expected: UInt64?
        var chosen: UInt64?
        var clientFlags = 0
        var initial = 0
        var delta = 1
        var invalidates = false
        var dropsValue = false
    }

    /// What the reply must be.
    struct Reply: Equatable {
        var code: String
        /// Nil if the reply shows none.
        var value: String?
        var marks: Set<String> = []
    }

    private(set) var items: [String: Item] = [:]
    /// The numbers of versions that replies have told, by key, in the order of the versions.
    private(set) var told: [String: [(serial: Int, number: UInt64)]] = [:]
    var now = 0
    private var serial = 0

    /// The item at `key`, unless it has expired.
    mutating func item(_ key: String) -> Item? {
        if let expiry = items[key]?.expiry, expiry <= now { items[key] = nil }
        return items[key]
    }

    private func moment(_ seconds: Int) -> Int? {
        seconds == 0 ? nil : seconds < 0 ? now - 1 : now + seconds * 1000
    }

    private mutating func version(_ flags: Flags) -> Version {
        serial += 1
        return flags.chosen.map { .chosen($0) } ?? .fresh(serial)
    }

    /// Takes note of the number of the version at `key`; false if it cannot be that one.
    mutating func learn(_ key: String, _ number: UInt64) -> Bool {
        guard let item = item(key) else { return false }
        switch item.version {
        case .chosen(let chosen): return chosen == number
        case .fresh(let serial):
            let known = told[key, default: []]
            if let same = known.first(where: { $0.serial == serial }) {
                return same.number == number
            }
            guard known.allSatisfy({ $0.number < number }) else { return false }
            told[key, default: []].append((serial, number))
            return true
        }
    }

    private func isEqual(_ key: String, _ version: Version, _ number: UInt64) -> Bool {
        switch version {
        case .chosen(let chosen): chosen == number
        case .fresh(let serial):
            told[key, default: []].contains { $0.serial == serial && $0.number == number }
        }
    }

    /// Whether `number`, which a client has had from this key, is older than `version`.
    private func isOlder(_ key: String, _ number: UInt64, than version: Version) -> Bool {
        switch version {
        case .chosen(let chosen): number < chosen
        case .fresh: !isEqual(key, version, number)
        }
    }

    // MARK: Operations

    mutating func get(_ key: String, _ flags: Flags) -> Reply {
        var reply = Reply(code: "HD")
        guard var item = item(key) else {
            guard let seconds = flags.vivify else { return Reply(code: "EN") }
            let item = Item(
                value: "",
                expiry: moment(seconds),
                version: version(flags),
                isWon: true
            )
            items[key] = item
            return Reply(code: "VA", value: "", marks: ["W"])
        }
        if let seconds = flags.time { item.expiry = moment(seconds) }
        let isEqual = flags.expected.map { self.isEqual(key, item.version, $0) } ?? false
        if !isEqual { reply = Reply(code: "VA", value: item.value) }
        let isLate = flags.recache.map { seconds in
            item.expiry.map { $0 - now < seconds * 1000 } ?? false
        }
        if item.isStale { reply.marks.insert("X") }
        if item.isWon {
            reply.marks.insert("Z")
        } else if item.isStale || isLate ?? false {
            reply.marks.insert("W")
            item.isWon = true
        }
        items[key] = item
        return reply
    }

    mutating func set(_ key: String, _ value: String, _ flags: Flags) -> Reply {
        let old = item(key)
        var item = Item(
            value: value,
            flags: flags.clientFlags,
            expiry: flags.time.flatMap { moment($0) },
            version: .fresh(0)
        )
        if let expected = flags.expected {
            guard let old else { return Reply(code: "NF") }
            if !isEqual(key, old.version, expected) {
                guard flags.invalidates, isOlder(key, expected, than: old.version) else {
                    return Reply(code: "EX")
                }
                item.expiry = old.expiry
                item.isStale = true
                item.isWon = old.isWon
            }
        }
        switch flags.mode {
        case "E": guard old == nil else { return Reply(code: "NS") }
        case "R": guard old != nil else { return Reply(code: "NS") }
        case "A", "P":
            if let old {
                item.value = flags.mode == "A" ? old.value + value : value + old.value
                item.flags = old.flags
                item.expiry = old.expiry
            } else {
                guard let seconds = flags.vivify else { return Reply(code: "NS") }
                item.expiry = moment(seconds)
            }
        default: break
        }
        item.version = version(flags)
        items[key] = item
        return Reply(code: "HD")
    }

    mutating func delete(_ key: String, _ flags: Flags) -> Reply {
        guard var item = item(key) else { return Reply(code: "NF") }
        if let expected = flags.expected, !isEqual(key, item.version, expected) {
            return Reply(code: "EX")
        }
        guard flags.invalidates else {
            items[key] = nil
            return Reply(code: "HD")
        }
        item.isStale = true
        item.isWon = false
        item.version = version(flags)
        if let seconds = flags.time { item.expiry = moment(seconds) }
        if flags.dropsValue {
            item.value = ""
            item.flags = 0
        }
        items[key] = item
        return Reply(code: "HD")
    }

    mutating func change(_ key: String, _ flags: Flags) -> Reply {
        guard var item = item(key) else {
            guard let seconds = flags.vivify else { return Reply(code: "NF") }
            let text = String(flags.initial)
            items[key] = Item(value: text, expiry: moment(seconds), version: version(flags))
            return Reply(code: "VA", value: text)
        }
        if let expected = flags.expected, !isEqual(key, item.version, expected) {
            return Reply(code: "EX")
        }
        // A number ends at a space, whatever follows.
        guard let number = item.value.split(separator: " ").first.flatMap({ Int($0) }) else {
            return Reply(code: "CLIENT_ERROR")
        }
        let sum = flags.mode == "D" ? max(0, number - flags.delta) : number + flags.delta
        let text = String(sum)
        if text.count <= item.value.count {
            // It is written over the old number, and the item stays what it is.
            item.value = text.padding(to: item.value.count)
        } else {
            item.value = text
            item.isStale = false
            item.isWon = false
        }
        item.version = version(flags)
        if let seconds = flags.time { item.expiry = moment(seconds) }
        items[key] = item
        return Reply(code: "VA", value: text)
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: " ", count: count - self.count)
    }
}
