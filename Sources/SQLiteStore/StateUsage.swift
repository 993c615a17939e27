internal import Credit
internal import Ledger
public import Store

/// The usage of a state file: runs of cells, one written by each checkpoint.
///
/// What an account used is the sum of what all runs have. Runs are merged like those of keys; then what
/// falls into one cell is added up, and cells that are old become wider (``UsageAging``), so that the size
/// stays bounded. A run that has waited long for others is written anew alone. See docs/adr/0024-rollups.md.
extension SQLiteState {
    static let usageSchema = """
        CREATE TABLE usage_run (
            number INTEGER PRIMARY KEY, after INTEGER NOT NULL, through INTEGER NOT NULL,
            count INTEGER NOT NULL, pages INTEGER NOT NULL, newest INTEGER NOT NULL,
            oldest_quarter INTEGER NOT NULL, oldest_hour INTEGER NOT NULL,
            crc32 INTEGER NOT NULL);
        CREATE TABLE usage_page (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL, account INTEGER NOT NULL,
            start INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE INDEX usage_beginning ON usage_page (run, account, start);
        """

    /// The runs, oldest first, up to where the checkpoint says.
    static func usageRuns(_ database: borrowing Database) throws(StoreError) -> [UsageRun] {
        let through = try head(database)?.counts.usageThrough ?? 0
        return try RunTables.usage.runs(
            furtherColumns: 4, through: UInt64(through), database
        ) { number, range, count, further in
            let values = Array(further)
            return UsageRun(
                number: number, range: range, pages: Int(values[0]), count: count,
                newest: values[1], oldestQuarter: values[2], oldestHour: values[3])
        }
    }

    /// Writes what was used up to a segment as a run; nil when nothing was.
    func writeUsage(
        _ listing: any UsageListing, through: UInt64
    ) throws(StoreError) -> UsageRun? {
        var writer = UsageRunWriter(
            number: usage.freeNumber, range: SegmentRange(after: usage.through, through: through))
        let names = listing.names
        let insert = try UsageRunWriter.insert(database)
        try listing.visit(atMost: tuning.usagePageCells) { cells throws(StoreError) in
            try writer.append(cells, names, insert, database)
        }
        guard writer.run.count > 0 else { return nil }
        try writer.finish(database)
        return writer.run
    }

    /// Does the next bit of merging runs of usage; gives about how many cells it wrote, nil when there was
    /// nothing to merge.
    public mutating func mergeUsageStep() throws(StoreError) -> Int? {
        if case .doubtful(let error) = health { throw error }
        let written = try usage.mergeStep(entriesMax: .max, tuning, database)
        if written != nil { copyLog() }
        return written
    }
}

/// A run of usage: where its pages lie, and of which segments.
struct UsageRun: StateRun, Hashable {
    let number: Int64
    let range: SegmentRange
    fileprivate(set) var pages = 0
    /// How many cells it has.
    fileprivate(set) var count = 0
    /// The quarter of an hour with which its newest cell begins.
    fileprivate(set) var newest = Int64.min
    /// With which its oldest cell of a quarter of an hour begins, and its oldest one of a whole hour.
    fileprivate(set) var oldestQuarter = Int64.max
    fileprivate(set) var oldestHour = Int64.max

    fileprivate mutating func note(_ key: UsageKey) {
        newest = max(newest, key.start)
        if key.quarters == 1 { oldestQuarter = min(oldestQuarter, key.start) }
        if key.quarters == 4 { oldestHour = min(oldestHour, key.start) }
    }

    /// True when it has cells that should have become wider long ago.
    fileprivate func isOverdue(_ aging: UsageAging) -> Bool {
        oldestQuarter < aging.overdueEnd(of: 1) || oldestHour < aging.overdueEnd(of: 4)
    }

    /// The page at a place, from 0.
    func page(
        _ place: Int, _ select: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) -> UsagePage {
        try RunTables.usage.page(place, in: self, select, database) {
            (bytes, key) throws(SegmentError) in try UsagePage(from: bytes, under: key)
        }
    }
}

