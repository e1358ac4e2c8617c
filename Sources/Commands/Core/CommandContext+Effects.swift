public import Primitives
public import Store
public import Wire

/// How handlers tell what they changed.
///
/// `changed` counts, and is the only one of these that the plain path pays for: an addition and a
/// test. What is logged is what repeats the change on an empty server that has seen the log so far:
/// absolute times, drawn members by name, results instead of sums of floating-point numbers.
extension CommandContext {
    // MARK: Changes

    /// States that the value or expiry of `key`, in the client's database, changed: `count` changes
    /// as Redis counts them.
    ///
    /// None at all is no change.
    @inlinable
    @inline(__always)
    public mutating func changed(_ key: Key, _ event: KeyEvent, by count: Int = 1) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if _slowPath(effects.wants.rawValue != 0), count > 0 {
            effects.note(key, event, in: database)
        }
    }

    /// As above, for a key of another database than the client's.
    mutating func changed(_ key: Key, _ event: KeyEvent, by count: Int = 1, in database: Int) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if effects.wants.rawValue != 0 { effects.note(key, event, in: database) }
    }

    /// States what else happened to `key`, beyond what `changed` counted.
    @inlinable
    @inline(__always)
    public mutating func notify(_ key: Key, _ event: KeyEvent) {
        if _slowPath(effects.wants.rawValue != 0) { effects.note(key, event, in: database) }
    }

    /// As above, for a key of another database than the client's.
    mutating func notify(_ key: Key, _ event: KeyEvent, in database: Int) {
        if effects.wants.rawValue != 0 { effects.note(key, event, in: database) }
    }

    /// States `count` changes that concern all keys of `database`.
    mutating func changed(database: Int, by count: Int) {
        effects.dirty.add(UInt64(truncatingIfNeeded: count))
        if effects.wants.rawValue != 0 { effects.note(database: database) }
    }

    // MARK: Logging

    /// Whether requests that repeat changes are wanted.
    @inlinable
    var logs: Bool {
        @inline(__always) get { _slowPath(effects.wants.contains(.log)) }
    }

    /// Logs in place of the request at work another one: `name`, and the words that `words` writes.
    @inline(__always)
    mutating func log(_ name: StaticString, _ words: (inout EffectLog) -> Void) {
        guard logs else { return }
        beginRecord(name)
        words(&effects.records)
        effects.records.end()
    }

    /// Logs `name key` in place of the request at work.
    @inline(__always)
    mutating func log(_ name: StaticString, _ key: Key) {
        log(name) { $0.word(key.bytes) }
    }

    /// Logs `name key number` in place of the request at work.
    @inline(__always)
    mutating func log(_ name: StaticString, _ key: Key, _ number: Int64) {
        log(name) {
            $0.word(key.bytes)
            $0.word(number)
        }
    }

    /// Begins a record whose words the caller writes to `effects.records`, and ends there; only
    /// where `logs`.
    mutating func beginRecord(_ name: StaticString) {
        effects.isRewritten = true
        effects.records.begin(name, in: database)
    }

    // MARK: Settling

    /// Hands over what the command at work recorded: to be called once it ran, for better or worse,
    /// under its locks, where anything is wanted.
    ///
    /// `propagation` is its row's.
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

    /// Hands over what was recorded so far, and forgets it; the records of a group are kept until
    /// it is complete.
    public mutating func handOver() {
        if effects.hasNews { effects.consumer?(effects) }
        effects.removeHandedOver()
    }

    // MARK: Partitions taken by and by

    /// Records what happens in a partition, just locked, for those who look at it.
    ///
    /// For who does not leave the locks to the executor. Returns: what `handOver(resuming:)` must
    /// be given before the partition is unlocked.
    public mutating func heed(_ partition: Int) -> Effects.Wants {
        effects.heed(keyspace.marks(of: partition))
    }

    /// Hands over what happened in a partition since `heed`, and records as before it.
    public mutating func handOver(resuming outer: Effects.Wants) {
        if !effects.wants.isEmpty { handOver() }
        effects.resume(outer)
    }

    // MARK: Groups

    /// Begins a group of commands whose effects count as those of one; all locks that they need
    /// are held.
    public mutating func beginGroup() { effects.beginGroup() }

    /// Ends a group, under the locks still, and hands over its records, unless it stands within
    /// another group.
    public mutating func endGroup() {
        effects.endGroup()
        handOver()
    }
}
