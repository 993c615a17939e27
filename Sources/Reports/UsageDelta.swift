internal import Credit
internal import Ledger
internal import Store

/// What has happened since a checkpoint: usage by quarter of an hour, and where events stand.
struct UsageDelta: Sendable {
    /// Which cell of usage an entry falls into.
    struct CellKey: Hashable, Sendable, BitwiseCopyable {
        let account: AccountSlot
        let key: UsageKey
    }

    /// A run of an account, by the number of its name.
    struct RunKey: Hashable, Sendable, BitwiseCopyable {
        let account: AccountSlot
        let name: UInt32
    }

    private static let noCell = UInt32.max
    /// How many seconds a cell spans; zones such as Kathmandu's are at +05:45.
    static let quarterSeconds: Int64 = 900

    /// The texts of the cells.
    private var names = NameTable()
    private var cells = OpenTable<CellKey, UsageSums>(blank: UsageSums())
    /// For each cell the one before it of the same account.
    private var previousCells: [UInt32] = []
    private var lastCells: [UInt32] = []
    /// How many cells each account has in the quarter of its last one.
    private var quarterCounts: [UInt32] = []
    /// The cells of the charges being added.
    private var places: [UInt32] = []
    /// Where the events of each account stand.
    private(set) var chains = EventChains()
    /// Where the events of each run of a scenario stand, by its place among the runs.
    private var runChains = EventChains()
    private var runs = OpenTable<RunKey, Void>(blank: ())
    /// The run of each account's last event that was of one.
    private var lastRuns: [UInt32] = []

