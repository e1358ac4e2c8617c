internal import Remote
internal import System

/// What the command line asks for.
struct Options: Equatable {
    /// Which way rows go.
    enum Direction: String {
        /// From PostgreSQL into hashes.
        case load = "from"
        /// From hashes into PostgreSQL.
        case store = "to"
    }

    /// Why the program ends before doing anything.
    enum Fault: Error, Equatable {
        case help
        case invalid(String)
    }

    var direction = Direction.load
    /// How libpq connects.
    var conninfo = ""
    var table: [UInt8] = []
    var key: [UInt8] = []
    var column: [UInt8] = []
    /// What precedes a row's key in the key of its hash.
    var prefix: [UInt8] = []
    /// Where to note how far it is; nil for nowhere.
    var statePath: String?
    /// How many rows go at once.
    var batch = 1000

    var host = "127.0.0.1"
    var port = 6379
    var socketPath: String?
    var user: [UInt8]?
    var password: [UInt8]?
    var database = 0
    var connectSeconds = 60.0
    var tls = TLSOptions()

    var address: ServerAddress {
        socketPath.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
    }

    /// Reads the words after the program's name.
    init(_ words: [String], environment: (String) -> String?) throws(Fault) {
        password = (environment("APUSCLI_AUTH") ?? environment("REDISCLI_AUTH"))?.bytes
        guard let first = words.first, first != "--help" else { throw .help }
        guard let direction = Direction(rawValue: first) else { throw .invalid(first) }
        self.direction = direction
        guard words.count > 1 else { throw .invalid("there is no connection string") }
        conninfo = words[1]
        var rest = words.dropFirst(2)
        while let option = rest.popFirst() {
            guard option != "--help" else { throw .help }
            if tls.take(option) { continue }
            guard let value = rest.popFirst() else { throw .invalid("\(option) needs a value") }
            try take(option, value)
        }
        for (name, word) in [("--table", table), ("--key", key), ("--column", column)]
        where word.isEmpty {
            throw .invalid("\(name) is missing")
        }
        guard TableName(table) != nil else { throw .invalid("--table \(table.text)") }
    }

    private mutating func take(_ option: String, _ value: String) throws(Fault) {
        switch option {
        case "--table": table = value.bytes
        // That of TLS is --tls-key here.
        case "--key": key = value.bytes
        case "--column": column = value.bytes
        case "--prefix": prefix = value.bytes
        case "--state": statePath = value
        case "--batch": batch = try number(option, value, in: 1...100_000)
        case "-h": host = value
        case "-p": port = try number(option, value, in: 1...65_535)
        case "-s": socketPath = value
        case "-n": database = try number(option, value, in: 0...Int(Int32.max))
        case "--user": user = value.bytes
        case "-t":
            guard let seconds = Double(value), seconds > 0, seconds < 1e6 else {
                throw .invalid("\(option) \(value)")
            }
            connectSeconds = seconds
        default: guard tls.take(option, value) else { throw .invalid(option) }
        }
    }

    private func number(
        _ option: String,
        _ value: String,
        in range: ClosedRange<Int>
    ) throws(Fault) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw .invalid("\(option) \(value)")
        }
        return number
    }

    static let usage = """
        Usage: apus-hstore from|to <conninfo> --table <t> --key <k> --column <c> [OPTIONS]

        Copies the rows of a table of PostgreSQL with a column of the type hstore into hashes
        (from), or hashes into rows (to). `apus-cli --from-hstore` and `--to-hstore` start it.

          --table <table>    The table: table, schema.table, or in double quotes.
          --key <column>     The column whose text, after the prefix, is the key of the hash.
          --column <column>  The column of the type hstore.
          --prefix <text>    What precedes it in the key.
          --batch <rows>     How many rows go at once (default: 1000).
          --state <file>     Notes in a file how far it is, and goes on from there if it exists.
          -h <hostname>      Server hostname (default: 127.0.0.1).
          -p <port>          Server port (default: 6379).
          -s <socket>        Server socket.
          -n <db>            Database number.
          -t <timeout>       Timeout for connecting, in seconds.
          --user <username>  The user; the variable APUSCLI_AUTH has the password.
          --tls              Encrypt the connection to Apus; --sni, --cacert, --cacertdir,
                             --insecure, --cert, --tls-ciphers and --tls-ciphersuites are
                             those of apus-cli.
          --tls-key <file>   Private key of the client certificate.
          --help             Output this help and exit.


        """
}
