/// The encoding of a value in an RDB file or a DUMP payload.
public enum RDBType: UInt8, Sendable {
    case string = 0
    case list = 1
    case set = 2
    /// Sorted sets with scores as text.
    case sortedSetOfText = 3
    case hash = 4
    /// Sorted sets with scores in eight bytes.
    case sortedSet = 5
    case moduleOfOldServers = 6
    case module = 7
    case hashZipmap = 9
    case listZiplist = 10
    case setOfIntegers = 11
    case sortedSetZiplist = 12
    case hashZiplist = 13
    /// Lists as ziplists.
    case quicklist = 14
    case stream1 = 15
    case hashListpack = 16
    case sortedSetListpack = 17
    /// Lists as listpacks and long elements.
    case quicklist2 = 18
    case stream2 = 19
    case setListpack = 20
    case stream3 = 21
    /// Hashes with expiries of fields.
    ///
    /// The layout in Valkey's files differs from that in files of Redis' preview of 7.4.
    case hashWithExpiries22 = 22
    case hashListpackPreview = 23
    case hashWithExpiries = 24
    case hashListpackWithExpiries = 25
    /// Streams with what they remember of their producers' messages.
    case stream4 = 26
    /// The same, with pending entries that no consumer owns.
    case stream5 = 27
}

extension RDBType {
    private static let names: [RDBType: String] = [
        .string: "string", .list: "list-linked", .set: "set-hashtable",
        .sortedSetOfText: "zset-v1", .hash: "hash-hashtable", .sortedSet: "zset-v2",
        .moduleOfOldServers: "module-pre-release", .module: "module-value",
        .hashZipmap: "hash-zipmap", .listZiplist: "list-ziplist", .setOfIntegers: "set-intset",
        .sortedSetZiplist: "zset-ziplist", .hashZiplist: "hash-ziplist",
        .quicklist: "quicklist", .stream1: "stream", .hashListpack: "hash-listpack",
        .sortedSetListpack: "zset-listpack", .quicklist2: "quicklist-v2",
        .stream2: "stream-v2", .setListpack: "set-listpack", .stream3: "stream-v3",
        .hashWithExpiries22: "hash-hashtable-md-pre-release",
        .hashListpackPreview: "hash-listpack-md-pre-release",
        .hashWithExpiries: "hash-hashtable-md", .hashListpackWithExpiries: "hash-listpack-md",
        .stream4: "stream-v4", .stream5: "stream-v5",
    ]

    /// The name of a type number in redis-check-rdb.
    public static func name(of number: UInt8) -> String {
        RDBType(rawValue: number).flatMap { names[$0] } ?? "unknown"
    }
}

/// Opcodes, which may appear in an RDB file in place of a value's type.
enum RDBOpcode {
    static let keyMeta: UInt8 = 243
    static let slotInfo: UInt8 = 244
    static let function: UInt8 = 245
    static let functionPreview: UInt8 = 246
    static let moduleFact: UInt8 = 247
    static let idle: UInt8 = 248
    static let frequency: UInt8 = 249
    static let fact: UInt8 = 250
    static let sizes: UInt8 = 251
    static let milliseconds: UInt8 = 252
    static let seconds: UInt8 = 253
    static let database: UInt8 = 254
    static let end: UInt8 = 255
}

/// Versions of the format.
public enum RDBVersion {
    /// The version of Redis 7.0, written if it can represent the content.
    public static let usual = 10
    /// The first version with expiries of fields, that of Redis 7.4.
    public static let fieldExpiry = 12
    /// The newest version of Redis' format that can be read, that of Redis 8.10.
    public static let newest = 15
    /// The version of Valkey 9, whose files start with `VALKEY`.
    public static let valkey = 80

    /// Whether values of `version` can be read.
    static func isKnown(_ version: Int) -> Bool {
        (1...newest).contains(version) || version == valkey
    }
}
