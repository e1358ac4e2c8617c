internal import Primitives

/// The texts of all errors, starting with the code, as in Redis 7.2 and later.
extension CommandError {
    /// Writes the text of the error reply.
    public func write(to line: inout ErrorLine) {
        switch self {
        case .wrongType:
            line.add("WRONGTYPE Operation against a key holding the wrong kind of value")
        case .authenticationNeeded: line.add("NOAUTH Authentication required.")
        case .syntax: line.add("ERR syntax error")
        case .notInteger: line.add("ERR value is not an integer or out of range")
        case .beyondInt32:
            line.add("ERR value is out of range, value must between -2147483648 and 2147483647")
        case .noMagnitude:
            line.add(
                """
                ERR value is out of range, value must between -9223372036854775807 and \
                9223372036854775807
                """
            )
        case .valueRange: line.add("ERR value is out of range")
        case .notFloat: line.add("ERR value is not a valid float")
        case .outOfRange: line.add("ERR index out of range")
        case .notPositive: line.add("ERR value is out of range, must be positive")
        case .noSuchKey: line.add("ERR no such key")
        case .overflow: line.add("ERR increment or decrement would overflow")
        case .notFinite: line.add("ERR increment would produce NaN or Infinity")
        case .invalidExpire:
            line.addCommand("ERR invalid expire time in '", "' command")
        case .wordCount:
            line.addCommand("ERR wrong number of arguments for '", "' command")
        case .tooLong: line.add("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        case .outOfMemory: line.add("OOM command not allowed when used memory > 'maxmemory'.")
        case .bitOffset: line.add("ERR bit offset is not an integer or out of range")
        case .databaseRange: line.add("ERR DB index is out of range")
        case .keyCount: line.add("ERR numkeys should be greater than 0")
        case .negativeLimit: line.add("ERR LIMIT can't be negative")
        case .zeroCount: line.add("ERR count should be greater than 0")
        case .countNotPositive: line.add("ERR COUNT must be > 0")
        case .negativeTimeout: line.add("ERR timeout is negative")
        case .timeout: line.add("ERR timeout is not an integer or out of range")
        case .timeoutNotFloat: line.add("ERR timeout is not a float or out of range")
        case .timeoutRange: line.add("ERR timeout is out of range")
        case .key(let error): error.write(to: &line)
        case .string(let error): error.write(to: &line)
        case .bitmap(let error): error.write(to: &line)
        case .list(let error): error.write(to: &line)
        case .sortedSet(let error): error.write(to: &line)
        case .hash(let error): error.write(to: &line)
        case .geo(let error): error.write(to: &line)
        case .stream(let error): error.write(to: &line)
        case .streamWords(let error): error.write(to: &line)
        case .streamGroup(let error): error.write(to: &line)
        case .sketch(let error): error.write(to: &line)
        case .client(let error): error.write(to: &line)
        case .server(let error): error.write(to: &line)
        case .debug(let error): error.write(to: &line)
        case .access(let error): error.write(to: &line)
        case .tracking(let error): error.write(to: &line)
        case .transaction(let error): error.write(to: &line)
        case .script(let error): error.write(to: &line)
        }
    }
}

extension CommandError.Keys {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .cursor: line.add("ERR invalid cursor")
        case .firstDatabase: line.add("ERR invalid first DB index")
        case .secondDatabase: line.add("ERR invalid second DB index")
        case .sameObject: line.add("ERR source and destination objects are the same")
        case .busy: line.add("BUSYKEY Target key name already exists.")
        case .restoredPayload: line.add("ERR DUMP payload version or checksum are wrong")
        case .restoredData: line.add("ERR Bad data format")
        case .restoredExpiry: line.add("ERR Invalid TTL value, must be >= 0")
        case .restoredIdleTime: line.add("ERR Invalid IDLETIME value, must be >= 0")
        case .restoredFrequency:
            line.add("ERR Invalid FREQ value, must be >= 0 and <= 255")
        case .usesNotCounted:
            line.add(
                """
                ERR An LFU maxmemory policy is not selected, access frequency not tracked. \
                Please note that when switching between policies at runtime LRU and LFU data \
                will take some time to adjust.
                """
            )
        case .usesNotDated:
            line.add(
                """
                ERR An LFU maxmemory policy is selected, idle time not tracked. Please note \
                that when switching between policies at runtime LRU and LFU data will take \
                some time to adjust.
                """
            )
        case .greaterAndLess: line.add("ERR GT and LT options at the same time are not compatible")
        case .absentAndPresent:
            line.add("ERR NX and XX, GT or LT options at the same time are not compatible")
        case .unsupportedOption(let word):
            line.add("ERR Unsupported option ", word, limit: 128)
        case .sortWeight: line.add("ERR One or more scores can't be converted into double")
        }
    }
}

