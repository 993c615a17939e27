import SQLiteStore
import Store
import Terminal

/// The `--data` option of commands that open the folder themselves.
enum DataOption {
    static let usual = "./tally-data"

    /// Locks the folder.
    static func open(_ path: String, creating: Bool) throws -> DataFolder {
        if !creating {
            guard DataFolder.exists(path) else {
                throw Failure.failed("\(path) is no data folder of Tally")
            }
        }
        do {
            return try DataFolder(path: path)
        } catch .inUse(let path) {
            throw Failure.failed("\(path) is in use by another process")
        } catch {
            throw Failure.failed("\(path): \(error)")
        }
    }
}
