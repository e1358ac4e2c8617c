import Primitives
import Testing

/// The expected values are from xxHash 0.8, for the bytes 0, 7, 14 and so on.
///
/// They were computed with Python's package `xxhash`.
@Suite struct XXH3Tests {
    static let vectors: [(Int, UInt64)] = [
        (0, 0x2D06_8005_38D3_94C2), (1, 0xC44B_DFF4_074E_ECDB),
        (2, 0x9093_381C_8763_D62E), (3, 0xC348_9259_E968_AD9E),
        (4, 0xD3D6_0C15_1901_4E89), (5, 0x5599_35C0_F3F7_327F),
        (8, 0xB88D_EE77_F6BF_6980), (9, 0x0368_8DCA_D730_D826),
        (15, 0x2E52_BC81_C6A3_0FA3), (16, 0x9DA2_3836_ADF2_BE1E),
        (17, 0xF34C_3C9C_F5A1_12D1), (31, 0x1C67_7662_71B9_5C64),
        (32, 0x99CB_9AD0_F1A1_1FBE), (33, 0xC077_B454_92D2_9CDE),
        (64, 0x6EFB_76FF_16F3_7561), (65, 0x2640_848E_9137_156B),
        (96, 0x764D_2D5D_B929_42DF), (97, 0x077A_CB7E_5F4F_D940),
        (127, 0x9211_3FC2_8F4B_970C), (128, 0x65F3_C2C0_0FA9_3185),
        (129, 0x2806_5C6E_C25F_5B25), (143, 0x2A0C_ABB0_C54E_9CA6),
        (144, 0x600E_8D34_5FF9_620D), (160, 0xCC59_2DA6_8FEA_2254),
        (239, 0x6CE0_B131_91E6_35EA), (240, 0x4917_A75C_0EF8_EED7),
        (241, 0x541B_1922_6F00_52E8), (255, 0x99B3_7C2C_806E_33D3),
        (256, 0xFF5A_1CEF_ADE7_5BB9), (511, 0xC478_66E1_4995_04B9),
        (512, 0xF6FE_5147_1F2F_A1EC), (513, 0x419C_E41F_F1A9_FF32),
        (1023, 0x2CC3_EB48_D98F_537F), (1024, 0xDC5A_CF0B_043C_445B),
        (1025, 0xE1D9_CD94_6277_AE26), (1087, 0x1F4C_2C7A_0A0B_083C),
        (1088, 0x4A9C_2219_12B9_3194), (1089, 0x0E6D_E48C_4A64_82D5),
        (2048, 0x848D_24CC_268F_7498), (2049, 0xC757_A52B_B931_999D),
        (4096, 0x8FB0_47A8_9E81_0965), (8191, 0xE2AA_3568_F489_3693),
        (8192, 0x123C_F956_3B48_8D3E), (65536, 0x0563_D19D_5365_2969),
        (100000, 0x0127_1D27_40E5_FCA3),
    ]

    private func hash(_ count: Int) -> UInt64 {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }.withBytes { XXH3.hash($0) }
    }

    @Test(arguments: vectors)
    func `hashes equal the reference around every threshold`(count: Int, expected: UInt64) {
        #expect(hash(count) == expected)
    }

    @Test func `hashes of all lengths up to 1,199 equal the reference`() {
        var total: UInt64 = 0
        for count in 0..<1200 { total = total &* 31 &+ hash(count) }
        #expect(total == 0xC68E_658A_B43C_C9DE)
    }

    @Test func `the address of the bytes makes no difference`() {
        let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 * 13) }
        for start in 0..<9 {
            let copy = [UInt8](repeating: 1, count: start) + bytes
            let shifted = copy.withBytes { XXH3.hash($0.dropFirst(start)) }
            let plain = bytes.withBytes { XXH3.hash($0) }
            #expect(shifted == plain)
        }
    }
}
