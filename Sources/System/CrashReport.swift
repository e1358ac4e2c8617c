internal import CSupport
internal import Glibc

/// Reports a crash in the log before the process dies of the signal.
///
/// The report contains the signal, the address, the thread, the command and the stack, but never a
/// key or a value. It is written by C code (`CSupport/CrashReport.c`), as no Swift code is certain
/// to work in a signal handler.
public enum CrashReport {
    /// Sets the name of the program, and of the commands by row.
    ///
    /// Precondition: called once, before another thread starts.
    public static func prepare(program: String, commands: [StaticString]) {
        let names = UnsafeMutablePointer<UnsafePointer<CChar>>.allocate(capacity: commands.count)
        for (row, name) in commands.enumerated() {
            unsafe (names + row).initialize(to: text(name))
        }
        // SAFETY: the names are literals; the list and the copied text are never freed.
        guard let program = unsafe strdup(program) else { return }
        unsafe apus_crash_prepare(program, UnsafePointer(names), commands.count)
    }

    /// Appends reports to the log file at `path`, or writes them to standard output if it is empty.
    public static func write(to path: String) {
        // SAFETY: the path is copied.
        unsafe apus_crash_log_to(path)
    }

    /// Turns crash reports on or off.
    public static func isOn(_ isOn: Bool) { apus_crash_catch(isOn) }

    /// Registers the calling thread: its name, a stack for reporting, and its running command.
    public static func enter(_ name: StaticString, number: Int = -1, _ running: RunningRow? = nil) {
        // SAFETY: the name is a literal; the word lives as long as the process.
        unsafe apus_crash_enter(text(name), Int32(clamping: number), running?.word)
    }

    /// Crashes by writing to an unwritable address.
    public static func crash() { apus_crash_now() }

    private static func text(_ literal: StaticString) -> UnsafePointer<CChar> {
        // SAFETY: a literal's bytes end with a zero and live forever.
        unsafe UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// The row of the command that a worker runs, for crash reports.
///
/// ## Invariants
/// `word` lives as long as the process.
@safe
public struct RunningRow: @unchecked Sendable {  // because: a word that is stored to atomically
    fileprivate let word: UnsafeMutablePointer<UInt32>

    /// Two cache lines, which are fetched together.
    ///
    /// Workers sharing a line would slow each other down with every request.
    private static let lineBytes = 128

    /// Creates a value for when no command is running.
    public init() {
        let bytes = RunningRow.lineBytes
        let line = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
        unsafe word = line.bindMemory(to: UInt32.self, capacity: 1)
        unsafe word.initialize(to: 0)
    }

    /// Records that the command of `row` is running.
    @inline(__always)
    public func begin(_ row: Int) {
        unsafe apus_word_store(word, UInt32(truncatingIfNeeded: row + 1))
    }

    /// The row of the running command, or -1.
    public var row: Int { Int(unsafe apus_word_load(word)) - 1 }

    /// Records that no command is running.
    @inline(__always)
    public func end() { unsafe apus_word_store(word, 0) }
}
