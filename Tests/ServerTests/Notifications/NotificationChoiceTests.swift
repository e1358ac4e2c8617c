import Testing

@testable import Server

@Suite struct NotificationChoiceTests {
    @Test(arguments: [
        ("", ""), ("KEA", "AKE"), ("Ex", "xE"), ("g$lshzxetdK", "AK"), ("mKnoc", "nocKm"),
        ("AKEmnoc", "AnocKEm"), ("tlsK", "lstK"), ("ocm", "ocm"), ("AAA", "A"),
        ("VITSKhm", "hKmSTIV"), ("ASE", "AES"),
    ])
    func `letters are listed in Redis' order`(letters: String, told: String) {
        #expect(NotificationChoice(letters: letters)?.letters == told)
    }

    @Test func `unknown letters are rejected`() {
        #expect(NotificationChoice(letters: "Kq") == nil)
        #expect(NotificationChoice(letters: "k") == nil)
    }

    @Test func `without channels or events to publish, nothing is sent`() {
        let areOn = ["", "A", "K", "KE", "Kx", "Em"].map {
            NotificationChoice(letters: $0)?.isOn ?? true
        }
        #expect(areOn == [false, false, false, false, true, true])
    }

    @Test(arguments: [
        ("STIV", false), ("Sh", true), ("AV", true), ("KEA", false), ("Tg", false), ("KEAI", true),
    ])
    func `fields are named on some channels of hashes`(letters: String, named: Bool) {
        #expect(NotificationChoice(letters: letters)?.namesFields == named)
    }
}
