public import Primitives

/// What memcached's protocols keep in addition to an item's value, stored before it.
///
/// ```text
/// ┌────────┬──────────────┬──────────────┬──────────────┐
/// │ mask   │ flags        │ CAS          │ state        │
/// │ 1 byte │ 4 bytes,     │ 8 bytes,     │ 1 byte,      │
/// │        │ if bit 0     │ if bit 1     │ if bit 2     │
/// └────────┴──────────────┴──────────────┴──────────────┘
/// ```
/// An item without any of them is a plain string, which has no head at all.
public struct ItemHead: Equatable, Sendable {
    /// The marks of the meta protocol against stampedes.
    public struct State: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8
        /// Creates a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The value was invalidated and is still served.
        public static let stale = State(rawValue: 1 << 0)
        /// A client has been told to fetch a new value.
        public static let won = State(rawValue: 1 << 1)
    }

    /// The client's flags.
    public var flags: UInt32
    /// The number of this version of the item; 0 if it has not been handed out yet.
    public var cas: UInt64
    /// The marks.
    public var state: State

    /// Creates a head.
    public init(flags: UInt32 = 0, cas: UInt64 = 0, state: State = []) {
        self.flags = flags
        self.cas = cas
        self.state = state
    }

    private static let flagsBit: UInt8 = 1
    private static let casBit: UInt8 = 2
    private static let stateBit: UInt8 = 4

    /// Reads the head at `offset`.
    init(_ cell: Cell, _ offset: Int) {
        self.init()
        let mask = cell.byte(offset)
        var place = offset + 1
        if mask & ItemHead.flagsBit != 0 {
            flags = cell.load(place)
            place += 4
        }
        if mask & ItemHead.casBit != 0 {
            cas = cell.load(place)
            place += 8
        }
        if mask & ItemHead.stateBit != 0 { state = State(rawValue: cell.byte(place)) }
    }

    private var mask: UInt8 {
        (flags != 0 ? ItemHead.flagsBit : 0) | (cas != 0 ? ItemHead.casBit : 0)
            | (state.isEmpty ? 0 : ItemHead.stateBit)
    }

    /// Whether there is nothing to store.
    public var isPlain: Bool { mask == 0 }

    /// The size of the head in bytes; zero if it is plain.
    public var byteCount: Int { isPlain ? 0 : ItemHead.byteCount(mask: mask) }

    /// The size of a head with this mask, in bytes.
    @inlinable
    public static func byteCount(mask: UInt8) -> Int {
        1 &+ Int(mask & 1) &* 4 &+ Int(mask >> 1 & 1) &* 8 &+ Int(mask >> 2 & 1)
    }

    /// Writes the head at `offset`, where `byteCount` bytes must fit; returns the offset after it.
    public func write(to cell: Cell, at offset: Int) -> Int {
        guard !isPlain else { return offset }
        cell.store(mask, offset)
        var place = offset + 1
        if flags != 0 {
            cell.store(flags, place)
            place += 4
        }
        if cas != 0 {
            cell.store(cas, place)
            place += 8
        }
        if !state.isEmpty {
            cell.store(state.rawValue, place)
            place += 1
        }
        return place
    }
}
