import Primitives
import Testing

@testable import Server

@Suite struct ChannelRegistryTests {
    private static func names(_ posts: [Post]) -> [String] {
        defer { for post in posts { post.block.release() } }
        return posts.map { post in
            guard case .audience(_, _, let name) = post.target else { return "?" }
            return post.block.bytes[name].string
        }
    }

    @Test func `a message is posted once to each worker with subscribers`() throws {
        let test = try TestServer(threads: 3)
        let (channels, workers) = (test.server.channels, test.server.workers)
        let clients = (0..<4).map { test.client(id: UInt64($0)) }
        workers[0].subscribe(clients[0], to: Bytes("a"), .channel)
        workers[0].subscribe(clients[1], to: Bytes("a"), .channel)
        workers[2].subscribe(clients[2], to: Bytes("a"), .channel)
        workers[2].subscribe(clients[2], to: Bytes("*"), .pattern)
        workers[1].subscribe(clients[3], to: Bytes("a"), .shardChannel)
        #expect(channels.count(.channel) == 1 && channels.count(.pattern) == 1)
        #expect(channels.subscriberCount(Bytes("a"), .channel) == 3)
        #expect(channels.clientCount == 4)
        #expect(channels.publish(Bytes("m"), on: Bytes("a"), .channel, among: workers) == 4)
        #expect(channels.publish(Bytes("m"), on: Bytes("a"), .shardChannel, among: workers) == 1)
        #expect(channels.publish(Bytes("m"), on: Bytes("b"), .channel, among: workers) == 1)
        let posts = workers.map { Self.names($0.mailbox.takePosts()) }
        #expect(posts == [["a"], ["a"], ["a", "*", "*"]])

        workers[0].unsubscribe(clients[0], from: Bytes("a"), .channel)
        workers[0].unsubscribe(clients[1], from: Bytes("a"), .channel)
        workers[2].unsubscribeAll(clients[2])
        workers[1].unsubscribeAll(clients[3])
        #expect(channels.publish(Bytes("m"), on: Bytes("a"), .channel, among: workers) == 0)
        #expect(ChannelKind.allCases.allSatisfy { channels.count($0) == 0 })
        #expect(channels.clientCount == 0 && clients[2].session.subscriptions == nil)
    }

    @Test func `later subscribers do not receive earlier posts`() throws {
        let test = try TestServer(threads: 2)
        let worker = test.server.workers[1]
        let clients = (0..<2).map { test.client(id: UInt64($0)) }
        let workers = test.server.workers
        worker.subscribe(clients[0], to: Bytes("a"), .channel)
        _ = test.server.channels.publish(Bytes("m"), on: Bytes("a"), .channel, among: workers)
        worker.subscribe(clients[1], to: Bytes("a"), .channel)
        let hash = test.server.channels.hasher(Bytes("a")).bits
        let listeners = worker.audiences.find(.channel, Bytes("a"), hash)?.listeners ?? []
        #expect(listeners.map(\.since) == [0, 1])
        for post in worker.mailbox.takePosts() { post.block.release() }
    }

    @Test func `a publisher that may wait does so while a worker has too much to deliver`() throws {
        let test = try TestServer(threads: 2)
        let (channels, workers) = (test.server.channels, test.server.workers)
        workers[1].subscribe(test.client(), to: Bytes("a"), .channel)
        let body = [UInt8](repeating: 0, count: 1 << 20)
        let posted = (0..<100).filter { _ in
            body.withBytes {
                channels.publish($0, on: Bytes("a"), .channel, among: workers, mayWait: true) != nil
            }
        }
        #expect(posted.count == 16)
        #expect(channels.publish(Bytes("m"), on: Bytes("a"), .channel, among: workers) == 1)
        for post in workers[1].mailbox.takePosts() {
            workers[1].mailbox.delivered(post)
            post.block.release()
        }
        #expect(!workers[1].mailbox.hasManyPosts)
    }
}
