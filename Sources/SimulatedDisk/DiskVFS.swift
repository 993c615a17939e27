internal import CSQLite

/// Makes SQLite use a simulated disk under a name, as long as this value lives.
///
/// `sqlite3_open_v2` with that name opens files of the disk; all connections must be closed first
/// when this goes out of scope.
@safe
public struct DiskVFS: ~Copyable {
    /// What SQLite's calls lead to: the disk, and the table of what can be done with a file.
    @unsafe struct Context {
        let disk: Unmanaged<SimulatedDisk>
        var methods: sqlite3_io_methods
    }

    private let vfs: UnsafeMutablePointer<sqlite3_vfs>
    private let context: UnsafeMutablePointer<Context>
    private let disk: SimulatedDisk

    /// Registers the disk under `name`, which no other VFS may have.
    public init(_ disk: SimulatedDisk, name: String) {
        self.disk = disk
        unsafe context = .allocate(capacity: 1)
        unsafe context.initialize(
            to: Context(disk: .passUnretained(disk), methods: .simulated))
        unsafe vfs = .allocate(capacity: 1)
        unsafe vfs.initialize(to: sqlite3_vfs())
        unsafe vfs.pointee.iVersion = 1
        unsafe vfs.pointee.szOsFile = Int32(FileSlot.byteCount)
        unsafe vfs.pointee.mxPathname = 512
        unsafe vfs.pointee.zName = Self.copy(name)
        unsafe vfs.pointee.pAppData = UnsafeMutableRawPointer(context)
        unsafe vfs.pointee.setFunctions()
        unsafe sqlite3_vfs_register(vfs, 0)
    }

    deinit {
        unsafe sqlite3_vfs_unregister(vfs)
        unsafe vfs.pointee.zName.deallocate()
        unsafe vfs.deallocate()
        unsafe context.deallocate()
    }

    private static func copy(_ text: String) -> UnsafePointer<CChar> {
        let bytes = text.utf8.map { CChar(bitPattern: $0) } + [0]
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() {
            unsafe copy.advanced(by: index).initialize(to: byte)
        }
        return unsafe UnsafePointer(copy)
    }
}

@available(*, unavailable)
extension DiskVFS: Sendable {}

extension sqlite3_vfs {
    fileprivate mutating func setFunctions() {
        unsafe xOpen = { vfs, name, file, flags, outFlags in
            unsafe openFile(vfs, name, file, flags, outFlags)
        }
        unsafe xDelete = { vfs, name, mustSync in unsafe deleteFile(vfs, name, mustSync) }
        unsafe xAccess = { vfs, name, _, result in
            guard let disk = unsafe disk(of: vfs), let name = unsafe text(name),
                let result = unsafe result
            else { return SQLITE_IOERR }
            unsafe result.pointee = disk.file(name).map { $0.content.isEmpty ? 0 : 1 } ?? 0
            return SQLITE_OK
        }
        unsafe xFullPathname = { _, name, size, full in
            guard let name = unsafe name, let full = unsafe full else { return SQLITE_IOERR }
            unsafe copyName(size, full, name)
            return SQLITE_OK
        }
        unsafe xRandomness = { _, size, bytes in
            guard let bytes = unsafe bytes else { return 0 }
            for index in 0..<Int(size) { unsafe bytes[index] = CChar(truncatingIfNeeded: index) }
            return size
        }
        unsafe xSleep = { _, micros in micros }
        unsafe xCurrentTime = { _, days in
            unsafe days?.pointee = 2_460_000
            return SQLITE_OK
        }
        unsafe xGetLastError = { _, _, _ in 0 }
    }
}

private func copyName(
    _ size: Int32, _ full: UnsafeMutablePointer<CChar>, _ name: UnsafePointer<CChar>
) {
    var index = 0
    while unsafe index < Int(size) - 1 && name[index] != 0 {
        unsafe full[index] = name[index]
        index += 1
    }
    unsafe full[index] = 0
}

private func disk(of vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> SimulatedDisk? {
    guard let data = unsafe vfs?.pointee.pAppData else { return nil }
    return unsafe data.assumingMemoryBound(to: DiskVFS.Context.self).pointee.disk
        .takeUnretainedValue()
}

private func text(_ name: UnsafePointer<CChar>?) -> String? {
    guard let name = unsafe name else { return nil }
    return unsafe String(cString: name)
}

private func openFile(
    _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?,
    _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
    _ outFlags: UnsafeMutablePointer<Int32>?
) -> Int32 {
    guard let file = unsafe file, let disk = unsafe disk(of: vfs),
        let data = unsafe vfs?.pointee.pAppData
    else { return SQLITE_CANTOPEN }
    unsafe file.pointee.pMethods = nil
    guard !disk.isDown else { return SQLITE_IOERR }
    let name = unsafe text(name)
    let mayMake = flags & SQLITE_OPEN_CREATE != 0
    let found: SimulatedFile? =
        if let name { disk.file(name) ?? (mayMake ? disk.make(name) : nil) } else {
            SimulatedFile(name: "")
        }
    guard let found else { return disk.isDown ? SQLITE_IOERR : SQLITE_CANTOPEN }
    let isLog = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL) != 0
    let handle = SimulatedHandle(
        disk: disk, file: found, mustSyncNames: isLog && mayMake,
        removedOnClose: flags & SQLITE_OPEN_DELETEONCLOSE != 0 ? name : nil)
    unsafe FileSlot.put(handle, in: file)
    let context = unsafe data.assumingMemoryBound(to: DiskVFS.Context.self)
    unsafe withUnsafeMutablePointer(to: &context.pointee.methods) { methods in
        unsafe file.pointee.pMethods = UnsafePointer(methods)
    }
    unsafe outFlags?.pointee = flags
    return SQLITE_OK
}

private func deleteFile(
    _ vfs: UnsafeMutablePointer<sqlite3_vfs>?, _ name: UnsafePointer<CChar>?, _ mustSync: Int32
) -> Int32 {
    guard let disk = unsafe disk(of: vfs), let name = unsafe text(name), !disk.isDown else {
        return ErrorCode.delete
    }
    guard disk.file(name) != nil else { return ErrorCode.deleteMissing }
    guard disk.remove(name) == .done else { return ErrorCode.delete }
    if mustSync != 0, disk.syncNames() != .done { return ErrorCode.syncFolder }
    return SQLITE_OK
}
