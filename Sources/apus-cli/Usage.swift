internal import Remote

/// The texts that explain the program.
enum Usage {
    static let name = "apus-cli"
    static let version = "apus-cli 0.1.0"

    /// The output of `help` without a topic.
    static let help = """
        \(version)
        To get help about Redis commands type:
              "help @<group>" to get a list of commands in <group>
              "help <command>" for help on <command>
              "help <tab>" to get a list of possible help topics
              "quit" to exit

        To set apus-cli preferences:
              ":set hints" enable online hints
              ":set nohints" disable online hints
        Set your preferences in ~/.apusclirc

        """

    // swift-format-ignore
    static let text = """
        \(version)

        Usage: apus-cli [OPTIONS] [cmd [arg [arg ...]]]
          -h <hostname>      Server hostname (default: 127.0.0.1).
          -p <port>          Server port (default: 6379).
          -s <socket>        Server socket (overrides hostname and port).
          -t <timeout>       Timeout for connecting, in seconds (decimals allowed).
          -a <password>      Password to use when connecting to the server. The variables
                             APUSCLI_AUTH and REDISCLI_AUTH pass it more safely
                             (if both are used, this argument takes precedence).
          --user <username>  Used to send ACL style 'AUTH username pass'. Needs -a.
          --pass <password>  Alias of -a for consistency with the new --user option.
          --askpass          Ask for the password, showing stars; -a and the
                             variables are ignored.
          -u <uri>           redis://[[user]:password@]host[:port][/database]
                             (rediss:// for TLS)
        \(TLSOptions.help(margin: "  "))
          -r <repeat>        Execute the command N times; -1 repeats forever.
          -i <interval>      When -r is used, wait <interval> seconds per command
                             (-i 0.1 is possible). Also used by --scan and --stat per
                             cycle, by --bigkeys, --memkeys and --hotkeys per 100 cycles.
          -n <db>            Database number.
          -2                 Start the session in RESP2.
          -3                 Start the session in RESP3.
          -x                 Read the last argument from standard input.
          -X <tag>           Replace the argument <tag> by standard input.
          -d <delimiter>     Delimiter between the elements of a raw reply (default: \\n).
          -D <delimiter>     Delimiter after a raw reply (default: \\n).
          -c                 Follow a cluster's -ASK and -MOVED redirections.
          -e                 Return exit code 1 when the command fails.
          --raw              Raw replies (default when stdout is not a tty).
          --no-raw           Readable replies even when stdout is not a tty.
          --quoted-input     Take the arguments as quoted strings.
          --csv              Replies as CSV.
          --json             Replies as JSON (in RESP3; with -2 in RESP2).
          --quoted-json      As --json, but with ASCII-safe quoted strings, not Unicode.
          --show-pushes <yn> Print RESP3 pushes (default: when stdout is a tty).
          --stat             Print rolling figures of the server: memory, clients, ...
          --latency          Sample the latency continuously; with --raw, --csv or without a
                             tty, sample for one second (or -i) and print one line.
          --latency-history  As --latency, one line each 15 seconds (or -i).
          --latency-dist     Latency as a spectrum, needs 256 colours.
          --intrinsic-latency <sec>  Measure the latency of the machine itself.
          --eval <file>      Run the script in the file: --eval x.lua key … , argument …
          --pipe             Transfer raw protocol from standard input to the server.
          --pipe-timeout <n> In --pipe mode, abort if no reply comes for <n> seconds after all
                             data was sent (default: 30; 0 waits forever).
          --bigkeys          Find the keys with the most elements.
          --memkeys          Find the keys that use the most memory.
          --memkeys-samples <n>  As --memkeys, sampling <n> elements of each key.
          --hotkeys          Find the most used keys (maxmemory-policy must be *lfu).
          --scan             List all keys.
          --pattern <pat>    Key pattern for --scan, --bigkeys, --memkeys, --hotkeys.
          --quoted-pattern <pat>  As --pattern, as a quoted string.
          --count <n>        COUNT of the SCAN calls that these make.
          --from-hstore <conninfo>  Copy the rows of a table of PostgreSQL into hashes, or
          --to-hstore <conninfo>    hashes into rows; conninfo is libpq's: 'dbname=shop'. With
            --table <table>         the table (in double quotes if it has a dot in its name),
            --key <column>          the column with the keys, and
            --column <column>       the column of the type hstore; and if need be
            --prefix <text>         what precedes a row's key in the key of the hash,
            --batch <rows>          how many rows go at once (default: 1000),
            --state <file>          a file that notes how far it is, to go on from there.
            With TLS, --tls-key <file> is the private key of the client certificate.
          --verbose          Accepted for compatibility; there is nothing more to print.
          --no-auth-warning  No warning about a password on the command line.
          --help             Print this help and exit.
          --version          Print the version and exit.

        NO_COLOR switches off colours; FAKETTY gives readable replies when stdout is not a tty.
        APUSCLI_HISTFILE (or REDISCLI_HISTFILE) names the history file (default:
        ~/.apuscli_history), APUSCLI_RCFILE the preferences (default: ~/.apusclirc).

        Examples:
          cat /etc/passwd | apus-cli -x set mypasswd
          apus-cli -D "" --raw dump key > key.dump
          apus-cli -X dump_tag restore key2 0 dump_tag replace < key.dump
          apus-cli -r 100 lpush mylist x
          apus-cli -r 100 -i 1 info | grep used_memory_human:
          apus-cli --quoted-input set '"null-\\x00-separated"' value
          apus-cli --scan --pattern '*:12345*'
          apus-cli --from-hstore dbname=shop --table items --key id --column attrs --prefix item:

        When no command is given, apus-cli starts in interactive mode.
        Type "help" in interactive mode for information on available commands
        and settings.


        """
}
