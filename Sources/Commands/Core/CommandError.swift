public import Primitives

/// A client's mistake, with what its text mentions.
///
/// The texts are in `CommandError+Text.swift`. Words borrow from the request, so an error must be
/// replied before the request is released.
public enum CommandError: Error, @unchecked Sendable {  // because: used at once, where thrown
    /// The key holds a value of another type.
    case wrongType
    /// AUTH must come first.
    case authenticationNeeded
    /// The words do not match the syntax.
    case syntax
    /// Not an integer, or out of range.
    case notInteger
    /// Does not fit in 32 bits where it must.
    case beyondInt32
    /// The one integer whose magnitude does not fit in 63 bits.
    case noMagnitude
    /// A number is out of range.
    case valueRange
    /// Not a valid floating-point number.
    case notFloat
    /// A position is out of range.
    case outOfRange
    /// A count is negative.
    case notPositive
    /// The key does not exist.
    case noSuchKey
    /// INCR would overflow 64 bits.
    case overflow
    /// INCRBYFLOAT would yield NaN or infinity.
    case notFinite
    /// An expiry is zero, negative or too far in the future.
    case invalidExpire
    /// The wrong number of words.
    case wordCount
    /// The value would exceed proto-max-bulk-len.
    case tooLong
    /// There is no memory for what the command would add.
    case outOfMemory
    /// A bit offset is not an integer, negative, or beyond proto-max-bulk-len.
    case bitOffset
    /// No such database.
    case databaseRange
    /// A number of keys is not a positive integer.
    case keyCount
    /// LIMIT is negative.
    case negativeLimit
    /// COUNT is not a positive integer.
    case zeroCount
    /// COUNT is not positive, in the wording of GEOSEARCH and XAUTOCLAIM.
    case countNotPositive
    /// A timeout is negative.
    case negativeTimeout
    /// A timeout in milliseconds is not an integer.
    case timeout
    /// A timeout in seconds is not a number.
    case timeoutNotFloat
    /// A timeout is too far in the future.
    case timeoutRange

    /// Keys of any type.
    case key(Keys)
    /// Strings, substrings and numbers in strings.
    case string(Strings)
    /// Bits of strings.
    case bitmap(Bitmaps)
    /// Lists.
    case list(Lists)
    /// Sorted sets.
    case sortedSet(SortedSets)
    /// Hashes and the expiry of their fields.
    case hash(Hashes)
    /// Geographic positions.
    case geo(Positions)
    /// Streams, their entries and their metadata.
    case stream(Streams)
    /// Arguments of stream commands.
    case streamWords(StreamWords)
    /// Consumer groups of streams.
    case streamGroup(StreamGroups)
    /// HyperLogLogs.
    case sketch(Sketches)
    /// Clients and their sessions.
    case client(Clients)
    /// The server and its commands.
    case server(Servers)
    /// DEBUG.
    case debug(Debugging)
    /// Missing permissions.
    case access(Access)
    /// Clients that cache keys.
    case tracking(Tracking)
    /// Transactions, and pauses.
    case transaction(Transactions)
    /// Scripts.
    case script(Scripts)
}

extension CommandError {
    /// Keys of any type.
    public enum Keys {
        /// Not a valid cursor.
        case cursor
        /// SWAPDB: the first database index is invalid.
        case firstDatabase
        /// SWAPDB: the second database index is invalid.
        case secondDatabase
        /// The source and the destination are the same.
        case sameObject
        /// RESTORE: the key exists.
        case busy
        /// RESTORE: the payload's version or checksum is wrong.
        case restoredPayload
        /// RESTORE: the payload is damaged.
        case restoredData
        /// RESTORE: the time to live, idle time or frequency is out of range.
        case restoredExpiry
        case restoredIdleTime
        case restoredFrequency
        /// Access times are tracked, not frequencies.
        case usesNotCounted
        /// Access frequencies are tracked, not times.
        case usesNotDated
        /// GT and LT are mutually exclusive.
        case greaterAndLess
        /// NX and the other conditions are mutually exclusive.
        case absentAndPresent
        /// Not an option of EXPIRE.
        case unsupportedOption(Bytes)
        /// SORT found a weight that is not a number.
        case sortWeight
    }
}

