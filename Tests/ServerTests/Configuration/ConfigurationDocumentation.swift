@testable import Server

/// Generates `docs/configuration.md` from the table.
enum ConfigurationDocumentation {
    static var text: String {
        var text = """
            # Configuration

            The directives of `apus.conf` and of the command line \
            (`apus-server [FILE|-] [--name value …]`).
            Names, values and units are those of `redis.conf`. This page is generated from
            `Sources/Server/Configuration/ConfigurationTable.swift`.

            Sizes may have a unit: `k`, `m`, `g` are powers of 1000, `kb`, `mb`, `gb` \
            powers of 1024.
            Directives can be changed with `CONFIG SET` unless they are read at startup only.

            ## In effect


            """
        for directive in ConfigurationTable.directives where directive.isInEffect {
            text += section(directive)
        }
        text += """
            ## Accepted, not in effect yet

            These belong to features that do not exist yet. They are checked, kept for `CONFIG GET`,
            and listed in the log at startup.


            """
        text += rows { !$0.isInEffect && !$0.traits.contains(.guarding) }
        text += """

            ## Rejected until they work

            These protect the server or its data. With any value but the default, the server does
            not start, and `CONFIG SET` fails; the same goes for `loadmodule` lines.


            """
        text += rows { $0.traits.contains(.guarding) }
        return text
    }

    private static func rows(where isShown: (Directive) -> Bool) -> String {
        var text = "| directive | value | default |\n|---|---|---|\n"
        for directive in ConfigurationTable.directives where isShown(directive) {
            let standard = directive.standard.isEmpty ? "" : "`\(directive.standard)`"
            let kind = directive.kind.summary.split(separator: "|").joined(separator: "\\|")
            text += "| `\(directive.name)` | \(kind) | \(standard) |\n"
        }
        return text
    }

    private static func section(_ directive: Directive) -> String {
        let standard = directive.standard.isEmpty ? "empty" : "`\(directive.standard)`"
        var facts =
            "Takes \(directive.kind.summary). Default: \(standardNote(directive) ?? standard)."
        if !directive.aliases.isEmpty {
            facts += " Also called `\(directive.aliases.joined(separator: "`, `"))`."
        }
        if !directive.isMutable { facts += " Read at startup only." }
        if directive.traits.contains(.protected) {
            facts += " Can be changed only if `enable-protected-configs` allows it."
        }
        return "### \(directive.name)\n\n\(directive.meaning ?? "")\n\(facts)\n\n"
    }

    private static func standardNote(_ directive: Directive) -> String? {
        switch directive.name {
        case "threads": "the number of cores"
        case "dir": "the directory in which the server was started"
        default: nil
        }
    }
}

extension DirectiveKind {
    /// A short description of the values it takes.
    fileprivate var summary: String {
        switch self {
        case .flag: "`yes` or `no`"
        case .integer(let range):
            range.upperBound == .max
                ? "a number from \(range.lowerBound)"
                : "a number from \(range.lowerBound) to \(range.upperBound)"
        case .octal: "an octal number up to 777"
        case .memory(let range):
            range.lowerBound > 1 ? "a size of at least \(memoryText(range.lowerBound))" : "a size"
        case .memoryOrPercent: "a size or a percentage of `maxmemory` such as `5%`"
        case .choice(let names): names.map { "`\($0)`" }.joined(separator: ", ")
        case .shutdownFlags: "`default`, or any of `save`, `nosave`, `now`, `force`"
        case .text(.titleTemplate): "a text with variables in braces"
        case .text(.directory): "a directory"
        case .text(.fileName), .text(.requiredFileName): "a file name"
        case .text(.hostName): "a host name"
        case .text(.optional), .text(.any): "a text"
        case .addresses: "up to \(Self.addressesMax) addresses"
        case .primary: "a host and a port, or `no one`"
        case .savePoints: "pairs of seconds and changes, or `\"\"`"
        case .bufferLimits: "groups of class, hard limit, soft limit and seconds"
        case .percentiles: "numbers from 0 to 100"
        case .oomScores: "three numbers from -2000 to 2000"
        case .keyspaceEvents: "letters of `Ag$lshzxeKEtmdnocSTIV`"
        }
    }
}
