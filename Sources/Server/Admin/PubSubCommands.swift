internal import Commands
internal import Primitives
internal import Wire

/// Publish and subscribe: messages to current subscribers.
enum PubSubCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("SUBSCRIBE", arity: -2, [.denyOOM, .pubsub, .noScript, .loading, .stale, .whileSubscribed], channels: .subscribe(from: 1), group: .pubsub, since: "2.0.0", complexity: "O(N) where N is the number of channels", syntax: "channel...", summary: "Subscribes to channels.", subscribe),
        AdminCommand("UNSUBSCRIBE", arity: -1, [.pubsub, .noScript, .loading, .stale, .whileSubscribed], group: .pubsub, since: "2.0.0", complexity: "O(N) where N is the number of channels", syntax: "[channel...]", summary: "Unsubscribes from channels, or from all.", unsubscribe),
        AdminCommand("PSUBSCRIBE", arity: -2, [.denyOOM, .pubsub, .noScript, .loading, .stale, .whileSubscribed], channels: .subscribePatterns(from: 1), group: .pubsub, since: "2.0.0", complexity: "O(N) where N is the number of patterns", syntax: "pattern:p...", summary: "Subscribes to all channels whose names match patterns.", subscribePatterns),
        AdminCommand("PUNSUBSCRIBE", arity: -1, [.pubsub, .noScript, .loading, .stale, .whileSubscribed], group: .pubsub, since: "2.0.0", complexity: "O(N) where N is the number of patterns", syntax: "[pattern:p...]", summary: "Unsubscribes from patterns, or from all.", unsubscribePatterns),
        AdminCommand("SSUBSCRIBE", arity: -2, [.denyOOM, .pubsub, .noScript, .loading, .stale, .whileSubscribed], keys: [.rest(1, [.notKey])], channels: .subscribe(from: 1), group: .pubsub, since: "7.0.0", complexity: "O(N) where N is the number of channels", syntax: "shardchannel...", summary: "Subscribes to shard channels.", subscribeShard),
        AdminCommand("SUNSUBSCRIBE", arity: -1, [.pubsub, .noScript, .loading, .stale, .whileSubscribed], keys: [.rest(1, [.notKey])], group: .pubsub, since: "7.0.0", complexity: "O(N) where N is the number of channels", syntax: "[shardchannel...]", summary: "Unsubscribes from shard channels, or from all.", unsubscribeShard),
        AdminCommand("PUBLISH", arity: 3, [.pubsub, .loading, .stale, .fast, .mayReplicate], channels: .publish(1), group: .pubsub, since: "2.0.0", complexity: "O(N+M) where N is the number of the channel's subscribers and M that of the patterns that begin like the channel", syntax: "channel message", summary: "Publishes a message to a channel.", waiting: publish),
        AdminCommand("SPUBLISH", arity: 3, [.pubsub, .loading, .stale, .fast, .mayReplicate], keys: [.one(1, [.notKey])], channels: .publish(1), group: .pubsub, since: "7.0.0", complexity: "O(N) where N is the number of the channel's subscribers", syntax: "shardchannel message", summary: "Publishes a message to a shard channel.", waiting: publishShard),
    ]
}

extension PubSubCommands {
    /// `SUBSCRIBE channel [channel …]`: a push for each channel.
    static func subscribe(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try subscribe(.channel, arguments, call)
    }

    /// `UNSUBSCRIBE [channel …]`: a push for each channel.
    static func unsubscribe(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try unsubscribe(.channel, arguments, call)
    }

    /// `PSUBSCRIBE pattern [pattern …]`: a push for each pattern.
    static func subscribePatterns(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) { try subscribe(.pattern, arguments, call) }

    /// `PUNSUBSCRIBE [pattern …]`: a push for each pattern.
    static func unsubscribePatterns(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) { try unsubscribe(.pattern, arguments, call) }

    /// `SSUBSCRIBE channel [channel …]`: a push for each channel.
    static func subscribeShard(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try subscribe(.shardChannel, arguments, call)
    }

    /// `SUNSUBSCRIBE [channel …]`: a push for each channel.
    static func unsubscribeShard(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) { try unsubscribe(.shardChannel, arguments, call) }

    /// `PUBLISH channel message`: the number of clients that will receive the message.
    static func publish(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        try publish(.channel, arguments, call)
    }

    /// `SPUBLISH channel message`: the number of clients that will receive the message.
    static func publishShard(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome { try publish(.shardChannel, arguments, call) }

    // MARK: Shared parts

    private static func subscribe(
        _ kind: ChannelKind,
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        let connection = try listener(call)
        for index in 1..<arguments.count {
            call.worker.subscribe(connection, to: arguments[index], kind)
            call.reply.confirm(kind.confirmationWords.begun, arguments[index], kind, call.session)
        }
    }

    private static func unsubscribe(
        _ kind: ChannelKind,
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        let connection = try listener(call)
        let word = kind.confirmationWords.ended
        for index in 1..<arguments.count {
            call.worker.unsubscribe(connection, from: arguments[index], kind)
            call.reply.confirm(word, arguments[index], kind, call.session)
        }
        guard arguments.count == 1 else { return }
        let names = call.session.subscriptions?.names(kind) ?? []
        if names.isEmpty { call.reply.confirm(word, nil, kind, call.session) }
        for name in names {
            name.withBytes {
                call.worker.unsubscribe(connection, from: $0, kind)
                call.reply.confirm(word, $0, kind, call.session)
            }
        }
    }

    /// The connection that subscribes; pushes are sent to it in any case.
    private static func listener(_ call: AdminCall) throws(CommandError) -> Connection {
        guard let connection = call.connection else { throw .client(.unreachable) }
        if call.session.isSilent { call.worker.executor.repliedByPush = true }
        return connection
    }

    private static func publish(
        _ kind: ChannelKind,
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) -> Outcome {
        let executor = call.worker.executor
        try executor.context.demandRoom(arguments[2].count)
        let mayWait =
            call.connection != nil && executor.context.mayWait && executor.mayWaitForPartitions
        let count = call.server.channels.publish(
            arguments[2],
            on: arguments[1],
            kind,
            among: call.server.workers,
            mayWait: mayWait
        )
        // Suspend publishers that are faster than the workers of their subscribers.
        guard let count else { return .waits(.partitions) }
        call.reply.integer(count)
        return .done
    }
}

extension ReplyWriter {
    /// Confirms that a subscription has started or ended, with the number of remaining ones.
    fileprivate mutating func confirm(
        _ word: StaticString,
        _ name: Bytes?,
        _ kind: ChannelKind,
        _ session: Session
    ) {
        push(3)
        bulk(word)
        if let name { bulk(name) } else { null() }
        let isShard = kind == .shardChannel
        integer(
            (isShard ? session.subscriptions?.count(kind) : session.subscriptions?.plainCount) ?? 0
        )
    }
}
