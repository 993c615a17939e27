import Credit
import Ledger
import SimulatedDisk
import TestKit
import Testing

@testable import SQLiteStore
@testable import Store

struct JournalRetentionTests {
    /// Segments of three calls each, of which the middle one says what must go.
    private static func segments(_ count: Int, texts: Int = 20) throws -> [EncodedSegment] {
        var mark = JournalMark.start
        var encoder = SegmentEncoder()
        return (0..<count).map { _ in
            var contents = SegmentContents(number: mark.number + 1, time: Instant(micros: 1))
            for account in 0..<3 {
                var charge = ChargeEvent.blank
                charge.head = EntryHead(
                    account: AccountSlot(account), sequence: contents.number, time: contents.time,
                    balance: charge.head.balance)
                let word = account == 1 ? "secret" : "plain-"
                let text = String(repeating: "\(word)-\(contents.number);", count: texts)
                charge.details.requestID = contents.bytes.appending(text.utf8.span)
                contents.append(charge)
            }
            let segment = encoder.encode(
                contents, previous: mark.hash, salt: [UInt8](repeating: 7, count: 16))
            mark = JournalMark(number: segment.number, hash: segment.hash, time: contents.time)
            return segment
        }
    }

    private static let secret = Array("secret".utf8)

    /// Deletes what is too old of the second account, step by step.
    private static func sweep(
        _ journal: inout SQLiteJournal, _ reader: SQLiteJournalReader
    ) throws -> Int {
        var sweep = RetentionSweep(
            try reader.retentionProgress(),
            of: AccountRetention(days: [0, 1, 0], createdAt: [.epoch, .epoch, .epoch]),
            now: Instant(micros: 200_000_000_000), last: try reader.lastNumber())
        var count = 0
        while let step = try sweep.next(from: reader) {
            try journal.prune(step)
            count += step.deletedCount
        }
        return count
    }

    private static func version(_ reader: SQLiteJournalReader) throws -> Int64 {
        try reader.read { (database) throws(StoreError) in
            let version = try database.statement("PRAGMA user_version")
            guard try version.step(database) else { return 0 }
            defer { version.reset() }
            return version.integer(0)
        }
    }

    private static func all(_ reader: SQLiteJournalReader) throws -> [EncodedSegment] {
        try (1...max(1, reader.lastNumber())).compactMap { try reader.segment($0) }
    }

    @Test(arguments: [1, 40, 3000])
    func `what is deleted leaves the file and its log, the rest stays`(texts: Int) throws {
        let temporary = try TemporaryFolder()
        let segments = try Self.segments(20, texts: texts)
        let folder = try DataFolder(path: temporary.path)
        var journal = try SQLiteJournal(in: folder)
        for segment in segments { try journal.append(segment) }
        let reader = try SQLiteJournalReader(folder: temporary.path)
        #expect(try Self.all(reader) == segments)
        #expect(try Self.sweep(&journal, reader) == 20)
        #expect(try Self.sweep(&journal, reader) == 0)
        let isCleared = try journal.clearLog()
        #expect(isCleared)
        for name in try temporary.names() where name.hasPrefix("journal.db") {
            #expect(try temporary.contents(of: name).firstRange(of: Self.secret) == nil)
        }
        var hash = SegmentFormat.firstHash
        for (segment, before) in zip(try Self.all(reader), segments) {
            #expect(segment.money == before.money && segment.hash == before.hash)
            let contents = try segment.contents(after: hash)
            #expect(contents.deletedCount == 1 && contents.deletion(ofCharge: 1) != nil)
            let text = contents.charges[2].details.requestID
            #expect(Int(text.count) == texts * "plain--\(segment.number);".utf8.count)
            hash = segment.hash
        }
        #expect(try reader.strayKeptCount() == 0)
        #expect(try reader.lastRetentionStep() > 0)
    }

    @Test func `a journal is as before until something is deleted`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var journal = try SQLiteJournal(in: folder)
        for segment in try Self.segments(3) { try journal.append(segment) }
        let reader = try SQLiteJournalReader(folder: temporary.path)
        #expect(try Self.version(reader) == 1)
        #expect(try reader.retentionProgress() == RetentionProgress())
        _ = try Self.sweep(&journal, reader)
        // Programs that know version 1 alone refuse it.
        #expect(try Self.version(reader) == 2)
        let progress = try reader.retentionProgress()
        #expect(progress.through == [1: 3] && progress.looked == 3)
        #expect(progress.accounts == [0, 1, 0])
    }

    @Test(arguments: UInt64(1)...30)
    func `whatever happens to a disk, a step is there as a whole or not at all`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let disk = SimulatedDisk(seed: seed)
        let vfs = DiskVFS(disk, name: "retention-\(seed)")
        defer { withExtendedLifetime(vfs) {} }
        let folder = SimulatedFolder(on: disk, vfs: "retention-\(seed)")
        let segments = try Self.segments(12, texts: 400)
        do {
            var journal = try SQLiteJournal(in: folder)
            for segment in segments { try journal.append(segment) }
        }
        var isFinished = false
        for _ in 0..<60 where !isFinished {
            disk.plan = .none
            do {
                var journal = try SQLiteJournal(in: folder)
                let reader = try SQLiteJournalReader(folder: folder.path, vfs: folder.vfs)
                let progress = try reader.retentionProgress()
                try Self.check(reader, segments, progress)
                disk.crash(afterOperations: random.below(60))
                isFinished = (try? Self.play(&journal, reader, progress)) ?? false
                disk.die()
            }
            disk.restart(after: random.chance(50) ? .powerLost : .killed)
        }
        #expect(isFinished)
    }

    /// One segment to a step; true when all were done.
    private static func play(
        _ journal: inout SQLiteJournal, _ reader: SQLiteJournalReader, _ progress: RetentionProgress
    ) throws -> Bool {
        var encoder = SegmentEncoder()
        for number in progress.through[1, default: 0]..<12 {
            guard let segment = try reader.segment(number + 1) else { return false }
            var step = RetentionStep()
            step.segments = [
                try SegmentView(segment).pruned([1], retentionDays: 1, with: &encoder)
            ]
            step.through[1] = number + 1
            try journal.prune(step)
            if number % 3 == 0 { _ = try journal.clearLog() }
        }
        return true
    }

    /// What the cursor has passed has lost its details and nothing else, what it has not is whole.
    private static func check(
        _ reader: SQLiteJournalReader, _ segments: [EncodedSegment], _ progress: RetentionProgress
    ) throws {
        for (segment, before) in zip(try all(reader), segments) {
            let isDone = segment.number <= progress.through[1, default: 0]
            #expect(segment.isErased == isDone && segment.hash == before.hash)
            #expect(isDone || segment == before)
            guard isDone else { continue }
            let contents = try segment.contents(after: nil)
            #expect(contents.deletedCount == 1)
            #expect(contents.charges[0].details.requestID.count > 0)
        }
        #expect(try reader.strayKeptCount() == 0)
    }
}