extension CommandError {
    /// Strings, substrings and numbers in strings.
    public enum Strings {
        /// INCREX: ENX without an expiry.
        case absentNeedsExpiry
        /// INCREX: the bounds are crossed.
        case crossedBounds
        /// LCS: LEN and IDX are mutually exclusive.
        case lengthAndRuns
        /// LCS: there is no memory for its table.
        case subsequenceMemory
        /// LCS: its table would exceed the limit.
        case subsequenceTooLong
        /// LCS: a key holds a value of another type.
        case subsequenceType
        /// DELEX: no such condition.
        case condition
        /// DELEX with a condition: the key holds a value of another type.
        case conditionNeedsString
        /// A digest has the wrong length.
        case digest
        /// DECRBY: the decrement cannot be negated.
        case decrementOverflow
        /// MSETEX: the number of keys is invalid.
        case keyCount
        /// MSETEX: the number of words does not match the number of keys.
        case pairCount
        /// SETRANGE: the offset is negative.
        case offset
    }
}

extension CommandError {
    /// Bits of strings.
    public enum Bitmaps {
        /// BITFIELD_RO: an operation writes.
        case readOnly
        /// BITOP ANDOR: only one key.
        case andAnyCount
        /// BITOP DIFF: only one key.
        case differenceCount
        /// BITOP DIFF1: only one key.
        case reverseDifferenceCount
        /// BITOP NOT: several keys.
        case notCount
        /// BITFIELD: no such kind of OVERFLOW.
        case overflowKind
        /// BITFIELD: no such type of field.
        case fieldType
        /// BITPOS: the bit is neither 0 nor 1.
        case searchedBit
        /// SETBIT: the bit is neither 0 nor 1.
        case bit
    }
}

extension CommandError {
    /// Lists.
    public enum Lists {
        /// LPOS: RANK is zero.
        case zeroRank
        /// LPOS: COUNT is negative.
        case negativeCount
        /// LPOS: MAXLEN is negative.
        case negativeLength
    }
}

extension CommandError {
    /// Sorted sets.
    public enum SortedSets {
        /// ZADD: GT, LT and NX are mutually exclusive.
        case greaterLessAbsent
        /// ZADD: NX and XX are mutually exclusive.
        case presentAndAbsent
        /// ZADD: INCR with several members.
        case incrementPairs
        /// The number of keys is not positive.
        case noKeys
        /// A bound of a range of scores is not a number.
        case scoreBound
        /// A bound of a range of members is invalid.
        case memberBound
        /// The result would be NaN.
        case notNumber
        /// LIMIT is not allowed with ranges by rank.
        case limitByRank
        /// WITHSCORES is not allowed with BYLEX.
        case scoresByMember
        /// A weight is not a number.
        case weight
        /// The number of keys exceeds the number of words.
        case keysMissing
    }
}

extension CommandError {
    /// Hashes and the expiry of their fields.
    public enum Hashes {
        /// The word FIELDS is missing.
        case fieldsMissing
        /// The number of fields is invalid.
        case fieldCount
        /// HEXPIRE: the number of fields is not positive.
        case zeroFields
        /// The number of fields does not match the number of words.
        case fieldCountMismatch
        /// HSETEX: more than one expiry.
        case oneTimeOrKeep
        /// HGETEX: more than one expiry.
        case oneTimeOrPersist
        /// HSETEX: more than one condition.
        case oneCondition
        /// HINCRBYFLOAT: the value is not a number.
        case valueNotFloat
        /// HINCRBY: the value is not an integer.
        case valueNotInteger
        /// HSETEX, HGETEX: the number of fields is not a valid number.
        case incrementNotFinite
        /// An expiry is negative.
        case expiryNegative
        /// HSETEX, HGETEX: the number of fields is invalid.
        case fieldNumber
        /// An expiry option has no time.
        case expiryMissing
        /// HSETEX, HGETEX: no such option.
        case unknownOption(Bytes)
        /// HIMPORT PREPARE: a field is named twice.
        case fieldSetDuplicate
        /// HIMPORT PREPARE: too many fields, or too much memory for all sets together.
        case fieldSetTooLarge
        /// HIMPORT SET: the set was not prepared.
        case fieldSetUnknown(Bytes)
        /// HIMPORT SET: not as many values as fields.
        case fieldSetMismatch
        /// HFIND: no such operator.
        case queryOperator(Bytes)
        /// HFIND: the index does not cover a field.
        case fieldNotIndexed(Bytes)
        /// An hstore literal ends too early.
        case literalEnds
        /// An hstore literal is invalid at a position.
        case literal(near: Bytes, position: Int)
    }
}

