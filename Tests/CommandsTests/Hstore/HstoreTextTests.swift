import Primitives
import Testing

@testable import Commands

@Suite struct HstoreTextTests {
    @Test(arguments: ["0", "-0", "7", "120", "1.5", "-1.05", "1e5", "1E+05", "0e-1", "12.0e3"])
    func `numbers of JSON`(text: String) {
        let isNumber = Array(text.utf8).withBytes { HstoreText.isNumber($0) }
        #expect(isNumber)
    }

    @Test(
        arguments: ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "--1", "1 ", " 1", "0x1", "t"]
    )
    func `texts that are no numbers of JSON`(text: String) {
        let isNumber = Array(text.utf8).withBytes { HstoreText.isNumber($0) }
        #expect(!isNumber)
    }
}
