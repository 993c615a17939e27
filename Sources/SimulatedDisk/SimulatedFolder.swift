public import SQLiteStore
public import Store

/// A folder on a simulated disk.
public struct SimulatedFolder: StoreFolder {
    public let path: String
    public let vfs: String?
    private let disk: SimulatedDisk

    /// The only folder of `disk`, whose VFS is registered under `vfs`.
    public init(on disk: SimulatedDisk, vfs: String) {
        self.disk = disk
        self.vfs = vfs
        path = "/data"
    }

    public func copyDurably(_ name: String, to copy: String) throws(StoreError) -> Bool {
        guard let source = disk.file("\(path)/\(name)") else { return false }
        guard disk.read(source) == .done, let target = disk.make("\(path)/\(copy)"),
            disk.write(source.content, at: 0, to: target) == .done, disk.sync(target) == .done
        else { throw .unavailable("\(name): simulated failure") }
        return true
    }

    public func rename(_ name: String, to other: String) throws(StoreError) {
        guard disk.rename("\(path)/\(name)", to: "\(path)/\(other)") == .done else {
            throw .unavailable("\(name): simulated failure")
        }
    }

    public func sync() throws(StoreError) {
        guard disk.syncNames() == .done else { throw .unavailable("\(path): simulated failure") }
    }

    public func remove(_ name: String) {
        guard disk.file("\(path)/\(name)") != nil else { return }
        _ = disk.remove("\(path)/\(name)")
    }
}

@available(*, unavailable)
extension SimulatedFolder: Sendable {}
