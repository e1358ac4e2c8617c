/// An HTTP/1 request, of which only the request line matters.
struct HTTPRequest: Equatable {
    /// The path, without the query.
    let path: String
    /// Whether the method is HEAD.
    let isHead: Bool

    /// The result of parsing the bytes received so far.
    enum Progress: Equatable {
        /// More bytes are needed.
        case incomplete
        case request(HTTPRequest)
        case refused(HTTPStatus)
    }

    /// The maximum size of a request's head.
    static let bytesMax = 8192

    /// Parses the head of a request from the first bytes of a connection.
    static func read(_ bytes: [UInt8]) -> Progress {
        guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < bytesMax ? .incomplete : .refused(.headTooLarge)
        }
        let line = bytes[..<lineEnd].last == UInt8(ascii: "\r") ? lineEnd - 1 : lineEnd
        let request: HTTPRequest
        switch first(bytes[..<line]) {
        case .request(let first): request = first
        case let other: return other
        }
        guard hasEnd(bytes[lineEnd...]) else {
            return bytes.count < bytesMax ? .incomplete : .refused(.headTooLarge)
        }
        return .request(request)
    }

    /// Parses a request line such as `GET /metrics HTTP/1.1`.
    private static func first(_ line: ArraySlice<UInt8>) -> Progress {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[1].first == UInt8(ascii: "/"),
            words[1].allSatisfy({ (0x21...0x7E).contains($0) }),
            words[2].elementsEqual("HTTP/1.1".utf8) || words[2].elementsEqual("HTTP/1.0".utf8)
        else { return .refused(.badRequest) }
        let isHead = words[0].elementsEqual("HEAD".utf8)
        guard isHead || words[0].elementsEqual("GET".utf8) else {
            return .refused(.methodNotAllowed)
        }
        let path = words[1].prefix { $0 != UInt8(ascii: "?") }
        return .request(HTTPRequest(path: String(decoding: path, as: UTF8.self), isHead: isHead))
    }

    /// Whether `bytes`, which start at the end of a line, contain an empty line.
    private static func hasEnd(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        while let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) {
            index = end + 1
            let rest = bytes[index...]
            if rest.first == UInt8(ascii: "\n") || rest.starts(with: "\r\n".utf8) { return true }
        }
        return false
    }
}
