internal import Ledger
public import Store

/// Reads every chunk of the archive, and counts them: what is damaged or gone is found some time after
/// a start.
public struct ArchiveScrub: ~Copyable, Sendable {
    /// How many chunks a step reads, so that no reader holds the log up for long.
    public static let stepChunks = 64

    private let database: Database
    private var phase = Phase.entries
    /// The key of the row read last.
    private var last: [Int64] = [0, -1, 0]
    private var rowCount = 0
    private var entryCount = 0
    /// The run of a scenario that was read last.
    private var lastRun: [UInt8] = []
    /// The runs to be read; the last one first.
    private var runs: [ArchiveRun]

    private enum Phase {
        case entries, runs
    }

    /// Opens the archive in the folder at `path`.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteArchive.fileName)", access: .reading, vfs: vfs)
        runs = try ArchiveRun.all(database)
        self.database = database
    }

    /// Reads some rows; true when there are no more.
    ///
    /// Throws `StoreError.corrupt` when a row is not what was written, or missing.
    public mutating func step() throws(StoreError) -> Bool {
        guard let run = runs.last else { return true }
        switch phase {
        case .entries:
            guard try !takeChunks(of: run) else { return false }
            phase = .runs
        case .runs:
            guard try !takeRunChunks(of: run) else { return false }
            phase = .entries
            runs.removeLast()
        }
        last = [0, -1, 0]
        lastRun = []
        (rowCount, entryCount) = (0, 0)
        return false
    }

    /// Reads some chunks of a run; false at its end, where all must have been there.
    private mutating func takeChunks(of run: ArchiveRun) throws(StoreError) -> Bool {
        guard let chunks = try chunks(of: run) else { return false }
        for chunk in chunks {
            let entries = try chunk.allSummaries.entries
            guard entries.isInOrder, let first = entries.first else {
                throw .corrupt("\(SQLiteArchive.fileName): a chunk of the archive is out of order")
            }
            last = [run.number, Int64(first.account), first.position.packed]
            entryCount += entries.count
        }
        rowCount += chunks.count
        guard chunks.count < Self.stepChunks else { return true }
        guard rowCount == run.chunks, entryCount == run.entries else {
            throw .corrupt(
                """
                \(SQLiteArchive.fileName): \(rowCount) of \(run.chunks) chunks and \(entryCount) of \
                \(run.entries) entries of run \(run.number) of the archive
                """)
        }
        return false
    }

    /// The next chunks of a run; nil for one that was merged meanwhile.
    ///
    /// In one transaction, so that it is not merged in between. Whoever merged it has read it.
    private func chunks(of run: ArchiveRun) throws(StoreError) -> [ArchiveChunk]? {
        try rows(
            of: run,
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ?1 AND (account, position) > (?2, ?3) ORDER BY account, position LIMIT ?4
            """
        ) {
            $0.bind(3, last[2])
        } read: { (row) throws(StoreError) in
            try ArchiveChunk(row: row)
        }
    }

    private func rows<Row>(
        of run: ArchiveRun, _ sql: String, _ bind: (borrowing Statement) -> Void,
        read: (borrowing Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row]? {
        try database.reading { () throws(StoreError) in
            guard try ArchiveRun.all(database).contains(run) else { return nil }
            let select = try database.statement(sql)
            select.bind(1, run.number)
            select.bind(2, last[1])
            bind(select)
            select.bind(4, Int64(Self.stepChunks))
            var rows: [Row] = []
            while try select.step(database) { rows.append(try read(select)) }
            return rows
        }
    }

    /// Reads some of the chunks that say what runs of scenarios add up to; false at their end.
    private mutating func takeRunChunks(of run: ArchiveRun) throws(StoreError) -> Bool {
        let chunks = try rows(
            of: run,
            """
            SELECT run, account, name, body FROM run_chunk
            WHERE run = ?1 AND (account, name) > (?2, ?3) ORDER BY account, name LIMIT ?4
            """
        ) {
            $0.bind(3, copying: lastRun)
        } read: { (row) throws(StoreError) in
            try RunChunk(row: row).checked(row: row)
        }
        guard let chunks else { return false }
        for chunk in chunks {
            guard let first = chunk.first else { continue }
            (last[1], lastRun) = (Int64(first.account), first.run)
            rowCount += chunk.count
        }
        guard chunks.count < Self.stepChunks else { return true }
        guard rowCount == run.runs else {
            throw .corrupt(
                "\(SQLiteArchive.fileName): \(rowCount) of \(run.runs) runs of scenarios")
        }
        return false
    }
}

extension [EntrySummary] {
    /// True when they are in the order of account and position.
    fileprivate var isInOrder: Bool {
        zip(self, dropFirst()).allSatisfy { ($0.account, $0.position) < ($1.account, $1.position) }
    }
}
