internal import Primitives
internal import Store

/// The fields of a hash that a command removes, or whose expiry it sets, for the log:
/// `HDEL key field …`, `HPEXPIREAT key moment FIELDS count field …` or `HPERSIST key FIELDS count
/// field …`.
struct ChangedFields {
    private let key: Key
    private let name: StaticString
    private let moment: Int64?
    private var names: [Bytes] = []
    private var count = 0

    /// No fields yet; what happens to them is what the command `name` does, to the moment given.
    init(_ key: Key, _ name: StaticString, _ moment: Int64? = nil) {
        self.key = key
        self.name = name
        self.moment = moment
    }

    /// Adds a field that was changed; its name is lent by the request.
    mutating func add(_ field: Bytes, _ context: inout CommandContext) {
        count += 1
        if context.logs { names.append(field) }
    }

    /// States what changed, and removes the key when its last field went.
    func end(_ event: KeyEvent, _ hash: HashValue?, _ context: inout CommandContext) {
        guard count > 0 else { return }
        context.changed(key, event, by: count)
        let takesCount = event != .hDel
        context.log(name) { record in
            record.word(key.bytes)
            if let moment { record.word(moment) }
            if takesCount {
                record.word("FIELDS")
                record.word(Int64(names.count))
            }
            for name in names { record.word(name) }
        }
        if let hash, hash.removeIfEmpty() { context.notify(key, .del) }
    }
}
