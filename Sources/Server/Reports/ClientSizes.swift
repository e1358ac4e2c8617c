/// The clients that may be closed to free memory, counted by size.
///
/// Sizes are powers of two; all up to 32 KiB count as one.
struct ClientSizes {
    private static let first = 15
    private static let last = 33

    private var counts = Array(repeating: (clients: 0, bytes: 0), count: last - first + 1)

    /// Counts all clients of `server`, whose workers are stopped.
    init(_ server: Instance) {
        for worker in server.workers {
            for case let connection? in worker.connections.places
            where !connection.session.traits.contains(.noEvict) {
                add(ClientLine.memory(connection))
            }
        }
    }

    private mutating func add(_ bytes: Int) {
        let power = Int.bitWidth - 1 - max(bytes, 1).leadingZeroBitCount
        let place = min(max(power - ClientSizes.first + 1, 0), counts.count - 1)
        counts[place].clients += 1
        counts[place].bytes += bytes
    }

    /// A line for each size.
    var text: String {
        counts.indices.map { place in
            let from = place == 0 ? 0 : 1 << (place + ClientSizes.first - 1)
            let to =
                place == counts.count - 1
                ? "+            "
                : " - " + ClientSizes.padded((1 << (place + ClientSizes.first)) - 1)
            return "bucket \(ClientSizes.padded(from))\(to): "
                + "tot-mem: \(ClientSizes.padded(counts[place].bytes)), "
                + "clients: \(counts[place].clients)\n"
        }.joined()
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }
}
