internal import Commands
internal import Glibc
internal import Primitives
internal import Store
internal import System
internal import Wire

/// The server as a whole: state, clock, shutdown.
enum ServerCommands {
    /// The rows of this family, in the order of the handlers below.
    // swift-format-ignore
    static let table: [AdminCommand] = [
        AdminCommand("INFO", arity: -1, [.loading, .stale], group: .server, categories: ["dangerous"], since: "1.0.0", complexity: "O(N) where N is the number of databases", syntax: "[section...]", summary: "Returns information about the server, by section.", tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], waiting: info),
        AdminCommand("TIME", arity: 1, [.loading, .stale, .fast], group: .server, since: "2.6.0", complexity: "O(1)", syntax: "", summary: "Returns the time: seconds since 1970, and microseconds.", tips: ["nondeterministic_output"], time),
        AdminCommand("ROLE", arity: 1, [.noScript, .loading, .stale, .fast], group: .server, categories: ["admin", "dangerous"], since: "2.8.12", complexity: "O(1)", syntax: "", summary: "Returns the server's role in replication.", role),
        AdminCommand("SHUTDOWN", arity: -1, [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy, .stopsWorld], group: .server, since: "1.0.0", complexity: "O(N) when saving, where N is the number of keys", syntax: "save-selector=[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", summary: "Shuts the server down.", shutDown),
        AdminCommand("LOLWUT", arity: -1, [.readonly, .fast], group: .server, since: "5.0.0", complexity: "O(1)", syntax: "[VERSION version:i]", summary: "Draws a swift and shows the version.", draw),
    ]
}

extension ServerCommands {
    /// `INFO [section …]`: the requested sections.
    static func info(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) -> Outcome {
        let names = (1..<arguments.count).map { arguments[$0].string }
        let source = InfoSource(call.server, on: call.worker)
        if InfoReport.sections(named: names).contains(where: \.needsKeySizes) {
            guard let sizes = keySizes(call) else {
                return .waits(.answers(call.server.workerCount))
            }
            source.keySizes = sizes
        }
        call.reply.verbatim(InfoReport.text(names, source))
        return .done
    }

    /// The sizes of all keys; nil while the workers count them.
    ///
    /// A transaction cannot wait for them, so nothing is counted within one.
    private static func keySizes(_ call: AdminCall) -> KeySizes? {
        let id = call.session.id
        if let survey = call.worker.keySizeSurveys.removeValue(forKey: id) { return survey.sizes }
        guard call.connection != nil, call.worker.executor.context.mayWait else {
            return KeySizes()
        }
        let workers = call.server.workers
        let survey = KeySizeSurvey(workers: workers.count, asker: id, home: call.worker.mailbox)
        call.worker.keySizeSurveys[id] = survey
        survey.start(on: workers)
        return nil
    }

    /// `TIME`: seconds and microseconds.
    static func time(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        let now = Clock.unixMicroseconds()
        call.reply.array(2)
        call.reply.bulk(decimal: now / 1_000_000)
        call.reply.bulk(decimal: now % 1_000_000)
    }

    /// `ROLE`: `master`, the replication offset, and the replicas, of which there are none.
    static func role(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        call.reply.array(3)
        call.reply.bulk("master")
        call.reply.integer(0)
        call.reply.array(0)
    }

    /// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`: no reply; the server exits.
    static func shutDown(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        var saves = false
        var savesNot = false
        var aborts = false
        var forces = false
        var others = 0
        for index in 1..<arguments.count {
            let word = arguments[index]
            if word.isWord("SAVE") {
                saves = true
            } else if word.isWord("ABORT") {
                aborts = true
                continue
            } else if word.isWord("NOSAVE") {
                savesNot = true
            } else if word.isWord("FORCE") {
                forces = true
            } else if !word.isWord("NOW") {
                throw .syntax
            }
            others += 1
        }
        guard !(saves && savesNot) else { throw .syntax }
        if aborts {
            guard others == 0 else { throw .syntax }
            throw .server(.notEnding)
        }
        do throws(SystemError) {
            try call.server.shutDown(
                on: call.worker,
                saves: saves ? true : savesNot ? false : nil,
                reason: "User requested shutdown..."
            )
        } catch {
            guard forces else { throw .server(.cannotSave) }
            call.server.end(because: nil)
        }
        call.connection?.state.insert(.closesAfterReply)
    }

    /// `LOLWUT [VERSION version …]`: a drawing.
    static func draw(_ arguments: Arguments, _ call: AdminCall) throws(CommandError) {
        if arguments.count > 2, arguments[1].isWord("VERSION") { _ = try arguments.integer(2) }
        call.reply.verbatim(
            StartScreen.bird.joined(separator: "\n")
                + """


                Apus ver. \(Version.apus), as Redis ver. \(Version.redis)

                """
        )
    }
}
