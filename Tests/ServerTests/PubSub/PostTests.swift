import Primitives
import Testing

@testable import Server

@Suite struct PostTests {
    @Test func `a message is an array of its words`() {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 1234)
        body.withBytes { body in
            let post = Post.message(body, on: Bytes("news"), 7, .channel, count: 3)
            defer { post.block.release() }
            let head = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1234\r\n"
            #expect(post.block.bytes.string == head + body.string + "\r\n")
            #expect(post.block.count == post.block.capacity)
            #expect(post.weight == post.block.count + 3 * Post.weightPerClient)
            guard case .audience(.channel, hash: 7, let name) = post.target else {
                Issue.record("another target")
                return
            }
            #expect(post.block.bytes[name].string == "news")
        }
    }

    @Test func `a message for a pattern names it first`() {
        let post = Post.message(Bytes(""), on: Bytes("ab"), matching: Bytes("a*"), 1, count: 1)
        defer { post.block.release() }
        let text = "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$2\r\nab\r\n$0\r\n\r\n"
        #expect(post.block.bytes.string == text)
        guard case .audience(.pattern, hash: 1, let name) = post.target else {
            Issue.record("another target")
            return
        }
        #expect(post.block.bytes[name].string == "a*")
    }
}
