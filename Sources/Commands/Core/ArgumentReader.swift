public import Primitives
public import Wire

/// Parses words as numbers, throwing Redis' errors.
extension Arguments {
    /// The word at `index` as a 64-bit integer.
    @inlinable
    public func integer(_ index: Int) throws(CommandError) -> Int64 {
        guard let value = DecimalText.integer(self[index]) else { throw .notInteger }
        return value
    }

    /// The word at `index` as an integer within `range`; throws `error` otherwise.
    public func integer(
        _ index: Int,
        in range: ClosedRange<Int64>,
        or error: CommandError = .notInteger
    ) throws(CommandError) -> Int {
        guard let value = DecimalText.integer(self[index]), range.contains(value) else {
            throw error
        }
        return Int(value)
    }

    /// The word at `index` as the index of one of `count` databases.
    public func databaseIndex(_ index: Int, count: Int) throws(CommandError) -> Int {
        guard let number = Int32(exactly: try integer(index)) else { throw .beyondInt32 }
        guard (0..<count).contains(Int(number)) else { throw .databaseRange }
        return Int(number)
    }

    /// The word at `index` as a floating-point number.
    public func float(_ index: Int) throws(CommandError) -> Double {
        guard let value = FloatText.number(self[index]) else { throw .notFloat }
        return value
    }
}
