import Testing

@testable import apus_benchmark

@Suite struct TemplatesTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `a request is an array of bulk strings with its placeholders`() {
        let template = RequestTemplate([bytes("GET"), bytes("key:__rand_int__")])
        #expect(text(template.bytes) == "*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n")
        #expect(template.sites == [22])
    }

    @Test func `data replaces its placeholder everywhere`() {
        let template = RequestTemplate(
            [bytes("SET"), bytes("__rand_int__-__rand_int__"), bytes("<__data__>")],
            data: bytes("abcde")
        )
        #expect(text(template.bytes).hasSuffix("$7\r\n<abcde>\r\n"))
        #expect(template.sites.count == 2)
    }

    @Test func `an inline request is a plain line`() {
        #expect(text(RequestTemplate(inline: "PING").bytes) == "PING\r\n")
    }

    @Test func `without a keyspace, the placeholder is sent unchanged`() {
        let template = RequestTemplate([bytes("GET"), bytes("key:__rand_int__")])
        var batch = RequestBatch(template, depth: 3, keyspace: nil, zipfExponent: nil, seed: 1)
        batch.refresh(3)
        #expect(batch.bytes == template.bytes + template.bytes + template.bytes)
    }

    @Test(arguments: [1, 2, 10, 11, 1000, 1_000_000_000_000])
    func `every refresh writes twelve digits under the keyspace`(_ keyspace: Int) throws {
        let template = RequestTemplate([bytes("GET"), bytes("__rand_int__:__rand_int__")])
        var batch = RequestBatch(
            template,
            depth: 4,
            keyspace: keyspace,
            zipfExponent: nil,
            seed: 9
        )
        var seen: Set<Int> = []
        for _ in 0..<200 {
            batch.refresh(4)
            #expect(batch.bytes.count == 4 * batch.requestByteCount)
            for request in 0..<4 {
                for site in template.sites {
                    let start = request * batch.requestByteCount + site
                    let digits = text(Array(batch.bytes[start..<start + 12]))
                    let number = try #require(Int(digits))
                    #expect(number >= 0 && number < keyspace)
                    seen.insert(number)
                }
            }
        }
        #expect(seen.count == keyspace || seen.count >= min(keyspace, 1000) * 7 / 10)
    }

    @Test func `a refresh leaves requests beyond its count alone`() {
        let template = RequestTemplate([bytes("GET"), bytes("__rand_int__")])
        var batch = RequestBatch(
            template,
            depth: 2,
            keyspace: 1_000_000_000,
            zipfExponent: nil,
            seed: 5
        )
        batch.refresh(2)
        let second = Array(batch.bytes[batch.requestByteCount...])
        batch.refresh(1)
        #expect(Array(batch.bytes[batch.requestByteCount...]) == second)
    }

    @Test func `the payload has its length and never changes`() {
        #expect(RequestTemplate.payload(0).isEmpty)
        #expect(RequestTemplate.payload(1000).count == 1000)
        #expect(RequestTemplate.payload(50) == RequestTemplate.payload(50))
    }

    @Test func `every test of the workload has a name of its own and a request`() {
        #expect(Set(Workload.all.map(\.title)).count == Workload.all.count)
        for workload in Workload.all {
            let template = workload.template(data: bytes("xyz"), isRandom: true)
            #expect(!template.bytes.isEmpty)
            #expect(!text(template.bytes).contains("__data__"))
        }
    }

    @Test func `ZADD has a random score only with a keyspace`() throws {
        let zadd = try #require(Workload.all.first { $0.title == "ZADD" })
        #expect(text(zadd.template(data: [], isRandom: false).bytes).contains("$1\r\n0\r\n"))
        #expect(zadd.template(data: [], isRandom: true).sites.count == 2)
    }
}
