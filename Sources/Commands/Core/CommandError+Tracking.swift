public import Primitives

extension CommandError {
    /// Clients that cache keys.
    public enum Tracking {
        /// More than one client to redirect to was given.
        case severalRedirections
        /// The client to redirect to does not exist.
        case noTarget
        /// PREFIX without BCAST.
        case prefixWithoutBroadcast
        /// BCAST cannot be turned on or off while tracking.
        case otherBroadcast
        /// BCAST with OPTIN or OPTOUT.
        case broadcastWithOptions
        /// OPTIN with OPTOUT.
        case bothOptions
        /// OPTIN and OPTOUT cannot be exchanged while tracking.
        case otherOption
        /// A prefix overlaps with one of the client's existing prefixes.
        case overlaps(Bytes, existing: Bytes)
        /// Two prefixes of the request overlap.
        case overlapsProvided(Bytes, Bytes)
        /// CLIENT CACHING without OPTIN or OPTOUT.
        case cachingWithoutOption
        /// CLIENT CACHING YES without OPTIN.
        case cachingYes
        /// CLIENT CACHING NO without OPTOUT.
        case cachingNo
    }
}

extension CommandError.Tracking {
    func write(to line: inout ErrorLine) {
        switch self {
        case .severalRedirections:
            line.add("ERR A client can only redirect to a single other client")
        case .noTarget: line.add("ERR The client ID you want redirect to does not exist")
        case .prefixWithoutBroadcast:
            line.add("ERR PREFIX option requires BCAST mode to be enabled")
        case .otherBroadcast:
            line.add(
                """
                ERR You can't switch BCAST mode on/off before disabling tracking for this client, \
                and then re-enabling it with a different mode.
                """
            )
        case .broadcastWithOptions:
            line.add("ERR OPTIN and OPTOUT are not compatible with BCAST")
        case .bothOptions: line.add("ERR You can't specify both OPTIN mode and OPTOUT mode")
        case .otherOption:
            line.add(
                """
                ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, \
                and then re-enabling it with a different mode.
                """
            )
        case .overlaps(let prefix, let existing):
            line.add("ERR Prefix '", prefix, "' overlaps with an existing prefix '")
            line.add(word: existing)
            line.add("'. Prefixes for a single client must not overlap.")
        case .overlapsProvided(let prefix, let other):
            line.add("ERR Prefix '", prefix, "' overlaps with another provided prefix '")
            line.add(word: other)
            line.add("'. Prefixes for a single client must not overlap.")
        case .cachingWithoutOption:
            line.add(
                """
                ERR CLIENT CACHING can be called only when the client is in tracking mode with \
                OPTIN or OPTOUT mode enabled
                """
            )
        case .cachingYes:
            line.add(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
            )
        case .cachingNo:
            line.add(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
            )
        }
    }
}
