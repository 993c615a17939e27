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

    public func rewrite(_ name: String) throws(StoreError) {
        guard let file = disk.file("\(path)/\(name)") else { return }
        guard disk.read(file) == .done, disk.write(file.content, at: 0, to: file) == .done,
            disk.sync(file) == .done
        else { throw .unavailable("\(name): simulated failure") }
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
