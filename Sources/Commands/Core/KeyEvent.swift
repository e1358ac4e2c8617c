/// An event of keyspace notifications.
public enum KeyEvent: UInt8, CaseIterable, Sendable {
    /// A change without a name: the key counts as touched, but nobody is notified.
    case unnamed

    case del, renameFrom, renameTo, moveFrom, moveTo, copyTo, restore, expire, persist
    case set, setRange, append, incrBy, incrByFloat, setBit, pfAdd
    case lPush, rPush, lPop, rPop, lSet, lInsert, lRem, lTrim, sortStore
    case sAdd, sRem, sPop, sInterStore, sUnionStore, sDiffStore
    case hSet, hIncrBy, hIncrByFloat, hDel, hExpire, hPersist, hExpired
    case zAdd, zIncr, zRem, zRemRangeByRank, zRemRangeByScore, zRemRangeByLex, zPopMin, zPopMax
    case zRangeStore, zUnionStore, zInterStore, zDiffStore, geoRadiusStore, geoSearchStore
    case xAdd, xDel, xTrim, xSetID, xGroupCreate, xGroupSetID, xGroupDestroy
    case xGroupCreateConsumer, xGroupDelConsumer
    case expired, evicted, keyMiss, new, overwritten, typeChanged

    /// The event classes of `notify-keyspace-events`.
    public struct Classes: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt16
        /// Creates a set from its bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// `g`: commands for keys of any type.
        public static let generic = Classes(rawValue: 1 << 0)
        /// `$`: strings.
        public static let string = Classes(rawValue: 1 << 1)
        /// `l`: lists.
        public static let list = Classes(rawValue: 1 << 2)
        /// `s`: sets.
        public static let set = Classes(rawValue: 1 << 3)
        /// `h`: hashes.
        public static let hash = Classes(rawValue: 1 << 4)
        /// `z`: sorted sets.
        public static let sortedSet = Classes(rawValue: 1 << 5)
        /// `t`: streams.
        public static let stream = Classes(rawValue: 1 << 6)
        /// `x`: keys that expired.
        public static let expired = Classes(rawValue: 1 << 7)
        /// `e`: keys that were evicted.
        public static let evicted = Classes(rawValue: 1 << 8)
        /// `d`: keys of modules.
        public static let module = Classes(rawValue: 1 << 9)
        /// `m`: lookups that found nothing; not part of `all`.
        public static let missed = Classes(rawValue: 1 << 10)
        /// `n`: new keys; not part of `all`.
        public static let new = Classes(rawValue: 1 << 11)
        /// `o`: keys whose value was replaced; not part of `all`.
        public static let overwritten = Classes(rawValue: 1 << 12)
        /// `c`: keys whose type changed; not part of `all`.
        public static let typeChanged = Classes(rawValue: 1 << 13)
        /// `A`: an alias of `g$lshztxed`.
        public static let all: Classes = [
            .generic, .string, .list, .set, .hash, .sortedSet, .stream, .expired, .evicted,
            .module,
        ]

        /// The class that a letter of `notify-keyspace-events` stands for, or nil.
        public init?(letter: Character) {
            guard let entry = Classes.letters.first(where: { $0.letter == letter }) else {
                return nil
            }
            self = entry.classes
        }

        /// The letters in the order of CONFIG GET; `m` follows `K` and `E`.
        public static let letters: [(letter: Character, classes: Classes)] = [
            ("A", .all), ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash),
            ("z", .sortedSet), ("x", .expired), ("e", .evicted), ("t", .stream), ("d", .module),
            ("n", .new), ("o", .overwritten), ("c", .typeChanged), ("m", .missed),
        ]
    }

    /// Whether the key or its value has changed.
    public var isChange: Bool { self != .keyMiss }

    /// The name sent to subscribers.
    public var name: StaticString { KeyEvent.rows[Int(rawValue)].name }

    /// The class of the event.
    public var classes: Classes { KeyEvent.rows[Int(rawValue)].classes }

    /// One row per event, in the order of the cases.
    // swift-format-ignore
    private static let rows: [(name: StaticString, classes: Classes)] = [
        ("", []),
        ("del", .generic), ("rename_from", .generic), ("rename_to", .generic),
        ("move_from", .generic), ("move_to", .generic), ("copy_to", .generic),
        ("restore", .generic), ("expire", .generic), ("persist", .generic),
        ("set", .string), ("setrange", .string), ("append", .string), ("incrby", .string),
        ("incrbyfloat", .string), ("setbit", .string), ("pfadd", .string),
        ("lpush", .list), ("rpush", .list), ("lpop", .list), ("rpop", .list), ("lset", .list),
        ("linsert", .list), ("lrem", .list), ("ltrim", .list), ("sortstore", .list),
        ("sadd", .set), ("srem", .set), ("spop", .set), ("sinterstore", .set),
        ("sunionstore", .set), ("sdiffstore", .set),
        ("hset", .hash), ("hincrby", .hash), ("hincrbyfloat", .hash), ("hdel", .hash),
        ("hexpire", .hash), ("hpersist", .hash), ("hexpired", .hash),
        ("zadd", .sortedSet), ("zincr", .sortedSet), ("zrem", .sortedSet),
        ("zremrangebyrank", .sortedSet), ("zremrangebyscore", .sortedSet),
        ("zremrangebylex", .sortedSet), ("zpopmin", .sortedSet), ("zpopmax", .sortedSet),
        ("zrangestore", .sortedSet), ("zunionstore", .sortedSet), ("zinterstore", .sortedSet),
        ("zdiffstore", .sortedSet), ("georadiusstore", .sortedSet), ("geosearchstore", .sortedSet),
        ("xadd", .stream), ("xdel", .stream), ("xtrim", .stream), ("xsetid", .stream),
        ("xgroup-create", .stream), ("xgroup-setid", .stream), ("xgroup-destroy", .stream),
        ("xgroup-createconsumer", .stream), ("xgroup-delconsumer", .stream),
        ("expired", .expired),
        ("evicted", .evicted),
        ("keymiss", .missed),
        ("new", .new),
        ("overwritten", .overwritten),
        ("type_changed", .typeChanged),
    ]
}