extension CommandError {
    /// Geographic positions.
    public enum Positions {
        /// A polygon with fewer than three corners.
        case cornerCount
        /// GEOSEARCHSTORE: WITH options are not allowed.
        case searchStoreWithOptions
        /// GEORADIUS: STORE excludes the WITH options.
        case storeWithOptions
        /// The centre is missing.
        case centerMissing(Bytes)
        /// The shape is missing.
        case shapeMissing(Bytes)
        /// The member at the centre does not exist.
        case memberMissing
        /// A side is negative.
        case negativeBox
        /// A radius is negative.
        case negativeRadius
        /// A height is not a number.
        case height
        /// A width is not a number.
        case width
        /// A radius is not a number.
        case radius
        /// A position is outside the map.
        case position(Bytes)
        /// ANY without COUNT.
        case anyNeedsCount
        /// No such unit.
        case unit
    }
}

extension CommandError {
    /// Streams, their entries and their metadata.
    public enum Streams {
        /// Not a valid stream id.
        case id
        /// An entry is too large.
        case entryTooLarge
        /// The id is not above the stream's last one.
        case idTooSmall
        /// 0-0 is not a valid id for an entry.
        case idZero
        /// The stream's last id is the greatest possible.
        case idsExhausted
        /// XSETID: the id is below that of a deleted entry.
        case pastBelowDeleted
        /// XSETID: the id is below the given MAXDELETEDID.
        case pastBelowGiven
        /// XSETID: the id is below that of the last entry.
        case pastBelowLast
        /// XSETID: ENTRIESADDED is below the number of entries.
        case addedBelowCount
        /// XSETID: ENTRIESADDED is negative.
        case addedNegative
        /// LIMIT is negative.
        case negativeLimit
        /// MAXLEN is negative.
        case negativeLength
        /// LIMIT without a trim.
        case limitNeedsTrim
        /// LIMIT requires `~`.
        case limitNeedsTilde
        /// More than one trim.
        case oneTrim
        /// XTRIM: the trim is missing.
        case trimMissing
    }
}

extension CommandError {
    /// Arguments of stream commands.
    public enum StreamWords {
        /// The name of a producer or message is empty.
        case messageNameEmpty
        /// A message requires an automatic id.
        case messageNeedsNextID
        /// XIDMPRECORD: the message became another entry.
        case messageKnown
        /// XIDMPRECORD: the entry does not exist.
        case noEntry
        /// XCFGSET: the duration is out of range.
        case duration
        /// XCFGSET: the number of messages is out of range.
        case messageCount
        /// The exclusive end of an interval is the least id.
        case intervalEnd
        /// The exclusive start of an interval is the greatest id.
        case intervalStart
        /// The number of ids is invalid.
        case idCount
        /// The number of ids does not match the number of words.
        case idCountMismatch
        /// XREAD: the numbers of keys and ids differ.
        case unbalanced
        /// XREAD: `>` requires a group.
        case newNeedsGroup
        /// XREAD: an option that only XREADGROUP has.
        case groupOnly(StaticString)
        /// MAXCOUNT is less than COUNT.
        case countsCrossed
        /// MAXCOUNT is not positive.
        case countMax
        /// MAXSIZE is not positive.
        case sizeMax
        /// XINFO: wrong words for a subcommand.
        case infoWords(Bytes)
    }
}

