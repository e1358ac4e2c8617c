internal import Glibc
internal import Remote

/// What is known of the terminal.
enum Terminal {
    /// False if the user wants none (NO_COLOR, a terminal that has none).
    static let allowsColours =
        (Streams.environment("NO_COLOR") ?? "").isEmpty && Streams.environment("TERM") != "dumb"

    /// The columns of the window, 80 if it does not tell.
    static var columns: Int {
        var size = winsize()
        // SAFETY: the call fills `size`, which outlives it.
        let status = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    static let clearScreen = "\u{1b}[H\u{1b}[2J"

    /// A line typed without being shown but for a star for each character; nil at the end.
    static func readSecret(prompt: String) -> [UInt8]? {
        var old = termios()
        // SAFETY: both structures outlive the calls.
        let isTerminal = unsafe tcgetattr(STDIN_FILENO, &old) == 0
        var quiet = old
        quiet.c_lflag &= ~UInt32(ECHO | ICANON)
        if isTerminal {
            unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet)
            Streams.write(Array(prompt.utf8), to: STDOUT_FILENO)
        }
        defer {
            if isTerminal {
                unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &old)
                Streams.write([UInt8(ascii: "\n")], to: STDOUT_FILENO)
            }
        }
        return readLine(showsStars: isTerminal)
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
