internal import CSQLite

/// Where SQLite keeps a handle of ours: right behind its own part of an open file.
enum FileSlot {
    static var byteCount: Int {
        unsafe MemoryLayout<sqlite3_file>.stride + MemoryLayout<UnsafeRawPointer>.stride
    }

    static func put(_ handle: SimulatedHandle, in file: UnsafeMutablePointer<sqlite3_file>) {
        let pointer: UnsafeMutableRawPointer = unsafe Unmanaged.passRetained(handle).toOpaque()
        unsafe UnsafeMutableRawPointer(file).storeBytes(
            of: pointer, toByteOffset: MemoryLayout<sqlite3_file>.stride,
            as: UnsafeMutableRawPointer.self)
    }

    private static func unmanaged(
        in file: UnsafeMutablePointer<sqlite3_file>?
    ) -> Unmanaged<SimulatedHandle>? {
        guard let file = unsafe file else { return nil }
        let pointer = unsafe UnsafeMutableRawPointer(file).load(
            fromByteOffset: MemoryLayout<sqlite3_file>.stride, as: UnsafeMutableRawPointer.self)
        return unsafe Unmanaged.fromOpaque(pointer)
    }

    static func handle(in file: UnsafeMutablePointer<sqlite3_file>?) -> SimulatedHandle? {
        unsafe unmanaged(in: file)?.takeUnretainedValue()
    }

    /// Takes the handle out; it dies with the last reference.
    static func take(from file: UnsafeMutablePointer<sqlite3_file>?) -> SimulatedHandle? {
        unsafe unmanaged(in: file)?.takeRetainedValue()
    }
}

extension sqlite3_io_methods {
    /// Reading, writing, locking and sharing memory on a simulated disk.
    static var simulated: Self {
        var methods = sqlite3_io_methods()
        methods.iVersion = 2
        methods.setReading()
        methods.setWriting()
        methods.setLocking()
        methods.setMemory()
        return methods
    }

    private mutating func setReading() {
        unsafe xClose = { file in
            unsafe FileSlot.take(from: file)?.close()
            return SQLITE_OK
        }
        unsafe xRead = { file, buffer, count, offset in
            guard let handle = unsafe FileSlot.handle(in: file), let buffer = unsafe buffer else {
                return SQLITE_IOERR
            }
            return unsafe read(handle, into: buffer, Int(count), at: Int(offset))
        }
        unsafe xFileSize = { file, size in
            guard let handle = unsafe FileSlot.handle(in: file), !handle.disk.isDown else {
                return ErrorCode.size
            }
            unsafe size?.pointee = Int64(handle.file.content.count)
            return SQLITE_OK
        }
        unsafe xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        unsafe xSectorSize = { _ in 4096 }
        unsafe xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
    }

    private mutating func setWriting() {
        unsafe xWrite = { file, bytes, count, offset in
            guard let handle = unsafe FileSlot.handle(in: file), let bytes = unsafe bytes else {
                return SQLITE_IOERR
            }
            let copy = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(count)))
            return handle.disk.write(copy, at: Int(offset), to: handle.file)
                .code(ErrorCode.write)
        }
        unsafe xTruncate = { file, size in
            guard let handle = unsafe FileSlot.handle(in: file) else { return SQLITE_IOERR }
            return handle.disk.resize(handle.file, to: Int(size)).code(ErrorCode.truncate)
        }
        unsafe xSync = { file, _ in
            guard let handle = unsafe FileSlot.handle(in: file) else { return SQLITE_IOERR }
            let result = handle.disk.sync(handle.file)
            if result == .done, handle.mustSyncNames {
                handle.mustSyncNames = false
                _ = handle.disk.syncNames()
            }
            return handle.disk.isDown ? ErrorCode.sync : result.code(ErrorCode.sync)
        }
    }

    private mutating func setLocking() {
        unsafe xLock = { file, level in
            guard let handle = unsafe FileSlot.handle(in: file), !handle.disk.isDown else {
                return ErrorCode.lock
            }
            return handle.raiseLock(to: level) ? SQLITE_OK : SQLITE_BUSY
        }
        unsafe xUnlock = { file, level in
            unsafe FileSlot.handle(in: file)?.lowerLock(to: level)
            return SQLITE_OK
        }
        unsafe xCheckReservedLock = { file, result in
            guard let handle = unsafe FileSlot.handle(in: file) else { return SQLITE_IOERR }
            unsafe result?.pointee = handle.isReserved ? 1 : 0
            return SQLITE_OK
        }
    }

    private mutating func setMemory() {
        unsafe xShmMap = { file, number, size, extends, result in
            guard let handle = unsafe FileSlot.handle(in: file), !handle.disk.isDown else {
                return ErrorCode.memoryMap
            }
            let memory = handle.file.memory ?? SharedMemory()
            handle.file.memory = memory
            let region = unsafe memory.region(Int(number), bytes: Int(size), extends: extends != 0)
            unsafe result?.pointee = region
            return SQLITE_OK
        }
        unsafe xShmLock = { file, first, count, flags in
            guard let handle = unsafe FileSlot.handle(in: file) else { return SQLITE_IOERR }
            let locks = Int(first)..<Int(first + count)
            if flags & SQLITE_SHM_UNLOCK != 0 {
                handle.giveMemoryLocks(locks)
                return SQLITE_OK
            }
            guard !handle.disk.isDown else { return ErrorCode.memoryLock }
            let exclusively = flags & SQLITE_SHM_EXCLUSIVE != 0
            return handle.takeMemoryLocks(locks, exclusively: exclusively)
                ? SQLITE_OK : SQLITE_BUSY
        }
        unsafe xShmBarrier = { _ in }
        unsafe xShmUnmap = { file, _ in
            unsafe FileSlot.handle(in: file)?.giveAllMemoryLocks()
            return SQLITE_OK
        }
    }
}

private func read(
    _ handle: SimulatedHandle, into buffer: UnsafeMutableRawPointer, _ count: Int, at offset: Int
) -> Int32 {
    guard handle.disk.read(handle.file) == .done else { return ErrorCode.read }
    let content = handle.file.content
    let available = max(0, min(count, content.count - offset))
    if available > 0 {
        unsafe content.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + available])
                    .baseAddress ?? UnsafeRawPointer(buffer), byteCount: available)
        }
    }
    guard available < count else { return SQLITE_OK }
    unsafe buffer.advanced(by: available).initializeMemory(
        as: UInt8.self, repeating: 0, count: count - available)
    return ErrorCode.shortRead
}

extension SimulatedDisk.Result {
    /// SQLite's code: `failure` for what failed.
    fileprivate func code(_ failure: Int32) -> Int32 {
        switch self {
        case .done: SQLITE_OK
        case .failed: failure
        case .full: SQLITE_FULL
        }
    }
}
