/// What workers must know of the configuration, as plain values.
public struct ServingOptions: Sendable {
    /// Bounds on what waits for a client that does not read.
    public struct OutputLimit: Sendable {
        /// Beyond this a client ends at once; 0: no bound.
        public var hardBytes = 0
        /// Beyond this for `softSeconds` it ends as well; 0: no bound.
        public var softBytes = 0
        /// How long the soft bound may be passed.
        public var softSeconds: Int64 = 0

        /// No bounds.
        public init() {}
    }

    /// threads.
    public var threads = 1
    /// databases.
    public var databases = 16
    /// proto-max-bulk-len.
    public var wordBytesMax = 512 << 20
    /// client-query-buffer-limit.
    public var queryBytesMax = 1 << 30
    /// client-output-buffer-limit normal.
    public var outputLimit = OutputLimit()
    /// timeout; 0: never.
    public var timeoutSeconds: Int64 = 0
    /// maxclients.
    public var clientsMax = 10000
    /// tcp-keepalive.
    public var keepAliveSeconds: Int32 = 300
    /// requirepass.
    public var password: [UInt8] = []
    /// Whether connections from elsewhere are refused: protected-mode without a password and
    /// without a bind of the user's own.
    public var isProtected = true

    /// Redis' defaults.
    public init() {}
}
