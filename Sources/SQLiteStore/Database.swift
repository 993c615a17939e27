internal import CSQLite
internal import Store

/// One connection to a SQLite file, closed when it goes out of scope.
///
/// It may move between threads but is used by one at a time, which SQLite permits; ownership (it
/// cannot be copied) makes the compiler see to that.
@safe
struct Database: ~Copyable {
    enum Access {
        /// Reads and writes; creates the file.
        case writing
        /// Reads an existing file.
        case reading
    }

    /// How much of a log is kept for what comes next.
    private static let logBytesKept = 8 << 20
    private static let busyMillis: Int32 = 5000

    private let handle: OpaquePointer
    private let path: String

    /// Opens the file at `path`, in the VFS of this name or the usual one.
    init(path: String, access: Access, vfs: String?) throws(StoreError) {
        let mode =
            switch access {
            case .writing: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .reading: SQLITE_OPEN_READONLY
            }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(
            path, &opened, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs)
        // Of its own accord it would copy the log when it is closed, also one whose sync has failed: what
        // is not on disk would be mixed into the file. Whoever wants that asks for it.
        guard code == SQLITE_OK, let handle = unsafe opened,
            unsafe csqlite_keep_log_on_close(handle) == SQLITE_OK
        else {
            let message = unsafe Self.message(of: opened)
            unsafe sqlite3_close_v2(opened)
            throw .unavailable("\(path): \(message)")
        }
        unsafe self.handle = handle
        self.path = path
        unsafe sqlite3_busy_timeout(handle, Self.busyMillis)
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }

    private static func message(of handle: OpaquePointer?) -> String {
        guard let handle = unsafe handle, let text = unsafe sqlite3_errmsg(handle) else {
            return "out of memory"
        }
        return unsafe String(cString: text)
    }

    /// The path of the file.
    var name: String { path }

    /// What the last call that failed says, and of which file.
    var message: String { "\(path): \(unsafe Self.message(of: handle))" }

    /// Runs SQL that gives no rows.
    func run(_ sql: String) throws(StoreError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw StoreError(code, "\(message), at \(sql)") }
    }

    /// Runs `body` in one read transaction.
    func reading<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try run("BEGIN")
        do throws(StoreError) {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            try? run("ROLLBACK")
            throw error
        }
    }

    /// Does all of what `body` does, or nothing.
    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try run("BEGIN IMMEDIATE")
        do throws(StoreError) {
            try body()
            try run("COMMIT")
        } catch {
            try? run("ROLLBACK")
            throw error
        }
    }

    /// Compiles a statement for repeated use.
    func statement(_ sql: String) throws(StoreError) -> Statement {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else {
            throw StoreError(code, "\(message), at \(sql)")
        }
        return unsafe Statement(statement)
    }

    /// Sets a pragma and fails unless it reads back as `expected`.
    ///
    /// SQLite answers some pragmas it could not carry out with another value instead of an error
    /// (docs/adr/0004-segments-in-sqlite.md).
    func assertPragma(_ name: String, _ value: String, reads expected: String) throws(StoreError) {
        try run("PRAGMA \(name) = \(value)")
        let statement = try statement("PRAGMA \(name)")
        guard try statement.step(self), statement.text(0) == expected else {
            throw .unavailable("PRAGMA \(name) is not \(expected)")
        }
    }

    /// Has the log give its space back when it begins anew after growing large.
    func limitLog() throws(StoreError) {
        try run("PRAGMA journal_size_limit = \(Self.logBytesKept)")
    }

    /// Copies the whole log into the file and empties it; fails unless all of it was copied.
    func truncateLog() throws(StoreError) {
        var frames: Int32 = 0
        var copied: Int32 = 0
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, SQLITE_CHECKPOINT_TRUNCATE, &frames, &copied)
        guard code == SQLITE_OK, frames == copied else {
            throw StoreError(code, "wal_checkpoint(TRUNCATE): \(message)")
        }
    }

    /// Empties the log at a start, unless somebody reads in it: then it is read as it is, and this is false.
    func emptyLog() throws(StoreError) -> Bool {
        try truncateLogIfFree(waiting: Self.busyMillis)
    }

    /// Copies the whole log into the file and empties it; false when somebody reads in it.
    ///
    /// Waits for readers no longer than so many milliseconds.
    func truncateLogIfFree(waiting millis: Int32 = 0) throws(StoreError) -> Bool {
        unsafe sqlite3_busy_timeout(handle, millis)
        defer { unsafe sqlite3_busy_timeout(handle, Self.busyMillis) }
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
            throw StoreError(code, "wal_checkpoint(TRUNCATE): \(message)")
        }
        return code == SQLITE_OK
    }

    /// True when the last call failed because there was no room, or a write did, and no sync.
    var couldNotWrite: Bool {
        // SQLITE_IOERR_WRITE and SQLITE_IOERR_TRUNCATE, which Swift does not see.
        let writeErrors = [SQLITE_IOERR | 3 << 8, SQLITE_IOERR | 6 << 8]
        let code = unsafe sqlite3_extended_errcode(handle)
        return [SQLITE_FULL, SQLITE_BUSY].contains(code & 0xFF) || writeErrors.contains(code)
    }

    /// Copies what readers allow of the log into the file; never waits for them.
    func copyLog() throws(StoreError) {
        let code = unsafe sqlite3_wal_checkpoint_v2(
            handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
            throw StoreError(code, "wal_checkpoint(PASSIVE): \(message)")
        }
    }
}

