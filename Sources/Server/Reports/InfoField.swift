internal import Commands

/// A field of INFO: its name, and how to get its value.
///
/// Everything that shows fields, or searches for one, uses these rows.
struct InfoField: Sendable {
    let name: String
    let value: @Sendable (InfoSource) -> InfoValue

    init(_ name: String, _ value: @escaping @Sendable (InfoSource) -> InfoValue) {
        self.name = name
        self.value = value
    }

    /// Creates a field with a constant value, for a feature that is off or missing.
    init(_ name: String, always value: InfoValue) {
        self.name = name
        self.value = { _ in value }
    }

    /// A field of a feature that is off or missing, so that nothing is counted.
    static func none(_ name: String) -> InfoField { InfoField(name, always: .integer(0)) }

    /// A counter of all workers.
    static func count(_ name: String, _ which: WorkerCount) -> InfoField {
        InfoField(name) { .count($0.server.statistics[which]) }
    }

    /// A counter of all workers' commands.
    static func count(_ name: String, _ which: CommandCount) -> InfoField {
        InfoField(name) { .count($0.server.statistics[which]) }
    }

    /// A size in bytes, with a unit.
    static func size(
        _ name: String,
        _ bytes: @escaping @Sendable (InfoSource) -> Int
    ) -> InfoField { InfoField(name) { .size(bytes($0)) } }

    /// A number of bytes or other things.
    static func number(
        _ name: String,
        _ number: @escaping @Sendable (InfoSource) -> Int
    ) -> InfoField { InfoField(name) { .number(number($0)) } }
}

/// A section of INFO: its fixed fields, and a function for further ones.
///
/// The latter are as many as there are commands, errors or databases.
struct InfoSection: Sendable {
    /// The name in requests.
    let name: String
    let title: String
    /// Whether INFO shows it by default.
    let isDefault: Bool
    /// Whether all keys must be counted for it; INFO then shows it only when requested by name.
    let needsKeySizes: Bool
    let fields: [InfoField]
    let others: @Sendable (InfoSource) -> [InfoPart]

    init(
        _ title: String,
        isDefault: Bool = true,
        needsKeySizes: Bool = false,
        _ fields: [InfoField] = [],
        others: @escaping @Sendable (InfoSource) -> [InfoPart] = { _ in [] }
    ) {
        name = title.lowercased()
        self.title = title
        self.isDefault = isDefault
        self.needsKeySizes = needsKeySizes
        self.fields = fields
        self.others = others
    }

    /// All fields with their values.
    func parts(_ source: InfoSource) -> [InfoPart] {
        fields.map { InfoPart($0.name, $0.value(source)) } + others(source)
    }
}
