public import Store
internal import Synchronization

/// Reads segments of a live journal on a connection of its own.
public final class SQLiteJournalReader: JournalReader, Sendable {
    private struct Connection: ~Copyable {
        let database: Database
        let select: Statement
    }

    private let connection: Mutex<Connection>

    /// Opens the journal in the folder at `path`, which must exist, through the VFS of this name
    /// or the usual one.
    public init(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteJournal.fileName)", access: .reading, vfs: vfs)
        guard
            try database.isKnown(
                as: SQLiteJournal.applicationID, schema: SQLiteJournal.schemaVersion)
        else { throw .corrupt("\(path)/\(SQLiteJournal.fileName) is empty: it holds no journal") }
        let select = try database.statement(
            "SELECT money, details, hash FROM segment WHERE number = ?")
        connection = Mutex(Connection(database: database, select: select))
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
        try connection.withLock { (connection) throws(StoreError) in
            connection.select.bind(1, Int64(bitPattern: number))
            guard try connection.select.step(connection.database) else { return nil }
            defer { connection.select.reset() }
            return EncodedSegment(
                number: number, money: connection.select.bytes(0),
                details: connection.select.optionalBytes(1), hash: connection.select.bytes(2))
        }
    }
}
