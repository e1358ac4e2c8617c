public import CSupport
public import Structures

/// A stamp that all threads read and any thread sets: that of keys that are made now.
///
/// ## Invariants
/// `word` stands on a cache line of its own and lives as long as the process.
@safe
@frozen
public struct SharedStamp: @unchecked Sendable {  // because: the word is read and written as one
    @usableFromInline let word: UnsafeMutablePointer<UInt32>

    /// A stamp whose bits are zero.
    public init() {
        let line = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
        unsafe word = line.initializeMemory(as: UInt32.self, repeating: 0, count: 16)
    }

    /// The stamp.
    @inlinable
    public var stamp: AccessStamp {
        // SAFETY: the invariant.
        get { unsafe AccessStamp(bits: UInt16(truncatingIfNeeded: apus_word_load(word))) }
        nonmutating set { unsafe apus_word_store(word, UInt32(newValue.bits)) }
    }
}
