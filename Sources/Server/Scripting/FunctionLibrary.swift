internal import Primitives
internal import Scripting
internal import Synchronization

/// A function library, shared by all workers; each of them loads it when it needs it.
final class FunctionLibrary: Sendable {
    /// A function of a library.
    struct Function: Sendable {
        let name: [UInt8]
        /// Empty if there is none.
        let description: [UInt8]
        let flags: ScriptHeader.Flags

        /// The key under which it is found.
        var key: [UInt8] { Function.key(of: name) }

        /// Names are case-insensitive.
        static func key(of name: [UInt8]) -> [UInt8] {
            name.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        }
    }

    let name: [UInt8]
    let code: [UInt8]
    /// Sorted by name.
    let functions: [Function]
    /// Whether its functions provably use only the keys that their callers declare.
    let isConfined: Bool
    /// Whether it was deleted or replaced.
    let isRemoved = Atomic<Bool>(false)

    init(name: [UInt8], code: [UInt8], functions: [Function], isConfined: Bool) {
        self.name = name
        self.isConfined = isConfined
        self.code = code
        self.functions = functions.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// The memory used in addition to the texts, in bytes.
    private static let overhead = 200
    /// The memory used, in bytes.
    var byteCount: Int {
        functions.reduce(code.count + name.count + FunctionLibrary.overhead) {
            $0 + $1.name.count + $1.description.count + FunctionLibrary.overhead
        }
    }

    /// Whether this is a valid name for a library or a function.
    static func isName(_ name: Bytes) -> Bool {
        !name.isEmpty
            && (0..<name.count).allSatisfy {
                switch name[$0] {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
