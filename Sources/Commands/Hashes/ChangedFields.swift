internal import Primitives
internal import Store

/// The fields that a command removes, or whose expiry it sets, for the log.
///
/// They are logged as `HDEL key field …`, `HPEXPIREAT key moment FIELDS count field …` or `HPERSIST
/// key FIELDS count field …`.
struct ChangedFields {
    private let key: Key
    private let name: StaticString
    private let moment: Int64?
    private var names: [Bytes] = []
    private var count = 0

    /// Creates an empty list, to be logged as the command `name`, with the given expiry if any.
    init(_ key: Key, _ name: StaticString, _ moment: Int64? = nil) {
        self.key = key
        self.name = name
        self.moment = moment
    }

    /// Adds a changed field; its name borrows from the request.
    mutating func add(_ field: Bytes, _ context: inout CommandContext) {
        count += 1
        context.name(field)
        if context.logs { names.append(field) }
    }

    /// Reports the changes, and removes the key if its last field was removed.
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
