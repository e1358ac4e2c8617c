internal import Commands
internal import Primitives
internal import Store
internal import System

/// Changing the list of indexes, and saving it.
extension Instance {
    /// Changes the list of indexes with the world stopped, and has all workers record the changes
    /// that indexes need from then on.
    func changeIndexes(_ worker: Worker, _ body: () -> Void) {
        exclusively(worker) {
            body()
            bulletin.post(by: .indexes) {
                Bulletin.Notice(wants: indexes.list.isEmpty ? [] : .index)
            }
            for other in workers {
                other.executor.context.effects.indexed = indexes.coverage
                other.executor.readBulletin()
            }
        }
    }

    /// The definitions of all indexes, for `addIndexes`.
    var indexDefinitions: [String] {
        indexes.list.map { $0.definition.text(database: $0.database) }
    }

    /// Adds the indexes whose definitions were saved with the data, unless there are some with
    /// their names, and builds all anew, as the data were loaded.
    func addIndexes(_ saved: [String], _ worker: Worker) {
        guard !saved.isEmpty || !indexes.list.isEmpty else { return }
        changeIndexes(worker) {
            indexes.rebuild(nil)
            for text in saved {
                guard let (definition, database) = HashIndexDefinition.parse(text),
                    database < keyspace.databaseCount, indexes.list.count < HashIndexes.countMax
                else {
                    log(.warning, "A saved index over hashes cannot be made: \(text)")
                    continue
                }
                guard definition.name.withBytes({ indexes.find($0) == nil }) else { continue }
                indexes.add(HashIndex(definition, database: database, keyspace))
            }
        }
    }

    /// Removes all indexes, as what is about to be loaded says which ones there are.
    func removeIndexes(_ worker: Worker) {
        guard !indexes.list.isEmpty else { return }
        changeIndexes(worker) { for index in indexes.list { indexes.remove(index) } }
    }
}
