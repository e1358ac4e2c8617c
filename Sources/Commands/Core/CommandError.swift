public import Primitives

/// A client's mistake, with what its text names.
///
/// The texts stand in `CommandError+Text.swift`.
///
/// The words are the request's: an error is answered before the request goes.
public enum CommandError: Error, @unchecked Sendable {  // because: used at once, where thrown
    /// The key holds another type.
    case wrongType
    /// AUTH must come first.
    case authenticationNeeded
    /// The words make no sense.
    case syntax
    /// A number is none, or too large.
    case notInteger
    /// A number is beyond 32 bits where they must hold it.
    case beyondInt32
    /// A number is the one whose magnitude 63 bits do not hold.
    case noMagnitude
    /// A number is larger than makes sense.
    case valueRange
    /// A number is none.
    case notFloat
    /// A position lies outside.
    case outOfRange
    /// A count must not be negative.
    case notPositive
    /// The key must be there.
    case noSuchKey
    /// INCR would leave 64 bits.
    case overflow
    /// INCRBYFLOAT would leave the finite numbers.
    case notFinite
    /// An expiry is zero, negative or too far.
    case invalidExpire
    /// The wrong number of words.
    case wordCount
    /// The value would be longer than proto-max-bulk-len.
    case tooLong
    /// There is no memory for what a command would add.
    case outOfMemory
    /// A bit's place is none, negative or beyond proto-max-bulk-len.
    case bitOffset
    /// A database that is not there.
    case databaseRange
    /// A count of keys that is none or not positive.
    case keyCount
    /// A LIMIT is below zero.
    case negativeLimit
    /// A COUNT is none, or not above zero.
    case zeroCount
    /// A COUNT is not above zero, as GEOSEARCH and XAUTOCLAIM say it.
    case countNotPositive
    /// A timeout is below zero.
    case negativeTimeout
    /// A timeout is no number.
    case timeout

    /// Keys whatever they hold.
    case key(Keys)
    /// Strings, their parts and their numbers.
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
    /// Streams, their entries and their past.
    case stream(Streams)
    /// The words of requests on streams.
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
    /// What a user may not do.
    case access(Access)
}

extension CommandError {
    /// Keys whatever they hold.
    public enum Keys {
        /// A cursor is none.
        case cursor
        /// SWAPDB's first number is none.
        case firstDatabase
        /// SWAPDB's second number is none.
        case secondDatabase
        /// A key would be moved to where it is.
        case sameObject
        /// Uses are not counted but dated.
        case usesNotCounted
        /// Uses are not dated but counted.
        case usesNotDated
        /// GT and LT exclude each other.
        case greaterAndLess
        /// NX excludes the other conditions.
        case absentAndPresent
        /// EXPIRE has no such option.
        case unsupportedOption(Bytes)
        /// SORT met a weight that is no number.
        case sortWeight
    }
}

extension CommandError {
    /// Strings, their parts and their numbers.
    public enum Strings {
        /// INCREX: ENX without an expiry.
        case absentNeedsExpiry
        /// INCREX: no number lies between the bounds.
        case crossedBounds
        /// LCS: LEN and IDX.
        case lengthAndRuns
        /// LCS: there is no memory for its table.
        case subsequenceMemory
        /// LCS: its table would be too large.
        case subsequenceTooLong
        /// LCS: a key holds another type.
        case subsequenceType
        /// DELEX has no such condition.
        case condition
        /// DELEX with a condition: the key holds another type.
        case conditionNeedsString
        /// A digest has another length.
        case digest
        /// DECRBY's number cannot be negated.
        case decrementOverflow
        /// MSETEX: a count of keys that is none.
        case keyCount
        /// MSETEX: other words than keys and values.
        case pairCount
        /// SETRANGE: the offset is below zero.
        case offset
    }
}

extension CommandError {
    /// Bits of strings.
    public enum Bitmaps {
        /// BITFIELD_RO shall write.
        case readOnly
        /// BITOP ANDOR of one key.
        case andAnyCount
        /// BITOP DIFF of one key.
        case differenceCount
        /// BITOP DIFF1 of one key.
        case reverseDifferenceCount
        /// BITOP NOT of several keys.
        case notCount
        /// BITFIELD has no such kind of OVERFLOW.
        case overflowKind
        /// BITFIELD has no such field.
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
        /// LPOS: there is no match number 0.
        case zeroRank
        /// LPOS: a COUNT below zero.
        case negativeCount
        /// LPOS: a MAXLEN below zero.
        case negativeLength
    }
}

