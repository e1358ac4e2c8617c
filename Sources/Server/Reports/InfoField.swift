internal import Commands

/// A field of INFO: its name, and what it says of a server.
///
/// Everything that shows fields, or looks for one, goes through these rows.
struct InfoField: Sendable {
    let name: String
    let value: @Sendable (InfoSource) -> InfoValue

    init(_ name: String, _ value: @escaping @Sendable (InfoSource) -> InfoValue) {
        self.name = name
        self.value = value
    }

    /// A field that says the same of every server: of a feature that is off or is not there.
    init(_ name: String, always value: InfoValue) {
        self.name = name
        self.value = { _ in value }
    }

    /// A field whose feature is off or is not there, so that nothing is counted.
    static func none(_ name: String) -> InfoField { InfoField(name, always: .integer(0)) }

    /// What all workers counted.
    static func count(_ name: String, _ which: WorkerCount) -> InfoField {
        InfoField(name) { .count($0.server.statistics[which]) }
    }

    /// What all workers' commands counted.
    static func count(_ name: String, _ which: CommandCount) -> InfoField {
        InfoField(name) { .count($0.server.statistics[which]) }
    }

    /// Bytes with a unit.
    static func size(
        _ name: String,
        _ bytes: @escaping @Sendable (InfoSource) -> Int
    ) -> InfoField { InfoField(name) { .size(bytes($0)) } }

    /// A number of bytes, or of things.
    static func number(
        _ name: String,
        _ number: @escaping @Sendable (InfoSource) -> Int
    ) -> InfoField { InfoField(name) { .number(number($0)) } }
}

/// A section of INFO: rows for the fields that are always there, and a way to those of which there
/// are as many as commands, errors or databases.
struct InfoSection: Sendable {
    /// The name in the request.
    let name: String
    let title: String
    /// Whether INFO shows it unasked.
    let isDefault: Bool
    let fields: [InfoField]
    let others: @Sendable (InfoSource) -> [InfoPart]

    init(
        _ title: String,
        isDefault: Bool = true,
        _ fields: [InfoField] = [],
        others: @escaping @Sendable (InfoSource) -> [InfoPart] = { _ in [] }
    ) {
        name = title.lowercased()
        self.title = title
        self.isDefault = isDefault
        self.fields = fields
        self.others = others
    }

    /// All fields with what they say of a server.
    func parts(_ source: InfoSource) -> [InfoPart] {
        fields.map { InfoPart($0.name, $0.value(source)) } + others(source)
    }
}
