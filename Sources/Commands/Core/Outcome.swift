public import Store

/// The result of running a request.
public enum Outcome: Equatable, Sendable {
    /// It has finished; its reply is complete.
    case done
    /// It must be run again later, with the same words, and has written no reply.
    case waits(Wait)
}

/// What a request waits for before it is run again.
public enum Wait: Equatable, Sendable {
    /// Its own turn: it works in slices, with other requests in between.
    case turn(WorkID)
    /// Other requests that work on the same keys.
    case keys
    /// Partitions that another worker has held for long.
    case partitions
    /// A time, in milliseconds since 1970.
    case time(Int64)
    /// A number of answers from other workers.
    case answers(Int)
    /// The end of a pause (CLIENT PAUSE).
    case pause
    /// A value at one of its keys, until a time in milliseconds since 1970.
    ///
    /// `Int64.max` means forever. The request is not run again: the worker that produces the value
    /// calls the row's `serve`.
    case value(until: Int64)

    /// Whether the request is pointless once its client is gone.
    ///
    /// It has changed nothing yet, and waits for something that may never happen.
    public var endsWithClient: Bool {
        switch self {
        case .turn, .keys, .partitions: false
        case .time, .answers, .pause, .value: true
        }
    }

    /// The work of the request itself, if it has started any.
    public var work: WorkID? {
        if case .turn(let work) = self { work } else { nil }
    }
}
