import Testing

@testable import Server

@Suite struct CommandRulesTests {
    private func text(_ words: String, fromAll: Bool = false) -> String {
        var rules = CommandRules()
        rules.startOver(fromAll: fromAll)
        for word in words.split(separator: " ") {
            rules.add(Array(word.dropFirst().utf8), isAllowed: word.first == "+")
        }
        return String(decoding: rules.text, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "-@all"), ("+get +set", "-@all +get +set"), ("+get +set -get", "-@all +set -get"),
        ("+config|get +config|set -config", "-@all -config"),
        ("+config +config|get", "-@all +config +config|get"),
        ("+config|get +config|get", "-@all +config|get"),
        ("+configure +config", "-@all +configure +config"),
    ])
    func `the latest rule about a name counts`(_ words: String, _ expected: String) {
        #expect(text(words) == expected)
    }

    @Test func `the rules start with what was allowed initially`() {
        #expect(text("-get", fromAll: true) == "+@all -get")
    }
}
