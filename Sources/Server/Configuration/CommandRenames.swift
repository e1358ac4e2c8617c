internal import Primitives

/// The effect of `rename-command` lines on the names of commands.
struct CommandRenames: Sendable {
    /// The new names by row of the registry, in upper case; an empty name disables the command.
    private(set) var names: [Int: [UInt8]] = [:]
    /// The rows by their current names; filled by the first line.
    private var rows: [[UInt8]: Int] = [:]

    /// Renames the command `old` to `new`, or disables it if `new` is empty.
    mutating func rename(_ old: [UInt8], to new: [UInt8]) throws(DirectiveRefusal) {
        if rows.isEmpty { fill() }
        guard let row = rows.removeValue(forKey: Self.capitals(old)) else {
            throw DirectiveRefusal("No such command in rename-command")
        }
        let name = Self.capitals(new)
        names[row] = name
        guard !name.isEmpty else { return }
        guard rows.updateValue(row, forKey: name) == nil else {
            throw DirectiveRefusal("Target command name already exists")
        }
    }

    private mutating func fill() {
        // A subcommand has a space in its name and is called through its container.
        for (row, name) in CommandFamilies.names.enumerated() {
            let word = Bytes(name).array
            if !word.contains(UInt8(ascii: " ")) { rows[word] = row }
        }
    }

    private static func capitals(_ name: [UInt8]) -> [UInt8] {
        name.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? $0 - 32 : $0 }
    }
}
