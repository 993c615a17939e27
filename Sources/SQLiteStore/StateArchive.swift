internal import Credit
internal import Ledger
public import Store

/// The archive of a state file: every entry once more, by account, in runs of sorted chunks.
///
/// A run holds the entries of some consecutive segments; a chunk lies under its run, and the account
/// and position of its first entry, so that what an account has in a run is found by one search.
/// Small runs are merged, so that there are few.
extension SQLiteState {
    static let archiveSchema = """
        CREATE TABLE archive_run (
            number INTEGER PRIMARY KEY, after INTEGER NOT NULL, through INTEGER NOT NULL,
            entries INTEGER NOT NULL, chunks INTEGER NOT NULL, runs INTEGER NOT NULL,
            run_filter BLOB NOT NULL);
        CREATE TABLE archive_chunk (
            run INTEGER NOT NULL, account INTEGER NOT NULL, position INTEGER NOT NULL,
            body BLOB NOT NULL, PRIMARY KEY (run, account, position)) WITHOUT ROWID;
        """

    /// The runs, oldest first; their segments follow each other from the first one.
    static func archiveRuns(_ database: borrowing Database) throws(StoreError) -> [ArchiveRun] {
        let select = try database.statement(
            "SELECT number, after, through, entries, chunks, runs FROM archive_run ORDER BY through"
        )
        var runs: [ArchiveRun] = []
        while try select.step(database) {
            let run = ArchiveRun(
                number: select.integer(0), after: UInt64(bitPattern: select.integer(1)),
                through: UInt64(bitPattern: select.integer(2)), entries: Int(select.integer(3)),
                chunks: Int(select.integer(4)), runs: Int(select.integer(5)))
            guard run.after == runs.last?.through ?? 0, run.after < run.through else {
                select.reset()
                throw .corrupt("\(fileName): run \(run.number) of the archive")
            }
            runs.append(run)
        }
        return runs
    }

    /// Archives the segments up to `through` that are not archived yet; gives the number of entries.
    func archive(
        through: UInt64, from journal: some JournalReader
    ) throws(StoreError) -> Int {
        var entries = 0
        var last = self.through
        // One buffer for all runs: new pages of memory cost more than what is done with them.
        var summaries = EntrySummaries()
        while last < through {
            let after = last
            summaries.removeAll()
            while last < through, summaries.entries.count < tuning.archivedRunEntries {
                last += 1
                guard let segment = try journal.segment(last) else {
                    throw .corrupt("segment \(last) is missing")
                }
                do throws(SegmentError) {
                    try SegmentView(segment).summarize(to: &summaries)
                } catch {
                    throw .corrupt("segment \(last): \(error)")
                }
            }
            var writer = try ArchiveWriter(
                database, number: try freeArchiveNumber(), tuning.archivedChunkEntries,
                addingUp: true)
            try writer.append(summaries, in: summaries.orderByAccount, database)
            let runs = try writer.finish(database)
            try record(
                writer, after: after, through: last,
                runs: try writeRuns(runs, under: writer.number))
            entries += summaries.entries.count
        }
        return entries
    }

    private func record(
        _ writer: borrowing ArchiveWriter, after: UInt64, through: UInt64, runs: StoredRuns
    ) throws(StoreError) {
        let insert = try database.statement("INSERT INTO archive_run VALUES (?, ?, ?, ?, ?, ?, ?)")
        insert.bind(1, writer.number)
        insert.bind(2, Int64(bitPattern: after))
        insert.bind(3, Int64(bitPattern: through))
        insert.bind(4, Int64(writer.entries))
        insert.bind(5, Int64(writer.chunks))
        insert.bind(6, Int64(runs.count))
        insert.bind(
            7, copying: runs.filter.encoded(for: KeyRun.Range(after: after, through: through)))
        _ = try insert.step(database)
    }

    private func freeArchiveNumber() throws(StoreError) -> Int64 {
        var number: Int64 = 1
        for taken in try Self.archiveRuns(database).map(\.number).sorted() where taken == number {
            number += 1
        }
        return number
    }

