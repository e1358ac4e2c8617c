internal import Primitives
internal import Scripting
internal import Synchronization

/// The scripts that clients may call by their digests.
///
/// Scripts that were added only by EVAL are dropped when they are the least recently called ones.
final class ScriptTable: Sendable {
    /// The maximum number of scripts kept after EVAL.
    private static let evaluatedMax = 500

    private struct Contents {
        var scripts: [ScriptDigest: Script] = [:]
        var evaluatedCount = 0
        var byteCount = 0
        /// The number of scripts dropped in favour of others.
        var evicted = 0

        mutating func remove(_ script: Script) {
            scripts[script.digest] = nil
            byteCount -= script.byteCount
            if !script.isLoaded.load(ordering: .relaxed) { evaluatedCount -= 1 }
            script.isRemoved.store(true, ordering: .relaxed)
        }
    }

    private let contents = Locked(Contents())

    /// The script with a digest, or nil.
    func find(_ digest: ScriptDigest) -> Script? { contents.withLock { $0.scripts[digest] } }

    /// Adds a script, unless it exists already.
    ///
    /// Returns: the script in the table.
    func insert(_ script: Script) -> Script {
        contents.withLock { contents in
            let isLoaded = script.isLoaded.load(ordering: .relaxed)
            if let known = contents.scripts[script.digest] {
                if isLoaded, !known.isLoaded.exchange(true, ordering: .relaxed) {
                    contents.evaluatedCount -= 1
                }
                return known
            }
            if !isLoaded {
                contents.evaluatedCount += 1
                if contents.evaluatedCount > ScriptTable.evaluatedMax { dropOldest(&contents) }
            }
            contents.scripts[script.digest] = script
            contents.byteCount += script.byteCount
            return script
        }
    }

    private func dropOldest(_ contents: inout Contents) {
        let evaluated = contents.scripts.values.filter { !$0.isLoaded.load(ordering: .relaxed) }
        let oldest = evaluated.min {
            $0.evaluatedAt.load(ordering: .relaxed) < $1.evaluatedAt.load(ordering: .relaxed)
        }
        guard let oldest else { return }
        contents.remove(oldest)
        contents.evicted += 1
    }

    /// Removes all scripts.
    func removeAll() {
        contents.withLock { contents in
            for script in contents.scripts.values { contents.remove(script) }
        }
    }

    /// The number of scripts, the memory that they use, and how many were dropped in favour of
    /// others.
    var figures: (count: Int, byteCount: Int, evicted: Int) {
        contents.withLock { ($0.scripts.count, $0.byteCount, $0.evicted) }
    }
}
