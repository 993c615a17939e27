import Credit
import Ledger
import TestKit
import Testing

@testable import SQLiteStore
@testable import Store

struct ArchiveRetentionTests {
    /// A journal of calls of three accounts, each with what must be deleted of the second one.
    private static func grow(
        _ journal: inout SQLiteJournal, _ mark: inout JournalMark, by count: Int
    ) throws {
        var encoder = SegmentEncoder()
        for _ in 0..<count {
            var contents = SegmentContents(number: mark.number + 1, time: Instant(micros: 1))
            for account in 0..<3 {
                let word = account == 1 ? "secret" : "plain"
                var charge = ChargeEvent.blank
                charge.head = EntryHead(
                    account: AccountSlot(account), sequence: contents.number, time: contents.time,
                    balance: charge.head.balance)
                charge.credits = Int64(contents.number)
                charge.action = contents.bytes.appending("fetch".utf8.span)
                charge.details.team = contents.bytes.appending("red".utf8.span)
                charge.details.module = contents.bytes.appending(
                    "\(word)-\(contents.number % 7)".utf8.span)
                charge.details.parameters = contents.bytes.appending(
                    #"{"of":"\#(word)","n":\#(contents.number)}"#.utf8.span)
                charge.details.bytes = OptionalCount(Int64(contents.number))
                charge.details.results = OptionalCount(3)
                charge.details.duration = OptionalCount(5)
                contents.append(charge)
            }
            let salt = [UInt8](repeating: 7, count: SegmentFormat.saltBytes)
            let segment = encoder.encode(contents, previous: mark.hash, salt: salt)
            try journal.append(segment)
            mark = JournalMark(number: segment.number, hash: segment.hash, time: contents.time)
        }
    }

    private static var tuning: StoreTuning {
        var tuning = StoreTuning()
        tuning.archivedRunEntries = 40
        tuning.archivedChunkEntries = 10
        tuning.mergedArchives = 4
        return tuning
    }

    private static func prune(
        _ journal: inout SQLiteJournal, _ reader: SQLiteJournalReader
    ) throws {
        var sweep = RetentionSweep(
            try reader.retentionProgress(),
            of: AccountRetention(days: [0, 1, 0], createdAt: [.epoch, .epoch, .epoch]),
            now: Instant(micros: 200_000_000_000), last: try reader.lastNumber())
        while let step = try sweep.next(from: reader) { try journal.prune(step) }
    }

    /// Deletes all there is to; gives how many entries lost something.
    private static func delete(
        from archive: inout SQLiteArchive, _ reader: SQLiteJournalReader
    ) throws -> Int {
        guard var retention = try ArchiveRetention(in: archive, from: reader) else { return 0 }
        while try retention.step(in: archive, from: reader) {}
        return retention.entries
    }

    /// Every entry that the archive has of an account.
    private static func entries(_ folder: String, _ account: AccountSlot) throws -> [[String]] {
        let reader = try SQLiteArchiveReader(folder: folder)
        var found: [[String]] = []
        var end: Position?
        while true {
            let batch = try reader.entries(of: account, before: end, limit: 7, parameters: true)
                .entries
            guard let first = batch.entries.first else { return found }
            for entry in batch.entries.reversed() {
                found.append([
                    "\(entry.position)", "\(entry.credits)", batch.text(entry.action),
                    batch.text(entry.team), batch.text(entry.module), batch.text(entry.parameters),
                    "\(entry.bytes)", "\(entry.results)", "\(entry.duration)",
                ])
            }
            end = first.position
        }
    }

    @Test func `the archive loses what the journal has lost, and is as one made anew`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var journal = try SQLiteJournal(in: folder)
        let reader = try SQLiteJournalReader(folder: temporary.path)
        var archive = try SQLiteArchive(in: folder, of: reader, tuning: Self.tuning)
        var mark = JournalMark.start
        var deleted = 0
        for round in 1...5 {
            try Self.grow(&journal, &mark, by: 30)
            if round % 2 == 0 { try Self.prune(&journal, reader) }
            try archive.append(through: mark.number, from: reader)
            while try archive.mergeStep() {}
            try Self.prune(&journal, reader)
            deleted += try Self.delete(from: &archive, reader)
            #expect(try Self.delete(from: &archive, reader) == 0)
        }
        #expect(deleted == 3 * 30)
        let isCleared = archive.clearLog()
        #expect(isCleared)
        let found = try (0..<3).map { try Self.entries(temporary.path, $0) }
        #expect(found.allSatisfy { $0.count == 150 })
        #expect(found[1].allSatisfy { $0[4].isEmpty && $0[5].isEmpty && $0[2] == "fetch" })
        #expect(found[2].allSatisfy { !$0[4].isEmpty && !$0[5].isEmpty })
        for name in try temporary.names() where name.hasPrefix("archive.db") {
            let bytes = try temporary.contents(of: name)
            #expect(bytes.firstRange(of: Array("secret".utf8)) == nil)
            #expect(bytes.isEmpty || !name.hasSuffix("db") || bytes.count > 4096)
        }
        try Self.scrub(temporary.path)

        _ = consume archive
        for name in try temporary.names() where name.hasPrefix("archive.db") {
            try temporary.remove(name)
        }
        archive = try SQLiteArchive(in: folder, of: reader, tuning: Self.tuning)
        try archive.append(through: mark.number, from: reader)
        #expect(try (0..<3).map { try Self.entries(temporary.path, $0) } == found)
        #expect(try Self.delete(from: &archive, reader) == 0)
        try Self.scrub(temporary.path)
    }

    private static func scrub(_ folder: String) throws {
        var scrub = try ArchiveScrub(folder: folder)
        while try !scrub.step() {}
    }

    @Test func `what was merged away before anybody asked is written over`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var journal = try SQLiteJournal(in: folder)
        let reader = try SQLiteJournalReader(folder: temporary.path)
        var archive = try SQLiteArchive(in: folder, of: reader, tuning: Self.tuning)
        var mark = JournalMark.start
        for _ in 1...6 {
            try Self.grow(&journal, &mark, by: 200)
            try archive.append(through: mark.number, from: reader)
            while try archive.mergeStep() {}
        }
        try Self.prune(&journal, reader)
        #expect(try Self.delete(from: &archive, reader) == 1200)
        let isCleared = archive.clearLog()
        #expect(isCleared)
        let bytes = try temporary.contents(of: "archive.db")
        #expect(bytes.firstRange(of: Array("secret".utf8)) == nil)
        #expect(bytes.firstRange(of: Array("plain".utf8)) != nil)
        try Self.scrub(temporary.path)
    }
}