extension RunTables {
    /// Those of usage: the places of pages are counted from 0.
    static let usage = Self(name: "usage", placeBits: 32)
}

/// Writes a run of usage page by page.
struct UsageRunWriter: Sendable {
    private(set) var run: UsageRun
    private var encoder = UsagePageEncoder()

    init(number: Int64, range: SegmentRange) {
        run = UsageRun(number: number, range: range)
    }

    /// What writes a page.
    static func insert(_ database: borrowing Database) throws(StoreError) -> Statement {
        try database.statement("INSERT INTO usage_page VALUES (?, ?, ?, ?, ?)")
    }

    /// Writes the next page.
    mutating func append(
        _ cells: [AccountCell], _ names: NameTable, _ insert: borrowing Statement,
        _ database: borrowing Database
    ) throws(StoreError) {
        guard let first = cells.first else { return }
        insert.bind(1, RunTables.usage.id(of: run.pages, in: run))
        insert.bind(2, run.number)
        insert.bind(3, Int64(bitPattern: first.account.number))
        insert.bind(4, first.cell.key.start)
        let key = RunTables.usage.key(of: run.pages, in: run)
        insert.bind(5, copying: encoder.encode(cells, names, under: key))
        _ = try insert.step(database)
        run.pages += 1
        run.count += cells.count
        for cell in cells { run.note(cell.cell.key) }
    }

    /// Writes that there is such a run.
    func finish(_ database: borrowing Database) throws(StoreError) {
        try RunTables.usage.insert(
            run, [Int64(run.pages), run.newest, run.oldestQuarter, run.oldestHour], database)
    }
}

/// Runs of usage that are being merged into one, step by step.
struct UsageMerging: StateMerging {
    let old: [UsageRun]
    private var writer: UsageRunWriter
    /// The place of the page to be read next in each run, and how many cells were read of it.
    private var places: [Int]
    private var counts: [Int]
    private var merge: UsageMerge
    private(set) var isDone = false
    private let stepCells: Int

    init(_ places: Range<Int>, of runs: [UsageRun], into number: Int64, _ tuning: StoreTuning) {
        let old = Array(runs[places])
        self.old = old
        stepCells = max(1, tuning.mergeStepCells)
        self.places = old.map { _ in 0 }
        counts = old.map { _ in 0 }
        writer = UsageRunWriter(number: number, range: old.joinedRange)
        merge = UsageMerge(
            runs: old.count, newest: runs.map(\.newest).max() ?? 0,
            pageCells: tuning.usagePageCells)
    }

    var number: Int64 { writer.run.number }

    func merged(besides runs: [UsageRun], _ tuning: StoreTuning) -> UsageRun { writer.run }

    mutating func advance(_ database: borrowing Database) throws(StoreError) -> Int {
        let insert = try UsageRunWriter.insert(database)
        let select = try RunTables.usage.selectPage(database)
        let before = writer.run.count
        while writer.run.count - before < stepCells {
            var (places, counts) = (places, counts)
            let next = try merge.next { [old] index throws(StoreError) in
                let place = places[index]
                guard place < old[index].pages else { return nil }
                places[index] += 1
                let page = try old[index].page(place, select, database)
                counts[index] += page.count
                return page
            }
            (self.places, self.counts) = (places, counts)
            guard let (cells, names) = next else {
                guard counts == old.map(\.count) else {
                    throw .corrupt("\(SQLiteState.fileName): cells of usage are missing")
                }
                try writer.finish(database)
                isDone = true
                break
            }
            try writer.append(cells, names, insert, database)
        }
        return writer.run.count - before
    }

    static func overdue(_ runs: [UsageRun]) -> Int? {
        let aging = UsageAging(newest: runs.map(\.newest).max() ?? 0)
        return runs.firstIndex { $0.isOverdue(aging) }
    }
}
