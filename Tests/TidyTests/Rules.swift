/// Which target may import which, according to the house style.
enum Layers {
    static let mayImport: [String: Set<String>] = [
        "Primitives": ["CSupport", "CCrypto", "CXXHash"],
        "System": ["Primitives", "CSupport"],
        "TLS": ["Primitives", "CTLS"],
        "Structures": ["Primitives", "CSupport", "CLZF"],
        "Wire": ["Primitives", "CSupport"],
        "Store": ["Structures", "Primitives", "CSupport"],
        "Persistence": ["Store", "Structures", "Primitives", "CLZF", "CSupport"],
        "Commands": ["Persistence", "Store", "Wire", "Structures", "Primitives"],
        "Scripting": ["Wire", "Primitives", "CLua"],
        "Server": [
            "Scripting", "Commands", "Persistence", "Store", "Wire", "Structures", "TLS",
            "System",
            "Primitives", "CSupport",
        ],
        "Remote": ["TLS", "System", "Wire", "Primitives"],
        "apus-server": ["Server"],
        "apus-cli": ["Remote", "TLS", "System", "Wire", "CEdit"],
        "apus-hstore": ["Remote", "System", "Wire", "Primitives", "CPostgres"],
        "apus-check": ["Persistence", "Store", "Structures", "Wire", "System", "Primitives"],
        "apus-benchmark": [
            "Remote", "TLS", "System", "Primitives", "CSupport", "Histogram",
        ],
    ]

    /// Modules of the toolchain that any target may import.
    static let everywhere: Set<String> = ["Glibc", "Synchronization", "Builtin"]

    /// The targets on the path of a request, which must not allocate implicitly.
    static let dataPath: Set<String> = ["Primitives", "Structures", "Wire", "Store", "Commands"]
}

extension Rule {
    /// All violations of the rule in `file`.
    func breaches(in file: SourceFile) -> [Breach] {
        switch self {
        case .fileLength: fileLength(file)
        case .functionLength: functionLength(file)
        case .lineLength: lineLength(file)
        case .imports: imports(file)
        case .bannedWords: bannedWords(file)
        case .unsafeFiles: unsafeFiles(file)
        case .safetyComment: safetyComments(file)
        case .debtMarks: debtMarks(file)
        }
    }

    private func fileLength(_ file: SourceFile) -> [Breach] {
        let cap = file.isTable ? 1200 : 600
        guard file.lines.count > cap else { return [] }
        return [Breach(path: file.path, line: cap, text: "\(file.lines.count) lines")]
    }

    private func functionLength(_ file: SourceFile) -> [Breach] {
        FunctionBody.all(in: file).filter { $0.lineCount > 70 }.map {
            Breach(path: file.path, line: $0.line, text: "\($0.name) has \($0.lineCount) lines")
        }
    }

    private func lineLength(_ file: SourceFile) -> [Breach] {
        if file.lines.contains(where: { $0.contains("swift-format-ignore-file") }) { return [] }
        var inTable = false
        var found: [Breach] = []
        for (index, line) in file.lines.enumerated() {
            if line.contains("// swift-format-ignore") { inTable = true }
            if inTable, ["]", "])", "}"].contains(line.drop { $0 == " " }) { inTable = false }
            if line.utf8.count > 100, !inTable, line.count > 100 {
                found.append(
                    Breach(path: file.path, line: index + 1, text: "\(line.count) columns")
                )
            }
        }
        return found
    }

    private func imports(_ file: SourceFile) -> [Breach] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        let allowed = Layers.mayImport[file.target] ?? []
        return file.code.indices.compactMap { index in
            let words = file.codeWords[index]
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count, place <= 2
            else { return nil }
            let module = words[place + 1]
            guard !allowed.contains(module), !Layers.everywhere.contains(module) else { return nil }
            return Breach(
                path: file.path,
                line: index + 1,
                text: "\(file.target) may not import \(module)"
            )
        }
    }

    private func bannedWords(_ file: SourceFile) -> [Breach] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        var phrases = ["try!", "as!", "Foundation", "NSObject", "DispatchQueue"]
        var words = ["Any", "AnyObject", "async", "await"]
        if Layers.dataPath.contains(file.target) {
            words += ["any", "class"]
            phrases += ["@escaping"]
        }
        phrases = phrases.filter { file.blanked.contains($0) }
        return file.code.indices.flatMap { index -> [Breach] in
            let line = file.code[index]
            let present = file.codeWords[index]
            let found = words.filter(present.contains) + phrases.filter { line.contains($0) }
            return found.map { Breach(path: file.path, line: index + 1, text: $0) }
        }
    }

    private func unsafeFiles(_ file: SourceFile) -> [Breach] {
        guard file.path.hasPrefix("Sources/"), !UnsafeList.paths.contains(file.path) else {
            return []
        }
        return file.lines(withWord: "unsafe").map {
            Breach(path: file.path, line: $0, text: "unsafe in a file that is not on the list")
        }
    }

    /// A function that uses `unsafe` needs a SAFETY line inside it or right above it.
    ///
    /// A file whose type documents its invariants does not need any.
    private func safetyComments(_ file: SourceFile) -> [Breach] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        let unsafeLines = Set(file.lines(withWord: "unsafe"))
        if unsafeLines.isEmpty || file.lines.contains(where: { $0.contains("## Invariants") }) {
            return []
        }
        return FunctionBody.all(in: file).compactMap { function in
            guard unsafeLines.contains(where: { $0 >= function.line && $0 <= function.lastLine })
            else { return nil }
            let first = max(function.line - 13, 0)
            let told = file.lines[first..<function.lastLine].contains { $0.contains("SAFETY:") }
            return told
                ? nil
                : Breach(
                    path: file.path,
                    line: function.line,
                    text: "\(function.name) has no SAFETY line"
                )
        }
    }

    private func debtMarks(_ file: SourceFile) -> [Breach] {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK"]
        return file.lines.indices.compactMap { index in
            guard let mark = marks.first(where: file.lines[index].contains) else { return nil }
            return Breach(path: file.path, line: index + 1, text: mark)
        }
    }
}
