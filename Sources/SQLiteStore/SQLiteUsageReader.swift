public import Credit
public import Ledger
public import Store
internal import Synchronization

/// Reads checkpointed usage and entries on a connection of its own.
///
/// Each answer comes from one read transaction and says up to which segment it reaches, so that
/// the caller can add exactly what came later.
public final class SQLiteUsageReader: UsageReader, Sendable {
    fileprivate struct Connection: ~Copyable {
        let database: Database
        let usage: Statement
        let allUsage: Statement
        let chunk: Statement
    }

    private let connection: Mutex<Connection>

    /// Opens the state in the folder at `path`, which must exist, through the VFS of this name or
    /// the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        let usage = try database.statement(
            """
            SELECT quarter, body, account, through FROM usage
            WHERE account = ? AND quarter >= ? AND quarter < ? ORDER BY quarter
            """)
        let allUsage = try database.statement(
            """
            SELECT quarter, body, account, through FROM usage
            WHERE quarter >= ?2 AND quarter < ?3
            """)
        let chunk = try database.statement(
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ?1 AND (account, position) < (?2, ?3)
            ORDER BY account DESC, position DESC LIMIT 1
            """)
        connection = Mutex(
            Connection(database: database, usage: usage, allUsage: allUsage, chunk: chunk))
    }

    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, rows: [UsageRow]) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, database) throws(StoreError) in
                let rows =
                    if let account {
                        try Self.rows(
                            connection.usage, account: account, quarters, in: database)
                    } else {
                        try Self.rows(connection.allUsage, account: nil, quarters, in: database)
                    }
                return (through, rows)
            }
        }
    }

    private static func rows(
        _ select: borrowing Statement, account: AccountSlot?, _ quarters: Range<Int64>,
        in database: borrowing Database
    ) throws(StoreError) -> [UsageRow] {
        if let account { select.bind(1, Int64(account)) }
        select.bind(2, quarters.lowerBound)
        select.bind(3, quarters.upperBound)
        var rows: [UsageRow] = []
        while try select.step(database) {
            do throws(SegmentError) {
                rows.append(
                    try StateEncoding.usage(
                        of: AccountSlot(truncatingIfNeeded: select.integer(2)),
                        quarter: select.integer(0),
                        through: UInt64(bitPattern: select.integer(3)), from: select.bytes(1)))
            } catch {
                select.reset()
                throw .corrupt("\(SQLiteState.fileName): usage: \(error)")
            }
        }
        return rows
    }

    public func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, database) throws(StoreError) in
                for run in try SQLiteState.archiveRuns(database).reversed() {
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
            throw .corrupt("\(SQLiteState.fileName): a chunk of the archive: \(error)")
        }
    }
}

extension SQLiteUsageReader.Connection {
    /// Runs `body` in one read transaction with the last segment that the state includes.
    fileprivate func read<Result>(
        _ body: (UInt64, borrowing Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try database.reading { () throws(StoreError) in
            try body(try SQLiteState.through(database), database)
        }
    }
}
