internal import Credit
internal import Ledger
public import Store

/// The archive of entries in `archive.db`: every entry once more, by account, in runs of sorted chunks.
///
/// A run holds the entries of some consecutive segments; a chunk lies under its run, and the account
/// and position of its first entry, so that what an account has in a run is found by one search.
/// Small runs are merged, so that there are few. All of it can be made anew from the journal.
///
/// The only connection that writes the file, used by the archiving thread. Its commits need not be
/// durable at once (synchronous=NORMAL): after a crash an older archive is as good. It may be far
/// behind the journal: what it lacks is listed in memory (docs/adr/0023-archive.md).
public struct SQLiteArchive: ~Copyable, Sendable {
    static let fileName = "archive.db"
    /// PRAGMA application_id, "TLYA".
    static let applicationID: Int64 = 0x544C_5941
    static let schemaVersion: Int64 = 2

    let database: Database
    let tuning: StoreTuning
    /// The last segment whose entries it holds.
    public private(set) var through: UInt64
    private var health: LogHealth
    /// True when the log could not be emptied at the start, as somebody read in it.
    public let hasOldLog: Bool
    /// The merge that is under way, at most one.
    private var merging: [RunMerging]
    /// Numbers of runs that are no more, or never were, of which something is still stored.
    private var leftovers: [Int64]
    /// How many runs there are that will be merged.
    private var unmergedCount: Int

    private static let schema = """
        CREATE TABLE archive_run (
            number INTEGER PRIMARY KEY, after INTEGER NOT NULL, through INTEGER NOT NULL,
            hash BLOB NOT NULL, entries INTEGER NOT NULL, chunks INTEGER NOT NULL,
            runs INTEGER NOT NULL, run_filter BLOB NOT NULL);
        CREATE TABLE archive_chunk (
            run INTEGER NOT NULL, account INTEGER NOT NULL, position INTEGER NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (run, account, position)) WITHOUT ROWID;
        CREATE TABLE run_chunk (
            run INTEGER NOT NULL, account INTEGER NOT NULL, name BLOB NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (run, account, name)) WITHOUT ROWID;
        """

    /// Opens or creates the file in a locked folder; makes it anew when it is damaged, or was made of
    /// segments that the journal does not have.
    public init(
        in folder: borrowing some StoreFolder & ~Copyable, of journal: some JournalReader,
        tuning: StoreTuning = StoreTuning()
    ) throws(StoreError) {
        try folder.renewLog(of: Self.fileName)
        self = try Self.found(in: folder, of: journal, tuning)
    }

    private static func found(
        in folder: borrowing some StoreFolder & ~Copyable, of journal: some JournalReader,
        _ tuning: StoreTuning
    ) throws(StoreError) -> Self {
        let path = "\(folder.path)/\(fileName)"
        do throws(StoreError) {
            return try Self(path: path, vfs: folder.vfs, journal, tuning)
        } catch {
            guard case .corrupt = error else { throw error }
            folder.removeDatabase(fileName)
            return try Self(path: path, vfs: folder.vfs, journal, tuning)
        }
    }

    private init(
        path: String, vfs: String?, _ journal: some JournalReader, _ tuning: StoreTuning
    ) throws(StoreError) {
        let database = try Database(path: path, access: .writing, vfs: vfs)
        let isKnown = try database.isKnown(as: Self.applicationID)
        try database.assertPragma("journal_mode", "WAL", reads: "wal")
        try database.assertPragma("synchronous", "NORMAL", reads: "1")
        try database.assertPragma("wal_autocheckpoint", "0", reads: "0")
        try database.limitLog()
        let isLogEmpty = try database.emptyLog()
        if !isKnown {
            try database.stamp(as: Self.applicationID, schema: Self.schemaVersion) {
                () throws(StoreError) in
                try database.run(Self.schema)
            }
        }
        try database.requireSchema(Self.schemaVersion)
        let last = try ArchiveRun.all(database).last?.through ?? 0
        let hash = last > 0 ? try journal.segment(last)?.hash : []
        guard hash == (try ArchiveRun.lastHash(database)) else {
            throw .corrupt("the journal has no such segment \(last)")
        }
        if try Self.retentionStep(database) != nil { try Self.overwriteWhatIsDeleted(database) }
        let leftovers = try Self.leftovers(database)
        let unmergedCount = try ArchiveRun.all(database).count { $0.isMerged(by: tuning) }
        merging = []
        self.leftovers = leftovers
        self.unmergedCount = unmergedCount
        through = last
        hasOldLog = !isLogEmpty
        health = .sound
        self.tuning = tuning
        self.database = database
    }

