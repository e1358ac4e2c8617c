internal import Primitives

extension RDBType {
    /// Whether a stream's consumers have the times of their last activity.
    var hasActiveTimes: Bool { self == .stream3 || hasMessages }

    /// Whether messages of producers follow a stream's groups.
    var hasMessages: Bool { self == .stream4 || self == .stream5 }
}

/// Skips values without reading them, by their lengths alone.
extension RDBReader {
    /// Skips a value with the type number `type`.
    ///
    /// Complexity: O(elements), O(1) for packed values.
    public mutating func skipValue(ofType type: UInt8) throws(RDBFailure) {
        guard let type = RDBType(rawValue: type) else { throw failure(.unknownType(type)) }
        switch type {
        case .string, .listZiplist, .setOfIntegers, .setListpack, .sortedSetZiplist,
            .sortedSetListpack, .hashZipmap, .hashZiplist, .hashListpack, .hashListpackPreview:
            try skipString()
        case .list, .set, .quicklist: try skipStrings(try count())
        case .quicklist2:
            for _ in 0..<(try count()) {
                _ = try number()
                try skipString()
            }
        case .sortedSet:
            for _ in 0..<(try count()) {
                try skipString()
                _ = try take(8)
            }
        case .sortedSetOfText:
            for _ in 0..<(try count()) {
                try skipString()
                _ = try scoreText()
            }
        case .hash:
            for _ in 0..<(try count()) { try skipStrings(2) }
        case .hashListpackWithExpiries:
            _ = try take(8)
            try skipString()
        case .hashWithExpiries, .hashWithExpiries22: try skipHash(type)
        case .stream1, .stream2, .stream3, .stream4, .stream5: try skipStream(type)
        case .module, .moduleOfOldServers: throw failure(.module)
        }
    }

    private mutating func skipStrings(_ count: Int) throws(RDBFailure) {
        for _ in 0..<count { try skipString() }
    }

    private mutating func skipHash(_ type: RDBType) throws(RDBFailure) {
        if type == .hashWithExpiries { _ = try take(8) }
        let isValkeys = type == .hashWithExpiries22 && isValkey
        for _ in 0..<(try count()) {
            if !isValkeys { _ = try number() }
            try skipStrings(2)
            if isValkeys { _ = try take(8) }
        }
    }

    private mutating func skipStream(_ type: RDBType) throws(RDBFailure) {
        for _ in 0..<(try count()) { try skipStrings(2) }
        try skipNumbers(type == .stream1 ? 3 : 8)
        for _ in 0..<(try count()) {
            try skipString()
            try skipNumbers(type == .stream1 ? 2 : 3)
            for _ in 0..<(try count()) {
                _ = try take(24)
                _ = try number()
            }
            for _ in 0..<(try count()) {
                try skipString()
                _ = try take(type.hasActiveTimes ? 16 : 8)
                for _ in 0..<(try count()) { _ = try take(16) }
            }
            guard type == .stream5 else { continue }
            for _ in 0..<(try count()) { _ = try take(16) }
        }
        guard type.hasMessages else { return }
        try skipNumbers(2)
        for _ in 0..<(try count()) {
            try skipString()
            for _ in 0..<(try count()) {
                try skipString()
                try skipNumbers(2)
            }
        }
        try skipNumbers(2)
    }

    private mutating func skipNumbers(_ count: Int) throws(RDBFailure) {
        for _ in 0..<count { _ = try number() }
    }
}
