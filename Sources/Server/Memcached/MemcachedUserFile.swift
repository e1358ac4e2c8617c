internal import Commands
internal import Primitives
internal import System

/// The users in `memcached-auth-file`: lines `name:password`, as memcached's -Y reads them.
///
/// Each becomes a user of ACL that may do on all keys what memcached's protocols can.
enum MemcachedUserFile {
    /// The largest file, in bytes.
    private static let byteCountMax = 64 * 1024

    /// The users in the file at `path`.
    static func users(
        at path: String,
        _ vocabulary: AccessVocabulary
    ) throws(AccessFile.Failure) -> [User] {
        let content: [UInt8]
        do throws(ConfigurationDisk.Failure) { content = try ConfigurationDisk.read(path) } catch {
            throw AccessFile.Failure(text: "Cannot read '\(path)': \(error.reason)")
        }
        guard content.count <= byteCountMax else {
            throw AccessFile.Failure(text: "'\(path)' is too large for a file of users")
        }
        var users: [User] = []
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            var line = line
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let parts = line.split(
                separator: UInt8(ascii: ":"),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(where: { $0 <= 0x20 })
            else {
                throw AccessFile.Failure(text: "\(path):\(index + 1) is no `name:password`")
            }
            var rules = UserRules(vocabulary, allowsAllChannels: false)
            let password = [UInt8(ascii: ">")] + parts[1]
            let failed = rules.apply(["on".bytes, password, "allkeys".bytes] + grants, vocabulary)
            precondition(failed == nil, "the rules are good")
            users.append(User(Array(parts[0]), rules))
        }
        return users
    }

    /// The rules that allow each of the commands of memcached's protocols.
    private static let grants: [[UInt8]] = {
        let data = CommandFamilies.data.joined().map(\.facts)
        let facts = data + CommandFamilies.admin.joined().map(\.facts)
        return facts.filter { $0.flags.contains(.memcached) && !$0.flags.contains(.admin) }
            .map { [UInt8(ascii: "+")] + $0.clientName }
    }()
}

extension String {
    fileprivate var bytes: [UInt8] { Array(utf8) }
}

/// The users of ACL that came from `memcached-auth-file`, and when that was written.
struct MemcachedUsers {
    var names: [[UInt8]] = []
    var stamp: Int64 = 0
}

extension Instance {
    /// Makes the users of `memcached-auth-file`, if there is one, users of ACL, in place of others
    /// of the same names and of those of earlier; returns why that fails.
    ///
    /// The world is stopped, or has not begun.
    func loadMemcachedUsers(_ next: Options? = nil) -> String? {
        let path = (next ?? options).memcached.userFilePath
        let stamp = path.isEmpty ? 0 : FileStamp.nanoseconds(of: path) ?? 0
        let users: [User]
        do throws(AccessFile.Failure) {
            users = path.isEmpty ? [] : try MemcachedUserFile.users(at: path, access.vocabulary)
        } catch {
            return error.text
        }
        guard !users.contains(where: { $0.name.array == AccessControl.standardName }) else {
            return "\(path) must not have the default user, which is of ACL"
        }
        let names = users.map(\.name.array)
        let gone = memcachedUsers.withLock { known in
            defer { known = MemcachedUsers(names: names, stamp: stamp) }
            return known.names.filter { !names.contains($0) }
        }
        for user in users { access.put(user) }
        remove(gone.compactMap { access.users[$0] }, asker: Session(id: 0))
        return nil
    }

    /// Reads `memcached-auth-file` again if it has changed; if that fails, all stays as it is.
    ///
    /// For the periodic tasks of worker 0.
    func reloadMemcachedUsers(on worker: Worker) {
        let path = options.memcached.userFilePath
        guard !path.isEmpty, let stamp = FileStamp.nanoseconds(of: path),
            stamp != memcachedUsers.withLock({ $0.stamp })
        else { return }
        let failure = exclusively(worker) { loadMemcachedUsers() }
        guard let failure else {
            return log(.notice, "The file of memcached's users has changed, and is in use.")
        }
        // Once for each change.
        memcachedUsers.withLock { $0.stamp = stamp }
        log(.warning, "The file of memcached's users has changed. \(failure)")
    }
}

extension AdminCall {
    /// Authenticates a client of memcached's protocols, or throws the error for a wrong password.
    ///
    /// With a file of users, those that need no password are none.
    func admitToMemcached(
        _ name: Bytes,
        password: Bytes,
        by word: Bytes
    ) throws(CommandError) {
        if session.mustAuthenticate, server.access[name]?.rules.needsNoPassword ?? false {
            worker.executor.noteStranger(name, word, connection)
            throw .client(.wrongPassword)
        }
        try admit(user: name, password: password, by: word)
    }
}
