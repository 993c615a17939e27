internal import Credit

/// A value for each account, by slot, which is empty for most accounts or for few.
///
/// In pages, so that who changes a value while a checkpoint has a copy copies one page: a dictionary
/// would be copied whole, while calls wait. Pages of accounts that have no value take no memory.
struct SlotTable<Value: Sendable>: Sendable {
    private static var pageBits: Int { 6 }
    private static var pageCount: Int { 1 << pageBits }

    private let empty: Value
    /// Each of ``pageCount`` values, or of none.
    private var pages: [[Value]] = []

    init(empty: Value) {
        self.empty = empty
    }

    /// Every slot that may have a value is below this.
    var end: AccountSlot { AccountSlot(truncatingIfNeeded: pages.count << Self.pageBits) }

    subscript(slot: AccountSlot) -> Value {
        _read {
            let page = Int(slot) >> Self.pageBits
            if page < pages.count, !pages[page].isEmpty {
                yield pages[page][Int(slot) & (Self.pageCount - 1)]
            } else {
                yield empty
            }
        }
        _modify {
            let page = Int(slot) >> Self.pageBits
            while pages.count <= page { pages.append([]) }
            if pages[page].isEmpty {
                pages[page] = [Value](repeating: empty, count: Self.pageCount)
            }
            yield &pages[page][Int(slot) & (Self.pageCount - 1)]
        }
    }
}
