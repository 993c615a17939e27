import Credit
import Ledger
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// Archives of random journals, written in any number of parts and merged in any way.
struct ArchiveTests {
    static func tuning(_ random: inout SeededRandom) -> StoreTuning {
        var tuning = StoreTuning()
        tuning.archivedRunEntries = random.pick([1, 10, 1 << 19])
        tuning.archivedChunkEntries = random.pick([1, 7, 4096])
        tuning.mergeStepChunks = random.pick([1, 3, 64])
        tuning.mergedArchives = random.pick([2, 3])
        tuning.mergedArchiveEntriesMax = random.pick([40, 1 << 22])
        return tuning
    }

    /// Merges nothing, a bit or all, or breaks a merge off.
    static func merge(_ archive: inout SQLiteArchive, _ random: inout SeededRandom) throws {
        var left = random.pick([0, 0, 3, 10, Int.max])
        while left > 0, try archive.mergeStep() { left -= 1 }
        if random.chance(20) { archive.abandonMerge() }
    }

    static func scrub(_ path: String) throws {
        var scrub = try ArchiveScrub(folder: path)
        while try !scrub.step() {}
    }

    static func all(of builder: JournalBuilder) throws -> [PlainEntry] {
        var summaries = EntrySummaries()
        for segment in builder.segments { try SegmentView(segment).summarize(to: &summaries) }
        return summaries.plain
    }

    @Test(arguments: UInt64(1)...40)
    func `all entries of an account come back, newest first`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: seed, accounts: random.pick([1, 3, 40]))
        var archive = try SQLiteArchive(in: folder, of: builder, tuning: Self.tuning(&random))
        for _ in 0..<1 + random.below(6) {
            try builder.grow(by: 1 + random.below(10))
            try archive.append(through: builder.mark.number, from: builder)
            try Self.merge(&archive, &random)
        }
        let reader = try SQLiteArchiveReader(folder: temporary.path)
        let all = try Self.all(of: builder)
        for slot in 0..<AccountSlot(40) {
            let own = all.filter { $0.bare.account == slot }
            let end = random.chance(50) ? nil : own.randomElement(using: &random)?.bare.position
            let expected = own.filter { entry in end.map { entry.bare.position < $0 } ?? true }
            var found: [PlainEntry] = []
            while true {
                let (through, batch) = try reader.entries(
                    of: slot, before: found.last?.bare.position ?? end,
                    limit: random.pick([1, 5, 1000]), parameters: true)
                #expect(through == builder.mark.number)
                guard !batch.entries.isEmpty else { break }
                found += batch.plain.reversed()
            }
            #expect(found == expected.reversed(), "seed \(seed), account \(slot)")
        }
        try Self.scrub(temporary.path)
    }

    @Test(arguments: [
        "DELETE FROM archive_chunk WHERE account = (SELECT max(account) FROM archive_chunk)",
        "UPDATE archive_chunk SET body = substr(body, 1, length(body) - 1) || x'00'",
        "UPDATE archive_chunk SET position = position + 1",
        "UPDATE archive_run SET entries = entries + 1",
        "DELETE FROM run_chunk WHERE account = (SELECT max(account) FROM run_chunk)",
        "UPDATE run_chunk SET body = substr(body, 1, length(body) - 1) || x'00'",
        "UPDATE run_chunk SET name = 'run-9'",
    ])
    func `what is missing or changed is noticed`(change: String) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 5)
        try builder.grow(by: 10)
        var tuning = StoreTuning()
        tuning.archivedChunkEntries = 5
        var archive = try SQLiteArchive(in: folder, of: builder, tuning: tuning)
        try archive.append(through: builder.mark.number, from: builder)
        try archive.close()
        do {
            let file = try Database(
                path: "\(temporary.path)/archive.db", access: .writing, vfs: nil)
            try file.run(change)
        }
        #expect(throws: StoreError.self) { try Self.scrub(temporary.path) }
    }

    @Test func `an archive of another journal, or one that is damaged, is made anew`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 5)
        try builder.grow(by: 10)
        var other = try JournalBuilder(seed: 6)
        try other.grow(by: 10)
        do {
            var archive = try SQLiteArchive(in: folder, of: builder)
            try archive.append(through: builder.mark.number, from: builder)
        }
        do {
            let archive = try SQLiteArchive(in: folder, of: builder)
            #expect(archive.through == builder.mark.number)
        }
        do {
            let archive = try SQLiteArchive(in: folder, of: other)
            #expect(archive.through == 0)
        }
        try temporary.write(Array("no database".utf8), to: "archive.db")
        var archive = try SQLiteArchive(in: folder, of: builder)
        #expect(archive.through == 0)
        try archive.append(through: builder.mark.number, from: builder)
        try Self.scrub(temporary.path)
    }

    @Test func `a merge that was broken off leaves nothing behind`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 7)
        var tuning = StoreTuning()
        (tuning.mergedArchives, tuning.mergeStepChunks) = (3, 2)
        tuning.archivedChunkEntries = 3
        do {
            var archive = try SQLiteArchive(in: folder, of: builder, tuning: tuning)
            for _ in 0..<3 {
                try builder.grow(by: 10)
                try archive.append(through: builder.mark.number, from: builder)
            }
            for _ in 0..<4 { #expect(try archive.mergeStep()) }
        }
        let runs = "SELECT number FROM archive_run"
        let rows = "SELECT count(*) FROM archive_chunk WHERE run NOT IN (\(runs))"
        #expect(try Self.integer(rows, in: temporary.path) > 0)
        var archive = try SQLiteArchive(in: folder, of: builder, tuning: tuning)
        try Self.scrub(temporary.path)
        while try archive.mergeStep() {}
        #expect(try Self.integer(rows, in: temporary.path) == 0)
        #expect(try Self.integer("SELECT count(*) FROM archive_run", in: temporary.path) == 1)
        try Self.scrub(temporary.path)
    }

    private static func integer(_ sql: String, in path: String) throws -> Int64 {
        let database = try Database(path: "\(path)/archive.db", access: .reading, vfs: nil)
        let select = try database.statement(sql)
        return try select.step(database) ? select.integer(0) : -1
    }

    @Test func `chunks that a lost run left behind are written over`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 5)
        try builder.grow(by: 10)
        do {
            var archive = try SQLiteArchive(in: folder, of: builder)
            try archive.append(through: builder.mark.number, from: builder)
            archive.condemn()
        }
        var archive = try SQLiteArchive(in: folder, of: builder)
        #expect(archive.through == 0)
        try archive.append(through: builder.mark.number, from: builder)
        try Self.scrub(temporary.path)
    }
}
