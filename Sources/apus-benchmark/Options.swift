internal import Remote

/// Everything that the command line decides; the defaults are redis-benchmark's.
struct Options: Equatable {
    // The server.
    var host = "127.0.0.1"
    var port: UInt16 = 6379
    var socketPath: String?
    var tls = TLSOptions()
    var user: String?
    var password: String?
    var database = 0
    var isRESP3 = false
    var speech = Speech.resp
    var isTracking = false

    // The load.
    var clients = 50
    var requests = 100_000
    var pipeline = 1
    var threads = 1
    /// Whether `--threads` was given, even with 1, as reports mention it.
    var isThreaded = false
    var keepsAlive = true
    var dataByteCount = 3
    var keyspace: Int?
    var zipfExponent: Double?
    /// Requests per second of the open loop; nil sends as fast as replies come.
    var requestsPerSecond: Int?
    var seed: UInt64 = 12345

    // What runs.
    var tests: [String]?
    var repeats = false
    var isIdle = false
    var readsLastWord = false
    /// A free command; replaces the tests.
    var command: [String] = []

    // The output.
    var isQuiet = false
    var isCSV = false
    var precision = 0
    var jsonPath: String?
    var warnsAboutErrors = false

    /// The number of decimals of a latency in milliseconds.
    ///
    /// Microseconds as in redis-benchmark, nanoseconds on request.
    var latencyPlaces: Int { min(max(precision, 3), 6) }
}
