/// What a request of memcached's binary protocol asks for.
///
/// A quiet one (`Q`) gets no reply in the usual case: a retrieval that finds nothing, any other
/// request that succeeds. A `K` returns the key.
public enum BinaryOpcode: UInt8, CaseIterable, Sendable {
    case get, set, add, replace, delete, increment, decrement, quit, flush
    case getQ, noop, version, getK, getKQ, append, prepend, stat
    case setQ, addQ, replaceQ, deleteQ, incrementQ, decrementQ, quitQ, flushQ, appendQ, prependQ
    case touch = 0x1C
    case getAndTouch, getAndTouchQ
    case saslList = 0x20
    case saslAuth, saslStep
    case getAndTouchK, getAndTouchKQ

    /// The same request with a reply in any case; of retrievals, without the key.
    public var plain: BinaryOpcode {
        switch self {
        case .getQ, .getK, .getKQ: .get
        case .getAndTouchQ, .getAndTouchK, .getAndTouchKQ: .getAndTouch
        case .setQ: .set
        case .addQ: .add
        case .replaceQ: .replace
        case .deleteQ: .delete
        case .incrementQ: .increment
        case .decrementQ: .decrement
        case .quitQ: .quit
        case .flushQ: .flush
        case .appendQ: .append
        case .prependQ: .prepend
        default: self
        }
    }

    /// Whether the usual reply is left out.
    public var isQuiet: Bool {
        switch self {
        case .getQ, .getKQ, .getAndTouchQ, .getAndTouchKQ: true
        case .getK, .getAndTouchK: false
        default: plain != self
        }
    }

    /// Whether a reply returns the key.
    public var returnsKey: Bool {
        switch self {
        case .getK, .getKQ, .getAndTouchK, .getAndTouchKQ: true
        default: false
        }
    }

    /// Whether a client may ask for it before it has authenticated.
    var needsNoUser: Bool {
        switch self {
        case .saslList, .saslAuth, .saslStep, .version: true
        default: false
        }
    }

    /// The command that runs it.
    var command: MemcachedCommand {
        switch plain {
        case .get: .binaryGet
        case .touch, .getAndTouch: .binaryTouch
        case .set, .add, .replace: .binarySet
        case .append, .prepend: .binaryAppend
        case .delete: .binaryDelete
        case .increment, .decrement: .binaryIncr
        case .flush: .binaryFlush
        case .noop: .binaryNoop
        case .version: .binaryVersion
        case .stat: .binaryStat
        case .quit: .binaryQuit
        case .saslList: .binarySaslList
        default: .binarySaslAuth
        }
    }

    /// Whether a request may have a body of such parts.
    func accepts(extras: Int, key: Int, value: Int) -> Bool {
        switch plain {
        case .get, .delete: extras == 0 && key > 0 && value == 0
        case .touch, .getAndTouch: extras == 4 && key > 0 && value == 0
        case .set, .add, .replace: extras == 8 && key > 0
        case .append, .prepend: extras == 0 && key > 0
        case .increment, .decrement: extras == 20 && key > 0 && value == 0
        case .flush: (extras == 0 || extras == 4) && key == 0 && value == 0
        case .stat: extras == 0 && value == 0
        case .saslAuth, .saslStep: extras == 0 && key > 0
        default: extras == 0 && key == 0 && value == 0
        }
    }

    /// Whether it stores the value of the request.
    var storesValue: Bool {
        switch plain {
        case .set, .add, .replace, .append, .prepend: true
        default: false
        }
    }
}
