import Primitives
import Testing

/// The expected values are from Python's hashlib, for the bytes 0, 7, 14 and so on.
@Suite struct SHA1Tests {
    static let vectors: [(Int, [UInt32])] = [
        (0, [0xDA39_A3EE, 0x5E6B_4B0D, 0x3255_BFEF, 0x9560_1890, 0xAFD8_0709]),
        (1, [0x5BA9_3C9D, 0xB0CF_F93F, 0x52B5_21D7, 0x420E_43F6, 0xEDA2_784F]),
        (3, [0x7555_0941, 0x124B_46EB, 0x4161_D17A, 0xC200_C05C, 0x4FC0_3CE7]),
        (55, [0xAECD_1643, 0xC990_3B9B, 0xAE8C_B94F, 0x53C5_0F8A, 0x4E18_605B]),
        (56, [0xF5D6_5C62, 0x1C02_CC8E, 0x7851_59FE, 0xFF80_88E3, 0x072D_A1BC]),
        (57, [0xA696_40F4, 0x50B0_1DD4, 0x4B09_6A2A, 0x697B_52E3, 0xF2AE_B117]),
        (63, [0x4952_F0FE, 0x097E_4D64, 0x10AE_9EAB, 0x4855_AA83, 0x6CAF_3BFF]),
        (64, [0x1E17_AE1F, 0xC093_E5DA, 0xCA03_3553, 0xC97A_5192, 0xCA16_4486]),
        (65, [0xAC44_F5DB, 0xE3E9_B5D2, 0x733F_C953, 0x7FCA_D715, 0xC3C2_0BC3]),
        (119, [0xB4A4_E690, 0x60D0_B1E7, 0xE8EB_BF70, 0x41A4_211C, 0x6343_8B57]),
        (120, [0xB651_390C, 0x2996_4063, 0x36A3_F664, 0x7E4B_590C, 0x18CD_D6F8]),
        (128, [0x5168_46CD, 0x40BD_1FE4, 0x3111_9C3B, 0x0A0F_3629, 0x5799_2EE8]),
        (1000, [0x38F3_AA58, 0x7F4A_A049, 0x65A3_59F9, 0x1510_9275, 0x9B3A_4C2A]),
        (65536, [0xE5F5_AC22, 0xD3F9_BA27, 0x0AA8_541C, 0x3374_1929, 0x7DED_8EBB]),
    ]

    @Test(arguments: vectors) func sumsOfBytes(count: Int, words: [UInt32]) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        #expect(bytes.withBytes { SHA1(of: $0) }.words == words)
    }

    @Test func theSumOfASumIsThatOfItsBytes() {
        let sum = SHA1(of: Bytes("abc"))
        let bytes = sum.words.flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - $0 * 8)) }
        }
        #expect(SHA1(of: sum) == bytes.withBytes { SHA1(of: $0) })
    }

    @Test func differencesCancelEachOther() {
        let (one, other) = (SHA1(of: Bytes("one")), SHA1(of: Bytes("other")))
        #expect(one ^ other ^ one == other)
        #expect(one ^ one == SHA1())
        #expect(SHA1().words == [0, 0, 0, 0, 0])
    }
}
