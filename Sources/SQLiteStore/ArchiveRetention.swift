internal import Credit
internal import Ledger
public import Store

/// Deletes from the archive what the journal has lost since, step by step.
///
/// What it deletes is what the journal has lost and not what plans say, so that the archive stays
/// what one made anew from the journal would be. While it lasts no runs are merged.
public struct ArchiveRetention: Sendable {
    /// How many chunks a step looks at.
    public static let stepChunks = 16
    /// How many segments of the journal a step reads.
    public static let stepSegments = 256
    /// How many segments are dealt with in one pass over the chunks of a run.
    public static let passSegmentsMax = 1 << 18
    /// How many pages of the file a step writes over that nothing is in.
    public static let stepPages = 256

    private enum Phase {
        /// Writes over what was deleted before anybody asked for it to be.
        case filling, emptying
        /// Asks which segments of the last run from one on have lost something.
        case segments(from: UInt64)
        /// Reads what they have lost; those that are left.
        case reading([UInt64])
        /// Goes through the chunks after one.
        case chunks(account: Int64, position: Int64)
    }

    /// The step of the journal that the archive reaches, and the one that it will.
    private let after: UInt64
    private let through: UInt64
    private var phase: Phase
    /// The runs that are left, the first one last.
    private var runs: [ArchiveRun]
    /// Which events have no details any more, by segment: a bit each.
    private var deleted: [UInt64: [UInt64]] = [:]
    private var nextSegment: UInt64 = 0
    /// How many entries of the archive lost something.
    public private(set) var entries = 0

    /// What there is to do; nil when there is nothing.
    public init?(
        in archive: borrowing SQLiteArchive, from journal: SQLiteJournalReader
    ) throws(StoreError) {
        through = try journal.lastRetentionStep()
        let reached = try SQLiteArchive.retentionStep(archive.database)
        after = reached ?? 0
        guard through > after else { return nil }
        try SQLiteArchive.overwriteWhatIsDeleted(archive.database)
        runs = try ArchiveRun.all(archive.database).reversed()
        phase = reached == nil ? .filling : .segments(from: 1)
    }

    /// Does the next bit in one transaction; false when all is done.
    public mutating func step(
        in archive: borrowing SQLiteArchive, from journal: SQLiteJournalReader
    ) throws(StoreError) -> Bool {
        guard archive.isSound else { throw .unavailable("the log of archive.db is in doubt") }
        var next = self
        try archive.database.transaction { () throws(StoreError) in
            try next.advance(archive.database, journal)
            if next.runs.isEmpty { try archive.setRetentionStep(through) }
        }
        self = next
        return !runs.isEmpty
    }

    private mutating func advance(
        _ database: borrowing Database, _ journal: SQLiteJournalReader
    ) throws(StoreError) {
        switch phase {
        case .filling:
            if try !SQLiteArchive.fillFreePages(database) { phase = .emptying }
        case .emptying:
            if try !SQLiteArchive.emptyFilledPages(database) { phase = .segments(from: 1) }
        case .segments(let first):
            guard let run = runs.last else { return }
            let numbers = try journal.pruned(
                steps: after, through: through, from: max(first, run.after + 1), to: run.through,
                limit: Self.passSegmentsMax)
            guard let last = numbers.last else {
                runs.removeLast()
                phase = .segments(from: 1)
                return
            }
            deleted = [:]
            nextSegment = last + 1
            phase = .reading(numbers.reversed())
        case .reading(var numbers):
            for number in numbers.suffix(Self.stepSegments) { try read(number, journal) }
            numbers.removeLast(min(numbers.count, Self.stepSegments))
            phase = numbers.isEmpty ? .chunks(account: -1, position: 0) : .reading(numbers)
        case .chunks(let account, let position):
            try deleteDetails(after: account, position, database)
        }
    }

    private mutating func read(
        _ number: UInt64, _ journal: SQLiteJournalReader
    ) throws(StoreError) {
        guard let segment = try journal.segment(number) else {
            throw .unavailable("segment \(number) is missing")
        }
        do throws(SegmentError) {
            let view = try SegmentView(segment)
            var bits = [UInt64](repeating: 0, count: (view.count + 63) / 64)
            for index in view.deletedIndices { bits[Int(index / 64)] |= 1 << UInt64(index % 64) }
            deleted[number] = bits
        } catch {
            throw .unavailable("segment \(number): \(error)")
        }
    }

    private func isDeleted(_ position: Position) -> Bool {
        guard let bits = deleted[position.segment], position.index / 64 < bits.count else {
            return false
        }
        return bits[Int(position.index / 64)] >> UInt64(position.index % 64) & 1 == 1
    }

