internal import Credit
internal import Ledger
internal import Store

/// What has happened since a checkpoint: usage by quarter of an hour, and where events stand.
struct UsageDelta: Sendable {
    /// Which cell of usage an entry falls into.
    struct CellKey: Hashable, Sendable, BitwiseCopyable {
        let quarter: Int64
        let account: AccountSlot
        let action: UInt32
        let key: APIKeySlot
    }

    /// What a cell sums up.
    struct Sums: Sendable, BitwiseCopyable {
        var credits: Int128 = 0
        var calls: Int64 = 0
        var units: Int128 = 0
        var bytes: Int128 = 0
    }

    private static let noCell = UInt32.max
    /// How many seconds a cell spans; zones such as Kathmandu's are at +05:45.
    static let quarterSeconds: Int64 = 900

    private var cells = OpenTable<CellKey, Sums>(blank: Sums())
    /// For each cell the one before it of the same account.
    private var previousCells: [UInt32] = []
    private var lastCells: [UInt32] = []
    /// The cells of the charges being added.
    private var places: [UInt32] = []
    /// Where the events of each account stand.
    private(set) var chains = EventChains()

    /// The quarter that holds a time.
    static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: quarterSeconds).micros / (quarterSeconds * 1_000_000)
    }

    /// Adds charges to their cells, whose actions have these numbers.
    ///
    /// In two steps of many charges each, so that the waits for the cells' memory overlap.
    mutating func add(_ charges: Span<ChargeEvent>, actions: [UInt32]) {
        places.removeAll(keepingCapacity: true)
        for index in charges.indices {
            let key = CellKey(
                quarter: Self.quarter(charges[index].head.time),
                account: charges[index].head.account, action: actions[index],
                key: charges[index].key)
            places.append(UInt32(truncatingIfNeeded: cell(key)))
        }
        for index in charges.indices {
            let cell = Int(places[index])
            cells.entries[cell].value.credits += Int128(charges[index].credits)
            cells.entries[cell].value.calls += 1
            cells.entries[cell].value.units += Int128(charges[index].units)
            cells.entries[cell].value.bytes += Int128(charges[index].details.bytes.value ?? 0)
        }
    }

    /// Takes what a refund gave back off the cell of its time and of the charge's action and key.
    mutating func add(_ refund: RefundEvent, action: UInt32) {
        let key = CellKey(
            quarter: Self.quarter(refund.head.time), account: refund.head.account,
            action: action, key: refund.apiKey)
        let place = cell(key)
        cells.entries[place].value.credits -= Int128(refund.amount)
    }

    /// Adds an event to the list of its account, or to none.
    @inline(__always)
    mutating func list(_ position: Position, of account: AccountSlot?) {
        chains.add(position, to: account)
    }

    /// The place of a cell: most often the last one of its account.
    @inline(__always)
    private mutating func cell(_ key: CellKey) -> Int {
        let account = Int(key.account)
        if account < lastCells.count, lastCells[account] != Self.noCell,
            cells.entries[Int(lastCells[account])].key == key
        {
            return Int(lastCells[account])
        }
        let place = cells.place(of: key)
        if cells.entries.count > previousCells.count { linkCell(to: key.account) }
        return place
    }

    private mutating func linkCell(to account: AccountSlot) {
        let index = Int(account)
        while lastCells.count <= index { lastCells.append(Self.noCell) }
        previousCells.append(lastCells[index])
        lastCells[index] = UInt32(truncatingIfNeeded: previousCells.count - 1)
    }

    /// Calls `body` with the cells of an account, or of all accounts, in the quarters given.
    func forEachCell(
        of account: AccountSlot?, in quarters: Range<Int64>, _ body: (CellKey, Sums) -> Void
    ) {
        guard let account else {
            for (key, sums) in cells.entries where quarters.contains(key.quarter) {
                body(key, sums)
            }
            return
        }
        var next = Int(account) < lastCells.count ? lastCells[Int(account)] : Self.noCell
        while next != Self.noCell {
            let (key, sums) = cells.entries[Int(next)]
            if quarters.contains(key.quarter) { body(key, sums) }
            next = previousCells[Int(next)]
        }
    }

    /// The cells as rows for a checkpoint, by account and quarter.
    func usageRows() -> [UsageRow] {
        let sorted = cells.entries.sorted {
            ($0.key.account, $0.key.quarter, $0.key.action, $0.key.key)
                < ($1.key.account, $1.key.quarter, $1.key.action, $1.key.key)
        }
        var rows: [UsageRow] = []
        var start = 0
        while start < sorted.count {
            let first = sorted[start].key
            var end = start
            while end < sorted.count, sorted[end].key.account == first.account,
                sorted[end].key.quarter == first.quarter
            {
                end += 1
            }
            rows.append(
                UsageRow(
                    account: first.account, quarter: first.quarter,
                    cells: sorted[start..<end].map { UsageRow.Cell($0.key, $0.value) }))
            start = end
        }
        return rows
    }
}

extension UsageRow.Cell {
    init(_ key: UsageDelta.CellKey, _ sums: UsageDelta.Sums) {
        self.init(
            action: key.action, key: key.key, credits: sums.credits, calls: sums.calls,
            units: sums.units, bytes: sums.bytes)
    }
}
