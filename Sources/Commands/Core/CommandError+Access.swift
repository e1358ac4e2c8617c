public import Primitives

extension CommandError {
    /// What a user was denied.
    public enum Access {
        /// The user may not run the command.
        case command(user: Bytes)
        /// The user may not access a key.
        case key
        /// The user may not use a channel.
        case channel
        /// The user may not use a database.
        case database
        /// SORT looks up keys by a pattern, and the user may not read all keys.
        case pattern(StaticString)
        /// At EXEC, the user may no longer run a command that was allowed when it was queued.
        case commandMeanwhile
        /// Like `commandMeanwhile`, but because of a key.
        case keyMeanwhile
        /// Like `commandMeanwhile`, but because of a channel.
        case channelMeanwhile
        /// Like `commandMeanwhile`, but because of a database.
        case databaseMeanwhile
    }
}

extension CommandError.Access {
    func write(to line: inout ErrorLine) {
        switch self {
        case .command(let user):
            line.add("NOPERM User ", user, limit: 128, " has no permissions to run the '")
            line.addCommand("", "' command")
        case .key: line.add("NOPERM No permissions to access a key")
        case .channel: line.add("NOPERM No permissions to access a channel")
        case .database: line.add("NOPERM No permissions to access database")
        case .pattern(let option):
            line.add("ERR ")
            line.add(option)
            line.add(" option of SORT denied due to insufficient ACL permissions.")
        case .commandMeanwhile:
            line.addMeanwhile("no permission to execute the command or subcommand")
        case .keyMeanwhile: line.addMeanwhile("no permission to touch the specified keys")
        case .channelMeanwhile:
            line.addMeanwhile(
                "no permission to access one of the channels used as arguments to the command"
            )
        case .databaseMeanwhile: line.addMeanwhile("no permission to access the database")
        }
    }
}

extension ErrorLine {
    fileprivate mutating func addMeanwhile(_ reason: StaticString) {
        add(
            """
            NOPERM ACLs rules changed between the moment the transaction was accumulated and \
            the EXEC call. This command is no longer allowed for the following reason:
            """
        )
        add(" ")
        add(reason)
    }
}