/// Whether a log reads back as it is on disk.
enum LogHealth {
    case sound
    /// The log may not be on disk though it reads back: copying it later would mix old pages with new
    /// ones.
    case doubtful(StoreError)

    /// Does something with the log that may fail.
    ///
    /// The log is synced first of all, and is no longer relied on when that may have failed. Else the file
    /// could not be written, as the disk is full: the log has it all, and the next copy begins anew.
    ///
    /// True when it did not fail.
    @discardableResult
    mutating func attempt(
        _ database: borrowing Database, _ body: (borrowing Database) throws(StoreError) -> Void
    ) -> Bool {
        guard case .sound = self else { return false }
        do throws(StoreError) {
            try body(database)
            return true
        } catch {
            if !database.couldNotWrite { self = .doubtful(error) }
            return false
        }
    }
}

extension StoreError {
    /// What SQLite's code means: damage, or something that may pass.
    ///
    /// SQL that is wrong is so because a file does not have the tables that it was made with.
    fileprivate init(_ code: Int32, _ message: String) {
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR: self = .corrupt(message)
        default: self = .unavailable(message)
        }
    }
}

extension Database: @unchecked Sendable {}

extension Statement: @unchecked Sendable {}

/// A compiled statement; used with the connection that made it, while that is open.
@safe
struct Statement: ~Copyable {
    private let handle: OpaquePointer

    fileprivate init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Binds an integer to the parameter at `index`, from 1.
    func bind(_ index: Int32, _ value: Int64) {
        unsafe sqlite3_bind_int64(handle, index, value)
    }

    /// Binds bytes to the parameter at `index`; the statement must end before `bytes` does.
    func withBound<Result>(
        _ index: Int32, _ bytes: [UInt8], _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { pointer throws(StoreError) in
            unsafe sqlite3_bind_blob64(
                handle, index, pointer.baseAddress, UInt64(pointer.count), nil)
            defer { unsafe sqlite3_bind_null(handle, index) }
            return try body()
        }
    }

    /// Binds a copy of bytes to the parameter at `index`.
    func bind(_ index: Int32, copying bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { pointer in
            _ = unsafe sqlite3_bind_blob64(
                handle, index, pointer.baseAddress, UInt64(pointer.count), csqlite_transient())
        }
    }

    /// Binds a copy of a text to the parameter at `index`.
    func bind(_ index: Int32, text: String) {
        unsafe sqlite3_bind_text(handle, index, text, -1, csqlite_transient())
    }

    /// Goes to the next row; false after the last.
    func step(_ database: borrowing Database) throws(StoreError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            reset()
            return false
        case let code:
            let message = database.message
            reset()
            throw StoreError(code, message)
        }
    }

    /// Ends the statement early so that it can be run again.
    func reset() {
        unsafe sqlite3_reset(handle)
    }

    /// The integer in a column of the row, from 0.
    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    /// The bytes in a column of the row; nil when it is NULL.
    func optionalBytes(_ column: Int32) -> [UInt8]? {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : bytes(column)
    }

    /// The text in a column of the row.
    func text(_ column: Int32) -> String {
        guard let text = unsafe sqlite3_column_text(handle, column) else { return "" }
        return unsafe String(cString: text)
    }

    /// A copy of the bytes in a column of the row.
    func bytes(_ column: Int32) -> [UInt8] {
        let count = Int(unsafe sqlite3_column_bytes(handle, column))
        guard count > 0, let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
