import Primitives
import Store
import Structures

@testable import Commands
@testable import Server
@testable import Wire

/// Blocked requests without a server.
enum BlockedRequests {
    private static func handler(_ kind: EntryKind, endsWithKey: Bool) -> BlockingHandler {
        BlockingHandler(
            kind: kind,
            endsWithKey: endsWithKey,
            run: { _, _ in .done },
            serve: { _, _, _ in false }
        )
    }

    /// A request of the client with `id`.
    static func make(
        _ id: UInt64,
        _ kind: EntryKind = .list,
        endsWithKey: Bool = false,
        deadline: Int64 = .max
    ) -> Waiter {
        Waiter(
            ClientAddress(worker: 0, descriptor: -1, session: id),
            Session(id: id),
            row: 0,
            request: RequestQueue(),
            handler(kind, endsWithKey: endsWithKey),
            besides: [],
            deadline: deadline
        )
    }

    /// A queue for a key.
    static func queue(_ name: StaticString = "k") -> WaiterQueue {
        WaiterQueue(Key(Bytes(name), KeyHasher()(Bytes(name))), partition: 0, database: 0)
    }
}
