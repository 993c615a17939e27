public import Store

/// Segments in `journal.db`, one row and one synced commit each.
///
/// The only connection that writes the file. WAL with synchronous=FULL: a commit returns after
/// fdatasync of the log. The log is copied into the file when it passes `logPagesMax`, by this
/// connection and no other, because SQLite before 3.51.3 can corrupt a file that two connections
/// checkpoint (docs/adr/0004-segments-in-sqlite.md).
public struct SQLiteJournal: ~Copyable, Journal, Sendable {
    static let fileName = "journal.db"
    /// Marks the file as Tally's: PRAGMA application_id, "TLYJ".
    static let applicationID: Int64 = 0x544C_594A
    /// PRAGMA user_version of the tables below.
    static let schemaVersion: Int64 = 1

    let database: Database
    private let insert: Statement
    private var last: UInt64
    var bytesSinceCopy = 0
    var health = LogHealth.sound
    /// True when the log could not be emptied at the start, as somebody read in it.
    public let hasOldLog: Bool
    private let logPagesMax: Int

    /// Opens or creates the journal in a locked folder and empties its log, unless somebody reads in it.
    public init(
        in folder: borrowing some StoreFolder & ~Copyable, tuning: StoreTuning = StoreTuning()
    ) throws(StoreError) {
        try folder.renewLog(of: Self.fileName)
        let database = try Database(
            path: "\(folder.path)/\(Self.fileName)", access: .writing, vfs: folder.vfs)
        let isLogEmpty = try Self.prepare(database)
        try folder.sync()
        let insert = try database.statement(
            "INSERT INTO segment (number, money, details, hash) VALUES (?, ?, ?, ?)")
        last = try Self.lastNumber(database)
        hasOldLog = !isLogEmpty
        self.database = database
        self.insert = insert
        logPagesMax = tuning.logPagesMax
    }

    /// Sets the connection up, and a new file; false when the log could not be emptied.
    private static func prepare(_ database: borrowing Database) throws(StoreError) -> Bool {
        let isKnown = try database.isKnown(as: applicationID, schema: retentionSchemaVersion)
        try database.assertPragma("journal_mode", "WAL", reads: "wal")
        try database.assertPragma("synchronous", "FULL", reads: "2")
        try database.assertPragma("wal_autocheckpoint", "0", reads: "0")
        try database.assertPragma("cache_size", "-8192", reads: "-8192")
        // What is deleted is written over; nothing is, but for retention.
        try database.assertPragma("secure_delete", "ON", reads: "1")
        try database.limitLog()
        let isEmpty = try database.emptyLog()
        guard !isKnown else { return isEmpty }
        try database.stamp(as: applicationID, schema: schemaVersion) { () throws(StoreError) in
            try database.run(
                """
                CREATE TABLE segment (
                    number INTEGER PRIMARY KEY, money BLOB NOT NULL, details BLOB,
                    hash BLOB NOT NULL)
                """)
        }
        return isEmpty
    }

    static func lastNumber(_ database: borrowing Database) throws(StoreError) -> UInt64 {
        let statement = try database.statement("SELECT coalesce(max(number), 0) FROM segment")
        guard try statement.step(database) else { return 0 }
        return UInt64(bitPattern: statement.integer(0))
    }

    public mutating func append(_ segment: EncodedSegment) throws(StoreError) {
        guard segment.number == last + 1 else {
            throw .outOfOrder(expected: last + 1, got: segment.number)
        }
        do throws(StoreError) {
            try store(segment)
        } catch {
            throw .outcomeUnknown("segment \(segment.number): \(error)")
        }
        last = segment.number
        bytesSinceCopy += segment.money.count + segment.details.count + 4096
        try copyLogWhenLong()
    }

    /// Stores segments that follow each other, all of them or none, in one synced commit.
    public mutating func append(_ segments: [EncodedSegment]) throws(StoreError) {
        var next = last
        for segment in segments {
            guard segment.number == next + 1 else {
                throw .outOfOrder(expected: next + 1, got: segment.number)
            }
            next = segment.number
        }
        try database.transaction { () throws(StoreError) in
            for segment in segments { try store(segment) }
            try storeKept(of: segments)
        }
        last = next
        try copyLog()
    }

    /// Throws once a sync of the file has failed.
    func requireSound() throws(StoreError) {
        if case .doubtful(let error) = health { throw .outcomeUnknown("\(error)") }
    }

    mutating func copyLogWhenLong() throws(StoreError) {
        if bytesSinceCopy > logPagesMax * 4096 { try copyLog() }
    }

    /// Copies the log into the file; a copy that cannot be written is made after the next segment.
    ///
    /// The log keeps every segment, and was synced with each. But after a sync of the file that failed nobody
    /// knows what of earlier copies is on disk: nothing more is stored, and the next start copies all of
    /// the log anew.
    private mutating func copyLog() throws(StoreError) {
        let isDone = health.attempt(database) { (database) throws(StoreError) in
            try database.copyLog()
        }
        if isDone { bytesSinceCopy = 0 }
        try requireSound()
    }

    private func store(_ segment: EncodedSegment) throws(StoreError) {
        insert.bind(1, Int64(bitPattern: segment.number))
        try insert.withBound(2, segment.money) { () throws(StoreError) in
            try insert.withBound(4, segment.hash) { () throws(StoreError) in
                // Details that were erased stay so in a copy.
                guard !segment.isErased else {
                    _ = try insert.step(database)
                    return
                }
                try insert.withBound(3, segment.details) { () throws(StoreError) in
                    _ = try insert.step(database)
                }
            }
        }
    }

    /// Empties the log; one that cannot be emptied is read at the next start.
    public mutating func finish() {
        try? database.truncateLog()
    }

    /// Empties the log at a clean end.
    public consuming func close() throws(StoreError) {
        try database.truncateLog()
    }
}

extension Database {
    /// Refuses a file that is not ours or is newer, before anything changes it; false when the
    /// file is new.
    func isKnown(
        as applicationID: Int64, schema: Int64 = .max
    ) throws(StoreError) -> Bool {
        let found = try pragma("application_id")
        if found == 0, try pragma("schema_version") == 0 { return false }
        guard found == applicationID else {
            throw .corrupt("\(name) is not a file of Tally's, or of another kind")
        }
        let version = try pragma("user_version")
        guard version <= schema else {
            throw .unavailable("\(name) was written by a newer version of Tally (\(version))")
        }
        return true
    }

    /// Makes the tables of a new file and stamps it.
    func stamp(
        as applicationID: Int64, schema: Int64, create: () throws(StoreError) -> Void
    ) throws(StoreError) {
        try run("BEGIN IMMEDIATE")
        try create()
        try run("PRAGMA application_id = \(applicationID)")
        try run("PRAGMA user_version = \(schema)")
        try run("COMMIT")
    }

    /// Has ``requireSchema(_:)`` refuse the file from now on.
    ///
    /// Only its first page is written, since others may be damaged.
    func condemn() {
        try? run("PRAGMA user_version = 0")
    }

    /// Refuses a file of another version of its tables as damaged: it is made anew.
    func requireSchema(_ schema: Int64) throws(StoreError) {
        let version = try pragma("user_version")
        guard version == schema else { throw .corrupt("the file is of version \(version)") }
    }

    private func pragma(_ name: String) throws(StoreError) -> Int64 {
        let statement = try statement("PRAGMA \(name)")
        guard try statement.step(self) else { return 0 }
        return statement.integer(0)
    }
}