extension CommandError.Strings {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .absentNeedsExpiry: line.add("ERR ENX flag requires one of EX, PX, EXAT or PXAT")
        case .crossedBounds: line.add("ERR LBOUND can't be greater than UBOUND")
        case .lengthAndRuns:
            line.add("ERR If you want both the length and indexes, please just use IDX.")
        case .subsequenceMemory:
            line.add("ERR Insufficient memory, failed allocating transient memory for LCS")
        case .subsequenceTooLong:
            line.add("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        case .subsequenceType: line.add("ERR The specified keys must contain string values")
        case .condition: line.add("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
        case .conditionNeedsString:
            line.add("ERR Key should be of string type if conditions are specified")
        case .digest: line.add("ERR must be exactly 16 hexadecimal characters")
        case .decrementOverflow: line.add("ERR decrement would overflow")
        case .keyCount: line.add("ERR invalid numkeys value")
        case .pairCount: line.add("ERR wrong number of key-value pairs")
        case .offset: line.add("ERR offset is out of range")
        }
    }
}

extension CommandError.Bitmaps {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .readOnly: line.add("ERR BITFIELD_RO only supports the GET subcommand")
        case .andAnyCount: line.add("ERR BITOP ANDOR must be called with at least two source keys.")
        case .differenceCount:
            line.add("ERR BITOP DIFF must be called with at least two source keys.")
        case .reverseDifferenceCount:
            line.add("ERR BITOP DIFF1 must be called with at least two source keys.")
        case .notCount: line.add("ERR BITOP NOT must be called with a single source key.")
        case .overflowKind: line.add("ERR Invalid OVERFLOW type specified")
        case .fieldType:
            line.add(
                """
                ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
                supported but i64 is.
                """
            )
        case .searchedBit: line.add("ERR The bit argument must be 1 or 0.")
        case .bit: line.add("ERR bit is not an integer or out of range")
        }
    }
}

extension CommandError.Lists {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .zeroRank:
            line.add(
                """
                ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                second ... or use negative to start from the end of the list
                """
            )
        case .negativeCount: line.add("ERR COUNT can't be negative")
        case .negativeLength: line.add("ERR MAXLEN can't be negative")
        }
    }
}

extension CommandError.SortedSets {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .greaterLessAbsent:
            line.add("ERR GT, LT, and/or NX options at the same time are not compatible")
        case .presentAndAbsent:
            line.add("ERR XX and NX options at the same time are not compatible")
        case .incrementPairs: line.add("ERR INCR option supports a single increment-element pair")
        case .noKeys:
            line.addCommand("ERR at least 1 input key is needed for '", "' command")
        case .scoreBound: line.add("ERR min or max is not a float")
        case .memberBound: line.add("ERR min or max not valid string range item")
        case .notNumber: line.add("ERR resulting score is not a number (NaN)")
        case .limitByRank:
            line.add(
                """
                ERR syntax error, LIMIT is only supported in combination with either BYSCORE \
                or BYLEX
                """
            )
        case .scoresByMember:
            line.add("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
        case .weight: line.add("ERR weight value is not a float")
        case .keysMissing: line.add("ERR Number of keys can't be greater than number of args")
        }
    }
}

