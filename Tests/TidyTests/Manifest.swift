/// The targets of a `Package.swift` with what each depends on.
struct Manifest {
    /// The dependencies by the target's name, of sources and tests alike.
    let dependencies: [String: Set<String>]

    /// Reads calls such as `layer("Wire", ["Primitives"], …)`: the first literal is the name, the
    /// literals of the first list are the dependencies.
    init(_ text: String) {
        var found: [String: Set<String>] = [:]
        for head in ["layer(", "tests(", ".executableTarget("] {
            for call in text.split(separator: head, omittingEmptySubsequences: false).dropFirst() {
                guard let name = Self.literals(call.prefix { $0 != "[" }).first else { continue }
                let list = call.drop { $0 != "[" }.prefix { $0 != "]" }
                // A product of another package is known by its name; the package's follows.
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
