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

    private static func create(_ path: String) throws(StoreError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return try sync(folder: parent(of: path)) }
        guard errno == EEXIST else { throw .unavailable("\(path): \(lastError())") }
    }

    public func copyDurably(_ name: String, to copy: String) throws(StoreError) -> Bool {
        let source = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            guard errno == ENOENT else { throw unavailable(name) }
            return false
        }
        defer { close(source) }
        let target = unsafe open(
            "\(path)/\(copy)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw unavailable(copy) }
        defer { close(target) }
        try Self.copy(source, to: target)
        guard fsync(target) == 0 else { throw unavailable(copy) }
        return true
    }

    public func rename(_ name: String, to other: String) throws(StoreError) {
        guard unsafe Glibc.rename("\(path)/\(name)", "\(path)/\(other)") == 0 else {
            throw unavailable(name)
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

    private static func copy(_ source: Int32, to target: Int32) throws(StoreError) {
        var block = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe block.withUnsafeMutableBytes { buffer in
                unsafe read(source, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .unavailable("log: \(lastError())")
            }
            try write(block, count, to: target)
        }
    }

    private static func write(
        _ block: [UInt8], _ count: Int, to target: Int32
    ) throws(StoreError) {
        var done = 0
        while done < count {
            let written = unsafe block.withUnsafeBytes { buffer in
                unsafe Glibc.write(target, buffer.baseAddress?.advanced(by: done), count - done)
            }
            guard written > 0 || errno == EINTR else {
                throw .unavailable("log: \(lastError())")
            }
            done += max(0, written)
        }
    }

    private static func lastError() -> String {
        guard let text = unsafe strerror(errno) else { return "error \(errno)" }
        return unsafe String(cString: text)
    }
}
