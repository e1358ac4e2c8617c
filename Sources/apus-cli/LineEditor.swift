internal import CEdit
internal import Glibc
internal import Remote

/// A line editor with history, reverse search, completion and hints, based on libedit.
///
/// The hint is drawn between two keys: libedit has just drawn the line and waits for a character,
/// which this type reads. Before it passes on the character, it erases the hint, so that libedit
/// never knows about it.
///
/// ## Invariants
/// - `editor` and `history` are created in `init` and destroyed in `deinit`, once.
/// - The editor's owner is this object, which lives as long as the editor (it is a class because C
///   knows its address).
/// - `prompt` is a terminated string from malloc, replaced only between two lines.
@safe
final class LineEditor {
    private let editor: OpaquePointer
    private let history: OpaquePointer
    private var prompt: UnsafeMutablePointer<CChar>?
    private var promptWidth = 0

    /// The documentation for completion and hints.
    var docs = CommandDocs.none
    var showsHints = true

    /// Nil if the terminal does not support editing.
    init?(history lines: [String]) {
        useUTF8()
        // SAFETY: the streams are the process's own, the name is copied.
        guard let editor = unsafe apus_edit_make("apus-cli"),
            let history = unsafe history_init()
        else { return nil }
        unsafe self.editor = editor
        unsafe self.history = history
        unsafe apus_history_size(history, Int32(HistoryFile.linesMax))
        for line in lines { unsafe apus_history_enter(history, line) }
        setUp()
    }

    deinit {
        // SAFETY: both were made in `init` and are used by nobody else.
        unsafe history_end(history)
        unsafe el_end(editor)
        unsafe free(prompt)
    }

    private func setUp() {
        // SAFETY: the callbacks find this object by the owner, which outlives the editor.
        unsafe apus_edit_set_owner(editor, Unmanaged.passUnretained(self).toOpaque())
        unsafe apus_edit_prompt(editor) { unsafe LineEditor.owner(of: $0)?.prompt }
        unsafe apus_edit_emacs(editor)
        unsafe apus_edit_history(editor, history)
        unsafe apus_edit_function(editor, "apus-complete", "Complete the word") { editor, _ in
            unsafe LineEditor.owner(of: editor)?.complete() ?? UInt8(CC_NORM)
        }
        unsafe apus_edit_bind(editor, "^I", "apus-complete")
        unsafe apus_edit_bind(editor, "^R", "em-inc-search-prev")
        unsafe apus_edit_bind(editor, "^W", "ed-delete-prev-word")
        unsafe apus_edit_reader(editor) { editor, target in
            guard let owner = unsafe LineEditor.owner(of: editor),
                let scalar = owner.readCharacter()
            else { return 0 }
            unsafe target?.pointee = wchar_t(scalar.value)
            return 1
        }
    }

    private static func owner(of editor: OpaquePointer?) -> LineEditor? {
        // SAFETY: the owner was set to the living object in `setUp`.
        guard let editor = unsafe editor, let owner = unsafe apus_edit_owner(editor) else {
            return nil
        }
        return unsafe Unmanaged<LineEditor>.fromOpaque(owner).takeUnretainedValue()
    }

    /// Reads a line, without its end; nil at the end of input or after ^C.
    func read(prompt text: String) -> String? {
        // SAFETY: strdup's string is freed by the next one or by `deinit`; the line is copied.
        unsafe free(prompt)
        unsafe prompt = strdup(text)
        promptWidth = text.unicodeScalars.count
        unsafe el_resize(editor)
        // Before the prompt is shown, for characters typed immediately.
        unsafe apus_edit_prepare(editor)
        var count: Int32 = 0
        guard let line = unsafe el_gets(editor, &count), count > 0 else { return nil }
        var read = unsafe String(cString: line)
        while read.last?.isNewline ?? false { read.removeLast() }
        return read
    }

    /// Adds a line to the history for the arrow keys and ^R.
    func remember(_ line: String) {
        // SAFETY: the string is copied by the call.
        unsafe apus_history_enter(history, line)
    }

    /// The current line up to the cursor, and whether the cursor is at its end.
    private func current() -> (text: String, isAtEnd: Bool) {
        // SAFETY: the pointers bound the editor's buffer, which is copied at once.
        guard let line = unsafe el_line(editor)?.pointee, let buffer = unsafe line.buffer else {
            return ("", true)
        }
        let count = unsafe line.cursor - buffer
        let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: max(count, 0))
        return (unsafe String(decoding: bytes, as: UTF8.self), unsafe line.cursor == line.lastchar)
    }

    // MARK: Keys

    private func readCharacter() -> Unicode.Scalar? {
        let isHinted = drawHint()
        defer { if isHinted { Streams.write(Array("\u{1b}[K".utf8), to: STDOUT_FILENO) } }
        var bytes: [UInt8] = []
        var decoder = UTF8()
        while bytes.count < 4 {
            var one: [UInt8] = [0]
            guard Streams.read(STDIN_FILENO, into: &one) == 1 else { return nil }
            bytes += one
            var iterator = bytes.makeIterator()
            decoder = UTF8()
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): return scalar
            case .emptyInput, .error: if one[0] < 0x80 { return "\u{fffd}" }
            }
        }
        return "\u{fffd}"
    }

    /// Draws the hint, and leaves the cursor where it was.
    private func drawHint() -> Bool {
        let (text, isAtEnd) = current()
        guard showsHints, isAtEnd else { return false }
        let hint = Hint.text(after: text, docs)
        let columns = Terminal.columns
        let used = (promptWidth + text.unicodeScalars.count) % columns
        let shown = hint.prefix(max(columns - used - 1, 0))
        guard !shown.isEmpty else { return false }
        let (grey, plain) = Terminal.allowsColours ? ("\u{1b}[90m", "\u{1b}[0m") : ("", "")
        Streams.write(Array("\u{1b}7\(grey)\(shown)\(plain)\u{1b}8".utf8), to: STDOUT_FILENO)
        return true
    }

    /// TAB: inserts the common part of all completions, or lists them.
    private func complete() -> UInt8 {
        let (text, _) = current()
        let completion = Completion(text, docs)
        let common = completion.commonPrefix
        guard !common.isEmpty else { return UInt8(CC_REFRESH_BEEP) }
        let isOnly = completion.lines.count == 1
        if isOnly || common.count > text.count {
            // SAFETY: the strings are copied by the calls.
            unsafe el_deletestr(editor, Int32(text.unicodeScalars.count))
            unsafe el_insertstr(editor, isOnly ? common + " " : common)
            return UInt8(CC_REFRESH)
        }
        let table = "\r\n" + completion.table(width: Terminal.columns)
        Streams.write(Array(table.utf8), to: STDOUT_FILENO)
        return UInt8(CC_REDISPLAY)
    }
}

/// Makes the C library use UTF-8, in the user's language if that uses UTF-8.
private func useUTF8() {
    // SAFETY: the names are terminated strings; the answer is compared at once.
    unsafe setlocale(LC_CTYPE, "")
    let codeset = unsafe nl_langinfo(nl_item(CODESET)).map { unsafe String(cString: $0) }
    if codeset != "UTF-8" { unsafe setlocale(LC_CTYPE, "C.UTF-8") }
}
