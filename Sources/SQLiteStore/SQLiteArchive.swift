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
    static let schemaVersion: Int64 = 1

    let database: Database
    let tuning: StoreTuning
    /// The last segment whose entries it holds.
    public private(set) var through: UInt64
    private var health: LogHealth

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
        if let found = try? Self(path: path, vfs: folder.vfs, journal, tuning) { return found }
        folder.removeDatabase(fileName)
        return try Self(path: path, vfs: folder.vfs, journal, tuning)
    }

    private init(
        path: String, vfs: String?, _ journal: some JournalReader, _ tuning: StoreTuning
    ) throws(StoreError) {
        let database = try Database(path: path, access: .writing, vfs: vfs)
        let isKnown = try database.isKnown(as: Self.applicationID, schema: Self.schemaVersion)
        try database.assertPragma("journal_mode", "WAL", reads: "wal")
        try database.assertPragma("synchronous", "NORMAL", reads: "1")
        try database.assertPragma("wal_autocheckpoint", "0", reads: "0")
        try database.limitLog()
        try database.truncateLog()
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
        through = last
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
        guard isSound else { return }
        do throws(StoreError) { try database.copyLog() } catch { health = .doubtful(error) }
    }

    /// Takes what was deleted out of the log, if its readers end soon; false when they do not.
    public mutating func clearLog() -> Bool {
        guard isSound else { return false }
        do throws(StoreError) {
            return try database.truncateLogIfFree(waiting: 1000)
        } catch {
            health = .doubtful(error)
            return false
        }
    }

    /// Archives the entries of the segments behind those that it holds up to `last`; all of them or
    /// none are there after a crash.
    public mutating func append(
        through last: UInt64, from journal: some JournalReader
    ) throws(StoreError) {
        guard last > through else { return }
        if case .doubtful(let error) = health { throw error }
        let first = through
        try database.transaction { () throws(StoreError) in
            var done = first
            // One buffer for all runs: new pages of memory cost more than what is done with them.
            var summaries = EntrySummaries()
            while done < last {
                done = try appendRun(after: done, atMost: last, from: journal, &summaries)
            }
        }
        through = last
        copyLog()
    }

    /// Archives segments as one run; gives the last of them.
    private func appendRun(
        after: UInt64, atMost end: UInt64, from journal: some JournalReader,
        _ summaries: inout EntrySummaries
    ) throws(StoreError) -> UInt64 {
        var last = after
        var hash: [UInt8] = []
        summaries.removeAll()
        while last < end, summaries.entries.count < tuning.archivedRunEntries {
            last += 1
            guard let segment = try journal.segment(last) else {
                throw .corrupt("segment \(last) is missing")
            }
            do throws(SegmentError) {
                try SegmentView(segment).summarize(to: &summaries)
            } catch {
                throw .corrupt("segment \(last): \(error)")
            }
            hash = segment.hash
        }
        var writer = try newWriter(addingUp: true)
        try writer.append(summaries, in: summaries.orderByAccount, database)
        let runs = try writer.finish(database)
        try record(
            writer, after: after, through: last, hash,
            runs: try writeRuns(runs, under: writer.number))
        return last
    }

    private func record(
        _ writer: borrowing ArchiveWriter, after: UInt64, through: UInt64, _ hash: [UInt8],
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
            8, copying: runs.filter.encoded(for: KeyRun.Range(after: after, through: through)))
        _ = try insert.step(database)
    }

    /// What writes a run with the least number that is free.
    private func newWriter(addingUp: Bool) throws(StoreError) -> ArchiveWriter {
        var number: Int64 = 1
        for taken in try ArchiveRun.all(database).map(\.number).sorted() where taken == number {
            number += 1
        }
        // A run that was lost may have left chunks behind.
        try remove(number)
        return try ArchiveWriter(
            database, number: number, tuning.archivedChunkEntries, addingUp: addingUp)
    }

    private func remove(_ number: Int64) throws(StoreError) {
        try database.run(
            """
            DELETE FROM archive_chunk WHERE run = \(number);
            DELETE FROM run_chunk WHERE run = \(number);
            DELETE FROM archive_run WHERE number = \(number);
            """)
    }

    /// Takes away what says which entries it holds, so that the file is made anew at the next start.
    public func condemn() {
        try? database.run("DELETE FROM archive_run")
    }

    /// Empties the log; one that cannot be emptied is read at the next start.
    public mutating func finish() {
        guard case .sound = health else { return }
        do throws(StoreError) { try database.truncateLog() } catch { health = .doubtful(error) }
    }

    /// Empties the log at a clean end.
    public consuming func close() throws(StoreError) {
        try database.truncateLog()
    }
}

extension SQLiteArchive {
    /// Merges runs when there are enough of about one size; false when there was nothing to merge.
    public func merge() throws(StoreError) -> Bool {
        let runs = try ArchiveRun.all(database)
        let count = KeyRun.mergeCount(
            runs.map(\.entries), least: tuning.mergedArchivesMin,
            keysMax: tuning.mergedArchiveEntriesMax)
        guard count > 1 else { return false }
        let old = Array(runs.suffix(count))
        try database.transaction { () throws(StoreError) in try merge(old) }
        try? database.copyLog()
        return true
    }

    private func merge(_ old: [ArchiveRun]) throws(StoreError) {
        guard let first = old.first, let last = old.last else { return }
        let hash = try ArchiveRun.lastHash(database)
        var writer = try newWriter(addingUp: false)
        var readers: [ArchiveRunReader] = []
        for run in old { readers.append(try ArchiveRunReader(run, database)) }
        // Older runs come first, so that the entries of an account stay in order.
        while let account = readers.compactMap(\.account).min() {
            for index in readers.indices {
                while readers[index].account == account {
                    let (entries, bytes) = try readers[index].take(database)
                    try writer.append(entries, of: bytes, database)
                }
            }
        }
        _ = try writer.finish(database)
        try record(
            writer, after: first.after, through: last.through, hash,
            runs: try mergeRuns(of: old, into: writer.number))
        guard writer.entries == old.reduce(0, { $0 + $1.entries }) else {
            throw .corrupt("\(Self.fileName): entries of the archive are missing")
        }
        for run in old { try remove(run.number) }
    }
}
