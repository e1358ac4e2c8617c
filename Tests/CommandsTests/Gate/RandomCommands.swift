import Primitives

/// Generates random commands of every family that changes keys.
///
/// The words of a template are literal, except for those that begin with `$`:
/// ```text
/// $k any key          $s $q $b $p  string, counter, bitmap, HyperLogLog   $d database
/// $l $h $e $z $x $g   list, hash, set, sorted set, stream, geo set         $n number, perhaps < 0
/// $m member  $f field $v value     $V large value     $i number            $c score
/// $t moment's distance in ms       $T in seconds      $u group  $w consumer
/// $a id of an entry   $y id of a new one              $o degrees
/// $M $F $Z $N         many members, pairs of fields, of scores; a great many members
/// ```
struct RandomCommands {
    var random: FastRandom
    /// The number of keys of each kind.
    var keyCount = 100
    /// The number of members of `$N`: more than a command handles in one slice.
    var hugeCount = 1600
    private var step = 0

    init(seed: UInt64) { random = FastRandom(seed: seed) }

    /// The templates, with their relative frequencies.
    private static let templates: [(weight: Int, words: [String])] = sources.map { source in
        let words = source.split(separator: " ").map(String.init)
        return (Int(words[0]) ?? 1, Array(words.dropFirst()))
    }

    private static let totalWeight = templates.reduce(0) { $0 + $1.weight }

    /// The words of the next command.
    mutating func next() -> [[UInt8]] {
        step += 1
        var left = random.below(RandomCommands.totalWeight)
        for template in RandomCommands.templates {
            guard left >= template.weight else { return words(template.words) }
            left -= template.weight
        }
        return words(["DBSIZE"])
    }

    private mutating func words(_ template: [String]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        for word in template {
            guard word.hasPrefix("$"), word.count > 1 else {
                words.append(Array(word.utf8))
                continue
            }
            let repeats = word.hasSuffix("...") ? 1 + random.below(4) : 1
            for _ in 0..<repeats { append(word.utf8.dropFirst().first ?? 0, to: &words) }
        }
        return words
    }

    // MARK: Words

    private mutating func append(_ letter: UInt8, to words: inout [[UInt8]]) {
        switch Character(UnicodeScalar(letter)) {
        case "M": for number in 0..<150 { words.append(member(number * 3)) }
        case "N": for number in 0..<hugeCount { words.append(member(number)) }
        case "Z":
            for number in 0..<150 {
                words.append(text(random.below(50)))
                words.append(member(number * 2))
            }
        case "F":
            for number in 0..<150 {
                words.append(Array("f\(number)".utf8))
                words.append(value())
            }
        case let kind: words.append(word(kind))
        }
    }

    private mutating func word(_ kind: Character) -> [UInt8] {
        switch kind {
        case "k": return key(Array("sqbplhezxg".utf8)[random.below(10)])
        case "s", "q", "b", "p", "l", "h", "e", "z", "x", "g": return key(kind.asciiValue ?? 0)
        case "d": return text(random.below(4))
        case "n": return text(random.below(40) - 15)
        case "i": return text(random.below(60))
        case "j": return text(random.below(random.below(20) == 0 ? 90_000 : 3000))
        case "c": return text(random.below(200) - 100)
        case "m": return member(random.below(60))
        case "f": return Array("f\(random.below(40))".utf8)
        case "v": return value()
        case "V": return [UInt8](repeating: 86, count: 8_100 + random.below(20_000))
        case "t": return text(1 + random.below(3000))
        case "T": return text(1 + random.below(3))
        case "u": return Array("g\(random.below(3))".utf8)
        case "w": return Array("c\(random.below(3))".utf8)
        case "a": return Array("\(1 + random.below(1 + step / 20))-\(random.below(3))".utf8)
        case "y": return Array("\(1 + step / 20)-*".utf8)
        case "o": return text(random.below(160) - 80)
        default: preconditionFailure("no such word: \(kind)")
        }
    }

    private func text(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }

    private mutating func key(_ kind: UInt8) -> [UInt8] {
        [kind, UInt8(ascii: ":")] + text(random.below(keyCount))
    }

    /// Every third is a number.
    private func member(_ number: Int) -> [UInt8] {
        number % 3 == 0 ? text(number) : Array("m\(number)".utf8)
    }

