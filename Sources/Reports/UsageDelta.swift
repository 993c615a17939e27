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

    /// The cell of the account's call before: most often the next one falls into it too.
    private struct Hint: BitwiseCopyable {
        var account = AccountSlot.max
        var cell: UInt32 = 0
        var start: Int64 = 0
        var key: APIKeySlot = 0
        var status = CallStatus.unsaid
        var counts = SIMD4<UInt32>()
        var action = TextEnds()
        var team = TextEnds()
        var scenario = TextEnds()

        /// True when ends and lengths tell everything of the texts.
        var areShort: Bool {
            counts.max() <= UInt32(TextEnds.count)
        }

        /// True when the other call has the same cell, as far as ends and lengths tell.
        @inline(__always)
        func isEqual(to other: Self) -> Bool {
            account == other.account && start == other.start && key == other.key
                && status == other.status && counts == other.counts && action == other.action
                && team == other.team && scenario == other.scenario
        }
    }

    /// How many accounts are remembered, each at a place of its own unless two share one.
    private static let hintsCount = 1 << 14

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
    private var hints: [Hint] = []
    /// How many events it has the usage of, and others.
    private(set) var eventCount = 0

    /// The quarter that holds a time.
    static func quarter(_ time: Instant) -> Int64 {
        time.floor(toSeconds: quarterSeconds).micros / (quarterSeconds * 1_000_000)
    }

    /// Adds what a segment's calls used and its refunds gave back.
    mutating func add(_ contents: borrowing SegmentContents) {
        eventCount += contents.count
        addCharges(contents)
        for index in contents.events.indices {
            if case .refunded(let refund) = contents.events[index] { add(refund) }
        }
    }

    /// Adds the charges that spend credits to their cells.
    ///
    /// In two steps of many charges each, so that the waits for the cells' memory overlap.
    private mutating func addCharges(_ contents: borrowing SegmentContents) {
        places.removeAll(keepingCapacity: true)
        if hints.isEmpty { hints = [Hint](repeating: Hint(), count: Self.hintsCount) }
        let charges = contents.charges.span
        let texts = contents.bytes.span
        for index in charges.indices {
            guard !contents.isHold(charges[index]) else {
                places.append(Self.noCell)
                continue
            }
            places.append(place(of: charges[index], texts))
        }
        let places = places
        var entries = cells.entries.mutableSpan
        for index in charges.indices where places[index] != Self.noCell {
            entries[Int(places[index])].value.add(
                charges[index], extra: contents.extra(of: charges[index]))
        }
    }

    @inline(__always)
    private mutating func place(of charge: borrowing ChargeEvent, _ texts: Span<UInt8>) -> UInt32 {
        let action = texts.extracting(charge.action.indices)
        let team = texts.extracting(charge.details.team.indices)
        let scenario = texts.extracting(charge.details.scenario.indices)
        var wanted = Hint()
        wanted.account = charge.head.account
        wanted.start = Self.quarter(charge.head.time)
        wanted.key = charge.key
        wanted.status = charge.details.status
        wanted.counts = [
            charge.action.count, charge.details.team.count, charge.details.scenario.count, 0,
        ]
        wanted.action = TextEnds(action)
        wanted.team = TextEnds(team)
        wanted.scenario = TextEnds(scenario)
        let slot = Int(charge.head.account) & (Self.hintsCount - 1)
        let hint = hints[slot]
        if hint.isEqual(to: wanted),
            hint.areShort || isSame(hint.cell, action, team, scenario)
        {
            return hint.cell
        }
        let key = UsageKey(
            start: wanted.start, action: names.number(of: action), team: names.number(of: team),
            scenario: names.number(of: scenario), key: charge.key, status: charge.details.status)
        wanted.cell = place(of: key, charge.head.account)
        hints[slot] = wanted
        return wanted.cell
    }

    /// True when a cell has these names.
    private func isSame(
        _ cell: UInt32, _ action: Span<UInt8>, _ team: Span<UInt8>, _ scenario: Span<UInt8>
    ) -> Bool {
        let key = cells.entries[Int(cell)].key.key
        return names.isEqual(key.action, to: action) && names.isEqual(key.team, to: team)
            && names.isEqual(key.scenario, to: scenario)
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
        let count = cells.entries.count
        let place = UInt32(truncatingIfNeeded: cells.place(of: wanted))
        guard cells.entries.count > count else { return place }
        quarterCounts[index] = isLastQuarter(of: wanted) ? quarterCounts[index] + 1 : 1
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

    /// What a checkpoint has to write.
    var listing: some UsageListing { Listing(self) }

    /// All cells in their order, those of all accounts together before the others.
    private struct Listing: UsageListing {
        let names: NameTable
        private let together: [UsageCell]
        private let entries: [(key: CellKey, value: UsageSums)]
        /// The places of the entries in their order.
        private let order: [UInt32]

        init(_ delta: UsageDelta) {
            let all = delta.allCells(in: .min ..< .max)
            let quarters = Dictionary(grouping: all.cells, by: \.key.start)
            var together: [UsageCell] = []
            var names = delta.names
            for start in quarters.keys.sorted() {
                var quarter = UsageCells([], names: names)
                quarter.add(
                    quarters[start] ?? [], named: all.names, cellsMax: UsageCells.quarterCellsMax)
                names = quarter.names
                together += quarter.cells
            }
            self.together = together
            self.names = names
            entries = delta.cells.entries
            order = delta.order
        }

        func visit(
            atMost count: Int, _ body: ([AccountCell]) throws(StoreError) -> Void
        ) throws(StoreError) {
            var cells: [AccountCell] = []
            cells.reserveCapacity(count)
            for cell in together {
                cells.append(AccountCell(UsageAccount(nil), cell))
                try Self.hand(&cells, atLeast: count, body)
            }
            for place in order {
                let entry = entries[Int(place)]
                cells.append(
                    AccountCell(
                        UsageAccount(entry.key.account),
                        UsageCell(key: entry.key.key, sums: entry.value)))
                try Self.hand(&cells, atLeast: count, body)
            }
            try Self.hand(&cells, atLeast: 1, body)
        }

        @inline(__always)
        private static func hand(
            _ cells: inout [AccountCell], atLeast count: Int,
            _ body: ([AccountCell]) throws(StoreError) -> Void
        ) throws(StoreError) {
            guard cells.count >= count else { return }
            try body(cells)
            cells.removeAll(keepingCapacity: true)
        }
    }

    /// The places of all cells by account and by when they begin.
    private var order: [UInt32] {
        let entries = cells.entries
        var order: [(account: AccountSlot, start: Int64, place: UInt32)] = []
        order.reserveCapacity(entries.count)
        for (place, entry) in entries.enumerated() {
            order.append(
                (entry.key.account, entry.key.key.start, UInt32(truncatingIfNeeded: place)))
        }
        order.sort { $0 < $1 }
        return order.map(\.place)
    }
}

extension UsageKey {
    /// What is told apart of all accounts together: teams and scenarios are an account's own.
    fileprivate var ofAll: Self {
        Self(start: start, action: action, team: 0, scenario: 0, key: key, status: status)
    }
}

extension UsageSums {
    /// Adds what a charge or capture used.
    @inline(__always)
    fileprivate mutating func add(_ charge: borrowing ChargeEvent, extra paid: Int64) {
        credits += Int128(charge.credits)
        extra += Int128(paid)
        calls += 1
        units += Int128(charge.units)
        bytes += Int128(charge.details.bytes.value ?? 0)
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
