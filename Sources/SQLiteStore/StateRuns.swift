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

    /// The place of a run that must be written anew though there is none to merge it with.
    static func overdue(_ runs: [Run]) -> Int?

    /// Writes some keys or cells; gives how many.
    mutating func advance(_ database: borrowing Database) throws(StoreError) -> Int

    /// The run that it has become, beside others.
    func merged(besides runs: [Run], _ tuning: StoreTuning) -> Run

    /// Removes that there is such a run; its pages stay for now.
    static func remove(_ run: Run, _ database: borrowing Database) throws(StoreError)
}

/// Where pages lie: under their run's number in the upper bits of their id and their place in it below.
struct RunPages: Sendable {
    let table: String
    /// How many bits the place takes.
    let placeBits: Int

    /// The greatest number of a run, so that a page's id fits 63 bits.
    var numberMax: Int64 { 1 << Int64(63 - placeBits) - 1 }

    /// The ids that pages of a run can have.
    func ids(of number: Int64) -> ClosedRange<Int64> {
        let first = number << Int64(placeBits)
        return first...(first | (1 << Int64(placeBits) - 1))
    }

    /// Numbers under which pages lie though there is no such run.
    func leftovers(
        besides runs: [some StateRun], _ database: borrowing Database
    ) throws(StoreError) -> [Int64] {
        let known = Set(runs.map(\.number))
        var found: [Int64] = []
        let next = try database.statement("SELECT min(id) FROM \(table) WHERE id > ?")
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
    func remove(
        _ count: Int, of number: Int64, _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        let ids = ids(of: number)
        let last = try database.statement(
            """
            SELECT id FROM \(table) WHERE id BETWEEN \(ids.lowerBound) AND \(ids.upperBound)
            ORDER BY id LIMIT 1 OFFSET \(count)
            """)
        let isEmpty = try !last.step(database)
        let end = isEmpty ? ids.upperBound : last.integer(0)
        last.reset()
        try database.run("DELETE FROM \(table) WHERE id BETWEEN \(ids.lowerBound) AND \(end)")
        return isEmpty
    }
}

/// The runs of one kind in a state file, and what becomes of them.
///
/// Runs may be written between two steps of a merge. They are told apart by their segments, so that whoever
/// still goes by the old ones finds that they are gone.
struct StateRuns<Merging: StateMerging>: Sendable {
    private let pages: RunPages
    /// Oldest first.
    private(set) var all: [Merging.Run]
    /// At most one merge.
    private var merging: [Merging] = []
    /// The numbers of runs that are no more, or never were, of which pages are still stored.
    private(set) var leftovers: [Int64]

    init(
        _ runs: [Merging.Run], pages: RunPages, _ database: borrowing Database
    ) throws(StoreError) {
        self.pages = pages
        all = runs
        leftovers = try pages.leftovers(besides: runs, database)
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
            for run in step.old { try Merging.remove(run, database) }
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
            isEmpty = try pages.remove(tuning.mergeStepPages, of: number, database)
        }
        if isEmpty { leftovers.removeLast() }
        return true
    }
}