    /// Merges runs when there are enough of about one size; false when there was nothing to merge.
    public func mergeArchive() throws(StoreError) -> Bool {
        let runs = try Self.archiveRuns(database)
        let count = KeyRun.mergeCount(
            runs.map(\.entries), least: tuning.mergedArchivesMin,
            keysMax: tuning.mergedArchiveEntriesMax)
        guard count > 1 else { return false }
        let old = Array(runs.suffix(count))
        try transaction { () throws(StoreError) in try merge(old) }
        try? database.copyLog()
        return true
    }

    private func merge(_ old: [ArchiveRun]) throws(StoreError) {
        guard let first = old.first, let last = old.last else { return }
        var writer = try ArchiveWriter(
            database, number: try freeArchiveNumber(), tuning.archivedChunkEntries, addingUp: false)
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
            writer, after: first.after, through: last.through,
            runs: try mergeRuns(of: old, into: writer.number))
        guard writer.entries == old.reduce(0, { $0 + $1.entries }) else {
            throw .corrupt("\(Self.fileName): entries of the archive are missing")
        }
        for run in old {
            try database.run(
                """
                DELETE FROM archive_chunk WHERE run = \(run.number);
                DELETE FROM run_chunk WHERE run = \(run.number);
                DELETE FROM archive_run WHERE number = \(run.number);
                """)
        }
    }
}

/// A run of the archive: where its chunks lie, and of which segments.
struct ArchiveRun: Hashable, Sendable {
    let number: Int64
    /// The last segment before its first.
    let after: UInt64
    let through: UInt64
    let entries: Int
    let chunks: Int
    /// How many runs of scenarios its entries are of.
    let runs: Int

    /// What the checksum of a chunk covers beside its bytes: where it is stored.
    static func key(_ run: Int64, _ account: AccountSlot, _ position: Position) -> [Int64] {
        [run, Int64(account), position.packed]
    }
}

extension Position {
    /// The position as one number, in the same order.
    var packed: Int64 { Int64(bitPattern: segment << 24 | UInt64(index)) }

    init(packed: Int64) {
        let bits = UInt64(bitPattern: packed)
        self.init(segment: bits >> 24, index: UInt32(truncatingIfNeeded: bits & 0xFF_FFFF))
    }
}

/// Writes the entries of a run, which come by account and position.
private struct ArchiveWriter: ~Copyable {
    let number: Int64
    private let chunkEntries: Int
    private let insert: Statement
    private var encoder = ArchiveEncoder()
    private var waiting = EntrySummaries()
    private(set) var entries = 0
    private(set) var chunks = 0
    /// Adds up the runs of scenarios, where nobody knows them yet.
    private var runs: RunFold?

    init(
        _ database: borrowing Database, number: Int64, _ chunkEntries: Int, addingUp: Bool
    ) throws(StoreError) {
        self.number = number
        runs = addingUp ? RunFold() : nil
        self.chunkEntries = min(chunkEntries, ArchiveChunk.entriesMax)
        insert = try database.statement("INSERT INTO archive_chunk VALUES (?, ?, ?, ?)")
    }

    /// Appends entries in an order of their places.
    mutating func append(
        _ summaries: borrowing EntrySummaries, in order: [UInt32],
        _ database: borrowing Database
    ) throws(StoreError) {
        var chunk: [EntrySummary] = []
        var rest = order[...]
        while !rest.isEmpty {
            chunk.removeAll(keepingCapacity: true)
            for place in rest.prefix(chunkEntries) { chunk.append(summaries.entries[Int(place)]) }
            rest = rest.dropFirst(chunkEntries)
            try append(chunk[...], of: summaries.bytes, database)
        }
    }

    mutating func append(
        _ added: ArraySlice<EntrySummary>, of bytes: [UInt8], _ database: borrowing Database
    ) throws(StoreError) {
        entries += added.count
        var rest = added
        if !waiting.entries.isEmpty {
            let joining = rest.prefix(chunkEntries - waiting.entries.count)
            keep(joining, of: bytes)
            rest = rest.dropFirst(joining.count)
            guard waiting.entries.count == chunkEntries else { return }
            try write(waiting.entries[...], of: waiting.bytes, database)
            waiting.entries.removeAll(keepingCapacity: true)
            waiting.bytes.removeAll(keepingCapacity: true)
        }
        // Whole chunks are written from where they are.
        while rest.count >= chunkEntries {
            try write(rest.prefix(chunkEntries), of: bytes, database)
            rest = rest.dropFirst(chunkEntries)
        }
        keep(rest, of: bytes)
    }

