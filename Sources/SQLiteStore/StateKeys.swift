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
        let select = try database.statement(
            "SELECT number, after, through, count FROM key_run ORDER BY through")
        var runs: [KeyRun] = []
        while try select.step(database) {
            let number = select.integer(0)
            let range = KeyRun.Range(
                after: UInt64(bitPattern: select.integer(1)),
                through: UInt64(bitPattern: select.integer(2)))
            guard number > 0, number <= KeyRun.numberMax,
                range.after == runs.last?.range.through ?? 0, range.after < range.through
            else {
                select.reset()
                throw .corrupt("\(fileName): run \(number) of keys")
            }
            runs.append(
                KeyRun(number: number, range: range, count: Int(select.integer(3)), filter: nil))
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
    func writeKeys(
        _ parts: [KeyWindow.Part], besides runs: [KeyRun]
    ) throws(StoreError) -> KeyRun? {
        var records = parts.flatMap(\.keys.records)
        guard let through = parts.last?.through, !records.isEmpty else { return nil }
        records.sortByHash()
        let range = KeyRun.Range(after: runs.last?.range.through ?? 0, through: through)
        var writer = try KeyRunWriter(
            database, number: Self.freeNumber(besides: runs), range: range, count: records.count,
            tuning)
        for record in records { try writer.append(record, database) }
        let (run, filter) = try writer.finish(database)
        return run.with(filter, besides: runs, tuning)
    }

    private static func freeNumber(besides runs: [KeyRun]) -> Int64 {
        var number: Int64 = 1
        for taken in runs.map(\.number).sorted() where taken == number { number += 1 }
        return number
    }

    /// Merges runs when there are enough of about one size; false when there was nothing to merge.
    ///
    /// Runs are told apart by their segments, so that whoever still goes by the old ones finds
    /// that they are gone and searches the new one without a filter.
    public mutating func mergeKeys() throws(StoreError) -> Bool {
        let count = KeyRun.mergeCount(
            keyRuns.map(\.count), least: tuning.mergedRunsMin, keysMax: tuning.mergedKeysMax)
        guard count > 1 else { return false }
        let old = keyRuns.suffix(count)
        let kept = Array(keyRuns.dropLast(count))
        var runs = kept
        try database.transaction { () throws(StoreError) in
            runs.append(try merge(old, besides: kept))
        }
        keyRuns = runs
        try? database.copyLog()
        return true
    }

    private func merge(
        _ old: ArraySlice<KeyRun>, besides kept: [KeyRun]
    ) throws(StoreError) -> KeyRun {
        guard let first = old.first, let last = old.last else { throw .corrupt("no run to merge") }
        var readers: [KeyRunReader] = []
        for run in old { readers.append(KeyRunReader(run)) }
        var writer = try KeyRunWriter(
            database, number: Self.freeNumber(besides: keyRuns),
            range: KeyRun.Range(after: first.range.after, through: last.range.through),
            count: old.reduce(0) { $0 + $1.count }, tuning)
        var heads: [KeyRecord] = []
        for index in readers.indices {
            heads.append(try readers[index].next(database) ?? .beyond)
        }
        while true {
            var index = 0
            for other in heads.indices.dropFirst() where heads[other] < heads[index] {
                index = other
            }
            guard heads[index].hash < KeyPage.hashEnd else { break }
            try writer.append(heads[index], database)
            heads[index] = try readers[index].next(database) ?? .beyond
        }
        for run in old { try remove(run) }
        guard writer.count == old.reduce(0, { $0 + $1.count }) else {
            throw .corrupt("\(Self.fileName): keys are missing")
        }
        let (run, filter) = try writer.finish(database)
        return run.with(filter, besides: kept, tuning)
    }

    /// Takes the checkpoint away, so that the file is made anew at the next start.
    public func condemn() {
        try? database.run("DELETE FROM checkpoint")
    }

    private func remove(_ run: KeyRun) throws(StoreError) {
        let ids = KeyRun.pageIDs(of: run.number)
        try database.run(
            """
            DELETE FROM key_page WHERE id BETWEEN \(ids.lowerBound) AND \(ids.upperBound);
            DELETE FROM key_filter WHERE run = \(run.number);
            DELETE FROM key_run WHERE number = \(run.number);
            """)
    }
}

extension KeyRun {
    /// The greatest number of a run, so that a page's id fits 63 bits.
    static let numberMax: Int64 = 1 << Int64(63 - KeyRecord.hashBits) - 1

    /// The ids that pages of a run can have.
    static func pageIDs(of number: Int64) -> ClosedRange<Int64> {
        let first = number << Int64(KeyRecord.hashBits)
        return first...(first | (1 << Int64(KeyRecord.hashBits) - 1))
    }

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
private struct KeyRunWriter: ~Copyable {
    private let number: Int64
    private let range: KeyRun.Range
    private var pages: KeyPages
    private var filter: KeyFilter
    private(set) var count = 0
    private let insert: Statement

    init(
        _ database: borrowing Database, number: Int64, range: KeyRun.Range, count: Int,
        _ tuning: StoreTuning
    ) throws(StoreError) {
        self.number = number
        self.range = range
        pages = KeyPages(through: range.through, pageKeys: tuning.pageKeysUsual)
        filter = KeyFilter(expecting: count)
        insert = try database.statement("INSERT INTO key_page VALUES (?, ?)")
    }

    mutating func append(
        _ record: KeyRecord, _ database: borrowing Database
    ) throws(StoreError) {
        filter.insert(record.hash)
        count += 1
        if let page = pages.append(record) { try write(page, database) }
    }

    private func write(_ page: KeyPage, _ database: borrowing Database) throws(StoreError) {
        insert.bind(1, KeyRun.pageIDs(of: number).lowerBound | Int64(page.range.lowerBound))
        insert.bind(2, copying: page.encoded)
        _ = try insert.step(database)
    }

    mutating func finish(
        _ database: borrowing Database
    ) throws(StoreError) -> (KeyRun, KeyFilter) {
        try write(pages.finish(), database)
        let filters = try database.statement("INSERT INTO key_filter VALUES (?, ?)")
        filters.bind(1, number)
        filters.bind(2, copying: filter.encoded(for: range))
        _ = try filters.step(database)
        let runs = try database.statement("INSERT INTO key_run VALUES (?, ?, ?, ?)")
        runs.bind(1, number)
        runs.bind(2, Int64(bitPattern: range.after))
        runs.bind(3, Int64(bitPattern: range.through))
        runs.bind(4, Int64(count))
        _ = try runs.step(database)
        return (KeyRun(number: number, range: range, count: count, filter: nil), filter)
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
        first = KeyRun.pageIDs(of: run.number).lowerBound
        through = run.range.through
    }

    mutating func next(_ database: borrowing Database) throws(StoreError) -> KeyRecord? {
        while place >= records.count, start < KeyPage.hashEnd {
            let select = try database.statement("SELECT id, body FROM key_page WHERE id = ?")
            select.bind(1, first | Int64(start))
            let isThere = try select.step(database)
            let page = try KeyPage(
                row: select, isThere: isThere, holding: start, through: through)
            start = page.range.upperBound
            records = page.records
            place = 0
        }
        guard place < records.count else { return nil }
        defer { place += 1 }
        return records[place]
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
