/// The targets of a `Package.swift`, with the dependencies of each.
struct Manifest {
    /// The dependencies by target name, for sources and tests.
    let dependencies: [String: Set<String>]

    /// Parses calls such as `layer("Wire", ["Primitives"], …)`.
    ///
    /// The first literal is the name; the literals of the first list are the dependencies.
    init(_ text: String) {
        var found: [String: Set<String>] = [:]
        for head in ["layer(", "tests(", ".executableTarget("] {
            for call in text.split(separator: head, omittingEmptySubsequences: false).dropFirst() {
                guard let name = Self.literals(call.prefix { $0 != "[" }).first else { continue }
                let list = call.drop { $0 != "[" }.prefix { $0 != "]" }
                // A product of another package is identified by its name; the name of the package
                // follows it.
                let products = list.replacing(#/package: "[^"]*"/#, with: "")
                found[name] = Set(Self.literals(products[...]))
            }
        }
        dependencies = found
    }

    private static func literals(_ text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
