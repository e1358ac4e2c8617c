internal import Remote
internal import System

/// Sockets identified by a token of the caller's.
extension EventPoll {
    /// Creates an epoll instance.
    static func open() throws(LoadFailure) -> EventPoll {
        do { return try EventPoll() } catch { throw LoadFailure(error) }
    }

    /// Watches `socket`.
    func add(_ socket: Socket, token: Int, _ interest: Interest) throws(LoadFailure) {
        do {
            try add(socket.descriptor, as: Int32(token), interest)
        } catch {
            throw LoadFailure(error)
        }
    }

    /// Changes the events that `socket` is watched for.
    func change(_ socket: Socket, token: Int, _ interest: Interest) throws(LoadFailure) {
        do {
            try change(socket.descriptor, as: Int32(token), interest)
        } catch {
            throw LoadFailure(error)
        }
    }
}
