internal import Wire

/// What a connection keeps for one of memcached's protocols.
final class MemcachedStream {
    var parser = MemcachedParser()
}
