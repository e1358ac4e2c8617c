internal import Commands
internal import Synchronization

/// CLIENT PAUSE: until a given time, the requests of clients wait, either all or those that write.
///
/// Meanwhile, nothing expires or is evicted; expired keys merely count as absent.
final class ClientPause: Sendable {
    private let end = Atomic<Int64>(0)

    /// When the pause ends, in milliseconds since 1970.
    var until: Int64 { end.load(ordering: .relaxed) }

    /// Whether the pause is still in effect at `now`.
    func lasts(_ now: Int64) -> Bool { now < until }

    fileprivate func extend(to moment: Int64) { end.max(moment, ordering: .relaxed) }

    fileprivate func stop() { end.store(0, ordering: .relaxed) }
}

extension Instance {
    /// Makes requests wait until `moment`, either all or those that write.
    ///
    /// A pause in effect can only be extended and made stricter. The world is stopped, so that no
    /// worker is in the middle of a batch.
    func pauseClients(until moment: Int64, all: Bool, _ worker: Worker) {
        var alerts: Concerns = all ? .paused : .pausedWrites
        if pause.lasts(worker.executor.context.now) {
            alerts.formUnion(worker.executor.alerts.intersection(.pauses))
        }
        pause.extend(to: moment)
        bulletin.post(Bulletin.Notice(alerts: alerts), by: .pause)
        worker.executor.readBulletin()
    }

    /// Ends the pause and runs the requests that wait for its end.
    func resumeClients(_ worker: Worker) {
        pause.stop()
        endPause(worker)
        for other in workers where other !== worker {
            other.mailbox.put(.task { $0.waiting.pauseEnded() })
        }
    }

    /// Withdraws the notice of a pause that is over: `worker` resumes immediately, other workers
    /// with their next batch.
    func endPause(_ worker: Worker) {
        bulletin.post(Bulletin.Notice(), by: .pause)
        worker.executor.readBulletin()
        worker.waiting.pauseEnded()
    }
}
