import Testing

@testable import Server

@Suite struct KeySizesTests {
    @Test(arguments: [
        (0, "0"), (1, "1"), (2, "2"), (3, "2"), (4, "4"), (1023, "512"), (1024, "1K"),
        (2047, "1K"), (1 << 20, "1M"), (512 << 20, "512M"), (1 << 30, "1G"),
    ])
    func `sizes are counted by powers of two`(_ size: Int, _ name: String) {
        #expect(KeySizes.name(ofBin: KeySizes.bin(size)) == name)
    }
}
