public import Credit
public import Ledger
public import Store
internal import Synchronization

/// Reads the archive of entries on a connection of its own.
///
/// Each answer comes from one read transaction and says up to which segment it reaches, so that
/// the caller can add exactly what came later.
public final class SQLiteArchiveReader: EntryReader, Sendable {
    struct Connection: ~Copyable {
        let database: Database
        let chunk: Statement
        let runs: RunLookup
    }

    let connection: Mutex<Connection>
    let runFilters = Mutex(RunFilters())

    /// Opens the archive in the folder at `path`, which must exist, through the VFS of this name or
    /// the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteArchive.fileName)", access: .reading, vfs: vfs)
        let chunk = try database.statement(
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ?1 AND (account, position) < (?2, ?3)
            ORDER BY account DESC, position DESC LIMIT 1
            """)
        let runs = try RunLookup(database)
        connection = Mutex(Connection(database: database, chunk: chunk, runs: runs))
    }

    public func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, runs, database) throws(StoreError) in
                for run in runs.reversed() {
                    if let end, run.after >= end.segment { continue }
                    let found = try Self.entries(
                        of: account, in: run, before: end, limit, parameters, connection)
                    if !found.entries.isEmpty { return (through, found) }
                }
                return (through, EntrySummaries())
            }
        }
    }

    /// Those of one run: from the last chunk that begins before `end`.
    private static func entries(
        of account: AccountSlot, in run: ArchiveRun, before end: Position?, _ limit: Int,
        _ parameters: Bool, _ connection: borrowing Connection
    ) throws(StoreError) -> EntrySummaries {
        connection.chunk.bind(1, run.number)
        connection.chunk.bind(2, Int64(account))
        connection.chunk.bind(3, end?.packed ?? .max)
        guard try connection.chunk.step(connection.database) else { return EntrySummaries() }
        defer { connection.chunk.reset() }
        let chunk = try ArchiveChunk(row: connection.chunk)
        do throws(SegmentError) {
            let places = chunk.places(chunk.places(of: account), before: end)
            return try chunk.summaries(
                max(places.lowerBound, places.upperBound - limit)..<places.upperBound,
                parameters: parameters)
        } catch {
            throw .corrupt("\(SQLiteArchive.fileName): a chunk of the archive: \(error)")
        }
    }
}

extension SQLiteArchiveReader.Connection {
    /// Runs `body` in one read transaction with the runs of the archive and the last segment that
    /// they include.
    func read<Result>(
        _ body: (UInt64, [ArchiveRun], borrowing Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try database.reading { () throws(StoreError) in
            let runs = try ArchiveRun.all(database)
            return try body(runs.last?.through ?? 0, runs, database)
        }
    }
}
