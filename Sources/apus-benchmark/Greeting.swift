/// The first requests on every connection: AUTH, SELECT, HELLO, TRACKING, as requested.
struct Greeting {
    private(set) var bytes: [UInt8] = []
    private(set) var replyCount = 0

    init(_ options: Options) {
        if let password = options.password {
            add(["AUTH"] + (options.user.map { [$0] } ?? []) + [password])
        }
        if options.database != 0 { add(["SELECT", String(options.database)]) }
        if options.isRESP3 { add(["HELLO", "3"]) }
        if options.isTracking { add(["CLIENT", "TRACKING", "on"]) }
    }

    private mutating func add(_ words: [String]) {
        bytes += RequestTemplate(words.map { Array($0.utf8) }).bytes
        replyCount += 1
    }
}
