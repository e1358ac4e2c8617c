import Primitives
import Testing

@Suite struct HashSlotTests {
    private static func slot(_ text: String) -> Int {
        Array(text.utf8).withBytes { Int(HashSlot(of: $0).number) }
    }

    @Test func `the slots of known keys`() {
        // The check value of CRC16/XMODEM, and replies of CLUSTER KEYSLOT.
        #expect(Self.slot("123456789") == 0x31C3)
        for (key, slot) in [("foo", 12182), ("somekey", 11058), ("bar", 5061), ("", 0)] {
            #expect(Self.slot(key) == slot)
        }
    }

    @Test func `only the text between the first braces counts, if there is any`() {
        #expect(Self.slot("foo{hash_tag}") == 2515 && Self.slot("bar{hash_tag}") == 2515)
        #expect(Self.slot("{user1000}.following") == Self.slot("user1000"))
        #expect(Self.slot("foo{bar}{zap}") == Self.slot("bar"))
        #expect(Self.slot("foo{{bar}}zap") == Self.slot("{bar"))
        #expect(Self.slot("foo{}{bar}") != Self.slot("bar"))
        #expect(Self.slot("foo{}{bar}") == 8363)
        #expect(Self.slot("a{b") != Self.slot("b") && Self.slot("a}b{c}") == Self.slot("c"))
    }
}
