public import Primitives

/// A small hash: a `Pack` of fields and values, with expiries if any field has one.
///
/// ```text
/// plain      field, value, field, value, …               in insertion order
/// volatile   field, value, expiry, field, value, …       by expiry; fields without one (0) last
/// ```
/// A null value is an empty string with the head of a long one, which `PackItem` never writes.
/// Expired fields are at the front, where they can be found and removed quickly. Like the pack,
/// this is a view. Whatever is passed to a mutating operation must not lie in the pack. Every
/// operation is O(bytes) unless documented otherwise.
///
/// ## Invariants
/// Fields are distinct. Expiries never decrease from one field to the next, except to 0.
@frozen
public struct FieldPack: Sendable {
    /// The items.
    public let pack: Pack
    /// Whether an expiry, or 0, follows each value.
    public let isVolatile: Bool

    /// Views the pack in `cell`.
    @inlinable
    public init(_ cell: Cell, isVolatile: Bool) {
        pack = Pack(cell)
        self.isVolatile = isVolatile
    }

    /// A field and where it is stored; valid until the pack changes.
    @frozen
    public struct Field {
        /// The name.
        public let name: PackItem
        /// The value; nil for null.
        public let value: PackItem?
        /// The expiry in milliseconds since 1970; nil if the field has none.
        public let expiry: Int64?
        /// The offset of the name.
        public let offset: Int
        /// The offset of the value.
        public let valueOffset: Int
        /// The offset of the expiry, or in a plain pack of the next field.
        public let expiryOffset: Int
        /// The offset of the next field.
        public let end: Int

        /// Whether the field has expired at `now`.
        @inlinable
        public func isDue(_ now: Int64) -> Bool { expiry.map { $0 <= now } ?? false }

        @inlinable
        init(
            _ name: PackItem,
            _ value: PackItem?,
            _ expiry: Int64?,
            offset: Int,
            valueOffset: Int,
            expiryOffset: Int,
            end: Int
        ) {
            self.name = name
            self.value = value
            self.expiry = expiry
            self.offset = offset
            self.valueOffset = valueOffset
            self.expiryOffset = expiryOffset
            self.end = end
        }
    }

    @inlinable
    var step: Int { isVolatile ? 3 : 2 }

    /// The maximum number of fields; beyond it, another structure is needed.
    public static let countMax = Pack.countMax / 3

    /// The number of fields.
    ///
    /// Complexity: O(1).
    @inlinable
    public var count: Int { isVolatile ? pack.count / 3 : pack.count / 2 }

    // MARK: Reading

    /// The field named `name`, or nil.
    @inlinable
    public func find(_ name: Bytes) -> Field? {
        guard let offset = pack.find(PackItem(encoding: name), step: step) else { return nil }
        return field(at: offset)
    }

    /// The field at `offset`.
    ///
    /// Complexity: O(1).
    @inlinable
    public func field(at offset: Int) -> Field {
        let (name, valueOffset) = pack.read(offset)
        let (value, expiryOffset) = pack.read(valueOffset)
        var expiry: Int64?
        var end = expiryOffset
        if isVolatile {
            let (item, next) = pack.read(expiryOffset)
            guard case .integer(let moment) = item else {
                preconditionFailure("an expiry is a number")
            }
            expiry = moment == 0 ? nil : moment
            end = next
        }
        return Field(
            name,
            isNull(at: valueOffset) ? nil : value,
            expiry,
            offset: offset,
            valueOffset: valueOffset,
            expiryOffset: expiryOffset,
            end: end
        )
    }

    @usableFromInline static let nullHead: UInt8 = 0xC0
    private static let nullByteCount = 2

    @inlinable
    func isNull(at valueOffset: Int) -> Bool {
        pack.cell.byte(valueOffset) == FieldPack.nullHead && pack.cell.byte(valueOffset &+ 1) == 0
    }

    /// Calls `body` with each field until it returns false.
    ///
    /// `body` must not change the pack.
    @inlinable
    public func forEach(_ body: (Field) -> Bool) {
        let last = pack.byteCount
        var offset = Pack.start
        while offset < last {
            let field = field(at: offset)
            guard body(field) else { return }
            offset = field.end
        }
    }

    /// The earliest expiry, or nil if no field has one.
    ///
    /// Complexity: O(1).
    public var earliest: Int64? {
        isVolatile && pack.count > 0 ? field(at: Pack.start).expiry : nil
    }

    /// The number of fields that have expired at `now`; they are all at the front.
    public func dueCount(_ now: Int64) -> Int {
        var due = 0
        guard isVolatile else { return due }
        forEach { field in
            guard field.isDue(now) else { return false }
            due += 1
            return true
        }
        return due
    }

