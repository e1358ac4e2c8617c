internal import Commands
internal import Store
internal import Structures

/// Reads typed values of a configuration for `Options` and its parts.
///
/// Asking for the wrong type is a programming error.
struct ConfigurationReader {
    let configuration: Configuration

    func flag(_ name: String) -> Bool { configuration.value(name) == .flag(true) }

    func text(_ name: String) -> String { configuration.value(name).text }

    func integer(_ name: String) -> Int {
        switch configuration.value(name) {
        case .integer(let number), .octal(let number): return Int(number)
        default: preconditionFailure("the directive is a number")
        }
    }

    func bytes(_ name: String) -> UInt64 {
        guard case .memory(let byteCount) = configuration.value(name) else {
            preconditionFailure("the directive is a size")
        }
        return byteCount
    }

    func accessMeasure() -> AccessClock.Measure {
        guard text("maxmemory-policy").hasSuffix("lfu") else { return .time }
        return .count(factor: integer("lfu-log-factor"), decayMinutes: integer("lfu-decay-time"))
    }

    /// The minimum for all clients together, so that one can always connect and correct the
    /// setting.
    private static let clientBytesMin = 128 << 10

    func clientBytesMax(of memoryBytesMax: UInt64) -> Int {
        let bytes: Int
        switch configuration.value("maxmemory-clients") {
        case .memory(let byteCount): bytes = Int(clamping: byteCount)
        case .percent(let share):
            let product = memoryBytesMax.multipliedFullWidth(by: UInt64(share))
            bytes = Int(
                clamping: UInt64(100).dividingFullWidth((product.high % 100, product.low)).quotient
            )
        default: preconditionFailure("the directive is a size or a share")
        }
        return bytes > 0 ? max(bytes, ConfigurationReader.clientBytesMin) : 0
    }

    func evictionPolicy() -> EvictionPolicy {
        let name = text("maxmemory-policy")
        let order: EvictionPolicy.Order? =
            switch name.split(separator: "-").last {
            case "lru", "lfu": .use
            case "lrm": .write
            case "ttl": .expiry
            case "random": .random
            default: nil
            }
        return order.map { EvictionPolicy($0, isVolatile: name.hasPrefix("volatile")) } ?? .none
    }

    func shutdownFlags() -> (interrupt: [String], terminate: [String]) {
        func flags(_ name: String) -> [String] {
            guard case .choices(let names) = configuration.value(name) else {
                preconditionFailure("the directive is a choice of several words")
            }
            return names
        }
        return (flags("shutdown-on-sigint"), flags("shutdown-on-sigterm"))
    }

    func size(_ name: String) -> Int { Int(clamping: bytes(name)) }

    func words(_ name: String) -> [String] {
        guard case .words(let words) = configuration.value(name) else {
            preconditionFailure("the directive is a list of words")
        }
        return words.map { String(decoding: $0, as: UTF8.self) }.filter { !$0.isEmpty }
    }

    func rewriteBounds() -> (percentage: Int, bytesMin: Int) {
        (integer("auto-aof-rewrite-percentage"), size("auto-aof-rewrite-min-size"))
    }

    func appendOnlyPlace() -> AppendOnly.Place {
        AppendOnly.Place(folder: text("appenddirname"), prefix: text("appendfilename"))
    }

    func appendOnlySettings() -> AppendOnly.Settings {
        let policy: AppendOnly.Policy =
            switch text("appendfsync") {
            case "always": .always
            case "no": .never
            default: .everySecond
            }
        return AppendOnly.Settings(
            policy: policy,
            sparesDiskWhileRewriting: flag("no-appendfsync-on-rewrite"),
            notesTime: flag("aof-timestamp-enabled"),
            keepsReplaced: flag("aof-disable-auto-gc"),
            startsWithSnapshot: flag("aof-use-rdb-preamble")
        )
    }

    func savePoints() -> [SavePoint] {
        guard case .savePoints(let points) = configuration.value("save") else {
            preconditionFailure("the directive is a list of save points")
        }
        return points
    }

    func permission(_ name: String) -> Options.Permission {
        Options.Permission(rawValue: text(name)) ?? .nobody
    }

    func percentiles() -> [Double] {
        guard
            case .percentiles(let shares) = configuration.value(
                "latency-tracking-info-percentiles"
            )
        else { preconditionFailure("the directive is a list of shares") }
        return shares
    }

    func bufferLimits() -> ClientBufferLimits {
        guard case .bufferLimits(let limits) = configuration.value("client-output-buffer-limit")
        else { preconditionFailure("the directive is a set of limits") }
        return limits
    }
}
