internal import Store

/// A run of what is derived from some segments, with its pages under its number.
protocol StateRun: Sendable {
    var number: Int64 { get }
    var range: SegmentRange { get }
    /// How many keys or cells it has.
    var count: Int { get }
}

extension Array where Element: StateRun {
    /// The segments of all of them, which follow each other.
    var joinedRange: SegmentRange {
        SegmentRange(after: first?.range.after ?? 0, through: last?.range.through ?? 0)
    }
}

/// Runs that are being merged into one, step by step.
protocol StateMerging: Sendable {
    associatedtype Run: StateRun

    /// The runs that are merged, oldest first.
    var old: [Run] { get }
    /// The number of the run that they become.
    var number: Int64 { get }
    var isDone: Bool { get }

    /// Begins to merge some runs, which follow each other, into the run with this number.
    init(_ places: Range<Int>, of runs: [Run], into number: Int64, _ tuning: StoreTuning)

    /// The place of a run which must be written anew though there is none to merge it with.
    static func overdue(_ runs: [Run]) -> Int?

    /// Writes some keys or cells; gives how many.
    mutating func advance(_ database: borrowing Database) throws(StoreError) -> Int

    /// The run that it has become, beside others.
    func merged(besides runs: [Run], _ tuning: StoreTuning) -> Run

    /// Removes what is stored of a run beside its pages and that it is one.
    static func forget(_ run: Run, _ database: borrowing Database) throws(StoreError)
}

extension StateMerging {
    static func overdue(_ runs: [Run]) -> Int? { nil }

    static func forget(_ run: Run, _ database: borrowing Database) throws(StoreError) {}
}

/// Where runs of one kind and their pages lie: a page under its run's number in the upper bits of its id and
/// its place in it below.
struct RunTables: Sendable {
    /// The tables are `NAME_run` and `NAME_page`.
    let name: String
    /// How many bits the place takes.
    let placeBits: Int

    /// The greatest number of a run, so that a page's id fits 63 bits.
    private var numberMax: Int64 { 1 << Int64(63 - placeBits) - 1 }

    /// The ids that pages of a run can have.
    func ids(of number: Int64) -> ClosedRange<Int64> {
        let first = number << Int64(placeBits)
        return first...(first | (1 << Int64(placeBits) - 1))
    }

    /// The id of the page at a place of a run.
    func id(of place: Int, in run: some StateRun) -> Int64 {
        ids(of: run.number).lowerBound | Int64(place)
    }

    /// What the checksum of the page at a place of a run covers beside its bytes.
    func key(of place: Int, in run: some StateRun) -> [Int64] {
        [id(of: place, in: run), Int64(bitPattern: run.range.through)]
    }

    /// The runs, oldest first, made of number, segments, count and the values of so many further columns.
    ///
    /// Each row ends with the CRC-32 of what it says. Their segments follow each other from the first one up
    /// to `through`, unless nil, so that none can be missing.
    func runs<Run: StateRun>(
        furtherColumns: Int = 0, through: UInt64?, _ database: borrowing Database,
        _ make: (Int64, SegmentRange, Int, ArraySlice<Int64>) -> Run
    ) throws(StoreError) -> [Run] {
        let select = try database.statement("SELECT * FROM \(name)_run ORDER BY through")
        var runs: [Run] = []
        while try select.step(database) {
            let values = (0..<4 + furtherColumns).map { select.integer(Int32($0)) }
            let number = values[0]
            let range = SegmentRange(
                after: UInt64(bitPattern: values[1]), through: UInt64(bitPattern: values[2]))
            guard select.integer(Int32(values.count)) == Self.checksum(of: values),
                number > 0, number <= numberMax,
                range.after == runs.last?.range.through ?? 0, range.after < range.through
            else {
                select.reset()
                throw .corrupt("\(SQLiteState.fileName): \(name) run \(number)")
            }
            runs.append(make(number, range, Int(values[3]), values[4...]))
        }
        guard through == nil || through == runs.last?.range.through ?? 0 else {
            throw .corrupt("\(SQLiteState.fileName): \(name) runs are missing")
        }
        return runs
    }

    /// Writes that there is a run, with further columns.
    func insert(
        _ run: some StateRun, _ columns: [Int64] = [], _ database: borrowing Database
    ) throws(StoreError) {
        let values =
            [
                run.number, Int64(bitPattern: run.range.after),
                Int64(bitPattern: run.range.through), Int64(run.count),
            ] + columns
        let row = (values + [Self.checksum(of: values)]).map(String.init)
        try database.run("INSERT INTO \(name)_run VALUES (\(row.joined(separator: ", ")))")
    }

    private static func checksum(of values: [Int64]) -> Int64 {
        Int64(Checksum.crc32(of: values))
    }

    /// Removes that there is a run; its pages stay for now.
    func remove(_ run: some StateRun, _ database: borrowing Database) throws(StoreError) {
        try database.run("DELETE FROM \(name)_run WHERE number = \(run.number)")
    }

    /// What writes a page of an id and a body.
    func insertPage(_ database: borrowing Database) throws(StoreError) -> Statement {
        try database.statement("INSERT INTO \(name)_page (id, body) VALUES (?, ?)")
    }

    /// What ``page(_:in:_:_:_:)`` reads with.
    func selectPage(_ database: borrowing Database) throws(StoreError) -> Statement {
        try database.statement("SELECT body FROM \(name)_page WHERE id = ?")
    }

