import Testing

@testable import Server

@Suite struct NotificationChoiceTests {
    @Test(arguments: [
        ("", ""), ("KEA", "AKE"), ("Ex", "xE"), ("g$lshzxetdK", "AK"), ("mKnoc", "nocKm"),
        ("AKEmnoc", "AnocKEm"), ("tlsK", "lstK"), ("ocm", "ocm"), ("AAA", "A"),
    ])
    func `letters are told in Redis' order`(letters: String, told: String) {
        #expect(NotificationChoice(letters: letters)?.letters == told)
    }

    @Test func `unknown letters choose nothing`() {
        #expect(NotificationChoice(letters: "Kq") == nil)
        #expect(NotificationChoice(letters: "k") == nil)
    }

    @Test func `a choice without a kind of channels, or without events, sends nothing`() {
        let areOn = ["", "A", "K", "KE", "Kx", "Em"].map {
            NotificationChoice(letters: $0)?.isOn ?? true
        }
        #expect(areOn == [false, false, false, false, true, true])
    }
}
