internal import Commands

/// All families of commands; the server does not know families that are not listed here.
enum CommandFamilies {
    /// The families with access to the keyspace only.
    static let data: [[DataCommand]] = [
        StringCommands.table,
        StringManyCommands.table,
        StringRangeCommands.table,
        NumberCommands.table,
        BitmapCommands.table,
        BitFieldCommands.table,
        KeyCommands.table,
        ExpiryCommands.table,
        ObjectCommands.table,
        DumpCommands.table,
        SetCommands.table,
        SetSampling.table,
        SetAlgebra.table,
        HashCommands.table,
        HashWalks.table,
        HashExpiryCommands.table,
        HashTimedCommands.table,
        HashImport.table,
        HstoreReading.table,
        HstoreTexts.table,
        HstoreWriting.table,
        ListCommands.table,
        ListMoves.table,
        BlockingListCommands.table,
        SortedSetCommands.table,
        BlockingSortedSetCommands.table,
        SortedSetSampling.table,
        SortedSetRanges.table,
        SortedSetAlgebra.table,
        StreamCommands.table,
        StreamReadCommands.table,
        StreamGroupCommands.table,
        StreamGroupReadCommands.table,
        StreamPendingCommands.table,
        StreamClaimCommands.table,
        StreamMessageCommands.table,
        StreamInfoCommands.table,
        HyperLogLogCommands.table,
        GeoCommands.table,
        GeoSearch.table,
        SortCommands.table,
        MemcachedCommands.table,
        MetaCommands.table,
        BinaryCommands.table,
    ]

    /// The families with access to the server.
    static let admin: [[AdminCommand]] = [
        SessionCommands.table,
        AccessCommands.table,
        TransactionCommands.table,
        ScriptCommands.table,
        FunctionCommands.table,
        ClientCommands.table,
        TrackingCommands.table,
        PubSubCommands.table,
        PubSubReports.table,
        MonitorCommands.table,
        ServerCommands.table,
        ModuleCommands.table,
        CommandCommands.table,
        ConfigCommands.table,
        LatencyCommands.table,
        CommandLogCommands.table,
        HotKeyCommands.table,
        HashIndexCommands.table,
        MemoryCommands.table,
        DebugCommands.table,
        SaveCommands.table,
        AppendOnlyCommands.table,
        BackupCommands.table,
        MemcachedAdminCommands.table,
        BinaryAdminCommands.table,
        MigrateCommands.table,
    ]

    /// The names of all rows, in the order in which `Registry` numbers them.
    static var names: [StaticString] {
        data.joined().map(\.facts.name) + admin.joined().map(\.facts.name)
    }
}
