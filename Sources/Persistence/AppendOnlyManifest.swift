public import Primitives

/// The list of the files that make up an append-only file, as Redis 7 writes it.
///
/// ```text
/// file appendonly.aof.2.base.rdb seq 2 type b     the keys as of one moment
/// file appendonly.aof.1.incr.aof seq 1 type h     replaced, to be deleted
/// file appendonly.aof.3.incr.aof seq 3 type i     what has changed since, oldest first
/// ```
/// ## Invariants
/// `increments` have ascending numbers.
public struct AppendOnlyManifest: Equatable, Sendable {
    /// A file.
    public struct Entry: Equatable, Sendable {
        /// Its name within the directory.
        public var name: String
        /// Its number among the files of its kind.
        public var sequence: Int

        /// Creates an entry.
        public init(name: String, sequence: Int) {
            self.name = name
            self.sequence = sequence
        }
    }

    /// Why a manifest cannot be read.
    public enum Failure: Error, Equatable {
        case badLine(Int)
        case tooLong(Int)
        case secondBase(Int)
        case unordered(Int)
        case empty
    }

    /// The file with the keys as of one moment, if there is one.
    public var base: Entry?
    /// Files that are no longer needed.
    public var history: [Entry] = []
    /// The files with the changes since, oldest first.
    public var increments: [Entry] = []
    /// The greatest numbers used so far.
    private var lastBase = 0
    private var lastIncrement = 0

    /// The maximum length of a line.
    private static let lineBytesMax = 1024

    /// Creates an empty manifest.
    public init() {}

    /// Creates a manifest of a base and one file of changes.
    public init(base: Entry, increment: Entry) {
        self.base = base
        increments = [increment]
        lastBase = base.sequence
        lastIncrement = increment.sequence
    }

    // MARK: Names

    /// The name of the manifest for files whose names start with `prefix`.
    public static func name(_ prefix: String) -> String { prefix + ".manifest" }

    /// Adds the next file of changes, and returns its name.
    public mutating func addIncrement(_ prefix: String) -> String {
        lastIncrement += 1
        let name = "\(prefix).\(lastIncrement).incr.aof"
        increments.append(Entry(name: name, sequence: lastIncrement))
        return name
    }

    /// The name of the next base.
    public func nextBaseName(_ prefix: String, isSnapshot: Bool) -> String {
        "\(prefix).\(lastBase + 1).base.\(isSnapshot ? "rdb" : "aof")"
    }

    /// Makes `name` the base, which contains everything but the last `kept` files of changes.
    ///
    /// The others become history.
    public mutating func replaceBase(_ name: String, keepingIncrements kept: Int) {
        if let base { history.append(base) }
        let replaced = increments.dropLast(kept)
        history += replaced
        increments.removeFirst(replaced.count)
        lastBase += 1
        base = Entry(name: name, sequence: lastBase)
    }

    /// All files that must be loaded, in order.
    public var files: [Entry] { (base.map { [$0] } ?? []) + increments }

    // MARK: Text

    /// The lines.
    public var text: String {
        let kinds: [(Character, [Entry])] = [
            ("b", base.map { [$0] } ?? []), ("h", history), ("i", increments),
        ]
        return kinds.map { kind, entries in
            entries.map {
                "file \(AppendOnlyManifest.quoted($0.name)) seq \($0.sequence) type \(kind)\n"
            }.joined()
        }.joined()
    }

    private static func quoted(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x27 })
        else { return name }
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
        return "\"" + escaped.joined() + "\""
    }

    /// Parses the lines; `split` splits a line into words.
    public init(_ bytes: Bytes, split: (Bytes) -> [[UInt8]]?) throws(Failure) {
        guard bytes.count > 0 else { throw .empty }
        var number = 0
        var start = 0
        while start < bytes.count {
            number += 1
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            guard end < bytes.count else { throw .badLine(number) }
            guard end - start < AppendOnlyManifest.lineBytesMax else { throw .tooLong(number) }
            let line = bytes[start..<end]
            start = end + 1
            if line.count > 0, line[0] == UInt8(ascii: "#") { continue }
            guard let words = split(line) else { throw .badLine(number) }
            try add(words, line: number)
        }
        guard base != nil || !increments.isEmpty || !history.isEmpty else { throw .empty }
    }

    private mutating func add(_ words: [[UInt8]], line: Int) throws(Failure) {
        guard words.count >= 6, words.count.isMultiple(of: 2) else { throw .badLine(line) }
        var name: String?
        var sequence: Int?
        var kind: String?
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = String(decoding: words[index + 1], as: UTF8.self)
            switch String(decoding: words[index], as: UTF8.self).lowercased() {
            case "file" where !value.contains("/"): name = value
            case "file": throw .badLine(line)
            case "seq": sequence = Int(value)
            case "type": kind = value
            // Newer servers may add words.
            default: break
            }
        }
        guard let name, !name.isEmpty, let sequence, sequence > 0, let kind else {
            throw .badLine(line)
        }
        let entry = Entry(name: name, sequence: sequence)
        switch kind {
        case "b":
            guard base == nil else { throw .secondBase(line) }
            base = entry
            lastBase = max(lastBase, sequence)
        case "h": history.append(entry)
        case "i":
            guard sequence > lastIncrement else { throw .unordered(line) }
            increments.append(entry)
            lastIncrement = sequence
        default: throw .badLine(line)
        }
    }
}

extension AppendOnlyManifest.Failure {
    /// The failure as text.
    public var text: String {
        switch self {
        case .badLine(let line): "line \(line): invalid AOF manifest file format"
        case .tooLong(let line): "line \(line): the AOF manifest file contains too long line"
        case .secondBase(let line): "line \(line): found duplicate base file information"
        case .unordered(let line): "line \(line): found a non-monotonic sequence number"
        case .empty: "found an empty AOF manifest"
        }
    }
}
