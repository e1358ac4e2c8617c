internal import Remote
internal import Wire

/// `--hotkeys`: the keys with the highest access frequency, which servers track only under LFU.
struct HotKeys {
    /// How many keys the summary names.
    private static let keysMax = 16
    private var hottest: [(key: [UInt8], counter: Int)] = []
    private var sampled = 0

    /// Walks over all keys; returns the exit code.
    mutating func run(_ session: inout ServerSession) throws(RemoteFailure) -> Int32 {
        let isThrough = try session.walkKeys(toFind: "hot keys") {
            (session, keys, percent) throws(RemoteFailure) in
            let requests = keys.map { ["OBJECT".bytes, "FREQ".bytes, $0] }
            for (key, reply) in zip(keys, try session.askAll(requests)) {
                if let text = reply.errorText {
                    session.output.writeError("Error: ".bytes + text + [UInt8(ascii: "\n")])
                    return nil
                }
                sampled += 1
                guard keep(key, Int(reply.number ?? 0)) else { continue }
                session.output.write("[\(percent)%] Hot key '")
                session.output.write(QuotedWords.quoted(key))
                session.output.write("' found so far with counter \(reply.number ?? 0)\n")
            }
            return keys.count
        }
        guard isThrough else { return 1 }
        summarise(&session.output)
        return 0
    }

    /// Keeps a key that is hotter than the coolest of the hottest; returns whether it did.
    private mutating func keep(_ key: [UInt8], _ counter: Int) -> Bool {
        let place = hottest.firstIndex { $0.counter < counter } ?? hottest.count
        guard counter > 0, place < Self.keysMax else { return false }
        hottest.insert((key, counter), at: place)
        if hottest.count > Self.keysMax { hottest.removeLast() }
        return true
    }

    private func summarise(_ output: inout Output) {
        output.write("\n-------- summary -------\n\nSampled \(sampled) keys in the keyspace!\n")
        for (key, counter) in hottest {
            output.write("hot key found with counter: \(counter)\tkeyname: ")
            output.write(QuotedWords.quoted(key))
            output.write("\n")
        }
        output.flush()
    }
}
