internal import Primitives
internal import Store

/// Fields that a command has set, for the log.
///
/// They are logged as `HSET`, `HSETNULL` and, for each field that expires, `HPEXPIREAT`. Servers
/// without null fields do not know `HSETNULL`; no older form exists.
struct FieldChanges {
    private let key: Key
    private var set: [(name: StringContent, value: StringContent)] = []
    private var nulls: [StringContent] = []
    private var expiring: [(name: StringContent, moment: Int64)] = []

    /// Creates an empty list for the hash at `key`.
    init(_ key: Key) { self.key = key }

    /// Adds a field that was set to `value` or (nil) null; both are borrowed.
    mutating func add(_ name: StringContent, _ value: StringContent?, expiry: Int64?) {
        if let value { set.append((name, value)) } else { nulls.append(name) }
        if let expiry { expiring.append((name, expiry)) }
    }

    /// Logs the fields.
    func log(_ context: inout CommandContext) {
        if !set.isEmpty {
            context.log("HSET") { record in
                record.word(key.bytes)
                for (name, value) in set {
                    name.withBytes { record.word($0) }
                    value.withBytes { record.word($0) }
                }
            }
        }
        if !nulls.isEmpty {
            context.log("HSETNULL") { record in
                record.word(key.bytes)
                for name in nulls { name.withBytes { record.word($0) } }
            }
        }
        for (name, moment) in expiring {
            context.log("HPEXPIREAT") { record in
                record.word(key.bytes)
                record.word(moment)
                record.word("FIELDS")
                record.word(1)
                name.withBytes { record.word($0) }
            }
        }
    }
}
