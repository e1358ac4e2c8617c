internal import Primitives

/// The lines of an access file: `user name rule …`, one per user.
enum AccessFile {
    /// Why a file was rejected: all of its errors.
    struct Failure: Error {
        let text: String
    }

    /// The users defined in the file at `path`.
    static func users(
        at path: String,
        _ vocabulary: AccessVocabulary,
        allowsAllChannels: Bool
    ) throws(Failure) -> [User] {
        let content: [UInt8]
        do throws(ConfigurationDisk.Failure) { content = try ConfigurationDisk.read(path) } catch {
            throw Failure(
                text: "Error loading ACLs, opening file '\(path)': \(error.reason)"
            )
        }
        var reader = Reader(path, vocabulary, allowsAllChannels)
        for line in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            reader.read(line)
        }
        guard reader.complaints.isEmpty else {
            throw Failure(
                text: reader.complaints
                    + "WARNING: ACL errors detected, no change to the previously active ACL rules "
                    + "was performed"
            )
        }
        return reader.users
    }

    /// Parses line by line, and continues after errors to report all of them.
    private struct Reader {
        let path: String
        let vocabulary: AccessVocabulary
        let allowsAllChannels: Bool
        var number = 0
        var users: [User] = []
        var names: Set<[UInt8]> = []
        var complaints = ""

        init(_ path: String, _ vocabulary: AccessVocabulary, _ allowsAllChannels: Bool) {
            self.path = path
            self.vocabulary = vocabulary
            self.allowsAllChannels = allowsAllChannels
        }

        mutating func read(_ line: ArraySlice<UInt8>) {
            number += 1
            let words = line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.map(Array.init)
            guard let first = words.first else { return }
            guard first == Array("user".utf8), words.count > 1 else {
                complaints +=
                    "\(path):\(number) should start with user keyword followed by the username. "
                return
            }
            guard !words[1].contains(0) else {
                complaints +=
                    "\(path):\(number): username '\(text(words[1]))' contains invalid characters. "
                return
            }
            guard names.insert(words[1]).inserted else {
                complaints +=
                    "WARNING: Duplicate user '\(text(words[1]))' found on line \(number). "
                return
            }
            readRules(words)
        }

        private mutating func readRules(_ words: [[UInt8]]) {
            guard case .success(let list) = UserRules.joined(Array(words.dropFirst(2))) else {
                complaints += "\(path):\(number): Unmatched parenthesis in selector definition."
                return
            }
            var rules = UserRules(vocabulary, allowsAllChannels: allowsAllChannels)
            var hasFailed = false
            for rule in list {
                do throws(RuleFailure) { try rules.apply(rule, vocabulary) } catch {
                    // Only the name of a command is certainly not a secret.
                    if case .unknownCommand = error {
                        complaints +=
                            "\(path):\(number): Error in applying operation '\(text(rule))': "
                            + "\(error.text). "
                    } else if !hasFailed {
                        complaints += "\(path):\(number): \(error.text). "
                        hasFailed = true
                    }
                }
            }
            users.append(User(words[1], rules))
        }

        private func text(_ word: [UInt8]) -> String { String(decoding: word, as: UTF8.self) }
    }
}
