import Glibc
import Primitives
import Store
import Structures
import Testing

@testable import Persistence

/// Payloads of RESTORE and files with random damage: they are rejected, or what they hold can be
/// read and written like any other value.
///
/// `APUS_PAYLOADS` sets how many, `APUS_PAYLOADS_SEED` repeats a run; `Tools/sanitize reader`
/// runs millions under AddressSanitizer.
@Suite struct DamagedPayloadsTests {
    private static func number(_ name: String) -> UInt64? {
        unsafe getenv(name).flatMap { unsafe UInt64(String(cString: $0)) }
    }

    @Test func `damaged payloads are rejected or whole`() throws {
        let total = Int(DamagedPayloadsTests.number("APUS_PAYLOADS") ?? 20_000)
        let seed = DamagedPayloadsTests.number("APUS_PAYLOADS_SEED") ?? 1
        let payloads = try PayloadSeeds.read()
        #expect(payloads.count > 50)
        var damage = Damage(payloads, seed: seed)
        var restored = RestoredPayloads()
        for index in 0..<total {
            let payload = damage.next()
            // What a crash was about can be found by the number.
            if total > 100_000, index % 100_000 == 0 { print("payload \(index), seed \(seed)") }
            restored.restore(payload)
            if index % 4 == 0 { restored.load(payload) }
        }
        print("\(total) payloads: \(restored.accepted) accepted, \(restored.loaded) keys loaded")
        #expect(restored.accepted > 0 && restored.accepted < total)
        #expect(restored.loaded > 0)
    }
}

/// Sound payloads of all types, which `fuzz_payloads.py --write-seeds` makes.
private enum PayloadSeeds {
    static func read() throws -> [[UInt8]] {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(folder)/Compatibility/payloads.txt"
        let file = unsafe fopen(path, "r")
        guard let file = unsafe file else { return [] }
        defer { unsafe _ = fclose(file) }
        var text: [UInt8] = []
        while case let byte = unsafe getc(file), byte != EOF { text.append(UInt8(byte)) }
        return text.split(separator: UInt8(ascii: "\n")).map { line in
            let digits = Array(line)
            return stride(from: 0, to: digits.count - 1, by: 2).map { index in
                UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
            }
        }
    }
}

/// Random damage to payloads.
private struct Damage {
    private static let lengths: [[UInt8]] = [
        [0], [1], [0x3F], [0x7F, 0xFF], [0x80, 0x7F, 0xFF, 0xFF, 0xFF], [0xC0, 0x80],
        [0x80, 0xFF, 0xFF, 0xFF, 0xFF], [0x81] + [UInt8](repeating: 0xFF, count: 8),
        [0x81, 0x7F] + [UInt8](repeating: 0xFF, count: 7), [0xC1, 0xFF, 0x7F],
        [0xC2, 0xFF, 0xFF, 0xFF, 0x7F], [0xC3, 1, 0x40, 0x40, 0], [0xFF], [0xFE], [0xFF, 0xFF],
        [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0x80],
        [0xF4] + [UInt8](repeating: 0xFF, count: 8) + [9],
    ]

    private let payloads: [[UInt8]]
    private var random: FastRandom

    init(_ payloads: [[UInt8]], seed: UInt64) {
        self.payloads = payloads
        random = FastRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15)
    }

    mutating func next() -> [UInt8] {
        var data = payloads[random.below(payloads.count)]
        for _ in 0..<[1, 1, 1, 2, 3, 8][random.below(6)] where !data.isEmpty {
            // Counts and headers are near the beginning.
            let end = random.below(3) == 0 ? min(data.count, 30) : data.count
            harm(&data, at: random.below(end))
        }
        return data
    }

    private mutating func harm(_ data: inout [UInt8], at place: Int) {
        let length = Damage.lengths[random.below(Damage.lengths.count)]
        switch random.below(8) {
        case 0: data[place] = UInt8(random.below(256))
        case 1: data[place] ^= 1 << UInt8(random.below(8))
        case 2: data.insert(contentsOf: length, at: place)
        case 3: data.replaceSubrange(place..<min(place + length.count, data.count), with: length)
        case 4:
            let end = min(place + [1, 2, 5, 50][random.below(4)], data.count)
            data.removeSubrange(place..<end)
        case 5:
            let start = random.below(data.count)
            let end = min(start + [1, 4, 16, 100][random.below(4)], data.count)
            data.insert(contentsOf: data[start..<end], at: place)
        case 6:
            let other = payloads[random.below(payloads.count)]
            data.replaceSubrange(place..., with: other[random.below(other.count)...])
        default: data[0] = UInt8(random.below(28))
        }
    }
}

