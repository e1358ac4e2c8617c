public import Primitives

/// A change of a part of a large value, which can be made before all of it has been written.
public enum PartialChange {
    /// Of these members or fields only, as far as they exist or will exist.
    case members([Bytes])
    /// Removes the members with the lowest or highest scores.
    case extremes(lowest: Int, highest: Int)
    /// Removes elements from the ends of a list, or adds some at one end.
    case ends(first: Int, last: Int, addsFirst: Bool)
    /// Adds entries to a stream, or changes what its groups have read.
    case additions
    /// Of the key's expiry.
    case expiry
}
