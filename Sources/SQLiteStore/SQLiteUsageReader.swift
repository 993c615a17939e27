public import Ledger
public import Store
internal import Synchronization

/// Reads checkpointed usage on a connection of its own.
///
/// Each answer comes from one read transaction and says up to which segment it reaches, so that
/// the caller can add exactly what came later.
public final class SQLiteUsageReader: UsageReader, Sendable {
    struct Connection: ~Copyable {
        let database: Database
        let usage: Statement
    }

    private let connection: Mutex<Connection>

    /// Opens the state in the folder at `path`, which must exist, through the VFS of this name or
    /// the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        let usage = try database.statement(
            """
            SELECT start, body FROM usage
            WHERE account = ?1 AND level = ?2 AND start > ?3 AND start < ?4 ORDER BY start
            """)
        connection = Mutex(Connection(database: database, usage: usage))
    }

    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        let account = account.map { Int64($0) } ?? UsageRowKey.allAccounts
        return try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, database) throws(StoreError) in
                var found = UsageCells()
                for level in UsageLevel.all.indices {
                    try Self.add(account, level, quarters, to: &found, connection)
                }
                return (through, found)
            }
        }
    }

    private static func add(
        _ account: Int64, _ level: Int, _ quarters: Range<Int64>, to found: inout UsageCells,
        _ connection: borrowing Connection
    ) throws(StoreError) {
        let width = UsageLevel.all[level].rowQuarters
        connection.usage.bind(1, account)
        connection.usage.bind(2, Int64(level))
        // Rows that begin before the range may reach into it.
        let start = quarters.lowerBound.subtractingReportingOverflow(width)
        connection.usage.bind(3, start.overflow ? .min : start.partialValue)
        connection.usage.bind(4, quarters.upperBound)
        while try connection.usage.step(connection.database) {
            let key = UsageRowKey(
                account: account, level: level, start: connection.usage.integer(0))
            do throws(StoreError) {
                let row = try UsageCells(row: connection.usage.bytes(1), at: key)
                found.add(row.touching(quarters))
            } catch {
                connection.usage.reset()
                throw error
            }
        }
    }
}

extension SQLiteUsageReader.Connection {
    /// Runs `body` in one read transaction with the last segment that the state includes.
    func read<Result>(
        _ body: (UInt64, borrowing Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try database.reading { () throws(StoreError) in
            try body(try SQLiteState.through(database), database)
        }
    }
}
