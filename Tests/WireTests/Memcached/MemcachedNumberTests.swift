import Primitives
import Testing

@testable import Wire

@Suite struct MemcachedNumberTests {
    @Test func `unsigned numbers are those of strtoull`() {
        #expect(MemcachedNumber.unsigned(Bytes("0")) == 0)
        #expect(MemcachedNumber.unsigned(Bytes("18446744073709551615")) == .max)
        #expect(MemcachedNumber.unsigned(Bytes("18446744073709551616")) == nil)
        #expect(MemcachedNumber.unsigned(Bytes(" +0012 rest")) == 12)
        #expect(MemcachedNumber.unsigned(Bytes("-1")) == nil)
        #expect(MemcachedNumber.unsigned(Bytes("")) == nil)
        #expect(MemcachedNumber.unsigned(Bytes("+")) == nil)
        #expect(MemcachedNumber.unsigned(Bytes("1x")) == nil)
        #expect(MemcachedNumber.unsigned(Bytes("x")) == nil)
    }

    @Test func `signed numbers are those of strtol`() {
        #expect(MemcachedNumber.signed(Bytes("-17")) == -17)
        #expect(MemcachedNumber.signed(Bytes("\t5\n")) == 5)
        #expect(MemcachedNumber.signed(Bytes("9223372036854775807")) == .max)
        #expect(MemcachedNumber.signed(Bytes("9223372036854775808")) == nil)
        #expect(MemcachedNumber.signed(Bytes("--1")) == nil)
    }
}
