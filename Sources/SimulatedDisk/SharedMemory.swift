/// The index of a write-ahead log that connections share, and its locks.
@safe
final class SharedMemory {
    static let lockCount = 8
    private var regions: [UnsafeMutableRawPointer] = unsafe []

    deinit {
        while let region = unsafe regions.popLast() { unsafe region.deallocate() }
    }

    /// The region with this number; made when `extends`, else nil when it is not there.
    func region(_ number: Int, bytes: Int, extends: Bool) -> UnsafeMutableRawPointer? {
        while unsafe extends && regions.count <= number {
            let made = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
            unsafe made.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            unsafe regions.append(made)
        }
        return unsafe number < regions.count ? regions[number] : nil
    }
}

/// One opened file.
final class SimulatedHandle {
    let disk: SimulatedDisk
    let file: SimulatedFile
    /// True until the folder was synced after a log was made, as SQLite does on Unix.
    var mustSyncNames: Bool
    let removedOnClose: String?
    /// 0 none, 1 shared, 2 reserved, 3 pending, 4 exclusive.
    private(set) var lock: Int32 = 0
    private var sharedLocks: Set<Int> = []
    private var exclusiveLocks: Set<Int> = []

    init(
        disk: SimulatedDisk, file: SimulatedFile, mustSyncNames: Bool, removedOnClose: String?
    ) {
        self.disk = disk
        self.file = file
        self.mustSyncNames = mustSyncNames
        self.removedOnClose = removedOnClose
        file.handles.append(self)
    }

    func close() {
        file.handles.removeAll { $0 === self }
        if file.handles.isEmpty { file.memory = nil }
        if let removedOnClose { _ = disk.remove(removedOnClose) }
    }

    private var others: [SimulatedHandle] { file.handles.filter { $0 !== self } }

    /// True unless another connection stands in the way.
    func raiseLock(to level: Int32) -> Bool {
        guard level > lock else { return true }
        let highest = others.map(\.lock).max() ?? 0
        let isFree =
            switch level {
            case 1: highest < 3
            case 2: highest < 2
            default: highest < 1
            }
        if isFree { lock = level } else if level == 4, highest < 3 { lock = 3 }
        return isFree
    }

    func lowerLock(to level: Int32) {
        lock = min(lock, level)
    }

    var isReserved: Bool { file.handles.contains { $0.lock >= 2 } }

    /// Takes locks of the log's index; false when another connection stands in the way.
    func takeMemoryLocks(_ locks: Range<Int>, exclusively: Bool) -> Bool {
        let isTaken = others.contains { other in
            locks.contains { lock in
                other.exclusiveLocks.contains(lock)
                    || exclusively && other.sharedLocks.contains(lock)
            }
        }
        guard !isTaken else { return false }
        if exclusively { exclusiveLocks.formUnion(locks) } else { sharedLocks.formUnion(locks) }
        return true
    }

    func giveMemoryLocks(_ locks: Range<Int>) {
        exclusiveLocks.subtract(locks)
        sharedLocks.subtract(locks)
    }

    func giveAllMemoryLocks() {
        exclusiveLocks = []
        sharedLocks = []
    }
}
