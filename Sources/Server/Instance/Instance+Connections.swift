internal import Primitives
internal import System

/// Accepts connections and decides which are admitted.
extension Instance {
    /// Serves connections that arrive at `listeners`, in addition to existing ones.
    func serve(_ added: [Listener]) throws(Listener.Failure) {
        for listener in added {
            do throws(SystemError) {
                try workers[0].poll.add(listener.descriptor, .read)
            } catch {
                throw Listener.Failure(text: error.text)
            }
            listeners.append(listener)
        }
    }

    /// Listens on the addresses of `options` instead of the current ones.
    ///
    /// The world is stopped.
    func listenAgain(_ options: Options) throws(Listener.Failure) {
        // Close the old ones first, as the new addresses may be the same.
        for listener in listeners where !listener.isUnix { Socket(listener.descriptor).close() }
        listeners.removeAll { !$0.isUnix }
        shortage.paused.removeAll { paused in
            !listeners.contains { $0.descriptor == paused }
        }
        try serve(Listener.openTCP(options))
    }

    /// Accepts connections waiting at a listening socket and hands them to the workers in turn.
    func acceptConnections(_ listening: Int32, _ worker: Worker) {
        guard let listener = listeners.first(where: { $0.descriptor == listening }) else { return }
        let isUnix = listener.isUnix
        for _ in 0..<Instance.acceptedAtOnce {
            switch Socket(listening).accept() {
            case .none: return
            case .noRoom(let error): guard turnAway(listening, error, worker) else { return }
            case .connection(let socket):
                if admit(socket, isUnix, worker) { hand(socket.descriptor, isUnix, worker) }
            }
        }
    }

    private func hand(_ descriptor: Int32, _ isUnix: Bool, _ worker: Worker) {
        let target = workers[nextWorker % workers.count]
        nextWorker += 1
        if target === worker {
            worker.adopt(descriptor, isUnix: isUnix)
        } else {
            target.mailbox.put(.connection(descriptor: descriptor, isUnix: isUnix))
        }
    }

    /// Rejects the connection waiting at `listening`, for which there is no descriptor.
    ///
    /// If that fails as well, stops polling the socket until the next tick, as it would stay ready
    /// and keep the worker busy, and returns false.
    private func turnAway(_ listening: Int32, _ error: SystemError, _ worker: Worker) -> Bool {
        shortage.note(error, log, second: worker.executor.clock.seconds)
        if let socket = shortage.spare.accept(Socket(listening)) {
            refuse(socket, "-ERR max number of clients reached\r\n", worker)
            shortage.spare.take()
            return true
        }
        worker.poll.remove(listening)
        shortage.paused.append(listening)
        return false
    }

    /// Resumes accepting on sockets that were paused.
    func acceptAgain(_ worker: Worker) {
        guard !shortage.paused.isEmpty else { return }
        shortage.spare.take()
        let paused = shortage.paused
        shortage.paused = []
        for listening in paused {
            do throws(SystemError) { try worker.poll.add(listening, .read) } catch {
                shortage.paused.append(listening)
            }
        }
    }

    /// How many connections to accept before the worker serves its clients again.
    private static let acceptedAtOnce = 1000

    private func admit(_ socket: Socket, _ isUnix: Bool, _ worker: Worker) -> Bool {
        if connectionCount >= options.clientsMax {
            refuse(socket, "-ERR max number of clients reached\r\n", worker)
            return false
        }
        if !isUnix {
            socket.tune(keepAlive: Int32(clamping: options.keepAliveSeconds))
            if options.isProtectedMode, access.standard.rules.needsNoPassword, !socket.isLocal {
                refuse(socket, ProtectedMode.refusal, worker)
                return false
            }
        }
        connectionBegan()
        worker.executor.statistics.add(.connectionsAccepted)
        return true
    }

    private func refuse(_ socket: Socket, _ text: StaticString, _ worker: Worker) {
        _ = socket.send(Bytes(text))
        socket.close()
        worker.executor.statistics.add(.connectionsRejected)
    }
}
