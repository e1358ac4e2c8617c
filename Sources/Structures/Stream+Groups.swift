extension Stream {
    func destroyGroups(_ budget: inout Int, _ arena: inout Arena) -> Bool { true }
    func groupByteCount(_ arena: borrowing Arena) -> Int { 0 }
}
