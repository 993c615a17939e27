/// A list in pages: who changes one while a checkpoint or another thread has a copy copies one page.
///
/// A plain array would be copied whole: with a million accounts 150 MB, while calls wait.
public struct PagedList<Element: Sendable>: RandomAccessCollection, Sendable {
    private static var pageBits: Int { 8 }
    private static var pageCount: Int { 1 << pageBits }

    private var pages: [[Element]] = []
    public private(set) var count = 0

    public init() {}

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public internal(set) subscript(index: Int) -> Element {
        _read { yield pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
        _modify { yield &pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
    }

    /// Asks for the memory of an element.
    func prefetch(_ index: Int) {
        let page = pages[index >> Self.pageBits]
        Memory.prefetch(page.span, at: index & (Self.pageCount - 1))
    }

    mutating func append(_ element: Element) {
        if count & (Self.pageCount - 1) == 0 {
            pages.append([])
            pages[pages.count - 1].reserveCapacity(Self.pageCount)
        }
        pages[pages.count - 1].append(element)
        count += 1
    }
}

extension PagedList: Equatable where Element: Equatable {}
