internal import Primitives
internal import Scripting
internal import Synchronization

/// A script that clients may call by its digest, shared by all workers.
final class Script: Sendable {
    let digest: ScriptDigest
    /// The digest as text.
    let name: [UInt8]
    let text: [UInt8]
    let header: ScriptHeader
    /// Whether it provably uses only the keys that its caller declares.
    let isConfined: Bool
    /// Whether it may no longer be called by its digest.
    let isRemoved = Atomic<Bool>(false)
    /// Whether it was added by SCRIPT LOAD, and is thus kept until SCRIPT FLUSH.
    let isLoaded: Atomic<Bool>
    /// When it was last called by EVAL, in milliseconds since 1970.
    let evaluatedAt = Atomic<Int64>(0)

    init(
        _ text: [UInt8],
        _ digest: ScriptDigest,
        _ header: ScriptHeader,
        isConfined: Bool,
        isLoaded: Bool
    ) {
        self.text = text
        self.digest = digest
        name = digest.text
        self.header = header
        self.isConfined = isConfined
        self.isLoaded = Atomic(isLoaded)
    }

    /// The memory used in addition to the text, in bytes.
    static let overhead = 200
    /// The memory used, in bytes.
    var byteCount: Int { text.count + Script.overhead }
}
