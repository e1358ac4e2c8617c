import Testing

@testable import Server

@Suite("How far loading is")
struct LoadingTests {
    @Test("a share of the bytes is a share of the way")
    func percentages() {
        var progress = Loading.Progress(startedAt: 100)
        #expect(progress.percent == 0)
        progress.totalBytes = 400
        progress.loadedBytes = 100
        #expect(progress.percent == 25)
        // A file that has grown meanwhile.
        progress.loadedBytes = 500
        #expect(progress.percent == 100)
    }

    @Test("what is left takes as long as what was loaded")
    func timeLeft() {
        var progress = Loading.Progress(startedAt: 100)
        progress.totalBytes = 400
        #expect(progress.secondsLeft(at: 110) == 1)
        progress.loadedBytes = 100
        #expect(progress.secondsLeft(at: 110) == 30)
        progress.loadedBytes = 400
        #expect(progress.secondsLeft(at: 110) == 0)
    }

    @Test("an alert stands while the server loads")
    func alert() throws {
        let server = try TestServer()
        let client = server.client()
        server.server.beginLoading()
        server.executor.readBulletin()
        server.server.loading.expect(bytes: 1000)
        #expect(server.server.loading.isOn)
        #expect(server.run("GET a", client).reply.hasPrefix("-LOADING "))
        #expect(server.run("ECHO a", client).reply == "$1\r\na\r\n")
        server.server.endLoading()
        server.executor.readBulletin()
        #expect(server.server.loading.progress == nil)
        #expect(server.run("GET a", client).reply == "$-1\r\n")
    }
}
