internal import Primitives
internal import Store
internal import Synchronization
internal import System

/// Receives the pieces of a snapshot from all workers, and writes them to a file on its own thread.
final class SnapshotOutput: Sendable {
    /// A piece: keys of one partition, with their databases.
    final class Chunk: @unchecked Sendable {  // because: handed over, never shared
        let buffer: ByteBuffer
        /// How many keys end in it.
        let keyCount: Int

        init(_ buffer: consuming ByteBuffer, keys: Int) {
            self.buffer = buffer
            keyCount = keys
        }
    }

    /// How it ended.
    enum Result: Sendable {
        case written
        case failed(SystemError)
        case cancelled
    }

    private struct Queue {
        var chunks: [Chunk] = []
        /// Whether a value is open, whose pieces must follow each other in the file.
        var hasOpenValue = false
        /// What has to stand behind it.
        var held: [Chunk] = []
        /// Whether it ends once all chunks are written.
        var isComplete = false
        var isCancelled = false
    }

    /// How many bytes may wait to be written before workers pause their walks.
    private static let waitingBytesMax = 16 << 20

    private let queue = Locked(Queue())
    private let waitingBytes = Atomic<Int>(0)
    /// How many of them stand behind the open value.
    private let heldBytes = Atomic<Int>(0)
    private let hasFailed = Atomic<Bool>(false)
    private let writtenKeys = Atomic<Int>(0)
    private let bell = Doorbell()

    /// How many keys have been written.
    var keyCount: Int { writtenKeys.load(ordering: .relaxed) }

    /// Whether so much waits that workers should pause their walks.
    var isFull: Bool { waitingBytes.load(ordering: .relaxed) >= SnapshotOutput.waitingBytesMax }

    /// Whether so much of the open value waits that its walk should pause.
    var isFullOfValue: Bool {
        let held = heldBytes.load(ordering: .relaxed)
        return waitingBytes.load(ordering: .relaxed) - held >= SnapshotOutput.waitingBytesMax
    }

    /// Whether continuing is pointless.
    var isGivenUp: Bool { hasFailed.load(ordering: .relaxed) }

    /// Starts the thread, which finally calls `ended`.
    func start(
        _ settings: SnapshotFile.Settings,
        _ shape: SnapshotShape,
        ended: @escaping @Sendable (Result) -> Void
    ) {
        _ = Thread("snapshot") { [self] in
            // Clients are served first.
            Thread.giveWay()
            ended(run(settings, shape))
        }
    }

    /// Takes over a piece in which `keys` keys end; with `ofValue`, one of the open value.
    func put(_ buffer: consuming ByteBuffer, keys: Int, ofValue: Bool = false) {
        let bytes = buffer.count
        waitingBytes.add(bytes, ordering: .relaxed)
        let chunk = Chunk(buffer, keys: keys)
        queue.withLock { queue in
            if queue.hasOpenValue, !ofValue {
                heldBytes.add(bytes, ordering: .relaxed)
                queue.held.append(chunk)
            } else {
                queue.chunks.append(chunk)
            }
        }
        bell.ring()
    }

    /// Opens the file for the pieces of one value; false if it is open for another one.
    func openValue() -> Bool {
        queue.withLock { queue in
            guard !queue.hasOpenValue else { return false }
            queue.hasOpenValue = true
            return true
        }
    }

    /// Ends the open value: what was held goes on.
    func closeValue() {
        queue.withLock { queue in
            queue.hasOpenValue = false
            queue.chunks += queue.held
            queue.held.removeAll()
            heldBytes.store(0, ordering: .relaxed)
        }
        bell.ring()
    }

    /// Announces that there are no more pieces.
    func complete() {
        queue.withLock { $0.isComplete = true }
        bell.ring()
    }

    /// Makes it end without a file.
    func cancel() {
        hasFailed.store(true, ordering: .relaxed)
        queue.withLock { $0.isCancelled = true }
        bell.ring()
    }

    private func run(_ settings: SnapshotFile.Settings, _ shape: SnapshotShape) -> Result {
        do throws(SystemError) {
            var file = try SnapshotFile(settings, shape)
            while true {
                bell.wait()
                let (chunks, isComplete, isCancelled) = queue.withLock { queue in
                    defer { queue.chunks.removeAll() }
                    return (queue.chunks, queue.isComplete, queue.isCancelled)
                }
                guard !isCancelled else { return .cancelled }
                for chunk in chunks {
                    try file.write(chunk.buffer.bytes)
                    waitingBytes.subtract(chunk.buffer.count, ordering: .relaxed)
                    writtenKeys.add(chunk.keyCount, ordering: .relaxed)
                    settings.delay.pause(keys: chunk.keyCount) { isGivenUp }
                }
                guard isComplete else { continue }
                try file.finish()
                return .written
            }
        } catch {
            hasFailed.store(true, ordering: .relaxed)
            return .failed(error)
        }
    }
}
