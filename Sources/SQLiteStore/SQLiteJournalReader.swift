public import Store
internal import Synchronization

/// Reads segments of a live journal on a connection of its own.
public final class SQLiteJournalReader: JournalReader, Sendable {
    fileprivate struct Connection: ~Copyable {
        let database: Database
        let select: Statement
        /// What is kept of deleted details, once there is any.
        var kept: Statement?
    }

    private let connection: Mutex<Connection>

    /// Opens the journal in the folder at `path`, which must exist, through the VFS of this name
    /// or the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteJournal.fileName)", access: .reading, vfs: vfs)
        guard
            try database.isKnown(
                as: SQLiteJournal.applicationID, schema: SQLiteJournal.retentionSchemaVersion)
        else { throw .corrupt("\(path)/\(SQLiteJournal.fileName) is empty: it holds no journal") }
        let select = try database.statement(
            "SELECT money, details, hash FROM segment WHERE number = ?")
        connection = Mutex(Connection(database: database, select: select, kept: nil))
    }

    public func lastNumber() throws(StoreError) -> UInt64 {
        try connection.withLock { (connection) throws(StoreError) in
            try SQLiteJournal.lastNumber(connection.database)
        }
    }

    /// How the file keeps what was not copied into it yet: "wal" as Tally sets it.
    public func journalMode() throws(StoreError) -> String {
        try connection.withLock { (connection) throws(StoreError) in
            let mode = try connection.database.statement("PRAGMA journal_mode")
            guard try mode.step(connection.database) else { return "" }
            defer { mode.reset() }
            return mode.text(0)
        }
    }

    public func segment(_ number: UInt64) throws(StoreError) -> EncodedSegment? {
        try connection.withLock { (connection) throws(StoreError) -> EncodedSegment? in
            connection.select.bind(1, Int64(bitPattern: number))
            guard try connection.select.step(connection.database) else { return nil }
            defer { connection.select.reset() }
            let details = connection.select.optionalBytes(1)
            return EncodedSegment(
                number: number, money: connection.select.bytes(0), details: details,
                hash: connection.select.bytes(2),
                kept: details == nil ? try connection.keptDetails(of: number) : nil)
        }
    }

    /// Runs `body` with the connection.
    func read<Result>(
        _ body: (borrowing Database) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try connection.withLock { (connection) throws(StoreError) in
            try body(connection.database)
        }
    }
}

extension SQLiteJournalReader.Connection {
    /// What stays of the details of a segment that has lost them.
    ///
    /// Read after the segment was: details go together with what is kept of them.
    fileprivate mutating func keptDetails(of number: UInt64) throws(StoreError) -> KeptDetails? {
        if kept == nil {
            guard try SQLiteJournal.hasRetention(database) else { return nil }
            kept = try database.statement("SELECT body, step FROM kept_details WHERE number = ?")
        }
        kept?.bind(1, Int64(bitPattern: number))
        guard try kept?.step(database) == true else { return nil }
        defer { kept?.reset() }
        return KeptDetails(
            body: kept?.bytes(0) ?? [], step: UInt64(bitPattern: kept?.integer(1) ?? 0))
    }
}