    private mutating func deleteDetails(
        after account: Int64, _ position: Int64, _ database: borrowing Database
    ) throws(StoreError) {
        guard let run = runs.last else { return }
        let select = try database.statement(
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ? AND (account, position) > (?, ?) ORDER BY account, position LIMIT ?
            """)
        select.bind(1, run.number)
        select.bind(2, account)
        select.bind(3, position)
        select.bind(4, Int64(Self.stepChunks))
        var chunks: [(key: [Int64], chunk: ArchiveChunk)] = []
        while try select.step(database) {
            let key = [select.integer(0), select.integer(1), select.integer(2)]
            chunks.append((key, try ArchiveChunk(row: select)))
        }
        for (key, chunk) in chunks { try deleteDetails(of: chunk, at: key, database) }
        if chunks.count == Self.stepChunks, let last = chunks.last {
            phase = .chunks(account: last.key[1], position: last.key[2])
        } else {
            phase = .segments(from: nextSegment)
        }
    }

    private mutating func deleteDetails(
        of chunk: ArchiveChunk, at key: [Int64], _ database: borrowing Database
    ) throws(StoreError) {
        guard let (body, count) = try body(of: chunk, at: key) else { return }
        entries += count
        let update = try database.statement(
            "UPDATE archive_chunk SET body = ?4 WHERE run = ?1 AND account = ?2 AND position = ?3")
        for (index, part) in key.enumerated() { update.bind(Int32(index + 1), part) }
        update.bind(4, copying: body)
        _ = try update.step(database)
    }

    /// What a chunk becomes, and of how many entries it loses something; nil when of none.
    private func body(
        of chunk: ArchiveChunk, at key: [Int64]
    ) throws(StoreError) -> (body: [UInt8], entries: Int)? {
        let number = key[0]
        do throws(SegmentError) {
            let changed = try chunk.withoutDetails(
                under: { ArchiveRun.key(number, $0, $1) }, isDeleted)
            return changed.map { ($0.chunk.body, $0.entries) }
        } catch {
            throw .chunk(error)
        }
    }
}

extension SQLiteArchive {
    private static let retentionSchema = """
        CREATE TABLE IF NOT EXISTS retention (
            id INTEGER PRIMARY KEY CHECK (id = 1), step INTEGER NOT NULL);
        """

    /// Has SQLite write over what is deleted from now on.
    ///
    /// It writes more then: each merge of runs writes over the old ones. What lies in a leaf may still be
    /// left behind when SQLite moves rows between leaves; details never do (`ArchiveChunk.headBytesMin`).
    static func overwriteWhatIsDeleted(_ database: borrowing Database) throws(StoreError) {
        try database.assertPragma("secure_delete", "ON", reads: "1")
    }

    /// The last step of the journal whose deletions the archive has; nil before the first.
    static func retentionStep(_ database: borrowing Database) throws(StoreError) -> UInt64? {
        guard try count("sqlite_master WHERE name = 'retention'", database) > 0 else { return nil }
        let select = try database.statement("SELECT step FROM retention")
        guard try select.step(database) else { return nil }
        defer { select.reset() }
        return UInt64(bitPattern: select.integer(0))
    }

    func setRetentionStep(_ step: UInt64) throws(StoreError) {
        try database.run(
            "\(Self.retentionSchema) INSERT OR REPLACE INTO retention VALUES (1, \(step))")
    }

    private static func count(
        _ rows: String, _ database: borrowing Database
    ) throws(StoreError) -> Int64 {
        let select = try database.statement("SELECT count(*) FROM \(rows)")
        guard try select.step(database) else { return 0 }
        defer { select.reset() }
        return select.integer(0)
    }

    /// Fills some of the file's free pages with zeros; false when there are none.
    fileprivate static func fillFreePages(
        _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        let free = try database.statement("PRAGMA freelist_count")
        guard try free.step(database) else { return false }
        let pages = free.integer(0)
        free.reset()
        guard pages > 0 else { return false }
        // A long row needs a page or two beside those that it fills; a short one fills the last ones.
        let size =
            pages > 8 ? min(pages - 4, Int64(ArchiveRetention.stepPages)) * 4092 : 3900
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS retention_fill (id INTEGER PRIMARY KEY, body BLOB);
            INSERT INTO retention_fill (body) VALUES (zeroblob(\(size)));
            """)
        return true
    }

    /// Frees some of what was filled; false when nothing is.
    fileprivate static func emptyFilledPages(
        _ database: borrowing Database
    ) throws(StoreError) -> Bool {
        let table = "sqlite_master WHERE name = 'retention_fill'"
        guard try count(table, database) > 0 else { return false }
        guard try count("retention_fill", database) > 0 else {
            try database.run("DROP TABLE retention_fill")
            return false
        }
        try database.run(
            "DELETE FROM retention_fill WHERE id = (SELECT max(id) FROM retention_fill)")
        return true
    }
}