    /// True while what the log reads is on disk, so that more may be written.
    var isSound: Bool {
        if case .sound = health { true } else { false }
    }

    /// Copies what readers allow of the log into the file.
    public mutating func copyLog() {
        health.attempt(database) { (database) throws(StoreError) in try database.copyLog() }
    }

    /// Takes what was deleted out of the log, if its readers end soon; false when they do not.
    public mutating func clearLog() -> Bool {
        var isEmpty = false
        health.attempt(database) { (database) throws(StoreError) in
            isEmpty = try database.truncateLogIfFree(waiting: 1000)
        }
        return isEmpty
    }

    /// Archives the entries of the segments behind those that it holds up to `last`; all of them or
    /// none are there after a crash.
    public mutating func append(
        through last: UInt64, from journal: some JournalReader
    ) throws(StoreError) {
        guard last > through else { return }
        if case .doubtful(let error) = health { throw error }
        let first = through
        var added = 0
        try database.transaction { () throws(StoreError) in
            var done = first
            while done < last {
                done = try appendRun(after: done, atMost: last, from: journal)
                added += 1
            }
        }
        through = last
        unmergedCount += added
        copyLog()
    }

    /// Archives segments as one run; gives the last of them.
    private func appendRun(
        after: UInt64, atMost end: UInt64, from journal: some JournalReader
    ) throws(StoreError) -> UInt64 {
        var last = after
        var hash: [UInt8] = []
        var part = ArchivePart(chunkEntries: tuning.archivedChunkEntries)
        var writer = ArchiveWriter(number: try freeNumber())
        while last < end, part.count < tuning.archivedRunEntries {
            last += 1
            guard let segment = try journal.segment(last) else {
                throw .corrupt("segment \(last) is missing")
            }
            do throws(SegmentError) {
                try part.append(segment)
            } catch {
                throw .corrupt("segment \(last): \(error)")
            }
            hash = segment.hash
        }
        let insert = try ArchiveWriter.insert(database)
        while let chunk = try next(of: &part, under: writer.key, through: last) {
            try writer.write(chunk, insert, database)
        }
        let runs = try writeRuns(part.finishRuns(), under: writer.number)
        try record(writer, after: after, through: last, hash, runs: runs)
        return last
    }

    private func next(
        of part: inout ArchivePart, under key: ChunkKey, through last: UInt64
    ) throws(StoreError) -> EncodedChunk? {
        do throws(SegmentError) {
            return try part.next(under: key)
        } catch {
            throw .corrupt("a segment up to \(last): \(error)")
        }
    }

    private func record(
        _ writer: ArchiveWriter, after: UInt64, through: UInt64, _ hash: [UInt8],
        runs: StoredRuns
    ) throws(StoreError) {
        let insert = try database.statement(
            "INSERT INTO archive_run VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        insert.bind(1, writer.number)
        insert.bind(2, Int64(bitPattern: after))
        insert.bind(3, Int64(bitPattern: through))
        insert.bind(4, copying: hash)
        insert.bind(5, Int64(writer.entries))
        insert.bind(6, Int64(writer.chunks))
        insert.bind(7, Int64(runs.count))
        insert.bind(
            8, copying: runs.filter.encoded(for: SegmentRange(after: after, through: through)))
        _ = try insert.step(database)
    }

    /// The least number of a run that is free.
    private func freeNumber() throws(StoreError) -> Int64 {
        var taken = Set(try ArchiveRun.all(database).map(\.number)).union(leftovers)
        taken.formUnion(merging.map(\.number))
        var number: Int64 = 1
        while taken.contains(number) { number += 1 }
        return number
    }

    /// Has the file made anew at the next start.
    public func condemn() { database.condemn() }

    /// Empties the log; one that cannot be emptied is read at the next start.
    public mutating func finish() {
        health.attempt(database) { (database) throws(StoreError) in try database.truncateLog() }
    }

    /// Empties the log at a clean end.
    public consuming func close() throws(StoreError) {
        try database.truncateLog()
    }
}

extension SQLiteArchive {
    /// True when runs have piled up, so that merging must not wait any longer.
    public var isMergeOverdue: Bool { unmergedCount >= tuning.mergedArchives * 3 }

