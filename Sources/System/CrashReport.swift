internal import CSupport
internal import Glibc

/// What a crash leaves in the log before the process dies of its signal: which signal, where, in
/// which thread and command, and the stack; never a key or a value.
///
/// The report is written by C code (`CSupport/CrashReport.c`), as nothing of Swift is sure to work
/// in a signal handler.
public enum CrashReport {
    /// Names the program, and the commands by their rows.
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

    /// Reports crashes from here on, or no longer.
    public static func isOn(_ isOn: Bool) { apus_crash_catch(isOn) }

    /// Gives the calling thread a name in reports, a stack to report on, and where it says which
    /// command it runs.
    public static func enter(_ name: StaticString, number: Int = -1, _ running: RunningRow? = nil) {
        // SAFETY: the name is a literal; the word lives as long as the process.
        unsafe apus_crash_enter(text(name), Int32(clamping: number), running?.word)
    }

    /// Crashes, by writing to an address that cannot be written to.
    public static func crash() { apus_crash_now() }

    private static func text(_ literal: StaticString) -> UnsafePointer<CChar> {
        // SAFETY: a literal's bytes end with a zero and live for ever.
        unsafe UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// The row of the command that a worker runs, where a crash report finds it.
///
/// ## Invariants
/// `word` lives as long as the process.
@safe
public struct RunningRow: @unchecked Sendable {  // because: a word that is stored to atomically
    fileprivate let word: UnsafeMutablePointer<UInt32>

    /// Two cache lines, which are fetched together: workers that share one wait for each other
    /// with every request.
    private static let lineBytes = 128

    /// No command runs.
    public init() {
        let bytes = RunningRow.lineBytes
        let line = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: bytes)
        unsafe word = line.bindMemory(to: UInt32.self, capacity: 1)
        unsafe word.initialize(to: 0)
    }

    /// The command of `row` runs.
    @inline(__always)
    public func begin(_ row: Int) {
        unsafe apus_word_store(word, UInt32(truncatingIfNeeded: row + 1))
    }

    /// No command runs any more.
    @inline(__always)
    public func end() { unsafe apus_word_store(word, 0) }
}
