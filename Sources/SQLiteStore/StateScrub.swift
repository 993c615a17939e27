internal import Ledger
public import Store

/// Reads every row of usage and events that a checkpoint has, and counts them.
///
/// Reports read a few rows at a time and would not miss one: a row that is damaged or gone without
/// a trace is found here, some time after a start. Balances need no scrub, as a start reads all of
/// them, nor do keys, whose pages say what must be on them.
public struct StateScrub: ~Copyable, Sendable {
    /// How many rows a step reads, so that no reader holds the log up for long.
    public static let stepRows = 4096

    private let database: Database
    private let through: UInt64
    private let counts: StateHead.Counts
    /// The table at hand, with the key of the row read last.
    private var table = Table.usage
    private var last: [Int64] = [.min, .min, .min]
    private var rowCount = 0

    private enum Table {
        case usage, events
    }

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
        let rows = try take()
        rowCount += rows
        guard rows < Self.stepRows else { return false }
        let expected = table == .usage ? counts.usageRows : counts.eventRows
        guard rowCount == expected else {
            throw .corrupt("\(SQLiteState.fileName): \(rowCount) of \(expected) rows of \(table)")
        }
        guard table == .usage else { return true }
        table = .events
        last = [.min, .min, .min]
        rowCount = 0
        return false
    }

    private mutating func take() throws(StoreError) -> Int {
        let select = try database.statement(
            table == .usage
                ? """
                SELECT account, quarter, through, body FROM usage
                WHERE (account, quarter, through) > (?1, ?2, ?3) ORDER BY 1, 2, 3 LIMIT ?4
                """
                : """
                SELECT account, 0, through, body FROM event
                WHERE (account, through) > (?1, ?3) ORDER BY 1, 3 LIMIT ?4
                """)
        for index in 0..<3 { select.bind(Int32(index + 1), last[index]) }
        select.bind(4, Int64(Self.stepRows))
        var read = 0
        var later = 0
        while try select.step(database) {
            let key = [select.integer(0), select.integer(1), select.integer(2)]
            guard last.lexicographicallyPrecedes(key) || last[0] == .min else {
                throw .corrupt("\(SQLiteState.fileName): rows of \(table) are out of order")
            }
            last = key
            read += 1
            try check(key, select.bytes(3))
            // Of a checkpoint after the one that is scrubbed.
            if UInt64(bitPattern: key[2]) > through { later += 1 }
        }
        rowCount -= later
        return read
    }

    private func check(_ key: [Int64], _ body: [UInt8]) throws(StoreError) {
        let account = AccountSlot(truncatingIfNeeded: key[0])
        let through = UInt64(bitPattern: key[2])
        do throws(SegmentError) {
            switch table {
            case .usage:
                _ = try StateEncoding.usage(
                    of: account, quarter: key[1], through: through, from: body)
            case .events:
                _ = try StateEncoding.events(of: account, through: through, from: body)
            }
        } catch {
            throw .corrupt("\(SQLiteState.fileName): a row of \(table): \(error)")
        }
    }
}