    /// Does the next bit of merging in one transaction; false when there is nothing to merge.
    ///
    /// Runs may be appended between two steps. What was merged is read from the old runs until all
    /// of the new one is there.
    public mutating func mergeStep() throws(StoreError) -> Bool {
        if try removeLeftovers() { return true }
        if merging.isEmpty {
            let runs = try ArchiveRun.all(database)
            guard
                let due = RunTiers.due(
                    runs.map(\.entries), count: tuning.mergedArchives,
                    entriesMax: tuning.mergedArchiveEntriesMax)
            else { return false }
            merging = [
                try RunMerging(
                    Array(runs[due]), into: try freeNumber(), tuning, database)
            ]
        }
        guard var step = merging.first else { return false }
        // After an error it is begun anew.
        abandonMerge()
        var isDone = false
        try database.transaction { () throws(StoreError) in
            isDone = try step.advance(database)
            guard isDone else { return }
            let removed = step.old.map { "\($0.number)" }.joined(separator: ", ")
            let hash = try Self.hash(of: step.old, database)
            try database.run("DELETE FROM archive_run WHERE number IN (\(removed))")
            try record(
                step.writer, after: step.after, through: step.through, hash, runs: step.runs)
        }
        leftovers.removeAll { $0 == step.number }
        if isDone {
            leftovers += step.old.map(\.number)
            unmergedCount = try ArchiveRun.all(database).count { $0.isMerged(by: tuning) }
        } else {
            merging = [step]
        }
        copyLog()
        return true
    }

    /// Gives the merge that is under way up: runs stay as they are.
    public mutating func abandonMerge() {
        leftovers += merging.map(\.number)
        merging = []
    }

    /// Removes some of what is stored of runs that are no more; false when nothing is.
    public mutating func removeLeftovers() throws(StoreError) -> Bool {
        if case .doubtful(let error) = health { throw error }
        guard let number = leftovers.last else { return false }
        var isEmpty = false
        try database.transaction { () throws(StoreError) in
            isEmpty = try removeSome(of: number, database)
        }
        if isEmpty { leftovers.removeLast() }
        copyLog()
        return true
    }

    /// Removes some chunks of a run; true when no more are left.
    private func removeSome(
        of number: Int64, _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        var isEmpty = true
        let tables = [("archive_chunk", "account, position"), ("run_chunk", "account, name")]
        for (table, key) in tables {
            let last = try database.statement(
                """
                SELECT \(key) FROM \(table) WHERE run = \(number)
                ORDER BY \(key) LIMIT 1 OFFSET \(tuning.mergeStepChunks)
                """)
            guard try last.step(database) else {
                try database.run("DELETE FROM \(table) WHERE run = \(number)")
                continue
            }
            last.reset()
            isEmpty = false
            try database.run(
                """
                DELETE FROM \(table) WHERE run = \(number) AND (\(key)) < (
                    SELECT \(key) FROM \(table) WHERE run = \(number)
                    ORDER BY \(key) LIMIT 1 OFFSET \(tuning.mergeStepChunks))
                """)
        }
        return isEmpty
    }

    /// Numbers under which chunks lie though there is no such run.
    private static func leftovers(_ database: borrowing Database) throws(StoreError) -> [Int64] {
        let known = Set(try ArchiveRun.all(database).map(\.number))
        var found: Set<Int64> = []
        for table in ["archive_chunk", "run_chunk"] {
            let next = try database.statement("SELECT min(run) FROM \(table) WHERE run > ?")
            var last = Int64(0)
            while true {
                next.bind(1, last)
                guard try next.step(database) else { break }
                let number = next.integer(0)
                next.reset()
                guard number > last else { break }
                if !known.contains(number) { found.insert(number) }
                last = number
            }
        }
        return found.sorted()
    }

    /// The hash of the last segment of some runs that follow each other.
    private static func hash(
        of runs: [ArchiveRun], _ database: borrowing Database
    ) throws(StoreError) -> [UInt8] {
        let select = try database.statement("SELECT hash FROM archive_run WHERE number = ?")
        select.bind(1, runs.last?.number ?? 0)
        guard try select.step(database) else {
            throw .corrupt("\(fileName): a run of the archive is gone")
        }
        defer { select.reset() }
        return select.bytes(0)
    }
}
