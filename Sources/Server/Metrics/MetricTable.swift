// Names are those of redis_exporter where it has one, so that its dashboards work. Values that INFO
// shows come from INFO's own rows.

extension Metric {
    /// All metrics, in the order of the output.
    static let all: [Metric] =
        server + clients + memory + persistence + statistics + replication + processor
        + commands + keyspace + events + certificates + ours

    // swift-format-ignore
    private static let server: [Metric] = [
        .one("redis_up", .gauge, "Whether the server answers.") { _ in .integer(1) },
        Metric("redis_instance_info", .gauge, "Information about the server.") { $0.instance },
        .one("redis_start_time_seconds", .gauge, "Start time in seconds since 1970.") { .integer($0.now / 1000 - ($0.nowSeconds - $0.server.startedAtSeconds)) },
        .info("redis_uptime_in_seconds", .gauge, of: "uptime_in_seconds", "Seconds since the start."),
        .info("redis_process_id", .gauge, of: "process_id", "The number of the process."),
        .info("redis_hz", .gauge, of: "hz", "Ticks per second."),
        .info("redis_configured_hz", .gauge, of: "configured_hz", "Configured ticks per second."),
        .info("redis_io_threads_active", .gauge, of: "io_threads_active", "Whether I/O threads are in use; Apus has none."),
    ]

    // swift-format-ignore
    private static let clients: [Metric] = [
        .info("redis_connected_clients", .gauge, of: "connected_clients", "Open connections."),
        .info("redis_cluster_connections", .gauge, of: "cluster_connections", "Connections of the cluster bus."),
        .info("redis_max_clients", .gauge, of: "maxclients", "Maximum number of connections."),
        .info("redis_config_maxclients", .gauge, of: "maxclients", "Maximum number of connections."),
        .info("redis_client_recent_max_input_buffer_bytes", .gauge, of: "client_recent_max_input_buffer", "Largest input buffer of a client."),
        .info("redis_client_recent_max_output_buffer_bytes", .gauge, of: "client_recent_max_output_buffer", "Largest output buffer of a client."),
        .info("redis_blocked_clients", .gauge, of: "blocked_clients", "Clients blocked by commands such as BLPOP."),
        .info("redis_tracking_clients", .gauge, of: "tracking_clients", "Clients with client-side caching."),
        .info("redis_pubsub_clients", .gauge, of: "pubsub_clients", "Subscribed clients."),
        .info("redis_watching_clients", .gauge, of: "watching_clients", "Clients that watch keys."),
        .info("redis_clients_in_timeout_table", .gauge, of: "clients_in_timeout_table", "Blocked clients with a timeout."),
        .info("redis_total_watched_keys", .gauge, of: "total_watched_keys", "Watched keys."),
        .info("redis_total_blocking_keys", .gauge, of: "total_blocking_keys", "Keys that block clients."),
        .info("redis_total_blocking_keys_on_nokey", .gauge, of: "total_blocking_keys_on_nokey", "Keys whose deletion would unblock clients."),
    ]

