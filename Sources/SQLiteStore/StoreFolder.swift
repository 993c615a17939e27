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

    /// Copies a file to a new one and makes its bytes durable; false when there is no such file.
    func copyDurably(_ name: String, to copy: String) throws(StoreError) -> Bool
    /// Gives a file another name, replacing what had it.
    func rename(_ name: String, to other: String) throws(StoreError)
    /// Makes the names in the folder durable.
    func sync() throws(StoreError)
    /// Removes a file if it is there.
    func remove(_ name: String)
}

extension StoreFolder where Self: ~Copyable {
    /// Copies the write-ahead log of a database to a new file that is known to be on disk.
    ///
    /// After an unclean end, a sync that failed may have left pages in the cache that are not on
    /// disk and never will be, though they read back as if they were. A copy that is written and
    /// synced anew has no such pages. To be called before SQLite opens the database; does nothing
    /// when there is no log. See docs/adr/0004-segments-in-sqlite.md.
    func renewLog(of database: String) throws(StoreError) {
        let log = "\(database)-wal"
        let renewed = "\(log).new"
        guard try copyDurably(log, to: renewed) else { return }
        try rename(renewed, to: log)
        try sync()
    }

    /// Removes a database that can be rebuilt.
    func removeDatabase(_ database: String) {
        for suffix in ["", "-wal", "-shm"] { remove("\(database)\(suffix)") }
    }
}
