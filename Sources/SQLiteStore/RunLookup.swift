public import Ledger
public import Store
internal import Synchronization

extension SQLiteArchiveReader {
    public func runs(
        _ names: [[UInt8]], of account: AccountSlot
    ) throws(StoreError) -> (through: UInt64, parts: [[RunSummary]]) {
        try connection.withLock { (connection) throws(StoreError) in
            try connection.read { (through, archive, database) throws(StoreError) in
                var filters = runFilters.withLock { $0 }
                try filters.follow(archive, database)
                runFilters.withLock { $0 = filters }
                let parts = try connection.runs.parts(
                    of: names, of: account, in: archive, filters, database)
                return (through, parts)
            }
        }
    }
}

/// Filters of what runs of scenarios lie under the runs of the archive.
struct RunFilters: Sendable {
    /// How much memory they may take, in bytes; further ones are done without.
    static let bytesMax = 64 << 20

    private var filters: [ArchiveRun: KeyFilter] = [:]

    /// False when a run surely does not lie under a run of the archive.
    func mayHold(_ hash: UInt64, under run: ArchiveRun) -> Bool {
        run.runs > 0 && filters[run]?.mayHold(hash) ?? true
    }

    /// Forgets those of runs that were merged, and reads those of new ones.
    mutating func follow(
        _ archive: [ArchiveRun], _ database: borrowing Database
    ) throws(StoreError) {
        let known = Set(archive)
        filters = filters.filter { known.contains($0.key) }
        var bytes = filters.values.reduce(0) { $0 + $1.byteCount }
        let select = try database.statement("SELECT run_filter FROM archive_run WHERE number = ?")
        for run in archive where filters[run] == nil && bytes < Self.bytesMax {
            select.bind(1, run.number)
            guard try select.step(database) else { continue }
            let stored = select.bytes(0)
            select.reset()
            do throws(SegmentError) {
                let filter = try KeyFilter(
                    from: stored, for: SegmentRange(after: run.after, through: run.through))
                filters[run] = filter
                bytes += filter.byteCount
            } catch {
                throw .runs(error)
            }
        }
    }
}

/// Looks runs of scenarios up by their names.
struct RunLookup: ~Copyable {
    private let place: Statement
    private let chunk: Statement

    init(_ database: borrowing Database) throws(StoreError) {
        let place = try database.statement(
            """
            SELECT account, name FROM run_chunk
            WHERE run = ?1 AND (account, name) <= (?2, ?3)
            ORDER BY account DESC, name DESC LIMIT 1
            """)
        let chunk = try database.statement(
            """
            SELECT run, account, name, body FROM run_chunk
            WHERE run = ?1 AND account = ?2 AND name = ?3
            """)
        self.place = place
        self.chunk = chunk
    }

    /// For each of some runs its parts, in the order of the archive.
    func parts(
        of names: [[UInt8]], of account: AccountSlot, in archive: [ArchiveRun],
        _ filters: RunFilters, _ database: borrowing Database
    ) throws(StoreError) -> [[RunSummary]] {
        // Names that lie together are often in one chunk.
        let sorted = names.enumerated().sorted {
            $0.element.lexicographicallyPrecedes($1.element)
        }
        var parts = [[RunSummary]](repeating: [], count: names.count)
        for run in archive {
            var last: (key: ChunkKey, chunk: RunChunk)?
            for (index, name) in sorted {
                guard filters.mayHold(RunSummary.hash(name, of: account), under: run),
                    let key = try key(of: name, account, run, database)
                else { continue }
                let chunk: RunChunk
                if let last, last.key == key {
                    chunk = last.chunk
                } else {
                    chunk = try self.chunk(at: key, run, database)
                }
                last = (key, chunk)
                do throws(SegmentError) {
                    if let part = try chunk.run(name, of: account) { parts[index].append(part) }
                } catch {
                    throw .runs(error)
                }
            }
        }
        return parts
    }

    private struct ChunkKey: Equatable {
        let account: Int64
        let name: [UInt8]
    }

    /// The only chunk that can hold a run: the last that begins no later.
    private func key(
        of name: [UInt8], _ account: AccountSlot, _ run: ArchiveRun,
        _ database: borrowing Database
    ) throws(StoreError) -> ChunkKey? {
        place.bind(1, run.number)
        place.bind(2, Int64(account))
        place.bind(3, copying: name)
        guard try place.step(database) else { return nil }
        defer { place.reset() }
        return ChunkKey(account: place.integer(0), name: place.bytes(1))
    }

    private func chunk(
        at key: ChunkKey, _ run: ArchiveRun, _ database: borrowing Database
    ) throws(StoreError) -> RunChunk {
        chunk.bind(1, run.number)
        chunk.bind(2, key.account)
        chunk.bind(3, copying: key.name)
        guard try chunk.step(database) else {
            throw .corrupt("\(SQLiteArchive.fileName): a chunk of runs is gone")
        }
        defer { chunk.reset() }
        return try RunChunk(row: chunk)
    }
}
