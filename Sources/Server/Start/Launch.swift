internal import Primitives
internal import Store
internal import System
internal import TLS

/// One run of the server, from its configuration to its exit code.
struct Launch {
    private var configuration: Configuration
    private let options: Options
    private let log = Log()
    private let arguments: LaunchArguments
    /// Whether neither a file nor an option was given.
    private var isPlain: Bool { arguments == LaunchArguments([]) }

    /// Creates a run with `configuration`, which is that of `arguments`.
    init(_ configuration: Configuration, _ arguments: LaunchArguments) {
        self.configuration = configuration
        self.arguments = arguments
        options = Options(configuration)
    }

    /// Serves until the server is shut down; returns the exit code.
    consuming func run() -> Int32 {
        Signals.prepare()
        log.write(to: options.logPath)
        prepareCrashReports()
        if let level = LogLevel(name: options.logLevel) { log.show(from: level) }
        let supervisor = findSupervisor()
        if options.isDaemon, supervisor == nil {
            do throws(SystemError) { try OwnProcess.daemonize() } catch {
                return fail("Cannot run in the background: \(error.text)")
            }
        }
        if let user = arguments.user, OwnProcess.isRoot {
            do throws(SystemError) { try OwnProcess.become(user) } catch {
                return fail("Cannot become the user \(user): \(error.text)")
            }
        }
        greet()
        log.become(.primary)
        guard settleClientsMax() else { return 1 }
        do throws(SystemError) {
            let server = try Instance(
                configuration,
                log: log,
                supervisor: supervisor == nil ? "no" : "systemd"
            )
            guard hasAddresses(server) else { return 1 }
            if let reason = server.loadUsers() { return fail(reason) }
            if let reason = server.loadMemcachedUsers() { return fail(reason) }
            server.countPrefixes(options.memcached.countsPrefixes)
            // On failure, there is a line in the log, and the server starts nevertheless.
            try? server.adjustKillScore(configuration)
            server.log(absent: configuration.notInEffect[...])
            server.log(absent: arguments.withoutEffect[...])
            guard listen(server) else { return 1 }
            return serve(server, supervisor)
        } catch {
            return fail("Failed to start: \(error.text)")
        }
    }

    private func prepareCrashReports() {
        CrashReport.prepare(program: "Apus \(Version.apus)", commands: CommandFamilies.names)
        CrashReport.write(to: options.logPath)
        CrashReport.enter("main")
        CrashReport.isOn(options.logsCrashes)
    }

    private func fail(_ text: String) -> Int32 {
        log(.warning, text)
        return 1
    }

    // MARK: The first lines

    private func greet() {
        log(.notice, "oO0OoO0OoO0Oo Apus is starting oO0OoO0OoO0Oo")
        log(
            .notice,
            "Apus version=\(Version.apus), as Redis version=\(Version.redis), bits=64, "
                + "pid=\(OwnProcess.number), just started"
        )
        if isPlain {
            log(
                .warning,
                "Warning: no config file specified, using the default config. In order to specify "
                    + "a config file use apus-server /path/to/apus.conf"
            )
        } else {
            log(.notice, "Configuration loaded")
        }
    }

    /// The supervisor to notify, if `supervised` names one.
    private func findSupervisor() -> Supervisor? {
        let wanted = options.supervisor
        if wanted == "upstart" || wanted == "auto", OwnProcess.environment("UPSTART_JOB") != nil {
            OwnProcess.forgetEnvironment("UPSTART_JOB")
            OwnProcess.stopSelf()
            return nil
        }
        guard wanted == "systemd" || wanted == "auto", let supervisor = Supervisor() else {
            return nil
        }
        supervisor.notify("STATUS=Apus is loading...\n")
        return supervisor
    }

