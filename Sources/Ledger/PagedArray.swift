/// An array in pages, so that a copy taken for a checkpoint costs the writer one page at a time.
///
/// Copying shares the pages. The first change to a page after that copies this page alone, where
/// a plain array would copy everything at once while calls wait.
struct PagedArray<Element: BitwiseCopyable & Sendable>: Sendable {
    private static var pageBits: Int { 9 }
    private static var pageCount: Int { 1 << pageBits }

    private var pages = BlockList<Element>(blockCount: pageCount)
    private(set) var count = 0

    mutating func append(_ element: Element) {
        if count & (Self.pageCount - 1) == 0 {
            pages.append(filledWith: element)
        } else {
            pages[count >> Self.pageBits, count & (Self.pageCount - 1)] = element
        }
        count += 1
    }

    subscript(index: Int) -> Element {
        @inline(__always) _read {
            yield pages[index >> Self.pageBits, index & (Self.pageCount - 1)]
        }
        @inline(__always) _modify {
            yield &pages[index >> Self.pageBits, index & (Self.pageCount - 1)]
        }
    }

    /// Asks for the memory of an element.
    @inline(__always)
    func prefetch(_ index: Int) {
        pages.prefetch(index >> Self.pageBits, index & (Self.pageCount - 1))
    }
}