    /// The quarter that holds a time.
    static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: quarterSeconds).micros / (quarterSeconds * 1_000_000)
    }

    /// Adds the charges of a segment that spend credits to their cells.
    ///
    /// In two steps of many charges each, so that the waits for the cells' memory overlap.
    mutating func add(_ contents: borrowing SegmentContents) {
        places.removeAll(keepingCapacity: true)
        let charges = contents.charges.span
        let texts = contents.bytes.span
        for index in charges.indices {
            guard !contents.isHold(charges[index]) else {
                places.append(Self.noCell)
                continue
            }
            let key = UsageKey(
                start: Self.quarter(charges[index].head.time),
                action: names.number(of: texts.extracting(charges[index].action.indices)),
                team: names.number(of: texts.extracting(charges[index].details.team.indices)),
                scenario: names.number(
                    of: texts.extracting(charges[index].details.scenario.indices)),
                key: charges[index].key, status: charges[index].details.status)
            places.append(place(of: key, charges[index].head.account))
        }
        for index in charges.indices where places[index] != Self.noCell {
            let cell = Int(places[index])
            cells.entries[cell].value.credits += Int128(charges[index].credits)
            cells.entries[cell].value.extra += Int128(contents.extra(of: charges[index]))
            cells.entries[cell].value.calls += 1
            cells.entries[cell].value.units += Int128(charges[index].units)
            cells.entries[cell].value.bytes += Int128(charges[index].details.bytes.value ?? 0)
        }
    }

    /// Takes what a refund gave back off the cell of its time and of what the charge said, but for the
    /// status, which refunds do not repeat.
    mutating func add(_ refund: RefundEvent) {
        let key = UsageKey(
            start: Self.quarter(refund.head.time), action: names.number(of: refund.action.span),
            team: names.number(of: refund.call[.team].span),
            scenario: names.number(of: refund.call[.scenario].span), key: refund.apiKey,
            status: UsageCells.refundStatus)
        let place = Int(place(of: key, refund.head.account))
        cells.entries[place].value.credits -= Int128(refund.amount)
        cells.entries[place].value.extra -= Int128(refund.extra)
    }

    /// Adds a charge to the list of its account, and to that of its run if it has one.
    @inline(__always)
    mutating func list(
        _ position: Position, of account: AccountSlot, run: ByteRange,
        in contents: borrowing SegmentContents
    ) {
        chains.add(position, to: account)
        guard !run.isEmpty else { return runChains.add(position, to: nil) }
        let texts = contents.bytes.span
        add(position, toRun: texts.extracting(run.indices), of: account)
    }

    /// Adds an event that is no charge to the lists that it belongs to.
    mutating func list(_ position: Position, _ event: Event) {
        let account: AccountSlot?
        var run: [UInt8] = []
        switch event {
        case .refused(let refusal): account = refusal.account
        case .refunded(let refund): (account, run) = (refund.head.account, refund.call[.run])
        case .runStarted(let start): (account, run) = (start.account, Array(start.run.text.utf8))
        case .runFinished(let end): (account, run) = (end.account, Array(end.run.text.utf8))
        default: account = event.head?.account
        }
        chains.add(position, to: account)
        guard let account, !run.isEmpty else { return runChains.add(position, to: nil) }
        add(position, toRun: run.span, of: account)
    }

    /// Most often to the run that the account's last event was of.
    @inline(__always)
    private mutating func add(
        _ position: Position, toRun run: Span<UInt8>, of account: AccountSlot
    ) {
        let index = Int(account)
        if index < lastRuns.count, lastRuns[index] != Self.noCell,
            names.isEqual(runs.entries[Int(lastRuns[index])].key.name, to: run)
        {
            return runChains.add(position, to: lastRuns[index])
        }
        let key = RunKey(account: account, name: names.number(of: run))
        let place = UInt32(truncatingIfNeeded: runs.place(of: key))
        while lastRuns.count <= index { lastRuns.append(Self.noCell) }
        lastRuns[index] = place
        runChains.add(position, to: place)
    }

    /// Where the events of a run stand, newest first.
    func positions(ofRun run: [UInt8], of account: AccountSlot) -> [Position] {
        guard !run.isEmpty, let name = names.known(run.span),
            let place = runs.knownPlace(of: RunKey(account: account, name: name))
        else { return [] }
        return runChains.positions(of: UInt32(truncatingIfNeeded: place))
    }

    /// The place of a cell: most often the last one of its account.
    @inline(__always)
    private mutating func place(of key: UsageKey, _ account: AccountSlot) -> UInt32 {
        let cellKey = CellKey(account: account, key: key)
        let index = Int(account)
        if index < lastCells.count, lastCells[index] != Self.noCell,
            cells.entries[Int(lastCells[index])].key == cellKey
        {
            return lastCells[index]
        }
        return newPlace(of: cellKey)
    }

    private mutating func newPlace(of cellKey: CellKey) -> UInt32 {
        let index = Int(cellKey.account)
        while lastCells.count <= index {
            lastCells.append(Self.noCell)
            quarterCounts.append(0)
        }
        var wanted = cellKey
        if quarterCounts[index] >= UInt32(UsageCells.quarterCellsMax),
            isLastQuarter(of: cellKey), !cells.contains(cellKey)
        {
            var key = cellKey.key
            key.becomeOther(in: &names)
            wanted = CellKey(account: cellKey.account, key: key)
        }
        let isNew = !cells.contains(wanted)
        if isNew { quarterCounts[index] = isLastQuarter(of: wanted) ? quarterCounts[index] + 1 : 1 }
        let place = UInt32(truncatingIfNeeded: cells.place(of: wanted))
        guard isNew else { return place }
        previousCells.append(lastCells[index])
        lastCells[index] = place
        return place
    }

    /// True when a cell is of the same quarter as the last one of its account.
    private func isLastQuarter(of cellKey: CellKey) -> Bool {
        let last = lastCells[Int(cellKey.account)]
        guard last != Self.noCell else { return false }
        return cells.entries[Int(last)].key.key.start == cellKey.key.start
    }

    /// The cells of an account, or of all together for nil, in the quarters given.
    func cells(of account: AccountSlot?, in quarters: Range<Int64>) -> UsageCells {
        guard let account else { return allCells(in: quarters) }
        var found: [UsageCell] = []
        var next = Int(account) < lastCells.count ? lastCells[Int(account)] : Self.noCell
        while next != Self.noCell {
            let (cellKey, sums) = cells.entries[Int(next)]
            if quarters.contains(cellKey.key.start) {
                found.append(UsageCell(key: cellKey.key, sums: sums))
            }
            next = previousCells[Int(next)]
        }
        return UsageCells(found, names: names)
    }

    private func allCells(in quarters: Range<Int64>) -> UsageCells {
        var found = UsageCells([], names: names)
        for (cellKey, sums) in cells.entries where quarters.contains(cellKey.key.start) {
            found.add(UsageCell(key: cellKey.key.ofAll, sums: sums))
        }
        return found
    }

    /// The cells as rows for a checkpoint, by account and quarter; last those of all together.
    func usageRows() -> [UsageRow] {
        let sorted = cells.entries.sorted {
            ($0.key.account, $0.key.key.start) < ($1.key.account, $1.key.key.start)
        }
        var rows: [UsageRow] = []
        var start = 0
        while start < sorted.count {
            let first = sorted[start].key
            var row = UsageCells([], names: NameTable())
            var part: [UsageCell] = []
            while start < sorted.count, sorted[start].key.account == first.account,
                sorted[start].key.key.start == first.key.start
            {
                part.append(UsageCell(key: sorted[start].key.key, sums: sorted[start].value))
                start += 1
            }
            row.add(part, named: names)
            rows.append(
                UsageRow(account: first.account, quarter: first.key.start, cells: row))
        }
        return rows + rowsOfAll()
    }

    private func rowsOfAll() -> [UsageRow] {
        let all = allCells(in: .min ..< .max)
        let quarters = Dictionary(grouping: all.cells, by: \.key.start)
        return quarters.keys.sorted().map { quarter in
            var row = UsageCells()
            row.add(
                quarters[quarter] ?? [], named: names, cellsMax: UsageCells.quarterCellsMax)
            return UsageRow(account: nil, quarter: quarter, cells: row)
        }
    }
}

extension UsageKey {
    /// What is told apart of all accounts together: teams and scenarios are an account's own.
    fileprivate var ofAll: Self {
        Self(start: start, action: action, team: 0, scenario: 0, key: key, status: status)
    }
}

extension SegmentContents {
    /// True for a charge event that places a hold, which spends nothing yet.
    @inline(__always)
    fileprivate func isHold(_ charge: ChargeEvent) -> Bool {
        guard charge.role != ChargeEvent.noRole else { return false }
        if case .placed = roles[Int(charge.role)] { return true }
        return false
    }
}
