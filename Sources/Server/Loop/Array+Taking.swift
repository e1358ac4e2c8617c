extension Array {
    /// Removes the first elements, at most `limit`, and returns them.
    ///
    /// Work that is taken so may add more of its kind.
    mutating func removeFirst(atMost limit: Int) -> [Element] {
        guard count > limit else {
            var all: [Element] = []
            swap(&all, &self)
            return all
        }
        let some = Array(prefix(limit))
        removeFirst(limit)
        return some
    }
}