extension CommandError {
    /// Consumer groups of streams.
    public enum StreamGroups {
        /// The group already exists.
        case isThere
        /// The key must exist.
        case needsKey
        /// XGROUP: wrong words for a subcommand.
        case words(Bytes)
        /// The group does not exist.
        case missing(Bytes, key: Bytes)
        /// The key or the group does not exist.
        case keyOrGroupMissing(Bytes, key: Bytes)
        /// XREADGROUP: the key or the group does not exist.
        case readerMissing(Bytes, key: Bytes)
        /// XREADGROUP: GROUP is missing.
        case optionMissing
        /// XREADGROUP: the numbers of keys and ids differ.
        case unbalanced
        /// XREADGROUP: `$` and `+` are meaningless as ids.
        case meaninglessID(Bytes)
        /// XREADGROUP CLAIM: the time is invalid.
        case idleMin
        /// XAUTOCLAIM: the time is invalid.
        case autoClaimIdleMin
        /// XCLAIM: the time is invalid.
        case claimIdleMin
        /// XCLAIM IDLE: the time is invalid.
        case claimIdle
        /// XCLAIM RETRYCOUNT: the number is invalid.
        case claimRetryCount
        /// XCLAIM TIME: the time is invalid.
        case claimTime
        /// XCLAIM: no such option.
        case claimOption(Bytes)
        /// XNACK: the number is negative.
        case retryCount
        /// XGROUP: ENTRIESREAD is below -1.
        case readCount
    }
}

extension CommandError {
    /// HyperLogLogs.
    public enum Sketches {
        /// The string is not a HyperLogLog.
        case notSketch
        /// The string starts like a HyperLogLog but is corrupted.
        case corrupt
        /// PFDEBUG: a word is neither ON nor OFF.
        case onOrOff
        /// PFDEBUG: the HyperLogLog is not sparse.
        case notSparse
        /// PFSELFTEST: an estimate is too far off.
        case testError
        /// PFSELFTEST: registers do not read back as written.
        case testRegisters
        /// PFDEBUG: the key does not exist.
        case noKey
        /// PFDEBUG: no such subcommand.
        case debugSubcommand(Bytes)
    }
}

extension CommandError {
    /// Clients and their sessions.
    public enum Clients {
        /// No password is set.
        case noPassword
        /// The password is wrong.
        case wrongPassword
        /// HELLO before AUTH.
        case helloNeedsPassword
        /// No such protocol version.
        case protocolUnknown
        /// The protocol version is not a number.
        case protocolVersion
        /// HELLO: no such option.
        case helloOption(Bytes)
        /// A client name contains invalid characters.
        case name
        /// A library name contains invalid characters.
        case libraryName
        /// A library version contains invalid characters.
        case libraryVersion
        /// CLIENT LIST: an id is not a number.
        case id
        /// CLIENT KILL: an id is not positive.
        case idNotPositive
        /// No such client.
        case missing
        /// No such user.
        case userMissing(Bytes)
        /// No such client type.
        case kind(Bytes)
        /// CLIENT SETINFO: no such attribute.
        case attribute(Bytes)
        /// CLIENT KILL: MAXAGE is not a number.
        case ageMax
        /// CLIENT KILL: MAXAGE is not positive.
        case ageNotPositive
        /// CLIENT LIST: IDLE is not a number.
        case idle
        /// CLIENT LIST: IDLE is not positive.
        case idleNotPositive
        /// CLIENT LIST: no such flags.
        case flagsUnknown(Bytes)
        /// CLIENT LIST: no such capabilities.
        case capabilitiesUnknown(Bytes)
        /// The client is subscribed and speaks RESP2.
        case subscribed
        /// The connection cannot receive published messages.
        case unreachable
        /// The connection cannot be used for MONITOR.
        case mayNotMonitor
        /// PUBSUB: wrong number of words for a subcommand.
        case pubsubWords(Bytes)
        /// Another client ended the wait.
        case unblocked
        /// CLIENT IMPORT-SOURCE: import mode is off.
        case notImporting
        /// CLIENT UNBLOCK: no such way to end the wait.
        case unblockReason
    }
}

extension CommandError {
    /// DEBUG.
    public enum Debugging {
        /// Not allowed by enable-debug-command.
        case notAllowed
        /// DEBUG RELOAD: no such option, or loading failed.
        case reloadOption
        case reloadFailed
        /// DEBUG: no such subcommand.
        case subcommand(Bytes)
        /// The value is not a pack.
        case notPack
        /// The value is not a list of several nodes.
        case notLargeList
        /// The value is not a string of bytes.
        case notString
        /// No such database.
        case database
        /// The reply type requires RESP3.
        case needsRESP3
        /// The value has no table.
        case noTable
        /// No such reply type.
        case replyKind
        /// A size is out of range.
        case threshold
        /// More effects were recorded than can be kept.
        case effectsDropped
        /// The restart failed.
        case restart
        /// The client has not been closed for its memory.
        case clientMemory
    }
}