    // swift-format-ignore
    private static let memory: [Metric] = [
        .info("redis_memory_used_bytes", .gauge, of: "used_memory", "Memory in use."),
        .info("redis_memory_used_rss_bytes", .gauge, of: "used_memory_rss", "Resident memory of the process."),
        .info("redis_memory_used_peak_bytes", .gauge, of: "used_memory_peak", "Peak memory in use."),
        .info("redis_memory_used_overhead_bytes", .gauge, of: "used_memory_overhead", "Memory in use other than keys and values."),
        .info("redis_memory_used_startup_bytes", .gauge, of: "used_memory_startup", "Memory in use after the start."),
        .info("redis_memory_used_dataset_bytes", .gauge, of: "used_memory_dataset", "Memory of keys and values."),
        .info("redis_memory_used_lua_bytes", .gauge, of: "used_memory_lua", "Memory of the Lua states for scripts."),
        .info("redis_memory_used_vm_eval_bytes", .gauge, of: "used_memory_vm_eval", "Memory of the Lua states for scripts."),
        .info("redis_memory_used_vm_functions_bytes", .gauge, of: "used_memory_vm_functions", "Memory of the Lua states for functions."),
        .info("redis_memory_used_vm_total", .gauge, of: "used_memory_vm_total", "Memory of all Lua states."),
        .info("redis_memory_used_scripts_eval_bytes", .gauge, of: "used_memory_scripts_eval", "Memory of cached scripts."),
        .info("redis_memory_used_functions_bytes", .gauge, of: "used_memory_functions", "Memory of function libraries."),
        .info("redis_memory_used_scripts_bytes", .gauge, of: "used_memory_scripts", "Memory of cached scripts and function libraries."),
        .info("redis_number_of_cached_scripts", .gauge, of: "number_of_cached_scripts", "Cached scripts."),
        .info("redis_number_of_functions", .gauge, of: "number_of_functions", "Functions."),
        .info("redis_number_of_libraries", .gauge, of: "number_of_libraries", "Function libraries."),
        .info("redis_memory_max_bytes", .gauge, of: "maxmemory", "Limit of memory in use; 0 means none."),
        .info("redis_config_maxmemory", .gauge, of: "maxmemory", "Limit of memory in use; 0 means none."),
        .info("redis_total_system_memory_bytes", .gauge, of: "total_system_memory", "Memory of the machine."),
        .info("redis_allocator_allocated_bytes", .gauge, of: "allocator_allocated", "Memory of keys and values."),
        .info("redis_allocator_active_bytes", .gauge, of: "allocator_active", "Memory of the pages of keys and values."),
        .info("redis_allocator_resident_bytes", .gauge, of: "allocator_resident", "Resident memory of the process."),
        .info("redis_allocator_frag_ratio", .gauge, of: "allocator_frag_ratio", "Ratio of active to allocated memory."),
        .info("redis_allocator_frag_bytes", .gauge, of: "allocator_frag_bytes", "Active memory that is not allocated."),
        .info("redis_allocator_rss_ratio", .gauge, of: "allocator_rss_ratio", "Ratio of resident to active memory."),
        .info("redis_allocator_rss_bytes", .gauge, of: "allocator_rss_bytes", "Resident memory that is not active."),
        .info("redis_mem_fragmentation_ratio", .gauge, of: "mem_fragmentation_ratio", "Ratio of resident memory to memory in use."),
        .info("redis_mem_fragmentation_bytes", .gauge, of: "mem_fragmentation_bytes", "Resident memory that is not in use."),
        .info("redis_mem_clients_normal", .gauge, of: "mem_clients_normal", "Memory of clients."),
        .info("redis_mem_clients_slaves", .gauge, of: "mem_clients_slaves", "Memory of replicas' connections."),
        .info("redis_mem_not_counted_for_eviction_bytes", .gauge, of: "mem_not_counted_for_evict", "Memory that does not count towards the limit."),
        .info("redis_mem_total_replication_buffers_bytes", .gauge, of: "mem_total_replication_buffers", "Memory of replication."),
        .info("redis_mem_overhead_db_hashtable_rehashing_bytes", .gauge, of: "mem_overhead_db_hashtable_rehashing", "Memory of hash tables being rehashed; Apus grows tables in place."),
        .info("redis_lazyfree_pending_objects", .gauge, of: "lazyfree_pending_objects", "Large values waiting to be freed."),
        .info("redis_active_defrag_running", .gauge, of: "active_defrag_running", "Whether active defragmentation is running; Apus has none."),
    ]

