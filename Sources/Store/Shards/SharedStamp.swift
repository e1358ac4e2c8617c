public import CSupport
public import Structures

/// The stamp of new keys: all threads read it, and any thread may set it.
///
/// ## Invariants
/// `word` has a cache line of its own and lives as long as the process.
@safe
@frozen
public struct SharedStamp: @unchecked Sendable {  // because: the word is read and written as one
    @usableFromInline let word: UnsafeMutablePointer<UInt32>

    /// Creates a stamp with all bits zero.
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
