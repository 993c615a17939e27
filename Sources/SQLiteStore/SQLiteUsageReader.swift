public import Credit
public import Ledger
public import Store
internal import Synchronization

/// Reads checkpointed usage and events on a connection of its own.
///
/// Each answer comes from one read transaction and says up to which segment it reaches, so that
/// the caller can add exactly what came later.
public final class SQLiteUsageReader: UsageReader, Sendable {
    fileprivate struct Connection: ~Copyable {
        let database: Database
        let usage: Statement
        let allUsage: Statement
        let events: Statement
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
        let events = try database.statement(
            """
            SELECT body, through FROM event
            WHERE account = ?1 AND through <= coalesce(
                (SELECT min(through) FROM event WHERE account = ?1 AND through >= ?2),
                9223372036854775807)
            ORDER BY through DESC
            """)
        connection = Mutex(
            Connection(database: database, usage: usage, allUsage: allUsage, events: events))
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

    public func events(
        of account: AccountSlot, before end: Position?, limit: Int
    ) throws(StoreError) -> (through: UInt64, rows: [Position]) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, database) throws(StoreError) in
                let rows = try Self.positions(
                    connection.events, account: account, before: end, limit: limit, in: database)
                return (through, rows)
            }
        }
    }

    /// Rows hold what one checkpoint added, oldest first; they are read newest first.
    private static func positions(
        _ select: borrowing Statement, account: AccountSlot, before end: Position?, limit: Int,
        in database: borrowing Database
    ) throws(StoreError) -> [Position] {
        select.bind(1, Int64(account))
        select.bind(2, Int64(clamping: end?.segment ?? .max))
        var found: [Position] = []
        while found.count < limit, try select.step(database) {
            let row = try? StateEncoding.events(
                of: account, through: UInt64(bitPattern: select.integer(1)),
                from: select.bytes(0))
            guard let row else {
                select.reset()
                throw .corrupt("\(SQLiteState.fileName): events")
            }
            for position in row.positions.reversed() where found.count < limit {
                if end.map({ position < $0 }) ?? true { found.append(position) }
            }
        }
        select.reset()
        return found
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