    private mutating func value() -> [UInt8] {
        switch random.below(60) {
        case 0: return [UInt8](repeating: 65, count: 8_100 + random.below(10_000))
        case 1...6:
            let letter = UInt8(97 + random.below(26))
            return [UInt8](repeating: letter, count: random.below(400))
        case 7...20: return text(random.below(100_000) - 50_000)
        default: return Array("value \(random.below(1000))".utf8)
        }
    }

    // MARK: Templates

    private static let sources = strings + lists + hashes + sets + sortedSets + streams + keys

    private static let strings = [
        "80 SET $s $v", "20 SET $k $v", "20 SET $s $v PX $t", "5 SET $s $v KEEPTTL",
        "5 SET $s $v NX GET", "5 SET $s $v XX EX $T", "10 SET $s $V", "5 SET $k $V", "10 GET $s",
        "20 APPEND $s $v", "20 SETRANGE $s $i $v", "5 SETRANGE $s 9000 $v", "10 SET $q $i",
        "20 INCR $q", "5 DECR $q", "5 DECRBY $q $i", "5 INCREX $q BYINT $n PX $t",
        "5 INCRBYFLOAT $q $c", "5 INCRBY $q $n", "5 GETSET $s $v", "5 GETDEL $s",
        "5 GETEX $s PX $t", "2 GETEX $s PERSIST", "5 MSET $s $v $s $v $s $v",
        "5 MSETNX $s $v $s $v", "2 MSETEX 2 $s $v $s $v PX $t", "5 SETEX $s $T $v",
        "5 PSETEX $s $t $v", "5 SETNX $s $v", "10 STRLEN $s", "3 DELEX $q IFEQ $i",
        "3 DELIFEQ $q $i", "25 SETBIT $b $j 1", "10 SETBIT $b $j 0",
        "10 BITFIELD $b SET u8 $i $i INCRBY i16 $i $n", "5 BITOP AND $b $b $b",
        "5 BITOP XOR $b $b $b", "5 BITOP NOT $b $b", "5 BITCOUNT $b", "25 PFADD $p $v...",
        "3 PFADD $p $M", "10 PFCOUNT $p", "5 PFMERGE $p $p $p", "4 PFDEBUG TODENSE $p",
    ]

    private static let lists = [
        "40 RPUSH $l $v...", "30 LPUSH $l $m...", "3 RPUSH $l $M", "1 RPUSH $l $N", "20 LPOP $l",
        "15 RPOP $l $i", "5 LPUSHX $l $v", "5 RPUSHX $l $v", "10 LINSERT $l BEFORE $m $v",
        "15 LSET $l $n $v", "10 LREM $l $n $m", "5 LTRIM $l $n $n", "5 LTRIM $l $i -1",
        "5 LMOVE $l $l LEFT RIGHT", "5 RPOPLPUSH $l $l", "5 LMOVEM $l $l LEFT RIGHT COUNT $i OBO",
        "5 LMPOP 2 $l $l LEFT COUNT $i", "5 LRANGE $l 0 5", "2 SORT $l ALPHA STORE $l",
        "2 SORT $e ALPHA STORE $l",
    ]

    private static let hashes = [
        "50 HSET $h $f $v $f $v", "3 HSET $h $F", "3 HMSET $h $f $v", "2 HSET $h $f $V",
        "10 HSETNX $h $f $v", "25 HDEL $h $f...", "10 HINCRBY $h $f $n", "5 HINCRBYFLOAT $h $f $c",
        "25 HPEXPIRE $h $t FIELDS 2 $f $f", "5 HPERSIST $h FIELDS 1 $f",
        "5 HSETEX $h PX $t FIELDS 1 $f $v", "5 HGETEX $h PX $t FIELDS 1 $f",
        "5 HGETDEL $h FIELDS 1 $f", "5 HEXPIREAT $h 1 FIELDS 1 $f", "5 HPEXPIREAT $h 1 FIELDS 1 $f",
        "5 HEXPIRE $h $T FIELDS 1 $f", "15 HGETALL $h", "5 HRANDFIELD $h 3", "5 HLEN $h",
    ]

