internal import Primitives
internal import Store
internal import Structures

// The null fields of a hash. No type of Redis can represent them, so they are written as empty
// strings, and their names follow the value in the form of a fact about the file:
//
//     250 │ "apus-null-fields" │ string: count, name, name, …
//
// Other servers skip it: in a file as an unknown fact, in a payload as bytes after the value. They
// see the fields as empty strings.

extension RDBWriter {
    /// The names of null fields, gathered while their hash is written.
    struct NullFields {
        private var names: [UInt8] = []
        private var count = 0

        /// Adds a name.
        mutating func add(_ name: StringContent) {
            count += 1
            var writer = RDBWriter(compresses: false)
            name.withBytes { writer.string($0) }
            names.append(writer.buffer.bytes)
        }

        /// Appends the names, if there are any, to the hash in `writer`.
        func write(to writer: inout RDBWriter) {
            guard count > 0 else { return }
            var list = RDBWriter(compresses: false)
            list.length(count)
            names.withBytes { list.buffer.append($0) }
            for byte in NullFieldMark.text { writer.buffer.append(byte) }
            writer.string(list.buffer.bytes)
        }
    }
}

extension RDBReader {
    /// Reads the names of the null fields of `hash`, which has just been read, if they follow.
    mutating func nullFields(of hash: HashValue, _ target: Target) throws(RDBFailure) {
        guard skip(NullFieldMark.text) else { return }
        let limit = stringBytesMax
        var names = RDBReader(try string(), stringBytesMax: limit)
        for _ in 0..<(try names.count()) {
            let name = try names.string(.first)
            guard case .bytes(let value)? = hash.find(name, now: .min)?.content, value.isEmpty
            else { throw failure(.badNull) }
            hash.set(name, nil, .kept, target.limits, now: .min)
        }
        guard names.isAtEnd else { throw failure(.badNull) }
    }
}

/// The prefix of the names of null fields.
private enum NullFieldMark {
    /// The code of a fact, the length of its name, and the name.
    static let text: [UInt8] = [RDBOpcode.fact, 16] + Array("apus-null-fields".utf8)
}
