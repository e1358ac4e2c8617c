import Testing

@testable import Commands

@Suite struct KeyEventTests {
    @Test func `every event has the row that matches its name`() {
        for event in KeyEvent.allCases where event != .unnamed {
            let letters = event.name.description.filter { $0 != "_" && $0 != "-" }
            #expect(letters == "\(event)".lowercased())
            #expect(!event.classes.isEmpty)
        }
    }

    @Test func `A means all classes except those that must be requested individually`() {
        let rest: KeyEvent.Classes = [.missed, .new, .overwritten, .typeChanged]
        #expect(KeyEvent.Classes(letter: "A")?.isDisjoint(with: rest) == true)
        var all = rest
        for (letter, classes) in KeyEvent.Classes.letters {
            #expect(KeyEvent.Classes(letter: letter) == classes)
            all.formUnion(classes)
        }
        #expect(all == rest.union(.all))
        #expect(KeyEvent.Classes(letter: "q") == nil)
    }
}
