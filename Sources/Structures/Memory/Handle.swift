/// The location of a block in its arena: its offset in units of 8 bytes.
///
/// Zero stands for no block.
@frozen
public struct Handle: Equatable, Sendable, BitwiseCopyable {
    /// The offset from the arena's base in units of 8 bytes.
    public let units: UInt32

    /// Creates a handle from an offset in units of 8 bytes.
    @inlinable
    public init(units: UInt32) { self.units = units }

    /// No block.
    @inlinable
    public static var none: Handle { Handle(units: 0) }

    /// Whether this is no block.
    @inlinable
    public var isNone: Bool { units == 0 }
}
