/// Why an access rule was rejected.
enum RuleFailure: Error {
    case syntax
    /// No such command or category.
    case unknownCommand
    /// A key pattern after all keys were allowed.
    case keyIncluded
    /// A channel pattern after all channels were allowed.
    case channelIncluded
    /// The user does not have the password to be removed.
    case passwordMissing
    /// The text is not a SHA-256 digest.
    case passwordSum
    /// Only commands without subcommands can be allowed for a first argument.
    case wordOfSubcommand
    /// A user is defined twice in a file.
    case userTwice

    /// The error text, in Redis' wording.
    var text: String {
        switch self {
        case .syntax: "Syntax error"
        case .unknownCommand: "Unknown command or category name in ACL"
        case .keyIncluded:
            "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does "
                + "not have any effect. Try 'resetkeys' to start with an empty list of patterns"
        case .channelIncluded:
            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
                + "does not have any effect. Try 'resetchannels' to start with an empty list of "
                + "channels"
        case .passwordMissing:
            "The password you are trying to remove from the user does not exist"
        case .passwordSum:
            "The password hash must be exactly 64 characters and contain only lowercase "
                + "hexadecimal characters"
        case .wordOfSubcommand: "Allowing first-arg of a subcommand is not supported"
        case .userTwice:
            "Duplicate user found. A user can only be defined once in config files"
        }
    }
}