    // swift-format-ignore
    private static let persistence: [Metric] = [
        .info("redis_loading_dump_file", .gauge, of: "loading", "Whether the server is loading."),
        .info("redis_async_loading", .gauge, of: "async_loading", "Whether the server is loading while serving."),
        .info("redis_rdb_changes_since_last_save", .gauge, of: "rdb_changes_since_last_save", "Changes since the last snapshot."),
        .info("redis_rdb_bgsave_in_progress", .gauge, of: "rdb_bgsave_in_progress", "Whether a snapshot is being written."),
        .info("redis_rdb_last_save_timestamp_seconds", .gauge, of: "rdb_last_save_time", "Time of the last snapshot in seconds since 1970."),
        .info("redis_rdb_last_bgsave_status", .gauge, of: "rdb_last_bgsave_status", "Whether the last snapshot succeeded."),
        .info("redis_rdb_last_bgsave_duration_sec", .gauge, of: "rdb_last_bgsave_time_sec", "Duration of the last snapshot; -1 if there is none."),
        .info("redis_rdb_current_bgsave_duration_sec", .gauge, of: "rdb_current_bgsave_time_sec", "Duration of the current snapshot so far; -1 if there is none."),
        .info("redis_rdb_saves_total", .counter, of: "rdb_saves", "Snapshots since the start."),
        .info("redis_rdb_last_cow_size_bytes", .gauge, of: "rdb_last_cow_size", "Memory copied on write during the last snapshot; Apus copies none."),
        .info("redis_rdb_last_load_expired_keys", .gauge, of: "rdb_last_load_keys_expired", "Expired keys in the last loaded file."),
        .info("redis_rdb_last_load_loaded_keys", .gauge, of: "rdb_last_load_keys_loaded", "Keys loaded from the last loaded file."),
        .info("redis_aof_enabled", .gauge, of: "aof_enabled", "Whether the append-only file is enabled."),
        .info("redis_aof_rewrite_in_progress", .gauge, of: "aof_rewrite_in_progress", "Whether the append-only file is being rewritten."),
        .info("redis_aof_rewrite_scheduled", .gauge, of: "aof_rewrite_scheduled", "Whether a rewrite of the append-only file is scheduled."),
        .info("redis_aof_last_rewrite_duration_sec", .gauge, of: "aof_last_rewrite_time_sec", "Duration of the last rewrite; -1 if there is none."),
        .info("redis_aof_current_rewrite_duration_sec", .gauge, of: "aof_current_rewrite_time_sec", "Duration of the current rewrite so far; -1 if there is none."),
        .info("redis_aof_last_bgrewrite_status", .gauge, of: "aof_last_bgrewrite_status", "Whether the last rewrite succeeded."),
        .info("redis_aof_last_write_status", .gauge, of: "aof_last_write_status", "Whether the last write to the append-only file succeeded."),
        .info("redis_aof_last_cow_size_bytes", .gauge, of: "aof_last_cow_size", "Memory copied on write during the last rewrite; Apus copies none."),
        .one("redis_aof_current_size_bytes", .gauge, "The size of the append-only file.") { $0.appendOnly.isOn ? .number($0.appendOnly.size) : nil },
        .one("redis_aof_base_size_bytes", .gauge, "The size of the append-only file after the last rewrite.") { $0.appendOnly.isOn ? .number($0.appendOnly.baseSize) : nil },
        .one("redis_aof_buffer_length", .gauge, "Bytes waiting to be written to the append-only file.") { $0.appendOnly.isOn ? .number($0.appendOnly.waitingBytes) : nil },
        .one("redis_aof_pending_bio_fsync", .gauge, "Whether the append-only file is being synced.") { $0.appendOnly.isOn ? .number($0.appendOnly.isSyncing ? 1 : 0) : nil },
        .one("redis_aof_delayed_fsync", .gauge, "Writes delayed by a sync.") { $0.appendOnly.isOn ? .number($0.appendOnly.delayedSyncs) : nil },
        .info("redis_module_fork_in_progress", .gauge, of: "module_fork_in_progress", "Whether a module has forked; Apus has no modules."),
        .info("redis_module_fork_last_cow_size", .gauge, of: "module_fork_last_cow_size", "Memory copied on write during the last fork of a module."),
    ]

