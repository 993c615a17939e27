public import Store

/// A folder that holds a partition's files and is nobody else's.
///
/// ``DataFolder`` is one of the operating system; the simulator has one in memory, so that the
/// very same storage code runs on a disk that fails.
public protocol StoreFolder: ~Copyable {
    /// Where the folder is; file names are appended to it after a `/`.
    var path: String { get }
    /// The name under which SQLite knows how to open files here; nil for the usual way.
    var vfs: String? { get }

    /// Writes the bytes of a file over themselves and makes them durable; nothing when there is none.
    func rewrite(_ name: String) throws(StoreError)
    /// Makes the names in the folder durable.
    func sync() throws(StoreError)
    /// Removes a file if it is there.
    func remove(_ name: String)
}

extension StoreFolder where Self: ~Copyable {
    /// Has the write-ahead log of a database be on disk as it reads.
    ///
    /// After an unclean end, a sync that failed may have left pages in the cache that are not on
    /// disk and never will be, though they read back as if they were: until they are written once more. The
    /// file stays the same one, which another process may be reading (a backup). To be called before
    /// SQLite opens the database. See docs/adr/0004-segments-in-sqlite.md.
    func renewLog(of database: String) throws(StoreError) {
        let log = "\(database)-wal"
        try rewrite(log)
        // What versions before left behind when they were killed.
        remove("\(log).new")
        try sync()
    }

    /// Removes a database that can be rebuilt.
    func removeDatabase(_ database: String) {
        for suffix in ["", "-wal", "-shm"] { remove("\(database)\(suffix)") }
    }
}
