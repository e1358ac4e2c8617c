internal import Commands
internal import Primitives
internal import Structures
internal import Wire

/// PUBSUB: channels, patterns and their subscribers.
enum PubSubReports {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("PUBSUB", arity: -2, [], group: .pubsub, since: "2.8.0", complexity: "Depends on the subcommand", syntax: "", summary: "Container of the subcommands about publish and subscribe.", help),
        AdminCommand("PUBSUB CHANNELS", arity: -2, [.pubsub, .loading, .stale], group: .pubsub, since: "2.8.0", complexity: "O(N) where N is the number of channels with subscribers", syntax: "[pattern:p]", summary: "Lists the channels that have subscribers.", channels),
        AdminCommand("PUBSUB NUMSUB", arity: -2, [.pubsub, .loading, .stale], group: .pubsub, since: "2.8.0", complexity: "O(N) where N is the number of channels in the request", syntax: "[channel...]", summary: "Counts the subscribers of channels.", subscriberCounts),
        AdminCommand("PUBSUB NUMPAT", arity: 2, [.pubsub, .loading, .stale], group: .pubsub, since: "2.8.0", complexity: "O(1)", syntax: "", summary: "Counts the patterns that have subscribers.", patternCount),
        AdminCommand("PUBSUB SHARDCHANNELS", arity: -2, [.pubsub, .loading, .stale], group: .pubsub, since: "7.0.0", complexity: "O(N) where N is the number of shard channels with subscribers", syntax: "[pattern:p]", summary: "Lists the shard channels that have subscribers.", shardChannels),
        AdminCommand("PUBSUB SHARDNUMSUB", arity: -2, [.pubsub, .loading, .stale], group: .pubsub, since: "7.0.0", complexity: "O(N) where N is the number of channels in the request", syntax: "[shardchannel...]", summary: "Counts the subscribers of shard channels.", shardSubscriberCounts),
        AdminCommand("PUBSUB HELP", arity: 2, [.loading, .stale], group: .pubsub, since: "6.2.0", complexity: "O(1)", syntax: "", summary: "Lists the subcommands of PUBSUB.", help),
    ]
}

extension PubSubReports {
    /// `PUBSUB CHANNELS [pattern]`: the channels with subscribers.
    static func channels(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try list(.channel, arguments, call)
    }

    /// `PUBSUB NUMSUB [channel …]`: each channel with the number of its subscribers.
    static func subscriberCounts(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        count(.channel, arguments, call)
    }

    /// `PUBSUB NUMPAT`: the number of patterns.
    static func patternCount(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.integer(call.server.channels.count(.pattern))
    }

    /// `PUBSUB SHARDCHANNELS [pattern]`: the channels with subscribers.
    static func shardChannels(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        try list(.shardChannel, arguments, call)
    }

    /// `PUBSUB SHARDNUMSUB [channel …]`: each channel with the number of its subscribers.
    static func shardSubscriberCounts(
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) { count(.shardChannel, arguments, call) }

    private static func list(
        _ kind: ChannelKind,
        _ arguments: Arguments,
        _ call: AdminCall
    ) throws(CommandError) {
        guard arguments.count <= 3 else { throw .client(.pubsubWords(arguments[1])) }
        let pattern = arguments.count == 3 ? GlobPattern(arguments[2]) : nil
        let mark = call.reply.mark()
        var count = 0
        call.server.channels.forEachChannel(kind) { name in
            guard pattern?.matches(name) ?? true else { return }
            call.reply.bulk(name)
            count += 1
        }
        call.reply.array(count, at: mark)
    }

    private static func count(_ kind: ChannelKind, _ arguments: Arguments, _ call: AdminCall) {
        call.reply.array((arguments.count - 2) * 2)
        for index in 2..<arguments.count {
            call.reply.bulk(arguments[index])
            call.reply.integer(call.server.channels.subscriberCount(arguments[index], kind))
        }
    }

    /// `PUBSUB HELP`.
    static func help(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.lines([
            "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "CHANNELS [<pattern>]",
            "    Return the currently active channels matching a <pattern> (default: '*').",
            "NUMPAT",
            "    Return number of subscriptions to patterns.",
            "NUMSUB [<channel> ...]",
            "    Return the number of subscribers for the specified channels, excluding",
            "    pattern subscriptions(default: no channels).",
            "SHARDCHANNELS [<pattern>]",
            """
                Return the currently active shard level channels matching a <pattern> \
            (default: '*').
            """,
            "SHARDNUMSUB [<shardchannel> ...]",
            "    Return the number of subscribers for the specified shard level channel(s)",
            "HELP",
            "    Prints this help.",
        ])
    }
}
