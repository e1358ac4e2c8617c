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
    /// The world must be stopped.
    func listenAgain(_ options: Options) throws(Listener.Failure) {
        // Close the old ones first, as the new addresses may be the same.
        stopListening { $0.kind.transport != .unix && $0.kind.speech == .redis }
        try serve(Listener.openTCP(options))
    }

    /// As `listenAgain`, for the TCP listeners of memcached's protocols.
    func listenAgainForMemcached(_ options: Options) throws(Listener.Failure) {
        stopListening { $0.kind.transport != .unix && $0.kind.speech == .memcached }
        try serve(Listener.openMemcachedTCP(options))
    }

    private func stopListening(_ isConcerned: (Listener) -> Bool) {
        for listener in listeners where isConcerned(listener) {
            Socket(listener.descriptor).close()
        }
        listeners.removeAll(where: isConcerned)
        shortage.paused.removeAll { paused in
            !listeners.contains { $0.descriptor == paused }
        }
    }

    /// Accepts connections waiting at a listening socket and hands them to the workers in turn.
    func acceptConnections(_ listening: Int32, _ worker: Worker) {
        guard let listener = listeners.first(where: { $0.descriptor == listening }) else { return }
        let limits = options.acceptance
        let isSecure = listener.kind.transport == .tls
        for _ in 0..<(isSecure ? limits.secureConnectionsAtOnce : limits.connectionsAtOnce) {
            switch Socket(listening).accept() {
            case .none: return
            case .noRoom(let error): guard turnAway(listener, error, worker) else { return }
            case .connection(let socket):
                if admit(socket, listener, worker) { hand(socket.descriptor, listener, worker) }
            }
        }
    }

    /// Accepts connections while a script keeps worker 0 busy, for workers that are not busy, if
    /// there are any.
    func acceptWhileBusy(_ worker: Worker) {
        guard worker.index == 0 else { return }
        let free = workers.filter { $0.executor.scripts.running.busyPartitions.isEmpty }
        for listener in listeners {
            guard case .connection(let socket) = Socket(listener.descriptor).accept(),
                admit(socket, listener, worker)
            else { continue }
            hand(socket.descriptor, listener, worker, among: free.isEmpty ? [worker] : free)
        }
    }

    private func hand(
        _ descriptor: Int32,
        _ listener: Listener,
        _ worker: Worker,
        among others: [Worker]? = nil
    ) {
        let targets = others ?? workers
        let target = targets[nextWorker % targets.count]
        nextWorker += 1
        if listener.kind.transport == .tls, let handshaker {
            return handshaker.take(descriptor, listener.kind, for: target)
        }
        let newcomer = Mailbox.Newcomer(descriptor: descriptor, kind: listener.kind)
        if target === worker {
            worker.adopt(newcomer)
        } else {
            target.mailbox.put(.connection(newcomer))
        }
    }

    /// Rejects the connection waiting on `listener`, for which there is no descriptor.
    ///
    /// If that fails as well, stops polling the socket until the next tick, as it would stay ready
    /// and keep the worker busy, and returns false.
    private func turnAway(_ listener: Listener, _ error: SystemError, _ worker: Worker) -> Bool {
        let listening = listener.descriptor
        shortage.note(error, log, second: worker.executor.clock.seconds)
        if let socket = shortage.spare.accept(Socket(listening)) {
            refuse(socket, listener.kind.speech.tooManyClients, worker)
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

    private func admit(_ socket: Socket, _ listener: Listener, _ worker: Worker) -> Bool {
        if connectionCount >= options.clientsMax {
            refuse(socket, listener.kind.speech.tooManyClients, worker)
            return false
        }
        if listener.kind.transport != .unix {
            socket.tune(keepAlive: Int32(clamping: options.acceptance.keepAliveSeconds))
            if options.isProtectedMode, access.standard.rules.needsNoPassword, !socket.isLocal {
                refuse(socket, listener.kind.speech.protectedMode, worker)
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