    private static let sets = [
        "50 SADD $e $m...", "3 SADD $e $M", "5 SADD $e $N", "25 SREM $e $m...", "15 SPOP $e",
        "10 SPOP $e $i", "2 SPOP $e 140", "5 SMOVE $e $e $m", "5 SINTERSTORE $e $e $e",
        "5 SUNIONSTORE $e $e $e", "5 SDIFFSTORE $e $e $e", "5 SRANDMEMBER $e 3",
    ]

    private static let sortedSets = [
        "50 ZADD $z $c $m $c $m", "3 ZADD $z $Z", "10 ZINCRBY $z $c $m", "10 ZADD $z XX GT $c $m",
        "25 ZREM $z $m...", "10 ZPOPMIN $z $i", "10 ZPOPMAX $z", "5 ZREMRANGEBYRANK $z 0 $i",
        "5 ZREMRANGEBYSCORE $z -100 $c", "3 ZREMRANGEBYLEX $z - [m2", "5 ZUNIONSTORE $z 2 $z $z",
        "5 ZINTERSTORE $z 2 $z $z", "5 ZDIFFSTORE $z 2 $z $z", "2 ZUNIONSTORE $z 2 $e $z",
        "6 ZUNIONSTORE $z 1 $e", "8 ZREMRANGEBYRANK $z 0 -3", "20 COPY $e $e DB $d REPLACE",
        "5 MOVE $e $d", "5 ZRANGESTORE $z $z 0 $i", "5 ZMPOP 1 $z MIN COUNT $i",
        "20 GEOADD $g $o $o $m $o $o $m", "3 GEORADIUS $g 0 0 9000 km STORE $g",
        "3 GEORADIUSBYMEMBER $g $m 9000 km STORE $g",
        "5 GEOSEARCHSTORE $g $g FROMLONLAT 0 0 BYRADIUS 9000 km",
    ]

    private static let streams = [
        "60 XADD $x $y $f $v", "20 XADD $x MAXLEN ~ 50 $y $f $v $f $v",
        "5 XADD $x MAXLEN 5 * $f $v", "20 XDEL $x $a $a $a", "5 XTRIM $x MAXLEN $i",
        "5 XTRIM $x MINID $a", "30 XGROUP CREATE $x $u 0 MKSTREAM",
        "10 XGROUP CREATECONSUMER $x $u $w", "10 XGROUP DELCONSUMER $x $u $w",
        "2 XGROUP DESTROY $x $u", "10 XGROUP SETID $x $u $a",
        "40 XREADGROUP GROUP $u $w COUNT 3 STREAMS $x >", "5 XREADGROUP GROUP $u $w STREAMS $x 0",
        "5 XREADGROUP GROUP $u $w NOACK STREAMS $x >", "20 XACK $x $u $a $a $a",
        "10 XCLAIM $x $u $w 0 $a $a", "5 XCLAIM $x $u $w 0 $a FORCE JUSTID RETRYCOUNT 3",
        "10 XAUTOCLAIM $x $u $w 0 0 COUNT 3", "5 XACKDEL $x $u DELREF IDS 2 $a $a",
        "5 XDELEX $x ACKED IDS 1 $a", "5 XDELEX $x DELREF IDS 2 $a $a",
        "15 XNACK $x $u FAIL IDS 1 $a", "1 XSETID $x 900000-1", "5 XADD $x IDMP $w $f $y $f $v",
        "3 XIDMPRECORD $x $w $f $a", "2 XCFGSET $x IDMP-DURATION $i IDMP-MAXSIZE $i",
        "5 XPENDING $x $u", "5 XINFO STREAM $x",
    ]

    private static let keys = [
        "60 DEL $k $k", "20 UNLINK $k", "25 RENAME $k $k", "10 RENAMENX $k $k",
        "25 COPY $k $k REPLACE", "10 COPY $k $k DB $d REPLACE", "5 COPY $k $k", "15 MOVE $k $d",
        "40 PEXPIRE $k $t", "10 PERSIST $k", "5 EXPIRE $k -1", "5 EXPIRE $k $T XX",
        "3 EXPIREAT $k 1 NX", "3 PEXPIREAT $k 9999999999999 NX", "10 SCAN 0 COUNT 50",
        "5 RANDOMKEY", "5 TOUCH $k $k", "5 TYPE $k", "2 DBSIZE", "1 FLUSHDB", "3 SWAPDB $d $d",
        "1 KEYS a*", "5 OBJECT ENCODING $k",
    ]
}
