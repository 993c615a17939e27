internal import Ledger
public import Store

/// The idempotency keys of a state file: runs, each with its pages and its filter.
///
/// A page lies under its run's number in the upper bits and its first hash in the lower ones, so
/// that the page of a hash is the last one at or before it.
extension SQLiteState {
    /// The runs, oldest first and without their filters.
    ///
    /// Their segments follow each other from the first one, and the checkpoint says how many keys
    /// they have, so that none can be missing.
    static func bareKeyRuns(_ database: borrowing Database) throws(StoreError) -> [KeyRun] {
        let runs = try RunTables.keys.runs(through: nil, database) { number, range, count, _ in
            KeyRun(number: number, range: range, count: count, filter: nil)
        }
        let count = try head(database)?.counts.keys ?? 0
        guard runs.reduce(0, { $0 + $1.count }) == count else {
            throw .corrupt("\(fileName): keys are missing")
        }
        return runs
    }

    /// The runs, with as many filters as memory may hold.
    static func keyRuns(
        _ database: borrowing Database, _ tuning: StoreTuning
    ) throws(StoreError) -> [KeyRun] {
        let select = try database.statement("SELECT body FROM key_filter WHERE run = ?")
        var runs: [KeyRun] = []
        for run in try bareKeyRuns(database) {
            select.bind(1, run.number)
            let bytes = try select.step(database) ? select.bytes(0) : []
            select.reset()
            do throws(SegmentError) {
                runs.append(
                    run.with(try KeyFilter(from: bytes, for: run.range), besides: runs, tuning))
            } catch {
                throw .corrupt("\(fileName): filter of run \(run.number): \(error)")
            }
        }
        return runs
    }

    /// Writes the keys of some segments as a run; nil when there are none.
    func writeKeys(_ parts: [KeyWindow.Part]) throws(StoreError) -> KeyRun? {
        var records = parts.flatMap(\.keys.records)
        guard let through = parts.last?.through, !records.isEmpty else { return nil }
        records.sortByHash()
        let range = SegmentRange(after: keys.through, through: through)
        var writer = KeyRunWriter(
            number: keys.freeNumber, range: range, count: records.count, tuning)
        let insert = try RunTables.keys.insertPage(database)
        for record in records { try writer.append(record, insert, database) }
        try writer.finish(insert, database)
        return writer.run.with(writer.filter, besides: keys.all, tuning)
    }

    /// Does the next bit of merging runs of keys of about one size; gives about how many keys it wrote, nil
    /// when there was nothing to merge.
    ///
    /// Whoever still goes by the old runs searches the new one without a filter.
    public mutating func mergeKeysStep() throws(StoreError) -> Int? {
        if case .doubtful(let error) = health { throw error }
        let written = try keys.mergeStep(entriesMax: tuning.mergedKeysMax, tuning, database)
        if written != nil { copyLog() }
        return written
    }

    /// Has the file made anew at the next start.
    public func condemn() { database.condemn() }
}

extension RunTables {
    /// Those of keys: a page's place is its first hash.
    static let keys = Self(name: "key", placeBits: KeyRecord.hashBits)
}

extension KeyRun: StateRun {
    /// The same with its filter, if memory may hold that beside those of `runs`.
    fileprivate func with(
        _ filter: KeyFilter, besides runs: [KeyRun], _ tuning: StoreTuning
    ) -> KeyRun {
        let taken = runs.reduce(filter.byteCount) { $0 + ($1.filter?.byteCount ?? 0) }
        return KeyRun(
            number: number, range: range, count: count,
            filter: taken <= tuning.filterBytesMax ? filter : nil)
    }
}

/// Writes a run's keys, which come in order.
struct KeyRunWriter: Sendable {
    let run: KeyRun
    private var pages: KeyPages
    private(set) var filter: KeyFilter
    private var count = 0

    /// Writes the run with this number and so many keys.
    init(number: Int64, range: SegmentRange, count: Int, _ tuning: StoreTuning) {
        run = KeyRun(number: number, range: range, count: count, filter: nil)
        pages = KeyPages(through: range.through, pageKeys: tuning.pageKeysUsual)
        filter = KeyFilter(expecting: count)
    }

    mutating func append(
        _ record: KeyRecord, _ insert: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) {
        filter.insert(record.hash)
        count += 1
        if let page = pages.append(record) { try write(page, insert, database) }
    }

    private func write(
        _ page: KeyPage, _ insert: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) {
        let ids = RunTables.keys.ids(of: run.number)
        insert.bind(1, ids.lowerBound | Int64(page.range.lowerBound))
        insert.bind(2, copying: page.encoded)
        _ = try insert.step(database)
    }

