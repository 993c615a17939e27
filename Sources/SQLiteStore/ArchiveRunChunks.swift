internal import Credit
internal import Ledger
internal import Store

/// The runs of scenarios in an archive: for each run of the archive what its entries add up to by
/// account and run, in sorted chunks.
///
/// A chunk lies under the run of the archive, and the account and name of its first. They are written
/// and merged with the entries, so that both always say the same.
extension SQLiteArchive {
    /// Writes runs under a run of the archive; gives how many, and what tells which.
    func writeRuns(
        _ runs: [RunSummary], under number: Int64
    ) throws(StoreError) -> StoredRuns {
        var writer = RunChunkWriter(number: number, expecting: runs.count)
        for run in runs { try writer.append(run, database) }
        try writer.finish(database)
        return writer.stored
    }
}

/// What some runs of the archive, older ones first, say of runs of scenarios, merged into what a new one
/// does.
struct RunChunkMerge: Sendable {
    private var readers: [RunChunkReader] = []
    private var writer: RunChunkWriter

    init(
        of old: [ArchiveRun], into number: Int64, _ database: borrowing Database
    ) throws(StoreError) {
        for run in old { readers.append(try RunChunkReader(run.number, database)) }
        writer = RunChunkWriter(number: number, expecting: old.reduce(0) { $0 + $1.runs })
    }

    /// What was written.
    var stored: StoredRuns { writer.stored }

    /// Writes about so many chunks; false when there are no more.
    mutating func advance(_ chunks: Int, _ database: borrowing Database) throws(StoreError) -> Bool
    {
        let end = writer.stored.count + chunks * RunChunk.runsMax
        while let first = readers.compactMap(\.next).min(by: { $0.precedes($1) }) {
            guard writer.stored.count < end else { return true }
            var sum: RunSummary?
            for index in readers.indices {
                guard let next = readers[index].next, !first.precedes(next) else { continue }
                if sum == nil { sum = next } else { sum?.append(next) }
                try readers[index].pass(database)
            }
            if let sum { try writer.append(sum, database) }
        }
        try writer.finish(database)
        return false
    }
}

/// How many runs of scenarios lie under a run of the archive, and a filter of them.
struct StoredRuns: Sendable {
    fileprivate(set) var count = 0
    fileprivate(set) var filter: KeyFilter
}

/// Writes chunks of runs, which come in the order in which they are stored.
private struct RunChunkWriter {
    private let number: Int64
    private var waiting: [RunSummary] = []
    private(set) var stored: StoredRuns

    init(number: Int64, expecting most: Int) {
        self.number = number
        stored = StoredRuns(filter: KeyFilter(expecting: most))
    }

    mutating func append(
        _ run: RunSummary, _ database: borrowing Database
    ) throws(StoreError) {
        waiting.append(run)
        stored.filter.insert(RunSummary.hash(run.run, of: run.account))
        if waiting.count == RunChunk.runsMax { try write(database) }
    }

    private mutating func write(_ database: borrowing Database) throws(StoreError) {
        guard let first = waiting.first else { return }
        let insert = try database.statement("INSERT INTO run_chunk VALUES (?, ?, ?, ?)")
        insert.bind(1, number)
        insert.bind(2, Int64(first.account))
        insert.bind(3, copying: first.run)
        insert.bind(
            4, copying: RunChunk.encode(waiting[...], under: [number, Int64(first.account)]))
        _ = try insert.step(database)
        stored.count += waiting.count
        waiting.removeAll(keepingCapacity: true)
    }

    /// Writes the rest.
    mutating func finish(_ database: borrowing Database) throws(StoreError) {
        try write(database)
    }
}

/// Reads the runs under a run of the archive in order.
private struct RunChunkReader {
    private let number: Int64
    private var chunk: ArraySlice<RunSummary> = []
    private var key: (account: Int64, name: [UInt8]) = (-1, [])

    init(_ number: Int64, _ database: borrowing Database) throws(StoreError) {
        self.number = number
        try readNext(database)
    }

    /// What comes next; nil at the end.
    var next: RunSummary? { chunk.first }

    mutating func pass(_ database: borrowing Database) throws(StoreError) {
        chunk = chunk.dropFirst()
        if chunk.isEmpty { try readNext(database) }
    }

    private mutating func readNext(_ database: borrowing Database) throws(StoreError) {
        let select = try database.statement(
            """
            SELECT run, account, name, body FROM run_chunk
            WHERE run = ? AND (account, name) > (?, ?) ORDER BY account, name LIMIT 1
            """)
        select.bind(1, number)
        select.bind(2, key.account)
        select.bind(3, copying: key.name)
        guard try select.step(database) else { return }
        defer { select.reset() }
        key = (select.integer(1), select.bytes(2))
        chunk = try RunChunk(row: select).checked(row: select)[...]
    }
}

extension RunChunk {
    /// The chunk in a statement's row of run, account, name and body.
    init(row: borrowing Statement) throws(StoreError) {
        do throws(SegmentError) {
            try self.init(from: row.bytes(3), under: [row.integer(0), row.integer(1)])
        } catch {
            throw .runs(error)
        }
    }

    /// All of its runs, which are in order and begin with the one that the row is named after.
    func checked(row: borrowing Statement) throws(StoreError) -> [RunSummary] {
        do throws(SegmentError) {
            let runs = try all
            guard let first = runs.first, first.run == row.bytes(2),
                Int64(first.account) == row.integer(1),
                zip(runs, runs.dropFirst()).allSatisfy({ $0.precedes($1) })
            else { throw .malformed(at: 0) }
            return runs
        } catch {
            throw .runs(error)
        }
    }
}

extension StoreError {
    /// A chunk of runs that is not what was written.
    static func runs(_ error: SegmentError) -> Self {
        .corrupt("\(SQLiteArchive.fileName): a chunk of runs: \(error)")
    }
}