    /// Whether the system has reserved address space for keys.
    ///
    /// If `ulimit -v` limits it, half of what is left is for keys.
    private func hasAddresses(_ server: Instance) -> Bool {
        let capacity = server.keyspace.capacity
        if let limit = ProcessMemory.addressBytesMax {
            log(
                .notice,
                "As 'ulimit -v' is \(limit >> 10), keys can use \(capacity >> 20) MB."
            )
        }
        guard capacity < KeyspacePlan.bytesMin else { return true }
        log(
            .warning,
            "There is not enough address space for the server to start. Please raise "
                + "'ulimit -v' or set it to unlimited. Exiting."
        )
        return false
    }

    /// Raises the limit of open files to what `maxclients` needs, or lowers `maxclients`.
    ///
    /// Returns false if not even one client could connect.
    private mutating func settleClientsMax() -> Bool {
        let wanted = options.clientsMax + Instance.reservedFiles(options)
        let before = OpenFiles.limit
        let (limit, reason) = OpenFiles.raise(to: wanted)
        guard limit < wanted else {
            if limit > before {
                log(
                    .notice,
                    "Increased maximum number of open files to \(limit) (it was originally set to "
                        + "\(before))."
                )
            }
            return true
        }
        guard limit > Instance.reservedFiles(options) else {
            log(
                .warning,
                "Your current 'ulimit -n' of \(before) is not enough for the server to start. "
                    + "Please increase your open file limit to at least \(wanted). Exiting."
            )
            return false
        }
        let count = limit - Instance.reservedFiles(options)
        log(
            .warning,
            "You requested maxclients of \(options.clientsMax) requiring at least \(wanted) max "
                + "file descriptors."
        )
        log(
            .warning,
            "Server can't set maximum open files to \(wanted) because of OS error: "
                + "\(reason ?? "unknown")."
        )
        log(
            .warning,
            "Current maximum open files is \(limit). maxclients has been reduced to \(count) to "
                + "compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'."
        )
        configuration.settle("maxclients", at: .integer(Int64(count)))
        return true
    }

    // MARK: Loading

    /// Loads the files of an earlier run, if any; on failure, logs the reason and returns false.
    ///
    /// Runs on `worker`, which serves clients meanwhile.
    private func load(_ server: Instance, on worker: Worker) -> Bool {
        guard !options.appendsChanges else {
            guard server.appendOnly.load(server, on: worker) else { return server.isStopping }
            return append(server, on: worker)
        }
        let begin = Clock.monotonicNanoseconds()
        var loader = server.snapshotLoader
        loader.worker = worker
        do throws(SnapshotLoader.Failure) {
            guard let counts = try loader.load(options.snapshotPath) else {
                return true
            }
            server.addIndexes(counts.indexes, worker)
            let seconds = Double(Clock.monotonicNanoseconds() - begin) / 1e9
            server.saver.noteLoaded(keys: counts.loaded, expired: counts.expired)
            log(.notice, "DB loaded from disk: \(thousandths(seconds)) seconds")
            return true
        } catch .ended {
            return true
        } catch {
            log(error, path: options.snapshotPath)
            log(.warning, "Fatal error loading the DB, check server logs. Exiting.")
            return false
        }
    }

    /// Appends changes to the files just loaded; on failure, logs the reason and returns false.
    private func append(_ server: Instance, on worker: Worker) -> Bool {
        server.saver.noteUnchanged(server.changes)
        do throws(SystemError) {
            try server.exclusively(worker) { () throws(SystemError) in
                try server.appendOnly.open(server)
            }
            return true
        } catch {
            log(.warning, "Can't open the append-only file: \(error.text)")
            return false
        }
    }

    // MARK: Listening

    /// Listens on all configured addresses; on failure, logs the reason and returns false.
    private func listen(_ server: Instance) -> Bool {
        if options.usesTLS {
            do throws(TLSFailure) { try server.configureTLS(options) } catch {
                log(.warning, error.text)
                log(.warning, "Failed to configure TLS. Check logs for more info.")
                return false
            }
        }
        do throws(Listener.Failure) {
            try server.serve(Listener.openTCP(options))
        } catch {
            log(.warning, "Warning: \(error.text)")
            if let (port, kind) = error.port {
                log(.warning, "Failed listening on port \(port) (\(kind.name)), aborting.")
            }
            return false
        }
        do throws(Listener.Failure) {
            if let listener = try Listener.openUnix(options) { try server.serve([listener]) }
            try server.serve(Listener.openMemcached(options))
            try server.openMetrics(options.metrics)
        } catch {
            log(.warning, error.text)
            return false
        }
        guard !server.listeners.isEmpty else {
            log(.warning, "Configured to not listen anywhere, exiting.")
            return false
        }
        return true
    }

