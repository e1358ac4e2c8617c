import Persistence
import Primitives
import Testing

struct AppendOnlyReaderTests {
    /// The requests of `text`, and how the reader ended and where.
    private func read(_ text: String) -> (requests: [[String]], end: String, position: Int) {
        Array(text.utf8).withBytes { bytes in
            var reader = AppendOnlyReader(bytes)
            var requests: [[String]] = []
            while true {
                var words: [String] = []
                switch reader.next({ words.append($0.string) }) {
                case .request: requests.append(words)
                case .time(let seconds): requests.append(["time", String(seconds)])
                case .remark: requests.append(["remark"])
                case .end: return (requests, "end", reader.position)
                case .torn: return (requests, "torn", reader.position)
                case .broken: return (requests, "broken", reader.position)
                }
            }
        }
    }

    @Test func requestsAndAnnotations() {
        let found = read("#TS:17\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n#other\r\n*1\r\n$4\r\nPING\r\n")
        #expect(found.requests == [["time", "17"], ["GET", ""], ["remark"], ["PING"]])
        #expect(found.end == "end")
    }

    @Test func everyCutIsTorn() {
        let whole = "*1\r\n$4\r\nPING\r\n"
        let last = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$12\r\nabcdefghijkl\r\n"
        for count in 1..<last.utf8.count {
            for tail in ["", "\0", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
                let cut = String(decoding: last.utf8.prefix(count), as: UTF8.self)
                let found = read(whole + cut + tail)
                #expect(found.requests == [["PING"]], "\(count) bytes")
                #expect(found.end == "torn", "\(count) bytes")
                #expect(found.position == whole.utf8.count)
            }
        }
    }

    @Test(arguments: [
        "PING\r\n", "*0\r\n", "*x\r\n", "*1\r\nPING\r\n", "*1\r\n$-1\r\n", "*1\r\n$4\r\nPINGxx",
        "*1\n$4\nPING\n", "*1\r\n$99999999999999999999\r\n", "*1\r\n$4\r\nPING\r*",
    ])
    func brokenRequests(_ text: String) {
        #expect(read(text).end == "broken")
        #expect(read(text).position == 0)
    }
}
