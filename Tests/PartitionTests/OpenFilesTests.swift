import Engine
import Ledger
import Partition
import Reports
import SQLiteStore
import Store
import TestKit
import Testing

struct OpenFilesTests {
    /// Fills a folder with a journal, and a checkpoint of its first half.
    private static func fill(
        _ folder: borrowing DataFolder, _ builder: inout JournalBuilder
    ) throws {
        try builder.grow(by: 20)
        let checkpoint = builder.checkpoint
        try builder.grow(by: 20)
        var journal = try SQLiteJournal(in: folder)
        for segment in builder.segments { try journal.append(segment) }
        var state = try SQLiteState(in: folder, seed: 1)
        try state.write(checkpoint)
        try state.close()
        try journal.close()
    }

    private static func check(
        _ files: borrowing OpenFiles, _ builder: borrowing JournalBuilder
    ) {
        let image = files.recovered.ledger.image
        let accounts = (0..<image.accountCount).compactMap {
            image.account(AccountSlot($0), changedAfter: 0)
        }
        #expect(accounts == builder.accounts)
        #expect(files.recovered.last == builder.mark)
        #expect(
            files.recovered.ledger.keyWindow.count(after: files.keys.through) + files.keys.count
                == builder.keyCount)
    }

    @Test func `a folder opens from its checkpoint and the segments after it`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 8)
        try Self.fill(folder, &builder)
        let files = try OpenFiles(in: folder, seed: 1)
        #expect(files.checkpoint > 0)
        Self.check(files, builder)
    }

    @Test(arguments: UInt64(1)...24)
    func `a state file with any damage is rebuilt from the journal`(seed: UInt64) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: seed)
        try Self.fill(folder, &builder)
        var random = SeededRandom(seed: seed)
        var bytes = try temporary.contents(of: "state.db")
        switch random.below(4) {
        case 0: bytes.removeLast(random.below(bytes.count))
        case 1:
            let page = random.below(bytes.count / 4096) * 4096
            for index in page..<page + 4096 { bytes[index] = 0 }
        case 2: for _ in 0..<40 { bytes[random.below(bytes.count)] ^= 0x10 }
        default: bytes = random.bytes(10_000)
        }
        try temporary.write(bytes, to: "state.db")
        do {
            let files = try OpenFiles(in: folder, seed: 1)
            Self.check(files, builder)
        }
        let again = try OpenFiles(in: folder, seed: 1)
        Self.check(again, builder)
    }

    @Test(arguments: UInt64(1)...20)
    func `entries are listed behind the archive, wherever it ends, on either thread`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: seed)
        try Self.fill(folder, &builder)
        var tuning = StoreTuning()
        tuning.archivedRunEntries = random.pick([1, 20, 1000])
        tuning.unarchivedMax = random.pick([0, 30, 1000])
        do {
            var archive = try SQLiteArchive(in: folder, of: builder, tuning: tuning)
            let last = UInt64(random.below(Int(builder.mark.number) + 1))
            try archive.append(through: last, from: builder)
        }
        let files = try OpenFiles(
            in: folder, seed: 1, tuning: tuning, besides: random.chance(50))
        Self.check(files, builder)
        #expect(files.readModel.unarchivedCount <= max(tuning.unarchivedMax, 1000))
        var summaries = EntrySummaries()
        for segment in builder.segments { try SegmentView(segment).summarize(to: &summaries) }
        for slot in 0..<AccountSlot(4) {
            let own = summaries.entries.filter { $0.account == slot }.map(\.position)
            let found = try files.readModel.positions(of: slot, before: nil, limit: .max)
            #expect(found == own.reversed(), "seed \(seed)")
        }
    }

    @Test func `a journal that has lost segments is not opened, until its loss is accepted`() throws
    {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 8)
        try Self.fill(folder, &builder)
        var other = try JournalBuilder(seed: 9)
        try other.grow(by: 5)
        do {
            var state = try SQLiteState.rebuilt(in: folder, seed: 1)
            try state.write(other.checkpoint)
        }
        #expect {
            _ = try OpenFiles(in: folder, seed: 1)
        } throws: { error in
            guard case StoreError.corrupt(let text) = error else { return false }
            return text.contains("remove state.db")
        }
        try temporary.remove("state.db")
        let files = try OpenFiles(in: folder, seed: 1)
        Self.check(files, builder)
    }
}
