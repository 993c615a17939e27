public import Ledger

/// What some calls used.
public struct UsageSums: Hashable, Sendable, BitwiseCopyable {
    /// Micro-credits, less what was refunded.
    public var credits: Int128 = 0
    /// The part of them that no lot of a plan paid.
    public var extra: Int128 = 0
    public var calls: Int64 = 0
    public var units: Int128 = 0
    /// Data transferred.
    public var bytes: Int128 = 0

    public init() {}

    /// What one entry adds, or takes away when `factor` is -1.
    public init(of entry: EntrySummary, times factor: Int64 = 1) {
        guard entry.isUsage else { return }
        let factor = Int128(factor)
        let sign = entry.isCall ? factor : -factor
        credits = Int128(entry.credits) * sign
        extra = Int128(entry.extra) * sign
        guard entry.isCall else { return }
        calls = Int64(factor)
        units = Int128(entry.units) * factor
        bytes = Int128(entry.bytes.value ?? 0) * factor
    }

    public mutating func add(_ other: Self) {
        credits += other.credits
        extra += other.extra
        calls += other.calls
        units += other.units
        bytes += other.bytes
    }
}

/// Which cell of an account's usage an entry falls into; texts by their numbers in a table.
public struct UsageKey: Hashable, Sendable, BitwiseCopyable {
    /// The first quarter of an hour, since 1970-01-01T00:00:00Z.
    public var start: Int64
    /// How many quarters it spans.
    public var quarters: Int32
    public var status: CallStatus
    public var action: UInt32
    public var team: UInt32
    public var scenario: UInt32
    /// The customer key, `ChargeCommand.noKey` or ``UsageCells/otherKey``.
    public var key: APIKeySlot

    public init(
        start: Int64, quarters: Int32 = 1, action: UInt32, team: UInt32, scenario: UInt32,
        key: APIKeySlot, status: CallStatus
    ) {
        self.start = start
        self.quarters = quarters
        self.status = status
        self.action = action
        self.team = team
        self.scenario = scenario
        self.key = key
    }

    /// The quarter after its last.
    public var end: Int64 { start + Int64(quarters) }
}

/// One cell: what the calls of some quarters of an hour used that agree in all of the key.
public struct UsageCell: Hashable, Sendable, BitwiseCopyable {
    public var key: UsageKey
    public var sums: UsageSums

    public init(key: UsageKey, sums: UsageSums) {
        self.key = key
        self.sums = sums
    }
}

/// Cells of one account's usage, or of all together, and the table of their texts.
public struct UsageCells: Sendable {
    /// The most cells of one account and quarter of an hour; what comes after counts as other.
    public static let quarterCellsMax = 1000
    /// The action, team and scenario of what is not told apart any more; no name has this character.
    public static let otherName = "*"
    /// The customer key of it.
    public static let otherKey = ChargeCommand.noKey - 1
    /// The status of what refunds took off: what their charges said of it only entries tell.
    public static let refundStatus = CallStatus(rawValue: 99)

    public private(set) var names = NameTable()
    public private(set) var cells: [UsageCell] = []
    /// Where each key is; empty while there are few, which are searched one by one.
    private var places: [UsageKey: Int] = [:]
    private static let searchedMax = 8

    public init() {}

    /// Cells whose texts are numbered by `names`, each key once.
    public init(_ cells: [UsageCell], names: NameTable) {
        self.cells = cells
        self.names = names
        if cells.count > Self.searchedMax { indexPlaces() }
    }

    private mutating func indexPlaces() {
        for (place, cell) in cells.enumerated() { places[cell.key] = place }
    }

    private func place(of key: UsageKey) -> Int? {
        cells.count > Self.searchedMax
            ? places[key] : cells.firstIndex { $0.key == key }
    }

    /// Adds a cell of the same table, to the one with its key if there is one.
    public mutating func add(_ cell: UsageCell) {
        if let place = place(of: cell.key) {
            cells[place].sums.add(cell.sums)
            return
        }
        cells.append(cell)
        if cells.count == Self.searchedMax + 1 {
            indexPlaces()
        } else if cells.count > Self.searchedMax {
            places[cell.key] = cells.count - 1
        }
    }

    /// Adds cells of another table; a new one past `cellsMax` counts as other.
    public mutating func add(_ other: Self, cellsMax: Int = .max) {
        add(other.cells, named: other.names, cellsMax: cellsMax)
    }

