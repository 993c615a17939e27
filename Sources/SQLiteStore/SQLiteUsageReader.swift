public import Ledger
public import Store
internal import Synchronization

/// Reads checkpointed usage on a connection of its own.
///
/// Each answer comes from one read transaction and says up to which segment it reaches, so that
/// the caller can add exactly what came later.
public final class SQLiteUsageReader: UsageReader, Sendable {
    private struct Connection: ~Copyable {
        let database: Database
        /// The last page of a run that begins before a place.
        let before: Statement
        let page: Statement
    }

    private let connection: Mutex<Connection>

    /// Opens the state in the folder at `path`, which must exist, through the VFS of this name or
    /// the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        let before = try database.statement(
            """
            SELECT id FROM usage_page WHERE run = ?1 AND (account, start) < (?2, ?3)
            ORDER BY account DESC, start DESC, id DESC LIMIT 1
            """)
        let page = try RunTables.usage.selectPage(database)
        connection = Mutex(Connection(database: database, before: before, page: page))
    }

    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.database.reading { () throws(StoreError) in
                let through = try SQLiteState.through(connection.database)
                var found = UsageCells()
                for run in try SQLiteState.usageRuns(connection.database) {
                    try Self.add(run, UsageAccount(account), quarters, to: &found, connection)
                }
                return (through, found)
            }
        }
    }

    /// Adds the cells of an account in a run that a range of quarters has a part of.
    private static func add(
        _ run: UsageRun, _ account: UsageAccount, _ quarters: Range<Int64>,
        to found: inout UsageCells, _ connection: borrowing Connection
    ) throws(StoreError) {
        // Cells that begin before the range may reach into it.
        let first = quarters.lowerBound.subtractingReportingOverflow(UsageAging.widestQuarters)
        let start = first.overflow ? .min : first.partialValue
        let begin = try Self.place(before: start, of: account, run, connection)
        var place = begin
        while place < run.pages {
            let page = try run.page(place, connection.page, connection.database)
            let end = page.place(of: account, from: quarters.upperBound)
            // Else the index, which has no checksum, would leave earlier pages out.
            guard place != begin || place == 0 || page.place(of: account, from: start) > 0 else {
                throw .corrupt("\(SQLiteState.fileName): the index of usage")
            }
            do throws(SegmentError) {
                try found.add(page, page.place(of: account, from: start)..<end, in: quarters)
            } catch {
                throw .corrupt("\(SQLiteState.fileName): a page of usage: \(error)")
            }
            guard end == page.count else { break }
            place += 1
        }
    }

    /// The place of the last page of a run that begins before this account's cells which begin with `start`;
    /// the first page when there is none.
    private static func place(
        before start: Int64, of account: UsageAccount, _ run: UsageRun,
        _ connection: borrowing Connection
    ) throws(StoreError) -> Int {
        connection.before.bind(1, run.number)
        connection.before.bind(2, Int64(bitPattern: account.number))
        connection.before.bind(3, start)
        guard try connection.before.step(connection.database) else { return 0 }
        defer { connection.before.reset() }
        let place = connection.before.integer(0) - RunTables.usage.id(of: 0, in: run)
        guard place >= 0, place < run.pages else {
            throw .corrupt("\(SQLiteState.fileName): a page of usage is another one's")
        }
        return Int(place)
    }
}
