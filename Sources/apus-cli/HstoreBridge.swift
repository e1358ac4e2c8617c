internal import Glibc
internal import Remote
internal import System

/// Starts apus-hstore, the only program that needs libpq.
enum HstoreBridge {
    /// Replaces this program by apus-hstore with `words`, and the server that `options` name; if
    /// that fails, returns the reason.
    static func start(_ words: [String], _ options: Options) -> String {
        var words = ["apus-hstore"] + words + ["-h", options.host, "-p", String(options.port)]
        words += ["-n", String(options.database)]
        if let path = options.socketPath { words += ["-s", path] }
        words += options.tls.words
        if let user = options.user { words += ["--user", user.text] }
        if let seconds = options.connectSeconds { words += ["-t", String(seconds)] }
        // SAFETY: all texts are terminated copies, and the list of them ends with null.
        if let password = options.password { unsafe setenv("APUSCLI_AUTH", password.text, 1) }
        let texts = unsafe words.map { unsafe strdup($0) } + [nil]
        let folder = OwnProcess.executable.split(separator: "/").dropLast().joined(separator: "/")
        unsafe _ = execv("/\(folder)/apus-hstore", texts)
        unsafe _ = execvp("apus-hstore", texts)
        return "Can't start apus-hstore, which --from-hstore and --to-hstore need: "
            + SystemError.reason(errno)
    }
}
