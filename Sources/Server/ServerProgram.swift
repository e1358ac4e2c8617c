internal import Glibc
internal import System

/// What `apus-server` does from its command line to its end.
public enum ServerProgram {
    /// Runs the server with the words after the program's name.
    public static func main(_ words: [String]) {
        var options = ServingOptions()
        var port: UInt16 = 6379
        var index = 0
        while index + 1 < words.count {
            if words[index] == "--port" { port = UInt16(words[index + 1]) ?? port }
            if words[index] == "--threads" { options.threads = Int(words[index + 1]) ?? 1 }
            index += 1
        }
        do throws(SystemError) {
            let server = try Instance(options: options)
            let descriptor = try Socket.listen(address: "127.0.0.1", port: port, backlog: 511)
            try server.serve(listening: descriptor, isUnix: false)
            print("Ready to accept connections tcp")
            server.run()
        } catch {
            print("\(error.call): \(error.reason)")
            exit(1)
        }
    }
}
