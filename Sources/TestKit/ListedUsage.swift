public import Ledger
public import Store

/// Usage given cell by cell.
public struct ListedUsage: UsageListing {
    public private(set) var names = NameTable()
    private var cells: [AccountCell] = []

    public init() {}

    /// Adds usage of an account, or of all together for nil, whose cells are no other ones' there.
    public mutating func add(_ usage: UsageCells, of account: AccountSlot?) {
        var numbered = UsageCells([], names: names)
        numbered.add(usage)
        names = numbered.names
        cells += numbered.cells.map { AccountCell(UsageAccount(account), $0) }
    }

    public func visit(
        atMost count: Int, _ body: ([AccountCell]) throws(StoreError) -> Void
    ) throws(StoreError) {
        var rest = cells.sorted {
            ($0.account, $0.cell.key.start) < ($1.account, $1.cell.key.start)
        }[...]
        while !rest.isEmpty {
            try body(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }
}
