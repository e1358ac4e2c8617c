import Foundation

/// A Swift source file as the rules see it: its lines, and the same lines without comments.
struct SourceFile {
    /// The path relative to the package's root, such as `Sources/Wire/Arguments.swift`.
    let path: String
    let lines: [String]
    /// The text with comments and the contents of literals blanked out.
    let blanked: String
    /// The lines of `blanked`.
    let code: [String]
    /// The words of each line of `code`.
    let codeWords: [[String]]

    /// The target that the file belongs to.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// Whether the file contains a table, whose rows are wider than a line.
    var isTable: Bool { lines.contains { $0.contains("swift-format-ignore") } }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        blanked = Blanking.blank(text)
        code = blanked.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        codeWords = code.map(SourceFile.words)
    }

    /// The numbers (from one) of the lines whose code contains `word` as a whole word.
    func lines(withWord word: String) -> [Int] {
        codeWords.indices.filter { codeWords[$0].contains(word) }.map { $0 + 1 }
    }

    /// The identifiers and numbers in a line.
    static func words(_ line: String) -> [String] {
        line.utf8.split { !isWordByte[Int($0)] }.map { String(Substring($0)) }
    }

    private static let isWordByte: [Bool] = (0..<256).map { byte in
        byte >= 128 || byte == Int(UInt8(ascii: "_"))
            || Unicode.Scalar(UInt8(byte)).properties.isAlphabetic || (48..<58).contains(byte)
    }
}

/// The package's sources, read once.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = files(under: "Sources")
    static let tests = files(under: "Tests")

    /// The names of the targets: the folders of `Sources` that contain Swift files.
    static let targets = Set(sources.map(\.target)).sorted()

    static func text(_ path: String) -> String? {
        try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    private static func files(under folder: String) -> [SourceFile] {
        let names = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
        return (names?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".swift") }
            .sorted()
            .compactMap { name in
                let path = "\(folder)/\(name)"
                return text(path).map { SourceFile(path: path, text: $0) }
            }
    }
}
