internal import Commands
internal import Primitives
internal import Store
internal import Wire

/// CLIENT TRACKING and related commands: client-side caching.
enum TrackingCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("CLIENT TRACKING", arity: -3, [.noScript, .loading, .stale, .stopsWorld], group: .connection, since: "6.0.0", complexity: "O(N) where N is the number of prefixes", syntax: "status=(ON | OFF) [REDIRECT client-id:i] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]", summary: "Turns on or off the invalidation messages for keys that the client caches.", track),
        AdminCommand("CLIENT CACHING", arity: 3, [.noScript, .loading, .stale], group: .connection, since: "6.0.0", complexity: "O(1)", syntax: "mode=(YES | NO)", summary: "Sets whether the keys of the next command are tracked.", cache),
        AdminCommand("CLIENT GETREDIR", arity: 2, [.noScript, .loading, .stale], group: .connection, since: "6.0.0", complexity: "O(1)", syntax: "", summary: "Returns the connection that receives this one's invalidation messages.", redirection),
        AdminCommand("CLIENT TRACKINGINFO", arity: 2, [.noScript, .loading, .stale], group: .connection, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Returns how the connection's keys are tracked.", info),
    ]

    /// The words after `CLIENT TRACKING ON`.
    private struct Request {
        var mode: Tracker.Mode = []
        var target: UInt64 = 0
        var prefixes: [Bytes] = []

        init(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
            var index = 3
            while index < arguments.count {
                let word = arguments[index]
                let next = index + 1 < arguments.count ? arguments[index + 1] : nil
                if word.isWord("REDIRECT"), let next {
                    try read(redirection: next, call)
                    index += 1
                } else if word.isWord("PREFIX"), let next {
                    prefixes.append(next)
                    index += 1
                } else if word.isWord("BCAST") {
                    mode.insert(.broadcasts)
                } else if word.isWord("OPTIN") {
                    mode.insert(.optsIn)
                } else if word.isWord("OPTOUT") {
                    mode.insert(.optsOut)
                } else if word.isWord("NOLOOP") {
                    mode.insert(.skipsOwn)
                } else {
                    throw .syntax
                }
                index += 1
            }
        }

        private mutating func read(redirection: Bytes, _ call: AdminCall) throws(CommandError) {
            guard target == 0 else { throw .tracking(.severalRedirections) }
            guard let number = DecimalText.integer(redirection) else { throw .notInteger }
            let session = UInt64(bitPattern: number)
            guard call.server.tracking.clients.find(session) != nil else {
                throw .tracking(.noTarget)
            }
            target = session
        }

        /// Throws if the options are inconsistent, or conflict with the client's current mode.
        func check(_ tracker: Tracker?, _ call: AdminCall) throws(CommandError) {
            let broadcasts = mode.contains(.broadcasts)
            guard broadcasts || prefixes.isEmpty else { throw .tracking(.prefixWithoutBroadcast) }
            if let tracker, tracker.mode.contains(.broadcasts) != broadcasts {
                throw .tracking(.otherBroadcast)
            }
            let options = mode.intersection([.optsIn, .optsOut])
            guard !broadcasts || options.isEmpty else { throw .tracking(.broadcastWithOptions) }
            guard options != [.optsIn, .optsOut] else { throw .tracking(.bothOptions) }
            let before = tracker?.mode.intersection([.optsIn, .optsOut]) ?? []
            guard options.isEmpty || before.isEmpty || options == before else {
                throw .tracking(.otherOption)
            }
            for (index, prefix) in prefixes.enumerated() {
                for other in tracker?.prefixes ?? []
                where other.withBytes({ Tracker.overlap(prefix, $0) }) {
                    throw .tracking(.overlaps(prefix, existing: call.keep(other)))
                }
                for other in prefixes.dropFirst(index + 1) where Tracker.overlap(prefix, other) {
                    throw .tracking(.overlapsProvided(prefix, other))
                }
            }
        }
    }
}

extension TrackingCommands {
    /// `CLIENT TRACKING ON | OFF [option …]`: OK.
    static func track(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let request = try Request(arguments, call)
        guard let connection = call.connection else { throw .client(.unreachable) }
        if arguments[2].isWord("ON") {
            try request.check(call.session.tracker, call)
            begin(request, connection, call)
        } else if arguments[2].isWord("OFF") {
            call.worker.endTracking(connection)
        } else {
            throw .syntax
        }
        call.reply.ok()
    }

