internal import Glibc
internal import Synchronization

/// The severity of a line; a log shows lines of its own level and above.
public enum LogLevel: Int, Comparable, Sendable {
    case debug
    case verbose
    case notice
    case warning
    /// Logs nothing at all.
    case nothing

    /// The level with this name in the configuration.
    public init?(name: String) {
        switch name {
        case "debug": self = .debug
        case "verbose": self = .verbose
        case "notice": self = .notice
        case "warning": self = .warning
        case "nothing": self = .nothing
        default: return nil
        }
    }

    /// The character between the time and the text.
    public var mark: Character {
        switch self {
        case .debug: "."
        case .verbose: "-"
        case .notice: "*"
        case .warning, .nothing: "#"
        }
    }

    /// Orders levels by severity.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A line of the log, in Redis' format, which log readers understand.
///
/// ```text
/// 1234:M 24 Nov 2026 01:02:03.456 * Ready to accept connections tcp
/// pid  role  local time           mark text
/// ```
public struct LogLine: Equatable, Sendable {
    /// The role of the process.
    public enum Role: Character, Sendable {
        /// A primary.
        case primary = "M"
        /// A replica.
        case replica = "S"
        /// A process that is not yet a server, or a child of one.
        case child = "C"
        /// A sentinel.
        case sentinel = "X"
    }

    /// A moment in local time.
    public struct Moment: Equatable, Sendable {
        /// The calendar year.
        public let year: Int
        /// One to twelve.
        public let month: Int
        /// One to 31.
        public let day: Int
        /// Zero to 23.
        public let hour: Int
        /// Zero to 59.
        public let minute: Int
        /// Zero to 60.
        public let second: Int
        /// Zero to 999.
        public let millisecond: Int

        /// Creates a moment from its parts.
        public init(
            _ date: (year: Int, month: Int, day: Int),
            _ time: (hour: Int, minute: Int, second: Int, millisecond: Int)
        ) {
            precondition((1...12).contains(date.month), "a month is between one and twelve")
            (year, month, day) = date
            (hour, minute, second, millisecond) = time
        }

        /// The current moment in the process' time zone.
        public static var now: Moment {
            var clock = timespec()
            var parts = unsafe tm()
            // SAFETY: both calls fill the given structures.
            unsafe clock_gettime(CLOCK_REALTIME, &clock)
            unsafe localtime_r(&clock.tv_sec, &parts)
            return unsafe Moment(
                (Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)),
                (
                    Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec),
                    Int(clock.tv_nsec) / 1_000_000
                )
            )
        }

        var text: String {
            let months = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ]
            let date = "\(padded(day, 2)) \(months[month - 1]) \(year)"
            let time = "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
            return "\(date) \(time).\(padded(millisecond, 3))"
        }

        private func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    /// The line as written, without its newline.
    public let text: String

    /// Creates a line of the process with id `process`.
    public init(process: Int32, role: Role, moment: Moment, level: LogLevel, _ text: String) {
        self.text = "\(process):\(role.rawValue) \(moment.text) \(level.mark) \(text)"
    }
}

/// The log of the server: standard output or a file.
///
/// The file is opened for every line, so that it can be rotated at any time. Each line is a single
/// write, so lines of several threads and processes never mix.
public final class Log: Sendable {
    private struct State {
        var path = ""
        var role = LogLine.Role.child
    }

    private let state = Mutex(State())
    private let level = Atomic<Int>(LogLevel.notice.rawValue)

    /// Creates a log to standard output, at level notice, for a process that is not yet a server.
    public init() {}

    /// Sets the minimum level to show.
    public func show(from level: LogLevel) {
        self.level.store(level.rawValue, ordering: .relaxed)
    }

    /// Sends further lines to the file at `path`, or to standard output if that is empty.
    public func write(to path: String) { state.withLock { $0.path = path } }

    /// Sets the role that further lines report.
    public func become(_ role: LogLine.Role) { state.withLock { $0.role = role } }

    /// Whether a line of `level` is shown; checked before its text is built.
    public func shows(_ level: LogLevel) -> Bool {
        level != .nothing && level.rawValue >= self.level.load(ordering: .relaxed)
    }

    /// Writes one line if its level is shown.
    ///
    /// A line that cannot be written is lost: there is nowhere to report it.
    public func callAsFunction(_ level: LogLevel, _ text: @autoclosure () -> String) {
        guard shows(level) else { return }
        let state = state.withLock { $0 }
        let line = LogLine(
            process: getpid(),
            role: state.role,
            moment: .now,
            level: level,
            text()
        )
        append("\(line.text)\n", state)
    }

    /// Writes lines as they are, without a prefix, if their level is shown.
    public func lines(_ level: LogLevel, _ text: String) {
        guard shows(level) else { return }
        append(text, state.withLock { $0 })
    }

    private func append(_ text: String, _ state: State) {
        let bytes = Array(text.utf8)
        guard !state.path.isEmpty else { return write(bytes, STDOUT_FILENO) }
        // SAFETY: the path is valid for the length of the call.
        let file = unsafe open(state.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return }
        write(bytes, file)
        close(file)
    }

    private func write(_ bytes: [UInt8], _ file: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the buffer lives for the call.
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.write(file, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
