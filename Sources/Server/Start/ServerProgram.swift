internal import System

/// The program apus-server, from its command line to its exit.
public enum ServerProgram {
    /// Runs the server with the given arguments.
    public static func main(_ words: [String]) -> Never {
        let arguments = LaunchArguments(words)
        switch arguments.request {
        case .showVersion:
            OwnProcess.writeOutput(Version.line + "\n")
            OwnProcess.end(0)
        case .showHelp:
            OwnProcess.writeOutput(usage)
            OwnProcess.end(0)
        case .showMemcachedVersion:
            OwnProcess.writeOutput("memcached \(Version.memcached) (Apus \(Version.apus))\n")
            OwnProcess.end(0)
        case .showMemcachedHelp:
            OwnProcess.writeOutput(MemcachedUsage.text)
            OwnProcess.end(0)
        case .showLicence:
            OwnProcess.writeOutput("Apus \(Version.apus), under the terms of its file LICENSE\n")
            OwnProcess.end(0)
        case .refuse(let reason):
            OwnProcess.writeError("apus-server --memcached: \(reason)\n")
            OwnProcess.end(1)
        case .serve: break
        }
        var configuration = Configuration()
        do throws(ConfigurationFailure) { try configuration.load(arguments) } catch {
            OwnProcess.writeError(error.report(version: "\(Version.apus)"))
            OwnProcess.end(1)
        }
        let launch = Launch(configuration, arguments)
        OwnProcess.end(launch.run())
    }

    private static let usage = """
        Usage: apus-server [/path/to/apus.conf] [options] [-]
               apus-server - (read config from stdin)
               apus-server -v or --version
               apus-server -h or --help
               apus-server --memcached [options of memcached] [-- options]

        Every directive of the configuration file is an option too, with two hyphens before its
        name; docs/configuration.md lists them. Without a file and without options the server
        listens on port 6379, with one thread per core.

        Examples:
               apus-server (run the server with default conf)
               echo 'maxclients 500' | apus-server -
               apus-server /etc/apus/6379.conf
               apus-server --port 7777 --threads 2
               apus-server --port 0 --unixsocket /run/apus.sock --unixsocketperm 770
               apus-server /etc/myapus.conf --loglevel verbose -

        """
}
