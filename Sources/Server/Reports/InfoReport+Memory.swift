internal import System

/// What memory is used for, and what is kept on disk.
extension InfoReport {
    var memoryLines: [String] {
        let memory = MemoryUse(server)
        let (data, pages, clients) = (memory.data, memory.pages, memory.clients)
        let (used, resident) = (memory.used, memory.resident)
        let bound = Int(clamping: server.options.memoryBytesMax)
        return [
            "used_memory:\(used)", "used_memory_human:\(human(used))",
            "used_memory_rss:\(resident)", "used_memory_rss_human:\(human(resident))",
            "used_memory_peak:\(server.peakBytes)",
            "used_memory_peak_human:\(human(server.peakBytes))",
            "used_memory_peak_perc:\(fixed(percent(used, of: server.peakBytes)))%",
            "used_memory_overhead:\(memory.overhead)", "used_memory_startup:0",
            "used_memory_dataset:\(memory.dataset)",
            "used_memory_dataset_perc:\(fixed(percent(memory.dataset, of: used)))%",
            "allocator_allocated:\(data)", "allocator_active:\(pages)",
            "allocator_resident:\(resident)",
            "total_system_memory:\(ProcessMemory.systemBytes)",
            "total_system_memory_human:\(human(ProcessMemory.systemBytes))",
            "used_memory_lua:0", "used_memory_vm_eval:0", "used_memory_lua_human:0B",
            "used_memory_scripts_eval:0", "number_of_cached_scripts:0", "number_of_functions:0",
            "number_of_libraries:0", "used_memory_vm_functions:0", "used_memory_vm_total:0",
            "used_memory_vm_total_human:0B", "used_memory_functions:0", "used_memory_scripts:0",
            "used_memory_scripts_human:0B",
            "maxmemory:\(bound)", "maxmemory_human:\(human(bound))",
            "maxmemory_policy:\(server.configuration.value("maxmemory-policy").text)",
            "allocator_frag_ratio:\(fixed(percent(pages, of: data) / 100))",
            "allocator_frag_bytes:\(pages - data)",
            "allocator_rss_ratio:\(fixed(percent(resident, of: pages) / 100))",
            "allocator_rss_bytes:\(resident - pages)",
            "rss_overhead_ratio:1.00", "rss_overhead_bytes:0",
            "mem_fragmentation_ratio:\(fixed(percent(resident, of: used) / 100))",
            "mem_fragmentation_bytes:\(resident - used)",
            "mem_not_counted_for_evict:0", "mem_replication_backlog:0",
            "mem_total_replication_buffers:0", "mem_clients_slaves:0",
            "mem_clients_normal:\(clients)", "mem_cluster_links:0", "mem_aof_buffer:0",
            "mem_allocator:apus-arena", "active_defrag_running:0",
            "lazyfree_pending_objects:\(server.lazilyPendingCount)",
            "lazyfreed_objects:\(lazilyFreed)",
        ]
    }

    private var lazilyFreed: Int {
        server.workers.reduce(server.reaper.freedCount) {
            $0 + Int($1.executor.statistics.lazilyFreed)
        }
    }

    var persistenceLines: [String] {
        [
            "loading:0", "async_loading:0", "current_cow_peak:0", "current_cow_size:0",
            "current_cow_size_age:0", "current_fork_perc:0.00", "current_save_keys_processed:0",
            "current_save_keys_total:0",
            "rdb_changes_since_last_save:\(server.changeCount)", "rdb_bgsave_in_progress:0",
            "rdb_last_save_time:\(server.startedAtUnix)", "rdb_last_bgsave_status:ok",
            "rdb_last_bgsave_time_sec:-1", "rdb_current_bgsave_time_sec:-1", "rdb_saves:0",
            "rdb_last_cow_size:0", "rdb_last_load_keys_expired:0", "rdb_last_load_keys_loaded:0",
            "aof_enabled:0",
            "aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0",
            "aof_last_rewrite_time_sec:-1", "aof_current_rewrite_time_sec:-1",
            "aof_last_bgrewrite_status:ok", "aof_rewrites:0",
            "aof_rewrites_consecutive_failures:0", "aof_last_write_status:ok",
            "aof_last_cow_size:0",
        ]
    }

    /// `part` in percent of `whole`, 0 of nothing.
    private func percent(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) * 100 : 0
    }
}
