import Foundation
import Testing

/// The folders contain what a reader expects.
@Suite("The layout of the package")
struct LayoutTests {
    @Test("Every target that is a layer has a README of one screen")
    func readmes() throws {
        for target in SourceTree.targets where Layers.mayImport[target] != nil {
            if target.hasPrefix("apus-") { continue }
            let text = try #require(
                SourceTree.text("Sources/\(target)/README.md"),
                "\(target) has no README.md"
            )
            #expect(text.hasPrefix("# \(target)\n"))
            #expect(
                text.split(separator: "\n").count >= 5,
                "the README of \(target) says too little"
            )
            #expect(text.split(separator: "\n").count <= 80, "the README of \(target) is too long")
        }
    }

    @Test("The import rules know every target")
    func targetsAreKnown() {
        for target in SourceTree.targets {
            #expect(Layers.mayImport[target] != nil, "Layers.swift has no row for \(target)")
        }
    }

    @Test("Package.swift has the arrows that the import rules have")
    func arrows() throws {
        let manifest = Manifest(try #require(SourceTree.text("Package.swift")))
        for (target, allowed) in Layers.mayImport {
            let depends = manifest.dependencies[target]
            #expect(depends == allowed, "\(target) differs from Tests/TidyTests/Rules.swift")
        }
    }

    @Test("A test imports what its target depends on")
    func testImports() throws {
        let manifest = Manifest(try #require(SourceTree.text("Package.swift")))
        let everywhere = Layers.everywhere.union(["Testing", "Foundation"])
        for file in SourceTree.tests {
            let modules = Set(
                (manifest.dependencies[file.target] ?? []).map {
                    $0.replacing("-", with: "_")
                }
            )
            for words in file.codeWords {
                guard let place = words.firstIndex(of: "import"), place <= 1,
                    words.count == place + 2
                else { continue }
                let module = words[place + 1]
                #expect(
                    modules.contains(module) || everywhere.contains(module),
                    "\(file.path) imports \(module), on which \(file.target) does not depend"
                )
            }
        }
    }

    @Test("A manifest is read as it is written")
    func manifest() {
        let manifest = Manifest(
            """
            layer("Wire", ["Primitives", "CSupport"], settings: hot),
            .executableTarget(
                name: "tool",
                dependencies: ["Wire", .product(name: "Chart", package: "charts")]
            ),
            tests("TidyTests", []),
            """
        )
        #expect(
            manifest.dependencies == [
                "Wire": ["Primitives", "CSupport"], "tool": ["Wire", "Chart"], "TidyTests": [],
            ]
        )
    }

    @Test("A file is named for what it holds, never for a drawer")
    func fileNames() {
        let drawers = ["Utils", "Helpers", "Common", "Misc", "Manager", "Placeholder2"]
        for file in SourceTree.sources {
            let name = String(file.path.split(separator: "/").last?.dropLast(6) ?? "")
            let isDrawer = drawers.contains(where: name.hasSuffix)
            #expect(!isDrawer, "\(file.path)")
        }
    }

    @Test("Every command has one row, in one file")
    func commandRows() {
        var places: [String: [String]] = [:]
        for file in SourceTree.sources {
            for (index, line) in file.lines.enumerated() {
                guard let name = commandName(line) else { continue }
                places[name, default: []].append("\(file.path):\(index + 1)")
            }
        }
        for (name, found) in places.sorted(by: { $0.key < $1.key }) {
            #expect(found.count == 1, "\(name) has the rows \(found)")
            #expect(name == name.uppercased(), "\(name) is not in capitals")
        }
        #expect(!places.isEmpty)
    }

    /// The name in a row `DataCommand("NAME", …` or `AdminCommand("NAME", …`.
    private func commandName(_ line: String) -> String? {
        let trimmed = line.drop { $0 == " " }
        for head in ["DataCommand(\"", "AdminCommand(\""] where trimmed.hasPrefix(head) {
            return String(trimmed.dropFirst(head.count).prefix { $0 != "\"" })
        }
        return nil
    }
}