extension CommandError {
    /// Sorted sets.
    public enum SortedSets {
        /// ZADD: GT, LT and NX exclude each other.
        case greaterLessAbsent
        /// ZADD: NX and XX exclude each other.
        case presentAndAbsent
        /// ZADD INCR of several members.
        case incrementPairs
        /// A count of keys is not above zero.
        case noKeys
        /// An end of a range of scores is no number.
        case scoreBound
        /// An end of a range of members is none.
        case memberBound
        /// A sum of infinities.
        case notNumber
        /// ZRANGE by rank has no LIMIT.
        case limitByRank
        /// ZRANGE BYLEX tells no scores.
        case scoresByMember
        /// A weight is no number.
        case weight
        /// A count of keys is greater than the words.
        case keysMissing
    }
}

extension CommandError {
    /// Hashes and the expiry of their fields.
    public enum Hashes {
        /// The word FIELDS is missing.
        case fieldsMissing
        /// A count of fields is none.
        case fieldCount
        /// HEXPIRE: a count of fields is not above zero.
        case zeroFields
        /// A count of fields is not that of the words.
        case fieldCountMismatch
        /// HSETEX: two times.
        case oneTimeOrKeep
        /// HGETEX: two times.
        case oneTimeOrPersist
        /// HSETEX: two conditions.
        case oneCondition
        /// HINCRBYFLOAT: the value is no number.
        case valueNotFloat
        /// HINCRBY: the value is no number.
        case valueNotInteger
        /// HINCRBYFLOAT: the number is not finite.
        case incrementNotFinite
        /// An expiry is below zero.
        case expiryNegative
        /// HSETEX, HGETEX: a count of fields is none.
        case fieldNumber
        /// A word for a time without one.
        case expiryMissing
        /// HSETEX, HGETEX have no such option.
        case unknownOption(Bytes)
    }
}

extension CommandError {
    /// Geographic positions.
    public enum Positions {
        /// A polygon with fewer than three corners.
        case cornerCount
        /// GEOSEARCHSTORE shall tell details.
        case searchStoreTells
        /// GEORADIUS shall store and tell details.
        case storeTells
        /// There is no centre.
        case centerMissing(Bytes)
        /// There is no shape.
        case shapeMissing(Bytes)
        /// The member in the centre is not there.
        case memberMissing
        /// A side is below zero.
        case negativeBox
        /// A radius is below zero.
        case negativeRadius
        /// A height is no number.
        case height
        /// A width is no number.
        case width
        /// A radius is no number.
        case radius
        /// A position lies outside the map.
        case position(Bytes)
        /// ANY without COUNT.
        case anyNeedsCount
        /// There is no such unit.
        case unit
    }
}

extension CommandError {
    /// Streams, their entries and their past.
    public enum Streams {
        /// A word is no stream id.
        case id
        /// An entry has too many bytes.
        case entryTooLarge
        /// An id does not come behind all others.
        case idTooSmall
        /// The id 0-0 is that of no entry.
        case idZero
        /// There is no id behind the last one.
        case idsExhausted
        /// XSETID: an id below a deleted one.
        case pastBelowDeleted
        /// XSETID: an id below the deleted one given.
        case pastBelowGiven
        /// XSETID: an id below the last entry's.
        case pastBelowLast
        /// XSETID: fewer added than there are.
        case addedBelowCount
        /// XSETID: a number below zero.
        case addedNegative
        /// A LIMIT is below zero.
        case negativeLimit
        /// A MAXLEN is below zero.
        case negativeLength
        /// A LIMIT without a trim.
        case limitNeedsTrim
        /// Only what is approximate has a limit.
        case limitNeedsTilde
        /// Two trims.
        case oneTrim
        /// XTRIM without a trim.
        case trimMissing
    }
}

extension CommandError {
    /// The words of requests on streams.
    public enum StreamWords {
        /// A producer or message without a name.
        case messageNameEmpty
        /// A message with an id of the client's.
        case messageNeedsNextID
        /// XIDMPRECORD: the message is another entry.
        case messageKnown
        /// XIDMPRECORD: the entry is not there.
        case noEntry
        /// XCFGSET: a time out of bounds.
        case duration
        /// XCFGSET: a count out of bounds.
        case messageCount
        /// Nothing lies before the id that is left out.
        case intervalEnd
        /// Nothing lies behind the id that is left out.
        case intervalStart
        /// A count of ids is none.
        case idCount
        /// A count of ids is greater than the words.
        case idCountMismatch
        /// XREAD: not as many ids as keys.
        case unbalanced
        /// XREAD has no id >.
        case newNeedsGroup
        /// XREAD was given an option of XREADGROUP.
        case groupOnly(StaticString)
        /// MAXCOUNT is below COUNT.
        case countsCrossed
        /// MAXCOUNT is not above zero.
        case countMax
        /// MAXSIZE is not above zero.
        case sizeMax
        /// XINFO: the words of a subcommand make no sense.
        case infoWords(Bytes)
    }
}

