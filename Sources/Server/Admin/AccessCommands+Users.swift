internal import Commands
internal import Primitives
internal import System
internal import Wire

/// Creates, describes and removes users.
extension AccessCommands {
    /// `ACL SETUSER name [rule …]`: OK.
    static func setUser(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let name = arguments[2].array
        guard !name.hasSpaces else {
            return call.refuse("ERR Usernames can't contain spaces or null characters")
        }
        let rules: [[UInt8]]
        switch UserRules.joined((3..<arguments.count).map { arguments[$0].array }) {
        case .success(let joined): rules = joined
        case .failure(let failure):
            return call.refuse(
                "ERR Unmatched parenthesis in acl selector starting at '\(text(failure.word))'."
            )
        }
        // Parsing many rules takes a while, which must not happen with the world stopped.
        let before = call.server.access.users[name]
        let made = user(name, after: before, rules, call)
        let failure = call.server.exclusively(call.worker) { () -> RefusedRule? in
            let now = call.server.access.users[name]
            switch now === before ? made : user(name, after: now, rules, call) {
            case .success(let user):
                call.server.put(user, asker: call.session)
                return nil
            case .failure(let failure): return failure
            }
        }
        guard let failure else { return call.reply.ok() }
        call.refuse(
            "ERR Error in ACL SETUSER modifier '\(text(failure.rule))': \(failure.failure.text)"
        )
    }

    /// A rule that was rejected.
    private struct RefusedRule: Error {
        let rule: [UInt8]
        let failure: RuleFailure
    }

    private static func user(
        _ name: [UInt8],
        after before: User?,
        _ words: [[UInt8]],
        _ call: AdminCall
    ) -> Result<User, RefusedRule> {
        let vocabulary = call.server.access.vocabulary
        var rules =
            before?.rules
            ?? UserRules(vocabulary, allowsAllChannels: call.server.options.allowsAllChannels)
        if let (rule, failure) = rules.apply(words, vocabulary) {
            return .failure(RefusedRule(rule: rule, failure: failure))
        }
        return .success(User(name, rules))
    }

    private static func text(_ word: [UInt8]) -> String { String(decoding: word, as: UTF8.self) }

    /// `ACL GETUSER name`: a map of the user's permissions, or null.
    static func getUser(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let user = call.server.access[arguments[2]] else { return call.reply.null() }
        let rules = user.rules
        call.reply.map(7)
        call.reply.bulk("flags")
        call.reply.names(rules.flags, isSet: true)
        call.reply.bulk("passwords")
        call.reply.array(rules.passwords.count)
        for sum in rules.passwords { sum.text.withBytes { call.reply.bulk($0) } }
        call.reply.describe(rules.selectors[0])
        call.reply.bulk("selectors")
        call.reply.array(rules.selectors.count - 1)
        for selector in rules.selectors.dropFirst() {
            call.reply.map(4)
            call.reply.describe(selector)
        }
    }

    /// `ACL LIST`: the users with their rules, in the format of a file.
    static func list(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let lines = call.server.userLines
        call.reply.array(lines.count)
        for line in lines { line.withBytes { call.reply.bulk($0) } }
    }

    /// `ACL USERS`: the names of all users.
    static func users(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let users = call.server.access.sorted
        call.reply.array(users.count)
        for user in users { call.reply.bulk(user.name) }
    }

    /// `ACL DELUSER name …`: the number of users removed.
    static func deleteUsers(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let names = Set((2..<arguments.count).map { arguments[$0].array })
        guard !names.contains(AccessControl.standardName) else {
            return call.refuse("ERR The 'default' user cannot be removed")
        }
        let count = call.server.exclusively(call.worker) {
            let users = names.compactMap { call.server.access.users[$0] }
            if !users.isEmpty { call.server.remove(users, asker: call.session) }
            return users.count
        }
        call.reply.integer(count)
    }

    /// `ACL DRYRUN name command [word …]`: OK, or why the user may not run it.
    static func tryOut(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        guard let user = call.server.access[arguments[2]] else {
            return call.refuse("ERR User '\(arguments[2].string)' not found")
        }
        let table = call.server.registry.table
        let request = arguments.dropFirst(3)
        var found = table.row(request[0])
        if let row = found, table.subcommands[row] != nil, request.count > 1 {
            found = table.subcommand(request[1], of: row)
        }
        guard let row = found else {
            return call.refuse("ERR Command '\(request[0].string)' not found")
        }
        let facts = table.facts[row]
        guard facts.accepts(wordCount: request.count) else {
            let name = String(decoding: facts.clientName, as: UTF8.self)
            return call.refuse("ERR wrong number of arguments for '\(name)' command")
        }
        let database = call.session.database
        guard let denial = user.denial(row, facts, request, database: database) else {
            return call.reply.ok()
        }
        call.reply.explain(denial, user, facts, request, database: database)
    }

    // MARK: The ACL file

    private static let noFile =
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify "
        + "users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a "
        + "Redis configuration file set) in order to store users in the Redis configuration."

    /// `ACL LOAD`: OK.
    static func load(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        guard !server.options.accessFilePath.isEmpty else { return call.refuse(noFile) }
        do throws(AccessFile.Failure) {
            let users = try server.readUsers()
            server.exclusively(call.worker) { server.replaceUsers(users, asker: call.session) }
            call.reply.ok()
        } catch {
            call.refuse("ERR \(error.text)")
        }
    }

    /// `ACL SAVE`: OK.
    static func save(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let server = call.server
        let path = server.options.accessFilePath
        guard !path.isEmpty else { return call.refuse(noFile) }
        let content = server.userLines.flatMap { $0 + [UInt8(ascii: "\n")] }
        do throws(ConfigurationDisk.Failure) {
            try ConfigurationDisk.replace(path, by: content)
            call.reply.ok()
        } catch {
            server.log(.warning, "Saving the ACL file failed: \(error.reason)")
            call.refuse(
                "ERR There was an error trying to save the ACLs. Please check the server logs for "
                    + "more information"
            )
        }
    }
}

extension ReplyWriter {
    /// Writes names as a set or an array.
    mutating func names(_ names: [StaticString], isSet: Bool) {
        if isSet { set(names.count) } else { array(names.count) }
        for name in names { bulk(name) }
    }

    /// Writes the four pairs that describe a selector.
    fileprivate mutating func describe(_ selector: AccessSelector) {
        bulk("commands")
        selector.commandText.withBytes { bulk($0) }
        bulk("keys")
        selector.keyText.withBytes { bulk($0) }
        bulk("channels")
        selector.channelText.withBytes { bulk($0) }
        bulk("databases")
        selector.databaseText.withBytes { bulk($0) }
    }

    /// Writes why a request may not run, for ACL DRYRUN.
    fileprivate mutating func explain(
        _ denial: AccessDenial,
        _ user: User,
        _ facts: CommandFacts,
        _ request: Arguments,
        database: Int
    ) {
        var line = ByteBuffer()
        line.append("User ")
        line.append(user.name)
        line.append(" has no permissions to ")
        switch denial.reason {
        case .command:
            line.append("run the '")
            line.appendLowercase(Bytes(facts.name))
            line.append("' command")
        case .key:
            line.append("access the '")
            line.append(request[denial.word])
            line.append("' key")
        case .channel:
            line.append("access the '")
            line.append(request[denial.word])
            line.append("' channel")
        case .database where denial.word > 0:
            line.append("access database ")
            line.append(request[denial.word])
        case .database:
            line.append("access database ")
            line.append(decimal: Int64(database))
        }
        bulk(line.bytes)
    }
}
