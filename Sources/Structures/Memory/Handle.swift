/// Where a block lies in its arena: the offset in units of 8 bytes.
///
/// Zero is no block.
@frozen
public struct Handle: Equatable, Sendable, BitwiseCopyable {
    /// The offset from the arena's base in units of 8 bytes.
    public let units: UInt32

    /// Wraps an offset in units of 8 bytes.
    @inlinable
    public init(units: UInt32) { self.units = units }

    /// No block.
    @inlinable
    public static var none: Handle { Handle(units: 0) }

    /// Whether this is no block.
    @inlinable
    public var isNone: Bool { units == 0 }
}
