/// The text of INFO: sections with Redis' names, in its order.
enum InfoReport {
    /// All sections.
    static let sections: [InfoSection] = [
        .server, .clients, .memory, .persistence, .statistics, .replication, .processor, .modules,
        .certificates, .commands, .errors, .latency, .cluster, .keyspace, .keySizes,
    ]

    /// The fields of all sections by name, except those whose number varies.
    static let fields = Dictionary(
        sections.flatMap(\.fields).map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The sections named in `names`; the default ones if it is empty.
    static func sections(named names: [String]) -> [InfoSection] {
        let wanted = Set(names.map { $0.lowercased() })
        let takesAll = !wanted.isDisjoint(with: ["all", "everything"])
        let takesDefault = wanted.isEmpty || wanted.contains("default")
        return sections.filter { section in
            let isTaken = takesAll && !section.needsKeySizes
            return isTaken || wanted.contains(section.name) || (takesDefault && section.isDefault)
        }
    }

    /// The text of the sections named in `names`.
    static func text(_ names: [String], _ source: InfoSource) -> String {
        sections(named: names).map { section in
            let lines = section.parts(source).map { "\($0.name):\($0.value.text)\r\n" }
            return "# \(section.title)\r\n" + lines.joined()
        }.joined(separator: "\r\n")
    }
}
