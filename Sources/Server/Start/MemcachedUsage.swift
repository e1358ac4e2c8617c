/// What `apus-server --memcached -h` prints.
enum MemcachedUsage {
    static let text = """
        Usage: apus-server --memcached [options of memcached] [-- options of Apus]

        Starts Apus as memcached would start with the same options, without a port for RESP:
        -p, --port=<num>          TCP port to listen on (default: 11211)
        -U, --udp-port=<num>      accepted; there is no UDP
        -s, --unix-socket=<file>  unix socket to listen on, in place of the port
        -a, --unix-mask=<mask>    its permissions, in octal (default: 700)
        -l, --listen=<addr>       addresses to listen on, each with or without the same :port
        -m, --memory-limit=<num>  maxmemory in megabytes (default: 64)
        -M, --disable-evictions   refuse items when memory is used up, rather than evict
        -c, --conn-limit=<num>    most connections at once (default: 1024)
        -t, --threads=<num>       threads (default: 4)
        -b, --listen-backlog=<num>
        -B, --protocol=<name>     ascii, binary, or auto (default)
        -I, --max-item-size=<num> size from which items are refused (default: 1m)
        -A, --enable-shutdown     enable the command shutdown
        -F, --disable-flush-all   disable the command flush_all
        -X, --disable-dumping     disable commands that list keys
        -W, --disable-watch       disable the command watch
        -D, --prefix-delimiter=<char> count by the prefixes of keys, as stats detail on does
        -S, --enable-sasl         binary protocol with SASL alone; the users are those of -Y
        -Y, --auth-file=<file>    clients must authenticate: a file of lines user:password
        -Z, --enable-ssl          TLS, with -o ssl_chain_cert, ssl_key, ssl_ca_cert,
                                  ssl_verify_mode, ssl_ciphers, ssl_min_version, ssl_session_cache
        -o, --extended            besides these: idle_timeout
        -d, --daemon              run in the background
        -P, --pidfile=<file>
        -u, --user=<user>         become this user, if started by root
        -v, -vv                   log more
        -h, -i, -V                this help, the licence, the version

        Other options of memcached are accepted and named in the log, as there is nothing here that
        they could change: slabs, queues and their threads, the hash table, external storage.

        """
}
