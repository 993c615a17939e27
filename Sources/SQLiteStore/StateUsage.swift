internal import Credit
internal import Ledger
internal import Store

/// The usage of a state file: rows of cells by account, level and time.
///
/// A row is replaced when a checkpoint adds to it. Rows of a level that are old enough are merged
/// into one of the next (``UsageLevel``), for an account when it is charged again, so that the size
/// stays bounded. The account -1 stands for all accounts together.
extension SQLiteState {
    static let usageSchema = """
        CREATE TABLE usage (
            account INTEGER NOT NULL, level INTEGER NOT NULL, start INTEGER NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (account, level, start)) WITHOUT ROWID;
        """

    /// Adds the rows of a checkpoint, which come by account; gives how many rows there are more.
    func writeUsage(_ rows: [UsageRow]) throws(StoreError) -> Int {
        var writer = try UsageWriter(database)
        var start = 0
        while start < rows.count {
            var end = start
            var newest = Int64.min
            while end < rows.count, rows[end].account == rows[start].account {
                try writer.add(rows[end].cells, rows[end].key, database)
                newest = max(newest, rows[end].quarter)
                end += 1
            }
            try writer.compact(rows[start].key.account, at: newest, database)
            start = end
        }
        return writer.added
    }
}

/// Where a row of usage is stored.
struct UsageRowKey {
    /// The slot of an account; -1 for all together.
    let account: Int64
    let level: Int
    let start: Int64

    /// What the row's checksum covers beside its bytes.
    var parts: [Int64] { [account, Int64(level), start] }

    /// Under which account the usage of all together is kept.
    static let allAccounts: Int64 = -1
}

extension UsageRow {
    fileprivate var key: UsageRowKey {
        let account = account.map { Int64($0) } ?? UsageRowKey.allAccounts
        return UsageRowKey(account: account, level: 0, start: quarter)
    }
}

extension UsageCells {
    /// The cells of a row.
    init(row body: [UInt8], at key: UsageRowKey) throws(StoreError) {
        do throws(SegmentError) {
            try self.init(from: body, under: key.parts)
        } catch {
            throw .corrupt("\(SQLiteState.fileName): a row of usage: \(error)")
        }
    }
}

private struct UsageWriter: ~Copyable {
    private let select: Statement
    private let insert: Statement
    private let oldest: Statement
    private let range: Statement
    private let remove: Statement
    private var encoder = UsageEncoder()
    /// How many rows there are more.
    private(set) var added = 0

    init(_ database: borrowing Database) throws(StoreError) {
        let select = try database.statement(
            "SELECT body FROM usage WHERE account = ? AND level = ? AND start = ?")
        let insert = try database.statement("INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?)")
        let oldest = try database.statement(
            """
            SELECT start FROM usage WHERE account = ? AND level = ? AND start < ?
            ORDER BY start LIMIT 1
            """)
        let range = try database.statement(
            """
            SELECT start, body FROM usage
            WHERE account = ? AND level = ? AND start >= ? AND start < ?
            """)
        let remove = try database.statement(
            "DELETE FROM usage WHERE account = ? AND level = ? AND start >= ? AND start < ?")
        self.select = select
        self.insert = insert
        self.oldest = oldest
        self.range = range
        self.remove = remove
    }

    /// Adds cells to the row at a key.
    mutating func add(
        _ cells: UsageCells, _ key: UsageRowKey, _ database: borrowing Database
    ) throws(StoreError) {
        var sum = cells
        for (index, part) in key.parts.enumerated() { select.bind(Int32(index + 1), part) }
        if try select.step(database) {
            defer { select.reset() }
            sum = try UsageCells(row: select.bytes(0), at: key)
            sum.add(cells, cellsMax: key.level == 0 ? UsageCells.quarterCellsMax : .max)
        } else {
            added += 1
        }
        for (index, part) in key.parts.enumerated() { insert.bind(Int32(index + 1), part) }
        insert.bind(4, copying: encoder.encode(sum, under: key.parts))
        _ = try insert.step(database)
    }

    /// Merges an account's rows that are old by now, the newest being of this quarter.
    mutating func compact(
        _ account: Int64, at quarter: Int64, _ database: borrowing Database
    ) throws(StoreError) {
        for (level, next) in UsageLevel.all.enumerated().dropFirst() {
            let width = next.rowQuarters
            let kept = UsageLevel.all[level - 1].rowsKept
            let end = UsageCells.floor(quarter, width) - kept * width
            var hasMerged = false
            while let first = try firstRow(of: account, level - 1, before: end, database) {
                try merge(
                    UsageRowKey(
                        account: account, level: level, start: UsageCells.floor(first, width)),
                    next, database)
                hasMerged = true
            }
            // Without new rows there is nothing more to merge a level above.
            guard hasMerged else { return }
        }
    }

    private func firstRow(
        of account: Int64, _ level: Int, before end: Int64, _ database: borrowing Database
    ) throws(StoreError) -> Int64? {
        oldest.bind(1, account)
        oldest.bind(2, Int64(level))
        oldest.bind(3, end)
        guard try oldest.step(database) else { return nil }
        defer { oldest.reset() }
        return oldest.integer(0)
    }

    /// Merges the rows of the level below that lie within the row at `key` into it.
    private mutating func merge(
        _ key: UsageRowKey, _ level: UsageLevel, _ database: borrowing Database
    ) throws(StoreError) {
        let bounds = [key.account, Int64(key.level - 1), key.start, key.start + level.rowQuarters]
        for (index, part) in bounds.enumerated() { range.bind(Int32(index + 1), part) }
        var sum = UsageCells()
        var count = 0
        while try range.step(database) {
            let row = UsageRowKey(
                account: key.account, level: key.level - 1, start: range.integer(0))
            sum.add(try UsageCells(row: range.bytes(1), at: row).coarsened(to: level.cellQuarters))
            count += 1
        }
        try add(sum, key, database)
        for (index, part) in bounds.enumerated() { remove.bind(Int32(index + 1), part) }
        _ = try remove.step(database)
        added -= count
    }
}