extension CommandError.Hashes {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .fieldsMissing:
            line.add("ERR Mandatory argument FIELDS is missing or not at the right position")
        case .fieldCount: line.add("ERR Number of fields must be a positive integer")
        case .zeroFields: line.add("ERR Parameter `numFields` should be greater than 0")
        case .fieldCountMismatch:
            line.add("ERR The `numfields` parameter must match the number of arguments")
        case .oneTimeOrKeep:
            line.add("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
        case .oneTimeOrPersist:
            line.add("ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified")
        case .oneCondition: line.add("ERR Only one of FXX or FNX arguments can be specified")
        case .valueNotFloat: line.add("ERR hash value is not a float")
        case .valueNotInteger: line.add("ERR hash value is not an integer")
        case .incrementNotFinite: line.add("ERR value is NaN or Infinity")
        case .expiryNegative: line.add("ERR invalid expire time, must be >= 0")
        case .fieldNumber: line.add("ERR invalid number of fields")
        case .expiryMissing: line.add("ERR missing expire time")
        case .unknownOption(let word):
            line.add("ERR unknown argument: ", word, limit: 128)
        case .fieldSetDuplicate: line.add("ERR duplicate field name in fieldset")
        case .fieldSetTooLarge: line.add("ERR too many fields or fieldsets are prepared")
        case .fieldSetUnknown(let name):
            line.add("ERR no such fieldset '", name, limit: 128, "'")
        case .fieldSetMismatch:
            line.add("ERR the number of values must match the number of fields in the fieldset")
        case .queryOperator(let word): line.add("ERR unknown operator '", word, limit: 128, "'")
        case .fieldNotIndexed(let name):
            line.add("ERR the index does not cover the field '", name, limit: 128, "'")
        case .literalEnds: line.add("ERR syntax error in hstore: unexpected end of string")
        case .literal(let near, let position):
            line.add("ERR syntax error in hstore, near \"", near, "\" at position ")
            DecimalText.withText(Int64(position)) { line.add(word: $0) }
        }
    }
}

extension CommandError.Positions {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .cornerCount: line.add("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices")
        case .searchStoreWithOptions:
            line.add(
                """
                ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD \
                options
                """
            )
        case .storeWithOptions:
            line.add(
                """
                ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and \
                WITHCOORD options
                """
            )
        case .centerMissing(let word):
            line.add("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ")
            line.add(word: word, limit: 128)
        case .shapeMissing(let word):
            line.add("ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for ")
            line.add(word: word, limit: 128)
        case .memberMissing: line.add("ERR could not decode requested zset member")
        case .negativeBox: line.add("ERR height or width cannot be negative")
        case .negativeRadius: line.add("ERR radius cannot be negative")
        case .height: line.add("ERR need numeric height")
        case .width: line.add("ERR need numeric width")
        case .radius: line.add("ERR need numeric radius")
        case .position(let word):
            line.add("ERR invalid longitude,latitude pair ", word)
        case .anyNeedsCount: line.add("ERR the ANY argument requires COUNT argument")
        case .unit: line.add("ERR unsupported unit provided. please use M, KM, FT, MI")
        }
    }
}

extension CommandError.Streams {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .id: line.add("ERR Invalid stream ID specified as stream command argument")
        case .entryTooLarge: line.add("ERR Elements are too large to be stored")
        case .idTooSmall:
            line.add(
                """
                ERR The ID specified in XADD is equal or smaller than the target stream top \
                item
                """
            )
        case .idZero: line.add("ERR The ID specified in XADD must be greater than 0-0")
        case .idsExhausted:
            line.add("ERR The stream has exhausted the last possible ID, unable to add more items")
        case .pastBelowDeleted:
            line.add("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
        case .pastBelowGiven:
            line.add(
                """
                ERR The ID specified in XSETID is smaller than the provided \
                max_deleted_entry_id
                """
            )
        case .pastBelowLast:
            line.add("ERR The ID specified in XSETID is smaller than the target stream top item")
        case .addedBelowCount:
            line.add(
                """
                ERR The entries_added specified in XSETID is smaller than the target stream \
                length
                """
            )
        case .addedNegative: line.add("ERR entries_added must be positive")
        case .negativeLimit: line.add("ERR The LIMIT argument must be >= 0.")
        case .negativeLength: line.add("ERR The MAXLEN argument must be >= 0.")
        case .limitNeedsTrim:
            line.add(
                """
                ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
                """
            )
        case .limitNeedsTilde:
            line.add("ERR syntax error, LIMIT cannot be used without the special ~ option")
        case .oneTrim:
            line.add(
                """
                ERR syntax error, MAXLEN and MINID options at the same time are not \
                compatible
                """
            )
        case .trimMissing:
            line.add("ERR syntax error, XTRIM must be called with a trimming strategy")
        }
    }
}

