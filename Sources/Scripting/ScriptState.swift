internal import CLua
public import Primitives
public import Wire

/// What the server provides to scripts; nothing here may keep the words it receives.
public struct ScriptHost {
    /// Runs a command and returns its RESP2 or RESP3 reply, valid until the next call.
    ///
    /// `isLogged` is false if redis.set_repl keeps its effects out of the append-only file.
    public var call: (_ words: Arguments, _ isRESP3: Bool, _ isLogged: Bool) -> Bytes
    /// Whether the script's user may run a command; nil if there is no such command.
    public var mayRun: (_ words: Arguments) -> Bool?
    /// Writes a line to the log, at a level from 0 (debugging) to 3 (warnings).
    public var log: (_ level: Int, _ line: Bytes) -> Void
    /// Called periodically while a script runs; returning true aborts the script.
    public var mustEnd: () -> Bool
    /// Registers a library's function; returns an error text, or nil.
    public var register: (_ function: ScriptState.Registration) -> StaticString?

    /// Creates a host.
    public init(
        call: @escaping (_ words: Arguments, _ isRESP3: Bool, _ isLogged: Bool) -> Bytes,
        mayRun: @escaping (_ words: Arguments) -> Bool?,
        log: @escaping (_ level: Int, _ line: Bytes) -> Void,
        mustEnd: @escaping () -> Bool,
        register: @escaping (_ function: ScriptState.Registration) -> StaticString?
    ) {
        self.call = call
        self.mayRun = mayRun
        self.log = log
        self.mustEnd = mustEnd
        self.register = register
    }
}

/// A Lua state, in which a thread runs its scripts one after another.
///
/// ```text
/// compile ─▶ Function ─▶ run ─▶ reply, or failure
///                         └─▶ host.call … for every redis.call
/// ```
///
/// ## Invariants
/// `init` creates `lua` and `deinit` destroys it; only one thread uses it at a time. What the
/// host returns stays readable until the host is called again.
@safe
public final class ScriptState {
    /// A function in the state.
    public struct Function: Equatable, Sendable {
        fileprivate let reference: Int32
    }

    /// A function that a library registers while it is loaded.
    public struct Registration {
        /// Its name.
        public let name: Bytes
        /// Its description; empty if there is none.
        public let description: Bytes
        /// The names of its flags.
        public let flags: [Bytes]
        /// The function.
        public let function: Function
    }

    /// Why a script ended early; valid until the state is used again.
    public struct Failure: Error, @unchecked Sendable {  // because: used at once, where thrown
        /// The error's code and text.
        public let message: Bytes
        /// The chunk that raised it, `@user_script`; empty if unknown.
        public let source: Bytes
        /// The line in that chunk.
        public let line: Int
    }

    private let lua: OpaquePointer
    private let host: ScriptHost

    /// Creates a state of at most `bytesMax` bytes; nil if memory is exhausted.
    ///
    /// `version` is the server version that scripts see.
    public init?(version: StaticString, bytesMax: Int, host: ScriptHost) {
        self.host = host
        // SAFETY: the box outlives the state, which frees it last.
        let box = HostBox(host)
        self.box = box
        let context = unsafe Unmanaged.passUnretained(box).toOpaque()
        var table = unsafe ScriptState.callbacks(context, version)
        guard let lua = unsafe apus_lua_create(&table, bytesMax) else { return nil }
        unsafe self.lua = lua
    }

    private let box: HostBox

    deinit { unsafe apus_lua_destroy(lua) }

    /// The memory that the state uses, in bytes.
    public var byteCount: Int { unsafe Int(apus_lua_bytes(lua)) }

    /// Limits the memory that the state may use.
    public func limit(to bytesMax: Int) { unsafe apus_lua_limit(lua, bytesMax) }

    /// Frees the garbage that scripts have left behind.
    public func collectGarbage() { unsafe apus_lua_collect(lua) }

    /// Compiles a script; error locations refer to it as `name`.
    ///
    /// Throws: why the script is invalid; only the message is meaningful.
    public func compile(_ chunk: Bytes, name: StaticString) throws(Failure) -> Function {
        var text = unsafe apus_text(chunk)
        var error = unsafe apus_text(Bytes())
        // SAFETY: both are borrowed for the call; the name is a literal, which is zero-terminated.
        let reference = unsafe name.utf8Start.withMemoryRebound(
            to: CChar.self,
            capacity: name.utf8CodeUnitCount + 1
        ) { unsafe apus_lua_compile(lua, &text, $0, &error) }
        guard reference > 0 else {
            throw unsafe Failure(message: Bytes(error), source: Bytes(), line: 0)
        }
        return Function(reference: reference)
    }

    /// Releases a function.
    public func forget(_ function: Function) { unsafe apus_lua_forget(lua, function.reference) }

