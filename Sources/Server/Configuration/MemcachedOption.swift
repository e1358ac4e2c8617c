/// An option of memcached's command line.
struct MemcachedOption {
    let letter: Character
    /// The long form.
    let name: String
    let takesValue: Bool

    private init(_ letter: Character, _ name: String, takesValue: Bool = false) {
        self.letter = letter
        self.name = name
        self.takesValue = takesValue
    }

    /// All of them.
    static let all = [
        MemcachedOption("p", "port", takesValue: true),
        MemcachedOption("U", "udp-port", takesValue: true),
        MemcachedOption("s", "unix-socket", takesValue: true),
        MemcachedOption("a", "unix-mask", takesValue: true),
        MemcachedOption("A", "enable-shutdown"),
        MemcachedOption("l", "listen", takesValue: true),
        MemcachedOption("d", "daemon"),
        MemcachedOption("r", "enable-coredumps"),
        MemcachedOption("u", "user", takesValue: true),
        MemcachedOption("m", "memory-limit", takesValue: true),
        MemcachedOption("M", "disable-evictions"),
        MemcachedOption("c", "conn-limit", takesValue: true),
        MemcachedOption("k", "lock-memory"),
        MemcachedOption("v", "verbose"),
        MemcachedOption("h", "help"),
        MemcachedOption("i", "license"),
        MemcachedOption("V", "version"),
        MemcachedOption("P", "pidfile", takesValue: true),
        MemcachedOption("f", "slab-growth-factor", takesValue: true),
        MemcachedOption("n", "slab-min-size", takesValue: true),
        MemcachedOption("L", "enable-largepages"),
        MemcachedOption("D", "prefix-delimiter", takesValue: true),
        MemcachedOption("t", "threads", takesValue: true),
        MemcachedOption("R", "max-reqs-per-event", takesValue: true),
        MemcachedOption("C", "disable-cas"),
        MemcachedOption("b", "listen-backlog", takesValue: true),
        MemcachedOption("B", "protocol", takesValue: true),
        MemcachedOption("I", "max-item-size", takesValue: true),
        MemcachedOption("S", "enable-sasl"),
        MemcachedOption("F", "disable-flush-all"),
        MemcachedOption("X", "disable-dumping"),
        MemcachedOption("W", "disable-watch"),
        MemcachedOption("Y", "auth-file", takesValue: true),
        MemcachedOption("e", "memory-file", takesValue: true),
        MemcachedOption("Z", "enable-ssl"),
        MemcachedOption("o", "extended", takesValue: true),
        MemcachedOption("N", "napi-ids", takesValue: true),
    ]

    /// The names that `-o` takes; most of them tune what is not here.
    static let extended: Set<String> = [
        "maxconns_fast", "no_maxconns_fast", "hashpower", "tail_repair_time", "hash_algorithm",
        "lru_crawler", "no_lru_crawler", "lru_crawler_sleep", "lru_crawler_tocrawl",
        "read_buf_mem_limit", "resp_obj_mem_limit", "lru_maintainer", "no_lru_maintainer",
        "hot_lru_pct", "warm_lru_pct", "hot_max_factor", "warm_max_factor", "temporary_ttl",
        "idle_timeout", "slab_chunk_max", "slab_sizes", "slab_reassign", "no_slab_reassign",
        "slab_automove", "no_slab_automove", "slab_automove_ratio", "slab_automove_window",
        "slab_automove_freeratio", "watcher_logbuf_size", "worker_logbuf_size", "track_sizes",
        "no_hashexpand", "modern", "no_modern", "sock_cookie_id", "inline_ascii_resp",
        "no_inline_ascii_resp", "no_chunked_items", "drop_privileges", "no_drop_privileges",
        "relaxed_privileges", "ext_path", "ext_page_size", "ext_wbuf_size", "ext_threads",
        "ext_item_size", "ext_item_age", "ext_low_ttl", "ext_drop_unread", "ext_recache_rate",
        "ext_compact_under", "ext_drop_under", "ext_max_frag", "ext_max_sleep", "proxy_config",
        "proxy_arg", "proxy_memory_limit", "ssl_chain_cert", "ssl_key", "ssl_verify_mode",
        "ssl_keyformat", "ssl_ciphers", "ssl_ca_cert", "ssl_wbuf_size", "ssl_session_cache",
        "ssl_kernel_tls", "ssl_min_version",
    ]
}