    // MARK: Serving

    private func serve(_ server: Instance, _ supervisor: Supervisor?) -> Int32 {
        let processFile = writeProcessFile()
        server.showTitle(server.configuration)
        showStart(server.listeners)
        warnOfBacklog()
        log(.notice, "Server initialized")
        watchSignals(server)
        let isLoaded = server.run { worker in
            guard load(server, on: worker) else { return false }
            guard !server.isStopping else { return true }
            announce(server, supervisor)
            return true
        }
        supervisor?.notify("STOPPING=1\n")
        if let processFile {
            log(.notice, "Removing the pid file.")
            _ = OwnProcess.remove(processFile)
        }
        for path in [options.unixSocketPath, options.memcached.socketPath] where !path.isEmpty {
            log(.notice, "Removing the unix socket file.")
            _ = OwnProcess.remove(path)
        }
        guard isLoaded else { return 1 }
        log(.warning, "Apus is now ready to exit, bye bye...")
        return 0
    }

    /// Announces that all commands are now served.
    private func announce(_ server: Instance, _ supervisor: Supervisor?) {
        for kind in Listener.Kind.all
        where server.listeners.contains(where: { $0.kind == kind }) {
            log(.notice, "Ready to accept connections \(kind.name)")
        }
        supervisor?.notify("STATUS=Ready to accept connections\nREADY=1\n")
    }

    /// Writes the pid file if one is configured; returns its path.
    private func writeProcessFile() -> String? {
        var path = options.processFilePath
        if path.isEmpty, options.isDaemon { path = "/var/run/apus.pid" }
        guard !path.isEmpty else { return nil }
        do throws(SystemError) {
            try OwnProcess.write("\(OwnProcess.number)\n", to: path)
            return path
        } catch {
            log(.warning, "Failed to write PID file: \(error.reason)")
            return nil
        }
    }

    private func showStart(_ listeners: [Listener]) {
        if options.alwaysShowsLogo || (options.logPath.isEmpty && OwnProcess.hasTerminal) {
            log.lines(.notice, StartScreen(options: options, listeners: listeners).text)
        } else {
            log(.notice, "Running mode=standalone, port=\(options.port).")
            log(.notice, "PID: \(OwnProcess.number)")
        }
    }

    /// Warns if the kernel's limit is lower than `tcp-backlog`.
    private func warnOfBacklog() {
        guard let most = OwnProcess.number(in: "/proc/sys/net/core/somaxconn"),
            most > 0, most < Int(options.acceptance.backlog)
        else { return }
        log(
            .warning,
            "WARNING: The TCP backlog setting of \(options.acceptance.backlog) cannot be enforced "
                + "because /proc/sys/net/core/somaxconn is set to the lower value of \(most)."
        )
    }

    /// Shuts the server down at the first signal, and exits at a second interrupt.
    private func watchSignals(_ server: Instance) {
        let log = log
        _ = Thread("signals") {
            while true {
                let signal = Signals.next()
                if server.isStopping, signal == .interrupt {
                    log(.warning, "You insist... exiting now.")
                    OwnProcess.end(1)
                }
                log(.warning, "Received \(signal.name) scheduling shutdown...")
                if server.loading.isOn {
                    log(.warning, "Received shutdown signal during loading, exiting now.")
                    OwnProcess.end(0)
                }
                server.workers[0].mailbox.put(
                    .task {
                        let flags = $0.server.options.shutdownFlags
                        $0.shutDown(signal == .interrupt ? flags.interrupt : flags.terminate)
                    }
                )
            }
        }
    }
}
