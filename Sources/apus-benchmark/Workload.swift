/// A test: a request that is sent repeatedly.
struct Workload {
    /// The name in reports, as redis-benchmark prints it.
    let title: String
    /// The words for `-t` that select it.
    let names: [String]
    /// The words of the request; one word with `isInline` is sent as a plain line.
    let words: [String]
    let isInline: Bool

    init(_ title: String, _ names: [String], _ request: String, inline: Bool = false) {
        self.title = title
        self.names = names
        words = request.split(separator: " ").map(String.init)
        isInline = inline
    }

    /// The tests in the order in which they run.
    // swift-format-ignore
    static let all: [Workload] = [
        Workload("PING_INLINE", ["ping_inline", "ping"], "PING", inline: true),
        Workload("PING_MBULK", ["ping_mbulk", "ping"], "PING"),
        Workload("SET", ["set"], "SET key:__rand_int__ __data__"),
        Workload("GET", ["get"], "GET key:__rand_int__"),
        Workload("INCR", ["incr"], "INCR counter:__rand_int__"),
        Workload("LPUSH", ["lpush"], "LPUSH mylist __data__"),
        Workload("RPUSH", ["rpush"], "RPUSH mylist __data__"),
        Workload("LPOP", ["lpop"], "LPOP mylist"),
        Workload("RPOP", ["rpop"], "RPOP mylist"),
        Workload("SADD", ["sadd"], "SADD myset element:__rand_int__"),
        Workload("HSET", ["hset"], "HSET myhash element:__rand_int__ __data__"),
        Workload("SPOP", ["spop"], "SPOP myset"),
        Workload("ZADD", ["zadd"], "ZADD myzset \(score) element:__rand_int__"),
        Workload("ZPOPMIN", ["zpopmin"], "ZPOPMIN myzset"),
        Workload("LPUSH (needed to benchmark LRANGE)", ranges, "LPUSH mylist __data__"),
        Workload("LRANGE_100 (first 100 elements)", ["lrange_100", "lrange"], "LRANGE mylist 0 99"),
        Workload("LRANGE_300 (first 300 elements)", ["lrange_300", "lrange"], "LRANGE mylist 0 299"),
        Workload("LRANGE_500 (first 500 elements)", ["lrange_500", "lrange"], "LRANGE mylist 0 499"),
        Workload("LRANGE_600 (first 600 elements)", ["lrange_600", "lrange"], "LRANGE mylist 0 599"),
        Workload("MSET (10 keys)", ["mset"], "MSET" + String(repeating: " key:__rand_int__ __data__", count: 10)),
        Workload("XADD", ["xadd"], "XADD mystream * myfield __data__"),
    ]

    private static let ranges = ["lrange", "lrange_100", "lrange_300", "lrange_500", "lrange_600"]
    /// The word that is replaced by a random score, or by 0 if nothing is random.
    private static let score = "__score__"

    /// The request's bytes.
    func template(data: [UInt8], isRandom: Bool, _ speech: Speech = .resp) -> RequestTemplate {
        if speech != .resp { return memcachedTemplate(data: data, speech) }
        if isInline { return RequestTemplate(inline: words.joined(separator: " ")) }
        let arguments = words.map { word in
            word == Self.score ? (isRandom ? "__rand_int__" : "0") : word
        }
        return RequestTemplate(arguments.map { Array($0.utf8) }, data: data)
    }
}