    /// Keeps entries for the next chunk, with copies of their texts.
    private mutating func keep(_ entries: ArraySlice<EntrySummary>, of bytes: [UInt8]) {
        for entry in entries { waiting.append(entry, of: bytes) }
    }

    private mutating func write(
        _ entries: ArraySlice<EntrySummary>, of bytes: [UInt8], _ database: borrowing Database
    ) throws(StoreError) {
        guard let first = entries.first else { return }
        if runs != nil { for entry in entries { runs?.add(entry, of: bytes) } }
        let key = ArchiveRun.key(number, first.account, first.position)
        for (index, part) in key.enumerated() { insert.bind(Int32(index + 1), part) }
        insert.bind(4, copying: encoder.encode(entries, of: bytes, under: key))
        _ = try insert.step(database)
        chunks += 1
    }

    /// Writes the rest; gives the runs of scenarios that were added up.
    mutating func finish(_ database: borrowing Database) throws(StoreError) -> [RunSummary] {
        try write(waiting.entries[...], of: waiting.bytes, database)
        waiting = EntrySummaries()
        return runs?.finish() ?? []
    }
}

/// Reads a run in order, the entries of one account in a chunk at a time.
private struct ArchiveRunReader {
    private let run: ArchiveRun
    private var chunk: EntrySummaries?
    private var key: (account: Int64, position: Int64) = (-1, 0)
    /// The place in the chunk of what comes next.
    private var place = 0

    init(_ run: ArchiveRun, _ database: borrowing Database) throws(StoreError) {
        self.run = run
        try readNext(database)
    }

    /// Whose entries come next; nil at the end.
    var account: AccountSlot? { chunk.map { $0.entries[place].account } }

    /// Takes the account's entries of the chunk, whose texts lie in the bytes beside them.
    mutating func take(
        _ database: borrowing Database
    ) throws(StoreError) -> (entries: ArraySlice<EntrySummary>, bytes: [UInt8]) {
        guard let chunk, let account else { return ([], []) }
        var end = place
        while end < chunk.entries.count, chunk.entries[end].account == account { end += 1 }
        let found = chunk.entries[place..<end]
        place = end
        if place >= chunk.entries.count { try readNext(database) }
        return (found, chunk.bytes)
    }

    private mutating func readNext(_ database: borrowing Database) throws(StoreError) {
        let select = try database.statement(
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ? AND (account, position) > (?, ?) ORDER BY account, position LIMIT 1
            """)
        select.bind(1, run.number)
        select.bind(2, key.account)
        select.bind(3, key.position)
        place = 0
        guard try select.step(database) else {
            chunk = nil
            return
        }
        defer { select.reset() }
        key = (select.integer(1), select.integer(2))
        chunk = try ArchiveChunk(row: select).allSummaries
        guard chunk?.entries.isEmpty == false else {
            throw .corrupt("\(SQLiteState.fileName): an empty chunk of the archive")
        }
    }
}

extension ArchiveChunk {
    /// The chunk in a statement's row of run, account, position and body.
    init(row: borrowing Statement) throws(StoreError) {
        do throws(SegmentError) {
            try self.init(
                from: row.bytes(3), under: [row.integer(0), row.integer(1), row.integer(2)])
        } catch {
            throw .corrupt("\(SQLiteState.fileName): a chunk of the archive: \(error)")
        }
    }

    /// Every entry, with its parameters.
    var allSummaries: EntrySummaries {
        get throws(StoreError) {
            do throws(SegmentError) {
                return try summaries(0..<count, parameters: true)
            } catch {
                throw .corrupt("\(SQLiteState.fileName): a chunk of the archive: \(error)")
            }
        }
    }
}
