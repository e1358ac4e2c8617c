/// The tests of memcached's protocols.
extension Workload {
    /// In the order in which they run: a request's words are its kind and the number of its keys.
    // swift-format-ignore
    static let memcached: [Workload] = [
        Workload("SET", ["set"], "set 1"),
        Workload("GET", ["get"], "get 1"),
        Workload("GET (10 keys)", ["get_10", "mget"], "get 10"),
        Workload("GET (100 keys)", ["get_100", "mget"], "get 100"),
    ]

    private static let key = "key:__rand_int__"

    /// The request's bytes in one of memcached's protocols.
    func memcachedTemplate(data: [UInt8], _ speech: Speech) -> RequestTemplate {
        let isSet = words[0] == "set"
        let count = Int(words[1]) ?? 1
        switch speech {
        case .memcachedBinary:
            guard !isSet else {
                let extras = [UInt8](repeating: 0, count: 8)
                return RequestTemplate(raw: Self.binary(0x01, extras: extras, value: data))
            }
            guard count > 1 else { return RequestTemplate(raw: Self.binary(0x00)) }
            let quiet = Self.binary(0x0D)
            let all = (0..<count).flatMap { _ in quiet } + Self.binary(0x0A, key: "")
            return RequestTemplate(raw: all, isBatched: true)
        case .memcachedMeta:
            guard !isSet else {
                return Self.text("ms \(Self.key) \(data.count)\r\n", data: data)
            }
            guard count > 1 else { return Self.text("mg \(Self.key) v\r\n") }
            let quiet = String(repeating: "mg \(Self.key) k q v\r\n", count: count)
            return RequestTemplate(raw: Array((quiet + "mn\r\n").utf8), isBatched: true)
        case .memcachedText, .resp:
            guard !isSet else {
                return Self.text("set \(Self.key) 0 0 \(data.count)\r\n", data: data)
            }
            return Self.text("get" + String(repeating: " \(Self.key)", count: count) + "\r\n")
        }
    }

    private static func text(_ line: String, data: [UInt8]? = nil) -> RequestTemplate {
        RequestTemplate(raw: Array(line.utf8) + (data.map { $0 + Array("\r\n".utf8) } ?? []))
    }

    private static func binary(
        _ opcode: UInt8,
        extras: [UInt8] = [],
        key: String = Workload.key,
        value: [UInt8] = []
    ) -> [UInt8] {
        let body = extras.count + key.utf8.count + value.count
        var bytes: [UInt8] = [0x80, opcode, 0, UInt8(key.utf8.count), UInt8(extras.count), 0, 0, 0]
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: body >> shift)) }
        bytes += [UInt8](repeating: 0, count: 12)
        return bytes + extras + Array(key.utf8) + value
    }
}
