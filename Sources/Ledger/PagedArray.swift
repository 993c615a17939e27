/// An array in pages, so that a copy taken for a checkpoint costs the writer one page at a time.
///
/// Copying retains the pages. The first change to a page after that copies this page alone, where
/// a plain array would copy everything at once while calls wait.
struct PagedArray<Element: Sendable>: Sendable {
    static var pageBits: Int { 9 }
    private static var pageCount: Int { 1 << pageBits }

    private var pages: [[Element]] = []
    private(set) var count = 0

    mutating func append(_ element: Element) {
        if count & (Self.pageCount - 1) == 0 {
            var page: [Element] = []
            page.reserveCapacity(Self.pageCount)
            pages.append(page)
        }
        pages[count >> Self.pageBits].append(element)
        count += 1
    }

    subscript(index: Int) -> Element {
        _read { yield pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
        _modify { yield &pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
    }

    /// Asks for the memory of an element.
    @inline(__always)
    func prefetch(_ index: Int) {
        Memory.prefetch(pages[index >> Self.pageBits], at: index & (Self.pageCount - 1))
    }
}
