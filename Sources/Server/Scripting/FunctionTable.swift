internal import Primitives
internal import Synchronization

/// All libraries, and the library of each function.
final class FunctionTable: Sendable {
    /// Why libraries cannot be added.
    enum Failure: Error, Equatable {
        case libraryExists([UInt8])
        case functionExists([UInt8])
    }

    /// What to do with existing libraries when others are added.
    enum Policy {
        case append, replace, flush
    }

    private struct Contents {
        var libraries: [[UInt8]: FunctionLibrary] = [:]
        var functions: [[UInt8]: (library: FunctionLibrary, function: FunctionLibrary.Function)] =
            [:]

        mutating func remove(_ library: FunctionLibrary) {
            libraries[library.name] = nil
            for function in library.functions { functions[function.key] = nil }
        }

        mutating func insert(
            _ library: FunctionLibrary,
            replacing: Bool
        ) throws(Failure) {
            if let old = libraries[library.name] {
                guard replacing else { throw .libraryExists(library.name) }
                remove(old)
            }
            for function in library.functions {
                guard functions[function.key] == nil else { throw .functionExists(function.name) }
            }
            libraries[library.name] = library
            for function in library.functions { functions[function.key] = (library, function) }
        }
    }

    private let contents = Locked(Contents())

    /// Adds either all of the libraries or none of them.
    func insert(_ added: [FunctionLibrary], _ policy: Policy) throws(Failure) {
        let failure: Failure? = contents.withLock { contents in
            var next = policy == .flush ? Contents() : contents
            do throws(Failure) {
                for library in added { try next.insert(library, replacing: policy == .replace) }
            } catch { return error }
            let kept = next.libraries
            for (name, old) in contents.libraries where kept[name] !== old {
                old.isRemoved.store(true, ordering: .relaxed)
            }
            contents = next
            return nil
        }
        if let failure { throw failure }
    }

    /// Deletes a library; returns whether it existed.
    func remove(_ name: [UInt8]) -> Bool {
        contents.withLock { contents in
            guard let library = contents.libraries[name] else { return false }
            library.isRemoved.store(true, ordering: .relaxed)
            contents.remove(library)
            return true
        }
    }

    /// A function, by its case-insensitive name, and its library.
    func find(
        _ name: [UInt8]
    ) -> (library: FunctionLibrary, function: FunctionLibrary.Function)? {
        let key = FunctionLibrary.Function.key(of: name)
        return contents.withLock { $0.functions[key] }
    }

    /// All libraries, sorted by name.
    var libraries: [FunctionLibrary] {
        contents.withLock { $0.libraries.values.map { $0 } }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
