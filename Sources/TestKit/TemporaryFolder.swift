internal import FoundationEssentials
internal import Synchronization

/// A new folder that is removed with its contents when this value goes out of scope.
public struct TemporaryFolder: ~Copyable, Sendable {
    private static let made = Atomic<Int>(0)

    /// Where the folder is.
    public let path: String

    /// Makes a folder that no other test or process uses.
    public init() throws {
        let number = Self.made.add(1, ordering: .relaxed).newValue
        let process = ProcessInfo.processInfo.processIdentifier
        let parent = FileManager.default.temporaryDirectory
        path = parent.appending(path: "tally-\(process)-\(number)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The bytes of a file in the folder.
    public func contents(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }

    /// Writes a file in the folder.
    public func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }

    /// Removes a file of the folder.
    public func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    /// The names of the files in the folder, sorted.
    public func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
