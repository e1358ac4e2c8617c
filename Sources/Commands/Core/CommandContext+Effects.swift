public import Primitives
public import Store
public import Wire

/// How handlers report what they changed.
///
/// `changed` counts changes; it is the only one of these functions that costs the fast path
/// anything: an addition and a test. What is logged must repeat the change on an empty server that
/// has replayed the log so far, hence absolute times, the names of members chosen at random, and
/// results instead of floating-point sums.
extension CommandContext {
    // MARK: Changes

    /// Reports that the value or expiry of `key`, in the client's database, changed.
    ///
    /// `count` is the number of changes as Redis counts them; zero means that nothing changed.
    @inlinable
    @inline(__always)
    public mutating func changed(_ key: Key, _ event: KeyEvent, by count: Int = 1) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if _slowPath(effects.wants.rawValue != 0), count > 0 {
            effects.note(key, event, in: database)
        }
    }

    /// As above, for a key in another database.
    mutating func changed(_ key: Key, _ event: KeyEvent, by count: Int = 1, in database: Int) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if effects.wants.rawValue != 0 { effects.note(key, event, in: database) }
    }

    /// Reports another event for `key`, in addition to what `changed` reported.
    @inlinable
    @inline(__always)
    public mutating func notify(_ key: Key, _ event: KeyEvent) {
        if _slowPath(effects.wants.rawValue != 0) { effects.note(key, event, in: database) }
    }

    /// As above, for a key in another database.
    mutating func notify(_ key: Key, _ event: KeyEvent, in database: Int) {
        if effects.wants.rawValue != 0 { effects.note(key, event, in: database) }
    }

    /// Reports `count` changes that affect all keys of `database`.
    mutating func changed(database: Int, by count: Int) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if effects.wants.rawValue != 0 { effects.note(database: database) }
    }

    // MARK: Fields

    /// Names a field that the next event of a hash is about, if anyone wants to know.
    @inline(__always)
    mutating func name(_ field: Bytes) {
        if _slowPath(effects.wants.contains(.fields)) { effects.note(field: field) }
    }

    /// Names the fields at `places` of a request, as above.
    @inline(__always)
    mutating func nameFields(at places: StrideTo<Int>, of arguments: Arguments) {
        guard _slowPath(effects.wants.contains(.fields)) else { return }
        for index in places { effects.note(field: arguments[index]) }
    }

    // MARK: Logging

    /// Whether changes must be logged.
    @inlinable
    var logs: Bool {
        @inline(__always) get { _slowPath(effects.wants.contains(.log)) }
    }

    /// Logs another request instead of the current one: `name`, and the words written by `words`.
    @inline(__always)
    mutating func log(_ name: StaticString, _ words: (inout EffectLog) -> Void) {
        guard logs else { return }
        beginRecord(name)
        words(&effects.records)
        effects.records.end()
    }

    /// Logs `name key` instead of the current request.
    @inline(__always)
    mutating func log(_ name: StaticString, _ key: Key) {
        log(name) { $0.word(key.bytes) }
    }

    /// Logs `name key number` instead of the current request.
    @inline(__always)
    mutating func log(_ name: StaticString, _ key: Key, _ number: Int64) {
        log(name) {
            $0.word(key.bytes)
            $0.word(number)
        }
    }

    /// Begins a record, for the caller to write its words to `effects.records` and end it there.
    ///
    /// Call this only if `logs`.
    mutating func beginRecord(_ name: StaticString) {
        effects.isRewritten = true
        effects.records.begin(name, in: database)
    }

    // MARK: Settling

    /// Hands over what the current command has recorded.
    ///
    /// Call this after the command has run, whether it succeeded or not, while its locks are held,
    /// if anything is recorded. `propagation` is that of the command's row.
    @inline(never)
    public mutating func settle(_ propagation: Propagation, _ arguments: Arguments) {
        if effects.areDirty, effects.wants.contains(.log) {
            if propagation == .verbatim, !effects.isRewritten {
                effects.records.append(arguments, in: database)
            }
            assert(effects.records.count > 0, "a change is logged")
        }
        handOver()
    }

    /// Hands over what was recorded so far and forgets it.
    ///
    /// The records of a group are kept until the group is complete.
    public mutating func handOver() {
        if effects.hasNews { effects.consumer?(effects) }
        effects.removeHandedOver()
    }

    // MARK: Partitions locked one at a time

    /// Starts recording for the watchers of a partition, which has just been locked.
    ///
    /// For callers that take locks themselves instead of leaving this to the executor. Returns what
    /// to pass to `handOver(resuming:)` before unlocking the partition.
    public mutating func heed(_ partition: Int) -> Effects.Wants {
        effects.heed(keyspace.marks(of: partition))
    }

    /// Hands over the changes in a partition since `heed`, and restores what is recorded.
    public mutating func handOver(resuming outer: Effects.Wants) {
        if !effects.wants.isEmpty { handOver() }
        effects.resume(outer)
    }

    // MARK: Definitions

    /// Counts a change to what is kept besides keys, such as libraries of functions, logs the
    /// request itself, and hands it over.
    public mutating func changedDefinitions(by arguments: Arguments) {
        effects.dirty.add(1)
        if logs { effects.records.append(arguments, in: database) }
        handOver()
    }

    // MARK: Groups

    /// Begins a group of commands whose effects count as those of one.
    ///
    /// All locks that they need must be held.
    public mutating func beginGroup() { effects.beginGroup() }

    /// Abandons a group that was cut off because the server exits.
    public mutating func dropGroup() { effects.dropGroup() }

    /// Ends a group, with its locks still held.
    ///
    /// Hands over its records unless it is nested in another group.
    public mutating func endGroup() {
        effects.endGroup()
        handOver()
    }
}
