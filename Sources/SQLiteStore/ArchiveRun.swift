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

    /// True when it is one of those that are merged.
    func isMerged(by tuning: StoreTuning) -> Bool { entries <= tuning.mergedArchiveEntriesMax }

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

/// Writes the chunks of a run.
struct ArchiveWriter {
    let number: Int64
    private(set) var entries = 0
    private(set) var chunks = 0

    init(number: Int64) {
        self.number = number
    }

    /// Under what the run's chunks are stored.
    var key: ChunkKey {
        let number = number
        return { ArchiveRun.key(number, $0, $1) }
    }

    /// What writes a chunk.
    static func insert(_ database: borrowing Database) throws(StoreError) -> Statement {
        try database.statement("INSERT INTO archive_chunk VALUES (?, ?, ?, ?)")
    }

    mutating func write(
        _ chunk: EncodedChunk, _ insert: borrowing Statement, _ database: borrowing Database
    ) throws(StoreError) {
        for (index, part) in key(chunk.account, chunk.position).enumerated() {
            insert.bind(Int32(index + 1), part)
        }
        insert.bind(4, copying: chunk.body)
        _ = try insert.step(database)
        entries += chunk.count
        chunks += 1
    }
}

/// Goes through the chunks of a run in order.
struct ArchiveRunReader {
    private let run: ArchiveRun
    private var key: (account: Int64, position: Int64) = (-1, 0)

    init(_ run: ArchiveRun) {
        self.run = run
    }

    /// The next chunk; nil after the last.
    mutating func next(_ database: borrowing Database) throws(StoreError) -> ArchiveChunk? {
        let select = try database.statement(
            """
            SELECT run, account, position, body FROM archive_chunk
            WHERE run = ? AND (account, position) > (?, ?) ORDER BY account, position LIMIT 1
            """)
        select.bind(1, run.number)
        select.bind(2, key.account)
        select.bind(3, key.position)
        guard try select.step(database) else { return nil }
        defer { select.reset() }
        key = (select.integer(1), select.integer(2))
        return try ArchiveChunk(row: select)
    }
}

extension ArchiveChunk {
    /// The chunk in a statement's row of run, account, position and body.
    init(row: borrowing Statement) throws(StoreError) {
        do throws(SegmentError) {
            try self.init(
                from: row.bytes(3), under: [row.integer(0), row.integer(1), row.integer(2)])
        } catch {
            throw .chunk(error)
        }
    }

    /// Every entry, with its parameters.
    var allSummaries: EntrySummaries {
        get throws(StoreError) {
            do throws(SegmentError) {
                return try summaries(0..<count, parameters: true)
            } catch {
                throw .chunk(error)
            }
        }
    }
}
