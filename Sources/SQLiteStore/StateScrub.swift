public import Store

/// Reads every page of usage that a checkpoint has, and counts its cells.
///
/// Reports read a few pages at a time: one that is damaged is found here, some time after a start.
/// Balances need no scrub, as a start reads all of them, nor do keys, whose pages say what must be on them;
/// the archive has its own (``ArchiveScrub``).
public struct StateScrub: ~Copyable, Sendable {
    /// How many pages of usage a step reads, so that no reader holds the log up for long.
    public static let stepPages = 64

    private let database: Database
    /// The runs that are not read to their end yet, the next one last.
    private var runs: [UsageRun]
    private var place = 0
    private var cellCount = 0

    /// Opens the state in the folder at `path`; nil when it has no checkpoint yet.
    public init?(folder path: String, vfs: String? = nil) throws(StoreError) {
        let database = try Database(
            path: "\(path)/\(SQLiteState.fileName)", access: .reading, vfs: vfs)
        // A checkpoint may be written meanwhile.
        let found = try database.reading { () throws(StoreError) -> [UsageRun]? in
            try SQLiteState.head(database) == nil ? nil : try SQLiteState.usageRuns(database)
        }
        guard let found else { return nil }
        runs = found.reversed()
        self.database = database
    }

    /// Reads some pages; true when there are no more.
    ///
    /// Throws `StoreError.corrupt` when a page is not what was written, or missing. Of runs that have been
    /// merged meanwhile the rest is left out.
    public mutating func step() throws(StoreError) -> Bool {
        guard let run = runs.last else { return true }
        var (place, count) = (place, cellCount)
        let isThere = try database.reading { () throws(StoreError) in
            guard try SQLiteState.usageRuns(database).contains(run) else { return false }
            let select = try RunTables.usage.selectPage(database)
            for _ in 0..<Self.stepPages where place < run.pages {
                count += try run.page(place, select, database).count
                place += 1
            }
            return true
        }
        (self.place, cellCount) = (place, count)
        guard !isThere || place == run.pages else { return false }
        guard !isThere || count == run.count else {
            throw .corrupt(
                "\(SQLiteState.fileName): \(count) of \(run.count) cells of usage")
        }
        runs.removeLast()
        (self.place, cellCount) = (0, 0)
        return runs.isEmpty
    }
}
