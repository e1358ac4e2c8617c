internal import Remote

/// The help text.
enum Usage {
    static let version = "apus-benchmark 0.1.0"

    // swift-format-ignore
    static let text = """
        Usage: apus-benchmark [OPTIONS] [COMMAND ARGS...]

        Options:
         -h <hostname>      Server hostname (default 127.0.0.1)
         -p <port>          Server port (default 6379)
         -s <socket>        Unix socket of the server (overrides host and port)
         -a <password>      Password
         --user <username>  ACL user; needs -a
         -u <uri>           redis://[[user]:password@]host[:port][/database]
                            (rediss:// for TLS)
        \(TLSOptions.help(margin: " "))
         -c <clients>       Parallel connections (default 50)
         -n <requests>      Requests per test (default 100000)
         -d <size>          Size of a value in bytes (default 3)
         --dbnum <db>       Database number (default 0)
         -3                 Speak RESP3
         --protocol <name>  resp (default), memcached-text, memcached-meta, memcached-binary;
                            memcached's have port 11211 and the tests set, get, get_10 and
                            get_100, the latter with so many keys at once
         --threads <num>    Threads that share the connections (default 1)
         --enable-tracking  Send CLIENT TRACKING on before the test
         -k <boolean>       1=keep connections, 0=reconnect after each reply (default 1)
         -r <keyspacelen>   Random keys, members and scores: __rand_int__ inside an
                            argument becomes a number of 12 digits from 0 to
                            keyspacelen-1, a new one for every request. Without -r
                            all requests use the same key.
         --zipf <exponent>  Draw these numbers from a Zipf distribution: 0 most often,
                            then 1, ... (0.99 is common). Needs -r.
         -P <numreq>        Pipeline <numreq> requests (default 1: no pipeline)
         --rps <num>        Open loop: send <num> requests per second in total, on schedule,
                            whether or not replies come. Latency is measured from the
                            time at which a request was due.
         -q                 Quiet: one line per test
         --precision <num>  Decimal places of latencies, 3 to 6 (default 3)
         --csv              Output in CSV format
         --json <file>      Also write a JSON report (- for standard output)
         -l                 Loop: run the tests forever
         -t <tests>         Only these tests, comma-separated: ping (ping_inline, ping_mbulk),
                            set, get, incr, lpush, rpush, lpop, rpop, sadd, hset, spop,
                            zadd, zpopmin, lrange (lrange_100, lrange_300, lrange_500,
                            lrange_600), mset, xadd
         -I                 Idle mode: only open the connections and wait
         -x                 Read the command's last argument from standard input
         --seed <num>       Seed of the random numbers (default 12345)
         --help             Output this help and exit
         --version          Output version and exit

        In a command, __rand_int__ becomes a random number (with -r), __data__ a value of
        -d bytes.

        Examples:

         The default tests against 127.0.0.1:6379:
           $ apus-benchmark

         Fill about a million keys, 64 requests at a time:
           $ apus-benchmark -t set -n 10000000 -r 1000000 -P 64

         The latency at 50,000 requests per second, with hot keys:
           $ apus-benchmark -t get -r 1000000 --zipf 0.99 --rps 50000 -n 500000

         A command of your own:
           $ apus-benchmark -r 10000 -n 10000 lpush mylist __rand_int__

        """
}