    // swift-format-ignore
    private static let statistics: [Metric] = [
        .info("redis_connections_received_total", .counter, of: "total_connections_received", "Connections accepted."),
        .info("redis_rejected_connections_total", .counter, of: "rejected_connections", "Connections rejected."),
        .info("redis_commands_processed_total", .counter, of: "total_commands_processed", "Commands run."),
        .info("redis_net_input_bytes_total", .counter, of: "total_net_input_bytes", "Bytes received."),
        .info("redis_net_output_bytes_total", .counter, of: "total_net_output_bytes", "Bytes sent."),
        .info("redis_net_repl_input_bytes_total", .counter, of: "total_net_repl_input_bytes", "Bytes received from a primary."),
        .info("redis_net_repl_output_bytes_total", .counter, of: "total_net_repl_output_bytes", "Bytes sent to replicas."),
        .info("redis_total_reads_processed", .counter, of: "total_reads_processed", "Receives from sockets."),
        .info("redis_total_writes_processed", .counter, of: "total_writes_processed", "Sends to sockets."),
        .info("redis_expired_keys_total", .counter, of: "expired_keys", "Keys that expired."),
        .info("redis_expired_subkeys_total", .counter, of: "expired_subkeys", "Fields of hashes that expired."),
        .info("redis_expired_stale_percentage", .gauge, of: "expired_stale_perc", "Estimated percentage of expired keys; Apus needs no estimate."),
        .info("redis_expired_time_cap_reached_total", .counter, of: "expired_time_cap_reached_count", "Expiry cycles that reached their limit."),
        .info("redis_expire_cycle_cpu_time_ms_total", .counter, of: "expire_cycle_cpu_milliseconds", "CPU time of expiry cycles in milliseconds."),
        .info("redis_evicted_keys_total", .counter, of: "evicted_keys", "Evicted keys."),
        .info("redis_evicted_clients_total", .counter, of: "evicted_clients", "Evicted clients."),
        .info("redis_evicted_scripts_total", .counter, of: "evicted_scripts", "Evicted scripts."),
        .info("redis_eviction_exceeded_time_ms_total", .counter, of: "total_eviction_exceeded_time", "Time above maxmemory in milliseconds."),
        .info("redis_current_eviction_exceeded_time_ms", .gauge, of: "current_eviction_exceeded_time", "Time since maxmemory was exceeded, in milliseconds."),
        .info("redis_keyspace_hits_total", .counter, of: "keyspace_hits", "Lookups of existing keys."),
        .info("redis_keyspace_misses_total", .counter, of: "keyspace_misses", "Lookups of missing keys."),
        .info("redis_pubsub_channels", .gauge, of: "pubsub_channels", "Channels with subscribers."),
        .info("redis_pubsub_patterns", .gauge, of: "pubsub_patterns", "Patterns with subscribers."),
        .info("redis_pubsubshard_channels", .gauge, of: "pubsubshard_channels", "Shard channels with subscribers."),
        .info("redis_latest_fork_usec", .gauge, of: "latest_fork_usec", "Duration of the last fork; Apus never forks."),
        .info("redis_migrate_cached_sockets_total", .gauge, of: "migrate_cached_sockets", "Connections cached by MIGRATE."),
        .info("redis_slave_expires_tracked_keys", .gauge, of: "slave_expires_tracked_keys", "Keys that a writable replica expires."),
        .info("redis_defrag_hits", .gauge, of: "active_defrag_hits", "Values moved by active defragmentation."),
        .info("redis_defrag_misses", .gauge, of: "active_defrag_misses", "Values not moved by active defragmentation."),
        .info("redis_defrag_key_hits", .gauge, of: "active_defrag_key_hits", "Keys with values moved by active defragmentation."),
        .info("redis_defrag_key_misses", .gauge, of: "active_defrag_key_misses", "Keys without values moved by active defragmentation."),
        .info("redis_tracking_total_keys", .gauge, of: "tracking_total_keys", "Tracked keys."),
        .info("redis_tracking_total_items", .gauge, of: "tracking_total_items", "Tracked keys, summed over clients."),
        .info("redis_tracking_total_prefixes", .gauge, of: "tracking_total_prefixes", "Tracked prefixes."),
        .info("redis_unexpected_error_replies", .counter, of: "unexpected_error_replies", "Unexpected error replies."),
        .info("redis_total_error_replies", .counter, of: "total_error_replies", "Error replies."),
        .info("redis_dump_payload_sanitizations", .counter, of: "dump_payload_sanitizations", "Sanitized payloads."),
        .info("redis_io_threaded_reads_processed", .counter, of: "io_threaded_reads_processed", "Receives by I/O threads."),
        .info("redis_io_threaded_writes_processed", .counter, of: "io_threaded_writes_processed", "Sends by I/O threads."),
        .info("redis_client_query_buffer_limit_disconnections_total", .counter, of: "client_query_buffer_limit_disconnections", "Clients closed at the limit of the query buffer."),
        .info("redis_client_output_buffer_limit_disconnections_total", .counter, of: "client_output_buffer_limit_disconnections", "Clients closed at the limit of the output buffer."),
        .info("redis_reply_buffer_shrinks_total", .counter, of: "reply_buffer_shrinks", "Reply buffers shrunk."),
        .info("redis_reply_buffer_expands_total", .counter, of: "reply_buffer_expands", "Reply buffers expanded."),
        .info("redis_acl_access_denied_auth_total", .counter, of: "acl_access_denied_auth", "Failed authentications."),
        .info("redis_acl_access_denied_cmd_total", .counter, of: "acl_access_denied_cmd", "Requests denied for their command."),
        .info("redis_acl_access_denied_key_total", .counter, of: "acl_access_denied_key", "Requests denied for a key."),
        .info("redis_acl_access_denied_channel_total", .counter, of: "acl_access_denied_channel", "Requests denied for a channel."),
        .info("redis_acl_access_denied_db_total", .counter, of: "acl_access_denied_db", "Requests denied for a database."),
    ]

