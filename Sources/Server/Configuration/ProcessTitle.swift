/// The title shown in process listings, made from `proc-title-template`.
public enum ProcessTitle {
    /// The variables that a template may contain.
    public static let variables: Set<String> = [
        "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file",
    ]

    /// The title: each `{name}` is replaced by its value, `{{` by a brace.
    ///
    /// - Returns: `nil` if a brace is not closed or names no value in `values`.
    public static func expand(_ template: String, values: [String: String]) -> String? {
        var title = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            title += rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if rest.first == "{" {
                title += "{"
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}"), let value = values[String(rest[..<end])]
            else { return nil }
            title += value
            rest = rest[rest.index(after: end)...]
        }
        return title + rest
    }

    /// Whether a template can be expanded and contains more than the title itself.
    static func isValid(template: String) -> Bool {
        var values = Dictionary(uniqueKeysWithValues: variables.map { ($0, "-") })
        values["title"] = ""
        return expand(template, values: values)?.isEmpty == false
    }
}