/// A shard to which payloads are restored, and how many were accepted.
private struct RestoredPayloads {
    private(set) var accepted = 0
    private(set) var loaded = 0
    private let shard = Shard()
    /// Small limits, so that short values have every encoding.
    private let limits: [EncodingLimits] = {
        var small = EncodingLimits()
        small.hashPackEntriesMax = 3
        small.setIntegersMax = 3
        small.setPackEntriesMax = 3
        small.sortedSetPackEntriesMax = 3
        small.listPackSize = 3
        small.streamNodeEntriesMax = 2
        return [EncodingLimits(), small]
    }()

    private func withKey<Result>(_ body: (Key) -> Result) -> Result {
        Array("key".utf8).withBytes { body(Key($0, shard.hash($0))) }
    }

    private func add(_ payload: Bytes, from start: Int, type: UInt8, _ choice: Int) -> Int? {
        withKey { key in
            var reader = RDBReader(payload, from: start, stringBytesMax: 1 << 20)
            let target = RDBReader.Target(shard, limits[choice], now: 1_000_000)
            guard (try? reader.value(ofType: type, as: key, target)) != nil else { return nil }
            return reader.position
        }
    }

    /// Restores a payload; what is accepted is written, restored and written again.
    mutating func restore(_ payload: [UInt8]) {
        guard let type = payload.first else { return }
        // The order of members may differ the second time, but not the encoding.
        let choice = accepted & 1
        let end = payload.withBytes { add($0, from: 1, type: type, choice) }
        guard let slot = withKey({ shard.find($0) }) else {
            #expect(end == nil)
            return
        }
        accepted += 1
        let skipped = payload.withBytes { skip($0, type) } ?? -1
        // Null fields are read with a hash, but skipped as a fact of the file that follows it.
        let hasNulls = skipped > 0 && skipped < payload.count && payload[skipped] == 0xFA
        #expect(end == skipped || hasNulls, "skipping ends elsewhere")
        if accepted % 256 == 0 {
            let isValid = shard.isValid
            #expect(isValid)
        }
        let first = written(slot)
        shard.remove(slot)
        let again = first.withBytes { add($0, from: 1, type: first[0], choice) }
        #expect(again == first.count)
        guard let slot = withKey({ shard.find($0) }) else { return }
        let second = written(slot)
        #expect(second.count == first.count)
        shard.remove(slot)
    }

    private func skip(_ payload: Bytes, _ type: UInt8) -> Int? {
        var reader = RDBReader(payload, from: 1, stringBytesMax: 1 << 20)
        guard (try? reader.skipValue(ofType: type)) != nil else { return nil }
        return reader.position
    }

    private func written(_ slot: Shard.Slot) -> [UInt8] {
        var writer = RDBWriter(compresses: false)
        let type = RDBWriter.type(of: slot).rawValue
        writer.value(of: slot)
        var requests = RequestWriter()
        var key = KeyRequests(slot)
        _ = key.writeSome(of: slot, &requests, budget: .max)
        return [type] + writer.buffer.bytes.array
    }

    /// Loads a file with a payload as its second key.
    mutating func load(_ payload: [UInt8]) {
        guard let type = payload.first else { return }
        let head: [UInt8] = Array("REDIS0012".utf8) + [0xFE, 0, 0, 1, 0x61, 1, 0x62, type, 1, 0x6B]
        let file = head + payload.dropFirst() + [0xFF] + [UInt8](repeating: 0, count: 8)
        file.withBytes { bytes in
            guard var file = try? RDBFile(bytes, stringBytesMax: 1 << 20) else { return }
            while let event = try? file.next() {
                guard case .key(let record) = event else { continue }
                let target = RDBReader.Target(shard, limits[0], now: 1_000_000)
                let isLoaded = withKey { key in
                    (try? file.reader.value(ofType: record.type, as: key, target)) != nil
                }
                guard isLoaded, let slot = withKey({ shard.find($0) }) else { break }
                loaded += 1
                shard.remove(slot)
            }
        }
    }
}
