internal import Glibc
internal import Remote

/// Properties of the terminal.
enum Terminal {
    /// Whether colours may be used (not with NO_COLOR, or on a terminal without them).
    static let allowsColours =
        (Streams.environment("NO_COLOR") ?? "").isEmpty && Streams.environment("TERM") != "dumb"

    /// The number of columns of the window; 80 if unknown.
    static var columns: Int {
        var size = winsize()
        // SAFETY: the call fills `size`, which outlives it.
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    static let clearScreen = "\u{1b}[H\u{1b}[2J"

    /// Reads a line, showing a star for each character; nil at the end of input.
    static func readSecret(prompt: String) -> [UInt8]? {
        let settings = stopEcho()
        guard settings != nil else { return readLine(showsStars: false) }
        Streams.write(Array(prompt.utf8), to: STDOUT_FILENO)
        defer {
            restore(settings)
            Streams.write([UInt8(ascii: "\n")], to: STDOUT_FILENO)
        }
        return readLine(showsStars: true)
    }

    /// From now on, each key can be read at once and is not shown; returns the settings before,
    /// nil if standard input is no terminal.
    static func stopEcho() -> termios? {
        var settings = termios()
        // SAFETY: the structures outlive the calls.
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        var quiet = settings
        quiet.c_lflag &= ~UInt32(ECHO | ICANON)
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet)
        return settings
    }

    static func restore(_ settings: termios?) {
        guard var settings else { return }
        // SAFETY: the structure outlives the call.
        unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
    }

    private static func readLine(showsStars: Bool) -> [UInt8]? {
        var line: [UInt8] = []
        var one: [UInt8] = [0]
        while Streams.read(STDIN_FILENO, into: &one) == 1 {
            switch one[0] {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return line
            case let key where showsStars && (key == 8 || key == 127):
                if line.popLast() != nil {
                    Streams.write(Array("\u{8} \u{8}".utf8), to: STDOUT_FILENO)
                }
            default:
                line.append(one[0])
                if showsStars { Streams.write([UInt8(ascii: "*")], to: STDOUT_FILENO) }
            }
        }
        return line.isEmpty ? nil : line
    }
}
