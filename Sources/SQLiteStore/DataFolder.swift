internal import CSQLite
internal import Glibc
public import Store

/// The folder that holds a partition's files, locked against a second process.
///
/// | file | holds |
/// |:-----|:------|
/// | `journal.db` | the segments: the only truth |
/// | `state.db` | accounts, keys and rollups derived from them; rebuilt when damaged |
/// | `archive.db` | entries by account and run, derived too; may be behind the others |
/// | `lock` | nothing; an advisory lock on it is held while the folder is in use |
public struct DataFolder: ~Copyable, StoreFolder, Sendable {
    public let path: String
    public var vfs: String? { nil }
    private let lock: Int32

    /// The version of SQLite that this program runs with.
    public static var sqliteVersion: String { unsafe String(cString: sqlite3_libversion()) }

    /// How many bytes the journal, the state and the archive take, with their logs.
    public var fileSizes: (journal: UInt64, state: UInt64, archive: UInt64) {
        (
            Self.size("\(path)/\(SQLiteJournal.fileName)"),
            Self.size("\(path)/\(SQLiteState.fileName)"),
            Self.size("\(path)/\(SQLiteArchive.fileName)")
        )
    }

    private static func size(_ path: String) -> UInt64 {
        ["", "-wal"].reduce(0) { sum, suffix in
            var status = stat()
            guard unsafe stat(path + suffix, &status) == 0 else { return sum }
            return sum + UInt64(clamping: status.st_size)
        }
    }

    /// Creates the folder (mode 0700) if need be, so that it outlasts a loss of power, and locks it.
    ///
    /// Throws `StoreError.inUse` while another process holds it.
    public init(path: String) throws(StoreError) {
        self.path = path
        try Self.create(path)
        let descriptor = unsafe open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path)/lock: \(Self.lastError())") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse(path: path)
        }
        lock = descriptor
    }

    deinit {
        close(lock)
    }

    /// True when there is a journal in the folder at `path`.
    public static func exists(_ path: String) -> Bool {
        unsafe access("\(path)/\(SQLiteJournal.fileName)", F_OK) == 0
    }

    /// True when there are files beside the journal that a server has made.
    public var hasBeenServed: Bool {
        [SQLiteState.fileName, SQLiteArchive.fileName].contains {
            unsafe access("\(path)/\($0)", F_OK) == 0
        }
    }

    private static func create(_ path: String) throws(StoreError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return try sync(folder: parent(of: path)) }
        guard errno == EEXIST else { throw .unavailable("\(path): \(lastError())") }
    }

    public func rewrite(_ name: String) throws(StoreError) {
        let file = unsafe open("\(path)/\(name)", O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw unavailable(name) }
            return
        }
        defer { close(file) }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while true {
            let count = unsafe block.withUnsafeMutableBytes { buffer in
                unsafe pread(file, buffer.baseAddress, buffer.count, offset)
            }
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw unavailable(name)
            }
            try write(block, count, at: offset, of: file, name)
            offset += count
        }
        guard fsync(file) == 0 else { throw unavailable(name) }
    }

    private func write(
        _ block: [UInt8], _ count: Int, at offset: Int, of file: Int32, _ name: String
    ) throws(StoreError) {
        var done = 0
        while done < count {
            let written = unsafe block.withUnsafeBytes { buffer in
                unsafe pwrite(
                    file, buffer.baseAddress?.advanced(by: done), count - done, offset + done)
            }
            guard written > 0 || errno == EINTR else { throw unavailable(name) }
            done += max(0, written)
        }
    }

    public func sync() throws(StoreError) {
        try Self.sync(folder: path)
    }

    private static func sync(folder path: String) throws(StoreError) {
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .unavailable("\(path): \(lastError())") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .unavailable("\(path): \(lastError())") }
    }

    /// Removes the journal of a copy that was broken off.
    public func removeJournal() {
        removeDatabase(SQLiteJournal.fileName)
    }

    /// Makes sure that the folder at `path` is found under its name after a loss of power.
    public static func syncParent(of path: String) throws(StoreError) {
        try sync(folder: parent(of: path))
    }

    /// The folder that a path's last name stands in.
    private static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    public func remove(_ name: String) {
        unsafe unlink("\(path)/\(name)")
    }

    private func unavailable(_ name: String) -> StoreError {
        .unavailable("\(path)/\(name): \(Self.lastError())")
    }

    private static func lastError() -> String {
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }
}
