/// Status codes.
enum HTTPStatus: Int {
    case success = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case headTooLarge = 431
    case unavailable = 503

    /// The reason phrase.
    var reason: String {
        switch self {
        case .success: "OK"
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .headTooLarge: "Request Header Fields Too Large"
        case .unavailable: "Service Unavailable"
        }
    }
}

/// An HTTP/1 response, after which the connection is closed.
struct HTTPResponse {
    var status = HTTPStatus.success
    var type = "text/plain; charset=utf-8"
    var body: String

    /// Creates a response with only the status as its body.
    init(_ status: HTTPStatus) {
        self.status = status
        body = "\(status.rawValue) \(status.reason)\n"
    }

    init(_ status: HTTPStatus = .success, type: String, body: String) {
        self.status = status
        self.type = type
        self.body = body
    }

    /// The bytes of the response, without the body for a HEAD request.
    func bytes(isHead: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
        head += "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        return Array((isHead ? head : head + body).utf8)
    }
}
