import Foundation
import Testing

/// The sources follow the house style; known violations are listed in `Exceptions.swift`.
@Suite("The sources keep the rules")
struct RuleTests {
    @Test("Every rule holds but for the known exceptions", arguments: Rule.allCases)
    func ruleHolds(_ rule: Rule) {
        for file in SourceTree.sources + SourceTree.tests {
            let breaches = rule.breaches(in: file)
            let allowed = KnownException.allowed(rule, file.path)
            let list = breaches.map(\.description).joined(separator: "\n")
            #expect(
                breaches.count <= allowed,
                "\(rule.rawValue); \(allowed) are known in \(file.path), found:\n\(list)"
            )
        }
    }

    /// `TIDY_PRINT=1 swift test --filter TidyTests` prints lines for the lists of exceptions.
    ///
    /// They are what `UnsafeList.swift` and `Exceptions.swift` would need now.
    @Test(
        "What breaks a rule can be printed",
        .enabled(if: ProcessInfo.processInfo.environment["TIDY_PRINT"] != nil)
    )
    func printBreaches() {
        for rule in Rule.allCases {
            for file in SourceTree.sources + SourceTree.tests {
                let count = rule.breaches(in: file).count
                if count > 0 {
                    print("KnownException(.\(rule), \"\(file.path)\", count: \(count), \"\"),")
                }
            }
        }
    }

    @Test("Every known exception is still needed")
    func exceptionsAreNeeded() {
        for exception in KnownException.all {
            let file = (SourceTree.sources + SourceTree.tests).first { $0.path == exception.path }
            let count = file.map { exception.rule.breaches(in: $0).count } ?? 0
            #expect(
                count == KnownException.allowed(exception.rule, exception.path),
                "\(exception.path) breaks \(exception.rule) \(count) times: mend Exceptions.swift"
            )
            #expect(exception.reason.count > 10)
        }
    }

    @Test("Every file on the unsafe list exists and is unsafe")
    func unsafeListIsNeeded() {
        for path in UnsafeList.paths {
            let file = SourceTree.sources.first { $0.path == path }
            let lines = file?.lines(withWord: "unsafe") ?? []
            #expect(!lines.isEmpty, "\(path) is on the unsafe list for nothing")
        }
    }

    @Test("The rules see what they look for")
    func rulesSee() {
        let file = SourceFile(
            path: "Sources/Wire/Sample.swift",
            text: """
                internal import Store
                // unsafe try! in a comment, and "unsafe" in a literal: \\(unsafe)
                let text = "unsafe \\(value("x")) try!"
                func broken() {
                    let a = unsafe try! b as! Any
                }
                protocol P { func nothing() }
                """
        )
        #expect(Rule.imports.breaches(in: file).map(\.line) == [1])
        #expect(Rule.bannedWords.breaches(in: file).map(\.text) == ["Any", "try!", "as!"])
        #expect(Rule.unsafeFiles.breaches(in: file).map(\.line) == [5])
        #expect(Rule.safetyComment.breaches(in: file).map(\.line) == [4])
        #expect(FunctionBody.all(in: file).map(\.name) == ["broken"])
        #expect(FunctionBody.all(in: file).map(\.lineCount) == [3])
    }
}
