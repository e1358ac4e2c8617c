internal import Commands
internal import Primitives
internal import Store
internal import Structures
internal import Synchronization
internal import System

/// Applies changes of the configuration.
extension Instance {
    /// The number of descriptors that clients cannot use.
    ///
    /// They are for listeners, the log, files, metrics and, for each further worker, an epoll set,
    /// an eventfd and a ring.
    static func reservedFiles(_ options: Options) -> Int {
        let forMetrics = options.metrics.port == 0 ? 0 : MetricsDoor.visitorsMax
        return 32 + forMetrics + 3 * (options.threads - 1)
    }

    /// Registers what CONFIG SET must do in addition to storing a value.
    func registerActions() {
        configuration.whenChanged(SecureOptions.directives + ["tls-port", "memcached-tls-port"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            try self.configureTLS(changed: next)
        }
        configuration.whenChanged(["port", "tls-port"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            try self.listenAgain(
                next,
                or: "Unable to listen on this port. Check server logs."
            )
        }
        configuration.whenChanged(["bind"]) { [unowned self] (next) throws(DirectiveRefusal) in
            try self.listenAgain(next, or: "Failed to bind to specified addresses.")
        }
        configuration.whenChanged(["memcached-port", "memcached-tls-port", "memcached-bind"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            do throws(Listener.Failure) {
                try self.listenAgainForMemcached(Options(next))
            } catch {
                log(.warning, "Warning: \(error.text)")
                throw DirectiveRefusal("Unable to listen for memcached's clients, see the log.")
            }
        }
        configuration.whenChanged(["memcached-auth-file"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            if let reason = self.loadMemcachedUsers(Options(next)) {
                throw DirectiveRefusal(reason)
            }
        }
        configuration.whenChanged(["metrics-port", "metrics-bind"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            do throws(Listener.Failure) { try openMetrics(Options(next).metrics) } catch {
                log(.warning, "Warning: \(error.text)")
                throw DirectiveRefusal("Unable to listen for Prometheus, see the log.")
            }
        }
        configuration.whenChanged(["maxclients"]) { (next) throws(DirectiveRefusal) in
            try Instance.allowClients(Options(next))
        }
        configuration.whenChanged(["loglevel"]) { [log] (next) throws(DirectiveRefusal) in
            if let level = LogLevel(name: Options(next).logLevel) { log.show(from: level) }
        }
        configuration.whenChanged(["oom-score-adj", "oom-score-adj-values"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            try self.adjustKillScore(next)
        }
        configuration.whenChanged(["appendonly"]) {
            [unowned self] (next) throws(DirectiveRefusal) in
            try self.appendOnly.follow(Options(next), self)
        }
        registerProcessActions()
    }

    private func registerProcessActions() {
        configuration.whenChanged(["proc-title-template"]) { [unowned self] next in
            self.showTitle(next)
        }
        configuration.whenChanged(["crash-log-enabled"]) { next in
            CrashReport.isOn(Options(next).logsCrashes)
        }
    }

    /// Sets the title shown in process listings if `set-proc-title` is on.
    func showTitle(_ configuration: Configuration) {
        let options = Options(configuration)
        guard options.setsProcessTitle else { return }
        let values = [
            "title": CommandLine.arguments.first ?? "apus-server",
            "listen-addr": listeners.first?.place ?? "",
            "server-mode": "",
            "port": String(options.port),
            "tls-port": String(options.secure.port),
            "unixsocket": options.unixSocketPath,
            "config-file": configuration.path ?? "",
        ]
        guard let title = ProcessTitle.expand(options.processTitleTemplate, values: values) else {
            return
        }
        OwnProcess.setTitle(String(title.reversed().drop { $0 == " " }.reversed()))
    }

    private func listenAgain(
        _ next: Configuration,
        or refusal: String
    ) throws(DirectiveRefusal) {
        do throws(Listener.Failure) { try listenAgain(Options(next)) } catch {
            log(.warning, "Warning: \(error.text)")
            throw DirectiveRefusal(refusal)
        }
    }

    private static func allowClients(_ options: Options) throws(DirectiveRefusal) {
        let reserved = reservedFiles(options)
        let wanted = options.clientsMax + reserved
        let (limit, _) = OpenFiles.raise(to: wanted)
        guard limit < wanted else { return }
        throw DirectiveRefusal(
            "The operating system is not able to handle the specified number of clients, try "
                + "with \(limit - reserved)"
        )
    }

    /// Logs the names of directives that were set but have no effect yet.
    func log(absent names: ArraySlice<String>) {
        guard !names.isEmpty else { return }
        log(
            .warning,
            "Accepted, but without effect in this version: "
                + names.joined(separator: ", ")
        )
    }

    /// Turns the measuring of requests and replies on or off, as configured.
    func postSizes() {
        let isOn = options.requestBytesNoted >= 0 || options.replyBytesNoted >= 0
        bulletin.post(Bulletin.Notice(alerts: isOn ? .sizes : []), by: .commandLog)
    }

    /// Makes all workers use the current configuration.
    ///
    /// The world must be stopped.
    func publish() {
        let before = options
        options = Options(configuration)
        settings.withLock { $0 = (configuration, options) }
        var limits = options.commandLimits
        limits.encoding.listNodeBytesMax = listNodeBytesMax
        for worker in workers {
            worker.executor.context.limits = limits
            worker.executor.measure(by: options.accessMeasure)
            worker.executor.statistics.keepDurations(options.tracksLatency)
            worker.executor.noteCommands(by: options)
            worker.expireSoon()
        }
        postSizes()
        if options.password != before.password {
            access.setPassword(options.password)
            renewUsers()
        }
        postNotices()
        appendOnly.adopt(options.appendOnlySettings)
        saver.delay.set(microseconds: options.savePauseMicroseconds)
        observeKeys()
        if options.accessMeasure.readsOtherwise(than: before.accessMeasure) { renewStamps() }
        boundMemory()
        // The rest of the batch of CONFIG SET must run with the new options, too.
        for worker in workers { worker.executor.readBulletin() }
    }

    /// Makes all workers apply `maxmemory` and `maxmemory-policy`.
    ///
    /// The world must be stopped.
    func boundMemory() {
        let isBounded = options.memoryBytesMax > 0
        let keepsStates = isBounded && options.evictionPolicy.usesStates
        let noting = UseNoting(
            notesReads: options.evictionPolicy.order != .write,
            changesStates: keepsStates
        )
        for worker in workers {
            worker.executor.context.noting = noting
            worker.executor.giveUpCredit()
        }
        bulletin.post(Bulletin.Notice(alerts: isBounded ? [.memory, .dataSize] : []), by: .memory)
        keyspace.keepStates(keepsStates)
        for partition in 0..<keyspace.partitionCount {
            keyspace.countUse(ofPartition: partition)
        }
        if !isBounded { memoryBound.note(isExceeded: false) }
    }

    /// Makes commands note what their keys held before, if notifications depend on it.
    ///
    /// The world must be stopped.
    func observeKeys() {
        let choice = options.notifications
        let observes =
            choice.isOn && !choice.classes.isDisjoint(with: [.new, .overwritten, .typeChanged])
        for partition in 0..<keyspace.partitionCount {
            keyspace.mark(partition, .observed, observes)
        }
    }

    /// Posts what workers must record and check, as demanded by the options and by clients.
    func postNotices() {
        let notifies = options.notifications.isOn
        let wants: Effects.Wants = options.notifications.namesFields ? [.notify, .fields] : .notify
        bulletin.post(
            Bulletin.Notice(
                alerts: notifies ? .notifications : [],
                wants: notifies ? wants : []
            ),
            by: .notifications
        )
        postDiskTrouble()
        bulletin.post(
            Bulletin.Notice(alerts: options.isImporting ? .importing : []),
            by: .importing
        )
        bulletin.post(by: .tracking) {
            Bulletin.Notice(wants: tracking.broadcasts ? .tracking : [])
        }
        bulletin.post(by: .monitors) {
            let isMonitored = monitorCount.load(ordering: .relaxed) > 0
            return Bulletin.Notice(alerts: isMonitored ? .monitors : [])
        }
    }
}