    /// The page at a place of a run, read of its bytes and what its checksum covers beside them.
    func page<Page>(
        _ place: Int, in run: some StateRun, _ select: borrowing Statement,
        _ database: borrowing Database, _ read: ([UInt8], [Int64]) throws(SegmentError) -> Page
    ) throws(StoreError) -> Page {
        let name = "\(SQLiteState.fileName): page \(place) of \(name) run \(run.number)"
        select.bind(1, id(of: place, in: run))
        guard try select.step(database) else { throw .corrupt("\(name) is missing") }
        defer { select.reset() }
        do throws(SegmentError) {
            return try read(select.bytes(0), key(of: place, in: run))
        } catch {
            throw .corrupt("\(name): \(error)")
        }
    }

    /// Numbers under which pages lie though there is no such run.
    func leftovers(
        besides runs: [some StateRun], _ database: borrowing Database
    ) throws(StoreError) -> [Int64] {
        let known = Set(runs.map(\.number))
        var found: [Int64] = []
        let next = try database.statement("SELECT min(id) FROM \(name)_page WHERE id > ?")
        var last = Int64(-1)
        while true {
            next.bind(1, last)
            guard try next.step(database) else { break }
            let id = next.optionalBytes(0) == nil ? 0 : next.integer(0)
            next.reset()
            let number = id >> Int64(placeBits)
            guard number > 0, id > last else { break }
            if !known.contains(number) { found.append(number) }
            last = ids(of: number).upperBound
        }
        return found
    }

    /// Removes about so many pages of a run; true when it has no more.
    func removePages(
        _ count: Int, of number: Int64, _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        let ids = ids(of: number)
        let last = try database.statement(
            """
            SELECT id FROM \(name)_page WHERE id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
            ORDER BY id LIMIT 1 OFFSET \(count)
            """)
        let isEmpty = try !last.step(database)
        let end = isEmpty ? ids.upperBound : last.integer(0)
        last.reset()
        try database.run("DELETE FROM \(name)_page WHERE id BETWEEN \(ids.lowerBound) AND \(end)")
        return isEmpty
    }
}

/// The runs of one kind in a state file, and what becomes of them.
///
/// Runs may be written between two steps of a merge. They are told apart by their segments, so that whoever
/// still goes by the old ones finds that they are gone.
struct StateRuns<Merging: StateMerging>: Sendable {
    private let tables: RunTables
    /// Oldest first.
    private(set) var all: [Merging.Run]
    /// At most one merge.
    private var merging: [Merging] = []
    /// The numbers of runs that are no more, or never were, of which pages are still stored.
    private(set) var leftovers: [Int64]

    init(
        _ runs: [Merging.Run], in tables: RunTables, _ database: borrowing Database
    ) throws(StoreError) {
        self.tables = tables
        all = runs
        leftovers = try tables.leftovers(besides: runs, database)
    }

    /// The last segment that they have something of.
    var through: UInt64 { all.last?.range.through ?? 0 }

    /// A number that no page lies under.
    var freeNumber: Int64 {
        let taken = Set(all.map(\.number) + leftovers + merging.map(\.number))
        var number: Int64 = 1
        while taken.contains(number) { number += 1 }
        return number
    }

    mutating func append(_ run: Merging.Run) { all.append(run) }

    /// Does the next bit of merging runs of about one size, in one transaction; gives about how much it
    /// wrote, nil when there was nothing to merge.
    mutating func mergeStep(
        entriesMax: Int, _ tuning: StoreTuning, _ database: borrowing Database
    ) throws(StoreError) -> Int? {
        if try removeLeftovers(tuning, database) { return 0 }
        if merging.isEmpty {
            let due =
                RunTiers.due(all.map(\.count), count: tuning.mergedRuns, entriesMax: entriesMax)
                ?? Merging.overdue(all).map { $0..<$0 + 1 }
            guard let due else { return nil }
            merging = [Merging(due, of: all, into: freeNumber, tuning)]
        }
        guard var step = merging.first else { return nil }
        // After an error it is begun anew.
        merging = []
        leftovers.append(step.number)
        var written = 0
        try database.transaction { () throws(StoreError) in
            written = try step.advance(database)
            guard step.isDone else { return }
            for run in step.old {
                try Merging.forget(run, database)
                try tables.remove(run, database)
            }
        }
        leftovers.removeLast()
        if step.isDone { replace(by: step, tuning) } else { merging = [step] }
        return written
    }

    private mutating func replace(by step: Merging, _ tuning: StoreTuning) {
        guard let start = all.firstIndex(where: { $0.number == step.old.first?.number }) else {
            return
        }
        all.removeSubrange(start..<start + step.old.count)
        all.insert(step.merged(besides: all, tuning), at: start)
        leftovers += step.old.map(\.number)
    }

    /// Removes some pages of runs that are no more; false when there are none.
    private mutating func removeLeftovers(
        _ tuning: StoreTuning, _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        guard let number = leftovers.last else { return false }
        var isEmpty = false
        try database.transaction { () throws(StoreError) in
            isEmpty = try tables.removePages(tuning.mergeStepPages, of: number, database)
        }
        if isEmpty { leftovers.removeLast() }
        return true
    }
}