    /// Adds cells whose texts `others` has; a new one past `cellsMax` counts as other.
    public mutating func add(_ added: [UsageCell], named others: NameTable, cellsMax: Int = .max) {
        var numbers: [UInt32: UInt32] = [0: 0]
        for cell in added {
            var key = cell.key
            key.action = number(of: key.action, in: others, &numbers)
            key.team = number(of: key.team, in: others, &numbers)
            key.scenario = number(of: key.scenario, in: others, &numbers)
            if cells.count >= cellsMax, place(of: key) == nil { key.becomeOther(in: &names) }
            add(UsageCell(key: key, sums: cell.sums))
        }
    }

    private mutating func number(
        of number: UInt32, in other: NameTable, _ known: inout [UInt32: UInt32]
    ) -> UInt32 {
        if let found = known[number] { return found }
        let found = names.number(of: number, in: other)
        known[number] = found
        return found
    }

    /// Adds those of some cells of a page that a range of quarters has a part of.
    public mutating func add(
        _ page: UsagePage, _ places: Range<Int>, in quarters: Range<Int64>
    ) throws(SegmentError) {
        guard !places.isEmpty else { return }
        var read: [AccountCell] = []
        try page.read(places, &names, to: &read)
        for cell in read where cell.cell.key.isPart(of: quarters) { add(cell.cell) }
    }

    /// The same usage in cells of so many quarters of an hour, from multiples of that on.
    public func coarsened(to quarters: Int32) -> Self {
        var coarse = Self([], names: names)
        for cell in cells {
            var key = cell.key
            let width = Int64(quarters)
            key.start = Self.floor(key.start, width)
            key.quarters = quarters
            coarse.add(UsageCell(key: key, sums: cell.sums))
        }
        return coarse
    }

    /// The cells that a range of quarters has a part of.
    public func touching(_ quarters: Range<Int64>) -> Self {
        cells.allSatisfy { $0.key.isPart(of: quarters) }
            ? self : Self(cells.filter { $0.key.isPart(of: quarters) }, names: names)
    }

    /// The greatest multiple of `width` that is not after `quarter`.
    public static func floor(_ quarter: Int64, _ width: Int64) -> Int64 {
        let rest = quarter % width
        return quarter - (rest < 0 ? rest + width : rest)
    }
}

extension UsageKey {
    /// True when a range of quarters has a part of it.
    fileprivate func isPart(of range: Range<Int64>) -> Bool {
        start < range.upperBound && end > range.lowerBound
    }

    /// Stops telling apart what there is too much of.
    public mutating func becomeOther(in names: inout NameTable) {
        let other = names.number(of: UsageCells.otherName.utf8.span)
        action = other
        team = team == 0 ? 0 : other
        scenario = scenario == 0 ? 0 : other
        key = key == ChargeCommand.noKey ? key : UsageCells.otherKey
    }
}

/// How wide cells become with age, seen from the newest one.
///
/// Quarters of an hour by themselves for a month or two, hours for a year or two, days from then on; or
/// one month or year longer, until the run that they are in is merged.
public struct UsageAging: Sendable {
    private struct Stage: Sendable {
        /// Cells that begin before this quarter of an hour become so wide.
        let end: Int64
        let width: Int32
        let period: Int64
    }

    /// The most quarters of an hour that a cell spans.
    public static let widestQuarters: Int64 = 96
    /// Cells become so wide when a whole period of so many quarters lies between them and the one that is now.
    private static let periods: [(quarters: Int64, width: Int32)] = [
        (96 * 32 * 12, 96), (96 * 32, 4),
    ]

    /// The widest first.
    private var stages: [Stage]

    /// Ages cells of which the newest begins with this quarter of an hour.
    public init(newest: Int64) {
        // Nobody has been charged so long ago; what a damaged file says must not overflow.
        let quarter = max(newest, -1 << 40)
        stages = Self.periods.map { period in
            Stage(
                end: UsageCells.floor(quarter, period.quarters) - period.quarters,
                width: period.width, period: period.quarters)
        }
    }

    /// The cell that one falls into.
    @inline(__always)
    public func widened(_ key: UsageKey) -> UsageKey {
        for stage in stages where key.start < stage.end && key.quarters < stage.width {
            var wide = key
            wide.start = UsageCells.floor(key.start, Int64(stage.width))
            wide.quarters = stage.width
            return wide
        }
        return key
    }

    /// Cells of so many quarters that begin before it should have been widened a whole period ago.
    public func overdueEnd(of quarters: Int32) -> Int64 {
        let stage = stages.last { $0.width > quarters }
        return stage.map { $0.end - $0.period } ?? .min
    }
}
