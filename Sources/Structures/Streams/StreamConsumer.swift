public import Primitives

/// A consumer in a group.
///
/// ```text
/// 0        8        16         24         36
/// ┌────────┬────────┬──────────┬──────────┬──────┐
/// │ name's │ seen   │ active   │ pending  │ name │
/// │ place  │ at     │ (or -1)  │ by id    │      │
/// └────────┴────────┴──────────┴──────────┴──────┘
/// ```
public struct StreamConsumer: Sendable {
    static let nameOffset = 36

    let handle: Handle
    let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) {
        self.handle = handle
        cell = arena.cell(handle)
    }

    /// The name.
    public var name: Bytes { NameList.name(cell) }

    /// When it last tried to read or claim something.
    public var seen: Int64 {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }

    /// When it last got something; -1 if never.
    public var active: Int64 {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }

    /// Its pending entries.
    public internal(set) var pending: IDTree {
        get { cell.load(24) }
        nonmutating set { cell.store(newValue, 24) }
    }
}

/// An entry that was delivered but not yet acknowledged.
///
/// ```text
/// 0          16        24           32         36      40      44
/// ┌──────────┬─────────┬────────────┬──────────┬───────┬───────┐
/// │ id       │ time    │ deliveries │ consumer │ older │ newer │
/// └──────────┴─────────┴────────────┴──────────┴───────┴───────┘
/// ```
public struct PendingEntry: Sendable {
    static let byteCount = 44

    let handle: Handle
    let cell: Cell

    init(_ handle: Handle, _ arena: borrowing Arena) {
        self.handle = handle
        cell = arena.cell(handle)
    }

    /// The id of the entry.
    public var id: StreamID { cell.load(0) }

    /// When it was last delivered.
    public var time: Int64 {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }

    /// How often it was delivered.
    public var deliveries: Int64 {
        get { cell.load(24) }
        nonmutating set { cell.store(newValue, 24) }
    }

    /// The delivery count after one more delivery; stays at the maximum.
    public var nextDeliveries: Int64 { deliveries < .max ? deliveries + 1 : .max }

    /// The consumer, or none.
    var consumer: Handle {
        get { Handle(units: cell.load(32)) }
        nonmutating set { cell.store(newValue.units, 32) }
    }

    /// Whether a consumer owns it.
    public var hasConsumer: Bool { !consumer.isNone }

    /// The name of the consumer; empty if there is none.
    public func consumerName(_ arena: borrowing Arena) -> Bytes {
        hasConsumer ? StreamConsumer(consumer, arena).name : Bytes()
    }

    var older: Handle {
        get { Handle(units: cell.load(36)) }
        nonmutating set { cell.store(newValue.units, 36) }
    }

    var newer: Handle {
        get { Handle(units: cell.load(40)) }
        nonmutating set { cell.store(newValue.units, 40) }
    }
}
