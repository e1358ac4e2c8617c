import System
import Testing

@testable import Server

@Suite struct StartScreenTests {
    private func screen(_ changes: [String], _ listeners: [Listener]) throws -> String {
        var configuration = Configuration()
        let text = changes.joined(separator: "\n")
        try configuration.load(Array(text.utf8), from: .standardInput, depth: 0)
        return StartScreen(options: Options(configuration), listeners: listeners).text
    }

    @Test func `it says where the server listens and how to connect to it`() throws {
        let listeners = [
            Listener(descriptor: -1, kind: Listener.Kind(.tcp), place: "127.0.0.1:7000"),
            Listener(descriptor: -1, kind: Listener.Kind(.unix), place: "/run/a.sock"),
        ]
        let text = try screen(["port 7000", "threads 2"], listeners)
        for part in ["127.0.0.1:7000", "/run/a.sock", "apus-cli -p 7000", "2 threads"] {
            #expect(text.contains(part))
        }
    }

    @Test func `without TCP, it refers to the unix socket`() throws {
        let listener = Listener(descriptor: -1, kind: Listener.Kind(.unix), place: "/run/a.sock")
        let text = try screen(["port 0", "unixsocket /run/a.sock", "threads 1"], [listener])
        #expect(text.contains("apus-cli -s /run/a.sock") && text.contains("1 thread\n"))
    }
}
