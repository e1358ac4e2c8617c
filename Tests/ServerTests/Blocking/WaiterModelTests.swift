import Testing

/// A model of how blocked requests are served; all interleavings of its steps are explored.
///
/// There are two keys in two partitions, each with a pusher on its own worker, and three clients on
/// workers of their own. A step is what one thread does without others seeing part of it: work
/// under a partition's lock that touches nothing else, or one change of a request's atomic word.
@Suite struct WaiterModelTests {
    enum State: UInt8 { case absent, waiting, claimed, served, cancelled, gone }

    struct Client: Hashable {
        /// The keys that it waits for, as bits.
        var keys: UInt8
        var state = State.absent
        var element: UInt8 = 0
        /// Whether its worker has removed it from the queues.
        var isSettled = false
        var mayTimeOut: Bool
        var mayHangUp: Bool
        var hasHungUp = false
    }

    /// What a pusher is doing; it holds its key's lock from the push until it has served everyone.
    enum Step: Hashable {
        case idle
        case looking
        /// It has claimed a client.
        case claimed(Int)
        /// It met a request claimed by the other pusher, and will come back to the key.
        case putOff
    }

    struct Model: Hashable {
        var clients: [Client]
        var lists: [[UInt8]] = [[], []]
        var queues: [[Int]] = [[], []]
        var pushers: [Step] = [.idle, .idle]
        var pushesLeft: [UInt8] = [2, 2]
        var pushed: UInt8 = 0
        var lost: [UInt8] = []

        /// Whether a pusher holds the lock of a key.
        func isLocked(_ key: Int) -> Bool {
            switch pushers[key] {
            case .idle, .putOff: false
            case .looking, .claimed: true
            }
        }

        /// All states one step away.
        func next() -> [Model] {
            var all: [Model] = []
            for index in clients.indices { all += steps(client: index) }
            for key in 0..<2 { all += steps(pusher: key) }
            return all
        }

        private func steps(client index: Int) -> [Model] {
            let client = clients[index]
            var all: [Model] = []
            let keys = (0..<2).filter { client.keys & 1 << $0 != 0 }
            if client.state == .absent, keys.allSatisfy({ !isLocked($0) }) {
                // Under all its locks: takes an element at once, or joins the queues.
                var model = self
                let others = keys.contains { key in model.pushers[key] == .putOff }
                if !others, let key = keys.first(where: { !lists[$0].isEmpty }) {
                    model.clients[index].state = .served
                    model.clients[index].isSettled = true
                    model.clients[index].element = model.lists[key].removeFirst()
                } else {
                    model.clients[index].state = .waiting
                    for key in keys { model.queues[key].append(index) }
                    // It never ran, so one of its other keys may have an element.
                    for key in keys where others && model.pushers[key] == .idle {
                        model.pushers[key] = .putOff
                    }
                }
                all.append(model)
            }
            if client.state == .waiting, client.mayTimeOut || client.hasHungUp {
                var model = self
                model.clients[index].state = .cancelled
                all.append(model)
            }
            if client.mayHangUp, !client.hasHungUp, client.state != .absent {
                var model = self
                model.clients[index].hasHungUp = true
                all.append(model)
            }
            // Its worker removes it from the queues, one lock at a time; the order doesn't matter.
            let isOver = [.served, .cancelled, .gone].contains(client.state)
            if isOver, !client.isSettled, keys.allSatisfy({ !isLocked($0) }) {
                var model = self
                model.clients[index].isSettled = true
                for key in keys { model.queues[key].removeAll { $0 == index } }
                all.append(model)
            }
            return all
        }

        private func steps(pusher key: Int) -> [Model] {
            var model = self
            switch pushers[key] {
            case .idle, .putOff:
                var all: [Model] = []
                if pushers[key] == .putOff {
                    model.pushers[key] = .looking
                    all.append(model)
                    model = self
                }
                guard pushesLeft[key] > 0 else { return all }
                model.pushesLeft[key] -= 1
                model.pushed += 1
                model.lists[key].append(model.pushed)
                model.pushers[key] = .looking
                return all + [model]
            case .looking:
                guard !lists[key].isEmpty, let first = queues[key].first else {
                    model.pushers[key] = .idle
                    return [model]
                }
                switch clients[first].state {
                case .waiting:
                    model.clients[first].state = .claimed
                    model.pushers[key] = .claimed(first)
                case .claimed: model.pushers[key] = .putOff
                case .served, .cancelled, .gone: model.queues[key].removeFirst()
                case .absent: Issue.record("a request in a queue has started")
                }
                return [model]
            case .claimed(let index):
                model.queues[key].removeFirst()
                if clients[index].hasHungUp {
                    model.clients[index].state = .gone
                } else {
                    model.clients[index].element = model.lists[key].removeFirst()
                    model.clients[index].state = .served
                }
                model.pushers[key] = .looking
                return [model]
            }
        }

        /// What must hold in every state.
        var isSound: Bool {
            let held = lists.joined() + clients.filter { $0.state == .served }.map(\.element)
            guard held.sorted() == (0..<pushed).map({ $0 + 1 }) else { return false }
            return clients.allSatisfy { ($0.element != 0) == ($0.state == .served) }
        }

        /// What must hold when no step is possible any more.
        var isComplete: Bool {
            (0..<2).allSatisfy { key in
                lists[key].isEmpty
                    || !clients.contains { $0.keys & 1 << key != 0 && $0.state == .waiting }
            } && pushers == [.idle, .idle]
        }
    }

    /// Visits all reachable states; returns their number.
    private func explore(_ clients: [Client]) -> Int {
        var seen: Set<Model> = []
        var open = [Model(clients: clients)]
        while let model = open.popLast() {
            guard seen.insert(model).inserted else { continue }
            guard model.isSound else {
                Issue.record("an element is lost or delivered twice: \(model)")
                return seen.count
            }
            let next = model.next()
            if next.isEmpty, !model.isComplete { Issue.record("a client is forgotten: \(model)") }
            open += next
        }
        return seen.count
    }

    @Test(arguments: [[3, 3, 3], [3, 1, 2], [1, 1, 3], [1, 1, 1]] as [[UInt8]])
    func `no element is lost or delivered twice, and no client is forgotten`(keys: [UInt8]) {
        // Which of the clients, as bits, may time out, and which may hang up.
        for (timeouts, hangUps) in [(0, 0), (1, 2), (7, 0), (5, 2), (0, 3)] {
            let clients = keys.indices.map { index in
                Client(
                    keys: keys[index],
                    mayTimeOut: timeouts & 1 << index != 0,
                    mayHangUp: hangUps & 1 << index != 0
                )
            }
            let count = explore(clients)
            #expect(count > 100)
        }
    }
}
