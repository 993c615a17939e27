internal import Ledger
public import Store
internal import Synchronization

/// Looks idempotency keys up in `state.db` on a connection of its own.
public final class SQLiteKeyReader: KeyReader, Sendable {
    private struct Connection: ~Copyable {
        let database: Database
        let page: Statement
    }

    private let connection: Mutex<Connection>

    /// Opens the state in the folder at `path`, which must exist, through the VFS of this name or
    /// the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        let page = try database.statement(
            "SELECT id, body FROM key_page WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1")
        connection = Mutex(Connection(database: database, page: page))
    }

    public func segments(
        of hashes: [UInt64], filters: [SegmentRange: KeyFilter]
    ) throws(StoreError) -> [[UInt64]] {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.database.reading { () throws(StoreError) in
                var found = [[UInt64]](repeating: [], count: hashes.count)
                for run in try SQLiteState.bareKeyRuns(connection.database) {
                    let filter = filters[run.range]
                    for (index, hash) in hashes.enumerated() where filter?.mayHold(hash) != false {
                        found[index] += try Self.segments(of: hash, in: run, connection)
                    }
                }
                return found
            }
        }
    }

    /// The segments of the keys with this hash in a run.
    private static func segments(
        of hash: UInt64, in run: KeyRun, _ connection: borrowing Connection
    ) throws(StoreError) -> [UInt64] {
        let first = RunTables.keys.ids(of: run.number).lowerBound
        connection.page.bind(1, first)
        connection.page.bind(2, first | Int64(hash))
        let isThere = try connection.page.step(connection.database)
        defer { connection.page.reset() }
        let page = try KeyPage(
            row: connection.page, isThere: isThere, holding: hash, through: run.range.through)
        return page.records.filter { $0.hash == hash }.map(\.segment)
    }
}
