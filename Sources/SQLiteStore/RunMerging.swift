internal import Credit
internal import Ledger
internal import Store

/// Runs of the archive that are being merged into one, step by step.
struct RunMerging: Sendable {
    /// The runs that are merged, oldest first.
    let old: [ArchiveRun]
    private(set) var writer: ArchiveWriter
    private var readers: [ArchiveRunReader]
    private var entries: ArchiveMerge
    private var hasEntries = true
    private var runMerge: RunChunkMerge
    private let stepChunks: Int

    /// Begins to merge runs that follow each other into the run with this number.
    init(
        _ old: [ArchiveRun], into number: Int64, _ tuning: StoreTuning,
        _ database: borrowing Database
    ) throws(StoreError) {
        self.old = old
        stepChunks = max(1, tuning.mergeStepChunks)
        writer = ArchiveWriter(number: number)
        var readers = old.map { ArchiveRunReader($0) }
        entries = try ArchiveMerge(runs: old.count, chunkEntries: tuning.archivedChunkEntries) {
            run throws(StoreError) in try readers[run].next(database)
        }
        self.readers = readers
        runMerge = try RunChunkMerge(of: old, into: number, database)
    }

    var number: Int64 { writer.number }
    var after: UInt64 { old.first?.after ?? 0 }
    var through: UInt64 { old.last?.through ?? 0 }

    /// What the merged run says of runs of scenarios, once all of it is written.
    var runs: StoredRuns { runMerge.stored }

    /// Writes some chunks; true when the run is complete.
    mutating func advance(_ database: borrowing Database) throws(StoreError) -> Bool {
        guard hasEntries else { return try !runMerge.advance(stepChunks, database) }
        let insert = try ArchiveWriter.insert(database)
        for _ in 0..<stepChunks {
            var readers = readers
            let next = try entries.next(under: writer.key) { run throws(StoreError) in
                try readers[run].next(database)
            }
            self.readers = readers
            guard let next else {
                hasEntries = false
                guard writer.entries == old.reduce(0, { $0 + $1.entries }) else {
                    throw .corrupt("\(SQLiteArchive.fileName): entries of the archive are missing")
                }
                break
            }
            try writer.write(next, insert, database)
        }
        return false
    }
}