    /// Writes the rest, and that there is such a run.
    mutating func finish(
        _ insert: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) {
        guard count == run.count else {
            throw .corrupt("\(SQLiteState.fileName): keys are missing")
        }
        try write(pages.finish(), insert, database)
        let filters = try database.statement("INSERT INTO key_filter VALUES (?, ?)")
        filters.bind(1, run.number)
        filters.bind(2, copying: filter.encoded(for: run.range))
        _ = try filters.step(database)
        try RunTables.keys.insert(run, [], database)
    }
}

/// Runs of keys that are being merged into one, step by step.
struct KeyMerging: StateMerging {
    let old: [KeyRun]
    private(set) var writer: KeyRunWriter
    private var readers: [KeyRunReader]
    /// What comes next in each run; nothing before the first step.
    private var heads: [KeyRecord] = []
    private(set) var isDone = false
    private let stepKeys: Int

    init(_ places: Range<Int>, of runs: [KeyRun], into number: Int64, _ tuning: StoreTuning) {
        let old = Array(runs[places])
        self.old = old
        stepKeys = max(1, tuning.mergeStepKeys)
        readers = old.map { KeyRunReader($0) }
        writer = KeyRunWriter(
            number: number, range: old.joinedRange, count: old.reduce(0) { $0 + $1.count }, tuning)
    }

    var number: Int64 { writer.run.number }

    func merged(besides runs: [KeyRun], _ tuning: StoreTuning) -> KeyRun {
        writer.run.with(writer.filter, besides: runs, tuning)
    }

    static func forget(_ run: KeyRun, _ database: borrowing Database) throws(StoreError) {
        try database.run("DELETE FROM key_filter WHERE run = \(run.number)")
    }

    mutating func advance(_ database: borrowing Database) throws(StoreError) -> Int {
        let insert = try RunTables.keys.insertPage(database)
        let select = try KeyRunReader.select(database)
        if heads.isEmpty {
            for index in readers.indices {
                heads.append(try readers[index].next(select, database) ?? .beyond)
            }
        }
        var count = 0
        while count < stepKeys {
            var index = 0
            for other in heads.indices.dropFirst() where heads[other] < heads[index] {
                index = other
            }
            guard heads[index].hash < KeyPage.hashEnd else {
                try writer.finish(insert, database)
                isDone = true
                break
            }
            try writer.append(heads[index], insert, database)
            heads[index] = try readers[index].next(select, database) ?? .beyond
            count += 1
        }
        return count
    }
}

/// Reads the keys of a run in order, a page at a time.
private struct KeyRunReader {
    private let first: Int64
    private let through: UInt64
    /// Where the page to be read next begins.
    private var start: UInt64 = 0
    private var records: [KeyRecord] = []
    /// The place in the page of what comes next.
    private var place = 0

    init(_ run: KeyRun) {
        first = RunTables.keys.ids(of: run.number).lowerBound
        through = run.range.through
    }

    /// What reads a page.
    static func select(_ database: borrowing Database) throws(StoreError) -> Statement {
        try database.statement("SELECT id, body FROM key_page WHERE id = ?")
    }

    @inline(__always)
    mutating func next(
        _ select: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) -> KeyRecord? {
        if place >= records.count { try readPage(select, database) }
        guard place < records.count else { return nil }
        defer { place += 1 }
        return records[place]
    }

    private mutating func readPage(
        _ select: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) {
        while place >= records.count, start < KeyPage.hashEnd {
            select.bind(1, first | Int64(start))
            let isThere = try select.step(database)
            let page = try KeyPage(row: select, isThere: isThere, holding: start, through: through)
            select.reset()
            start = page.range.upperBound
            records = page.records
            place = 0
        }
    }
}

extension KeyRecord {
    /// Comes after every key.
    fileprivate static let beyond = Self(hash: KeyPage.hashEnd, segment: .max)
}

extension KeyPage {
    /// The page in a statement's row, whose second column is the body.
    ///
    /// It must be the one for `hash` of the run whose last segment is `through`.
    init(
        row: borrowing Statement, isThere: Bool, holding hash: UInt64, through: UInt64
    ) throws(StoreError) {
        let name = SQLiteState.fileName
        guard isThere else { throw .corrupt("\(name): no page for key \(hash)") }
        do throws(SegmentError) {
            try self.init(from: row.bytes(1))
        } catch {
            throw .corrupt("\(name): page \(row.integer(0)) of keys: \(error)")
        }
        guard range.contains(hash), self.through == through else {
            throw .corrupt("\(name): page \(row.integer(0)) of keys is another one")
        }
    }
}
