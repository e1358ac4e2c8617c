internal import System

extension InfoSection {
    static let memory = InfoSection(
        "Memory",
        [
            .number("used_memory") { $0.memory.used },
            .size("used_memory_human") { $0.memory.used },
            .number("used_memory_rss") { $0.memory.resident },
            .size("used_memory_rss_human") { $0.memory.resident },
            .number("used_memory_peak") { $0.memory.peak },
            .size("used_memory_peak_human") { $0.memory.peak },
            .share("used_memory_peak_perc") { ($0.used, $0.peak) },
            .number("used_memory_overhead") { $0.memory.overhead },
            .none("used_memory_startup"),
            .number("used_memory_dataset") { $0.memory.dataset },
            .share("used_memory_dataset_perc") { ($0.dataset, $0.used) },
            .number("allocator_allocated") { $0.memory.data },
            .number("allocator_active") { $0.memory.pages },
            .number("allocator_resident") { $0.memory.resident },
            .none("allocator_muzzy"),
            .number("total_system_memory") { _ in ProcessMemory.systemBytes },
            .size("total_system_memory_human") { _ in ProcessMemory.systemBytes },
            .number("used_memory_lua") { $0.server.scriptFigures.states },
            .number("used_memory_vm_eval") { $0.server.scriptFigures.states },
            .size("used_memory_lua_human") { $0.server.scriptFigures.states },
            .number("used_memory_scripts_eval") { $0.server.scripts.figures.byteCount },
            .number("number_of_cached_scripts") { $0.server.scripts.figures.count },
            .number("number_of_functions") { $0.server.scriptFigures.functions },
            .number("number_of_libraries") { $0.server.scriptFigures.libraries },
            .number("used_memory_vm_functions") { $0.server.scriptFigures.functionStates },
            .number("used_memory_vm_total") { $0.server.scriptFigures.allStates },
            .size("used_memory_vm_total_human") { $0.server.scriptFigures.allStates },
            .number("used_memory_functions") { $0.server.scriptFigures.libraryBytes },
            .number("used_memory_scripts") { $0.server.scriptFigures.texts },
            .size("used_memory_scripts_human") { $0.server.scriptFigures.texts },
            .number("used_memory_hash_indexes") { $0.memory.indexes },
            .number("maxmemory") { $0.boundBytes },
            .size("maxmemory_human") { $0.boundBytes },
            InfoField("maxmemory_policy") {
                .text($0.configuration.value("maxmemory-policy").text)
            },
            .ratio("allocator_frag_ratio") { ($0.pages, $0.data) },
            .number("allocator_frag_bytes") { $0.memory.pages - $0.memory.data },
            .ratio("allocator_rss_ratio") { ($0.resident, $0.pages) },
            .number("allocator_rss_bytes") { $0.memory.resident - $0.memory.pages },
            // All resident memory belongs to the allocator.
            InfoField("rss_overhead_ratio", always: .fixed(1)),
            .none("rss_overhead_bytes"),
            .ratio("mem_fragmentation_ratio") { ($0.resident, $0.used) },
            .number("mem_fragmentation_bytes") { $0.memory.resident - $0.memory.used },
            .number("mem_not_counted_for_evict") { $0.server.uncountedBytes },
            .none("mem_replication_backlog"),
            .none("mem_total_replication_buffers"),
            .none("mem_clients_slaves"),
            .number("mem_clients_normal") { $0.memory.clients },
            .none("mem_cluster_links"),
            .number("mem_aof_buffer") { $0.appendOnly.waitingBytes },
            InfoField("mem_allocator", always: .text("apus-arena")),
            // Tables grow bucket by bucket; there is never a second table.
            .none("mem_overhead_db_hashtable_rehashing"),
            .none("active_defrag_running"),
            .number("lazyfree_pending_objects") { $0.lazilyPending },
            InfoField("lazyfreed_objects") { .count($0.lazilyFreed) },
        ]
    )
}

extension InfoField {
    /// One part of the memory use as a percentage of another.
    fileprivate static func share(
        _ name: String,
        _ parts: @escaping @Sendable (MemoryUse) -> (part: Int, whole: Int)
    ) -> InfoField {
        InfoField(name) { source in
            let (part, whole) = parts(source.memory)
            return .percent(MemoryUse.ratio(part, of: whole) * 100)
        }
    }

    /// One part of the memory use as a multiple of another.
    fileprivate static func ratio(
        _ name: String,
        _ parts: @escaping @Sendable (MemoryUse) -> (part: Int, whole: Int)
    ) -> InfoField {
        InfoField(name) { source in
            let (part, whole) = parts(source.memory)
            return .fixed(MemoryUse.ratio(part, of: whole))
        }
    }
}

extension InfoSource {
    fileprivate var boundBytes: Int { Int(clamping: options.memoryBytesMax) }
}
