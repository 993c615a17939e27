public import Store

/// Reads every row of usage that a checkpoint has, and counts them.
///
/// Reports read a few rows at a time and would not miss one: a row that is damaged or gone without
/// a trace is found here, some time after a start. Balances need no scrub, as a start reads all of
/// them, nor do keys, whose pages say what must be on them; the archive has its own
/// (``ArchiveScrub``).
public struct StateScrub: ~Copyable, Sendable {
    /// How many rows of usage a step reads, so that no reader holds the log up for long.
    public static let stepRows = 4096

    private let database: Database
    private let through: UInt64
    private let counts: StateHead.Counts
    /// The key of the row read last.
    private var last: [Int64] = [.min, .min, .min]
    private var rowCount = 0

    /// Opens the state in the folder at `path`; nil when it has no checkpoint yet.
    public init?(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        guard let head = try SQLiteState.head(database) else { return nil }
        through = head.through.number
        counts = head.counts
        self.database = database
    }

    /// Reads some rows; true when there are no more.
    ///
    /// Throws `StoreError.corrupt` when a row is not what was written, or missing.
    public mutating func step() throws(StoreError) -> Bool {
        let rows = try takeUsage()
        rowCount += rows
        guard rows < Self.stepRows else { return false }
        // A later checkpoint has replaced and merged rows.
        let isSame = try SQLiteState.through(database) == through
        guard rowCount == counts.usageRows || !isSame else {
            throw .corrupt(
                "\(SQLiteState.fileName): \(rowCount) of \(counts.usageRows) rows of usage")
        }
        return true
    }

    private mutating func takeUsage() throws(StoreError) -> Int {
        let select = try database.statement(
            """
            SELECT account, level, start, body FROM usage
            WHERE (account, level, start) > (?1, ?2, ?3) ORDER BY 1, 2, 3 LIMIT ?4
            """)
        for index in 0..<3 { select.bind(Int32(index + 1), last[index]) }
        select.bind(4, Int64(Self.stepRows))
        var read = 0
        while try select.step(database) {
            last = [select.integer(0), select.integer(1), select.integer(2)]
            read += 1
            let key = UsageRowKey(account: last[0], level: Int(last[1]), start: last[2])
            _ = try UsageCells(row: select.bytes(3), at: key)
        }
        return read
    }
}