extension CommandError.StreamWords {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .messageNameEmpty: line.add("ERR IDMP/IDMPAUTO IDs must not be empty")
        case .messageNeedsNextID:
            line.add("ERR IDMP/IDMPAUTO can be used only with auto-generated IDs")
        case .messageKnown: line.add("ERR the message is known as another stream entry")
        case .noEntry: line.add("ERR no such stream entry")
        case .duration: line.add("ERR invalid duration")
        case .messageCount: line.add("ERR invalid maxsize")
        case .intervalEnd: line.add("ERR invalid end ID for the interval")
        case .intervalStart: line.add("ERR invalid start ID for the interval")
        case .idCount: line.add("ERR Number of IDs must be a positive integer")
        case .idCountMismatch:
            line.add("ERR The `numids` parameter must match the number of arguments")
        case .unbalanced:
            line.add("ERR Unbalanced '")
            line.addCommand()
            line.add("' list of streams: for each stream key an ID, '+', or '$' must be specified.")
        case .newNeedsGroup:
            line.add(
                """
                ERR The > ID can be specified only when calling XREADGROUP using the GROUP \
                <group> <consumer> option.
                """
            )
        case .groupOnly(let option):
            line.add("ERR The ")
            line.add(word: Bytes(option))
            line.add(" option is only supported by XREADGROUP. You called XREAD instead.")
        case .countsCrossed: line.add("ERR MAXCOUNT must be greater than or equal to COUNT")
        case .countMax: line.add("ERR MAXCOUNT must be positive")
        case .sizeMax: line.add("ERR MAXSIZE must be positive")
        case .infoWords(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '")
            line.add(word: word, limit: 128)
            line.add("'. Try XINFO HELP.")
        }
    }
}

extension CommandError.StreamGroups {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .isThere: line.add("BUSYGROUP Consumer Group name already exists")
        case .needsKey:
            line.add(
                """
                ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you \
                may want to use the MKSTREAM option to create an empty stream automatically.
                """
            )
        case .words(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '")
            line.add(word: word, limit: 128)
            line.add("'. Try XGROUP HELP.")
        case .missing(let group, let key):
            line.add("NOGROUP No such consumer group '")
            line.add(word: group)
            line.add("' for key name '")
            line.add(word: key)
            line.add("'")
        case .keyOrGroupMissing(let group, let key):
            line.add("NOGROUP No such key '")
            line.add(word: key)
            line.add("' or consumer group '")
            line.add(word: group)
            line.add("'")
        case .readerMissing(let group, let key):
            line.add("NOGROUP No such key '")
            line.add(word: key)
            line.add("' or consumer group '")
            line.add(word: group)
            line.add("' in XREADGROUP with GROUP option")
        case .optionMissing: line.add("ERR Missing GROUP option for XREADGROUP")
        case .unbalanced:
            line.add("ERR Unbalanced '")
            line.addCommand()
            line.add("' list of streams: for each stream key an ID or '>' must be specified.")
        case .meaninglessID(let word):
            line.add("ERR The ")
            line.add(word: word)
            line.add(
                """
                 ID is meaningless in the context of XREADGROUP: you want to read the history \
                of this consumer by specifying a proper ID, or use the > ID to get new \
                messages. The
                """
            )
            line.add(" ")
            line.add(word: word)
            line.add(" ID would just return an empty result set.")
        case .idleMin: line.add("ERR min-idle-time must be a positive integer")
        case .autoClaimIdleMin: line.add("ERR Invalid min-idle-time argument for XAUTOCLAIM")
        case .claimIdleMin: line.add("ERR Invalid min-idle-time argument for XCLAIM")
        case .claimIdle: line.add("ERR Invalid IDLE option argument for XCLAIM")
        case .claimRetryCount: line.add("ERR Invalid RETRYCOUNT option argument for XCLAIM")
        case .claimTime: line.add("ERR Invalid TIME option argument for XCLAIM")
        case .claimOption(let word):
            line.add("ERR Unrecognized XCLAIM option '", word, "'")
        case .retryCount: line.add("ERR RETRYCOUNT must be a non-negative integer")
        case .readCount: line.add("ERR value for ENTRIESREAD must be positive or -1")
        }
    }
}

extension CommandError.Sketches {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .notSketch: line.add("WRONGTYPE Key is not a valid HyperLogLog string value.")
        case .corrupt: line.add("INVALIDOBJ Corrupted HLL object detected")
        case .onOrOff: line.add("ERR Argument must be ON or OFF")
        case .notSparse: line.add("ERR HLL encoding is not sparse")
        case .testError: line.add("ERR TESTFAILED Too big error")
        case .testRegisters: line.add("ERR TESTFAILED registers do not read back as written")
        case .noKey: line.add("ERR The specified key does not exist")
        case .debugSubcommand(let word):
            line.add("ERR Unknown PFDEBUG subcommand '", word, limit: 128, "'")
        }
    }
}

