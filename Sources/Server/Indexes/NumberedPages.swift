/// Elements with numbers, in pages, so that adding one moves no others.
struct NumberedPages<Element: Sendable>: Sendable {
    private var pages: [[Element]] = []
    private var free: [UInt32] = []
    private var count = 0
    private let blank: Element

    private static var shift: UInt32 { 10 }
    private static var pageCount: Int { 1 << Int(shift) }
    private static var mask: UInt32 { 1 << shift - 1 }

    /// No elements; `blank` takes the place of those that are removed.
    init(blank: Element) { self.blank = blank }

    /// The bytes of all pages.
    var byteCount: Int {
        let full = max(pages.count - 1, 0) * NumberedPages.pageCount
        let room = full + (pages.last?.capacity ?? 0)
        return room * MemoryLayout<Element>.stride + free.capacity * 4
    }

    /// The element with a number, which must have been inserted and not been removed.
    subscript(number: UInt32) -> Element {
        _read { yield pages[Int(number >> NumberedPages.shift)][Int(number & NumberedPages.mask)] }
        _modify {
            yield &pages[Int(number >> NumberedPages.shift)][Int(number & NumberedPages.mask)]
        }
    }

    /// Adds an element and returns its number.
    mutating func insert(_ element: Element) -> UInt32 {
        if let number = free.popLast() {
            self[number] = element
            return number
        }
        precondition(count < UInt32.max, "numbers have 32 bits")
        if count % NumberedPages.pageCount == 0 {
            var page: [Element] = []
            // The first one grows, as there may be no second one.
            if count > 0 { page.reserveCapacity(NumberedPages.pageCount) }
            pages.append(page)
        }
        pages[pages.count - 1].append(element)
        count += 1
        return UInt32(count - 1)
    }

    /// Removes an element; its number may be given to another one.
    mutating func remove(_ number: UInt32) {
        self[number] = blank
        free.append(number)
    }

    /// Calls `body` with all elements, and blanks, until it returns false.
    func forEach(_ body: (Element) -> Bool) {
        for page in pages { for element in page where !body(element) { return } }
    }
}