    /// The offset at which to insert a field with `expiry`: after those that expire no later.
    private func place(_ expiry: Int64?) -> Int {
        guard isVolatile, let expiry else { return pack.byteCount }
        var offset = Pack.start
        forEach { field in
            guard let other = field.expiry, other <= expiry else { return false }
            offset = field.end
            return true
        }
        return offset
    }

    // MARK: Changing

    /// Adds a field that the pack does not hold, with a value or (nil) null.
    ///
    /// Returns the block, which may be new.
    ///
    /// Precondition: if there is an expiry, it is positive and the pack is volatile.
    public func insert(
        _ name: PackItem,
        _ value: PackItem?,
        _ expiry: Int64?,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        precondition(expiry.map { isVolatile && $0 > 0 } ?? true, "no room for an expiry")
        let moment = PackItem.integer(expiry ?? 0)
        let valueCount = value?.byteCount ?? FieldPack.nullByteCount
        let added = name.byteCount + valueCount + (isVolatile ? moment.byteCount : 0)
        let offset = place(expiry)
        let target = Pack.makeRoom(at: offset, added, items: step, handle, &arena)
        let cell = arena.cell(target)
        let valueOffset = name.write(to: cell, at: offset)
        if let value {
            value.write(to: cell, at: valueOffset)
        } else {
            cell.store(FieldPack.nullHead, valueOffset)
            cell.store(UInt8(0), valueOffset + 1)
        }
        if isVolatile { moment.write(to: cell, at: valueOffset + valueCount) }
        return target
    }

    /// Replaces the value of a field; returns the block, which may be new.
    public func replace(
        _ field: Field,
        value: PackItem,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        Pack.replace(field.valueOffset, with: value, handle, &arena)
    }

    /// Sets or (nil) removes the expiry of a field; returns the new block.
    public func setExpiry(
        _ field: Field,
        _ expiry: Int64?,
        _ handle: Handle,
        _ arena: inout Arena
    ) -> Handle {
        precondition(isVolatile, "no room for an expiry")
        let moment = PackItem.integer(expiry ?? 0)
        let used = pack.byteCount
        let place = place(expiry)
        let size = used - (field.end - field.expiryOffset) + moment.byteCount
        let target = arena.allocate(size)
        let cell = arena.cell(target)
        var end = 0
        func copy(_ range: Range<Int>) {
            cell.put(pack.cell.bytes(range.lowerBound, range.count), end)
            end += range.count
        }
        let movesBack = place > field.offset
        copy(0..<(movesBack ? field.offset : place))
        if movesBack { copy(field.end..<place) }
        copy(field.offset..<field.expiryOffset)
        end = moment.write(to: cell, at: end)
        if !movesBack { copy(place..<field.offset) }
        copy((movesBack ? place : field.end)..<used)
        assert(end == size, "all bytes are copied")
        Pack(cell).setSize(size, pack.count)
        arena.free(handle)
        return target
    }

    /// Removes a field; returns the block, which may be new.
    public func remove(_ field: Field, _ handle: Handle, _ arena: inout Arena) -> Handle {
        Pack.remove(field.offset, count: step, handle, &arena)
    }

    /// Removes the first `count` fields; returns the block, which may be new.
    public func removeFirst(_ count: Int, _ handle: Handle, _ arena: inout Arena) -> Handle {
        Pack.remove(Pack.start, count: count * step, handle, &arena)
    }

    /// Adds an expiry, set to none, to every field of a plain pack; returns the new block.
    public func makeVolatile(_ handle: Handle, _ arena: inout Arena) -> Handle {
        precondition(!isVolatile, "there is room already")
        let target = arena.allocate(pack.byteCount + count)
        let cell = arena.cell(target)
        var end = Pack.start
        forEach { field in
            cell.put(pack.cell.bytes(field.offset, field.end - field.offset), end)
            end += field.end - field.offset
            end = PackItem.integer(0).write(to: cell, at: end)
            return true
        }
        Pack(cell).setSize(end, count * 3)
        arena.free(handle)
        return target
    }

    // MARK: Invariants

    /// Whether the pack is valid and its expiries are in order; for tests.
    public var isValid: Bool {
        guard pack.isValid, pack.count % step == 0 else { return false }
        var isOrdered = true
        var last: Int64? = 0
        forEach { field in
            if let expiry = field.expiry {
                isOrdered = last.map { $0 <= expiry } ?? false
            }
            last = field.expiry
            return isOrdered
        }
        return isOrdered
    }
}
