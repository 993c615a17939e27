internal import Credit
internal import Ledger
internal import Store

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

    /// The runs, oldest first; their segments follow each other from the first one.
    static func all(_ database: borrowing Database) throws(StoreError) -> [ArchiveRun] {
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
                throw .corrupt("\(SQLiteArchive.fileName): run \(run.number)")
            }
            runs.append(run)
        }
        return runs
    }

    /// The hash of the last segment that the archive holds; empty when it holds none.
    static func lastHash(_ database: borrowing Database) throws(StoreError) -> [UInt8] {
        let select = try database.statement(
            "SELECT hash FROM archive_run ORDER BY through DESC LIMIT 1")
        guard try select.step(database) else { return [] }
        defer { select.reset() }
        return select.bytes(0)
    }

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
struct ArchiveWriter: ~Copyable {
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
struct ArchiveRunReader {
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
            throw .corrupt("\(SQLiteArchive.fileName): an empty chunk of the archive")
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
            throw .corrupt("\(SQLiteArchive.fileName): a chunk of the archive: \(error)")
        }
    }

    /// Every entry, with its parameters.
    var allSummaries: EntrySummaries {
        get throws(StoreError) {
            do throws(SegmentError) {
                return try summaries(0..<count, parameters: true)
            } catch {
                throw .corrupt("\(SQLiteArchive.fileName): a chunk of the archive: \(error)")
            }
        }
    }
}
