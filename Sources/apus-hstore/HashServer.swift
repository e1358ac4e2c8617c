internal import Remote
internal import System
internal import Wire

/// Apus, where the hashes are.
final class HashServer {
    private var connection: RemoteConnection

    private init(_ connection: consuming RemoteConnection) { self.connection = connection }

    /// Connects, authenticates and selects the database.
    static func connect(_ options: Options) throws(Failure) -> HashServer {
        let server = try open(options)
        if let password = options.password {
            try server.demand(["AUTH".bytes] + (options.user.map { [$0] } ?? []) + [password])
        }
        if options.database != 0 {
            try server.demand(["SELECT".bytes, String(options.database).bytes])
        }
        return server
    }

    private static func open(_ options: Options) throws(Failure) -> HashServer {
        do throws(RemoteFailure) {
            let milliseconds = Int(options.connectSeconds * 1000)
            return HashServer(
                try RemoteConnection(
                    to: options.address,
                    within: milliseconds,
                    try options.tls.context(),
                    serverName: options.tls.serverName
                )
            )
        } catch { throw .remote(error) }
    }

    /// The reply to a request that must not fail.
    @discardableResult
    func demand(_ words: [[UInt8]]) throws(Failure) -> Reply {
        let reply = try ask([words])[0]
        if let text = reply.errorText {
            throw .refused(request: words[0].text, text: text.text)
        }
        return reply
    }

    /// Sends requests at once and returns their replies.
    func ask(_ requests: [[[UInt8]]]) throws(Failure) -> [Reply] {
        do throws(RemoteFailure) {
            var bytes: [UInt8] = []
            for words in requests { bytes += Request.bytes(words) }
            try connection.send(bytes)
            var replies: [Reply] = []
            while replies.count < requests.count {
                let reply = try connection.receive()
                if case .push = reply { continue }
                replies.append(reply)
            }
            return replies
        } catch { throw .remote(error) }
    }

    // MARK: Hashes

    /// Replaces the hashes of rows by their values, each at once; an empty value removes the key.
    func replace(_ rows: [HstoreTable.Row], prefix: [UInt8]) throws(Failure) {
        var requests: [[[UInt8]]] = []
        var ends: [Int] = []
        for row in rows {
            requests += HashServer.requests(prefix + row.key, row.value)
            ends.append(requests.count)
        }
        let replies = try ask(requests)
        var start = 0
        for (row, end) in zip(rows, ends) {
            for reply in replies[start..<end] {
                let error = reply.errorText ?? reply.elements?.compactMap(\.errorText).first
                if let error { throw .row(key: row.key, text: error.text) }
            }
            start = end
        }
    }

    /// What replaces the hash at `key` by `value`, without anyone seeing a part of it.
    static func requests(_ key: [UInt8], _ value: HstoreValue) -> [[[UInt8]]] {
        let remove = ["DEL".bytes, key]
        guard !value.pairs.isEmpty else { return [remove] }
        var set = ["HSET".bytes, key]
        var setNull = ["HSETNULL".bytes, key]
        for pair in value.pairs {
            if let text = pair.value {
                set += [pair.name, text]
            } else {
                setNull.append(pair.name)
            }
        }
        return [["MULTI".bytes], remove] + (set.count > 2 ? [set] : [])
            + (setNull.count > 2 ? [setNull] : []) + [["EXEC".bytes]]
    }

    /// The values at `keys`; nil for those that are not hashes any more.
    func values(_ keys: [[UInt8]]) throws(Failure) -> [HstoreValue?] {
        let replies = try ask(keys.map { ["HGETALL".bytes, $0] })
        var values: [HstoreValue?] = []
        for (key, reply) in zip(keys, replies) {
            if let error = reply.errorText {
                guard error.starts(with: "WRONGTYPE".bytes) else {
                    throw .row(key: key, text: error.text)
                }
                values.append(nil)
                continue
            }
            let elements = reply.elements ?? []
            let pairs = stride(from: 0, to: elements.count - 1, by: 2).map { place in
                HstoreValue.Pair(
                    name: elements[place].stringBytes ?? [],
                    value: elements[place + 1].stringBytes
                )
            }
            values.append(pairs.isEmpty ? nil : HstoreValue(pairs))
        }
        return values
    }
}

/// A key or a name in quotes, for messages.
func shown(_ text: [UInt8]) -> String { QuotedWords.quoted(text).text }
