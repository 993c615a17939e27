internal import Ledger

/// Merges runs of usage into one: adds up what falls into the same cell, and widens cells that are old.
public struct UsageMerge: Sendable {
    /// What comes next in a run.
    private struct Head: Sendable {
        var cells: [AccountCell] = []
        var names = NameTable()
        var place = 0
        /// The number that each text of the page read has in the page being written, if it has one yet.
        var numbers: [UInt32] = []
        /// The next cell, widened; nil after the last.
        var next: AccountCell?

        mutating func begin(_ page: UsagePage) throws(SegmentError) {
            cells.removeAll(keepingCapacity: true)
            names = NameTable()
            try page.read(0..<page.count, &names, to: &cells)
            place = 0
            forgetNumbers()
        }

        mutating func forgetNumbers() {
            numbers.removeAll(keepingCapacity: true)
            numbers.append(contentsOf: repeatElement(UsageMerge.noNumber, count: names.count))
        }
    }

    private static let noNumber = UInt32.max
    /// So many cells that begin together are searched one by one.
    private static let searchedMax = 8

    private let aging: UsageAging
    private let pageCells: Int
    private var heads: [Head]
    private var isBegun = false
    /// The page being written.
    private var page: [AccountCell] = []
    private var names = NameTable()
    /// Where the cells that begin together are on the page, when they are many.
    private var places: [UsageKey: Int] = [:]

    /// Merges so many runs, whose newest cell begins with this quarter of an hour, into pages of so many
    /// cells or a few more: those of one account that begin together are not parted.
    public init(runs: Int, newest quarter: Int64, pageCells: Int) {
        aging = UsageAging(newest: quarter)
        heads = [Head](repeating: Head(), count: runs)
        self.pageCells = max(1, pageCells)
    }

    /// The next page and what its texts are numbered by; nil when all is merged.
    ///
    /// `read` gives the next page of a run, nil after its last one.
    public mutating func next(
        _ read: (_ run: Int) throws(StoreError) -> UsagePage?
    ) throws(StoreError) -> (cells: [AccountCell], names: NameTable)? {
        if !isBegun {
            for run in heads.indices { try advance(run, read) }
            isBegun = true
        }
        page.removeAll(keepingCapacity: true)
        names = NameTable()
        for run in heads.indices { heads[run].forgetNumbers() }
        while page.count < pageCells, let (account, start) = nextBeginning() {
            let first = page.count
            for run in heads.indices {
                while let next = heads[run].next, next.account == account,
                    next.cell.key.start == start
                {
                    add(next, of: run, first)
                    try advance(run, read)
                }
            }
            if !places.isEmpty { places.removeAll(keepingCapacity: true) }
        }
        return page.isEmpty ? nil : (page, names)
    }

    /// The account and the beginning of the cells that come next.
    private func nextBeginning() -> (account: UsageAccount, start: Int64)? {
        var least: (account: UsageAccount, start: Int64)?
        for run in heads.indices {
            guard let next = heads[run].next else { continue }
            let beginning = (account: next.account, start: next.cell.key.start)
            if least.map({ beginning < $0 }) ?? true { least = beginning }
        }
        return least
    }

    private mutating func advance(
        _ run: Int, _ read: (Int) throws(StoreError) -> UsagePage?
    ) throws(StoreError) {
        heads[run].place += 1
        while heads[run].place >= heads[run].cells.count {
            guard let page = try read(run) else {
                heads[run].next = nil
                return
            }
            do throws(SegmentError) {
                try heads[run].begin(page)
            } catch {
                throw .corrupt("a page of usage: \(error)")
            }
        }
        var next = heads[run].cells[heads[run].place]
        next.cell.key = aging.widened(next.cell.key)
        heads[run].next = next
    }

    /// Adds a cell to those that begin together, the first of which is at `first`.
    private mutating func add(_ added: AccountCell, of run: Int, _ first: Int) {
        var cell = added
        for text in UsageKey.Text.allCases {
            cell.cell.key[text] = number(of: cell.cell.key[text], run)
        }
        if let place = place(of: cell.cell.key, first) {
            return page[place].cell.sums.add(cell.cell.sums)
        }
        if cell.cell.key.quarters == 1, page.count - first >= UsageCells.quarterCellsMax {
            cell.cell.key.becomeOther(in: &names)
            if let place = place(of: cell.cell.key, first) {
                return page[place].cell.sums.add(cell.cell.sums)
            }
        }
        page.append(cell)
        if page.count - first == Self.searchedMax + 1 {
            for place in first..<page.count { places[page[place].cell.key] = place }
        } else if page.count - first > Self.searchedMax {
            places[cell.cell.key] = page.count - 1
        }
    }

    private func place(of key: UsageKey, _ first: Int) -> Int? {
        guard page.count - first <= Self.searchedMax else { return places[key] }
        return page.indices.suffix(from: first).first { page[$0].cell.key == key }
    }

    @inline(__always)
    private mutating func number(of text: UInt32, _ run: Int) -> UInt32 {
        let known = heads[run].numbers[Int(text)]
        guard known == Self.noNumber else { return known }
        let number = names.number(of: text, in: heads[run].names)
        heads[run].numbers[Int(text)] = number
        return number
    }
}
