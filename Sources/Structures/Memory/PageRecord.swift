internal import Primitives

/// The state of one page of a region, or of the run of pages that starts with it.
///
/// ```text
///  0 class      UInt8   the size class of the blocks; 255 = first of a run, 254 = not in use
///  2 live       UInt16  blocks in use
///  4 free       UInt16  first freed block, in units of 8 bytes from the start; 0xFFFF = none
///  6 bump       UInt16  first block never used, in the same units; 0xFFFF = page exhausted
///  8 next       UInt32  next page of the class with room (for a run: its number of pages)
/// 12 previous   UInt32  previous page of the class with room
/// 16 following  UInt32  next page or run of the same arena
/// 20 preceding  UInt32  previous page or run of the same arena
/// 24            8 bytes not used
/// ```
struct PageRecord {
    static let run: UInt8 = 255
    static let unused: UInt8 = 254
    /// A record takes `1 << byteShift` bytes.
    static let byteShift = 5

    private let cell: Cell

    init(_ cell: Cell) { self.cell = cell }

    var sizeClass: UInt8 {
        get { cell.load(0) }
        nonmutating set { cell.store(newValue, 0) }
    }
    var live: UInt16 {
        get { cell.load(2) }
        nonmutating set { cell.store(newValue, 2) }
    }
    var free: UInt16 {
        get { cell.load(4) }
        nonmutating set { cell.store(newValue, 4) }
    }
    var bump: UInt16 {
        get { cell.load(6) }
        nonmutating set { cell.store(newValue, 6) }
    }
    var next: UInt32 {
        get { cell.load(8) }
        nonmutating set { cell.store(newValue, 8) }
    }
    var previous: UInt32 {
        get { cell.load(12) }
        nonmutating set { cell.store(newValue, 12) }
    }
    var following: UInt32 {
        get { cell.load(16) }
        nonmutating set { cell.store(newValue, 16) }
    }
    var preceding: UInt32 {
        get { cell.load(20) }
        nonmutating set { cell.store(newValue, 20) }
    }

    /// The number of pages that the record covers.
    var pageCount: UInt32 { sizeClass == PageRecord.run ? next : 1 }
}
