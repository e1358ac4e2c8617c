internal import Commands
internal import Primitives

/// Applies changes of users to their clients.
///
/// The world is stopped during every change.
extension Instance {
    /// Replaces the user with the same name by `user`.
    ///
    /// Closes clients with subscriptions that are no longer allowed. `asker` still gets its reply.
    func put(_ user: User, asker: Session) {
        access.put(user)
        renewUsers()
        guard !user.isUnrestricted else { return }
        closeClients(asker: asker) { session in
            session.user === user && session.subscriptions.map { !user.mayHold($0) } ?? false
        }
    }

    /// Removes users and closes their clients; `asker` still gets its reply.
    func remove(_ users: [User], asker: Session) {
        for user in users { access.remove(user) }
        renewUsers()
        closeClients(asker: asker) { session in users.contains { $0 === session.user } }
    }

    /// Replaces all users by these.
    ///
    /// Closes clients of users that were removed or changed, except for the default user's. `asker`
    /// still gets its reply.
    func replaceUsers(_ users: [User], asker: Session) {
        let before = access.users
        access.replaceAll(users)
        let changed = before.filter { name, user in
            name != AccessControl.standardName && access.users[name]?.line != user.line
        }
        closeClients(asker: asker) { session in
            changed.contains { $0.value === session.user }
        }
        renewUsers()
    }

    /// Updates every session to its user's current version.
    func renewUsers() {
        for worker in workers {
            for case let connection? in worker.connections.places {
                let session = connection.session
                guard let user = session.user, let next = access[user.name], next !== user else {
                    continue
                }
                session.become(next, isAuthenticated: session.traits.contains(.authenticated))
            }
        }
    }

    /// Closes clients; until then they are unauthenticated.
    private func closeClients(asker: Session, _ isMeant: (Session) -> Bool) {
        for worker in workers {
            for place in worker.connections.places.indices {
                guard let connection = worker.connections.places[place],
                    isMeant(connection.session)
                else { continue }
                connection.session.become(access.standard, isAuthenticated: false)
                if connection.session === asker {
                    connection.state.insert(.closesAfterReply)
                } else {
                    worker.close(connection)
                }
            }
        }
    }

    /// The lines that ACL SAVE and CONFIG REWRITE write.
    var userLines: [[UInt8]] { access.sorted.map(\.line) }

    /// Reads `aclfile` at startup, if configured; returns the reason if the server must not start.
    func loadUsers() -> String? {
        guard !options.accessFilePath.isEmpty else { return nil }
        guard configuration.users.isEmpty else {
            return "Configuring Redis with users defined in redis.conf and at the same setting an "
                + "ACL file path is invalid. This setup is very likely to lead to configuration "
                + "errors and security holes, please define either an ACL file or declare users "
                + "directly in your redis.conf, but not both."
        }
        do throws(AccessFile.Failure) {
            access.replaceAll(try readUsers())
            return nil
        } catch {
            return "Aborting Redis startup because of ACL errors: \(error.text)"
        }
    }

    /// The users defined in `aclfile`.
    func readUsers() throws(AccessFile.Failure) -> [User] {
        try AccessFile.users(
            at: options.accessFilePath,
            access.vocabulary,
            allowsAllChannels: options.allowsAllChannels
        )
    }
}
