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

    /// One event of an account, and the one before it in this delta.
    private struct Link: Sendable, BitwiseCopyable {
        let position: Position
        let previous: UInt32
    }

    private static let noLink = UInt32.max
    /// How many seconds a cell spans; zones such as Kathmandu's are at +05:45.
    static let quarterSeconds: Int64 = 900

    private var cells = OpenTable<CellKey, Sums>(blank: Sums())
    /// For each cell the one before it of the same account.
    private var previousCells: [UInt32] = []
    private var lastCells: [UInt32] = []
    private var links: [Link] = []
    private var lastLinks: [UInt32] = []

    /// How many events it knows.
    var eventCount: Int { links.count }

    /// The accounts that have events here.
    var accounts: [AccountSlot] {
        lastLinks.indices.lazy.filter { lastLinks[$0] != Self.noLink }
            .map { AccountSlot(truncatingIfNeeded: $0) }
    }

    /// The quarter that holds a time.
    static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: quarterSeconds).micros / (quarterSeconds * 1_000_000)
    }

    mutating func add(_ charge: ChargeEvent, action: UInt32, at position: Position) {
        let cell = CellKey(
            quarter: Self.quarter(charge.head.time), account: charge.head.account,
            action: action, key: charge.key)
        cells.update(cell) { sums in
            sums.credits += Int128(charge.credits)
            sums.calls += 1
            sums.units += Int128(charge.units)
            sums.bytes += Int128(charge.details.bytes.value ?? 0)
        }
        if cells.entries.count > previousCells.count { linkCell(to: charge.head.account) }
        link(position, to: charge.head.account)
    }

    private mutating func linkCell(to account: AccountSlot) {
        let index = Int(account)
        while lastCells.count <= index { lastCells.append(Self.noLink) }
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
        var next = Int(account) < lastCells.count ? lastCells[Int(account)] : Self.noLink
        while next != Self.noLink {
            let (key, sums) = cells.entries[Int(next)]
            if quarters.contains(key.quarter) { body(key, sums) }
            next = previousCells[Int(next)]
        }
    }

    mutating func link(_ position: Position, to account: AccountSlot) {
        let index = Int(account)
        while lastLinks.count <= index { lastLinks.append(Self.noLink) }
        links.append(Link(position: position, previous: lastLinks[index]))
        lastLinks[index] = UInt32(truncatingIfNeeded: links.count - 1)
    }

    /// Where the events of an account stand, newest first.
    func positions(
        of account: AccountSlot, before end: Position? = nil, limit: Int = .max
    ) -> [Position] {
        guard Int(account) < lastLinks.count else { return [] }
        var found: [Position] = []
        var next = lastLinks[Int(account)]
        while next != Self.noLink, found.count < limit {
            let position = links[Int(next)].position
            if end.map({ position < $0 }) ?? true { found.append(position) }
            next = links[Int(next)].previous
        }
        return found
    }

    /// Where the newest events of all accounts stand, newest first.
    func newestPositions(limit: Int) -> [Position] {
        links.suffix(limit).reversed().map(\.position)
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

    /// The events' positions as rows for a checkpoint.
    func eventRows() -> [EventRow] {
        accounts.map { EventRow(account: $0, positions: positions(of: $0).reversed()) }
    }
}

extension UsageRow.Cell {
    init(_ key: UsageDelta.CellKey, _ sums: UsageDelta.Sums) {
        self.init(
            action: key.action, key: key.key, credits: sums.credits, calls: sums.calls,
            units: sums.units, bytes: sums.bytes)
    }
}