extension CommandError {
    /// Consumer groups of streams.
    public enum StreamGroups {
        /// A group with this name is there.
        case isThere
        /// A stream must be there to have groups.
        case needsKey
        /// XGROUP: the words of a subcommand make no sense.
        case words(Bytes)
        /// A group is not there.
        case missing(Bytes, key: Bytes)
        /// A group, or its key, is not there.
        case keyOrGroupMissing(Bytes, key: Bytes)
        /// XREADGROUP: a group, or its key, is not there.
        case readerMissing(Bytes, key: Bytes)
        /// XREADGROUP without GROUP.
        case optionMissing
        /// XREADGROUP: not as many ids as keys.
        case unbalanced
        /// XREADGROUP has no id $ or +.
        case meaninglessID(Bytes)
        /// XREADGROUP CLAIM: a time is none.
        case idleMin
        /// XAUTOCLAIM: a time is none.
        case autoClaimIdleMin
        /// XCLAIM: a time is none.
        case claimIdleMin
        /// XCLAIM IDLE: a time is none.
        case claimIdle
        /// XCLAIM RETRYCOUNT: a number is none.
        case claimRetryCount
        /// XCLAIM TIME: a time is none.
        case claimTime
        /// XCLAIM has no such option.
        case claimOption(Bytes)
        /// XNACK: a number is below zero.
        case retryCount
        /// XGROUP: a number is below -1.
        case readCount
    }
}

extension CommandError {
    /// HyperLogLogs.
    public enum Sketches {
        /// The string is no HyperLogLog.
        case notSketch
        /// The string began as a HyperLogLog.
        case corrupt
        /// PFDEBUG: a word is neither ON nor OFF.
        case onOrOff
        /// PFDEBUG: there is no sparse form to tell.
        case notSparse
        /// PFSELFTEST: counts are too far off.
        case testError
        /// PFSELFTEST: registers do not hold.
        case testRegisters
        /// PFDEBUG: the key must be there.
        case noKey
        /// PFDEBUG has no such subcommand.
        case debugSubcommand(Bytes)
    }
}

extension CommandError {
    /// Clients and their sessions.
    public enum Clients {
        /// There is no password to give.
        case noPassword
        /// Another password.
        case wrongPassword
        /// HELLO before AUTH.
        case helloNeedsPassword
        /// There is no such protocol.
        case protocolUnknown
        /// A protocol's version is no number.
        case protocolVersion
        /// HELLO has no such option.
        case helloOption(Bytes)
        /// A name with other characters.
        case name
        /// A library's name with other characters.
        case libraryName
        /// A library's version with other characters.
        case libraryVersion
        /// CLIENT LIST: an id is no number.
        case id
        /// CLIENT KILL: an id is none.
        case idNotPositive
        /// There is no such client.
        case missing
        /// There is no such user.
        case userMissing(Bytes)
        /// There is no such kind of client.
        case kind(Bytes)
        /// CLIENT SETINFO has no such attribute.
        case attribute(Bytes)
        /// CLIENT KILL: an age is no number.
        case ageMax
        /// CLIENT KILL: an age is not above zero.
        case ageNotPositive
        /// The client is subscribed and speaks RESP2.
        case subscribed
        /// Nobody could be sent what the client subscribes to.
        case unreachable
        /// PUBSUB has the subcommand, but not with so many words.
        case pubsubWords(Bytes)
    }
}

extension CommandError {
    /// The server and its commands.
    public enum Servers {
        /// COMMAND GETKEYS: the words are no good call.
        case commandWords
        /// COMMAND GETKEYS: there is no such command.
        case commandUnknown
        /// COMMAND GETKEYS: the wrong number of words.
        case commandWordCount
        /// COMMAND GETKEYS: the command has no keys.
        case commandKeyless
        /// SHUTDOWN SAVE without files.
        case cannotSave
        /// SHUTDOWN ABORT of none.
        case notEnding
    }
}

extension CommandError {
    /// DEBUG.
    public enum Debugging {
        /// enable-debug-command says no.
        case notAllowed
        /// DEBUG has no such subcommand.
        case subcommand(Bytes)
        /// The value is no pack.
        case notPack
        /// The value is no list of several nodes.
        case notLargeList
        /// The value is no string of bytes.
        case notString
        /// A database that is not there.
        case database
        /// There is no such reply in RESP2.
        case needsRESP3
        /// The value has no table.
        case noTable
        /// There is no such kind of reply.
        case replyKind
        /// A size out of bounds.
        case threshold
        /// More effects than are kept.
        case effectsDropped
        /// The program did not start anew.
        case restart
        /// No client is closed for its memory.
        case clientMemory
    }
}