extension CommandError.Clients {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .noPassword:
            line.add(
                """
                ERR AUTH <password> called without any password configured for the default \
                user. Are you sure your configuration is correct?
                """
            )
        case .wrongPassword:
            line.add("WRONGPASS invalid username-password pair or user is disabled.")
        case .helloNeedsPassword:
            line.add(
                """
                NOAUTH HELLO must be called with the client already authenticated, otherwise \
                the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the \
                client and select the RESP protocol version at the same time
                """
            )
        case .protocolUnknown: line.add("NOPROTO unsupported protocol version")
        case .protocolVersion: line.add("ERR Protocol version is not an integer or out of range")
        case .helloOption(let word):
            line.add("ERR Syntax error in HELLO option '", word, limit: 128, "'")
        case .name:
            line.add("ERR Client names cannot contain spaces, newlines or special characters.")
        case .libraryName:
            line.add("ERR lib-name cannot contain spaces, newlines or special characters.")
        case .libraryVersion:
            line.add("ERR lib-ver cannot contain spaces, newlines or special characters.")
        case .id: line.add("ERR Invalid client ID")
        case .idNotPositive: line.add("ERR client-id should be greater than 0")
        case .missing: line.add("ERR No such client")
        case .userMissing(let word):
            line.add("ERR No such user '", word, limit: 128, "'")
        case .kind(let word):
            line.add("ERR Unknown client type '", word, limit: 128, "'")
        case .attribute(let word):
            line.add("ERR Unrecognized option '", word, limit: 128, "'")
        case .ageMax: line.add("ERR maxage is not an integer or out of range")
        case .idle: line.add("ERR idle is not an integer or out of range")
        case .idleNotPositive: line.add("ERR idle should be greater than 0")
        case .flagsUnknown(let word):
            line.add("ERR Unknown flags found in the provided filter: ", word, limit: 128)
        case .capabilitiesUnknown(let word):
            line.add("ERR Unknown capa found in the provided filter: ", word, limit: 128)
        case .ageNotPositive: line.add("ERR maxage should be greater than 0")
        case .subscribed:
            line.addCommand(
                "ERR Can't execute '",
                """
                ': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
                this context
                """
            )
        case .unreachable:
            line.addCommand("ERR ", " isn't allowed for a DENY BLOCKING client")
        case .mayNotMonitor:
            line.add("ERR MONITOR isn't allowed for DENY BLOCKING client")
        case .pubsubWords(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '", word, limit: 128)
            line.add("'. Try PUBSUB HELP.")
        case .notImporting: line.add("ERR Server is not in import mode")
        case .unblocked: line.add("UNBLOCKED client unblocked via CLIENT UNBLOCK")
        case .unblockReason: line.add("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
        }
    }
}

extension CommandError.Debugging {
    fileprivate func write(to line: inout ErrorLine) {
        switch self {
        case .notAllowed:
            line.add(
                """
                ERR DEBUG command not allowed. If the enable-debug-command option is set to \
                "local", you can run it from a local connection, otherwise you need to set \
                this option in the configuration file, and then restart the server.
                """
            )
        case .reloadOption:
            line.add("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
        case .reloadFailed:
            line.add("ERR Error trying to load the RDB dump, check server logs.")
        case .subcommand(let word):
            line.add("ERR unknown subcommand or wrong number of arguments for '")
            line.add(word: word, limit: 128)
            line.add("'. Try DEBUG HELP.")
        case .notPack: line.add("ERR Not a listpack encoded object.")
        case .notLargeList: line.add("ERR Not a quicklist encoded object.")
        case .notString: line.add("ERR Not an sds encoded string.")
        case .database: line.add("ERR Out of range database")
        case .needsRESP3: line.add("ERR RESP2 is not supported by this command")
        case .noTable:
            line.add(
                """
                ERR The value stored at the specified key is not represented using an hash \
                table
                """
            )
        case .replyKind:
            line.add(
                """
                ERR Wrong protocol type name. Please use one of the following: \
                string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false
                """
            )
        case .threshold:
            line.add("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
        case .effectsDropped: line.add("ERR some effects were dropped, as nobody took them in time")
        case .restart: line.add("ERR failed to restart the server. Check server logs.")
        case .clientMemory: line.add("ERR maxmemory-clients is disabled.")
        }
    }
}
