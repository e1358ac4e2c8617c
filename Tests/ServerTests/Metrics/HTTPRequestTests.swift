import Testing

@testable import Server

@Suite struct HTTPRequestTests {
    private func read(_ text: String) -> HTTPRequest.Progress {
        HTTPRequest.read(Array(text.utf8))
    }

    @Test func `a request is complete with its empty line, wherever it is cut`() {
        let text = Array("GET /metrics?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n".utf8)
        for end in 0..<text.count {
            #expect(HTTPRequest.read(Array(text[..<end])) == .incomplete)
        }
        let request = HTTPRequest(path: "/metrics", isHead: false)
        #expect(HTTPRequest.read(text) == .request(request))
        #expect(HTTPRequest.read(text + text) == .request(request))
        #expect(read("HEAD / HTTP/1.0\n\n") == .request(HTTPRequest(path: "/", isHead: true)))
    }

    @Test(arguments: [
        "GET /", "GET / HTTP/2.0", "GET  / HTTP/1.1", "GET x HTTP/1.1", "", " ",
        "GET /\u{1} HTTP/1.1", "GET / HTTP/1.1 x", "*1",
    ]) func `what is no request of HTTP 1 is refused at its first line`(_ line: String) {
        #expect(read(line + "\r\n") == .refused(.badRequest))
    }

    @Test func `other methods and endless heads are refused`() {
        #expect(read("POST /metrics HTTP/1.1\r\n") == .refused(.methodNotAllowed))
        let endless = String(repeating: "a", count: HTTPRequest.bytesMax)
        #expect(read(endless) == .refused(.headTooLarge))
        #expect(read("GET / HTTP/1.1\r\n" + endless) == .refused(.headTooLarge))
    }
}
