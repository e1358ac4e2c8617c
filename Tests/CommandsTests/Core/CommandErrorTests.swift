import Primitives
import Testing

@testable import Commands

@Suite struct CommandErrorTests {
    private func text(_ error: CommandError) -> String {
        var line = ErrorLine(command: "XGROUP SETID")
        error.write(to: &line)
        return line.text.string
    }

    @Test func `errors that several commands share have their texts`() {
        let texts: [(CommandError, String)] = [
            (.wrongType, "WRONGTYPE Operation against a key holding the wrong kind of value"),
            (.authenticationNeeded, "NOAUTH Authentication required."),
            (.syntax, "ERR syntax error"),
            (.notInteger, "ERR value is not an integer or out of range"),
            (
                .beyondInt32,
                """
                ERR value is out of range, value must between -2147483648 and 2147483647
                """
            ),
            (
                .noMagnitude,
                """
                ERR value is out of range, value must between -9223372036854775807 and \
                9223372036854775807
                """
            ),
            (.valueRange, "ERR value is out of range"),
            (.notFloat, "ERR value is not a valid float"),
            (.outOfRange, "ERR index out of range"),
            (.notPositive, "ERR value is out of range, must be positive"),
            (.noSuchKey, "ERR no such key"),
            (.overflow, "ERR increment or decrement would overflow"),
            (.notFinite, "ERR increment would produce NaN or Infinity"),
            (.invalidExpire, "ERR invalid expire time in 'xgroup|setid' command"),
            (.wordCount, "ERR wrong number of arguments for 'xgroup|setid' command"),
            (.tooLong, "ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
            (.outOfMemory, "OOM command not allowed when used memory > 'maxmemory'."),
            (.bitOffset, "ERR bit offset is not an integer or out of range"),
            (.databaseRange, "ERR DB index is out of range"),
            (.keyCount, "ERR numkeys should be greater than 0"),
            (.negativeLimit, "ERR LIMIT can't be negative"),
            (.zeroCount, "ERR count should be greater than 0"),
            (.countNotPositive, "ERR COUNT must be > 0"),
            (.negativeTimeout, "ERR timeout is negative"),
            (.timeout, "ERR timeout is not an integer or out of range"),
        ]
        for (error, expected) in texts { #expect(text(error) == expected) }
    }

    @Test func `the errors of keys have their texts`() {
        let texts: [(CommandError.Keys, String)] = [
            (.cursor, "ERR invalid cursor"),
            (.firstDatabase, "ERR invalid first DB index"),
            (.secondDatabase, "ERR invalid second DB index"),
            (.sameObject, "ERR source and destination objects are the same"),
            (
                .usesNotCounted,
                """
                ERR An LFU maxmemory policy is not selected, access frequency not tracked. \
                Please note that when switching between policies at runtime LRU and LFU data \
                will take some time to adjust.
                """
            ),
            (
                .usesNotDated,
                """
                ERR An LFU maxmemory policy is selected, idle time not tracked. Please note \
                that when switching between policies at runtime LRU and LFU data will take \
                some time to adjust.
                """
            ),
            (.greaterAndLess, "ERR GT and LT options at the same time are not compatible"),
            (
                .absentAndPresent,
                """
                ERR NX and XX, GT or LT options at the same time are not compatible
                """
            ),
            (.unsupportedOption(Bytes("w")), "ERR Unsupported option w"),
            (.sortWeight, "ERR One or more scores can't be converted into double"),
        ]
        for (error, expected) in texts { #expect(text(.key(error)) == expected) }
    }

    @Test func `the errors of strings have their texts`() {
        let texts: [(CommandError.Strings, String)] = [
            (.absentNeedsExpiry, "ERR ENX flag requires one of EX, PX, EXAT or PXAT"),
            (.crossedBounds, "ERR LBOUND can't be greater than UBOUND"),
            (.lengthAndRuns, "ERR If you want both the length and indexes, please just use IDX."),
            (
                .subsequenceMemory,
                """
                ERR Insufficient memory, failed allocating transient memory for LCS
                """
            ),
            (
                .subsequenceTooLong,
                """
                ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len
                """
            ),
            (.subsequenceType, "ERR The specified keys must contain string values"),
            (.condition, "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"),
            (.conditionNeedsString, "ERR Key should be of string type if conditions are specified"),
            (.digest, "ERR must be exactly 16 hexadecimal characters"),
            (.decrementOverflow, "ERR decrement would overflow"),
            (.keyCount, "ERR invalid numkeys value"),
            (.pairCount, "ERR wrong number of key-value pairs"),
            (.offset, "ERR offset is out of range"),
        ]
        for (error, expected) in texts { #expect(text(.string(error)) == expected) }
    }

    @Test func `the errors of bitmaps have their texts`() {
        let texts: [(CommandError.Bitmaps, String)] = [
            (.readOnly, "ERR BITFIELD_RO only supports the GET subcommand"),
            (.andAnyCount, "ERR BITOP ANDOR must be called with at least two source keys."),
            (.differenceCount, "ERR BITOP DIFF must be called with at least two source keys."),
            (
                .reverseDifferenceCount,
                """
                ERR BITOP DIFF1 must be called with at least two source keys.
                """
            ),
            (.notCount, "ERR BITOP NOT must be called with a single source key."),
            (.overflowKind, "ERR Invalid OVERFLOW type specified"),
            (
                .fieldType,
                """
                ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
                supported but i64 is.
                """
            ),
            (.searchedBit, "ERR The bit argument must be 1 or 0."),
            (.bit, "ERR bit is not an integer or out of range"),
        ]
        for (error, expected) in texts { #expect(text(.bitmap(error)) == expected) }
    }

    @Test func `the errors of lists have their texts`() {
        let texts: [(CommandError.Lists, String)] = [
            (
                .zeroRank,
                """
                ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                second ... or use negative to start from the end of the list
                """
            ),
            (.negativeCount, "ERR COUNT can't be negative"),
            (.negativeLength, "ERR MAXLEN can't be negative"),
        ]
        for (error, expected) in texts { #expect(text(.list(error)) == expected) }
    }

    @Test func `the errors of sorted sets have their texts`() {
        let texts: [(CommandError.SortedSets, String)] = [
            (
                .greaterLessAbsent,
                """
                ERR GT, LT, and/or NX options at the same time are not compatible
                """
            ),
            (.presentAndAbsent, "ERR XX and NX options at the same time are not compatible"),
            (.incrementPairs, "ERR INCR option supports a single increment-element pair"),
            (.noKeys, "ERR at least 1 input key is needed for 'xgroup|setid' command"),
            (.scoreBound, "ERR min or max is not a float"),
            (.memberBound, "ERR min or max not valid string range item"),
            (.notNumber, "ERR resulting score is not a number (NaN)"),
            (
                .limitByRank,
                """
                ERR syntax error, LIMIT is only supported in combination with either BYSCORE \
                or BYLEX
                """
            ),
            (
                .scoresByMember,
                """
                ERR syntax error, WITHSCORES not supported in combination with BYLEX
                """
            ),
            (.weight, "ERR weight value is not a float"),
            (.keysMissing, "ERR Number of keys can't be greater than number of args"),
        ]
        for (error, expected) in texts { #expect(text(.sortedSet(error)) == expected) }
    }

    @Test func `the errors of hashes have their texts`() {
        let texts: [(CommandError.Hashes, String)] = [
            (
                .fieldsMissing,
                """
                ERR Mandatory argument FIELDS is missing or not at the right position
                """
            ),
            (.fieldCount, "ERR Number of fields must be a positive integer"),
            (.zeroFields, "ERR Parameter `numFields` should be greater than 0"),
            (
                .fieldCountMismatch,
                """
                ERR The `numfields` parameter must match the number of arguments
                """
            ),
            (
                .oneTimeOrKeep,
                """
                ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
                """
            ),
            (
                .oneTimeOrPersist,
                """
                ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified
                """
            ),
            (.oneCondition, "ERR Only one of FXX or FNX arguments can be specified"),
            (.valueNotFloat, "ERR hash value is not a float"),
            (.valueNotInteger, "ERR hash value is not an integer"),
            (.incrementNotFinite, "ERR value is NaN or Infinity"),
            (.expiryNegative, "ERR invalid expire time, must be >= 0"),
            (.fieldNumber, "ERR invalid number of fields"),
            (.expiryMissing, "ERR missing expire time"),
            (.unknownOption(Bytes("w")), "ERR unknown argument: w"),
        ]
        for (error, expected) in texts { #expect(text(.hash(error)) == expected) }
    }

    @Test func `the errors of positions have their texts`() {
        let texts: [(CommandError.Positions, String)] = [
            (.cornerCount, "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"),
            (
                .searchStoreWithOptions,
                """
                ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD \
                options
                """
            ),
            (
                .storeWithOptions,
                """
                ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and \
                WITHCOORD options
                """
            ),
            (
                .centerMissing(Bytes("w")),
                """
                ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for w
                """
            ),
            (
                .shapeMissing(Bytes("w")),
                """
                ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for w
                """
            ),
            (.memberMissing, "ERR could not decode requested zset member"),
            (.negativeBox, "ERR height or width cannot be negative"),
            (.negativeRadius, "ERR radius cannot be negative"),
            (.height, "ERR need numeric height"),
            (.width, "ERR need numeric width"),
            (.radius, "ERR need numeric radius"),
            (.position(Bytes("w")), "ERR invalid longitude,latitude pair w"),
            (.anyNeedsCount, "ERR the ANY argument requires COUNT argument"),
            (.unit, "ERR unsupported unit provided. please use M, KM, FT, MI"),
        ]
        for (error, expected) in texts { #expect(text(.geo(error)) == expected) }
    }

    @Test func `the errors of streams have their texts`() {
        let texts: [(CommandError.Streams, String)] = [
            (.id, "ERR Invalid stream ID specified as stream command argument"),
            (.entryTooLarge, "ERR Elements are too large to be stored"),
            (
                .idTooSmall,
                """
                ERR The ID specified in XADD is equal or smaller than the target stream top \
                item
                """
            ),
            (.idZero, "ERR The ID specified in XADD must be greater than 0-0"),
            (
                .idsExhausted,
                """
                ERR The stream has exhausted the last possible ID, unable to add more items
                """
            ),
            (
                .pastBelowDeleted,
                """
                ERR The ID specified in XSETID is smaller than current max_deleted_entry_id
                """
            ),
            (
                .pastBelowGiven,
                """
                ERR The ID specified in XSETID is smaller than the provided \
                max_deleted_entry_id
                """
            ),
            (
                .pastBelowLast,
                """
                ERR The ID specified in XSETID is smaller than the target stream top item
                """
            ),
            (
                .addedBelowCount,
                """
                ERR The entries_added specified in XSETID is smaller than the target stream \
                length
                """
            ),
            (.addedNegative, "ERR entries_added must be positive"),
            (.negativeLimit, "ERR The LIMIT argument must be >= 0."),
            (.negativeLength, "ERR The MAXLEN argument must be >= 0."),
            (
                .limitNeedsTrim,
                """
                ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
                """
            ),
            (
                .limitNeedsTilde,
                """
                ERR syntax error, LIMIT cannot be used without the special ~ option
                """
            ),
            (
                .oneTrim,
                """
                ERR syntax error, MAXLEN and MINID options at the same time are not \
                compatible
                """
            ),
            (.trimMissing, "ERR syntax error, XTRIM must be called with a trimming strategy"),
        ]
        for (error, expected) in texts { #expect(text(.stream(error)) == expected) }
    }

    @Test func `the errors of requests on streams have their texts`() {
        let texts: [(CommandError.StreamWords, String)] = [
            (.messageNameEmpty, "ERR IDMP/IDMPAUTO IDs must not be empty"),
            (.messageNeedsNextID, "ERR IDMP/IDMPAUTO can be used only with auto-generated IDs"),
            (.messageKnown, "ERR the message is known as another stream entry"),
            (.noEntry, "ERR no such stream entry"),
            (.duration, "ERR invalid duration"),
            (.messageCount, "ERR invalid maxsize"),
            (.intervalEnd, "ERR invalid end ID for the interval"),
            (.intervalStart, "ERR invalid start ID for the interval"),
            (.idCount, "ERR Number of IDs must be a positive integer"),
            (.idCountMismatch, "ERR The `numids` parameter must match the number of arguments"),
            (
                .unbalanced,
                """
                ERR Unbalanced 'xgroup|setid' list of streams: for each stream key an ID, \
                '+', or '$' must be specified.
                """
            ),
            (
                .newNeedsGroup,
                """
                ERR The > ID can be specified only when calling XREADGROUP using the GROUP \
                <group> <consumer> option.
                """
            ),
            (
                .groupOnly("w"),
                """
                ERR The w option is only supported by XREADGROUP. You called XREAD instead.
                """
            ),
            (.countsCrossed, "ERR MAXCOUNT must be greater than or equal to COUNT"),
            (.countMax, "ERR MAXCOUNT must be positive"),
            (.sizeMax, "ERR MAXSIZE must be positive"),
            (
                .infoWords(Bytes("w")),
                """
                ERR unknown subcommand or wrong number of arguments for 'w'. Try XINFO HELP.
                """
            ),
        ]
        for (error, expected) in texts { #expect(text(.streamWords(error)) == expected) }
    }

    @Test func `the errors of stream groups have their texts`() {
        let texts: [(CommandError.StreamGroups, String)] = [
            (.isThere, "BUSYGROUP Consumer Group name already exists"),
            (
                .needsKey,
                """
                ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you \
                may want to use the MKSTREAM option to create an empty stream automatically.
                """
            ),
            (
                .words(Bytes("w")),
                """
                ERR unknown subcommand or wrong number of arguments for 'w'. Try XGROUP HELP.
                """
            ),
            (
                .missing(Bytes("g"), key: Bytes("k")),
                """
                NOGROUP No such consumer group 'g' for key name 'k'
                """
            ),
            (
                .keyOrGroupMissing(Bytes("g"), key: Bytes("k")),
                """
                NOGROUP No such key 'k' or consumer group 'g'
                """
            ),
            (
                .readerMissing(Bytes("g"), key: Bytes("k")),
                """
                NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option
                """
            ),
            (.optionMissing, "ERR Missing GROUP option for XREADGROUP"),
            (
                .unbalanced,
                """
                ERR Unbalanced 'xgroup|setid' list of streams: for each stream key an ID or \
                '>' must be specified.
                """
            ),
            (
                .meaninglessID(Bytes("w")),
                """
                ERR The w ID is meaningless in the context of XREADGROUP: you want to read \
                the history of this consumer by specifying a proper ID, or use the > ID to \
                get new messages. The w ID would just return an empty result set.
                """
            ),
            (.idleMin, "ERR min-idle-time must be a positive integer"),
            (.autoClaimIdleMin, "ERR Invalid min-idle-time argument for XAUTOCLAIM"),
            (.claimIdleMin, "ERR Invalid min-idle-time argument for XCLAIM"),
            (.claimIdle, "ERR Invalid IDLE option argument for XCLAIM"),
            (.claimRetryCount, "ERR Invalid RETRYCOUNT option argument for XCLAIM"),
            (.claimTime, "ERR Invalid TIME option argument for XCLAIM"),
            (.claimOption(Bytes("w")), "ERR Unrecognized XCLAIM option 'w'"),
            (.retryCount, "ERR RETRYCOUNT must be a non-negative integer"),
            (.readCount, "ERR value for ENTRIESREAD must be positive or -1"),
        ]
        for (error, expected) in texts { #expect(text(.streamGroup(error)) == expected) }
    }

    @Test func `the errors of sketches have their texts`() {
        let texts: [(CommandError.Sketches, String)] = [
            (.notSketch, "WRONGTYPE Key is not a valid HyperLogLog string value."),
            (.corrupt, "INVALIDOBJ Corrupted HLL object detected"),
            (.onOrOff, "ERR Argument must be ON or OFF"),
            (.notSparse, "ERR HLL encoding is not sparse"),
            (.testError, "ERR TESTFAILED Too big error"),
            (.testRegisters, "ERR TESTFAILED registers do not read back as written"),
            (.noKey, "ERR The specified key does not exist"),
            (.debugSubcommand(Bytes("w")), "ERR Unknown PFDEBUG subcommand 'w'"),
        ]
        for (error, expected) in texts { #expect(text(.sketch(error)) == expected) }
    }

    @Test func `the errors of clients have their texts`() {
        let texts: [(CommandError.Clients, String)] = [
            (
                .noPassword,
                """
                ERR AUTH <password> called without any password configured for the default \
                user. Are you sure your configuration is correct?
                """
            ),
            (.wrongPassword, "WRONGPASS invalid username-password pair or user is disabled."),
            (
                .helloNeedsPassword,
                """
                NOAUTH HELLO must be called with the client already authenticated, otherwise \
                the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the \
                client and select the RESP protocol version at the same time
                """
            ),
            (.protocolUnknown, "NOPROTO unsupported protocol version"),
            (.protocolVersion, "ERR Protocol version is not an integer or out of range"),
            (.helloOption(Bytes("w")), "ERR Syntax error in HELLO option 'w'"),
            (.name, "ERR Client names cannot contain spaces, newlines or special characters."),
            (.libraryName, "ERR lib-name cannot contain spaces, newlines or special characters."),
            (.libraryVersion, "ERR lib-ver cannot contain spaces, newlines or special characters."),
            (.id, "ERR Invalid client ID"),
            (.idNotPositive, "ERR client-id should be greater than 0"),
            (.missing, "ERR No such client"),
            (.userMissing(Bytes("w")), "ERR No such user 'w'"),
            (.kind(Bytes("w")), "ERR Unknown client type 'w'"),
            (.attribute(Bytes("w")), "ERR Unrecognized option 'w'"),
            (.ageMax, "ERR maxage is not an integer or out of range"),
            (.ageNotPositive, "ERR maxage should be greater than 0"),
        ]
        for (error, expected) in texts { #expect(text(.client(error)) == expected) }
    }

    @Test func `the errors of servers have their texts`() {
        let texts: [(CommandError.Servers, String)] = [
            (.commandWords, "ERR Invalid arguments specified for command"),
            (.commandUnknown, "ERR Invalid command specified"),
            (.commandWordCount, "ERR Invalid number of arguments specified for command"),
            (.commandKeyless, "ERR The command has no key arguments"),
            (.cannotSave, "ERR Errors trying to SHUTDOWN. Check logs."),
            (.notEnding, "ERR No shutdown in progress."),
        ]
        for (error, expected) in texts { #expect(text(.server(error)) == expected) }
    }

    @Test func `the errors of debugging have their texts`() {
        let texts: [(CommandError.Debugging, String)] = [
            (
                .notAllowed,
                """
                ERR DEBUG command not allowed. If the enable-debug-command option is set to \
                "local", you can run it from a local connection, otherwise you need to set \
                this option in the configuration file, and then restart the server.
                """
            ),
            (
                .subcommand(Bytes("w")),
                """
                ERR unknown subcommand or wrong number of arguments for 'w'. Try DEBUG HELP.
                """
            ),
            (.notPack, "ERR Not a listpack encoded object."),
            (.notLargeList, "ERR Not a quicklist encoded object."),
            (.notString, "ERR Not an sds encoded string."),
            (.database, "ERR Out of range database"),
            (.needsRESP3, "ERR RESP2 is not supported by this command"),
            (
                .noTable,
                """
                ERR The value stored at the specified key is not represented using an hash \
                table
                """
            ),
            (
                .replyKind,
                """
                ERR Wrong protocol type name. Please use one of the following: \
                string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
                """
            ),
            (.threshold, "ERR argument must be a memory value bigger than 1 and smaller than 4gb"),
            (.effectsDropped, "ERR some effects were dropped, as nobody took them in time"),
            (.restart, "ERR failed to restart the server. Check server logs."),
            (.clientMemory, "ERR maxmemory-clients is disabled."),
        ]
        for (error, expected) in texts { #expect(text(.debug(error)) == expected) }
    }

    @Test func `words are truncated as C prints them, and at a limit`() {
        let long = Array(repeating: UInt8(ascii: "x"), count: 200)
        let cut = long.withBytes { text(.client(.kind($0))) }
        #expect(cut == "ERR Unknown client type '" + String(repeating: "x", count: 128) + "'")
        let whole = long.withBytes { text(.streamGroup(.missing($0, key: Bytes("k")))) }
        #expect(whole.count > 240)
        let zero = [UInt8(ascii: "a"), 0, UInt8(ascii: "b")]
        #expect(zero.withBytes { text(.client(.kind($0))) } == "ERR Unknown client type 'a'")
    }
}