    // swift-format-ignore
    private static let replication: [Metric] = [
        .info("redis_connected_slaves", .gauge, of: "connected_slaves", "Replicas."),
        .info("redis_master_repl_offset", .gauge, of: "master_repl_offset", "Replication offset."),
        .info("redis_second_repl_offset", .gauge, of: "second_repl_offset", "Offset up to which the second replication ID is accepted."),
        .info("redis_repl_backlog_is_active", .gauge, of: "repl_backlog_active", "Whether the replication backlog is active."),
        .info("redis_replication_backlog_bytes", .gauge, of: "repl_backlog_size", "Size of the replication backlog."),
        .info("redis_repl_backlog_first_byte_offset", .gauge, of: "repl_backlog_first_byte_offset", "Offset of the first byte in the replication backlog."),
        .info("redis_repl_backlog_history_bytes", .gauge, of: "repl_backlog_histlen", "Bytes in the replication backlog."),
        .info("redis_replica_resyncs_full", .gauge, of: "sync_full", "Full resynchronizations of replicas."),
        .info("redis_replica_partial_resync_accepted", .gauge, of: "sync_partial_ok", "Accepted partial resynchronizations."),
        .info("redis_replica_partial_resync_denied", .gauge, of: "sync_partial_err", "Denied partial resynchronizations."),
    ]

    // swift-format-ignore
    private static let processor: [Metric] = [
        .info("redis_cpu_sys_seconds_total", .counter, of: "used_cpu_sys", "CPU time in kernel mode."),
        .info("redis_cpu_user_seconds_total", .counter, of: "used_cpu_user", "CPU time in user mode."),
        .info("redis_cpu_sys_children_seconds_total", .counter, of: "used_cpu_sys_children", "CPU time of child processes in kernel mode."),
        .info("redis_cpu_user_children_seconds_total", .counter, of: "used_cpu_user_children", "CPU time of child processes in user mode."),
        .info("redis_cpu_sys_main_thread_seconds_total", .counter, of: "used_cpu_sys_main_thread", "CPU time of worker 0 in kernel mode."),
        .info("redis_cpu_user_main_thread_seconds_total", .counter, of: "used_cpu_user_main_thread", "CPU time of worker 0 in user mode."),
    ]
}

extension InfoSource {
    /// The labels that identify the server.
    fileprivate var instance: [MetricSample] {
        let shown = ["redis_version", "redis_mode", "os", "tcp_port", "run_id", "process_id"]
        let labels = shown.map { MetricLabel($0, InfoReport.fields[$0]?.value(self).text ?? "") }
        var sample = MetricSample(.integer(1))
        sample.labels =
            [MetricLabel("role", "master"), MetricLabel("redis_build_id", "")] + labels
            + [
                MetricLabel("maxmemory_policy", configuration.value("maxmemory-policy").text),
                MetricLabel("apus_version", "\(Version.apus)"),
            ]
        return [sample]
    }
}
