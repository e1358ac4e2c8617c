internal import Primitives

/// One test from the first connection to the merged measurement.
struct TestRun {
    let title: String
    let template: RequestTemplate
    let target: Target
    let greeting: Greeting
    let options: Options
    let showsProgress: Bool

    private static let progressMilliseconds: Int32 = 250

    /// Runs the test on as many threads as requested.
    func measure() throws(LoadFailure) -> Measurement {
        let bell = try Bell()
        // There must be no thread without a connection, and no connection without a request.
        let clients = min(options.clients, options.requests)
        let count = min(options.threads, clients)
        var threads: [LoadThread] = []
        for thread in 0..<count {
            threads.append(
                try LoadThread(plan(thread, of: count, clients: clients), bell: bell.writer)
            )
        }
        let before = ProcessorTime.now()
        for thread in threads { try thread.start() }
        try watch(threads, bell)
        var measured = Measurement()
        for thread in threads { measured.merge(try thread.join()) }
        measured.cpu = ProcessorTime.now() - before
        return measured
    }

    private func plan(_ thread: Int, of count: Int, clients: Int) -> LoadLoop.Plan {
        LoadLoop.Plan(
            target: target,
            greeting: greeting,
            template: template,
            clients: Self.share(clients, thread, count),
            requests: Self.share(options.requests, thread, count),
            thread: thread,
            threads: count,
            options: options
        )
    }

    /// The share of one of `count` in `total`; shares differ by at most one.
    private static func share(_ total: Int, _ index: Int, _ count: Int) -> Int {
        total / count + (index < total % count ? 1 : 0)
    }

    /// Waits for the threads and shows their progress; a failure ends the wait at once.
    private func watch(_ threads: [LoadThread], _ bell: borrowing Bell) throws(LoadFailure) {
        var line = ProgressLine(
            title: title,
            total: options.requests,
            now: Clock.monotonicNanoseconds()
        )
        var running = threads.count
        while running > 0 {
            switch bell.wait(milliseconds: Self.progressMilliseconds) {
            case .success: running -= 1
            case .failure:
                for case let failure? in threads.map(\.failure) { throw failure }
            case .silence:
                guard showsProgress else { continue }
                var sum = Progress.Sample()
                for thread in threads {
                    let sample = thread.progress.sample()
                    sum.requests += sample.requests
                    sum.latencySum &+= sample.latencySum
                }
                Output.write(line.text(sum, now: Clock.monotonicNanoseconds()))
            }
        }
        if showsProgress { Output.write(ProgressLine.erase) }
    }
}