    /// Runs a script: `keyCount` keys from word `start` on, followed by the other arguments.
    ///
    /// `isPassed` says whether they are passed as parameters rather than globals. Returns the
    /// reply in the client's protocol, valid until the state is used again.
    public func run(
        _ function: Function,
        _ words: Arguments,
        from start: Int,
        keyCount: Int,
        isPassed: Bool,
        isRESP3: Bool
    ) throws(Failure) -> Bytes {
        let rest = words.count - start - keyCount
        precondition(keyCount >= 0 && rest >= 0, "the keys are among the words")
        var reply = unsafe apus_text(Bytes())
        var failure = unsafe apus_lua_failure()
        // SAFETY: the words are laid out as `apus_text` is, and borrowed for the call.
        let isDone = unsafe words.withWords(from: start) { base, count in
            unsafe base.withMemoryRebound(to: apus_text.self, capacity: count) { base in
                var call = unsafe apus_lua_call(
                    function: function.reference,
                    passes_words: isPassed ? 1 : 0,
                    resp: isRESP3 ? 3 : 2,
                    words: base,
                    key_count: keyCount,
                    rest_count: rest
                )
                return unsafe apus_lua_run(lua, &call, &reply, &failure)
            }
        }
        guard isDone != 0 else { throw unsafe Failure(failure) }
        return unsafe Bytes(reply)
    }

    /// Runs a library, which registers its functions.
    public func load(_ library: Function) throws(Failure) {
        var failure = unsafe apus_lua_failure()
        guard unsafe apus_lua_load_library(lua, library.reference, &failure) != 0 else {
            throw unsafe Failure(failure)
        }
    }

    // MARK: Called by Lua

    /// Gives the closures a stable address.
    private final class HostBox {
        let host: ScriptHost
        init(_ host: ScriptHost) { self.host = host }

        static func host(_ context: UnsafeMutableRawPointer) -> ScriptHost {
            // SAFETY: the state that owns the box is running.
            unsafe Unmanaged<HostBox>.fromOpaque(context).takeUnretainedValue().host
        }
    }

    private static func callbacks(
        _ context: UnsafeMutableRawPointer,
        _ version: StaticString
    ) -> apus_lua_host {
        // SAFETY: each gets the box, and words that are readable during the call; a literal
        // lives forever and is zero-terminated.
        let text = unsafe UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
        return unsafe apus_lua_host(
            context: context,
            version: text,
            version_number: versionNumber(version),
            call: { context, words, count, resp, replication, reply in
                let words = unsafe ScriptState.arguments(words, count)
                unsafe reply.pointee = unsafe apus_text(
                    HostBox.host(context).call(words, resp == 3, replication & 1 != 0)
                )
            },
            may_run: { context, words, count in
                let words = unsafe ScriptState.arguments(words, count)
                guard let may = unsafe HostBox.host(context).mayRun(words) else { return -1 }
                return may ? 1 : 0
            },
            sha1: { bytes, count, digits in
                let digest = unsafe ScriptDigest(of: Bytes(base: bytes, count: count))
                unsafe UnsafeMutableRawPointer(digits).withMemoryRebound(
                    to: UInt8.self,
                    capacity: ScriptDigest.digitCount
                ) { unsafe digest.write(to: $0) }
            },
            log: { context, level, bytes, count in
                let line = unsafe Bytes(base: bytes, count: count)
                unsafe HostBox.host(context).log(Int(level), line)
            },
            write_number: { number, text in
                unsafe UnsafeMutableRawPointer(text).withMemoryRebound(
                    to: UInt8.self,
                    capacity: FloatText.byteCountMax
                ) { text in
                    if let integer = Int64(exactly: number) {
                        return unsafe DecimalText.write(integer, to: text)
                    }
                    return unsafe FloatText.write(number, to: text)
                }
            },
            interrupt: { context in unsafe HostBox.host(context).mustEnd() ? 1 : 0 },
            register_function: { context, name, description, flags, flagCount, function, error in
                let registration = unsafe Registration(
                    name: Bytes(name.pointee),
                    description: Bytes(description.pointee),
                    flags: (0..<flagCount).map { unsafe Bytes(flags[$0]) },
                    function: Function(reference: function)
                )
                guard let text = unsafe HostBox.host(context).register(registration) else { return }
                unsafe error.pointee = unsafe apus_text(Bytes(text))
            }
        )
    }

    private static func arguments(_ words: UnsafePointer<apus_text>, _ count: Int) -> Arguments {
        // SAFETY: laid out as Bytes are.
        unsafe Arguments(
            base: UnsafeRawPointer(words).assumingMemoryBound(to: Bytes.self),
            count: count
        )
    }

    /// Packs `major.minor.patch` into one byte each.
    private static func versionNumber(_ version: StaticString) -> Int32 {
        var number: Int32 = 0
        var part: Int32 = 0
        let text = Bytes(version)
        for index in 0..<text.count {
            if text[index] == UInt8(ascii: ".") {
                number = number << 8 | part
                part = 0
            } else {
                part = part * 10 + Int32(text[index] & 0x0F)
            }
        }
        return number << 8 | part
    }
}

extension apus_text {
    fileprivate init(_ bytes: Bytes) {
        // SAFETY: the caller keeps the bytes.
        unsafe self.init(bytes: bytes.base, count: bytes.count)
    }
}

extension Bytes {
    fileprivate init(_ text: apus_text) {
        // SAFETY: the text is readable as long as its owner says.
        unsafe self.init(base: text.bytes, count: text.count)
    }
}

extension ScriptState.Failure {
    fileprivate init(_ failure: apus_lua_failure) {
        unsafe self.init(
            message: Bytes(failure.message),
            source: Bytes(failure.source),
            line: Int(failure.line)
        )
    }
}
