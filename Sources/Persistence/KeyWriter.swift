public import Primitives
public import Store

/// The form in which a file has its keys.
public enum KeyForm: Sendable, Equatable {
    /// Values, in the format of RDB.
    case values(compresses: Bool)
    /// Requests that make them.
    case requests
}

/// Writes keys in one of the forms.
public struct KeyWriter: ~Copyable {
    /// The progress of a key that is written in slices.
    public enum Progress {
        case value(RDBLargeValue)
        case requests(KeyRequests)
    }

    private var values: RDBWriter
    private var requests = RequestWriter()
    private let writesRequests: Bool

    /// Creates a writer with an empty buffer.
    public init(_ form: KeyForm) {
        switch form {
        case .values(let compresses):
            values = RDBWriter(compresses: compresses)
            writesRequests = false
        case .requests:
            values = RDBWriter(compresses: false)
            writesRequests = true
        }
    }

    /// The number of bytes written and not taken.
    public var count: Int { writesRequests ? requests.buffer.count : values.buffer.count }

    /// Selects the database of the keys that follow.
    public mutating func database(_ number: Int) {
        if writesRequests { requests.database(number) } else { values.database(number) }
    }

    /// Appends the key at `slot`.
    ///
    /// Complexity: O(bytes).
    public mutating func key(_ slot: Shard.Slot) {
        guard writesRequests else { return values.key(slot) }
        var key = KeyRequests(slot)
        _ = key.writeSome(of: slot, &requests, budget: .max)
    }

    /// Begins to write a large value at `slot` in slices.
    public mutating func begin(_ slot: Shard.Slot) -> Progress {
        writesRequests ? .requests(KeyRequests(slot)) : .value(RDBLargeValue(slot, &values))
    }

    /// Writes about `budget` more elements of the value at `slot`; true at its end.
    public mutating func writeSome(
        of slot: Shard.Slot,
        _ progress: inout Progress,
        budget: Int
    ) -> Bool {
        switch progress {
        case .value(let value): return value.writeSome(of: slot, &values, budget: budget)
        case .requests(var key):
            let isThrough = key.writeSome(of: slot, &requests, budget: budget)
            progress = .requests(key)
            return isThrough
        }
    }

    /// Prepares for a change of a large value at `slot` before all of it has been written.
    ///
    /// Returns false if it must wait for that.
    public mutating func prepare(
        for change: PartialChange,
        of slot: Shard.Slot,
        _ progress: Progress
    ) -> Bool {
        guard case .value(let value) = progress else { return false }
        return value.prepare(for: change, of: slot, &values)
    }

    /// Removes and returns the contents, and continues with an empty buffer.
    public mutating func take() -> ByteBuffer {
        writesRequests ? requests.take() : values.take()
    }
}