    private static func begin(_ request: Request, _ connection: Connection, _ call: AdminCall) {
        let tracking = call.server.tracking
        let tracker = call.session.tracker ?? Tracker(call.worker.address(of: connection))
        tracker.set(request.mode, target: request.target)
        if call.session.tracker == nil {
            call.session.tracker = tracker
            call.session.traits.insert(.tracking)
            tracking.begin(tracker)
            call.worker.executor.markForFlushes()
        }
        guard request.mode.contains(.broadcasts) else { return }
        let isFirst = request.prefixes.isEmpty && tracker.prefixes.isEmpty
        let added: [[UInt8]] = isFirst ? [[]] : request.prefixes.map(\.array)
        // Afterwards, no worker runs a batch that it started without knowing of this.
        call.server.exclusively(call.worker) {
            tracking.broadcast(added, to: tracker)
            call.server.postNotices()
        }
        call.worker.executor.readBulletin()
    }

    /// `CLIENT CACHING YES | NO`: OK.
    static func cache(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let mode = call.session.tracker?.mode ?? []
        guard !mode.isDisjoint(with: [.optsIn, .optsOut]) else {
            throw .tracking(.cachingWithoutOption)
        }
        if arguments[2].isWord("YES") {
            guard mode.contains(.optsIn) else { throw .tracking(.cachingYes) }
        } else if arguments[2].isWord("NO") {
            guard mode.contains(.optsOut) else { throw .tracking(.cachingNo) }
        } else {
            throw .syntax
        }
        call.session.traits.insert(.caching)
        call.reply.ok()
    }

    /// `CLIENT GETREDIR`: the id of the client that receives this one's invalidations; 0 if there
    /// is none, -1 if this client does not track.
    static func redirection(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.integer(call.session.redirection)
    }

    /// `CLIENT TRACKINGINFO`: how the connection tracks keys.
    static func info(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let tracker = call.session.tracker
        var flags: [StaticString] = [tracker == nil ? "off" : "on"]
        let mode = tracker?.mode ?? []
        let isMarked = call.session.traits.contains(.caching)
        if mode.contains(.broadcasts) { flags.append("bcast") }
        if mode.contains(.optsIn) { flags.append("optin") }
        if mode.contains(.optsIn), isMarked { flags.append("caching-yes") }
        if mode.contains(.optsOut) { flags.append("optout") }
        if mode.contains(.optsOut), isMarked { flags.append("caching-no") }
        if mode.contains(.skipsOwn) { flags.append("noloop") }
        if tracker?.isBroken == true { flags.append("broken_redirect") }
        call.reply.map(3)
        call.reply.bulk("flags")
        call.reply.set(flags.count)
        for flag in flags { call.reply.bulk(flag) }
        call.reply.bulk("redirect")
        call.reply.integer(call.session.redirection)
        call.reply.bulk("prefixes")
        let prefixes = tracker?.prefixes ?? []
        call.reply.array(prefixes.count)
        for prefix in prefixes { prefix.withBytes { call.reply.bulk($0) } }
    }
}

extension AdminCall {
    /// Keeps bytes that are not a word of the request until the error that mentions them is sent.
    fileprivate func keep(_ bytes: [UInt8]) -> Bytes {
        let executor = worker.executor
        executor.context.errorDetail.truncate(to: 0)
        bytes.withBytes { executor.context.errorDetail.append($0) }
        return executor.context.errorDetail.bytes
    }
}

extension Session {
    /// The client that receives this one's invalidations, as reported by CLIENT GETREDIR.
    var redirection: Int64 { tracker.map { Int64(bitPattern: $0.target) } ?? -1 }
}

extension Executor {
    /// Makes sure that tracking clients are notified of flushes, which touch the first partition in
    /// any case.
    fileprivate func markForFlushes() {
        let isHeld = context.held.contains(PartitionSet(partition: 0))
        if !isHeld { context.keyspace.lock(0) }
        context.keyspace.mark(0, .tracked, true)
        if !isHeld { context.keyspace.unlock(0) }
    }
}
