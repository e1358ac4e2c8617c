internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import System
internal import Wire

/// Serves the requests blocked on keys that a command has changed.
///
/// The worker of that command does so before it releases its locks, so that no other command can
/// take the value first.
///
/// ```text
/// changed keys ─▶ oldest request ─▶ claim ─▶ serve, settle, finish ─▶ to its worker
///      ▲                                       │
///      └───────── keys changed by serving ◀────┘
/// ```
/// If many requests are blocked on a key, they are served in slices, with other clients' requests
/// in between. Those that name the key wait until all are served, as if that had been one step.
extension Executor {
    /// How many requests are served before the worker does other work, and for how long it tries
    /// to.
    ///
    /// Sending the replies takes as long again.
    private static let servedAtOnce = 64
    private static let sliceNanoseconds: Int64 = 250_000
    /// The time is looked at once for so many requests that were tried.
    private static let looksPerTime = 16

    /// The state of one round of serving.
    private struct Serving {
        /// The partitions that this worker has locked.
        var held: PartitionSet
        var served: [Waiter] = []
        private var looks = 0
        private var end = Int64.max

        init(held: PartitionSet) { self.held = held }

        /// Counts a request that is about to be tried; returns false if it is time to do other
        /// work first.
        mutating func mayLook() -> Bool {
            guard served.count < Executor.servedAtOnce else { return false }
            looks += 1
            guard _slowPath(looks % Executor.looksPerTime == 0) else { return true }
            let now = Clock.monotonicNanoseconds()
            if end == .max { end = now + Executor.sliceNanoseconds }
            return now < end
        }
    }

    /// Serves the requests blocked on the ready keys.
    ///
    /// The caller holds the locks of `locked`. They may be released and taken again meanwhile.
    @inline(never)
    func serveReady(_ locked: PartitionSet) {
        guard readyKeys.current == nil, !context.effects.isGathering else { return }
        let outer = Suspended(context)
        let held = context.held
        var serving = Serving(held: locked)
        while let queue = readyKeys.next() { serve(queue, &serving) }
        context.keyspace.unlock(serving.held.subtracting(locked))
        context.held = held
        outer.resume(&context)
        passOn(serving.served)
    }

    /// Serves the keys left for this round.
    func serveWhatWasPutOff() {
        readyKeys.resume()
        serveReady([])
    }

    /// Passes served requests to their workers, which send the replies.
    private func passOn(_ served: [Waiter]) {
        if served.count == 1 { return passOn(served, to: served[0].client.worker) }
        for worker in server.workers.indices where !served.isEmpty {
            let own = served.filter { $0.client.worker == worker }
            if !own.isEmpty { passOn(own, to: worker) }
        }
    }

    private func passOn(_ served: [Waiter], to index: Int) {
        if index == workerIndex {
            worker.unblocked += served
        } else {
            server.workers[index].mailbox.put(.unblocked(served))
        }
    }

    // MARK: One key

    private func serve(_ queue: WaiterQueue, _ serving: inout Serving) {
        _ = hold(PartitionSet(partition: queue.partition), &serving)
        readyKeys.current = queue
        defer { readyKeys.current = nil }
        let wants = context.effects.heed(context.keyspace.marks(of: serving.held))
        defer { context.handOver(resuming: wants) }
        var isThrough = serveAll(queue, &serving)
        while isThrough, queue.mustRepeat {
            queue.mustRepeat = false
            queue.restart()
            isThrough = serveAll(queue, &serving)
        }
        queue.isReady = !isThrough
        if !isThrough { readyKeys.putOff(queue) }
        let table = server.waiters[queue.partition]
        if table.putOff(queue, !isThrough), isThrough { server.workEnded(on: worker) }
        table.settle(queue)
    }

    /// Serves the requests blocked on a key as long as it has values for them.
    ///
    /// Returns false if some requests must be tried later.
    private func serveAll(_ queue: WaiterQueue, _ serving: inout Serving) -> Bool {
        while let waiter = queue.current() {
            guard serving.mayLook() else { return false }
            let kind = kind(queue)
            guard kind == waiter.kind || waiter.endsWithKey else {
                if kind == nil, queue.endingCount == 0 { return true }
                queue.skip()
                continue
            }
            // If the locks were released meanwhile, anything may have changed.
            guard hold(waiter.besides, &serving) else { continue }
            guard !isFrozen(queue, waiter), waiter.claim() else {
                if waiter.isOver { continue }
                return false
            }
            if Socket(waiter.client.descriptor).hasHungUp {
                waiter.hangUp()
                queue.drop()
            } else if serve(waiter, queue, serving.held) {
                queue.drop()
                waiter.finish()
                serving.served.append(waiter)
            } else {
                waiter.giveBack()
                queue.skip()
            }
        }
        return true
    }

    /// The type of the value at the key of `queue`.
    private func kind(_ queue: WaiterQueue) -> EntryKind? {
        context.peek(queue.key, in: queue.database)?.entry.kind
    }

    /// Whether a sliced command has frozen a key that the request needs.
    private func isFrozen(_ queue: WaiterQueue, _ waiter: Waiter) -> Bool {
        context.keyspace.isFrozen(queue.key, for: nil)
            || context.keyspace.hasFrozen(waiter.besides)
    }

    /// Locks more partitions.
    ///
    /// Returns false if another worker held one of them, so that all locks had to be released and
    /// taken again in order.
    private func hold(_ wanted: PartitionSet, _ serving: inout Serving) -> Bool {
        let missing = wanted.subtracting(serving.held)
        guard !missing.isEmpty else { return true }
        let keyspace = context.keyspace
        let isAtOnce = keyspace.tryLock(missing)
        if !isAtOnce {
            // Looking up the key may have removed it because it had expired.
            context.handOver()
            keyspace.unlock(serving.held)
        }
        serving.held.formUnion(missing)
        if !isAtOnce { keyspace.lock(serving.held) }
        return isAtOnce
    }

    // MARK: One request

    /// Serves `waiter`, which is claimed, from the key of `queue`; returns false if there is
    /// nothing for it.
    ///
    /// Stores the reply, which may be an error.
    private func serve(_ waiter: Waiter, _ queue: WaiterQueue, _ held: PartitionSet) -> Bool {
        guard case .blocking(let handler) = registry.row(waiter.row).runner else {
            preconditionFailure("only blocking commands wait for values")
        }
        context.database = waiter.database
        context.ignoresUses = waiter.ignoresUses
        context.reply.isRESP3 = waiter.isRESP3
        context.held = held
        let start = context.reply.buffer.count
        servingWords.truncate(to: 0)
        _ = waiter.request.readFirst { servingWords.append($0) }
        let arguments = servingWords.arguments(0, servingWords.count)
        hashFirstKey(of: waiter.row, arguments)
        let wants = context.effects.heed(context.keyspace.marks(of: waiter.besides))
        defer { context.effects.resume(wants) }
        var isServed = true
        do throws(CommandError) {
            let partitions = waiter.besides.union(PartitionSet(partition: queue.partition))
            try demandMemory(waiter.row, arguments, partitions)
            isServed = try handler.serve(arguments, queue.key, &context)
        } catch {
            context.reply.truncate(to: start)
            replyError(error, waiter.row)
            statistics.noteFailure(waiter.row)
        }
        settle(waiter.row, arguments)
        if isServed { waiter.reply = context.reply.bytes(from: start) }
        context.reply.truncate(to: start)
        return isServed
    }
}
